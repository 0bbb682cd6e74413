/*
 * deliver.h - what is due in the outbox is sent, by whatever format it is of.
 *
 * Tenants take turns (claim_due()), so that no storm of one keeps another waiting.
 *
 * What is due is taken by lots of one tenant's messages (lot.h): claims -> messages, channels -> their turns (pacing.h) -> the
 * formats' attempts, those that are posted side by side -> one transaction that records them and ends or postpones the
 * claims.  Who dies between an attempt and its record leaves a claim that runs out: the message is sent again under the same
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

struct lot;
struct multi;
struct deliver {
	const struct env     *env;
	struct database      *database;
	const struct format  *formats; /* those that there are: see format.h */
	struct fetch         *fetch;
	struct multi         *multi;   /* what is posted side by side; NULL: one by one, through `fetch` */
	struct streams       *streams; /* what is sent beside `fetch`; NULL: nothing is */
	struct mail          *mail; /* NULL: this installation sends none */
	struct auth           auth; /* what mail to users is written with */
	struct channel_slots *slots;
	unsigned              self;  /* number of this sender, from 1 */
	struct uuid           owner; /* of its claims */
	struct claim_turn     turn;  /* which tenant's was last */
	struct lot           *lots;  /* that are not over */
	size_t                air, air_bytes; /* requests of them that are on their way, and their bodies */
};

/*
 * Takes due messages and tries each once, until there are none and all answers have come, `stop` says so, or the control
 * schema cannot be reached.  *done counts claims handled.  Where it was stopped, answers are taken by the next call.
 */
MUST_USE bool deliver_due(
    struct deliver *d, bool (*stop)(void *arg), void *arg, size_t *done, struct err *e);
/* Takes no more, and waits for those answers. */
MUST_USE bool deliver_drain(struct deliver *d, struct err *e);

#endif
