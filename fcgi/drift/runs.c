/* routes.h: runs of configs whose source collects. */
#include "drift/run/run_progress.h"
#include "drift/service/run.h"
#include "fcgi/drift/drift.h"
#include "fcgi/routes.h"

struct run_out {
	struct uuid          id, config_id;
	const char          *kind, *state;
	instant              due_at, started_at, finished_at;
	int64_t              missed, attempts;
	const char          *reason, *remedy, *asked_by;
	struct uuid          report_id, snapshot_id;
	struct run_progress *progress;
	struct raw_json      categories, activity;
};
static const struct field run_out_fields[] = {
	FIELD(struct run_out, id, .doc = "Number of the run."),
	FIELD(struct run_out, config_id, .doc = "Its config."),
	FIELD(struct run_out, kind,
	    .doc =
		"scheduled, manual (somebody asked for it), notify (the source told of a "
		"change), try (it stores nothing), attribution (it reads the log of who did "
		"what was found, and stores no snapshot) or watch (it reads that log for what is "
		"to be read soon; one in which nothing was new is not kept)."),
	FIELD(struct run_out, state,
	    .doc = "queued, running, done, failed, dead (it failed too often, or cannot succeed as "
		   "the config is) or cancelled."),
	FIELD(struct run_out, due_at, .doc = "When it was, or is, due."),
	FIELD(struct run_out, started_at, .flags = FIELD_NULLABLE,
	    .doc = "When it was begun first; null: it waits."),
	FIELD(struct run_out, finished_at, .flags = FIELD_NULLABLE,
	    .doc = "When it was over; null: it is not."),
	FIELD(struct run_out, missed,
	    .doc = "Slots of the schedule before it that had no run; 10000: or more."),
	FIELD(struct run_out, attempts, .doc = "How often it was begun."),
	FIELD(struct run_out, reason, .flags = FIELD_NULLABLE,
	    .doc = "Why it came to nothing, or waits to be tried again."),
	FIELD(struct run_out, remedy, .flags = FIELD_NULLABLE, .doc = "What to do about it."),
	FIELD(struct run_out, asked_by, .flags = FIELD_NULLABLE,
	    .doc = "Who asked for it: an address, or key:NAME of an API key."),
	FIELD(struct run_out, report_id, .flags = FIELD_NULLABLE, .doc = "What it came to."),
	FIELD(struct run_out, snapshot_id, .flags = FIELD_NULLABLE, .doc = "What it read."),
	FIELD(struct run_out, progress, .item = &run_progress_schema, .flags = FIELD_NULLABLE,
	    .doc = "How far it is, or was, and each collection; null: nothing is known yet."),
	FIELD(struct run_out, categories, .flags = FIELD_NULLABLE,
	    .doc =
		"Array of the collections that it reads, where it does not read all; null: all."),
	FIELD(struct run_out, activity, .flags = FIELD_NULLABLE,
	    .doc =
		"What the source told of, for which it is: {confidence, actors: [{kind, id, name, "
		"address, at, activity, correlation_id}], more?}, as the attribution of a change; "
		"null: nothing. To who may not read values the actors are withheld."),
	FIELD_END,
};
static const struct schema run_out_schema = SCHEMA("DriftRun", struct run_out, run_out_fields);

struct run_asked_out {
	struct uuid run_id;
};
static const struct field run_asked_out_fields[] = {
	FIELD(struct run_asked_out, run_id, .doc = "The run, which may have waited already."),
	FIELD_END,
};
static const struct schema run_asked_out_schema =
    SCHEMA("DriftRunAsked", struct run_asked_out, run_asked_out_fields);

struct run_query {
	struct list_query page;
	struct uuid       config_id;
	const char       *state, *kind;
	instant           since;
};
static const char *const states[] = {
#define X(id, wire) wire,
	RUN_STATES(X)
#undef X
	    NULL
};
static const char *const kinds[] = {
#define X(id, wire) wire,
	RUN_KINDS(X)
#undef X
	    NULL
};
static const struct field run_query_fields[] = {
	LIST_FIELDS(struct run_query, "Most items of one answer."),
	FIELD(struct run_query, config_id, .flags = FIELD_NULLABLE, .doc = "Only of this config."),
	FIELD(struct run_query, state, .choices = states, .doc = "Only in this state."),
	FIELD(struct run_query, kind, .choices = kinds, .doc = "Only of this kind."),
	FIELD(struct run_query, since, .flags = FIELD_NULLABLE, .doc = "Only those made since."),
	FIELD_END,
};
static const struct schema run_query_schema =
    SCHEMA("DriftRunQuery", struct run_query, run_query_fields);

