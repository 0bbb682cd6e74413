/*
 * register.h - what was decided not to be told of, in the order in which it was: values that were
 * accepted and acceptances that ended, silences and maintenance windows.
 *
 * What ended by itself is told of as long as the history of findings is kept
 * (core/store/alert/expire.h).  A report with very many changes that was accepted as a whole comes in pieces, within moments
 * (promotion.h).
 *
 * Errors: those of db.h.
 */
#ifndef BSX_STORE_DRIFT_REGISTER_H
#define BSX_STORE_DRIFT_REGISTER_H

#include "core/store/page.h"
#include "core/store/tenant/tenant_db.h"

#define REGISTER_ACCEPTED "acceptance"     /* a value was accepted */
#define REGISTER_ENDED    "acceptance_end" /* and counts so no more: it became what `status` says */

struct register_row {
	struct uuid id;
	char       *kind; /* REGISTER_*, or that of a silence */
	instant     at;   /* when it was decided */
	char       *who, *reason;
	struct uuid config_id;             /* nil: of every config */
	char       *config;                /* its name; NULL: it is no more, or of every one */
	char       *category, *key, *path; /* NULL: any, or not known any more */
	char       *severity;              /* of a silence; NULL: any */
	instant     starts_at,
	    ends_at;      /* as it was decided, of an acceptance as it is now; 0: no end */
	instant ended_at; /* before that; 0: not */
	char   *ended_by;
	char   *status; /* of an acceptance: what the value is now; of an end: what it became */
};
struct register_filter {
	const char *kind; /* NULL: any */
	instant     since,
	    until; /* decided from `since` on, before `until`; a silence also: in force then */
};
/* By their ids, which is by time. */
MUST_USE bool register_list(struct tenant_db *t, TALLOC_CTX *mem, const struct register_filter *f,
    struct page *p, struct err *e);

#endif
