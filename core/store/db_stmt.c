/* db.h: running statements, one by one or in bulk. */
#include <assert.h>
#include <errmsg.h>
#include <mysqld_error.h>
#include <stdio.h>
#include <string.h>

#include "core/store/db_priv.h"
#include "core/store/marks.h"

#define CALL_CONTROL "CALL bsx."

/* The parameters of one execution: one struct, or a batch by columns. */
struct params {
	TALLOC_CTX         *mem; /* what had to be printed */
	const struct marks *marks;
	struct bind_value   v[BIND_MAX]; /* by member; b by mark */
	MYSQL_BIND          b[BIND_MAX];
	unsigned            rows; /* 0: no batch */
};

/* A statement running, with its result columns bound. */
struct run {
	struct db          *db;
	const struct sql   *q;
	MYSQL_STMT         *st;
	int64_t             start_ns;
	const struct field *f[BIND_MAX];
	unsigned            n;
	struct bind_cell    c[BIND_MAX];
	MYSQL_BIND          b[BIND_MAX];
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

/* ---- parameters ---- */

static bool
params_of(struct params *p, TALLOC_CTX *mem, const struct sql *q, const void *in, struct err *e)
{
	const struct marks *m = marks_of(mem, q, e);

	p->mem = mem;
	p->marks = m;
	p->rows = 0;
	if (m == NULL)
		return false;
	for (unsigned i = 0; i < m->members_n; i++)
		if (!bind_value_of(mem, m->members[i], in, &p->v[i], e))
			return err_note(e, "running %s", q->name);
	for (unsigned i = 0; i < m->n; i++)
		bind_param(&p->b[i], &p->v[m->at[i]]);
	return true;
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

static bool
stmt_bind(MYSQL_STMT *st, struct params *p)
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
	bool     kept,
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
	return a->kept && kept_is_stale(number);
}

static MYSQL_STMT *
execute(struct db *db, const struct sql *q, struct params *p, struct err *e)
{
	const char *text = db_text(p->mem, db, p->marks->text, e);
	MYSQL_STMT *st;
	unsigned    number;
	bool        again;

	if (text == NULL)
		return NULL;
	for (struct attempt a = { 0 };; a.before++) {
		a.idle = db->my != NULL && db->tx == DB_TX_NONE;
		if (!db_ready(db, e))
			return NULL;
		st = a.before == 0 ? kept_take(db, q) : NULL;
		a.kept = st != NULL;
		if (!a.kept && (st = stmt_open(db, p, e)) == NULL)
			return NULL;
		if (stmt_bind(st, p) && stmt_run(st, a.kept, text))
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

/* A CALL answers with further results; what is left unread would be read by the next statement. */
static bool
run_end(struct run *r, bool ok, struct err *e)
{
	MYSQL_STMT *st = r->st;

	if (st == NULL)
		return false;
	while (ok && mysql_stmt_more_results(st)) {
		int rc = mysql_stmt_next_result(st);

		if (rc > 0)
			ok = db_fail(
			    r->db, r->q->name, mysql_stmt_errno(st), mysql_stmt_error(st), e);
		if (rc != 0)
			break;
	}
	if (ok)
		kept_give(r->db, r->q, st);
	else
		mysql_stmt_close(st);
	r->st = NULL;
	db_timed(r->db, r->q->name, r->start_ns);
	return ok;
}

static bool
run_start(struct run *r, struct db *db, TALLOC_CTX *mem, const struct sql *q, const void *in,
    struct err *e)
{
	struct params p;

	r->db = db;
	r->q = q;
	r->st = NULL;
	r->start_ns = clock_ns(db->o.clock);
	if (!params_of(&p, mem, q, in, e))
		return false;
	r->st = execute(db, q, &p, e);
	if (r->st == NULL)
		db_timed(db, q->name, r->start_ns);
	return r->st != NULL;
}

static bool
run_bind(struct run *r, struct err *e)
{
	if (!bind_fields(r->q->out, r->f, &r->n, e))
		return false;
	if (r->n == 0 || mysql_stmt_field_count(r->st) != r->n)
		return err_set(e, ERR_INTERNAL, 0, "internal error",
		    "%s: %u columns for %u members", r->q->name, mysql_stmt_field_count(r->st),
		    r->n);
	for (unsigned i = 0; i < r->n; i++)
		bind_column(&r->b[i], r->f[i], &r->c[i]);
	if (mysql_stmt_bind_result(r->st, r->b) != 0)
		return db_fail(
		    r->db, r->q->name, mysql_stmt_errno(r->st), mysql_stmt_error(r->st), e);
	return true;
}

/* *more is false after the last row. */
static bool
run_fetch(struct run *r, bool *more, struct err *e)
{
	int      rc = mysql_stmt_fetch(r->st);
	unsigned number;

	*more = rc != MYSQL_NO_DATA;
	if (rc == 0 || rc == MYSQL_DATA_TRUNCATED || rc == MYSQL_NO_DATA)
		return true; /* truncated: texts had no room yet; numbers are checked one by one */
	number = mysql_stmt_errno(r->st);
	if (number != 0)
		return db_fail(r->db, r->q->name, number, mysql_stmt_error(r->st), e);
	/* What ends a result while it is being sent is known to the connection only. */
	return db_fail(r->db, r->q->name, mysql_errno(r->db->my), mysql_error(r->db->my), e);
}

static bool
run_take(struct run *r, const struct bind_room *room, void *out, struct err *e)
{
	memset(out, 0, r->q->out->size);
	for (unsigned i = 0; i < r->n; i++)
		if (!bind_take(r->st, i, room, r->f[i], &r->c[i], out, e))
			return err_note(e, "reading a row of %s", r->q->name);
	return true;
}

bool
db_one(
    struct db *db, TALLOC_CTX *mem, const struct sql *q, const void *in, void *out, struct err *e)
{
	TALLOC_CTX *tmp = talloc_new(mem);
	struct run  r;
	bool        more = false, ok;

	memset(out, 0, q->out->size);
	if (tmp == NULL)
		return err_memory(e);
	ok = run_start(&r, db, tmp, q, in, e) && run_bind(&r, e) && run_fetch(&r, &more, e);
	if (ok && !more)
		ok = err_set(e, ERR_MISSING, 0, "Not found.", "%s: no row", q->name);
	ok = ok && run_take(&r, &(struct bind_room) { mem, NULL }, out, e);
	ok = run_end(&r, ok, e);
	talloc_free(tmp);
	return ok;
}

/* Rows as they come: an array that doubles; the elements' own texts are its children and move with
 * it. */
struct pile {
	TALLOC_CTX    *mem;
	struct chunks *packed; /* NULL: each text is a child of the array */
	char          *rows;
	size_t         size, n, room, max;
};

static bool
pile_grow(struct pile *p, struct err *e)
{
	char *rows;

	if (p->n < p->room)
		return true;
	p->room = p->room == 0 ? 16 : p->room * 2;
	p->room = p->room > p->max ? p->max : p->room;
	rows = talloc_realloc_size(p->mem, p->rows, p->size * p->room);
	if (rows == NULL)
		return err_memory(e);
	p->rows = rows;
	return true;
}

static bool
pile_fill(struct pile *p, struct run *r, struct err *e)
{
	bool more = true;

	while (p->n < p->max) {
		if (!run_fetch(r, &more, e))
			return false;
		if (!more)
			return true;
		if (!pile_grow(p, e) || !run_take(r, &(struct bind_room) { p->rows, p->packed },
					    p->rows + p->n * p->size, e))
			return false;
		p->n++;
	}
	return true;
}

static bool
read_pile(struct db *db, const struct sql *q, const void *in, struct pile *p, struct err *e)
{
	TALLOC_CTX *tmp = talloc_new(p->mem);
	struct run  r;
	bool        ok;

	p->rows = talloc_size(p->mem, p->size);
	if (tmp == NULL || p->rows == NULL)
		return err_memory(e);
	ok = run_start(&r, db, tmp, q, in, e) && run_bind(&r, e) && pile_fill(p, &r, e);
	ok = run_end(&r, ok, e);
	talloc_free(tmp);
	if (!ok) {
		talloc_free(p->rows);
		p->rows = NULL;
		p->n = 0;
	}
	return ok;
}

static bool
read_into(struct db *db, const struct sql *q, const void *in, struct pile *p,
    const struct into *into, struct err *e)
{
	bool ok;

	assert(into->size == q->out->size);
	p->size = into->size;
	p->max = into->max;
	ok = read_pile(db, q, in, p, e);
	memcpy(into->rows, &p->rows, sizeof(p->rows));
	*into->n = p->n;
	return ok;
}

bool
db_all(struct db *db, TALLOC_CTX *mem, const struct sql *q, const void *in, struct into into,
    struct err *e)
{
	return read_into(db, q, in, &(struct pile) { .mem = mem }, &into, e);
}

bool
db_all_packed(struct db *db, TALLOC_CTX *mem, const struct sql *q, const void *in, struct into into,
    struct err *e)
{
	struct chunks room = { .mem = mem };

	return read_into(db, q, in, &(struct pile) { .mem = mem, .packed = &room }, &into, e);
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
		*affected = mysql_stmt_affected_rows(r.st);
	ok = run_end(&r, ok, e);
	talloc_free(tmp);
	return ok;
}

/* ---- batches ---- */

/* A column of a batch: integers side by side, everything else by pointer. */
struct bulk {
	int64_t       *ints;
	const void   **ptrs;
	unsigned long *lengths;
	char          *indicators;
};

static bool
bulk_make(TALLOC_CTX *mem, struct bulk *k, unsigned rows, struct err *e)
{
	k->ints = talloc_array(mem, int64_t, rows);
	k->ptrs = talloc_array(mem, const void *, rows);
	k->lengths = talloc_array(mem, unsigned long, rows);
	k->indicators = talloc_array(mem, char, rows);
	if (k->ints == NULL || k->ptrs == NULL || k->lengths == NULL || k->indicators == NULL)
		return err_memory(e);
	return true;
}

static void
bulk_set(struct bulk *k, size_t row, const struct bind_value *v)
{
	k->ints[row] = v->i;
	k->ptrs[row] = v->p;
	k->lengths[row] = v->n;
	k->indicators[row] = v->null ? STMT_INDICATOR_NULL : STMT_INDICATOR_NONE;
}

static void
bulk_bind(MYSQL_BIND *b, const struct bind_value *first, struct bulk *k)
{
	memset(b, 0, sizeof(*b));
	b->buffer_type = first->type;
	b->is_unsigned = first->is_unsigned;
	b->buffer = first->type == MYSQL_TYPE_LONGLONG ? (void *)k->ints : (void *)k->ptrs;
	b->length = k->lengths;
	b->u.indicator = k->indicators;
}

/* Takes rows from `in` until the batch is full; *taken is at least 1. */
static bool
bulk_fill(struct params *p, struct bulk *k, struct bind_value *v, const struct sql *q,
    const char *in, size_t n, size_t *taken, struct err *e)
{
	size_t bytes = 0, before, row;

	for (row = 0; row < n && row < DB_BULK_ROWS; row++) {
		before = bytes;
		for (unsigned i = 0; i < p->marks->members_n; i++) {
			struct bind_value *at = &v[row * p->marks->members_n + i];

			if (!bind_value_of(
				p->mem, p->marks->members[i], in + row * q->in->size, at, e))
				return err_note(e, "running %s", q->name);
			bytes += at->n + 9;
			bulk_set(&k[i], row, at);
		}
		if (row > 0 && bytes > DB_BULK_BYTES) {
			bytes = before;
			break;
		}
	}
	*taken = row;
	return true;
}

static bool
bulk_run(struct db *db, TALLOC_CTX *mem, const struct sql *q, const char *in, size_t n,
    size_t *taken, struct err *e)
{
	const struct marks *m = marks_of(mem, q, e);
	struct params       p = { .mem = mem, .marks = m };
	unsigned            rows = n < DB_BULK_ROWS ? (unsigned)n : DB_BULK_ROWS;
	struct bulk         k[BIND_MAX];
	struct bind_value  *v;
	struct run          r = { .db = db, .q = q, .start_ns = clock_ns(db->o.clock) };

	if (m == NULL)
		return false;
	v = talloc_array(mem, struct bind_value, rows * m->members_n);
	if (v == NULL)
		return err_memory(e);
	for (unsigned i = 0; i < m->members_n; i++)
		if (!bulk_make(mem, &k[i], rows, e))
			return false;
	if (!bulk_fill(&p, k, v, q, in, n, taken, e))
		return false;
	for (unsigned i = 0; i < m->n; i++)
		bulk_bind(&p.b[i], &v[m->at[i]], &k[m->at[i]]);
	p.rows = (unsigned)*taken;
	r.st = execute(db, q, &p, e);
	if (r.st == NULL)
		db_timed(db, q->name, r.start_ns);
	return run_end(&r, r.st != NULL, e);
}

bool
db_run_many(struct db *db, const struct sql *q, const void *in, size_t n, struct err *e)
{
	const char *at = in;
	size_t      taken;

	while (n > 0) {
		TALLOC_CTX *tmp = talloc_new(db);
		bool        ok;

		if (tmp == NULL)
			return err_memory(e);
		taken = 0;
		ok = bulk_run(db, tmp, q, at, n, &taken, e);
		talloc_free(tmp);
		if (!ok)
			return false;
		at += taken * q->in->size;
		n -= taken;
	}
	return true;
}
