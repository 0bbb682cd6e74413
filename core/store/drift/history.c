#include "core/store/drift/history.h"
#include "core/store/drift/snapshot_priv.h"
#include "core/store/tx.h"

#include <stdlib.h>
#include <string.h>

#include "core/store/drift/content.h"

#define ADDRESSES_MAX 1000000

/* ---- statements ---- */

static const struct field refer_fields[] = {
	COLUMN(struct manifest_ref, snapshot_id),
	COLUMN(struct manifest_ref, address),
	FIELD_END,
};
static const struct schema refer_in = SCHEMA("ManifestRef", struct manifest_ref, refer_fields);

SQL(manifest_content_insert, SQL_TENANT, &refer_in, NULL,
    "INSERT IGNORE INTO manifest_contents (snapshot_id, address) VALUES (:snapshot_id, :address)");

static const struct field expired_fields[] = {
	COLUMN(struct history_expired, config_id),
	COLUMN(struct history_expired, before),
	COLUMN(struct history_expired, baseline),
	COLUMN(struct history_expired, newest),
	COLUMN(struct history_expired, limit),
	FIELD_END,
};
static const struct schema expired_in =
    SCHEMA("HistoryExpiredIn", struct history_expired, expired_fields);
static const struct field expired_out_fields[] = {
	COLUMN(struct snapshot, id),
	COLUMN(struct snapshot, config_id),
	COLUMN(struct snapshot, seq),
	COLUMN(struct snapshot, in_order),
	FIELD_END,
};
static const struct schema expired_out =
    SCHEMA("HistoryExpired", struct snapshot, expired_out_fields);

SQL(history_select_expired, SQL_TENANT, &expired_in, &expired_out,
    "SELECT id, config_id, seq, in_order FROM config_snapshots WHERE config_id = :config_id"
    " AND rendered IS NULL AND collected_at < :before AND id <> :baseline AND id <> :newest"
    " AND NOT EXISTS (SELECT 1 FROM config_collections c WHERE c.config_id = :config_id"
    " AND config_snapshots.id IN (c.baseline_snapshot, c.kept_snapshot))"
    " AND NOT EXISTS (SELECT 1 FROM config_unsettled u WHERE u.config_id = :config_id"
    " AND u.snapshot_id = config_snapshots.id)"
    " ORDER BY collected_at "
    "LIMIT :limit");

struct named_in {
	struct uuid config_id, snapshot;
};
static const struct field named_fields[] = {
	COLUMN(struct named_in, config_id),
	COLUMN(struct named_in, snapshot),
	FIELD_END,
};
static const struct schema named_in = SCHEMA("HistoryNamedIn", struct named_in, named_fields);
struct named_out {
	int64_t n;
};
static const struct field named_out_fields[] = {
	COLUMN(struct named_out, n),
	FIELD_END,
};
static const struct schema named_out = SCHEMA("HistoryNamed", struct named_out, named_out_fields);

SQL(history_select_named, SQL_TENANT, &named_in, &named_out,
    "SELECT COUNT(*) AS n FROM"
    " (SELECT r.id FROM config_state s JOIN drift_reports r ON r.id = s.report_id"
    " WHERE s.config_id = :config_id AND :snapshot IN (r.snapshot_id, r.baseline_id)"
    " UNION ALL SELECT r.id FROM alerts a JOIN drift_reports r ON r.id = a.report_id"
    " WHERE a.config_id = :config_id AND a.resolved_at IS NULL AND :snapshot IN (r.snapshot_id,"
    " r.baseline_id)"
    " UNION ALL SELECT c.config_id FROM config_collections c WHERE c.config_id = :config_id"
    " AND :snapshot IN (c.baseline_snapshot, c.kept_snapshot)"
    " UNION ALL SELECT u.config_id FROM config_unsettled u WHERE u.config_id = :config_id"
    " AND u.snapshot_id = :snapshot) t");

struct seq_in {
	struct uuid config_id;
	uint64_t    seq, next, before; /* the snapshot's; of its neighbours in order */
};
static const struct field seq_fields[] = {
	COLUMN(struct seq_in, config_id),
	COLUMN(struct seq_in, seq),
	FIELD_END,
};
static const struct schema seq_in = SCHEMA("HistorySeqIn", struct seq_in, seq_fields);
struct seq_out {
	uint64_t seq;
};
static const struct field seq_out_fields[] = {
	COLUMN(struct seq_out, seq),
	FIELD_END,
};
static const struct schema seq_out = SCHEMA("HistorySeq", struct seq_out, seq_out_fields);

