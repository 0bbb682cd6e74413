/*
 * channel.h - channels: listed, made, changed, dropped and tried.
 *
 * Whoever chooses the target of a channel that is told values chooses who sees them: that needs read:snapshots; of one that is
 * told alerts of kind "security", or the audit trail itself (channel_feed.h), read:audit.
 */
#ifndef BSX_DRIFT_SERVICE_CHANNEL_H
#define BSX_DRIFT_SERVICE_CHANNEL_H

#include "core/store/alert/channel.h"
#include "core/store/alert/outbox.h"
#include "drift/deliver/format.h"
#include "drift/service/acting.h"

/* Newest first. */
MUST_USE bool channel_page(const struct acting *a, struct page *p, struct err *e);
/* Attempts to deliver to it, newest first. */
MUST_USE bool delivery_page(
    const struct acting *a, const struct uuid *channel, struct page *p, struct err *e);

/* Its target is an address, no url. */
bool channel_by_address(const struct channel *c);

struct digest_wish; /* digest.h */

struct channel_wish {
	const char          *name, *kind;   /* NULL: not named; the kind never changes */
	struct format_target target;        /* of one that is there: the url, or NULL */
	const char          *secret;        /* NULL: one is made where it is named or the channel is new, and the kind has one that is ours to make */
	const char          *status;        /* channel_state(); NULL: not named */
	int64_t              former_s;      /* how long the secret that is replaced signs too */
	const char          *template;      /* NULL: not named */
	const char          *ca;            /* NULL: those of the system */
	const struct digest_wish *digest;   /* NULL: none */
	struct items         headers;       /* struct templated_header; none: none are sent */
	bool                 values, trail;  /* trail: it is told the audit trail (channel_feed.h) */
	struct channel_rate  rate;          /* 0: its kind's */
	bool                 has_secret, has_values, has_former, has_headers, has_rate, has_ca, has_digest, has_trail; /* named */
};
struct channel_made {
	struct channel row;
	char          *secret; /* the text that the receiver keeps, to be shown once; NULL: none was made */
};
/* ERR_CONFLICT: the name is taken. */
MUST_USE bool channel_make(const struct acting *a, const struct channel_wish *in,
    struct channel_made *out, struct err *e);
MUST_USE bool channel_alter(const struct acting *a, const struct uuid *id,
    const struct channel_wish *in, struct channel_made *out, struct err *e);
/* ERR_IN_USE: configs, routes or settings name it. */
MUST_USE bool channel_erase(const struct acting *a, const struct uuid *id, struct err *e);
/* The address that it writes to, which its tests are counted by; NULL: it has a url. */
MUST_USE bool channel_address(
    const struct acting *a, const struct uuid *id, const char **address, struct err *e);
/* A test message by the road of alerts.  ERR_CONFLICT: it is disabled or paused, or of a kind unknown here. */
MUST_USE bool channel_try(
    const struct acting *a, const struct uuid *id, struct uuid *message, struct err *e);

#endif
