#include "core/store/db_load.h"

#include <assert.h>
#include <string.h>

#include "core/store/bind.h"
#include "core/store/db_priv.h"
#include "core/store/tx.h"

#define LOAD_TIMEOUT_S 600
#define NAME_LETTERS   "abcdefghijklmnopqrstuvwxyz0123456789_"

struct db_load {
	struct db    *db;
	const char   *table;
	struct schema in;
	struct sql    q;
};

struct db *
db_loader(TALLOC_CTX *mem, const struct db *like, struct err *e)
{
	struct db_options o = like->o;

	o.timeout_s = LOAD_TIMEOUT_S;
	o.keep = 0; /* a statement is found by its address, and these come and go */
	return db_make(mem, &o, e);
}

/* The i-th mark: "v0" and so on. */
static bool
make_fields(struct db_load *l, size_t n, struct err *e)
{
	struct field *f = talloc_zero_array(l, struct field, (unsigned)n + 1);

	if (f == NULL)
		return err_memory(e);
	for (size_t i = 0; i < n; i++) {
		f[i] = (struct field) {
			.name = talloc_asprintf(f, "v%zu", i),
			.kind = FIELD_BLOB,
			.flags = FIELD_NO_JSON | FIELD_NULLABLE,
			.offset = i * sizeof(struct blob),
		};
		if (f[i].name == NULL)
			return err_memory(e);
	}
	l->in = (struct schema) {
		.name = "DbLoadRow", .fields = f, .size = n * sizeof(struct blob), .given = -1
	};
	return true;
}

static void
put_name(struct buf *b, const char *name)
{
	assert(strspn(name, NAME_LETTERS) == strlen(name));
	buf_printf(b, "`%s`", name);
}

static bool
make_text(struct db_load *l, const char *table, const struct strings *columns, struct err *e)
{
	struct buf b;

	buf_make(&b, l);
	buf_puts(&b, "INSERT INTO ");
	put_name(&b, table);
	for (size_t i = 0; i < columns->n; i++) {
		buf_puts(&b, i == 0 ? " (" : ", ");
		put_name(&b, columns->items[i]);
	}
	for (size_t i = 0; i < columns->n; i++)
		buf_printf(&b, "%s:v%zu", i == 0 ? ") VALUES (" : ", ", i);
	buf_putc(&b, ')');
	l->q = (struct sql) {
		.name = "load", .scope = SQL_TENANT, .text = buf_text(&b, e), .in = &l->in
	};
	return l->q.text != NULL;
}

struct db_load *
db_load_make(TALLOC_CTX *mem, struct db *loader, const char *table, const struct strings *columns,
    struct err *e)
{
	struct db_load *l = talloc_zero(mem, struct db_load);

	assert(columns->n <= BIND_MAX);
	if (l == NULL) {
		err_memory(e);
		return NULL;
	}
	l->db = loader;
	l->table = table;
	if (make_fields(l, columns->n, e) && make_text(l, table, columns, e))
		return l;
	talloc_free(l);
	return NULL;
}

static bool
over_body(struct db *db, void *arg, struct err *e)
{
	const struct sql *q = arg;

	return db_run(db, q, NULL, NULL, e);
}

bool
db_load_over(struct db_load *l, struct err *e)
{
	char           *text = talloc_asprintf(l, "DELETE FROM `%s`", l->table);
	struct sql      q = { .name = "load_over", .scope = SQL_TENANT, .text = text };
	const struct tx tx = { .name = "load_over", .body = over_body, .arg = &q };

	return text != NULL ? tx_run(l->db, &tx, e) : err_memory(e);
}

struct loading {
	struct db_load    *l;
	const struct blob *values;
	size_t             n;
};

static bool
load_body(struct db *db, void *arg, struct err *e)
{
	const struct loading *x = arg;

	return db_run_many(db, &x->l->q, x->values, x->n, e);
}

bool
db_load_rows(struct db_load *l, const struct blob *values, size_t n, struct err *e)
{
	struct loading  x = { l, values, n };
	const struct tx tx = { .name = "load", .body = load_body, .arg = &x };

	return tx_run(l->db, &tx, e);
}
