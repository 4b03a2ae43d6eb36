if(TARGET cw_graph)
  cw_fuzz_test(graph fuzz_graph.c ${CMAKE_CURRENT_SOURCE_DIR}/corpus/graph cw_graph dep_curl)
endif()
