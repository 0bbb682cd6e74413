#include "fcgi/responder.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/auth/keys_from.h"
#include "core/auth/programs.h"
#include "core/base/log.h"
#include "core/base/rand.h"
#include "core/conf/conf.h"
#include "core/crypt/keyring.h"
#include "core/crypt/password.h"
#include "core/health/health.h"
#include "core/net/guard.h"
#include "core/shm/metric.h"
#include "core/shm/slot.h"
#include "core/web/rate.h"
#include "fcgi/routes.h"

#define WORKERS_MIN 4 /* two of them may hash passwords (core/shm/permit.h) */
#define DRIFTD_OWN  1 /* its scheduler's control connection, beside its senders' */

static unsigned
cores(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n < 1 ? 1 : (unsigned)n;
}

/* `asked` < 0: as configured; the configuration's 0: by the number of cores. */
static bool
worker_count(const struct conf *c, int64_t asked, unsigned *n, struct err *e)
{
	int64_t want = asked >= 0 ? asked : c->workers;

	if (asked < 0 && want == 0)
		want = cores() < WORKERS_MIN ? WORKERS_MIN : cores();
	if (want > SLOTS_MAX)
		return err_set(e, ERR_INTERNAL, 0, "too many workers",
		    "%lld workers are more than the %d this program can keep", (long long)want,
		    SLOTS_MAX);
	*n = (unsigned)want;
	return true;
}

static struct log *
open_log(TALLOC_CTX *mem, const struct conf *c, struct segment *s, struct err *e)
{
	struct log_options o = { .target = c->log_target,
		.service = "blindspotx",
		.clock = &clock_system,
		.dropped = s != NULL ? metric_log_dropped(s) : NULL };

	conf_log_levels(c, o.levels);
	return log_open(mem, &o, e);
}

static bool
open_segment(TALLOC_CTX *mem, struct responder *r, struct err *e)
{
	struct segment_options o = { .cache_entries = (uint64_t)r->conf->cache_entries };

	o.path = talloc_asprintf(mem, "%s/segment", r->conf->state_dir);
	if (o.path == NULL)
		return err_memory(e);
	r->segment = segment_open(mem, &o, e);
	return r->segment != NULL;
}

/* What workers would stumble over is found before there are any. */
static bool
check_rates(const struct conf *c, const struct keyring *k, struct err *e)
{
	struct rates *rs = rates_make(NULL, c, k, route_tables, e);

	talloc_free(rs);
	return rs != NULL;
}

/* A worker that was replaced may still have its last request there. */
static void
set_fetcher(struct responder *r)
{
	r->fetcher.transfers = 2 * r->workers + 2;
	r->fetcher.allow = r->conf->outbound_allow;
	r->fetcher.plain_http = r->conf->outbound_http;
}

bool
responder_open_road(TALLOC_CTX *mem, struct responder *r, struct err *e)
{
	r->fetcher.program = fetcher_beside(mem, e);
	if (r->fetcher.program == NULL)
		return false;
	if (access(r->fetcher.program, X_OK) != 0)
		return err_set(e, ERR_INTERNAL, errno, "internal error",
		    "%s: %s; it belongs beside blindspotx.fcgi", r->fetcher.program,
		    strerror(errno));
	return road_make(&r->road, e);
}

bool
responder_open(
    TALLOC_CTX *mem, struct responder *r, const char *conf_path, int64_t workers, struct err *e)
{
	*r = (struct responder) {
		.conf_path = conf_path,
		.workers_asked = workers,
		.road = { -1, -1, NULL },
	};
	r->conf = conf_load(mem, conf_path, e);
	if (r->conf == NULL || !worker_count(r->conf, workers, &r->workers, e))
		return false;
	set_fetcher(r);
	r->keyring = keys_open(mem, r->conf, geteuid(), e);
	if (r->keyring == NULL || !check_rates(r->conf, r->keyring, e) || !open_segment(mem, r, e))
		return false;
	r->log = open_log(mem, r->conf, r->segment, e);
	if (r->log == NULL)
		return false;
	r->permits = permits_make(mem, r->segment, cores(), PASSWORD_SCRATCH, r->workers, e);
	return r->permits != NULL;
}

