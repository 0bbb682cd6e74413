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

const struct command commands[] = {
	{ "init", cmd_init, "[--owner USER]",
	    "Makes the keyring, the control schema, its account and the first signing key.",
	    "  --owner USER  give the state folder and the keyring to that user, in place of the\n"
	    "                configured one (run as root)\n"
	    "It may be repeated: what is there already is kept; owners, modes and rights are "
	    "repaired.\n" },
	{ "migrate", cmd_migrate, "[--check]",
	    "Brings the control schema and every tenant's schema up to date.",
	    "  --check  only say whether something is missing or was changed\n" },
	{ "tenant", cmd_tenant,
	    "create SLUG --name NAME --admin EMAIL [OPTION...] | list | work [--pool N]",
	    "Creates a tenant with its first administrator, lists tenants, or does what waits.",
	    "  --name NAME           its name for people\n"
	    "  --admin EMAIL         its first administrator signs in with this address\n"
	    "  --display-name NAME   the administrator's name (default: the address)\n"
	    "  --password-file FILE  the password is the first line of FILE; - is standard input\n"
	    "                        without it a password is made and printed once\n"
	    "An interrupted creation is finished by repeating it.\n"
	    "work makes the schemas that tenants wait for, and fills the pool from which the next\n"
	    "ones are taken; it is for a timer, once a minute\n"
	    "  --pool N              so many schemas are ready (default: tenants.pool)\n" },
	{ "config", cmd_config, "check | show | example | man",
	    "Checks or prints the configuration.",
	    "  check    say whether the file can be used\n"
	    "  show     the values in force\n"
	    "  example  a commented file with every key\n"
	    "  man      the table of blindspotx.conf(5) in mdoc(7)\n" },
	{ "keys", cmd_keys, "list | rotate [--force]",
	    "Says which keys are in use, or turns to the next signing key at once.",
	    "  list    keyring version and signing keys\n"
	    "  rotate  the next key signs from now on; the last one verifies until its tokens have "
	    "ended\n"
	    "  --force also when the next key was published less than an hour ago: services that "
	    "verify\n"
	    "          our tokens with keys they keep may then refuse new ones until they look "
	    "again\n" },
	{ "ends", cmd_ends, "",
	    "Says what ends sessions, keys, mailed links and all else that somebody signs in with.",
	    "A line for each event with a column for each credential, then why:\n"
	    "  lives   it goes on\n"
	    "  ends    it has ended, for good\n"
	    "  this    the one that the event is about ends\n"
	    "  others  all end but the one of who does it\n"
	    "  sleeps  it does not work as long as that lasts\n" },
	{ "audit", cmd_audit, "verify [SLUG]",
	    "Reads the audit trails of all tenants, or of one, and says what was changed.", "" },
	{ "grant", cmd_grant, "list [SLUG] | revoke ID",
	    "Lists what tenants let people of others do in them, or takes it back.",
	    "  list    a line for each grant of SLUG, or of all tenants: number, state, end, who "
	    "gives\n"
	    "          and to whom, roles\n"
	    "  revoke  the grant with that number counts no more; both trails say who ran this\n" },
	{ "source", cmd_source,
	    "check [FILE...] | man | try PACK|FILE [OPTION...] | try CONFIG [--tenant SLUG]",
	    "Reads source packs, says what is wrong with them, and tries them.",
	    "  check  each FILE, or all of sources_dir: a line FILE:PLACE: REASON for each fault\n"
	    "         (PLACE is a JSON Pointer); the status is 1 when there is one\n"
	    "  man    the members of a pack in mdoc(7)\n"
	    "  try    reads a source and stores nothing: a line for each collection with its "
	    "items, pages,\n"
	    "         requests, time, completeness, and the permission that is missing; the status "
	    "is 1\n"
	    "         where not all of it is complete.  CONFIG is a config's id, which the "
	    "collectors read;\n"
	    "         PACK (of sources_dir) and FILE (with a / or .json) are read from here, "
	    "without a database\n"
	    "  --param NAME=VALUE      a parameter of the pack; may be repeated\n"
	    "  --credential-file FILE  source.credential as JSON; - is standard input\n"
	    "  --record DIR            keeps what is answered in a new folder, secrets masked\n"
	    "  --tenant SLUG           the tenant of CONFIG; without it all of them are asked\n" },
	{ "doctor", cmd_doctor, "",
	    "Looks for what is wrong with the installation, and says what to do.",
	    "Run by root it tries everything as the account of the services.\n" },
	{ 0 }
};

static const struct command *
command_by_name(const char *name)
{
	for (const struct command *x = commands; x->name != NULL; x++)
		if (strcmp(x->name, name) == 0)
			return x;
	return NULL;
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
	const struct command *x = command_by_name(command);
	FILE                 *out = asked ? stdout : stderr;

	fprintf(
	    out, "usage: bsxctl [-c CONF] %s %s\n%s\n%s", x->name, x->args, x->sentence, x->help);
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
		fprintf(out, "  %-8s %s\n", x->name, x->sentence);
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

static int
run(struct ctl *c, int argc, char **argv)
{
	const struct command *x = command_by_name(argv[0]);

	if (x == NULL) {
		fprintf(stderr, "bsxctl: there is no command %s\n", ctl_text(c, argv[0]));
		return usage(false);
	}
	optind = 0; /* the command has options of its own */
	return wants_help(argc, argv) ? ctl_usage(x->name, true) : x->run(c, argc, argv);
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
