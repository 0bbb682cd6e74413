#include "core/store/migrate.h"

#include <inttypes.h>
#include <mysqld_error.h>
#include <string.h>

#include "core/base/hash.h"
#include "core/store/db_priv.h"
#include "core/store/ddl.h"

#define RECORDS_MAX 10000
#define SEPARATOR   "--;;"

struct record {
	int64_t     version;
	char       *name;
	struct blob sha256;
};
static const struct field record_fields[] = {
	FIELD(struct record, version, .doc = "Number of the migration."),
	FIELD(struct record, name, .doc = "Name of its file."),
	FIELD(struct record, sha256, .doc = "Of its text."),
	FIELD_END
};
static const struct schema record_schema = SCHEMA("MigrationRecord", struct record, record_fields);

SQL(migration_list, SQL_CONTROL, NULL, &record_schema,
    "SELECT version, name, sha256 FROM schema_migrations ORDER BY version");
SQL(migration_add, SQL_CONTROL, &record_schema, NULL,
    "INSERT IGNORE INTO schema_migrations (version, name, sha256, applied_at)"
    " VALUES (?, ?, ?, NOW(3))");

static const char table_sql[] =
    "CREATE TABLE IF NOT EXISTS schema_migrations ("
    " version BIGINT NOT NULL PRIMARY KEY, name VARCHAR(200) NOT NULL,"
    " sha256 BINARY(32) NOT NULL, applied_at DATETIME(3) NOT NULL)";

int64_t
migrate_newest(enum sql_scope scope)
{
	int64_t newest = 0;

	for (const struct migration *m = migrations; m->name != NULL; m++)
		if (m->scope == scope && m->version > newest)
			newest = m->version;
	return newest;
}

/* ---- comparing what is recorded with what the program carries ---- */

static const struct migration *
by_version(const struct migration *list, enum sql_scope scope, int64_t version)
{
	for (const struct migration *m = list; m->name != NULL; m++)
		if (m->scope == scope && m->version == version)
			return m;
	return NULL;
}

static bool
is_recorded(const struct record *r, size_t n, int64_t version)
{
	for (size_t i = 0; i < n; i++)
		if (r[i].version == version)
			return true;
	return false;
}

static bool
refuse(const struct db *db, const char *name, const char *why, struct err *e)
{
	char pub[200];

	snprintf(pub, sizeof(pub), "Migration %s %s.", name, why);
	return err_set(
	    e, ERR_INTERNAL, 0, pub, "schema %s: migration %s %s", db_schema(db), name, why);
}

static bool
compare_one(const struct db *db, const struct record *r, const struct migration *m,
    int64_t newest, struct err *e)
{
	uint8_t sum[HASH_LEN];

	if (m == NULL && r->version > newest)
		return refuse(db, r->name, "is newer than this program", e);
	if (m == NULL)
		return refuse(db, r->name, "is missing from this program", e);
	hash_sha256(m->text, strlen(m->text), sum);
	if (r->sha256.n != sizeof(sum) || memcmp(r->sha256.p, sum, sizeof(sum)) != 0)
		return refuse(db, r->name, "was changed after it had been applied", e);
	return true;
}

static bool
compare(const struct db *db, const struct record *r, size_t n, enum sql_scope scope,
    const struct migration *list, struct err *e)
{
	int64_t newest = 0;

	for (const struct migration *m = list; m->name != NULL; m++)
		if (m->scope == scope && m->version > newest)
			newest = m->version;
	for (size_t i = 0; i < n; i++)
		if (!compare_one(db, &r[i], by_version(list, scope, r[i].version), newest, e))
			return false;
	return true;
}

/* One that should have come before another that is applied already: it was added too late. */
static bool
compare_order(const struct db *db, const struct record *r, size_t n, enum sql_scope scope,
    const struct migration *list, struct err *e)
{
	int64_t applied = n == 0 ? 0 : r[n - 1].version;

	for (const struct migration *m = list; m->name != NULL; m++)
		if (m->scope == scope && m->version < applied && !is_recorded(r, n, m->version))
			return refuse(db, m->name, "is older than one that is applied already", e);
	return true;
}

/* ---- applying ---- */

