#include "drift/deliver/trail_end.h"

#include <string.h>

#include "core/auth/audit.h"
#include "core/auth/audit_details.h"
#include "core/store/alert/audit_feed.h"
#include "core/store/alert/channel.h"
#include "core/store/identity/audit_end.h"
#include "core/store/identity/audit_rows.h"
#include "core/store/identity/audit_tree_rows.h"
#include "core/store/tenant/keep.h"

#define DAY_S 86400

struct ending {
	struct deed_by    by;
	int64_t           keep_s;
	struct audit_head head;
	uint64_t          upto; /* entries up to it end */
};

static instant
ago(const struct ending *x, int64_t seconds)
{
	return (instant) { clock_ms(x->by.auth->env->clock) - seconds * 1000 };
}

/* ---- what ends ---- */

/* What the slowest channel has had. */
static bool
had_by_all(const struct ending *x, uint64_t *seq, struct err *e)
{
	struct tenant_db  *t = x->by.t;
	struct audit_feed *feeds;
	size_t             n;
	uint64_t           chain;

	*seq = UINT64_MAX;
	if (!audit_feeds_all(t->db, x->by.mem, &feeds, &n, e) || !audit_chain_number(t, &chain, e))
		return false;
	for (size_t i = 0; i < n; i++) {
		const uint64_t had = feeds[i].chain == chain ? feeds[i].seq : 0;
		struct channel c;

		if (!channel_by_id(t->db, x->by.mem, &feeds[i].channel_id, &c, e)) {
			if (!err_take(e, ERR_MISSING))
				return false;
			continue;
		}
		if (strcmp(channel_state(&c), CHANNEL_DISABLED) != 0 && had < *seq)
			*seq = had;
	}
	return true;
}

static uint64_t
least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static bool
find_end(struct ending *x, struct err *e)
{
	const struct audit_age over = { ago(x, x->keep_s), ago(x, 0) };
	const struct audit_age long_over = { ago(x, x->keep_s + FEED_HELD_S), ago(x, 0) };
	uint64_t               old, held, had, proven;

	if (!audit_older(x->by.t, &x->head, &over, &old, e) ||
	    !audit_older(x->by.t, &x->head, &long_over, &held, e) || !had_by_all(x, &had, e) ||
	    !audit_checkpointed(x->by.t, &proven, e))
		return false;
	x->upto = least(least(old, proven), had > held ? had : held);
	return true;
}

/* Something of what ends has been over for a day: so the trail is told once a day that it was. */
static bool
is_due(const struct ending *x, bool *due, struct err *e)
{
	*due = false;
	return x->upto <= x->head.floor ||
	       audit_any_older(x->by.t, x->head.floor, x->upto, ago(x, x->keep_s + DAY_S), due, e);
}

/* ---- ending it ---- */

struct end_told {
	uint64_t after, upto;
	instant  older_than;
};
static const struct field end_told_fields[] = {
	TOLD(struct end_told, after),
	TOLD(struct end_told, upto),
	TOLD(struct end_told, older_than),
	FIELD_END,
};
static const struct schema end_told = SCHEMA("TrailEndTold", struct end_told, end_told_fields);

static bool
raise_body(struct db *db, void *arg, struct err *e)
{
	const struct ending *x = arg;

	(void)db;
	return audit_floor_raise(x->by.t, x->upto, e);
}

static bool
raise_floor(struct ending *x, struct err *e)
{
	const struct end_told told = { x->head.floor, x->upto, ago(x, x->keep_s) };
	struct audit_entry    entry = { .action = AUDIT_AUDIT_END, .actor_name = "driftd" };

	entry.details = audit_details(x->by.mem, &end_told, &told, e);
	if (entry.details == NULL || !audit_deed(&x->by, raise_body, x, &entry, e))
		return false;
	x->head.floor = x->upto;
	return true;
}

/* *left: there may be more of them. */
static bool
delete_rows(const struct ending *x, const struct forget_stop *stop, bool *left, struct err *e)
{
	uint64_t n;

	*left = x->head.floor > 0;
	while (*left && (stop == NULL || !stop->fn(stop->arg))) {
		if (!audit_rows_end(x->by.t, x->head.floor, &n, e))
			return false;
		*left = n == AUDIT_END_ROWS;
	}
	return true;
}

bool
trail_end(struct auth *a, struct tenant_db *t, TALLOC_CTX *mem, const struct forget_stop *stop,
    struct err *e)
{
	struct ending x = { .by = { .auth = a, .mem = mem, .t = t } };
	struct keep   keep;
	bool          due, left;

	if (!keep_of(mem, t->tenant, &keep, e) || !audit_head_read(t, mem, &x.head, e) ||
	    !delete_rows(&x, stop, &left, e))
		return false;
	x.keep_s = keep.audit_s;
	if (left || x.keep_s == 0)
		return true;
	if (!find_end(&x, e) || !is_due(&x, &due, e))
		return false;
	return !due || (raise_floor(&x, e) && delete_rows(&x, stop, &left, e));
}
