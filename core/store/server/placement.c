#include "core/store/server/placement.h"

#include <string.h>

#include "core/store/db_priv.h"
#include "core/store/ddl.h"
#include "core/store/server/pool.h"
#include "core/store/server/provision_priv.h"
#include "core/store/tenant/database.h"

#define TABLES_MAX 1000

struct place_in {
	const char *place, *schema_name;
};
static const struct field place_fields[] = {
	COLUMN(struct place_in, place),
	FIELD_END,
};
static const struct schema place_in = SCHEMA("PlaceIn", struct place_in, place_fields);
static const struct field  name_fields[] = {
	 COLUMN(struct place_in, schema_name),
	 FIELD_END,
};
static const struct schema name_in = SCHEMA("PlaceNameIn", struct place_in, name_fields);

static const struct field count_fields[] = {
	COLUMN(struct placement_count, empty),
	COLUMN(struct placement_count, taken),
	FIELD_END,
};
static const struct schema count_out = SCHEMA("PlaceCount", struct placement_count, count_fields);

struct table_name {
	char *name;
};
static const struct field table_fields[] = {
	COLUMN(struct table_name, name),
	FIELD_END,
};
static const struct schema table_out = SCHEMA("PlaceTable", struct table_name, table_fields);

SQL(place_insert, SQL_CONTROL, &place_in, NULL,
    "INSERT IGNORE INTO schema_places (place, schema_name, at) VALUES (:place, NULL, NOW(3))");
SQL(place_select_count, SQL_CONTROL, NULL, &count_out,
    "SELECT COALESCE(SUM(schema_name IS NULL), 0) AS empty,"
    " COALESCE(SUM(schema_name IS NOT NULL), 0) AS taken FROM schema_places");
SQL(place_update_take, SQL_CONTROL, &name_in, NULL,
    "UPDATE schema_places SET schema_name = :schema_name, at = NOW(3)"
    " WHERE schema_name IS NULL ORDER BY place LIMIT 1");
SQL(place_update_empty, SQL_CONTROL, &name_in, NULL,
    "UPDATE schema_places SET schema_name = NULL, at = NOW(3) WHERE schema_name = :schema_name");
SQL(place_select_known, SQL_CONTROL, &place_in, &table_out,
    "SELECT place AS name FROM schema_places WHERE place = :place");
SQL(place_select_tables, SQL_CONTROL, NULL, &table_out,
    "SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()"
    " LIMIT 1000");

SQL(place_delete, SQL_CONTROL, &name_in, NULL,
    "DELETE FROM schema_places WHERE schema_name = :schema_name");

struct whose {
	char   *owner; /* "": nobody's */
	int64_t tables;
};
static const struct field whose_fields[] = {
	COLUMN(struct whose, owner),
	COLUMN(struct whose, tables),
	FIELD_END,
};
static const struct schema whose_out = SCHEMA("PlaceWhose", struct whose, whose_fields);
SQL(place_select_whose, SQL_CONTROL, NULL, &whose_out,
    "SELECT IF(SCHEMA_COMMENT REGEXP '^bsxt[0-9a-f]{16}$', SCHEMA_COMMENT, '') AS owner, (SELECT "
    "COUNT(*) FROM information_schema.TABLES"
    " WHERE TABLE_SCHEMA = DATABASE()) AS tables FROM information_schema.SCHEMATA"
    " WHERE SCHEMA_NAME = DATABASE()");

#define PLACE_SQL "ALTER DATABASE `{schema}` CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin"
static const char mark_sql[] = PLACE_SQL " COMMENT '{user}'", free_sql[] = PLACE_SQL " COMMENT ''";

/* What migrations and the services do in a schema, tried where nothing is lost; the last one tidies
 * up. */
