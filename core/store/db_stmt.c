/* db.h: running statements, one by one or in bulk. */
#include <assert.h>
#include <errmsg.h>
#include <mysqld_error.h>
#include <stdio.h>
#include <string.h>

#include "core/store/db_priv.h"
#include "core/store/marks.h"

#define CALL_CONTROL "CALL bsx."

/* A statement running. */
struct run {
	struct ran r;
	int64_t    start_ns;
};

const char *
db_text(TALLOC_CTX *mem, const struct db *db, const char *text, struct err *e)
{
	const size_t skip = sizeof(CALL_CONTROL) - 1;

	if (strncmp(text, CALL_CONTROL, skip) != 0 || strcmp(db->o.control, "bsx") == 0)
		return text;
	text = talloc_asprintf(mem, "CALL %s.%s", db->o.control, text + skip);
	if (text == NULL)
		err_memory(e);
	return text;
}

/* ---- running ---- */

static MYSQL_STMT *
stmt_open(struct db *db, const struct params *p, struct err *e)
{
	MYSQL_STMT *st = mysql_stmt_init(db->my);

	if (st == NULL)
		err_memory(e);
	else
		mysql_stmt_attr_set(st, STMT_ATTR_PREBIND_PARAMS, &p->marks->n);
	return st;
}

bool
db_stmt_bind(MYSQL_STMT *st, const struct params *p)
{
	return mysql_stmt_attr_set(st, STMT_ATTR_ARRAY_SIZE, &p->rows) == 0 &&
	       (p->marks->n == 0 || mysql_stmt_bind_param(st, p->b) == 0);
}

/* One round trip, whether it is kept or new. */
static bool
stmt_run(MYSQL_STMT *st, bool kept, const char *text)
{
	return kept ? mysql_stmt_execute(st) == 0
		    : mariadb_stmt_execute_direct(st, text, strlen(text)) == 0;
}

/* One of several. */
struct attempt {
	unsigned before; /* it */
	bool     several, kept,
	    idle; /* the statement was kept; the connection was open, and in no transaction */
};

/*
 * Whether what failed had no effect and may well succeed when it is tried once more: a connection
 * that turns out to be closed while the statement is being sent had not taken it; one that was kept
 * may be out of date; and a server that has too many of them gets ours back.
 */
static bool
is_worth_another(struct db *db, unsigned number, const struct attempt *a)
{
	if (number == ER_MAX_PREPARED_STMT_COUNT_REACHED)
		return kept_made_room(db, a->before);
	if (a->before > 0)
		return false;
	if (number == CR_SERVER_GONE_ERROR || number == CR_ERR_NET_WRITE) {
		if (a->idle)
			db_close(db);
		return a->idle;
	}
	return a->kept && !a->several && kept_is_stale(number);
}

static MYSQL_STMT *
try_execute(
    struct db *db, const struct sql *q, const struct params *p, const char *text, struct err *e)
{
	MYSQL_STMT *st;
	unsigned    number;
	bool        again;

	for (struct attempt a = { .several = q->several };; a.before++) {
		a.idle = db->my != NULL && db->tx == DB_TX_NONE;
		if (!db_ready(db, e))
			return NULL;
		st = a.before == 0 ? kept_take(db, q) : NULL;
		a.kept = st != NULL;
		if (!a.kept && (st = stmt_open(db, p, e)) == NULL)
			return NULL;
		db->stats.trips++;
		if (db_stmt_bind(st, p) && stmt_run(st, a.kept, text))
			return st;
		number = mysql_stmt_errno(st);
		again = is_worth_another(db, number, &a);
		if (!again)
			db_fail(db, q->name, number, mysql_stmt_error(st), e);
		mysql_stmt_close(st);
		if (!again)
			return NULL;
	}
}

MYSQL_STMT *
db_execute_alone(struct db *db, const struct sql *q, const struct params *p, struct err *e)
{
	TALLOC_CTX *tmp = talloc_new(db);
	const char *text = tmp == NULL ? NULL : db_text(tmp, db, p->marks->text, e);
	MYSQL_STMT *st = NULL;

	if (text != NULL)
		st = try_execute(db, q, p, text, e);
	else
		err_memory(e);
	talloc_free(tmp);
	return st;
}

