#include "core/store/tx.h"

#include <assert.h>
#include <mysqld_error.h>
#include <time.h>

#include "core/base/rand.h"
#include "core/store/db_priv.h"

#define AGAIN     (-1)       /* e->sys of tx_again() */
#define TX_NS_MAX 5000000000 /* no further try begins after this */
#define PAUSE_NS  4000000    /* before the second try; doubled each time, with full jitter */

bool
tx_open(const struct db *db)
{
	return db->tx != DB_TX_NONE;
}

bool
tx_again(struct err *e)
{
	err_set(e, ERR_UNAVAILABLE, AGAIN, "Too many changes at the same time.",
	    "a conditional update was outrun");
	e->retry_s = 1;
	return false;
}

/* Only what begins it is still to be sent. */
static bool
is_untouched(const struct db *db)
{
	return db->tx == DB_TX_OPEN && db->later.n > 0 && db->later.all[0].q == NULL;
}

static void
clear_waiting(struct db *db)
{
	batch_clear(&db->later);
	batch_clear(&db->last);
}

void
tx_rollback(struct db *db)
{
	struct err e = { 0 };

	if (db->tx == DB_TX_NONE)
		return;
	if (db->my != NULL && !is_untouched(db) && !batch_end(db, "rollback", "ROLLBACK", &e))
		db_close(db); /* ends it on the server's side */
	clear_waiting(db);
	db->tx = DB_TX_NONE;
}

/* ---- what is sent later ---- */

static bool
run_now(
    struct db *db, const struct sql *q, struct param_rows in, enum waiting_for needs, struct err *e)
{
	uint64_t affected = 0;

	if (in.n != 1)
		return db_run_many(db, q, in.at, in.n, e);
	if (db_run(db, q, in.at, &affected, e))
		return needs != WAITING_ROW || affected > 0 || tx_again(e);
	if (needs != WAITING_ASSENT || e->sys != ER_SIGNAL_EXCEPTION)
		return false;
	err_clear(e);
	return tx_again(e);
}

static bool
later(
    struct db *db, const struct sql *q, struct param_rows in, enum waiting_for needs, struct err *e)
{
	struct waiting w = { .q = q, .needs = needs };
	size_t         bytes = db->later.bytes;

	if (db->tx == DB_TX_NONE)
		return run_now(db, q, in, needs, e);
	if (db->later.mem == NULL && (db->later.mem = talloc_new(db)) == NULL)
		return err_memory(e);
	bytes = bytes < TX_LATER_BYTES ? TX_LATER_BYTES - bytes : 0;
	if (!params_kept(&w.p, db->later.mem, q, in, bytes, e))
		return false;
	if (w.p.b == NULL)
		return run_now(db, q, in, needs, e);
	return batch_add(&db->later, db, &w, e) != NULL;
}

bool
tx_later(struct db *db, const struct sql *q, const void *in, struct err *e)
{
	return later(db, q, (struct param_rows) { in, 1 }, WAITING_ANY, e);
}

bool
tx_later_must(struct db *db, const struct sql *q, const void *in, struct err *e)
{
	return later(db, q, (struct param_rows) { in, 1 }, WAITING_ROW, e);
}

bool
tx_later_call(struct db *db, const struct sql *q, const void *in, struct err *e)
{
	return later(db, q, (struct param_rows) { in, 1 }, WAITING_ASSENT, e);
}

bool
tx_later_many(struct db *db, const struct sql *q, const void *in, size_t n, struct err *e)
{
	return n == 0 || later(db, q, (struct param_rows) { in, n }, WAITING_ANY, e);
}

bool
tx_last(struct db *db, const struct sql *q, const void *in, struct err *e)
{
	struct batch  *b = &db->last;
	struct waiting w = { .q = q };

	if (db->tx == DB_TX_NONE)
		return db_run(db, q, in, NULL, e);
	if (b->mem == NULL && (b->mem = talloc_new(db)) == NULL)
		return err_memory(e);
	if (!params_kept(&w.p, b->mem, q, (struct param_rows) { in, 1 }, TX_LATER_BYTES, e))
		return false;
	if (w.p.b == NULL)
		return db_run(db, q, in, NULL, e);
	for (unsigned i = 0; i < b->n; i++) {
		if (b->all[i].q == q) {
			b->all[i] = w;
			return true;
		}
	}
	return batch_add(b, db, &w, e) != NULL;
}

