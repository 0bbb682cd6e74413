/*
 * acceptance.h - acceptances that wait for a second person.
 *
 * Only what waits has a row: what came of the others is in the history of what they were about, and in the trail.  A finding
 * waits in one of them at most, and of each config one that sets its baseline.
 *
 * Errors: ERR_MISSING, ERR_CONFLICT (it waits already), and those of db.h.
 */
#ifndef BSX_STORE_DRIFT_ACCEPTANCE_H
#define BSX_STORE_DRIFT_ACCEPTANCE_H

#include "core/store/drift/finding.h"

#define ACCEPTANCE_CHANGES  "changes"
#define ACCEPTANCE_REPORT   "report"
#define ACCEPTANCE_BASELINE "baseline"

#define ACCEPTANCES_MAX         100   /* of a tenant, at a time */
#define ACCEPTANCE_FINDINGS_MAX 20000 /* of all of them */

struct acceptance {
	struct uuid id;
	char       *kind;
	struct uuid config_id, report_id, snapshot_id; /* nil: of changes */
	struct uuid baseline_id;                       /* what it was when it was asked; nil: none */
	char       *status;                            /* "accepted", "ignored" */
	char       *reason;
	instant     expires_at; /* of the acceptance; 0: never */
	bool        reviewed;
	char       *severity;
	int64_t     findings;
	struct uuid asked_by; /* nil: a key that nobody is known to have made */
	char       *asked_name;
	instant     asked_at, ends_at;
};

/* Of it, by its config, fingerprint and value. */
struct acceptance_finding {
	struct uuid config_id;
	struct blob fingerprint, value_hash;
	struct uuid acceptance_id;
};

/* ERR_QUOTA: as many wait as may. */
MUST_USE bool acceptance_add(struct db *db, const struct acceptance *a,
    const struct acceptance_finding *f, size_t n, struct err *e);
MUST_USE bool acceptance_by_id(struct db *db, TALLOC_CTX *mem, const struct uuid *id,
    struct acceptance *a, struct err *e);
/* The same, and holds the row until the transaction ends. */
MUST_USE bool acceptance_lock(struct db *db, TALLOC_CTX *mem, const struct uuid *id,
    struct acceptance *a, struct err *e);
/* The one that sets the baseline of a config. */
MUST_USE bool acceptance_of_config(struct db *db, TALLOC_CTX *mem, const struct uuid *config,
    struct acceptance *a, struct err *e);
/* What it is about that is there and nobody has decided about, with the findings as they are. */
MUST_USE bool acceptance_findings(struct db *db, TALLOC_CTX *mem, const struct uuid *id,
    struct finding_target **rows, size_t *n, struct err *e);
/* With its findings; *done false: it was gone. */
MUST_USE bool acceptance_drop(struct db *db, const struct uuid *id, bool *done, struct err *e);
/* Newest first; `config` nil: of all. */
MUST_USE bool acceptance_list(struct db *db, TALLOC_CTX *mem, const struct uuid *config,
    struct page *p, struct err *e);
/* What a finding waits in: of itself, or of its config's baseline. */
MUST_USE bool acceptances_of_finding(struct db *db, TALLOC_CTX *mem, const struct finding_row *f,
    struct acceptance **rows, size_t *n, struct err *e);
/* What anything waits in that an alert has told of. */
MUST_USE bool acceptances_of_alert(struct db *db, TALLOC_CTX *mem, const struct uuid *alert,
    struct acceptance **rows, size_t *n, struct err *e);

/* The worst of a report that is accepted until a day only; *severity NULL: nothing is. */
MUST_USE bool acceptance_worst_until(struct db *db, TALLOC_CTX *mem, const struct uuid *report,
    char **severity, struct err *e);

/* Findings of the newest reports that nobody has decided about for good, and that are of one of these severities (a JSON
 * array): of a config, or of those that are bound to a template; the other is nil. */
MUST_USE bool acceptance_undecided(struct db *db, const struct uuid *config,
    const struct uuid *golden, const char *severities, bool *any, struct err *e);

#endif
