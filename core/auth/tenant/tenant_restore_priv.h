/*
 * tenant_restore_priv.h - the steps of a tenant's way into another schema of its own: to an archive (tenant_restore.c), and back
 * from there (tenant_back.c).
 */
#ifndef BSX_AUTH_TENANT_TENANT_RESTORE_PRIV_H
#define BSX_AUTH_TENANT_TENANT_RESTORE_PRIV_H

#include "core/auth/audit_closed.h"
#include "core/auth/tenant/tenant_restore.h"
#include "core/store/archive/archive_snapshot.h"
#include "core/store/archive/archive_trail.h"
#include "core/store/archive/restoration.h"

struct restoring {
	struct deed_by           by; /* its t: in the schema that it has */
	const struct provision  *p;
	int64_t                  grace_s;
	const char              *actor_name;
	struct archive_take      take;     /* its by.t: in the one that is filled */
	struct archive_snapshot *snapshot; /* of the one that it goes back to; NULL: to take's archive */
	struct tenant            next;     /* the tenant as it will be */
	struct restoration       row;
	struct archive_trail     trail;
	struct db               *from, *to; /* what carries the trail */
	struct audit_closed      archived;  /* where what it goes back to ends, in one of our chains */
	int64_t                  began_ns;  /* since when nobody can use it */
	bool (*fill)(struct restoring *x, struct err *e); /* all but the trail; the schema is there */
};

/* Of what it goes back to; valid until that is opened anew. */
const struct archive_head *restoring_head(const struct restoring *x);
/* ERR_CONFLICT, ERR_INVALID, ERR_FORBIDDEN: a tenant that has no other schema. */
MUST_USE bool restoring_may(const struct restoring *x, struct err *e);
/* x->archived and the present chain's number; ERR_CONFLICT: the one is not the beginning of the other. */
MUST_USE bool restoring_trail(struct restoring *x, struct err *e);
/* All of it, with a schema that begins at that version. */
MUST_USE bool restoring_run(struct restoring *x, int64_t version, struct err *e);
void          restoring_end(struct restoring *x);

#endif
