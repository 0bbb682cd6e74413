/*
 * onboard.h - a customer comes by a link: its administrator consents at Microsoft, and what the link is for is made.
 *
 *	asked for (onboard_ask) -> the administrator answers (onboard_answer) -> driftd (onboard_carry): the directory is asked for a
 *	token of the app; then the templates are applied (rollout.h), and what they made is read for the first time
 *
 * The link is for one directory, which whoever asks for it names.  What comes with the answer is whoever's who has the link: it
 * may only say that now is the time.  Whether the directory lets the app in is asked there, and that it is this one, is
 * what its token says.  So an answer that is made up, or comes from another directory, does nothing, and the link still counts.
 *
 * A pack's config is made of the template of that name in the tenant that asks; where it has none, one is made.  What the app
 * shows goes where the pack itself leads, with what whoever asks says besides, and nowhere else: a template of whatever name
 * is others' to write, and one that leads elsewhere is refused, when it is asked for and again when it is carried.  The version
 * is the one of that moment, or a later one that is in the tenant already.  At home whoever asked needs what a template's
 * application needs; in the customer's tenant is done what they may do there, both as of the instant at which it is carried
 * (core/auth/caller_again.h): the link gives nobody any power.
 *
 * Answers that say no are a sentence and nothing more, for whoever has the link can make them up; those that say yes are
 * ONBOARD_TRIES_MAX, each a question to the directory.
 */
#ifndef BSX_DRIFT_TEMPLATE_ONBOARD_H
#define BSX_DRIFT_TEMPLATE_ONBOARD_H

#include "core/store/drift/onboarding.h"
#include "drift/service/acting.h"

#define ONBOARD_PACKS_MAX  8
#define ONBOARD_OPEN_MAX   2000 /* of a tenant, whose link counts */
#define ONBOARD_TRIES_MAX  20   /* times that a link is said to be consented to, and its directory is asked */
#define ONBOARD_CHECKS_MAX 20   /* of a tenant, whose directories are being asked */
#define ONBOARD_LOOKS_MS   180000 /* for so long behind an answer the page looks again by itself */
#define ONBOARD_DAYS       7
#define ONBOARD_DAYS_MAX   30

struct onboard_pack {
	const char *pack;
	struct uuid template_id;
	uint64_t    version;
};

struct onboard_seen {
	struct onboarding    row;
	const char          *state; /* as that of the row, or "expired" */
	struct onboard_pack *packs;
	size_t               n;
	struct uuid         *operations;
	size_t               operations_n;
};
MUST_USE bool onboard_read(const struct acting *a, const struct onboarding *o, struct onboard_seen *out, struct err *e);

struct onboard_wish {
	const char        *tenant;    /* short name or id */
	const char        *directory; /* its id, or a domain of it */
	struct strings     packs;
	const struct json *credential;
	const struct json *parameters; /* object: of the packs, beside the directory; NULL: none */
	int64_t            days; /* for which the link counts; 0: ONBOARD_DAYS */
	struct strings     templates; /* names or ids: each in place of the one that has the name of its pack */
};
/* Also what the route's own permission is not: ERR_FORBIDDEN. */
MUST_USE bool onboard_may(const struct caller *c, struct err *e);
/* ERR_FORBIDDEN: they act in another tenant, or may make no config there.  ERR_CONFLICT: too many links are open. */
MUST_USE bool onboard_ask(const struct acting *a, const struct onboard_wish *in, struct onboard_seen *out,
    const char **url, struct err *e);
/* What onboard_ask() refuses of it, in whatever tenant; nothing is made. */
MUST_USE bool onboard_try(const struct acting *a, const struct onboard_wish *in, struct err *e);
/* Newest first (struct onboarding). */
MUST_USE bool onboard_list(const struct acting *a, struct page *p, struct err *e);
MUST_USE bool onboard_see(const struct acting *a, const struct uuid *id, struct onboard_seen *out, struct err *e);
/* The link does nothing any more; what was made by it stays. */
MUST_USE bool onboard_drop(const struct acting *a, const struct uuid *id, struct err *e);

/* ---- the answer ---- */

struct onboard_answer {
	const char *state, *tenant, *admin_consent, *error, *description; /* as they came; NULL: not there */
};
/* What the administrator is told; a child of by->mem. */
struct onboard_told {
	const char *title, *text;
	bool        more; /* it is being done: look again soon */
	bool        good;
};
/* By nobody who is signed in; by->t is not used.  ERR_MISSING: the link is none of ours, or is no more. */
MUST_USE bool onboard_answer(
    const struct deed_by *by, const struct onboard_answer *in, struct onboard_told *out, struct err *e);

/* ---- what is sealed with it ---- */

struct caller_asked;
struct onboard_order {
	struct caller_asked *asked;
	struct raw_json      credential;
	struct raw_json      parameters; /* tree NULL: none */
};
extern const struct schema onboard_order_schema;
#define ONBOARD_SECRET_PLACE(id) ((struct sealed_place) { "onboardings", "secret", (id) })
/* Of a row, in the tenant that asked.  ERR_CONFLICT: it is gone. */
MUST_USE bool onboard_order_open(const struct deed_by *home, const struct onboarding *o, struct onboard_order *out, struct err *e);
/* The link of one that waits, once more: onboard_link.c.  ERR_CONFLICT as above. */
MUST_USE bool onboard_link(const struct acting *a, const struct onboard_seen *s, const char **url, struct err *e);
struct onboard_linked {
	struct uuid id;
	instant     ends_at;
	const char *directory, *client_id;
	struct str  login;
};
MUST_USE bool onboard_link_of(const struct acting *a, const struct onboard_linked *l, const char **url, struct err *e);

/* ---- what has come of one that is done: onboard_stand.c ---- */

struct onboard_stand {
	bool        read; /* what each of its packs made was read once */
	const char *why;  /* what keeps it from that, or from being read completely, in a sentence; NULL: nothing is known to */
};
/* Reads the customer's own state rows, and no values. */
MUST_USE bool onboard_stand_of(
    const struct acting *a, const struct onboard_seen *s, struct onboard_stand *out, struct err *e);

/* ---- where a pack leads for one directory: onboard_source.c ---- */

struct says;
struct drift_spec;
struct onboard_lead {
	const char        *pack, *directory;
	const struct json *parameters; /* as onboard_wish */
	const char        *at;         /* where its faults stand */
};
/* {"tenant_id": directory} */
MUST_USE struct json *onboard_variables(TALLOC_CTX *mem, const char *directory, struct err *e);
/* Behind others in an object: ,"name":value of each. */
void onboard_parameters(struct buf *b, const struct json *parameters);
/* By itself; a fault: it is none that an administrator consents to. */
MUST_USE struct drift_spec *onboard_pack(const struct acting *a, const struct onboard_lead *l, struct err *e);
/* By a template of its name; a fault: that leads elsewhere. */
MUST_USE struct drift_spec *onboard_source(const struct acting *a, const struct onboard_lead *l,
    const struct says *s, struct err *e);
/* The host at which people sign in: it gives the tokens too. */
struct str onboard_login(const struct drift_spec *s);

/* ---- carried by driftd: operation.h ---- */

struct operation_run;
bool onboard_carry(struct operation_run *r, struct err *e);

#endif
