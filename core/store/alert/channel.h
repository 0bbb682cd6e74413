/*
 * channel.h - where alerts are delivered.
 *
 * Errors: ERR_MISSING, ERR_CONFLICT (the name is taken), and those of db.h.
 */
#ifndef BSX_STORE_ALERT_CHANNEL_H
#define BSX_STORE_ALERT_CHANNEL_H

#include <string.h>

#include "core/store/id_list.h"
#include "core/store/tenant/tenant_db.h"
#include "core/store/trip.h"

/* How fast it is told: so many messages a minute, and so many at once after a rest. */
struct channel_rate {
	int64_t per_minute, burst; /* 0: none is given */
};
#define CHANNEL_RATE_MAX  6000
#define CHANNEL_BURST_MAX 1000

struct channel {
	struct uuid id;
	char       *name;
	char       *kind;          /* "webhook", ...; it never changes */
	char       *target;        /* URL */
	struct blob secret;        /* sealed: the bytes of the signing key; p == NULL: none */
	bool        with_values;   /* it is told values, not only where they changed */
	char       *status;        /* "active", "disabled" */
	char       *status_reason; /* "" or why it is disabled */
	instant     created_at, updated_at;
	instant     paused_at;     /* of an active one: what it is to be told waits; 0: it is not */
	struct blob former_secret; /* sealed: one that was replaced, which signs too; p == NULL: none */
	instant     former_until;  /* so long; 0: none */
	char       *template;      /* of a kind that has one: the body that it is told in; NULL: none */
	char       *ca;            /* of a kind that has one: certificates in PEM that are believed; NULL: those of the system */
	char       *digest;        /* of a mailbox: when a digest is sent (drift/service/digest.h), JSON; NULL: none is */
	struct channel_rate rate;  /* 0: as its kind has it (drift/deliver/format.h) */
	bool        tells_trail;   /* it is told the audit trail: no column, whoever asks audit_feed.h sets it */
};
#define CHANNEL_SECRET_LEN 32

/* What people call its state. */
#define CHANNEL_ACTIVE   "active"
#define CHANNEL_PAUSED   "paused" /* active, with paused_at */
#define CHANNEL_DISABLED "disabled"
#define CHANNEL_BY_USER  "Disabled by a user." /* status_reason: that was somebody's will */
static inline const char *
channel_state(const struct channel *c)
{
	if (strcmp(c->status, CHANNEL_ACTIVE) != 0)
		return CHANNEL_DISABLED;
	return c->paused_at.ms != 0 ? CHANNEL_PAUSED : CHANNEL_ACTIVE;
}

MUST_USE bool channel_add(struct db *db, const struct channel *c, struct err *e);
MUST_USE bool channel_by_id(
    struct db *db, TALLOC_CTX *mem, const struct uuid *id, struct channel *c, struct err *e);
/* Those with these ids, as many as there are. */
MUST_USE bool channel_by_ids(struct db *db, TALLOC_CTX *mem, struct id_list ids,
    struct channel **rows, size_t *n, struct err *e);
/* The same in a deed: none of them is dropped until that is over. */
MUST_USE bool channel_hold_ids(struct db *db, TALLOC_CTX *mem, struct id_list ids,
    struct channel **rows, size_t *n, struct err *e);
/* The same with what else is read in that round trip; `in` is of id_list_print(). */
#define CHANNELS_ASKED_MAX 1000
void channel_ask_ids(struct trip *trip, const struct id_list_in *in, struct channel **rows, size_t *n);
MUST_USE bool channel_list(
    struct tenant_db *t, TALLOC_CTX *mem, struct page *p, struct err *e); /* newest first */
/* All but id, kind and created_at. */
MUST_USE bool channel_set(struct db *db, const struct channel *c, struct err *e);
MUST_USE bool channel_drop(struct db *db, const struct uuid *id, bool *done, struct err *e);
MUST_USE bool channel_disable(
    struct db *db, const struct uuid *id, const char *reason, instant now, struct err *e);

#endif
