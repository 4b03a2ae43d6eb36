cw_unit_test(test_wire_frame test_wire_frame.c cw_wire)
cw_unit_test(test_wire_channel test_wire_channel.c cw_wire)
