/* fleet.h: the open alerts of all tenants, as they were counted. */
#include <assert.h>
#include <string.h>

#include "core/base/hash.h"
#include "core/store/tenant/fleet_priv.h"
#include "core/store/tx.h"

/* ---- counting ---- */

struct each_in {
	int64_t limit;
};
static const struct field each_fields[] = {
	COLUMN(struct each_in, limit),
	FIELD_END,
};
static const struct schema each_in = SCHEMA("FleetAlertsIn", struct each_in, each_fields);
static const struct field  alert_fields[] = {
	 COLUMN_AS(struct fleet_alert, alert_id, "id"),
	 COLUMN(struct fleet_alert, kind),
	 COLUMN(struct fleet_alert, severity),
	 COLUMN(struct fleet_alert, status),
	 COLUMN(struct fleet_alert, opened_at),
	 COLUMN(struct fleet_alert, taken),
	 FIELD_END,
};
static const struct schema alert_out = SCHEMA("FleetAlertOpen", struct fleet_alert, alert_fields);

/* Of those that are counted by their severity (fleet_select_alerts): the others are for who has
 * read:audit alone. */
SQL(fleet_select_open, SQL_TENANT, &each_in, &alert_out,
    "SELECT id, kind, severity, status, opened_at,"
    " (status <> 'open' OR assigned_to IS NOT NULL) AS taken FROM alerts FORCE INDEX (open_key)"
    " WHERE open_key IS NOT NULL AND suppressed_by IS NULL"
    " AND kind <> 'security' ORDER BY FIELD(severity, 'critical', 'high', 'medium', 'low', "
    "'info'), taken, opened_at, id"
    " LIMIT :limit");

bool
fleet_count_alerts(
    struct tenant_db *t, TALLOC_CTX *mem, struct fleet_alert **rows, size_t *n, struct err *e)
{
	const struct each_in in = { FLEET_ALERTS_EACH };

	return db_all(t->db, mem, &fleet_select_open, &in, INTO(rows, n, FLEET_ALERTS_EACH), e);
}

/* ---- the order ---- */

static const char *const severities[] = { "critical", "high", "medium", "low", "info" };
#define SEVERITIES (sizeof(severities) / sizeof(severities[0]))

/* From 1, so that a place is never nil; a word that is none of them stands last. */
static uint8_t
rank_of(const char *severity)
{
	uint8_t i = 0;

	while (i < SEVERITIES && strcmp(severity, severities[i]) != 0)
		i++;
	return (uint8_t)(i + 1);
}

#define PLACE_TAKEN 1 /* bytes: how severe, taken, since when in milliseconds, and which */
#define PLACE_SINCE 2
#define PLACE_WHICH 8

/* An alert has another one in each tenant: what is moved between them keeps its number. */
static struct uuid
place_of(const char *schema_name, const struct fleet_alert *a)
{
	struct uuid place = { 0 };
	uint8_t     which[HASH_LEN], both[sizeof(a->alert_id.b) + HASH_LEN];

	place.b[0] = rank_of(a->severity);
	place.b[PLACE_TAKEN] = a->taken;
	for (size_t i = PLACE_SINCE; i < PLACE_WHICH; i++)
		place.b[i] = (uint8_t)((uint64_t)a->opened_at.ms >> 8 * (PLACE_WHICH - 1 - i));
	memcpy(both, a->alert_id.b, sizeof(a->alert_id.b));
	hash_sha256(schema_name, strlen(schema_name), both + sizeof(a->alert_id.b));
	hash_sha256(both, sizeof(both), which);
	memcpy(place.b + PLACE_WHICH, which, sizeof(place.b) - PLACE_WHICH);
	return place;
}

/* ---- writing ---- */

struct put_in {
	const char        *schema_name;
	struct uuid        place;
	struct fleet_alert a;
};
static const struct field put_fields[] = {
	COLUMN(struct put_in, schema_name),
	COLUMN(struct put_in, place),
	COLUMN_AS(struct put_in, a.alert_id, "alert_id"),
	COLUMN_AS(struct put_in, a.kind, "kind"),
	COLUMN_AS(struct put_in, a.severity, "severity"),
	COLUMN_AS(struct put_in, a.status, "status"),
	COLUMN_AS(struct put_in, a.opened_at, "opened_at"),
	COLUMN_AS(struct put_in, a.taken, "taken"),
	FIELD_END,
};
static const struct schema put_in = SCHEMA("FleetAlertIn", struct put_in, put_fields);
static const struct field  all_fields[] = {
	 COLUMN(struct put_in, schema_name),
	 FIELD_END,
};
static const struct schema all_in = SCHEMA("FleetAlertsOfIn", struct put_in, all_fields);

SQL(fleet_delete_alerts, SQL_CONTROL, &all_in, NULL,
    "DELETE FROM fleet_alerts WHERE schema_name = :schema_name");
SQL(fleet_insert_alerts, SQL_CONTROL, &put_in, NULL,
    "INSERT INTO fleet_alerts (schema_name, place, alert_id, kind, severity, status, opened_at,"
    " taken) VALUES (:schema_name, :place, :alert_id, :kind, :severity, :status, :opened_at,"
    " :taken)");

