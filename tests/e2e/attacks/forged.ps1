#== a request that is no CLIXML => error:CausewayProtocol
Show (SendText 'not xml at all')

#== a request of nothing => error:CausewayProtocol
Show (SendText '')

#== a request that ends early => error:CausewayProtocol
$text = [System.Management.Automation.PSSerializer]::Serialize(@{ verb = 'next'; id = 1 })
Show (SendText $text.Substring(0, $text.Length - 20))

#== two documents in one request => error:CausewayProtocol
$text = [System.Management.Automation.PSSerializer]::Serialize(@{ verb = 'cancel'; id = 1 })
Show (SendText ($text + $text))

#== a request with entities => error:CausewayProtocol
Show (SendText '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04"><S>&b;</S></Objs>')

#== a request with a file's contents => error:CausewayProtocol
Show (SendText '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/shadow">]><Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04"><S>&a;</S></Objs>')

#== a map as deep as a well => error:CausewayProtocol
$deep = '<S>x</S>'
$open = '<Obj RefId="{0}"><TN RefId="{0}"><T>System.Collections.ArrayList</T></TN><LST>'
$head = -join (0..400 | ForEach-Object { $open -f $_ })
Show (SendText ('<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">' + $head + $deep + ('</LST></Obj>' * 401) + '</Objs>'))

#== a key that there is not => error:CausewayProtocol
Show (Send @{ verb = 'call'; id = 1; command = 'Get-ADUser'; parameters = @{ Identity = 'ada' }; error_action = 'Continue'; what_if = $false; server = 'evil' })

#== a key in capitals beside the small one => error:CausewayProtocol
$map = [System.Collections.Specialized.OrderedDictionary]::new()
$map['verb'] = 'call'; $map['id'] = 1; $map['command'] = 'Get-ADUser'; $map['Command'] = 'Remove-ADUser'
$map['parameters'] = @{ Identity = 'ada' }; $map['error_action'] = 'Continue'; $map['what_if'] = $false
Show (Send $map)

#== the same key twice => error:CausewayProtocol
$text = [System.Management.Automation.PSSerializer]::Serialize((Request 'Get-ADUser' @{ Identity = 'ada' }))
Show (SendText ($text -replace '</DCT>\s*</Obj>\s*</Objs>\s*$', '<En><S N="Key">command</S><S N="Value">Remove-ADUser</S></En></DCT></Obj></Objs>'))

#== a parameter twice in the bytes => error:CausewayProtocol
$text = [System.Management.Automation.PSSerializer]::Serialize((Request 'Set-ADUser' @{ Identity = 'ada'; Title = 'x' }), 5)
Show (SendText ($text -replace '(?s)(<En>\s*<S N="Key">Title</S>.*?</En>)', '$1<En><S N="Key">Title</S><S N="Value">y</S></En>'))

#== a parameter twice in other letters => error:CausewayProtocol
$text = [System.Management.Automation.PSSerializer]::Serialize((Request 'Set-ADUser' @{ Identity = 'ada'; Title = 'x' }), 5)
Show (SendText ($text -replace '(?s)(<En>\s*<S N="Key">Title</S>.*?</En>)', '$1<En><S N="Key">TITLE</S><S N="Value">y</S></En>'))

#== the target by pipeline and by command line => error:CausewayProtocol
$request = Request 'Disable-ADAccount' @{ Identity = 'ada' }
$request.input = @(, @{ identity = 'grace' })
Show (Send $request)

#== sixty-five objects at once => error:CausewayProtocol
$request = Request 'Get-ADUser' @{}
$request.input = @(1..65 | ForEach-Object { @{ Identity = 'ada' } })
Show (Send $request)

#== input that is no list => error:CausewayProtocol
$request = Request 'Get-ADUser' @{}
$request.input = @{ Identity = 'ada' }
Show (Send $request)

#== an id that is a text => error:CausewayProtocol
$request = Request 'Get-ADUser' @{ Identity = 'ada' }
$request.id = '1'
Show (Send $request)

#== an id below one => error:CausewayProtocol
$request = Request 'Get-ADUser' @{ Identity = 'ada' }
$request.id = -1
Show (Send $request)

#== an id that is in use => error:CausewayProtocol
$request = Request 'Get-ADUser' @{ Filter = '*'; Properties = @('*') }
$request.id = 7
$null = Send $request
Show (Send $request)

#== next for a call that there is not => error:CausewayProtocol
Show (Send @{ verb = 'next'; id = 4711 })

#== next with a command in it => error:CausewayProtocol
Show (Send @{ verb = 'next'; id = 1; command = 'Remove-ADUser' })

#== a verb of one's own => error:CausewayProtocol
Show (Send @{ verb = 'approve'; id = 1 })

