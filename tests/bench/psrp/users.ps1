# users.ps1 FILE COUNT: the lab's people with all their properties, repeated until there are COUNT, one CLIXML document a line:
# as the engine serialises for a remote client, without indentation.
param([string] $File, [int] $Count)
$users = @(Get-ADUser -LDAPFilter '(&(objectClass=user)(mail=*))' -Properties *)
$type = [psobject].Assembly.GetType('System.Management.Automation.Serializer')
$settings = [System.Xml.XmlWriterSettings]::new()
$settings.OmitXmlDeclaration = $true
$lines = foreach ($user in $users) {
    $text = [System.IO.StringWriter]::new()
    $xml = [System.Xml.XmlWriter]::Create($text, $settings)
    $serializer = [System.Activator]::CreateInstance($type, [System.Reflection.BindingFlags] 'NonPublic,Public,Instance', $null,
        @($xml, 1, $true), $null)
    $call = [System.Reflection.BindingFlags] 'NonPublic,Public,Instance,InvokeMethod'
    $null = $type.InvokeMember('Serialize', $call, $null, $serializer, @($user))
    $null = $type.InvokeMember('Done', $call, $null, $serializer, @())
    $xml.Flush()
    $text.ToString()
}
$out = [System.IO.StreamWriter]::new($File, $false, [System.Text.UTF8Encoding]::new($false))
$out.NewLine = "`n"
for ($i = 0; $i -lt $Count; $i++) { $out.WriteLine($lines[$i % $lines.Count]) }
$out.Close()
