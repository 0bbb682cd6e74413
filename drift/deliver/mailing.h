/*
 * mailing.h - one attempt to send a queued mail (core/auth/mail/mail_queue.h).
 *
 * A mail is an outbox message without a channel.  It is tried at most
 * DELIVER_TRIES times: after 5 and 30 seconds, 2, 10 and 30 minutes, 2, 6, 12 and
 * 24 hours.  A mail server that does not answer, offers no TLS or says "later" is tried again; one
 * that refuses the mailbox is not.
 */
#ifndef BSX_DRIFT_DELIVER_MAILING_H
#define BSX_DRIFT_DELIVER_MAILING_H

#include "core/auth/auth.h"
#include "core/net/mail.h"
#include "core/store/alert/outbox.h"
#include "core/base/env.h"

/* The mail server of the configuration; *mail NULL: none is set. */
MUST_USE bool mailing_open(
    TALLOC_CTX *mem, const struct conf *c, struct mail **mail, struct err *e);

struct mailing_result {
	const char *outcome; /* "delivered", "failed", "refused" */
	const char *detail;  /* for the delivery log */
	bool        retry;
	int64_t     delay_s;
};
/* Never fails: what went wrong is the result. `attempt` is from 1. */
void mailing_send(struct auth *a, struct mail *mail, struct tenant_db *t, const struct outbox *o,
    int64_t attempt, TALLOC_CTX *mem, struct mailing_result *out);

#endif
