# engine.ps1 FILE: the same texts through the engine's own means; a line of processor seconds for each way, as bench_psrp
# prints them.
#   engine_deserialize   PSSerializer.Deserialize
#   engine_json          the same, then ConvertTo-Json (a fifth of the texts, it takes long)
param([string] $File)
$texts = [System.IO.File]::ReadAllLines($File)
$bytes = [System.IO.FileInfo]::new($File).Length

function Measure-Best([scriptblock] $Work, [int] $Rounds) {
    $best = [double]::MaxValue
    for ($i = 0; $i -lt $Rounds; $i++) {
        $before = [System.Diagnostics.Process]::GetCurrentProcess().TotalProcessorTime
        & $Work
        $took = [System.Diagnostics.Process]::GetCurrentProcess().TotalProcessorTime - $before
        $best = [System.Math]::Min($best, $took.TotalSeconds)
    }
    $best
}

$best = Measure-Best { foreach ($text in $texts) { $null = [System.Management.Automation.PSSerializer]::Deserialize($text) } } 3
"engine_deserialize seconds $best objects $($texts.Count) bytes $bytes json 0"

$some = [string[]] $texts[0..([System.Math]::Max(0, $texts.Count / 5 - 1))]
$best = Measure-Best {
    foreach ($text in $some) {
        $null = ConvertTo-Json -InputObject ([System.Management.Automation.PSSerializer]::Deserialize($text)) -Depth 4 -Compress
    }
} 2
"engine_json seconds $best objects $($some.Count) bytes $($bytes / $texts.Count * $some.Count) json 0"
