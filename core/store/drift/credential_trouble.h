/*
 * credential_trouble.h - what is known of a credential that is refused, or ends soon.
 *
 * By its digest (source_credential.h): of those configs that show it one tries it while it is refused, and it is told
 * of once.  All of it is by the database's clock.
 *
 * Errors: those of db.h.
 */
#ifndef BSX_STORE_DRIFT_CREDENTIAL_TROUBLE_H
#define BSX_STORE_DRIFT_CREDENTIAL_TROUBLE_H

#include "core/store/tenant/tenant_db.h"

struct credential_trouble {
	int64_t     failures; /* in a row; 0: it works */
	int64_t     wait_ms;  /* until it may be tried; 0: now */
	struct uuid told_in;  /* config whose alert tells of it; nil: none of those that show it */
	int64_t     told_days; /* its end was told so many days before; 0: not yet */
	struct uuid eldest;   /* of the configs that show it; nil: none does */
	int64_t     configs;  /* that show it */
};
MUST_USE bool credential_trouble(struct db *db, TALLOC_CTX *mem, struct blob digest,
    struct credential_trouble *t, struct err *e);
/* *won: it works, or it is this caller's turn to try it, and for `lease_s` nobody else's. */
MUST_USE bool credential_try(
    struct db *db, struct blob digest, int64_t lease_s, bool *won, struct err *e);
/* Whose turn it was has not tried it: it is anybody's again. */
MUST_USE bool credential_untried(struct db *db, struct blob digest, struct err *e);
/* It was refused once more; nobody tries it for so long. */
MUST_USE bool credential_refused(struct db *db, struct blob digest, const struct uuid *told_in,
    int64_t wait_ms, struct err *e);
/* Who was told of its end shows another now: it is told again. */
MUST_USE bool credential_end_untold(struct db *db, struct blob digest, struct err *e);
MUST_USE bool credential_works(struct db *db, struct blob digest, struct err *e);
/* *first: nobody has told of its end so many days before, nor later. */
MUST_USE bool credential_tell_end(struct db *db, struct blob digest, int64_t days, bool *first, struct err *e);

#endif
