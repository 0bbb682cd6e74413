/*
 * watch_priv.h - what the files of drift/watch share: one look at one tenant.
 */
#ifndef BSX_DRIFT_WATCH_PRIV_H
#define BSX_DRIFT_WATCH_PRIV_H

#include "core/auth/auth.h"
#include "core/store/alert/watch.h"
#include "drift/alert/standing.h"
#include "drift/watch/watched.h"

/* Of an entry, as lines. */
struct who {
	const char *by, *from; /* "": not known */
};

/* That something of the table is so, or has happened. */
struct found {
	const struct watched *w;
	const char           *object; /* "": the tenant itself */
	enum severity         severity;
	const char           *title;
	int64_t               times; /* of the trail: so often, since it was read last; 0: it was only undone */
	bool                  over;  /* of the trail: the last that was said is that it was undone */
	struct who            did, undid; /* of the trail: last */
};

/* A role that was given, and whether who has it administers, as it is now. */
struct role_asked {
	const char *name;
	bool        power;
};
#define ROLES_ASKED_MAX 32 /* in one look; of those behind them it is taken to be so */

#define LOOK_ENTRIES 1000 /* of the trail, in one look */

struct looking {
	struct auth            *auth;
	TALLOC_CTX             *mem;
	const struct watch_due *due;
	struct alert_scope      scope;
	instant                 now;

	/* In one try of its transaction. */
	uint64_t      seq; /* of the last entry that was read */
	bool          more; /* of them are left */
	bool          push_refused; /* for a quota, since the last look */
	struct found *found;
	size_t        n, room;
	struct role_asked asked[ROLES_ASKED_MAX];
	size_t            asked_n;
};

/* *out: that of the row and the object, which is new where it was not there. */
MUST_USE bool look_found(struct looking *l, const struct watched *w, const char *object,
    struct found **out, struct err *e);

/* What is told under that key is over: one of kind "security" says so and stands, any other ends.  `undid` NULL: nobody. */
MUST_USE bool look_over(const struct looking *l, const struct watched *w, const char *key, const struct who *undid,
    struct err *e);

/*
 * An entry that gives roles: *power, where one that was not there before changes users, roles, API keys, tenants or settings
 * (access.h).  So it is taken to be with a role that is no more, or has another name by now.
 */
MUST_USE bool gives_power(struct looking *l, const struct audit_row *entry, const struct json *details, bool *power,
    struct err *e);
/* In details: a list as it is now and as it was before; NULL: none. */
void list_of(const struct json *change, const struct json **to, const struct json **from);
bool list_has(const struct json *list, struct str text);

/* Reads on behind l->seq. */
MUST_USE bool trail_read(struct looking *l, struct err *e);
/* What was found there is told. */
MUST_USE bool trail_tell(struct looking *l, struct err *e);
/* What is so now is looked at, and what has begun, changed or is over is told. */
MUST_USE bool state_look(struct looking *l, struct err *e);

/* "by ada from 192.0.2.7", what is known of it; `lead` before it where anything is. */
void put_who(struct buf *b, const char *lead, const struct who *w);

/* The rows of states. */
bool state_quota(struct looking *l, const struct watched *w, struct err *e);
bool state_feeds(struct looking *l, const struct watched *w, struct err *e);
bool state_channels(struct looking *l, const struct watched *w, struct err *e);
bool state_keys(struct looking *l, const struct watched *w, struct err *e);
bool state_trail(struct looking *l, const struct watched *w, struct err *e);
bool state_trails(struct looking *l, const struct watched *w, struct err *e);
bool state_daemons(struct looking *l, const struct watched *w, struct err *e);

#endif
