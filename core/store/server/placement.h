/*
 * placement.h - schemas of a host where one account does everything (db.isolation "schema").
 *
 * There nobody may make schemas and accounts: the operator makes empty schemas in the host's panel and registers them, and a
 * tenant, or the pool, takes one.  Everywhere else in the program a schema keeps the name that it would have ("bsxt" and 16
 * hex digits); where it stands is known here alone, and to the connection (db_options.place).  Who is meant by a call of the
 * control schema is not the account there, but what the connection has said of itself when it was opened; so tenants are kept
 * apart by this program, and no longer by the database.
 */
#ifndef BSX_STORE_SERVER_PLACEMENT_H
#define BSX_STORE_SERVER_PLACEMENT_H

#include "core/store/server/provision.h"

/*
 * That schema is one to take from now on.  Also one that is registered already.  ERR_INVALID: it is no name, or not there;
 * ERR_FORBIDDEN: the account lacks a right in it; ERR_CONFLICT: something stands in it, or it is a tenant's of another list.
 */
MUST_USE bool placement_register(const struct provision *p, const char *place, struct err *e);

struct placement_count {
	int64_t empty, taken;
};
MUST_USE bool placement_count(struct database *d, struct placement_count *out, struct err *e);

/* ERR_QUOTA with a sentence where there is none to take. */
MUST_USE bool placement_check(struct database *d, struct err *e);
/*
 * One for that schema, where it has none yet; ready to be migrated, and marked as its own by the schema's comment.
 * ERR_QUOTA: there is none to take; ERR_GONE: what was to be taken is another's by now, and off the list.
 */
MUST_USE bool placement_take(const struct provision *p, const char *schema_name, struct err *e);
/* All that stands in it goes, and then it is empty again.  Repeatable; one that has no place has nothing to lose. */
MUST_USE bool placement_give_back(const struct provision *p, const char *schema_name, struct err *e);

#endif
