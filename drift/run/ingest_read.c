/* ingest.h: what a run begins with, in one round trip. */
#include "core/store/trip.h"
#include "drift/run/ingest.h"

bool
ingest_read(const struct ingest *in, const struct uuid *id, struct drift_config *config,
    struct ingest_read *read, struct err *e)
{
	struct trip *trip = trip_make(in->mem, in->t->db);
	bool         there, has_state;

	config_ask(trip, id, config, &there);
	config_state_ask(trip, id, &read->state, &has_state);
	report_newest_ask(trip, id, &read->report, &read->has_report);
	collection_ask(trip, id, &read->collections, &read->collections_n);
	pusher_ask(trip, id, &read->pushers, &read->pushers_n);
	rule_hits_ask(trip, id, &read->rules, &read->has_rules);
	if (!trip_go(trip, e))
		return false;
	return there && has_state ? true
				  : err_set(e, ERR_MISSING, 0, "Not found.", "no such config");
}
