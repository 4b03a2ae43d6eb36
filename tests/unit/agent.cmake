cw_unit_test(test_agent_journal test_agent_journal.c cw_journal dep_sqlite)
cw_unit_test(test_agent_control test_agent_control.c cw_control)
cw_unit_test(test_policy test_policy.c cw_policy)
cw_unit_test(test_agent_config test_agent_config.c cw_agent_config)
cw_unit_test(test_agent_writer test_agent_writer.c cw_journal)
cw_unit_test(test_runspaces_environment test_runspaces_environment.c cw_runspaces)
cw_unit_test(test_commands_request test_commands_request.c cw_commands)
cw_unit_test(test_commands_output test_commands_output.c cw_commands)
# The double stands in for the runspaces: its object comes first, so the archive's is not pulled in.
foreach(subject run flow)
  cw_unit_test(test_commands_${subject} test_commands_${subject}.c cw_commands)
  target_sources(test_commands_${subject} PRIVATE commands_rig.c double_runspaces.c)
endforeach()
cw_unit_test(test_doctor test_doctor.c cw_doctor)
cw_unit_test(test_scripts_params test_scripts_params.c cw_scripts)
target_sources(test_scripts_params PRIVATE double_broker.c)
cw_unit_test(test_scripts_upload test_scripts_upload.c cw_scripts)
target_sources(test_scripts_upload PRIVATE double_broker.c)
cw_unit_test(test_scripts test_scripts.c cw_scripts)
target_sources(test_scripts PRIVATE double_broker.c)
# The program itself, up to its first refusal: on Windows too (under Wine, as a console process), and with a folder whose
# name needs more than one byte a letter.
add_test(NAME agent_not_enrolled COMMAND causeway-agent run --state "${CMAKE_CURRENT_BINARY_DIR}/Müller-東京")
set_tests_properties(agent_not_enrolled PROPERTIES LABELS unit TIMEOUT 60
                     PASS_REGULAR_EXPRESSION "not enrolled: there is no folder .*/Müller-東京; run causeway-agent enrol")
add_test(NAME ctl_no_agent COMMAND causewayctl status --state "${CMAKE_CURRENT_BINARY_DIR}/Müller-東京")
set_tests_properties(ctl_no_agent PROPERTIES LABELS unit TIMEOUT 60
                     PASS_REGULAR_EXPRESSION "causewayctl: no agent is running with this state folder")
foreach(file request answer protect secrets)
  cw_unit_test(test_broker_${file} test_broker_${file}.c cw_broker)
endforeach()
# Doubles on both sides: their objects come first, so the archives' are not pulled in.
cw_unit_test(test_broker_script test_broker_script.c cw_broker)
target_sources(test_broker_script PRIVATE double_runspaces.c double_sandbox.c)
