/*
 * role.h - roles of one tenant and the permissions they hold.
 */
#ifndef BSX_STORE_IDENTITY_ROLE_H
#define BSX_STORE_IDENTITY_ROLE_H

#include "core/store/tenant/tenant_db.h"

struct role_row {
	struct uuid id;
	char       *name;
	char       *description;
	bool        built_in;
	instant     created_at;
};

/* ERR_MISSING: no such role. */
MUST_USE bool role_by_name(struct tenant_db *t, TALLOC_CTX *mem, const char *name, struct role_row *r, struct err *e);
/* Inserts, or brings description and built_in of the role of that name up to date (its id stays). */
MUST_USE bool role_put(struct tenant_db *t, const struct role_row *r, struct err *e);
/* A new one.  ERR_CONFLICT: there is one of that name. */
MUST_USE bool role_add(struct tenant_db *t, const struct role_row *r, struct err *e);
/* Name and description of the one with that id. */
MUST_USE bool role_set(struct tenant_db *t, const struct role_row *r, struct err *e);
/* With its permissions; who has it still is for the caller to have looked at. */
MUST_USE bool role_delete(struct tenant_db *t, const struct uuid *role, struct err *e);
/* Replaces its permissions by these texts. */
MUST_USE bool role_set_permissions(struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *role,
    struct strings permissions, struct err *e);

/* A role as it is answered. */
struct role_view {
	struct uuid    id;
	char          *name;
	char          *description;
	bool           built_in;
	struct strings permissions; /* as they stand in the role, e.g. "read:*" */
	instant        created_at;
	char          *granted;     /* `permissions` as the database gives them, LF between; NULL: none */
};
extern const struct schema role_view_schema;

/* ERR_MISSING: no such role. */
MUST_USE bool role_view_by_id(struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *id, struct role_view *r, struct err *e);
MUST_USE bool role_view_by_name(struct tenant_db *t, TALLOC_CTX *mem, const char *name, struct role_view *r, struct err *e);
/* Newest first, after the id `after` (nil: from the newest). */
MUST_USE bool role_list(struct tenant_db *t, TALLOC_CTX *mem, struct page *p, struct err *e);

#endif
