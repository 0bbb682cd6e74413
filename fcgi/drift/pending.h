/*
 * pending.h - acceptances that wait for a second person, as they are answered; in their own list, and wherever something waits.
 */
#ifndef BSX_FCGI_DRIFT_PENDING_H
#define BSX_FCGI_DRIFT_PENDING_H

#include "drift/service/acceptance.h"
#include "fcgi/drift/drift.h"

struct pending_out {
	struct uuid id;
	char       *kind, *status, *severity, *reason, *by;
	struct uuid config_id, report_id, snapshot_id;
	instant     expires_at, at, until;
	int64_t     findings;
	bool        own;
};
extern const struct schema pending_out_schema;
void pending_show(const struct acting *a, const struct acceptance *row, struct pending_out *out);
/* Several; none: empty. */
MUST_USE bool pending_list(const struct acting *a, const struct acceptance *rows, size_t n,
    struct items *out, struct err *e);
/* One, where its id is not nil: then the answer is 202. */
MUST_USE bool pending_one(struct request *r, const struct acting *a, const struct acceptance *row,
    struct pending_out **out, struct err *e);

/* Of a route that may let something wait. */
extern const int pending_statuses[];
#define PENDING_DOC "202: it waits for a second person (settings.four_eyes), as `pending` says; nothing of it is done yet. 403: a service key asks for that."

#endif
