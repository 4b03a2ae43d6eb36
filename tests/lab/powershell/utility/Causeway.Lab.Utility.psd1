# A double: the cmdlets of Microsoft.PowerShell.Utility that the lab needs.
@{
    RootModule = 'Causeway.Lab.Utility.dll'
    ModuleVersion = '1.0.0'
    GUID = '8c0d5a4e-3a55-4b7c-9a55-5f0f1f3b7d11'
    Author = 'Causeway'
    Description = 'Stand-ins for the utility cmdlets that the engine package does not hold'
    PowerShellVersion = '7.6'
    CmdletsToExport = @(
        'Add-Member', 'Clear-Variable', 'Compare-Object', 'ConvertFrom-Csv', 'ConvertFrom-Json',
        'ConvertFrom-StringData', 'ConvertTo-Csv', 'ConvertTo-Json', 'ConvertTo-SecureString', 'Export-Csv',
        'Format-Custom', 'Format-List', 'Format-Table', 'Format-Wide', 'Get-Date', 'Get-Member', 'Get-Random',
        'Get-Unique', 'Get-Variable', 'Group-Object', 'Import-Csv', 'Join-Path', 'Join-String', 'Measure-Command',
        'Measure-Object', 'New-Guid', 'New-Object', 'New-TimeSpan', 'New-Variable', 'Out-String', 'Read-Host',
        'Remove-Variable', 'Select-Object', 'Select-String', 'Set-Variable', 'Sort-Object', 'Split-Path', 'Start-Sleep',
        'Tee-Object', 'Write-Debug', 'Write-Error', 'Write-Host', 'Write-Information', 'Write-Output', 'Write-Progress',
        'Write-Verbose', 'Write-Warning'
    )
    FunctionsToExport = @()
    VariablesToExport = @()
    AliasesToExport = @()
}
