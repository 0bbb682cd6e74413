#include "core/store/config.h"
#include "core/store/silence.h"
#include "drift/run/silencing.h"
#include "fcgi/drift.h"
#include "fcgi/routes.h"

#define REASON_MAX 1000
#define LONGEST_MS (366LL * 86400 * 1000)

struct silence_out {
	struct uuid     id;
	struct raw_json matcher;
	char           *reason, *owner;
	instant         starts_at, expires_at, created_at;
};
static const struct field  silence_out_fields[] = { FIELD(struct silence_out, id,
							.doc = "Number of the silence."),
	 FIELD(struct silence_out, matcher, .doc = "What it covers."),
	 FIELD(struct silence_out, reason, .doc = "Why."),
	 FIELD(struct silence_out, owner, .doc = "Who made it."),
	 FIELD(struct silence_out, starts_at, .doc = "From when."),
	 FIELD(struct silence_out, expires_at, .doc = "Until when."),
	 FIELD(struct silence_out, created_at, .doc = "When it was made."), FIELD_END };
static const struct schema silence_out_schema =
    SCHEMA("DriftSilence", struct silence_out, silence_out_fields);

struct silence_create {
	struct silence_matcher *matcher;
	const char             *reason;
	instant                 starts_at, expires_at;
};
static const struct field silence_create_fields[] = {
	FIELD(struct silence_create, matcher, .item = &silence_matcher_schema,
	    .flags = FIELD_REQUIRED, .doc = "What it covers: all that is named must fit."),
	FIELD(struct silence_create, reason, .min = 1, .max = REASON_MAX, .flags = FIELD_REQUIRED,
	    .doc = "Why."),
	FIELD(struct silence_create, starts_at, .flags = FIELD_NULLABLE,
	    .doc = "From when; now when absent."),
	FIELD(struct silence_create, expires_at, .flags = FIELD_REQUIRED,
	    .doc = "Until when; at most 366 days ahead."),
	FIELD_END
};
static const struct schema silence_create_schema =
    SCHEMA("DriftSilenceCreate", struct silence_create, silence_create_fields);

static struct silence_out
silence_show(const struct silence *s)
{
	return (struct silence_out) { s->id, s->matcher, s->reason, s->owner, s->starts_at,
		s->expires_at, s->created_at };
}

static bool
list_silences(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct list_query *q = r->query;
	int64_t                  limit = q == NULL ? 0 : q->limit;
	struct silence          *rows;
	struct silence_out      *out;
	struct uuid              after;
	size_t                   n;

	(void)body;
	if (!list_cursor_read(q == NULL ? NULL : q->cursor, &after, e) ||
	    !silence_list(r->db, r->mem, &after, list_rows(limit), &rows, &n, e))
		return false;
	out = talloc_zero_size(r->mem, (n + 1) * sizeof(*out));
	if (out == NULL)
		return err_memory(e);
	for (size_t i = 0; i < n; i++)
		out[i] = silence_show(&rows[i]);
	return list_answer(
	    r, answer, out, n, sizeof(*out), offsetof(struct silence_out, id), limit, e);
}

/* The next snapshot of every config is held against the silences anew. */
static bool
add_body(struct db *db, void *arg, struct err *e)
{
	const struct silence *s = arg;

	return silence_add(db, s, e) && config_touch(db, &(struct uuid) { 0 }, s->starts_at, e);
}

static bool
check_times(struct request *r, const struct silence *s, instant now, struct err *e)
{
	if (s->expires_at.ms <= now.ms || s->expires_at.ms <= s->starts_at.ms)
		return err_fault(e, r->mem, "/expires_at", "must lie ahead, and after starts_at");
	if (s->expires_at.ms - now.ms > LONGEST_MS)
		return err_fault(e, r->mem, "/expires_at", "is more than 366 days ahead");
	return true;
}

static bool
make_silence(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct silence_create *in = body;
	instant                      now = { clock_ms(r->app->clock) };
	struct silence               s = { .id = uuid_make(r->app->clock, r->app->rand),
			      .reason = talloc_strdup(r->mem, in->reason),
			      .owner = talloc_strdup(r->mem, r->caller.name),
			      .starts_at = in->starts_at.ms == 0 ? now : in->starts_at,
			      .expires_at = in->expires_at,
			      .created_at = now };
	struct buf                   b;

	buf_make(&b, r->mem);
	json_print(&b, json_get(r->json, "matcher"));
	s.matcher.text = b.p;
	if (!buf_ok(&b) || s.reason == NULL || s.owner == NULL)
		return err_memory(e);
	if (!silence_check(r->mem, in->matcher, e) || !check_times(r, &s, now, e) ||
	    !drift_deed(r, add_body, &s, AUDIT_SILENCE_CREATE, "silence", &s.id, in->reason, e))
		return false;
	*(struct silence_out *)answer = silence_show(&s);
	return true;
}

static bool
drop_body(struct db *db, void *arg, struct err *e)
{
	const struct uuid *id = arg;
	bool               done;

	if (!silence_drop(db, id, &done, e))
		return false;
	if (!done)
		return err_set(e, ERR_MISSING, 0, "No such silence.", "silence is gone");
	return config_touch(db, &(struct uuid) { 0 }, (instant) { 0 }, e);
}

static bool
drop_silence(struct request *r, const void *body, void *answer, struct err *e)
{
	struct silence s;

	(void)body;
	(void)answer;
	return silence_by_id(r->db->db, r->mem, &r->id0, &s, e) &&
	       drift_deed(r, drop_body, &s.id, AUDIT_SILENCE_DELETE, "silence", &s.id, s.reason, e);
}

const struct route silence_routes[] = {
	ROUTE_Q(GET, "/api/drift/silences", list_query, ALLOW(READ, ALERTS), RATE_READ, 200,
	    list_silences, IN_NONE, OUT_LIST(silence_out), "Lists silences, newest first."),
	ROUTE(POST, "/api/drift/silences", ALLOW(UPDATE, ALERTS), RATE_WRITE, 201, make_silence,
	    IN(silence_create), OUT(silence_out),
	    "Keeps matching findings from alerting for a time."),
	ROUTE(DELETE_, "/api/drift/silences/{id}", ALLOW(UPDATE, ALERTS), RATE_WRITE, 204,
	    drop_silence, IN_NONE, OUT_NONE, "Ends a silence."),
	ROUTE_END
};
