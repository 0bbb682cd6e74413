#include "tests/store/clear_copies.h"

#include <string.h>

static size_t
clear_contents(struct drift_world *x, TALLOC_CTX *mem, const char *what)
{
	MYSQL_RES *r = drift_rows(x, mem, "SELECT address FROM %s.contents WHERE chunk = 0");
	MYSQL_ROW  row;
	struct err e = { 0 };
	size_t     found = 0;

	while ((row = mysql_fetch_row(r)) != NULL) {
		struct str text;

		assert_ok(content_by_address(x->t, mem, (const uint8_t *)row[0], &text, &e));
		found += memmem(text.p, text.n, what, strlen(what)) != NULL;
	}
	mysql_free_result(r);
	return found;
}

static size_t
clear_cells(
    struct drift_world *x, TALLOC_CTX *mem, const char *table, const char *column, const char *what)
{
	const char *place = strcmp(table, "outbox") == 0 ? "event" : column;
	MYSQL_RES  *r = drift_rows(x, mem,
	     talloc_asprintf(
		 mem, "SELECT id, %s FROM %%s.%s WHERE %s IS NOT NULL", column, table, column));
	MYSQL_ROW   row;
	struct err  e = { 0 };
	size_t      found = 0;

	while ((row = mysql_fetch_row(r)) != NULL) {
		const unsigned long *lengths = mysql_fetch_lengths(r);
		struct uuid          id;
		struct str           text;

		memcpy(id.b, row[0], sizeof(id.b));
		assert_ok(tenant_open(x->t, mem, (struct sealed_place) { table, place, &id },
		    (struct blob) { (const uint8_t *)row[1], lengths[1] }, &text, &e));
		found += memmem(text.p, text.n, what, strlen(what)) != NULL;
	}
	mysql_free_result(r);
	return found;
}

/* What is not sealed: any column of any table. */
static size_t
clear_columns(struct drift_world *x, TALLOC_CTX *mem, const char *what)
{
	MYSQL_RES *r = drift_rows(x, mem,
	    "SELECT TABLE_NAME, COLUMN_NAME FROM information_schema.COLUMNS"
	    " WHERE TABLE_SCHEMA = '%s' AND (DATA_TYPE LIKE '%text' OR DATA_TYPE LIKE '%char'"
	    " OR DATA_TYPE LIKE 'varbin%')");
	MYSQL_ROW  row;
	size_t     found = 0;

	while ((row = mysql_fetch_row(r)) != NULL)
		found += (size_t)drift_count(x,
		    talloc_asprintf(mem, "SELECT COUNT(*) FROM %%s.%s WHERE INSTR(`%s`, '%s') > 0",
			row[0], row[1], what));
	mysql_free_result(r);
	return found;
}

size_t
clear_copies(struct drift_world *x, const char *what)
{
	TALLOC_CTX *mem = talloc_new(x);
	size_t      n = clear_contents(x, mem, what) +
		   clear_cells(x, mem, "drift_changes", "old_value", what) +
		   clear_cells(x, mem, "drift_changes", "new_value", what) +
		   clear_cells(x, mem, "outbox", "body", what) + clear_columns(x, mem, what);

	talloc_free(mem);
	return n;
}
