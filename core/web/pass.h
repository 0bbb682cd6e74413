/*
 * pass.h - the steps of the pass, for the files of this room only.
 *
 * A step gets the request and its error; false sends the request straight to
 * reply and account.  The order is the array in pass.c and nowhere else.
 */
#ifndef BSX_WEB_PASS_H
#define BSX_WEB_PASS_H

#include "core/web/route.h"

typedef bool step_fn(struct request *r, struct err *e);

step_fn step_limits; /* request.c: parameters, method, header sizes */
step_fn step_target; /* target.c: path and query */
step_fn step_address; /* address.c: client address behind trusted proxies */
step_fn step_origin; /* cors.c: a page of another origin: may it read the answer, by any tenant's settings */
step_fn step_route; /* route.c: the row, path ids */
step_fn step_rate_address; /* rate.c: the client's address */
step_fn step_known; /* route.c: there is such a row: else 404 or 405, or the answer to a preflight */
step_fn step_caller; /* caller.c: whose credential it is */
step_fn step_rate_caller; /* rate.c: the caller and its tenant */
step_fn step_cors; /* cors.c: a page of another origin again, by the caller's tenant's settings */
step_fn step_csrf; /* csrf.c: a change by cookie is by a page of ours */
step_fn step_place; /* caller.c: it comes from where the caller's tenant may be used (core/auth/place.h) */
step_fn step_access; /* caller.c: may this caller do that, by a fresh proof where the row asks */
step_fn step_query; /* query.c: query parameters by the row's table */
step_fn step_tenant; /* caller.c: the tenant's connection */
step_fn step_found; /* handler.c: what its path names is there, where the row can say so */
step_fn step_body; /* body.c: read, parsed and decoded */
step_fn step_page; /* csrf.c: a page of another origin at an open route, by what its body says */
step_fn step_handler; /* handler.c: what is asked is done */
step_fn step_answer; /* handler.c: encoded, before the first byte is sent */

/* Fills id, trace id, method, raw path and origin as far as the parameters go; never fails. */
void request_begin(struct request *r, struct app *app, struct transport *t);

/* Of a request that was refused behind step_found, which may not have looked: else that is why it is refused. */
bool found_after_all(struct request *r);

/* The only writer of answers. */
void reply_send(struct request *r);

/* Charges the client address for the request's class: for requests that turn out to have no caller.
 */
MUST_USE bool rate_address(struct request *r, struct err *e);
/* What is done in another tenant counts there too. */
MUST_USE bool rate_acted(struct request *r, struct err *e);
/* The request is worth n more of its budgets; those that have not so many left owe them. */
void rate_more(struct request *r, int64_t n);
/* The fields of the tightest budget; charges what was refused before it could be charged. */
void rate_put_fields(struct request *r, struct buf *b);
/* What it presents as its credential is an API key, good or bad. */
bool request_has_api_key(const struct request *r);

/*
 * Whether the client's address is in a list, and is the client's: what proxies add to a request
 * (X-Forwarded-For, X-Real-IP, Forwarded) names nobody outside of it, or trusted_proxies names the
 * proxy that told.
 */
enum nearness {
	NEARNESS_FAR, /* not in the list */
	NEARNESS_NEAR,
	NEARNESS_PROXY, /* in the list, but somebody else stands behind it */
};
enum nearness request_nearness(const struct request *r, const struct cidr_list *near);

/* A 403 of a known caller gets its entry in the tenant's trail; after the answer. */
void refused_note(struct request *r);
/* Always runs, last: rollback, log line, metrics, release. */
void account(struct request *r);

/* Status of the request's answer; 499 when the client went away. */
int request_status(const struct request *r);

extern const struct schema problem_schema;

#endif
