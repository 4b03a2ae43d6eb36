cw_fuzz_test(request fuzz_request.c ${CMAKE_CURRENT_SOURCE_DIR}/corpus/request cw_commands)
cw_fuzz_test(broker_request fuzz_broker_request.c ${CMAKE_CURRENT_SOURCE_DIR}/corpus/broker_request cw_broker)
cw_fuzz_test(script_params fuzz_script_params.c ${CMAKE_CURRENT_SOURCE_DIR}/corpus/script_params cw_scripts cw_broker)
