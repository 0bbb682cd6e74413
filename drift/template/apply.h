/*
 * apply.h - a template in one tenant: looked at, applied, and taken back.
 */
#ifndef BSX_DRIFT_TEMPLATE_APPLY_H
#define BSX_DRIFT_TEMPLATE_APPLY_H

#include "drift/service/config.h"
#include "drift/template/rollout.h"
#include "drift/template/three_way.h"

#define TEMPLATE_CHANGES_MAX 50  /* of which a result tells */
#define TEMPLATE_VALUE_MAX   500 /* bytes of a value that it tells */

struct applying {
	const struct acting         *a; /* there */
	const struct config_template *template;
	const struct says           *says;
	const struct rollout_order  *order;
	enum rollout_kind            kind;
	struct uuid                  owner, operation;
	const struct json           *variables; /* object; NULL: none are given */
	/* what came of it */
	struct ctemplate_binding     binding; /* there is one where bound */
	bool                         bound;
	bool                         met;     /* the config was looked at: changes are all there are */
	const char                  *outcome; /* a word of ROLLOUT_OUTCOMES */
	const char                  *detail;  /* NULL: nothing to say */
	struct place_change         *changes;
	size_t                       changes_n;
	const struct json           *said_was, *said_now; /* by the template, where the changes are of more; NULL: they are not */
};

/* False: it could not be done, and *e says why. */
MUST_USE bool template_apply(struct applying *x, struct err *e);
MUST_USE bool template_undo(struct applying *x, struct err *e);
/* [{path, how, was, now}]: of values only what the template says. */
MUST_USE char *template_changes(const struct applying *x, struct err *e);

#endif
