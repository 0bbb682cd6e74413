#include "core/store/alert/audit_feed.h"

#include "core/store/claim_again.h"
#include "core/store/id_list.h"
#include "core/store/tx.h"

/* ---- of the tenant ---- */

static const struct field feed_fields[] = {
	COLUMN(struct audit_feed, channel_id),
	COLUMN(struct audit_feed, chain),
	COLUMN(struct audit_feed, seq),
	COLUMN(struct audit_feed, lost),
	COLUMN(struct audit_feed, tries),
	COLUMN(struct audit_feed, most),
	COLUMN_NULL(struct audit_feed, most_until),
	COLUMN_NULL(struct audit_feed, failed_at),
	COLUMN_NULL(struct audit_feed, told_at),
	COLUMN(struct audit_feed, detail),
	COLUMN(struct audit_feed, made_at),
	FIELD_END,
};
static const struct schema feed_schema = SCHEMA("AuditFeed", struct audit_feed, feed_fields);

struct set_in {
	struct uuid channel_id;
	uint64_t    seq;
};
static const struct field set_fields[] = {
	COLUMN(struct set_in, channel_id),
	COLUMN(struct set_in, seq),
	FIELD_END,
};
static const struct schema set_in = SCHEMA("AuditFeedSetIn", struct set_in, set_fields);
static const struct field  told_fields[] = {
	 COLUMN(struct audit_feed, chain),
	 COLUMN(struct audit_feed, seq),
	 COLUMN(struct audit_feed, lost),
	 COLUMN(struct audit_feed, tries),
	 COLUMN(struct audit_feed, most),
	 COLUMN_NULL(struct audit_feed, most_until),
	 COLUMN_NULL(struct audit_feed, failed_at),
	 COLUMN_NULL(struct audit_feed, told_at),
	 COLUMN(struct audit_feed, detail),
	 COLUMN(struct audit_feed, channel_id),
	 FIELD_END,
};
static const struct schema told_in = SCHEMA("AuditFeedToldIn", struct audit_feed, told_fields);

#define COLUMNS                                                                                    \
	"channel_id, chain, seq, lost, tries, most, most_until, failed_at, told_at, detail, "      \
	"made_at"

_Static_assert(AUDIT_FEEDS_MAX == 8, "as in the statements, which read one more");
SQL(audit_feed_upsert, SQL_TENANT, &feed_schema, NULL,
    "INSERT INTO audit_feeds (" COLUMNS ") VALUES (:channel_id, :chain, :seq, :lost, :tries,"
    " :most, :most_until, :failed_at, :told_at, :detail, :made_at) ON DUPLICATE KEY UPDATE"
    " chain = VALUES(chain), seq = VALUES(seq), tries = VALUES(tries), most = VALUES(most),"
    " most_until = VALUES(most_until), failed_at = VALUES(failed_at)");
SQL(audit_feed_delete, SQL_TENANT, &id_in, NULL, "DELETE FROM audit_feeds WHERE channel_id = :id");
SQL(audit_feed_select, SQL_TENANT, &id_in, &feed_schema,
    "SELECT " COLUMNS " FROM audit_feeds WHERE channel_id = :id");
SQL(audit_feed_select_all, SQL_TENANT, NULL, &feed_schema,
    "SELECT " COLUMNS " FROM audit_feeds ORDER BY channel_id LIMIT 9");
SQL(audit_feed_select_held, SQL_TENANT, NULL, &feed_schema,
    "SELECT " COLUMNS " FROM audit_feeds ORDER BY channel_id LIMIT 9 FOR UPDATE");
SQL(audit_feed_update, SQL_TENANT, &told_in, NULL,
    "UPDATE audit_feeds SET chain = :chain, seq = :seq, lost = :lost, tries = :tries,"
    " most = :most, most_until = :most_until, failed_at = :failed_at, told_at = :told_at,"
    " detail = :detail WHERE channel_id = :channel_id");
SQL(audit_feed_call_set, SQL_TENANT, &set_in, NULL, "CALL bsx.audit_feed_set(:channel_id, :seq)");
SQL(audit_feed_call_drop, SQL_TENANT, &id_in, NULL, "CALL bsx.audit_feed_drop(:id)");

void
audit_feed_anew(struct audit_feed *f)
{
	f->tries = 0;
	f->most = 0;
	f->most_until = f->failed_at = (instant) { 0 };
}

bool
audit_feed_put(struct db *db, const struct audit_feed *f, uint64_t seq, struct err *e)
{
	const struct set_in in = { f->channel_id, seq };

	return db_run(db, &audit_feed_upsert, f, NULL, e) &&
	       tx_later(db, &audit_feed_call_set, &in, e);
}

