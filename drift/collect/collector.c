#include "drift/collect/collector.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/memory.h"
#include "core/shm/wake.h"
#include "drift/collect/collect_run.h"

#define CLAIM_MAX    16 /* in one statement */
#define BEAT_MS      (RUN_LEASE_S * 1000 / 3)
#define TIDY_MS      5000
#define PAUSE_MIN_MS 500
#define PAUSE_MAX_MS 10000
#define HOST_MAX     256
#define WORD_MS      20   /* between looks at the count of wake.h, which is in memory */
#define WRITE_MS     5000 /* at the end: for processes that write */

struct collector {
	struct collecting    c;
	struct multi        *multi;
	struct run_claimer   claimer;
	char                 host[HOST_MAX];
	struct collect_run **runs;
	size_t               n, room;
	int                  signals;
	uint32_t             word; /* count of wake.h when what is due was looked at last */
	bool                 ending, once;
	int64_t              claim_ms, beat_ms, tidy_ms; /* due then; monotonic */
	int64_t              until_ms;                   /* of a single round; 0: none */
	int64_t              pause_ms;                   /* after a failure */
	bool                 drained; /* the last claim left nothing that is due */
	struct memory        memory;
};

static int64_t
now_ms(void)
{
	return clock_ns(&clock_system) / 1000000;
}

/* ---- opening ---- */

static bool
open_signals(struct collector *l, struct err *e)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	l->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	return l->signals >= 0 || err_set(e, ERR_INTERNAL, 0, "internal error", "signalfd");
}

static bool
open_parts(struct collector *l, const struct collector_start *s, struct err *e)
{
	const struct conf *conf = s->env.conf;
	struct guard      *g;

	l->c.database = database_make(l, &l->c.env, e);
	l->c.drift = l->c.database == NULL ? NULL : drift_make(l, &l->c.env, e);
	if (l->c.drift != NULL)
		l->c.drift->database = l->c.database;
	g = l->c.drift == NULL ? NULL : guard_make(l, conf->outbound_allow, conf->outbound_http, e);
	l->multi = g == NULL ? NULL : multi_make(l, g, NULL, e);
	if (l->multi == NULL)
		return false;
	multi_bind(l->multi, &(struct multi_bound) {
				 .most = COLLECT_ROOM,
				 .weight = COLLECT_GROWS,
				 .beside = &l->c.budget.held,
				 .leaving = &l->c.workers, /* what they write is let go */
			     });
	l->c.sessions = sessions_make(l);
	l->c.recalls = s->recalls != NULL ? s->recalls : recalls_make(l, s->env.rand);
	l->c.drive = (struct drive_by) {
		.env = &l->c.env,
		.multi = l->multi,
		.buckets = buckets_make(l),
		.timeout_ms = conf->source_timeout_s * 1000,
		.bytes_max = (uint64_t)conf->source_max_run_bytes,
		.budget = &l->c.budget,
	};
	l->room = (size_t)conf->source_max_runs;
	l->runs = talloc_zero_array(l, struct collect_run *, (unsigned)l->room);
	return (l->c.sessions != NULL && l->c.recalls != NULL && l->c.drive.buckets != NULL &&
		   l->runs != NULL) ||
	       err_memory(e);
}

/* Whatever is set, a tenant whose runs are slow leaves a place to the others. */
static int64_t
tenant_share(const struct conf *c)
{
	const int64_t most = c->source_max_runs > 1 ? c->source_max_runs - 1 : 1;

	return c->source_tenant_runs < most ? c->source_tenant_runs : most;
}

static struct collector *
collector_open(TALLOC_CTX *mem, const struct collector_start *s, struct err *e)
{
	struct collector *l = talloc_zero(mem, struct collector);

	if (l == NULL) {
		err_memory(e);
		return NULL;
	}
	l->memory = (struct memory)MEMORY_NONE;
	l->c.env = s->env;
	l->c.owner = s->owner;
	l->c.budget.most = COLLECT_HELD_MAX;
	(void)gethostname(l->host, sizeof(l->host) - 1);
	l->claimer = (struct run_claimer) {
		.owner = s->owner,
		.host = l->host,
		.per_tenant = tenant_share(s->env.conf),
		.per_host = s->env.conf->source_host_runs,
		.global = s->env.conf->source_all_runs,
	};
	l->beat_ms = now_ms() + BEAT_MS;
	return open_signals(l, e) && open_parts(l, s, e) ? l : NULL;
}

