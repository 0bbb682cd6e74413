/*
 * db_priv.h: several statements in one round trip.
 *
 * All are sent before the first answer is read, which needs nothing of the server: it takes one
 * after the other, and its answers come in that order.  Only what stays prepared goes so; the
 * first use of a statement on a connection, and every one on a server that takes no more of them,
 * has a round trip of its own.  No text is made for each set of statements, and rows may be read.
 *
 * One that failed does not keep those behind it from being done.  So they stand in transactions
 * that end by COMMIT only (tx.c), or only read; COMMIT itself is not sent behind them but with what
 * knows that they were done (db_group.c).
 */
#include <errmsg.h>
#include <mysqld_error.h>
#include <string.h>

#include "core/store/db_priv.h"
#include "core/store/tx.h"

/*
 * Who writes does not read meanwhile, nor does the server while nobody reads its rows: what is sent
 * behind a statement that has some fits every socket's buffer.
 */
#define BEHIND_ROWS_BYTES (16 * 1024)

struct waiting *
batch_add(struct batch *b, TALLOC_CTX *mem, const struct waiting *w, struct err *e)
{
	if (b->mem == NULL)
		b->mem = talloc_new(mem);
	if (b->mem != NULL && b->n == b->room) {
		unsigned        room = b->room == 0 ? 16 : 2 * b->room;
		struct waiting *all = talloc_realloc(b->mem, b->all, struct waiting, room);

		if (all != NULL) {
			b->all = all;
			b->room = room;
		}
	}
	if (b->n == b->room) {
		err_memory(e);
		return NULL;
	}
	b->all[b->n] = *w;
	b->bytes += w->p.bytes;
	return &b->all[b->n++];
}

void
batch_clear(struct batch *b)
{
	talloc_free(b->mem);
	*b = (struct batch) { 0 };
}

bool
batch_waits(const struct db *db)
{
	return db->later.n > 0;
}

/* ---- one by one ---- */

static bool
take_answer(struct db *db, struct waiting *w, struct err *e)
{
	const struct ran r = { db, w->q, w->st };
	bool             found = true;

	if (w->open)
		return true;
	if (w->needs == WAITING_ROW && mysql_stmt_affected_rows(w->st) == 0)
		return tx_again(e);
	if (w->out != NULL && !answer_one(&r, w->mem, w->out, &found, e))
		return false;
	if (w->into.rows != NULL && !answer_all(&r, w->mem, &w->into, w->packed, e))
		return false;
	if (w->found != NULL)
		*w->found = found;
	else if (!found)
		return db_missing(w->q, e);
	return answer_end(&r, e);
}

/* Also one that was kept: it is prepared anew when all is repeated. */
static bool
is_outrun(const struct db *db, const struct waiting *w, unsigned number)
{
	if (number == ER_SIGNAL_EXCEPTION && w->needs == WAITING_ASSENT)
		return true;
	return kept_is_stale(number) && db->tx == DB_TX_OPEN;
}

static bool
refused(struct db *db, const struct waiting *w, bool kept, struct err *e)
{
	unsigned number = e->sys > 0 ? (unsigned)e->sys : 0;

	if (!is_outrun(db, w, number) || (number != ER_SIGNAL_EXCEPTION && !kept))
		return false;
	err_clear(e);
	return tx_again(e);
}

static bool
run_alone(struct db *db, struct waiting *w, struct err *e)
{
	int64_t start = clock_ns(db->o.clock);
	bool    kept, ok;

	if (w->q == NULL)
		return db_exec(db, w->name, w->text, e);
	kept = kept_has(db, w->q);
	w->st = db_execute_alone(db, w->q, &w->p, e);
	if (w->st == NULL)
		return refused(db, w, kept, e);
	ok = take_answer(db, w, e);
	if (w->open)
		return ok;
	if (ok)
		kept_give(db, w->q, w->st);
	else
		mysql_stmt_close(w->st);
	w->st = NULL;
	db_timed(db, w->q->name, start);
	return ok;
}

/* ---- together ---- */

static bool
has_rows(const struct waiting *w)
{
	return w->q != NULL && w->q->out != NULL;
}

