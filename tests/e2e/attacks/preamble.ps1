# What an attacker writes first: the proxies' own way to the broker, and how to show what came back.
function SendText([string]$text) {
    $Host.UI.Write('causeway/1 ' + $text)
    $answer = $Host.UI.ReadLine()
    if ($answer) { [System.Management.Automation.PSSerializer]::Deserialize($answer) }
}
function Send($map) { SendText ([System.Management.Automation.PSSerializer]::Serialize($map, 6)) }
$script:next = 0
function Request([string]$command, $parameters) {
    $script:next++
    @{ verb = 'call'; id = $script:next; command = $command; parameters = $parameters; error_action = 'Continue'; what_if = $false }
}
function Show($answer) {
    if ($null -eq $answer) { 'no answer'; return }
    foreach ($record in $answer.records) {
        if ($record[0] -eq 'fail' -or $record[0] -eq 'error') {
            Write-Error -Message "$($record[1].message)" -ErrorId "$($record[1].error_id)" -Category NotSpecified
        }
        elseif ($record[0] -eq 'output') { "BREACH: an answer: $($record[1])" }
    }
    if (-not $answer.records) { 'no records' }
}
function Try-It([scriptblock]$what) {
    try { $got = & $what; "BREACH: $got" } catch { 'stopped' }
}
