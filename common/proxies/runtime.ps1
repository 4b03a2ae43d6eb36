# Built into the agent: makes the functions that stand for cmdlets in a sandbox (README.md, PROTOCOL.md). Runs once, before the
# caller's script, in the scope that script gets. Scripts may have any strict mode and any preference: nothing here may mind.
param([string[]] $Modules, [string[]] $Rows)

if ($Modules) { Microsoft.PowerShell.Core\Import-Module -Name $Modules -DisableNameChecking -ErrorAction Stop }

# --- what a call goes through

# A call of one cmdlet: made in its begin block from what stands on the command line.
function global:__cwBegin($name, $cmdlet, $bound) {
    $row = $__cw.Rows[$name]
    if ($row -is [string]) { $row = $__cw.Rows[$name] = __cwRow $row }
    $action = [string]$ErrorActionPreference
    $call = @{
        Name = $name; Row = $row; Cmdlet = $cmdlet; Bound = $bound; Piped = $cmdlet.MyInvocation.ExpectingInput
        Action = $(if ($action -cin 'Stop', 'SilentlyContinue', 'Ignore') { $action } else { 'Continue' })
        Parameters = @{}; Batch = $false; Entries = $null; Since = [long]0; Records = $null; Only = $null; Shown = $null
        Asks = $row.Impact -and ($WhatIfPreference -or [string]$VerbosePreference -cne 'SilentlyContinue' -or
            ([int]$ConfirmPreference -ne 0 -and $row.Impact -ge [int]$ConfirmPreference))
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
    if ($call.Batch) { $call.Entries = [System.Collections.Generic.List[object]]::new() }
    $call
}

# One object of the pipeline, or the one run without one.
function global:__cwProcess($call) {
    if ($null -ne $call.Records) { __cwReplay $call }
    $entry = $null
    if ($call.Piped) {
        $bound = $call.Bound
        if ($null -ne $call.Only -and $bound.Count -eq $call.Count -and $null -ne ($value = $bound[$call.Only]) -and
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
    if ($call.Asks -and -not (__cwShould $call $entry)) { return }
    if (-not $call.Batch) {
        __cwRun $call $entry
        return
    }
    $entries = $call.Entries
    $now = [System.Diagnostics.Stopwatch]::GetTimestamp()
    if ($entries.Count -eq 0) {
        $call.Since = $now
        $null = $__cw.Waiting.Add($call)
    }
    $entries.Add($entry)
    if ($entries.Count -ge 64 -or $now - $call.Since -gt $__cw.Patience) { __cwFlush $call }
}

function global:__cwEnd($call) {
    if ($null -ne $call.Records) { __cwReplay $call }
    if ($call.Batch -and $call.Entries.Count) { __cwFlush $call }
}

# The pipeline is over, perhaps before its time: what was gathered would have been done by now. Not when the script is stopped.
function global:__cwClean($call) {
    if (-not $call -or -not $call.Batch -or $call.Entries.Count -eq 0) { return }
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
    $count = $bound.Count
    $wrong = $null
    foreach ($parameter in @($bound.Keys)) {
        $kind = $call.Row.Kinds[$parameter]
        if ($null -eq $kind -or $call.Parameters.ContainsKey($parameter)) { continue }
        $value = $bound[$parameter]
        $null = $bound.Remove($parameter)
        if ($kind -ceq 'n') { $call.Shown = $value }
        try { $entry[$parameter] = __cwConvert $kind $value $call.Cmdlet }
        catch { $wrong = "Cannot bind the pipeline's object to the parameter '$parameter'. $($_.Exception.Message)" }
    }
    if ($null -eq $wrong) {
        $call.Count = $count
        $call.Only = $(if ($entry.Count -eq 1 -and $kind -ceq 'n') { $parameter })
        return $entry
    }
    $call.Cmdlet.WriteError((__cwRecord $call.Name @{
        message = $wrong; error_id = "InputObjectNotBound,$($call.Name)"; category = 'InvalidArgument'
        type = 'System.Management.Automation.ParameterBindingException' }))
}

# -WhatIf and -Confirm, by parameter or preference. Nobody is there to be asked.
function global:__cwShould($call, $entry) {
    $impact = $call.Row.Impact
    if (-not $WhatIfPreference -and [int]$ConfirmPreference -ne 0 -and $impact -ge [int]$ConfirmPreference) {
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

# What has been gathered is sent; its records are kept until the cmdlet may speak.
function global:__cwCollect($call) {
    $null = $__cw.Waiting.Remove($call)
    $request = __cwRequest $call $call.Entries.ToArray()
    $id = $request['id']
    $call.Entries.Clear()
    if ($null -eq $call.Records) { $call.Records = [System.Collections.Generic.List[object]]::new() }
    do {
        $answer = __cwAsk $request
        if ($null -eq $answer) {
            $call.Records.Add($null)
            return
        }
        foreach ($record in $answer['records']) { $call.Records.Add($record) }
        $request = @{ verb = 'next'; id = $id }
    } while ($answer['state'] -ceq 'more')
}

function global:__cwFlush($call) {
    __cwCollect $call
    __cwReplay $call
}

function global:__cwReplay($call) {
    $records = $call.Records
    $call.Records = $null
    __cwEmit $call $records
}

# Records in their order: objects that follow each other as one list, which the engine takes apart. Not by WriteObject():
# what a method throws is wrapped, also a `throw` downstream.
function global:__cwEmit($call, $records) {
    $parts = [System.Collections.Generic.List[object]]::new()
    $objects = $null
    foreach ($record in $records) {
        if ($record -is [System.Collections.IList] -and $record.Count -eq 2 -and $record[0] -ceq 'output') {
            if ($null -eq $objects) {
                $objects = [System.Collections.Generic.List[object]]::new()
                $parts.Add($objects)
            }
            $objects.Add($record[1])
        }
        else {
            $objects = $null
            $parts.Add($record)
        }
    }
    if ($parts.Count -eq 1 -and $null -ne $objects) { return $objects }
    if ($parts.Count) {
        $parts | Microsoft.PowerShell.Core\ForEach-Object {
            if ($_ -is [System.Collections.Generic.List[object]]) { $_ } else { __cwSay $call $_ }
        }
    }
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
        if ($value['percent'] -is [int] -and $value['percent'] -in 0..100) { $progress.PercentComplete = $value['percent'] }
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

# --- values, as PowerShell's binder would make them for the real cmdlet (PROTOCOL.md); throws what is wrong

function global:__cwConvert($kind, $value, $cmdlet) {
    if ($null -eq $value) { return $null }
    switch -CaseSensitive ($kind) {
        'n' { return __cwIdentity $value }
        's' { return __cwText $value }
        'w' { return [bool]$value }
        'b' { return __cwBool $value }
        'N' { return , @(foreach ($one in __cwList $value) { __cwIdentity $one }) }
        { $_ -cin 'S', 'P', 'A', 'C' } { return , @(foreach ($one in __cwList $value) { __cwText $one }) }
        { $_ -cin 'c', 'L', 'g' } { return __cwText $value }
        'f' { return , @(foreach ($one in __cwList $value) { (__cwText $one).Split(',').Trim() }) }
        'D' { return __cwName $value }
        'i' { return __cwNumber $value }
        'd' { return __cwDate ([datetime]$value) }
        't' { return ([timespan]$value).ToString() }
        'a' { return __cwAttributes $value }
        'x' { return __cwChanges $value }
        'F' { return __cwFilter $value $cmdlet }
        'p' {
            if ($value -isnot [securestring]) { throw "Cannot convert the value of type `"$($value.GetType().FullName)`" to type `"System.Security.SecureString`"." }
            return @{ '$secret' = [System.Net.NetworkCredential]::new('', $value).Password }
        }
    }
    $value.PSObject.TypeNames[0] -creplace '^Deserialized\.'
}

# A list's values, one by one; of anything else, itself.
function global:__cwList($value) {
    $base = $value.PSObject.BaseObject
    if ($base -is [System.Collections.IEnumerable] -and $base -isnot [string] -and $base -isnot [System.Collections.IDictionary]) { return $base }
    , $value
}

# The one value that a list holds, as the directory's collections stand for theirs.
function global:__cwSingle($value, $type) {
    $base = $value.PSObject.BaseObject
    if ($base -is [System.Collections.IList] -and $base -isnot [byte[]]) {
        if ($base.Count -ne 1 -or $null -eq $base[0]) { throw "Cannot convert '$($base.GetType().FullName)' to the type '$type'. Specified method is not supported." }
        return $base[0]
    }
    , $value
}

function global:__cwText($value) {
    if ($value -is [string]) { return $value.PSObject.BaseObject }
    $value = __cwSingle $value 'System.String'
    [string]$value
}

function global:__cwBool($value) {
    $base = (__cwSingle $value 'System.Boolean').PSObject.BaseObject
    if ($base -is [bool]) { return $base }
    if ($base -is [switch]) { return $base.IsPresent }
    if ($base -is [ValueType] -and $base -isnot [enum] -and $base -is [IConvertible] -and $base -isnot [char] -and $base -isnot [datetime]) { return [bool]$base }
    throw "Cannot convert value `"$base`" to type `"System.Boolean`". Boolean parameters accept only Boolean values and numbers, such as `$True, `$False, 1 or 0."
}

function global:__cwNumber($value) {
    $value = __cwSingle $value 'System.Int32'
    $number = [long]$value
    if ($number -ge [int]::MinValue -and $number -le [int]::MaxValue) { return [int]$number }
    $number
}

function global:__cwDate([datetime] $date) {
    $date.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", [cultureinfo]::InvariantCulture)
}

# An object of the directory by what names it for good; anything else as its text.
function global:__cwIdentity($value) {
    $value = __cwSingle $value 'identity'
    $base = $value.PSObject.BaseObject
    if ($base -is [string]) { return $base }
    $properties = $value.PSObject.Properties
    if ($null -ne ($property = $properties['ObjectGUID']) -and $null -ne $property.Value) { return @{ ObjectGUID = [string]$property.Value } }
    if ($null -ne ($property = $properties['DistinguishedName']) -and $property.Value -is [string]) { return $property.Value.PSObject.BaseObject }
    if ($base -is [System.Collections.IDictionary] -or $base -is [scriptblock] -or $base.GetType().FullName -ceq 'System.Management.Automation.PSCustomObject' -and
        -not ($value.PSObject.TypeNames[0] -clike 'Deserialized.*')) {
        throw "Cannot convert the `"$value`" value of type `"$($base.GetType().FullName)`" to an object of the directory."
    }
    [string]$value
}

# A distinguished name: of an object that has one, or a text.
function global:__cwName($value) {
    if ($value -is [string]) { return $value.PSObject.BaseObject }
    $property = $value.PSObject.Properties['DistinguishedName']
    if ($null -ne $property -and $property.Value -is [string]) { return $property.Value.PSObject.BaseObject }
    __cwText $value
}

# One value of an attribute.
function global:__cwValue($value) {
    if ($null -eq $value) { return $null }
    $base = $value.PSObject.BaseObject
    if ($base -is [string] -or $base -is [bool] -or $base -is [int] -or $base -is [long]) { return $base }
    if ($base -is [byte[]]) { return , $base }
    if ($base -is [switch]) { return $base.IsPresent }
    if ($base -is [datetime]) { return __cwDate $base }
    if ($base -is [enum]) { return [string]$base }
    if ($base -is [byte] -or $base -is [sbyte] -or $base -is [int16] -or $base -is [uint16]) { return [int]$base }
    if ($base -is [uint32]) { return [long]$base }
    if ($base -is [double] -or $base -is [float]) {
        if ([math]::Truncate($base) -eq $base -and [math]::Abs($base) -lt 9e15) { return [long]$base }
        return [double]$base
    }
    if ($base -is [System.Collections.IDictionary]) { throw 'A table is no value of an attribute.' }
    __cwName $value
}

function global:__cwValues($value) {
    if ($null -eq $value) { return $null }
    $base = $value.PSObject.BaseObject
    if ($base -is [byte[]] -or $base -is [string] -or $base -isnot [System.Collections.IEnumerable] -or $base -is [System.Collections.IDictionary]) {
        return , (__cwValue $value)
    }
    $list = [object[]]@(foreach ($one in $base) { , (__cwValue $one) })
    , $list
}

function global:__cwAttributes($value) {
    $base = $value.PSObject.BaseObject
    if ($base -isnot [System.Collections.IDictionary]) { throw "Cannot convert the `"$value`" value of type `"$($base.GetType().FullName)`" to type `"System.Collections.Hashtable`"." }
    $map = @{}
    foreach ($key in $base.Keys) { $map[[string]$key] = __cwValues $base[$key] }
    $map
}

# @{Add=...; Remove=...; Replace=...}, or a list that is all there shall be.
function global:__cwChanges($value) {
    if ($value.PSObject.BaseObject -isnot [System.Collections.IDictionary]) { return , @(foreach ($one in __cwList $value) { , (__cwValue $one) }) }
    $map = __cwAttributes $value
    foreach ($key in @($map.Keys)) { if ($map[$key] -isnot [object[]]) { $map[$key] = @(, $map[$key]) } }
    $map
}

# --- filters: -Filter { Name -eq $n } is a text, and $n is the caller's

# Texts of a filter, and variables with the properties behind them.
function global:__cwFilter($value, $cmdlet) {
    $text = $(if ($value -is [scriptblock]) { $value.ToString() } else { __cwText $value })
    if (-not $text.Contains('$')) { return $text }
    $variables = @{}
    $out = [System.Text.StringBuilder]::new()
    $at = 0
    foreach ($match in $__cw.Tokens.Matches($text)) {
        $token = $match.Value
        $null = $out.Append($text, $at, $match.Index - $at)
        $at = $match.Index + $match.Length
        $name = $token
        if ($token[0] -ceq '"' -and $token -cmatch '^"(\$(?:\{[\w:]+\}|[\w:]+)(?:\.\w+)*)"$') { $name = $Matches[1] }
        if ($name[0] -ceq '$') {
            $name = $name.Substring(1).Replace('{', '').Replace('}', '')
            if ($name -notin 'true', 'false', 'null') {
                $found = __cwFilterValue (__cwPath $name $cmdlet)
                # The filter's own parser knows ASCII names alone.
                if ($name -cmatch '[^A-Za-z0-9_:.]') {
                    $name = "cw$($variables.Count)"
                    $token = "`$$name"
                }
                $variables[$name] = $found
            }
        }
        elseif ($token[0] -ceq '"' -and $token.Contains('$')) {
            $name = "cw$($variables.Count)"
            $variables[$name] = __cwExpand $token.Substring(1, $token.Length - 2) $cmdlet
            $token = "`$$name"
        }
        $null = $out.Append($token)
    }
    $null = $out.Append($text, $at, $text.Length - $at)
    if ($variables.Count -eq 0) { return $text }
    @{ filter = $out.ToString(); variables = $variables }
}

# The caller's variable, whatever variables the cmdlet's function has of its own for its parameters.
function global:__cwVariable($name, $cmdlet) {
    $all = $ExecutionContext.SessionState.PSVariable
    if ($name -eq 'PSItem') { $name = '_' }
    if ($null -eq $__cw.AtScope -or $name.Contains(':')) { return , $all.GetValue($name) }
    $seen = $false
    for ($scope = 0; $scope -lt 1000; $scope++) {
        try { $variable = $__cw.AtScope.Invoke($all, @($(if ($seen) { $name } else { 'PSCmdlet' }), [string]$scope)) } catch { return }
        if ($null -eq $variable) { continue }
        if ($seen) { return , $variable.Value }
        $seen = [object]::ReferenceEquals($variable.Value, $cmdlet)
    }
}

function global:__cwPath($path, $cmdlet) {
    $name, $properties = $path.Split('.')
    $value = __cwVariable $name $cmdlet
    foreach ($name in $properties) {
        if ($null -eq $value) { return }
        if ($value.PSObject.BaseObject -is [System.Collections.IDictionary]) { $value = $value[$name] }
        else {
            $property = $value.PSObject.Properties[$name]
            $value = $(if ($null -ne $property) { $property.Value })
        }
    }
    , $value
}

# Text of a filter in double quotes, with variables in it.
function global:__cwExpand($text, $cmdlet) {
    $out = [System.Text.StringBuilder]::new()
    for ($i = 0; $i -lt $text.Length; $i++) {
        $char = $text[$i]
        if ($char -ceq '`' -and $i + 1 -lt $text.Length) { $null = $out.Append($text[++$i]) }
        elseif ($char -ceq '"') { $null = $out.Append($text[$i++]) }
        elseif ($char -ceq '$' -and ($match = $__cw.Variable.Match($text, $i)).Success) {
            $null = $out.Append([string](__cwFilterValue (__cwVariable $match.Value.Substring(1).Replace('{', '').Replace('}', '') $cmdlet)))
            $i += $match.Length - 1
        }
        elseif ($char -ceq '$' -and ($match = $__cw.Expression.Match($text, $i)).Success) {
            # Here it would run in FullLanguage, whatever the script may.
            if ($null -eq $__cw.Constrained -or $__cw.Constrained.GetValue($null)) { throw 'An expression in a text of the filter is not taken in this language mode; put its value into a variable.' }
            $null = $out.Append($ExecutionContext.InvokeCommand.ExpandString($match.Value))
            $i += $match.Length - 1
        }
        else { $null = $out.Append($char) }
    }
    $out.ToString()
}

# What a filter can compare with: text, a whole number, true, false, an object's name.
function global:__cwFilterValue($value) {
    if ($null -eq $value) { return $null }
    $base = $value.PSObject.BaseObject
    if ($base -is [System.Collections.IList] -and $base -isnot [byte[]] -and $base.Count -eq 1 -and $null -ne $base[0]) {
        $value = $base[0]
        $base = $value.PSObject.BaseObject
    }
    $property = $value.PSObject.Properties['DistinguishedName']
    if ($null -ne $property -and $property.Value -is [string]) { return @{ DistinguishedName = $property.Value.PSObject.BaseObject } }
    if ($base -is [System.Collections.IEnumerable] -and $base -isnot [string]) { throw 'A variable of the filter holds a list; a filter compares with one value.' }
    __cwValue $value
}

# --- cmdlets that ask somebody: nobody is there, and a secret would be waited for until the script's time is over

function global:__cwNobody($cmdlet) {
    $name = $cmdlet.MyInvocation.MyCommand.Name
    $cmdlet.ThrowTerminatingError((__cwRecord $name @{
        message = "$name asks for something, and nobody is there to answer"; error_id = "CausewayNobody,$name"; category = 'InvalidOperation'
        type = 'System.Management.Automation.PSInvalidOperationException' }))
}

function global:Read-Host {
    [CmdletBinding()]
    param([Parameter(Position = 0, ValueFromRemainingArguments)] $Prompt, [switch] $AsSecureString, [switch] $MaskInput)
    __cwNobody $PSCmdlet
}

function global:Get-Credential {
    [CmdletBinding()]
    param([Parameter(Position = 0)] $Credential, $Message, $UserName, $Title)
    if ($Credential -is [pscredential]) { $Credential } else { __cwNobody $PSCmdlet }
}

# --- modules that scripts ask for: what they would bring is here

# The names of modules that stand here, of those that are asked for, when all of them do.
function global:__cwModules($names) {
    $found = @(foreach ($name in $names) { foreach ($module in $__cw.Modules) { if ($module.Name -like [string]$name) { $module } } })
    if ($found.Count -and $found.Count -ge @($names).Count) { $found }
}

function global:Import-Module {
    [CmdletBinding()]
    param([Parameter(Mandatory, Position = 0, ValueFromPipeline)] [Alias('FullyQualifiedName', 'ModuleInfo')] [object[]] $Name, [switch] $Force,
        [switch] $PassThru, [switch] $DisableNameChecking, [switch] $Global, [switch] $SkipEditionCheck, [switch] $NoClobber,
        [switch] $UseWindowsPowerShell, [version] $MinimumVersion, [version] $MaximumVersion, [version] $RequiredVersion, [string] $Prefix,
        [string[]] $Function, [string[]] $Cmdlet, [string[]] $Variable, [string[]] $Alias, [string] $Scope, [object[]] $ArgumentList)
    process {
        $__cwFound = __cwModules $Name
        if ($__cwFound) { if ($PassThru) { $__cwFound } }
        else { Microsoft.PowerShell.Core\Import-Module @PSBoundParameters }
    }
}

function global:Get-Module {
    [CmdletBinding()]
    param([Parameter(Position = 0, ValueFromPipeline)] [string[]] $Name, [switch] $ListAvailable, [switch] $All, [switch] $Refresh,
        [switch] $SkipEditionCheck)
    process {
        $__cwFound = __cwModules $(if ($Name) { $Name } else { '*' })
        $__cwFound
        if (-not $Name -or -not $__cwFound) { Microsoft.PowerShell.Core\Get-Module @PSBoundParameters }
    }
}

# --- the functions, and what they need

# The real module's types, so that scripts can name them, TYPE BASE: exceptions to catch; and objects to cast to, which are the
# cast object itself in another wrapping.
& {
    $types = @{ Exception = [Exception]; FormatException = [FormatException]; PSObject = [psobject] }
    $namespace = 'Microsoft.ActiveDirectory.Management.'
    $assembly = [System.Reflection.Emit.AssemblyBuilder]::DefineDynamicAssembly(
        [System.Reflection.AssemblyName]::new('Microsoft.ActiveDirectory.Management'), [System.Reflection.Emit.AssemblyBuilderAccess]::Run)
    $module = $assembly.DefineDynamicModule('Microsoft.ActiveDirectory.Management')
    $codes = [System.Reflection.Emit.OpCodes]
    foreach ($pair in 'ADException Exception', 'ADServerDownException ADException', 'ADReferralException ADException',
        'ADIdentityResolutionException ADException', 'ADIdentityNotFoundException ADIdentityResolutionException',
        'ADMultipleMatchingIdentitiesException ADIdentityResolutionException', 'ADIdentityAlreadyExistsException ADException',
        'ADPasswordException ADException', 'ADPasswordComplexityException ADPasswordException', 'ADInvalidPasswordException ADPasswordException',
        'ADInvalidOperationException ADException', 'ADIllegalModifyOperationException ADException', 'ADFilterParsingException FormatException',
        'ADEntity PSObject', 'ADObject ADEntity', 'ADPrincipal ADObject', 'ADAccount ADPrincipal', 'ADUser ADAccount', 'ADComputer ADAccount',
        'ADServiceAccount ADAccount', 'ADGroup ADPrincipal', 'ADOrganizationalUnit ADObject') {
        $name, $base = $pair.Split(' ')
        $takes = [type[]]@($(if ($name.EndsWith('Exception')) { [string] } else { [object] }))
        $type = $module.DefineType("$namespace$name", [System.Reflection.TypeAttributes]::Public, $types[$base])
        if ($name -ceq 'ADException') { $null = $type.DefineField('ErrorCode', [int], [System.Reflection.FieldAttributes]::Public) }
        $code = $type.DefineConstructor([System.Reflection.MethodAttributes]::Public, [System.Reflection.CallingConventions]::HasThis, $takes).GetILGenerator()
        $code.Emit($codes::Ldarg_0)
        $code.Emit($codes::Ldarg_1)
        $code.Emit($codes::Call, $types[$base].GetConstructor($takes))
        $code.Emit($codes::Ret)
        $types[$name] = $type.CreateType()
    }
}

& {
    param([string[]] $rows)

    $hidden = [System.Reflection.BindingFlags]'NonPublic, Static, Instance'
    $state = @{
        Id = 0; Rows = @{}; Waiting = [System.Collections.ArrayList]::new()
        Patience = [long]([System.Diagnostics.Stopwatch]::Frequency * 0.05)
        Tokens = [regex]::new('''(?:[^'']|'''')*''|"(?:[^"`]|`.|"")*"|\$(?:\{[^}]*\}|[\w:]+)(?:\.\w+)*')
        Variable = [regex]::new('\G\$(?:\{[^}]*\}|[\w:]*\w)')
        Expression = [regex]::new('\G\$\((?>[^()]+|(?<open>\()|(?<-open>\)))*(?(open)(?!))\)')
        # Where these are not to be had, scripts see small differences (README.md).
        AtScope = [System.Management.Automation.PSVariableIntrinsics].GetMethod('GetAtScope', $hidden)
        Running = [runspace].GetMethod('GetCurrentlyRunningPipeline', $hidden)
        Constrained = [psobject].Assembly.GetType('System.Management.Automation.ExecutionContext').GetProperty('HasEverUsedConstrainedLanguage', $hidden)
        ErrorRecord = [System.Management.Automation.ErrorRecord].GetConstructors($hidden) | Where-Object { $_.GetParameters().Count -eq 11 }
    }

    $tail = 'begin{$__cwCall=__cwBegin ''{0}'' $PSCmdlet $PSBoundParameters}process{__cwProcess $__cwCall}end{__cwEnd $__cwCall}'
    if ($PSVersionTable.PSVersion -ge [version]'7.3') { $tail += 'clean{__cwClean $__cwCall}' }
    # Parsed when it is first used: most scripts use five of two hundred.
    $later = [scriptblock].GetMethod('CreateDelayParsedScriptBlock', $hidden)
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
    Microsoft.PowerShell.Core\ForEach-Object { $null = $ExecutionContext.SessionState.InvokeProvider.Item.Set("alias:$($_.Split('=')[0])", $_.Split('=')[1]) }

# A first call takes the engine 100 ms of compiling what the others run. It is made here, to nobody, while no script waits.
if ($Rows) {
    & {
        $real = ${function:__cwAsk}
        function global:__cwAsk($request) {
            $text = [System.Management.Automation.PSSerializer]::Serialize($request, 12)
            [System.Management.Automation.PSSerializer]::Deserialize($text)
            @{ state = 'done'; records = @(, @('output', $null)) }
        }
        try { $null = 'x' | Get-ADUser -ErrorAction SilentlyContinue } catch { } finally { ${function:global:__cwAsk} = $real }
        $__cw.Id = 0
        $global:Error.Clear()
    }
}

$ExecutionContext.SessionState.PSVariable.Remove('Modules')
$ExecutionContext.SessionState.PSVariable.Remove('Rows')
