/*
 * outbox.h - messages to deliver: the tenant's rows, and the index of due ones
 * in the control schema.
 *
 * A message is added in the transaction of the deed that causes it, together
 * with its index row.  A sender claims an index row by one conditional UPDATE on
 * the database's clock; the claim raises its fence, and only the holder of the
 * fence ends or postpones it.  Each attempt is recorded in `deliveries`.
 *
 * Errors: ERR_MISSING, OUTBOX_FENCE_LOST in e->sys (somebody else has the claim
 * now: roll back and forget it), and those of db.h.
 */
#ifndef BSX_STORE_ALERT_OUTBOX_H
#define BSX_STORE_ALERT_OUTBOX_H

#include "core/store/id_list.h"
#include "core/store/tenant/tenant_db.h"

#define OUTBOX_FENCE_LOST 1644 /* MariaDB's number of a SIGNAL: SQLSTATE 45000 */
#define OUTBOX_LEASE_S    60 /* and as long as an attempt may take */

/* ---- the tenant's side ---- */

struct outbox {
	struct uuid id; /* "msg_" + this is the webhook-id of every attempt, where there is no wire_id */
	struct uuid channel_id; /* nil: of a kind that has no channels */
	const char *kind;       /* of its channel, or OUTBOX_MAIL: who renders and sends it (drift/deliver/format.h) */
	int64_t     template;   /* by which it is rendered; 0: `body` goes out as it stands, or is an order of a mail */
	struct uuid alert_id;   /* nil: none */
	const char       *event;      /* "drift.alert.opened", ... */
	struct blob body;       /* sealed: what happened (drift/alert/event.h) */
	const char       *state;    /* "pending", "delivered", "dead", "superseded": a newer one told what it would have */
	int64_t     attempts;   /* numbered on where it goes out again */
	int64_t     replayed;   /* of them, those that were made before that (replay.h); not of one that is added */
	instant     created_at;
	instant     done_at;

	/* Of a message in a lane (lane.h), which may hold another event from time to time. */
	struct uuid lane_id;        /* nil: in none */
	struct uuid wire_id;        /* of the event it holds: the webhook-id; nil: id */
	const char       *severity;       /* of the alert, as the event says */
	const char       *worst;          /* of the event and all that is folded into it */
	int64_t     folded;         /* older events that it tells in their place */
	bool        opens;          /* the opening is among them, or it is that: the receiver has not heard of the alert yet */
	bool        below;          /* the alert has fallen below what the channel is told of: its last event */
	int64_t     wait_s;         /* how long it may wait for more */
	bool        sending;        /* an attempt is under way, or was when its sender ended */
	const char       *told_severity;  /* as the last event that arrived said; NULL: none did; no column */
	bool        behind;         /* an older one of the lane waits, which goes first; no column */
	struct uuid told_in;        /* the message that tells it, and is sent in its place (gather.h); nil: none */
	struct uuid group_id;       /* it waits for that (alert_group.h); nil: for none; of one in no lane: which group it tells of */
};

#define OUTBOX_MAIL "mail" /* to a user: core/auth/mail/mail_queue.h */

/* Where `body` is sealed as long as it is no event: an order of a mail, or a body from before there were events. */
#define OUTBOX_BODY_PLACE(id) ((struct sealed_place) { "outbox", "body", (id) })

/* Adds the message and, with it, its index row, due at once. */
MUST_USE bool outbox_add(struct db *db, const struct outbox *o, struct err *e);
MUST_USE bool outbox_by_id(
    struct db *db, TALLOC_CTX *mem, const struct uuid *id, struct outbox *o, struct err *e);
/* Those that there are, in whatever order. */
MUST_USE bool outbox_by_ids(struct db *db, TALLOC_CTX *mem, struct id_list ids,
    struct outbox **rows, size_t *n, struct err *e);
/* The message that tells it by now; nil: none, or it is no more. */
MUST_USE bool outbox_told_in(struct db *db, TALLOC_CTX *mem, const struct uuid *id,
    struct id_in *out, struct err *e);
/* Finds the row of an id: the mark of a transaction that adds it. */
const struct sql *outbox_mark(void);
/* Sets attempts, state and done_at of a pending message.  One that ends takes old ones with it, and
 * the attempts at them: a tenant holds those of MESSAGE_KEEP_DAYS. */
#define MESSAGE_KEEP_DAYS  90
#define MESSAGES_FORGOTTEN 10 /* at once */
MUST_USE bool outbox_set(struct db *db, const struct outbox *o, struct err *e);
/* The same of many that end, in a transaction. */
MUST_USE bool outbox_set_many(struct db *db, const struct outbox *o, size_t n, struct err *e);

