/*
 * collect_make - the tenants and configs of the benchmark of collecting, on a server that is empty.
 *
 * usage: collect_make CONF TENANTS CONFIGS INTERVAL_S URL
 *
 * CONF is driftd's configuration; its keyring and the control schema are made where they are not
 * there.  Configs are dealt to the tenants in turn, and read URL (its path is of the collection);
 * each is due at once.  Prints the names of the schemas, one a line; run again it makes more of
 * both.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/store/drift/config.h"
#include "core/store/server/provision.h"
#include "core/store/tx.h"
#include "drift/run/running.h"

struct making {
	TALLOC_CTX          *mem;
	struct env           env;
	struct database     *d;
	struct db           *prov;
	char                *spec;
	struct schedule_plan plan;
};

static void
check(bool ok, const struct err *e)
{
	if (ok)
		return;
	fprintf(stderr, "collect_make: %s %s\n", e->pub, e->detail);
	exit(1);
}

struct adding {
	struct making      *m;
	struct drift_config config;
};

static bool
add_body(struct db *db, void *arg, struct err *e)
{
	struct adding *a = arg;

	return config_add(db, &a->config, e) &&
	       running_join(db, &a->m->env, &a->config.id, &a->m->plan, e);
}

static void
add_config(struct making *m, struct tenant_db *t)
{
	char            name[UUID_TEXT_MAX];
	struct adding   a = { .m = m,
		  .config = { .id = uuid_make(m->env.clock, m->env.rand),
		      .name = name,
		      .spec = m->spec,
		      .version = 1,
		      .edition = COMPARE_EDITION } };
	const struct tx tx = { .name = "add", .body = add_body, .arg = &a };
	struct err      e = { 0 };

	uuid_print(&a.config.id, name);
	a.config.created_at.ms = a.config.updated_at.ms = clock_ms(m->env.clock);
	check(tx_run(t->db, &tx, &e), &e);
}

static void
make_tenant(struct making *m, long number, long configs)
{
	const struct provision p = { m->prov, m->d, &m->env };
	char                   slug[64];
	struct tenant          made;
	const struct tenant   *row;
	struct tenant_db      *t;
	struct err             e = { 0 };

	snprintf(slug, sizeof(slug), "t%ld-%d", number, (int)getpid());
	check(provision_tenant(&p, m->mem, slug, slug, &made, &e), &e);
	check(
	    tenant_by_id(m->d, &made.id, &row, &e) && tenant_db_open(m->d, row, false, &t, &e), &e);
	for (long i = 0; i < configs; i++)
		add_config(m, t);
	printf("%s\n", made.schema_name);
	fflush(stdout);
}

static void
open_all(struct making *m, const char *path)
{
	struct err   e = { 0 };
	struct conf *c = conf_load(m->mem, path, &e);

	check(c != NULL, &e);
	if (access(c->keyring, F_OK) != 0)
		check(keyring_create(c->keyring, &rand_system, &e), &e);
	m->env = (struct env) { .conf = c, .clock = &clock_system, .rand = &rand_system };
	m->env.keyring = keyring_open(m->mem, c->keyring, &e);
	check(m->env.keyring != NULL, &e);
	m->prov = provision_db(m->mem, c, &clock_system, NULL, &e);
	check(m->prov != NULL, &e);
	m->d = database_make(m->mem, &m->env, &e);
	check(m->d != NULL, &e);
	check(provision_control(&(struct provision) { m->prov, m->d, &m->env }, &e), &e);
}

static void
make_spec(struct making *m, const char *url, long interval_s)
{
	const char *host = strstr(url, "://"), *path = host == NULL ? NULL : strchr(host + 3, '/');
	struct err  e = { 0 };

	if (path == NULL) {
		fputs("collect_make: a URL has a host and a path\n", stderr);
		exit(2);
	}
	m->spec = talloc_asprintf(m->mem,
	    "{\"source\":{\"kind\":\"http\",\"parameters\":{\"base_url\":\"%.*s\"},\"collections\":"
	    "[{"
	    "\"category\":\"rules\",\"path\":\"%s\",\"items\":\"/items\",\"key\":\"id\","
	    "\"next\":{\"pointer\":\"/next\"}}]},\"schedule\":{\"interval_s\":%ld}}",
	    (int)(path - url), url, path, interval_s);
	check(spec_schedule(m->mem, m->spec, &m->plan, &e), &e);
}

int
main(int argc, char **argv)
{
	struct making m = { .mem = talloc_new(NULL) };
	long          tenants = argc == 6 ? strtol(argv[2], NULL, 10) : 0,
	     configs = argc == 6 ? strtol(argv[3], NULL, 10) : 0;

	if (argc != 6 || tenants < 0 || configs < 0) {
		fputs("usage: collect_make CONF TENANTS CONFIGS INTERVAL_S URL\n", stderr);
		return 2;
	}
	open_all(&m, argv[1]);
	make_spec(&m, argv[5], strtol(argv[4], NULL, 10));
	for (long i = 0; i < tenants; i++)
		make_tenant(&m, i, configs / tenants + (i < configs % tenants));
	talloc_free(m.mem);
	return 0;
}
