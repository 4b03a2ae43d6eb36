# SPDX-License-Identifier: Apache-2.0
# The cmdlets' shape, as PowerShell sees it, against the documented one in contract/.
$cmdlets = Import-Csv $PSScriptRoot/contract/cmdlets.tsv -Delimiter "`t" | Where-Object { $_.double -eq 'True' }
$rows = Import-Csv $PSScriptRoot/contract/parameters.tsv -Delimiter "`t" | Group-Object cmdlet -AsHashTable
Check 'exactly the cmdlets of the contract are exported' {
	Compare-Object @($cmdlets.cmdlet) @(Get-Command -Module ActiveDirectory | ForEach-Object Name) | ForEach-Object { "$($_.InputObject) $($_.SideIndicator)" }
} ''
foreach ($cmdlet in $cmdlets) {
	$command = Get-Command $cmdlet.cmdlet
	$attribute = $command.ImplementingType.GetCustomAttributes([System.Management.Automation.CmdletAttribute], $false)[0]
	Check "$($cmdlet.cmdlet): ShouldProcess and ConfirmImpact" { $attribute.SupportsShouldProcess, $attribute.ConfirmImpact } "$($cmdlet.supportsShouldProcess)|$(if ($cmdlet.confirmImpact) { $cmdlet.confirmImpact } else { 'None' })"
	Check "$($cmdlet.cmdlet): its class is named as in the real module" { $command.ImplementingType.FullName } "$ns.Commands.$($cmdlet.cmdlet -replace '-')"
	$common = [System.Management.Automation.PSCmdlet]::CommonParameters
	Check "$($cmdlet.cmdlet): exactly the documented parameters" {
		Compare-Object @($rows[$cmdlet.cmdlet].parameter) @($command.Parameters.Keys | Where-Object { $_ -notin $common }) | ForEach-Object { "$($_.InputObject) $($_.SideIndicator)" }
	} ''
	foreach ($row in $rows[$cmdlet.cmdlet]) {
		$parameter = $command.Parameters[$row.parameter]
		# Value types are nullable here and in the real module; the documentation leaves that out.
		$type = [Nullable]::GetUnderlyingType($parameter.ParameterType) ?? $parameter.ParameterType
		$set = @($parameter.ParameterSets.GetEnumerator())
		$one = $set[0].Value
		$position = if ($one.Position -lt 0) { 'Named' } else { $one.Position }
		$pipeline = if ($one.ValueFromPipeline) { 'ByValue' } elseif ($one.ValueFromPipelineByPropertyName) { 'ByPropertyName' } else { 'None' }
		$sets = ($set.Key | ForEach-Object { if ($_ -eq '__AllParameterSets') { '(All)' } else { $_ } } | Sort-Object) -join ','
		$want = $row.type, $row.required, $row.position, $row.pipeline, (($row.parameter_sets -split ',' | Sort-Object) -join ',') -join ' '
		Check "$($cmdlet.cmdlet) -$($row.parameter)" { $type.Name, $one.IsMandatory, $position, $pipeline, $sets -join ' ' } $want
		if ($row.aliases) { Check "$($cmdlet.cmdlet) -$($row.parameter), its alias" { $row.aliases -in $parameter.Aliases } 'True' }
	}
}
