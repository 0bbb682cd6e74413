#include "core/store/drift/snapshot_priv.h"
#include "core/store/id_list.h"
#include "core/store/tx.h"

#include <stdlib.h>
#include <string.h>

/* Of a struct T whose snapshot is `of`. */
#define ROW(T, of, m)      COLUMN_AS(T, of m, #m)
#define ROW_NULL(T, of, m) COLUMN_AS_NULL(T, of m, #m)
#define SNAPSHOT_ROW(T, of)                                                                        \
	ROW(T, of, id), ROW(T, of, config_id), ROW(T, of, seq), ROW(T, of, in_order),              \
	    ROW_NULL(T, of, manifest), ROW(T, of, digest), ROW(T, of, collections),                \
	    ROW(T, of, resources), ROW(T, of, actor), ROW(T, of, pushed_by),                       \
	    ROW(T, of, collected_at), ROW(T, of, received_at), ROW_NULL(T, of, report_id),         \
	    ROW_NULL(T, of, idempotency_key), ROW_NULL(T, of, body_hash),                          \
	    ROW_NULL(T, of, rendered)

static const struct field snapshot_fields[] = {
	SNAPSHOT_ROW(struct snapshot, ),
	FIELD_END,
};
static const struct schema snapshot_schema =
    SCHEMA("StoredSnapshot", struct snapshot, snapshot_fields);

struct next_in {
	struct snapshot     s;
	struct config_state was;
};
static const struct field next_fields[] = {
	SNAPSHOT_ROW(struct next_in, s.),
	COLUMN_AS(struct next_in, was.seq, "was_seq"),
	COLUMN_AS(struct next_in, was.life, "was_life"),
	COLUMN_AS(struct next_in, was.config_version, "was_version"),
	COLUMN_AS_NULL(struct next_in, was.baseline_snapshot, "was_baseline"),
	FIELD_END,
};
static const struct schema next_in = SCHEMA("SnapshotNextIn", struct next_in, next_fields);

#define SNAPSHOT_COLUMNS                                                                           \
	"id, config_id, seq, in_order, manifest, digest, collections, resources, actor, "          \
	"pushed_by,"                                                                               \
	" collected_at, received_at, report_id, idempotency_key, body_hash, rendered"

#define SNAPSHOT_MARKS                                                                             \
	":id, :config_id, :seq, :in_order, :manifest, :digest, :collections, :resources, :actor,"  \
	" :pushed_by, :collected_at, :received_at, :report_id, :idempotency_key, :body_hash,"      \
	" :rendered"

SQL(snapshot_insert, SQL_TENANT, &snapshot_schema, NULL,
    "INSERT INTO config_snapshots (" SNAPSHOT_COLUMNS ") VALUES (" SNAPSHOT_MARKS ")");
/* The lock, the look and the row in one round trip. */
SQL(snapshot_insert_next, SQL_TENANT, &next_in, NULL,
    "INSERT INTO config_snapshots (" SNAPSHOT_COLUMNS ") SELECT " SNAPSHOT_MARKS
    " FROM config_state WHERE config_id = :config_id AND seq = :was_seq AND life = :was_life"
    " AND config_version = :was_version AND baseline_snapshot <=> :was_baseline FOR UPDATE");
SQL(snapshot_select, SQL_TENANT, &id_in, &snapshot_schema,
    "SELECT " SNAPSHOT_COLUMNS " FROM config_snapshots WHERE id = :id");

bool
snapshot_add(struct db *db, const struct snapshot *s, struct err *e)
{
	return tx_later(db, &snapshot_insert, s, e);
}

bool
snapshot_add_next(
    struct db *db, const struct snapshot *s, const struct config_state *was, struct err *e)
{
	const struct next_in in = { *s, *was };

	return tx_later_must(db, &snapshot_insert_next, &in, e);
}

bool
snapshot_by_id(
    struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *id, struct snapshot *s, struct err *e)
{
	const struct id_in in = { *id };

	return db_one(t->db, mem, &snapshot_select, &in, s, e);
}

