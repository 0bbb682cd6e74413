# state.sh - the folder of one installation: where its parts are, whether it may be used, and how it is emptied.
#
# Only what tools/up made is ever changed or erased: it leaves a mark in a folder that it made or found empty.
# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # $root comes from the caller, what is set here is for it

# trial_at FOLDER : where everything is; nothing is made yet
trial_at() {
	state=$(realpath -m -- "$1")
	run=$state/run log=$state/log conf=$state/etc data=$state/mariadb mark=$state/.made-by-tools-up
	build=${BUILD:-$root/build}
	# The path of a unix socket is at most 107 bytes: a deep checkout gets its sockets elsewhere.
	sockets=$run
	if [ "$(printf %s "$run" | wc -c)" -gt 80 ]; then
		sockets=${TMPDIR:-/tmp}/bsx-$(id -u)-$(printf %s "$run" | cksum | cut -d' ' -f1)
	fi
}

# trial_make : the empty folders, for their owner only
trial_make() {
	(umask 077 && mkdir -p "$run" "$log" "$conf" && { [ -d "$sockets" ] || mkdir "$sockets"; }) || return 1
	if [ -L "$sockets" ] || [ ! -O "$sockets" ]; then
		echo "$sockets is somebody else's: remove it" >&2
		return 1
	fi
}

# trial_paths FOLDER : both, for a folder that the caller made
trial_paths() {
	trial_at "$1"
	trial_make
}

# What stands in configuration files and in command lines of others: "refused" says why not.
path_refused() {
	case $1 in
	*[[:cntrl:]]* | *\"* | *\\*)
		printf 'a path with a double quote, a backslash or a control character cannot be used: %s\n' "$1" | tr -d '[:cntrl:]'
		echo
		;;
	*) return 1 ;;
	esac
}

state_is_ours() { [ -e "$mark" ] || grep -qsxF "state_dir = \"$state\";" "$conf/blindspotx.conf"; }
state_is_empty() { [ -z "$(ls -A "$state")" ]; }

# state_refused : the reason why the folder must be left alone; fails when there is none
state_refused() {
	if [ ! -e "$state" ]; then
		return 1
	elif [ ! -d "$state" ]; then
		echo "$state is no folder"
	elif [ ! -O "$state" ]; then
		echo "$state belongs to $(stat -c %U "$state"), and you are $(id -un)"
	elif ! state_is_ours && ! state_is_empty; then
		echo "$state has other things in it: name a folder that is empty or not there yet"
	elif [ -n "$(find "$state" -maxdepth 0 -perm /077)" ]; then
		echo "others may look into $state (mode $(stat -c %a "$state")): chmod 700 it, or name another folder"
	elif [ ! -w "$state" ]; then
		echo "$state cannot be written"
	else
		return 1
	fi
}

# state_claim : makes the folder when it is not there
state_claim() {
	(umask 077 && mkdir -p "$state" && : >>"$mark")
}

# state_hold : against others that start, as long as descriptor 9 is open
state_hold() {
	exec 9<"$mark" && flock -n 9 && echo $$ >"$mark"
}

state_is_held() { [ -e "$mark" ] && ! flock -n "$mark" true; }

# state_release : ends a tools/up that is starting here, with the step that it is at; it stops what it started
state_release() {
	state_is_held || return 0
	starter=$(cat "$mark")
	if tr '\0' '\n' <"/proc/$starter/cmdline" | grep -q '/up$'; then
		# shellcheck disable=SC2046 # process numbers
		kill -TERM "$starter" $(cat "/proc/$starter/task/$starter/children" 2>/dev/null) 2>/dev/null || true
	fi
	flock -w 120 "$mark" true
}

trial_erase() {
	rm -rf "$run" "$log" "$conf" "$data" "$data.new" "$data.tmp" "$state/keyring" "$state/segment" "$state/segment.lock" \
		"$state/credentials.json" "$state/demo.json" "$state/webhooks.jsonl"
	[ "$sockets" = "$run" ] || rm -rf "$sockets"
	trial_make
}
