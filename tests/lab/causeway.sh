# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# A cloud-bridge and an agent on top of a lab, for sourcing by the demo, the benches and the tests. $root is the project's folder,
# $state the lab's, whose variables are set. What is started here `scripts/lab down` takes down, and `scripts/lab env` names.
# shellcheck source=tests/lab/process.sh
. "$root/tests/lab/process.sh"

preset=${CAUSEWAY_PRESET:-release}
programs=${CAUSEWAY_BUILD:-$root/build/$preset}
home=${CAUSEWAY_HOME:-$state/causeway}
bridge_pid=$state/top.d/1-bridge.pid
agent_pid=$state/top.d/2-agent.pid
agent_program=$programs/agent/service/causeway-agent

causeway() { "$programs/cli/causeway" "$@"; }
causewayctl() { "$programs/agent/ctl/causewayctl" --state "$home/agent" "$@"; }
bridge() { "$programs/cloud-bridge/service/causeway-bridge" "$@" --state "$home/bridge"; }
agent() { "$agent_program" "$@" --state "$home/agent"; }

build_programs() {
	(cd "$root" && cmake --preset "$preset" &&
		cmake --build --preset "$preset" --target causeway-bridge causeway-agent causewayctl causeway)
}

# wait_until SECONDS WHAT COMMAND...: until the command succeeds
wait_until() {
	local deadline=$((SECONDS + $1)) what=$2
	shift 2
	until "$@"; do
		[ $SECONDS -lt $deadline ] || { echo "$what: not in time" >&2; return 1; }
		sleep 0.02
	done
}

bridge_ready() { [ -f "$home/bridge.ready" ] || { process_alive "$bridge_pid" || return 2; return 1; }; }

# process_start, without what the client is told: a server that runs these knows no API key.
service_start() { process_start "$1" "$2" env -u CAUSEWAY_API_KEY -u CAUSEWAY_URL -u CAUSEWAY_CA "${@:3}"; }

# Starts it, and returns when both its ports listen.
bridge_start() {
	rm -f "$home/bridge.ready"
	service_start "$bridge_pid" "$home/bridge.log" "$programs/cloud-bridge/service/causeway-bridge" run \
		--state "$home/bridge" --ready-file "$home/bridge.ready"
	wait_until 20 "the bridge" bridge_ready
}

bridge_kill() {
	local pid
	read -r pid _ <"$bridge_pid"
	kill -KILL "$pid"
	wait_until 5 "the bridge's end" bridge_gone
}
bridge_gone() { ! process_alive "$bridge_pid"; }

# A new bridge with an administrator's key and a tenant "lab" that knows the lab's Entra ID. Sets what the client needs.
bridge_create() {
	umask 077
	mkdir -p "$home" "$state/top.d" "$state/env.d"
	bridge init --name localhost --name 127.0.0.1 --web 127.0.0.1:0 --agents 127.0.0.1:0 >"$home/key"
	jq --arg ca "$CAUSEWAY_LAB_CA" '. + {graph_ca: $ca}' "$home/bridge/bridge.json" >"$home/bridge.json"
	cat "$home/bridge.json" >"$home/bridge/bridge.json"
	bridge_start
	# The free ports that it found stay its own, for when it is started again.
	jq --slurpfile ready "$home/bridge.ready" '. + {web_port: $ready[0].web_port, agents_port: $ready[0].agents_port}' \
		"$home/bridge/bridge.json" >"$home/bridge.json"
	cat "$home/bridge.json" >"$home/bridge/bridge.json"
	printf "export CAUSEWAY_%s='%s'\n" URL "$(jq -r .url "$home/bridge.ready")" API_KEY "$(<"$home/key")" \
		CA "$home/bridge/ca.crt" >"$state/env.d/bridge"
	# shellcheck source=/dev/null
	. "$state/env.d/bridge"
	causeway tenants create lab --mode "${1:-hybrid-dual}"
	causeway tenants graph lab --tenant-id "$CAUSEWAY_LAB_TENANT_ID" --client-id "$CAUSEWAY_LAB_CLIENT_ID" \
		--certificate "$CAUSEWAY_LAB_CLIENT_CERT" --private-key "$CAUSEWAY_LAB_CLIENT_KEY" \
		--graph-url "$CAUSEWAY_LAB_GRAPH_URL" --token-url "$CAUSEWAY_LAB_TOKEN_URL"
}

agent_begin() { service_start "$agent_pid" "$home/agent.log" "$agent_program" run --state "$home/agent"; }
agent_start() {
	agent_begin
	wait_until 60 "the agent's connection and its runspaces" agent_ready
}
agent_ready() {
	process_alive "$agent_pid" && causeway agents list --json 2>/dev/null |
		jq -e '.agents | any(.connected and (.roles | length) == 2)' >/dev/null
}

# An agent of the tenant, for the roles directory and sync.
agent_create() {
	agent_enrol
	agent_start
}

# The same, not started.
agent_enrol() {
	umask 077
	mkdir -p "$home/agent"
	jq -n --arg powershell "$CAUSEWAY_LAB_POWERSHELL" --arg engine "$CAUSEWAY_LAB_ENGINE" '{powershell: [$powershell, "-NoLogo", "-NoProfile", "-s"],
		sandbox_powershell: [$engine, "-NoLogo", "-NoProfile", "-s"]}' >"$home/agent/agent.json"
	causeway enrol-token --tenant lab --roles directory,sync 2>/dev/null |
		agent enrol --bridge "${CAUSEWAY_AGENTS_ADDRESS:-localhost:$(jq -r .agents_port "$home/bridge.ready")}" --token -
}

show_logs() {
	local log
	for log in "$home/bridge.log" "$home/agent.log"; do
		[ ! -s "$log" ] || { echo "--- the end of ${log##*/}" >&2; tail -n 20 "$log" >&2; }
	done
}