/* ---- repeated ---- */

/* A duplicate key after a lost COMMIT may be the deed's own row. */
static bool
is_retried(const struct err *e, bool lost)
{
	if ((lost && e->sys == ER_DUP_ENTRY) || e->sys == AGAIN)
		return true;
	return e->sys > 0 && db_fault_row(db_fault_of((unsigned)e->sys))->again;
}

static void
pause_before(int try)
{
	uint32_t        r;
	struct timespec t = { 0 };

	rand_fill(&rand_system, &r, sizeof(r));
	t.tv_nsec = (long)(1 + r % ((uint32_t)PAUSE_NS << try));
	nanosleep(&t, NULL);
}

/*
 * What follows a statement after which the server has ended the transaction, as after a deadlock,
 * must not be committed by itself: until the end nothing is, except by COMMIT.
 */
static bool
begin(struct db *db, struct err *e)
{
	static const struct waiting first = { .name = "begin",
		.text = "SET autocommit = 0, @lost = 0" };

	clear_waiting(db);
	if (!db_ready(db, e) || batch_add(&db->later, db, &first, e) == NULL)
		return false;
	db->tx = DB_TX_OPEN;
	return true;
}

/* *lost: the answer did not come, so it may have happened. */
static bool
commit(struct db *db, bool *lost, struct err *e)
{
	bool done;

	for (unsigned i = 0; i < db->last.n; i++)
		if (batch_add(&db->later, db, &db->last.all[i], e) == NULL)
			return false;
	if (is_untouched(db) && db->later.n == 1) { /* nothing was done */
		clear_waiting(db);
		db->tx = DB_TX_NONE;
		return true;
	}
	if (!db_ready(db, e))
		return false;
	done = group_commit(db, &db->later, e);
	clear_waiting(db);
	if (done)
		db->tx = DB_TX_NONE;
	else
		*lost = db->my == NULL;
	return done;
}

static bool
attempt(struct db *db, const struct tx *t, bool *lost, struct err *e)
{
	if (!begin(db, e))
		return false;
	if (t->body(db, t->arg, e) && e->code == ERR_OK && commit(db, lost, e))
		return true;
	/* A body that failed without saying why must not end as a success. */
	err_set(
	    e, ERR_INTERNAL, 0, "internal error", "the body of %s failed without a cause", t->name);
	tx_rollback(db);
	return false;
}

/* Whether the deed is in the database: looked for after a COMMIT without an answer. */
static bool
is_done(struct db *db, const struct tx *t, bool *done, struct err *e)
{
	TALLOC_CTX *tmp = talloc_new(db);
	void       *row = tmp == NULL ? NULL : talloc_size(tmp, t->mark->out->size);
	bool        ok;

	if (row == NULL) {
		talloc_free(tmp);
		return err_memory(e);
	}
	ok = db_one(db, tmp, t->mark, t->mark_in, row, e);
	*done = ok;
	if (!ok && e->code == ERR_MISSING) {
		err_clear(e);
		ok = true;
	}
	talloc_free(tmp);
	return ok;
}

bool
tx_run(struct db *db, const struct tx *t, struct err *e)
{
	int64_t until = clock_ns(db->o.clock) + TX_NS_MAX;
	bool    lost = false, done = false;

	assert(!tx_open(db));
	for (int try = 1;; try++) {
		if (lost && t->mark != NULL) {
			if (is_done(db, t, &done, e) && done)
				return true;
		}
		if (e->code == ERR_OK && attempt(db, t, &lost, e))
			return true;
		if (try == TX_TRIES || !is_retried(e, lost) || clock_ns(db->o.clock) > until)
			return err_note(e, "in transaction %s, try %d", t->name, try);
		err_clear(e);
		pause_before(try - 1);
	}
}
