# Built into the agent, this file and the others in the order of CMakeLists.txt: one script, which makes the functions that stand for
# cmdlets in a sandbox (README.md, PROTOCOL.md). It runs once, before the caller's, in the scope that the caller's gets. Scripts may have any
# strict mode and any preference: no function of ours may mind.
param([string[]] $Modules, [string[]] $Rows)

# Host calls are methods, which no other mode allows.
if ($ExecutionContext.SessionState.LanguageMode -ne 'FullLanguage') {
    throw "PowerShell is kept in $($ExecutionContext.SessionState.LanguageMode) by this machine's policy (AppLocker or App Control), and scripts cannot run in a sandbox so"
}

if ($Modules) { Microsoft.PowerShell.Core\Import-Module -Name $Modules -DisableNameChecking -ErrorAction Stop }

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
