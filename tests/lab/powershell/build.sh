#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# build.sh OUTDIR: the lab's PowerShell, OUTDIR/pshost and OUTDIR/Modules/*.
# Does nothing when no source has changed since. Callers may run side by side:
# one builds, the others wait; what is there is replaced as a whole.
set -euo pipefail

[ $# -eq 1 ] || { echo "usage: ${0##*/} OUTDIR" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$(dirname "$1")"
out=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")

sources() { # in a fixed order, so that the same tree gives the same stamp
	local rooms=("$here") room
	for room in "$here"/../{activedirectory,adsync}; do
		[ ! -d "$room" ] || rooms+=("$room")
	done
	find "${rooms[@]}" -type f \
		\( -name '*.cs' -o -name '*.csproj' -o -name '*.proj' -o -name '*.props' -o -name '*.psd1' \
		-o -name '*.ps1xml' -o -name '*.tsv' -o -name '*.awk' -o -name build.sh \) \
		-not -path '*/obj/*' -not -path '*/bin/*' | LC_ALL=C sort
}
# Names as well as contents: a file that is gone changes the result too.
stamp() { sources | xargs -d '\n' sha256sum | sed "s|$here||" | sha256sum | cut -d' ' -f1; }

exec 9>"$out.lock"
flock 9
want=$(stamp)
if [ -x "$out/pshost" ] && [ "$(cat "$out/.stamp" 2>/dev/null)" = "$want" ]; then
	exit 0
fi
command -v dotnet >/dev/null || {
	echo "${0##*/}: the .NET 10 SDK is needed (dotnet is not on the PATH): https://dot.net" >&2
	exit 1
}
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 MSBUILDDISABLENODEREUSE=1
new=$out.new
rm -rf "$new"
log=$out.log
if ! dotnet msbuild "$here/lab.proj" -restore -target:Build -nodeReuse:false -maxcpucount:2 -verbosity:minimal \
	-p:LabOut="$new" -p:ArtifactsPath="$out.obj" -p:UseArtifactsOutput=true -p:UseSharedCompilation=false >"$log" 2>&1; then
	grep -E ': (error|warning) ' "$log" | sort -u >&2 || cat "$log" >&2
	echo "${0##*/}: the build failed, all of it is in $log" >&2
	exit 1
fi
echo "$want" >"$new/.stamp"
# A running host keeps its files: they are unlinked, not written over.
rm -rf "$out.old"
[ ! -e "$out" ] || mv "$out" "$out.old"
mv "$new" "$out"
rm -rf "$out.old"
