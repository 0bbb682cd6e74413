/*
 * ops.h - what operation wants to know of the control schema: the daemon's
 * heartbeat, waiting deliveries, the signing key's age, schemas left behind.
 *
 * Ages are differences of the database's own clock.
 */
#ifndef BSX_STORE_SERVER_OPS_H
#define BSX_STORE_SERVER_OPS_H

#include "core/store/db.h"

struct ops_daemons {
	int64_t n;      /* seen within a day */
	int64_t age_ms; /* since the latest heartbeat of any; -1: never seen */
};

struct ops_outbox {
	int64_t pending;
	int64_t oldest_ms; /* age of the oldest one waiting; 0: none waits */
};

/* Channels that are told an audit trail and are neither paused nor disabled. */
struct ops_feeds {
	int64_t behind;    /* that have not had all of it for a minute */
	int64_t entries;   /* that the slowest has not had */
	int64_t oldest_ms; /* since when the slowest has not had all; 0: each has */
};

struct ops_key {
	int64_t age_s; /* of the active signing key; -1: there is none */
};

struct ops_schemas {
	int64_t tenants;
	int64_t behind; /* active tenants whose schema is older than `newest` */
};

MUST_USE bool ops_daemons(struct db *control, TALLOC_CTX *mem, struct ops_daemons *out, struct err *e);
MUST_USE bool ops_outbox(struct db *control, TALLOC_CTX *mem, struct ops_outbox *out, struct err *e);
MUST_USE bool ops_feeds(struct db *control, TALLOC_CTX *mem, struct ops_feeds *out, struct err *e);
MUST_USE bool ops_key(struct db *control, TALLOC_CTX *mem, struct ops_key *out, struct err *e);
MUST_USE bool ops_schemas(struct db *control, TALLOC_CTX *mem, int64_t newest,
    struct ops_schemas *out, struct err *e);

#endif
