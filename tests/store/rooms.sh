#!/bin/sh
# rooms.sh - what holds the rooms apart: tools/check-includes and tools/check-rooms on trees of a few files; prints TAP.
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

# calls BODY : a tree of rooms whose upper one does that
cp "$root/tools/check-rooms" "$tree/tools/"
calls() {
	cat >"$tree/tools/rooms" <<ROOMS
core/rows             -                                   # rows
drift/service         core/rows                           # between
fcgi/drift            drift/service !!core/rows           # routes
ROOMS
	rm -rf "$tree/core" "$tree/drift" "$tree/fcgi" "$tree/build"
	mkdir -p "$tree/core/rows" "$tree/drift/service" "$tree/fcgi/drift"
	echo 'void row_read(void); void row_read(void) { } const int row_schema = 1, row_limit = 1;' >"$tree/core/rows/row.c"
	echo 'void row_read(void); void row_see(void); void row_see(void) { row_read(); }' >"$tree/drift/service/row.c"
	echo "extern const int row_schema, row_limit; void row_see(void), row_read(void);" \
		"const void *route(void); const void *route(void) { $1; }" >"$tree/fcgi/drift/rows.c"
	for src in core/rows/row drift/service/row fcgi/drift/rows; do
		mkdir -p "$tree/build/$(dirname $src)"
		cc -fPIC -c -o "$tree/build/$src.o" "$tree/$src.c" || return 1
	done
	"$tree/tools/check-rooms" build cc '' >"$dir/out" 2>&1
}
calls_refused() { ! calls "$2" && grep -q "not to call what stands in core/rows" "$dir/out" && grep -q "	$1\$" "$dir/out"; }
ok "a route calls what stands between" calls 'row_see(); return 0'
ok "a route shows a row of the store by its table" calls 'return &row_schema'
ok "a route does not call the store, whatever it includes" calls_refused row_read 'row_read(); return 0'
ok "a route takes nothing else from the store" calls_refused row_limit 'return &row_limit'
echo "1..$n"
exit $bad
