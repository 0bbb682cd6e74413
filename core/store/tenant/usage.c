#include "core/store/tenant/usage.h"

#include "core/store/tenant/fleet.h"
#include "core/store/tx.h"

static const char *const names[] = {
#define X(id, name) name,
	USAGE_KINDS(X)
#undef X
};

const char *
usage_name(enum usage_kind k)
{
	return names[k];
}

bool
usage_near(int64_t used, int64_t limit)
{
	const int64_t left = 100 - USAGE_NEAR;

	return limit > 0 && used >= limit - limit / 100 * left - limit % 100 * left / 100;
}

/* ---- taking ---- */

struct take_in {
	const char *name;
	int64_t     limit;
};
static const struct field take_fields[] = {
	COLUMN(struct take_in, name),
	COLUMN(struct take_in, limit),
	FIELD_END,
};
static const struct schema take_in = SCHEMA("UsageTakeIn", struct take_in, take_fields);

static const struct field push_fields[] = {
	COLUMN(struct usage_push, day),
	COLUMN(struct usage_push, bytes),
	FIELD_END,
};
static const struct schema push_in = SCHEMA("UsagePushIn", struct usage_push, push_fields);
static const struct field  day_fields[] = {
	 COLUMN(struct usage_push, day),
	 COLUMN(struct usage_push, per_day),
	 FIELD_END,
};
static const struct schema day_in = SCHEMA("UsageDayIn", struct usage_push, day_fields);
static const struct field  storage_fields[] = {
	 COLUMN(struct usage_push, bytes),
	 COLUMN(struct usage_push, storage),
	 FIELD_END,
};
static const struct schema storage_in = SCHEMA("UsageStorageIn", struct usage_push, storage_fields);

SQL(usage_update_one, SQL_TENANT, &take_in, NULL,
    "UPDATE tenant_usage SET used = used + 1 WHERE name = :name"
    " AND (:limit = 0 OR used < :limit)");
/* `used` is set before `day`, of which it reads the old value. */
SQL(usage_update_push, SQL_TENANT, &push_in, NULL,
    "UPDATE tenant_usage SET used = IF(name = 'storage_bytes', used + :bytes,"
    " IF(day = :day, used, 0) + 1), day = IF(name = 'storage_bytes', 0, :day)"
    " WHERE name IN ('snapshots_per_day', 'storage_bytes')");
SQL(usage_update_day, SQL_TENANT, &day_in, NULL,
    "UPDATE tenant_usage SET used = IF(day = :day, used, 0) + 1, day = :day"
    " WHERE name = 'snapshots_per_day'"
    " AND (:per_day = 0 OR day <> :day OR used < :per_day)");
SQL(usage_update_storage, SQL_TENANT, &storage_in, NULL,
    "UPDATE tenant_usage SET used = used + :bytes WHERE name = 'storage_bytes'"
    " AND (:storage = 0 OR used + :bytes <= :storage)");

bool
usage_take(struct db *db, enum usage_kind k, int64_t limit, bool *taken, struct err *e)
{
	const struct take_in in = { names[k], limit };
	uint64_t             n;

	*taken = true;
	if (limit == 0)
		return tx_later(db, &usage_update_one, &in, e) && fleet_mark(db, e);
	if (!db_run(db, &usage_update_one, &in, &n, e))
		return false;
	*taken = n == 1;
	return !*taken || fleet_mark(db, e);
}

bool
usage_take_push(struct db *db, const struct usage_push *p, enum usage_kind *met, struct err *e)
{
	uint64_t n;

	*met = USAGE__MAX;
	if (p->per_day == 0 && p->storage == 0)
		return tx_later(db, p->bytes == 0 ? &usage_update_day : &usage_update_push, p, e);
	if (!db_run(db, &usage_update_day, p, &n, e))
		return false;
	if (n == 0)
		*met = USAGE_SNAPSHOTS;
	else if (!db_run(db, &usage_update_storage, p, &n, e))
		return false;
	else if (n == 0)
		*met = USAGE_STORAGE;
	return true;
}

