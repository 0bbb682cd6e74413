/*
 * compare.h - what the files of POST /api/drift/compare share, and what is left out of any
 * comparison.
 */
#ifndef BSX_FCGI_DRIFT_COMPARE_H
#define BSX_FCGI_DRIFT_COMPARE_H

#include "drift/service/compare.h"
#include "fcgi/drift/report.h"

struct compare_out {
	struct items           changes, not_compared;
	int64_t                not_compared_more;
	struct raw_json        notes;
	struct report_summary *summary;
	int64_t                score;
	bool                   more;
	struct raw_json        incomplete;
	int64_t                shortened;
};
extern const struct schema compare_out_schema;

/* Places that are left out of a comparison, as an answer names them. */
extern const struct schema left_out_schema;
MUST_USE bool left_out_show(TALLOC_CTX *mem, const struct redacted_place *places, size_t n,
    struct items *out, struct err *e);

/* The changes, as many as an answer has room for, their sum, and what was left out. */
MUST_USE bool compare_show(
    const struct acting *a, const struct compared *c, struct compare_out *out, struct err *e);

#endif
