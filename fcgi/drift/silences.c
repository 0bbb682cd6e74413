/* routes.h: silences and maintenance windows. */
#include "drift/service/silence.h"
#include "fcgi/drift/drift.h"
#include "fcgi/routes.h"

#define REASON_MAX 1000

struct silence_out {
	struct uuid     id;
	const char     *kind, *state;
	struct raw_json matcher;
	char           *reason, *owner;
	instant         starts_at, expires_at, created_at, ended_at;
	char           *ended_by;
	struct uuid     series_id;
	int64_t         covers;
};
static const struct field silence_out_fields[] = {
	FIELD(struct silence_out, id, .doc = "Number of the silence."),
	FIELD(struct silence_out, kind, .doc = "silence or maintenance."),
	FIELD(struct silence_out, state, .doc = "active, scheduled or expired."),
	FIELD(struct silence_out, matcher, .doc = "What it covers."),
	FIELD(struct silence_out, reason, .doc = "Why."),
	FIELD(struct silence_out, owner,
	    .doc = "Who made it: an address, or key:NAME of an API key."),
	FIELD(struct silence_out, starts_at, .doc = "From when."),
	FIELD(struct silence_out, expires_at, .doc = "Until when."),
	FIELD(struct silence_out, created_at, .doc = "When it was made."),
	FIELD(struct silence_out, ended_at, .flags = FIELD_NULLABLE,
	    .doc = "When somebody ended it before its time."),
	FIELD(struct silence_out, ended_by, .flags = FIELD_NULLABLE, .doc = "Who did."),
	FIELD(struct silence_out, series_id, .flags = FIELD_NULLABLE,
	    .doc = "The series that it is a window of; ending it leaves out this one."),
	FIELD(struct silence_out, covers,
	    .doc = "Findings of the configs' newest reports that it keeps quiet; 0 unless active."),
	FIELD_END,
};
static const struct schema silence_out_schema =
    SCHEMA("DriftSilence", struct silence_out, silence_out_fields);

struct silence_create {
	const char             *kind;
	struct silence_matcher *matcher;
	const char             *reason;
	instant                 starts_at, expires_at;
};
static const char *const  kinds[] = { SILENCE_PLAIN, SILENCE_MAINTENANCE, NULL };
static const struct field silence_create_fields[] = {
	FIELD(struct silence_create, kind, .choices = kinds,
	    .doc =
		"silence when absent; maintenance is a window of planned work: when it ends, one "
		"message tells everything that is still there. One that names no key, path or "
		"severity also keeps quiet that its sources are not read meanwhile (alerts of "
		"kind blind that open in it), and that is told when it goes on."),
	FIELD(struct silence_create, matcher, .item = &silence_matcher_schema,
	    .flags = FIELD_REQUIRED, .doc = "What it covers: all that is named must fit."),
	FIELD(struct silence_create, reason, .min = 1, .max = REASON_MAX,
	    .flags = FIELD_REQUIRED | FIELD_SEEN, .doc = "Why."),
	FIELD(struct silence_create, starts_at, .flags = FIELD_NULLABLE,
	    .doc = "From when, at most 366 days ahead; now when absent."),
	FIELD(struct silence_create, expires_at, .flags = FIELD_REQUIRED,
	    .doc =
		"Until when: a silence at most 30 days ahead, a maintenance window at most 7 days "
		"long, unless the installation says otherwise. None is without an end; a longer "
		"one is made anew."),
	FIELD_END,
};
static const struct schema silence_create_schema =
    SCHEMA("DriftSilenceCreate", struct silence_create, silence_create_fields);

struct silence_query {
	struct list_query page;
	const char       *state, *kind;
};
static const char *const  states[] = { "active", "scheduled", "expired", NULL };
static const struct field silence_query_fields[] = {
	LIST_FIELDS(struct silence_query, "Most items of one answer."),
	FIELD(struct silence_query, state, .choices = states,
	    .doc = "Only in this state; one that was ended by hand is expired."),
	FIELD(struct silence_query, kind, .choices = kinds, .doc = "Only of this kind."),
	FIELD_END,
};
static const struct schema silence_query_schema =
    SCHEMA("DriftSilenceQuery", struct silence_query, silence_query_fields);

/* ---- handlers ---- */

static bool
silence_show(
    struct request *r, const struct list_page *p, const void *row, void *out, struct err *e)
{
	const struct silence_seen *seen = row;
	const struct silence      *s = &seen->row;

	(void)r, (void)p, (void)e;
	*(struct silence_out *)out = (struct silence_out) {
		.id = s->id,
		.kind = s->kind,
		.state = seen->state,
		.matcher = s->matcher,
		.reason = s->reason,
		.owner = s->owner,
		.starts_at = s->starts_at,
		.expires_at = s->expires_at,
		.created_at = s->created_at,
		.ended_at = s->ended_at,
		.ended_by = s->ended_by,
		.series_id = s->series_id,
		.covers = seen->covers,
	};
	return true;
}

static bool
fetch_silences(struct request *r, struct list_page *p, struct err *e)
{
	const struct silence_query *q = r->query;
	const struct silence_filter f = { .kind = q->kind, .state = q->state };
	const struct acting        *a = acting_of(r, e);

	return a != NULL && silence_page(a, &f, &p->page, e);
}
static const struct list_ops silence_list_ops = {
	fetch_silences,
	LIST_OF(struct silence_seen, row.id),
	silence_show,
};

static bool
get_silence(struct request *r, const void *body, void *answer, struct err *e)
{
	struct silence_seen  seen;
	const struct acting *a = acting_of(r, e);

	(void)body;
	return a != NULL && silence_see(a, &r->id0, &seen, e) &&
	       silence_show(r, NULL, &seen, answer, e);
}

static bool
make_silence(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct silence_create *in = body;
	const struct silence_wish    wish = {
		   .kind = in->kind,
		   .matcher = in->matcher,
		   .matcher_text = json_get(r->json, "matcher"),
		   .reason = in->reason,
		   .starts_at = in->starts_at,
		   .expires_at = in->expires_at,
	};
	struct silence_seen  made;
	const struct acting *a = acting_of(r, e);

	return a != NULL && silence_make(a, &wish, &made, e) &&
	       silence_show(r, NULL, &made, answer, e);
}

static bool
end_silence(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct acting *a = acting_of(r, e);

	(void)body, (void)answer;
	return a != NULL && silence_stop(a, &r->id0, e);
}

const struct route silence_routes[] = {
	ROUTE_LIST("/api/drift/silences", silence_query, ALLOW(READ, ALERTS), &silence_list_ops,
	    OUT_LIST(silence_out), "Lists silences and maintenance windows, newest first."),
	ROUTE(GET, "/api/drift/silences/{id}", ALLOW(READ, ALERTS), RATE_READ, 200, get_silence,
	    IN_NONE, OUT(silence_out), "Shows a silence or maintenance window."),
	ROUTE(POST, "/api/drift/silences", ALLOW(UPDATE, ALERTS), RATE_WRITE, 201, make_silence,
	    IN(silence_create), OUT(silence_out),
	    "Keeps matching findings from alerting for a time."),
	ROUTE(DELETE_, "/api/drift/silences/{id}", ALLOW(UPDATE, ALERTS), RATE_WRITE, 204,
	    end_silence, IN_NONE, OUT_NONE,
	    "Ends a silence now: what it covered is told with the next comparison."),
	ROUTE_END,
};
