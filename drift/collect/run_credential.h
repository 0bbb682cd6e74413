/*
 * run_credential.h - what a run shows: opened for it alone, and told of when it is refused or ends soon.
 *
 * One that many configs show is tried by one of them while it is refused, each time after a longer wait; the others are
 * put off, and say so.  Its owner hears of it once: by an alert of kind `system` of the config that was refused first, which counts
 * those that wait, and ends when it is taken again.  An end that is known is told 30, 7 and 1 days before, by one
 * alert of the eldest config that shows it.
 */
#ifndef BSX_DRIFT_COLLECT_RUN_CREDENTIAL_H
#define BSX_DRIFT_COLLECT_RUN_CREDENTIAL_H

#include "core/store/drift/credential_trouble.h"
#include "core/store/drift/source_credential.h"
#include "drift/config/spec.h"

struct run_credential {
	bool                      there;
	struct source_credential  row;
	struct credential_trouble trouble;
	struct str                plain; /* wiped when it is freed */
	char                      name[65]; /* tells it apart: of the digest; what shows none is of the tenant */
};

MUST_USE bool run_credential_read(struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *config,
    struct run_credential *c, struct err *e);
/* *wait_ms > 0: it is refused, and this run does not try it before. */
MUST_USE bool run_credential_turn(
    struct tenant_db *t, const struct run_credential *c, int64_t *wait_ms, struct err *e);

/* Whose it is, of a run. */
struct run_of {
	struct drift              *d;
	struct tenant_db          *t;
	TALLOC_CTX                *mem;
	struct work               *work;
	const struct drift_config *config;
};
/* It was refused, for that reason; *wait_ms: nobody shows it before. */
MUST_USE bool run_credential_refused(const struct run_of *r, const struct run_credential *c,
    const char *reason, int64_t *wait_ms, struct err *e);
/* It was taken: what was told of it is over; and its end is told where it is near. */
MUST_USE bool run_credential_taken(
    const struct run_of *r, const struct run_credential *c, struct err *e);

#endif
