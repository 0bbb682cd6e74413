/*
 * finding_priv.h - what the files of finding.h share.
 */
#ifndef BSX_DRIFT_RUN_FINDING_PRIV_H
#define BSX_DRIFT_RUN_FINDING_PRIV_H

#include "drift/run/finding.h"

/* Of a struct change and a struct finding_row, for bsearch: by fingerprint, value hash. */
int finding_order(const void *key, const void *member);

#endif