static const char *const try_sql[] = { PLACE_SQL,
	"CREATE TABLE bsx_try (id INT NOT NULL PRIMARY KEY, n INT NOT NULL)",
	"ALTER TABLE bsx_try ADD COLUMN m INT NULL", "CREATE INDEX n ON bsx_try (n)",
	"CREATE TRIGGER bsx_try_no_delete BEFORE DELETE ON bsx_try FOR EACH ROW"
	" SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'it stays'",
	"INSERT INTO bsx_try (id, n) VALUES (1, 1)",
	"INSERT INTO bsx_try (id, n) SELECT id + 1, n FROM bsx_try",
	"DELETE FROM bsx_try WHERE id = 3", "UPDATE bsx_try SET n = 2", "DROP TABLE bsx_try",
	NULL };

static bool
run_in(struct db *db, const char *place, const char *const *texts, struct err *e)
{
	const struct ddl names = { .schema = place, .one_account = true };

	for (; *texts != NULL; texts++)
		if (!ddl_run(db, "place", &names, *texts, e))
			return false;
	return true;
}

static bool
is_new(struct database *d, const char *place, bool *yes, struct err *e)
{
	const struct place_in in = { .place = place };
	struct table_name     row;
	TALLOC_CTX           *tmp = talloc_new(d);
	bool ok = tmp != NULL ? db_one(d->control, tmp, &place_select_known, &in, &row, e)
			      : err_memory(e);

	*yes = !ok && err_take(e, ERR_MISSING);
	talloc_free(tmp);
	return ok || *yes;
}

/* The server's own words say which right it is, or that there is no such schema. */
static bool
cannot(const char *place, struct err *e)
{
	struct err why = *e;
	char       pub[200];

	if (why.code == ERR_UNAVAILABLE)
		return false;
	err_clear(e);
	snprintf(pub, sizeof(pub),
	    "The schema %.63s cannot be used: the account needs all rights in it, as the host's "
	    "panel gives them.",
	    place);
	return err_set(e, ERR_FORBIDDEN, 0, pub, "%s", why.detail);
}

/* Whose it is: told by the schema itself, so that another list, or another way to write its name,
 * finds it too. */
static bool
look_whose(struct db *db, struct whose *w, struct err *e)
{
	return db_one(db, db, &place_select_whose, NULL, w, e);
}

static bool
try_in(const struct provision *p, const char *place, struct err *e)
{
	struct db         *db = provision_place_db(p->prov, place, e);
	struct table_name *tables;
	struct whose       w = { 0 };
	size_t             n = 0;
	bool               ok = db != NULL;

	if (ok && !look_whose(db, &w, e))
		ok = cannot(place, e);
	if (ok && w.owner != NULL && *w.owner != '\0')
		ok = err_set(e, ERR_CONFLICT, 0,
		    "The schema is a tenant's already: take another one.", "%s is of %s", place,
		    w.owner);
	if (ok && !db_all(db, db, &place_select_tables, NULL, INTO(&tables, &n, TABLES_MAX), e))
		ok = cannot(place, e);
	if (ok && n > 0 &&
	    !(n == 1 && strcmp(tables[0].name, "bsx_try") == 0)) /* of a try that was cut off */
		ok = err_set(e, ERR_CONFLICT, 0, "The schema is not empty: take another one.",
		    "%s has %zu tables", place, n);
	if (ok && n > 0)
		ok = db_exec(db, "place", "DROP TABLE bsx_try", e);
	if (ok && !run_in(db, place, try_sql, e))
		ok = cannot(place, e);
	if (db != NULL)
		db_close(db);
	talloc_free(db);
	return ok;
}

bool
placement_register(const struct provision *p, const char *place, struct err *e)
{
	const struct place_in in = { .place = place };
	bool                  yes;

	if (!ddl_is_place(place) || strcmp(place, p->env->conf->db_control) == 0)
		return err_set(e, ERR_INVALID, 0,
		    "A schema's name is 1 to 63 of A-Z, a-z, 0-9 and _, and not that of the "
		    "control schema.",
		    "bad name");
	return is_new(p->d, place, &yes, e) &&
	       (!yes ||
		   (try_in(p, place, e) && db_run(p->d->control, &place_insert, &in, NULL, e)));
}

bool
placement_count(struct database *d, struct placement_count *out, struct err *e)
{
	return db_one(d->control, d, &place_select_count, NULL, out, e);
}

