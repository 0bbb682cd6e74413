#include "core/store/migrate_priv.h"

#include <inttypes.h>
#include <mysqld_error.h>
#include <string.h>

#include "core/base/hash.h"
#include "core/store/db_priv.h"
#include "core/store/ddl.h"

#define RECORDS_MAX 10000
#define SEPARATOR   "--;;"
#define LOCK_NS     600000000000
#define TRIES       10 /* of a statement that others' transactions are in the way of */

static const struct field record_fields[] = {
	FIELD(struct record, version, .doc = "Number of the migration."),
	FIELD(struct record, name, .doc = "Name of its file."),
	FIELD(struct record, sha256, .doc = "Of its text."),
	FIELD_END,
};
const struct schema migration_record_schema =
    SCHEMA("MigrationRecord", struct record, record_fields);

/* A record whose migration has another number now. */
struct renumbered {
	int64_t     version;
	char       *name;
	int64_t     was;
	struct blob sha256;
};
static const struct field renumbered_fields[] = {
	FIELD(struct renumbered, version, .doc = "Its number now."),
	FIELD(struct renumbered, name, .doc = "Name of its file now."),
	FIELD(struct renumbered, was, .doc = "The number recorded."),
	FIELD(struct renumbered, sha256, .doc = "Of its text."),
	FIELD_END,
};
static const struct schema renumbered_schema =
    SCHEMA("MigrationRenumbered", struct renumbered, renumbered_fields);
static const struct field renumbered_key_fields[] = {
	FIELD(struct renumbered, was, .doc = "The number recorded."),
	FIELD(struct renumbered, sha256, .doc = "Of its text."),
	FIELD_END,
};
static const struct schema renumbered_key_schema =
    SCHEMA("MigrationRenumberedKey", struct renumbered, renumbered_key_fields);

SQL(migration_list, SQL_CONTROL, NULL, &migration_record_schema,
    "SELECT version, name, sha256 FROM schema_migrations ORDER BY version");
SQL(migration_renumber, SQL_CONTROL, &renumbered_schema, NULL,
    "UPDATE IGNORE schema_migrations SET version = :version, name = :name WHERE version = :was"
    " AND sha256 = :sha256");
SQL(migration_unnumber, SQL_CONTROL, &renumbered_key_schema, NULL,
    "DELETE FROM schema_migrations WHERE version = :was AND sha256 = :sha256");
SQL(migration_add, SQL_CONTROL, &migration_record_schema, NULL,
    "INSERT IGNORE INTO schema_migrations (version, name, sha256, applied_at)"
    " VALUES (:version, :name, :sha256, NOW(3))");

static const char table_sql[] = "CREATE TABLE IF NOT EXISTS schema_migrations ("
				" version BIGINT NOT NULL PRIMARY KEY, name VARCHAR(200) NOT NULL,"
				" sha256 BINARY(32) NOT NULL, applied_at DATETIME(3) NOT NULL)";

/* ---- one at a time ---- */

static const char *const lock_sql[] = {
	"CREATE TABLE IF NOT EXISTS schema_lock (id TINYINT NOT NULL PRIMARY KEY)",
	"START TRANSACTION", "INSERT IGNORE INTO schema_lock (id) VALUES (1)",
	"UPDATE schema_lock SET id = 1 WHERE id = 1", NULL
};

static bool
lock_try(struct db *lock, struct err *e)
{
	for (const char *const *text = lock_sql; *text != NULL; text++)
		if (!db_exec(lock, "migration", *text, e))
			return false;
	return true;
}

/*
 * A row held by a transaction of another connection: the server lets go of it when this process
 * ends, however it does.
 */
static struct db *
lock_take(struct db *db, struct err *e)
{
	struct db *lock = db_make(db, &db->o, e);

	for (int64_t until = clock_ns(db->o.clock) + LOCK_NS; lock != NULL;) {
		if (lock_try(lock, e))
			return lock;
		db_close(lock);
		if (e->sys != ER_LOCK_WAIT_TIMEOUT && e->sys != ER_LOCK_DEADLOCK)
			break;
		if (clock_ns(db->o.clock) > until) {
			e->code = ERR_OK;
			err_set(e, ERR_UNAVAILABLE, e->sys,
			    "Another process has been migrating this schema for ten minutes.",
			    "schema %s is locked", db_schema(db));
			break;
		}
		err_clear(e);
	}
	talloc_free(lock);
	return NULL;
}

static void
lock_give(struct db *lock)
{
	db_close(lock);
	talloc_free(lock);
}

