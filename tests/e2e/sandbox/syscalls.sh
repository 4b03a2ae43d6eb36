#!/usr/bin/env bash
# syscalls.sh POWERSHELL: which system calls PowerShell makes that the sandbox's filter refuses, and which of those it allows were
# not seen. How the lists in agent/sandbox/launcher/calls.c were made; to be run again when .NET or libc is a new one. Needs strace.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
[ $# -eq 1 ] || { echo "usage: ${0##*/} POWERSHELL" >&2; exit 2; }
command -v strace >/dev/null || { echo "${0##*/}: strace is needed" >&2; exit 1; }

work=$(mktemp -d "${TMPDIR:-/tmp}/causeway-syscalls.XXXXXX")
trap 'rm -rf "$work"' EXIT
# As inside: agent/sandbox/unix/engine.c.
env -i HOME="$work" PATH=/nonexistent LANG=C.UTF-8 DOTNET_ROOT="${DOTNET_ROOT:-}" DOTNET_EnableDiagnostics=0 DOTNET_LTTng=0 \
	POWERSHELL_DIAGNOSTICS_OPTOUT=1 POWERSHELL_TELEMETRY_OPTOUT=1 PSModuleAnalysisCachePath=/dev/null \
	DOTNET_EnableWriteXorExecute=0 DOTNET_GCgen0size=2000000 DOTNET_GCHeapHardLimit=18000000 DOTNET_gcConcurrent=0 \
	"$(command -v strace)" -f -q -o "$work/trace" "$1" -NoProfile -File "$here/workload.ps1" >/dev/null

sed -nE 's/^[0-9]+ +([a-z0-9_]+)\(.*/\1/p' "$work/trace" | sort -u >"$work/seen"
sed -nE '/cw_calls_allowed/,/^};/p; /cw_calls_narrow/,/^};/p' "$here/../../../agent/sandbox/launcher/calls.c" |
	grep -oE 'CALL\([a-z0-9_]+\)' | sed -E 's/CALL\((.*)\)/\1/' | sort -u >"$work/allowed"
echo "made and refused:"
comm -23 "$work/seen" "$work/allowed" | sed 's/^/  /'
echo "allowed and not made:"
comm -13 "$work/seen" "$work/allowed" | sed 's/^/  /'
