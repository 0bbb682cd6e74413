/* fleet.h: the page of a caller. */
#include "core/store/tenant/fleet_priv.h"

struct page_in {
	struct page        page;
	struct fleet_asked a;
	struct uuid        only;  /* nil: all */
	int64_t            worst; /* of page.after */
};
static const struct field page_fields[] = {
	PAGE_COLUMNS(struct page_in, page),
	FLEET_ASKER(struct page_in, a),
	COLUMN_AS_NULL(struct page_in, a.status, "status"),
	COLUMN_AS_NULL(struct page_in, a.severity, "severity"),
	COLUMN_AS_NULL(struct page_in, a.blind, "blind"),
	COLUMN_NULL(struct page_in, only),
	COLUMN(struct page_in, worst),
	FIELD_END,
};
static const struct schema page_in = SCHEMA("FleetPageIn", struct page_in, page_fields);
static const struct field  row_fields[] = {
	 COLUMN(struct fleet_row, id),
	 COLUMN(struct fleet_row, slug),
	 COLUMN(struct fleet_row, name),
	 COLUMN(struct fleet_row, status),
	 COLUMN(struct fleet_row, quota),
	 COLUMN(struct fleet_row, bits),
	 COLUMN(struct fleet_row, lent),
	 COLUMN(struct fleet_row, worst),
	 COLUMN(struct fleet_row, critical),
	 COLUMN(struct fleet_row, high),
	 COLUMN(struct fleet_row, medium),
	 COLUMN(struct fleet_row, low),
	 COLUMN(struct fleet_row, info),
	 COLUMN(struct fleet_row, security),
	 COLUMN_NULL(struct fleet_row, untaken_at),
	 COLUMN(struct fleet_row, configs),
	 COLUMN(struct fleet_row, blind),
	 COLUMN_NULL(struct fleet_row, snapshot_at),
	 COLUMN(struct fleet_row, users),
	 COLUMN(struct fleet_row, api_keys),
	 COLUMN(struct fleet_row, snapshots),
	 COLUMN(struct fleet_row, day),
	 COLUMN(struct fleet_row, storage_bytes),
	 COLUMN_NULL(struct fleet_row, counted_at),
	 FIELD_END,
};
static const struct schema row_schema = SCHEMA("FleetRow", struct fleet_row, row_fields);

#define MAY                                                                                        \
	FLEET_MAY(                                                                                 \
	    " AND (:only IS NULL OR t.id = :only)", " AND (:only IS NULL OR g.tenant_id = :only)")
/* By what is not to be seen nothing is sorted or found. */
#define BITS  FLEET_BITS
#define WORST "IF(" BITS " & 1, COALESCE(f.worst, 0), 0)"
#define FITS                                                                                       \
	"(:status IS NULL OR t.status = :status)"                                                  \
	" AND (:severity IS NULL OR (" BITS " & 1 AND f.critical"                                  \
	" + IF(:severity <> 'critical', f.high, 0)"                                                \
	" + IF(:severity IN ('medium', 'low', 'info'), f.medium, 0)"                               \
	" + IF(:severity IN ('low', 'info'), f.low, 0)"                                            \
	" + IF(:severity = 'info', f.info, 0) > 0))"                                               \
	" AND (:blind IS NULL OR (" BITS " & 2 AND IF(f.blind > 0, 'true', 'false') = :blind))"
/* A page of numbers, before what is long is read. */
#define PAGE                                                                                       \
	"SELECT m.id, m.lent, " BITS " AS bits, " WORST " AS worst FROM (" MAY ") m"               \
	" STRAIGHT_JOIN tenants t ON t.id = m.id"                                                  \
	" LEFT JOIN fleet f ON f.schema_name = t.schema_name"                                      \
	" WHERE " FLEET_STANDS " AND " FITS " AND (:after IS NULL OR " WORST                       \
	" < :worst OR (" WORST " = :worst AND m.id > :after))"                                     \
	" ORDER BY worst DESC, id LIMIT :limit"
#define N(column) "COALESCE(f." #column ", 0) AS " #column ", "

SQL(fleet_select, SQL_CONTROL, &page_in, &row_schema,
    "SELECT s.id, t.slug, t.name, t.status, t.quota, s.bits, " FLEET_ENTERED
    " AS lent, s.worst, " N(critical) N(high) N(medium) N(low) N(info)
	N(security) "f.untaken_at, " N(configs) N(blind) "f.snapshot_at, " N(users) N(api_keys)
	    N(snapshots) N(day) N(storage_bytes) "f.counted_at FROM (" PAGE ") s"
						 " STRAIGHT_JOIN tenants t ON t.id = s.id LEFT "
						 "JOIN fleet f ON f.schema_name = t.schema_name"
						 " ORDER BY s.worst DESC, s.id");

/* The row behind which the page begins, as far as it is to be seen. */
static bool
find_after(struct database *d, TALLOC_CTX *mem, struct page_in *in, struct err *e)
{
	struct page_in one = *in;
	struct page    p = { .want = 1 };

	one.only = in->page.after;
	one.page = p;
	one.a.status = one.a.severity = one.a.blind = NULL;
	if (!page_read(d->control, mem, &fleet_select, &one, &p, e))
		return false;
	if (p.n == 0)
		in->page.after = (struct uuid) { 0 };
	else
		in->worst = ((const struct fleet_row *)p.rows)->worst;
	return true;
}

bool
fleet_page(struct database *d, TALLOC_CTX *mem, const struct fleet_asked *asked, struct page *p,
    struct err *e)
{
	struct page_in in = { .page = *p, .a = *asked };

	return (uuid_is_nil(&p->after) || find_after(d, mem, &in, e)) &&
	       page_read(d->control, mem, &fleet_select, &in, p, e);
}
