# cw_unit_test(NAME SOURCE LIBRARIES...): a plain program that exits 0 when all its rows hold.
function(cw_unit_test name source)
  add_executable(${name} ${source})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
  target_link_libraries(${name} PRIVATE ${ARGN})
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS unit TIMEOUT 120)
endfunction()

# cw_fuzz_test(NAME SOURCE CORPUS LIBRARIES...): SOURCE defines LLVMFuzzerTestOneInput(). Always built as a
# program that replays CORPUS (a ctest); with CAUSEWAY_FUZZ also as fuzz_NAME with libFuzzer.
function(cw_fuzz_test name source corpus)
  add_executable(replay_${name} ${source} ${CMAKE_SOURCE_DIR}/tests/fuzz/replay.c)
  target_include_directories(replay_${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
  target_link_libraries(replay_${name} PRIVATE ${ARGN})
  add_test(NAME fuzz_corpus_${name} COMMAND replay_${name} ${corpus})
  set_tests_properties(fuzz_corpus_${name} PROPERTIES LABELS "unit;fuzz" TIMEOUT 120)
  if(CAUSEWAY_FUZZ)
    add_executable(fuzz_${name} ${source})
    target_include_directories(fuzz_${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
    target_compile_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    target_link_libraries(fuzz_${name} PRIVATE ${ARGN})
  endif()
endfunction()

# cw_lab_test(NAME [CONTROLLERS 2] COMMAND...): COMMAND in a lab of its own, which is gone afterwards, with CAUSEWAY_LAB_* set
# (tests/lab/README.md).
function(cw_lab_test name)
  set(command ${ARGN})
  set(options)
  if(ARGV1 STREQUAL "CONTROLLERS")
    set(options --controllers ${ARGV2})
    list(REMOVE_AT command 0 1)
  endif()
  add_test(NAME ${name} COMMAND ${CMAKE_SOURCE_DIR}/scripts/lab run ${options} -- ${command})
  set_tests_properties(${name} PROPERTIES LABELS lab FIXTURES_REQUIRED "lab_powershell;lab_entra" TIMEOUT 300
                       ENVIRONMENT CAUSEWAY_LAB_BUILD=${CMAKE_BINARY_DIR}/lab)
endfunction()
