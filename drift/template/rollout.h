/*
 * rollout.h - a template, applied to many tenants by one operation: asked for here, carried by driftd (carry.h).
 *
 * In each tenant is done what whoever asked could do there themselves at that instant: in their own, or by a grant of that
 * tenant (core/auth/grant.h), with create:drift, update:drift or delete:drift there.  A tenant without that, or in which
 * it cannot be done, is told by a sentence, and the others go on.
 *
 * What comes back of another tenant is names and numbers: of values only the template's own.
 */
#ifndef BSX_DRIFT_TEMPLATE_ROLLOUT_H
#define BSX_DRIFT_TEMPLATE_ROLLOUT_H

#include "core/auth/caller_again.h"
#include "core/auth/operation.h"
#include "drift/template/template.h"

#define ROLLOUT_TENANTS_MAX 2000   /* of one operation */
#define ROLLOUTS_MAX        10     /* operations of a tenant that run */
#define ROLLOUT_DAY_MAX     100000 /* tenants of all operations that a tenant asks for within a day */

/* What came of it in a tenant; before that: TEMPLATE_WAITING. */
#define ROLLOUT_OUTCOMES(X) \
	X("made") X("changed") X("unchanged") X("kept") X("removed") X("failed") X("cancelled")

enum rollout_kind { ROLLOUT_PREVIEW, ROLLOUT_APPLY, ROLLOUT_UNDO };

struct rollout_tenant {
	const char     *tenant;    /* short name or id */
	struct raw_json variables; /* tree NULL: as they were, or none */
};
struct rollout_wish {
	enum rollout_kind      kind;
	struct rollout_tenant *tenants; /* none: all that have another version of it; to undo, all that have it */
	size_t                 n;
	int64_t                first;   /* so many of them; 0: all */
	uint64_t               version; /* 0: the newest */
	const struct json     *credential; /* what sources show; NULL: nothing */
	size_t                 before;     /* others that are begun in the same transaction before it */
};
/* ERR_FORBIDDEN: the caller acts in another tenant.  ERR_CONFLICT: too many are asked for.  ERR_INVALID with faults. */
MUST_USE bool rollout_ask(const struct acting *a, const struct uuid *id, const struct rollout_wish *in,
    struct operation *out, struct err *e);

/*
 * The same as a part of another deed: made ready, begun in that one's transaction, whose audit entry it has for itself, and
 * told of once that is committed.
 */
struct rollout;
MUST_USE struct rollout *rollout_ready(const struct acting *a, const struct uuid *id,
    const struct rollout_wish *in, struct err *e);
const struct uuid *rollout_operation(const struct rollout *r);
/* ERR_CONFLICT with *full: too many are asked for, which passes. */
MUST_USE bool rollout_begin(struct db *db, struct rollout *r, bool *full, struct err *e);
void          rollout_begun(const struct rollout *r);

/* Where it is; newest first (struct ctemplate_use). */
MUST_USE bool rollout_uses(
    const struct acting *a, const struct uuid *id, struct page *p, struct err *e);
/* What came of it; newest first (struct ctemplate_result). */
MUST_USE bool rollout_results(const struct acting *a, const struct ctemplate_result_filter *f,
    struct page *p, struct err *e);

/* ---- what the operation knows ---- */

struct rollout_order {
	struct caller_asked *asked;
	struct uuid          template_id;
	uint64_t             version;
	struct raw_json      credential;
};
extern const struct schema rollout_order_schema;

#endif
