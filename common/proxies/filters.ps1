# -Filter { Name -eq $n } is a text, and $n is the caller's.

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
