#!/bin/sh
# bsxctl.sh PROGRAM - the admin tool from outside, on the server of tests/store/run; prints TAP.
# shellcheck disable=SC2317 # functions are called through ok()
set -u
bsxctl=${1:?usage: bsxctl.sh PROGRAM}
dir=${BSX_TEST_DB:?run tests/store/run}/bsxctl
conf=$dir/blindspotx.conf
# shellcheck source=tests/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"
# shellcheck source=tests/lib/bsxctl.sh
. "$(dirname "$0")/../lib/bsxctl.sh"

mode_is() { [ "$(stat -c %a "$1")" = "$2" ]; }
password_in_nothing() { ! grep -rqs -- "$1" "$BSX_TEST_DB"/mariadb.log "$dir/state" && ! sql "SELECT * FROM mysql.global_priv; SELECT * FROM testctl.tenants" | grep -q -- "$1"; }
secrets_are_not_shown() {
	secret=$(sed -n 's/^[0-9]* //p' "$dir/state/keyring" | head -n 1)
	[ -n "$secret" ] || return 1
	for command in 'config show' 'keys list' doctor 'tenant list'; do
		# shellcheck disable=SC2086
		"$bsxctl" -c "$conf" $command 2>&1 | grep -qF -- "$secret" && return 1
	done
	return 0
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
db = { socket = "$BSX_TEST_DB/mariadb.sock"; control = "testctl"; user = "testctl"; provision_user = "root"; };
TEXT
sql "DROP DATABASE IF EXISTS testctl; DROP USER IF EXISTS testctl@localhost, testctldefiner@localhost"

ok "without a command it says how it is called" runs_and_says '^usage: bsxctl' 2
ok "--help is an answer, not a fault" runs_and_says 'tenant ' 0 --help
for command in init migrate tenant config keys audit doctor; do
	ok "$command --help" runs_and_says "^usage: bsxctl .*$command" 0 "$command" --help
done
ok "an unknown command is refused" runs_and_says 'no command frobnicate' 2 frobnicate
ok "an unknown option is refused" run 2 init --frobnicate
ok "the configuration is checked" runs_and_says 'can be used' 0 config check
ok "the example has every section" runs_and_says '^#.*keyring' 0 config example

# ---- completion ----

# offered WORD... : what bash offers in place of the last one, a line each
offered() {
	# shellcheck disable=SC2016 # of that bash
	bash -c '. <("$0" completion bash) && complete -p bsxctl >/dev/null && COMP_WORDS=(bsxctl "$@") COMP_CWORD=$# && _bsxctl && printf "%s\n" "${COMPREPLY[@]}"' "$bsxctl" "$@" 2>&1 | sort
}
offers() { # offers "WORD WORD" WORD... : these and no others
	due=$(printf '%s\n' $1 | sort)
	shift
	got=$(offered "$@")
	[ "$got" = "$due" ] || { echo "# $got" && return 1; }
}
# Each command by its own help: what stands there as an option, and nothing else.
offers_options_of_each() {
	run 0 commands
	cut -f1 "$dir/out" >"$dir/names"
	[ "$(wc -l <"$dir/names")" -gt 25 ] || return 1
	while read -r name; do
		# shellcheck disable=SC2086
		run 0 $name --help
		due=$(grep -o -- '--[a-z][a-z-]*' "$dir/out" | sort -u | tr '\n' ' ')
		# shellcheck disable=SC2086
		offers "$due--help" $name -- || { echo "# $name" && return 1; }
	done <"$dir/names"
}
second_words() { run 0 commands && cut -f1 "$dir/out" | sed -n "s/^$1 //p" | tr '\n' ' '; }
first_words() { run 0 commands && cut -f1 "$dir/out" | cut -d' ' -f1 | sort -u | tr '\n' ' '; }
ok "bash completes first words" offers "$(first_words)-c --help --version" ''
ok "... those of a group" offers "$(second_words tenant)--help" tenant ''
ok "... as far as they fit, behind another configuration" offers 'suspend' -c "$conf" tenant sus
ok "... options, also behind values" offers '--jobs --json' migrate --first 3 --j
ok "... of each command, all that its help names" offers_options_of_each
ok "... and leaves what is no word of ours to files" offers '' -c ''
ok "there is one for zsh too" runs_and_says '^#compdef bsxctl' 0 completion zsh
ok "... and for no other" run 2 completion fish

# ---- source packs ----

source_manual() {
	run 0 source man && sed -e '1,/^\.\\" BEGIN MEMBERS/d' -e '/^\.\\" END MEMBERS/,$d' drift/source/blindspotx-source.5 | cmp - "$dir/out"
}
ok "the manual of source packs has their members (make conf-docs)" source_manual
ok "each source pack that ships can be used" runs_and_says 'entra\.json: .*collections' 0 source check
sed 's|"/orgs/{org}/hooks"|"/orgs/{org}/../hooks"|' etc/sources/github.json >"$dir/github.json"
ok "one that cannot be used is told by file, place and reason" runs_and_says '/github\.json:/collections/[0-9]*/path: must not have steps of dots' 1 source check etc/sources/entra.json "$dir/github.json"
ok "doctor before init names what is missing" runs_and_says 'WRONG.*bsxctl init' 1 doctor
ok "a tenant before init is refused" run 1 tenant create early --name Early --admin a@early.example
ok "init makes the keyring and the control schema" runs_and_says 'schema testctl' 0 init
ok "the keyring is for its owner only" mode_is "$dir/state/keyring" 600
cp "$dir/state/keyring" "$dir/keyring.first"
ok "init again keeps the keyring" run 0 init
ok "... byte by byte" cmp -s "$dir/state/keyring" "$dir/keyring.first"
ok "migrate has nothing to do" runs_and_says 'control schema: version' 0 migrate
# ---- a keyring from elsewhere: the same one, while its own file is out of the way ----
here=$conf
mkdir "$dir/credentials"
mv "$dir/state/keyring" "$dir/credentials/bsx"
chmod 400 "$dir/credentials/bsx"
CREDENTIALS_DIRECTORY=$dir/credentials
export CREDENTIALS_DIRECTORY
conf=$dir/credential.conf
{ cat "$here" && echo 'keyring_credential = "bsx";'; } >"$conf"
ok "the keyring may be a credential" runs_and_says "^ok .*keyring credential $dir/credentials/bsx, version 1" 0 doctor
ok "... which init takes as it is" runs_and_says '^keyring: from a credential; no file of it is made' 0 init
ok "... and makes none" test ! -e "$dir/state/keyring"
ok "... nor is it changed where it is only a copy" runs_and_says 'comes from elsewhere' 1 keys add
cp "$dir/credentials/bsx" "$dir/keyring.copy"
chmod 600 "$dir/keyring.copy"
ok "... but in the file that is named" runs_and_says '^put .*/keyring.copy where the credential gets it' 0 keys add --file "$dir/keyring.copy"
ok "... where it is next" grep -q '^2 .* next$' "$dir/keyring.copy"
chmod 644 "$dir/credentials/bsx"
ok "one that others can read is refused" runs_and_says 'open to group or others' 1 keys list
chmod 400 "$dir/credentials/bsx"
CREDENTIALS_DIRECTORY=$dir/nowhere
ok "one that is not there is told" runs_and_says "$dir/nowhere/bsx: cannot be opened" 1 keys list
{ cat "$here" && echo 'keyring_credential = "../credentials/bsx";'; } >"$conf"
ok "... and one that is no name" runs_and_says 'no name of a credential' 1 keys list
unset CREDENTIALS_DIRECTORY
conf=$dir/command.conf
{ cat "$here" && echo "keyring_command = [ \"$dir/unwrap\", \"$dir/credentials/bsx\" ];"; } >"$conf"
unwraps() { printf '#!/bin/sh\n%s\n' "$1" >"$dir/unwrap" && chmod 700 "$dir/unwrap"; }
unwraps '[ -z "$HOME" ] && exec cat "$1"'
ok "the keyring may be what a command prints" runs_and_says "^ok .*keyring from command $dir/unwrap, version 1" 0 doctor
ok "... for what opens with it too" runs_and_says 'signing key' 0 keys list
unwraps 'cat "$1"; echo a secret of it >&2; exit 4'
ok "... unless it fails" runs_and_says "command $dir/unwrap: ended with status 4" 1 keys list
nothing_of_it() { ! grep -qF -e 'a secret' -e "$(cut -d' ' -f2 "$dir/credentials/bsx")" "$dir/out" "$dir/err"; }
ok "... of which nothing is told" nothing_of_it
echo 'keyring_credential = "bsx";' >>"$conf"
ok "two sources are one too many" runs_and_says 'both set' 1 keys list
{ cat "$here" && echo 'keyring_command = [ "unwrap" ];'; } >"$conf"
ok "a command is not searched for" runs_and_says "must begin with '/'" 1 keys list
conf=$here
mv "$dir/credentials/bsx" "$dir/state/keyring"
chmod 600 "$dir/state/keyring"
ok "a file again, it is what it was" cmp -s "$dir/state/keyring" "$dir/keyring.first"
ok "doctor is content" runs_and_says 'ok .*signing key' 0 doctor
built=$(dirname "$bsxctl")
ok "... and finds the fetcher beside the responder" says 'ok .*/blindspotx.fcgi is version [0-9.]*, bsx-fetch beside it [0-9.]*$'
mkdir "$dir/bin" "$dir/sbin"
cp "$bsxctl" "$dir/bin/"
bsxctl=$dir/bin/bsxctl
ok "without a responder it says that it has not looked" runs_and_says 'note .*blindspotx.fcgi is neither' 0 doctor
cp "$built/blindspotx.fcgi" "$dir/sbin/"
ok "without the fetcher beside it, as it is installed, it says what follows" runs_and_says 'WRONG .*/sbin/bsx-fetch is not there.*does not start.*make install' 1 doctor
cp "$built/bsx-fetch" "$dir/sbin/"
ok "... with it, all is well" runs_and_says 'ok .*/sbin/blindspotx.fcgi is version' 0 doctor
chmod a-x "$dir/sbin/bsx-fetch"
ok "one that cannot be started is told" runs_and_says 'WRONG .*/sbin/bsx-fetch is not there, or cannot be started' 1 doctor
printf '#!/bin/sh\necho bsx-fetch 9.9.9\n' >"$dir/sbin/bsx-fetch"
chmod 755 "$dir/sbin/bsx-fetch"
ok "... and one of another version" runs_and_says 'WRONG .*bsx-fetch beside it 9.9.9: .*install both' 1 doctor
# shellcheck disable=SC2016 # of the program that is written
for said in 'echo nonsense' 'printf bsx-fetch\ 1' 'exit 1' 'yes bsx-fetch' 'kill -9 $$' 'exec sleep 60'; do
	printf '#!/bin/sh\n%s\n' "$said" >"$dir/sbin/bsx-fetch"
	ok "... and what is none: $said" runs_and_says 'WRONG .*/sbin/bsx-fetch is not there, or cannot' 1 doctor
done
rm -r "${dir:?}/bin" "$dir/sbin"
bsxctl=$built/bsxctl
ok "a tenant needs a name and an administrator" run 2 tenant create acme
ok "a bad slug is refused" runs_and_says '2 to 63' 2 tenant create 'A B' --name x --admin a@acme.example
ok "a tenant is made" runs_and_says '^password: [A-Za-z0-9_-]\{24\}$' 0 tenant create acme --name 'Acme' --admin a@acme.example
password=$(sed -n 's/^password: //p' "$dir/out")
ok "its password is printed once and is nowhere else" password_in_nothing "$password"
ok "a second one of that name is refused" runs_and_says 'exists' 1 tenant create acme --name 'Acme' --admin b@acme.example
printf 'correct horse battery staple\n' >"$dir/password"
ok "a password from a file is not printed" run 0 tenant create globex --name 'Globex' --admin a@globex.example --password-file "$dir/password"
ok "... neither it nor another" test "$(grep -c password "$dir/out")" -eq 0
ok "tenants are listed" runs_and_says '^globex  *active' 0 tenant list
schema=$(sql "SELECT schema_name FROM testctl.tenants WHERE slug = 'acme'")
sql "DELETE FROM $schema.users; DELETE FROM $schema.user_roles"
ok "a creation cut short before the administrator is finished by repeating it" run 0 tenant create acme --name Acme --admin a@acme.example
ok "migrate --check finds all schemas up to date" runs_and_says 'up to date' 0 migrate --check
sql "DELETE FROM $schema.schema_migrations WHERE version > 1"
ok "... and names the one that is not" runs_and_says 'tenant acme' 1 migrate --check
ok "... so does doctor" runs_and_says 'WRONG tenant acme' 1 doctor
ok "migrate brings it up to date" runs_and_says 'tenant acme: [1-9]' 0 migrate
ok "doctor is content again" run 0 doctor
ok "the audit trails verify" runs_and_says '^ok  *globex: [1-9][0-9]* entries' 0 audit verify
ok "... also one" runs_and_says '^ok  *acme' 0 audit verify acme
ok "... of a tenant that is there" runs_and_says 'tenant nobody' 1 audit verify nobody
sql "DROP TRIGGER $schema.audit_no_delete"
ok "a trail without its triggers is told" runs_and_says 'WRONG acme: The triggers' 1 audit verify
ok "... by doctor too" runs_and_says 'WRONG tenant acme: the triggers .*bsxctl migrate' 1 doctor
ok "... and migrate makes them again" run 0 migrate
ok "... so that all is well" run 0 audit verify
ok "... for doctor too" run 0 doctor
sql "DROP TRIGGER testctl.audit_head_forward"
ok "heads without their triggers are told" runs_and_says 'WRONG acme: The triggers' 1 audit verify
ok "... by doctor too" runs_and_says 'WRONG tenant acme: the triggers .*bsxctl migrate' 1 doctor
ok "... and migrate makes them again" run 0 migrate
ok "... so that all is well" run 0 audit verify
sql "UPDATE testctl.audit_heads SET seq = seq + 1 WHERE schema_name = '$schema'"
ok "a head that was moved is told" runs_and_says 'WRONG acme: entry [0-9]*: ' 1 audit verify
ok "... by doctor too" runs_and_says 'WRONG tenant acme: its audit trail ends' 1 doctor
sql "DROP TRIGGER testctl.audit_head_forward; UPDATE testctl.audit_heads SET seq = seq - 1 WHERE schema_name = '$schema'"

# ---- the life of a tenant, and what each command leaves ----

# Of the rows of `bsxctl commands` that change something: called so, and that entry is there, by who ran it.
called() { # called COMMAND : the arguments
	case $1 in
	init | migrate) echo "$1" ;;
	'tenant create') echo "tenant create initech --name Initech --admin a@initech.example" ;;
	'tenant suspend' | 'tenant delete') echo "$1 initech --reason Unpaid" ;;
	'tenant resume' | 'tenant undelete') echo "$1 initech" ;;
	'tenant erase') echo "tenant erase initech --reason Over" ;;
	'tenant export') echo "tenant export globex $dir/globex.archive --passphrase-file $dir/password" ;;
	'tenant import') echo "tenant import $dir/globex.archive copied --passphrase-file $dir/password" ;;
	'tenant restore') echo "tenant restore globex $dir/globex.archive --passphrase-file $dir/password" ;;
	'tenant work') echo "tenant work --pool 1" ;;
	'schema add') echo "schema add 1" ;;
	'audit export') echo "audit export platform" ;;
	'user create') echo "user create globex second@globex.example --role admin --name Second" ;;
	'user password') echo "user password globex second@globex.example --password-file $dir/password" ;;
	'user 2fa-reset' | 'user unlock' | 'user enable') echo "$1 globex second@globex.example" ;;
	'user roles') echo "user roles globex second@globex.example --add viewer" ;;
	'tenant addresses') echo "tenant addresses globex --any" ;;
	'keys add') echo "keys add" ;;
	'keys use') echo "keys use --force 2" ;;
	'keys rotate') echo "keys rotate --keyring" ;;
	'keys retire') hangs_on_it && echo "keys retire --force 1" ;;
	'source try' | 'grant revoke' | onboard) echo elsewhere ;; # they need collectors, a grant, a directory: the tests over HTTP
	*) return 1 ;;
	esac
}
# What hangs on the version before, once it was rotated; programs as below.
hangs_on_it() {
	sql "INSERT INTO $globex.recovery_codes (user_id, code_hash, pepper, created_at) SELECT id, REPEAT('x', 32), 1, NOW(3) FROM $globex.users LIMIT 1; INSERT INTO $globex.api_keys (id, name, prefix, secret_hash, kind, scopes, allowed_addresses, created_at) SELECT id, 'old', 'x', REPEAT('x', 32), 'personal', '[]', '[]', NOW(3) FROM $globex.users LIMIT 1"
	run 1 keys retire 1 && says 'responder on elsewhere: a process still seals with version 1' || return 1
	sql "DELETE FROM testctl.programs"
	run 1 keys retire 1 && says '^tenant globex: 0 API keys and 1 recovery codes are hashed by version 1' && says '^tenant globex: 1 API keys and 0 recovery codes are hashed by a version that was not kept' && run 1 keys retire 2 && says 'seals no more'
}
entries() { sql "SELECT COUNT(*) FROM $platform.audit WHERE action = '$1' AND actor_name = 'bsxctl:$me' AND outcome = 'success'"; }
leaves_its_entry() { # leaves_its_entry COMMAND ACTION
	how=$(called "$1") || return 1
	[ "$how" != elsewhere ] || return 0
	before=$(entries "$2")
	# shellcheck disable=SC2086
	run 0 $how && [ "$(entries "$2")" -gt "$before" ]
}
uid=$(cat /proc/self/loginuid 2>/dev/null || echo 4294967295)
me=$(id -un)
[ "$uid" = 4294967295 ] || me=$(id -un "$uid")
ok "the platform is made" run 0 tenant create platform --name Platform --admin root@platform.example
platform=$(sql "SELECT schema_name FROM testctl.tenants WHERE slug = 'platform'")
run 0 commands
tab=$(printf '\t')
grep -v -- "${tab}-\$" "$dir/out" >"$dir/deeds"
ok "a dozen commands change something" test "$(wc -l <"$dir/deeds")" -ge 11
initech() { sql "SELECT CONCAT(status, ' ', status_reason) FROM testctl.tenants WHERE slug = 'initech'"; }
globex=$(sql "SELECT schema_name FROM testctl.tenants WHERE slug = 'globex'")
sql "UPDATE testctl.tenants SET settings = '{\"allowed_addresses\":[\"10.0.0.0/8\"]}' WHERE slug = 'globex'"
ok "from where a tenant may be used is listed" runs_and_says '^10\.0\.0\.0/8$' 0 tenant addresses globex
while IFS=$tab read -r command action; do
	ok "$command leaves $action by who ran it" leaves_its_entry "$command" "$action"
	case $command in
	'tenant addresses') ok "... and its own trail has who it was" test "$(sql "SELECT COUNT(*) FROM $globex.audit WHERE action = 'settings.update' AND actor_name = 'bsxctl:$me'")" = 1 ;;
	'tenant suspend') ok "... and it is suspended, with its reason" test "$(initech)" = 'suspended Unpaid' ;;
	'tenant export') ok "... and the archive is whole" runs_and_says '^ok: it is whole' 0 archive check "$dir/globex.archive" --passphrase-file "$dir/password" ;;
	'tenant restore')
		globex=$(sql "SELECT schema_name FROM testctl.tenants WHERE slug = 'globex'")
		ok "... its trail is whole, behind a closed chain" runs_and_says '^ok .*globex: [0-9]* entries of closed chains' 0 audit verify globex
		ok "... what would be undone again is said" runs_and_says '^ *2  audit.restored$' 0 tenant restore globex "$dir/globex.archive" --passphrase-file "$dir/password" --dry-run
		ok "... as JSON too" runs_and_says '"restored":false,"lost":\[{"action":' 0 tenant restore globex "$dir/globex.archive" --passphrase-file "$dir/password" --dry-run --json
		ok "... of another tenant it is refused" runs_and_says 'no archive that was made of this tenant' 1 tenant restore acme "$dir/globex.archive" --passphrase-file "$dir/password"
		ok "... and so is the platform" runs_and_says 'platform cannot be' 1 tenant restore platform "$dir/globex.archive" --passphrase-file "$dir/password"
		;;
	'tenant resume') ok "... and it works" test "$(initech)" = 'active ' ;;
	'tenant delete')
		ok "... and it is told until when" runs_and_says '^initech  *deleting .* until 20' 0 tenant status initech
		ok "... as JSON too" runs_and_says '"status":"deleting","status_reason":"Unpaid","status_at":"20.*"erase_at":"20' 0 tenant status initech --json
		ok "... its name is taken" runs_and_says exists 1 tenant create initech --name Initech --admin a@initech.example
		ok "... its schema is brought up to date all the same" run 0 migrate --check
		;;
	'keys add') ok "... which wraps nothing, and seals nothing" runs_and_says '^keyring: version 2 is next; 0 data keys, 0 signing keys' 0 keys list
		sql "INSERT INTO testctl.programs VALUES (UNHEX(REPEAT('07', 16)), 'responder', 'elsewhere', 7, '0', 1, 1, NOW(3), NOW(3))"
		ok "... which programs have loaded it is told" runs_and_says '^responder on elsewhere: 1 processes; version 1 seals, 1 is the highest' 0 keys list
		ok "... and it is not used before all have" runs_and_says '^bsxctl: responder on elsewhere has not loaded version 2' 1 keys use 2
		ok "... which changes nothing" runs_and_says '^keyring: version 2 is next' 0 keys list
		;;
	'keys use')
		ok "... and there is no other that could be" runs_and_says 'was used before' 1 keys use 1
		ok "... the first is not retired while it wraps anything, by force neither" runs_and_says 'rotate --keyring first' 1 keys retire --force 1
		ok "... what is to be wrapped is counted" runs_and_says '^[1-9][0-9]* keys would be wrapped by version 2, [1-9][0-9]* accounts would get' 0 keys rotate --keyring --dry-run
		ok "... and the first still wraps it" runs_and_says '^keyring: version 1 opens; [1-9][0-9]* data keys, [1-9]' 0 keys list
		;;
	'keys rotate')
		ok "... and the first wraps nothing any more" runs_and_says '"version":1,"use":"opens","data_keys":0,"signing_keys":0,"templates":0' 0 keys list --json
		ok "... nor is anything left" runs_and_says '^0 keys would be wrapped by version 2, 0 accounts' 0 keys rotate --keyring --dry-run
		ok "... and the signing keys turn as they did" runs_and_says 'signs$' 0 keys rotate --force
		ok "a tenant gets another data key" runs_and_says '^tenant globex: data key 2 seals; [0-9]* of [0-9]* values' 0 keys rotate --tenant globex
		ok "... its trail has who it was" test "$(sql "SELECT COUNT(*) FROM $globex.audit WHERE action = 'key.rotate' AND actor_name = 'bsxctl:$me'")" = 1
		ok "... and again it goes on with that" runs_and_says 'data key 2 seals' 0 keys rotate --tenant globex
		sql "UPDATE testctl.tenant_keys SET created_at = created_at - INTERVAL 2 DAY"
		ok "... until the one before is destroyed" runs_and_says 'the keys before are destroyed' 0 keys rotate --tenant globex
		ok "... and of one that is not there none is made" runs_and_says 'tenant nobody' 1 keys rotate --tenant nobody
		;;
	'keys retire')
		ok "... it is past then" runs_and_says '^keyring: version 1 is past; 0 data keys' 0 keys list
		ok "... and trails that it made verify" run 0 audit verify
		;;
	'tenant undelete')
		ok "... and it is what it was" test "$(initech)" = 'active '
		there=$(sql "SELECT schema_name FROM testctl.tenants WHERE slug = 'initech'")
		ok "what would be erased is said" runs_and_says "$there@localhost" 0 tenant erase initech --dry-run
		ok "... and nothing is done" test "$(initech)" = 'active '
		;;
	'tenant erase')
		ok "... its receipt is printed" says '^tenant initech "Initech"'
		ok "... nothing of it is left" test "$(sql "SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = '$there'; SELECT COUNT(*) FROM testctl.tenants WHERE slug = 'initech'" | tr -d '\n')" = 00
		;;
	esac
