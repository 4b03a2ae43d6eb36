foreach(subject overlay document apply)
  cw_unit_test(test_plan_${subject} test_plan_${subject}.c cw_plan)
  target_sources(test_plan_${subject} PRIVATE plan_rig.c)
endforeach()
