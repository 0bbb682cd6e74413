/* routes.h: maintenance windows that come again. */
#include "drift/service/silence_series.h"
#include "fcgi/drift/drift.h"
#include "fcgi/routes.h"

#define REASON_MAX   1000
#define DURATION_MIN 60
#define DURATION_MAX 2678400 /* a month: what is longer comes again before it is over */

static const struct field window_fields[] = {
	FIELD(struct window, starts_at, .doc = "From when."),
	FIELD(struct window, expires_at, .doc = "Until when."),
	FIELD_END,
};
static const struct schema window_schema =
    SCHEMA("DriftSilenceWindow", struct window, window_fields);

struct silence_series_out {
	struct uuid     id;
	const char     *state;
	struct raw_json matcher;
	char           *reason, *owner, *rule, *timezone;
	instant         starts_at, ends_at, created_at, updated_at, ended_at;
	int64_t         duration_s;
	char           *ended_by;
	struct items    next;
};
#define NEXT_DOC                                                                                   \
	"The windows to come, at most 10, and one that is running. Those of the next 8 days are "  \
	"silences by themselves."
#define ENDS_DOC "When its last window ends, or when somebody ended it before."
static const struct field silence_series_out_fields[] = {
	FIELD(struct silence_series_out, id, .doc = "Number of the series."),
	FIELD(struct silence_series_out, state, .doc = "active or over."),
	FIELD(struct silence_series_out, matcher, .doc = "What its windows cover."),
	FIELD(struct silence_series_out, reason, .doc = "Why."),
	FIELD(struct silence_series_out, owner,
	    .doc = "Who made it: an address, or key:NAME of an API key."),
	FIELD(struct silence_series_out, rule, .doc = "When it comes again."),
	FIELD(struct silence_series_out, timezone, .doc = "By whose clocks."),
	FIELD(struct silence_series_out, starts_at, .doc = "From when, and at what time of day."),
	FIELD(struct silence_series_out, duration_s,
	    .doc = "How long each window is: it is over before the next begins."),
	FIELD(struct silence_series_out, ends_at, .doc = ENDS_DOC),
	FIELD(struct silence_series_out, created_at, .doc = "When it was made."),
	FIELD(struct silence_series_out, updated_at, .doc = "When it was changed last."),
	FIELD(struct silence_series_out, ended_at, .flags = FIELD_NULLABLE,
	    .doc = "When somebody ended it before its time."),
	FIELD(struct silence_series_out, ended_by, .flags = FIELD_NULLABLE, .doc = "Who did."),
	FIELD(struct silence_series_out, next, .item = &window_schema, .doc = NEXT_DOC),
	FIELD_END,
};
static const struct schema silence_series_out_schema =
    SCHEMA("DriftSilenceSeries", struct silence_series_out, silence_series_out_fields);

struct silence_series_in {
	struct silence_matcher *matcher;
	const char             *reason, *rule, *timezone;
	instant                 starts_at;
	int64_t                 duration_s;
};
#define RULE_DOC                                                                                   \
	"A recurrence rule of RFC 5545, such as FREQ=WEEKLY;BYDAY=SU;COUNT=52: FREQ (DAILY, "      \
	"WEEKLY, MONTHLY), INTERVAL, BYDAY (of MONTHLY also as 1MO or -1FR), BYMONTHDAY, WKST. "   \
	"It must end, by COUNT or UNTIL, at most 1096 days after starts_at: a series ends, and "   \
	"is prolonged by somebody who still wants it. The first window is on the first day that "  \
	"fits at or after starts_at; a month without that day has none."
#define ZONE_DOC                                                                                   \
	"Time zone (IANA), UTC when absent: the time of day is that of starts_at there, all "      \
	"year. "                                                                                   \
	"A time that a clock set forward skips begins when it is set, and one that a clock set "   \
	"back repeats begins the first time; each window lasts its duration."
