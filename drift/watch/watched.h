/*
 * watched.h - what opens an alert of the tenant itself, of no config: a row of one table for each.
 *
 * Of kind "security": what an entry of the audit trail says, found by its action in one place (trail.c), whoever wrote it.
 * It stands until somebody resolves it: that an entry undoes it, or that it is so no more, is said in its title and its
 * history and ends nothing, since who has taken an account over may do that too.  It tells what is in the trail, so it is
 * shown to who may read that (read:audit beside read:alerts), and told where such a person says (own_scope.h).  Of kind
 * "system": what is so with what is ours (state.c), for as long as it is.  These name nothing, since who reads alerts need
 * not see channels or keys.
 *
 * There is one open alert for each row and object, however often it happens: it counts, tells of each time and is nobody's
 * again, but where that would come in thousands.
 */
#ifndef BSX_DRIFT_WATCH_WATCHED_H
#define BSX_DRIFT_WATCH_WATCHED_H

#include "core/json/json.h"
#include "core/store/identity/audit_rows.h"
#include "drift/engine/rules.h"

#define KIND_SECURITY "security"
#define KIND_SYSTEM   "system"

#define WATCHED_ACTIONS  9
#define WATCHED_NAME_MAX 20 /* with its object it fits an open key: standing.h */
#define WATCHED_OBJECT_MAX 36

struct looking; /* watch_priv.h */

struct watched {
	const char   *name; /* in its open keys, so that it never changes */
	const char   *kind;
	enum severity severity; /* of a state: the least */
	const char   *title;

	/* Of the trail; no action: of a state. */
	const char *opens[WATCHED_ACTIONS + 1]; /* actions, NULL behind the last */
	bool (*fits)(const struct audit_row *entry, const struct json *details); /* NULL: each does */
	/* The same where the entry alone does not say it; NULL: it does. */
	bool (*asks)(struct looking *l, const struct audit_row *entry, const struct json *details,
	    bool *fits, struct err *e);
	bool        each; /* one alert for each target; false: one for the tenant */
	bool        often; /* it may come in thousands: that it happened again is counted, and not told */
	const char *undone; /* the action that undoes it, of the same target; NULL: none */

	/* Of a state: says what is so now (look_found). */
	bool (*state)(struct looking *l, const struct watched *w, struct err *e);

	const char *over; /* a sentence: how it was undone, or why it is so no more; NULL: that is not known */
};
extern const struct watched watched[]; /* ended by a row without a name */

#define WATCHED_KEYS "own:" /* what all of their open keys begin with */
/* own:NAME:OBJECT; a child of `mem`, NULL: memory. */
char *watched_key(TALLOC_CTX *mem, const struct watched *w, const char *object);

#endif
