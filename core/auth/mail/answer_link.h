/*
 * answer_link.h - links in messages by which an alert is answered: what one says, and that it is ours.
 *
 * A token is base64url(tenant tag, 4 bytes of the keyring's version, deed, end, the number of the user's answer links,
 * alert, message, user, report, and 16 bytes of the HMAC of all that, under a key of the tenant's).  Nothing is kept of it before it
 * is used; then it counts no more (core/store/alert/answer.h).  The same message makes the same token again, as long as the
 * keyring's newest version stays; one of a version that is no more in the keyring has ended with that.
 *
 * One that names a user was mailed to that user alone, and is confirmed in their name without a session; any other says only
 * what is to be done, and by whom is said by the session that confirms it.
 */
#ifndef BSX_AUTH_MAIL_ANSWER_LINK_H
#define BSX_AUTH_MAIL_ANSWER_LINK_H

#include "core/auth/auth.h"
#include "core/store/tenant/tenant_db.h"

#define ANSWER_LIFE_S      (7 * 86400)
#define ANSWER_TOKEN_LEN   136
#define ANSWER_TOKEN_MAX   200 /* that is looked at */
#define ANSWER_FORM_LIFE_S 3600
#define ANSWER_FORM_LEN    39

enum answer_deed { ANSWER_ACKNOWLEDGE = 1, ANSWER_RESOLVE, ANSWER_ACCEPT, ANSWER__MAX };
extern const char *const answer_deeds[ANSWER__MAX]; /* "acknowledge", ...; of 0: "" */

struct answer_link {
	enum answer_deed deed;
	struct uuid      alert, message;
	struct uuid      user;  /* nil: whoever signs in */
	uint32_t         epoch; /* the number of that user's answer links (core/auth/ends.h) */
	struct uuid      report; /* that the message told of; nil: of none */
	instant          expires_at;
	struct uuid      id; /* set by who reads it: by this it is known to have been used */
};

/* *token is a child of `mem` that wipes itself. */
MUST_USE bool answer_link_print(const struct auth *a, const struct tenant *t, TALLOC_CTX *mem,
    const struct answer_link *in, const char **token, struct err *e);
/*
 * In that tenant, at that instant.  ERR_FORBIDDEN: it is of another tenant; ERR_MISSING: it is none, or has ended; each
 * with a sentence for whoever opened it.
 */
MUST_USE bool answer_link_read(const struct auth *a, const struct tenant *t, struct str token,
    instant now, struct answer_link *out, struct err *e);

/* What the page of a link has in its form, so that only who has seen it confirms: for an hour, and of that version of
 * its alert. */
MUST_USE bool answer_form_print(const struct auth *a, const struct answer_link *link, uint64_t version,
    instant now, TALLOC_CTX *mem, const char **form, struct err *e);
/* ERR_FORBIDDEN, ERR_CONFLICT: the alert is of another version meanwhile; with a sentence. */
MUST_USE bool answer_form_check(const struct auth *a, const struct answer_link *link, uint64_t version,
    struct str form, instant now, struct err *e);

#endif