#== a switch where the protocol has a text => error:CausewayProtocol
$request = Request 'Get-ADUser' @{ Identity = 'ada' }
$request.what_if = 'no'
Show (Send $request)

#== ErrorAction Break => error:CausewayProtocol
$request = Request 'Get-ADUser' @{ Identity = 'ada' }
$request.error_action = 'Break'
Show (Send $request)

#== a name of a command as long as a book => error:CausewayProtocol
Show (Send (Request ('Get-' + 'A' * 100000) @{}))

#== a script block as a value => error:CausewayProtocol
Show (Send (Request 'Set-ADUser' @{ Identity = 'ada'; Title = { Remove-ADUser ada } }))

#== an object that becomes a process => error:CausewayProtocol
$info = [System.Diagnostics.ProcessStartInfo]::new('/bin/sh')
Show (Send (Request 'Set-ADUser' @{ Identity = 'ada'; Title = $info }))

#== a hashtable with a type name that rehydrates => none; changes OU=exh
# A map is a map to us, whatever its type is called: an ordinary call, and no object of that type anywhere.
$text = [System.Management.Automation.PSSerializer]::Serialize((Request 'Set-ADUser' @{ Identity = 'exh.ann'; Replace = @{ title = 'x' } }), 5)
Show (SendText ($text -replace 'System.Collections.Hashtable', 'System.Diagnostics.ProcessStartInfo'))

#== a secure string as the engine writes it => error:CausewayProtocol
Show (Send (Request 'Set-ADAccountPassword' @{ Identity = 'ada'; Reset = $true; NewPassword = (ConvertTo-SecureString 'Hello-World-12' -AsPlainText -Force) }))

#== a sealed value that was overheard => error:CausewayProtocol
Show (Send (Request 'Set-ADAccountPassword' @{ Identity = 'ada'; Reset = $true; NewPassword = @{ '$sealed' = 'A' * 128 } }))

#== a slot of another request => error:CausewayProtocol
Show (Send (Request 'Set-ADAccountPassword' @{ Identity = 'ada'; Reset = $true; NewPassword = @{ '$slot' = 0 } }))

#== a secret where none is wanted => error:CausewayInvalid
Show (Send (Request 'Set-ADUser' @{ Identity = 'ada'; Title = @{ '$secret' = 'x' } }))

#== a secret below a secret => error:CausewayProtocol
Show (Send (Request 'Set-ADUser' @{ Identity = 'ada'; Replace = @{ title = @{ '$secret' = 'x' } } }))

#== an object that says it is another => error:CausewayProtocol
$ada = (Get-ADUser ada).ObjectGUID
$o = [pscustomobject]@{ ObjectGUID = "$ada"; DistinguishedName = 'CN=Administrator,CN=Users,DC=lab,DC=test' }
Show (Send (Request 'Set-ADUser' @{ Identity = $o; Title = 'x' }))

#== a forged call to what is protected => rule:protected-object
Show (Send (Request 'Add-ADGroupMember' @{ Identity = 'Domain Admins'; Members = @('ada') }))

#== a forged call without a proxy's care => rule:approval
Show (Send (Request 'Set-ADUser' @{ Identity = 'ada'; TrustedForDelegation = $true }))

#== a forged server => rule:catalogue
Show (Send (Request 'Get-ADUser' @{ Identity = 'ada'; Server = 'evil.example' }))

#== a forged WhatIf false => rule:catalogue
Show (Send (Request 'Remove-ADUser' @{ Identity = 'ada'; WhatIf = $false; Confirm = $false }))

#== a forged OutVariable => rule:catalogue
Show (Send (Request 'Get-ADUser' @{ Identity = 'ada'; OutVariable = 'WhatIfPreference' }))

#== what_if said to the broker alone => none
Show (Send ((Request 'Remove-ADUser' @{ Identity = 'ada' }) + @{ } | ForEach-Object { $_.what_if = $true; $_ }))

#== a request in a Write-Host => says:causeway/1
Write-Host 'causeway/1 <Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04"><S>x</S></Objs>'

#== a read without a question => none
$answer = $Host.UI.ReadLine()
if ($answer) { "BREACH $answer" }

#== two requests and one read => none
$Host.UI.Write('causeway/1 ' + [System.Management.Automation.PSSerializer]::Serialize((Request 'Remove-ADUser' @{ Identity = 'ada' }), 5))
$Host.UI.Write('causeway/1 ' + [System.Management.Automation.PSSerializer]::Serialize(@{ verb = 'cancel'; id = 1 }))
$null = $Host.UI.ReadLine()
(Get-ADUser ada).Name

#== a request and no read => none
$Host.UI.Write('causeway/1 ' + [System.Management.Automation.PSSerializer]::Serialize((Request 'Remove-ADUser' @{ Identity = 'ada' }), 5))