struct find_in {
	struct uuid config;
	const char *key;
	instant     at;
	struct page page;
};
static const struct field key_fields[] = {
	COLUMN(struct find_in, config),
	COLUMN(struct find_in, key),
	FIELD_END,
};
static const struct schema key_in = SCHEMA("SnapshotKeyIn", struct find_in, key_fields);
static const struct field  at_fields[] = {
	 COLUMN(struct find_in, config),
	 COLUMN(struct find_in, at),
	 FIELD_END,
};
static const struct schema at_in = SCHEMA("SnapshotAtIn", struct find_in, at_fields);
static const struct field  list_fields[] = {
	 COLUMN(struct find_in, config),
	 PAGE_COLUMNS(struct find_in, page),
	 FIELD_END,
};
static const struct schema list_in = SCHEMA("SnapshotListIn", struct find_in, list_fields);

SQL(snapshot_select_key, SQL_TENANT, &key_in, &snapshot_schema,
    "SELECT " SNAPSHOT_COLUMNS
    " FROM config_snapshots WHERE config_id = :config AND idempotency_key = :key");
SQL(snapshot_select_before, SQL_TENANT, &at_in, &snapshot_schema,
    "SELECT " SNAPSHOT_COLUMNS " FROM config_snapshots WHERE config_id = :config"
    " AND collected_at <= :at"
    " AND rendered IS NULL ORDER BY collected_at DESC, seq DESC LIMIT 1");
SQL(snapshot_select_list, SQL_TENANT, &list_in, &snapshot_schema,
    "SELECT " SNAPSHOT_COLUMNS " FROM config_snapshots"
    " WHERE config_id = :config AND rendered IS NULL AND (:after IS NULL OR id < :after)"
    " ORDER BY id DESC LIMIT :limit");

bool
snapshot_by_key(struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *config,
    const char *idempotency_key, struct snapshot *s, struct err *e)
{
	const struct find_in in = { .config = *config, .key = idempotency_key };

	return db_one(t->db, mem, &snapshot_select_key, &in, s, e);
}

bool
snapshot_before(struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *config, instant at,
    struct snapshot *s, struct err *e)
{
	const struct find_in in = { .config = *config, .at = at };

	return db_one(t->db, mem, &snapshot_select_before, &in, s, e);
}

bool
snapshot_list(
    struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *config, struct page *p, struct err *e)
{
	const struct find_in in = { .config = *config, .page = *p };

	return page_read(t->db, mem, &snapshot_select_list, &in, p, e);
}

static const struct field mark_fields[] = {
	COLUMN(struct snapshot_mark, id),
	FIELD_END,
};
static const struct schema mark_schema = SCHEMA("SnapshotMark", struct snapshot_mark, mark_fields);

SQL(snapshot_find, SQL_TENANT, &mark_schema, &mark_schema,
    "SELECT id FROM config_snapshots WHERE id = :id");

const struct sql *
snapshot_mark(void)
{
	return &snapshot_find;
}

/* ---- versions ---- */

static const struct field held_fields[] = {
	COLUMN(struct held, category),
	COLUMN(struct held, key),
	COLUMN(struct held, resource_id),
	COLUMN(struct held, from_seq),
	COLUMN(struct held, address),
	FIELD_END,
};
static const struct schema held_schema = SCHEMA("Held", struct held, held_fields);

struct held_in {
	struct uuid id; /* of the config or the resource */
	uint64_t    seq;
};
static const struct field config_fields[] = {
	COLUMN(struct held_in, id),
	FIELD_END,
};
static const struct schema config_in = SCHEMA("HeldIn", struct held_in, config_fields);
static const struct field  at_seq_fields[] = {
	 COLUMN(struct held_in, id),
	 COLUMN(struct held_in, seq),
	 FIELD_END,
};
static const struct schema at_seq_in = SCHEMA("HeldAtIn", struct held_in, at_seq_fields);

