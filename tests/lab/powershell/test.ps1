# SPDX-License-Identifier: Apache-2.0
# The doubles of the utility cmdlets, one named behaviour a row: what it is, the code, its output as compact JSON.
$script:passed = $script:failed = 0
function Test-Row([string]$Name, [scriptblock]$Code, [string]$Want) {
	$got = & $Code | ConvertTo-Json -Compress
	if ($got -ceq $Want) {
		$script:passed++
		return
	}
	$script:failed++
	"FAIL $Name`n  want $Want`n  got  $got"
}

Test-Row 'Select-Object -First and -Skip' { 1..9 | Select-Object -Skip 2 -First 3 } '[3,4,5]'
Test-Row 'Select-Object -Last' { 1..9 | Select-Object -Last 2 } '[8,9]'
Test-Row 'Select-Object -SkipLast' { 1..4 | Select-Object -SkipLast 3 } '1'
Test-Row 'Select-Object -Unique' { 1, 2, 1, 2 | Select-Object -Unique } '[1,2]'
Test-Row 'Select-Object of a calculated property' { [pscustomobject]@{ a = 2 } | Select-Object a, @{ n = 'b'; e = { $_.a * 3 } } } '{"a":2,"b":6}'
Test-Row 'Select-Object with a wildcard and an exclusion' { [pscustomobject]@{ aa = 1; ab = 2; b = 3 } | Select-Object a* -ExcludeProperty ab } '{"aa":1}'
Test-Row 'Select-Object -ExpandProperty' { [pscustomobject]@{ a = 1, 2 } | Select-Object -ExpandProperty a } '[1,2]'
Test-Row 'Select-Object of a property that is not there' { [pscustomobject]@{ a = 1 } | Select-Object z } '{"z":null}'
Test-Row 'Sort-Object of numbers' { 10, 9, 1 | Sort-Object } '[1,9,10]'
Test-Row 'Sort-Object -Descending by property' { @{ n = 1 }, @{ n = 3 } | ForEach-Object { [pscustomobject]$_ } | Sort-Object n -Descending | Select-Object -ExpandProperty n } '[3,1]'
Test-Row 'Sort-Object -Unique ignores case' { 'b', 'A', 'a' | Sort-Object -Unique } '["A","b"]'
Test-Row 'Group-Object counts' { 'a', 'b', 'A' | Group-Object | ForEach-Object { $_.Name + $_.Count } } '["a2","b1"]'
Test-Row 'Group-Object -AsHashTable' { ('x', 'yy' | Group-Object Length -AsHashTable)[2] } '"yy"'
Test-Row 'Measure-Object -Sum' { (1, 2, 3 | Measure-Object -Sum).Sum } '6.0'
Test-Row 'Measure-Object of nothing' { (@() | Measure-Object).Count } '0'
Test-Row 'Measure-Object of a property' { ([pscustomobject]@{ a = 4 } | Measure-Object a -Maximum).Maximum } '4'
Test-Row 'Compare-Object' { Compare-Object 1, 2 2, 3 | ForEach-Object { "$($_.InputObject)$($_.SideIndicator)" } } '["3=>","1<="]'
Test-Row 'ConvertTo-Json of a date' { ([datetime]::new(2026, 1, 2, 3, 4, 5, [DateTimeKind]::Utc)) } '"2026-01-02T03:04:05.0000000Z"'
Test-Row 'ConvertTo-Json stops at its depth' { @{ a = @{ b = @{ c = 1 } } } | ConvertTo-Json -Depth 1 -Compress -WarningAction SilentlyContinue } '"{\"a\":{\"b\":\"System.Collections.Hashtable\"}}"'
Test-Row 'ConvertFrom-Json of numbers and dates' { $o = '{"i":7,"d":1.5,"t":"2026-01-02T03:04:05Z"}' | ConvertFrom-Json; $o.i.GetType().Name, $o.d.GetType().Name, $o.t.GetType().Name } '["Int64","Double","DateTime"]'
Test-Row 'ConvertFrom-Json of a broken text' { try { '{' | ConvertFrom-Json } catch { $_.FullyQualifiedErrorId } } '"System.ArgumentException,Microsoft.PowerShell.Commands.ConvertFromJsonCommand"'
Test-Row 'ConvertFrom-Csv with quotes and line breaks' { ("a,b`n`"x `"`"y`"`",z`",`"l1`nl2`"" | ConvertFrom-Csv) } '{"a":"x \"y\",z","b":"l1\nl2"}'
Test-Row 'ConvertTo-Csv' { [pscustomobject]@{ a = 'q"'; b = 2 } | ConvertTo-Csv } '["\"a\",\"b\"","\"q\"\"\",\"2\""]'
Test-Row 'ConvertTo-SecureString' { (ConvertTo-SecureString 'abc' -AsPlainText -Force).Length } '3'
Test-Row 'New-Object with arguments' { (New-Object DateTime 2026, 1, 1).Year } '2026'
Test-Row 'New-Object -Property' { New-Object PSObject -Property @{ a = 1 } } '{"a":1}'
Test-Row 'New-Object of an unknown type' { try { New-Object No.Such.Type } catch { $_.FullyQualifiedErrorId } } '"TypeNotFound,Microsoft.PowerShell.Commands.NewObjectCommand"'
Test-Row 'Write-Error carries id and category' { Write-Error 'm' -ErrorId 'X' -Category InvalidData -ErrorVariable e -ErrorAction SilentlyContinue; $e[0].FullyQualifiedErrorId, "$($e[0].CategoryInfo.Category)" } '["X,Microsoft.PowerShell.Commands.WriteErrorCommand","InvalidData"]'
Test-Row 'Write-Warning reaches its stream' { Write-Warning 'w' -WarningVariable w -WarningAction SilentlyContinue; "$w" } '"w"'
Test-Row 'Write-Host goes to the information stream' { (Write-Host 1 2 6>&1).ToString() } '"1 2"'
Test-Row 'Write-Output enumerates' { (Write-Output 1 2 | Measure-Object).Count } '2'
Test-Row 'Out-String formats' { (1 | Out-String).Trim() } '"1"'
Test-Row 'Select-String' { 'abc', 'xyz' | Select-String 'Y' | ForEach-Object Line } '"xyz"'
Test-Row 'Add-Member and Get-Member' { ([pscustomobject]@{ a = 1 } | Add-Member b 2 -PassThru | Get-Member -MemberType NoteProperty).Name } '["a","b"]'
Test-Row 'Get-Date -Format' { Get-Date ([datetime]'2026-02-03') -Format 'yyyyMMdd' } '"20260203"'
Test-Row 'New-Guid is new' { (New-Guid) -ne (New-Guid) } 'true'
Test-Row 'Get-Random stays below its maximum' { (1..50 | ForEach-Object { Get-Random -Maximum 3 } | Where-Object { $_ -gt 2 -or $_ -lt 0 } | Measure-Object).Count } '0'
Test-Row 'Select-Object -First ends what comes before it' { $n = 0; $first = 1..9 | ForEach-Object { $script:n = $_; $_ } | Select-Object -First 2; $first + $script:n } '[1,2,2]'
Test-Row 'New-TimeSpan' { (New-TimeSpan -Days 1 -Hours 2).TotalHours, (New-TimeSpan ([datetime]'2026-01-01') ([datetime]'2026-01-31')).Days } '[26.0,30]'
Test-Row 'Measure-Command' { (Measure-Command { Start-Sleep -Milliseconds 2 }).Ticks -gt 0 } 'true'
Test-Row 'Tee-Object' { $x = 1, 2 | Tee-Object -Variable kept; $x + $kept } '[1,2,1,2]'
Test-Row 'Get-Unique' { 1, 1, 2, 1 | Get-Unique } '[1,2,1]'
Test-Row 'Join-Path and Split-Path' { (Join-Path a b c), (Split-Path 'x/y/z.txt'), (Split-Path 'x/y/z.txt' -Leaf) } '["a/b/c","x/y","z.txt"]'
Test-Row 'Join-String' { 'a', 'b' | Join-String -Separator ', ' -SingleQuote } "`"'a', 'b'`""
Test-Row 'ConvertFrom-StringData' { ("a = 1`n# no`nb=two" | ConvertFrom-StringData)['b'] } '"two"'
Test-Row 'variables by name' { Set-Variable v1 5; New-Variable v2 6; $a = Get-Variable v1 -ValueOnly; Remove-Variable v2; $a, ($null -eq (Get-Variable v2 -ErrorAction SilentlyContinue)) } '[5,true]'
Test-Row 'a variable that is there is not made again' { $v3 = 1; New-Variable v3 2 -ErrorVariable e -ErrorAction SilentlyContinue; $e[0].FullyQualifiedErrorId } '"VariableAlreadyExists,Microsoft.PowerShell.Commands.NewVariableCommand"'
Test-Row 'Format-Table' { [pscustomobject]@{ a = 1; bb = 'x' }, [pscustomobject]@{ a = 22; bb = $null } | Format-Table } '["a  bb","-  --","1  x","22"]'
Test-Row 'Format-List' { [pscustomobject]@{ a = 1; bb = 'x', 'y' } | Format-List } '["a  : 1","bb : {x, y}",""]'
Test-Row 'what is missing is not found' { try { Get-Culture } catch { $_.FullyQualifiedErrorId } } '"CommandNotFoundException"'
"powershell utility: $passed passed, $failed failed"
exit [int]($failed -gt 0)
