/*
 * settings_second.h - who is asked for a second person, is not let off it by one: settings.four_eyes.accept_from is raised, or taken
 * away, when a second person sets the same.  Until then it stays as it is, and what was asked stands beside it.
 *
 * Both are persons who may change it: a service key does not ask, and no key confirms.  The platform, and the operator at the
 * machine, are above it: they let a tenant out in which one such person is left.
 */
#ifndef BSX_AUTH_SETTINGS_SECOND_H
#define BSX_AUTH_SETTINGS_SECOND_H

#include "core/auth/caller.h"
#include "core/auth/settings.h"

#define SETTINGS_SECOND_WAITS_S (7 * 86400)

/*
 * *text is what the registry shall hold after `change` (settings_merge), and becomes that with what is pending.
 * ERR_FORBIDDEN: a key that may not ask, or confirm.
 */
MUST_USE bool settings_second(TALLOC_CTX *mem, const struct auth *a, const struct caller *who,
    const char *was, const struct json *change, const char **text, struct err *e);
/* The same where nobody is asked: what was pending is over, where it is named at all. */
MUST_USE bool settings_second_over(
    TALLOC_CTX *mem, const struct json *change, const char **text, struct err *e);

#endif