static const struct field held_past_fields[] = {
	COLUMN(struct held, category),
	COLUMN(struct held, key),
	COLUMN(struct held, resource_id),
	COLUMN(struct held, from_seq),
	COLUMN(struct held, until_seq),
	COLUMN(struct held, address),
	FIELD_END,
};
static const struct schema held_past_schema = SCHEMA("HeldPast", struct held, held_past_fields);
static const struct field  span_fields[] = {
	 COLUMN(struct held_span, config),
	 COLUMN(struct held_span, least),
	 COLUMN(struct held_span, most),
	 FIELD_END,
};
static const struct schema span_in = SCHEMA("HeldSpanIn", struct held_span, span_fields);

#define HELD_COLUMNS                                                                               \
	"SELECT r.category, r.`key`, v.resource_id, v.from_seq, v.address FROM resource_versions " \
	"v"
#define HELD_SELECT HELD_COLUMNS " JOIN resources r ON r.id = v.resource_id"
#define HELD_OF     " FORCE INDEX (in_force) STRAIGHT_JOIN resources r ON r.id = v.resource_id"
#define HELD_NOW    " WHERE v.config_id = :id AND v.span = 0 AND v.until_seq IS NULL"

/* In no order: to sort so many here costs less than there. */
SQL(held_select_now, SQL_TENANT, &config_in, &held_schema, HELD_COLUMNS HELD_OF HELD_NOW);
SQL(held_select_past, SQL_TENANT, &span_in, &held_past_schema,
    "SELECT r.category, r.`key`, v.resource_id, v.from_seq, v.until_seq, v.address"
    " FROM resource_versions v" HELD_OF
    " WHERE v.config_id = :config" ENDED_OVER(":least", ":most"));
SQL(held_select_at, SQL_TENANT, &at_seq_in, &held_schema,
    HELD_COLUMNS HELD_OF HELD_NOW " AND v.from_seq <= :seq UNION ALL " HELD_COLUMNS HELD_OF
				  " WHERE v.config_id = :id" ENDED_OVER(":seq", ":seq"));
/* The last that began by then, however many there were before it. */
SQL(held_select_one, SQL_TENANT, &at_seq_in, &held_schema,
    HELD_SELECT " WHERE v.resource_id = :id AND v.from_seq <= :seq AND (v.until_seq IS NULL"
		" OR v.until_seq > :seq) ORDER BY v.from_seq DESC LIMIT 1");

static int
by_place(const void *a, const void *b)
{
	const struct held *x = a, *y = b;
	int                c = strcmp(x->category, y->category);

	return c != 0 ? c : strcmp(x->key, y->key);
}

void
held_sort(struct held *rows, size_t n)
{
	if (n > 1)
		qsort(rows, n, sizeof(rows[0]), by_place);
}

bool
held_at(struct db *db, TALLOC_CTX *mem, const struct uuid *config, uint64_t seq, struct held **rows,
    size_t *n, struct err *e)
{
	const struct held_in in = { *config, seq };

	if (!db_all_packed(db, mem, seq == 0 ? &held_select_now : &held_select_at, &in,
		INTO(rows, n, HELD_MAX), e))
		return false;
	held_sort(*rows, *n);
	return true;
}

void
held_now_ask(struct trip *trip, const struct uuid *config, struct held **rows, size_t *n)
{
	const struct held_in in = { *config, 0 };

	trip_all_packed(trip, &held_select_now, &in, INTO(rows, n, HELD_MAX));
}

void
held_past_ask(struct trip *trip, const struct held_span *span, struct held **rows, size_t *n)
{
	trip_all_packed(trip, &held_select_past, span, INTO(rows, n, 2 * HELD_MAX));
}

bool
held_one(struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *resource, uint64_t seq,
    struct held *h, struct err *e)
{
	const struct held_in in = { *resource, seq };

	return db_one(t->db, mem, &held_select_one, &in, h, e);
}

/* ---- how one was ---- */

