# What a call goes through, from the pipeline's objects to requests, and from answers to records.

# A call of one cmdlet: made in its begin block from what stands on the command line.
function global:__cwBegin($name, $cmdlet, $bound) {
    $row = $__cw.Rows[$name]
    if ($row -is [string]) { $row = $__cw.Rows[$name] = __cwRow $row }
    $action = [string]($ErrorActionPreference -as [System.Management.Automation.ActionPreference])
    $confirm = [int]($ConfirmPreference -as [System.Management.Automation.ConfirmImpact])
    $call = @{
        Name = $name; Row = $row; Cmdlet = $cmdlet; Bound = $bound; Piped = $cmdlet.MyInvocation.ExpectingInput
        Action = $(if ($action -cin 'Stop', 'SilentlyContinue', 'Ignore') { $action } else { 'Continue' })
        Parameters = @{}; Batch = $false; Entries = $null; Sent = $null; Since = [long]0; Records = $null; Only = $null; Size = 0; Shown = $null
        Refuses = $row.Impact -and -not $WhatIfPreference -and $confirm -and $row.Impact -ge $confirm
        Says = $row.Impact -and ($WhatIfPreference -or [string]$VerbosePreference -cne 'SilentlyContinue')
    }
    if ($row.Blocked) {
        $call.Piped = $false
        return $call
    }
    foreach ($parameter in @($bound.Keys)) {
        $value = $bound[$parameter]
        $kind = $row.Kinds[$parameter]
        # Common parameters have no kind; -Name { $_.Sam } gets its values from the pipeline.
        if ($null -eq $kind -or ($null -ne $value -and $value.GetType().Name -ceq 'DelayedScriptBlockArgument')) { continue }
        try { $call.Parameters[$parameter] = __cwConvert $kind $value $cmdlet }
        catch {
            $cmdlet.ThrowTerminatingError((__cwRecord $name @{
                message = "Cannot process argument transformation on parameter '$parameter'. $($_.Exception.Message)"
                error_id = "ParameterArgumentTransformationError,$name"; category = 'InvalidData'
                type = 'System.Management.Automation.ParameterBindingException' }))
        }
    }
    $call.Batch = $row.Write -and $call.Piped -and $call.Action -cne 'Stop' -and -not $call.Parameters['PassThru']
    if ($call.Batch) {
        $call.Entries = [System.Collections.Generic.List[object]]::new()
        $call.Sent = [System.Collections.Generic.List[object]]::new()
    }
    $call
}

# One object of the pipeline, or the one run without one.
function global:__cwProcess($call) {
    if ($null -ne $call.Records) { __cwReplay $call }
    $entry = $null
    if ($call.Piped) {
        $bound = $call.Bound
        if ($null -ne $call.Only -and $bound.Count -eq $call.Size -and $null -ne ($value = $bound[$call.Only]) -and
            $null -ne ($property = $value.PSObject.Properties['ObjectGUID']) -and $null -ne $property.Value) {
            # The usual: an object of the directory like the one before. __cwEntry() would come to the same.
            $null = $bound.Remove($call.Only)
            $call.Shown = $value
            $entry = @{ $call.Only = @{ ObjectGUID = [string]$property.Value } }
        }
        else {
            $entry = __cwEntry $call
            if ($null -eq $entry) { return }
        }
    }
    if (($call.Refuses -or $call.Says) -and -not (__cwShould $call $entry)) { return }
    if (-not $call.Batch) {
        __cwRun $call $entry
        return
    }
    $entries = $call.Entries
    $now = [System.Diagnostics.Stopwatch]::GetTimestamp()
    if ($entries.Count -eq 0) {
        $call.Since = $now
        if ($call.Sent.Count -eq 0) { $null = $__cw.Waiting.Add($call) }
    }
    $entries.Add($entry)
    $late = $now - $call.Since -gt $__cw.Patience
    if (-not $late -and $entries.Count -lt 64) { return }
    if ($late -and $entries.Count -lt 16) { __cwCollect $call }
    else {
        # Two are under way at most: one is written, and the objects of the other are looked up.
        if ($call.Sent.Count -gt 1) {
            __cwTake $call
            __cwReplay $call
        }
        __cwSend $call
    }
    if ($null -ne $call.Records) { __cwReplay $call }
}

