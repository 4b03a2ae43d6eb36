# Values as PowerShell's binder would make them for the real cmdlet (PROTOCOL.md). Each throws what is wrong.

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
