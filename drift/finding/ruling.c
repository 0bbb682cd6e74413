#include "drift/finding/ruling.h"

#include <stdlib.h>
#include <string.h>

#include "core/store/drift/config.h"
#include "core/store/drift/schedule.h"
#include "drift/finding/status.h"

bool
ruling_check(TALLOC_CTX *mem, const struct ruling *d, struct err *e)
{
	bool accept = d->status != NULL && strcmp(d->status, "accepted") == 0;

	if (accept && d->reason == NULL)
		return err_fault(e, mem, "/reason", "is required to accept");
	if (d->expires_at.ms != 0 && !accept)
		return err_fault(e, mem, "/expires_at", "is for status accepted only");
	if (d->expires_at.ms != 0 && d->expires_at.ms <= d->now.ms)
		return err_fault(e, mem, "/expires_at", "must lie in the future");
	if (d->status == NULL && d->reason == NULL && !d->assigns)
		return err_fault(e, mem, "", "names nothing to change");
	return true;
}

/* ---- which ---- */

static int
by_id(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct uuid));
}

/* Every id that is not there is a fault of its own. */
static bool
check_ids(TALLOC_CTX *mem, const struct decide_which *w, const struct finding_target *rows,
    size_t n, struct err *e)
{
	struct uuid *found = talloc_zero_size(mem, (n + 1) * sizeof(*found));
	char        *pointer;

	if (found == NULL)
		return err_memory(e);
	for (size_t i = 0; i < n; i++)
		found[i] = rows[i].change_id;
	qsort(found, n, sizeof(*found), by_id);
	for (size_t i = 0; i < w->n; i++) {
		if (n > 0 && bsearch(&w->ids[i], found, n, sizeof(*found), by_id) != NULL)
			continue;
		if (w->pointer == NULL)
			return err_set(e, ERR_MISSING, 0, "No such change.", "change is gone");
		pointer = talloc_asprintf(mem, "%s/%zu", w->pointer, i);
		if (pointer == NULL)
			return err_memory(e);
		err_fault(e, mem, pointer, "there is no such change");
	}
	return e->code == ERR_OK;
}

static bool
load(struct db *db, TALLOC_CTX *mem, const struct decide_which *w, struct finding_target **rows,
    size_t *n, struct err *e)
{
	struct page p = { .want = DECIDE_MATCH_MAX + 1 };

	if (w->ids != NULL)
		return finding_targets_by_ids(
			   db, mem, (struct id_list) { w->ids, w->n }, rows, n, e) &&
		       check_ids(mem, w, *rows, *n, e);
	if (!finding_targets_by_filter(db, mem, &w->filter, &p, e))
		return false;
	*rows = p.rows;
	*n = p.n;
	if (*n > DECIDE_MATCH_MAX)
		return err_fault(
		    e, mem, "/filter", "lets more than %d changes by; narrow it", DECIDE_MATCH_MAX);
	return true;
}

bool
decide_find(struct db *db, TALLOC_CTX *mem, struct decide_which *w, struct err *e)
{
	struct finding_target *rows;
	size_t                 n;

	if (!load(db, mem, w, &rows, &n, e))
		return false;
	w->configs = talloc_zero_size(mem, (n + 1) * sizeof(*w->configs));
	if (w->configs == NULL)
		return err_memory(e);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || !uuid_eq(&rows[i].row.config_id, &w->configs[w->configs_n - 1]))
			w->configs[w->configs_n++] = rows[i].row.config_id;
	return true;
}

/* ---- one finding ---- */

static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool
same_row(const struct finding_row *a, const struct finding_row *b)
{
	return same_text(a->status, b->status) && same_text(a->reason, b->reason) &&
	       same_text(a->owner, b->owner) && a->expires_at.ms == b->expires_at.ms &&
	       a->promoted == b->promoted && uuid_eq(&a->assigned_to, &b->assigned_to);
}

static bool
copy_text(TALLOC_CTX *mem, const char *text, char **out, struct err *e)
{
	*out = text == NULL ? NULL : talloc_strdup(mem, text);
	return text == NULL || *out != NULL ? true : err_memory(e);
}

static const char *
owner_of(const struct ruling *d)
{
	return d->owner != NULL ? d->owner : d->actor;
}