struct seen_in {
	struct uuid resource;
	int64_t     limit;
};
static const struct field seen_in_fields[] = {
	COLUMN(struct seen_in, resource),
	COLUMN(struct seen_in, limit),
	FIELD_END,
};
static const struct schema seen_in = SCHEMA("VersionsSeenIn", struct seen_in, seen_in_fields);
static const struct field  seen_fields[] = {
	 COLUMN(struct version_seen, from_seq),
	 COLUMN(struct version_seen, until_seq),
	 COLUMN_NULL(struct version_seen, snapshot_id),
	 COLUMN_NULL(struct version_seen, since),
	 COLUMN(struct version_seen, whole),
	 COLUMN_NULL(struct version_seen, until),
	 FIELD_END,
};
static const struct schema seen_schema = SCHEMA("VersionSeen", struct version_seen, seen_fields);

/* Each version by its own two snapshots, where they are kept: to look for the next kept one would
 * walk them. */
SQL(versions_select_seen, SQL_TENANT, &seen_in, &seen_schema,
    "SELECT v.from_seq, COALESCE(v.until_seq, 0) AS until_seq, s.id AS snapshot_id,"
    " s.collected_at AS since, s.id IS NOT NULL AS whole, u.collected_at AS `until`"
    " FROM resource_versions v LEFT JOIN config_snapshots s ON s.config_id = v.config_id"
    " AND s.seq = v.from_seq LEFT JOIN config_snapshots u ON u.config_id = v.config_id"
    " AND u.seq = v.until_seq WHERE v.resource_id = :resource ORDER BY v.from_seq DESC LIMIT "
    ":limit");

bool
versions_seen(struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *resource, int64_t limit,
    struct version_seen **rows, size_t *n, struct err *e)
{
	const struct seen_in in = { *resource, limit };

	return db_all(
	    t->db, mem, &versions_select_seen, &in, INTO(rows, n, VERSIONS_SEEN_MAX + 1), e);
}

/* ---- ids ---- */

#define ID_CONFIG 6 /* bytes of the config's id: its resources lie side by side in the tables */

struct uuid
held_id(const struct uuid *config, struct str category, struct str key)
{
	uint8_t     in[16 + 4 + 128 + 512], out[HASH_LEN];
	size_t      n = 0;
	struct uuid u;

	memcpy(in, config->b, 16);
	n = 16;
	in[n++] = (uint8_t)(category.n >> 8);
	in[n++] = (uint8_t)category.n;
	memcpy(in + n, category.p, category.n <= 128 ? category.n : 128);
	n += category.n <= 128 ? category.n : 128;
	if (key.n > 0)
		memcpy(in + n, key.p, key.n <= 512 ? key.n : 512);
	n += key.n <= 512 ? key.n : 512;
	hash_sha256(in, n, out);
	memcpy(u.b, config->b, ID_CONFIG);
	memcpy(u.b + ID_CONFIG, out, sizeof(u.b) - ID_CONFIG);
	return u;
}

static const struct field place_fields[] = {
	COLUMN(struct version, resource_id),
	COLUMN(struct version, config_id),
	COLUMN(struct version, category),
	COLUMN(struct version, key),
	FIELD_END,
};
static const struct schema place_in = SCHEMA("PlaceIn", struct version, place_fields);
struct version_row {
	struct uuid resource_id, config_id;
	uint64_t    from_seq, until_seq, span;
	struct blob address;
};
static const struct field row_fields[] = {
	COLUMN(struct version_row, resource_id),
	COLUMN(struct version_row, from_seq),
	COLUMN_NULL(struct version_row, until_seq),
	COLUMN(struct version_row, span),
	COLUMN(struct version_row, config_id),
	COLUMN(struct version_row, address),
	FIELD_END,
};
static const struct schema row_in = SCHEMA("VersionRow", struct version_row, row_fields);

SQL(resource_insert, SQL_TENANT, &place_in, NULL,
    "INSERT IGNORE INTO resources (id, config_id, category, `key`) VALUES (:resource_id,"
    " :config_id, :category, :key)");
/* Those that end are there.  As rows that are inserted they take the server a third of what as many
 * updates do. */
