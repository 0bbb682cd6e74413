/*
 * template.h - templates of configs: listed, shown, made, changed and dropped by the tenant that keeps them.
 *
 * A template gives no power: what is made of it in another tenant is what whoever applies it may do there (rollout.h).
 * Dropped, the configs that were made of it stay.
 */
#ifndef BSX_DRIFT_TEMPLATE_TEMPLATE_H
#define BSX_DRIFT_TEMPLATE_TEMPLATE_H

#include "drift/service/acting.h"
#include "drift/template/says.h"

#define TEMPLATES_MAX 1000 /* of a tenant */

struct template_seen {
	struct config_template   row;
	struct ctemplate_version version;
	struct says              says;
};

/* Newest first: of each the row alone. */
MUST_USE bool ctemplate_page(const struct acting *a, struct page *p, struct err *e);
/* `version` 0: as it is now. */
MUST_USE bool ctemplate_see(const struct acting *a, const struct uuid *id, uint64_t version,
    struct template_seen *out, struct err *e);

/* What is not named stays. */
struct template_wish {
	const char  *name, *description; /* NULL: not named */
	struct says  says;
	bool         has_config, has_variables;
};
/* ERR_CONFLICT: the name is taken, or there are TEMPLATES_MAX. */
MUST_USE bool ctemplate_make(const struct acting *a, const struct template_wish *in,
    struct template_seen *out, struct err *e);
/* Another version, where it says something else.  ERR_CONFLICT also where it was changed at the same time. */
MUST_USE bool ctemplate_alter(const struct acting *a, const struct uuid *id,
    const struct template_wish *in, struct template_seen *out, struct err *e);
MUST_USE bool ctemplate_erase(const struct acting *a, const struct uuid *id, struct err *e);

#endif
