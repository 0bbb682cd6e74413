/*
 * ends.h - what ends what: one table of every credential and every event.
 *
 * A deed that ends something names its event here, inside its transaction;
 * what ends is derived from the event's row, so that no deed forgets one.  What
 * has ended stays ended: enabling a user or resuming a tenant brings back only
 * what slept.  `bsxctl ends` prints the table.
 *
 * How the credentials end: a session's row is marked as revoked (its refresh
 * token and its access tokens with it).  Mailed links and known devices carry a
 * number of their user's (users.reset_epoch and so on) that the event raises:
 * also a mail that is queued and not written yet has ended then.  Answer links carry
 * that of known devices: each speaks for somebody who has not signed in, and what
 * ends one ends the other.  A sign-in that
 * waits for its second factor carries users.epoch.  Recovery codes go, keys are
 * marked as revoked.  What sleeps is refused by the status of the user or tenant
 * wherever it is looked at, and is not marked.
 */
#ifndef BSX_AUTH_ENDS_H
#define BSX_AUTH_ENDS_H

#include "core/auth/auth.h"

/* In the order of the columns of ENDS_EVENTS. */
#define ENDS_CREDENTIALS(X)                                                                        \
	X(ENDS_SESSION, "session", "what an access token stands for")                              \
	X(ENDS_REFRESH, "refresh_token", "renews a session")                                       \
	X(ENDS_PERSONAL_KEY, "personal_key", "an API key that acts for its maker")                 \
	X(ENDS_SERVICE_KEY, "service_key", "an API key of the tenant")                             \
	X(ENDS_RESET, "reset_link", "mailed to choose a password")                                 \
	X(ENDS_INVITE, "invitation", "mailed to a new user")                                       \
	X(ENDS_EMAIL, "address_link", "mailed to a new address, to make it count")                 \
	X(ENDS_RECOVERY, "recovery_code", "in place of the second factor")                         \
	X(ENDS_DEVICE, "known_device", "a cookie that passes a lock with the right password")      \
	X(ENDS_MFA, "mfa_token", "a sign-in that waits for its second factor")                     \
	X(ENDS_OIDC, "oidc_state", "a sign-in under way at an OpenID provider")                    \
	X(ENDS_ANSWER, "answer_link", "mailed to one user, acknowledges an alert by itself")
enum ends_credential {
#define X(id, name, what) id,
	ENDS_CREDENTIALS(X)
#undef X
	    ENDS__MAX
};

/*
 * Cells, one per credential: . lives; X ends; 1 ends, the one that it is about; O ends, all but the
 * doer's own one; z sleeps: it does not work as long as that lasts.
 *
 * The last but one column is what a session is marked with.
 *
 *  id                     event                cells            reason               why
 */
