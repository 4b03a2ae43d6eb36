# SPDX-License-Identifier: Apache-2.0
#
# The catalogue's commands.tsv and parameters.tsv in, C out: for each role the
# rows that define.ps1 makes functions of, one line for each cmdlet:
#
#   NAME <tab> FLAGS <tab> VALUES <tab> PARAM
#
# FLAGS: w writes, m/h asks to confirm at Medium/High, b blocked. VALUES: which
# parameter holds what kind of value, "s City,Title n Identity". PARAM: the
# attribute and the param block of the function. Before them, in a line of its
# own, the name of the module they stand for. The tables have been checked by
# the catalogue's own generator.

function bad(text) {
	printf "%s:%d: %s\n", FILENAME, FNR, text > "/dev/stderr"
	failed = 1
	exit 1
}

BEGIN {
	FS = "\t"
	n = split("string s strings S bool b switch w int i date d duration t secret p identity n identities N choice c choices C " \
		"flags f properties P attributes a attribute_names A filter F ldap_filter L dn D guid g changes x object o", list, " ")
	for (i = 1; i < n; i += 2)
		letter[list[i]] = list[i + 1]
}

# A parameter that nobody but Causeway sets is there all the same: who gives it is told so.
function add_ours(c, name) {
	add(c, name, name == "Partition" ? "dn" : name == "Server" ? "string" : "object", "-", "*", "-", "-", "-")
}

function quoted(words, separator,    n, list, i, text) {
	n = split(words, list, separator)
	for (i = 1; i <= n; i++)
		text = text (i > 1 ? "," : "") "'" list[i] "'"
	return text
}

# One [Parameter()] for each set it is in; none at all where it would say nothing.
function attributes_of(sets, position, pipeline,    n, list, i, set, inside, text, common) {
	if (position != "-")
		common = common ",Position=" position
	if (pipeline ~ /value/)
		common = common ",ValueFromPipeline"
	if (pipeline ~ /name/)
		common = common ",ValueFromPipelineByPropertyName"
	n = split(sets, list, " ")
	for (i = 1; i <= n; i++) {
		set = list[i]
		inside = sub(/!$/, "", set) ? ",Mandatory" : ""
		if (set != "*")
			inside = ",ParameterSetName='" set "'" inside
		inside = inside common
		if (inside != "")
			text = text "[Parameter(" substr(inside, 2) ")]"
	}
	return text
}

function add(c, name, value, choices, sets, position, pipeline, aliases,    l, text) {
	sub(/:.*/, "", value)
	if (!(value in letter))
		bad("no such type of value: " value)
	l = letter[value]
	text = attributes_of(sets, position, pipeline)
	if (aliases != "-")
		text = text "[Alias(" quoted(aliases, " ") ")]"
	if (l == "c" || l == "C")
		text = text "[ValidateSet(" quoted(choices, " ") ")]"
	# With [object] a script block is never taken for each object of the pipeline (-Name { $_.Sam }), and an empty list is
	# something. What is null must stay null: no [string].
	if (l == "w")
		text = text "[switch]"
	else if (index("SNPAC", l) && sets ~ /!/)
		text = text "[object[]]"
	else if (pipeline != "-")
		text = text "[psobject]"
	text = text "$" name
	param[c] = param[c] (param[c] == "" ? "" : ",") text
	if (!((c, l) in names))
		letters[c] = letters[c] l
	names[c, l] = names[c, l] "," name
}

FNR == 1 {
	table = $2 == "parameter" ? $2 : $1
	if (NF != 13 || (table != "command" && table != "parameter"))
		bad("not the tables of commands and parameters")
	next
}

table == "command" {
	module[$3] = $2
	role[$1] = $3; class[$1] = $5; impact[$1] = $10; set[$1] = $11; process[$1] = $9 ~ /WhatIf/
	in_order[++commands] = $1
	takes[$1] = $9
	next
}

table == "parameter" && class[$1] != "blocked" { add($1, $2, $3, $7, $10, $11, $12, $13) }

function row(c,    flags, values, i, n, list, binding, l) {
	if (class[c] == "blocked")
		return c "\tb\t\t[CmdletBinding(PositionalBinding=$false)]param([Parameter(ValueFromPipeline)]$InputObject," \
			"[Parameter(ValueFromRemainingArguments)]$Rest)"
	n = split(takes[c] == "-" ? "" : takes[c], list, " ")
	for (i = 1; i <= n; i++)
		if (list[i] != "WhatIf")
			add_ours(c, list[i])
	binding = "PositionalBinding=$false"
	if (set[c] != "-")
		binding = binding ",DefaultParameterSetName='" set[c] "'"
	if (process[c])
		binding = binding ",SupportsShouldProcess" (impact[c] == "-" || impact[c] == "Medium" ? "" : ",ConfirmImpact='" impact[c] "'")
	if (class[c] !~ /read/ && c !~ /^(Get|Search|Show|Test)-/)
		flags = "w"
	if (process[c])
		flags = flags (impact[c] == "High" ? "h" : impact[c] == "Low" ? "l" : "m")
	for (i = 1; i <= length(letters[c]); i++) {
		l = substr(letters[c], i, 1)
		values = values (i > 1 ? " " : "") l " " substr(names[c, l], 2)
	}
	return c "\t" flags "\t" values "\t[CmdletBinding(" binding ")]param(" param[c] ")"
}

function literal(text) {
	gsub(/[\\"]/, "\\\\&", text)
	gsub(/\t/, "\\t", text)
	return "\t\"" text "\\n\""
}

END {
	if (failed)
		exit 1
	print "/* Made from the catalogue's tables by generate.awk. */"
	n = split("directory sync", roles, " ")
	for (r = 1; r <= n; r++) {
		printf "\nstatic const char %s_rows[] =\n\t\"%s\\n\"\n", roles[r], module[roles[r]]
		for (i = 1; i <= commands; i++)
			if (role[in_order[i]] == roles[r])
				print literal(row(in_order[i]))
		print "\t;"
	}
	print "\nstatic const struct {\n\tconst char *role, *rows;\n\tsize_t len;\n} roles_rows[] = {"
	for (r = 1; r <= n; r++)
		printf "\t{ \"%s\", %s_rows, sizeof(%s_rows) - 1 },\n", roles[r], roles[r], roles[r]
	print "};"
}
