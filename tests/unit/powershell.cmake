foreach(file value fragment message outproc lane clixml_scalar clixml_read clixml_write json request)
  cw_unit_test(test_powershell_${file} test_powershell_${file}.c cw_powershell)
endforeach()
cw_unit_test(test_powershell_secure test_powershell_secure.c replay_player)