done <"$dir/deeds"
# ---- a password at the terminal ----
seen() { for _ in $(seq 400); do grep -qs "$1" "$dir/out" && return 0 || sleep 0.05; done && return 1; }
typed() { # typed FIRST SECOND : by who sees what bsxctl asks; the status is its own
	: >"$dir/out"
	{ seen 'New password' && echo "$1" && seen 'Again' && echo "$2"; } | script -qefc "$bsxctl -c $conf user password globex a@globex.example" /dev/null >"$dir/out" 2>&1
}
hash_of() { sql "SELECT password FROM $globex.users WHERE email = 'a@globex.example'"; }
before=$(hash_of)
ok "without a terminal none is asked for" sh -c "! setsid --wait '$bsxctl' -c '$conf' user password globex a@globex.example </dev/null 2>'$dir/err' && grep -q 'no terminal' '$dir/err'"
not_typed() { ! typed "$@"; }
ok "... nor taken where the two differ" not_typed 'rather long passphrase 1' 'rather long passphrase 2'
ok "... which is said, and nothing is changed" test "$(grep -c 'not the same' "$dir/out") $(hash_of)" = "1 $before"
ok "typed twice it is the user's" typed 'rather long passphrase 1' 'rather long passphrase 1'
ok "... and was not to be seen" test "$(grep -c passphrase "$dir/out")" = 0
ok "... another one than before" test "$(hash_of)" != "$before"
ok "the pool is told" runs_and_says '^2 ready, 0 behind' 0 schema list
ok "... as JSON" runs_and_says '^{"ready":2,"behind":0,"making":0,"empty":0,"taken":0}$' 0 schema list --json
for many in 0 -1 1001 x; do ok "schema add $many is refused" run 2 schema add "$many"; done
ok "... and more than the pool may have" runs_and_says 'at most 1000' 1 schema add 999
ok "without a mail server no mail is tried" runs_and_says 'smtp.url is not set' 1 mail test a@b.example
ok "... nor to what is no address" run 2 mail test nobody
ok "the trail that came with a tenant is read too" runs_and_says '^ok .*copied: [0-9]* entries of closed chains' 0 audit verify copied
ok "an archive is taken in once under a name" runs_and_says 'exists' 1 tenant import "$dir/globex.archive" copied --passphrase-file "$dir/password"
# Killed, wherever it is: the tenant is there all the time, or an aged hold is let go by `tenant work`.
copied_now() { sql "SELECT schema_name FROM testctl.tenants WHERE slug = 'copied' AND status = 'active'"; }
ok "the copy has an archive of its own" run 0 tenant export copied "$dir/copied.archive" --passphrase-file "$dir/password"
for after in 0.3 0.6 0.8 1 1.2; do
	timeout -s KILL "$after" "$bsxctl" -c "$conf" tenant restore copied "$dir/copied.archive" --passphrase-file "$dir/password" >"$dir/out" 2>&1
	sql "UPDATE testctl.restores SET at = at - INTERVAL 61 SECOND"
	ok "a restore killed after $after s is tidied up" run 0 tenant work --pool 0
	ok "... its account is not kept out" test "$(sql "SELECT JSON_VALUE(Priv, '\$.account_locked') IS TRUE FROM mysql.global_priv WHERE User = '$(copied_now)'")" = 0
	ok "... and its trail is whole" runs_and_says '^ok .*copied: [0-9]* entries' 0 audit verify copied
