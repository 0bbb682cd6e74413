/*
 * remask.h - the stored copies of a config's values: what its snapshots held, its changes, and the messages about
 * its alerts; and what is said about them in names, paths and sentences.  Who masks what was stored in clear reads them a page at a time and writes them back.
 *
 * Errors: those of db.h.
 */
#ifndef BSX_STORE_DRIFT_REMASK_H
#define BSX_STORE_DRIFT_REMASK_H

#include "core/store/drift/snapshot.h"

/* Where a walk over a config's rows has come: the last row that was seen; zero: it begins. */
struct remask_at {
	struct uuid config_id;
	struct uuid id;
	uint64_t    seq;   /* of a version, beside the resource's id; of a change, in its report */
	int64_t     limit; /* rows at once */
};

struct remask_version {
	struct uuid resource_id;
	uint64_t    from_seq;
	char       *category, *key;
	struct blob address;
};
MUST_USE bool remask_versions(struct db *db, TALLOC_CTX *mem, const struct remask_at *at,
    struct remask_version **rows, size_t *n, struct err *e);
/* Sets their addresses. */
MUST_USE bool remask_versions_set(
    struct db *db, const struct remask_version *rows, size_t n, struct err *e);

struct remask_manifest {
	struct uuid id; /* of the snapshot */
	struct blob manifest;
};
MUST_USE bool remask_manifests(struct db *db, TALLOC_CTX *mem, const struct remask_at *at,
    struct remask_manifest **rows, size_t *n, struct err *e);
MUST_USE bool remask_manifest_set(
    struct db *db, const struct remask_manifest *row, struct err *e);

struct remask_change {
	struct uuid id;
	char       *category, *key, *path, *canonical_path;
	char       *rule_place, *renamed_from; /* NULL: none */
	struct blob old_value, new_value; /* sealed; p == NULL: none */
	int64_t     position;
	bool        has_lines; /* by which they differ, parts that cannot be masked: setting it drops them */
};
/* Report by report: `at` moves on. */
MUST_USE bool remask_changes(struct db *db, TALLOC_CTX *mem, struct remask_at *at,
    struct remask_change **rows, size_t *n, struct err *e);
MUST_USE bool remask_changes_set(
    struct db *db, const struct remask_change *rows, size_t n, struct err *e);

struct remask_message {
	struct uuid id;
	int64_t     template; /* as of struct outbox */
	struct blob body;     /* sealed; p == NULL: of another config, or of none */
	struct uuid wire_id; /* of the event it holds; nil: of one from before there were lanes */
};
MUST_USE bool remask_messages(struct db *db, TALLOC_CTX *mem, const struct remask_at *at,
    struct remask_message **rows, size_t *n, struct err *e);
MUST_USE bool remask_messages_set(
    struct db *db, const struct remask_message *rows, size_t n, struct err *e);

/* The titles of its alerts lose their values. */
MUST_USE bool remask_titles(struct db *db, const struct uuid *config, struct err *e);

/* What it is called in the lists of alerts. */
struct remask_alert {
	struct uuid id;
	char       *title;
};
MUST_USE bool remask_alerts(struct db *db, TALLOC_CTX *mem, const struct remask_at *at,
    struct remask_alert **rows, size_t *n, struct err *e);
MUST_USE bool remask_alerts_set(
    struct db *db, const struct remask_alert *rows, size_t n, struct err *e);

/* What reports say beside their changes, each JSON. */
struct remask_report {
	struct uuid id;
	char       *incomplete;
	char       *held, *notes, *collections, *first_look; /* NULL: none */
};
MUST_USE bool remask_reports(struct db *db, TALLOC_CTX *mem, const struct remask_at *at,
    struct remask_report **rows, size_t *n, struct err *e);
MUST_USE bool remask_reports_set(
    struct db *db, const struct remask_report *rows, size_t n, struct err *e);

/* Configs of which not everything is masked, or called, as this edition does, behind `after`: at most `limit`. */
struct remask_due {
	struct uuid after; /* nil: from the beginning */
	uint64_t    edition;
	int64_t     limit;
};
MUST_USE bool remask_due(struct db *db, TALLOC_CTX *mem, const struct remask_due *in,
    struct uuid **ids, size_t *n, struct err *e);
MUST_USE bool remask_done(
    struct db *db, const struct uuid *config, uint64_t edition, struct err *e);

#endif
