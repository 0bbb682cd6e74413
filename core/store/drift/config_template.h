/*
 * config_template.h - templates of configs: their versions, where they are, what operations have to do, and which config
 * was made of which.
 *
 * The binding stands in the tenant whose config it is; all else in the tenant that keeps the template.  Texts are JSON.
 *
 * Errors: ERR_MISSING, ERR_CONFLICT (the name is taken), and those of db.h.
 */
#ifndef BSX_STORE_DRIFT_CONFIG_TEMPLATE_H
#define BSX_STORE_DRIFT_CONFIG_TEMPLATE_H

#include "core/store/tenant/tenant_db.h"

struct config_template {
	struct uuid id;
	char       *name; /* unique in its tenant */
	char       *description;
	uint64_t    version;  /* of what it says */
	uint64_t    revision; /* raised by every change */
	instant     created_at, updated_at;
};
MUST_USE bool ctemplate_add(struct db *db, const struct config_template *t, struct err *e);
MUST_USE bool ctemplate_by_id(
    struct db *db, TALLOC_CTX *mem, const struct uuid *id, struct config_template *t, struct err *e);
MUST_USE bool ctemplate_by_name(
    struct db *db, TALLOC_CTX *mem, const char *name, struct config_template *t, struct err *e);
/* Newest first. */
MUST_USE bool ctemplate_list(struct db *db, TALLOC_CTX *mem, struct page *p, struct err *e);
MUST_USE bool ctemplate_count(struct db *db, int64_t *n, struct err *e);
/* In a transaction: what is asked of templates by others waits for its end.  There is a template. */
MUST_USE bool ctemplate_hold(struct db *db, struct err *e);
/* Writes all of it, and revision + 1, while the revision is that of `t`; *done false: it is not. */
MUST_USE bool ctemplate_set(struct db *db, const struct config_template *t, bool *done, struct err *e);
/* With its versions, its uses and what came of its operations, while the revision is that one. */
MUST_USE bool ctemplate_drop(
    struct db *db, const struct uuid *id, uint64_t revision, bool *done, struct err *e);

#define TEMPLATE_VERSIONS_KEPT 50
struct ctemplate_version {
	struct uuid template_id;
	uint64_t    version;
	char       *config, *variables;
	char       *author;
	instant     at;
};
/* Kept are this and the TEMPLATE_VERSIONS_KEPT - 1 before it, and those that are in a tenant. */
MUST_USE bool ctemplate_version_add(struct db *db, const struct ctemplate_version *v, struct err *e);
MUST_USE bool ctemplate_version_of(struct db *db, TALLOC_CTX *mem, const struct uuid *id,
    uint64_t version, struct ctemplate_version *v, struct err *e);

/* ---- where it is ---- */

struct ctemplate_use {
	struct uuid     id, template_id, tenant_id;
	const char     *slug;
	struct raw_json variables; /* object */
	uint64_t        version;
	struct uuid     config_id;
	struct raw_json kept; /* list of pointers */
	const char     *outcome, *detail;
	struct uuid     operation;
	instant         at;
};
/* Adds it, or writes all but its id. */
MUST_USE bool ctemplate_use_put(struct db *db, const struct ctemplate_use *u, struct err *e);
MUST_USE bool ctemplate_use_of(struct db *db, TALLOC_CTX *mem, const struct uuid *template_id,
    const struct uuid *tenant, struct ctemplate_use *u, struct err *e);
/* By the short name that the tenant had then. */
MUST_USE bool ctemplate_use_named(struct db *db, TALLOC_CTX *mem, const struct uuid *template_id,
    const char *slug, struct ctemplate_use *u, struct err *e);
MUST_USE bool ctemplate_use_drop(
    struct db *db, const struct uuid *template_id, const struct uuid *tenant, struct err *e);
/* Newest first. */
MUST_USE bool ctemplate_use_page(
    struct db *db, TALLOC_CTX *mem, const struct uuid *template_id, struct page *p, struct err *e);
/* Those that have another version than this (0: all), by id; at most `max`. */
MUST_USE bool ctemplate_uses(struct db *db, TALLOC_CTX *mem, const struct uuid *template_id,
    uint64_t unless, size_t max, struct ctemplate_use **rows, size_t *n, struct err *e);

/* ---- what an operation has to do ---- */

#define TEMPLATE_WAITING "waiting"
struct ctemplate_result {
	struct uuid     id, operation, template_id;
	const char     *tenant;
	struct uuid     tenant_id;  /* nil: not known */
	struct raw_json variables;  /* text NULL: as they were */
	const char     *outcome, *detail;
	struct raw_json changes;    /* list */
	instant         asked_at, at; /* 0: it waits */
};
MUST_USE bool ctemplate_results_add(
    struct db *db, const struct ctemplate_result *rows, size_t n, struct err *e);
/* The next that waits, of those that have been told of (tried: a detail) or of the others; ERR_MISSING: none does. */
MUST_USE bool ctemplate_result_next(struct db *db, TALLOC_CTX *mem, const struct uuid *operation,
    bool tried, struct ctemplate_result *r, struct err *e);
/* What came of it. */
MUST_USE bool ctemplate_result_set(struct db *db, const struct ctemplate_result *r, struct err *e);
/* What still waits is not done. */
MUST_USE bool ctemplate_results_end(
    struct db *db, const struct uuid *operation, const char *outcome, instant now, struct err *e);
struct ctemplate_sum {
	char   *outcome;
	int64_t n;
};
#define TEMPLATE_OUTCOMES_MAX 16
MUST_USE bool ctemplate_results_sum(struct db *db, TALLOC_CTX *mem, const struct uuid *operation,
    struct ctemplate_sum **rows, size_t *n, struct err *e);
struct ctemplate_result_filter {
	struct uuid template_id;
	struct uuid operation; /* nil: any */
	const char *outcome;   /* NULL: any */
};
/* Newest first. */
MUST_USE bool ctemplate_result_page(struct db *db, TALLOC_CTX *mem,
    const struct ctemplate_result_filter *f, struct page *p, struct err *e);

/* ---- in the tenant ---- */

struct ctemplate_binding {
	struct uuid template_id, owner, config_id;
	const char *name; /* of the template */
	uint64_t    version;
	const char *said, *applied;
	uint64_t    was_version;
	const char *was_said, *was;
	const char *back;       /* TEMPLATE_BACK_... */
	struct blob credential; /* digest (source_credential.h) of what was given last; empty: nothing */
	struct uuid operation;
	const char *applied_by;
	instant     at;
};
#define TEMPLATE_BACK_MADE    "made"
#define TEMPLATE_BACK_CHANGED "changed"
#define TEMPLATE_BACK_NONE    "none"
/* A new one; ERR_CONFLICT: there is one of that template. */
MUST_USE bool ctemplate_bind(struct db *db, const struct ctemplate_binding *b, struct err *e);
/* Writes all of it, where its operation is still `was`; *done false: it is not. */
MUST_USE bool ctemplate_bind_set(struct db *db, const struct ctemplate_binding *b,
    const struct uuid *was, bool *done, struct err *e);
MUST_USE bool ctemplate_unbind(struct db *db, const struct uuid *template_id, struct err *e);
MUST_USE bool ctemplate_binding_of(struct db *db, TALLOC_CTX *mem, const struct uuid *template_id,
    struct ctemplate_binding *b, struct err *e);
MUST_USE bool ctemplate_binding_by_config(struct db *db, TALLOC_CTX *mem, const struct uuid *config,
    struct ctemplate_binding *b, struct err *e);

#endif
