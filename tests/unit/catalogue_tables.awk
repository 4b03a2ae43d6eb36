# SPDX-License-Identifier: Apache-2.0
#
# The catalogue's tables against the modules' documentation: every documented
# cmdlet and parameter has a row, every row names one that is documented, and what
# both say of it (type, sets, position, pipeline, aliases) is the same.
#
# awk -f catalogue_tables.awk commands.tsv parameters.tsv AD/cmdlets.tsv AD/parameters.tsv ADSync/contract.tsv

BEGIN { FS = "\t" }

function complain(text) {
	print text
	failed = 1
}

# A set of words in one order; NAME! is a mandatory one.
function sorted(words,    list, n, i, j, t, all) {
	n = split(words, list, " ")
	for (i = 2; i <= n; i++)
		for (j = i; j > 1 && list[j - 1] > list[j]; j--) {
			t = list[j]; list[j] = list[j - 1]; list[j - 1] = t
		}
	for (i = 1; i <= n; i++)
		all = all " " list[i]
	return substr(all, 2)
}

function compare(what, ours, theirs) {
	if (ours != theirs)
		complain(key ": " what " is '" ours "', documented is '" theirs "'")
}

FNR == 1 { file++; next }

file == 1 {
	module[$1] = $2
	takes[$1] = " " $9 " "
	impact[$1] = $10 == "-" ? "" : $10
	next
}

file == 2 {
	key = $1 " -" $2
	row[key] = $9 "|" sorted($10) "|" ($11 == "-" ? "Named" : $11) "|" ($12 == "-" ? "None" : $12) "|" $13
	command_of[key] = $1
	next
}

file == 3 {
	documented[$1]
	key = $1
	if (!($1 in module))
		complain($1 ": no row in commands.tsv")
	else {
		compare("-WhatIf", takes[$1] ~ / WhatIf / ? "True" : "False", $2)
		compare("impact", impact[$1], $3)
	}
	next
}

# What commands.tsv says in its column "takes": optional, named, in all sets.
function is_taken(cmdlet, parameter) {
	if (parameter == "WhatIf" || parameter == "Confirm")
		return takes[cmdlet] ~ / WhatIf /
	return index(takes[cmdlet], " " parameter " ")
}

file == 4 {
	key = $1 " -" $2
	documented[key]
	if (is_taken($1, $2)) {
		if ($2 != "WhatIf" && $2 != "Confirm")
			compare("shape", $5 " " $6 " " $7 " " $8, "False Named None (All)")
		if (key in row)
			complain(key ": in parameters.tsv and taken in commands.tsv")
		next
	}
	if (!(key in row)) {
		complain(key ": no row in parameters.tsv")
		next
	}
	split(row[key], ours, "|")
	compare("type", ours[1], $3)
	sets = $8 == "(All)" ? "*" : $8
	gsub(/,/, " ", sets)
	if ($5 == "True")
		gsub(/ |$/, "!&", sets)
	if ($5 == "False,True") # documented as mandatory in some of its sets
		gsub(/!/, "", ours[2])
	compare("sets", ours[2], sorted(sets))
	compare("position", ours[3], $6)
	compare("pipeline", ours[4] == "value" ? "ByValue" : ours[4] == "name" ? "ByPropertyName" : ours[4], $7)
	aliases = ours[5] == "-" ? "" : ours[5]
	gsub(/ /, ", ", aliases)
	compare("aliases", aliases, $4)
	next
}

file == 5 { # one row for each set
	documented[$1]
	if (!($1 in module))
		complain($1 ": no row in commands.tsv")
	if ($2 == "-")
		next
	key = $1 " -" $2
	documented[key]
	if (is_taken($1, $2))
		next
	if (!(key in row)) {
		complain(key ": no row in parameters.tsv")
		next
	}
	split(row[key], ours, "|")
	compare("type", ours[1], $3)
	set = ($7 == "(All)" ? "*" : $7) ($4 == "True" ? "!" : "")
	if (!index(" " ours[2] " ", " " set " "))
		complain(key ": not in the set " set)
	compare("position", ours[3], $5)
	compare("pipeline", ours[4] == "value" ? "ByValue" : ours[4] == "name" ? "ByPropertyName" : "False", $6)
}

END {
	for (c in module)
		if (!(c in documented))
			complain(c ": a row for a command that is not documented")
	for (key in row)
		if (!(key in documented))
			complain(key ": a row for a parameter that is not documented")
	exit failed
}
