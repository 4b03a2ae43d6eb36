# SPDX-License-Identifier: Apache-2.0
#
# attributes.tsv, then the directory's schema as ldapsearch prints it: every attribute of the schema has its row, and
# the row says of it what the schema says. Rows that this schema lacks (LAPS, Exchange, later versions) are counted.

BEGIN {
	FS = "\t"
	# [MS-ADTS] 3.1.1.2.2.2: attributeSyntax and oMSyntax
	n = split("2.5.5.1/127 dn 2.5.5.2/6 oid 2.5.5.4/20 text 2.5.5.5/19 text 2.5.5.5/22 text 2.5.5.6/18 text 2.5.5.7/127 dnbinary " \
		"2.5.5.8/1 bool 2.5.5.9/2 number 2.5.5.9/10 number 2.5.5.10/4 bytes 2.5.5.10/127 bytes 2.5.5.11/23 time 2.5.5.11/24 time " \
		"2.5.5.12/64 text 2.5.5.13/127 text 2.5.5.14/127 dnstring 2.5.5.15/66 acl 2.5.5.16/65 large 2.5.5.17/4 sid", list, " ")
	for (i = 1; i < n; i += 2)
		syntax[list[i]] = list[i + 1]
}

function complain(text) {
	print text
	failed = 1
}

FILENAME ~ /attributes\.tsv$/ {
	if (FNR > 1) {
		spelt[tolower($1)] = $1
		sub(/,?pdc$/, "", $4) # our own word
		row[$1] = $2 " " $3 " " ($4 == "" ? "-" : $4)
		class[$1] = $6
	}
	next
}

function has(number, bit) { return int(number / bit) % 2 }

function compare(    name, flags, want) {
	name = a["lDAPDisplayName"]
	if (name == "")
		return
	seen[name]
	count++
	if (a["systemOnly"] == "TRUE") flags = flags ",system"
	if (has(a["systemFlags"], 4)) flags = flags ",computed"
	if (has(a["searchFlags"], 128)) flags = flags ",confidential"
	if (a["linkID"] != "") flags = flags (a["linkID"] % 2 ? ",backlink" : ",link")
	want = syntax[a["attributeSyntax"] "/" a["oMSyntax"]] " " (a["isSingleValued"] == "TRUE" ? "one" : "many") " " \
		(flags == "" ? "-" : substr(flags, 2))
	if (!(tolower(name) in spelt))
		complain(name ": not in the table; it is " want)
	else if (spelt[tolower(name)] != name)
		complain(name ": spelt " spelt[tolower(name)])
	else if (row[name] != want)
		complain(name ": the row says " row[name] ", the schema " want)
	else if (has(a["searchFlags"], 128) && class[name] != "secret-read")
		complain(name ": confidential, and not secret-read")
}

/^$/ { compare(); split("", a); next }

/^[A-Za-z]+: / { a[substr($0, 1, index($0, ":") - 1)] = substr($0, index($0, ":") + 2) }

END {
	compare()
	for (name in row)
		more += !(name in seen)
	print "schema: " count " attributes of the directory, " more " more in the table"
	if (count < 1400)
		complain("that is no whole schema")
	exit failed
}
