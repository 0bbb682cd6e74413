#!/bin/sh
# migrations.sh - what guards the released migrations: tools/check-migrations and the build; prints TAP.
# shellcheck disable=SC2317 # functions are called through ok()
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d "${TMPDIR:-/tmp}/bsx-migrations.XXXXXX")
trap 'rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM
# shellcheck source=tests/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

passes() { "$root/tools/check-migrations" "$tree" >"$dir/out" 2>&1; }
refuses() { ! passes && grep -q -- "$1" "$dir/out"; } # refuses TEXT
in_git() { git -C "$tree" -c user.name=t -c user.email=t@example.org -c commit.gpgsign=false "$@" >"$dir/out" 2>&1; }
sum() { sha256sum <"$1" | cut -d' ' -f1; }

# A tree of its own, with the migrations of this one.
fresh() {
	tree=$dir/tree
	rm -rf "$tree"
	mkdir -p "$tree/tools" "$tree/etc"
	cp "$root/etc/mariadb.cnf" "$tree/etc/"
	cp -R "$root/db" "$tree/db"
	cp "$root/GNUmakefile" "$tree/"
	cp "$root/tools/embed-sql" "$tree/tools/"
}
fresh_in_git() {
	fresh
	in_git init -q && in_git add db etc && in_git commit -q -m one
}
released() { sed -n "s|^[0-9a-f]*  \($1/.*\)|\1|p" "$tree/db/released" | tail -n 1; }
release() { # release FILE : makes it and its line
	echo 'SELECT 1' >"$tree/db/$1"
	echo "$(sum "$tree/db/$1")  $1" >>"$tree/db/released"
}

fresh
last=$(released tenant)
ok "this tree's migrations are as released, without git too" passes
echo '-- once more' >>"$tree/db/$last"
ok "a changed file is refused by name" refuses "$last is released, and was changed"
fresh
rm "$tree/db/$last"
ok "a removed file is refused by name" refuses "$last is released, and gone"
fresh
mv "$tree/db/$last" "$tree/db/tenant/9999_other.sql"
ok "a renamed file is refused as gone" refuses "$last is released, and gone"
ok "... and as not released" refuses 'tenant/9999_other.sql is not in db/released: add the line'
fresh
release tenant/9001_new.sql
ok "a new one with its line is taken" passes
release tenant/0000_early.sql
ok "a number that is below a released one is refused" refuses 'the numbers of tenant do not rise'
fresh
for i in $(seq 9001 9020); do release "tenant/${i}_new.sql"; done
sed -i '1s/^-- [0-9]*/-- 9000/' "$tree/db/flat.sql"
ok "a flat text that is twenty behind is taken" passes
release tenant/9021_new.sql
ok "... and one that is more is not" refuses 'flat.sql is 21 migrations behind'
fresh
sed -i 's/of [0-9]* tables/of 7 tables/' "$tree/etc/mariadb.cnf"
ok "tables that are counted otherwise than they are" refuses 'etc/mariadb.cnf counts other tables'

fresh_in_git
ok "with its history" passes
release control/9001_new.sql
ok "a new line on top of the history" passes
in_git commit -q -a -m two
fresh_line=$(grep 9001_new "$tree/db/released")
echo 'SELECT 2' >"$tree/db/control/9001_new.sql"
sed -i "s|$fresh_line|$(sum "$tree/db/control/9001_new.sql")  control/9001_new.sql|" "$tree/db/released"
ok "a changed file whose line was changed with it is found in the history" refuses 'has lost or changed what commit'
in_git commit -q -a -m three
ok "... and when that is committed too" refuses 'has lost or changed what commit'
rm "$tree/db/control/9001_new.sql"
sed -i '/9001_new/d' "$tree/db/released"
in_git commit -q -a -m four
ok "a line that vanished with its file" refuses 'has lost or changed what commit'
git clone -q --depth 1 "file://$tree" "$dir/shallow" 2>"$dir/out"
tree=$dir/shallow
ok "a shallow clone is held against what it has" passes

table() { make -C "$tree" -s BUILD="$dir/build" "$dir/build/db/migrations.c" >"$dir/out" 2>&1; }
has() { grep -qF "\"$1\"" "$dir/build/db/migrations.c"; }
lacks() { ! has "$1"; }
fresh
ok "the build makes the table" table
before=$(stat -c %y "$dir/build/db/migrations.c")
ok "... not again when nothing has changed" table
ok "... which is so" test "$before" = "$(stat -c %y "$dir/build/db/migrations.c")"
ok "the newest is in it" has "$last"
mv "$tree/db/$last" "$tree/db/tenant/9999_other.sql"
ok "a renamed one" table
ok "... is in it under its new name" has tenant/9999_other.sql
ok "... and not under the old" lacks "$last"
rm "$tree/db/tenant/9999_other.sql"
ok "a removed one" table
ok "... is not in it" lacks tenant/9999_other.sql
echo 'late 9999 tenant' >>"$tree/db/former"
ok "a changed list of what was landed otherwise" table
ok "... is in it too" grep -q 'late = true' "$dir/build/db/migrations.c"
touch "$tree/db/tenant/0001_twice.sql"
ok "two of one number stop the build" sh -c '! make -C "$1" -s BUILD="$2" "$2/db/migrations.c" >"$3" 2>&1' sh "$tree" "$dir/build" "$dir/out"
ok "... and are named" grep -q 'two migrations of tenant have the number 0001' "$dir/out"
echo "1..$n"
exit $bad
