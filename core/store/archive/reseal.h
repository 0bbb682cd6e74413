/*
 * reseal.h - what a tenant has sealed with a former data key is sealed with its newest one, while others go on working.
 *
 * A pass walks every sealed column (sealed.h) by its primary key, RESEAL_PAGE rows at once, each page in a transaction, and
 * changes a value only while it is what was read: what somebody writes meanwhile stays, and any number may do it at once.
 * Values of both keys open all the time.  Killed anywhere, a pass begins anew, and finds done what is done.
 *
 * The former keys are destroyed behind a pass that has found nothing of them and was begun RESEAL_SETTLE_S after the newest
 * one was made: by then every process of this version has sealed with it for long (tenant_db_open()), what a deed has begun with
 * another one is written, and a program of the version before, which keeps the key it began with, is replaced; while a
 * daemon of such a version says that it is alive, they stay (programs_older()).  A snapshot that was begun before and is read
 * for longer than that may meet what it cannot open.
 *
 * What does not open is told, stays as it is, and keeps the former keys.
 *
 * Errors: those of db.h.
 */
#ifndef BSX_STORE_ARCHIVE_RESEAL_H
#define BSX_STORE_ARCHIVE_RESEAL_H

#include "core/store/tenant/data_keys.h"

#define RESEAL_SETTLE_S 86400
#define RESEAL_PAGE     100
#define RESEAL_CONTENTS 8 /* of chunks, each up to 1 MiB */

/* A pass of a tenant; zero: it begins.  Who stops goes on with it. */
struct reseal_pass {
	struct uuid tenant;
	size_t      column;             /* which of the list */
	uint8_t     at[32];             /* the row that was seen last there */
	size_t      at_n;
	int64_t     chunk;
	bool        settled;            /* it was begun long enough after the newest key was made */
	bool        ended;
	uint64_t    seen, sealed, refused; /* values; those that were sealed anew, that do not open */
	uint64_t    destroyed;          /* keys, behind it */
};
struct reseal_watch {
	/* between two pages; true: stop */
	bool (*stop)(void *arg, const struct reseal_pass *p, const char *table);
	/* what does not open; the row is an id, or NULL: a chunk of contents */
	void (*refused)(void *arg, const char *table, const char *column, const struct uuid *row);
	void *arg;
};
/* True also where it was stopped; p->ended: it came to its end. */
MUST_USE bool reseal_walk(struct database *d, struct tenant_db *t, const struct reseal_watch *w, struct reseal_pass *p,
    struct err *e);

#endif
