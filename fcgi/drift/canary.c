/* How soon who is told hears of a change. */
#include "drift/service/canary.h"
#include "fcgi/drift/drift.h"
#include "fcgi/routes.h"

static const struct field times_fields[] = {
	FIELD(struct canary_times, n, .doc = "How many."),
	FIELD(struct canary_times, p50_ms, .doc = "Half of them within so many milliseconds."),
	FIELD(struct canary_times, p99_ms, .doc = "99 of 100 within so many milliseconds."),
	FIELD(struct canary_times, worst_ms, .doc = "The slowest."),
	FIELD_END,
};
static const struct schema times_schema = SCHEMA("CanaryTimes", struct canary_times, times_fields);

static const struct field channel_fields[] = {
	FIELD(struct canary_channel, channel_id, .doc = "The channel."),
	FIELD(struct canary_channel, arrived, .item = &times_schema, .flags = FIELD_NULLABLE,
	    .doc = "From the change to the receiver's answer; null: none has arrived."),
	FIELD(struct canary_channel, missed,
	    .doc = "Came later than within_s after they were found, or not at all by then."),
	FIELD(struct canary_channel, last_at, .flags = FIELD_NULLABLE,
	    .doc = "When it heard of one last; null: it never has."),
	FIELD_END,
};
static const struct schema channel_schema =
    SCHEMA("CanaryChannel", struct canary_channel, channel_fields);

static const struct field report_fields[] = {
	FIELD(struct canary_report, config_id, .flags = FIELD_NULLABLE,
	    .doc = "The config; null: none reads a canary."),
	FIELD(struct canary_report, within_s, .doc = "Seconds after which one is missed."),
	FIELD(struct canary_report, changes,
	    .doc = "Changes that opened an alert, of the newest 200 of its alerts."),
	FIELD(struct canary_report, missed,
	    .doc = "Of those: one channel or more did not hear of it in time, or there was none."),
	FIELD(struct canary_report, changed_at, .flags = FIELD_NULLABLE,
	    .doc = "When the newest change was there; null: there was none yet."),
	FIELD(struct canary_report, detected, .item = &times_schema, .flags = FIELD_NULLABLE,
	    .doc = "From the change to its alert; null: there was none yet."),
	FIELD(struct canary_report, channels, .item = &channel_schema,
	    .doc = "Each channel that was to be told."),
	FIELD_END,
};
static const struct schema canary_schema = SCHEMA("Canary", struct canary_report, report_fields);

static const struct field query_fields[] = {
	FIELD(struct canary_wish, config_id, .flags = FIELD_NULLABLE,
	    .doc = "A config whose source is of kind canary; the newest when absent."),
	FIELD(struct canary_wish, within_s, .min = 1, .max = 86400,
	    .doc = "Seconds in which a channel has to hear of a change; 60 when absent."),
	FIELD_END,
};
static const struct schema canary_query_schema =
    SCHEMA("CanaryQuery", struct canary_wish, query_fields);

static bool
get_canary(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct acting *a = acting_of(r, e);

	(void)body;
	return a != NULL && canary_see(a, r->query, answer, e);
}

const struct route canary_routes[] = {
	ROUTE_Q(GET, "/api/drift/canary", canary_query, ALLOW(READ, DRIFT), RATE_READ, 200,
	    get_canary, IN_NONE, OUT(canary),
	    "Whether and how soon who is told has heard of the changes of a canary: proof that "
	    "nothing is kept back where nothing is told."),
	ROUTE_END,
};