static bool
none_left(struct err *e)
{
	return err_set(e, ERR_QUOTA, 0,
	    "No empty schema is left: make one in the host's panel, and register it with bsxctl "
	    "schema add NAME.",
	    "no place");
}

bool
placement_check(struct database *d, struct err *e)
{
	struct placement_count now;
	struct pool_count      pool;

	if (!placement_count(d, &now, e) || !pool_count(d, &pool, e))
		return false;
	return now.empty + pool.ready > 0 || none_left(e);
}

/* One that it has is enough; of two who take for the same name one finds that the other has. */
static bool
find_or_take(
    struct database *d, TALLOC_CTX *mem, const char *schema_name, char **place, struct err *e)
{
	const struct place_in in = { .schema_name = schema_name };
	uint64_t              n = 0;

	if (database_place(d, mem, schema_name, place, e))
		return true;
	if (!err_take(e, ERR_MISSING))
		return false;
	if (!db_run(d->control, &place_update_take, &in, &n, e) && !db_was_duplicate(e))
		return false;
	return database_place(d, mem, schema_name, place, e) ||
	       (err_take(e, ERR_MISSING) && none_left(e));
}

static bool
strike_off(const struct provision *p, const struct place_in *in, const char *place, struct err *e)
{
	char pub[200];

	if (!db_run(p->d->control, &place_delete, in, NULL, e))
		return false;
	snprintf(pub, sizeof(pub),
	    "The schema %.63s is no longer empty: it is taken off the list; run it again.", place);
	return err_set(e, ERR_GONE, 0, pub, "not ours");
}

static bool
mark(const struct provision *p, const char *schema_name, const char *place, struct err *e)
{
	const struct ddl      names = { .schema = place, .user = schema_name, .one_account = true };
	const struct place_in in = { .schema_name = schema_name };
	struct whose          w;
	struct db            *db = provision_place_db(p->prov, place, e);
	bool                  ok = db != NULL && look_whose(db, &w, e);

	if (ok && strcmp(w.owner, schema_name) != 0)
		ok = (*w.owner == '\0' && w.tables == 0) || strike_off(p, &in, place, e);
	ok = ok && ddl_run(db, "place", &names, mark_sql, e);
	if (db != NULL)
		db_close(db);
	talloc_free(db);
	return ok;
}

bool
placement_take(const struct provision *p, const char *schema_name, struct err *e)
{
	TALLOC_CTX *tmp = talloc_new(p->d);
	char       *place;
	bool ok = tmp != NULL ? find_or_take(p->d, tmp, schema_name, &place, e) : err_memory(e);

	ok = ok && mark(p, schema_name, place, e);
	talloc_free(tmp);
	return ok;
}

static bool
drop_tables(const struct provision *p, const char *place, struct err *e)
{
	struct db         *db = provision_place_db(p->prov, place, e);
	struct table_name *tables;
	size_t             n = 0;
	bool               ok = db != NULL &&
		  db_all(db, db, &place_select_tables, NULL, INTO(&tables, &n, TABLES_MAX), e);

	for (size_t i = 0; ok && i < n; i++) {
		const struct ddl names = { .routine = tables[i].name };

		ok = ddl_run(db, "place", &names, "DROP TABLE IF EXISTS `{routine}`", e);
	}
	ok = ok && ddl_run(db, "place", &(struct ddl) { .schema = place, .one_account = true },
		       free_sql, e);
	if (db != NULL)
		db_close(db);
	talloc_free(db);
	return ok;
}

bool
placement_give_back(const struct provision *p, const char *schema_name, struct err *e)
{
	const struct place_in in = { .schema_name = schema_name };
	TALLOC_CTX           *tmp = talloc_new(p->d);
	char                 *place;
	bool ok = tmp != NULL ? database_place(p->d, tmp, schema_name, &place, e) : err_memory(e);

	ok = ok ? drop_tables(p, place, e) &&
		      db_run(p->d->control, &place_update_empty, &in, NULL, e)
		: err_take(e, ERR_MISSING);
	talloc_free(tmp);
	return ok || err_note(e, "emptying the schema of %s", schema_name);
}
