/*
 * give.h - nobody gives what they lack: the one question of every deed that moves power.
 *
 * Whoever assigns a role, makes, widens, narrows or deletes one, makes a key, maps a group, changes a user, loosens who
 * needs a second factor, or takes an account's protection away, may do so with what they hold themselves, and with no
 * more.  It is asked in the transaction of the deed, of the database: the caller may come from a cache that has not
 * heard of a role lost, and the request may have begun before it was.
 *
 * Deeds that change what roles are, or who has which, wait for one another (user_lock_admins()): nobody assigns a role
 * that is widened or deleted meanwhile.
 */
#ifndef BSX_AUTH_GIVE_H
#define BSX_AUTH_GIVE_H

#include "core/auth/deed.h"

/*
 * The caller holds all of `want`, which is bound to the tenant here, now and when it was resolved; else ERR_ESCALATION
 * with the sentence `pub`.  The system (no caller) holds everything.
 */
MUST_USE bool may_give(const struct deed_by *by, const struct permissions *want, const char *pub, struct err *e);
/*
 * The same of what is given until an instant (0: for good): what the caller's own roles permit that long.  Nobody gives
 * for longer than they hold, to themselves neither.
 */
MUST_USE bool may_give_until(const struct deed_by *by, const struct permissions *want, instant until,
    const char *pub, struct err *e);
/* The same of permission texts, LF between (NULL: none); one that this program does not know counts as all there is. */
MUST_USE bool may_give_lines(const struct deed_by *by, const char *lines, const char *pub, struct err *e);
/* The caller holds that one; else ERR_FORBIDDEN with the sentence `pub`. */
MUST_USE bool may_give_by(const struct deed_by *by, enum action a, enum resource_kind r, const char *pub, struct err *e);
/* That user may, now: whoever is gone, or disabled, may nothing. */
MUST_USE bool user_may(const struct deed_by *by, const struct uuid *user, enum action a, enum resource_kind r,
    bool *yes, struct err *e);

#endif
