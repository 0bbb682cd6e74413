# tap.sh - the cases of a test written in shell, as TAP; $dir has what the last command said, in "out" and "err".
# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # $bad is for the caller, $dir comes from it
n=0
bad=0

ok() { # ok NAME CONDITION... : the condition is a command
	what=$1
	shift
	n=$((n + 1))
	if "$@"; then
		echo "ok $n - $what"
	else
		echo "not ok $n - $what"
		sed 's/^/# /' "$dir/out" "$dir/err" 2>/dev/null
		bad=1
	fi
}
