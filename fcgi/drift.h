/*
 * drift.h - what the files of the drift routes share.
 */
#ifndef BSX_FCGI_DRIFT_H
#define BSX_FCGI_DRIFT_H

#include "core/auth/audit.h"
#include "core/store/report.h"
#include "core/web/route.h"
#include "drift/run/drift.h"
#include "drift/run/spec.h"

#define PAGE_DEFAULT 50

/* This worker's drift path, made on first use. */
MUST_USE struct drift *drift_of(struct app *app, struct err *e);

/* A body in a transaction with its audit entry.  `name` (may be NULL) goes into the entry's
 * details. */
MUST_USE bool drift_deed(struct request *r, tx_fn *body, void *arg, enum audit_action action,
    const char *target_kind, const struct uuid *target, const char *name, struct err *e);

/* Turns a duplicate key into a conflict with this sentence. Always false. */
bool drift_taken(struct err *e, const char *sentence);

/* Lists ask the database for one row more than the page holds. */
size_t page_rows(int64_t limit);
/* Fills the answer from rows of `size` bytes whose id stands at `id_offset`, and the next cursor.
 */
MUST_USE bool page_answer(struct request *r, struct items *out, void *rows, size_t n, size_t size,
    size_t id_offset, int64_t limit, struct err *e);

/* A report as it is answered. */
struct report_summary {
	int64_t         created, modified, deleted;
	struct raw_json by_severity;
};
struct report_out {
	struct uuid            id, config_id, snapshot_id, baseline_id;
	char                  *status;
	instant                started_at, finished_at;
	struct report_summary *summary;
	int64_t                score;
	char                  *max_severity;
	struct raw_json        incomplete, not_alerted;
};
extern const struct schema report_out_schema;
MUST_USE bool              report_show(
		 TALLOC_CTX *mem, const struct report *in, struct report_out *out, struct err *e);

#endif
