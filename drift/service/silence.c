#include "drift/service/silence.h"

#include <string.h>

#include "drift/run/hushing.h"
#include "drift/service/second.h"

#define AHEAD_MS (366LL * 86400 * 1000)

/* ---- reading ---- */

/* Of an active one: what it covers now. */
static void
set_covers(struct silence_seen *s, const struct silence_cover *covers, size_t n)
{
	size_t kind = strlen(s->row.kind);
	char   id[UUID_TEXT_MAX];

	uuid_print(&s->row.id, id);
	for (size_t i = 0; i < n && strcmp(s->state, "active") == 0; i++)
		if (strlen(covers[i].by) == kind + strlen(":") + strlen(id) &&
		    strcmp(covers[i].by + kind + 1, id) == 0)
			s->covers = covers[i].changes;
}

static bool
see_rows(const struct acting *a, const struct silence *rows, size_t n, struct silence_seen *out,
    struct err *e)
{
	const instant         now = acting_now(a);
	struct silence_cover *covers;
	size_t                covers_n;

	if (!silence_covers(a->by.t, a->by.mem, &covers, &covers_n, e))
		return false;
	for (size_t i = 0; i < n; i++) {
		out[i] = (struct silence_seen) { rows[i], silence_state(&rows[i], now), 0 };
		set_covers(&out[i], covers, covers_n);
	}
	return true;
}

bool
silence_see(const struct acting *a, const struct uuid *id, struct silence_seen *out, struct err *e)
{
	struct silence s;

	return silence_by_id(a->by.t->db, a->by.mem, id, &s, e) && see_rows(a, &s, 1, out, e);
}

bool
silence_page(
    const struct acting *a, const struct silence_filter *filter, struct page *p, struct err *e)
{
	struct silence_filter f = *filter;
	struct silence       *rows;

	f.now = acting_now(a);
	if (!silence_list(a->by.t, a->by.mem, &f, p, e))
		return false;
	rows = p->rows;
	p->rows = talloc_zero_size(a->by.mem, (p->n + 1) * sizeof(struct silence_seen));
	return p->rows == NULL ? err_memory(e) : see_rows(a, rows, p->n, p->rows, e);
}

/* ---- making ---- */

struct silence_start {
	TALLOC_CTX    *mem;
	struct silence s;
	struct uuid    config; /* nil: of every config */
};

/* The next comparison of what it may cover is held against the silences anew. */
static bool
start_body(struct db *db, void *arg, struct err *e)
{
	const struct silence_start *m = arg;

	return silence_add(db, &m->s, e) &&
	       silence_wake(db, m->mem, &m->config, m->s.starts_at, m->s.created_at, e);
}

static bool
check_end(const struct acting *a, const struct silence *s, struct err *e)
{
	const struct conf *c = a->drift->env->conf;
	bool               window = strcmp(s->kind, SILENCE_MAINTENANCE) == 0;
	int64_t            most_s = window ? c->silence_maintenance_max_s : c->silence_max_s;
	int64_t            now = s->created_at.ms;
	int64_t            from = window && s->starts_at.ms > now ? s->starts_at.ms : now;

	if (s->expires_at.ms <= now || s->expires_at.ms <= s->starts_at.ms)
		return err_fault(
		    e, a->by.mem, "/expires_at", "must lie ahead, and after starts_at");
	if (s->expires_at.ms - from <= most_s * 1000)
		return true;
	if (window)
		return err_fault(e, a->by.mem, "/expires_at",
		    "makes the window longer than %lld s; make another one for the time after",
		    (long long)most_s);
	return err_fault(e, a->by.mem, "/expires_at",
	    "is more than %lld s ahead: a silence ends, and is made anew by somebody who still "
	    "wants "
	    "it; what is to stay is accepted, with a reason",
	    (long long)most_s);
}

static bool
check_times(const struct acting *a, const struct silence *s, struct err *e)
{
	if (s->starts_at.ms - s->created_at.ms > AHEAD_MS)
		return err_fault(e, a->by.mem, "/starts_at", "is more than 366 days ahead");
	return check_end(a, s, e);
}

static bool
silence_row(const struct acting *a, const struct silence_wish *in, struct silence *s, struct err *e)
{
	const instant now = acting_now(a);
	struct buf    b;

	buf_make(&b, a->by.mem);
	json_print(&b, in->matcher_text);
	*s = (struct silence) {
		.id = acting_id(a),
		.kind = acting_copy(a, in->kind == NULL ? SILENCE_PLAIN : in->kind),
		.matcher = { .text = b.p },
		.reason = acting_copy(a, in->reason),
		.owner = acting_copy(a, a->name),
		.starts_at = in->starts_at.ms == 0 ? now : in->starts_at,
		.expires_at = in->expires_at,
		.created_at = now,
	};
	return (buf_ok(&b) && s->kind != NULL && s->reason != NULL && s->owner != NULL) ||
	       err_memory(e);
}

bool
silence_make(
    const struct acting *a, const struct silence_wish *in, struct silence_seen *out, struct err *e)
{
	struct silence_start m = { .mem = a->by.mem, .config = in->matcher->config };
	struct audit_entry   entry = { .action = AUDIT_SILENCE_CREATE };

	if (!silence_row(a, in, &m.s, e) || !silence_check(a->by.mem, in->matcher, e) ||
	    !check_times(a, &m.s, e))
		return false;
	entry.target_id = m.s.id;
	if (!second_left(a, start_body, &m, &entry, in->reason, e))
		return false;
	*out = (struct silence_seen) { m.s, silence_state(&m.s, m.s.created_at), 0 };
	return true;
}

/* ---- ending ---- */

struct silence_stopping {
	TALLOC_CTX    *mem;
	struct silence s;
	const char    *by;
	struct uuid    config; /* nil: of every config */
	instant        now;
};

static bool
stop_body(struct db *db, void *arg, struct err *e)
{
	const struct silence_stopping *x = arg;
	bool                           done;
	const char                    *by;
	char                           id[UUID_TEXT_MAX];

	if (!silence_end(db, &x->s.id, x->now, x->by, &done, e))
		return false;
	if (!done)
		return err_set(
		    e, ERR_MISSING, 0, "This silence has ended already.", "silence is over");
	uuid_print(&x->s.id, id);
	by = talloc_asprintf(x->mem, "%s:%s", x->s.kind, id);
	if (by == NULL)
		return err_memory(e);
	return hush_wake(db, x->mem, by, e) &&
	       silence_wake(db, x->mem, &x->config, x->now, x->now, e);
}

bool
silence_stop(const struct acting *a, const struct uuid *id, struct err *e)
{
	struct silence_stopping x = {
		.mem = a->by.mem,
		.by = a->name,
		.now = acting_now(a),
	};
	struct silence_matcher m;
	struct json           *tree;

	if (!silence_by_id(a->by.t->db, a->by.mem, id, &x.s, e))
		return false;
	tree = json_parse(a->by.mem, str_of(x.s.matcher.text), e);
	if (tree == NULL || !schema_decode(a->by.mem, &silence_matcher_schema, tree, &m, e))
		return false;
	x.config = m.config;
	return acting_deed(a, stop_body, &x,
	    &(struct audit_entry) { .action = AUDIT_SILENCE_DELETE, .target_id = *id }, x.s.reason,
	    e);
}
