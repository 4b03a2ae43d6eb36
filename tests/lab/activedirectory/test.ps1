# SPDX-License-Identifier: Apache-2.0
#
# The ActiveDirectory double against a real directory: what the cmdlets say, and
# what the directory holds afterwards by plain ldapsearch. Everything happens in
# an organizational unit of its own. The lab's environment must be set.
$ErrorActionPreference = 'Stop'
$script:passed = $script:failed = 0
$base = $env:CAUSEWAY_LAB_AD_BASE_DN
$dns = ($base -split ',' | ForEach-Object { $_.Substring(3) }) -join '.'
$tag = 't' + [guid]::NewGuid().ToString('N').Substring(0, 8)
$ou = "OU=$tag,$base"
$ns = 'Microsoft.ActiveDirectory.Management'

function Report([bool]$Ok, [string]$Name, [string]$Detail) {
	if ($Ok) { $script:passed++; return }
	$script:failed++
	Write-Host "FAIL $Name`n$Detail"
}

# The code's output, as text joined by '|'.
function Check([string]$Name, [scriptblock]$Code, $Want) {
	try { $got = (& $Code | ForEach-Object { "$_" }) -join '|' } catch { $got = "threw $($_.Exception.GetType().Name): $_ ($($_.FullyQualifiedErrorId))" }
	Report ($got -ceq "$Want") $Name "  want $Want`n  got  $got"
}

function CheckError([string]$Name, [scriptblock]$Code, [string]$Type, [string]$Id, [string]$Category, [string]$Message) {
	try { $null = & $Code; Report $false $Name '  no error'; return } catch { $e = $_ }
	$got = "$($e.Exception.GetType().Name) $($e.FullyQualifiedErrorId -replace ',.*\.', ',') $($e.CategoryInfo.Category)"
	Report ($got -ceq "$Type $Id $Category") $Name "  want $Type $Id $Category`n  got  $got`n  $e"
	if ($Message) { Report ("$e" -clike $Message) "$Name, its message" "  want $Message`n  got  $e" }
}

# What the directory holds: the attribute's values, sorted.
function Ldap([string]$Dn, [string]$Attribute) {
	$env:LDAPTLS_CACERT = $env:CAUSEWAY_LAB_AD_CA
	& ldapsearch -LLL -x -o ldif-wrap=no -H $env:CAUSEWAY_LAB_AD_URL -D $env:CAUSEWAY_LAB_AD_BIND_DN -w $env:CAUSEWAY_LAB_AD_PASSWORD -s base -b $Dn $Attribute 2>$null |
		Where-Object { $_ -like "${Attribute}:*" } | ForEach-Object { $_.Substring($Attribute.Length + 1).TrimStart(': ') } | Sort-Object
}

# Can somebody log on? 0, or ldapsearch's exit code (49: no).
function Logon([string]$User, [string]$Password) {
	$env:LDAPTLS_CACERT = $env:CAUSEWAY_LAB_AD_CA
	$null = & ldapsearch -LLL -x -H $env:CAUSEWAY_LAB_AD_URL -D "$User@$dns" -w $Password -s base -b '' 1.1 2>$null
	$LASTEXITCODE
}

function Secret([string]$Text) { ConvertTo-SecureString $Text -AsPlainText -Force }

try {
	. $PSScriptRoot/test-contract.ps1
	New-ADOrganizationalUnit -Name $tag -Path $base -ProtectedFromAccidentalDeletion $false
	. $PSScriptRoot/test-read.ps1
	. $PSScriptRoot/test-write.ps1
	. $PSScriptRoot/test-accounts.ps1
	if ($env:CAUSEWAY_AD_TEST_STATE) { . $PSScriptRoot/test-break.ps1 }
}
finally {
	Remove-ADObject -Identity $ou -Recursive -Confirm:$false
}
Write-Host "activedirectory: $passed passed, $failed failed"
exit [int]($failed -gt 0)
