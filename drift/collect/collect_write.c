#include "drift/collect/collect_write.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "core/base/memory.h"
#include "core/shm/metric.h"
#include "core/store/tx.h"
#include "drift/collect/collect_recall.h"
#include "drift/run/attributed.h"
#include "drift/run/attributing.h"
#include "drift/run/ingest.h"
#include "drift/run/tailing.h"
#include "drift/run/takeover.h"
#include "drift/self/self_trail.h"

/* ---- a try: nothing is stored ---- */

static bool
try_body(struct db *db, void *arg, struct err *e)
{
	return running_end(db, arg, &(struct run_done) { 0 }, e);
}

static bool
end_try(struct collect_run *r, struct err *e)
{
	const struct tx tx = { .name = "run_try", .body = try_body, .arg = &r->running };

	return tx_run(r->running.t->db, &tx, e);
}

/* ---- a log: what is to be read soon ---- */

/* Who may not read it hears why, and the config is read by its schedule. */
static bool
fail_watch(struct collect_run *r, const struct source_collection *c, struct err *e)
{
	const char *remedy = c->remedy;
	struct err  why = { 0 };

	if (c->permission != NULL) {
		remedy = talloc_asprintf(r, "The permission %s is missing.%s%s", c->permission,
		    remedy == NULL ? "" : " ", remedy == NULL ? "" : remedy);
		if (remedy == NULL)
			return err_memory(e);
	}
	(void)err_set(&why, ERR_UNAVAILABLE, 0,
	    c->why != NULL ? c->why : "The log of the source could not be read.",
	    "a log that is to be watched was not read");
	collect_fail(r, &why, remedy);
	return true;
}

static bool
end_watch(struct collect_run *r, struct err *e)
{
	const struct tailing   x = { &r->running, &r->spec->source, drive_collected(r->drive) };
	struct source_progress p = { 0 };

	drive_progress(r->drive, &p);
	if (p.n != 1 || p.collections[0].how != COLLECTION_COMPLETE)
		return fail_watch(r, &p.collections[0], e);
	return tailing_end(&x, e);
}

/* ---- a log: who made what was found before ---- */

static bool
end_log(struct collect_run *r, struct err *e)
{
	struct work           work;
	struct attributed_run a = {
		.run = &r->running, .got = drive_collected(r->drive), .work = &work
	};

	work_begin(&work, WORK_TASK, r->c->env.clock);
	a.spec = spec_of(r->c->drift, r->running.t, &r->running.config, &work, e);
	return a.spec != NULL && attributed_end(&a, e);
}

/* ---- a snapshot ---- */

/* The config as it is now; *same: it is read as it was when the run began. */
static bool
read_config(const struct collect_run *r, struct ingest *in, struct drift_config *c,
    struct ingest_read *read, bool *same, struct err *e)
{
	const struct uuid    *id = &r->running.config.id;
	const struct takeover over = { in->d, in->t, in->mem, in->work, *id };

	if (!ingest_read(in, id, c, read, e))
		return false;
	*same = c->version == r->running.config.version;
	if (!*same || c->edition >= COMPARE_EDITION)
		return true;
	return takeover(&over, e) && ingest_read(in, id, c, read, e);
}

/* Either it is as it was, and the run ends with that, or all of it has to be read. */
static bool
write_same(struct collect_run *r, struct ingest *in, struct err *e)
{
	const struct snapshot_head *head = collect_recall_head(r, in->spec);
	struct ingest_answer        a;
	bool                        holds = false;

	if (head != NULL && !ingest_same(in, drive_collected(r->drive), head, &holds, &a, e))
		return false;
	metric_add(r->c->env.segment, holds ? METRIC_CACHE_HITS : METRIC_CACHE_MISSES,
	    METRIC_BY("source_reading"), 1);
	r->unread = !holds;
	return true;
}

static bool
write_all(struct collect_run *r, struct ingest *in, struct err *e)
{
	struct ingest_answer a;

	if (!ingest_collected(in, drive_collected(r->drive), &a, e))
		return false;
	collect_recall_learn(r, in->spec, a.head);
	return true;
}

static bool
write_snapshot(struct collect_run *r, struct memory *memory, struct err *e)
{
	struct drift_config config;
	struct ingest_read  read;
	struct work         work;
	struct ingest       in = {
		      .d = r->c->drift,
		      .t = r->running.t,
		      .mem = r,
		      .work = &work,
		      .config = &config,
		      .read = &read,
		      .pushed_by = r->spec->source.settings->kind,
		      .run = &r->running,
	};
	const struct run_of            of = { in.d, in.t, r, &work, &config };
	const struct attribution_asker trail = { self_trail, in.t };
	bool                           same;

	work_begin(&work, WORK_TASK, r->c->env.clock);
	work.memory = memory;
	if (!read_config(r, &in, &config, &read, &same, e))
		return false;
	if (!same) /* it is asked again as it is now */
		return running_later(&r->running, e);
	in.spec = spec_of(in.d, in.t, &config, &work, e);
	in.who = r->spec->source.ops->trail ? &trail : NULL;
	if (in.spec == NULL || !run_credential_taken(&of, &r->credential, e))
		return false;
	return drive_collected(r->drive)->same ? write_same(r, &in, e) : write_all(r, &in, e);
}

bool
collect_write(struct collect_run *r, struct memory *memory, struct err *e)
{
	if (!collect_tell(r, true, e))
		return false;
	if (strcmp(r->running.run.kind, run_kinds[RUN_WATCH]) == 0)
		return end_watch(r, e);
	if (r->of_log)
		return end_log(r, e);
	return strcmp(r->running.run.kind, run_kinds[RUN_TRY]) == 0 ? end_try(r, e)
								    : write_snapshot(r, memory, e);
}

/* ---- beside the others ---- */

/* What is read as it begins is read here. */
static bool
read_at_once(struct collect_run *r, struct err *e)
{
	const int64_t now = clock_ns(&clock_system) / 1000000;
	int64_t       again;

	if (r->drive != NULL)
		return true;
	if (!collect_drive(r, now, e))
		return false;
	return drive_on(r->drive, now, &again, e) == DRIVE_DONE ||
	       (e->code == ERR_OK
		       ? err_set(e, ERR_INTERNAL, 0, "internal error", "not all was read at once")
		       : false);
}

/* Its parent's connections are its parent's. */
static bool
write_beside(struct collect_run *r, struct err *e)
{
	const struct tenant   *t;
	struct memory          memory = MEMORY_NONE;
	struct source_progress p = { 0 };

	if (r->drive != NULL)
		drive_progress(r->drive, &p);
	memory.apart = r->c->budget.held - p.held;
	r->c->database = database_make(r, &r->c->env, e);
	return r->c->database != NULL &&
	       tenant_by_schema(r->c->database, str_of(r->running.claim.schema_name), &t, e) &&
	       tenant_db_open(r->c->database, t, false, &r->running.t, e) && read_at_once(r, e) &&
	       collect_write(r, &memory, e);
}

pid_t
collect_fork(struct collect_run *r)
{
	struct err e = { 0 };
	pid_t      pid = fork();

	if (pid != 0)
		return pid;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* whoever has the claim next begins anew */
	if (!write_beside(r, &e)) {
		if (r->c->database == NULL)
			_exit(EXIT_FAILURE);
		collect_fail(r, &e, NULL);
	}
	_exit(EXIT_SUCCESS);
}
