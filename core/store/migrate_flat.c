/* migrate.h: a schema that has nothing yet begins with what all migrations up to some number make.
 */
#include <string.h>

#include "core/base/hash.h"
#include "core/store/migrate_priv.h"
#include "core/store/tx.h"

struct tables {
	int64_t n;
};
static const struct field tables_fields[] = {
	COLUMN(struct tables, n),
	FIELD_END,
};
static const struct schema tables_schema = SCHEMA("MigrationTables", struct tables, tables_fields);
SQL(migration_tables, SQL_CONTROL, NULL, &tables_schema,
    "SELECT COUNT(*) AS n FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()"
    " AND TABLE_NAME NOT IN ('schema_migrations', 'schema_lock')");

static bool
record_of(TALLOC_CTX *mem, const struct migration *m, struct record *r, struct err *e)
{
	uint8_t *sum = talloc_array(mem, uint8_t, HASH_LEN);
	char    *name = talloc_strdup(mem, m->name);

	if (sum == NULL || name == NULL)
		return err_memory(e);
	hash_sha256(m->text, strlen(m->text), sum);
	*r = (struct record) { m->version, name, { sum, HASH_LEN } };
	return true;
}

/* Nothing is there yet; or that text was begun, and was interrupted. */
static bool
begins_flat(
    struct db *db, const struct records *had, const struct record *mark, bool *yes, struct err *e)
{
	struct tables there = { 0 };

	*yes = had->n == 1 && had->p[0].version == 0 && had->p[0].sha256.n == HASH_LEN &&
	       memcmp(had->p[0].sha256.p, mark->sha256.p, HASH_LEN) == 0;
	if (*yes || had->n > 0)
		return true;
	if (!db_one(db, db, &migration_tables, NULL, &there, e))
		return false;
	*yes = there.n == 0;
	return true;
}

static const struct field mark_fields[] = {
	COLUMN(struct record, sha256),
	FIELD_END,
};
static const struct schema mark_schema = SCHEMA("MigrationMark", struct record, mark_fields);
SQL(flat_add, SQL_CONTROL, &migration_record_schema, NULL,
    "INSERT IGNORE INTO schema_migrations (version, name, sha256, applied_at)"
    " VALUES (:version, :name, :sha256, NOW(3))");
SQL(flat_end, SQL_CONTROL, &mark_schema, NULL,
    "DELETE FROM schema_migrations WHERE version = 0 AND sha256 = :sha256");

struct flat {
	struct record *records; /* of what it stands for */
	size_t         n;
	struct record  mark;
};

/* All records for the one of what is under way. */
static bool
record_flat(struct db *db, void *arg, struct err *e)
{
	const struct flat *f = arg;

	return db_run_many(db, &flat_add, f->records, f->n, e) &&
	       db_run(db, &flat_end, &f->mark, NULL, e);
}

static bool
flat_records(TALLOC_CTX *mem, struct flat *f, struct err *e)
{
	size_t most = 0;

	while (migrations[most].name != NULL)
		most++;
	f->records = talloc_array(mem, struct record, (unsigned)most);
	if (f->records == NULL)
		return err_memory(e);
	for (const struct migration *m = migrations; m->name != NULL; m++)
		if (m->scope == SQL_TENANT && m->version <= migration_flat.version &&
		    !record_of(mem, m, &f->records[f->n++], e))
			return false;
	return true;
}

static bool
apply_flat(struct db *db, TALLOC_CTX *tmp, const struct records *had, struct migrate_watch *w,
    struct err *e)
{
	struct record   mark;
	struct flat     f = { 0 };
	const struct tx tx = { .name = "migrate_flat", .body = record_flat, .arg = &f };
	bool            yes;

	if (!record_of(tmp, &migration_flat, &mark, e) || !begins_flat(db, had, &mark, &yes, e))
		return false;
	if (!yes)
		return true;
	mark.version = 0;
	f.mark = mark;
	if (!flat_records(tmp, &f, e) || !db_run(db, &flat_add, &mark, NULL, e) ||
	    !migrate_text(db, tmp, &migration_flat, e) || !tx_run(db, &tx, e))
		return false;
	w->applied += (int)f.n;
	return true;
}

/* A list of one's own is run as it is. */
bool
migrate_flat(struct db *db, TALLOC_CTX *tmp, const struct migration *list, struct migrate_watch *w,
    struct err *e)
{
	struct records had;

	return list != migrations || *migration_flat.text == '\0' ||
	       (migrate_records(db, tmp, &had, e) && apply_flat(db, tmp, &had, w, e));
}
