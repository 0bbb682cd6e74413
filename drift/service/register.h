/*
 * register.h - the register for who looks back: what was decided not to be told of, by whom, why
 * and until when.
 *
 * Needs read:alerts beside what its route needs.  Values stand in none of it; a path is shown as a
 * change's is (view.h).
 */
#ifndef BSX_DRIFT_SERVICE_REGISTER_H
#define BSX_DRIFT_SERVICE_REGISTER_H

#include "core/store/drift/register.h"
#include "drift/service/acting.h"

struct register_seen {
	struct register_row row;
	const char         *state; /* active, scheduled, over */
};
/* Rows of a page are struct register_seen, oldest first. */
MUST_USE bool register_page(
    const struct acting *a, const struct register_filter *f, struct page *p, struct err *e);
/* All of it is taken along: the trail says so. */
MUST_USE bool register_export(
    const struct acting *a, const struct register_filter *f, struct err *e);

#endif
