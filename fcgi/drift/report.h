/*
 * report.h - a report and its changes as they are answered, and in other forms.
 */
#ifndef BSX_FCGI_DRIFT_REPORT_H
#define BSX_FCGI_DRIFT_REPORT_H

#include "drift/service/report.h"
#include "fcgi/drift/pending.h"

struct report_summary {
	int64_t         created, modified, deleted, moved;
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
	int64_t                incomplete_more;
	int64_t                accepted;
	struct raw_json        held, anomaly, suppressed;
	int64_t                shortened;
	struct raw_json        notes;
	struct raw_json        collections, first_look;
	struct raw_json        controls;
	int64_t                renamed;
	struct pending_out    *pending;
};
extern const struct schema report_out_schema, report_summary_schema;
MUST_USE bool              report_show(
		 TALLOC_CTX *mem, const struct report *in, struct report_out *out, struct err *e);

struct acceptance_out {
	char   *reason, *owner;
	instant expires_at;
};
struct change_out {
	struct uuid             id, report_id;
	struct change_resource *resource;
	char                   *op;
	const char             *path, *canonical_path;
	struct raw_json         old_value, new_value;
	bool                    old_value_truncated, new_value_truncated;
	struct raw_json         text_diff;
	char                   *severity, *rule, *reason;
	const char             *fingerprint, *value_hash;
	char                   *status, *suppressed_by;
	char                   *judged;
	const char             *rule_place;
	struct raw_json         controls;
	char                   *renamed_from, *renamed_severity;
	struct raw_json         attribution;
	struct announced_out   *announced;
	struct acceptance_out  *acceptance;
	struct items            pending; /* struct pending_out */
	struct uuid             assigned_to;
	struct items            history;
};
extern const struct schema change_out_schema;
MUST_USE bool              change_show(const struct acting *a, const struct change_row *c,
		 struct change_out *out, struct err *e);

/* What both a stored change and one of a comparison by choice tell, from canonical_path to reason. */
#define CHANGE_FIELDS(type) \
	FIELD(type, canonical_path, \
	    .doc = "The same with elements by identity, not position; a step whose label is made of " \
		   "a value is " VIEW_WITHHELD " without read:snapshots."), \
	FIELD(type, old_value, .flags = FIELD_OMIT_ZERO, \
	    .doc = "Absent when created or too long" VIEW_DOC), \
	FIELD(type, new_value, .flags = FIELD_OMIT_ZERO, \
	    .doc = "Absent when deleted or too long" VIEW_DOC), \
	FIELD(type, old_value_truncated, .flags = FIELD_OMIT_ZERO, \
	    .doc = "It was longer than 16 KiB."), \
	FIELD(type, new_value_truncated, .flags = FIELD_OMIT_ZERO, \
	    .doc = "It was longer than 16 KiB."), \
	FIELD(type, severity, .doc = "info, low, medium, high or critical."), \
	FIELD(type, rule, .doc = "The rule that decided."), \
	FIELD(type, reason, .doc = "Its reason.")

/* export.c: what Accept asks for: JSON, or one of the other forms of a report's changes. */
enum export_kind { EXPORT_JSON, EXPORT_PATCH, EXPORT_CSV };
extern const char *const export_types[];
enum export_kind         export_wanted(const struct request *r);
/* Makes the answer in that form: the patch of the whole report, the table of what the filter lets by behind `after`. */
MUST_USE bool export_patch(
    struct request *r, const struct acting *a, const struct report *report, struct err *e);
MUST_USE bool export_csv(struct request *r, const struct acting *a, const struct change_filter *f,
    const struct uuid *after, struct err *e);

#endif
