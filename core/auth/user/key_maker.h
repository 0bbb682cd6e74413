/*
 * key_maker.h - what becomes of the API keys that a user has made, when the user leaves or may do less.
 *
 * Both run in the transaction of the change.  *out names at most KEY_EFFECTS_MAX keys; NULL: there is nothing to say.
 */
#ifndef BSX_AUTH_USER_KEY_MAKER_H
#define BSX_AUTH_USER_KEY_MAKER_H

#include "core/auth/user/user_admin.h"

#define KEY_EFFECTS_MAX 100

/*
 * The user is to be disabled or deleted: personal keys end for good by that (ends.h), service keys go on without
 * their maker.  Before they end.
 */
MUST_USE bool keys_leave(const struct deed_by *by, const struct uuid *user,
    const struct key_effects **out, struct err *e);
/* The user's roles have changed from those that `was` has; names the personal keys that may do less by it. */
MUST_USE bool keys_narrow(const struct deed_by *by, const struct user *was,
    const struct key_effects **out, struct err *e);
/* The same as the caller may see it: names and prefixes are for those with read:api_keys, numbers for everybody. */
MUST_USE bool key_effects_shown(const struct deed_by *by, const struct key_effects *all,
    const struct key_effects **out, struct err *e);

#endif
