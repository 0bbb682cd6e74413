/*
 * flap.h - findings that come and go.
 *
 * A check of a finding is a complete reading of its collection in order, an unchanged one too.  At
 * each a finding (by its fingerprint) alerts with a value, or it does not: what is accepted, ignored, within its
 * tolerance, not there for for_runs yet or held with its collection is not there, what is silenced
 * is.  Coming, going and taking another value are changes of state.  Of the last 21 checks the 20
 * steps between them are weighed, from 0.8 (the oldest) to 1.2 (the newest), and make a percentage,
 * as Nagios does it.  From `flap_high` on the finding flaps, until it falls below `flap_low`.
 *
 * Pure: no I/O, no clock.  Steps before the first check count as quiet.
 */
#ifndef BSX_DRIFT_ALERT_FLAP_H
#define BSX_DRIFT_ALERT_FLAP_H

#include "core/base/hash.h"
#include "drift/alert/hold_reason.h"
#include "drift/alert/limits.h"
#include "drift/engine/diff.h"

#define FLAP_STEPS 20

struct flap {
	uint8_t  fingerprint[HASH_LEN], value_hash[HASH_LEN];
	bool     present; /* at the last check, with that value */
	uint32_t bits;    /* bit i: its state changed i checks before the last such change */
	uint64_t behind;  /* checks since that */
	struct str category; /* n 0: not known, and each snapshot counts */
	bool     flapping;
	bool     began, calmed; /* at this check */
	bool     dirty;         /* differs from what was stored */
};
struct flaps {
	struct flap *items; /* by fingerprint */
	size_t       n;
	uint64_t     checks;
	size_t       flapping, began; /* how many */
};

/* The changes of a comparison, and why each does not alert. */
struct held_changes {
	const struct change *changes;
	enum hold_reason    *holds; /* parallel */
	size_t               n;
	/* Was that collection read?  What was not stays as it was.  NULL: all were. */
	bool (*read)(const void *of, struct str category);
	const void *of;
};

/* Weighed share of steps with a change, in hundredths of a percent. */
int64_t flap_share(const struct flap *f);
size_t  flap_count(const struct flap *f); /* steps with a change */

/* What may be forgotten: not there, and quiet for FLAP_STEPS checks. */
bool flap_over(const struct flap *f);

/* One more check: *out is a child of `mem`, as categories are that are new to it. */
MUST_USE bool flaps_check(TALLOC_CTX *mem, const struct limits *l, const struct flaps *before,
    const struct held_changes *found, struct flaps *out, struct err *e);
/* Holds what flaps and nothing else holds. */
void flaps_hold(const struct flaps *f, const struct held_changes *found);

/* NULL: neither flapping nor just calm nor on its way. */
const struct flap *flap_of(const struct flaps *f, const uint8_t *fingerprint);

#endif
