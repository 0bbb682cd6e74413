/*
 * finding.h - the findings of a new report against those known: which are
 * accepted, which are new, which are gone, and what is held back from alerting.
 *
 * The status of a finding (fingerprint and value hash) follows it from report
 * to report.  An accepted one is not counted and does not alert until its value
 * is another or the acceptance expires.  What a complete report has no more is
 * resolved by "system"; accepted and ignored ones keep their word for the day
 * it comes back.  Making reads, writing writes; both belong to a plan.  Judging,
 * the part in between, reads and writes nothing: what-if uses it too.
 */
#ifndef BSX_DRIFT_RUN_FINDING_H
#define BSX_DRIFT_RUN_FINDING_H

#include "core/store/drift/finding.h"
#include "drift/alert/hold_reason.h"
#include "drift/alert/limits.h"
#include "drift/engine/diff.h"

struct ingest;
struct plan;

struct plan_findings {
	const char          **status;    /* of each change */
	enum hold_reason     *hold;      /* of each change */
	int64_t              *runs;      /* of each change: reports in a row that had it */
	bool                 *tolerated; /* of each tolerance: it held something */
	bool                 *is_fresh;  /* of each change */
	struct finding_seen  *fresh;
	size_t                fresh_n;
	struct finding_row   *put;
	size_t                put_n;
	struct finding_event *events;
	size_t                events_n;
	int64_t               accepted;   /* changes that are shown, taken out of the summary */
	const char          **by; /* of each change: the silence over it, kind:id; NULL: none */
	const char           *silence;    /* which covers one, as suppressed_by says it; NULL: none */
	struct raw_json       suppressed; /* of the report: null, or array of {by, changes} */
	instant               recheck_at; /* 0: nothing ends by itself */
	bool                  go_on;      /* the next snapshot counts, changed or not */
	int64_t               unconfirmed; /* changes that are shown and wait for a second reading (deletion.h) */
	instant               confirm_at;  /* when that is to be begun; 0: none is needed */
};

struct finding_in {
	const struct limits *limits;
	struct uuid          config_id;
	instant              now;
	instant              began; /* the reading that the report is of */
	bool                 complete; /* what the report has no more is gone */
	size_t               shown;    /* changes from there on stand of what was not read: no run has them */
	struct diff_summary *summary;  /* of those before; NULL: that of the diff */
	const bool          *ended;    /* of those shown: it undoes what was told; NULL: none does */
	bool                 again;    /* no new report: nothing is counted */
	const char          *why_over; /* of what is gone, for its history; NULL: it is not there any more */
};
struct finding_recalled {
	struct finding_list known, ended;
};
/*
 * Adds to `known` (by fingerprint, value hash) what else the changes name that is accepted or ignored: it was not
 * in the newest report.  What is known by the name that its path had keeps that name: changes get it here.
 * `ended`: what they name and was there long ago.
 */
MUST_USE bool finding_recall(struct db *db, TALLOC_CTX *mem, const struct uuid *config,
    struct diff *diff, struct finding_recalled *r, struct err *e);
/* Holds the changes of a diff, whose summary loses what is accepted, against what is known.  Rows
 * become what they are after this.  Events have no ids yet. */
MUST_USE bool finding_judge(TALLOC_CTX *mem, const struct finding_in *in, struct diff *diff,
    const struct finding_list *known, struct plan_findings **out, struct err *e);

/* From p->diff, whose summary loses what is accepted.  A late plan's findings are only looked at.
 */
MUST_USE bool finding_make(const struct ingest *in, struct plan *p, struct err *e);
/* Look again from then on; 0: no. */
void finding_recheck(struct plan_findings *l, instant at);
/* Is the place a JSON Pointer names one of the pattern's?  What that was worth is added to *steps. */
MUST_USE bool finding_path_matches(TALLOC_CTX *mem, const struct pattern *p, struct str path,
    uint64_t *steps, bool *yes, struct err *e);
MUST_USE bool finding_write(struct db *db, const struct plan_findings *l, struct err *e);

#endif
