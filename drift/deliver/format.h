/*
 * format.h - a kind of message: what it looks like, which way it goes out, and what an answer to it means.
 *
 * A kind is one file with a struct format_ops, and one row of drift/alert/kinds.h.  The contract's choice of kinds, what a channel
 * of a kind needs, the label of metrics and the road of a message are all read from there.
 *
 * A rendering is a pure function of the event, as far as the channel may see it, and of the template's number, so that a
 * repeat is the same bytes.  Whoever changes what a kind makes of an event raises EVENT_TEMPLATE (drift/alert/event.h), and
 * goes on to render the events of before as before.
 */
#ifndef BSX_DRIFT_DELIVER_FORMAT_H
#define BSX_DRIFT_DELIVER_FORMAT_H

#include "core/base/rand.h"
#include "core/net/fetch.h"
#include "core/store/alert/channel.h"
#include "drift/alert/event.h"

struct attempt;     /* attempt.h */
struct trail_batch; /* trail_batch.h */

/* ---- a channel of the kind ---- */

/* Where to deliver to, as somebody has given it; NULL: not given. */
struct format_target {
	const char *url, *to;
};

/*
 * What both ends know.  One that we make signs, and the receiver keeps it as text, which is shown once; one that the
 * receiver has made lets us in there: whoever makes the channel gives it, and it is never shown.
 */
#define FORMAT_SECRET_MAX 64 /* bytes */
struct format_secret {
	const char *shape; /* of the text: "whsec_ and ..." */
	char *(*print)(TALLOC_CTX *mem, struct str key); /* NULL: out of memory; no such function: the receiver makes it */
	bool (*parse)(struct str text, uint8_t out[static FORMAT_SECRET_MAX], size_t *n);
};

/* ---- an attempt ---- */

#define DELIVER_TRIES 10 /* attempts at a message, at most */

enum fate {
	FATE_AGAIN,     /* a further attempt may help; what it is until something says otherwise */
	FATE_DELIVERED,
	FATE_OVER,      /* none will */
	FATE_DISABLED,  /* nor for any other message to this channel: it is disabled */
};
/* Texts that are not said (NULL) are filled in by the fate before it is recorded. */
struct verdict {
	enum fate   fate;
	const char *outcome;       /* for the delivery log: "delivered", "accepted" (it says no more), "failed", "refused" (by us, unsent) */
	const char *detail;        /* for it too, one sentence; never text of the receiver */
	const char *reason;        /* FATE_DISABLED: of the channel's new status */
	int         http_status;   /* 0: no answer */
	int64_t     request_bytes; /* of the body; 0: nothing was sent */
	int64_t     retry_after_s; /* seconds that the receiver wants to be left alone; -1: it does not say */
};

/* What a body is made of, and nothing else. */
struct rendering {
	const struct alert_event *shown;    /* what the channel may see of it */
	int64_t                   template; /* from 1 to EVENT_TEMPLATE */
	const char               *id;       /* as below */
	struct str                secret;   /* as below */
	const char               *body;     /* the channel's template; NULL: it has none */
	size_t                    most;     /* bytes that there is room for; 0: as many as the kind takes */
};

/* What is signed. */
struct posting {
	const char *id;      /* of the message, the same in every attempt: "msg_" and a uuid */
	int64_t     now_s;   /* Unix time of the attempt */
	struct str  secret;  /* the channel's; n == 0: the kind has none, or it is the url */
	struct str  former;  /* one that it had, which signs too; n == 0: none */
	struct str  body;
};
#define FORMAT_HEADERS_MAX 8

struct format_ops {
	bool has_channels; /* else it goes to a user, whom the message names, and the two below are not there */
	/* Faults point at /url or /to; *target is what is kept. */
	bool (*check_target)(TALLOC_CTX *mem, const struct guard *g, const struct format_target *in,
	    const char **target, struct err *e);
	bool by_address; /* it has an address, no url */
	/* Whoever knows the url may write there: it is kept sealed in the secret's place, and its host is shown. */
	bool hides_url;
	/* NULL: none.  A channel whose row says otherwise than its kind is not sent to. */
	const struct format_secret *secret;

	/* It is told in a body that the tenant wrote, with headers that are sealed in the secret's place: templated.h. */
	bool has_template;

	/* It is spoken to over TLS by whatever port, and may name the authorities that are believed. */
	bool takes_ca;

	/* How fast a channel of the kind is told where nobody says otherwise, by what its receiver documents; 0: as fast as it
	 * answers.  What waits longer is told by one message together where the kind has a form for that (tells_many), an event
	 * with `many`; a kind that has none is told each. */
	struct channel_rate rate;
	bool                rate_is_most; /* whoever gets it has asked for nothing: a channel may be told slower, not faster */

	bool answers; /* it shows links by which an alert is answered (answers.h) */

	const char      *action, *done; /* for the log: "alert.deliver", "alert delivered" */
	const int64_t   *delays_s;      /* before the 2nd, 3rd, ... attempt: DELIVER_TRIES - 1 of them */

	/* One attempt, that has what it needs; never fails: what went wrong is the verdict.  post_send (post.h) for HTTP. */
	void (*send)(const struct attempt *a, TALLOC_CTX *mem, struct verdict *out);

	/* By post_send: the body, its type, the headers beside that, and what an answer means. */
	bool (*render)(TALLOC_CTX *mem, const struct rendering *in, struct str *body, struct err *e);
	const char *content_type;
	/* What it makes of entries of the audit trail, signed as any other body is; NULL: it is not told them. */
	bool (*render_trail)(TALLOC_CTX *mem, const struct trail_batch *in, struct str *body, struct err *e);
	bool (*sign)(TALLOC_CTX *mem, const struct posting *p, struct fetch_header *headers, size_t *n,
	    struct err *e); /* adds at most FORMAT_HEADERS_MAX; NULL: none */
	void (*judge)(TALLOC_CTX *mem, const struct fetch_answer *answer, struct verdict *out);
};

/* ---- the table ---- */

struct format {
	const char              *kind; /* of channels and messages, and the metrics' label */
	const struct format_ops *ops;
	bool                     keeps_ends, tells_many; /* see drift/alert/kinds.h, where the rows are */
};
extern const struct format formats[]; /* ended by kind == NULL */
/* NULL: no such kind in that table. */
const struct format *format_of(const struct format *table, const char *kind);
/* The channel's own, or its kind's; of a kind that is unknown here none. */
struct channel_rate format_rate(const struct format *table, const struct channel *c);

extern const char *const channel_kinds[];     /* what people may choose, ended by NULL */
extern const char        channel_kinds_doc[]; /* a sentence for each */

/* ---- what formats share ---- */

/* standard_webhooks.c: the secret that signs as Standard Webhooks do, and the three headers of it. */
extern const struct format_secret webhook_secret;
MUST_USE bool webhook_add_signature(TALLOC_CTX *mem, const struct posting *p,
    struct fetch_header *headers, size_t *n, struct err *e);

/* 5 s, 5 and 30 minutes, then hours: 75 of them. */
extern const int64_t delays_of_days[DELIVER_TRIES - 1];
/* A url that the guard lets pass, and no address. */
MUST_USE bool format_check_url(TALLOC_CTX *mem, const struct guard *g, const struct format_target *in,
    const char **target, struct err *e);

#endif
