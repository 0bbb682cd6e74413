#!/bin/sh
# rollout.sh PROGRAM - migrating many tenants: some first, several at once, one that fails, killed; prints TAP.
# shellcheck disable=SC2317 # functions are called through ok()
set -u
bsxctl=${1:?usage: rollout.sh PROGRAM}
dir=${BSX_TEST_DB:?run tests/store/run}/rollout
conf=$dir/blindspotx.conf
# shellcheck source=tests/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"
# shellcheck source=tests/lib/bsxctl.sh
. "$(dirname "$0")/../lib/bsxctl.sh"

schema_of() { sql "SELECT schema_name FROM testroll.tenants WHERE slug = '$1'"; }
until_so() { # until_so CONDITION... : asked again until it is so, for half a minute
	tries=0
	until "$@"; do
		tries=$((tries + 1))
		[ $tries -lt 600 ] || return 1
		sleep 0.05
	done
}

rm -rf "$dir"
mkdir -p "$dir"
cat >"$conf" <<TEXT
public_url = "http://127.0.0.1:8080";
state_dir = "$dir/state";
keyring = "$dir/state/keyring";
user = "$(id -un)";
rules_dir = "$PWD/etc/rules";
sources_dir = "$PWD/etc/sources";
db = { socket = "$BSX_TEST_DB/mariadb.sock"; control = "testroll"; user = "testroll"; provision_user = "root"; };
TEXT
printf 'correct horse battery staple\n' >"$dir/password"
ok "an installation" run 0 init
all='alpha bravo charlie delta echo foxtrot platform'
for slug in $all; do
	run 0 tenant create "$slug" --name "$slug" --admin "a@$slug.example" --password-file "$dir/password" || ok "tenant $slug" false
done
newest=$(sql "SELECT MAX(schema_version) FROM testroll.tenants")
former=$((newest - 12))

# As after an older program: their last migrations are not there.
make_behind() { # make_behind SLUG...
	for slug in "$@"; do
		schema=$(schema_of "$slug")
		sql "DELETE FROM $schema.schema_migrations WHERE version > $former; UPDATE testroll.tenants SET schema_version = $former WHERE slug = '$slug'"
	done
}
behind() { sql "SELECT COUNT(*) FROM testroll.tenants WHERE schema_version < $newest"; }
are_behind() { [ "$(behind)" -eq "$1" ]; }
# The first statement for each tenant that something is done for makes its schema; the control schema's is one of them.
made() { sql "SHOW GLOBAL STATUS LIKE 'Com_create_db'" | cut -f2; }
does() { # does N ARGUMENT... : something is done for so many tenants, and all is well then
	for_so_many=$1
	shift
	made_before=$(made)
	run 0 "$@" && [ $(($(made) - made_before - 1)) -eq "$for_so_many" ]
}
lines() { [ "$(wc -l <"$dir/$1")" -eq "$2" ]; }
all_is_well() { run 0 migrate --check && run 0 tenant status --behind && run 0 doctor && run 0 audit verify; }

ok "nothing is done for tenants that lack nothing" does 0 migrate --jobs 4
ok "... which is said" says ': 0 brought up to date, 0 repaired, 7 were already'

# ---- some first ----

# shellcheck disable=SC2086
make_behind $all
ok "the first two alone" does 2 migrate --first 2 --json
ok "... the platform before all" sh -c "head -n 1 '$dir/out' | grep -q '\"slug\":\"platform\".*\"from\":$former,\"applied\":12}'"
ok "... then the one that was made first" sh -c "sed -n 2p '$dir/out' | grep -q '\"slug\":\"alpha\"'"
ok "... and in the end what it came to" sh -c "sed -n 3p '$dir/out' | grep -q '^{\"tenants\":2,\"migrated\":2,\"repaired\":0,\"current\":0,\"failed\":0,\"behind\":5}\$'"
ok "... five are left" are_behind 5
ok "it says how to go on" runs_and_says '4 more are behind.*bsxctl migrate --first N' 0 migrate --first 1
ok "more than there are is all of them" does 4 migrate --first 1000 --jobs 2
ok "... and nobody is behind" all_is_well
sql "REVOKE INSERT ON $(schema_of echo).* FROM '$(schema_of echo)'@'localhost'"
ok "one that lacks a right is repaired, and it alone" does 1 migrate --json
ok "... which is no migration" says '"migrated":0,"repaired":1,"current":6,'
procedure=$(sql "SELECT MIN(ROUTINE_NAME) FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = 'testroll'")
sql "REVOKE EXECUTE ON PROCEDURE testroll.$procedure FROM '$(schema_of echo)'@'localhost'"
ok "... so is one that may not call a procedure" does 1 migrate
sql "REVOKE TRIGGER ON $(schema_of echo).* FROM testrolldefiner@localhost"
ok "... one that the procedures cannot look into" does 1 migrate
sql "ALTER USER '$(schema_of echo)'@'localhost' IDENTIFIED BY 'of another keyring'"
ok "... and one whose password is not that of the keyring" does 1 migrate

