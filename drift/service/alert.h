/*
 * alert.h - what people do with alerts: acknowledged, assigned, noted, resolved; one or many, all or nothing.
 *
 * One of kind "security" tells what is in the audit trail: to who may not read that (read:audit) it is not there.
 */
#ifndef BSX_DRIFT_SERVICE_ALERT_H
#define BSX_DRIFT_SERVICE_ALERT_H

#include "core/store/alert/alert.h"
#include "core/store/drift/report.h"
#include "drift/service/acting.h"

/* As it is kept, where the caller may see it: else ERR_MISSING. */
MUST_USE bool alert_find(
    const struct acting *a, const struct uuid *id, struct alert *out, struct err *e);
/* The kind that a list leaves out for the caller; NULL: none. */
const char *alert_unseen(const struct acting *a);
MUST_USE bool alert_see(
    const struct acting *a, const struct uuid *id, struct alert *out, struct err *e);
/* On how many channels it was over before anything was sent, and not told. */
MUST_USE bool alert_untold(
    const struct acting *a, const struct uuid *id, int64_t *n, struct err *e);
/* That rules of its findings name, or have named, while it was open. */
MUST_USE bool alert_controls(
    const struct acting *a, const struct uuid *id, struct strings *out, struct err *e);
MUST_USE bool alert_page(const struct acting *a, const struct alert_filter *f,
    struct page *p, struct err *e);

/* What is to become of an alert. */
struct alert_wish {
	const char *status, *note; /* NULL: none */
	struct uuid assigned_to;   /* nil: nobody */
	bool        assigns;       /* assigned_to is told */
	instant     now;           /* set here */
};
/* ERR_CONFLICT: that status does not come after the present one. */
MUST_USE bool alert_alter(const struct acting *a, const struct uuid *id,
    const struct alert_wish *wish, struct alert *out, struct err *e);

struct alert_which {
	const struct uuid  *ids; /* NULL: those of the filter, at most ALERT_IDS_MAX */
	size_t              n;
	struct alert_filter filter;
	const struct json  *text; /* of the filter, as it came: for the entry */
};
struct alerts_done {
	int64_t matched, changed, unchanged;
};
/* Faults at /ids/... and /filter.  What is so already is unchanged, unless there is a note. */
MUST_USE bool alerts_alter(const struct acting *a, const struct alert_which *which,
    const struct alert_wish *wish, struct alerts_done *out, struct err *e);

/* Inside a transaction: the open drift alert of the report's config, should there be one, is resolved and told. */
MUST_USE bool alert_resolve(struct db *db, const struct acting *a, const struct report *report,
    const char *note, struct err *e);

#endif