done
# ... and back, to what it was before; done or not, there is a tenant, and a way back.
ok "a restored tenant" run 0 tenant restore copied "$dir/copied.archive" --passphrase-file "$dir/password"
ok "... does not go back at once" runs_and_says 'in a few seconds' 1 tenant restore copied --back
sql "UPDATE testctl.restores SET at = at - INTERVAL 61 SECOND"
ok "... can go back, which is said" runs_and_says '^it can go back .* until 20' 0 tenant status copied
ok "... as JSON too" runs_and_says '"back_until":"20' 0 tenant status copied --json
ok "... to no archive at once" run 2 tenant restore copied "$dir/copied.archive" --back
ok "... nor opened by anything" run 2 tenant restore copied --back --passphrase-file "$dir/password"
ok "... by no other name" runs_and_says 'tenant ../copied' 1 tenant restore ../copied --back
ok "... and the platform never" runs_and_says 'The platform cannot be restored' 1 tenant restore platform --back
ok "... what would be undone is said" runs_and_says '^nothing was done' 0 tenant restore copied --back --dry-run
for after in 0.1 0.2 0.3 0.5; do
	timeout -s KILL "$after" "$bsxctl" -c "$conf" tenant restore copied --back >"$dir/out" 2>&1
	sql "UPDATE testctl.restores SET at = at - INTERVAL 61 SECOND"
	ok "a way back killed after $after s is tidied up" run 0 tenant work --pool 0
	ok "... the account is not kept out" test "$(sql "SELECT JSON_VALUE(Priv, '\$.account_locked') IS TRUE FROM mysql.global_priv WHERE User = '$(copied_now)'")" = 0
	ok "... and the trail is whole" runs_and_says '^ok .*copied: [0-9]* entries' 0 audit verify copied
