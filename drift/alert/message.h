/*
 * message.h - an event on its way to a channel: a row of the outbox, which holds the event sealed.
 */
#ifndef BSX_DRIFT_ALERT_MESSAGE_H
#define BSX_DRIFT_ALERT_MESSAGE_H

#include "core/store/alert/channel.h"
#include "core/store/alert/outbox.h"
#include "drift/alert/event.h"

/* In the transaction of the deed, due at once.  `kept`: of event_keep.  *id: the message's, may be NULL. */
MUST_USE bool message_post(const struct alert_scope *s, const struct alert_event *ev, struct str kept,
    const struct channel *c, struct uuid *id, struct err *e);

/* The message of that id, which tells of several alerts (EVENT_SUMMARY), the same way. */
struct message_many {
	struct uuid           id;
	const struct channel *channel;
	const char           *reason, *route; /* SUMMARY_RATE, ...; name of a route, or NULL */
	struct uuid           group_id;       /* of which group it tells; nil: of none */
};
MUST_USE bool message_post_many(
    const struct alert_scope *s, const struct message_many *m, struct err *e);

/* An event as the message of that id keeps it. */
MUST_USE bool message_seal(struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *id,
    const struct alert_event *ev, struct blob *body, struct err *e);

/* The same of an event that is text already. */
MUST_USE bool message_seal_kept(const struct alert_scope *s, const struct uuid *id, struct str kept,
    struct blob *out, struct err *e);

/* The event of a message that has one (m->template from 1 to EVENT_TEMPLATE). */
MUST_USE bool message_open(struct tenant_db *t, TALLOC_CTX *mem, const struct outbox *m,
    struct alert_event *out, struct err *e);

#endif
