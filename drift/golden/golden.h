/*
 * golden.h - what a golden baseline holds, and what becomes of it for a config.
 *
 * A template (drift/engine/template.h) with its variables is one JSON text,
 * stored as a content of its tenant and, when the platform shares it, in the
 * control schema.  Its resources are kept in the form of a normal form without
 * normalisers, so that one made of a snapshot can hold masked values; those
 * mean nothing to another tenant, so it cannot be shared.  They are compared
 * with nothing (golden_render).
 *
 * Errors: ERR_MISSING (no such template of this tenant or of the platform),
 * ERR_INVALID with faults, and those of db.h.
 */
#ifndef BSX_DRIFT_GOLDEN_GOLDEN_H
#define BSX_DRIFT_GOLDEN_GOLDEN_H

#include "core/store/drift/golden_shared.h"
#include "core/store/drift/snapshot.h"
#include "drift/engine/redact.h"
#include "drift/engine/template.h"
#include "drift/snapshot/normal_snapshot.h"

#define GOLDEN_RESOURCES_MAX   100000
#define GOLDEN_VARIABLES_MAX   1000
#define GOLDEN_DIFFERENCES_MAX 100

struct golden_variable {
	const char     *name, *description;
	struct raw_json fallback; /* `default`; tree NULL: none */
	uint64_t        given;
};
extern const struct schema golden_variable_schema;

struct golden_content {
	struct resource        *resources;
	size_t                  n;
	struct golden_variable *variables;
	size_t                  variables_n;
	bool                    masked; /* holds values masked under the tenant's key */
};

/* As it is made: names, references, lengths, nothing twice.  Faults point into a body that has
 * `resources` and `variables`. */
MUST_USE bool golden_check(
    TALLOC_CTX *mem, const struct golden_content *c, enum resource_origin from,
    struct work *work, struct err *e);
/* What a snapshot held, its percent signs doubled; no variables. */
MUST_USE bool golden_of_snapshot(struct tenant_db *t, TALLOC_CTX *mem, const struct snapshot *s,
    struct golden_content *out, struct err *e);
/* The stored text. */
MUST_USE bool golden_print(
    TALLOC_CTX *mem, const struct golden_content *c, struct str *text, struct err *e);

/* A template of this tenant, or else one that is shared with it (*foreign). */
MUST_USE bool golden_find(struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *id,
    struct golden *g, bool *foreign, struct err *e);
/* What it holds now; a foreign one may have moved on: g->version follows. */
MUST_USE bool golden_load(struct tenant_db *t, TALLOC_CTX *mem, struct golden *g, bool foreign,
    struct golden_content *out, struct err *e);

/* What one config has otherwise, and until when. */
struct golden_difference {
	const char     *category, *key, *path, *op;
	struct raw_json value; /* tree NULL: none */
	const char     *reason, *owner;
	instant         declared_at;
	instant         expires_at; /* 0: never */
	const char     *why;        /* NULL: it applies; else why not */
};
extern const struct schema golden_difference_schema;

struct golden_terms {
	const struct json        *variables; /* object name -> value; NULL: none */
	struct golden_difference *differences;
	size_t                    n;
	instant                   now;
	/*
	 * Strict: an unknown variable or a difference that does not apply is a fault at
	 * "<root>/variables/..." or "<root>/differences/...".  Else the one is passed over and the
	 * other gets its `why`: a template has moved on.  What is expired is never applied.
	 */
	bool        strict;
	const char *root;
	/* Of what is in force: masked places that are left out; the first, and how many more. */
	struct redacted_place *left_out;
	size_t                 left_out_n;
	int64_t                left_out_more;
};

/*
 * Rendered, changed and normalised under the spec; its collections has every category named.
 * What is masked then is left out of it (its left_out): somebody has said it, here or in a push
 * from which a template was made, and what is equal would tell him the value that is watched.
 */
MUST_USE struct normal_snapshot *golden_render(TALLOC_CTX *mem, const struct tenant_db *t,
    const struct drift_spec *spec, const struct golden_content *c, struct golden_terms *terms,
    struct work *work, struct err *e);

#endif
