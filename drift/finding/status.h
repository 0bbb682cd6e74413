/*
 * status.h - which status may follow which, for findings and for alerts.
 *
 * Both go detected (open), acknowledged, in_progress, resolved, and may leave
 * steps out; work never goes back a step.  A finding may be accepted, ignored or
 * set back to detected from anywhere, and is reopened by detected alone; an
 * alert that is resolved stays so: what returns opens another one.
 *
 * The answer is NULL, or a sentence that says why not.
 */
#ifndef BSX_DRIFT_FINDING_STATUS_H
#define BSX_DRIFT_FINDING_STATUS_H

const char *status_refuse_finding(const char *from, const char *to);
const char *status_refuse_alert(const char *from, const char *to);

#endif