/* The one before that runs the same statement; NULL: none. */
static const struct waiting *
same_before(const struct waiting *w, unsigned n)
{
	for (unsigned i = 0; i < n && w[n].q != NULL; i++)
		if (w[i].q == w[n].q)
			return &w[i];
	return NULL;
}

/* How many, from the first on, can go together. */
static unsigned
count_together(const struct db *db, const struct waiting *w, unsigned n)
{
	size_t   bytes = 0;
	bool     rows = false;
	unsigned i;

	for (i = 0; i < n; i++) {
		if (w[i].q != NULL && !kept_has(db, w[i].q))
			break;
		if (has_rows(&w[i]) && same_before(w, i) != NULL)
			break;
		bytes = rows ? bytes + w[i].p.bytes + 64 : 0;
		if (bytes > BEHIND_ROWS_BYTES)
			break;
		rows = rows || has_rows(&w[i]);
	}
	return i;
}

/* Prepared statements for all; one that runs twice has one. */
static bool
take_kept(struct db *db, struct waiting *w, unsigned n)
{
	bool ok = true;

	for (unsigned i = 0; i < n; i++) {
		const struct waiting *same = same_before(w, i);

		w[i].shared = same != NULL;
		w[i].st = same != NULL ? same->st : w[i].q != NULL ? kept_take(db, w[i].q) : NULL;
		ok = ok && (w[i].st != NULL || w[i].q == NULL);
	}
	return ok;
}

static bool
is_broken(const struct waiting *w, unsigned n, const MYSQL_STMT *st)
{
	for (unsigned i = 0; i < n; i++)
		if (w[i].st == st && w[i].broken)
			return true;
	return false;
}

/* Back to what is kept; but none that failed, nor of a connection that is closed, nor `open`, which
 * is the caller's. */
static void
give_kept(struct db *db, struct waiting *w, unsigned n, const MYSQL_STMT *open)
{
	for (unsigned i = 0; i < n; i++) {
		if (w[i].st == NULL || w[i].shared || w[i].st == open)
			continue;
		if (db->my == NULL || is_broken(w, n, w[i].st))
			mysql_stmt_close(w[i].st);
		else
			kept_give(db, w[i].q, w[i].st);
	}
}

static unsigned
number_of(struct db *db, const struct waiting *w, const char **text)
{
	*text = w->st != NULL ? mysql_stmt_error(w->st) : mysql_error(db->my);
	return w->st != NULL ? mysql_stmt_errno(w->st) : mysql_errno(db->my);
}

static const char *
name_of(const struct waiting *w)
{
	return w->q != NULL ? w->q->name : w->name;
}

static void
answers_wait(struct db *db, bool on)
{
	my_bool yes = on;

	mysql_optionsv(db->my, MARIADB_OPT_SKIP_READ_RESPONSE, &yes);
}

static bool
send_all(struct db *db, struct waiting *w, unsigned n, struct err *e)
{
	const char *text;
	unsigned    number, i;
	bool        ok = true;

	answers_wait(db, true);
	for (i = 0; ok && i < n; i++)
		ok = w[i].q == NULL
			 ? mysql_send_query(db->my, w[i].text, strlen(w[i].text)) == 0
			 : db_stmt_bind(w[i].st, &w[i].p) && mysql_stmt_execute(w[i].st) == 0;
	answers_wait(db, false);
	db->stats.trips++;
	if (ok)
		return true;
	/* What was sent is on its way, and its answers would be read as others. */
	number = number_of(db, &w[i - 1], &text);
	db_fail(db, name_of(&w[i - 1]), number, text, e);
	db_close(db);
	return false;
}