/* ---- reading ---- */

struct counted_in {
	int64_t day;
};
static const struct field counted_in_fields[] = {
	COLUMN(struct counted_in, day),
	FIELD_END,
};
static const struct schema counted_in =
    SCHEMA("UsageCountedIn", struct counted_in, counted_in_fields);
struct counted {
	int64_t used[USAGE__MAX];
};
static const struct field counted_fields[] = {
	COLUMN_AS(struct counted, used[USAGE_USERS], "users"),
	COLUMN_AS(struct counted, used[USAGE_API_KEYS], "api_keys"),
	COLUMN_AS(struct counted, used[USAGE_CONFIGS], "drift_configs"),
	COLUMN_AS(struct counted, used[USAGE_SNAPSHOTS], "snapshots_per_day"),
	COLUMN_AS(struct counted, used[USAGE_STORAGE], "storage_bytes"),
	FIELD_END,
};
static const struct schema counted_out = SCHEMA("UsageCounted", struct counted, counted_fields);

/* What can be counted quickly is. */
#define USED(name) "IFNULL((SELECT used FROM tenant_usage WHERE name = '" name "'), 0) AS " name
SQL(usage_select_counted, SQL_TENANT, &counted_in, &counted_out,
    "SELECT (SELECT COUNT(*) FROM users) AS users,"
    " (SELECT COUNT(*) FROM api_keys WHERE revoked_at IS NULL) AS api_keys,"
    " (SELECT COUNT(*) FROM drift_configs) AS drift_configs,"
    " IFNULL((SELECT used FROM tenant_usage WHERE name = 'snapshots_per_day' AND day = :day), 0)"
    " AS snapshots_per_day, " USED("storage_bytes"));

bool
usage_counted(struct tenant_db *t, int64_t day, int64_t used[static USAGE__MAX], struct err *e)
{
	const struct counted_in in = { day };
	struct counted          out;

	if (!db_one(t->db, t->db, &usage_select_counted, &in, &out, e))
		return false;
	for (size_t i = 0; i < USAGE__MAX; i++)
		used[i] = out.used[i];
	return true;
}

struct of_pushes {
	int64_t snapshots, bytes;
};
static const struct field of_pushes_fields[] = {
	COLUMN(struct of_pushes, snapshots),
	COLUMN(struct of_pushes, bytes),
	FIELD_END,
};
static const struct schema of_pushes_out =
    SCHEMA("UsageOfPushes", struct of_pushes, of_pushes_fields);
SQL(usage_select_pushes, SQL_TENANT, &counted_in, &of_pushes_out,
    "SELECT IFNULL(MAX(IF(name = 'snapshots_per_day' AND day = :day, used, NULL)), 0)"
    " AS snapshots, IFNULL(MAX(IF(name = 'storage_bytes', used, NULL)), 0) AS bytes"
    " FROM tenant_usage WHERE name IN ('snapshots_per_day', 'storage_bytes')");

bool
usage_of_pushes(struct db *db, int64_t day, int64_t *snapshots, int64_t *bytes, struct err *e)
{
	const struct counted_in in = { day };
	struct of_pushes        out;

	if (!db_one(db, db, &usage_select_pushes, &in, &out, e))
		return false;
	*snapshots = out.snapshots;
	*bytes = out.bytes;
	return true;
}

/* ---- counting anew ---- */

struct recount {
	const char *name;
	int64_t     used;
};
static const struct field recount_fields[] = {
	COLUMN(struct recount, name),
	COLUMN(struct recount, used),
	FIELD_END,
};
static const struct schema recount_in = SCHEMA("UsageRecount", struct recount, recount_fields);
static const struct field  name_fields[] = {
	 COLUMN(struct recount, name),
	 FIELD_END,
};
static const struct schema name_in = SCHEMA("UsageName", struct recount, name_fields);
static const struct field  used_fields[] = {
	 COLUMN(struct recount, used),
	 FIELD_END,
};
static const struct schema used_out = SCHEMA("UsageUsed", struct recount, used_fields);

