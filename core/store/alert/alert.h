/*
 * alert.h - alerts, and the findings each has told of.
 *
 * A config has at most one open alert of a kind (`open_key`, unique), and the tenant itself one of
 * each thing that is watched (drift/watch): the one that is not resolved.  Every write of an alert holds its version.
 *
 * Errors: ERR_MISSING, ERR_CONFLICT (one is open already), and those of db.h.
 */
#ifndef BSX_STORE_ALERT_ALERT_H
#define BSX_STORE_ALERT_ALERT_H

#include "core/base/hash.h"
#include "core/store/alert/routing.h"
#include "core/store/id_list.h"
#include "core/store/tenant/tenant_db.h"

struct alert {
	struct uuid id;
	struct uuid config_id; /* nil: of none */
	struct uuid report_id;
	char       *kind; /* "drift", ... */
	char       *severity;
	char       *title;        /* holds no value of what is watched */
	char       *full_title;   /* with values; no column: drift/alert/title.h; NULL: not opened, or none */
	struct blob title_values; /* sealed: full_title; p == NULL: none */
	char       *status;  /* "open", "acknowledged", "in_progress", "resolved" */
	int64_t     changes; /* findings of the newest report; of the tenant itself: how often it happened */
	instant     opened_at, updated_at;
	char       *acknowledged_by; /* NULL: nobody */
	instant     acknowledged_at;
	struct uuid assigned_to;
	instant     resolved_at;
	char       *resolved_by;
	char       *suppressed_by;
	char       *open_key; /* NULL once resolved */
	struct raw_json attribution; /* who made its changes (drift/attribution); no text: nobody was asked */
	uint64_t    version;
};

struct alert_filter {
	const char *status, *severity, *kind; /* NULL: any */
	const char *suppressed;               /* "true", "false"; NULL: any */
	const char *unseen;                   /* a kind that is left out; NULL: none is */
	const char *control;                  /* that a rule of its findings names; NULL: any */
	struct uuid config_id, report_id, assigned_to; /* nil: any */
	bool        oldest_first; /* a page begins at the oldest, not at the newest */
};

MUST_USE bool alert_add(struct db *db, const struct alert *a, struct err *e);
MUST_USE bool alert_by_id(
    struct db *db, TALLOC_CTX *mem, const struct uuid *id, struct alert *a, struct err *e);
MUST_USE bool alert_by_open_key(
    struct db *db, TALLOC_CTX *mem, const char *open_key, struct alert *a, struct err *e);
/* Open ones whose open keys are between two, by these. */
struct alert_keys {
	const char *from, *to; /* from it on, and before it */
	int64_t     limit;
};
MUST_USE bool alert_open_between(struct db *db, TALLOC_CTX *mem, const struct alert_keys *in,
    struct alert **rows, size_t *n, struct err *e);
/* The newest of kind "drift" of a config, open or over. */
MUST_USE bool alert_newest(struct db *db, TALLOC_CTX *mem, const struct uuid *config,
    struct alert *a, bool *found, struct err *e);
MUST_USE bool alert_list(struct tenant_db *t, TALLOC_CTX *mem, const struct alert_filter *f,
    struct page *p, struct err *e);
/* Those with these ids, as many as there are, newest first. */
#define ALERT_IDS_MAX 1000
MUST_USE bool alert_by_ids(struct db *db, TALLOC_CTX *mem, struct id_list ids,
    struct alert **rows, size_t *n, struct err *e);
/* Writes all that can change and raises the version while it is a->version; *done false: outrun. */
MUST_USE bool alert_set(struct db *db, const struct alert *a, bool *done, struct err *e);
/* The same in a deed (tx_later), which was outrun where it is not. */
MUST_USE bool alert_write(struct db *db, const struct alert *a, struct err *e);

struct told {
	struct uuid alert_id;
	struct blob fingerprint, value_hash;
};
#define FINDINGS_MAX 50000
/* A control that the rule of one of its findings names, or has named. */
struct alert_control {
	struct uuid alert_id;
	const char *control;
};
#define ALERT_CONTROLS_MAX 100000 /* as many as an alert can come by: it is open long, and rules change */
MUST_USE bool alert_control_put(
    struct db *db, const struct alert_control *c, size_t n, struct err *e); /* or it stays */
MUST_USE bool alert_control_list(struct db *db, TALLOC_CTX *mem, const struct uuid *alert,
    struct strings *out, struct err *e);
/* The open one, if there is, what it has told of, its controls, and the routes by which it is told. */
struct alert_open {
	bool                  found;
	struct alert          alert;
	struct told          *told; /* by fingerprint */
	size_t                n;
	struct alert_control *controls; /* by their texts */
	size_t                controls_n;
	struct alert_routing  routing;
};
MUST_USE bool alert_open_with_told(struct db *db, TALLOC_CTX *mem, const char *open_key,
    struct alert_open *out, struct err *e);
/* Is a value among what was told, by fingerprint? */
bool alert_has_told(
    const struct told *told, size_t n, struct blob fingerprint, struct blob value_hash);
/* What it has told of, by fingerprint, at most FINDINGS_MAX. */
MUST_USE bool told_list(struct db *db, TALLOC_CTX *mem, const struct uuid *alert,
    struct told **rows, size_t *n, struct err *e);
MUST_USE bool told_put(
    struct db *db, const struct told *f, size_t n, struct err *e); /* or its new value */
MUST_USE bool told_drop(struct db *db, const struct told *f, size_t n, struct err *e);

#endif
