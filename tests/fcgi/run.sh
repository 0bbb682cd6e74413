#!/bin/sh
# run.sh [BUILD] - the responder from outside: sockets, signals, workers, CGI, and the web-server
# examples of etc/ through the real servers.  Prints TAP lines and "N passed, N failed".
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
build=${1:-${BUILD:-$root/build}}
PATH=$PATH:/usr/sbin:/usr/local/sbin
export PATH
exec node "$root/tests/fcgi/responder.mjs" "$build"
