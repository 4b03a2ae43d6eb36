cw_fuzz_test(plan fuzz_plan.c ${CMAKE_CURRENT_SOURCE_DIR}/corpus/plan cw_plan)
cw_fuzz_test(match fuzz_match.c ${CMAKE_CURRENT_SOURCE_DIR}/corpus/match cw_plan)
