#include "tests/store/old_world.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

char *
old_file(TALLOC_CTX *mem, const char *path)
{
	FILE  *f = fopen(path, "r");
	char  *text = talloc_zero_size(mem, 1 << 20);
	size_t n;

	if (f == NULL)
		fail_msg("%s cannot be read", path);
	n = fread(text, 1, (1 << 20) - 1, f);
	assert_true(n > 0 && feof(f));
	fclose(f);
	return text;
}

static void
write_conf(struct old *o)
{
	FILE *f;

	snprintf(o->conf, sizeof(o->conf), "%s/upgrade.conf", server_folder());
	f = fopen(o->conf, "w");
	assert_non_null(f);
	fprintf(f,
	    "public_url = \"http://127.0.0.1:8080\"; state_dir = \"%s\"; keyring = "
	    "\"%s/upgrade.keyring\";\n"
	    "user = \"%s\";\n"
	    "db = { socket = \"%s\"; control = \"" OLD_CONTROL "\"; user = \"" OLD_CONTROL
	    "\"; provision_user = \"root\"; };\n",
	    server_folder(), server_folder(), getpwuid(getuid())->pw_name, server_socket());
	assert_int_equal(fclose(f), 0);
}

static void PRINTF(1, 2) shell(const char *fmt, ...)
{
	char    text[1000];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	assert_int_equal(system(text), 0);
}

/* The server as that state left it. */
static void
old_restore(struct old *o)
{
	struct world *w = o->w;
	struct err    e = { 0 };

	shell("zcat " OLD_FOLDER "/%s.sql.gz | mariadb --no-defaults --socket='%s' --user=root",
	    o->name, server_socket());
	shell("cp " OLD_FOLDER "/%s.keyring '%s/upgrade.keyring' && chmod 600 '%s/upgrade.keyring'",
	    o->name, server_folder(), server_folder());
	write_conf(o);
	w->env.keyring =
	    keyring_open(w, talloc_asprintf(w, "%s/upgrade.keyring", server_folder()), &e);
	if (w->env.keyring == NULL)
		fail_msg("%s", e.detail);
	database_close_all(w->d);
	w->d = database_make(w, &w->env, &e);
	assert_non_null(w->d);
}

struct old *
old_make(void **state, const char *name)
{
	struct old *o = talloc_zero(*state, struct old);

	o->w = *state;
	o->w->conf.public_url = "http://127.0.0.1:8080";
	o->w->conf.base_path = "";
	o->w->conf.rules_dir = "etc/rules";
	o->w->conf.sources_dir = "etc/sources";
	o->name = name;
	old_restore(o);
	return o;
}

/* `bsxctl migrate ARGUMENT`; its exit status. */
int
old_migrate(const struct old *o, const char *argument)
{
	char text[600];
	int  status;

	snprintf(text, sizeof(text), "%s -c '%s' migrate %s >'%s/migrate.out' 2>&1",
	    getenv("BSX_CTL"), o->conf, argument, server_folder());
	status = system(text);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

void
old_migrated(const struct old *o)
{
	if (old_migrate(o, "") != 0)
		fail_msg("%s: %s", o->name,
		    old_file(o->w, talloc_asprintf(o->w, "%s/migrate.out", server_folder())));
}

const struct tenant *
old_tenant(struct old *o, const char *slug)
{
	const struct tenant *t;
	struct err           e = { 0 };

	assert_ok(tenant_by_slug(o->w->d, str_of(slug), &t, &e));
	return t;
}

struct tenant_db *
old_open(struct old *o, const char *slug)
{
	struct tenant_db *t;
	struct err        e = { 0 };

	assert_ok(tenant_db_open(o->w->d, old_tenant(o, slug), false, &t, &e));
	return t;
}

struct drift_world *
old_drift(struct old *o)
{
	struct drift_world *x = talloc_zero(o, struct drift_world);
	struct err          e = { 0 };
	struct log_options  lo = { .service = "test",
		 .clock = &clock_system,
		 .target = talloc_asprintf(x, "%s/upgrade.log", server_folder()) };

	x->w = o->w;
	x->env = (struct env) {
		.conf = &o->w->conf,
		.clock = &clock_system,
		.rand = &rand_system,
		.log = log_open(x, &lo, &e),
	};
	x->t = old_open(o, "demo");
	x->d = drift_make(x, &x->env, &e);
	assert_non_null(x->d);
	return x;
}
