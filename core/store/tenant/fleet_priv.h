/*
 * fleet_priv.h - who may see which tenants of the fleet, in SQL: what its pages share.
 */
#ifndef BSX_STORE_TENANT_FLEET_PRIV_H
#define BSX_STORE_TENANT_FLEET_PRIV_H

#include "core/store/tenant/database.h"
#include "core/store/tenant/fleet.h"

/* Marks of who asks (struct fleet_asked), of a struct that has it as its member m. */
#define FLEET_ASKER(T, m)                                                                          \
	COLUMN_AS(T, m.home, "home"), COLUMN_AS_NULL(T, m.guest, "guest"),                         \
	    COLUMN_AS_NULL(T, m.user, "user"), COLUMN_AS(T, m.everything, "everything"),           \
	    COLUMN_AS(T, m.single, "single"), COLUMN_AS(T, m.bits, "bits")

/* Grants that count, to who asks. */
#define FLEET_GIVEN                                                                                \
	"g.grantee_tenant = :guest AND (g.grantee_user IS NULL OR g.grantee_user = :user)"         \
	" AND g.revoked_at IS NULL AND g.expires_at > NOW(3)"
/* FLEET_ALERTS, and no FLEET_FACTOR that is lacking */
#define FLEET_LENDS "(BIT_OR(g.lends) & IF(:single, 9, 1)) = 1"
/* Which tenants: all the platform's, else one's own and what is lent; `only` holds for each. */
#define FLEET_MAY(only_own, only_lent)                                                             \
	"SELECT t.id, :bits AS bits, 0 AS lent FROM tenants t WHERE (:everything OR t.id = :home)" \
	only_own " UNION ALL SELECT g.tenant_id, BIT_OR(g.lends) & :bits, 1 FROM grants g"         \
	" WHERE NOT :everything AND " FLEET_GIVEN only_lent                                        \
	" GROUP BY g.tenant_id HAVING " FLEET_LENDS
/* One that is not active lends nothing but the sight of that. */
#define FLEET_BITS "IF(m.lent AND t.status <> 'active', 0, m.bits)"
/* It is there, and what its grants lend is as they were counted. */
#define FLEET_STANDS                                                                               \
	"t.status IN ('active', 'suspended', 'deleting')"                                          \
	" AND (NOT m.lent OR f.counted >= f.roles_marked)"
/* With its t and f: a grant lends it now, to whoever asks. */
#define FLEET_LENT(id)                                                                             \
	"COALESCE(t.status = 'active' AND f.counted >= f.roles_marked AND (SELECT " FLEET_LENDS    \
	" FROM grants g WHERE g.tenant_id = " id " AND " FLEET_GIVEN "), FALSE)"
/* Of a row s that is shown: one may go there; the platform's people by a grant alone, who see it in any case. */
#define FLEET_ENTERED                                                                              \
	"(s.lent AND t.status = 'active') OR (:everything AND " FLEET_LENT("s.id") ")"

/* In the transaction that writes the row of the fleet: these in the place of those before. */
MUST_USE bool fleet_alerts_put(struct db *db, const struct fleet_counted *in, struct err *e);

#endif