/* A setting that needs a restart keeps its value; true: the file has another one. */
static bool
keep_fixed(const struct conf_key *k, const struct conf *old, struct conf *new, struct err *e)
{
	const char *from = (const char *)old + k->offset;
	char       *to = (char *)new + k->offset;
	size_t      n = k->kind == FIELD_I64    ? sizeof(int64_t)
			: k->kind == FIELD_BOOL ? sizeof(bool)
						: 0;
	char       *text;

	if (n > 0) {
		if (memcmp(to, from, n) == 0)
			return false;
		memcpy(to, from, n);
		return true;
	}
	assert(k->kind == FIELD_STR); /* what the table has of fixed settings */
	memcpy(&text, from, sizeof(text));
	if (strcmp(text, *(char *const *)(void *)to) == 0)
		return false;
	text = talloc_strdup(new, text);
	if (text == NULL)
		return err_memory(e);
	memcpy(to, &text, sizeof(text));
	return true;
}

static bool
keep_all_fixed(const struct responder *r, struct conf *new, struct err *e)
{
	for (const struct conf_key *k = conf_keys; k->name != NULL; k++) {
		if (k->reloadable || !keep_fixed(k, r->conf, new, e))
			continue;
		log_event(r->log, LOG_SYSTEM, LOG_LEVEL_WARN,
		    "a changed setting needs a restart and keeps its value",
		    LOGS("event.action", "reload"), LOGS("bsx.setting", k->name));
	}
	return e->code == ERR_OK;
}

static bool
reload(TALLOC_CTX *mem, struct responder *r, struct err *e)
{
	struct conf    *c = conf_load(mem, r->conf_path, e);
	struct keyring *k = NULL;
	struct log     *l;
	unsigned        n;

	if (c == NULL)
		return false;
	if (!keep_all_fixed(r, c, e) || !worker_count(c, r->workers_asked, &n, e))
		goto bad;
	k = keys_open_again(mem, c, r->keyring, e);
	if (k == NULL || !check_rates(c, k, e))
		goto bad;
	l = open_log(mem, c, r->segment, e);
	if (l == NULL)
		goto bad;
	talloc_free(r->log);
	talloc_free(r->keyring);
	talloc_free(r->conf);
	r->log = l;
	r->keyring = k;
	r->conf = c;
	r->workers = n;
	set_fetcher(r);
	permits_resize(r->permits, n);
	return true;
bad:
	talloc_free(k);
	talloc_free(c);
	return false;
}

bool
responder_reload(TALLOC_CTX *mem, struct responder *r, struct err *e)
{
	struct err log_e = { 0 };

	if (reload(mem, r, e))
		return true;
	if (!log_reopen(r->log, &log_e))
		log_err(r->log, LOG_SYSTEM, "the log cannot be opened again", &log_e);
	return false;
}

/* What a request needs beside the database: lists parsed once, rules of the outbound guard. */
static bool
add_lists(struct app *app, const struct conf *c, struct err *e)
{
	struct cidr_list *proxies = talloc_zero(app, struct cidr_list);
	struct cidr_list *metrics = talloc_zero(app, struct cidr_list);
	struct cidr_list *outbound = talloc_zero(app, struct cidr_list);
	struct guard     *guard = talloc_zero(app, struct guard);

	if (proxies == NULL || metrics == NULL || outbound == NULL || guard == NULL)
		return err_memory(e);
	if (!cidr_list_parse(app, c->trusted_proxies, proxies, e) ||
	    !cidr_list_parse(app, c->metrics_allow, metrics, e) ||
	    !cidr_list_parse(app, c->outbound_allow, outbound, e))
		return false;
	*guard = (struct guard) { .allow = outbound, .plain_http = c->outbound_http };
	app->trusted_proxies = proxies;
	app->forwarded_header =
	    strcmp(c->forwarded_header, forwarded_header_name(FORWARDED_RFC7239)) == 0
		? FORWARDED_RFC7239
		: FORWARDED_X_FOR;
	app->metrics_allow = metrics;
	app->guard = guard;
	return true;
}

static struct env
env_of(const struct responder *r)
{
	return (struct env) {
		.conf = r->conf,
		.clock = &clock_system,
		.rand = &rand_system,
		.log = r->log,
		.keyring = r->keyring,
		.segment = r->segment,
	};
}

