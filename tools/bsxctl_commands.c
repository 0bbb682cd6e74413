/* bsxctl.h: the table of commands. */
#include "tools/bsxctl.h"

/* What it is called by; what it leaves in the platform's audit trail, if it changes anything
 * (CONTRIBUTING: every deed does). */
const struct command commands[] = {
	{ "init", cmd_init, "[--owner USER]", "installation.init",
	    "Makes the keyring, the control schema, its account and the first signing key.",
	    "  --owner USER  give the state folder and the keyring to that user, in place of the\n"
	    "                configured one (run as root)\n"
	    "It may be repeated: what is there already is kept; owners, modes and rights are "
	    "repaired.\n" },
	{ "migrate", cmd_migrate, "[--first N] [--jobs N] [--json] | --check", "schema.migrate",
	    "Brings the control schema and every tenant's schema up to date.",
	    "  --first N  only the first N tenants that are behind, to see how they do; the "
	    "others\n"
	    "             go on working, and another call goes on with them\n"
	    "  --jobs N   so many tenants at a time (default 1, at most 16)\n"
	    "  --json     a line with an object for each tenant that was changed or failed, in "
	    "the\n"
	    "             end one with totals\n"
	    "  --check    only say whether something is missing or was changed\n"
	    "What fails in one tenant does not stop the others: it is named in the end, with the\n"
	    "status 1. Killed or failed it is run again, and does what is not done.\n" },
	{ "tenant create", cmd_tenant_create, "SLUG --name NAME --admin EMAIL [OPTION...]",
	    "tenant.create", "Makes a tenant with its first administrator.",
	    "  --name NAME           its name for people\n"
	    "  --admin EMAIL         its first administrator signs in with this address\n"
	    "  --display-name NAME   the administrator's name (default: the address)\n"
	    "  --password-file FILE  the password is the first line of FILE; - is standard input\n"
	    "                        without it a password is made and printed once\n"
	    "An interrupted creation is finished by repeating it.\n" },
	{ "tenant list", cmd_tenant_list, "[--json]", NULL,
	    "Lists tenants: slug, status, schema, when it was made, name.",
	    "  --json  a line with an object for each, as of tenant status\n" },
	{ "tenant status", cmd_tenant_status, "[SLUG] [--behind] [--json]", NULL,
	    "Says of a tenant, or of each: its status, since when and why, its schema's version.",
	    "  --behind  only those whose schema is older than this program; the status is 1 when\n"
	    "            there is one\n"
	    "  --json    a line with an object for each tenant\n" },
	{ "tenant suspend", cmd_tenant_suspend, "SLUG --reason TEXT [--json]", "tenant.update",
	    "Nobody signs in or works there, nothing is collected or delivered: it waits.", "" },
	{ "tenant resume", cmd_tenant_resume, "SLUG [--reason TEXT] [--json]", "tenant.update",
	    "A suspended tenant works again.", "" },
	{ "tenant delete", cmd_tenant_delete, "SLUG --reason TEXT [--grace SECONDS] [--json]",
	    "tenant.delete", "As suspended, and after the grace it is erased.",
	    "  --grace SECONDS  until then it can be had back (default: tenants.erase_grace_s)\n" },
	{ "tenant undelete", cmd_tenant_undelete, "SLUG [--reason TEXT] [--json]",
	    "tenant.undelete", "Has a deleted tenant back, as it was, before it is erased.", "" },
	{ "tenant erase", cmd_tenant_erase, "SLUG --reason TEXT [--json] | SLUG --dry-run",
	    "tenant.erase", "Deletes a tenant and erases it at once, for good.",
	    "  --dry-run  say what there is to destroy, and do nothing\n"
	    "Its data keys are destroyed first, then its schema, its account and what the control\n"
	    "schema knows of it; the signed receipt is printed. Killed, it goes on when "
	    "repeated.\n" },
	{ "tenant addresses", cmd_tenant_addresses, "SLUG [--any]", "settings.update",
	    "Lists from where a tenant may be used: the ranges of its allowed_addresses.",
	    "  --any  from everywhere again, for who is locked out; its trail says who ran "
	    "this\n" },
	{ "tenant export", cmd_tenant_export,
	    "SLUG FILE --to KEYFILE|--passphrase-file FILE [--json]", "tenant.export",
	    "Writes all of a tenant, as it is at one instant, into an archive for who receives it.",
	    "  --to KEYFILE            for the owner of this public key (X25519, PEM)\n"
	    "  --passphrase-file FILE  for who knows the first line of FILE, of 12 bytes and "
	    "more;\n"
	    "                          - is standard input\n"
	    "  --json                  an object in place of the last line\n"
	    "FILE is there when it is whole, and is never overwritten. Sessions, API keys, mailed\n"
	    "links and recovery codes are not in it. The keyring does not open it.\n" },
	{ "tenant import", cmd_tenant_import,
	    "FILE SLUG --key-file KEYFILE|--passphrase-file FILE [OPTION...]", "tenant.import",
	    "Makes a tenant of an archive that this or another installation has made.",
	    "  --key-file KEYFILE      opened by this private key (X25519, PEM)\n"
	    "  --passphrase-file FILE  opened by the first line of FILE; - is standard input\n"
	    "  --signer KEY            whose signature it must have\n"
	    "  --json                  an object in place of the last lines\n"
	    "SLUG must be free. The archive is read to its end before anything is made, and may\n"
	    "be of an earlier version; channels and sources wait. Killed, it is begun anew when\n"
	    "it is run again.\n" },
	{ "tenant restore", cmd_tenant_restore,
	    "SLUG --back|FILE --key-file KEYFILE|--passphrase-file FILE [OPTION...]",
	    "tenant.restore",
	    "Takes a tenant back to an archive of its own, while others and it itself go on.",
	    "  --key-file KEYFILE      opened by this private key (X25519, PEM)\n"
	    "  --passphrase-file FILE  opened by the first line of FILE; - is standard input\n"
	    "  --back                  to what it was before it was restored last, while that is "
	    "kept\n"
	    "  --dry-run               say what would be undone, and do nothing\n"
	    "  --grace SECONDS         the schema that it had is kept so long (default:\n"
	    "                          tenants.erase_grace_s)\n"
	    "  --json                  an object in place of the last lines\n"
	    "What was done since the archive was made is undone, but its audit trail goes on. "
	    "Nobody\n"
	    "can use it for the moment in which it changes over. Killed, it is begun anew when it "
	    "is\n"
	    "run again.\n" },
	{ "tenant work", cmd_tenant_work, "[--pool N]", "pool.fill",
	    "Does what waits for who may make and drop schemas: tenants, erasures, the pool.",
	    "  --pool N  so many schemas are ready for tenants to come (default: tenants.pool)\n"
	    "It is for a timer, once a minute (blindspotx-tenants.timer).\n" },
	{ "onboard", cmd_onboard, "FILE --as TENANT EMAIL --credential-file FILE [OPTION...]",
	    "onboarding.create",
	    "Makes a tenant for each customer of a table, and a link to let an app read its "
	    "directory.",
	    "FILE is CSV: slug, name, admin, directory, packs, and admin_name, templates.\n"
	    "  --as TENANT EMAIL       the provider's user by whose rights it is done, now and "
	    "when\n"
	    "                          a customer consents\n"
	    "  --credential-file FILE  what the app shows, as JSON; - is standard input\n"
	    "  --param NAME=VALUE      a parameter of the packs; may be repeated\n"
	    "  --days N                for so long a link counts (default 7)\n"
	    "  --grant ROLE            what a tenant that nobody has used yet grants TENANT; may "
	    "be\n"
	    "                          repeated\n"
	    "  --grant-days N          for so long (default 365)\n"
	    "  --mail                  administrators of new tenants are invited by mail\n"
	    "  --retry                 another link for those that have failed\n"
	    "  --dry-run               only look at the file, and say where each customer stands\n"
	    "  --out FILE              what is told goes there, as CSV\n"
	    "  --json                  a line with an object for each customer\n"
	    "Nothing is made while a line is wrong. Run again, or killed and run again, it makes\n"
	    "nothing twice, and says where each customer stands; the status is 1 when one is\n"
	    "blocked or has failed.\n" },
	{ "user list", cmd_user_list, "TENANT [--json]", NULL,
	    "Lists the people of a tenant: address, status, second factor, last sign-in, roles.",
	    "  --json  a line with an object for each, as the API shows it\n" },
	{ "user create", cmd_user_create,
	    "TENANT EMAIL [--role ROLE...] [--name NAME] [--password-file FILE | --mail] [--json]",
	    "user.create", "Makes a user, also when nobody can sign in any more.",
	    "  --role ROLE           a role of the tenant; may be repeated\n"
	    "  --name NAME           for people to read (default: the address)\n"
	    "  --password-file FILE  the password is the first line of FILE; - is standard input\n"
	    "  --mail                the user is invited by mail, and chooses one\n"
	    "Without either a password is made and printed once.\n" },
	{ "user password", cmd_user_password,
	    "TENANT EMAIL [--password-file FILE | --link | --mail] [--dry-run] [--json]",
	    "password.reset", "Gives somebody another password, or the means to choose one.",
	    "  --password-file FILE  the first line of FILE; - is standard input\n"
	    "  --link                prints a link to choose it: once, within an hour (of who is\n"
	    "                        invited, three days)\n"
	    "  --mail                sends such a link\n"
	    "  --dry-run             say what would end, and do nothing\n"
	    "Without any of them it is asked for at the terminal. Sessions end, and failed\n"
	    "sign-ins are forgotten, once there is the new one; the second factor stays.\n" },
	{ "user 2fa-reset", cmd_user_factor, "TENANT EMAIL [--dry-run] [--json]", "factor.reset",
	    "Takes a second factor away that was lost, with its recovery codes and all sessions.",
	    "  --dry-run  say what would end, and do nothing\n" },
	{ "user unlock", cmd_user_unlock, "TENANT EMAIL [--json]", "user.unlock",
	    "Forgets somebody's failed sign-ins, and the waiting that they have brought on.", "" },
	{ "user enable", cmd_user_enable, "TENANT EMAIL [--json]", "user.update",
	    "Somebody who was disabled can sign in again.", "" },
	{ "user roles", cmd_user_roles,
	    "TENANT EMAIL [--add ROLE...] [--drop ROLE...] [--dry-run] [--json]", "user.update",
	    "Shows what roles somebody has, gives some and takes some.",
	    "  --add ROLE   without an end, also where it had one; may be repeated\n"
	    "  --drop ROLE  may be repeated; the last administrator stays one\n"
	    "  --dry-run    say what would be gained and lost, and do nothing\n" },
	{ "schema list", cmd_schema_list, "[--json]", NULL,
	    "Says how many schemas wait for tenants to come.",
	    "  --json  an object in its place\n" },
	{ "schema add", cmd_schema_add, "N | NAME...", "pool.fill",
	    "Makes N schemas more for tenants to come, whatever tenants.pool is.",
	    "Killed, it is run again; what was begun is finished by tenant work.\n"
	    "With db.isolation \"schema\" it is told the names of empty schemas instead, that were "
	    "made in\n"
	    "the host's panel and in which db.user has all rights: they are what tenants take "
	    "from.\n" },
	{ "mail test", cmd_mail_test, "ADDRESS", NULL,
	    "Sends a mail by the configured server, and says what that answers.",
	    "It needs neither a database nor driftd.\n" },
	{ "archive check", cmd_archive_check,
	    "FILE --key-file KEYFILE|--passphrase-file FILE [OPTION...]", NULL,
	    "Reads a tenant's archive to its end and says what is in it, or what is wrong with it.",
	    "  --key-file KEYFILE      opened by this private key (X25519, PEM)\n"
	    "  --passphrase-file FILE  opened by the first line of FILE; - is standard input\n"
	    "  --signer KEY            whose signature it must have, as `tenant export` of that\n"
	    "                          installation and /api/audit/checkpoints name the key: who "
	    "has\n"
	    "                          a public key can seal an archive for it\n"
	    "  --json                  the archive's head as an object\n"
	    "It needs neither a configuration nor a database.\n" },
	{ "config check", cmd_config, "", NULL, "Says whether the configuration can be used.", "" },
	{ "config show", cmd_config, "", NULL, "Prints the values in force.", "" },
	{ "config example", cmd_config, "", NULL, "Prints a commented file with every key.", "" },
	{ "config man", cmd_config, "", NULL, "Prints the table of blindspotx.conf(5) in mdoc(7).",
	    "" },
	{ "keys list", cmd_keys_list, "[--json]", NULL,
	    "Says which version of the keyring seals, what each still wraps, and which keys sign.",
	    "  --json  an object in place of the lines\n" },
	{ "keys add", cmd_keys_add, "[--file FILE]", "key.rotate",
	    "Adds the next version to the keyring: it opens, and does not seal yet.",
	    "The file is then copied to every host, and loaded there by both services (HUP).\n"
	    "  --file FILE  the file that a credential or a command makes the keyring of\n" },
	{ "keys use", cmd_keys_use, "[--force] [--file FILE] VERSION", "key.rotate",
	    "The next version of the keyring seals from now on; those before open.",
	    "Refused while a program runs that has not loaded it. The file is then copied to "
	    "every\n"
	    "host again, and loaded there by both services.\n"
	    "  --force      also then: what others seal does not open there until it has\n"
	    "  --file FILE  the file that a credential or a command makes the keyring of\n" },
	{ "keys rotate", cmd_keys_rotate, "[--force] | --keyring [--dry-run] | --tenant SLUG",
	    "key.rotate",
	    "The next signing key signs from now on; or the keyring, or a tenant's data key, "
	    "turns.",
	    "  --force    also when the next key was published less than an hour ago: services "
	    "that\n"
	    "             verify our tokens with keys they keep may then refuse new ones until "
	    "they\n"
	    "             look again\n"
	    "  --keyring  the tenants' data keys, the signing keys and shared templates that an\n"
	    "             older version of the keyring wraps, and the accounts' passwords, while\n"
	    "             the services run\n"
	    "  --dry-run  only say how much there is\n"
	    "  --tenant SLUG  a data key of that tenant is made, and all that it has sealed is\n"
	    "             sealed with it\n"
	    "Killed, it is run again, and does what is not done.\n" },
	{ "keys retire", cmd_keys_retire, "[--force] [--dry-run] [--file FILE] VERSION",
	    "key.rotate",
	    "A version of the keyring that seals no more is past: it verifies trails only.",
	    "Refused, with what and how many, while something hangs on it: what it has sealed,\n"
	    "accounts of the database, programs, API keys and recovery codes.\n"
	    "  --force      also while programs, API keys or recovery codes do: those end\n"
	    "  --dry-run    only say what hangs on it\n"
	    "  --file FILE  the file that a credential or a command makes the keyring of\n" },
	{ "ends", cmd_ends, "", NULL,
	    "Says what ends sessions, keys, mailed links and all else that somebody signs in with.",
	    "A line for each event with a column for each credential, then why:\n"
	    "  lives   it goes on\n"
	    "  ends    it has ended, for good\n"
	    "  this    the one that the event is about ends\n"
	    "  others  all end but the one of who does it\n"
	    "  sleeps  it does not work as long as that lasts\n" },
	{ "audit export", cmd_audit_export, "SLUG [FILE]", "audit.export",
	    "Writes a tenant's whole audit trail, an entry a line, as bsx-audit-verify reads it.",
	    "It goes to standard output, or to FILE, which must not be there yet.\n"
	    "The entry that tells of it is the last one, in the trail of that tenant.\n" },
	{ "audit verify", cmd_audit_verify, "[SLUG]", NULL,
	    "Reads the audit trails of all tenants, or of one, and says what was changed.", "" },
	{ "grant list", cmd_grant_list, "[SLUG] [--json]", NULL,
	    "Lists what tenants let people of others do in them: of SLUG, or of all.",
	    "A line for each: number, state, end, who gives and to whom, roles.\n"
	    "  --json  an object in its place\n" },
	{ "grant revoke", cmd_grant_revoke, "ID", "grant.revoke",
	    "The grant with that number counts no more; both trails say who ran this.", "" },
	{ "source check", cmd_source_check, "[FILE...]", NULL,
	    "Reads source packs, each FILE or all of sources_dir, and says what is wrong with "
	    "them.",
	    "A line FILE:PLACE: REASON for each fault (PLACE is a JSON Pointer); the status is 1 "
	    "when\nthere is one.\n" },
	{ "source man", cmd_source_man, "", NULL, "Prints the members of a pack in mdoc(7).", "" },
	{ "source try", cmd_source_try, "PACK|FILE [OPTION...] | CONFIG [--tenant SLUG]",
	    "drift_run.try", "Reads a source and stores nothing but how that went.",
	    "A line for each collection with its items, pages, requests, time, completeness, and "
	    "the\npermission that is missing; the status is 1 where not all of it is complete. "
	    "CONFIG is a\nconfig's id, which the collectors read; PACK (of sources_dir) and FILE "
	    "(with a / or .json)\nare read from here, without a database.\n"
	    "  --param NAME=VALUE      a parameter of the pack; may be repeated\n"
	    "  --credential-file FILE  source.credential as JSON; - is standard input\n"
	    "  --record DIR            keeps what is answered in a new folder, secrets masked\n"
	    "  --tenant SLUG           the tenant of CONFIG; without it all of them are asked\n" },
	{ "doctor", cmd_doctor, "", NULL,
	    "Looks for what is wrong with the installation, and says what to do.",
	    "Run by root it tries everything as the account of the services.\n" },
	{ "completion", cmd_completion, "bash|zsh", NULL,
	    "Prints what makes a shell complete these commands and their options.",
	    "For bash: . <(bsxctl completion bash)\n"
	    "`make install` puts both where the shells look for them.\n" },
	{ "commands", cmd_commands, "", NULL,
	    "Lists all commands, and the entry that those which change something leave.", "" },
	{ 0 }
};
