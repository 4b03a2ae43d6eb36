if(TARGET cw_ledger)
  cw_unit_test(test_ledger test_ledger.c cw_ledger dep_sqlite)
endif()
