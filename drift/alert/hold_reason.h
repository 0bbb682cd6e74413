/*
 * hold_reason.h - why a change that is severe enough does not alert.
 */
#ifndef BSX_DRIFT_ALERT_HOLD_REASON_H
#define BSX_DRIFT_ALERT_HOLD_REASON_H

#define HOLDS(X)                                                                                   \
	X(HOLD_NONE, "", "")                                                                       \
	X(HOLD_ACCEPTED, "accepted", "accepted with this value")                                   \
	X(HOLD_RETURNED, "returned",                                                               \
	    "the end of what was told and nobody has seen, or a part of what it is now")           \
	X(HOLD_IGNORED, "ignored", "set to ignored by somebody")                                   \
	X(HOLD_COLLECTION, "suspicious_collection",                                                \
	    "gone at once with too much of the collection; the next snapshot decides")             \
	X(HOLD_TOLERANCE, "tolerance", "a number within its tolerance of the baseline's")          \
	X(HOLD_FOR_RUNS, "for_runs", "not there for for_runs reports in a row yet")                \
	X(HOLD_UNCONFIRMED, "unconfirmed", "gone in one reading only; a second one decides")       \
	X(HOLD_FLAPPING, "flapping", "flapping; it is told when it has calmed")                    \
	X(HOLD_SILENCE, "silence", "covered by a silence")                                         \
	X(HOLD_ANNOUNCED, "announced", "as announced")                                              \
	X(HOLD_AWAITED, "announced_waiting",                                                        \
	    "as announced, as long as it is not known who made it")
enum hold_reason {
#define X(id, code, reason) id,
	HOLDS(X)
#undef X
	    HOLD__MAX
};

#endif
