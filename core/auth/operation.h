/*
 * operation.h - long work as those see it who may do the deed, and what carries it to its end.
 *
 * A kind is a row below: who has its permission sees the operations of that kind of their own tenant, and may ask for
 * their end.  Whoever can (driftd, bsxctl) carries what is due: a kind's carrier goes on from whatever stands in the
 * database, so that it may be killed anywhere, and tells each step (operation_at), which holds the claim.
 */
#ifndef BSX_AUTH_OPERATION_H
#define BSX_AUTH_OPERATION_H

#include "core/auth/audit.h"
#include "core/store/tenant/operation.h"

/*      id                       wire             permission of the deed */
#define OPERATION_KINDS(X) \
	X(OPERATION_TENANT_CREATE, "tenant.create", CREATE, TENANTS) \
	X(OPERATION_TENANT_ERASE,  "tenant.erase",  DELETE, TENANTS) \
	X(OPERATION_TEMPLATE_PREVIEW, "template.preview", UPDATE, DRIFT) \
	X(OPERATION_TEMPLATE_APPLY,   "template.apply",   UPDATE, DRIFT) \
	X(OPERATION_TEMPLATE_UNDO,    "template.undo",    UPDATE, DRIFT) \
	X(OPERATION_ONBOARDING,       "onboarding",       CREATE, DRIFT)
enum operation_kind {
#define X(id, wire, action, resource) id,
	OPERATION_KINDS(X)
#undef X
	OPERATION__MAX
};
extern const char *const operation_kind_names[]; /* ended by NULL */
#define OPERATION_STATES(X) X("running") X("done") X("failed") X("cancelled")

/* ---- for callers ---- */

/* ERR_MISSING: there is none, it is another tenant's, or the caller has not the permission of its deed. */
MUST_USE bool operation_see(const struct deed_by *by, const struct uuid *id, struct operation *out, struct err *e);
/* Of those that operation_see() would show; `kind` and `state` may be NULL. */
MUST_USE bool operations_see(const struct deed_by *by, const char *kind, const char *state, struct page *p,
    struct err *e);
/* Asks for its end, audited; it is over when its carrier has seen to that.  ERR_MISSING as above; ERR_CONFLICT: it is over. */
MUST_USE bool operation_cancel(const struct deed_by *by, const struct uuid *id, struct operation *out, struct err *e);

/* Inside the transaction of the deed that it belongs to, by by->caller (none: by that name). */
struct operation_new {
	struct uuid         id;
	enum operation_kind kind;
	struct uuid         tenant; /* that it is about; nil: none */
	uint64_t            total;
	const char         *step;
	struct str          input;  /* sealed; empty: none */
	int64_t             due_s;
	const char         *asked_name; /* where there is no caller */
};
MUST_USE bool operation_begin(const struct deed_by *by, const struct operation_new *in, struct err *e);

/* ---- for who carries ---- */

struct operation_run {
	struct auth      *auth;
	TALLOC_CTX       *mem; /* of this turn */
	struct operation *op;
	void             *arg; /* operation_work.arg */
	/* set by the carrier where it ends otherwise than done: */
	bool              cancelled;
	const char       *failed;   /* why it is over, and came to nothing */
	int64_t           later_ms; /* it goes on then; 0: it is over */
};
/*
 * A turn; false: it failed and is tried again, each time later.  A conflict of operation_at is returned as it is:
 * somebody else carries it now.
 */
typedef bool operation_fn(struct operation_run *r, struct err *e);
struct operation_work {
	struct auth         *auth;
	struct uuid          carrier; /* this process */
	operation_fn *const *kinds;   /* by enum operation_kind; NULL there: it is left to others */
	void                *arg;
	bool (*stop)(void *arg);      /* between two: true ends the round; NULL: nobody asks */
	void                *stop_arg;
	struct uuid         *after;   /* the tenant that had the last turn, from round to round; NULL: nobody keeps it */
};

/* The step that begins now, the `done`th of op->total; what was asked of it meanwhile is in op->cancel. */
MUST_USE bool operation_at(struct operation_run *r, uint64_t done, const char *step, struct err *e);
/* Carries what is due, of one tenant after another; *n: so many turns.  What fails in one is logged and told in its row. */
MUST_USE bool operations_carry(const struct operation_work *w, size_t *n, struct err *e);
/* One turn of that one, at once; ERR_MISSING: somebody has it, or it is over. */
MUST_USE bool operation_carry_one(const struct operation_work *w, const struct uuid *id, struct err *e);

#endif