done
ok "run again it has gone back" runs_and_says '"restored":true,"back":true' 0 tenant restore copied --back --json
ok "... and who it was is in the trail" test "$(sql "SELECT COUNT(*) FROM $(copied_now).audit WHERE action = 'audit.restored' AND JSON_VALUE(details, '\$.back') = 1 AND actor_name = 'bsxctl:$me'")" = 1
ok "run again it is restored" run 0 tenant restore copied "$dir/copied.archive" --passphrase-file "$dir/password" --grace 0
ok "... and nothing half made is there" test "$(sql "SELECT COUNT(*) FROM testctl.restores WHERE state <> 'former'")" = 0
ok "... what it had before goes" run 0 tenant work --pool 0
ok "... each when it is time" test "$(sql "SELECT COUNT(*) FROM testctl.restores WHERE drop_at <= NOW(3)")" = 0
# ---- an installation of its own keyring, which takes the archive in ----
here=$conf
sed "s|testctl|testctlb|g; s|$dir/state|$dir/other|g" "$here" >"$dir/other.conf"
conf=$dir/other.conf
sql "DROP DATABASE IF EXISTS testctlb; DROP USER IF EXISTS testctlb@localhost, testctlbdefiner@localhost"
openssl genpkey -algorithm x25519 -out "$dir/key.pem" 2>/dev/null
openssl pkey -in "$dir/key.pem" -pubout -out "$dir/key.pub"
ok "another installation" run 0 init
ok "... takes in what the first has made for its key" sh -c "'$bsxctl' -c '$here' tenant export globex '$dir/to.archive' --to '$dir/key.pub' 2>/dev/null && '$bsxctl' -c '$conf' tenant import '$dir/to.archive' globex --key-file '$dir/key.pem' >'$dir/out' 2>'$dir/err'"
ok "... with its people" test "$(sql "SELECT COUNT(*) FROM $(sql "SELECT schema_name FROM testctlb.tenants WHERE slug = 'globex' AND status = 'active'").users")" = 2
ok "... and its trail" runs_and_says '^ok .*globex: [0-9]* entries of closed chains' 0 audit verify globex
ok "... and by no other key" runs_and_says 'opened by a private key' 1 tenant import "$dir/to.archive" again --passphrase-file "$dir/password"
ok "who has signed it can be asked for" runs_and_says 'signed by another key' 1 tenant import "$dir/to.archive" again --key-file "$dir/key.pem" --signer AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
ok "... and nothing is made then" test "$(sql "SELECT COUNT(*) FROM testctlb.tenants")" = 1
# Killed, wherever it is: what is left is seen by nobody, and done when it is run again.
for after in 0.05 0.2 0.5 0.8; do
	timeout -s KILL "$after" "$bsxctl" -c "$conf" tenant import "$dir/to.archive" killed --key-file "$dir/key.pem" >"$dir/out" 2>&1
	ok "killed after $after s it is whole or unfinished" test "$(sql "SELECT COUNT(*) FROM testctlb.tenants WHERE slug = 'killed' AND NOT (status = 'provisioning' AND status_reason LIKE 'import of archive %' OR status = 'active' AND status_reason = '')")" = 0