bool
audit_feed_drop(struct db *db, const struct uuid *channel, struct err *e)
{
	const struct id_in in = { *channel };

	return tx_later(db, &audit_feed_delete, &in, e) &&
	       tx_later(db, &audit_feed_call_drop, &in, e);
}

bool
audit_feed_by_channel(struct db *db, TALLOC_CTX *mem, const struct uuid *channel,
    struct audit_feed *out, struct err *e)
{
	const struct id_in in = { *channel };

	return db_one(db, mem, &audit_feed_select, &in, out, e);
}

bool
audit_feeds_hold(struct db *db, TALLOC_CTX *mem, struct audit_feed **rows, size_t *n, struct err *e)
{
	return db_all(
	    db, mem, &audit_feed_select_held, NULL, INTO(rows, n, AUDIT_FEEDS_MAX + 1), e);
}

bool
audit_feeds_all(struct db *db, TALLOC_CTX *mem, struct audit_feed **rows, size_t *n, struct err *e)
{
	return db_all(db, mem, &audit_feed_select_all, NULL, INTO(rows, n, AUDIT_FEEDS_MAX + 1), e);
}

/* ---- the rows of both schemas ---- */

#define KNOWN_MAX 100 /* rows of channels that are no more go when a sender meets them */

struct of_in {
	const char *schema_name;
};
static const struct field of_fields[] = {
	COLUMN(struct of_in, schema_name),
	FIELD_END,
};
static const struct schema of_in = SCHEMA("AuditFeedsOfIn", struct of_in, of_fields);
SQL(audit_feed_select_told, SQL_TENANT, NULL, &id_in,
    "SELECT f.channel_id AS id FROM audit_feeds f STRAIGHT_JOIN channels c ON c.id = f.channel_id"
    " WHERE c.status = 'active' AND c.paused_at IS NULL ORDER BY f.channel_id LIMIT 9");
SQL(feed_select_known, SQL_CONTROL, &of_in, &id_in,
    "SELECT channel_id AS id FROM audit_feeds WHERE schema_name = :schema_name"
    " ORDER BY channel_id LIMIT 100");

static bool
is_among(const struct uuid *id, const struct id_in *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (uuid_eq(&rows[i].id, id))
			return true;
	return false;
}

/* How far it has come is looked up by who tells it. */
bool
audit_feeds_check(
    struct db *control, struct tenant_db *t, TALLOC_CTX *mem, size_t *back, struct err *e)
{
	const struct of_in of = { t->tenant->schema_name };
	struct id_in      *told, *known;
	size_t             n, known_n;

	*back = 0;
	if (!db_all(
		t->db, mem, &audit_feed_select_told, NULL, INTO(&told, &n, AUDIT_FEEDS_MAX + 1), e))
		return false;
	if (n == 0)
		return true;
	if (!db_all(control, mem, &feed_select_known, &of, INTO(&known, &known_n, KNOWN_MAX), e))
		return false;
	for (size_t i = 0; i < n; i++) {
		const struct set_in in = { told[i].id, 0 };

		if (is_among(&told[i].id, known, known_n))
			continue;
		if (!db_run(t->db, &audit_feed_call_set, &in, NULL, e))
			return false;
		++*back;
	}
	return true;
}

/* ---- what is due ---- */

struct due_in {
	int64_t limit;
};
static const struct field due_fields[] = {
	COLUMN(struct due_in, limit),
	FIELD_END,
};
static const struct schema due_in = SCHEMA("FeedDueIn", struct due_in, due_fields);
static const struct field  claim_fields[] = {
	 COLUMN(struct feed_claim, channel_id),
	 COLUMN(struct feed_claim, schema_name),
	 COLUMN(struct feed_claim, fence),
	 FIELD_END,
};
static const struct schema claim_schema = SCHEMA("FeedClaim", struct feed_claim, claim_fields);

struct claim_in {
	struct uuid owner, channel_id;
	const char *schema_name;
	uint64_t    fence;
	int64_t     lease_s, ms;
};
#define CLAIM_KEY                                                                                  \
	COLUMN(struct claim_in, schema_name), COLUMN(struct claim_in, channel_id),                 \
	    COLUMN(struct claim_in, fence), FIELD_END
static const struct field  take_fields[] = { COLUMN(struct claim_in, owner),
	 COLUMN(struct claim_in, lease_s), CLAIM_KEY };
static const struct schema take_in = SCHEMA("FeedTakeIn", struct claim_in, take_fields);
static const struct field  off_fields[] = { COLUMN(struct claim_in, ms), CLAIM_KEY };
static const struct schema off_in = SCHEMA("FeedOffIn", struct claim_in, off_fields);
static const struct field  key_fields[] = { CLAIM_KEY };
static const struct schema key_in = SCHEMA("FeedKeyIn", struct claim_in, key_fields);