# ---- one that fails ----

# shellcheck disable=SC2086
make_behind $all
charlie=$(schema_of charlie)
sql "RENAME TABLE $charlie.users TO $charlie.users_kept; CREATE VIEW $charlie.users AS SELECT 1 AS id"
sql "DELETE FROM $charlie.schema_migrations WHERE version > 1"
ok "a schema with something in the way does not stop the others" run 1 migrate --jobs 3
ok "... it is named with what was in the way" says "^bsxctl: tenant charlie: .*users' is not of type 'BASE TABLE'.*applying statement"
ok "... and how to go on" says '1 failed, 6 are up to date.*run it again'
ok "... by nobody else's name" test "$(grep -c '^bsxctl: tenant' "$dir/err")" -eq 1
ok "... all others are up to date" are_behind 1
platform=$(schema_of platform)
ok "... the trail says so" test "$(sql "SELECT COUNT(*) FROM $platform.audit WHERE action = 'schema.migrate' AND outcome = 'failure' AND details LIKE '%\"failed\":1%'")" -eq 1
ok "it fails again, as JSON" runs_and_says '"slug":"charlie",.*"error":".*","detail":".*BASE TABLE' 1 migrate --json
sql "DROP VIEW $charlie.users; RENAME TABLE $charlie.users_kept TO $charlie.users"
ok "once that is put right the same goes on with it alone" does 1 migrate --jobs 3
ok "... and all is well" all_is_well

# ---- killed ----

# A tenant in whose schema somebody else works, so that whoever comes to it waits; $holder: the one to wait for.
hold() {
	mariadb --no-defaults --socket="$BSX_TEST_DB/mariadb.sock" --user=root --unbuffered -N -B "$(schema_of "$1")" \
		-e "START TRANSACTION; UPDATE schema_lock SET id = 1 WHERE id = 1; SELECT 'held'; SELECT SLEEP(100)" >"$dir/held" 2>&1 &
	holder=$!
	until_so grep -qs held "$dir/held"
}
let_go() {
	sql "KILL $(sql "SELECT id FROM information_schema.PROCESSLIST WHERE info LIKE 'SELECT SLEEP(100%'")"
	wait "$holder" 2>/dev/null
}
start() { # start ARGUMENT... : in the background; $pid
	"$bsxctl" -c "$conf" "$@" >"$dir/out" 2>"$dir/err" </dev/null &
	pid=$!
}
ended() { # ended STATUS
	got=0
	wait "$pid" || got=$?
	[ "$got" -eq "$1" ]
}
has_a_process() { pgrep -P "$pid" >/dev/null; }
are_gone() { ! pgrep -f "^$bsxctl -c $conf" >/dev/null; }

# shellcheck disable=SC2086
make_behind $all
ok "somebody works in one" hold delta
start migrate --jobs 4
ok "the others are done meanwhile" until_so are_behind 1
kill -9 "$pid"
ok "killed, it ends" ended 137
ok "... and so do its processes" until_so are_gone
start migrate --jobs 2
ok "another comes to the same one" until_so has_a_process
for child in $(pgrep -P "$pid"); do kill -9 "$child"; done
ok "when its processes are killed it fails" ended 1
ok "... and names what is not done" says '^bsxctl: tenant delta: The process that was to do it has ended before'
let_go
ok "run again, that is done" run 0 migrate --jobs 2
ok "... and all is well" all_is_well

# shellcheck disable=SC2086
make_behind $all
began=$(date +%s%N)
run 0 migrate --jobs 4
whole=$((($(date +%s%N) - began) / 1000000))
reached=''
for percent in 45 90; do
	# shellcheck disable=SC2086
	make_behind $all
	at=$((whole * percent / 100))
	timeout -s KILL "$(printf '%d.%03d' $((at / 1000)) $((at % 1000)))" "$bsxctl" -c "$conf" migrate --jobs 4 >"$dir/out" 2>"$dir/err" </dev/null
	until_so are_gone
	reached="$reached $(behind)"
	ok "killed at $percent % of the way, it is finished by another" run 0 migrate --jobs 4
	ok "... and all is well" all_is_well
done
echo "# behind when it was killed:$reached of 7"

# ---- for who looks on ----

ok "at a terminal it says how far it is" sh -c "script -qec '$bsxctl -c $conf migrate' /dev/null </dev/null | grep -q 'migrate: 7 of 7 tenants, 0 failed'"
ok "... elsewhere nothing of that" run 0 migrate
ok "... is on standard error" lines err 0
for slug in $all; do
	schema=$(schema_of "$slug")
	sql "DROP DATABASE $schema; DROP USER $schema@localhost"
done
sql "DROP DATABASE testroll; DROP USER testroll@localhost, testrolldefiner@localhost"
echo "1..$n"
exit $bad
