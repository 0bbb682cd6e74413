/*
 * claim_again.h - what becomes of a claim whose handling failed, so that nothing is known to have come of it.
 *
 * It is given back, and nobody takes it for as long as it has been due by then: CLAIM_AGAIN_MIN_S at least, its lease at
 * most.  So what fails for a moment is tried again soon, and what goes on failing as seldom as what a daemon that died
 * held.  When it is due stays as it is.  A claim that was ended, set anew or taken over meanwhile is left alone.
 */
#ifndef BSX_STORE_CLAIM_AGAIN_H
#define BSX_STORE_CLAIM_AGAIN_H

#define CLAIM_AGAIN_MIN_S 5
#define CLAIM_AGAIN_MAX_S 60

/* Of an UPDATE; `since`: the column by which it is due. */
#define CLAIM_AGAIN_SET(since)                                                                     \
	"lease_owner = NULL, lease_until = NOW(3) + INTERVAL"                                      \
	" LEAST(GREATEST(COALESCE(TIMESTAMPDIFF(SECOND, " since ", NOW(3)), 0), 5), 60) SECOND"
/* Behind its key and fence. */
#define CLAIM_AGAIN_HELD " AND lease_owner IS NOT NULL"
_Static_assert(CLAIM_AGAIN_MIN_S == 5 && CLAIM_AGAIN_MAX_S == 60, "as in the text");

#endif
