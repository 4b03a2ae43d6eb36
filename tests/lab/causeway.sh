# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# A cloud-bridge and an agent on top of a lab, for sourcing by the demo, the benches and the tests: $root is the project's folder,
# $state the lab's, whose variables are set. `scripts/lab down` takes them down too.
# shellcheck source=tests/lab/process.sh
. "$root/tests/lab/process.sh"

preset=${CAUSEWAY_PRESET:-release}
programs=$root/build/$preset
bridge=$state/top.d/1-bridge.pid
agent=$state/top.d/2-agent.pid

causeway() { "$programs/cli/causeway" "$@"; }

build_programs() {
	cd "$root"
	cmake --preset "$preset"
	cmake --build --preset "$preset" --target causeway-bridge causeway-agent causewayctl causeway
}