#define WHEN_MEMBERS(need)                                                                         \
	FIELD(struct silence_series_in, rule, .min = 1, .max = RECUR_TEXT_MAX, .flags = (need),    \
	    .doc = RULE_DOC),                                                                      \
	    FIELD(struct silence_series_in, timezone, .min = 1, .max = ZONE_NAME_MAX,              \
		.doc = ZONE_DOC),                                                                  \
	    FIELD(struct silence_series_in, starts_at, .flags = FIELD_NULLABLE,                    \
		.doc = "From when, at most 366 days ahead, and the time of day of each window; "   \
		       "now when absent."),                                                        \
	    FIELD(struct silence_series_in, duration_s, .min = DURATION_MIN, .max = DURATION_MAX,  \
		.flags = (need),                                                                   \
		.doc =                                                                             \
		    "How long each window is: it must be over before the next begins; at most 7 "  \
		    "days, unless the installation says otherwise.")
#define WHAT_MEMBERS(need)                                                                         \
	FIELD(struct silence_series_in, matcher, .item = &silence_matcher_schema, .flags = (need), \
	    .doc = "What its windows cover, as of a silence."),                                    \
	    FIELD(struct silence_series_in, reason, .min = 1, .max = REASON_MAX,                   \
		.flags = (need) | FIELD_SEEN, .doc = "Why.")

static const struct field silence_series_create_fields[] = {
	WHAT_MEMBERS(FIELD_REQUIRED),
	WHEN_MEMBERS(FIELD_REQUIRED),
	FIELD_END,
};
static const struct schema silence_series_create_schema =
    SCHEMA("DriftSilenceSeriesCreate", struct silence_series_in, silence_series_create_fields);
static const struct field silence_series_update_fields[] = {
	WHAT_MEMBERS(0),
	WHEN_MEMBERS(0),
	FIELD_END,
};
static const struct schema silence_series_update_schema =
    SCHEMA("DriftSilenceSeriesUpdate", struct silence_series_in, silence_series_update_fields);
static const struct field silence_series_try_fields[] = {
	WHEN_MEMBERS(FIELD_REQUIRED),
	FIELD_END,
};
static const struct schema silence_series_try_schema =
    SCHEMA("DriftSilenceSeriesTry", struct silence_series_in, silence_series_try_fields);

struct series_trial {
	struct items next;
	instant      ends_at;
};
static const struct field series_trial_fields[] = {
	FIELD(struct series_trial, next, .item = &window_schema,
	    .doc = "The windows to come, at most 10."),
	FIELD(struct series_trial, ends_at, .doc = "When the last window ends."),
	FIELD_END,
};
static const struct schema series_trial_schema =
    SCHEMA("DriftSilenceSeriesTrial", struct series_trial, series_trial_fields);

struct silence_series_query {
	struct list_query page;
	const char       *state;
};
static const char *const  states[] = { "active", "over", NULL };
static const struct field silence_series_query_fields[] = {
	LIST_FIELDS(struct silence_series_query, "Most items of one answer."),
	FIELD(struct silence_series_query, state, .choices = states, .doc = "Only in this state."),
	FIELD_END,
};
static const struct schema silence_series_query_schema =
    SCHEMA("DriftSilenceSeriesQuery", struct silence_series_query, silence_series_query_fields);

/* ---- handlers ---- */

static bool
series_show(struct request *r, const struct list_page *p, const void *row, void *out, struct err *e)
{
	const struct series_seen    *seen = row;
	const struct silence_series *s = &seen->row;
	struct window               *next = talloc_memdup(r->mem, seen->next, sizeof(seen->next));

	(void)p;
	if (next == NULL)
		return err_memory(e);
	*(struct silence_series_out *)out = (struct silence_series_out) {
		.id = s->id,
		.state = seen->state,
		.matcher = s->matcher,
		.reason = s->reason,
		.owner = s->owner,
		.rule = s->rule,
		.timezone = s->timezone,
		.starts_at = s->starts_at,
		.duration_s = s->duration_s,
		.ends_at = s->ends_at,
		.created_at = s->created_at,
		.updated_at = s->updated_at,
		.ended_at = s->ended_at,
		.ended_by = s->ended_by,
		.next = { next, seen->next_n },
	};
	return true;
}

