cw_unit_test(test_catalogue test_catalogue.c cw_catalogue)
foreach(file attribute filter identity)
  cw_unit_test(test_catalogue_${file} test_catalogue_${file}.c cw_catalogue)
endforeach()
# Every documented cmdlet and parameter has its row, and no row is without one.
set(catalogue_tables ${CMAKE_SOURCE_DIR}/common/catalogue/tables)
set(lab_contracts ${CMAKE_SOURCE_DIR}/tests/lab)
add_test(NAME catalogue_tables COMMAND awk -f ${CMAKE_CURRENT_SOURCE_DIR}/catalogue_tables.awk
  ${catalogue_tables}/commands.tsv ${catalogue_tables}/parameters.tsv ${lab_contracts}/activedirectory/contract/cmdlets.tsv
  ${lab_contracts}/activedirectory/contract/parameters.tsv ${lab_contracts}/adsync/contract.tsv)
set_tests_properties(catalogue_tables PROPERTIES LABELS unit TIMEOUT 60)
# Figures of the hot path: build the release preset and run it alone. As a test it only has to run.
add_executable(bench_catalogue bench_catalogue.c)
target_link_libraries(bench_catalogue PRIVATE cw_catalogue cw_os)
add_test(NAME bench_catalogue COMMAND bench_catalogue 10)
set_tests_properties(bench_catalogue PROPERTIES LABELS unit TIMEOUT 60)
