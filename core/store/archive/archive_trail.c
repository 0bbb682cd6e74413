#include "core/store/archive/archive_trail.h"

#include <string.h>

#include "core/base/buf.h"
#include "core/store/db_load.h"
#include "core/store/db_snapshot.h"

#define CHAIN_COLUMN "chain"

/* In the order in which they are read: a leaf or a checkpoint is never of an entry that is not
 * there yet. */
static const char *const tables[TRAIL_TABLES] = {
	"audit_chains",
	"audit_former",
	"audit_checkpoints",
	"audit_tree",
	"audit",
};

struct carrying {
	struct db      *from, *to;
	const char     *table;
	uint64_t       *upto; /* of the table */
	bool            present;
	char            chain[24];
	struct strings  columns;
	size_t          keys; /* the first columns, one or two numbers */
	struct db_load *into;
	struct blob    *rows;   /* TRAIL_ROWS */
	TALLOC_CTX     *values; /* of them */
	size_t          n;
};

/* ---- what is read ---- */

static bool
columns_of(struct carrying *c, TALLOC_CTX *mem, struct err *e)
{
	const struct archive_plan *plan = archive_plan_of(c->table);
	const char                *rest = plan->columns;
	struct archive_column      column;

	c->columns.items = talloc_zero_array(mem, const char *, ARCHIVE_COLUMNS_MAX);
	if (c->columns.items == NULL)
		return err_memory(e);
	while (archive_column_next(plan, &rest, &column)) {
		c->columns.items[c->columns.n] = str_dup(c->columns.items, column.name);
		if (c->columns.items[c->columns.n++] == NULL)
			return err_memory(e);
		c->keys += column.key;
	}
	return true;
}

static void
put_behind(struct buf *b, const struct carrying *c)
{
	const char *const       *key = c->columns.items;
	const unsigned long long upto[] = { c->upto[0], c->upto[1] };

	if (c->keys == 1)
		buf_printf(b, " WHERE `%s` > %llu ORDER BY `%s`", key[0], upto[0], key[0]);
	else
		buf_printf(b,
		    " WHERE `%s` > %llu OR (`%s` = %llu AND `%s` > %llu) ORDER BY `%s`, `%s`",
		    key[0], upto[0], key[0], upto[0], key[1], upto[1], key[0], key[1]);
}

static char *
reading_of(const struct carrying *c, TALLOC_CTX *mem, struct err *e)
{
	struct buf b;

	buf_make(&b, mem);
	for (size_t i = 0; i < c->columns.n; i++)
		buf_printf(&b, "%s`%s`", i == 0 ? "SELECT " : ", ", c->columns.items[i]);
	buf_printf(&b, " FROM `%s`", c->table);
	put_behind(&b, c);
	return buf_text(&b, e);
}

/* ---- what is written ---- */

static bool
write_waiting(struct carrying *c, struct err *e)
{
	bool ok = c->n == 0 || db_load_rows(c->into, c->rows, c->n, e);

	talloc_free_children(c->values);
	c->n = 0;
	return ok;
}

static bool
take_row(struct carrying *c, const struct blob *values, struct err *e)
{
	const size_t wide = c->columns.n + c->present;
	struct blob *row = &c->rows[c->n * wide];

	for (size_t i = 0; i < c->keys; i++)
		if (!str_to_u64(
			(struct str) { (const char *)values[i].p, values[i].n }, &c->upto[i]))
			return err_set(
			    e, ERR_INTERNAL, 0, "internal error", "%s: no key", c->table);
	for (size_t i = 0; i < c->columns.n; i++) {
		row[i] = values[i];
		if (values[i].p == NULL)
			continue;
		row[i].p = talloc_memdup(c->values, values[i].p, values[i].n > 0 ? values[i].n : 1);
		if (row[i].p == NULL)
			return err_memory(e);
	}
	if (c->present)
		row[c->columns.n] = (struct blob) { (const uint8_t *)c->chain, strlen(c->chain) };
	return ++c->n < TRAIL_ROWS || write_waiting(c, e);
}

static bool
make_room(struct carrying *c, TALLOC_CTX *mem, struct err *e)
{
	struct strings to = { c->columns.items, c->columns.n };

	if (c->present)
		to.items[to.n++] = CHAIN_COLUMN;
	c->rows = talloc_zero_array(mem, struct blob, (unsigned)(TRAIL_ROWS * to.n));
	c->values = talloc_new(mem);
	if (c->rows == NULL || c->values == NULL)
		return err_memory(e);
	c->into = db_load_make(mem, c->to, c->present ? "audit_former" : c->table, &to, e);
	return c->into != NULL;
}

static bool
carry_table(struct carrying *c, TALLOC_CTX *mem, struct err *e)
{
	const struct blob *v = NULL;
	struct db_rows    *rows;
	char              *text;
	bool               ok;

	if (!columns_of(c, mem, e) || (text = reading_of(c, mem, e)) == NULL ||
	    !make_room(c, mem, e) || (rows = db_rows(mem, c->from, text, e)) == NULL)
		return false;
	while ((ok = db_rows_next(rows, &v, e)) && v != NULL)
		if (!take_row(c, v, e))
			return false;
	return ok && write_waiting(c, e);
}

bool
archive_trail_carry(struct archive_trail *x, struct db *from, struct db *to, struct err *e)
{
	bool ok = true;

	for (size_t i = 0; ok && i < TRAIL_TABLES; i++) {
		TALLOC_CTX     *mem = talloc_new(from);
		struct carrying c = { .from = from,
			.to = to,
			.table = tables[i],
			.upto = x->upto[i],
			.present = strcmp(tables[i], "audit") == 0 };

		snprintf(c.chain, sizeof(c.chain), "%llu", (unsigned long long)x->chain);
		ok = mem != NULL ? carry_table(&c, mem, e) : err_memory(e);
		if (!ok)
			err_note(e, "carrying %s", tables[i]);
		talloc_free(mem);
	}
	return ok;
}
