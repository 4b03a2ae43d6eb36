foreach(file options table when)
  cw_unit_test(test_console_${file} test_console_${file}.c cw_console)
endforeach()
