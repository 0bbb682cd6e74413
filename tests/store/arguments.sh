#!/bin/sh
# arguments.sh PROGRAM - every command of the admin tool with every kind of bad argument, and cut short; prints TAP.
# shellcheck disable=SC2317 # functions are called through ok()
set -u
bsxctl=${1:?usage: arguments.sh PROGRAM}
dir=${BSX_TEST_DB:?run tests/store/run}/arguments
conf=$dir/blindspotx.conf
# shellcheck source=tests/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"
# shellcheck source=tests/lib/bsxctl.sh
. "$(dirname "$0")/../lib/bsxctl.sh"

# Schemas, accounts, rights, registry and keys; files with owner and mode: whatever a command could make.
everything() {
	sql "SELECT schema_name FROM information_schema.schemata ORDER BY 1;
		SELECT Host, User, Priv FROM mysql.global_priv ORDER BY 1, 2; SELECT * FROM mysql.db ORDER BY 1, 2, 3;
		SELECT Host, Db, User, Routine_name FROM mysql.procs_priv ORDER BY 1, 2, 3, 4"
	sql "SELECT * FROM testargs.tenants; SELECT * FROM testargs.tenant_keys; SELECT * FROM testargs.signing_keys" 2>&1
	find "$dir/state" -printf '%P %u %g %m\n' 2>&1 | sort
}
# The usage goes to stderr, nothing else is said, and nothing is made.
is_usage() { run 2 "$@" && grep -q '^usage: bsxctl ' "$dir/err" && [ ! -s "$dir/out" ]; }
is_misuse() { is_usage "$@" && is_unchanged; }
is_unchanged() { everything | cmp -s - "$dir/before"; }
# Refused, with a sentence, and nothing is made.
is_refused() {
	run 1 "$@" && grep -q '^bsxctl: ' "$dir/err" && [ ! -s "$dir/out" ] && is_unchanged
}
is_misuse_or_name() { is_misuse tenant create acme --name Acme --admin a@acme.example --display-name "$1"; }
is_help() {
	run 0 "$@" && grep -q '^usage: bsxctl ' "$dir/out" && [ ! -s "$dir/err" ]
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
db = { socket = "$BSX_TEST_DB/mariadb.sock"; control = "testargs"; user = "testargs"; provision_user = "root"; };
TEXT
# shellcheck disable=SC2016 # the backquotes are SQL's
forget() {
	for schema in $(sql "SELECT schema_name FROM testargs.tenants" 2>/dev/null); do
		sql "DROP DATABASE IF EXISTS $schema; DROP USER IF EXISTS $schema@localhost"
	done
	sql "DROP DATABASE IF EXISTS testargs; DROP USER IF EXISTS testargs@localhost, testargsdefiner@localhost"
}
forget

commands='init|migrate|tenant|tenant create|tenant list|config|config check|config show|config example|config man|keys|keys list|keys add|keys use|keys rotate|audit|audit verify|ends|grant|grant list|grant revoke|source|source try|completion|doctor'

# ---- before anything is there, and after ----

for when in "before init" "after init"; do
	[ "$when" = "before init" ] || ok "init" run 0 init
	everything >"$dir/before"
	IFS='|'
	for command in $commands; do
		IFS=' '
		for arguments in --help -h "surplus --help" "--frobnicate -h" "--help --frobnicate" "--name x --help"; do
			# shellcheck disable=SC2086
			ok "$when: $command $arguments is an answer" is_help $command $arguments
		done
		for arguments in --frobnicate -x "surplus surplus" "--force=yes --check=no" "--owner" "--name"; do
			# shellcheck disable=SC2086
			ok "$when: $command $arguments is misuse" is_usage $command $arguments
		done
		ok "$when: ... and $command has made nothing" is_unchanged
	done
done
unset IFS
for arguments in "tenant drop acme" "keys turn" "config frobnicate" "keys rotate --force --force" "keys rotate --force --keyring" "keys rotate --dry-run" "keys rotate --tenant" "keys rotate --tenant a --tenant b" "keys rotate --tenant a --keyring" "keys rotate --keyring x" "keys use" "keys use x" "keys use 0" "keys use 4294967296" "keys use 1 2" "keys add 2" "keys list --force" "audit check" "audit export" "audit export --json acme" "audit export acme --json" "audit export acme file more" "tenant list acme" "grant list --behind" "grant revoke" "audit verify acme globex" \
	"completion" "completion fish" "completion bash zsh" "source try" "source try --param x entra" "source try entra --tenant acme" "source try entra --record a --record b" \
	"source try 0198c0de-0000-7000-8000-000000000001 --param a=b" \
	"migrate --check --check now" "migrate --check --json" "migrate --check --first 2" "migrate --first 0" "migrate --first -1" "migrate --first" \
	"migrate --first two" "migrate --first 1 --first 2" "migrate --jobs 0" "migrate --jobs 17" "migrate --jobs 2 --jobs 2" "init --owner" "init --owner a --owner b" "tenant create" "tenant create acme" \
	"tenant create acme --name Acme" "tenant create acme --admin a@acme.example" \
	"tenant create --name Acme --admin a@acme.example" "tenant create a1 a2 --name Acme --admin a@acme.example" \
	"tenant create acme --name A --name B --admin a@acme.example" \
	"tenant create acme --name A --admin a@acme.example --admin b@acme.example" \
	"tenant create acme --name A --admin a@acme.example --password-file"; do
	# shellcheck disable=SC2086
	ok "$arguments is misuse" is_misuse $arguments
done
if [ "$(id -u)" -eq 0 ]; then
	ok "an owner who is no user is misuse" is_misuse init --owner no-such-user
	ok "... and an empty one" is_misuse init --owner ''
fi

# ---- values ----

long=$(printf '%0300d' 0)
for slug in '' a A 'A B' -acme acme- acme_x 'acme;' "acme'" 'acme`x' äcme "$long" .. mysql/x; do
	ok "the slug '$(printf %.20s "$slug")' is misuse" is_misuse tenant create --name Acme --admin a@acme.example -- "$slug"
done
for name in '' ' ' "$(printf 'a\nb')" "$(printf 'a\033b')" "$(printf '\377')" "$long"; do
	ok "the name '$(printf %.20s "$name" | tr -c 'a-z0-9 ' '?')' is misuse" is_misuse tenant create acme --name "$name" --admin a@acme.example
	ok "... and as the administrator's" is_misuse_or_name "$name"
done
for email in '' a @ a@ @b 'a b@c' "$(printf 'a@b\nc')" nobody "$long@acme.example" "$(printf '\377@b')"; do
	ok "the address '$(printf %.20s "$email" | tr -c 'a-z0-9@ ' '?')' is misuse" is_misuse tenant create acme --name Acme --admin "$email"
done

# ---- passwords ----

refused() { # refused NAME TEXT
	printf '%s\n' "$2" >"$dir/password"
	ok "a password that is $1 is refused" is_refused tenant create acme --name Acme --admin a@acme.example --password-file "$dir/password"
}
refused empty ''
refused short 'nine char'
refused common 'password1234567890'
refused "one run of keys" 'qwertyuiopasdfghjkl'
refused "the tenant's name and address" 'acme-acme-a@acme.example'
refused "too long" "$long$long$long$long"
refused "no UTF-8" "$(printf 'correct horse \377 battery staple')"
ok "a password file that is not there is refused" is_refused tenant create acme --name Acme --admin a@acme.example --password-file "$dir/none"
ok "... and one that is a folder" is_refused tenant create acme --name Acme --admin a@acme.example --password-file "$dir"
ok "... and standard input with nothing in it" is_refused tenant create acme --name Acme --admin a@acme.example --password-file -

# ---- who may not provision ----

sql "CREATE OR REPLACE USER testargspoor@localhost; GRANT SELECT ON *.* TO testargspoor@localhost"
sed 's/provision_user = "root"/provision_user = "testargspoor"/' "$conf" >"$dir/poor.conf"
sed 's/provision_user = "root"/provision_user = "nobody-at-all"/' "$conf" >"$dir/stranger.conf"
conf_was=$conf
everything >"$dir/before"
for who in poor stranger; do
	conf=$dir/$who.conf
	ok "without the right to make accounts ($who) no tenant is begun" is_refused tenant create acme --name Acme --admin a@acme.example
	ok "... and the sentence names the way" says 'db.provision_user'
done
conf=$conf_was
sql "DROP USER testargspoor@localhost"

# ---- cut short ----

printf 'correct horse battery staple\n' >"$dir/password"
make_tenant() { "$bsxctl" -c "$conf" tenant create "$1" --name "Cut" --admin a@cut.example --password-file "$dir/password"; }
users() { # users SLUG
	schema=$(sql "SELECT schema_name FROM testargs.tenants WHERE slug = '$1'")
	[ -n "$schema" ] && sql "SELECT COUNT(*) FROM $schema.users" 2>/dev/null || echo 0
}
status() { sql "SELECT status FROM testargs.tenants WHERE slug = '$1'"; }
# Whatever the instant: the list and doctor call it unfinished, or it is there and has one administrator.
is_told() {
	case $(status "$1") in
	active) [ "$(users "$1")" = 1 ] && runs_and_says "^$1 .*active" 0 tenant list ;;
	provisioning) runs_and_says "^$1 .*unfinished" 0 tenant list && says "tenant create $1 --name" &&
		runs_and_says "WRONG tenant $1 was not finished" 1 doctor ;;
	*) run 0 tenant list && ! says "$1" ;;
	esac
}
is_finished() {
	if [ "$(status "$1")" = active ]; then
		make_tenant "$1" >"$dir/out" 2>"$dir/err" && return 1
		says exists || return 1
	else
		make_tenant "$1" >"$dir/out" 2>"$dir/err" || return 1
	fi
	[ "$(status "$1")" = active ] && [ "$(users "$1")" = 1 ] && run 0 doctor
}
# took COMMAND... : how long it takes, in ms; cuts are made at hundredths of that
took() {
	began=$(date +%s%N)
	"$@" >"$dir/out" 2>"$dir/err" </dev/null
	echo $((($(date +%s%N) - began) / 1000000))
}
cut_at() { # cut_at PERCENT MS COMMAND...
	at=$(($1 * $2 / 100 + 1))
	shift 2
	timeout -s KILL "$(printf '%d.%03d' $((at / 1000)) $((at % 1000)))" "$@" >"$dir/out" 2>"$dir/err" </dev/null
}
whole=$(took make_tenant whole)
reached=''
for percent in 2 10 20 30 40 50 60 70 80 90 97 105; do
	slug=cut$percent
	cut_at $percent "$whole" "$bsxctl" -c "$conf" tenant create "$slug" --name "Cut" --admin a@cut.example \
		--password-file "$dir/password"
	reached="$reached $(status "$slug"):$(users "$slug")"
	ok "a tenant cut short at $percent % of its making is told as it is" is_told "$slug"
	ok "... and making it again finishes it" is_finished "$slug"
