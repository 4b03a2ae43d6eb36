#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# test.sh: two labs, from up to down: what is in them, a change that reaches Graph by a sync cycle, a program that dies, somebody
# else's folder, and that nothing is left. CAUSEWAY_LAB_BUILD says where the doubles are built.
set -euo pipefail
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
: "${CAUSEWAY_LAB_BUILD:=$here/../../build/lab}"
lab=$here/../../scripts/lab
# shellcheck source=tests/lab/process.sh
. "$here/process.sh"

memory=/dev/shm
[ -w "$memory" ] || memory=${TMPDIR:-/tmp}
work=$(mktemp -d "$memory/causeway-lab-test.XXXXXX")
a=$work/a b=$work/b
finish() {
	for state in "$a" "$b"; do [ ! -f "$state/causeway-lab" ] || "$lab" down --state "$state" || true; done
	rm -rf "$work"
}
trap finish EXIT

passed=0 failed=0
# check NAME WANT GOT
check() {
	if [ "$2" = "$3" ]; then passed=$((passed + 1)); return; fi
	failed=$((failed + 1))
	printf 'FAIL %s\n  want %s\n  got  %s\n' "$1" "$2" "$3"
}
# code COMMAND...: its exit status
code() { local result=0; "$@" >"$work/out" 2>&1 || result=$?; echo $result; }
powershell() { env -i "$CAUSEWAY_LAB_POWERSHELL" -NoProfile "$@"; }

# shellcheck source=tests/lab/graph.sh
. "$here/graph.sh"

# shellcheck source=tests/lab/test-up.sh
. "$here/test-up.sh"
echo "lab: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