SQL(usage_lock, SQL_TENANT, &name_in, &used_out,
    "SELECT used FROM tenant_usage WHERE name = :name FOR UPDATE");
SQL(usage_count_users, SQL_TENANT, NULL, &used_out, "SELECT COUNT(*) AS used FROM users");
SQL(usage_count_keys, SQL_TENANT, NULL, &used_out,
    "SELECT COUNT(*) AS used FROM api_keys WHERE revoked_at IS NULL");
SQL(usage_count_configs, SQL_TENANT, NULL, &used_out, "SELECT COUNT(*) AS used FROM drift_configs");
SQL(usage_update_used, SQL_TENANT, &recount_in, NULL,
    "UPDATE tenant_usage SET used = :used WHERE name = :name");

static const struct sql *const counts[USAGE__MAX] = {
	[USAGE_USERS] = &usage_count_users,
	[USAGE_API_KEYS] = &usage_count_keys,
	[USAGE_CONFIGS] = &usage_count_configs,
};

struct recounting {
	enum usage_kind kind;
	struct recount  row;
};

/* What it counts it sees as of after the lock: all that others have made by then. */
static bool
recount_body(struct db *db, void *arg, struct err *e)
{
	struct recounting *w = arg;
	struct recount     was, now;

	if (!db_one(db, db, &usage_lock, &w->row, &was, e) ||
	    !db_one(db, db, counts[w->kind], NULL, &now, e))
		return false;
	w->row.used = now.used;
	return db_run(db, &usage_update_used, &w->row, NULL, e);
}

bool
usage_recount(struct tenant_db *t, enum usage_kind k, int64_t *used, struct err *e)
{
	struct recounting w = { k, { .name = names[k] } };
	const struct tx   tx = { .name = "usage", .body = recount_body, .arg = &w };

	if (!tx_run(t->db, &tx, e))
		return false;
	*used = w.row.used;
	return true;
}

/* ---- the bytes stored, in pages ---- */

#define PAGE_ROWS     2000
#define PAGE_CONTENTS 100 /* of up to 256 MiB each, of which the server reads all */

struct bytes_in {
	struct blob after; /* key of the last row seen; empty: from the first */
	int64_t     after_n;
};
static const struct field after_fields[] = {
	COLUMN(struct bytes_in, after),
	FIELD_END,
};
static const struct schema after_in = SCHEMA("UsageAfterIn", struct bytes_in, after_fields);
static const struct field  after_n_fields[] = {
	 COLUMN(struct bytes_in, after_n),
	 FIELD_END,
};
static const struct schema after_n_in =
    SCHEMA("UsageAfterNumberIn", struct bytes_in, after_n_fields);
struct bytes {
	int64_t     bytes, n, last_n;
	struct blob last;
};
static const struct field bytes_fields[] = {
	COLUMN(struct bytes, bytes),
	COLUMN(struct bytes, n),
	COLUMN(struct bytes, last_n),
	COLUMN(struct bytes, last),
	FIELD_END,
};
static const struct schema bytes_out = SCHEMA("UsageBytes", struct bytes, bytes_fields);

/* Rows behind the one that was seen last, in the order of the table. */
#define BYTES(last, rows, most)                                                                    \
	"SELECT IFNULL(SUM(t.bytes), 0) AS bytes, COUNT(*) AS n, " last " FROM (SELECT " rows      \
	" LIMIT " most ") t"
#define LAST_KEY    "0 AS last_n, IFNULL(MAX(t.k), '') AS last"
#define LAST_NUMBER "IFNULL(MAX(t.k), 0) AS last_n, '' AS last"
_Static_assert(PAGE_ROWS == 2000 && PAGE_CONTENTS == 100, "as in the statements");

/* All chunks of a content: its first is what the pages are turned by. */
SQL(usage_sum_contents, SQL_TENANT, &after_in, &bytes_out,
    BYTES(LAST_KEY,
	"(SELECT SUM(LENGTH(c.body)) FROM contents c WHERE c.address = f.address) AS bytes,"
	" f.address AS k FROM contents f WHERE f.address > :after AND f.chunk = 0"
	" ORDER BY f.address",
	"100"));
