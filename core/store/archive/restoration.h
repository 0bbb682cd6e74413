/*
 * restoration.h - a tenant on its way from one schema to another: rows of the control schema.
 *
 * "making": the schema is filled, and nobody knows it.  "held": so it is still, and the tenant's own account is kept out of its
 * schema (core/store/server/spare.h) while the last of it is carried over.  restoration_turn() is one transaction: before it
 * the tenant is in its old schema, after it in the new one, and the row, "former", is of the old one until that is dropped.  It
 * keeps what the old one was called and set to, and what was due of it: with that somebody can go back to it.
 *
 * Who is killed leaves a row.  One that is held longer than RESTORATION_HELD_S has lost its turn: it is "freed", so that there is
 * none, until the account gets in again, and then "making"; one that is made longer than RESTORATION_MAKING_S is dropped.
 */
#ifndef BSX_STORE_ARCHIVE_RESTORATION_H
#define BSX_STORE_ARCHIVE_RESTORATION_H

#include "core/store/drift/schedule.h"
#include "core/store/tenant/tenant_db.h"

#define RESTORATION_HELD_S   60
#define RESTORATION_MAKING_S 86400

struct restoration {
	const char *schema_name;
	struct uuid tenant_id, archive;
	const char *state;
	instant     at, drop_at; /* by the database's clock; not of one that is begun */
	const char *name, *settings; /* of a former one; "": nobody has kept them */
};

/* Begun: "making", of that schema, tenant and archive. */
MUST_USE bool restoration_begin(struct database *d, const struct restoration *r, struct err *e);
/* Of one tenant, oldest first; at most RESTORATIONS_MAX. */
#define RESTORATIONS_MAX 100
MUST_USE bool restorations_of(struct database *d, TALLOC_CTX *mem, const struct uuid *tenant, struct restoration **list,
    size_t *n, struct err *e);
/* Of all tenants, those whose schema is to be dropped by now, and those that keep an account out too long. */
MUST_USE bool restorations_due(struct database *d, TALLOC_CTX *mem, struct restoration **list, size_t *n, struct err *e);

/* "held" from "making".  ERR_GONE: somebody has begun another one. */
MUST_USE bool restoration_hold(struct database *d, const char *schema_name, struct err *e);
/* "freed" from that; *mine false: it is not held, or no more.  Then the account is let in, and it is "making" again. */
MUST_USE bool restoration_free(struct database *d, const char *schema_name, bool *mine, struct err *e);
MUST_USE bool restoration_freed(struct database *d, const char *schema_name, struct err *e);

/*
 * The turn.  ERR_CONFLICT: the tenant is not as it was; ERR_GONE: it is not held any more.
 */
struct restoration_turn {
	struct uuid                tenant_id;
	const char                *was, *next; /* schemas */
	const char                *name, *settings;
	int64_t                    schema_version;
	int64_t                    grace_s; /* until the old one may be dropped */
	const struct schedule_row *due;     /* what is due of the new one by the clock */
	size_t                     due_n;
};
MUST_USE bool restoration_turn(struct database *d, const struct restoration_turn *t, struct err *e);

/* The former one of that tenant that it had last; ERR_MISSING: there is none. */
MUST_USE bool restoration_last(struct database *d, TALLOC_CTX *mem, const struct uuid *tenant, struct restoration *out,
    struct err *e);
/* It is dropped no sooner than in RESTORATION_KEPT_S, and what was due of it.  ERR_GONE: it is dropped. */
#define RESTORATION_KEPT_S 3600
MUST_USE bool restoration_keep(struct database *d, TALLOC_CTX *mem, const char *schema_name, struct schedule_row **due, size_t *n,
    struct err *e);

/* What the control schema knows of a schema that is no more (provision_drop), and the row. */
MUST_USE bool restoration_forget(struct database *d, const char *schema_name, struct err *e);

#endif