function global:__cwEnd($call) {
    if ($null -ne $call.Records) { __cwReplay $call }
    if ($call.Batch -and ($call.Entries.Count -or $call.Sent.Count)) {
        __cwCollect $call
        __cwReplay $call
    }
}

# The pipeline is over, perhaps before its time: what was gathered would have been done by now. Not when the script is stopped.
function global:__cwClean($call) {
    if (-not $call -or -not $call.Batch -or -not ($call.Entries.Count -or $call.Sent.Count)) { return }
    try {
        $pipeline = $__cw.Running.Invoke([runspace]::DefaultRunspace, $null)
        if ([string]$pipeline.PipelineStateInfo.State -ceq 'Running') { __cwCollect $call }
    }
    catch { }
    $null = $__cw.Waiting.Remove($call)
}

# What the pipeline bound for one object, converted; $null after an error. The engine leaves keys of earlier objects in
# $PSBoundParameters, so they are taken out.
function global:__cwEntry($call) {
    $entry = @{}
    $bound = $call.Bound
    $call.Size = $bound.Count
    $call.Only = $wrong = $null
    foreach ($parameter in @($bound.Keys)) {
        $kind = $call.Row.Kinds[$parameter]
        if ($null -eq $kind -or $call.Parameters.ContainsKey($parameter)) { continue }
        $value = $bound[$parameter]
        $null = $bound.Remove($parameter)
        if ($kind -ceq 'n') {
            $call.Only = $parameter
            $call.Shown = $value
        }
        try { $entry[$parameter] = __cwConvert $kind $value $call.Cmdlet }
        catch { $wrong = "Cannot bind the pipeline's object to the parameter '$parameter'. $($_.Exception.Message)" }
    }
    if ($entry.Count -ne 1) { $call.Only = $null }
    if ($null -eq $wrong) { return $entry }
    $call.Cmdlet.WriteError((__cwRecord $call.Name @{
        message = $wrong; error_id = "InputObjectNotBound,$($call.Name)"; category = 'InvalidArgument'
        type = 'System.Management.Automation.ParameterBindingException' }))
}

# -WhatIf, -Confirm and -Verbose, by parameter or preference. Nobody is there to be asked.
function global:__cwShould($call, $entry) {
    if ($call.Refuses) {
        $call.Cmdlet.ThrowTerminatingError((__cwRecord $call.Name @{
            message = "$($call.Name) asks for a confirmation, and nobody is there to answer: pass -Confirm:`$false"
            error_id = "CausewayConfirm,$($call.Name)"; category = 'InvalidOperation'
            type = 'System.Management.Automation.PSInvalidOperationException' }))
    }
    $call.Cmdlet.ShouldProcess((__cwTarget $call $entry), $call.Name.Substring(0, $call.Name.IndexOf('-')))
}

# What a call is about, in words.
function global:__cwTarget($call, $entry) {
    foreach ($parameter in 'Identity', 'Object', 'Name', 'Target') {
        $from = $(if ($null -ne $entry -and $entry.ContainsKey($parameter)) { $entry } else { $call.Parameters })
        if ($null -eq $from[$parameter]) { continue }
        if ($parameter -ceq 'Name') {
            $path = $(if ($null -ne $entry -and $entry.ContainsKey('Path')) { $entry['Path'] } else { $call.Parameters['Path'] })
            return "CN=$($from[$parameter])" + $(if ($path) { ",$path" })
        }
        return __cwName $(if ([object]::ReferenceEquals($from, $entry)) { $call.Shown } else { $call.Bound[$parameter] })
    }
    $call.Name
}

# --- requests and answers

function global:__cwRequest($call, $entries) {
    $request = @{
        verb = 'call'; id = ++$__cw.Id; command = $call.Name; parameters = $call.Parameters
        error_action = $call.Action; what_if = $false
    }
    if ($null -ne $entries) { $request['input'] = $entries }
    $request
}

# One request and its answer, or $null when that is none.
function global:__cwAsk($request) {
    $ui = $Host.UI
    $ui.Write('causeway/1 ' + [System.Management.Automation.PSSerializer]::Serialize($request, 12))
    $text = $ui.ReadLine()
    try { $answer = [System.Management.Automation.PSSerializer]::Deserialize($text) } catch { return }
    if ($answer -isnot [hashtable] -or $answer['state'] -cnotin 'done', 'more' -or
        $answer['records'] -isnot [System.Collections.IList]) { return }
    $answer
}

