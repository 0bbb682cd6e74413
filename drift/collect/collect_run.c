#include "drift/collect/collect_run.h"

#include <string.h>

#include "core/shm/metric.h"
#include "core/store/alert/outbox.h"
#include "core/store/drift/snapshot.h"
#include "drift/collect/collect_recall.h"
#include "drift/collect/collect_write.h"
#include "drift/run/attributed.h"
#include "drift/run/tailing.h"
#include "drift/self/canary.h"
#include "drift/self/self.h"
#include "drift/source/rest.h"

#define PUT_OFF_MS    60000
#define FORK_AGAIN_MS 1000
#define LOOK_MS       2000

/* ---- its end ---- */

static void
say(const struct collect_run *r, const char *message, const struct err *why)
{
	char config[UUID_TEXT_MAX];

	uuid_print(&r->running.claim.config_id, config);
	log_event(r->c->env.log, LOG_DRIFT, LOG_LEVEL_WARN, message,
	    LOGS("event.action", "source.collect"), LOGS("event.outcome", "failure"),
	    LOGS("bsx.config.id", config), LOGS("error.message", why->detail));
}

static bool
is_watch(const struct collect_run *r)
{
	return strcmp(r->running.run.kind, run_kinds[RUN_WATCH]) == 0;
}

/* The tenant's connection, as it is now. */
static bool
open_tenant(struct collect_run *r, struct err *e)
{
	const struct tenant *t;

	return tenant_by_schema(r->c->database, str_of(r->running.claim.schema_name), &t, e) &&
	       tenant_db_open(r->c->database, t, false, &r->running.t, e);
}

static void
let_go(struct collect_run *r)
{
	collect_recall_end(r);
	TALLOC_FREE(r->drive);
	if (r->session != NULL)
		session_release(r->c->sessions, r->session);
	r->session = NULL;
	r->over = true;
}

/* The claim was lost to somebody, which is no failure of ours. */
static void
ended(struct collect_run *r, bool ok, struct err *e)
{
	if (!ok && e->sys != OUTBOX_FENCE_LOST)
		say(r, "a run could not be ended; its claim runs out", e);
	let_go(r);
}

/* The credential's own wait; what else it cannot do for the run is logged. */
static void
heed_refusal(struct collect_run *r, struct run_failure *f, const struct err *why)
{
	struct work         work;
	const struct run_of of = { r->c->drift, r->running.t, r, &work, &r->running.config };
	struct err          e = { 0 };
	int64_t             wait_ms = 0;

	if (why->code != ERR_CREDENTIALS || !r->credential.there)
		return;
	work_begin(&work, WORK_TASK, r->c->env.clock);
	if (!run_credential_refused(&of, &r->credential, f->reason, &wait_ms, &e))
		say(r, "a refused credential could not be told of", &e);
	f->after_s = wait_ms / 1000;
}

void
collect_fail(struct collect_run *r, const struct err *why, const char *remedy)
{
	struct run_failure f = {
		.reason = why->code == ERR_INTERNAL
			      ? "Something went wrong here; the log says what."
			      : why->pub,
		.remedy = remedy,
		.hold = why->code == ERR_INVALID ||
			(why->code == ERR_CREDENTIALS && !r->credential.there),
	};
	struct err e = { 0 };
	bool       ok;

	if (why->sys == RUN_WAS_CANCELLED) {
		collect_leave(r);
		return;
	}
	ok = open_tenant(r, &e);
	if (why->faults != NULL && why->code == ERR_INVALID)
		f.reason = why->faults->detail;
	say(r, "a source could not be read", why);
	metric_add(r->c->env.segment, METRIC_DRIFT_RUNS,
	    METRIC_BY(r->spec == NULL ? "push" : r->spec->source.settings->kind, "failed"), 1);
	if (ok)
		heed_refusal(r, &f, why);
	if (ok && is_watch(r))
		ok = tailing_failed(&r->running, &e);
	ok = ok && collect_tell(r, true, &e) && running_fail(&r->running, &f, &e);
	ended(r, ok, &e);
}

void
collect_leave(struct collect_run *r)
{
	struct err e = { 0 };
	bool       ok = open_tenant(r, &e) && running_later(&r->running, &e);

	ended(r, ok, &e);
}

void
collect_forget(struct collect_run *r)
{
	let_go(r);
}

/* ---- its beginning ---- */

/* Nothing can be done for it now; `gone`: nor later, for there is no such tenant. */
static void
put_off(struct collect_run *r, bool gone, const struct err *why)
{
	struct db              *control = database_control(r->c->database);
	const struct run_claim *claim = &r->running.claim;
	const int64_t           ms = PUT_OFF_MS;
	struct err              e = { 0 };

	if (!gone)
		say(r, "a due source could not be looked at", why);
	if (!(gone ? run_forget(control, claim, &e) : run_put_off(control, claim, ms, &e)))
		say(r, "a claim was not given back; it runs out", &e);
	r->over = true;
}

