/* routes.h: silences and maintenance windows. */
#include <string.h>

#include "core/store/drift/config.h"
#include "core/store/drift/silence.h"
#include "drift/run/silencing.h"
#include "fcgi/drift/drift.h"
#include "fcgi/routes.h"

#define REASON_MAX 1000
#define AHEAD_MS   (366LL * 86400 * 1000)

struct silence_out {
	struct uuid     id;
	const char     *kind, *state;
	struct raw_json matcher;
	char           *reason, *owner;
	instant         starts_at, expires_at, created_at, ended_at;
	char           *ended_by;
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
		"message tells everything that is still there."),
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

/* ---- reading ---- */

static struct silence_out
silence_show(const struct silence *s, instant now)
{
	return (struct silence_out) { s->id, s->kind, silence_state(s, now), s->matcher, s->reason,
		s->owner, s->starts_at, s->expires_at, s->created_at, s->ended_at, s->ended_by, 0 };
}

/* Of an active one: what it covers now. */
static void
set_covers(struct silence_out *out, const struct silence_cover *covers, size_t n)
{
	char by[UUID_TEXT_MAX];

	uuid_print(&out->id, by);
	for (size_t i = 0; i < n && strcmp(out->state, "active") == 0; i++)
		if (strlen(covers[i].by) == strlen(out->kind) + strlen(":") + strlen(by) &&
		    strcmp(covers[i].by + strlen(out->kind) + 1, by) == 0)
			out->covers = covers[i].changes;
}

struct covers {
	instant               now;
	struct silence_cover *rows;
	size_t                n;
};

static bool
fetch_silences(struct request *r, struct list_page *p, struct err *e)
{
	const struct silence_query *q = r->query;
	struct covers              *c = talloc_zero(r->mem, struct covers);
	struct silence_filter       f = { .kind = q->kind, .state = q->state, .after = p->after };
	struct silence             *rows;

	if (c == NULL)
		return err_memory(e);
	c->now = f.now = (instant) { clock_ms(r->app->env->clock) };
	p->with = c;
	return silence_list(r->db, r->mem, &f, p->want, &rows, &p->n, e) && list_rows(p, rows) &&
	       silence_covers(r->db, r->mem, &c->rows, &c->n, e);
}

static bool
show_silence(
    struct request *r, const struct list_page *p, const void *row, void *out, struct err *e)
{
	const struct covers *c = p->with;

	(void)r, (void)e;
	*(struct silence_out *)out = silence_show(row, c->now);
	set_covers(out, c->rows, c->n);
	return true;
}
static const struct list_ops silence_list_ops = { fetch_silences, LIST_OF(struct silence, id),
	show_silence };

static bool
get_silence(struct request *r, const void *body, void *answer, struct err *e)
{
	struct silence_out   *out = answer;
	struct silence        s;
	struct silence_cover *covers;
	size_t                n;

	(void)body;
	if (!silence_by_id(r->db->db, r->mem, &r->id0, &s, e) ||
	    !silence_covers(r->db, r->mem, &covers, &n, e))
		return false;
	*out = silence_show(&s, (instant) { clock_ms(r->app->env->clock) });
	set_covers(out, covers, n);
	return true;
}

/* ---- making ---- */

struct making {
	TALLOC_CTX    *mem;
	struct silence s;
	struct uuid    config; /* nil: of every config */
};

/* The next comparison of what it may cover is held against the silences anew. */
static bool
add_body(struct db *db, void *arg, struct err *e)
{
	const struct making *m = arg;

	return silence_add(db, &m->s, e) &&
	       silence_wake(db, m->mem, &m->config, m->s.starts_at, m->s.created_at, e);
}

