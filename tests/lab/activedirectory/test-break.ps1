# SPDX-License-Identifier: Apache-2.0
# The server goes and comes back: only with a Samba that the tests may stop.
$null = Get-ADUser "ada$tag"
& $PSScriptRoot/test.sh stop
CheckError 'a server that is down' { Get-ADUser "ada$tag" } ADServerDownException 'ActiveDirectoryServer:0,GetADUser' ResourceUnavailable 'Unable to contact the server.*'
CheckError 'and still is' { Get-ADUser -Filter * } ADServerDownException 'ActiveDirectoryServer:0,GetADUser' ResourceUnavailable
& $PSScriptRoot/test.sh start
Check 'is used again when it is back' { (Get-ADUser "ada$tag").SamAccountName } "ada$tag"
& $PSScriptRoot/test.sh stop
& $PSScriptRoot/test.sh start
Check 'a connection that broke while idle is made anew' { (Get-ADUser "ada$tag").SamAccountName; Set-ADUser "ada$tag" -Title Back; Ldap $dn title } "ada$tag|Back"
