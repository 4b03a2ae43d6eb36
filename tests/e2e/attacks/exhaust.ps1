#== a loop without end => ends:stopped
while ($true) { }

#== a sleep without end => ends:stopped
Start-Sleep -Seconds 100000

#== a loop in a finally => ends:stopped
try { Start-Sleep -Seconds 100000 } finally { while ($true) { } }

#== a regular expression that never ends => ends:stopped
'a' * 40 + 'b' -match '^(a+)+$'

#== errors without end => ends:*
while ($true) { Write-Error 'x' }

#== output without end => ends:*
while ($true) { 'x' * 10000 }

#== host text without end => ends:*
while ($true) { Write-Host ('x' * 10000) }

#== progress without end => ends:*
while ($true) { Write-Progress -Activity x -Status ('y' * 1000) }

#== one object as large as memory => ends:*
$x = 'x' * 300000000
$x

#== memory without end => ends:*
$all = [System.Collections.Generic.List[object]]::new()
while ($true) { $all.Add([byte[]]::new(10000000)) }

#== an object as deep as a well => none
$o = $null
1..5000 | ForEach-Object { $o = [pscustomobject]@{ next = $o } }
$o
'done'

#== recursion without end => error:*
function F { F }
F

#== threads without end => ends:*
$threads = [System.Collections.Generic.List[object]]::new()
while ($true) { $t = [System.Threading.Thread]::new([System.Threading.ThreadStart] { Start-Sleep 1000 }); $t.Start(); $threads.Add($t) }

#== files without end => none
try { 1..100000 | ForEach-Object { [System.IO.File]::WriteAllText("/tmp/$_", 'x' * 1000) }; 'BREACH' } catch { 'stopped' }

#== calls without end => error:*
while ($true) { $null = Get-ADUser ada -ErrorAction Stop }

#== writes without end => error:*; changes OU=exh
$i = 0
while ($true) { $i++; Set-ADUser exh.ann -Title "t$i" -ErrorAction Stop }

#== objects without end => error:*
while ($true) { $null = Get-ADUser -Filter * -Properties * -ErrorAction Stop }

#== a filter as long as a book => error:*
$parts = 1..20000 | ForEach-Object { "Name -eq 'x$_'" }
$null = Get-ADUser -Filter ($parts -join ' -or ')

#== a value as long as a book => error:*
Set-ADUser exh.ann -Description ('x' * 6000000)

#== a process that lives on => none
$t = [System.Threading.Thread]::new([System.Threading.ThreadStart] { while ($true) { [System.Threading.Thread]::Sleep(10) } })
$t.IsBackground = $false
$t.Start()
'done'

#== a time bomb => none
# What is set to go off later goes off in a process that is gone.
$timer = [System.Timers.Timer]::new(200)
Register-ObjectEvent $timer Elapsed -Action { Disable-ADAccount ada } -ErrorAction SilentlyContinue | Out-Null
$timer.Start()
'done'

#== the engine ends itself => ends:*
[System.Environment]::Exit(0)

#== the engine kills itself => ends:*
[System.Environment]::FailFast('x')

#== the script exits => none
exit 3