SQL(history_select_before, SQL_TENANT, &seq_in, &seq_out,
    "SELECT CAST(COALESCE((SELECT s.seq FROM config_snapshots s WHERE s.config_id = :config_id"
    " AND s.seq < :seq AND s.in_order ORDER BY s.seq DESC LIMIT 1), 0) AS UNSIGNED) AS seq");
SQL(history_select_next, SQL_TENANT, &seq_in, &seq_out,
    "SELECT CAST(COALESCE((SELECT s.seq FROM config_snapshots s WHERE s.config_id = :config_id"
    " AND s.seq > :seq AND s.in_order ORDER BY s.seq LIMIT 1), 9223372036854775807) AS UNSIGNED)"
    " AS seq");

static const struct field only_fields[] = {
	COLUMN(struct seq_in, config_id),
	COLUMN(struct seq_in, seq),
	COLUMN(struct seq_in, next),
	COLUMN(struct seq_in, before),
	FIELD_END,
};
static const struct schema only_in = SCHEMA("HistoryOnlyIn", struct seq_in, only_fields);
static const struct field  only_out_fields[] = {
	 COLUMN(struct version, resource_id),
	 COLUMN(struct version, from_seq),
	 COLUMN(struct version, address),
	 FIELD_END,
};
static const struct schema only_out = SCHEMA("HistoryOnly", struct version, only_out_fields);

/* In force in the snapshot, and in none of its neighbours. */
SQL(history_select_only, SQL_TENANT, &only_in, &only_out,
    "SELECT resource_id, from_seq, address FROM resource_versions v FORCE INDEX (in_force)"
    " WHERE config_id = :config_id AND until_seq <= :next AND from_seq > :before" ENDED_OVER(
	":seq", ":seq"));

static const struct field version_fields[] = {
	COLUMN(struct version, resource_id),
	COLUMN(struct version, from_seq),
	FIELD_END,
};
static const struct schema version_in = SCHEMA("HistoryVersionIn", struct version, version_fields);
static const struct field  place_fields[] = {
	 COLUMN(struct version, resource_id),
	 FIELD_END,
};
static const struct schema place_in = SCHEMA("HistoryPlaceIn", struct version, place_fields);

SQL(history_delete_version, SQL_TENANT, &version_in, NULL,
    "DELETE FROM resource_versions WHERE resource_id = :resource_id AND from_seq = :from_seq");
SQL(history_delete_place, SQL_TENANT, &place_in, NULL,
    "DELETE FROM resources WHERE id = :resource_id"
    " AND NOT EXISTS (SELECT 1 FROM resource_versions v WHERE v.resource_id = resources.id)");

static const struct field id_fields[] = {
	COLUMN(struct snapshot, id),
	FIELD_END,
};
static const struct schema id_in = SCHEMA("HistoryId", struct snapshot, id_fields);
struct address {
	struct blob address;
	int64_t     limit;
};
static const struct field address_fields[] = {
	COLUMN(struct address, address),
	FIELD_END,
};
static const struct schema address_in = SCHEMA("HistoryAddress", struct address, address_fields);
static const struct field  page_fields[] = {
	 COLUMN(struct address, address),
	 COLUMN(struct address, limit),
	 FIELD_END,
};
static const struct schema page_in = SCHEMA("HistoryPageIn", struct address, page_fields);

SQL(history_delete_snapshot, SQL_TENANT, &id_in, NULL,
    "DELETE FROM config_snapshots"
    " WHERE id = :id");
SQL(history_select_manifest, SQL_TENANT, &id_in, &address_in,
    "SELECT address FROM manifest_contents WHERE snapshot_id = :id");
SQL(history_delete_manifest, SQL_TENANT, &id_in, NULL,
    "DELETE FROM manifest_contents WHERE snapshot_id = :id");
/* One whose references are not written down: stored before they were. */
SQL(history_select_unwritten, SQL_TENANT, NULL, &id_in,
    "SELECT id FROM config_snapshots WHERE in_order = FALSE AND NOT EXISTS"
    " (SELECT 1 FROM manifest_contents m WHERE m.snapshot_id = config_snapshots.id) LIMIT 1");
