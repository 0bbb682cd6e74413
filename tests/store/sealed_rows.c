#include "tests/store/sealed_rows.h"

#include <string.h>

#include "core/base/buf.h"
#include "core/store/drift/content.h"

struct sealed_row
sealed_row_of(const char *table, unsigned i)
{
	bool              content = strcmp(table, SEALED_CONTENTS) == 0;
	struct sealed_row r = { .key = { 1, 0, (uint8_t)i },
		.key_n = content ? HASH_LEN : sizeof(r.place.b) };

	for (const struct sealed_column *c = sealed_columns; strcmp(c->table, table) != 0; c++)
		r.key[1]++;
	if (content)
		r.place = content_place(r.key, 0);
	else
		memcpy(r.place.b, r.key, sizeof(r.place.b));
	return r;
}

/* `NAME` = UNHEX('...'), */
static void
put_sealed(struct world *w, struct tenant_db *t, struct buf *b, const struct sealed_place *place)
{
	struct blob sealed;
	struct err  e = { 0 };
	char       *hex;

	assert_ok(tenant_seal(t, w, *place, str_of(place->column), &sealed, &e));
	hex = talloc_size(w, 2 * sealed.n + 1);
	hex_print(sealed.p, sealed.n, hex);
	buf_printf(b, "`%s` = UNHEX('%s'), ", place->column, hex);
}

static void
put_row(struct world *w, struct tenant_db *t, const char *table, unsigned i)
{
	struct sealed_row r = sealed_row_of(table, i);
	char              hex[2 * sizeof(r.key) + 1];
	const char       *key = NULL;
	struct buf        b;

	buf_make(&b, w);
	for (const struct sealed_column *c = sealed_columns; c->table != NULL; c++) {
		if (strcmp(c->table, table) != 0)
			continue;
		key = c->key;
		put_sealed(w, t, &b, &(struct sealed_place) { table, c->column, &r.place });
	}
	hex_print(r.key, r.key_n, hex);
	/* names and the like that must differ */
	if (strcmp(table, "users") == 0)
		buf_printf(&b, "email = '%u@rows.test', ", i);
	if (strcmp(table, "identity_providers") == 0 || strcmp(table, "channels") == 0)
		buf_printf(&b, "name = 'Row %u', ", i);
	if (strcmp(table, "drift_changes") == 0)
		buf_printf(&b, "position = %u, ", i);
	server_do(w->root, "INSERT INTO %s.%s SET %.*s `%s` = UNHEX('%s')", db_schema(t->db), table,
	    (int)b.n, b.p, key, hex);
}

void
sealed_rows_put(struct world *w, struct tenant_db *t, unsigned n)
{
	const char *before = "";

	server_do(w->root, "SET sql_mode = ''"); /* what a row must have, it has somehow */
	for (const struct sealed_column *c = sealed_columns; c->table != NULL; c++) {
		for (unsigned i = 1; strcmp(c->table, before) != 0 && i <= n; i++)
			put_row(w, t, c->table, i);
		before = c->table;
	}
}