/* Another one may have failed already: then its rows are only passed over. */
static bool
read_one(struct db *db, struct waiting *w, bool failed, struct err *e)
{
	const struct ran r = { db, w->q, w->st };
	struct err       more = { 0 };
	const char      *text;
	unsigned         number;
	bool             ok = w->q == NULL ? mysql_read_query_result(db->my) == 0
					   : db->my->methods->db_read_execute_response(w->st) == 0;

	if (ok && w->q == NULL)
		return true;
	if (ok && !failed && take_answer(db, w, e))
		return true;
	if (ok && db->my != NULL) /* what it has beyond that is in the way of the next answer */
		return answer_end(&r, &more) && failed;
	w->broken = true;
	if (ok)
		return false;
	number = number_of(db, w, &text);
	if (is_outrun(db, w, number))
		return tx_again(e);
	return db_fail(db, name_of(w), number, text, e);
}

/* How many there are before the first that failed. */
static unsigned
read_all(struct db *db, struct waiting *w, unsigned n, struct err *e)
{
	int64_t  start = clock_ns(db->o.clock);
	unsigned good = n;

	for (unsigned i = 0; i < n && db->my != NULL; i++) {
		struct err more = { 0 };
		bool       failed = good < n;

		if (!read_one(db, &w[i], failed, failed ? &more : e) && !failed)
			good = i;
		if (!w[i].open)
			db_timed(db, name_of(&w[i]), start);
		start = clock_ns(db->o.clock);
	}
	return good;
}

/* How many were done before the first that failed. */
static unsigned
run_together(struct db *db, struct waiting *w, unsigned n, struct err *e)
{
	unsigned good = send_all(db, w, n, e) ? read_all(db, w, n, e) : 0;

	give_kept(db, w, n, good == n && w[n - 1].open ? w[n - 1].st : NULL);
	if (good < n && e->sys > 0 && kept_is_stale((unsigned)e->sys))
		kept_drop(db);
	return good;
}

static unsigned
run_next(struct db *db, struct waiting *w, unsigned n, unsigned *tried, struct err *e)
{
	*tried = w->checks ? 1 : count_together(db, w, n);
	if (w->checks) /* what it is about was answered */
		return 1;
	if (*tried > 1 && take_kept(db, w, *tried))
		return run_together(db, w, *tried, e);
	if (*tried > 1)
		give_kept(db, w, *tried, NULL);
	*tried = 1;
	return run_alone(db, w, e) ? 1 : 0;
}

bool
batch_run(struct db *db, struct batch *b, struct err *e)
{
	unsigned done = 0, tried = 0, good = 0;

	if (!db_ready(db, e))
		return false;
	for (; done < b->n && good == tried; done += good)
		good = run_next(db, b->all + done, b->n - done, &tried, e);
	if (done == b->n)
		return true;
	/* What was to be done before the last is missing: nothing more in this transaction. */
	if (done + 1 < b->n && db->tx == DB_TX_OPEN)
		db->tx = DB_TX_LOST;
	return false;
}

MYSQL_STMT *
batch_run_with(struct db *db, const struct sql *q, const struct params *p, struct err *e)
{
	struct batch    b = db->later;
	struct waiting *last;
	MYSQL_STMT     *st = NULL;

	db->later = (struct batch) { 0 };
	last = batch_add(&b, db, &(struct waiting) { .q = q, .p = *p, .open = true }, e);
	if (last == NULL)
		db->tx = db->tx == DB_TX_OPEN ? DB_TX_LOST : db->tx;
	else if (batch_run(db, &b, e))
		st = last->st;
	batch_clear(&b);
	return st;
}

/* ---- the end of a transaction ---- */

#define AUTOCOMMIT "SET autocommit = 1"

bool
batch_end(struct db *db, const char *name, const char *text, struct err *e)
{
	int64_t start = clock_ns(db->o.clock);
	bool    done;

	db_awaits(db);
	db->stats.trips++;
	done = mysql_send_query(db->my, text, strlen(text)) == 0 &&
	       mysql_send_query(db->my, AUTOCOMMIT, strlen(AUTOCOMMIT)) == 0 &&
	       mysql_read_query_result(db->my) == 0;
	if (!done)
		db_fail(db, name, mysql_errno(db->my), mysql_error(db->my), e);
	/* Whatever became of it: a connection that goes on commits each statement by itself again.
	 */
	if (db->my != NULL && mysql_read_query_result(db->my) != 0)
		db_close(db);
	db_timed(db, name, start);
	return done;
}