/* ---- handlers ---- */

static bool
run_show(struct request *r, const struct list_page *p, const void *row, void *out, struct err *e)
{
	const struct run    *in = row;
	struct run_progress *progress;
	const struct acting *a = acting_of(r, e);

	(void)p;
	if (!run_progress_read(r->mem, in->progress.text, &progress, e))
		return false;
	*(struct run_out *)out = (struct run_out) {
		.id = in->id,
		.config_id = in->config_id,
		.kind = in->kind,
		.state = in->state,
		.due_at = in->due_at,
		.started_at = in->started_at,
		.finished_at = in->finished_at,
		.missed = in->missed,
		.attempts = in->attempts,
		.reason = in->reason,
		.remedy = in->remedy,
		.asked_by = in->asked_by,
		.report_id = in->report_id,
		.snapshot_id = in->snapshot_id,
		.progress = progress,
		.categories = in->categories,
	};
	return a != NULL && run_activity(a, in, &((struct run_out *)out)->activity.text, e);
}

static bool
fetch_runs(struct request *r, struct list_page *p, struct err *e)
{
	const struct run_query *q = r->query;
	const struct run_filter f = {
		.config_id = q->config_id, .state = q->state, .kind = q->kind, .since = q->since
	};
	const struct acting *a = acting_of(r, e);

	return a != NULL && run_page(a, &f, &p->page, e);
}
static const struct list_ops run_list_ops = {
	fetch_runs,
	LIST_OF(struct run, id),
	run_show,
};

static bool
get_run(struct request *r, const void *body, void *answer, struct err *e)
{
	struct run           run;
	const struct acting *a = acting_of(r, e);

	(void)body;
	return a != NULL && run_see(a, &r->id0, &run, e) && run_show(r, NULL, &run, answer, e);
}

static bool
start_run(struct request *r, const void *body, void *answer, struct err *e)
{
	struct run            run;
	struct run_asked_out *out = answer;
	const struct acting  *a = acting_of(r, e);

	(void)body;
	if (a == NULL || !run_start(a, &r->id0, &run, e))
		return false;
	out->run_id = run.id;
	return true;
}

static bool
try_run(struct request *r, const void *body, void *answer, struct err *e)
{
	struct run            run;
	struct run_asked_out *out = answer;
	const struct acting  *a = acting_of(r, e);

	(void)body;
	if (a == NULL || !run_try(a, &r->id0, &run, e))
		return false;
	out->run_id = run.id;
	return true;
}

static bool
cancel_run(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct acting *a = acting_of(r, e);

	(void)body, (void)answer;
	return a != NULL && run_cancel(a, &r->id0, e);
}

const struct route run_routes[] = {
	ROUTE_LIST("/api/drift/runs", run_query, ALLOW(READ, DRIFT), &run_list_ops,
	    OUT_LIST(run_out),
	    "Lists runs of configs whose source is collected, newest first; those of the last "
	    "week, and the newest of each config."),
	ROUTE(GET, "/api/drift/runs/{id}", ALLOW(READ, DRIFT), RATE_READ, 200, get_run, IN_NONE,
	    OUT(run_out), "Shows a run, and how far it is."),
	ROUTE(DELETE_, "/api/drift/runs/{id}", ALLOW(EXECUTE, DRIFT), RATE_WRITE, 204, cancel_run,
	    IN_NONE, OUT_NONE,
	    "Cancels a run that waits, or is under way: it stops within seconds, and stores "
	    "nothing."),
	ROUTE(POST, "/api/drift/configs/{id}/run", ALLOW(EXECUTE, DRIFT), RATE_WRITE, 202,
	    start_run, IN_NONE, OUT(run_asked_out),
	    "Collects a config now, or as soon as the run that is under way is over. A run that "
	    "waits already is that one."),
	ROUTE(POST, "/api/drift/configs/{id}/try", ALLOW(EXECUTE, DRIFT), RATE_WRITE, 202, try_run,
	    IN_NONE, OUT(run_asked_out),
	    "Tries a config: a run of kind try reads all of its source and stores nothing; its "
	    "progress says of each collection how far it was read, and what is missing."),
	ROUTE_END,
};
