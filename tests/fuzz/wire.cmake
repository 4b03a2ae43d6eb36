cw_fuzz_test(wire fuzz_wire.c ${CMAKE_CURRENT_SOURCE_DIR}/corpus/wire cw_wire)
