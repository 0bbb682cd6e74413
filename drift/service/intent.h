/*
 * intent.h - announced changes: made, confirmed, taken back, and what came of them (drift/run/announcing.h).
 */
#ifndef BSX_DRIFT_SERVICE_INTENT_H
#define BSX_DRIFT_SERVICE_INTENT_H

#include "core/store/drift/intent.h"
#include "drift/service/acting.h"

/* One as it is now. */
struct intent_seen {
	struct intent row;
	const char   *state;
	const char   *actor; /* as the caller may see it; NULL: whoever */
	const char   *value; /* JSON, as the caller may see it; NULL: none is expected, or it is one of a list */
};

MUST_USE bool intent_see(
    const struct acting *a, const struct uuid *id, struct intent_seen *out, struct err *e);
/* Newest first, without their values; of the filter `now` is set here. */
MUST_USE bool intent_page(
    const struct acting *a, const struct intent_filter *filter, struct page *p, struct err *e);

/* What a finding says of one (finding.h); false: nothing. */
bool intent_of_mark(const char *mark, const char **verdict, struct uuid *id);

struct intent_wish {
	struct uuid        config_id;
	const char        *category, *key, *path;
	const char        *expect; /* NULL: INTENT_VALUE */
	const struct json *value;  /* NULL: none is given */
	const char        *actor, *ticket, *reason; /* NULL: none, but for the reason */
	instant            starts_at; /* 0: now */
	instant            ends_at;
};
/* Who names a value has to be one who may see it, for what came tells whether it is that. */
MUST_USE bool intent_make(const struct acting *a, const struct intent_wish *in,
    struct intent_seen *out, struct err *e);
/* By a person who is signed in, and another than who announced it: ERR_FORBIDDEN.  ERR_CONFLICT: nobody stands behind it. */
MUST_USE bool intent_second(
    const struct acting *a, const struct uuid *id, struct intent_seen *out, struct err *e);
/* ERR_MISSING also when it is over, or something came as announced. */
MUST_USE bool intent_withdraw(const struct acting *a, const struct uuid *id, struct err *e);

#endif
