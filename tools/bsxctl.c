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

#include "core/auth/keys_from.h"
#include "core/base/secret.h"
#include "core/json/schema.h"

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
	struct keyring *k = keys_open(c->mem, c->conf, owner, e);

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
	/* A keyring from elsewhere has no file that everybody would find. */
	const char *path = keys_are_ours(c->conf) ? c->conf->keyring : c->conf->state_dir;
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