static bool
check_end(struct request *r, const struct silence *s, instant now, struct err *e)
{
	const struct conf *c = r->app->env->conf;
	bool               window = strcmp(s->kind, SILENCE_MAINTENANCE) == 0;
	int64_t            most_s = window ? c->silence_maintenance_max_s : c->silence_max_s;
	int64_t            from = window && s->starts_at.ms > now.ms ? s->starts_at.ms : now.ms;

	if (s->expires_at.ms <= now.ms || s->expires_at.ms <= s->starts_at.ms)
		return err_fault(e, r->mem, "/expires_at", "must lie ahead, and after starts_at");
	if (s->expires_at.ms - from <= most_s * 1000)
		return true;
	if (window)
		return err_fault(e, r->mem, "/expires_at",
		    "makes the window longer than %lld s; make another one for the time after",
		    (long long)most_s);
	return err_fault(e, r->mem, "/expires_at",
	    "is more than %lld s ahead: a silence ends, and is made anew by somebody who still "
	    "wants "
	    "it; what is to stay is accepted, with a reason",
	    (long long)most_s);
}

static bool
check_times(struct request *r, const struct silence *s, instant now, struct err *e)
{
	if (s->starts_at.ms - now.ms > AHEAD_MS)
		return err_fault(e, r->mem, "/starts_at", "is more than 366 days ahead");
	return check_end(r, s, now, e);
}

static bool
make_silence(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct silence_create *in = body;
	instant                      now = { clock_ms(r->app->env->clock) };
	struct making                m = { .mem = r->mem, .config = in->matcher->config };
	struct buf                   b;

	m.s = (struct silence) { .id = uuid_make(r->app->env->clock, r->app->env->rand),
		.kind = talloc_strdup(r->mem, in->kind == NULL ? SILENCE_PLAIN : in->kind),
		.reason = talloc_strdup(r->mem, in->reason),
		.owner = talloc_strdup(r->mem, r->caller.name),
		.starts_at = in->starts_at.ms == 0 ? now : in->starts_at,
		.expires_at = in->expires_at,
		.created_at = now };
	buf_make(&b, r->mem);
	json_print(&b, json_get(r->json, "matcher"));
	m.s.matcher.text = b.p;
	if (!buf_ok(&b) || m.s.kind == NULL || m.s.reason == NULL || m.s.owner == NULL)
		return err_memory(e);
	if (!silence_check(r->mem, in->matcher, e) || !check_times(r, &m.s, now, e) ||
	    !drift_deed(r, add_body, &m,
		&(struct drift_told) { AUDIT_SILENCE_CREATE, m.s.id, in->reason }, e))
		return false;
	*(struct silence_out *)answer = silence_show(&m.s, now);
	return true;
}

/* ---- ending ---- */

struct ending {
	TALLOC_CTX    *mem;
	struct silence s;
	const char    *by;
	struct uuid    config; /* nil: of every config */
	instant        now;
};

/* What it covered is looked at now, and told. */
static bool
end_body(struct db *db, void *arg, struct err *e)
{
	const struct ending *x = arg;
	bool                 done;

	if (!silence_end(db, &x->s.id, x->now, x->by, &done, e))
		return false;
	if (!done)
		return err_set(
		    e, ERR_MISSING, 0, "This silence has ended already.", "silence is over");
	return silence_wake(db, x->mem, &x->config, x->now, x->now, e);
}

static bool
end_silence(struct request *r, const void *body, void *answer, struct err *e)
{
	struct ending x = {
		.mem = r->mem, .by = r->caller.name, .now = { clock_ms(r->app->env->clock) }
	};
	struct silence_matcher m;
	struct json           *tree;

	(void)body;
	(void)answer;
	if (!silence_by_id(r->db->db, r->mem, &r->id0, &x.s, e))
		return false;
	tree = json_parse(r->mem, str_of(x.s.matcher.text), e);
	if (tree == NULL || !schema_decode(r->mem, &silence_matcher_schema, tree, &m, e))
		return false;
	x.config = m.config;
	return drift_deed(
	    r, end_body, &x, &(struct drift_told) { AUDIT_SILENCE_DELETE, x.s.id, x.s.reason }, e);
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
