/*
 * golden.h - golden baselines: templates of a tenant, their versions, and the
 * configs that are bound to one.
 *
 * What a version holds is a content (content.h), which the template refers to
 * by history_refer under its own id.  A binding says what a config's baseline
 * was rendered from; its terms (variables, differences) are sealed to its row.
 *
 * Errors: ERR_MISSING, ERR_CONFLICT (the name is taken), and those of db.h.
 */
#ifndef BSX_STORE_DRIFT_GOLDEN_H
#define BSX_STORE_DRIFT_GOLDEN_H

#include "core/store/drift/content.h"

struct golden {
	struct uuid id;
	char       *name; /* unique in its tenant */
	char       *description;
	bool        shared;    /* with every tenant (golden_shared.h) */
	uint64_t    version;   /* of what it holds */
	uint64_t    revision;  /* raised by every change */
	struct blob address;   /* of the newest version; that of another tenant: none */
	int64_t     resources; /* how many */
	bool        masked;    /* holds values masked under this tenant's key */
	instant     created_at, updated_at;
};

MUST_USE bool golden_add(struct db *db, const struct golden *g, struct err *e);
MUST_USE bool golden_by_id(
    struct db *db, TALLOC_CTX *mem, const struct uuid *id, struct golden *g, struct err *e);
/* The same, and holds the row until the transaction ends: nobody binds to it, nobody changes it. */
MUST_USE bool golden_lock(
    struct db *db, TALLOC_CTX *mem, const struct uuid *id, struct golden *g, struct err *e);
/* Newest first, those made before `after` (nil: all). */
MUST_USE bool golden_list(struct db *db, TALLOC_CTX *mem, struct page *p, struct err *e);
/* Writes all of it, and revision + 1, while the revision is that of `g`; *done false: it is not. */
MUST_USE bool golden_set(struct db *db, const struct golden *g, bool *done, struct err *e);
/* With its versions and their contents. */
MUST_USE bool golden_drop(struct db *db, TALLOC_CTX *mem, const struct uuid *id, struct err *e);

struct golden_version {
	struct uuid golden_id;
	uint64_t    version;
	struct blob address;
	char       *author;
	instant     at;
};
#define GOLDEN_VERSIONS_SHOWN 200
MUST_USE bool golden_version_add(struct db *db, const struct golden_version *v, struct err *e);
MUST_USE bool golden_version_of(struct db *db, TALLOC_CTX *mem, const struct uuid *id,
    uint64_t version, struct golden_version *v, struct err *e);
/* Newest first. */
MUST_USE bool golden_versions(struct db *db, TALLOC_CTX *mem, const struct uuid *id,
    struct golden_version **rows, size_t *n, struct err *e);

struct golden_binding {
	struct uuid config_id, golden_id;
	bool        shared;         /* the template is the platform's */
	uint64_t    golden_version; /* in force */
	uint64_t    config_version; /* of the spec that it was rendered under */
	struct uuid snapshot_id;    /* what it was rendered to */
	struct blob body;           /* sealed */
	instant     recheck_at;     /* the first difference to expire; 0: none does */
	uint64_t    stale_version;  /* a newer one that could not be taken; 0: none */
	char       *stale_why;      /* NULL: nothing */
	char       *bound_by;
	instant     bound_at;
};
MUST_USE bool golden_binding_put(struct db *db, const struct golden_binding *b, struct err *e);
MUST_USE bool golden_binding_of(struct db *db, TALLOC_CTX *mem, const struct uuid *config,
    struct golden_binding *b, struct err *e);
MUST_USE bool golden_binding_drop(struct db *db, const struct uuid *config, struct err *e);
/* How many configs of this tenant are bound to a template. */
MUST_USE bool golden_bound(struct db *db, const struct uuid *golden, int64_t *n, struct err *e);

#endif