#define ENDS_EVENTS(X)                                                                             \
	X(END_SIGN_OUT, "signed_out", "11..........", "logout",                                    \
	    "One session; a mailed link waits for who opens the mail later.")                      \
	X(END_SIGN_OUT_ALL, "signed_out_everywhere", "XX....X.XX.X", "logout_all",                 \
	    "Somebody else may be in: what that one has begun ends too.")                          \
	X(END_SESSION_OWN, "session_ended", "11....X.....", "ended_by_user",                       \
	    "Who sat there may have asked for the new address.")                                   \
	X(END_SESSION_ADMIN, "session_ended_by_admin", "11....X.....", "revoked_by_admin",         \
	    "As when the user ends it.")                                                           \
	X(END_SESSIONS_ADMIN, "sessions_ended_by_admin", "XX....X.XX.X", "revoked_by_admin",       \
	    "As signing out everywhere.")                                                          \
	X(END_REFRESH_REUSED, "refresh_token_reused", "11....X.....", "refresh_token_reused",      \
	    "Somebody has a copy of the session.")                                                 \
	X(END_WRONG_PROOFS, "wrong_proofs", "11....X.....", "wrong_proofs",                        \
	    "Who guesses there is not who signed in.")                                             \
	X(END_SHORTENED, "sessions_shortened", "11..........", "",                                 \
	    "Those that last longer than the settings allow now.")                                 \
	X(END_PASSWORD_CHANGED, "password_changed", "OO..XXX.XX.X", "password_change",             \
	    "The session that changed it stays; recovery codes belong to the second factor.")      \
	X(END_PASSWORD_RESET, "password_reset", "XX..XXX.XX.X", "password_reset",                  \
	    "The mailbox's owner takes the account back; the second factor stays.")                \
	X(END_INVITED, "invitation_accepted", "XX..XXX.XX.X", "password_reset",                    \
	    "An invitation is a reset of a password that was none.")                               \
	X(END_EMAIL_ASKED, "address_change_asked", "......X.....", "",                             \
	    "The newest change counts, and no older one.")                                         \
	X(END_EMAIL_KEPT, "address_kept", "......X.....", "",                                      \
	    "Asking for the present address takes a change back.")                                 \
	X(END_EMAIL_CHANGED, "address_changed", "....XXX.XX.X", "",                                \
	    "What was mailed to the old address ends; a device is known for an address.")          \
	X(END_EMAIL_SET, "address_set_by_admin", "....XXX.XX.X", "",                               \
	    "As when the user changes it.")                                                        \
	X(END_NAME_CHANGED, "name_changed", ".........X..", "",                                    \
	    "A sign-in goes on with the user as it was when it began, or not at all.")             \
	X(END_FACTOR_ADDED, "factor_added", "OO....XX.X..", "factor_enabled",                      \
	    "Sessions were begun without it; there are new recovery codes.")                       \
	X(END_FACTOR_REMOVED, "factor_removed", "OO....XX.X..", "factor_disabled",                 \
	    "As when it is added; recovery codes stand for a factor that is gone.")                \
	X(END_FACTOR_RESET, "factor_reset_by_admin", "XX....XXXX.X", "factor_reset",               \
	    "It was lost, and perhaps a device with it.")                                          \
	X(END_CODES_RENEWED, "recovery_codes_renewed", ".......X....", "",                         \
	    "The new set takes the old one's place.")                                              \
	X(END_ROLES, "roles_changed", ".........X..", "",                                          \
	    "Sessions and personal keys go on with the rights of now.")                            \
	X(END_DISABLED, "user_disabled", "XXX.XXXzXXzX", "user_disabled",                          \
	    "Whoever is enabled again signs in anew; only recovery codes wait for it.")            \
	X(END_ENABLED, "user_enabled", "............", "", "What has ended stays ended.")          \
	X(END_DELETED, "user_deleted", "XXX.XXXXXXXX", "user_deleted",                             \
	    "Nothing is left of the user but the trail, and what is the tenant's.")                \
	X(END_KEY_DELETED, "key_deleted", "..11........", "", "A key is one by itself.")           \
	X(END_PROVIDER_GONE, "provider_removed", "11.......11.", "provider_removed",               \
	    "What was begun by it.")                                                               \
	X(END_PROVIDER_RENAMED, "provider_renamed", "11.......11.", "provider_renamed",            \
	    "What was begun under the old name.")                                                  \
	X(END_SUSPENDED, "tenant_suspended", "zzzzzzzzzzzz", "",                                   \
	    "Nothing works, and nothing is lost but time.")                                        \
	X(END_RESUMED, "tenant_resumed", "............", "", "What has ended stays ended.")
enum ends_event {
#define X(id, name, cells, reason, why) id,
	ENDS_EVENTS(X)
#undef X
	    END__MAX
};

struct ends_row {
	const char *event, *cells, *reason, *why;
};
extern const struct ends_row ends_rows[END__MAX];
struct ends_column {
	const char *credential, *what;
};
extern const struct ends_column ends_columns[ENDS__MAX];
/* "lives", "ends", "this one", ... of a cell. */
const char *ends_word(char cell);

struct ending {
	enum ends_event event;
	instant         now;
	struct uuid     user;               /* whose; nil: of a provider or the whole tenant */
	struct uuid     session;            /* the one that it is about, or the doer's own */
	struct uuid     key;                /* the one that it is about */
	const char     *provider;           /* that it is about */
	int64_t         idle_s, absolute_s; /* of sessions, from now on */
	bool            ended;              /* answer: the session was not ended before */
};

/*
 * Inside the transaction of the deed: ends what the event's row says.  Other processes learn of it
 * by the epochs; those of this host when the deed bumps its cache entries after the commit.
 */
MUST_USE bool ends_apply(struct tenant_db *t, struct ending *x, struct err *e);

#endif
