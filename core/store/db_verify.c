/* db.h: all statements, held against the migrated schema. */
#include <string.h>

#include "core/store/db_priv.h"
#include "core/store/marks.h"

/* Bounds of the section that SQL() fills; absent in a program without statements. */
extern const struct sql *const __start_bsx_sql[] __attribute__((weak, visibility("hidden")));
extern const struct sql *const __stop_bsx_sql[] __attribute__((weak, visibility("hidden")));

const struct sql *const *
sql_list(size_t *n)
{
	*n = (size_t)(__stop_bsx_sql - __start_bsx_sql);
	return __start_bsx_sql;
}

static bool
mismatch(const struct sql *q, unsigned i, const char *column, const char *member, struct err *e)
{
	return err_set(e, ERR_INTERNAL, 0, "internal error",
	    "statement %s: column %u is %s, the member is %s", q->name, i + 1, column, member);
}

/* The server knows the columns only when it runs: db_one and db_all count them then. */
static bool
is_described_late(const struct sql *q)
{
	return strncmp(q->text, "CALL ", 5) == 0 || strstr(q->text, " RETURNING ") != NULL;
}

static bool
verify_columns(const struct sql *q, MYSQL_STMT *st, struct err *e)
{
	const struct field *f[BIND_MAX];
	unsigned            n, columns = mysql_stmt_field_count(st);
	MYSQL_RES          *meta;
	bool                ok = true;

	if (!bind_fields(q->out, f, &n, e))
		return false;
	if (columns == 0 && is_described_late(q))
		return true;
	if (columns != n)
		return err_set(e, ERR_INTERNAL, 0, "internal error",
		    "statement %s: %u columns, %u members", q->name, columns, n);
	if (n == 0)
		return true;
	meta = mysql_stmt_result_metadata(st);
	if (meta == NULL)
		return err_memory(e);
	for (unsigned i = 0; i < n && ok; i++) {
		const MYSQL_FIELD *c = mysql_fetch_field_direct(meta, i);

		if (strcmp(c->name, f[i]->name) != 0)
			ok = mismatch(q, i, c->name, f[i]->name, e);
		else if (!bind_fits(f[i], c))
			ok = mismatch(q, i, c->name, "of another type", e);
	}
	mysql_free_result(meta);
	return ok;
}

static bool
verify_one(struct db *db, TALLOC_CTX *mem, const struct sql *q, struct err *e)
{
	const struct marks *m = marks_of(mem, q, e);
	const char         *text = m == NULL ? NULL : db_text(mem, db, m->text, e);
	MYSQL_STMT         *st;
	bool                ok;

	if (text == NULL)
		return false;
	st = mysql_stmt_init(db->my);
	if (st == NULL)
		return err_memory(e);
	if (mysql_stmt_prepare(st, text, strlen(text)) != 0)
		ok = db_fail(db, q->name, mysql_stmt_errno(st), mysql_stmt_error(st), e);
	else if (mysql_stmt_param_count(st) != m->n)
		ok = err_set(e, ERR_INTERNAL, 0, "internal error",
		    "statement %s: %lu marks, %u were found", q->name, mysql_stmt_param_count(st),
		    m->n);
	else
		ok = verify_columns(q, st, e);
	mysql_stmt_close(st);
	return ok;
}

bool
db_verify(struct db *db, enum sql_scope scope, struct err *e)
{
	size_t                   n;
	const struct sql *const *list = sql_list(&n);
	TALLOC_CTX              *tmp = talloc_new(db);
	bool                     ok = tmp != NULL && db_ready(db, e);

	for (size_t i = 0; i < n && ok; i++)
		if (list[i]->scope == scope)
			ok = verify_one(db, tmp, list[i], e);
	talloc_free(tmp);
	return ok;
}
