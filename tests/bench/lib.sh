# lib.sh - what the benchmarks share.
# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # $root, $run, $state, $work, $url, $seconds come from the caller

# bench_needs PART... : names what is missing for these parts, before anything is built or runs
bench_needs() {
	missing=''
	while read -r part what test; do
		case " $* " in
		*" $part "*) PATH=$PATH:/usr/sbin sh -c "$test" >/dev/null 2>&1 || missing="$missing $what ($part)," ;;
		esac
	done <<-'TABLE'
		build gcc command -v gcc
		build make command -v make
		build pkg-config command -v pkg-config
		installation mariadbd command -v mariadbd && command -v mariadb-install-db
		installation curl command -v curl
		installation jq command -v jq
		installation nginx command -v nginx
		rates wrk command -v wrk
		deeds node command -v node
		console node command -v node
		console npm command -v npm
		console chromium-headless-shell command -v chromium-headless-shell
		engines node command -v node
		engines npm command -v npm
		engines xz command -v xz
		engines python3-deepdiff /usr/bin/python3 -c 'import deepdiff'
	TABLE
	[ -n "$missing" ] || return 0
	echo "bench: missing:${missing%,}; tools/packages build run test installs what there is to install" >&2
	return 1
}

# An access token lives for ten minutes, and a benchmark longer: every row begins with a new one.
bench_sign_in() { # bench_sign_in WHO : prints it
	jq ".$1 + {delivery: \"body\"}" "$state/credentials.json" >"$run/body.json"
	key='' token='' api POST /api/auth/login "$run/body.json" | jq -er .access_token
}

median() { # of its input lines
	sort -n | awk '{ a[NR] = $1 } END { print NR % 2 ? a[(NR + 1) / 2] : (a[NR / 2] + a[NR / 2 + 1]) / 2 }'
}

# rate ROW LUA PATH : adds requests per second to WORK/ROW, or what was refused to WORK/ROW.refused
rate() {
	AUTHORIZATION="Bearer $token"
	export AUTHORIZATION
	wrk -t1 -c16 -d "${seconds}s" -s "$root/tests/bench/$2" "$url$3" >"$work/wrk" 2>&1 || true
	line=$(grep '^RATE' "$work/wrk" || cat "$work/wrk")
	case $line in
	'RATE 0.0 '* | *' BAD '[!0]*) ;;
	RATE*' BAD 0')
		echo "$line" | cut -d' ' -f2 >>"$work/$1"
		return 0
		;;
	esac
	echo "bench: $3: not every request succeeded: $line" >&2
	echo "$line" >>"$work/$1.refused"
}

reference() { # reference ROW COMMAND... : what is measured beside it
	name=$1
	shift
	"$@" >>"$work/$name"
}

# row NAME ROW REFERENCE-NAME REFERENCE-ROW TARGET : from what rate and reference measured
refused=0
row() {
	for part in "$2" "$4"; do
		[ -e "$work/$part.refused" ] || [ ! -s "$work/$part" ] || continue
		printf '%-34s NO RESULT: requests of "%s" were refused: %s\n' "$1" "$part" "$(head -n 1 "$work/$part.refused")"
		refused=1
		return 0
	done
	awk -v n="$1" -v v="$(median <"$work/$2")" -v r="$3" -v w="$(median <"$work/$4")" -v t="$5" \
		'BEGIN { printf "%-34s %9.0f/s   %-34s %9.0f/s   ratio %.3f   target %s\n", n, v, r, w, v / w, t }'
}
