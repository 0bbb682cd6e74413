# bsxctl.sh - running the admin tool $bsxctl with $conf; $dir has what it said, in "out" and "err".
# shellcheck shell=sh
# shellcheck disable=SC2154 # the three come from the caller

run() { # run STATUS ARGUMENT... : the exit status must be this one
	want=$1
	shift
	got=0
	"$bsxctl" -c "$conf" "$@" >"$dir/out" 2>"$dir/err" </dev/null || got=$?
	[ "$got" -eq "$want" ]
}
says() { grep -q -- "$1" "$dir/out" "$dir/err"; }
runs_and_says() {
	text=$1
	shift
	run "$@" && says "$text"
}
sql() { mariadb --no-defaults --socket="$BSX_TEST_DB/mariadb.sock" --user=root -N -B -e "$1"; }
