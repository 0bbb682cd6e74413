/*
 * answer.h - alerts answered from where they were read: by the links of messages (drift/deliver/answers.h).
 *
 * A link says which deed, on which alert; who does it, and whether they may, is asked when it is done.  It counts once, for a
 * week, while the tenant's settings let links count (alert_links), and only in its tenant; opening one does nothing.  What
 * came before it counts as everywhere: an alert that is over, a status that does not follow, a second person who is to be
 * asked.
 *
 * Errors, each with a sentence for whoever opened the link: ERR_FORBIDDEN (links are off, of another tenant, not theirs to do
 * any more), ERR_MISSING (none of ours, late, ended with what its user has changed), ERR_CONFLICT (used, the alert does
 * not take it any more, or is another one than was shown).
 */
#ifndef BSX_DRIFT_SERVICE_ANSWER_H
#define BSX_DRIFT_SERVICE_ANSWER_H

#include "core/auth/mail/answer_link.h"
#include "drift/service/alert.h"
#include "drift/service/finding.h"

/* ---- by whoever is signed in ---- */

struct answer_in {
	const char *token;
	const char *note;       /* of an acceptance: its reason, which there must be */
	instant     expires_at; /* of an acceptance, which there must be */
	struct uuid report;     /* of an acceptance: whose changes were shown; nil: those that the message told of */
};
/* What the link says, acknowledge or resolve, of this alert; one that accepts is a fault at /token. */
MUST_USE bool answer_work(const struct acting *a, const struct uuid *alert,
    const struct answer_in *in, struct alert *out, struct err *e);
/* All findings of the alert's newest report that stand as detected, with their values, until then.  ERR_CONFLICT: another
 * report was shown. */
MUST_USE bool answer_accept(const struct acting *a, const struct uuid *alert,
    const struct answer_in *in, struct decisions *out, struct err *e);

/* ---- by the user whom it was mailed to, without a session ---- */

struct answer_asker {
	struct deed_by by; /* without a tenant and a caller */
	struct drift  *drift;
	struct work   *work;
};
struct answer_seen {
	struct tenant_db   *t;
	struct answer_link  link;
	struct caller       caller; /* the user, with the rights of now */
	struct alert        alert;  /* its title without values */
	const char         *form;   /* what the page's form has */
};
/* What its page shows; nothing is done. */
MUST_USE bool answer_look(const struct answer_asker *q, const char *token, struct answer_seen *out, struct err *e);
/* The same, and it is done, by who has that page open. */
MUST_USE bool answer_confirm(const struct answer_asker *q, const char *token, const char *form,
    struct answer_seen *out, struct err *e);

#endif
