#include "core/store/trip.h"

#include <assert.h>
#include <errmsg.h>
#include <string.h>

#include "core/store/db_priv.h"

struct trip {
	TALLOC_CTX  *mem; /* the caller's */
	struct db   *db;
	struct batch batch;
	struct err   e; /* the first that was not asked */
};

struct trip *
trip_make(TALLOC_CTX *mem, struct db *db)
{
	struct trip *t = talloc_zero(mem, struct trip);

	if (t == NULL)
		return NULL;
	t->mem = mem;
	t->db = db;
	return t;
}

static void
add(struct trip *t, const struct waiting *like, const void *in)
{
	struct waiting w = *like;

	if (t == NULL || t->e.code != ERR_OK)
		return;
	w.mem = t->mem;
	if (params_kept(&w.p, t, w.q, (struct param_rows) { in, 1 }, SIZE_MAX, &t->e))
		batch_add(&t->batch, t, &w, &t->e);
}

void
trip_one(struct trip *t, const struct sql *q, const void *in, void *out, bool *found)
{
	memset(out, 0, q->out->size);
	*found = false;
	add(t, &(struct waiting) { .q = q, .out = out, .found = found }, in);
}

static void
add_all(struct trip *t, const struct sql *q, const void *in, const struct into *into, bool packed)
{
	assert(into->size == q->out->size);
	memset(into->rows, 0, sizeof(void *));
	*into->n = 0;
	add(t, &(struct waiting) { .q = q, .into = *into, .packed = packed }, in);
}

void
trip_all(struct trip *t, const struct sql *q, const void *in, struct into into)
{
	add_all(t, q, in, &into, false);
}

void
trip_all_packed(struct trip *t, const struct sql *q, const void *in, struct into into)
{
	add_all(t, q, in, &into, true);
}

/* ---- going ---- */

/* What a transaction has waiting goes before. */
static bool
with_what_waits(struct trip *t, struct err *e)
{
	struct batch b = t->db->later;
	bool         ok = true;

	t->db->later = (struct batch) { 0 };
	for (unsigned i = 0; ok && i < t->batch.n; i++)
		ok = batch_add(&b, t->db, &t->batch.all[i], e) != NULL;
	if (!ok && t->db->tx == DB_TX_OPEN)
		t->db->tx = DB_TX_LOST;
	ok = ok && batch_run(t->db, &b, e);
	batch_clear(&b);
	return ok;
}

static bool
is_worth_another(const struct db *db, const struct err *e, bool was_open)
{
	unsigned number = e->sys > 0 ? (unsigned)e->sys : 0;

	if (db->tx != DB_TX_NONE)
		return false;
	return kept_is_stale(number) ||
	       (was_open && (number == CR_SERVER_GONE_ERROR || number == CR_ERR_NET_WRITE));
}

/* What was read before another one failed. */
static void
forget(struct trip *t)
{
	for (unsigned i = 0; i < t->batch.n; i++) {
		struct waiting *w = &t->batch.all[i];

		if (w->found != NULL)
			*w->found = false;
		if (w->into.rows == NULL)
			continue;
		talloc_free(*(void **)w->into.rows);
		memset(w->into.rows, 0, sizeof(void *));
		*w->into.n = 0;
	}
}

bool
trip_go(struct trip *t, struct err *e)
{
	bool was_open, ok;

	if (t == NULL)
		return err_memory(e);
	was_open = db_is_open(t->db);
	ok = t->e.code == ERR_OK && with_what_waits(t, e);
	if (!ok && t->e.code != ERR_OK)
		*e = t->e;
	if (!ok)
		forget(t);
	if (!ok && t->e.code == ERR_OK && is_worth_another(t->db, e, was_open)) {
		err_clear(e);
		ok = with_what_waits(t, e);
		if (!ok)
			forget(t);
	}
	talloc_free(t);
	return ok;
}
