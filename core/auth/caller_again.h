/*
 * caller_again.h - who asked for long work, as they are when it is carried: by the database's word of that moment.
 *
 * What is kept of them is who they are, how they had signed in and from where; never what they might do.  Who may sign
 * in no more, is without a second factor that is asked for now, or asked from where the tenant may not be used from any
 * more, is nobody.
 */
#ifndef BSX_AUTH_CALLER_AGAIN_H
#define BSX_AUTH_CALLER_AGAIN_H

#include "core/auth/deed.h"
#include "core/auth/grant.h"

/* Kept with the work; members are those of its text. */
struct caller_asked {
	struct uuid id; /* a user, or an API key */
	bool        key;
	int64_t     aal;
	const char *address;
	bool        untold;
};
extern const struct schema caller_asked_schema;

/* Of a caller who does not act in another tenant. */
void caller_asked_of(const struct deed_by *by, struct caller_asked *out);
/*
 * home->t is the caller's own tenant.  ERR_FORBIDDEN with a sentence: they may not any more.
 */
MUST_USE bool caller_again(
    const struct deed_by *home, const struct caller_asked *asked, struct caller *out, struct err *e);

/*
 * The same in the tenant of that name: their own, or another by a grant, whose use is noted.  *there is what a deed is
 * done by; its caller is *acting.  ERR_FORBIDDEN as grant_find().
 */
MUST_USE bool caller_enter(const struct deed_by *home, const struct caller *c, const char *named,
    struct caller *acting, struct deed_by *there, struct err *e);

#endif
