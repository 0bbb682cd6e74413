/*
 * silence.h - silences and maintenance windows: made, ended, and what they cover.
 */
#ifndef BSX_DRIFT_SERVICE_SILENCE_H
#define BSX_DRIFT_SERVICE_SILENCE_H

#include "core/store/drift/silence.h"
#include "drift/run/silencing.h"
#include "drift/service/acting.h"

/* One as it is now. */
struct silence_seen {
	struct silence row;
	const char    *state;  /* "active", "scheduled", "expired" */
	int64_t        covers; /* findings of the configs' newest reports; 0 unless active */
};

MUST_USE bool silence_see(
    const struct acting *a, const struct uuid *id, struct silence_seen *out, struct err *e);
/* Newest first; of the filter `now` is set here. */
MUST_USE bool silence_page(const struct acting *a, const struct silence_filter *filter,
    struct page *p, struct err *e);

struct silence_wish {
	const char                   *kind; /* NULL: SILENCE_PLAIN */
	const struct silence_matcher *matcher;
	const struct json            *matcher_text; /* the same, as it came: what is kept */
	const char                   *reason;
	instant                       starts_at; /* 0: now */
	instant                       expires_at;
};
MUST_USE bool silence_make(const struct acting *a, const struct silence_wish *in,
    struct silence_seen *out, struct err *e);
/* What it covered is looked at now, and told.  ERR_MISSING also when it is over. */
MUST_USE bool silence_stop(const struct acting *a, const struct uuid *id, struct err *e);

#endif
