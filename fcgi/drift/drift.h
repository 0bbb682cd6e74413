/*
 * drift.h - what the files of the drift routes share.
 */
#ifndef BSX_FCGI_DRIFT_DRIFT_H
#define BSX_FCGI_DRIFT_DRIFT_H

#include "core/auth/audit.h"
#include "core/store/alert/alert.h"
#include "core/store/drift/finding.h"
#include "core/store/drift/report.h"
#include "core/web/route.h"
#include "drift/engine/view.h"
#include "drift/finding/decide.h"
#include "drift/config/drift.h"
#include "drift/config/spec.h"

/* The words of what filters name and changes set; NULL ends each. */
extern const char *const drift_severities[], *const alert_statuses[], *const alert_kinds[];

/* This worker's drift path, made on first use. */
MUST_USE struct drift *drift_of(struct app *app, struct err *e);

/* What a deed is told as: `name` (may be NULL) goes into the entry's details. */
struct drift_told {
	enum audit_action action;
	struct uuid       target;
	const char       *name;
};
/* A body in a transaction with its audit entry. */
MUST_USE bool drift_deed(struct request *r, tx_fn *body, void *arg, const struct drift_told *told, struct err *e);

/* An entry for what is no deed and may come often (audit_seldom.h); `details` is a JSON object, and makes two the
 * same. */
MUST_USE bool drift_note(struct request *r, enum audit_action action, const struct uuid *target,
    const char *details, struct err *e);

/* How many of the rules of the config r->id0 are dead. */
MUST_USE bool rules_dead(struct request *r, int64_t *dead, struct err *e);

/* Where a change is, as it is answered. */
struct change_resource {
	char *category, *key;
};
extern const struct schema change_resource_schema;

/* What the caller may see of values. */
struct view view_of(const struct request *r);
/* 403 without values; `what` is a sentence for people. */
MUST_USE bool view_demand(struct view v, const char *what, struct err *e);
/* The answer's JSON value, unless there is none or the view has values. */
void view_raw(struct view v, struct raw_json *value);
/* 422 for a value that is what others are shown in the place of one. */
MUST_USE bool view_refuse(
    struct request *r, const struct json *value, const char *pointer, struct err *e);

/* A config as it is to be (`was` NULL: a new one) shows no values to whom they were not shown, unless
 * the caller may see them: 403. */
MUST_USE bool config_values_check(
    struct request *r, const char *was, const char *now, struct err *e);

/* A change's old or new value as JSON text; none, or too long (*truncated): p == NULL. */
enum change_side { CHANGE_OLD, CHANGE_NEW };
MUST_USE bool change_value(struct request *r, struct view v, const struct change_row *c,
    enum change_side side, struct str *out, bool *truncated, struct err *e);

/* What Accept asks for: JSON, or one of the other forms of a report's changes. */
enum export_kind { EXPORT_JSON, EXPORT_PATCH, EXPORT_CSV };
extern const char *const export_types[];
enum export_kind         export_wanted(const struct request *r);
/* Makes the answer in that form: the patch of the whole report, the table of what the filter lets
 * by. */
MUST_USE bool export_patch(
    struct request *r, struct view v, const struct report *report, struct err *e);
MUST_USE bool export_csv(
    struct request *r, struct view v, const struct change_filter *f, struct err *e);

#define SHORTENED_DOC                                                                              \
	"How many changes have a path that is shown shortened, because a member name or key in it "  \
	"is longer than 1 KiB, it is longer than 8 KiB, or all of them are longer than 16 MiB "      \
	"together. Such a path has an ellipsis, ~# and 16 hex digits in the place of what is left "  \
	"out: it is no JSON Pointer, and points nowhere."

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
	int64_t                accepted;
	struct raw_json        held, anomaly, suppressed;
	int64_t                shortened;
};
extern const struct schema report_out_schema, report_summary_schema;
MUST_USE bool              report_show(
		 TALLOC_CTX *mem, const struct report *in, struct report_out *out, struct err *e);

/* What happened to a finding or an alert. */
struct event_out {
	instant     at;
	const char *actor, *from, *to, *note;
};
extern const struct schema event_out_schema;
/* `config` nil and the alert's id as subject, or the config and a fingerprint. */
MUST_USE bool history_show(struct request *r, const struct uuid *config, struct blob subject,
    struct items *out, struct err *e);

struct snapshot;
/* All its collections were read. */
MUST_USE bool snapshot_complete(
    TALLOC_CTX *mem, const struct snapshot *s, bool *complete, struct err *e);
/* Whose a golden baseline is, as it is answered: "tenant" or "platform". */
const char *golden_owner(const struct request *r, bool foreign);

/* A change as it is answered. */
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
	char                   *severity, *rule, *reason;
	const char             *fingerprint, *value_hash;
	char                   *status, *suppressed_by;
	struct raw_json         attribution;
	struct acceptance_out  *acceptance;
	struct uuid             assigned_to;
	struct items            history; /* struct event_out */
};
extern const struct schema change_out_schema;
MUST_USE bool              change_show(struct request *r, struct view v, const struct change_row *c,
		 struct change_out *out, struct err *e);

/*
 * What tells one new value of a finding from another, in hex; NULL: memory.  It is of that finding and
 * config only (nil: of a comparison): who sets values elsewhere sees nothing there to hold against it.
 */
const char *change_value_hash(TALLOC_CTX *mem, const struct tenant_db *t, const struct uuid *config,
    const uint8_t fingerprint[static HASH_LEN], const uint8_t value[static HASH_LEN]);

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

/* The change of the path with its acceptance and history. */
MUST_USE bool change_show_one(
    struct request *r, struct view v, struct change_out *out, struct err *e);

/* An audit entry's details: the decision; of many findings (else NULL) how many and which. */
MUST_USE bool ruling_details(TALLOC_CTX *mem, const struct ruling *d,
    const struct decided *done, const struct json *filter, const char **out, struct err *e);

/* What a body of many names: either this or that, and at least one (else faults). */
MUST_USE bool bulk_ids(
    struct request *r, const struct strings *ids, bool filter, struct uuid **out, struct err *e);
/* How many a deed on many was about. */
struct bulk_out {
	int64_t matched, changed, unchanged;
};
extern const struct schema bulk_out_schema;

/* An alert with its history and ETag, into an answer of alert_out_schema. */
extern const struct schema alert_out_schema;
MUST_USE bool alert_show_one(struct request *r, const struct alert *a, void *answer, struct err *e);

/* Resolves the config's open drift alert, should there be one, in the caller's name, and tells of
 * it. */
MUST_USE bool alert_resolve(struct db *db, struct request *r, const struct uuid *config,
    const struct uuid *report, const char *note, struct err *e);

#endif