static void
collector_close(struct collector *l)
{
	if (l == NULL)
		return;
	database_close_all(l->c.database);
	if (l->signals >= 0)
		close(l->signals);
}

/* ---- the runs ---- */

static void
sweep(struct collector *l)
{
	for (size_t i = 0; i < l->n;) {
		if (!l->runs[i]->over) {
			i++;
			continue;
		}
		talloc_free(l->runs[i]);
		l->runs[i] = l->runs[--l->n];
		l->claim_ms = 0; /* there is room, also for what a tenant may have at once */
		l->drained = false;
	}
}

static bool
is_held(const struct collect_run *r, const struct run_claim *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (rows[i].fence == r->running.claim.fence &&
		    uuid_eq(&rows[i].config_id, &r->running.claim.config_id) &&
		    strcmp(rows[i].schema_name, r->running.claim.schema_name) == 0)
			return true;
	return false;
}

/* Those that are not ours any more are dropped. */
static bool
beat(struct collector *l, struct err *e)
{
	struct db        *control = database_control(l->c.database);
	TALLOC_CTX       *mem = talloc_new(l);
	struct run_claim *rows = NULL;
	uint64_t          held = 0;
	size_t            n = 0;
	bool              ok = mem != NULL && run_heartbeat(control, &l->c.owner, &held, e);

	if (ok && held < l->n)
		ok = run_held(control, mem, &l->c.owner, l->room, &rows, &n, e);
	for (size_t i = 0; ok && held < l->n && i < l->n; i++)
		if (!is_held(l->runs[i], rows, n) && l->runs[i]->worker == 0)
			collect_forget(l->runs[i]);
	l->beat_ms = now_ms() + (ok ? BEAT_MS : BEAT_MS / 10);
	talloc_free(mem);
	sweep(l);
	return ok;
}

/* Between any two things that may wait for the database, so that what is held stays so. */
static void
beat_if_due(struct collector *l)
{
	struct err e = { 0 };

	if (now_ms() >= l->beat_ms && l->n > 0 && !beat(l, &e))
		log_err(l->c.env.log, LOG_DRIFT, "the claims of runs could not be held", &e);
}

static bool
claim(struct collector *l, struct err *e)
{
	size_t            limit = l->room - l->n > CLAIM_MAX ? CLAIM_MAX : l->room - l->n, n = 0;
	TALLOC_CTX       *mem = talloc_new(l);
	struct run_claim *rows;
	bool              ok;

	if (mem == NULL)
		return err_memory(e);
	ok = run_claim(database_control(l->c.database), mem, &l->claimer, limit, &rows, &n, e);
	for (size_t i = 0; ok && i < n; i++) {
		struct collect_run *r = collect_begin(l, &l->c, &rows[i], now_ms());

		if (r != NULL)
			l->runs[l->n++] = r;
		beat_if_due(l);
	}
	talloc_free(mem);
	l->drained = ok && n < limit;
	l->claim_ms = ok && n == limit ? 0 : now_ms() + l->c.env.conf->driftd_poll_ms;
	return ok;
}

static void
reap(struct collector *l)
{
	int   status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (size_t i = 0; i < l->n; i++)
			if (l->runs[i]->worker == pid)
				collect_reap(l->runs[i], status);
}

static void
hear(struct collector *l)
{
	struct signalfd_siginfo s;

	while (read(l->signals, &s, sizeof(s)) == (ssize_t)sizeof(s))
		l->ending = l->ending || s.ssi_signo != SIGCHLD;
	reap(l);
}

/* Somebody asks for a run: what is due is looked at now, but by who waits for the database. */
static void
heed_word(struct collector *l)
{
	const uint32_t word = wake_count(l->c.env.segment);

	if (word == l->word || l->pause_ms != 0)
		return;
	l->word = word;
	l->claim_ms = 0;
}

/* ---- the loop ---- */