/* Several addresses are a JSON array of hex digits. */
struct addresses_in {
	const char *addresses;
};
static const struct field addresses_fields[] = {
	COLUMN(struct addresses_in, addresses),
	FIELD_END,
};
static const struct schema addresses_in =
    SCHEMA("HistoryAddressesIn", struct addresses_in, addresses_fields);

#define GIVEN "JSON_TABLE(:addresses, '$[*]' COLUMNS (a VARCHAR(64) PATH '$')) j"
SQL(history_lock_contents, SQL_TENANT, &addresses_in, &address_in,
    "SELECT c.address FROM " GIVEN " STRAIGHT_JOIN contents c ON c.address = UNHEX(j.a)"
    " AND c.chunk = 0 FOR UPDATE");
/* One that refers to it is enough, and is kept from going meanwhile. */
#define FREE_OF(table)                                                                             \
	"SELECT UNHEX(j.a) AS address FROM " GIVEN " WHERE (SELECT 1 FROM " table                  \
	" r WHERE r.address = UNHEX(j.a) LIMIT 1 LOCK IN SHARE MODE) IS NULL"
SQL(history_free_of_versions, SQL_TENANT, &addresses_in, &address_in, FREE_OF("resource_versions"));
SQL(history_free_of_manifests, SQL_TENANT, &addresses_in, &address_in,
    FREE_OF("manifest_contents"));
SQL(history_delete_content, SQL_TENANT, &address_in, NULL,
    "DELETE FROM contents WHERE address = :address");
SQL(history_select_loose, SQL_TENANT, &page_in, &address_in,
    "SELECT c.address FROM (SELECT address FROM contents WHERE address >= :address AND chunk = 0"
    " ORDER BY address LIMIT :limit) c"
    " WHERE NOT EXISTS (SELECT 1 FROM resource_versions v WHERE v.address = c.address)"
    " AND NOT EXISTS (SELECT 1 FROM manifest_contents m WHERE m.address = c.address)");

/* ---- contents ---- */

/* Who stores contents locks them in this order too. */
static int
by_address(const void *a, const void *b)
{
	return memcmp(((const struct address *)a)->address.p,
	    ((const struct address *)b)->address.p, HASH_LEN);
}

static bool
print_addresses(
    TALLOC_CTX *mem, const struct address *a, size_t n, struct addresses_in *out, struct err *e)
{
	struct buf b;
	char       hex[2 * HASH_LEN + 1];

	buf_make(&b, mem);
	for (size_t i = 0; i < n; i++) {
		if (a[i].address.n != HASH_LEN)
			return err_set(e, ERR_INTERNAL, 0, "internal error", "no address");
		hex_print(a[i].address.p, HASH_LEN, hex);
		buf_printf(&b, "%s\"%s\"", i == 0 ? "[" : ",", hex);
	}
	buf_putc(&b, ']');
	buf_putc(&b, '\0');
	out->addresses = b.p;
	return buf_ok(&b) || err_memory(e);
}

/* Which of these a statement names, in their order. */
static bool
sift(struct db *db, TALLOC_CTX *mem, const struct sql *q, struct address **a, size_t *n,
    struct err *e)
{
	struct addresses_in in;

	return *n == 0 ||
	       (print_addresses(mem, *a, *n, &in, e) && db_all(db, mem, q, &in, INTO(a, n, *n), e));
}

/* Of these what is there and nobody refers to. */
static bool
drop_some(
    struct db *db, TALLOC_CTX *mem, struct address *a, size_t n, size_t *dropped, struct err *e)
{
	TALLOC_CTX *tmp = talloc_new(mem);
	bool        ok;

	if (tmp == NULL)
		return err_memory(e);
	ok = sift(db, tmp, &history_lock_contents, &a, &n, e) &&
	     sift(db, tmp, &history_free_of_versions, &a, &n, e) &&
	     sift(db, tmp, &history_free_of_manifests, &a, &n, e) &&
	     db_run_many(db, &history_delete_content, a, n, e);
	*dropped += n;
	talloc_free(tmp);
	return ok;
}

/* With a manifest that nobody has listed nothing can be said of any content. */
static bool
drop_contents(
    struct db *db, TALLOC_CTX *mem, struct address *a, size_t n, size_t *dropped, struct err *e)
{
	struct snapshot *unwritten;
	size_t           blind;

