/*
 * drift_compare.h - what the files of POST /api/drift/compare share.
 */
#ifndef BSX_FCGI_DRIFT_COMPARE_H
#define BSX_FCGI_DRIFT_COMPARE_H

#include "drift/engine/diff.h"
#include "drift/engine/redact.h"
#include "fcgi/drift.h"

struct compare_out {
	struct items           changes, not_compared;
	int64_t                not_compared_more;
	struct report_summary *summary;
	int64_t                score;
	bool                   more;
	struct raw_json        incomplete;
	int64_t                shortened;
};
extern const struct schema compare_out_schema;

/* The changes, as many as an answer has room for, their sum, and what was left out (NULL: nothing). */
MUST_USE bool compare_show(struct request *r, struct view v, const struct diff *d,
    struct redaction *left_out, struct compare_out *out, struct err *e);

#endif
