#!/usr/bin/env bash
# tests/lab/entra/build.sh OUTDIR [PROJECT]: publishes the double (or another project of this folder, such as tests/tests.csproj)
# to OUTDIR. Safe to run from several places at once, and does nothing when OUTDIR is up to date.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
if [ $# -lt 1 ] || [ $# -gt 2 ]; then
	echo "usage: build.sh OUTDIR [PROJECT]" >&2
	exit 2
fi
project=$here/${2:-src/entra.csproj}
if ! command -v dotnet >/dev/null; then
	echo "build.sh: the .NET SDK 10 is needed (dotnet is not on the PATH); see scripts/setup" >&2
	exit 1
fi
mkdir -p "$1"
out=$(cd "$1" && pwd)

exec 9>"$out.lock"
flock 9
stamp=$({
	dotnet --version
	echo "$project"
	find "$here/build.sh" "$(dirname "$project")" -type f -not -path '*/bin/*' -not -path '*/obj/*' -print0 | sort -z | xargs -0 sha256sum
} | sha256sum)
if [ "$(cat "$out/.stamp" 2>/dev/null)" = "$stamp" ]; then
	exit 0
fi
rm -f "$out/.stamp"
log=$out.log
if ! dotnet publish "$project" --configuration Release --output "$out" --artifacts-path "$out.artifacts" \
	--nologo --verbosity quiet --disable-build-servers -p:RestoreLockedMode=true >"$log" 2>&1; then
	cat "$log" >&2
	echo "build.sh: $project did not build" >&2
	exit 1
fi
echo "$stamp" >"$out/.stamp"
