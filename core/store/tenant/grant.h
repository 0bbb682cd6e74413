/*
 * grant.h - what one tenant lets people of another do in it, until a day: rows of the control schema.
 *
 * Given and ended inside a transaction of a tenant's own connection, through procedures that take the tenant from the
 * account; read by the service.  A row is there until GRANT_KEPT_DAYS after its end.  A grant counts while it is neither
 * revoked nor past its end, on the database's clock, and both tenants are active.
 *
 * Errors: ERR_MISSING, ERR_CONFLICT as said below; and those of db.h.
 */
#ifndef BSX_STORE_TENANT_GRANT_H
#define BSX_STORE_TENANT_GRANT_H

#include "core/store/tenant/tenant_db.h"

#define GRANT_KEPT_DAYS 400
#define GRANTS_MOST     200 /* of one tenant that count at a time */
#define GRANTS_USED     20  /* of them to one tenant */
#define GRANTS_A_DAY    50  /* made by one for another in a day: each stands in both trails */

struct grant {
	struct uuid id, tenant_id, grantee_tenant, grantee_user; /* user nil: all people and keys of that tenant */
	char       *roles;        /* ids of roles of tenant_id, as text, commas between */
	char       *role_names;   /* as they were called then, LF between */
	char       *reason;
	struct uuid given_tenant, given_by;
	char       *given_name;
	instant     created_at, expires_at, revoked_at, used_at; /* 0: not yet */
	char       *revoked_name; /* NULL: not revoked */
	char       *slug, *name, *grantee_slug, *grantee_name;   /* of the two tenants; NULL: it is gone */
	bool        counts;       /* now */
};

/* ---- inside a transaction of the tenant that gives ---- */

/* ERR_CONFLICT: one of the two is not active, or there are too many. */
MUST_USE bool grant_add(struct tenant_db *t, const struct grant *g, bool by_platform, struct err *e);
/* Of either of the two.  ERR_CONFLICT: it is over. */
MUST_USE bool grant_revoke(struct tenant_db *t, const struct uuid *id, bool by_platform, const char *name, struct err *e);

/* ---- reading ---- */

MUST_USE bool grant_by_id(struct database *d, TALLOC_CTX *mem, const struct uuid *id, struct grant *g, struct err *e);
/* Given by that tenant, or `received` by it; newest first. */
MUST_USE bool grant_page(struct database *d, TALLOC_CTX *mem, const struct uuid *tenant, bool received, struct page *p,
    struct err *e);

/* Those that it has given and that count now, newest first: *list is an array of *n, GRANTS_MOST at most. */
MUST_USE bool grants_counting(struct database *d, TALLOC_CTX *mem, const struct uuid *tenant, struct grant **list, size_t *n,
    struct err *e);

/* Who would act, and where: by the tenant's slug or, where that is NULL, its id. */
struct grant_asked {
	struct uuid home, user;
	const char *slug;
	struct uuid id;
};
struct grant_lent {
	struct uuid id, tenant_id;
	char       *roles;
	instant     expires_at;
};
/* Those that count now: it is asked each time, never kept.  *n 0: there are none, or no such tenant. */
MUST_USE bool grants_lent(struct database *d, TALLOC_CTX *mem, const struct grant_asked *in, struct grant_lent **list,
    size_t *n, struct err *e);

/* Noted for who gave it. */
MUST_USE bool grant_used(struct database *d, const struct uuid *id, struct err *e);
/* A role of that tenant that is lent by a grant that counts. */
MUST_USE bool grant_has_role(struct database *d, const struct uuid *tenant, const struct uuid *role, bool *yes, struct err *e);
/* Those that were over long ago. */
MUST_USE bool grants_forget(struct database *d, struct err *e);

#endif
