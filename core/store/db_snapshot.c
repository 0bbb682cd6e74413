#include "core/store/db_snapshot.h"

#include <string.h>

#include "core/store/db_priv.h"

#define SNAPSHOT_TIMEOUT_S 600

static const char level_sql[] = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ";
static const char begin_sql[] = "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY";

struct db_rows {
	struct db   *db;
	MYSQL_RES   *result;
	unsigned     n;
	struct blob *values;
};

struct db *
db_snapshot(TALLOC_CTX *mem, const struct db *like, struct err *e)
{
	struct db_options o = like->o;
	struct db        *db;

	o.timeout_s = SNAPSHOT_TIMEOUT_S;
	o.keep = 0;
	db = db_make(mem, &o, e);
	if (db == NULL)
		return NULL;
	if (!db_exec(db, "snapshot_level", level_sql, e) ||
	    !db_exec(db, "snapshot_begin", begin_sql, e)) {
		talloc_free(db);
		return NULL;
	}
	db->tx = DB_TX_OPEN; /* what is lost is not begun anew */
	return db;
}

static int
rows_free(struct db_rows *r)
{
	mysql_free_result(r->result); /* reads what nobody has read */
	return 0;
}

struct db_rows *
db_rows(TALLOC_CTX *mem, struct db *snapshot, const char *text, struct err *e)
{
	struct db_rows *r = talloc_zero(mem, struct db_rows);

	if (r == NULL) {
		err_memory(e);
		return NULL;
	}
	r->db = snapshot;
	if (!db_exec(snapshot, "snapshot_rows", text, e)) {
		talloc_free(r);
		return NULL;
	}
	r->result = mysql_use_result(snapshot->my);
	r->n = mysql_field_count(snapshot->my);
	r->values = talloc_array(r, struct blob, r->n);
	if (r->result == NULL || r->values == NULL) {
		mysql_free_result(r->result);
		talloc_free(r);
		err_memory(e);
		return NULL;
	}
	talloc_set_destructor(r, rows_free);
	return r;
}

bool
db_rows_next(struct db_rows *r, const struct blob **values, struct err *e)
{
	const unsigned long *lengths;
	MYSQL_ROW            row;

	db_awaits(r->db); /* others were asked meanwhile */
	row = mysql_fetch_row(r->result);
	*values = NULL;
	if (row == NULL)
		return mysql_errno(r->db->my) == 0 ||
		       db_fail(r->db, "snapshot_rows", mysql_errno(r->db->my),
			   mysql_error(r->db->my), e);
	lengths = mysql_fetch_lengths(r->result);
	for (unsigned i = 0; i < r->n; i++)
		r->values[i] =
		    (struct blob) { (const uint8_t *)row[i], row[i] == NULL ? 0 : lengths[i] };
	*values = r->values;
	return true;
}
