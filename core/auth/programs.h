/*
 * programs.h - each process says which versions of the keyring it has loaded, so that none is used before all have it.
 */
#ifndef BSX_AUTH_PROGRAMS_H
#define BSX_AUTH_PROGRAMS_H

#include <talloc.h>

#include "core/base/uuid.h"

struct database;
struct env;

#define PROGRAM_TELL_MS 15000

/* What a process keeps of it; all zero but id and kind before the first call of program_tell(). */
struct program {
	struct uuid id;
	const char *kind; /* "responder", "driftd" */
	int64_t     told_ms;
	uint32_t    seals, opens; /* as told */
};
/* NULL: out of memory. */
struct program *program_make(TALLOC_CTX *mem, const char *kind, const struct env *env);
/*
 * Every PROGRAM_TELL_MS, and when it has loaded others.  Only where the connection of the control schema is open: who has
 * none does nothing that needs a key, and nobody waits for a database for this.
 */
void program_tell(struct program *p, const struct env *env, struct database *d);
/* It ends. */
void program_ends(struct program *p, struct database *d);

#endif
