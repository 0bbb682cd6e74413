/*
 * fleet.h - what there is of each tenant, in numbers: a row of the control schema, and one for each of its worst open
 * alerts, so that lists of all tenants open no schema but that one.
 *
 * A deed marks its tenant's row in its own transaction, through a procedure that takes the tenant from the account;
 * driftd counts what is marked (core/auth/tenant/fleet.h), and each row once an hour besides.  What is counted holds
 * where nothing newer was counted meanwhile, so any number may count at a time, and who is killed has lost nothing: the
 * mark goes with the row that is written.  The last complete snapshot is written by its own transaction.
 */
#ifndef BSX_STORE_TENANT_FLEET_H
#define BSX_STORE_TENANT_FLEET_H

#include "core/store/tenant/grant.h"
#include "core/store/tenant/usage.h"

/* ---- in a transaction of the tenant, with its end (tx_last) ---- */

/* What is counted of it has changed. */
MUST_USE bool fleet_mark(struct db *db, struct err *e);
/* What its grants lend may have changed: until it is counted they lend nothing to the fleet. */
MUST_USE bool fleet_mark_roles(struct db *db, struct err *e);
/* A complete snapshot of that instant. */
MUST_USE bool fleet_seen(struct db *db, instant at, struct err *e);

/* ---- counting ---- */

#define FLEET_TAKEN_S 10 /* so long it is left to who counts */

struct fleet_due {
	struct uuid tenant_id;
	char       *schema_name, *settings;
	uint64_t    marked; /* before it is counted */
};
/* Those that are to be counted now, the one that waits longest first. */
MUST_USE bool fleet_due(struct database *d, TALLOC_CTX *mem, size_t limit, struct fleet_due **rows, size_t *n,
    struct err *e);
/* *won false: somebody else was first, or it has been marked since. */
MUST_USE bool fleet_take(struct database *d, const struct fleet_due *row, bool *won, struct err *e);

struct fleet_counts {
	int64_t critical, high, medium, low, info; /* open alerts that nothing suppresses, but those of kind "security" */
	int64_t security; /* these */
	instant untaken_at;                        /* of them: the oldest that nobody took; 0: there is none */
	int64_t configs, blind;
	instant snapshot_at; /* the last complete one; 0: none */
	int64_t used[USAGE__MAX], day;
};
/* One of those alerts, none of kind "security"; without title, value or path. */
struct fleet_alert {
	struct uuid alert_id;
	char       *kind, *severity, *status;
	instant     opened_at;
	bool        taken; /* somebody has acknowledged it, or was assigned */
};
#define FLEET_ALERTS_EACH 10 /* the worst of a tenant: severity, then those that nobody took, then the oldest */
MUST_USE bool fleet_count_alerts(struct tenant_db *t, TALLOC_CTX *mem, struct fleet_alert **rows, size_t *n,
    struct err *e);
/* As they are now: of snapshots that day's. */
MUST_USE bool fleet_count(struct tenant_db *t, int64_t day, struct fleet_counts *out, struct err *e);

/* What is lent to the fleet: bits of a grant, and of what a caller may read of a row. */
#define FLEET_ALERTS  1
#define FLEET_DRIFT   2
#define FLEET_TENANTS 4
#define FLEET_FACTOR  8 /* one of the roles needs a second factor */
#define FLEET_AUDIT   16
struct fleet_lends {
	struct uuid id; /* of the grant */
	int64_t     lends;
};
/* All at once; nothing, where newer ones stand there. */
struct fleet_counted {
	const struct fleet_due    *row;
	const struct fleet_counts *counts;
	const struct fleet_lends  *grants;
	size_t                     grants_n;
	const struct fleet_alert *alerts;
	size_t                    alerts_n; /* at most FLEET_ALERTS_EACH */
};
MUST_USE bool fleet_write(struct database *d, const struct fleet_counted *in, struct err *e);

/* ---- reading ---- */

struct fleet_asked {
	struct uuid home;       /* whose own row is shown */
	struct uuid guest;      /* to whom the grants are given that count; nil: none do */
	struct uuid user;       /* to whom alone they may be given; nil: a key */
	bool        everything; /* every tenant */
	bool        single;     /* signed in without a second factor */
	int64_t     bits;       /* what the caller may read at home, and most of what is lent */
	const char *status, *severity, *blind; /* filters; NULL: any.  severity: an alert so severe, or worse; blind: "true", "false" */
};
struct fleet_row {
	struct uuid     id;
	char           *slug, *name, *status;
	struct raw_json quota;
	int64_t         bits; /* of FLEET_*: what of it may be shown */
	bool            lent;
	int64_t         worst; /* the order of the list */
	int64_t         critical, high, medium, low, info, security, configs, blind, users, api_keys, snapshots, day, storage_bytes;
	instant         untaken_at, snapshot_at, counted_at;
};
/* Worst first, by its open alerts.  Behind a row that is not to be seen: from the beginning. */
MUST_USE bool fleet_page(struct database *d, TALLOC_CTX *mem, const struct fleet_asked *in, struct page *p, struct err *e);

struct fleet_alert_row {
	struct uuid        place; /* the order of the list: a page goes on behind it, whether it is there still or not */
	struct uuid        tenant_id;
	char              *slug, *name;
	bool               lent;
	struct fleet_alert a;
	instant            counted_at;
};
/* In the order of FLEET_ALERTS_EACH, of all tenants whose alerts the caller may read; of `in` only the severity is a filter. */
MUST_USE bool fleet_alert_page(struct database *d, TALLOC_CTX *mem, const struct fleet_asked *in, struct page *p,
    struct err *e);

#endif
