/* attempt.h: what has come of several attempts of one tenant, in one transaction. */
#include <string.h>

#include "core/store/alert/alert_group.h"
#include "core/store/alert/lane.h"
#include "core/store/tx.h"
#include "drift/deliver/attempt.h"
#include "drift/deliver/pacing.h"
#include "drift/deliver/summary.h"

struct many {
	struct attempt *const *all;
	size_t                 n;
	TALLOC_CTX            *mem;

	/* Those that arrived, by lanes, as the statements take them. */
	struct outbox   *messages, *next;
	struct delivery *rows;
	struct claim    *claims;
	size_t           arrived;
};

/* Of these all that is written has the same form. */
static bool
has_arrived(const struct attempt *a)
{
	return a->verdict.fate == FATE_DELIVERED && !uuid_is_nil(&a->message.lane_id) &&
	       !summary_is(&a->message);
}

static bool
gather(struct many *w, struct err *e)
{
	w->messages = talloc_array(w->mem, struct outbox, (unsigned)w->n);
	w->next = talloc_array(w->mem, struct outbox, (unsigned)w->n);
	w->rows = talloc_array(w->mem, struct delivery, (unsigned)w->n);
	w->claims = talloc_array(w->mem, struct claim, (unsigned)w->n);
	if (w->messages == NULL || w->next == NULL || w->rows == NULL || w->claims == NULL)
		return err_memory(e);
	for (size_t i = 0; i < w->n; i++) {
		const struct attempt *a = w->all[i];

		if (!has_arrived(a))
			continue;
		w->messages[w->arrived] = a->message;
		w->rows[w->arrived] = a->row;
		w->claims[w->arrived++] = *a->claim;
	}
	return true;
}

/* Their lanes are held by now.  What waits behind them is due as it was written. */
static bool
write_arrived(struct many *w, struct db *db, struct err *e)
{
	if (!outbox_set_many(db, w->messages, w->arrived, e) ||
	    !lane_arrived_many(db, w->messages, w->arrived, e) ||
	    !delivery_add_many(db, w->rows, w->arrived, e))
		return false;
	for (size_t i = 0; i < w->arrived; i++)
		if (!uuid_is_nil(&w->next[i].id) &&
		    !group_let_follow(db, &w->next[i], w->next[i].wait_s, e))
			return false;
	return outbox_index_end_many(db, w->mem, w->claims, w->arrived, e);
}

static bool
write_body(struct db *db, void *arg, struct err *e)
{
	struct many *w = arg;
	bool         whole = false;

	if (w->arrived > 0 &&
	    !lane_next_many(db, w->mem, w->messages, w->arrived, w->next, &whole, e))
		return false;
	if (whole && !write_arrived(w, db, e))
		return false;
	for (size_t i = 0; i < w->n; i++)
		if (!(whole && has_arrived(w->all[i])) && !attempt_write(db, w->all[i], e))
			return false;
	return true;
}

bool
attempt_record_many(struct attempt *const *a, size_t n, TALLOC_CTX *mem, struct err *e)
{
	struct many                w = { .all = a, .n = n, .mem = mem };
	const struct delivery_mark mark = { a[0]->row.id };
	const struct tx            tx = { "deliver", write_body, &w, delivery_mark(), &mark };

	for (size_t i = 0; i < n; i++)
		if (!attempt_settle(a[i], mem, e))
			return false;
	return gather(&w, e) && tx_run(a[0]->t->db, &tx, e);
}
