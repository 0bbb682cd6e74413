#!/bin/sh
# rooms.sh - what holds the rooms apart: tools/check-includes on trees of a few files; prints TAP.
# shellcheck disable=SC2317 # functions are called through ok()
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d "${TMPDIR:-/tmp}/bsx-rooms.XXXXXX")
trap 'rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM
# shellcheck source=tests/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

tree=$dir/tree
mkdir -p "$tree/tools" "$tree/core" "$tree/drift"
cp "$root/tools/rooms" "$root/tools/check-includes" "$tree/tools/"

# passes FILE HEADER : a tree whose FILE includes HEADER and nothing else
passes() {
	rm -rf "$tree/core" "$tree/drift" "$tree/fcgi"
	mkdir -p "$tree/core" "$tree/drift" "$tree/fcgi" "$tree/$(dirname "$1")"
	echo "#include \"$2\"" >"$tree/$1"
	"$tree/tools/check-includes" >"$dir/out" 2>&1
}
refuses() { ! passes "$1" "$2" && grep -q "^$1:1: .* must not include" "$dir/out"; }

ok "a room includes its own headers" passes fcgi/drift/configs.c fcgi/drift/drift.h
ok "a room includes what it may use" passes fcgi/drift/configs.c drift/service/config.h
ok "a room includes what those may use" passes fcgi/drift/configs.c drift/golden/golden.h
ok "a room includes nothing above it" refuses drift/service/config.c fcgi/drift/drift.h
for room in fcgi fcgi/admin fcgi/auth fcgi/drift fcgi/ops fcgi/console; do
	ok "$room includes no header of the store" refuses $room/planted.c core/store/db.h
	ok "$room includes no header of the store's tables" refuses $room/planted.h core/store/drift/config.h
done
ok "what stands between includes the store" passes drift/service/config.c core/store/drift/config.h
echo "1..$n"
exit $bad
