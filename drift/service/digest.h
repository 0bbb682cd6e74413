/*
 * digest.h - the digest of a channel that is a mailbox: each day or week, at a time of a place.
 *
 * What is in it is what /api/drift/analytics says (drift/deliver/digest.h), so whoever asks for it, or says where it goes,
 * needs read:drift and read:alerts.  It is made when it is due, in the transaction that ends the claim: once, whoever dies.
 */
#ifndef BSX_DRIFT_SERVICE_DIGEST_H
#define BSX_DRIFT_SERVICE_DIGEST_H

#include "core/store/alert/channel.h"
#include "core/store/drift/schedule.h"
#include "drift/service/acting.h"

#define DIGEST_DAY  "day"
#define DIGEST_WEEK "week"

struct digest_wish {
	const char *every, *at; /* DIGEST_DAY or DIGEST_WEEK; "07:00" */
	const char *weekday;    /* of a week; NULL: "mon" */
	const char *timezone;   /* NULL: UTC */
	bool        empty;      /* also where there is nothing to say */
};
extern const struct schema digest_wish_schema; /* as it is given, kept and answered */

/* Of the channel; NULL: none. */
MUST_USE bool digest_of(TALLOC_CTX *mem, const struct channel *c, struct digest_wish **out, struct err *e);
/* Asked: faults at /digest.  NULL ends it. */
MUST_USE bool digest_set(const struct acting *a, struct channel *c, const struct digest_wish *in, struct err *e);
/* Who says where a channel with a digest leads says who reads it. */
MUST_USE bool digest_may(const struct acting *a, struct err *e);
#define DIGESTS_MAX 20 /* channels of a tenant that have one */
/* In the transaction that keeps the channel, whose digest was asked for: there is room for it, or a fault at /digest. */
MUST_USE bool digest_room(struct db *db, TALLOC_CTX *mem, const struct channel *c, struct err *e);
/* The same transaction: when it is due.  `slot`: for when the last one was planned; 0: none was. */
MUST_USE bool digest_schedule(
    struct db *db, TALLOC_CTX *mem, const struct channel *c, instant now, instant slot, struct err *e);
/* For when one was planned that was due then, as the database's clock has it: the last time of the wish before that, give
 * or take what two clocks differ. */
instant digest_slot(const struct digest_wish *w, instant due);

/* It is due: of driftd; `arg` is the env. */
MUST_USE bool digest_due(
    void *arg, struct tenant_db *t, TALLOC_CTX *mem, const struct schedule *claim, struct err *e);

#endif
