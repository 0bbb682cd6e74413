/* db_priv.h: the rows of a statement that has run. */
#include <string.h>

#include "core/store/bind.h"
#include "core/store/db_priv.h"

/* Its columns, bound to the members. */
struct columns {
	const struct field *f[BIND_MAX];
	unsigned            n;
	struct bind_cell    c[BIND_MAX];
	MYSQL_BIND          b[BIND_MAX];
};

static bool
columns_bind(const struct ran *r, struct columns *c, struct err *e)
{
	if (!bind_fields(r->q->out, c->f, &c->n, e))
		return false;
	if (c->n == 0 || mysql_stmt_field_count(r->st) != c->n)
		return err_set(e, ERR_INTERNAL, 0, "internal error",
		    "%s: %u columns for %u members", r->q->name, mysql_stmt_field_count(r->st),
		    c->n);
	for (unsigned i = 0; i < c->n; i++)
		bind_column(&c->b[i], c->f[i], &c->c[i]);
	if (mysql_stmt_bind_result(r->st, c->b) != 0)
		return db_fail(
		    r->db, r->q->name, mysql_stmt_errno(r->st), mysql_stmt_error(r->st), e);
	return true;
}

/* *more is false after the last row. */
static bool
fetch(const struct ran *r, bool *more, struct err *e)
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
take(const struct ran *r, struct columns *c, const struct bind_room *room, void *out, struct err *e)
{
	memset(out, 0, r->q->out->size);
	for (unsigned i = 0; i < c->n; i++)
		if (!bind_take(r->st, i, room, c->f[i], &c->c[i], out, e))
			return err_note(e, "reading a row of %s", r->q->name);
	return true;
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
pile_fill(struct pile *p, const struct ran *r, struct columns *c, struct err *e)
{
	bool more = true;

	while (p->n < p->max) {
		if (!fetch(r, &more, e))
			return false;
		if (!more)
			return true;
		if (!pile_grow(p, e) || !take(r, c, &(struct bind_room) { p->rows, p->packed },
					    p->rows + p->n * p->size, e))
			return false;
		p->n++;
	}
	return true;
}

bool
answer_one(const struct ran *r, TALLOC_CTX *mem, void *out, bool *found, struct err *e)
{
	struct columns c;

	*found = false;
	if (!columns_bind(r, &c, e) || !fetch(r, found, e))
		return false;
	return !*found || take(r, &c, &(struct bind_room) { mem, NULL }, out, e);
}

bool
answer_all(
    const struct ran *r, TALLOC_CTX *mem, const struct into *into, bool packed, struct err *e)
{
	struct chunks  room = { .mem = mem };
	struct pile    p = { .mem = mem,
		   .packed = packed ? &room : NULL,
		   .size = into->size,
		   .max = into->max,
		   .rows = talloc_size(mem, into->size) };
	struct columns c;
	bool           ok = p.rows != NULL || err_memory(e);

	ok = ok && columns_bind(r, &c, e) && pile_fill(&p, r, &c, e);
	if (!ok) {
		TALLOC_FREE(p.rows);
		p.n = 0;
	}
	memcpy(into->rows, &p.rows, sizeof(p.rows));
	*into->n = p.n;
	return ok;
}

bool
answer_end(const struct ran *r, struct err *e)
{
	while (mysql_stmt_more_results(r->st)) {
		int rc = mysql_stmt_next_result(r->st);

		if (rc > 0)
			return db_fail(
			    r->db, r->q->name, mysql_stmt_errno(r->st), mysql_stmt_error(r->st), e);
		if (rc != 0)
			break;
	}
	if (mysql_stmt_field_count(r->st) > 0)
		mysql_stmt_free_result(r->st); /* rows that nobody has read */
	return true;
}
