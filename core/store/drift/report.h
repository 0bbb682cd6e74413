/*
 * report.h - reports of a comparison and their changes.
 *
 * Old and new values of a change are sealed to its row; paths, severities and
 * names stay readable because they are searched.
 *
 * Errors: ERR_MISSING, and those of db.h.
 */
#ifndef BSX_STORE_DRIFT_REPORT_H
#define BSX_STORE_DRIFT_REPORT_H

#include "core/store/tenant/tenant_db.h"
#include "core/store/trip.h"

struct report {
	struct uuid     id;
	struct uuid     config_id;
	struct uuid     snapshot_id;
	struct uuid     baseline_id; /* snapshot compared with; nil: none */
	char           *status;      /* "baseline", "clean", "drifted", "incomplete", "failed" */
	int64_t         created, modified, deleted;
	struct raw_json by_severity; /* object severity -> count */
	int64_t         score;
	char           *max_severity; /* NULL: no change */
	struct raw_json incomplete;   /* array of {category, why}, the first ones */
	struct raw_json
		not_alerted; /* {code, reason}; null: something was sent, or nothing was due */
	instant started_at, finished_at;
	int64_t accepted;        /* changes whose value is accepted: in no other number */
	struct raw_json held;    /* null, or array of {category, removed, of} */
	struct raw_json anomaly; /* null, or {changes, median, mad, limit, runs, anomalous} */
	struct raw_json suppressed; /* null, or array of {by, changes} */
	int64_t         shortened;  /* changes with a path that is shown shortened */
	int64_t         moved;      /* counted beside created, modified and deleted */
	struct raw_json notes;      /* null, or array of {category, key, path, note} */
	struct raw_json collections; /* array of {category, state, baseline_id?, entered?}; null: one from before */
	struct raw_json first_look;  /* null, or what was found in what enters the baseline (drift/run/first_look.h) */
	struct raw_json controls;   /* list of those that rules of its changes name; null: none */
	int64_t         renamed;    /* created ones that are told as renamed */
	int64_t         incomplete_more; /* that `incomplete` would have, were it longer */
};

struct report_filter {
	struct uuid config_id; /* nil: any */
	const char *status;    /* NULL: any */
};

/* All that are counted. */
int64_t report_changes(const struct report *r);

MUST_USE bool report_add(struct db *db, const struct report *r, struct err *e);
MUST_USE bool report_by_id(
    struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *id, struct report *r, struct err *e);
/* The newest one of a config, as its state row says. */
void report_newest_ask(struct trip *trip, const struct uuid *config, struct report *r, bool *found);
MUST_USE bool report_list(struct tenant_db *t, TALLOC_CTX *mem, const struct report_filter *f,
    struct page *p, struct err *e); /* newest first */

struct change_row {
	struct uuid     id;
	struct uuid     report_id;
	struct uuid     config_id;
	int64_t         position; /* order in the report, from 0 */
	char           *category, *key;
	char           *op;                    /* "created", "deleted", "modified", "moved" */
	char           *path, *canonical_path; /* JSON Pointers; U+0000 in them is shown as U+FFFD */
	struct blob     old_value, new_value;  /* sealed JSON text; p == NULL: none, or truncated */
	struct blob     text_diff; /* sealed JSON string: the lines by which they differ; p == NULL: none */
	bool            old_truncated, new_truncated;
	char           *severity;
	char           *rule;
	char           *reason;
	struct blob     fingerprint, value_hash;
	char           *status;          /* "detected", ...; read: that of its finding (finding.h) */
	struct raw_json attribution; /* null, {actor, source} of a push, or who made it (drift/attribution); read: where it is null, that of its finding */
	instant         created_at;
	char           *suppressed_by; /* kind:id of the silence that covered it; NULL: none */
	char           *rule_place; /* JSON Pointer from path to the place the rule decided by; NULL: itself */
	char           *judged;     /* "partly": not every place inside it; NULL: wholly */
	struct raw_json controls;   /* list of what the rule names; null: none */
	char           *renamed_from; /* created: key of the deleted resource that it is like; NULL: none */
	char           *renamed_severity; /* then: the worst of both and of what differs inside */
	char           *announced; /* read: that of its finding */
};
#define CHANGE_VALUE_MAX 16384 /* bytes of a value kept with the change */
#define CHANGE_LINES_MAX 12000 /* and of the lines */

struct change_filter {
	struct uuid report_id;
	const char *severity, *status, *category; /* NULL: any */
	const char *control; /* NULL: any */
};

MUST_USE bool change_add(struct db *db, const struct change_row *rows, size_t n, struct err *e);
MUST_USE bool change_by_id(
    struct db *db, TALLOC_CTX *mem, const struct uuid *id, struct change_row *c, struct err *e);
/* In the order of the report. */
MUST_USE bool change_list(struct tenant_db *t, TALLOC_CTX *mem, const struct change_filter *f,
    struct page *p, struct err *e);
/*
 * Of what the alert has told of, each finding as it was seen last: the newest change of it that the alert can stand on.  In the
 * order of fingerprints; of p only how many are wanted.
 */
MUST_USE bool change_of_alert(struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *alert,
    struct page *p, struct err *e);

#endif
