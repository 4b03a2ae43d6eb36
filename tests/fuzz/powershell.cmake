foreach(name psrp_fragment psrp_message psrp_outproc clixml)
  cw_fuzz_test(${name} fuzz_${name}.c ${CMAKE_CURRENT_SOURCE_DIR}/corpus/${name} cw_powershell)
endforeach()
# A whole session, both its ends: scripts of tests/replay.
cw_fuzz_test(psrp_session fuzz_psrp_session.c ${CMAKE_CURRENT_SOURCE_DIR}/corpus/psrp_session replay_player)