/* The reason of a status goes with it; one that is told again without a reason keeps its own. */
static bool
decide_row(TALLOC_CTX *mem, const struct ruling *d, struct finding_row *f, struct err *e)
{
	bool accept = d->status != NULL && strcmp(d->status, "accepted") == 0;
	bool again = d->status != NULL && strcmp(d->status, f->status) == 0;

	if (d->status != NULL) {
		if (!again)
			f->reason = NULL;
		f->expires_at = d->expires_at;
		f->promoted = false;
		if (str_starts(str_of(f->announced == NULL ? "" : f->announced), "as_announced"))
			f->announced = NULL; /* it is somebody's own word from now on */
		if (!copy_text(mem, d->status, &f->status, e) ||
		    !copy_text(mem, accept ? owner_of(d) : NULL, &f->owner, e))
			return false;
	}
	if (d->reason != NULL && !copy_text(mem, d->reason, &f->reason, e))
		return false;
	if (d->assigns)
		f->assigned_to = d->assigned_to;
	f->updated_at = d->now;
	return true;
}

static bool
check_transition(const struct ruling *d, const struct finding_target *t, struct err *e)
{
	const char *why =
	    d->status == NULL ? NULL : status_refuse_finding(t->row.status, d->status);
	char id[UUID_TEXT_MAX], text[sizeof(e->pub)];

	if (why == NULL)
		return true;
	uuid_print(&t->change_id, id);
	snprintf(text, sizeof(text), "Change %s is %s. %s", id, t->row.status, why);
	return err_set(e, ERR_CONFLICT, 0, text, "no status %s after %s", d->status, t->row.status);
}

/* ---- what waits for a second person ---- */

static bool
is_word(const char *status, const char *word)
{
	return status != NULL && strcmp(status, word) == 0;
}

/* Accepted or ignored for longer than it is: who shortens that, or takes it back, needs nobody. */
static bool
takes_out(const struct ruling *d, const struct finding_row *f)
{
	if (!is_word(d->status, "accepted") && !is_word(d->status, "ignored"))
		return false;
	if (is_word(f->status, "ignored"))
		return false;
	if (!is_word(f->status, "accepted"))
		return true;
	return f->expires_at.ms != 0 &&
	       (d->expires_at.ms == 0 || d->expires_at.ms > f->expires_at.ms);
}

static enum severity
severity_of(const struct finding_target *t)
{
	enum severity was = SEVERITY_INFO, now = SEVERITY_INFO;

	(void)severity_parse(str_of(t->severity), &was);
	if (t->now_severity != NULL)
		(void)severity_parse(str_of(t->now_severity), &now);
	return severity_worse(was, now);
}

/* The worst of the changes that are of one finding, the first of which is at `rows`. */
static enum severity
worst_of(const struct finding_target *rows, size_t n)
{
	enum severity worst = severity_of(rows);

	for (size_t i = 1; i < n; i++)
		worst = severity_worse(worst, severity_of(&rows[i]));
	return worst;
}

static bool
hold(const struct finding_target *t, enum severity worst, struct decided *out, struct err *e)
{
	char id[UUID_TEXT_MAX], text[sizeof(e->pub)];

	if (t->row.present) {
		out->held[out->held_n++] = t->row;
		out->held_worst = severity_worse(out->held_worst, worst);
		return true;
	}
	uuid_print(&t->change_id, id);
	snprintf(text, sizeof(text),
	    "The value of change %s is not there now: only what is there waits for a second "
	    "person.",
	    id);
	return err_set(e, ERR_CONFLICT, 0, text, "a second person for a value that is gone");
}

/* ---- all of them ---- */

struct deciding {
	const struct env     *env;
	const struct ruling  *d;
	struct finding_row   *rows;
	struct finding_event *events;
	size_t                n; /* changed */
};

static bool
decide_one(TALLOC_CTX *mem, struct deciding *x, const struct finding_target *t, size_t n,
    struct decided *out, struct err *e)
{
	struct finding_row   was = t->row, now = t->row;
	const struct ruling *d = x->d;
	struct ruling        rest = *d;
	const enum severity  worst = worst_of(t, n);

	if (!check_transition(d, t, e))
		return false;
	out->matched++;
	if (d->asks && worst >= d->asks_from && takes_out(d, &t->row)) {
		if (!hold(t, worst, out, e))
			return false;
		rest.status = rest.reason = NULL; /* who works on it is no acceptance */
		if (!rest.assigns)
			return true;
		d = &rest;
	}
	if (!decide_row(mem, d, &now, e))
		return false;
	if (same_row(&was, &now)) {
		out->unchanged++;
		return true;
	}
	out->changes[out->changed++] = t->change_id;
	x->rows[x->n] = now;
	x->events[x->n++] = (struct finding_event) { .id = uuid_make(x->env->clock, x->env->rand),
		.config_id = was.config_id,
		.subject = was.fingerprint,
		.value_hash = was.value_hash,
		.at = x->d->now,
		.actor = x->d->actor,
		.from_status = was.status,
		.to_status = now.status,
		.note = d->reason == NULL ? "" : d->reason };
	return true;
}

