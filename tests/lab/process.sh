# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Programs that outlive the script that started them, for sourcing. A program is known by its process id together with the
# time it started, so that an id that was given away again is never taken for it.

# When a process started, in clock ticks since boot; nothing where it is gone or a zombie.
process_started() {
	local stat
	read -r stat 2>/dev/null <"/proc/$1/stat" || return 0
	stat=${stat##*) } # the name may hold anything
	[ "${stat%% *}" = Z ] || cut -d' ' -f20 <<<"$stat"
}

# process_start FILE LOG COMMAND...: runs it away from the terminal, remembers it in FILE and adds what it says to LOG. It signs
# in by itself before it becomes COMMAND: whoever is stopped half way, no process runs that no file names.
process_start() {
	local file=$1 log=$2
	shift
	rm -f "$file" # of one that was killed
	# shellcheck disable=SC2016 # meant for the new shell
	setsid bash -c '. "$0"; echo "$$ $(process_started $$)" >"$1" && shift && exec "$@"' "${BASH_SOURCE[0]}" "$file" "${@:2}" \
		</dev/null >>"$log" 2>&1 8>&- 9>&- &
	until [ -s "$file" ]; do
		kill -0 $! 2>/dev/null || return 0 # its log says why
		sleep 0.002
	done
}

# process_alive FILE
process_alive() {
	local pid started
	[ -f "$1" ] && read -r pid started <"$1" && [ -n "$started" ] && [ "$(process_started "$pid")" = "$started" ]
}

# process_stop FILE: asks, then insists; returns when it is gone.
process_stop() {
	local pid deadline=$((SECONDS + 10))
	process_alive "$1" || { rm -f "$1"; return 0; }
	read -r pid _ <"$1"
	kill "$pid" 2>/dev/null || true
	while process_alive "$1"; do
		[ $SECONDS -lt $deadline ] || kill -KILL "$pid" 2>/dev/null || true
		sleep 0.02
	done
	rm -f "$1"
}
