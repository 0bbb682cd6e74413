/*
 * deliver.h - what is due in the outbox is sent, by whatever format it is of.
 *
 * Tenants take turns (claim_due()), so that no storm of one keeps another waiting.
 *
 * claim -> tenant, message, channel -> its turn (pacing.h) -> the format's attempt -> one transaction that records it and ends or postpones the
 * claim.  Who dies between the attempt and the record leaves a claim that runs out: the message is sent again under the same
 * id.  At most DELIVER_TRIES attempts.  A message that this version does not know how to make (its kind, or a rendering of
 * a newer version) is put off, which counts as no attempt, until its channel is gone or disabled.
 */
#ifndef BSX_DRIFT_DELIVER_DELIVER_H
#define BSX_DRIFT_DELIVER_DELIVER_H

#include "core/auth/auth.h"
#include "core/base/env.h"
#include "core/net/mail.h"
#include "core/net/stream.h"
#include "core/store/alert/outbox.h"
#include "drift/deliver/channel_slots.h"
#include "drift/deliver/format.h"

struct deliver {
	const struct env     *env;
	struct database      *database;
	const struct format  *formats; /* those that there are: see format.h */
	struct fetch         *fetch;
	struct streams       *streams; /* what is sent beside `fetch`; NULL: nothing is */
	struct mail          *mail; /* NULL: this installation sends none */
	struct auth           auth; /* what mail to users is written with */
	struct channel_slots *slots;
	unsigned              self;  /* number of this sender, from 1 */
	struct uuid           owner; /* of its claims */
	struct claim_turn     turn;  /* which tenant's was last */
};

/*
 * Takes due messages and tries each once, until there are none, `stop` says so, or the control
 * schema cannot be reached.  *done counts claims handled.
 */
MUST_USE bool deliver_due(
    struct deliver *d, bool (*stop)(void *arg), void *arg, size_t *done, struct err *e);

#endif
