/*
 * mailing.h - the kind "mail" (format.h): a queued mail to a user (core/auth/mail/mail_queue.h), which is written when it
 * is sent.
 *
 * A mail server that does not answer, offers no TLS or says "later" is tried again; one that refuses the mailbox is not.
 */
#ifndef BSX_DRIFT_DELIVER_MAILING_H
#define BSX_DRIFT_DELIVER_MAILING_H

#include "core/conf/conf.h"
#include "core/net/mail.h"

/* The mail server of the configuration; *mail NULL: none is set. */
MUST_USE bool mailing_open(
    TALLOC_CTX *mem, const struct conf *c, struct mail **mail, struct err *e);

#endif
