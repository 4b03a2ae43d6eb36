cw_fuzz_test(request fuzz_request.c ${CMAKE_CURRENT_SOURCE_DIR}/corpus/request cw_commands)