/* With what waits, where something does. */
static bool
run_params(struct run *r, struct db *db, const struct sql *q, const struct params *p, struct err *e)
{
	r->start_ns = clock_ns(db->o.clock);
	r->r = (struct ran) { db, q, NULL };
	r->r.st = batch_waits(db) ? batch_run_with(db, q, p, e) : db_execute_alone(db, q, p, e);
	if (r->r.st == NULL)
		db_timed(db, q->name, r->start_ns);
	return r->r.st != NULL;
}

static bool
run_start(struct run *r, struct db *db, TALLOC_CTX *mem, const struct sql *q, const void *in,
    struct err *e)
{
	struct params p;

	r->r.st = NULL;
	return params_of(&p, mem, q, in, e) && run_params(r, db, q, &p, e);
}

/* What is left unread would be read by the next statement. */
static bool
run_end(struct run *r, bool ok, struct err *e)
{
	struct ran *a = &r->r;

	if (a->st == NULL)
		return false;
	ok = ok && answer_end(a, e);
	if (ok)
		kept_give(a->db, a->q, a->st);
	else
		mysql_stmt_close(a->st);
	a->st = NULL;
	db_timed(a->db, a->q->name, r->start_ns);
	return ok;
}

bool
db_one(
    struct db *db, TALLOC_CTX *mem, const struct sql *q, const void *in, void *out, struct err *e)
{
	TALLOC_CTX *tmp = talloc_new(mem);
	struct run  r;
	bool        found = false, ok;

	memset(out, 0, q->out->size);
	if (tmp == NULL)
		return err_memory(e);
	ok = run_start(&r, db, tmp, q, in, e) && answer_one(&r.r, mem, out, &found, e);
	if (ok && !found)
		ok = db_missing(q, e);
	ok = run_end(&r, ok, e);
	talloc_free(tmp);
	return ok;
}

bool
db_missing(const struct sql *q, struct err *e)
{
	return err_set(e, ERR_MISSING, 0, "Not found.", "%s: no row", q->name);
}

/* What to read, and how its texts lie. */
struct reading {
	const struct into *into;
	bool               packed;
};

static bool
read_all(struct db *db, TALLOC_CTX *mem, const struct sql *q, const void *in, struct reading how,
    struct err *e)
{
	TALLOC_CTX *tmp = talloc_new(mem);
	struct run  r;
	bool        ok;

	assert(how.into->size == q->out->size);
	memset(how.into->rows, 0, sizeof(void *));
	*how.into->n = 0;
	if (tmp == NULL)
		return err_memory(e);
	ok = run_start(&r, db, tmp, q, in, e) && answer_all(&r.r, mem, how.into, how.packed, e);
	ok = run_end(&r, ok, e);
	talloc_free(tmp);
	return ok;
}

bool
db_all(struct db *db, TALLOC_CTX *mem, const struct sql *q, const void *in, struct into into,
    struct err *e)
{
	return read_all(db, mem, q, in, (struct reading) { &into, false }, e);
}

bool
db_all_packed(struct db *db, TALLOC_CTX *mem, const struct sql *q, const void *in, struct into into,
    struct err *e)
{
	return read_all(db, mem, q, in, (struct reading) { &into, true }, e);
}

bool
db_run(struct db *db, const struct sql *q, const void *in, uint64_t *affected, struct err *e)
{
	TALLOC_CTX *tmp = talloc_new(db);
	struct run  r;
	bool        ok;

	if (tmp == NULL)
		return err_memory(e);
	ok = run_start(&r, db, tmp, q, in, e);
	if (ok && affected != NULL)
		*affected = mysql_stmt_affected_rows(r.r.st);
	ok = run_end(&r, ok, e);
	talloc_free(tmp);
	return ok;
}

/* ---- batches ---- */

static bool
run_rows(struct db *db, const struct sql *q, struct param_rows in, size_t *taken, struct err *e)
{
	TALLOC_CTX   *tmp = talloc_new(db);
	struct params p;
	struct run    r = { 0 };
	bool          ok;

	if (tmp == NULL)
		return err_memory(e);
	ok = params_of_rows(&p, tmp, q, in, e) && run_params(&r, db, q, &p, e);
	*taken = ok ? p.rows : 0;
	ok = run_end(&r, ok, e);
	talloc_free(tmp);
	return ok;
}

bool
db_run_many(struct db *db, const struct sql *q, const void *in, size_t n, struct err *e)
{
	const char *at = in;
	size_t      taken = 0;

	while (n > 0) {
		if (!run_rows(db, q, (struct param_rows) { at, n }, &taken, e))
			return false;
		at += taken * q->in->size;
		n -= taken;
	}
	return true;
}
