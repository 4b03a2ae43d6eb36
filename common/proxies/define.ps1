# The functions of the rows, and what all of them need.

& {
    param([string[]] $rows)

    $hidden = [System.Reflection.BindingFlags]'NonPublic, Static, Instance'
    # Where the engine's own methods are not to be had, scripts see small differences (README.md).
    $find = { param($type, $name) try { $type.GetMethod($name, $hidden) } catch { } }
    $state = @{
        Id = 0; Rows = @{}; Waiting = [System.Collections.ArrayList]::new()
        Patience = [long]([System.Diagnostics.Stopwatch]::Frequency * 0.05)
        Tokens = [regex]::new('''(?:[^'']|'''')*''|"(?:[^"`]|`.|"")*"|\$(?:\{[^}]*\}|[\w:]+)(?:\.\w+)*')
        Variable = [regex]::new('\G\$(?:\{[^}]*\}|[\w:]*\w)')
        Expression = [regex]::new('\G\$\((?>[^()]+|(?<open>\()|(?<-open>\)))*(?(open)(?!))\)')
        AtScope = & $find ([System.Management.Automation.PSVariableIntrinsics]) 'GetAtScope'
        Running = & $find ([runspace]) 'GetCurrentlyRunningPipeline'
        Constrained = [psobject].Assembly.GetType('System.Management.Automation.ExecutionContext').GetProperty('HasEverUsedConstrainedLanguage', $hidden)
        ErrorRecord = [System.Management.Automation.ErrorRecord].GetConstructors($hidden) | Where-Object { $_.GetParameters().Count -eq 11 }
    }

    $tail = 'begin{$__cwCall=$null;$__cwCall=__cwBegin ''{0}'' $PSCmdlet $PSBoundParameters}process{__cwProcess $__cwCall}end{__cwEnd $__cwCall}'
    if ($PSVersionTable.PSVersion -ge [version]'7.3') { $tail += 'clean{__cwClean $__cwCall}' }
    # Parsed when it is first used: most scripts use five of two hundred.
    $later = & $find ([scriptblock]) 'CreateDelayParsedScriptBlock'
    $later = $(if ($later) { [System.Delegate]::CreateDelegate([System.Func[string, bool, scriptblock]], $later, $false) })
    $item = $ExecutionContext.SessionState.InvokeProvider.Item
    $state.Modules = @(foreach ($text in $rows) {
        $names = [System.Collections.Generic.List[string]]::new()
        $module, $lines = $text.TrimEnd("`n").Split("`n")
        # In a block of its own, because the engine compiles a block whose loop runs on.
        & {
            foreach ($line in $lines) {
                $name, $flags, $values, $param = $line.Split("`t")
                $names.Add($name)
                $state.Rows[$name] = "$flags`t$values"
                $body = $param + $tail.Replace('{0}', $name)
                $null = $item.Set("function:global:$name", $(if ($later) { $later.Invoke($body, $false) } else { [scriptblock]::Create($body) }))
            }
        }
        [pscustomobject]@{
            PSTypeName = 'System.Management.Automation.PSModuleInfo'; Name = $module; Version = [version]'1.0.1.0'; ModuleType = 'Manifest'
            ExportedCommands = $names.ToArray()
        }
    })
    $ExecutionContext.SessionState.PSVariable.Set([psvariable]::new('global:__cw', $state, 'Constant, AllScope'))
} $Rows

# Windows' own short names, which an engine elsewhere leaves to programs.
'compare=Compare-Object', 'diff=Compare-Object', 'sleep=Start-Sleep', 'sort=Sort-Object', 'tee=Tee-Object', 'write=Write-Output' |
    Microsoft.PowerShell.Core\ForEach-Object {
        if (-not $ExecutionContext.InvokeCommand.GetCommand($_.Split('=')[0], 'Alias')) {
            $null = $ExecutionContext.SessionState.InvokeProvider.Item.Set("alias:$($_.Split('=')[0])", $_.Split('=')[1])
        }
    }

# A first call takes the engine 100 ms of compiling what the others run. It is made here, to nobody, while no script waits.
if ($__cw.Rows.ContainsKey('Get-ADUser')) {
    & {
        $real = ${function:__cwAsk}
        function global:__cwAsk($request) {
            $text = [System.Management.Automation.PSSerializer]::Serialize($request, 12)
            [System.Management.Automation.PSSerializer]::Deserialize($text)
            @{ state = 'done'; records = @(, @('output', @(, $null))) }
        }
        try { $null = 'x' | Get-ADUser -ErrorAction SilentlyContinue } catch { } finally { ${function:global:__cwAsk} = $real }
        $__cw.Id = 0
        $global:Error.Clear()
    }
}

$ExecutionContext.SessionState.PSVariable.Remove('Modules')
$ExecutionContext.SessionState.PSVariable.Remove('Rows')
