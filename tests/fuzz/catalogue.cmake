cw_fuzz_test(filter fuzz_filter.c ${CMAKE_CURRENT_SOURCE_DIR}/corpus/filter cw_catalogue)
cw_fuzz_test(command fuzz_command.c ${CMAKE_CURRENT_SOURCE_DIR}/corpus/command cw_catalogue)
cw_fuzz_test(identity fuzz_identity.c ${CMAKE_CURRENT_SOURCE_DIR}/corpus/identity cw_catalogue)