	if (n == 0)
		return true;
	if (!db_all(db, mem, &history_select_unwritten, NULL, INTO(&unwritten, &blind, 1), e))
		return false;
	qsort(a, n, sizeof(a[0]), by_address);
	for (size_t i = 0; blind == 0 && i < n; i += CONTENT_BATCH)
		if (!drop_some(
			db, mem, a + i, n - i < CONTENT_BATCH ? n - i : CONTENT_BATCH, dropped, e))
			return false;
	return true;
}

bool
history_sweep(
    struct db *db, TALLOC_CTX *mem, struct blob from, size_t limit, size_t *dropped, struct err *e)
{
	const struct address in = { from, (int64_t)limit };
	struct address      *rows;
	size_t               n;

	*dropped = 0;
	return db_all(db, mem, &history_select_loose, &in, INTO(&rows, &n, limit), e) &&
	       drop_contents(db, mem, rows, n, dropped, e);
}

/* ---- snapshots ---- */

bool
history_refer(struct db *db, const struct manifest_ref *refs, size_t n, struct err *e)
{
	return tx_later_many(db, &manifest_content_insert, refs, n, e);
}

bool
history_expired(struct tenant_db *t, TALLOC_CTX *mem, const struct history_expired *in,
    struct snapshot **rows, size_t *n, struct err *e)
{
	return db_all(t->db, mem, &history_select_expired, in, INTO(rows, n, (size_t)in->limit), e);
}

static bool
drop_versions(struct db *db, TALLOC_CTX *mem, const struct snapshot *s, struct address **freed,
    size_t *n, struct err *e)
{
	struct seq_in   in = { .config_id = s->config_id, .seq = s->seq };
	struct seq_out  before, next;
	struct version *only;

	if (!db_one(db, mem, &history_select_before, &in, &before, e) ||
	    !db_one(db, mem, &history_select_next, &in, &next, e))
		return false;
	in.before = before.seq;
	in.next = next.seq;
	if (!db_all(db, mem, &history_select_only, &in, INTO(&only, n, ADDRESSES_MAX), e))
		return false;
	*freed = talloc_array(mem, struct address, (unsigned)*n + 1);
	if (*freed == NULL)
		return err_memory(e);
	for (size_t i = 0; i < *n; i++)
		(*freed)[i] = (struct address) { .address = only[i].address };
	return db_run_many(db, &history_delete_version, only, *n, e) &&
	       db_run_many(db, &history_delete_place, only, *n, e);
}

static bool
drop_refs(struct db *db, TALLOC_CTX *mem, const struct snapshot *s, struct address **freed,
    size_t *n, struct err *e)
{
	return db_all(db, mem, &history_select_manifest, s, INTO(freed, n, ADDRESSES_MAX), e) &&
	       db_run(db, &history_delete_manifest, s, NULL, e);
}

bool
history_unrefer(struct db *db, const struct uuid *holder, struct err *e)
{
	const struct snapshot s = { .id = *holder };

	return db_run(db, &history_delete_manifest, &s, NULL, e);
}

bool
history_release(struct db *db, TALLOC_CTX *mem, const struct uuid *holder, struct err *e)
{
	const struct snapshot s = { .id = *holder };
	struct address       *freed;
	size_t                n, dropped = 0;

	return drop_refs(db, mem, &s, &freed, &n, e) &&
	       drop_contents(db, mem, freed, n, &dropped, e);
}

bool
history_drop(struct db *db, TALLOC_CTX *mem, const struct snapshot *s, struct err *e)
{
	struct address *freed;
	size_t          n, dropped = 0;
	bool            ok = s->in_order ? drop_versions(db, mem, s, &freed, &n, e)
					 : drop_refs(db, mem, s, &freed, &n, e);

	return ok && db_run(db, &history_delete_snapshot, s, NULL, e) &&
	       drop_contents(db, mem, freed, n, &dropped, e);
}

bool
history_is_named(struct db *db, TALLOC_CTX *mem, const struct snapshot *s, bool *yes, struct err *e)
{
	const struct named_in in = { s->config_id, s->id };
	struct named_out      out;

	if (!db_one(db, mem, &history_select_named, &in, &out, e))
		return false;
	*yes = out.n > 0;
	return true;
}
