/*
 * directory_proof.h - does a directory let the app in?  It is asked for a token with what the app shows, which it gives only
 * where the app is consented to; whose token it is, is what the token says.
 */
#ifndef BSX_DRIFT_TEMPLATE_DIRECTORY_PROOF_H
#define BSX_DRIFT_TEMPLATE_DIRECTORY_PROOF_H

#include "core/net/fetch.h"
#include "drift/source/source.h"

#define DIRECTORY_ASK_MS 4000 /* of all that is asked of one directory */

struct directory_proof {
	const struct env    *env;
	struct fetch        *fetch;
	const struct source *source; /* as it would collect there */
	struct str           secret; /* what it shows, JSON */
	int64_t              until_ms; /* of the monotonic clock: it is given up */
	bool                 last;   /* what would be asked again later is asked again at once, a few times, for a word why */
	const char          *why;    /* out, of ERR_CREDENTIALS: in full, with what can be done */
	char                 id[40]; /* out: of the directory that has let it in; "": the token does not say */
};
/*
 * ERR_CREDENTIALS: it does not let it in, and why in a sentence; ERR_UNAVAILABLE: it cannot be asked now.
 */
MUST_USE bool directory_prove(TALLOC_CTX *mem, struct directory_proof *p, struct err *e);

#endif