static void
log_once(struct collector *l, const struct err *why)
{
	if (l->pause_ms == 0)
		log_failure(l->c.env.log, LOG_DRIFT, "collector.wait",
		    "what is due waits and is tried again", why);
	l->pause_ms = l->pause_ms == 0 ? PAUSE_MIN_MS : l->pause_ms * 2;
	if (l->pause_ms > PAUSE_MAX_MS)
		l->pause_ms = PAUSE_MAX_MS;
	l->claim_ms = now_ms() + l->pause_ms;
}

static void
tidy(struct collector *l)
{
	buckets_tidy(l->c.drive.buckets, now_ms());
	database_tidy(l->c.database);
	l->ending = l->ending || (l->n == 0 && memory_give_back(&l->memory) > MEMORY_HELD_MAX);
	l->tidy_ms = now_ms() + TIDY_MS;
}

static void
upkeep(struct collector *l)
{
	struct err e = { 0 };

	beat_if_due(l);
	if (!l->ending && l->n < l->room && now_ms() >= l->claim_ms) {
		if (claim(l, &e))
			l->pause_ms = 0;
		else
			log_once(l, &e);
	}
	if (now_ms() >= l->tidy_ms)
		tidy(l);
}

static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* When something is to be done, if nothing comes before. */
static int64_t
next_ms(const struct collector *l)
{
	int64_t at = l->tidy_ms;

	if (l->n > 0) /* else there is nothing to hold */
		at = earlier(at, l->beat_ms);
	if (l->c.env.segment != NULL && !l->once)
		at = earlier(at, now_ms() + WORD_MS);
	if (l->n < l->room)
		at = earlier(at, l->claim_ms);
	for (size_t i = 0; i < l->n; i++)
		at = earlier(at, l->runs[i]->again_ms);
	return at;
}

static bool
go_round(struct collector *l, struct err *e)
{
	heed_word(l);
	upkeep(l);
	for (size_t i = 0; i < l->n; i++) {
		collect_on(l->runs[i], now_ms());
		beat_if_due(l);
	}
	sweep(l);
	if (!multi_wait(l->multi, next_ms(l) - now_ms(), &l->signals, 1, e))
		return false;
	hear(l);
	sweep(l);
	return true;
}

/* What is being written is waited for; the rest goes back. */
static void
end_runs(struct collector *l)
{
	int64_t until = now_ms() + WRITE_MS;

	for (size_t i = 0; i < l->n; i++)
		if (l->runs[i]->worker == 0)
			collect_leave(l->runs[i]);
	sweep(l);
	while (l->n > 0 && now_ms() < until) {
		struct err e = { 0 };

		if (!multi_wait(l->multi, until - now_ms(), &l->signals, 1, &e))
			break;
		hear(l);
		sweep(l);
	}
}

static void
give_back(struct collector *l)
{
	struct err e = { 0 };

	end_runs(l);
	if (!run_give_back(database_control(l->c.database), &l->c.owner, &e))
		log_err(l->c.env.log, LOG_DRIFT, "claims were not given back; they run out", &e);
}

static bool
is_done(const struct collector *l)
{
	if (l->ending)
		return true;
	return l->once &&
	       ((l->n == 0 && l->drained) || (l->until_ms != 0 && now_ms() >= l->until_ms));
}

static bool
collect(struct collector *l, struct err *e)
{
	bool ok = true;

	while (ok && !is_done(l))
		ok = go_round(l, e);
	give_back(l);
	return ok;
}

int
collector_run(const struct collector_start *s)
{
	TALLOC_CTX       *mem = talloc_new(NULL);
	struct err        e = { 0 };
	struct collector *l = mem == NULL ? NULL : collector_open(mem, s, &e);
	bool              ok = l != NULL && collect(l, &e);

	if (!ok)
		log_failure(s->env.log, LOG_DRIFT, "collector.end", "a collector has ended", &e);
	collector_close(l);
	talloc_free(mem);
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

bool
collector_once(const struct collector_start *s, int64_t until_ns, struct err *e)
{
	TALLOC_CTX       *mem = talloc_new(NULL);
	struct collector *l = mem == NULL ? NULL : collector_open(mem, s, e);
	bool              ok = l != NULL;

	if (ok) {
		l->once = true;
		l->until_ms = until_ns / 1000000;
		ok = collect(l, e);
	}
	collector_close(l);
	talloc_free(mem);
	return ok;
}
