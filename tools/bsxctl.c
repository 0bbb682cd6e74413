#include "tools/bsxctl.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <locale.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "core/base/secret.h"
#include "core/json/schema.h"

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
	    "SLUG must be free. The archive is read to its end before anything is made; channels\n"
	    "and sources wait. Killed, it is begun anew when it is run again.\n" },
	{ "tenant work", cmd_tenant_work, "[--pool N]", "pool.fill",
	    "Does what waits for who may make and drop schemas: tenants, erasures, the pool.",
	    "  --pool N  so many schemas are ready for tenants to come (default: tenants.pool)\n"
	    "It is for a timer, once a minute (blindspotx-tenants.timer).\n" },
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
	{ "keys add", cmd_keys_add, "", "key.rotate",
	    "Adds the next version to the keyring: it opens, and does not seal yet.",
	    "The file is then copied to every host, and loaded there by both services (HUP).\n" },
	{ "keys use", cmd_keys_use, "VERSION", "key.rotate",
	    "The next version of the keyring seals from now on; those before open.",
	    "The file is then copied to every host again, and loaded there by both services.\n" },
	{ "keys rotate", cmd_keys_rotate, "[--force] | --keyring [--dry-run]", "key.rotate",
	    "The next signing key signs from now on; or the keyring's newest version wraps all.",
	    "  --force    also when the next key was published less than an hour ago: services "
	    "that\n"
	    "             verify our tokens with keys they keep may then refuse new ones until "
	    "they\n"
	    "             look again\n"
	    "  --keyring  the tenants' data keys, the signing keys and shared templates that an\n"
	    "             older version of the keyring wraps, and the accounts' passwords, while\n"
	    "             the services run\n"
	    "  --dry-run  only say how much there is\n"
	    "Killed, it is run again, and does what is not done.\n" },
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

/* The one that the first words of argv name; *words: so many of them.  NULL: none. */
static const struct command *
command_of(int argc, char **argv, int *words)
{
	for (const struct command *x = commands; x->name != NULL; x++) {
		struct str first, second = str_cut(str_of(x->name), ' ', &first);

		*words = second.p == NULL ? 1 : 2;
		if (str_eqz(first, argv[0]) &&
		    (second.p == NULL || (argc > 1 && str_eqz(second, argv[1]))))
			return x;
	}
	return NULL;
}

/* It is that command, or one of that group. */
static bool
is_named(const struct command *x, const char *name)
{
	struct str first;

	(void)str_cut(str_of(x->name), ' ', &first);
	return strcmp(x->name, name) == 0 || str_eqz(first, name);
}

int
cmd_commands(struct ctl *c, int argc, char **argv)
{
	(void)c, (void)argv;
	if (argc != 1)
		return ctl_usage("commands", false);
	for (const struct command *x = commands; x->name != NULL; x++)
		ctl_say("%s\t%s", x->name, x->deed != NULL ? x->deed : "-");
	return 0;
}

void
ctl_say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
}

const char *
ctl_text(struct ctl *c, const char *z)
{
	struct buf b;

	buf_make(&b, c->mem);
	buf_log(&b, str_of(z));
	return buf_ok(&b) && b.p != NULL ? b.p : "";
}

bool
ctl_json(struct ctl *c, const struct schema *s, const void *in, struct err *e)
{
	struct buf  b;
	const char *text;

	buf_make(&b, c->mem);
	text = schema_encode(&b, s, in, e) ? buf_text(&b, e) : NULL;
	if (text != NULL)
		ctl_say("%s", text);
	talloc_free(b.p);
	return text != NULL;
}

int
ctl_failed(const struct err *e)
{
	struct buf b;

	fprintf(stderr, "bsxctl: %s\n", e->pub);
	for (const struct fault *f = e->faults; f != NULL; f = f->next)
		fprintf(stderr, "bsxctl: %s: %s\n", f->pointer, f->detail);
	buf_make(&b, NULL);
	buf_log(&b, str_of(e->detail));
	if (e->detail[0] != '\0' && strcmp(e->detail, e->pub) != 0 && buf_ok(&b))
		fprintf(stderr, "        (%s)\n", b.p);
	talloc_free(b.p);
	return 1;
}

int
ctl_usage(const char *command, bool asked)
{
	FILE       *out = asked ? stdout : stderr;
	const char *lead = "usage:";

	for (const struct command *x = commands; x->name != NULL; x++) {
		if (!is_named(x, command))
			continue;
		fprintf(out, "%s bsxctl [-c CONF] %s%s%s\n", lead, x->name,
		    *x->args != '\0' ? " " : "", x->args);
		lead = "      ";
	}
	for (const struct command *x = commands; x->name != NULL; x++) {
		if (!is_named(x, command))
			continue;
		if (strcmp(x->name, command) != 0)
			fprintf(out, "\n%s: ", x->name);
		fprintf(out, "%s\n%s", x->sentence, x->help);
	}
	return asked ? 0 : 2;
}

