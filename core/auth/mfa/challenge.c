#include "core/auth/mfa/challenge.h"

#include <string.h>

#include "core/auth/audit_details.h"
#include "core/auth/place.h"
#include "core/auth/session_begin.h"
#include "core/auth/tenant_tag.h"
#include "core/base/hash.h"
#include "core/base/secret.h"

struct token {
	uint8_t tenant[TENANT_TAG_LEN];
	uint8_t transaction[16];
	uint8_t secret[16];
};
_Static_assert(sizeof(struct token) == 40, "the members leave no holes");
_Static_assert(BASE64URL_LEN(sizeof(struct token)) == CHALLENGE_TOKEN_LEN, "the text's length");

/* ---- asking ---- */

static char *
token_make(
    const struct deed_by *by, const struct uuid *id, uint8_t hash[static HASH_LEN], struct err *e)
{
	struct token token;
	char        *text;

	if (!tenant_tag(by->t->tenant, token.tenant, e))
		return NULL;
	memcpy(token.transaction, id->b, sizeof(token.transaction));
	rand_fill(by->auth->env->rand, token.secret, sizeof(token.secret));
	hash_sha256(token.secret, sizeof(token.secret), hash);
	text = base64url_print(by->mem, (const uint8_t *)&token, sizeof(token));
	secret_wipe(&token, sizeof(token));
	if (text == NULL)
		err_memory(e);
	else
		secret_guard(text);
	return text;
}

struct challenging {
	const struct deed_by    *by;
	const struct challenge  *c;
	struct login_transaction row;
};

static bool
ask_body(struct db *db, void *arg, struct err *e)
{
	struct challenging     *in = arg;
	const struct challenge *c = in->c;

	return (c->body == NULL || c->body(db, c->arg, e)) &&
	       login_transaction_add(in->by->t, &in->row, e);
}

bool
challenge_make(
    const struct deed_by *by, const struct challenge *c, struct session_grant *grant, struct err *e)
{
	const struct env *env = by->auth->env;
	int64_t           now = clock_ms(env->clock);
	uint8_t           hash[HASH_LEN];
	struct challenging in = {
		.by = by,
		.c = c,
		.row = {
		    .id = uuid_make(env->clock, env->rand),
		    .token_hash = { hash, sizeof(hash) },
		    .user_id = c->user->id,
		    .user_epoch = c->user->epoch,
		    .provider = c->provider,
		    .in_body = c->in_body,
		    .return_to = c->return_to,
		    .created_at = { now },
		    .expires_at = { now + CHALLENGE_LIFE_S * 1000 },
		},
	};
	struct audit_entry entry = {
		.action = AUDIT_FACTOR_CHALLENGE,
		.actor_kind = "anonymous",
		.actor_name = c->user->email,
		.target_id = c->user->id,
		.details = c->details,
	};

	if (!place_check_user(by, &c->user->id, c->user->email, e))
		return false;
	grant->tenant = by->t->tenant;
	grant->mfa_token = token_make(by, &in.row.id, hash, e);
	return grant->mfa_token != NULL && audit_deed(by, ask_body, &in, &entry, e);
}

/* ---- answering ---- */

struct answering {
	struct deed_by           by; /* in the tenant of the sign-in */
	struct login_transaction row;
	struct user              user;
	struct proving           proving;
	int64_t                  now_ms;
};

static bool
refuse(struct err *e, const char *why)
{
	return err_set(e, ERR_UNAUTHENTICATED, 0, "This sign-in has ended. Begin it again.",
	    "second factor: %s", why);
}

/* "Not there" is the token's fault, all else a failure. */
static bool
refuse_missing(struct err *e, const char *why)
{
	if (e->code == ERR_UNAVAILABLE || e->code == ERR_INTERNAL)
		return false;
	err_clear(e);
	return refuse(e, why);
}

