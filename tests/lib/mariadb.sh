#!/bin/sh
# mariadb.sh - a private MariaDB server for tests and trials: own data folder, unix socket only.
#
#   mariadb.sh start DIR [OPTION...]   makes DIR (0700) when needed, starts, waits until it answers;
#                                      OPTIONs go to mariadbd; does nothing when it runs already
#   mariadb.sh stop DIR                ends it and waits
#   mariadb.sh kill DIR                ends it at once (SIGKILL), for tests of what a crash leaves
#   mariadb.sh status DIR              0: it runs
#
# In DIR: mariadb.sock, mariadb.pid, mariadb.log, data/.  The administrator is the account "root" of
# the server without a password: who may enter DIR may do everything, hence 0700.  It works as root and
# as an ordinary user.  DURABLE=1 keeps every commit through a crash of the machine (else only through
# one of the server).
set -eu

usage() {
	sed -n '2,/^set -eu/s/^# \{0,1\}//p' "$0" | sed '$d'
	exit 2
}

[ $# -ge 2 ] || usage
verb=$1
dir=$2
shift 2
case $dir in /*) ;; *) dir=$PWD/$dir ;; esac
sock=$dir/mariadb.sock
pidfile=$dir/mariadb.pid
log=$dir/mariadb.log
PATH=$PATH:/usr/sbin:/usr/local/sbin

say() { echo "mariadb.sh: $*" >&2; }

# The pid of our server, or nothing: a stale pid file may name somebody else's process.
server() {
	[ -s "$pidfile" ] || return 0
	pid=$(cat "$pidfile")
	case $(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null) in
	*"--datadir=$dir/data "*) echo "$pid" ;;
	esac
}

answers() { mariadb --no-defaults --socket="$sock" --user=root -e 'DO 1' >/dev/null 2>&1; }

# mariadbd runs as the one who calls; started by root it must be told so.
as_root() { [ "$(id -u)" -ne 0 ] || echo --user=root; }

install_data() {
	[ ! -e "$dir/data/.complete" ] || return 0
	rm -rf "$dir/data"
	# shellcheck disable=SC2046
	mariadb-install-db --no-defaults $(as_root) --datadir="$dir/data" --tmpdir="$dir" --skip-test-db --skip-name-resolve \
		--auth-root-authentication-method=normal --innodb-log-file-size=16M \
		--innodb-buffer-pool-size=32M >"$dir/install.log" 2>&1 || {
		say "mariadb-install-db failed, see $dir/install.log"
		exit 1
	}
	: >"$dir/data/.complete"
}

start() {
	for tool in mariadbd mariadb mariadb-install-db; do
		command -v $tool >/dev/null || {
			say "$tool is missing (Debian: mariadb-server, mariadb-client)"
			exit 1
		}
	done
	# A socket's address holds 107 bytes.
	[ ${#sock} -le 107 ] || {
		say "the path is too long for a unix socket: $sock"
		exit 1
	}
	(umask 077 && mkdir -p "$dir")
	chmod 700 "$dir"
	[ -z "$(server)" ] || ! answers || return 0
	install_data
	# Its own tmpdir: a server that starts removes the temporary tables it finds there, other servers' too.
	safe='--innodb-flush-log-at-trx-commit=2 --innodb-doublewrite=0 --innodb-flush-method=nosync --debug-no-sync'
	[ "${DURABLE:-0}" = 0 ] || safe='--innodb-flush-log-at-trx-commit=1'
	# shellcheck disable=SC2046,SC2086
	setsid mariadbd --no-defaults $(as_root) --datadir="$dir/data" --tmpdir="$dir" --socket="$sock" --pid-file="$pidfile" \
		--log-error="$log" --skip-networking --skip-name-resolve --skip-log-bin \
		--character-set-server=utf8mb4 --collation-server=utf8mb4_nopad_bin \
		--innodb-buffer-pool-size=64M --innodb-log-file-size=16M $safe \
		--key-buffer-size=64K --aria-pagecache-buffer-size=1M \
		--performance-schema=OFF --max-allowed-packet=16M --max-connections=300 \
		--table-open-cache=800 --table-definition-cache=800 \
		--plugin-maturity=stable "$@" </dev/null >>"$log" 2>&1 &
	left=600
	until answers; do
		left=$((left - 1))
		if [ $left -eq 0 ] || { [ $left -lt 590 ] && ! kill -0 $! 2>/dev/null; }; then
			say "the server did not come up, see $log"
			tail -5 "$log" >&2 || true
			exit 1
		fi
		sleep 0.1
	done
}

stop() {
	pid=$(server)
	[ -n "$pid" ] || return 0
	kill -"$1" "$pid"
	left=300
	while kill -0 "$pid" 2>/dev/null && [ -n "$(server)" ]; do
		left=$((left - 1))
		[ $left -gt 0 ] || {
			say "the server $pid does not end"
			exit 1
		}
		sleep 0.1
	done
	rm -f "$pidfile" "$sock"
}

case $verb in
start) start "$@" ;;
stop) stop TERM ;;
kill) stop KILL ;;
status) [ -n "$(server)" ] && answers ;;
*) usage ;;
esac
