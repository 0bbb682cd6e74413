/*
 * message.h - the body of a delivery, in the form of Standard Webhooks 1.0:
 * {type, timestamp, data}.  Below MESSAGE_MAX bytes whatever the report holds;
 * masked values are "[masked]", long ones are left out with a mark.
 *
 * It is kept, sealed, with the values of its changes.  What a channel gets of them
 * is decided at each attempt to deliver it, by what the channel is then.
 */
#ifndef BSX_DRIFT_ALERT_MESSAGE_H
#define BSX_DRIFT_ALERT_MESSAGE_H

#include "core/store/alert/outbox.h"
#include "drift/alert/alerting.h"
#include "drift/engine/view.h"

#define MESSAGE_MAX     20000
#define MESSAGE_CHANGES 20

MUST_USE bool message_print(const struct alert_scope *s, const struct alert_news *news,
    struct str *body, struct err *e);

/* Seals the body into a message to the channel, due at once.  *id: the message's, may be NULL. */
MUST_USE bool message_post(const struct alert_scope *s, const struct alert_news *news,
    const struct uuid *channel, struct str body, struct uuid *id, struct err *e);

/* A body as it is delivered; it needs MESSAGE_MAX bytes and a bit at most. */
MUST_USE bool message_view(
    TALLOC_CTX *mem, struct view v, struct str body, struct str *out, struct err *e);

#endif
