/*
 * standing.h - an alert that stands as long as something is so: one for each key.
 *
 * Of a config it is a condition (condition.h), of the tenant itself what is watched (drift/watch).
 * One that opens while something covers it (alert_scope's `quiet`) is suppressed: it stands in the list and says by what,
 * and nobody is told of it until nothing covers it any more; one that ends before is never told.  Whoever was told
 * already is told on.
 */
#ifndef BSX_DRIFT_ALERT_STANDING_H
#define BSX_DRIFT_ALERT_STANDING_H

#include "drift/alert/alerting.h"

#define STANDING_KEY_MAX 64 /* bytes of a key */

struct standing {
	const char   *key;
	const char   *kind;
	enum severity severity;
	const char   *title;   /* cut to ALERT_TITLE_MAX bytes */
	int64_t       changes; /* that it has then */
	/* A line of its history: it has happened again, which is told, and nobody has taken that on yet; NULL: it goes on. */
	const char   *again;
};

/* The open one of that key: *open. */
MUST_USE bool standing_find(const struct alert_scope *s, const char *key, struct alert *alert,
    bool *open, struct err *e);
/* Opens it and tells of it; nothing when it is open. */
MUST_USE bool standing_open(
    const struct alert_scope *s, const struct standing *x, struct err *e);
/* The same; one that is open becomes what is said of it, and is told of again.  Where its severity rises above what
 * somebody works on already, or it happens again, it is open anew. */
MUST_USE bool standing_update(
    const struct alert_scope *s, const struct standing *x, struct err *e);
/* The open one of that key, should it be suppressed: by s->quiet from now on, or told, where that is NULL. */
MUST_USE bool standing_quiet(const struct alert_scope *s, const char *key, struct err *e);
/* That is said of it, which goes on: at the end of its title, in a line of its history, and told.  Nothing when none is
 * open, or its title ends with it already. */
struct standing_words {
	const char *title; /* of fewer bytes than ALERT_TITLE_MAX */
	const char *note;
};
MUST_USE bool standing_say(const struct alert_scope *s, const char *key,
    const struct standing_words *words, struct err *e);
/* Ends it and tells of it; nothing when none is open. */
MUST_USE bool standing_close(
    const struct alert_scope *s, const char *key, const char *note, struct err *e);

#endif