#define OF_CLAIM " WHERE schema_name = :schema_name AND channel_id = :channel_id AND fence = :fence"
SQL(feed_select_due, SQL_CONTROL, &due_in, &claim_schema,
    "SELECT f.channel_id, f.schema_name, f.fence FROM audit_feeds f STRAIGHT_JOIN audit_heads h"
    " ON h.schema_name = f.schema_name STRAIGHT_JOIN tenants t ON t.schema_name = f.schema_name"
    " WHERE f.due_at <= NOW(3) AND (f.lease_until IS NULL OR f.lease_until < NOW(3))"
    " AND h.seq > f.seq AND t.status = 'active' ORDER BY f.due_at LIMIT :limit");
SQL(feed_update_take, SQL_CONTROL, &take_in, NULL,
    "UPDATE audit_feeds SET lease_owner = :owner, lease_until = NOW(3) + INTERVAL :lease_s SECOND,"
    " fence = fence + 1, behind_since = COALESCE(behind_since, NOW(3))" OF_CLAIM
    " AND (lease_until IS NULL OR lease_until < NOW(3))");
SQL(feed_update_off, SQL_CONTROL, &off_in, NULL,
    "UPDATE audit_feeds SET lease_owner = NULL, lease_until = NULL, behind_since = NULL,"
    " due_at = NOW(3) + INTERVAL :ms * 1000 MICROSECOND" OF_CLAIM);
SQL(feed_update_again, SQL_CONTROL, &key_in, NULL,
    "UPDATE audit_feeds SET " CLAIM_AGAIN_SET("behind_since") OF_CLAIM CLAIM_AGAIN_HELD);
SQL(feed_delete, SQL_CONTROL, &key_in, NULL, "DELETE FROM audit_feeds" OF_CLAIM);
SQL(feed_update_release, SQL_CONTROL, &id_in, NULL,
    "UPDATE audit_feeds SET lease_owner = NULL, lease_until = NULL WHERE lease_owner = :id");

bool
feeds_due(struct db *control, TALLOC_CTX *mem, size_t limit, struct feed_claim **rows, size_t *n,
    struct err *e)
{
	const struct due_in in = { (int64_t)limit };

	return db_all(control, mem, &feed_select_due, &in, INTO(rows, n, limit), e);
}

static struct claim_in
claim_of(const struct feed_claim *c)
{
	return (struct claim_in) {
		.channel_id = c->channel_id, .schema_name = c->schema_name, .fence = c->fence
	};
}

bool
feed_take(struct db *control, const struct uuid *owner, int64_t lease_s, struct feed_claim *c,
    bool *won, struct err *e)
{
	struct claim_in in = claim_of(c);
	uint64_t        n = 0;

	in.owner = *owner;
	in.lease_s = lease_s;
	*won = false;
	if (!db_run(control, &feed_update_take, &in, &n, e))
		return false;
	*won = n == 1;
	c->fence += *won;
	return true;
}

bool
feed_put_off(struct db *control, const struct feed_claim *c, int64_t ms, struct err *e)
{
	struct claim_in in = claim_of(c);

	in.ms = ms;
	return db_run(control, &feed_update_off, &in, NULL, e);
}

bool
feed_again(struct db *control, const struct feed_claim *c, struct err *e)
{
	const struct claim_in in = claim_of(c);

	return db_run(control, &feed_update_again, &in, NULL, e);
}

bool
feed_forget(struct db *control, const struct feed_claim *c, struct err *e)
{
	const struct claim_in in = claim_of(c);

	return db_run(control, &feed_delete, &in, NULL, e);
}

bool
feed_release(struct db *control, const struct uuid *owner, struct err *e)
{
	const struct id_in in = { *owner };

	return db_run(control, &feed_update_release, &in, NULL, e);
}

struct done_in {
	struct uuid channel_id;
	uint64_t    fence, seq;
	int64_t     ms;
	bool        all;
};
static const struct field done_fields[] = {
	COLUMN(struct done_in, channel_id),
	COLUMN(struct done_in, fence),
	COLUMN(struct done_in, seq),
	COLUMN(struct done_in, ms),
	COLUMN(struct done_in, all),
	FIELD_END,
};
static const struct schema done_in = SCHEMA("FeedDoneIn", struct done_in, done_fields);
SQL(feed_call_done, SQL_TENANT, &done_in, NULL,
    "CALL bsx.audit_feed_done(:channel_id, :fence, :seq, :ms, :all)");

/* Who has lost the claim finds out first, and writes nothing. */
bool
feed_end(struct db *db, const struct feed_done *in, struct err *e)
{
	const struct done_in done = { in->claim->channel_id, in->claim->fence, in->seq, in->ms,
		in->all };

	return db_run(db, &feed_call_done, &done, NULL, e) &&
	       tx_later(db, &audit_feed_update, &in->feed, e);
}