static bool
find_transaction(struct answering *w, struct str text, struct err *e)
{
	struct token         token;
	struct uuid          id;
	uint8_t              hash[HASH_LEN];
	const struct tenant *t;
	size_t               n = 0;

	if (text.n != CHALLENGE_TOKEN_LEN ||
	    !base64url_parse(text, (uint8_t *)&token, sizeof(token), &n) || n != sizeof(token))
		return refuse(e, "malformed");
	memcpy(id.b, token.transaction, sizeof(id.b));
	hash_sha256(token.secret, sizeof(token.secret), hash);
	if (!tenant_by_tag(w->by.auth->database, token.tenant, &t, e) ||
	    !tenant_db_open(w->by.auth->database, t, false, &w->by.t, e))
		return refuse_missing(e, "no such tenant, or it is not active");
	if (!login_transaction_by_id(w->by.t, w->by.mem, &id, &w->row, e))
		return refuse_missing(e, "no such sign-in");
	if (w->row.token_hash.n == HASH_LEN && secret_eq(w->row.token_hash.p, hash, HASH_LEN))
		return true;
	return refuse(e, "not its token");
}

static bool
find_user(struct answering *w, struct err *e)
{
	if (w->row.ended_at.ms != 0 || w->row.expires_at.ms <= w->now_ms)
		return refuse(e, "over");
	if (!user_by_id(w->by.t, w->by.mem, &w->row.user_id, &w->user, e))
		return refuse_missing(e, "no such user");
	if (!user_is_active(&w->user) || !w->user.two_factor)
		return refuse(e, "the user is not active, or has no second factor");
	if (w->user.epoch != w->row.user_epoch)
		return refuse(e, "the user was changed meanwhile");
	return true;
}

/* Counted before anything is looked at: of tries at the same time none is free. */
static bool
count_try(struct answering *w, struct err *e)
{
	bool may;

	if (!login_transaction_try(
		w->by.t, &w->row.id, (instant) { w->now_ms }, CHALLENGE_TRIES, &may, e))
		return false;
	return may || refuse(e, "too many tries");
}

static bool
end_body(struct db *db, void *arg, struct err *e)
{
	struct answering *w = arg;
	bool              ended;

	(void)db;
	if (!proof_take(&w->proving, e) ||
	    !login_transaction_end(w->by.t, &w->row.id, (instant) { w->now_ms }, &ended, e))
		return false;
	return ended || refuse(e, "over meanwhile");
}

static bool
begin(struct answering *w, struct session_grant *grant, struct err *e)
{
	struct session_start start = { .provider = w->row.provider,
		.aal = 2,
		.auth_time_ms = w->now_ms,
		.body = end_body,
		.arg = w };

	start.details = audit_details(
	    w->by.mem, &proof_told, &(struct proof_told) { .method = w->proving.method }, e);
	if (start.details == NULL)
		return false;
	if (!session_begin(&w->by, &w->user, &start, grant, e)) {
		*grant = (struct session_grant) { 0 }; /* tokens of a session that was not begun */
		return proof_not_taken(&w->proving, e);
	}
	proof_taken(&w->proving);
	grant->return_to = w->row.return_to;
	return true;
}

static bool
check_delivery(const struct answering *w, const struct challenge_shown *shown, struct err *e)
{
	return !shown->body_only || w->row.in_body ||
	       err_set(e, ERR_CSRF, 0,
		   "This sign-in was begun with cookies: only a page of this installation ends it.",
		   "second factor: a page of another origin, and delivery cookie");
}

bool
challenge_answer(const struct deed_by *by, const struct challenge_shown *shown,
    struct session_grant *grant, bool *in_body, struct err *e)
{
	struct answering w = { .by = *by, .now_ms = clock_ms(by->auth->env->clock) };

	if (!find_transaction(&w, shown->token, e) || !check_delivery(&w, shown, e) ||
	    !find_user(&w, e) || !count_try(&w, e))
		return false;
	w.proving = (struct proving) { .by = &w.by, .user = &w.user };
	*in_body = w.row.in_body;
	return proof_check(&w.proving, &shown->proof, e) && begin(&w, grant, e);
}
