/*
 * silence_series.h - maintenance windows that come again: made, changed, ended.
 *
 * A change is one of what is to come: a window that is running goes on as it is, and so do those that were.  One window
 * that is to be left out is ended by itself (silence_stop), until the series is changed.
 *
 * Errors: ERR_CONFLICT where there are SERIES_MAX already.
 */
#ifndef BSX_DRIFT_SERVICE_SILENCE_SERIES_H
#define BSX_DRIFT_SERVICE_SILENCE_SERIES_H

#include "drift/run/series.h"
#include "drift/run/silencing.h"
#include "drift/service/acting.h"

/* One as it is now. */
struct series_seen {
	struct silence_series row;
	const char           *state; /* "active", "over" */
	struct window         next[SERIES_SHOWN];
	size_t                next_n;
};
MUST_USE bool silence_series_see(
    const struct acting *a, const struct uuid *id, struct series_seen *out, struct err *e);
/* Newest first; of the filter `now` is set here. */
MUST_USE bool silence_series_page(const struct acting *a, const struct series_filter *filter,
    struct page *p, struct err *e);

/* NULL, or 0: as it was. */
struct series_wish {
	const struct silence_matcher *matcher;
	const struct json            *matcher_text; /* the same, as it came */
	const char                   *reason, *rule, *timezone;
	instant                       starts_at;
	int64_t                       duration_s;
};
/* All but starts_at (0: now) and timezone (NULL: UTC) is given. */
MUST_USE bool silence_series_make(const struct acting *a, const struct series_wish *in,
    struct series_seen *out, struct err *e);
/* What its rule, timezone, start and duration come to; nothing is done. */
MUST_USE bool silence_series_try(const struct acting *a, const struct series_wish *in,
    struct series_seen *out, struct err *e);
/* ERR_CONFLICT where it is over. */
MUST_USE bool silence_series_alter(const struct acting *a, const struct uuid *id,
    const struct series_wish *in, struct series_seen *out, struct err *e);
/* ERR_MISSING also when it is over. */
MUST_USE bool silence_series_stop(const struct acting *a, const struct uuid *id, struct err *e);

#endif