struct delivery {
	struct uuid id;
	struct uuid outbox_id;
	struct uuid channel_id;
	int64_t     attempt; /* from 1; 0: the message waits, and this is all that is told of it */
	instant     at;
	char       *outcome;     /* "delivered", "accepted", "failed", "refused" */
	int64_t     http_status; /* 0: no answer */
	int64_t     took_ms;
	int64_t     request_bytes; /* of the body; 0: nothing was sent */
	char       *detail; /* never text of the receiver */
	struct uuid wire_id; /* what was sent, a message that tells several among them; nil: the message's id */
	const char *event;
};
MUST_USE bool delivery_add(struct db *db, const struct delivery *d, struct err *e);
MUST_USE bool delivery_add_many(
    struct db *db, const struct delivery *d, size_t n, struct err *e); /* in a transaction, with what waits there */
/* Finds the row of an id: the mark of an attempt's transaction. */
struct delivery_mark {
	struct uuid id;
};
const struct sql *delivery_mark(void);

/* An attempt with what a list shows of its message. */
struct delivery_row {
	struct uuid id;
	struct uuid message_id;
	struct uuid channel_id;
	struct uuid alert_id;
	struct uuid route_id; /* by which the channel hears of the alert; nil: the config names it, or it is of none */
	char       *event;
	char       *state;
	int64_t     attempt;
	instant     at;
	char       *outcome;
	int64_t     http_status;
	int64_t     took_ms;
	int64_t     request_bytes; /* 0: nothing was sent, or it is not known */
	char       *detail;
};
/* Of a channel, newest first. */
MUST_USE bool delivery_list(struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *channel,
    struct page *p, struct err *e);
/* Of an alert, on all channels, newest first. */
MUST_USE bool delivery_of_alert(struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *alert,
    struct page *p, struct err *e);

/* In the tenant's transaction: the claim's index row goes, or is due again in `due_s`. */
MUST_USE bool outbox_index_end(struct db *db, const struct uuid *id, uint64_t fence, struct err *e);
/* Puts one into the index; one that is there is due at the earlier instant. */
MUST_USE bool outbox_index_add(struct db *db, const struct uuid *id, int64_t due_s, struct err *e);
/* Of many: all of them, or OUTBOX_FENCE_LOST, told by what sends it (tx_later). */
struct claim;
MUST_USE bool outbox_index_end_many(
    struct db *db, TALLOC_CTX *mem, const struct claim *c, size_t n, struct err *e);
MUST_USE bool outbox_index_again(
    struct db *db, const struct uuid *id, uint64_t fence, int64_t due_s, struct err *e);

/* ---- the control side ---- */

struct claim {
	struct uuid id;
	char       *schema_name;
	uint64_t    fence;
};
/* Who takes it, and for how long. */
struct claim_by {
	struct uuid owner;
	int64_t     lease_s;
};
/* Whose turn was last; "": nobody's yet. */
struct claim_turn {
	char after[24]; /* a schema's name */
};
/* Due rows that nobody holds: of the CLAIM_TENANTS tenants whose turn is next as many each, of each the oldest first; *n 0: of
 * nobody is any due.  So what one tenant has very much of keeps no other waiting for more than a round. */
#define CLAIM_TENANTS 8
MUST_USE bool claim_due(struct db *control, TALLOC_CTX *mem, struct claim_turn *turn, size_t limit,
    struct claim **rows, size_t *n, struct err *e);
/* Takes those that nobody else has taken meanwhile, for lease_s: the first *won of `rows` by then, in the order of ids, with
 * their new fences. */
MUST_USE bool claim_take_many(struct db *control, TALLOC_CTX *mem, const struct claim_by *by,
    struct claim *rows, size_t n, size_t *won, struct err *e);
/* Gives a claim back without an attempt, due in `due_ms`; or many. */
MUST_USE bool claim_put_off(
    struct db *control, const struct claim *c, int64_t due_ms, struct err *e);
MUST_USE bool claim_put_off_many(struct db *control, TALLOC_CTX *mem, const struct claim *c,
    size_t n, int64_t due_ms, struct err *e);
/* Its handling failed (claim_again.h). */
MUST_USE bool claim_again(struct db *control, const struct claim *c, struct err *e);
/* Removes an index row whose tenant or message is no more. */
MUST_USE bool claim_forget(struct db *control, const struct claim *c, struct err *e);
/* Ends all claims of a sender that died. */
MUST_USE bool claim_release(struct db *control, const struct uuid *owner, struct err *e);

/* bsx.daemons: this daemon is alive, by the database's clock. */
struct daemon_row {
	struct uuid id;
	const char *host;
	int64_t     pid;
	const char *version;
};
MUST_USE bool daemon_beat(struct db *control, const struct daemon_row *d, struct err *e);
MUST_USE bool daemon_gone(struct db *control, const struct uuid *id, struct err *e);

#endif
