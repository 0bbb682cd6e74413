/*
 * trend.h - how a config's findings come and go, and how many changes its runs
 * had.  Rows are there for configs with a threshold that needs them.
 *
 * Written in the transaction that writes the config's state row.
 *
 * Errors: those of db.h.
 */
#ifndef BSX_STORE_DRIFT_TREND_H
#define BSX_STORE_DRIFT_TREND_H

#include "core/base/hash.h"
#include "core/store/tenant/tenant_db.h"

struct trend_row {
	struct uuid config_id;
	uint64_t    checks;   /* snapshots so far that had a collection completely */
	int64_t     flapping; /* findings that flap now */
	bool        anomalous;
	char       *counts;      /* changes of the config's last runs: JSON array of numbers, the newest last */
	char       *collections; /* the same of each collection (drift/run/unusual.c); NULL: not counted yet */
};
/* A config without a row: zero, and "[]". */
MUST_USE bool trend_by_id(struct db *db, TALLOC_CTX *mem, const struct uuid *config,
    struct trend_row *row, struct err *e);
MUST_USE bool trend_set(struct db *db, const struct trend_row *row, struct err *e);
/* With its flaps. */
MUST_USE bool trend_drop(struct db *db, const struct uuid *config, struct err *e);

struct flap_row {
	struct uuid config_id;
	struct blob fingerprint;
	struct blob value_hash; /* p == NULL: not there at the last check */
	uint64_t    bits, checked; /* in `checks` of its collection (collection.h) */
	bool        flapping;
	char       *category; /* NULL: not known, `checked` is in those of the config */
};
#define FLAPS_MAX 100000
MUST_USE bool flap_list(struct db *db, TALLOC_CTX *mem, const struct uuid *config,
    struct flap_row **rows, size_t *n, struct err *e); /* by fingerprint */
MUST_USE bool flap_put(struct db *db, const struct flap_row *rows, size_t n, struct err *e);
MUST_USE bool flap_drop(struct db *db, const struct flap_row *rows, size_t n, struct err *e);

#endif
