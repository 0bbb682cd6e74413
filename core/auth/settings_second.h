/*
 * settings_second.h - who is asked for a second person, is not let off it by one: settings.four_eyes.accept_from is raised, or taken
 * away, when a second person sets the same.  Until then it stays as it is, and what was asked stands beside the settings (struct
 * tenant.settings_pending), not in them: a program that knows nothing of it goes on with those.
 *
 * Both are persons who may change it: a service key does not ask, and no key confirms.  Whoever has asked is looked up again when
 * another confirms: who may not change it any more has asked for nothing.  The platform, and the operator at the machine, are
 * above it: they let a tenant out in which one such person is left.
 */
#ifndef BSX_AUTH_SETTINGS_SECOND_H
#define BSX_AUTH_SETTINGS_SECOND_H

#include "core/auth/deed.h"
#include "core/auth/settings.h"

#define SETTINGS_SECOND_WAITS_S (7 * 86400)

struct settings_pending {
	const char *accept_from; /* what it is to become; NULL: nobody is asked */
	struct uuid asked_by;
	const char *asked_name;
	instant     asked_at;
};
extern const struct schema settings_pending_schema;
/* What the registry holds of it; *out NULL: nothing, or it is over. */
MUST_USE bool settings_pending(
    TALLOC_CTX *mem, const char *text, instant now, struct settings_pending **out, struct err *e);

/* Of a change that names four_eyes. */
struct settings_said {
	const char *was;     /* the settings before */
	const char *text;    /* as settings_merge() has them; then what the registry shall hold */
	const char *pending; /* what waits, before; then after */
};
/* ERR_FORBIDDEN: a key that may not ask, or confirm. */
MUST_USE bool settings_second(const struct deed_by *by, struct settings_said *said, struct err *e);

#endif