/* Its turn comes, and whoever waits for the run reads why it does. */
static void
wait_for_turn(struct collect_run *r, int64_t wait_ms)
{
	const struct run_failure f = {
		.reason =
		    "Its credential is refused: it is tried again after a while, by one of the "
		    "configs that show it.",
		.remedy = "Give the config another credential, or have this one renewed.",
		.after_s = (wait_ms + 999) / 1000,
	};
	struct err e = { 0 };
	bool       ok = running_put_off(r->running.t, r, &r->running.claim, &f, &e);

	if (!ok && e.sys != OUTBOX_FENCE_LOST)
		put_off(r, false, &e);
	r->over = true;
}

/* A refused credential is not shown again before its time. */
static bool
may_begin(struct collect_run *r, struct err *e)
{
	int64_t wait_ms = 0;

	if (!run_credential_read(r->running.t, r, &r->running.claim.config_id, &r->credential, e) ||
	    !run_credential_turn(r->running.t, &r->credential, &wait_ms, e)) {
		put_off(r, false, e);
		return false;
	}
	if (wait_ms > 0)
		wait_for_turn(r, wait_ms);
	return wait_ms == 0;
}

/* A tenant that is not there takes its claims along; what else is missing may come. */
static bool
find_tenant(struct collect_run *r)
{
	const struct tenant *t = NULL;
	struct err           e = { 0 };

	if (tenant_by_schema(r->c->database, str_of(r->running.claim.schema_name), &t, &e) &&
	    tenant_db_open(r->c->database, t, false, &r->running.t, &e))
		return true;
	put_off(r, t == NULL && e.code == ERR_MISSING, &e);
	return false;
}

/* There was nothing to do after all. */
static void
rest(struct collect_run *r)
{
	const struct run_credential *c = &r->credential;
	struct err                   e = { 0 };

	if (c->there && c->trouble.failures > 0 &&
	    !credential_untried(r->running.t->db, c->row.digest, &e))
		say(r, "a turn to try a credential was not given back", &e);
	let_go(r);
}

bool
collect_drive(struct collect_run *r, int64_t now_ms, struct err *e)
{
	struct collecting      *c = r->c;
	struct canary           canary = { r->running.t, &r->running.config.id };
	const struct source_own own = r->spec->source.ops->canary
					  ? (struct source_own) { canary_read, &canary }
					  : (struct source_own) { self_read, r->running.t };
	struct drive_start      s = {
		     .own = &own,
		     .tenant = r->running.t->tenant->id,
		     .credential = r->credential.name,
		     .secret = r->credential.plain,
		     .until_ms = now_ms + c->env.conf->source_max_run_s * 1000,
	};

	if (!running_categories(r, &r->running.run, &s.categories, e))
		return false;
	s.source = r->of_log ? &r->log : &r->spec->source;
	s.session = r->session;
	s.recall = r->recall.of_source.key == NULL ? NULL : &r->recall.of_source;
	r->drive = drive_begin(r, &c->drive, &s, e);
	return r->drive != NULL;
}

/* A run of kind attribution or watch reads the log alone. */
static bool
begin_log(struct collect_run *r, struct err *e)
{
	const struct source *s = &r->spec->source;
	instant              since;

	r->of_log = running_is_of_log(&r->running.run);
	if (!r->of_log)
		return true;
	if (rest_attribution(s) == NULL)
		return err_set(e, ERR_INVALID, 0, "This kind of source has no log.",
		    "a reading of the log of a kind without one");
	return (is_watch(r) ? tailing_since(r->running.t, r, s, &r->running, &since, e)
			    : attributed_since(
				  r->running.t, r, &r->c->env, &r->running.config.id, &since, e)) &&
	       rest_log(r, s, since, &r->log, e);
}

/* What is read as it begins is read by the process that writes it. */
static bool
begin_reading(struct collect_run *r, int64_t now_ms, struct err *e)
{
	r->spec = spec_source(r, r->c->drift, &r->running.config, e);
	if (r->spec == NULL)
		return false;
	if (r->spec->source.ops->collect == NULL)
		return err_set(e, ERR_INVALID, 0, "This kind of source is not collected.",
		    "a run of a kind that does not collect");
	if (!begin_log(r, e))
		return false;
	r->session = session_use(r->c->sessions, &r->running.t->tenant->id, r->credential.name);
	if (r->session == NULL)
		return err_memory(e);
	r->ready = r->spec->source.ops->collect->at_once;
	collect_recall_begin(r, now_ms);
	return r->ready || collect_drive(r, now_ms, e);
}