done
there() { run 0 tenant import "$dir/to.archive" killed --key-file "$dir/key.pem" || says 'exists'; }
ok "run again it is there" there
ok "... and whole" runs_and_says '^ok .*killed: [0-9]* entries of closed chains' 0 audit verify killed
ok "... and nothing is left over" test "$(sql "SELECT COUNT(*) FROM testctlb.tenants")" = "$(sql "SELECT COUNT(*) FROM testctlb.audit_heads")"
conf=$here
ok "no word of the platform's life is taken" runs_and_says 'cannot be' 1 tenant suspend platform --reason No
ok "a reason is needed" run 2 tenant suspend globex
ok "... and can be read" runs_and_says 'reason must be .*can be seen' 2 tenant suspend globex --reason "$(printf 'a\001b')"
ok "of one that is not there nothing is done" runs_and_says 'tenant nobody' 1 tenant suspend nobody --reason No
ok "no tenant is behind" runs_and_says 'none is behind' 0 tenant status --behind
sql "UPDATE testctl.tenants SET schema_version = 3 WHERE slug = 'globex'"
ok "one that is, is named" runs_and_says '^globex .*version 3 of' 1 tenant status --behind
ok "... alone" test "$(wc -l <"$dir/out")" -eq 1
run 0 migrate
same_begin() { head -n "$(wc -l <"$dir/trail")" "$dir/out" | cmp -s - "$dir/trail"; }
ok "a trail is exported to a file" run 0 audit export globex "$dir/trail"
ok "... for its owner alone" mode_is "$dir/trail" 600
ok "... an entry a line, up to that which tells of it" sh -c "tail -n 1 '$dir/trail' | grep -q '\"action\":\"audit.export\".*\"actor_name\":\"bsxctl:$me\"'"
ok "... and replaces none" runs_and_says 'is there already' 1 audit export globex "$dir/trail"
ok "to standard output it is the same" run 0 audit export globex
ok "... as far as that went" same_begin
ok "... of a tenant that is there" runs_and_says 'tenant nobody' 1 audit export nobody
ok "... and one that cannot be written is told" sh -c "! '$bsxctl' -c '$conf' audit export globex >/dev/full 2>'$dir/err' && grep -q 'could not be written whole' '$dir/err'"
ok "tenants are listed as JSON too" runs_and_says '"slug":"globex","name":"Globex","status":"active"' 0 tenant list --json
ok "... each on its line" test "$(grep -c '^{.*}$' "$dir/out")" -eq "$(sql "SELECT COUNT(*) FROM testctl.tenants")"
in_the_manual() {
	tr '\n' ' ' <tools/bsxctl.1 | sed 's/\.It Ic/\n/g' >"$dir/manual"
	while IFS=$tab read -r command action; do
		first=${command%% *}
		last=${command#"$first"}
		grep -q "^ $first.*${last:+\\b${last# }\\b}" "$dir/manual" || { echo "# $command" && return 1; }
	done <"$dir/commands"
}
run 0 commands
cp "$dir/out" "$dir/commands"
ok "each command is in the manual" in_the_manual
ok "no command shows the keyring's secret" secrets_are_not_shown
chmod 644 "$dir/state/keyring"
ok "a keyring that others can read is refused" runs_and_says 'keyring' 1 doctor
chmod 600 "$dir/state/keyring"
sed -i 's/^public_url/public_ulr/' "$conf"
ok "a wrong key is named with its file and line" runs_and_says 'blindspotx.conf:1' 1 config check
sql "DROP DATABASE testctl; DROP DATABASE $schema; DROP USER testctl@localhost, testctldefiner@localhost"
echo "1..$n"
exit $bad
