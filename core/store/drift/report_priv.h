/*
 * report_priv.h - rows of changes, and what their findings say of them.
 */
#ifndef BSX_STORE_DRIFT_REPORT_PRIV_H
#define BSX_STORE_DRIFT_REPORT_PRIV_H

#include "core/store/drift/report.h"

extern const struct schema change_row_schema;

/* A change's status is that of its finding, and so is who made it, where the row does not say: a row keeps the status
 * that it was written with, for a change that no finding stands behind. */
#define CHANGE_STATUS "IFNULL(f.status, c.status)"
#define CHANGE_SELECT                                                                              \
	"SELECT c.id, c.report_id, c.config_id, c.position, c.category, c.`key`, c.op, c.path,"    \
	" c.canonical_path, c.old_value, c.new_value, c.old_truncated, c.new_truncated,"           \
	" c.severity, c.rule, c.reason, c.fingerprint, c.value_hash,"                              \
	" " CHANGE_STATUS " AS status,"                                                   \
	" IFNULL(c.attribution, f.attribution) AS attribution, c.created_at,"                      \
	" c.suppressed_by, c.rule_place, c.judged, c.controls, c.text_diff,"                       \
	" c.renamed_from, c.renamed_severity, f.announced"
#define CHANGE_FINDING                                                                             \
	" LEFT JOIN drift_findings f ON f.config_id = c.config_id"                                 \
	" AND f.fingerprint = c.fingerprint AND f.value_hash = c.value_hash"
#define CHANGE_FROM " FROM drift_changes c" CHANGE_FINDING

#endif
