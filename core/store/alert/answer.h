/*
 * answer.h - links in messages by which an alert is answered (core/auth/mail/answer_link.h): which were used, and whom
 * those in a mail speak for.
 *
 * A link is no row before it is used; a row stays as long as the link would have counted.
 *
 * Errors: ERR_MISSING, and those of db.h.
 */
#ifndef BSX_STORE_ALERT_ANSWER_H
#define BSX_STORE_ALERT_ANSWER_H

#include "core/store/tenant/tenant_db.h"

struct alert_answer {
	struct uuid id; /* of the link */
	struct uuid alert_id;
	const char *deed;
	const char *name; /* who has used it */
	instant     used_at, expires_at;
};
MUST_USE bool alert_answer_find(
    struct db *db, TALLOC_CTX *mem, const struct uuid *id, struct alert_answer *out, struct err *e);
/* Inside the transaction of the deed.  ERR_CONFLICT: it was used before. */
MUST_USE bool alert_answer_add(struct db *db, const struct alert_answer *row, struct err *e);

/* A user, as far as a link that was mailed to them has to know. */
struct answer_user {
	struct uuid id;
	char       *status;
	uint64_t    epoch; /* users.device_epoch (core/auth/ends.h): what has an older one has ended */
};
MUST_USE bool answer_user_by_email(struct tenant_db *t, TALLOC_CTX *mem, const char *email,
    struct answer_user *out, struct err *e);
MUST_USE bool answer_user_by_id(struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *id,
    struct answer_user *out, struct err *e);

#endif
