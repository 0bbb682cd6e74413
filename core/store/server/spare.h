/*
 * spare.h - a second schema of a tenant, and how its account is kept out of the first while it changes over.
 */
#ifndef BSX_STORE_SERVER_SPARE_H
#define BSX_STORE_SERVER_SPARE_H

#include "core/store/server/provision.h"

/* A name that nobody has. */
MUST_USE char *spare_name(const struct provision *p, TALLOC_CTX *mem, struct err *e);
/*
 * That schema, with its account and rights, brought up to that version (migrate_newest(): up to date), at first empty.  Repeatable;
 * provision_drop() takes it away.
 */
MUST_USE bool spare_make(const struct provision *p, const char *schema_name, int64_t version, struct err *e);
/* Into that schema, what no archive has, but another one of the same tenant may: API keys and recovery codes. */
MUST_USE bool spare_carry_keys(const struct provision *p, const char *from, const char *to, struct err *e);

/*
 * From here on nobody signs in with the account of that schema; who has is sent away, what they had not committed is undone,
 * and none of them is left, but for the connections `mine`, which must be open and are known to be by their answer.  Until
 * spare_release(), whoever tries is told to come back (DB_BARRED).
 *
 * In a cluster only the node that is asked sends away; what is under way on another one ends by itself.
 *
 * ERR_FORBIDDEN: the provisioning account may not see or end connections of others; ERR_UNAVAILABLE: one did not end within
 * SPARE_WAIT_S.  Then it is for the caller to release.
 */
#define SPARE_MINE   2
#define SPARE_WAIT_S 20
struct spare_hold {
	const char *schema_name;
	struct db  *mine[SPARE_MINE];
};
MUST_USE bool spare_hold(const struct provision *p, const struct spare_hold *h, struct err *e);
/* Nobody new signs in with it, or does again. */
MUST_USE bool spare_lock(const struct provision *p, const char *schema_name, struct err *e);
MUST_USE bool spare_release(const struct provision *p, const char *schema_name, struct err *e);

#endif
