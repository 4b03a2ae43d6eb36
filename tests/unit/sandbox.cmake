if(TARGET cw_sandbox_launcher)
  cw_unit_test(test_sandbox_plan test_sandbox_plan.c cw_sandbox_launcher)
endif()
