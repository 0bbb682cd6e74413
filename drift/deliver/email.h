/*
 * email.h - what mails to channels have in common: text and HTML that say the same, and where they go.
 */
#ifndef BSX_DRIFT_DELIVER_EMAIL_H
#define BSX_DRIFT_DELIVER_EMAIL_H

#include "core/net/mail.h"
#include "drift/deliver/attempt.h"
#include "drift/deliver/words.h"

/* The two bodies and the subject; w has a fact "Customer". */
MUST_USE bool email_write(const struct attempt *a, TALLOC_CTX *mem, const struct words *w, struct mail_message *m,
    struct err *e);
/* From, to, id and list of a message of that instant. */
MUST_USE bool email_address(
    const struct attempt *a, TALLOC_CTX *mem, int64_t at_ms, struct mail_message *m, struct err *e);

#endif
