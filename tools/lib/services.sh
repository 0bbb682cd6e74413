# services.sh - the programs of one installation, each under tools/supervise; found by their command line, so that none
# is lost when its starting was interrupted.
#
# trial_paths sets $run (which no two installations share) and $log.
# shellcheck shell=sh
# shellcheck disable=SC2154 # $root, $run, $log come from the caller

trial_services="receiver simulator web driftd responder database" # in the order of stopping

# service_start NAME COMMAND... : returns once its program was started
service_start() {
	name=$1
	shift
	rm -f "$run/$name.child"
	setsid "$root/tools/supervise" "$name" "$run" "$log/$name.log" "$@" </dev/null >/dev/null 2>&1 8>&- 9>&- &
	wait_until 30 test -s "$run/$name.child"
}

# service_pids NAME : the supervisors of a service of this installation that live, nearly always one
service_pids() {
	for file in $(grep -lzxF -e "$run" /proc/[0-9]*/cmdline 2>/dev/null); do
		if { tr '\0' ' ' <"$file"; } 2>/dev/null | grep -qF "/supervise $1 $run "; then
			file=${file#/proc/}
			echo "${file%/cmdline}"
		fi
	done
}

service_stop() {
	# shellcheck disable=SC2046 # process numbers
	for pid in $(service_pids "$1"); do
		kill -TERM "$pid" 2>/dev/null || continue
		wait_until 30 gone "$pid" || kill -KILL "$pid" $(cat "$run/$1.child" 2>/dev/null) 2>/dev/null || true
	done
	rm -f "$run/$1.pid" "$run/$1.child"
}

# A zombie is gone too.
gone() {
	case $(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null) in
	'' | [ZX]*) return 0 ;;
	esac
	return 1
}

# lives PROCESS... : does any of them?
lives() {
	for pid in "$@"; do
		gone "$pid" || return 0
	done
	return 1
}

trial_stop() {
	[ -z "${trial_link-}" ] || rm -rf "$trial_link"
	for service in $trial_services; do
		service_stop "$service"
	done
}

trial_running() {
	for service in web driftd responder database; do
		[ -z "$(service_pids "$service")" ] || return 0
	done
	return 1
}

# wait_until SECONDS COMMAND... : repeats a command until it succeeds
wait_until() {
	limit=$(($(date +%s) + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		if [ "$(date +%s)" -ge "$limit" ]; then
			echo "gave up waiting for: $*"
			return 1
		fi
		sleep 0.1
	done
}

# An ordinary user's PATH has no sbin.
program() {
	command -v "$1" || echo "/usr/sbin/$1"
}
