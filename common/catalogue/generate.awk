# SPDX-License-Identifier: Apache-2.0
#
# tables/*.tsv in, C out (tables.h says what it is): groups, kinds, attributes,
# properties, commands, language, parameters, in this order. A row that cannot
# be right ends the build with its file and line. Plain awk, as every Debian has
# it; run with LC_ALL=C.

function bad(text) {
	printf "%s:%d: %s\n", FILENAME, FNR, text > "/dev/stderr"
	failed = 1
	exit 1
}

function constant(prefix, word) {
	gsub(/[^A-Za-z0-9]/, "_", word)
	return "CW_" prefix "_" toupper(word)
}

function quoted(text) {
	if (text == "-" || text == "")
		return "NULL"
	gsub(/[\\"]/, "\\\\&", text)
	return "\"" text "\""
}

# hash() of names.c: exact in doubles, the product stays below 2^53.
function hash(text,    h, i) {
	h = 0
	text = tolower(text)
	for (i = 1; i <= length(text); i++)
		h = (h * 1000003 + code[substr(text, i, 1)]) % 4294967296
	return h
}

# hash() of names.c takes letters without their case by one bit: right for these alone.
function check_name(name) {
	if (name !~ /^[A-Za-z0-9-]+$/)
		bad("a name has letters, digits and hyphens: " name)
}

# A table of slots for cw_names_find(): open addressing, filled up to a half.
function put_slots(symbol, names, count,    bits, size, i, at, slot) {
	for (bits = 4; 2 ^ bits < 2 * count; bits++)
		;
	size = 2 ^ bits
	for (i = 0; i < count; i++) {
		at = int(hash(names[i]) / 2 ^ (32 - bits))
		while (at in slot)
			at = (at + 1) % size
		slot[at] = i
	}
	printf "\nstatic const uint16_t %s_slots[] = {", symbol
	for (i = 0; i < size; i++)
		printf "%s%s,", i % 16 ? " " : "\n\t", i in slot ? slot[i] + 1 : 0
	printf "\n};\nconst struct cw_names %s = { %s_slots, %d };\n", symbol, symbol, 32 - bits
}

function mask_of(words, table, what,    list, n, i, mask) {
	n = split(words, list, " ")
	for (i = 1; i <= n; i++) {
		if (!(list[i] in table))
			bad("no such " what ": " list[i])
		mask += table[list[i]]
	}
	return mask
}

function number_of(hex,    i, n) {
	for (i = 3; i <= length(hex); i++)
		n = n * 16 + index("0123456789abcdef", substr(hex, i, 1)) - 1
	return n
}

function group_constant(name) {
	if (!(name in group))
		bad("no such group: " name)
	return group[name]
}

# Texts that many rows share.
function why_index(text) {
	if (text == "-")
		return 0
	if (!(text in why)) {
		why[text] = ++whys
		why_text[whys] = text
	}
	return why[text]
}

# A static array for each different content: its symbol.
function array(kind, type, content, end,    key) {
	if (content == "")
		return "NULL"
	key = kind SUBSEP content
	if (!(key in arrays)) {
		arrays[key] = kind (++array_count[kind])
		printf "static const %s%s[] = { %s%s };\n", type, arrays[key], content, end
	}
	return arrays[key]
}

BEGIN {
	FS = "\t"
	kinds = attributes = properties = commands = rows = 0
	for (i = 1; i < 256; i++)
		code[sprintf("%c", i)] = i
	form["dn"] = 1; form["guid"] = 2; form["sid"] = 4; form["sam"] = 8; form["name"] = 16
	columns["group"] = 2; columns["kind"] = 3; columns["attribute"] = 8; columns["property"] = 4
	columns["command"] = 13; columns["language"] = 2; columns["parameter"] = 13
	us["Server"] = "set by Causeway: one domain controller for the whole operation"
	us["Credential"] = "set by Causeway: its own account"
	us["AuthType"] = "set by Causeway: as its own account logs on"
	us["Partition"] = "set by Causeway: the domain that it works for"
	server_name["Server"]; server_name["EnumerationServer"]; server_name["EnumeratingServer"]
	print "/* Made from tables/ by generate.awk. */"
	print "#include \"catalogue/tables.h\"\n"
}

FNR == 1 {
	table = $2 == "parameter" ? $2 : $1
	if (NF != columns[table])
		bad("not the columns of a table of " table "s")
	last = ""
	next
}

NF != columns[table] { bad(NF " columns, not " columns[table]) }

{
	if (tolower($1) < last && table != "kind" && table != "group")
		bad($1 " is out of order: rows are sorted by their first column")
	last = tolower($1)
	check_name($1)
}

table == "group" {
	group[$1] = ++groups
	group_row[groups] = quoted($1) ", " quoted($2)
	next
}

table == "kind" {
	kind[$1] = kinds++
	kind_up[$1] = $2
	kind_row[kinds - 1] = quoted($1) ", " mask_of($3, form, "form")
	for (k = $1; k != "-"; k = kind_up[k]) {
		if (!(k in kind))
			bad("no such kind: " k)
		below[k] += 2 ^ kind[$1]
	}
	next
}

table == "attribute" {
	if (tolower($1) in attribute)
		bad($1 " twice")
	attribute[tolower($1)] = attributes
	attribute_write[tolower($1)] = $7
	flags = $3 == "many" ? "CW_ATTRIBUTE_MANY" : "0"
	n = split($4 == "-" ? "" : $4, list, ",")
	for (i = 1; i <= n; i++)
		flags = flags " | " constant("ATTRIBUTE", list[i])
	if ($3 != "one" && $3 != "many")
		bad("values is one or many, not " $3)
	if ($4 ~ /confidential/ && $6 != "secret-read")
		bad($1 " is confidential by the schema, and not secret-read")
	attribute_name[attributes] = $1
	attribute_row[attributes++] = constant("SYNTAX", $2) ", " flags ", " ($5 == "-" ? 0 : group_constant($5)) ", " \
		constant("CLASS", $6) ", " constant("CLASS", $7) ", " why_index($8)
	next
}

table == "property" {
	mask = mask_of($2, below, "kind")
	if ($1 != property_name[properties - 1])
		taken = 0
	for (i = 0; i < kinds; i++)
		if (int(mask / 2 ^ i) % 2) {
			if (int(taken / 2 ^ i) % 2)
				bad($1 " twice for one kind of object")
			taken += 2 ^ i
		}
	n = split($3, list, ",")
	for (i = 1; i <= n; i++)
		if (!(tolower(list[i]) in attribute))
			bad("no such attribute: " list[i])
	how = $4; bits = 0
	if (how ~ /^(not)?bit:0x[0-9a-f]+$/) {
		bits = number_of(substr(how, index(how, ":") + 1))
		sub(/:.*/, "", how)
	}
	property_name[properties] = $1
	property_row[properties++] = sprintf("%s, %.0fu, { %d, %d }, %s, %.0fu", quoted($1), mask, attribute[tolower(list[1])] + 1,
		n > 1 ? attribute[tolower(list[2])] + 1 : 0, constant("HOW", how), bits)
	next
}

table == "command" || table == "language" {
	c = $1
	if (tolower(c) in command)
		bad(c " twice")
	command[tolower(c)] = c
	command_module[c] = $2
	if (table == "language") {
		command_role[c] = "sandbox"; command_group[c] = group_constant("Language"); command_class[c] = "read"
		command_kind[c] = command_target[c] = command_output[c] = command_why[c] = command_writes[c] = "-"
	} else {
		command_role[c] = $3; command_group[c] = group_constant($4); command_class[c] = $5; command_kind[c] = $6
		command_target[c] = $7; command_output[c] = $8; command_process[c] = $9 ~ /WhatIf/; command_default[c] = $11; command_why[c] = $12
		command_writes[c] = $13
		n = split($13 == "-" ? "" : $13, list, ",")
		for (i = 1; i <= n; i++)
			attribute_number(list[i])
		if ($6 != "-" && !($6 in kind))
			command_kind[c] = "-"
		if (($5 == "blocked" || $5 == "approval") && $12 == "-")
			bad(c " is " $5 " and says no reason")
		n = split($9 == "-" ? "" : $9, list, " ")
		for (i = 1; i <= n; i++)
			if (list[i] in us)
				add(c, list[i], list[i] == "Partition" ? "dn" : list[i] == "Server" ? "string" : "object", "blocked", "-", "-", "-",
					us[list[i]], "-", "*")
			else if (list[i] != "WhatIf")
				bad("takes " list[i] "?")
	}
	commands_in[commands++] = c
	next
}

table == "parameter" {
	if (!(tolower($1) in command) || command[tolower($1)] != $1)
		bad("no such command: " $1)
	add($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
}

function add(c, name, value, class, writes, rules, choices, reason, type, sets,    i, n, list, set, k, key) {
	if ((c, tolower(name)) in parameter_of)
		bad(c " -" name " twice")
	parameter_of[c, tolower(name)]
	k = type
	sub(/\[\]$/, "", k)
	if (value ~ /:/) {
		k = value
		sub(/:.*/, "", value)
		sub(/.*:/, "", k)
		if (!(k in kind))
			bad("no such kind: " k)
	}
	if (value ~ /^identit/ && !(k in kind))
		bad("what kind of object is a " type "?")
	n = split(writes == "-" ? "" : writes, list, ",")
	for (i = 1; i <= n; i++) {
		attribute_number(list[i])
		if (class == "-" && attribute_write[tolower(list[i])] == "blocked" && command_class[c] != "blocked")
			bad(list[i] " may not be written; give the parameter a class of its own")
	}
	if (class ~ /(approval|blocked|destructive)/ && reason == "-")
		bad(c " -" name " is " class " and says no reason")
	if ((value == "choice" || value == "choices" || value == "flags") != (choices != "-") )
		bad(c " -" name ": choices are for choice, choices and flags")
	n = split(sets, list, " ")
	for (i = 1; i <= n; i++) {
		set = list[i]
		sub(/!$/, "", set)
		if (set != "*" && !((c, set) in set_bit))
			set_bit[c, set] = set_count[c]++
	}
	key = c SUBSEP parameters_in[c]++
	p_name[key] = name; p_value[key] = value; p_class[key] = class; p_writes[key] = writes; p_rules[key] = rules
	p_choices[key] = choices; p_why[key] = reason; p_sets[key] = sets; p_kind[key] = value ~ /^identit/ ? k : "-"
	if (class ~ /\//)
		p_group[key] = group_constant(substr(class, 1, index(class, "/") - 1))
	if (tolower(name) == "ldapfilter")
		has_ldap[c] = 1
}

function has(mask, bit) { return int(mask / 2 ^ bit) % 2 }
function without(mask, bit) { return has(mask, bit) ? mask - 2 ^ bit : mask }

function attribute_number(name) {
	if (!(tolower(name) in attribute))
		bad("no such attribute: " name)
	return attribute[tolower(name)]
}

# The array of what a column "writes" names.
function put_writes(names,    i, n, list, text) {
	n = split(names == "-" ? "" : names, list, ",")
	for (i = 1; i <= n; i++)
		text = text attribute_number(list[i]) ", "
	return array("writes_", "uint16_t ", text, "NONE")
}

# The sets that a parameter is in, and those that need it, as masks.
function measure(c, key,    i, n, list, set, all) {
	all = 2 ^ (set_count[c] ? set_count[c] : 1) - 1
	m_sets[key] = m_needed[key] = 0
	n = split(p_sets[key], list, " ")
	for (i = 1; i <= n; i++) {
		set = list[i]
		sub(/!$/, "", set)
		m_sets[key] += set == "*" ? all : 2 ^ set_bit[c, set]
		if (list[i] ~ /!$/)
			m_needed[key] += set == "*" ? all : 2 ^ set_bit[c, set]
	}
	if (p_rules[key] ~ /needed/)
		m_needed[key] = m_sets[key]
}

function put_parameter(c, key,    flags, class, when, own, i, s, n, list, text, row, writes, choices) {
	class = p_class[key]; when = class; own = "NULL"
	sub(/:.*/, "", class)
	if (class ~ /\//) {
		own = "&cw_table_groups[" p_group[key] - 1 "]"
		sub(/.*\//, "", class)
	}
	flags = p_rules[key] ~ /null/ ? "CW_PARAMETER_NULL" : "0"
	if (class != "-")
		flags = flags " | CW_PARAMETER_CLASS" (when ~ /:true/ ? "_IF_TRUE" : when ~ /:false/ ? "_IF_FALSE" : "")
	if (p_value[key] == "filter" && !has_ldap[c])
		flags = flags " | CW_PARAMETER_MODULE_FILTER"
	n = 0
	for (s = 0; s < (set_count[c] ? set_count[c] : 1); s++)
		n += has(usable[c], s) && has(m_needed[key], s)
	if (class != "blocked" && n > 0)
		flags = flags " | CW_PARAMETER_" (n == usable_count[c] ? "REQUIRED" : "ONE_OF")
	writes = put_writes(p_writes[key])
	text = ""
	n = split(p_choices[key] == "-" ? "" : p_choices[key], list, " ")
	for (i = 1; i <= n; i++)
		text = text quoted(list[i]) ", "
	choices = array("choices_", "char *const ", text, "NULL")
	row = sprintf("%s, %s, %s, %s, %s, %s, %s, %s, %s, %d, %d", quoted(p_name[key]), constant("TYPE", p_value[key]), flags,
		class == "-" ? "CW_CLASS_READ" : constant("CLASS", class), own, quoted(p_why[key]), choices,
		p_kind[key] == "-" ? "NULL" : "&cw_table_kinds[" kind[p_kind[key]] "]", writes, m_sets[key], m_needed[key])
	if (!(row in row_index)) {
		row_index[row] = rows
		row_text[rows++] = row
	}
	return row_index[row]
}

function put_command(c,    i, s, key, list, own, server, server_sets, write) {
	usable[c] = 2 ^ (set_count[c] ? set_count[c] : 1) - 1
	server = "-"; server_sets = 0
	for (i = 0; i < parameters_in[c]; i++) {
		key = c SUBSEP i
		measure(c, key)
		if (p_name[key] in server_name) {
			server = p_name[key]
			server_sets = m_sets[key]
		} else if (p_class[key] == "blocked") {
			for (s = 0; s < 16; s++)
				if (has(m_needed[key], s))
					usable[c] = without(usable[c], s)
		}
	}
	usable_count[c] = 0
	for (s = 0; s < 16; s++)
		usable_count[c] += has(usable[c], s)
	if (command_default[c] != "" && command_default[c] != "-" && !((c, command_default[c]) in set_bit)) {
		print c ": no parameter is in its default set" > "/dev/stderr"
		failed = 1
		exit 1
	}
	if (set_count[c] > 16 || (usable[c] == 0 && command_class[c] != "blocked")) {
		print c ": no set of its parameters may be given" > "/dev/stderr"
		failed = 1
		exit 1
	}
	list = ""
	for (i = 0; i < parameters_in[c]; i++)
		list = list put_parameter(c, c SUBSEP i) ", "
	list = array("parameters_", "uint16_t ", list, "NONE")
	own = put_writes(command_writes[c])
	write = command_class[c] !~ /read/ && c !~ /^(Get|Search|Show|Test)-/
	return sprintf("%s, %s, %s, %s, &cw_table_groups[%d], %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %d, %d", quoted(c),
		quoted(command_module[c] "\\" c), quoted(command_module[c]), quoted(command_role[c]), command_group[c] - 1,
		constant("CLASS", command_class[c]), quoted(command_why[c]), write ? "true" : "false",
		command_process[c] ? "true" : "false", quoted(server),
		command_kind[c] == "-" ? "NULL" : "&cw_table_kinds[" kind[command_kind[c]] "]", quoted(command_target[c]),
		quoted(command_output[c]), list, own, usable[c], server_sets)
}

function put_rows(declaration, row, count,    i) {
	printf "\n%s[] = {\n", declaration
	for (i = 0; i < count; i++)
		printf "\t{ %s },\n", row[i]
	print "};"
}

END {
	if (failed)
		exit 1
	if (!groups || !kinds || !attributes || !properties || !commands || !rows && !parameters_in["Get-ADUser"]) {
		print "generate.awk: a table is missing" > "/dev/stderr"
		exit 1
	}
	print "#define NONE UINT16_MAX\n"
	for (i = 1; i <= groups; i++)
		group_row[i - 1] = group_row[i]
	put_rows("const struct cw_catalogue_group cw_table_groups", group_row, groups)
	printf "const size_t cw_table_group_count = %d;\n", groups
	for (i = 0; i < kinds; i++)
		kind_row[i] = sprintf("%s, 1u << %d", kind_row[i], i)
	put_rows("const struct cw_catalogue_kind cw_table_kinds", kind_row, kinds)

	print "\nconst char *const cw_table_whys[] = {\n\tNULL,"
	for (i = 1; i <= whys; i++)
		printf "\t%s,\n", quoted(why_text[i])
	print "};\n\nconst char cw_table_attribute_names[] ="
	at = 0
	for (i = 0; i < attributes; i++) {
		printf "\t\"%s\\0\"\n", attribute_name[i]
		attribute_row[i] = at ", " attribute_row[i]
		at += length(attribute_name[i]) + 1
	}
	print "\t;"
	if (at > 65535 || whys > 255) {
		print "generate.awk: attributes' names or reasons need wider fields" > "/dev/stderr"
		exit 1
	}
	put_rows("const struct cw_attribute cw_table_attributes", attribute_row, attributes)
	printf "const size_t cw_table_attribute_count = %d;\n", attributes
	put_slots("cw_table_attribute_index", attribute_name, attributes)
	put_rows("const struct cw_property cw_table_properties", property_row, properties)
	printf "const size_t cw_table_property_count = %d;\n", properties
	n = 0
	for (i = 0; i < properties; i++) # the first of a name stands for all of them
		if (i == 0 || property_name[i] != property_name[i - 1]) {
			first[n] = property_name[i]
			first_at[n++] = i
		}
	put_slots("cw_table_property_index", first, n)
	printf "\nconst uint16_t cw_table_property_first[] = {"
	for (i = 0; i < n; i++)
		printf "%s%d,", i % 16 ? " " : "\n\t", first_at[i]
	print "\n};\n"

	# Both files are sorted; together they are merged.
	for (i = 0; i < commands; i++)
		for (j = i; j > 0 && tolower(commands_in[j - 1]) > tolower(commands_in[j]); j--) {
			c = commands_in[j]; commands_in[j] = commands_in[j - 1]; commands_in[j - 1] = c
		}
	for (i = 0; i < commands; i++)
		command_row[i] = put_command(commands_in[i])
	put_rows("const struct cw_catalogue_parameter cw_table_parameters", row_text, rows)
	put_rows("const struct cw_catalogue_command cw_table_commands", command_row, commands)
	printf "const size_t cw_table_command_count = %d;\n", commands
	put_slots("cw_table_command_index", commands_in, commands)

	n = split("directory sync sandbox", list, " ")
	for (r = 1; r <= n; r++) {
		printf "\nstatic const char *const %s_names[] = {\n", list[r]
		for (i = 0; i < commands; i++)
			if (command_role[commands_in[i]] == list[r] && command_class[commands_in[i]] != "blocked")
				printf "\t\"%s\",\n", commands_in[i]
		print "\tNULL,\n};"
	}
	print "\nconst struct cw_table_role cw_table_roles[] = {"
	for (r = 1; r <= n; r++)
		printf "\t{ \"%s\", %s_names },\n", list[r], list[r]
	print "\t{ NULL, NULL },\n};"
}
