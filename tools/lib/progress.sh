# progress.sh - one line for each step of tools/up, and a way out that leaves no process behind.
# shellcheck shell=sh
# shellcheck disable=SC2154 # $log, $quiet come from the caller

progress_begin() { # progress_begin STEPS
	step_count=$1 step_now=0 step_name=start step_cause='see above' step_log=
	exec 8>&1 # a step's own output goes to its log, also when it is interrupted
	trap 'interrupted' INT TERM HUP QUIT PIPE
	trap 'failed $?' EXIT
}

# step NAME CAUSE COMMAND... : its output goes to STATE/log/step-NAME.log; CAUSE is told when it fails
step() {
	step_name=$1 step_cause=$2
	shift 2
	step_now=$((step_now + 1))
	step_log=$log/step-$(printf %s "$step_name" | tr ' ' -).log
	[ -n "$quiet" ] || printf '[%2d/%d] %-18s ' "$step_now" "$step_count" "$step_name"
	step_began=$(date +%s%N)
	"$@" >"$step_log" 2>&1
	[ -n "$quiet" ] || printf 'done  %5s s\n' "$(elapsed "$step_began")"
}

elapsed() {
	ms=$((($(date +%s%N) - $1) / 1000000))
	printf '%d.%d' $((ms / 1000)) $((ms % 1000 / 100))
}

# stop_all SENTENCE : from here on nothing interrupts; a terminal that was closed cannot be written to
stop_all() {
	trap '' INT TERM HUP QUIT PIPE
	trap - EXIT
	printf '\nup: %s\n' "$1" >&8 2>/dev/null || true
	# What was just being started may not be known by its name yet.
	[ -z "${!-}" ] || kill -TERM "$!" 2>/dev/null || true
	trial_stop 2>/dev/null
}

interrupted() {
	stop_all "interrupted; stopping"
	exit 130
}

goodbye() {
	stop_all "stopping"
	exit 0
}

failed() {
	[ "$1" -ne 0 ] || return 0
	stop_all "the step \"$step_name\" failed: $step_cause" 8>&2
	if [ -s "$step_log" ]; then
		echo "up: the end of its log, $step_log:" >&2
		tail -n 15 "$step_log" | sed 's/^/    /' >&2
	fi
	exit 1
}