int
ctl_misused(struct ctl *c, const char *command, const struct err *e)
{
	fprintf(stderr, "bsxctl: %s\n", ctl_text(c, e->pub));
	return ctl_usage(command, false);
}

/* Wherever it stands, also among arguments that are wrong. */
static bool
wants_help(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return true;
	return false;
}

static int
usage(bool asked)
{
	FILE *out = asked ? stdout : stderr;

	fprintf(out, "usage: bsxctl [-c CONF] COMMAND ...      (CONF: %s)\n\n", CONF_FILE_DEFAULT);
	for (const struct command *x = commands; x->name != NULL; x++)
		fprintf(out, "  %-15s %s\n", x->name, x->sentence);
	fprintf(out, "\n`bsxctl COMMAND --help` says more about one.\n");
	return asked ? 0 : 2;
}

bool
ctl_conf(struct ctl *c, struct err *e)
{
	c->conf = conf_load(c->mem, c->conf_path, e);
	return c->conf != NULL;
}

bool
ctl_open_as(struct ctl *c, uid_t owner, struct err *e)
{
	struct keyring *k = keyring_open_of(c->mem, c->conf->keyring, owner, e);

	if (k == NULL)
		return false;
	c->env = (struct env) {
		.conf = c->conf, .clock = &clock_system, .rand = &rand_system, .keyring = k
	};
	c->d = database_make(c->mem, &c->env, e);
	return c->d != NULL;
}

/* Root reads the keyring of the services' account, if there is one. */
bool
ctl_open(struct ctl *c, struct err *e)
{
	struct service s = { .uid = geteuid() };
	struct err     none = { 0 };

	if (!ctl_conf(c, e))
		return false;
	if (!service_find(c, NULL, &s, &none))
		s.uid = geteuid();
	return ctl_open_as(c, s.uid, e);
}

bool
ctl_alone(struct ctl *c, struct err *e)
{
	const char *path = c->conf->keyring;
	int         fd = open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
		fprintf(stderr, "bsxctl: another one is making something here: waiting for it\n");
		(void)flock(fd, LOCK_EX);
	}
	return fd >= 0 || err_set(e, ERR_INTERNAL, errno, "The keyring cannot be used.", "%s: %s",
			      path, strerror(errno));
}

bool
ctl_provision(struct ctl *c, struct err *e)
{
	c->prov = provision_db(c->mem, c->conf, &clock_system, NULL, e);
	return c->prov != NULL && provision_check(c->prov, e);
}

/* Called by a group's name alone, or by one that is none of it. */
static int
run_none(struct ctl *c, int argc, char **argv)
{
	for (const struct command *x = commands; x->name != NULL; x++)
		if (is_named(x, argv[0]))
			return ctl_usage(argv[0], wants_help(argc, argv));
	fprintf(stderr, "bsxctl: there is no command %s\n", ctl_text(c, argv[0]));
	return usage(false);
}

static int
run(struct ctl *c, int argc, char **argv)
{
	int                   words;
	const struct command *x = command_of(argc, argv, &words);

	if (x == NULL)
		return run_none(c, argc, argv);
	optind = 0; /* the command has options of its own */
	return wants_help(argc, argv) ? ctl_usage(x->name, true)
				      : x->run(c, argc - words + 1, argv + words - 1);
}

static int
run_all(struct ctl *c, int argc, char **argv)
{
	static const struct option options[] = { { "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' }, { 0 } };
	int                        o;

	while ((o = getopt_long(argc, argv, "+c:hV", options, NULL)) != -1) {
		if (o == 'V') {
			ctl_say("bsxctl %s", BSX_VERSION);
			return 0;
		}
		if (o != 'c')
			return usage(o == 'h');
		c->conf_path = optarg;
	}
	return optind == argc ? usage(false) : run(c, argc - optind, argv + optind);
}

int
main(int argc, char **argv)
{
	struct ctl c = { .mem = talloc_new(NULL), .conf_path = CONF_FILE_DEFAULT };
	int        status;

	secret_process();
	signal(SIGPIPE, SIG_IGN);
	status = run_all(&c, argc, argv);
	talloc_free(c.mem);
	return fflush(stdout) == 0 ? status : 1;
}