struct collect_run *
collect_begin(TALLOC_CTX *mem, struct collecting *c, const struct run_claim *claim, int64_t now_ms)
{
	struct collect_run *r = talloc_zero(mem, struct collect_run);
	struct err          e = { 0 };

	if (r == NULL)
		return NULL; /* the claim runs out */
	r->c = c;
	r->running.claim = *claim;
	r->running.claim.schema_name = talloc_strdup(r, claim->schema_name);
	if (r->running.claim.schema_name == NULL)
		r->over = true; /* the claim runs out */
	else if (find_tenant(r) && may_begin(r, &e)) {
		const struct run_claim mine = r->running.claim;

		if (!running_begin(c->drift, r->running.t, r, &mine, &r->running, &e))
			ended(r, false, &e);
		else if (!r->running.begun)
			rest(r);
		else if (!begin_reading(r, now_ms, &e))
			collect_fail(r, &e, NULL);
	}
	if (r->over)
		TALLOC_FREE(r);
	return r;
}

/* ---- between ---- */

bool
collect_tell(struct collect_run *r, bool last, struct err *e)
{
	struct source_progress p = { 0 };

	if (r->drive == NULL)
		return true;
	drive_progress(r->drive, &p);
	return last ? running_note(&r->running, &p, e) : running_tell(&r->running, &p, e);
}

/* How far it is matters less than that it goes on. */
static void
tell_some(struct collect_run *r)
{
	const struct running *x = &r->running;
	const int64_t         last = x->told_ns == 0 ? x->began_ns : x->told_ns;
	struct err            e = { 0 };

	if (clock_ns(r->c->env.clock) - last < INT64_C(2000000000))
		return;
	if (open_tenant(r, &e) && collect_tell(r, false, &e))
		return;
	if (e.sys == RUN_WAS_CANCELLED)
		collect_leave(r);
	else
		say(r, "how far a run is could not be told", &e);
}

static void
write_here(struct collect_run *r)
{
	struct err e = { 0 };

	if (!open_tenant(r, &e) || !collect_write(r, NULL, &e)) {
		if (e.sys == OUTBOX_FENCE_LOST)
			ended(r, false, &e);
		else
			collect_fail(r, &e, NULL);
		return;
	}
	if (!r->unread) {
		let_go(r);
		return;
	}
	r->unread = false;
	drive_unfold(r->drive);
	r->again_ms = clock_ns(&clock_system) / 1000000;
}

/* Nobody has to wait for it: little has come, and there is little to hold it against. */
static bool
is_little(struct collect_run *r)
{
	const struct drift_config *config = &r->running.config;
	struct source_progress     p = { 0 };
	struct stored              s;
	struct err                 e = { 0 };
	uint64_t                   bytes;

	if (r->drive == NULL || config->edition < COMPARE_EDITION)
		return false;
	drive_progress(r->drive, &p);
	bytes = p.bytes + strlen(config->spec);
	if (bytes > COLLECT_INLINE_MAX)
		return false;
	if (!open_tenant(r, &e) ||
	    !snapshot_stored(r->running.t->db, &config->id, COLLECT_INLINE_ROWS + 1, &s, &e)) {
		say(r, "how much of a config is stored could not be read", &e);
		return false;
	}
	return !s.golden && s.versions + drive_collected(r->drive)->n <= COLLECT_INLINE_ROWS &&
	       bytes + s.bytes <= COLLECT_INLINE_MAX;
}

static void
write_down(struct collect_run *r)
{
	if (!r->ready && (r->of_log || drive_collected(r->drive)->same || is_little(r))) {
		write_here(r);
		return;
	}
	r->ready = true;
	if (r->c->workers >= COLLECT_WORKERS_MAX)
		return;
	collect_recall_share(r);
	r->worker = collect_fork(r);
	if (r->worker > 0)
		r->c->workers++;
	else { /* not even that has room now */
		collect_recall_hear(r);
		r->worker = 0;
		r->again_ms = clock_ns(&clock_system) / 1000000 + FORK_AGAIN_MS;
	}
}

void
collect_on(struct collect_run *r, int64_t now_ms)
{
	struct err      e = { 0 };
	enum drive_step step;

	r->again_ms = INT64_MAX;
	if (r->over || r->worker != 0)
		return;
	if (r->ready) {
		write_down(r);
		return;
	}
	step = drive_on(r->drive, now_ms, &r->again_ms, &e);
	if (step == DRIVE_DONE)
		write_down(r);
	else if (step == DRIVE_FAILED)
		collect_fail(r, &e, drive_remedy(r->drive));
	else {
		if (r->again_ms > now_ms + LOOK_MS) /* whether somebody has cancelled it */
			r->again_ms = now_ms + LOOK_MS;
		tell_some(r);
	}
}

void
collect_reap(struct collect_run *r, int status)
{
	struct err why = { 0 };

	r->worker = 0;
	r->c->workers--;
	collect_recall_hear(r);
	if (status == 0) {
		let_go(r);
		return;
	}
	err_set(&why, ERR_UNAVAILABLE, 0,
	    "What was read could not be compared: the process that did it ended.",
	    "a writing process ended with status %d", status);
	collect_fail(r, &why, NULL);
}
