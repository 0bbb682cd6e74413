/*
 * operation.h - long work that a tenant has asked for: rows of the control schema, asked for in the tenant's transaction
 * and carried by whoever claims them, on the database's clock.
 *
 * A claim is a lease with a fence.  Each step that is told (operation_tell) holds it for OPERATION_LEASE_S more; who
 * has lost it is told so (ERR_CONFLICT), and leaves the work to the one that has it now.  A row is there until
 * OPERATION_KEPT_DAYS after its end.
 *
 * Errors: ERR_MISSING, ERR_CONFLICT as said below; and those of db.h.
 */
#ifndef BSX_STORE_TENANT_OPERATION_H
#define BSX_STORE_TENANT_OPERATION_H

#include "core/store/tenant/tenant_db.h"

#define OPERATION_LEASE_S   60
#define OPERATION_KEPT_DAYS 90
#define OPERATION_STEP_MAX  200 /* bytes */

struct operation {
	struct uuid     id, owner;           /* the tenant that asked */
	char           *kind;                /* a word of core/auth/operation.h */
	struct uuid     tenant_id, asked_by; /* that it is about; a user or API key of the owner: nil: none */
	char           *asked_name;
	char           *state;               /* "running", "done", "failed", "cancelled" */
	uint64_t        done, total;
	char           *step;                /* what is done now */
	struct blob     input;               /* sealed (operation_seal) */
	bool            cancel;              /* somebody asked for its end */
	int64_t         attempts;            /* in a row that came to nothing */
	instant         created_at, started_at, finished_at, next_due; /* 0: not yet */
	uint64_t        fence;
	char           *error;
	struct raw_json result;
};

/* ---- the side of who asks: inside its transaction ---- */

/* Due in due_s. */
MUST_USE bool operation_add(struct tenant_db *t, const struct operation *o, int64_t due_s, struct err *e);
/* ERR_CONFLICT: it is over, or is not this tenant's. */
MUST_USE bool operation_ask_end(struct tenant_db *t, const struct uuid *id, struct err *e);

/* What the work needs to know, sealed for that row. */
MUST_USE bool operation_seal(struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *id, struct str plain,
    struct blob *sealed, struct err *e);
MUST_USE bool operation_open(struct tenant_db *t, TALLOC_CTX *mem, const struct operation *o, struct str *plain,
    struct err *e);

/* Of that tenant and of these kinds (words with commas between), newest first. */
struct operation_filter {
	struct uuid owner;
	const char *kinds, *state, *kind; /* NULL: any state; any of those kinds */
};
MUST_USE bool operation_page(struct database *d, TALLOC_CTX *mem, const struct operation_filter *f,
    struct page *p, struct err *e);
MUST_USE bool operation_by_id(struct database *d, TALLOC_CTX *mem, const struct uuid *id, struct operation *o,
    struct err *e);

/* Of that tenant, of kinds that begin so: how many run, and of how many things all are that were asked for since then. */
struct operation_load {
	int64_t running, things;
};
MUST_USE bool operation_load_of(struct database *d, TALLOC_CTX *mem, const struct uuid *owner, const char *kinds,
    instant since, struct operation_load *out, struct err *e);

/* ---- the side of who carries it ---- */

/*
 * Takes one that is due: of the tenant that comes after that one (by id, and then from the first on) the one that is due
 * longest, so that a tenant with many keeps no other waiting; ERR_MISSING: none is.
 */
MUST_USE bool operation_claim(struct database *d, TALLOC_CTX *mem, const struct uuid *carrier,
    const struct uuid *after, struct operation *o, struct err *e);
/*
 * Due now: those of that kind that wait for who can do their next step (begun, and given back without a failure).  For
 * who can.
 */
MUST_USE bool operation_hasten(struct database *d, const char *kind, struct err *e);
/* Takes that one, if nobody has it; ERR_MISSING: somebody has, or it is over. */
MUST_USE bool operation_claim_one(struct database *d, TALLOC_CTX *mem, const struct uuid *carrier,
    const struct uuid *id, struct operation *o, struct err *e);
/* o->done, o->total and o->step, as they stand now; o->cancel is read again.  ERR_CONFLICT: the claim is lost. */
MUST_USE bool operation_tell(struct database *d, struct operation *o, struct err *e);
/* o->state, o->error and o->result, for good; the sealed input is gone.  ERR_CONFLICT as above. */
MUST_USE bool operation_end(struct database *d, const struct operation *o, struct err *e);
/* Given back, due again in due_ms; `why` (NULL: none) is told until then, and counts as an attempt. */
MUST_USE bool operation_put_off(
    struct database *d, const struct operation *o, int64_t due_ms, const char *why, struct err *e);
/* Gives back all that a process has: at its end, or in the name of one that died. */
MUST_USE bool operation_give_back(struct db *control, const struct uuid *carrier, struct err *e);
/* Those that were over long ago. */
MUST_USE bool operation_forget(struct database *d, struct err *e);

#endif
