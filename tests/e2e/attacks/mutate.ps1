#== honest requests with a few bytes changed => rule:*
# Targets that nobody may write, so that whatever a change makes of it, nothing may happen.
$random = [System.Random]::new(1815)
$until = [datetime]::UtcNow.AddSeconds(6)
$honest = @(
    (Request 'Set-ADUser' @{ Identity = 'krbtgt'; Title = 'x'; Replace = @{ description = 'y' } })
    (Request 'Add-ADGroupMember' @{ Identity = 'Domain Admins'; Members = @('ada', 'grace') })
    (Request 'Remove-ADUser' @{ Identity = 'Administrator' })
    (Request 'Move-ADObject' @{ Identity = 'CN=krbtgt,CN=Users,DC=lab,DC=test'; TargetPath = 'CN=Computers,DC=lab,DC=test' })
) | ForEach-Object { [System.Management.Automation.PSSerializer]::Serialize($_, 6) }
$sent = 0; $refused = 0
while ([datetime]::UtcNow -lt $until -and $sent -lt 1500) {
    $text = [System.Text.StringBuilder]::new($honest[$random.Next($honest.Count)])
    foreach ($n in 0..$random.Next(4)) {
        $at = $random.Next($text.Length)
        switch ($random.Next(5)) {
            0 { $text[$at] = [char]$random.Next(1, 256) }
            1 { $null = $text.Remove($at, [math]::Min($random.Next(1, 40), $text.Length - $at)) }
            2 { $null = $text.Insert($at, $text.ToString($random.Next($text.Length - 60), 60)) }
            3 { $null = $text.Insert($at, ('<Obj>', '</Obj>', '<S N="Key">', '&#x0;', '_x0000_', '_xD800_', '<Ref RefId="0" />', '<Nil />', ']]>', '<!--')[$random.Next(10)]) }
            4 { $text[$at] = [char]$random.Next(0x20, 0xD7FF) }
        }
    }
    $answer = SendText $text.ToString()
    $sent++
    if ($answer.records | Where-Object { $_[0] -eq 'fail' }) { $refused++ }
}
Show (Send $(Request 'Set-ADUser' @{ Identity = 'krbtgt'; Title = 'x' }))
if ($sent -lt 50) { "BREACH of the test: only $sent were sent" }

#== requests of nothing but noise => rule:*
$random = [System.Random]::new(1906)
$until = [datetime]::UtcNow.AddSeconds(3)
$bytes = [byte[]]::new(3000)
while ([datetime]::UtcNow -lt $until) {
    $random.NextBytes($bytes)
    $null = SendText ([System.Text.Encoding]::Latin1.GetString($bytes, 0, $random.Next(1, 3000)))
}
Show (Send (Request 'Set-ADUser' @{ Identity = 'krbtgt'; Title = 'x' }))

#== host calls in any order => rule:*
$random = [System.Random]::new(1912)
$until = [datetime]::UtcNow.AddSeconds(3)
while ([datetime]::UtcNow -lt $until) {
    switch ($random.Next(6)) {
        0 { $Host.UI.Write('causeway/1 ' + [System.Management.Automation.PSSerializer]::Serialize(@{ verb = 'next'; id = $random.Next(1, 5) })) }
        1 { $null = $Host.UI.ReadLine() }
        2 { $Host.UI.Write('noise') }
        3 { $Host.UI.WriteLine('noise') }
        4 { $null = Send (Request 'Get-ADUser' @{ Identity = 'ada' }) }
        5 { $Host.UI.Write('causeway/1 ' + [System.Management.Automation.PSSerializer]::Serialize((Request 'Disable-ADAccount' @{ Identity = 'krbtgt' }), 5)); $null = $Host.UI.ReadLine() }
    }
}
Show (Send (Request 'Set-ADUser' @{ Identity = 'krbtgt'; Title = 'x' }))

#== packets of the remoting with a few bytes changed => ends:*
# The engine's own pipe, from inside: whole lines as the engine writes them, changed. The operation is lost, and nothing else.
$random = [System.Random]::new(1953)
$out = [System.Console]::OpenStandardOutput()
$until = [datetime]::UtcNow.AddSeconds(3)
while ([datetime]::UtcNow -lt $until) {
    $blob = [byte[]]::new($random.Next(30, 400))
    $random.NextBytes($blob)
    0..15 | ForEach-Object { $blob[$_] = 0 }
    $blob[7] = 9; $blob[16] = 3; $blob[17] = 0; $blob[18] = 0; $blob[19] = ($blob.Length - 21) -shr 8; $blob[20] = ($blob.Length - 21) -band 255
    $line = "<Data Stream='Default' PSGuid='00000000-0000-0000-0000-000000000000'>" + [convert]::ToBase64String($blob) + "</Data>`n"
    if ($random.Next(4) -eq 0) { $line = $line.Remove($random.Next($line.Length - 10), 5) }
    $bytes = [System.Text.Encoding]::ASCII.GetBytes($line)
    $out.Write($bytes, 0, $bytes.Length); $out.Flush()
}
'on'