bool
fleet_alerts_put(struct db *db, const struct fleet_counted *in, struct err *e)
{
	struct put_in all[FLEET_ALERTS_EACH] = { { .schema_name = in->row->schema_name } };

	assert(in->alerts_n <= FLEET_ALERTS_EACH);
	if (!tx_later(db, &fleet_delete_alerts, &all[0], e))
		return false;
	for (size_t i = 0; i < in->alerts_n; i++)
		all[i] = (struct put_in) { in->row->schema_name,
			place_of(in->row->schema_name, &in->alerts[i]), in->alerts[i] };
	return tx_later_many(db, &fleet_insert_alerts, all, in->alerts_n, e);
}

/* ---- reading ---- */

struct page_in {
	struct page        page;
	struct fleet_asked a;
	struct uuid        until; /* the first place behind those that are so severe */
};
static const struct field page_fields[] = {
	COLUMN_AS(struct page_in, page.after, "after"), /* nil is before all of them */
	COLUMN_AS(struct page_in, page.want, "limit"),
	FLEET_ASKER(struct page_in, a),
	COLUMN(struct page_in, until),
	FIELD_END,
};
static const struct schema page_in = SCHEMA("FleetAlertPageIn", struct page_in, page_fields);
static const struct field  row_fields[] = {
	 COLUMN(struct fleet_alert_row, place),
	 COLUMN(struct fleet_alert_row, tenant_id),
	 COLUMN(struct fleet_alert_row, slug),
	 COLUMN(struct fleet_alert_row, name),
	 COLUMN(struct fleet_alert_row, lent),
	 COLUMN_AS(struct fleet_alert_row, a.alert_id, "alert_id"),
	 COLUMN_AS(struct fleet_alert_row, a.kind, "kind"),
	 COLUMN_AS(struct fleet_alert_row, a.severity, "severity"),
	 COLUMN_AS(struct fleet_alert_row, a.status, "status"),
	 COLUMN_AS(struct fleet_alert_row, a.opened_at, "opened_at"),
	 COLUMN_AS(struct fleet_alert_row, a.taken, "taken"),
	 COLUMN(struct fleet_alert_row, counted_at),
	 FIELD_END,
};
static const struct schema row_schema = SCHEMA("FleetAlertRow", struct fleet_alert_row, row_fields);

/*
 * Places alone, before what is long is read.  Along the list as far as it goes within a bound:
 * whoever sees most of the tenants has a page there.  Whoever does not gets it along each tenant
 * that is to be seen, of which there are fewer then.
 */
#define ALONG_MAX "1000"
#define ALONG                                                                                      \
	"SELECT t.id, l.schema_name, NOT (:everything OR t.id = :home) AS lent, l.place FROM"      \
	" (SELECT schema_name, place FROM fleet_alerts FORCE INDEX (place) WHERE place > :after"   \
	" AND place < :until ORDER BY place LIMIT " ALONG_MAX ") l"                                \
	" STRAIGHT_JOIN tenants t ON t.schema_name = l.schema_name"                                \
	" STRAIGHT_JOIN fleet f ON f.schema_name = l.schema_name"                                  \
	" WHERE t.status IN ('active', 'suspended', 'deleting')"                                   \
	" AND (:everything OR t.id = :home OR " FLEET_LENT(                                        \
	    "t.id") ") AND :bits & 1"                                                              \
		    " ORDER BY l.place LIMIT :limit"
#define EACH                                                                                       \
	"SELECT t.id, t.schema_name, m.lent, a.place FROM (" FLEET_MAY(                            \
	    "", "") ") m"                                                                          \
		    " STRAIGHT_JOIN tenants t ON t.id = m.id"                                      \
		    " STRAIGHT_JOIN fleet f ON f.schema_name = t.schema_name"                      \
		    " STRAIGHT_JOIN fleet_alerts a FORCE INDEX (PRIMARY) ON a.schema_name = "      \
		    "t.schema_name"                                                                \
		    " WHERE " FLEET_STANDS " AND " FLEET_BITS " & 1"                               \
		    " AND a.place > :after AND a.place < :until ORDER BY a.place LIMIT :limit"
#define ROWS_AT(places)                                                                            \
	"SELECT s.place, s.id AS tenant_id, t.slug, t.name, " FLEET_ENTERED " AS lent,"            \
	" a.alert_id, a.kind, a.severity, a.status, a.opened_at, a.taken, f.counted_at"            \
	" FROM (" places ") s STRAIGHT_JOIN tenants t ON t.id = s.id"                              \
	" STRAIGHT_JOIN fleet f ON f.schema_name = s.schema_name"                                  \
	" STRAIGHT_JOIN fleet_alerts a ON a.schema_name = s.schema_name AND a.place = s.place"     \
	" ORDER BY s.place"

SQL(fleet_select_alerts_along, SQL_CONTROL, &page_in, &row_schema, ROWS_AT(ALONG));
SQL(fleet_select_alerts_each, SQL_CONTROL, &page_in, &row_schema, ROWS_AT(EACH));

bool
fleet_alert_page(struct database *d, TALLOC_CTX *mem, const struct fleet_asked *asked,
    struct page *p, struct err *e)
{
	struct page_in in = { .page = *p, .a = *asked };

	in.until.b[0] =
	    asked->severity == NULL ? UINT8_MAX : (uint8_t)(rank_of(asked->severity) + 1);
	if (!page_read(d->control, mem, &fleet_select_alerts_along, &in, p, e))
		return false;
	return p->n == p->want || page_read(d->control, mem, &fleet_select_alerts_each, &in, p, e);
}
