/*
 * finding.h - what people decide about findings: one, many, or all of a report at once.
 */
#ifndef BSX_DRIFT_SERVICE_FINDING_H
#define BSX_DRIFT_SERVICE_FINDING_H

#include "core/store/drift/acceptance.h"
#include "core/store/drift/finding.h"
#include "core/store/drift/report.h"
#include "drift/finding/ruling.h"
#include "drift/service/acting.h"

/* What happened to a finding, an alert or a baseline: `config` nil and the alert's id as subject, or the config
 * and a fingerprint, or the config and its own id. */
MUST_USE bool history_see(const struct acting *a, const struct uuid *config, struct blob subject,
    struct finding_event **events, size_t *n, struct err *e);

/* A change with its finding: as it would be when nobody has decided about it and no ordinary report has shown it. */
struct change_seen {
	struct change_row     row;
	struct finding_row    finding;
	struct acceptance    *waits; /* for a second person; of changes_see() none are read */
	size_t                waits_n;
	struct finding_event *events;
	size_t                events_n;
};
MUST_USE bool change_see(
    const struct acting *a, const struct uuid *id, struct change_seen *out, struct err *e);
/* The same of changes of one config that were read, each of another finding: in a few statements.  *cut: their histories are
 * longer than is read at once, and the last of them lack theirs, or its end. */
MUST_USE bool changes_see(const struct acting *a, const struct change_row *rows, size_t n,
    struct change_seen **out, bool *cut, struct err *e);

/* What came of it; where something waits for a second person (second.h), in `waits`, whose id is nil else. */
struct decisions {
	struct decided    done;
	struct acceptance waits;
};

/*
 * About the finding of a change; and about those of many changes, all or nothing, each finding once: with the
 * ids, or the filter, which stands in the entry as it came (`filter`).  Actor and instant of the ruling are set
 * here.
 */
MUST_USE bool finding_decide(const struct acting *a, const struct uuid *change,
    const struct ruling *ruling, struct decisions *out, struct err *e);
MUST_USE bool findings_decide(const struct acting *a, const struct ruling *ruling,
    const struct decide_which *which, const struct json *filter, struct decisions *out,
    struct err *e);

/*
 * Accepts all of a report: its snapshot becomes the baseline, its findings are accepted, and where it is the
 * newest, the config is well and its open alert is resolved.  ERR_CONFLICT: a report of nothing; a baseline
 * that is not set by hand; something to review that was not.  waits->id set: it waits for a second person, and nothing of it
 * is done.
 */
struct acceptance_wish {
	const char *reason;
	bool        reviewed; /* as of a baseline that is set (baseline.h) */
};
MUST_USE bool report_accept(const struct acting *a, const struct uuid *report,
    const struct acceptance_wish *in, struct report *out, struct acceptance *waits,
    struct err *e);
/* The same, of one that has waited: `by` confirms it. */
MUST_USE bool report_accept_asked(const struct acting *a, const struct acceptance *asked, struct err *e);

#endif
