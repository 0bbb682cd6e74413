/*
 * upkeep.h - what driftd does for the whole installation, beside deliveries:
 * one round a minute, in every daemon; each deed is done by whoever comes first.
 */
#ifndef BSX_DRIFT_DRIFTD_UPKEEP_H
#define BSX_DRIFT_DRIFTD_UPKEEP_H

#include "drift/driftd/supervise.h"

MUST_USE bool upkeep_round(struct daemon *d, struct err *e);

#endif
