/*
 * program.h - programs that run, as each says of itself (bsx.programs): with which keys it works.  By the database's clock.
 */
#ifndef BSX_STORE_TENANT_PROGRAM_H
#define BSX_STORE_TENANT_PROGRAM_H

#include "core/store/db.h"

#define PROGRAMS_LATELY_S 60 /* one that was seen since runs */

struct program_row {
	struct uuid id;
	const char *kind, *host;
	int64_t     pid;
	const char *version;
	int64_t     seals, opens; /* versions of the keyring: that seals, the highest that it has */
};
MUST_USE bool program_beat(struct db *control, const struct program_row *p, struct err *e);
/* And what was not seen for a day. */
MUST_USE bool program_gone(struct db *control, const struct uuid *id, struct err *e);

/* Those that run, a line for each kind and host. */
struct program_group {
	const char *kind, *host;
	int64_t     n;
	int64_t     seals, opens; /* the lowest of them */
};
MUST_USE bool programs_running(
    struct db *control, TALLOC_CTX *mem, struct program_group **list, size_t *n, struct err *e);

/* *there: a daemon runs that says nothing here, as those of older releases. */
MUST_USE bool programs_older(struct db *control, TALLOC_CTX *mem, bool *there, struct err *e);

#endif
