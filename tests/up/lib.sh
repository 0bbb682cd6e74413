# lib.sh - what the tests of tools/up share: TAP, a folder of their own with an odd name, who is left.
#
# The checkout is seen through a link, and the state folder stands in a path, that have blanks, quotes, dollars and more.
# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # for the callers; $root is theirs

. "$root/tests/lib/ports.sh"
. "$root/tools/lib/ports.sh"
. "$root/tools/lib/services.sh"

build=${BUILD:-$root/build}
export BUILD="$build"
work=$(mktemp -d "${TMPDIR:-/tmp}/bsx-up.XXXXXX")
odd="$work/it's a \$HOME of #1; 100% Ünï"
mkdir -p "$odd"
ln -s "$root" "$odd/check out"
state="$odd/state"
n=0 bad=0 states="$state"

up() { "$odd/check out/tools/up" --state "$state" "$@"; }

# shellcheck disable=SC2317 # called by the trap
cleanup() {
	for folder in "$odd"/state*; do
		"$root/tools/up" --state "$folder" --stop >/dev/null 2>&1 || true
	done
	ports_drop
	rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# check SENTENCE COMMAND...
check() {
	sentence=$1
	shift
	n=$((n + 1))
	if "$@" >"$work/out" 2>&1; then
		echo "ok $n - $sentence"
	else
		echo "not ok $n - $sentence"
		tail -n 30 "$work/out" | sed 's/^/# /'
		bad=$((bad + 1))
	fi
}

finish() {
	echo "1..$n"
	[ "$bad" -eq 0 ]
}

# patiently COMMAND... : until it succeeds, for a minute
patiently() {
	tries=0
	until "$@"; do
		tries=$((tries + 1))
		[ "$tries" -lt 600 ] || return 1
		sleep 0.1
	done
}

# The processes that have the state folder in their command line; none is left after a stop.
processes() {
	for file in $(grep -lzF -e "$state/" /proc/[0-9]*/cmdline 2>/dev/null); do
		line=$({ tr '\0' ' ' <"$file"; } 2>/dev/null)
		case $line in '' | 'grep '*) ;; *) echo "$line" ;; esac
	done
}
nothing_runs() {
	left=$(processes || true)
	echo "$left"
	[ -z "$left" ]
}

login() { # login WHO : prints an access token
	jq ".$1 + {delivery: \"body\"}" "$state/credentials.json" |
		curl -sf --max-time 30 -H 'Content-Type: application/json' --data-binary @- \
			"$(jq -r .url "$state/credentials.json")/api/auth/login" | jq -er .access_token
}
api() { # api WHO METHOD PATH [BODY]
	curl -sf --max-time 30 -X "$2" -H "Authorization: Bearer $(login "$1")" ${4+-H "Content-Type: application/json" -d "$4"} \
		"$(jq -r .url "$state/credentials.json")$3"
}
alert_is_listed() {
	api demo GET "/api/drift/alerts?config_id=$(jq -r .config_id "$state/demo.json")" |
		jq -e '.items | length == 1 and .[0].severity == "critical"'
}
# What was done to the directory that driftd reads by itself, in its newest report.
directory_has_drifted() {
	api demo GET "/api/drift/reports?limit=1&config_id=$(jq -r .directory_id "$state/demo.json")" |
		jq -e '.items[0] | .max_severity == "critical" and .summary.created + .summary.modified == 5 and .summary.deleted == 0'
}
alert_was_delivered() { jq -es 'length >= 1 and all(.[]; .verified)' "$state/webhooks.jsonl"; }
mode_of() { [ "$(stat -c %a "$1")" = "$2" ]; }