# One call from its request to its end; what it says is the cmdlet's as it comes. Nothing may be put out from within a loop of
# ours: it would catch a `break` that is meant for a loop of the script's. So the further chunks are steps that the engine takes
# from a queue.
function global:__cwRun($call, $entry) {
    if ($__cw.Waiting.Count) { foreach ($waiting in @($__cw.Waiting)) { __cwCollect $waiting } }
    $request = __cwRequest $call $(if ($null -ne $entry) { , @($entry) })
    $next = @{ verb = 'next'; id = $request['id'] }
    $open = $true
    try {
        $answer = __cwAsk $request
        if ($null -eq $answer) { __cwProtocol $call }
        $open = $answer['state'] -ceq 'more'
        __cwEmit $call $answer['records']
        if (-not $open) { return }
        $steps = [System.Collections.Concurrent.BlockingCollection[object]]::new()
        $steps.Add($next)
        $steps.GetConsumingEnumerable() | Microsoft.PowerShell.Core\ForEach-Object {
            $answer = __cwAsk $next
            if ($null -eq $answer) { __cwProtocol $call }
            $open = $answer['state'] -ceq 'more'
            if ($open) { $steps.Add($next) } else { $steps.CompleteAdding() }
            __cwEmit $call $answer['records']
        }
    }
    finally { if ($open) { try { $null = __cwAsk @{ verb = 'cancel'; id = $next['id'] } } catch { } } }
}

# What has been gathered comes to its end, behind what was sent before.
function global:__cwCollect($call) {
    $null = $__cw.Waiting.Remove($call)
    if ($call.Entries.Count -and $call.Sent.Count -eq 0) {
        $request = __cwRequest $call $call.Entries.ToArray()
        $call.Entries.Clear()
        __cwHear $call $request
        return
    }
    if ($call.Entries.Count) { __cwSend $call }
    while ($call.Sent.Count) { __cwTake $call }
}

# What has been gathered is sent, and the script goes on while it is done.
function global:__cwSend($call) {
    $request = __cwRequest $call $call.Entries.ToArray()
    $call.Entries.Clear()
    $request['after'] = $(if ($call.Sent.Count) { $call.Sent[$call.Sent.Count - 1] } else { 0 })
    $answer = __cwAsk $request
    if ($null -ne $answer -and $answer['state'] -ceq 'more') {
        $call.Sent.Add($request['id'])
        return
    }
    while ($call.Sent.Count) { __cwTake $call }
    __cwKeep $call $answer
}

# The oldest of what was sent comes to its end.
function global:__cwTake($call) {
    $request = @{ verb = 'next'; id = $call.Sent[0] }
    $call.Sent.RemoveAt(0)
    __cwHear $call $request
}

function global:__cwHear($call, $request) {
    do {
        $answer = __cwAsk $request
        __cwKeep $call $answer
        $request = @{ verb = 'next'; id = $request['id'] }
    } while ($null -ne $answer -and $answer['state'] -ceq 'more')
}

# Records are kept until the cmdlet may speak. After one that ends its pipeline nothing more of that is sent.
function global:__cwKeep($call, $answer) {
    if ($null -eq $call.Records) { $call.Records = [System.Collections.Generic.List[object]]::new() }
    if ($null -eq $answer) {
        $call.Records.Add($null)
        $call.Entries.Clear()
        return
    }
    foreach ($record in $answer['records']) {
        $call.Records.Add($record)
        if ($record -isnot [System.Collections.IList] -or $record.Count -eq 0 -or $record[0] -ceq 'fail') { $call.Entries.Clear() }
    }
}

function global:__cwReplay($call) {
    $records = $call.Records
    $call.Records = $null
    __cwEmit $call $records
}

# Records in their order. Objects are put out as lists, which the engine takes apart. Not by WriteObject(): what a method
# throws is wrapped, also a `throw` downstream.
function global:__cwEmit($call, $records) {
    if ($records.Count -eq 0) { return }
    $record = $records[0]
    if ($records.Count -eq 1 -and (__cwIsObjects $record)) { return $record[1] }
    $records | Microsoft.PowerShell.Core\ForEach-Object { if (__cwIsObjects $_) { $_[1] } else { __cwSay $call $_ } }
}