/* The statement at *text without its separator; *text moves behind it, NULL at the end. */
static char *
next_statement(TALLOC_CTX *mem, const char **text)
{
	const char *start = *text;

	for (const char *line = start;;) {
		size_t n = strcspn(line, "\n");

		if (n == sizeof(SEPARATOR) - 1 && strncmp(line, SEPARATOR, n) == 0) {
			*text = line + n;
			return talloc_strndup(mem, start, (size_t)(line - start));
		}
		if (line[n] == '\0') {
			*text = NULL;
			return talloc_strdup(mem, start);
		}
		line += n + 1;
	}
}

static bool
apply_text(struct db *db, TALLOC_CTX *tmp, const struct migration *m, struct err *e)
{
	struct ddl  names = { .schema = db_schema(db), .control = db->o.control };
	const char *rest = m->text;

	for (int i = 1; rest != NULL; i++) {
		char *text = next_statement(tmp, &rest);

		if (text == NULL)
			return err_memory(e);
		text = ddl_text(tmp, &names, text, e);
		if (text == NULL || !db_exec(db, "migration", text, e))
			return err_note(
			    e, "applying statement %d of %s to %s", i, m->name, db_schema(db));
	}
	return true;
}

static bool
apply(struct db *db, const struct migration *m, struct err *e)
{
	TALLOC_CTX   *tmp = talloc_new(db);
	uint8_t       sum[HASH_LEN];
	struct record r = { .version = m->version, .sha256 = { sum, sizeof(sum) } };
	bool          ok = false;

	hash_sha256(m->text, strlen(m->text), sum);
	r.name = talloc_strdup(tmp, m->name);
	if (r.name == NULL)
		err_memory(e);
	else
		ok = apply_text(db, tmp, m, e) && db_run(db, &migration_add, &r, NULL, e);
	talloc_free(tmp);
	return ok;
}

static bool
apply_missing(struct db *db, const struct record *r, size_t n, enum sql_scope scope,
    const struct migration *list, void (*progress)(void *arg, const struct migration *m), void *arg,
    int *applied, struct err *e)
{
	for (const struct migration *m = list; m->name != NULL; m++) {
		if (m->scope != scope || is_recorded(r, n, m->version))
			continue;
		if (progress != NULL)
			progress(arg, m);
		if (!apply(db, m, e))
			return false;
		(*applied)++;
	}
	return true;
}

bool
migrate_run(struct db *db, enum sql_scope scope, const struct migration *list,
    void (*progress)(void *arg, const struct migration *m), void *arg, int *applied, struct err *e)
{
	TALLOC_CTX    *tmp = talloc_new(db);
	struct record *r;
	size_t         n;
	int            count = 0;
	bool           ok;

	ok = db_exec(db, "migration", table_sql, e) &&
	    db_all(db, tmp, &migration_list, NULL, RECORDS_MAX, &r, &n, e) &&
	    compare(db, r, n, scope, list, e) && compare_order(db, r, n, scope, list, e) &&
	    apply_missing(db, r, n, scope, list, progress, arg, &count, e) &&
	    migrate_check(db, scope, list, e); /* another process may have been at it too */
	if (applied != NULL)
		*applied = count;
	talloc_free(tmp);
	return ok;
}

bool
migrate_check(struct db *db, enum sql_scope scope, const struct migration *list, struct err *e)
{
	TALLOC_CTX    *tmp = talloc_new(db);
	struct record *r = NULL;
	size_t         n = 0;
	bool           ok = db_all(db, tmp, &migration_list, NULL, RECORDS_MAX, &r, &n, e);

	if (!ok && e->sys == ER_NO_SUCH_TABLE) {
		err_clear(e);
		ok = true;
	}
	ok = ok && compare(db, r, n, scope, list, e);
	for (const struct migration *m = list; ok && m->name != NULL; m++)
		if (m->scope == scope && !is_recorded(r, n, m->version))
			ok = err_set(e, ERR_UNAVAILABLE, 0,
			    "The schema is not migrated: run bsxctl migrate.",
			    "schema %s lacks migration %s", db_schema(db), m->name);
	talloc_free(tmp);
	return ok;
}
