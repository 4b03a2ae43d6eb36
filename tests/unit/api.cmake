if(TARGET cw_web)
  cw_unit_test(test_api_web test_api_web.c cw_web cw_crypto dep_curl)
endif()
