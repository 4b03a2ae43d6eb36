# SPDX-License-Identifier: Apache-2.0
#
# contract/cmdlets.tsv and contract/parameters.tsv in, C# out: for each cmdlet
# of the double the half of its class that PowerShell binds to. The other half, with the
# base class and what it does, is in commands/. The contract is written once.

BEGIN {
	FS = "\t"
	n = split("Boolean:bool Int32:int DateTime:DateTime TimeSpan:TimeSpan ADAuthType ADSearchScope ADGroupScope " \
		"ADGroupCategory ADKerberosEncryptionType ADCurrentDomainType ADCurrentForestType ADMinimumDirectoryServiceVersion", list, " ")
	for (i = 1; i <= n; i++) {
		split(list[i], pair, ":")
		value_type[pair[1]] = pair[2] ? pair[2] : pair[1]
	}
	default_set["Get-ADDomain"] = default_set["Get-ADForest"] = default_set["Get-ADDefaultDomainPasswordPolicy"] = "Current"
	default_set["Get-ADDomainController"] = "Identity"
	print "// Made from contract/ by parameters.awk."
	print "#nullable enable"
	print "using System.Collections;"
	print "using System.Management.Automation;"
	print "using System.Security;"
	print "using System.Security.Cryptography.X509Certificates;"
	print "namespace Microsoft.ActiveDirectory.Management.Commands;"
}

FNR == 1 { file++; next }

file == 1 {
	if ($4 != "True") # not in the double
		next
	should_process[$1] = $2
	impact[$1] = $3
	next
}

!($1 in should_process) { next }

{
	cmdlet = $1
	if (!(cmdlet in body))
		order[++cmdlets] = cmdlet
	sets = "," $8 ","
	if (!(cmdlet in default_set) && index(sets, ",Filter,"))
		default_set[cmdlet] = "Filter"
	if (!(cmdlet in default_set) && index(sets, ",Identity,"))
		default_set[cmdlet] = "Identity"
	if (($2 == "WhatIf" || $2 == "Confirm") && should_process[cmdlet] == "True")
		next
	options = ""
	if ($5 == "True") options = options ", Mandatory = true"
	if ($6 != "Named") options = options ", Position = " $6
	if ($7 == "ByValue") options = options ", ValueFromPipeline = true"
	if ($7 == "ByPropertyName") options = options ", ValueFromPipelineByPropertyName = true"
	text = ""
	count = split($8 == "(All)" ? "" : $8, set, ",")
	for (i = 1; i <= count; i++)
		text = text "    [Parameter(" substr(options ", ParameterSetName = \"" set[i] "\"", 3) ")]\n"
	if (count == 0)
		text = "    [Parameter" (options == "" ? "" : "(" substr(options, 3) ")") "]\n"
	if ($4 != "")
		text = text "    [Alias(\"" $4 "\")]\n"
	# null means "clear" or "not given" for values too, as in the real module.
	type = $3 in value_type ? value_type[$3] "?" : $3 == "SwitchParameter" ? $3 : $3 "?"
	body[cmdlet] = body[cmdlet] text "    public " type " " $2 " { get; set; }\n"
}

END {
	for (i = 1; i <= cmdlets; i++) {
		cmdlet = order[i]
		split(cmdlet, part, "-")
		options = ""
		if (cmdlet in default_set) options = options ", DefaultParameterSetName = \"" default_set[cmdlet] "\""
		if (should_process[cmdlet] == "True")
			options = options ", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact." impact[cmdlet]
		printf "\n[Cmdlet(\"%s\", \"%s\"%s)]\npublic sealed partial class %s%s\n{\n%s}\n", \
			part[1], part[2], options, part[1], part[2], body[cmdlet]
	}
}