static bool
fetch_series(struct request *r, struct list_page *p, struct err *e)
{
	const struct silence_series_query *q = r->query;
	const struct series_filter         f = { .state = q->state };
	const struct acting               *a = acting_of(r, e);

	return a != NULL && silence_series_page(a, &f, &p->page, e);
}
static const struct list_ops series_list_ops = {
	fetch_series,
	LIST_OF(struct series_seen, row.id),
	series_show,
};

static bool
get_series(struct request *r, const void *body, void *answer, struct err *e)
{
	struct series_seen   seen;
	const struct acting *a = acting_of(r, e);

	(void)body;
	return a != NULL && silence_series_see(a, &r->id0, &seen, e) &&
	       series_show(r, NULL, &seen, answer, e);
}

static struct series_wish
wish_of(const struct request *r, const struct silence_series_in *in)
{
	return (struct series_wish) {
		.matcher = in->matcher,
		.matcher_text = in->matcher == NULL ? NULL : json_get(r->json, "matcher"),
		.reason = in->reason,
		.rule = in->rule,
		.timezone = in->timezone,
		.starts_at = in->starts_at,
		.duration_s = in->duration_s,
	};
}

static bool
make_series(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct series_wish wish = wish_of(r, body);
	struct series_seen       made;
	const struct acting     *a = acting_of(r, e);

	return a != NULL && silence_series_make(a, &wish, &made, e) &&
	       series_show(r, NULL, &made, answer, e);
}

static bool
try_series(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct series_wish wish = wish_of(r, body);
	struct series_seen       seen;
	struct series_trial     *out = answer;
	const struct acting     *a = acting_of(r, e);

	if (a == NULL || !silence_series_try(a, &wish, &seen, e))
		return false;
	*out = (struct series_trial) {
		{ talloc_memdup(r->mem, seen.next, sizeof(seen.next)), seen.next_n },
		seen.row.ends_at,
	};
	return out->next.p != NULL || err_memory(e);
}

static bool
change_series(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct series_wish wish = wish_of(r, body);
	struct series_seen       made;
	const struct acting     *a = acting_of(r, e);

	return a != NULL && silence_series_alter(a, &r->id0, &wish, &made, e) &&
	       series_show(r, NULL, &made, answer, e);
}

static bool
end_series(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct acting *a = acting_of(r, e);

	(void)body, (void)answer;
	return a != NULL && silence_series_stop(a, &r->id0, e);
}

const struct route silence_series_routes[] = {
	ROUTE_LIST("/api/drift/silence-series", silence_series_query, ALLOW(READ, ALERTS),
	    &series_list_ops, OUT_LIST(silence_series_out),
	    "Lists series of maintenance windows, newest first."),
	ROUTE(GET, "/api/drift/silence-series/{id}", ALLOW(READ, ALERTS), RATE_READ, 200,
	    get_series, IN_NONE, OUT(silence_series_out),
	    "Shows a series of maintenance windows, and the next ones."),
	ROUTE(POST, "/api/drift/silence-series", ALLOW(UPDATE, ALERTS), RATE_WRITE, 201,
	    make_series, IN(silence_series_create), OUT(silence_series_out),
	    "Makes a series of maintenance windows."),
	ROUTE(POST, "/api/drift/silence-series/try", ALLOW(UPDATE, ALERTS), RATE_WRITE, 200,
	    try_series, IN(silence_series_try), OUT(series_trial),
	    "Says which windows a rule comes to; nothing is made."),
	ROUTE(PUT, "/api/drift/silence-series/{id}", ALLOW(UPDATE, ALERTS), RATE_WRITE, 200,
	    change_series, IN(silence_series_update), OUT(silence_series_out),
	    "Changes the members it names, for the windows to come: one that is running goes on "
	    "as it is, and one that was left out is made again."),
	ROUTE(DELETE_, "/api/drift/silence-series/{id}", ALLOW(UPDATE, ALERTS), RATE_WRITE, 204,
	    end_series, IN_NONE, OUT_NONE,
	    "Ends a series: no window begins any more; one that is running is ended by itself."),
	ROUTE_END,
};
