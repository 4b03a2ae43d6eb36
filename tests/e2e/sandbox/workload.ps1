# What scripts of daily life, and some that are not, ask of the runtime: for syscalls.sh.
$ErrorActionPreference = 'Continue'
function try-it([scriptblock]$what) { try { & $what *>&1 | Out-Null } catch { } }

# the language
foreach ($i in 1..60000) { $x = "a$i" + $i }
$list = [Collections.Generic.List[object]]::new()
foreach ($i in 1..50000) { $list.Add([pscustomobject]@{ a = $i; b = "x$i" }) }
$list | Where-Object { $_.a -gt 10 } | ForEach-Object { $null = $_ }
[GC]::Collect()
$null = 'abc' -match '(a)(b)'
$null = [regex]::new('^(a+)+$', 'Compiled').IsMatch('aaaaaaaaaaaaaaaa!')
try { throw 'x' } catch { }
try { $null.Foo() } catch { }
function down($n) { if ($n -gt 0) { down ($n - 1) } }
down 200
class A { [int]$x; A($x) { $this.x = $x } }
$null = [A]::new(5)
$null = [xml]'<a><b/></a>'
try-it { 1..3 | ForEach-Object -Parallel { $_ } }
try-it { ConvertTo-SecureString 'x' -AsPlainText -Force }

# time, numbers, secrets
$null = [datetime]::Now, [TimeZoneInfo]::Local, [TimeZoneInfo]::FindSystemTimeZoneById('Europe/Berlin')
[Threading.Thread]::Sleep(20)
[Threading.Tasks.Task]::Delay(5).Wait()
$timer = [Timers.Timer]::new(5); $timer.Start(); [Threading.Thread]::Sleep(30); $timer.Dispose()
$null = [Security.Cryptography.SHA256]::HashData([byte[]](1, 2, 3))
$null = [Security.Cryptography.RandomNumberGenerator]::GetBytes(16)
$null = [guid]::NewGuid(), [Random]::new().Next(5)

# files in /tmp
$t = [IO.Path]::GetTempFileName()
[IO.File]::WriteAllText($t, 'hello'); $null = [IO.File]::ReadAllText($t); [IO.File]::AppendAllText($t, 'x')
[IO.File]::Copy($t, "$t.b"); [IO.File]::Move("$t.b", "$t.c"); [IO.File]::Replace("$t.c", $t, "$t.d")
$null = [IO.Directory]::CreateDirectory("$t.e/f"); $null = [IO.Directory]::GetFiles('/tmp'); [IO.Directory]::Delete("$t.e", $true)
$f = [IO.FileStream]::new("$t.s", 'Create'); $f.SetLength(10000); $f.Write([byte[]](1..100), 0, 100); $f.Flush($true)
$null = $f.Seek(0, 'Begin'); try-it { $f.Lock(0, 10); $f.Unlock(0, 10) }; $f.Dispose()
[IO.File]::SetLastWriteTime("$t.s", [datetime]'2020-01-01'); [IO.File]::SetAttributes("$t.s", 'ReadOnly')
$null = [IO.File]::CreateSymbolicLink("$t.l", $t)
try-it { [IO.File]::SetUnixFileMode($t, 'UserRead') }
try-it { [IO.RandomAccess]::Write([IO.File]::OpenHandle("$t.s", 'Open', 'Write'), [Collections.Generic.List[ReadOnlyMemory[byte]]]::new(), 0) }
$null = [IO.MemoryMappedFiles.MemoryMappedFile]::CreateFromFile($t)
[IO.Compression.GZipStream]::new([IO.MemoryStream]::new(), [IO.Compression.CompressionMode]::Compress).Write([byte[]](1..100), 0, 100)
$null = [IO.DriveInfo]::GetDrives().Count
try-it { [Threading.Mutex]::new($false, 'Global\x').Dispose() }
[IO.Directory]::GetFiles('/tmp', ([IO.Path]::GetFileName($t) + '*')) | ForEach-Object { [IO.File]::Delete($_) }

# who and where
$null = [Environment]::MachineName, [Environment]::UserName, [Environment]::WorkingSet, [Environment]::OSVersion
$null = [Diagnostics.Process]::GetCurrentProcess().Threads.Count, [Diagnostics.Process]::GetProcesses().Count
$null = [Runtime.InteropServices.Marshal]::AllocHGlobal(1000000)
try-it { [Console]::WindowWidth; [Console]::KeyAvailable; [Console]::CancelKeyPress }
Get-Command | Out-Null
