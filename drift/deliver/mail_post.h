/*
 * mail_post.h - one attempt by the mail server, for every format that is a mail.
 *
 * A server that does not answer, offers no TLS or says "later" is tried again; one that refuses the mailbox is not.
 */
#ifndef BSX_DRIFT_DELIVER_MAIL_POST_H
#define BSX_DRIFT_DELIVER_MAIL_POST_H

#include "core/net/mail.h"
#include "drift/deliver/format.h"

/* 5 and 30 seconds, 2, 10 and 30 minutes, 2, 6, 12 and 24 hours. */
extern const int64_t mail_delays_s[DELIVER_TRIES - 1];

struct verdict mail_verdict(enum fate fate, const char *outcome, const char *detail);
/* It could not be written or sent; said in the log. */
struct verdict mail_failed(const struct attempt *a, TALLOC_CTX *mem, const struct err *why);
/* This installation sends none; no outcome: it does. */
struct verdict mail_unsendable(const struct attempt *a);
void mail_post(
    const struct attempt *a, TALLOC_CTX *mem, const struct mail_message *m, struct verdict *out);

#endif