#== an answer of another call => error:CausewayProtocol
$null = Send @{ verb = 'cancel'; id = 99 }
Show (Send @{ verb = 'next'; id = 99 })

#== a hundred open calls => error:Causeway
1..100 | ForEach-Object {
    $request = Request 'Get-ADUser' @{ Filter = '*'; Properties = @('*') }
    $request.id = $_ + 1000
    $answer = Send $request
    if ($answer.records | Where-Object { $_[0] -eq 'fail' }) { Show $answer }
} | Select-Object -First 1

#== a prompt for a credential => none
try { $c = $Host.UI.PromptForCredential('a', 'b', 'c', 'd'); if ($c) { 'BREACH' } } catch { 'nobody is there' }

#== a prompt for a choice => none
try { $null = $Host.UI.PromptForChoice('a', 'b', @(), 0) } catch { 'nobody is there' }

#== a nested prompt => none
try { $Host.EnterNestedPrompt() } catch { 'nobody is there' }

#== the host's own runspace => none
try { $Host.PushRunspace($null); 'BREACH' } catch { 'stopped' }

#== the host is told to exit => none
try { $Host.SetShouldExit(0) } catch { 'stopped' }
(Get-ADUser ada).Name

#== a hijacked proxy => rule:protected-object
${function:Set-ADUser} = { Show (Send (Request 'Add-ADGroupMember' @{ Identity = 'Administrators'; Members = @('ada') })) }
Set-ADUser ada -Title x

#== a proxy of one's own => rule:approval
function Set-Power { Show (Send (Request 'Set-ADAccountControl' @{ Identity = 'ada'; TrustedToAuthForDelegation = $true })) }
Set-Power

#== an alias over a proxy => rule:protected-object
Set-Item function:Evil { Show (Send (Request 'Remove-ADUser' @{ Identity = 'Administrator' })) } -ErrorAction SilentlyContinue
function Evil { Show (Send (Request 'Remove-ADUser' @{ Identity = 'Administrator' })) }
Evil

#== a proxy with its sender replaced => rule:protected-object
$command = Get-Command Remove-ADUser
$command.ScriptBlock.ToString().Length | Out-Null
& $command -Identity Administrator -Confirm:$false

#== calls that are changed on their way, nineteen => rule:*
# Every text of an honest request, one after the other, as something else.
$seed = 1815
$refused = 0
foreach ($i in 1..19) {
    $seed = ($seed * 1103515245 + 12345) % 2147483648
    $text = [System.Management.Automation.PSSerializer]::Serialize((Request 'Set-ADUser' @{ Identity = 'krbtgt'; Title = 'x' }), 5)
    $at = $seed % $text.Length
    $text = $text.Substring(0, $at) + [char](32 + $seed % 90) + $text.Substring($at + 1)
    $answer = SendText $text
    if ($answer.records | Where-Object { $_[0] -eq 'fail' }) { $refused++ }
}
Show (Send (Request 'Set-ADUser' @{ Identity = 'krbtgt'; Title = 'x' }))
"$refused of 19 were refused"

#== rubbish on the engine's own pipe => ends:*
$out = [System.Console]::OpenStandardOutput()
$bytes = [byte[]](0..255 * 40)
$out.Write($bytes, 0, $bytes.Length); $out.Flush()
'on'

#== a packet of the remoting that never ends => ends:*
$out = [System.Console]::OpenStandardOutput()
$bytes = [System.Text.Encoding]::ASCII.GetBytes("<Data Stream='Default' PSGuid='00000000-0000-0000-0000-000000000000'>")
$out.Write($bytes, 0, $bytes.Length)
$more = [System.Text.Encoding]::ASCII.GetBytes('A' * 65536)
while ($true) { $out.Write($more, 0, $more.Length); $out.Flush() }

#== packets of the remoting that are forged => ends:*
$out = [System.Console]::OpenStandardOutput()
foreach ($name in 'Data', 'DataAck', 'CommandAck', 'CloseAck', 'SignalAck', 'Command', 'Close') {
    $line = [System.Text.Encoding]::ASCII.GetBytes("<$name PSGuid='11111111-2222-3333-4444-555555555555' />`n")
    $out.Write($line, 0, $line.Length)
}
$out.Flush()
'on'

#== fragments with lengths of four gigabytes => ends:*
$out = [System.Console]::OpenStandardOutput()
$fragment = [byte[]]::new(21) + [byte[]](1..50)
$fragment[16] = 3; 17..20 | ForEach-Object { $fragment[$_] = 255 }
$line = [System.Text.Encoding]::ASCII.GetBytes("<Data Stream='Default' PSGuid='00000000-0000-0000-0000-000000000000'>" + [convert]::ToBase64String($fragment) + "</Data>`n")
$out.Write($line, 0, $line.Length); $out.Flush()
'on'
