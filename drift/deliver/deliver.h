/*
 * deliver.h - one attempt to deliver a due message.
 *
 * claim -> tenant, message, channel -> sign -> POST -> one transaction that
 * records the attempt and ends or postpones the claim.  Who dies between the
 * POST and the record leaves a claim that runs out: the message is sent again
 * with the same webhook-id.  A 2xx delivers; 410 disables the channel;
 * everything else is tried again, at most DELIVER_TRIES times over 75 hours.
 * A message without a channel is a mail to a user: see mailing.h.
 */
#ifndef BSX_DRIFT_DELIVER_DELIVER_H
#define BSX_DRIFT_DELIVER_DELIVER_H

#include "core/net/fetch.h"
#include "core/store/alert/outbox.h"
#include "core/base/env.h"
#include "drift/deliver/channel_slots.h"
#include "drift/deliver/mailing.h"

#define DELIVER_TRIES 10

struct deliver {
	const struct env     *env;
	struct database      *database;
	struct fetch         *fetch;
	struct mail          *mail; /* NULL: this installation sends none */
	struct auth           auth; /* what mail to users is written with */
	struct channel_slots *slots;
	unsigned              self;  /* number of this sender, from 1 */
	struct uuid           owner; /* of its claims */
};

/*
 * Takes due messages and tries each once, until there are none, `stop` says so, or the control
 * schema cannot be reached.  *done counts claims handled.
 */
MUST_USE bool deliver_due(
    struct deliver *d, bool (*stop)(void *arg), void *arg, size_t *done, struct err *e);

#endif