SQL(version_write, SQL_TENANT, &row_in, NULL,
    "INSERT INTO resource_versions (resource_id, from_seq, until_seq, span, config_id, address)"
    " VALUES (:resource_id, :from_seq, :until_seq, :span, :config_id, :address)"
    " ON DUPLICATE KEY UPDATE until_seq = VALUES(until_seq), span = VALUES(span)");

/* Resources without a version first. */
static int
by_resource(const void *a, const void *b)
{
	const struct version *x = a, *y = b;

	if (x->known != y->known)
		return x->known ? 1 : -1;
	return memcmp(x->resource_id.b, y->resource_id.b, sizeof(x->resource_id.b));
}

/* In the order of the table: its pages are visited once, and its rows locked in one order. */
static int
by_key(const void *a, const void *b)
{
	const struct version_row *x = a, *y = b;
	int c = memcmp(x->resource_id.b, y->resource_id.b, sizeof(x->resource_id.b));

	return c != 0 ? c : x->from_seq < y->from_seq ? -1 : x->from_seq > y->from_seq;
}

/* ENDED_OVER() has what it is for. */
static uint64_t
class_of(uint64_t length)
{
	uint64_t class = 0;

	for (; length > 0 && class < SPAN_CLASSES; length >>= 2)
		class ++;
	return class;
}

static struct version_row
row_of(const struct version *v)
{
	return (struct version_row) { .resource_id = v->resource_id,
		.config_id = v->config_id,
		.from_seq = v->from_seq,
		.until_seq = v->until_seq,
		.span = v->until_seq == 0 ? 0 : class_of(v->until_seq - v->from_seq),
		.address = v->address };
}

bool
versions_write(struct db *db, TALLOC_CTX *mem, const struct versions *ended,
    const struct versions *begun, struct err *e)
{
	size_t              fresh = 0, n = ended->n + begun->n;
	struct version_row *rows = talloc_size(mem, (n + 1) * sizeof(*rows));
	bool                ok;

	if (rows == NULL)
		return err_memory(e);
	if (begun->n > 1)
		qsort(begun->of, begun->n, sizeof(begun->of[0]), by_resource);
	while (fresh < begun->n && !begun->of[fresh].known)
		fresh++;
	for (size_t i = 0; i < n; i++)
		rows[i] = row_of(i < ended->n ? &ended->of[i] : &begun->of[i - ended->n]);
	if (n > 1)
		qsort(rows, n, sizeof(rows[0]), by_key);
	ok = tx_later_many(db, &resource_insert, begun->of, fresh, e) &&
	     tx_later_many(db, &version_write, rows, n, e);
	talloc_free(rows);
	return ok;
}

/* ---- how much there is ---- */

struct stored_in {
	struct uuid id;
	uint64_t    most;
};
static const struct field stored_in_fields[] = {
	COLUMN(struct stored_in, id),
	COLUMN(struct stored_in, most),
	FIELD_END,
};
static const struct schema stored_in = SCHEMA("StoredIn", struct stored_in, stored_in_fields);
static const struct field  stored_fields[] = {
	 COLUMN(struct stored, versions),
	 COLUMN(struct stored, bytes),
	 COLUMN(struct stored, golden),
	 FIELD_END,
};
static const struct schema stored_schema = SCHEMA("Stored", struct stored, stored_fields);

SQL(snapshot_select_stored, SQL_TENANT, &stored_in, &stored_schema,
    "SELECT CAST(COUNT(*) AS UNSIGNED) AS versions,"
    " CAST(COALESCE(SUM(size), 0) AS UNSIGNED) AS bytes,"
    " COALESCE((SELECT golden FROM config_state WHERE config_id = :id), 0) AS golden"
    " FROM (SELECT c.size FROM resource_versions v"
    " JOIN contents c ON c.address = v.address AND c.chunk = 0"
    " WHERE v.config_id = :id LIMIT :most) AS some");

bool
snapshot_stored(
    struct db *db, const struct uuid *config, uint64_t most, struct stored *s, struct err *e)
{
	const struct stored_in in = { *config, most };

	*s = (struct stored) { 0 };
	return db_one(db, NULL, &snapshot_select_stored, &in, s, e);
}
