# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# What the demo's audience sees, for sourcing: headings, commands with their output, checks.

bold='' dim='' red='' green='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
	bold=$'\e[1m' dim=$'\e[2m' red=$'\e[31m' green=$'\e[32m' plain=$'\e[0m'
fi
checks=0

heading() { printf '\n%s%s%s\n' "$bold" "$1" "$plain"; }
say() { printf '%s\n' "$*" | fold -s -w 100; }

# task TEXT COMMAND...: a step of the set-up, in a shell of its own; its output is shown only when it fails.
task() {
	local text=$1 log result began=${EPOCHREALTIME/./}
	shift
	log=$(mktemp)
	[ ! -t 1 ] || printf '  … %s\r' "$text"
	set +e # as a condition the command would go on after an error
	(set -e && "$@") >"$log" 2>&1
	result=$?
	set -e
	if [ "$result" -eq 0 ]; then
		printf '  %s✓%s %s %s(%s)%s\n' "$green" "$plain" "$text" "$dim" "$(seconds "$began")" "$plain"
	else
		printf '  %s✗%s %s\n' "$red" "$plain" "$text"
		tail -n 40 "$log" >&2
	fi
	rm -f "$log"
	[ "$result" -eq 0 ] || exit 1
}

# seconds BEGAN: since then, "1.3 s"
seconds() {
	local tenths=$(((${EPOCHREALTIME/./} - $1) / 100000))
	printf '%d.%d s' $((tenths / 10)) $((tenths % 10))
}

# show COMMAND...: as typed, then what it says.
show() {
	printf '\n%s$ %s%s\n' "$bold" "$(quoted "$@")" "$plain"
	"$@"
}

# The words as somebody would type them.
quoted() {
	local word text=
	for word; do
		case $word in
		*[!A-Za-z0-9_@%+=:,./-]* | '') text="$text '${word//\'/\'\\\'\'}'" ;;
		*) text="$text $word" ;;
		esac
	done
	printf '%s' "${text# }"
}

# check TEXT WANT GOT
check() {
	checks=$((checks + 1))
	if [ "$2" = "$3" ]; then
		printf '  %s✓%s %s\n' "$green" "$plain" "$1"
		return
	fi
	printf '  %s✗ %s%s\n    want  %s\n    got   %s\n' "$red" "$1" "$plain" "$2" "$3"
	exit 1
}