static struct database *
open_database(TALLOC_CTX *mem, const struct responder *r, struct err *e)
{
	const struct env env = env_of(r);

	return database_make(mem, &env, e);
}

static struct auth *
make_auth(struct app *app, const struct responder *r, struct err *e)
{
	struct auth  *a = talloc_zero(app, struct auth);
	struct fetch *f = r->road.ours >= 0 ? fetcher_reach(app, &r->road, e)
					    : fetcher_on_demand(app, &r->fetcher, e);

	if (a == NULL || f == NULL) {
		err_memory(e);
		return NULL;
	}
	*a = (struct auth) {
		.env = app->env,
		.permits = app->permits,
		.database = app->database,
		.guard = app->guard,
		.fetch = f,
	};
	return a;
}

struct app *
responder_app(TALLOC_CTX *mem, const struct responder *r, int slot, struct err *e)
{
	struct app *app = talloc_zero(mem, struct app);
	struct env *env = app == NULL ? NULL : talloc(app, struct env);

	if (env == NULL) {
		err_memory(e);
		talloc_free(app);
		return NULL;
	}
	*env = env_of(r);
	*app = (struct app) {
		.env = env,
		.permits = r->permits,
		.routes = route_tables,
		.slot = slot,
	};
	app->program = slot < 0 ? NULL : program_make(app, "responder", env);
	app->database = open_database(app, r, e);
	if (app->database == NULL || !add_lists(app, r->conf, e))
		goto bad;
	app->auth = make_auth(app, r, e);
	app->rates = rates_make(app, r->conf, r->keyring, app->routes, e);
	if (app->auth != NULL && app->rates != NULL && routes_check(app->routes, e))
		return app;
bad:
	talloc_free(app);
	return NULL;
}

/* Zeroes: the database cannot be asked now. */
static struct health_limits
limits_of_server(const struct responder *r)
{
	struct err           e = { 0 };
	struct database     *d = open_database(NULL, r, &e);
	struct health_limits l = { 0 };

	if (d == NULL || !health_limits(d, &l, &e)) {
		l = (struct health_limits) { 0 };
		log_err(r->log, LOG_SYSTEM, "limits of the database were not checked", &e);
	}
	if (d != NULL)
		database_close_all(d);
	talloc_free(d);
	return l;
}

/* It goes on without them where the server takes no more. */
static void
note_statements(const struct responder *r, const struct health_limits *l, int64_t connections)
{
	int64_t kept = connections * r->conf->rate_hosts * r->conf->db_kept_statements;

	if (kept <= l->most_kept)
		return;
	log_event(r->log, LOG_SYSTEM, LOG_LEVEL_WARN,
	    "too many statements may be kept: lower db.kept_statements, or raise the server's "
	    "max_prepared_stmt_count",
	    LOGS("event.action", "db.statements"), LOGI("bsx.db.statements", kept),
	    LOGI("bsx.db.most", l->most_kept));
}

bool
responder_check_connections(const struct responder *r, struct err *e)
{
	struct health_limits l = limits_of_server(r);
	int64_t              workers = r->workers == 0 ? 1 : r->workers;
	int64_t              driftd = r->conf->driftd_senders + DRIFTD_OWN;
	int64_t              need = workers * (r->conf->db_tenant_connections + 1) + driftd;

	if (l.max_connections == 0)
		return true;
	note_statements(r, &l, need);
	if (need <= l.max_connections)
		return true;
	return err_set(e, ERR_INTERNAL, 0, "too many database connections",
	    "%lld workers x (db.tenant_connections %lld + 1) and driftd (%lld) may open %lld "
	    "connections, but the server's max_connections is %lld",
	    (long long)workers, (long long)r->conf->db_tenant_connections, (long long)driftd,
	    (long long)need, (long long)l.max_connections);
}

void
responder_ends(struct app *app)
{
	if (app->program != NULL)
		program_ends(app->program, app->database);
	database_close_all(app->database);
}

void
responder_tidy(struct app *app)
{
	segment_check(app->env->segment, app->env->clock);
	database_tidy(app->database);
	if (app->program != NULL)
		program_tell(app->program, app->env, app->database);
}