function global:__cwIsObjects($record) {
    $record -is [System.Collections.IList] -and $record.Count -eq 2 -and $record[0] -ceq 'output' -and $record[1] -is [System.Collections.IList]
}

# A record of any other stream.
function global:__cwSay($call, $record) {
    if ($record -isnot [System.Collections.IList] -or $record.Count -ne 2) { __cwProtocol $call }
    $stream = $record[0]
    $value = $record[1]
    if ($stream -ceq 'fail') { $call.Cmdlet.ThrowTerminatingError((__cwRecord $call.Name $value)) }
    elseif ($stream -ceq 'error') { $call.Cmdlet.WriteError((__cwRecord $call.Name $value)) }
    elseif ($stream -ceq 'warning') { $call.Cmdlet.WriteWarning([string]$value) }
    elseif ($stream -ceq 'verbose') { $call.Cmdlet.WriteVerbose([string]$value) }
    elseif ($stream -ceq 'debug') { $call.Cmdlet.WriteDebug([string]$value) }
    elseif ($stream -ceq 'information') { $call.Cmdlet.WriteInformation([string]$value, [string[]]@()) }
    elseif ($stream -ceq 'progress' -and $value -is [hashtable]) {
        $progress = [System.Management.Automation.ProgressRecord]::new(0, $(if ($value['activity']) { [string]$value['activity'] } else { ' ' }),
            $(if ($value['status']) { [string]$value['status'] } else { ' ' }))
        $percent = $value['percent'] -as [int]
        if ($null -ne $percent -and $percent -in 0..100) { $progress.PercentComplete = $percent }
        $call.Cmdlet.WriteProgress($progress)
    }
    else { __cwProtocol $call }
}

function global:__cwProtocol($call) {
    $call.Cmdlet.ThrowTerminatingError((__cwRecord $call.Name @{
        message = "$($call.Name): the answer of the agent was not understood"; error_id = "CausewayProtocol,$($call.Name)"
        category = 'ProtocolError' }))
}

# An error as the real cmdlet gives it: its id, category and type of exception. $value is a map; of a hostile answer, anything.
function global:__cwRecord($name, $value) {
    if ($value -isnot [hashtable]) { $value = @{ message = [string]$value } }
    $id = [string]$value['error_id']
    $message = [string]$value['message']
    $category = [string]$value['category'] -as [System.Management.Automation.ErrorCategory]
    if ($null -eq $category) { $category = [System.Management.Automation.ErrorCategory]::NotSpecified }
    $type = [string]$value['type'] -as [type]
    if ($null -eq $type -or -not $type.IsSubclassOf([Exception]) -or $null -eq $type.GetConstructor(@([string]))) { $type = [Exception] }
    $exception = $type.GetConstructor(@([string])).Invoke(@($message))
    if ($id -cmatch '^ActiveDirectoryServer:(\d{1,9})\b' -and $type.GetField('ErrorCode')) { $exception.ErrorCode = [int]$Matches[1] }
    $target = $(if ($null -ne $value['refusal']) { $value['refusal'] } else { $value['target'] })
    if ($null -ne $__cw.ErrorRecord) {
        return $__cw.ErrorRecord.Invoke(@($exception, $target, $id, $category, $name, $type.Name, [string]$value['target'],
            $(if ($null -ne $target) { $target.GetType().Name } else { '' }), $null, $value['details'], $null))
    }
    $record = [System.Management.Automation.ErrorRecord]::new($exception, $id, $category, $target)
    if ($value['details']) { $record.ErrorDetails = [System.Management.Automation.ErrorDetails]::new([string]$value['details']) }
    $record
}

# "FLAGS <tab> VALUES" of generate.awk as a table.
function global:__cwRow($text) {
    $flags, $values = $text.Split("`t")
    $kinds = @{}
    $words = $values.Split(' ')
    for ($i = 0; $i + 1 -lt $words.Length; $i += 2) { foreach ($parameter in $words[$i + 1].Split(',')) { $kinds[$parameter] = $words[$i] } }
    @{
        Kinds = $kinds; Write = $flags.Contains('w'); Blocked = $flags.Contains('b')
        Impact = $(if ($flags.Contains('h')) { 3 } elseif ($flags.Contains('m')) { 2 } elseif ($flags.Contains('l')) { 1 } else { 0 })
    }
}