SQL(usage_sum_changes, SQL_TENANT, &after_in, &bytes_out,
    BYTES(LAST_KEY,
	"LENGTH(path) + LENGTH(canonical_path) + IFNULL(LENGTH(old_value), 0)"
	" + IFNULL(LENGTH(new_value), 0) AS bytes, id AS k FROM drift_changes WHERE id > :after"
	" ORDER BY id",
	"2000"));
SQL(usage_sum_audit, SQL_TENANT, &after_n_in, &bytes_out,
    BYTES(LAST_NUMBER,
	"LENGTH(details) AS bytes, seq AS k FROM audit WHERE seq > :after_n ORDER BY seq", "2000"));

static const struct {
	const struct sql *q;
	int64_t           page;
} sums[] = {
	{ &usage_sum_contents, PAGE_CONTENTS },
	{ &usage_sum_changes, PAGE_ROWS },
	{ &usage_sum_audit, PAGE_ROWS },
};

struct storage_set {
	int64_t was, now;
	instant at, before; /* counted, and counted before; 0: never */
};
static const struct field storage_set_fields[] = {
	COLUMN(struct storage_set, was),
	COLUMN(struct storage_set, now),
	COLUMN(struct storage_set, at),
	COLUMN_NULL(struct storage_set, before),
	FIELD_END,
};
static const struct schema storage_set =
    SCHEMA("UsageStorageSet", struct storage_set, storage_set_fields);

/* What was added meanwhile stays counted; of two who count at a time the first is heard. */
SQL(usage_update_sum, SQL_TENANT, &storage_set, NULL,
    "UPDATE tenant_usage SET used = GREATEST(CAST(used AS SIGNED) + :now - :was, 0),"
    " counted_at = :at WHERE name = 'storage_bytes' AND counted_at <=> :before");

struct stored {
	int64_t used;
	instant counted_at;
};
static const struct field stored_fields[] = {
	COLUMN(struct stored, used),
	COLUMN_NULL(struct stored, counted_at),
	FIELD_END,
};
static const struct schema stored_out = SCHEMA("UsageStored", struct stored, stored_fields);
SQL(usage_select_storage, SQL_TENANT, NULL, &stored_out,
    "SELECT used, counted_at FROM tenant_usage WHERE name = 'storage_bytes'");

/* *all is false where it was stopped. */
static bool
sum(struct tenant_db *t, TALLOC_CTX *mem, const struct usage_stop *s, int64_t *total, bool *all,
    struct err *e)
{
	for (size_t i = 0; i < sizeof(sums) / sizeof(sums[0]); i++) {
		struct bytes_in in = { .after = { (const uint8_t *)"", 0 } };
		struct bytes    out = { .n = sums[i].page };

		while (out.n == sums[i].page) {
			*all = !s->stop(s->arg);
			if (!*all)
				return true;
			if (!db_one(t->db, mem, sums[i].q, &in, &out, e))
				return false;
			*total += out.bytes;
			in = (struct bytes_in) { out.last, out.last_n };
		}
	}
	return true;
}

bool
usage_recount_storage(
    struct tenant_db *t, instant now, int64_t every_ms, const struct usage_stop *s, struct err *e)
{
	TALLOC_CTX        *mem = talloc_new(NULL);
	struct storage_set set = { .at = now };
	struct stored      was;
	bool               all = false, ok;

	if (mem == NULL)
		return err_memory(e);
	ok = db_one(t->db, mem, &usage_select_storage, NULL, &was, e);
	if (ok && now.ms - was.counted_at.ms >= every_ms)
		ok = sum(t, mem, s, &set.now, &all, e);
	if (ok && all) {
		set.was = was.used;
		set.before = was.counted_at;
		ok = db_run(t->db, &usage_update_sum, &set, NULL, e);
	}
	talloc_free(mem);
	return ok;
}
