/*
 * acting.h - who acts on the drift path, and with what: the first parameter of all of drift/service.
 *
 * A service is what is done for somebody, whoever asks.  It takes what was asked as a struct that was decoded, checks
 * what is only known beside the rows, withholds values from who may not see them and refuses who would show them to
 * others, does it in one transaction that ends with its audit entry, and answers with rows.  It knows no request and
 * no answer's members.
 *
 * Whether the caller may do it at all is NOT asked here: the permission, a fresh sign-in and the bounds of a body's
 * members are the route's (core/web/route.h).  Whoever calls from elsewhere asks them before.
 *
 * Ownership: what is answered is a child of by.mem.
 * Errors: ERR_MISSING (no such thing in that tenant), ERR_INVALID with faults that point into the body,
 * ERR_FORBIDDEN (values without read:snapshots), ERR_CONFLICT, and those of db.h.
 */
#ifndef BSX_DRIFT_SERVICE_ACTING_H
#define BSX_DRIFT_SERVICE_ACTING_H

#include "core/auth/audit.h"
#include "core/store/alert/answer.h"
#include "drift/config/drift.h"
#include "drift/config/spec.h"
#include "drift/engine/view.h"

/* Made by acting_make() alone. */
struct acting {
	struct deed_by by; /* with a tenant and a caller */
	struct drift  *drift;
	struct work   *work; /* what it may cost */
	struct view    view; /* what the caller may see of values */
	/*
	 * Who it is, wherever a name alone says so.  Of another tenant, by a grant: "tenant:SLUG/NAME", as no address
	 * begins; addresses are a tenant's own, so that a stranger may have the one of somebody here.
	 */
	const char    *name;
	/*
	 * What the caller holds a change against (If-Match): asked with the present revision of what is to be
	 * changed, inside the transaction where that matters.  NULL: against nothing.
	 */
	bool (*holds)(const void *arg, uint64_t revision, struct err *e);
	const void *holds_arg;
	/* The link in a message by which it is done: it counts no more with the deed (answer.h).  NULL: it is done otherwise. */
	const struct alert_answer *spends;
};

/*
 * A child of by->mem, which may see what by->caller may.  NULL and ERR_INTERNAL: a tenant, a caller, the drift path or
 * the work is missing; what is to be sent somewhere (channel.h) wants by->auth->guard too.
 */
MUST_USE struct acting *acting_make(
    const struct deed_by *by, struct drift *d, struct work *work, struct err *e);
MUST_USE bool acting_holds(const struct acting *a, uint64_t revision, struct err *e);
/* In the transaction of what a link may stand for, first: ERR_CONFLICT, it was used before. */
MUST_USE bool acting_spend(struct db *db, const struct acting *a, struct err *e);
instant       acting_now(const struct acting *a);
struct uuid   acting_id(const struct acting *a);
/* A row's own copy; NULL: memory. */
char *acting_copy(const struct acting *a, const char *text);

/* The compiled spec of a config, valid until the next call. */
MUST_USE const struct drift_spec *acting_spec(
    const struct acting *a, const struct drift_config *c, struct err *e);

/* For alerts of a config; as long as its spec. */
struct alert_scope acting_alerts(
    const struct acting *a, const struct drift_config *c, const struct drift_spec *spec);

/* A deed whose entry says the name of what it is about. */
MUST_USE bool acting_deed(const struct acting *a, tx_fn *body, void *arg,
    const struct audit_entry *entry, const char *name, struct err *e);

/* What is no deed and may come often (audit_seldom.h); what is told by `s` (audit_details.h) makes two the same. */
MUST_USE bool acting_note(const struct acting *a, enum audit_action action,
    const struct uuid *target, const struct schema *s, const void *told, struct err *e);

/* 403 without values; `what` is a sentence for people. */
MUST_USE bool view_demand(struct view v, const char *what, struct err *e);
/* 422 for a value that is what others are shown in the place of one. */
MUST_USE bool view_refuse(
    TALLOC_CTX *mem, const struct json *value, const char *pointer, struct err *e);

#endif
