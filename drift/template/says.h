/*
 * says.h - what a template says: the body of a config with %variables% (drift/engine/template.h), and what it comes to for
 * one tenant.
 *
 * A config as a whole is one object here: its name and the members of its spec, without what its source shows.
 */
#ifndef BSX_DRIFT_TEMPLATE_SAYS_H
#define BSX_DRIFT_TEMPLATE_SAYS_H

#include "core/store/drift/config_template.h"
#include "drift/config/spec.h"
#include "drift/golden/golden.h"

#define TEMPLATE_VARIABLES_MAX 100
#define TEMPLATE_BYTES_MAX     (256 << 10) /* of what it says */

/* A version as it is looked at. */
struct says {
	const struct json      *config;    /* object */
	struct golden_variable *variables; /* name, description, fallback */
	size_t                  n;
};
/* As it is made: faults point into a body that has `config` and `variables`.  A source shows nothing (its secret is no member). */
MUST_USE bool says_check(TALLOC_CTX *mem, const struct says *s, struct work *work, struct err *e);
MUST_USE bool says_print(TALLOC_CTX *mem, const struct says *s, struct ctemplate_version *out, struct err *e);
MUST_USE bool says_read(TALLOC_CTX *mem, const struct ctemplate_version *v, struct says *out, struct err *e);

/* Given for one tenant (object, or NULL): faults point below `root` at those that the template has not. */
MUST_USE bool says_variables_check(TALLOC_CTX *mem, const struct says *s, const struct json *given,
    const char *root, struct err *e);
/* The whole config; faults at "/variables/NAME". */
MUST_USE bool says_render(TALLOC_CTX *mem, const struct says *s, const struct json *given,
    struct work *work, struct json *out, struct err *e);

/* A config that is there as a whole. */
MUST_USE bool whole_config(
    TALLOC_CTX *mem, const struct drift_config *c, struct json *out, struct err *e);

#endif
