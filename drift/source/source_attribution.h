/*
 * source_attribution.h - who did it, as a source pack says: the log of the system that it reads, and what of an entry is
 * who, when, to what.
 *
 * The log is a collection like any other, which a run of its own reads (drift/attribution); its forms may say {since}:
 * the instant from which on entries are wanted.  Patterns of pointers are JSON Pointers in which `*` stands for one step
 * and `**` for any number of them; where one leads on into a text that is JSON itself, it goes on inside.
 */
#ifndef BSX_DRIFT_SOURCE_SOURCE_ATTRIBUTION_H
#define BSX_DRIFT_SOURCE_SOURCE_ATTRIBUTION_H

#include "core/json/schema.h"

#define ATTRIBUTION_SINCE    "since" /* in forms of the log */
#define ATTRIBUTION_PAGES    20
#define ATTRIBUTION_WINDOW_S 5400
#define ATTRIBUTION_SKEW_S   900

/* Which entries count: of those where something stands. */
struct attribution_only {
	const char    *at; /* JSON Pointer */
	struct strings values;
};
/* What an entry says that was set. */
struct attribution_values {
	const char *list, *name, *old_value, *new_value; /* a pattern; pointers into what it finds */
};
struct attribution_actor {
	const char *kind, *at, *id, *name, *address; /* `at`: what must be there; the others are pointers into it */
};
/* Entries that say by what they are called what they are about. */
struct attribution_activity {
	const char    *name;
	struct strings categories;
	struct strings targets; /* patterns of where the resource's key stands; none: it is about all of these */
};

struct source_pack;
struct source_attribution {
	struct source_pack          *log; /* the pack with one collection, the log */
	int64_t                      window_s, skew_s;
	struct attribution_only     *only; /* NULL: all count */
	const char                  *time, *activity, *correlation;
	struct strings               targets; /* patterns of where ids of what was changed stand */
	struct attribution_values   *properties; /* NULL: it does not say */
	struct attribution_actor    *actors;     /* the first that is there */
	size_t                       actors_n;
	struct attribution_activity *activities;
	size_t                       activities_n;
};

#endif