done
echo "# where it was cut:$reached"
# The last instant, which no clock hits: the administrator is made, and nobody was told.
slug=cutlast
make_tenant $slug >/dev/null
sql "UPDATE testargs.tenants SET status = 'provisioning' WHERE slug = '$slug'"
ok "a tenant whose administrator nobody was told of is told as unfinished" is_told $slug
ok "... and gets another in his place" is_finished $slug
ok "an answer that cannot be written leaves the tenant unfinished" sh -c "! '$bsxctl' -c '$conf' tenant create full --name Full --admin a@full.example >/dev/full 2>'$dir/err'"
ok "... and told so" is_told full
ok "... until it is made again" is_finished full

# at_once A-ARGUMENTS... : two of the same at the same time; $first and $second are their statuses
at_once() {
	first=0 second=0
	"$bsxctl" -c "$conf" "$@" >"$dir/out" 2>"$dir/err" </dev/null &
	"$bsxctl" -c "$conf" "$@" >"$dir/out.2" 2>"$dir/err.2" </dev/null || second=$?
	wait $! || first=$?
}
one_made_it() { [ "$first $second" = '0 1' ] || [ "$first $second" = '1 0' ]; }
ok_both() { [ "$first $second" = '0 0' ]; }
at_once tenant create twin --name Twin --admin a@twin.example
ok "of two that make the same tenant at once one makes it" one_made_it
ok "... and it has one administrator" test "$(status twin):$(users twin)" = active:1

begin_anew() {
	forget
	rm -rf "$dir/state"
}
begin_anew
at_once init
ok "two inits at once both end well" ok_both
ok "... with one signing key" test "$(sql "SELECT COUNT(*) FROM testargs.signing_keys WHERE state = 'active'")" -eq 1
begin_anew
whole=$(took "$bsxctl" -c "$conf" init)
for percent in 1 2 5 10 20 35 50 65 80 95; do
	begin_anew
	cut_at $percent "$whole" "$bsxctl" -c "$conf" init
	ok "an init cut short at $percent % of its making is finished by another" run 0 init
	ok "... and leaves nothing to complain of" run 0 doctor
done
forget
echo "1..$n"
exit $bad
