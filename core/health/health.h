/*
 * health.h - how the installation is: its database, its schemas, its daemons, what waits.
 *
 * Errors: ERR_UNAVAILABLE with one sentence that names the part, and retry_s; why it is so, in the detail only.
 */
#ifndef BSX_HEALTH_HEALTH_H
#define BSX_HEALTH_HEALTH_H

#include "core/store/tenant/tenant_db.h"

#define HEALTH_HEARTBEAT_MS 30000 /* a daemon that was not seen for longer is not there */

/* Whether requests can be served: the database is there, migrated and takes changes.  *daemon: one is running. */
MUST_USE bool health_serves(
    struct database *d, TALLOC_CTX *mem, bool *daemon, struct err *e);
/* The same, and a daemon is running, or ERR_UNAVAILABLE. */
MUST_USE bool health_ready(struct database *d, TALLOC_CTX *mem, struct err *e);

/* For an operator, who asks when something is wrong: it answers without a database too. */
struct health_facts {
	const char *database; /* "ok", "unavailable", "read_only", "full" */
	int64_t     control_schema, tenant_schema; /* newest migration that this program knows */
	int64_t     tenants, tenants_behind;
	int64_t     driftd_count, driftd_heartbeat_age_ms; /* -1: never seen */
	int64_t     outbox_pending, outbox_oldest_ms;
	int64_t     signing_key_age_s; /* -1: there is none */
	int64_t     audit_behind, audit_entries, audit_oldest_ms; /* of channels that are told an audit trail */
};
/* What cannot be read is logged; counts are 0 then, and ages -1. */
void health_facts(struct database *d, TALLOC_CTX *mem, struct log *log, struct health_facts *out);

/* What only the database knows of the waiting and the living: driftd_*, outbox_* and audit_*. */
MUST_USE bool health_gauges(
    struct database *d, TALLOC_CTX *mem, struct health_facts *out, struct err *e);

/* How many connections the server takes, and how many statements they may keep prepared together. */
struct health_limits {
	int64_t max_connections, most_kept;
};
MUST_USE bool health_limits(struct database *d, struct health_limits *l, struct err *e);

#endif
