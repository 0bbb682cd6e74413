/*
 * archive_take.h - a tenant's rows out of an archive (core/archive): read to the end before anything is made, and then into a
 * schema.  What import and restore share.
 *
 * Errors: ERR_INVALID: the archive is not whole, of a newer version, or has what no tenant has; ERR_GONE: it was stopped.
 */
#ifndef BSX_AUTH_TENANT_ARCHIVE_TAKE_H
#define BSX_AUTH_TENANT_ARCHIVE_TAKE_H

#include "core/archive/archive.h"
#include "core/auth/deed.h"
#include "core/store/archive/archive_load.h"
#include "core/store/server/provision.h"

struct archive_source {
	int                fd;     /* of a file that can be read twice */
	const struct lock *lock;
	const char        *signer; /* whose signature it must have; NULL: any */
	bool (*watch)(void *arg, const struct archive_at *at); /* true: stop */
	void *arg;
};
struct archive_take {
	const struct archive_source *from;
	const struct provision      *p;  /* not used before it is filled */
	struct deed_by               by; /* its t: whose schema is filled; before that not used */
	struct archive_reader       *archive;
	struct archive_load         *load;
	struct archive_at            at;
	uint8_t                      address_key[KEY_LEN]; /* of the archive */
};
/* All of it, without writing anywhere; what it says of itself can become a tenant of that slug. */
MUST_USE bool archive_take_check(struct archive_take *x, const char *slug, struct err *e);
/*
 * From the beginning: the head, and then the rows, into x->by.t's schema, which is empty, and of archive_fill_version(); behind
 * them it is brought up to this program's.  `trail` as for archive_load_make().
 */
#define ARCHIVE_TAKE_UP "bringing it up to date" /* what the watch is told in place of a table, of one of a version before */
MUST_USE bool archive_take_open(struct archive_take *x, struct err *e);
MUST_USE bool archive_take_fill(struct archive_take *x, bool trail, struct err *e);
/* Whether somebody wants it to end: ERR_GONE. */
MUST_USE bool archive_take_watch(struct archive_take *x, struct err *e);
void          archive_take_end(struct archive_take *x);

#endif
