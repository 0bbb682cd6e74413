/*
 * source_watch.h - what is to be read soon, as a source pack says: which collections an entry of its log touches.
 *
 * The log is that of source_attribution.h.  An activity is known by its name, in any case; one that ends with * is the
 * beginning of a name.
 */
#ifndef BSX_DRIFT_SOURCE_SOURCE_WATCH_H
#define BSX_DRIFT_SOURCE_SOURCE_WATCH_H

#include "core/json/schema.h"

struct watch_activity {
	struct strings names, categories;
};
struct source_watch {
	struct items activities; /* struct watch_activity */
};

struct source_pack;
/* touched[i] for each collection of the pack, set where an activity of that name touches it; false: it touches none. */
bool source_watch_touches(const struct source_pack *pack, const char *activity, bool *touched);

#endif
