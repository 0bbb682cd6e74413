/* pushers.h: pushes that are refused. */
#include <stdio.h>
#include <string.h>

#include "core/store/drift/config.h"
#include "core/store/tx.h"
#include "drift/alert/condition.h"
#include "drift/config/spec.h"
#include "drift/run/pushers.h"

/* What is an answer to the body; who may not push, too often or what is not there, is no collector
 * that fails. */
static const enum err_code counted[] = { ERR_BAD_REQUEST, ERR_MALFORMED, ERR_CONFLICT,
	ERR_TOO_LARGE, ERR_MEDIA_TYPE, ERR_INVALID, ERR_TOO_COSTLY };

bool
refusal_counts(const struct err *why)
{
	for (size_t i = 0; i < sizeof(counted) / sizeof(counted[0]); i++)
		if (why->code == counted[i])
			return true;
	return false;
}

/* ---- why ---- */

/* A place that says nothing but where: names and numbers. */
static bool
is_plain(const char *pointer)
{
	static const char plain[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/_";

	return strlen(pointer) <= 80 && pointer[strspn(pointer, plain)] == '\0';
}

/* What a fault says up to where it begins to quote, for what it quotes may be a value. */
static void
put_fault(struct buf *b, const struct fault *f)
{
	size_t n = strcspn(f->detail, "\"");

	while (n > 0 && f->detail[n - 1] == ' ')
		n--;
	n = str_head((struct str) { f->detail, n }, 120).n;
	if (is_plain(f->pointer))
		buf_printf(b, " %s", f->pointer[0] == '\0' ? "the body" : f->pointer);
	if (is_plain(f->pointer) && n > 0)
		buf_printf(b, " %.*s", (int)n, f->detail);
}

static char *
print_why(TALLOC_CTX *mem, const struct err *why, struct err *e)
{
	struct buf b;

	buf_make(&b, mem);
	buf_puts(&b, why->pub);
	if (why->faults != NULL)
		put_fault(&b, why->faults);
	if (buf_text(&b, e) == NULL)
		return NULL;
	b.p[str_head(buf_str(&b), PUSHER_WHY_MAX).n] = '\0';
	return b.p;
}

/* ---- counting, and telling ---- */

struct refusing {
	struct drift         *d;
	struct tenant_db     *t;
	TALLOC_CTX           *mem;
	const struct refusal *r;
	struct pusher_row     row;
};

static bool
tell(const struct refusing *x, struct err *e)
{
	const struct pusher_row *row = &x->row;
	const struct drift_spec *spec;
	struct drift_config      c;
	struct work              work;
	struct alert_scope       a = { .env = x->d->env, .t = x->t, .mem = x->mem };
	char                     text[256];

	work_begin(&work, WORK_TASK, x->d->env->clock);
	if (!config_by_id(x->t, x->mem, &row->config_id, &c, e))
		return false;
	spec = spec_of(x->d, x->t, &c, &work, e);
	if (spec == NULL)
		return false;
	if (row->refused_runs < spec->limits.blind_after)
		return true;
	a.config_id = c.id;
	a.config_name = c.name;
	a.targets = spec->targets;
	a.targets_n = spec->targets_n;
	snprintf(text, sizeof(text), "blind, %lld pushes in a row of %.*s were refused: %s, %.*s",
	    (long long)row->refused_runs, (int)str_head(str_of(row->name), 60).n, row->name,
	    row->refused_code, (int)str_head(str_of(row->refused_why), 100).n, row->refused_why);
	return condition_open(&a, CONDITION_REFUSED, text, e);
}

static bool
refused_body(struct db *db, void *arg, struct err *e)
{
	struct refusing *x = arg;

	return pusher_put(db, &x->row, 1, e) && tell(x, e);
}

/* *due false: one was counted a moment ago. */
static bool
count(struct refusing *x, bool *due, struct err *e)
{
	const struct refusal *r = x->r;
	struct pusher_row    *row = &x->row;
	const instant         now = { clock_ms(x->d->env->clock) };

	if (!pusher_of(x->t->db, x->mem, &r->config_id, &r->pusher, row, e)) {
		if (!err_take(e, ERR_MISSING))
			return false;
		*row = (struct pusher_row) { .config_id = r->config_id, .pusher = r->pusher };
	}
	*due = row->refused_runs == 0 || row->refused_at.ms + REFUSED_STEP_S * 1000 <= now.ms;
	if (!*due)
		return true;
	row->name = talloc_strdup(x->mem, r->name);
	row->refused_runs++;
	row->refused_at = row->seen_at = now;
	row->refused_code = talloc_strdup(x->mem, err_wire(r->why->code));
	row->refused_why = print_why(x->mem, r->why, e);
	return (row->name != NULL && row->refused_code != NULL && row->refused_why != NULL) ||
	       err_memory(e);
}

bool
pushers_refused(
    struct drift *d, struct tenant_db *t, TALLOC_CTX *mem, const struct refusal *r, struct err *e)
{
	struct refusing x = { .d = d, .t = t, .mem = mem, .r = r };
	const struct tx tx = { .name = "refused push", .body = refused_body, .arg = &x };
	bool            due;

	return count(&x, &due, e) && (!due || tx_run(t->db, &tx, e));
}

const struct pusher_row *
pushers_last_refused(const struct pusher_row *rows, size_t n)
{
	const struct pusher_row *last = NULL;

	for (size_t i = 0; i < n; i++)
		if (rows[i].refused_at.ms != 0 &&
		    (last == NULL || rows[i].refused_at.ms > last->refused_at.ms))
			last = &rows[i];
	return last;
}
