/*
 * finding_priv.h - rows of findings, for finding.c, rekey.c and acceptance.c.
 */
#ifndef BSX_STORE_DRIFT_FINDING_PRIV_H
#define BSX_STORE_DRIFT_FINDING_PRIV_H

#include "core/store/drift/finding.h"

extern const struct schema finding_schema, finding_target_schema;

#define LIFE_COLUMNS                                                                               \
	"config_id, fingerprint, value_hash, status, present, runs, promoted, reason, owner,"      \
	" expires_at, assigned_to, created_at, updated_at, announced"

#endif
