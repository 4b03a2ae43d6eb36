#== the shadow file => none
Try-It { [System.IO.File]::ReadAllText('/etc/shadow') }

#== the agent's state => none
Try-It { [System.IO.Directory]::GetFiles('/var/lib/causeway-agent') }

#== the whole disk => none
$top = [System.IO.Directory]::GetFileSystemEntries('/') -join ' '
if ($top -match '/(home|root|srv|opt|mnt|work|run)\b') { "BREACH $top" }
foreach ($place in '/var', '/etc') {
    $files = [System.IO.Directory]::GetFiles($place, '*', 'AllDirectories') | Where-Object { $_ -notmatch '^/etc/(passwd|group|localtime|nsswitch.conf|ld.so.cache)$' }
    if ($files) { "BREACH $files" }
}

#== other processes => none
$pids = [System.IO.Directory]::GetDirectories('/proc') | Where-Object { $_ -match '/\d+$' }
if (@($pids).Count -gt 2) { "BREACH $pids" }

#== the environment's secrets => none
$all = [System.Environment]::GetEnvironmentVariables()
foreach ($name in $all.Keys) { if ("$name $($all[$name])" -match 'PASSWORD|CAUSEWAY_LAB|_KEY') { "BREACH $name" } }

#== a program => none
Try-It { [System.Diagnostics.Process]::Start('/bin/sh', '-c id') }

#== a program by its name => none
try { $x = & /usr/bin/id; if ($x) { "BREACH $x" } } catch { 'stopped' }

#== a program that is written first => none
Try-It {
    [System.IO.File]::WriteAllBytes('/tmp/x', [byte[]](127, 69, 76, 70))
    [System.IO.File]::SetUnixFileMode('/tmp/x', 'UserExecute, UserRead')
    [System.Diagnostics.Process]::Start('/tmp/x')
}

#== a connection => none
Try-It { [System.Net.Sockets.TcpClient]::new('127.0.0.1', 22) }

#== a connection to the controller => none
Try-It { [System.Net.Sockets.TcpClient]::new('dc1.lab.test', 636) }

#== a name looked up => none
Try-It { [System.Net.Dns]::GetHostAddresses('example.com') }

#== a page fetched => none
Try-It { [System.Net.Http.HttpClient]::new().GetStringAsync('http://127.0.0.1/').GetAwaiter().GetResult() }

#== a socket of the system => none
Try-It { $s = [System.Net.Sockets.Socket]::new('Unix', 'Stream', 'Unspecified'); $s.Connect([System.Net.Sockets.UnixDomainSocketEndPoint]::new('/run/docker.sock')) }

#== the agent's control socket => none
Try-It { $s = [System.Net.Sockets.Socket]::new('Unix', 'Stream', 'Unspecified'); $s.Connect([System.Net.Sockets.UnixDomainSocketEndPoint]::new("`0causeway")) }

#== a port to listen on => none
Try-It { $l = [System.Net.Sockets.TcpListener]::new([System.Net.IPAddress]::Any, 4711); $l.Start() }

#== a kernel setting => none
Try-It { [System.IO.File]::WriteAllText('/proc/sys/kernel/core_pattern', '|/tmp/x') }

#== native code => none
Add-Type -TypeDefinition 'using System.Runtime.InteropServices; public class N { [DllImport("libc")] public static extern int kill(int p, int s); }' -ErrorAction SilentlyContinue
Try-It { [N]::kill(1, 0) }

#== an assembly from the disk => none
Try-It { [System.Reflection.Assembly]::LoadFrom('/usr/lib/x.dll') }

#== an assembly from bytes => says:done
# Allowed: the process is the wall. It gets what the script has, which is nothing.
try { $null = [System.Reflection.Assembly]::Load([byte[]](77, 90)) } catch { }
'done'

#== reflection on the engine's remoting => says:done
# The server's end of the session is in the same process; what it could send is what a script can send.
$types = [System.Management.Automation.PSObject].Assembly.GetTypes() | Where-Object Name -like '*ServerRemoteSession*'
"done $(@($types).Count -gt 0)"

#== the module itself => none
# Scripts begin with this. It changes nothing: the cmdlets stay the broker's.
Import-Module ActiveDirectory
foreach ($name in 'Get-ADUser', 'Set-ADUser') { if ((Get-Command $name).CommandType -ne 'Function') { "BREACH $name" } }

#== the module itself, by its path => none
$path = [System.IO.Directory]::GetFiles('/engine', 'ActiveDirectory.psd1', 'AllDirectories') | Select-Object -First 1
if ($path) {
    Import-Module $path -ErrorAction SilentlyContinue
    try { $u = ActiveDirectory\Get-ADUser ada -ErrorAction Stop; if ($u) { 'BREACH: the module has a connection of its own' } } catch { 'stopped' }
}

#== a remote session => error:*
New-PSSession -ComputerName dc1 -ErrorAction Stop

#== a runspace elsewhere => none
Try-It {
    $c = [System.Management.Automation.Runspaces.WSManConnectionInfo]::new([uri]'http://dc1:5985/wsman')
    $r = [runspacefactory]::CreateRunspace($c)
    $r.Open()
}

#== a runspace of its own => none
$p = [powershell]::Create()
$out = $p.AddScript('Get-Command Get-ADUser -ErrorAction SilentlyContinue').Invoke()
if ($out.Count) { 'BREACH' }

#== a job => none
try { $j = Start-Job { 1 } -ErrorAction Stop; if ($j) { $null = $j; 'a job object, nothing behind it' } } catch { 'stopped' }

#== a file share => none
Try-It { [System.IO.File]::ReadAllText('//dc1.lab.test/sysvol/x') }

#== a device => none
Try-It { [System.IO.File]::OpenWrite('/dev/sda') }

#== the clock => none
Add-Type -TypeDefinition 'using System.Runtime.InteropServices; public class C { [DllImport("libc")] public static extern int sethostname(string n, int l); }' -ErrorAction SilentlyContinue
Try-It { if ([C]::sethostname('x', 1) -ne 0) { throw 'stopped' } }