static bool
is_same_finding(const struct finding_row *a, const struct finding_row *b)
{
	return uuid_eq(&a->config_id, &b->config_id) &&
	       memcmp(a->fingerprint.p, b->fingerprint.p, HASH_LEN) == 0 &&
	       memcmp(a->value_hash.p, b->value_hash.p, HASH_LEN) == 0;
}

static bool
decide_all(TALLOC_CTX *mem, struct deciding *x, const struct finding_target *rows, size_t n,
    struct decided *out, struct err *e)
{
	x->rows = talloc_zero_size(mem, (n + 1) * sizeof(x->rows[0]));
	x->events = talloc_zero_size(mem, (n + 1) * sizeof(x->events[0]));
	out->changes = talloc_zero_size(mem, (n + 1) * sizeof(out->changes[0]));
	out->held = talloc_zero_size(mem, (n + 1) * sizeof(out->held[0]));
	if (x->rows == NULL || x->events == NULL || out->changes == NULL || out->held == NULL)
		return err_memory(e);
	for (size_t i = 0, same; i < n; i += same) {
		for (same = 1; i + same < n && is_same_finding(&rows[i].row, &rows[i + same].row);)
			same++;
		if (!decide_one(mem, x, &rows[i], same, out, e))
			return false;
	}
	return true;
}

/* What is alerted may be another now: looked at soon, with what is decided until then. */
static bool
touch(struct db *db, const struct config_state *states, size_t n, const struct ruling *d,
    struct err *e)
{
	instant soon = { d->now.ms + DECIDE_SETTLE_MS };

	if (d->status == NULL || strcmp(d->status, "acknowledged") == 0 ||
	    strcmp(d->status, "in_progress") == 0)
		soon.ms = 0;
	if (d->expires_at.ms != 0 && d->expires_at.ms < soon.ms)
		soon = d->expires_at;
	for (size_t i = 0; i < n; i++)
		if (!config_touch(db, &states[i].config_id, soon, e) ||
		    !schedule_recheck_by(db, &states[i], soon, d->now, e))
			return false;
	return true;
}

static bool
write(struct db *db, const struct deciding *x, const struct config_state *states, size_t n,
    struct err *e)
{
	return x->n == 0 ||
	       (finding_put(db, x->rows, x->n, e) && finding_event_add(db, x->events, x->n, e) &&
		   touch(db, states, n, x->d, e));
}

bool
decide_apply(struct db *db, TALLOC_CTX *mem, const struct env *env, const struct ruling *d,
    const struct decide_which *w, struct decided *out, struct err *e)
{
	struct deciding        x = { .env = env, .d = d };
	struct config_state   *states = talloc_zero_size(mem, (w->configs_n + 1) * sizeof(*states));
	struct finding_target *rows;
	size_t                 n;

	memset(out, 0, sizeof(*out));
	if (states == NULL)
		return err_memory(e);
	for (size_t i = 0; i < w->configs_n; i++)
		if (!config_state_lock(db, mem, &w->configs[i], &states[i], e))
			return false;
	return load(db, mem, w, &rows, &n, e) && decide_all(mem, &x, rows, n, out, e) &&
	       write(db, &x, states, w->configs_n, e);
}

bool
decide_these(struct db *db, TALLOC_CTX *mem, const struct env *env, const struct ruling *d,
    const struct finding_target *rows, size_t n, struct decided *out, struct err *e)
{
	struct deciding      x = { .env = env, .d = d };
	struct config_state *states = talloc_zero_size(mem, (n + 1) * sizeof(*states));
	size_t               configs = 0;

	memset(out, 0, sizeof(*out));
	if (states == NULL)
		return err_memory(e);
	for (size_t i = 0; i < n; i++)
		if ((i == 0 || !uuid_eq(&rows[i].row.config_id, &rows[i - 1].row.config_id)) &&
		    !config_state_lock(db, mem, &rows[i].row.config_id, &states[configs++], e))
			return false;
	return decide_all(mem, &x, rows, n, out, e) && write(db, &x, states, configs, e);
}
