/*
 * bound.h - a config that was made of a template, as its own tenant sees it: of which, and where the two differ.
 */
#ifndef BSX_DRIFT_TEMPLATE_BOUND_H
#define BSX_DRIFT_TEMPLATE_BOUND_H

#include "core/store/drift/config_template.h"
#include "drift/service/acting.h"
#include "drift/template/three_way.h"

struct bound_seen {
	struct ctemplate_binding binding;
	const char              *owner; /* short name of the tenant that keeps the template; NULL: it is no more */
	struct place_change     *deviations;
	size_t                   n;
};
/* ERR_MISSING: there is no such config, or it was made of none. */
MUST_USE bool config_bound(
    const struct acting *a, const struct uuid *config, struct bound_seen *out, struct err *e);
/*
 * The template has nothing to do with the config any more, which stays, or was dropped before: where it is applied here again,
 * it makes another.  ERR_MISSING: it has not.
 */
MUST_USE bool config_let_go(const struct acting *a, const struct uuid *config, struct err *e);

#endif
