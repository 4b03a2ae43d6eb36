# A double: the cmdlets of Microsoft.PowerShell.Utility that the lab needs.
@{
    RootModule = 'Causeway.Lab.Utility.dll'
    ModuleVersion = '1.0.0'
    GUID = '8c0d5a4e-3a55-4b7c-9a55-5f0f1f3b7d11'
    Author = 'Causeway'
    Description = 'Stand-ins for the utility cmdlets that the engine package does not hold'
    PowerShellVersion = '7.6'
    CmdletsToExport = @(
        'Add-Member', 'Compare-Object', 'ConvertFrom-Csv', 'ConvertFrom-Json', 'ConvertTo-Csv', 'ConvertTo-Json',
        'ConvertTo-SecureString', 'Export-Csv', 'Get-Date', 'Get-Member', 'Get-Random', 'Group-Object', 'Import-Csv',
        'Measure-Object', 'New-Guid', 'New-Object', 'Out-String', 'Select-Object', 'Select-String', 'Sort-Object',
        'Start-Sleep', 'Write-Debug', 'Write-Error', 'Write-Host', 'Write-Information', 'Write-Output', 'Write-Verbose',
        'Write-Warning'
    )
    FunctionsToExport = @()
    VariablesToExport = @()
    AliasesToExport = @()
}
