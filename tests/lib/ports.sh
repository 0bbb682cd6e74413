# ports.sh - ports for one run, held by tests/lib/ports.c until ports_drop.
#
# ports_hold FILE N : writes N ports into FILE, one a line.
# shellcheck shell=sh
# shellcheck disable=SC2154 # $build comes from the caller

ports_holder=''

ports_hold() {
	: >"$1" # the other process may make it later than it is read here
	"$build/tests/lib/ports" "$2" >"$1" &
	ports_holder=$!
	until [ "$(wc -l <"$1")" -eq "$2" ]; do
		kill -0 "$ports_holder" 2>/dev/null || { echo "no ports: is $build/tests/lib/ports built (make tests)?" && return 1; }
		sleep 0.05
	done
}

ports_drop() {
	[ -z "$ports_holder" ] || kill "$ports_holder" 2>/dev/null || true
	ports_holder=''
}
