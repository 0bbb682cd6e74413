#include "core/store/archive/archive_since.h"

struct since_in {
	struct archive_point point;
	uint64_t             present; /* entries of the present chain up to this one were there */
	struct uuid          first;   /* what has come since is of numbers from this one on */
};
static const struct field deeds_fields[] = {
	COLUMN_AS(struct since_in, point.chain, "chain"),
	COLUMN_AS(struct since_in, point.entries, "entries"),
	COLUMN(struct since_in, present),
	FIELD_END,
};
static const struct schema deeds_in = SCHEMA("SinceDeedsIn", struct since_in, deeds_fields);
static const struct field  first_fields[] = {
	 COLUMN(struct since_in, first),
	 FIELD_END,
};
static const struct schema first_in = SCHEMA("SinceFirstIn", struct since_in, first_fields);

static const struct field deed_fields[] = {
	FIELD(struct since_deed, action, .doc = "What was done."),
	FIELD(struct since_deed, count, .doc = "How often."),
	FIELD_END,
};
const struct schema       since_deed_schema = SCHEMA("SinceDeed", struct since_deed, deed_fields);
static const struct field come_fields[] = {
	COLUMN(struct archive_since, snapshots),
	COLUMN(struct archive_since, alerts),
	FIELD_END,
};
static const struct schema come_out = SCHEMA("SinceCome", struct archive_since, come_fields);

SQL(since_select_deeds, SQL_TENANT, &deeds_in, &since_deed_schema,
    "SELECT action, COUNT(*) AS count FROM (SELECT action FROM audit WHERE seq > :present"
    " UNION ALL SELECT action FROM audit_former WHERE chain > :chain"
    " OR (chain = :chain AND seq > :entries)) AS since"
    " GROUP BY action ORDER BY count DESC, action LIMIT 200");
SQL(since_select_come, SQL_TENANT, &first_in, &come_out,
    "SELECT (SELECT COUNT(*) FROM config_snapshots WHERE id >= :first) AS snapshots,"
    " (SELECT COUNT(*) FROM alerts WHERE id >= :first) AS alerts");
_Static_assert(SINCE_DEEDS == 200, "as in the statement");

bool
archive_since(struct tenant_db *t, TALLOC_CTX *mem, uint64_t chain, const struct archive_point *p,
    struct archive_since *out, struct err *e)
{
	const struct since_in in = { *p, p->chain == chain ? p->entries : 0, uuid_first(p->at.ms) };
	struct since_deed    *deeds;

	if (!db_one(t->db, mem, &since_select_come, &in, out, e) ||
	    !db_all(
		t->db, mem, &since_select_deeds, &in, INTO(&deeds, &out->deeds.n, SINCE_DEEDS), e))
		return false;
	out->deeds.p = deeds;
	return true;
}
