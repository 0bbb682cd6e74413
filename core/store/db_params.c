/* db_priv.h: the parameters of one execution, of one struct or of many. */
#include <string.h>

#include "core/store/db_priv.h"
#include "core/store/marks.h"

/* Values of rows of one statement, one row after the other. */
struct values {
	const struct marks *marks;
	struct bind_value  *v;
	size_t              rows, bytes;
};

/* ---- values ---- */

/* Those of rows until a batch is full; of the first in any case. */
static bool
values_fill(
    struct values *x, TALLOC_CTX *mem, const struct sql *q, struct param_rows in, struct err *e)
{
	size_t members = x->marks->members_n;

	for (; x->rows < in.n && x->rows < DB_BULK_ROWS; x->rows++) {
		const char *row = (const char *)in.at + (q->in == NULL ? 0 : x->rows * q->in->size);
		size_t      bytes = x->bytes;

		for (size_t i = 0; i < members; i++) {
			struct bind_value *v = &x->v[x->rows * members + i];

			if (!bind_value_of(mem, x->marks->members[i], row, v, e))
				return err_note(e, "running %s", q->name);
			bytes += v->n + 9;
		}
		if (x->rows > 0 && bytes > DB_BULK_BYTES)
			break;
		x->bytes = bytes;
	}
	return true;
}

/* What they point at stays as it is now. */
static bool
values_keep(struct values *x, TALLOC_CTX *mem, struct err *e)
{
	for (size_t i = 0; i < x->rows * x->marks->members_n; i++) {
		struct bind_value *v = &x->v[i];

		if (v->n == 0 || v->null)
			continue;
		v->p = talloc_memdup(mem, v->p, v->n);
		if (v->p == NULL)
			return err_memory(e);
	}
	return true;
}

static bool
values_make(
    struct values *x, TALLOC_CTX *mem, const struct sql *q, struct param_rows in, struct err *e)
{
	size_t rows = in.n < DB_BULK_ROWS ? in.n : DB_BULK_ROWS;

	memset(x, 0, sizeof(*x));
	x->marks = marks_of(mem, q, e);
	if (x->marks == NULL)
		return false;
	x->v = talloc_array(mem, struct bind_value, (unsigned)(rows * x->marks->members_n + 1));
	return x->v != NULL ? values_fill(x, mem, q, in, e) : err_memory(e);
}

/* ---- bound ---- */

/* A column of a batch: integers side by side, everything else by pointer. */
static bool
bind_rows(MYSQL_BIND *b, TALLOC_CTX *mem, const struct values *x, size_t member)
{
	unsigned       n = (unsigned)x->rows;
	int64_t       *ints = talloc_array(mem, int64_t, n);
	const void   **ptrs = talloc_array(mem, const void *, n);
	unsigned long *lengths = talloc_array(mem, unsigned long, n);
	char          *indicators = talloc_array(mem, char, n);

	if (ints == NULL || ptrs == NULL || lengths == NULL || indicators == NULL)
		return false;
	for (size_t row = 0; row < n; row++) {
		const struct bind_value *v = &x->v[row * x->marks->members_n + member];

		ints[row] = v->i;
		ptrs[row] = v->p;
		lengths[row] = v->n;
		indicators[row] = v->null ? STMT_INDICATOR_NULL : STMT_INDICATOR_NONE;
	}
	memset(b, 0, sizeof(*b));
	b->buffer_type = x->v[member].type;
	b->is_unsigned = x->v[member].is_unsigned;
	b->buffer = b->buffer_type == MYSQL_TYPE_LONGLONG ? (void *)ints : (void *)ptrs;
	b->length = lengths;
	b->u.indicator = indicators;
	return true;
}

static bool
bind_all(struct params *p, TALLOC_CTX *mem, const struct values *x, bool bulk, struct err *e)
{
	MYSQL_BIND member[BIND_MAX];
	bool       ok = true;

	*p = (struct params) { .marks = x->marks,
		.b = talloc_array(mem, MYSQL_BIND, x->marks->n + 1),
		.rows = bulk ? (unsigned)x->rows : 0,
		.bytes = x->bytes };
	for (size_t i = 0; ok && i < x->marks->members_n; i++) {
		if (bulk)
			ok = bind_rows(&member[i], mem, x, i);
		else
			bind_param(&member[i], &x->v[i]);
	}
	if (!ok || p->b == NULL)
		return err_memory(e);
	for (unsigned i = 0; i < x->marks->n; i++)
		p->b[i] = member[x->marks->at[i]];
	return true;
}

bool
params_of(struct params *p, TALLOC_CTX *mem, const struct sql *q, const void *in, struct err *e)
{
	struct values x;

	return values_make(&x, mem, q, (struct param_rows) { in, 1 }, e) &&
	       bind_all(p, mem, &x, false, e);
}

bool
params_of_rows(
    struct params *p, TALLOC_CTX *mem, const struct sql *q, struct param_rows in, struct err *e)
{
	struct values x;

	return values_make(&x, mem, q, in, e) && bind_all(p, mem, &x, true, e);
}

bool
params_kept(struct params *p, TALLOC_CTX *mem, const struct sql *q, struct param_rows in,
    size_t bytes_max, struct err *e)
{
	struct values x;

	if (!values_make(&x, mem, q, in, e))
		return false;
	p->bytes = x.bytes;
	p->b = NULL;
	if (x.bytes > bytes_max || x.rows < in.n)
		return true;
	return values_keep(&x, mem, e) && bind_all(p, mem, &x, in.n > 1, e);
}
