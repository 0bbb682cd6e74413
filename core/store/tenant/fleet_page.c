/* fleet.h: the page of a caller. */
#include "core/store/tenant/database.h"
#include "core/store/tenant/fleet.h"

struct page_in {
	struct page        page;
	struct fleet_asked a;
	struct uuid        only;  /* nil: all */
	int64_t            worst; /* of page.after */
};
static const struct field page_fields[] = {
	PAGE_COLUMNS(struct page_in, page),
	COLUMN_AS(struct page_in, a.home, "home"),
	COLUMN_AS_NULL(struct page_in, a.guest, "guest"),
	COLUMN_AS_NULL(struct page_in, a.user, "user"),
	COLUMN_AS(struct page_in, a.everything, "everything"),
	COLUMN_AS(struct page_in, a.single, "single"),
	COLUMN_AS(struct page_in, a.bits, "bits"),
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

/* Grants that count, to who asks. */
#define GIVEN                                                                                      \
	"g.grantee_tenant = :guest AND (g.grantee_user IS NULL OR g.grantee_user = :user)"         \
	" AND g.revoked_at IS NULL AND g.expires_at > NOW(3)"
#define LENDS                                                                                      \
	"(BIT_OR(g.lends) & IF(:single, 9, 1)) = 1" /* FLEET_ALERTS, and no FLEET_FACTOR that is   \
						       lacking */
/* Which tenants: all the platform's, else one's own and what is lent. */
#define MAY                                                                                        \
	"SELECT t.id, :bits AS bits, 0 AS lent FROM tenants t WHERE (:everything OR t.id = :home)" \
	" AND (:only IS NULL OR t.id = :only)"                                                     \
	" UNION ALL SELECT g.tenant_id, BIT_OR(g.lends) & :bits, 1 FROM grants g"                  \
	" WHERE NOT :everything AND " GIVEN " AND (:only IS NULL OR g.tenant_id = :only)"          \
	" GROUP BY g.tenant_id HAVING " LENDS
/* One that is not active lends nothing but the sight of that; by what is not to be seen nothing is
 * sorted or found. */
#define BITS  "IF(m.lent AND t.status <> 'active', 0, m.bits)"
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
	" WHERE t.status IN ('active', 'suspended', 'deleting')"                                   \
	" AND (NOT m.lent OR f.counted >= f.roles_marked) AND " FITS                               \
	" AND (:after IS NULL OR " WORST " < :worst OR (" WORST " = :worst AND m.id > :after))"    \
	" ORDER BY worst DESC, id LIMIT :limit"
/* To the platform's people, who see it in any case. */
#define LENT_TOO                                                                                   \
	"(:everything AND t.status = 'active' AND f.counted >= f.roles_marked AND (SELECT " LENDS  \
	" FROM grants g WHERE g.tenant_id = s.id AND " GIVEN "))"
#define N(column) "COALESCE(f." #column ", 0) AS " #column ", "

SQL(fleet_select, SQL_CONTROL, &page_in, &row_schema,
    "SELECT s.id, t.slug, t.name, t.status, t.quota, s.bits, (s.lent AND t.status = 'active') OR"
    " COALESCE(" LENT_TOO ", FALSE) AS lent, s.worst, " N(critical) N(high) N(medium) N(low) N(info)
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
