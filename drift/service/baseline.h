/*
 * baseline.h - a config's baseline: shown, and set to a snapshot or bound to a golden one.
 */
#ifndef BSX_DRIFT_SERVICE_BASELINE_H
#define BSX_DRIFT_SERVICE_BASELINE_H

#include "core/store/drift/acceptance.h"
#include "core/store/drift/finding.h"
#include "drift/run/first_look.h"
#include "drift/run/golden_binding.h"
#include "drift/service/acting.h"

/* What would be high or critical in first readings that nobody has approved, worst first. */
struct look_seen {
	int64_t             critical, high;
	struct look_change *changes; /* at most LOOK_MAX */
	size_t              changes_n;
};

struct baseline_seen {
	const char           *mode;        /* "pinned", "previous", "golden" */
	struct uuid           snapshot_id; /* what the next one is compared with; nil: none yet */
	bool                  approved;    /* somebody has set it */
	instant               collected_at;
	struct finding_event *events;
	size_t                events_n;
	bool                  asked; /* of baseline_set(): it waits, and nothing of it is done */
	struct acceptance     waits; /* for a second person: what would be the baseline; id nil: nothing does */
	struct look_seen     *look; /* of the first readings, to be reviewed; NULL: nothing */
	/* In mode golden; NULL: in another. */
	struct baseline_bound {
		struct golden         golden;
		bool                  foreign; /* the platform's */
		struct golden_binding binding;
		struct golden_terms   terms;
		const char           *other_categories;
	} *bound;
};
MUST_USE bool baseline_see(
    const struct acting *a, const struct uuid *config, struct baseline_seen *out, struct err *e);

/*
 * Sets a snapshot of the config, for the collections that it has read completely, or binds the config to a golden baseline, which needs read:snapshots;
 * one of the two is NULL or nil.  ERR_CONFLICT: the baseline follows the previous snapshot, or there is something to
 * review, and it was not.
 */
struct baseline_wish {
	struct uuid                 snapshot_id;
	const struct golden_choice *golden;
	bool                        reviewed; /* what the first readings had to be reviewed was seen */
	const char                 *reason; /* NULL: none is given */
};
MUST_USE bool baseline_set(const struct acting *a, const struct uuid *config,
    const struct baseline_wish *in, struct baseline_seen *out, struct err *e);
/* One that has waited for a second person, whom `a` is. */
MUST_USE bool baseline_set_asked(
    const struct acting *a, const struct acceptance *asked, struct err *e);

/* All of the snapshot's collections were read. */
MUST_USE bool snapshot_complete(
    TALLOC_CTX *mem, const struct snapshot *s, bool *complete, struct err *e);
/* At least one was, or there was nothing to be read: there is something to approve. */
MUST_USE bool snapshot_shows(
    TALLOC_CTX *mem, const struct snapshot *s, bool *shows, struct err *e);

#endif