int64_t
migrate_newest(enum sql_scope scope)
{
	int64_t newest = 0;

	for (const struct migration *m = migrations; m->name != NULL; m++)
		if (m->scope == scope && m->version > newest)
			newest = m->version;
	return newest;
}

const struct migration *
migrate_list(TALLOC_CTX *mem, enum sql_scope scope, int64_t version, struct err *e)
{
	struct migration *list;
	size_t            n = 0, most = 1;

	if (version >= migrate_newest(scope))
		return migrations;
	while (migrations[most - 1].name != NULL)
		most++;
	list = talloc_zero_array(mem, struct migration, (unsigned)most);
	if (list == NULL) {
		err_memory(e);
		return NULL;
	}
	for (const struct migration *m = migrations; m->name != NULL; m++)
		if (m->scope == scope && m->version <= version)
			list[n++] = *m;
	return list;
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

/* Recorded as this migration was at another time. */
static bool
is_former(const struct record *r, const struct migration *m)
{
	char hex[2 * HASH_LEN + 1];

	if (r->sha256.n != HASH_LEN)
		return false;
	hex_print(r->sha256.p, HASH_LEN, hex);
	for (const struct migration_former *f = m->former; f->sha256 != NULL; f++)
		if (f->version == r->version && strcmp(f->sha256, hex) == 0)
			return true;
	return false;
}

/* The migration that a record is of; NULL: the program has none such. */
static const struct migration *
of_record(const struct migration *list, enum sql_scope scope, const struct record *r)
{
	for (const struct migration *m = list; m->name != NULL; m++)
		if (m->scope == scope && is_former(r, m))
			return m;
	return by_version(list, scope, r->version);
}

static bool
is_recorded(const struct records *had, const struct migration *m)
{
	for (size_t i = 0; i < had->n; i++)
		if (had->p[i].version == m->version)
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
compare_one(const struct db *db, const struct record *r, const struct migration *m, int64_t newest,
    struct err *e)
{
	uint8_t sum[HASH_LEN];

	if (m == NULL && r->version > newest)
		return refuse(db, r->name, "is newer than this program", e);
	if (m == NULL)
		return refuse(db, r->name, "is missing from this program", e);
	hash_sha256(m->text, strlen(m->text), sum);
	if (r->sha256.n == sizeof(sum) && memcmp(r->sha256.p, sum, sizeof(sum)) == 0)
		return true;
	if (!is_former(r, m))
		return refuse(db, r->name, "was changed after it had been applied", e);
	if (m->version != r->version) /* until migrate_run() has renumbered it */
		return err_set(e, ERR_UNAVAILABLE, 0,
		    "The schema is not migrated: run bsxctl migrate.",
		    "schema %s: migration %s is %s now", db_schema(db), r->name, m->name);
	return true;
}

static bool
compare(const struct db *db, const struct records *had, enum sql_scope scope,
    const struct migration *list, struct err *e)
{
	int64_t newest = 0;

	for (const struct migration *m = list; m->name != NULL; m++)
		if (m->scope == scope && m->version > newest)
			newest = m->version;
	for (size_t i = 0; i < had->n; i++)
		if (!compare_one(db, &had->p[i], of_record(list, scope, &had->p[i]), newest, e))
			return false;
	return true;
}

/* One that should have come before another that is applied already: it was added too late. */
static bool
compare_order(const struct db *db, const struct records *had, enum sql_scope scope,
    const struct migration *list, struct err *e)
{
	int64_t applied = had->n == 0 ? 0 : had->p[had->n - 1].version;

	for (const struct migration *m = list; m->name != NULL; m++)
		if (m->scope == scope && m->version < applied && !m->late && !is_recorded(had, m))
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

/* Services that still run may hold what it wants to change. */
static bool
apply_statement(struct db *db, const char *text, struct err *e)
{
	for (int try = 1;; try++) {
		if (db_exec(db, "migration", text, e))
			return true;
		if (try == TRIES || (e->sys != ER_LOCK_WAIT_TIMEOUT && e->sys != ER_LOCK_DEADLOCK))
			return false;
		err_clear(e);
	}
}

bool
migrate_text(struct db *db, TALLOC_CTX *tmp, const struct migration *m, struct err *e)
{
	struct ddl names = {
		.schema = db_schema(db), .control = db->o.control, .one_account = db->o.one_account
	};
	const char *rest = m->text;

	for (int i = 1; rest != NULL; i++) {
		char *text = next_statement(tmp, &rest);

		if (text == NULL)
			return err_memory(e);
		if (db->o.one_account && (text = migrate_single(tmp, text, e)) == NULL)
			return false;
		text = ddl_text(tmp, &names, text, e);
		if (text == NULL || !apply_statement(db, text, e))
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
		ok = migrate_text(db, tmp, m, e) && db_run(db, &migration_add, &r, NULL, e);
	talloc_free(tmp);
	return ok;
}

static bool
apply_missing(struct db *db, const struct records *had, enum sql_scope scope,
    const struct migration *list, struct migrate_watch *w, struct err *e)
{
	for (const struct migration *m = list; m->name != NULL; m++) {
		if (m->scope != scope || is_recorded(had, m))
			continue;
		if (w->before != NULL)
			w->before(w->arg, m);
		if (!apply(db, m, e))
			return false;
		w->applied++;
	}
	return true;
}

bool
migrate_records(struct db *db, TALLOC_CTX *mem, struct records *had, struct err *e)
{
	return db_all(db, mem, &migration_list, NULL, INTO(&had->p, &had->n, RECORDS_MAX), e);
}

/* Frees the number that a record has from the time before its migration got another; repeatable. */
static bool
renumber(struct db *db, const struct records *had, enum sql_scope scope,
    const struct migration *list, struct err *e)
{
	for (size_t i = 0; i < had->n; i++) {
		const struct record    *r = &had->p[i];
		const struct migration *m = of_record(list, scope, r);
		struct renumbered       x = { .was = r->version, .sha256 = r->sha256 };
		bool                    ok;

		if (m == NULL || m->version == r->version)
			continue;
		x.version = m->version;
		x.name = talloc_strdup(db, m->name);
		ok = x.name != NULL ? db_run(db, &migration_renumber, &x, NULL, e) &&
					  db_run(db, &migration_unnumber, &x, NULL, e)
				    : err_memory(e);
		talloc_free(x.name);
		if (!ok)
			return false;
	}
	return true;
}

static bool
run_locked(struct db *db, enum sql_scope scope, const struct migration *list,
    struct migrate_watch *w, struct err *e)
{
	TALLOC_CTX    *tmp = talloc_new(db);
	struct records had;
	bool           ok;

	ok = db_exec(db, "migration", table_sql, e) &&
	     (scope != SQL_TENANT || migrate_flat(db, tmp, list, w, e)) &&
	     migrate_records(db, tmp, &had, e) && renumber(db, &had, scope, list, e) &&
	     migrate_records(db, tmp, &had, e) && compare(db, &had, scope, list, e) &&
	     compare_order(db, &had, scope, list, e) &&
	     apply_missing(db, &had, scope, list, w, e) && migrate_check(db, scope, list, e);
	talloc_free(tmp);
	return ok;
}

bool
migrate_run(struct db *db, enum sql_scope scope, const struct migration *list,
    struct migrate_watch *w, struct err *e)
{
	struct migrate_watch nobody = { 0 };
	struct db           *lock = lock_take(db, e);
	bool                 ok;

	if (w == NULL)
		w = &nobody;
	w->applied = 0;
	ok = lock != NULL && run_locked(db, scope, list, w, e);
	if (lock != NULL)
		lock_give(lock);
	return ok;
}

bool
migrate_check(struct db *db, enum sql_scope scope, const struct migration *list, struct err *e)
{
	TALLOC_CTX    *tmp = talloc_new(db);
	struct records had = { 0 };
	bool           ok = migrate_records(db, tmp, &had, e);

	if (!ok && e->sys == ER_NO_SUCH_TABLE) {
		err_clear(e);
		ok = true;
	}
	ok = ok && compare(db, &had, scope, list, e);
	for (const struct migration *m = list; ok && m->name != NULL; m++)
		if (m->scope == scope && !is_recorded(&had, m))
			ok = err_set(e, ERR_UNAVAILABLE, 0,
			    "The schema is not migrated: run bsxctl migrate.",
			    "schema %s lacks migration %s", db_schema(db), m->name);
	talloc_free(tmp);
	return ok;
}

bool
migrate_repeat(struct db *db, enum sql_scope scope, int64_t version, struct err *e)
{
	const struct migration *m = by_version(migrations, scope, version);
	struct db              *lock = lock_take(db, e);
	TALLOC_CTX             *tmp = talloc_new(db);
	bool                    ok = lock != NULL && m != NULL && migrate_text(db, tmp, m, e);

	talloc_free(tmp);
	if (lock != NULL)
		lock_give(lock);
	return ok;
}
