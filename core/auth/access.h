/*
 * access.h - permissions: action:resource, 128 bits, and the built-in roles.
 */
#ifndef BSX_AUTH_ACCESS_H
#define BSX_AUTH_ACCESS_H

#include "core/base/clock.h"
#include "core/base/rand.h"
#include "core/store/tenant/tenant_db.h"

#define ACTIONS(X) \
	X(READ, "read") X(CREATE, "create") X(UPDATE, "update") X(DELETE, "delete") \
	X(ASSIGN, "assign") X(EXECUTE, "execute") X(WRITE, "write") X(MANAGE, "manage")
#define RESOURCES(X) \
	X(USERS, "users") X(ROLES, "roles") X(API_KEYS, "api_keys") X(TENANTS, "tenants") \
	X(SETTINGS, "settings") X(DRIFT, "drift") X(SNAPSHOTS, "snapshots") X(ALERTS, "alerts") \
	X(CHANNELS, "channels") X(AUDIT, "audit") X(METRICS, "metrics")

enum action {
#define X(id, text) ACTION_##id,
	ACTIONS(X)
#undef X
	ACTION__MAX
};
enum resource_kind {
#define X(id, text) RESOURCE_##id,
	RESOURCES(X)
#undef X
	RESOURCE__MAX
};

/* Bit action * 16 + resource. `manage` on a resource sets the bits of all its actions. */
struct permissions {
	uint64_t bits[2];
};

/* What the bits mean: another hash, where another word stands in a list, or in another place. */
uint64_t permissions_meaning(void);

bool permission_has(const struct permissions *p, enum action a, enum resource_kind r);
/* Adds what "read:*", "*:drift", "*:*" or "create:users" stands for; false: not a permission. */
bool permission_add(struct permissions *p, const char *text);
/* The same for each; false: one is no permission (the others are added). */
bool permissions_add(struct permissions *p, struct strings texts);
/* The same of what is given: a text that this program does not know may stand for anything to a newer one. */
void permissions_add_given(struct permissions *p, struct strings texts);
/* "create:users" in `out`. */
#define PERMISSION_TEXT_MAX 32
void permission_print(enum action a, enum resource_kind r, char out[static PERMISSION_TEXT_MAX]);
/*
 * What counts in a tenant: outside `platform` nobody reads metrics or creates
 * tenants, whatever a role says; other *:tenants bits stay, for one's own.
 */
#define PLATFORM_SLUG "platform"
bool tenant_is_platform(const struct tenant *t);
void permissions_bound(struct permissions *p, const struct tenant *t);
/*
 * What is lent of it to people of another tenant: nothing that gives power or outlives the grant.  Drift, snapshots and
 * alerts whole; of users, roles, keys, tenants, settings, channels and the audit trail reading alone.
 */
void permissions_bound_lent(struct permissions *p);
/*
 * What an API key may do of it: without `administrative` it changes no users, roles, keys, tenants or settings
 * (it may read them), and no key makes keys.
 */
void permissions_bound_key(struct permissions *p, bool administrative);
/* It changes one of those. */
bool permissions_give_power(const struct permissions *p);
/* The text names one of those resources and more than reading: "update:users", "*:settings"; not "*:*". */
bool permission_needs_administrative(const char *text);
void permissions_join(struct permissions *p, const struct permissions *with);
void permissions_intersect(struct permissions *p, const struct permissions *with);
/* Every bit of `want` is in `have`. */
bool permission_covers(const struct permissions *have, const struct permissions *want);
/* The list as answers have it (/api/openapi.json), e.g. ["read:users", ...]: one entry per bit, catalogue order. */
MUST_USE bool permission_list(TALLOC_CTX *mem, const struct permissions *p, struct strings *out, struct err *e);

/* One built-in role, for the catalogue and the installer. */
struct built_in_role {
	const char        *name;
	bool               platform_only;
	const char        *description;
	const char *const *permissions; /* NULL-terminated */
};
extern const struct built_in_role built_in_roles[]; /* ended by name == NULL */

/* Makes the built-in roles (and platform_admin in the tenant "platform"); idempotent. */
MUST_USE bool access_install_roles(struct tenant_db *t, TALLOC_CTX *mem, struct rand *r,
    const struct clock *c, struct err *e);

#endif
