/*
 * promotion_priv.h - the lines of history of a report accepted as a whole, as a SELECT makes them
 * of its changes: those that wait to be written are read so too.
 */
#ifndef BSX_STORE_DRIFT_PROMOTION_PRIV_H
#define BSX_STORE_DRIFT_PROMOTION_PRIV_H

/* drift_findings.was counts these from 1. */
#define PROMOTION_WAS "'detected', 'acknowledged', 'in_progress', 'resolved', 'accepted', 'ignored'"

#define PROMOTION_EVENT(event) "CONCAT(LEFT(" event ", 12), UNHEX(LPAD(HEX(c.position), 8, '0')))"

/* l: the row of drift_decision_lines, d: its decision, c: a change, f: its finding. */
#define PROMOTION_FROM_STATUS "IFNULL(ELT(f.was, " PROMOTION_WAS "), c.status)"
#define PROMOTION_DECIDED                                                                          \
	" STRAIGHT_JOIN drift_decisions d ON d.config_id = l.config_id AND d.number = l.number"
#define PROMOTION_FINDING                                                                          \
	" LEFT JOIN drift_findings f ON f.config_id = l.config_id AND f.fingerprint = "            \
	"c.fingerprint"                                                                            \
	" AND f.value_hash = c.value_hash"
/* Those of one finding that wait, as rows of drift_history; `fingerprint` is an expression. */
#define PROMOTION_WAITING(tables, fingerprint)                                                     \
	"SELECT CAST(" PROMOTION_EVENT(                                                            \
	    "l.event") " AS BINARY(16)) AS id, c.config_id, c.fingerprint AS subject,"             \
		       " c.value_hash, d.at, d.owner AS actor, " PROMOTION_FROM_STATUS             \
		       " AS from_status,"                                                          \
		       " 'accepted' AS to_status, d.reason AS note FROM drift_decision_lines "     \
		       "l" PROMOTION_DECIDED tables " STRAIGHT_JOIN drift_changes c FORCE INDEX "  \
						    "(finding) ON c.config_id = l.config_id"       \
		       " AND c.fingerprint = " fingerprint " AND c.report_id = l.report_id"        \
		       " AND c.position >= l.next" PROMOTION_FINDING

#endif
