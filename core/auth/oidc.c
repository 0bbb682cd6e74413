#include "core/auth/oidc.h"

#include <string.h>

#include "core/auth/challenge.h"
#include "core/auth/oidc_further.h"
#include "core/base/hash.h"
#include "core/base/secret.h"
#include "core/base/unicode.h"
#include "core/shm/metric.h"

#define STALE_MS   (OIDC_FRESH_S * 1000 + 1000)
#define WORD_BYTES 64

/* One sign-in, from either road. */
struct attempt {
	struct auth         *a;
	TALLOC_CTX          *mem;
	const struct origin *origin;
	struct oidc_result  *out;
	struct tenant_db    *t;
	struct provider      provider;
	bool                 found; /* the provider */
	struct oidc_place    place;
	struct oidc_state    state; /* of the code flow */
	struct idtoken       token; /* alg.n == 0: none has come */
	struct oidc_person   person;
	struct oidc_who      who;
	int64_t              took_ms;        /* at the provider, since it answered for the code */
	const char          *unasked;        /* whom we could not ask for more */
	uint8_t              mark[HASH_LEN]; /* of google-login */
	bool                 google;
	bool                 in_body;
};

static bool
refuse(struct attempt *s, enum oidc_reason why, struct err *e)
{
	s->out->why = why;
	return err_set(e, ERR_CREDENTIALS, 0, "Sign-in failed.", "%s", oidc_reason_word(why));
}

static void
count(const struct attempt *s, bool ok)
{
	static const char *const labels[2][3] = {
		{ "method=\"oidc\",outcome=\"failure\"", "method=\"oidc\",outcome=\"success\"",
		    "method=\"oidc\",outcome=\"challenge\"" },
		{ "method=\"google\",outcome=\"failure\"", "method=\"google\",outcome=\"success\"",
		    "method=\"google\",outcome=\"challenge\"" },
	};
	int outcome = !ok ? 0 : s->out->grant.mfa_token == NULL ? 1 : 2;

	if (s->a->segment != NULL)
		metric_add(s->a->segment, METRIC_AUTH_ATTEMPTS, labels[s->google][outcome], 1);
}

/* ---- beginning ---- */

static bool
open_tenant(struct auth *a, const char *slug, struct tenant_db **t, struct err *e)
{
	const struct tenant *row;

	if (!tenant_by_slug(a->database, str_of(slug), &row, e))
		return false;
	if (strcmp(row->status, "active") != 0)
		return err_set(
		    e, ERR_MISSING, 0, "There is nothing here.", "the tenant is not active");
	return tenant_db_open(a->database, row, false, t, e);
}

static void
make_state(struct auth *a, const struct tenant_db *t, const struct provider *p,
    const struct oidc_begin *in, struct oidc_state *s)
{
	*s = (struct oidc_state) { .tenant = t->tenant->id,
		.provider = p->id,
		.begun_ms = clock_ms(a->clock),
		.login = in->login,
		.return_to = in->return_to };
	rand_fill(a->rand, s->state, sizeof(s->state));
	rand_fill(a->rand, s->nonce, sizeof(s->nonce));
	rand_fill(a->rand, s->verifier, sizeof(s->verifier));
}

bool
oidc_begin(struct auth *a, TALLOC_CTX *mem, const struct oidc_begin *in, struct oidc_begun *out,
    struct err *e)
{
	struct tenant_db    *t;
	struct provider      p;
	struct oidc_place    place;
	struct oidc_metadata m;
	struct oidc_state    s;

	*out = (struct oidc_begun) { .why = OIDC_OK };
	if (!open_tenant(a, in->tenant, &t, e) ||
	    !provider_by_name(t->db, mem, in->provider, &p, e) ||
	    !oidc_place_make(mem, &p, &place, e))
		return false;
	place.tenant = &t->tenant->id;
	if (!oidc_issuer_metadata(a, mem, &place, false, &m, e)) {
		out->why = e->code == ERR_UNAVAILABLE ? OIDC_UNAVAILABLE : OIDC_OK;
		return false;
	}
	make_state(a, t, &p, in, &s);
	out->state = base64url_print(mem, s.state, sizeof(s.state));
	if (out->state == NULL)
		return err_memory(e);
	out->cookie = oidc_state_close(a, mem, &s, e);
	return out->cookie != NULL && oidc_authorize_url(a, mem, &p, &m, &s, &out->location, e);
}

/* ---- tokens ---- */

static bool
check_token(struct attempt *s, struct str text, const char *nonce, struct err *e)
{
	struct oidc_expect x = { &s->provider, &s->place, nonce, clock_ms(s->a->clock) / 1000 };

	s->place.tenant = &s->t->tenant->id;
	if (!idtoken_read(s->mem, text, &s->token, e)) {
		if (e->code == ERR_CREDENTIALS)
			s->out->why = OIDC_TOKEN_FORM;
		return false;
	}
	return oidc_issuer_verify(s->a, s->mem, &s->place, &s->token, &s->out->why, e) &&
	       oidc_claims_check(s->mem, s->token.claims, &x, &s->person, &s->out->why, e);
}

/*
 * When the person last proved who it is: by the provider's word; by our asking
 * for a sign-in there, where that must be obeyed; else that is not known, and
 * it does not count as fresh.
 */
static bool
auth_time(struct attempt *s, int64_t *ms, struct err *e)
{
	int64_t now = clock_ms(s->a->clock), said = s->person.auth_time_s * 1000;
	bool    asked = s->state.login;

	if (said > 0) {
		*ms = said < now ? said : now;
		if (asked && now - *ms > OIDC_FRESH_S * 1000)
			return refuse(s, OIDC_STALE, e);
		return true;
	}
	if (asked && strcmp(s->provider.kind, "google") == 0)
		return refuse(s, OIDC_STALE, e);
	*ms = asked ? now : now - STALE_MS;
	return true;
}

/* ---- the session ---- */

static bool
session_body(struct db *db, void *arg, struct err *e)
{
	struct attempt *s = arg;
	instant         now = { clock_ms(s->a->clock) };
	instant         end = { (s->person.expires_s + OIDC_SKEW_S) * 1000 };

	s->who.identity.last_login = now;
	return oidc_user_hold(&s->who, db, e) &&
	       (!s->google || oidc_mark_take(db, s->mark, now, end, e)) &&
	       identity_touch(db, &s->who.identity, e);
}

/* What a refused token says of its signature: whoever sent it chose the words. */
static void
put_words(struct buf *b, const char *name, struct str text)
{
	char *clean = text.n == 0 ? NULL : unicode_clean(b->mem, text, WORD_BYTES);

	if (clean == NULL)
		return;
	buf_printf(b, ",\"%s\":", name);
	buf_json(b, str_of(clean));
}

static const char *
details_of(struct attempt *s, const char *reason, struct err *e)
{
	struct buf b;

	buf_make(&b, s->mem);
	buf_printf(&b, "{\"method\":\"%s\"", s->google ? "google" : "oidc");
	if (s->found) {
		buf_puts(&b, ",\"provider\":");
		buf_json(&b, str_of(s->provider.name));
	}
	if (s->person.subject != NULL) {
		buf_puts(&b, ",\"subject\":");
		buf_json(&b, str_of(s->person.subject));
	}
	if (s->unasked != NULL)
		buf_printf(&b, ",\"unasked\":\"%s\"", s->unasked);
	if (s->who.kept)
		buf_puts(&b, ",\"roles\":\"kept\"");
	if (reason != NULL) {
		buf_printf(&b, ",\"reason\":\"%s\"", reason);
		put_words(&b, "alg", s->token.alg);
		put_words(&b, "kid", s->token.kid);
	}
	buf_putc(&b, '}');
	return buf_text(&b, e);
}

/* The session then counts from its second factor on. */
static bool
challenge(struct attempt *s, const struct session_start *how, struct err *e)
{
	const struct challenge c = { .t = s->t,
		.user = &s->who.user,
		.provider = how->provider,
		.in_body = s->in_body,
		.return_to = s->out->return_to,
		.origin = s->origin,
		.body = how->body,
		.arg = how->arg,
		.details = how->details };

	return challenge_make(s->a, s->mem, &c, &s->out->grant, e);
}

static bool
grant(struct attempt *s, const struct session_start *how, struct err *e)
{
	if (s->who.user.two_factor && how->aal < 2)
		return challenge(s, how, e);
	return session_begin(s->a, s->mem, s->t, &s->who.user, how, s->origin, &s->out->grant, e);
}

static bool
begin_session(struct attempt *s, struct err *e)
{
	bool                 mfa = s->provider.trust_mfa && s->person.mfa;
	struct session_start how = {
		.provider = s->provider.name, .aal = mfa ? 2 : 1, .body = session_body, .arg = s
	};

	how.details = details_of(s, NULL, e);
	if (!auth_time(s, &how.auth_time_ms, e) || how.details == NULL)
		return false;
	if (grant(s, &how, e))
		return true;
	if (s->who.outrun)
		s->out->why = OIDC_STATE;
	return s->google && db_was_duplicate(e) && refuse(s, OIDC_REPLAY, e);
}

static bool
look(struct attempt *s, struct err *e)
{
	s->who = (struct oidc_who) { .a = s->a,
		.mem = s->mem,
		.t = s->t,
		.provider = &s->provider,
		.person = &s->person,
		.origin = s->origin };
	return oidc_user_look(&s->who, e);
}

/* All that one sign-in asks of a provider is one burden of its tenant. */
static bool
ask_further(struct attempt *s, const struct oidc_metadata *m, const struct oidc_tokens *tokens,
    struct err *e)
{
	const struct oidc_expect x = { &s->provider, &s->place, NULL,
		clock_ms(s->a->clock) / 1000 };
	struct oidc_further      f = { .x = &x, .m = m, .tokens = tokens, .alg = s->token.alg };
	bool                     ok = oidc_further_ask(&f, &s->who, &s->person, e);

	s->took_ms += f.took_ms;
	s->unasked = f.failed;
	/* an answer may take seconds: who the person is here is read as it stands after them */
	return ok && (f.took_ms == 0 || oidc_user_look(&s->who, e));
}

static bool
find_user(struct attempt *s, struct err *e)
{
	return oidc_user_find(&s->who, &s->out->why, e);
}

/* The refusal's own entry; a trail that cannot be written is a failure. */
static bool
write_refusal(struct attempt *s, struct err *e)
{
	struct err         why = *e;
	struct audit_entry entry = { .action = AUDIT_SESSION_FAIL,
		.actor_kind = "anonymous",
		.actor_name = s->person.email,
		.origin = s->origin,
		.target_kind = "user" };

	err_clear(e);
	entry.details = details_of(s, oidc_reason_word(s->out->why), e);
	if (s->who.user.email != NULL)
		entry.target_id = s->who.user.id;
	if (entry.details == NULL || !audit_deed(s->t, s->mem, s->a, NULL, NULL, &entry, e)) {
		s->out->why = OIDC_OK;
		return false;
	}
	*e = why;
	return false;
}

static bool
end(struct attempt *s, bool ok, struct err *e)
{
	if (s->out->again)
		return true;
	count(s, ok);
	return ok || (s->t != NULL && s->out->why != OIDC_OK ? write_refusal(s, e) : false);
}

/* ---- the provider's answer ---- */

/* The tenant and the provider that the browser's state names, not those of the address. */
static bool
find_begun(struct attempt *s, const struct oidc_answer *in, struct err *e)
{
	const struct tenant *row;

	if (in->cookie.n == 0 || !oidc_state_open(s->a, s->mem, in->cookie, &s->state) ||
	    !tenant_by_id(s->a->database, &s->state.tenant, &row, e) ||
	    !tenant_db_open(s->a->database, row, false, &s->t, e)) {
		if (e->code == ERR_UNAVAILABLE || e->code == ERR_INTERNAL)
			return false;
		err_clear(e);
		s->t = NULL;
		return refuse(s, OIDC_STATE, e);
	}
	s->out->t = s->t;
	if (!provider_by_id(s->t->db, s->mem, &s->state.provider, &s->provider, e)) {
		if (!err_take(e, ERR_MISSING))
			return false;
		return refuse(s, OIDC_STATE, e);
	}
	s->found = true;
	return strcmp(s->provider.name, in->provider) == 0 || refuse(s, OIDC_STATE, e);
}

static bool
check_state(struct attempt *s, const struct oidc_answer *in, struct err *e)
{
	char      *want = base64url_print(s->mem, s->state.state, sizeof(s->state.state));
	struct str have = str_of(in->state);

	if (want == NULL)
		return err_memory(e);
	return (have.n == strlen(want) && secret_eq(have.p, want, have.n)) ||
	       refuse(s, OIDC_STATE, e);
}

/* What cannot be ended any more may still be where the browser is sent on to. */
static bool
come_again(struct attempt *s, const struct oidc_answer *in, enum oidc_reason why, struct err *e)
{
	s->out->again = in->signed_in != NULL && uuid_eq(in->signed_in, &s->t->tenant->id);
	return s->out->again || refuse(s, why, e);
}

/* Before anything is fetched: who comes second finds the mark. */
static bool
take_state(struct attempt *s, const struct oidc_answer *in, struct err *e)
{
	int64_t now = clock_ms(s->a->clock);
	uint8_t id[HASH_LEN];

	if (!oidc_state_counts(s->a, &s->state))
		return come_again(s, in, OIDC_STATE, e);
	hash_sha256(s->state.state, sizeof(s->state.state), id);
	if (oidc_mark_take(s->t->db, id, (instant) { now },
		(instant) { s->state.begun_ms + OIDC_STATE_S * 1000 }, e))
		return true;
	if (!err_take(e, ERR_CONFLICT))
		return false;
	return come_again(s, in, OIDC_REPLAY, e);
}

static bool
check_answer(
    struct attempt *s, const struct oidc_answer *in, const struct oidc_metadata *m, struct err *e)
{
	if (in->iss == NULL ? m->iss_parameter : strcmp(in->iss, s->place.issuer) != 0)
		return refuse(s, OIDC_RESPONSE_ISS, e);
	if (in->error != NULL)
		return refuse(s,
		    strcmp(in->error, "access_denied") == 0 ? OIDC_DENIED : OIDC_PROVIDER_ERROR, e);
	return (in->code != NULL && *in->code != '\0') || refuse(s, OIDC_PROVIDER_ERROR, e);
}

static bool
finish(struct attempt *s, const struct oidc_answer *in, struct err *e)
{
	struct oidc_metadata m;
	struct oidc_tokens   tokens;
	char                *nonce;

	if (!find_begun(s, in, e) || !check_state(s, in, e) || !take_state(s, in, e))
		return false;
	s->out->return_to = s->state.return_to;
	if (s->out->again)
		return true;
	if (!oidc_place_make(s->mem, &s->provider, &s->place, e))
		return false;
	s->place.tenant = &s->t->tenant->id;
	if (!oidc_issuer_metadata(s->a, s->mem, &s->place, false, &m, e)) {
		if (e->code == ERR_UNAVAILABLE)
			s->out->why = OIDC_UNAVAILABLE;
		return false;
	}
	nonce = oidc_nonce(s->mem, &s->state);
	if (nonce == NULL)
		return err_memory(e);
	if (!check_answer(s, in, &m, e) || !oidc_exchange(s->a, s->mem, s->t, &s->provider, &m,
					       &s->state, in->code, &tokens, &s->out->why, e))
		return false;
	s->took_ms = tokens.took_ms;
	return check_token(s, tokens.id_token, nonce, e) && look(s, e) &&
	       ask_further(s, &m, &tokens, e) && find_user(s, e) && begin_session(s, e);
}

bool
oidc_finish(struct auth *a, TALLOC_CTX *mem, const struct oidc_answer *in,
    const struct origin *origin, struct oidc_result *out, struct err *e)
{
	struct attempt s = { .a = a, .mem = mem, .origin = origin, .out = out };
	bool           ok;

	*out = (struct oidc_result) { .why = OIDC_OK };
	ok = finish(&s, in, e);
	if (s.took_ms > 0)
		oidc_took(a, &s.t->tenant->id, s.took_ms);
	return end(&s, ok, e);
}

/* ---- google-login ---- */

/* Which of the tenant's Google providers the token says it is for; the signature is checked against
 * that one. */
static bool
find_google(struct attempt *s, struct str token, struct err *e)
{
	const struct uuid  newest = { 0 };
	struct provider   *rows;
	struct idtoken     t;
	const struct json *aud;
	size_t             n;

	if (!provider_list(s->t->db, s->mem, &newest, PROVIDERS_MAX, &rows, &n, e))
		return false;
	if (!idtoken_read(s->mem, token, &t, e)) {
		if (e->code == ERR_CREDENTIALS)
			s->out->why = OIDC_TOKEN_FORM;
		return false;
	}
	aud = json_get(t.claims, "aud");
	for (size_t i = 0; i < n && !s->found; i++) {
		s->found = strcmp(rows[i].kind, "google") == 0 && aud != NULL &&
			   aud->type == JSON_STRING && str_eqz(aud->text, rows[i].client_id);
		if (s->found)
			s->provider = rows[i];
	}
	return s->found ? oidc_place_make(s->mem, &s->provider, &s->place, e)
			: refuse(s, OIDC_TOKEN_AUDIENCE, e);
}

/* Of what is signed: a signature may be written in more than one way. */
static void
make_mark(struct attempt *s, struct str token)
{
	while (token.n > 0 && token.p[token.n - 1] != '.')
		token.n--;
	hash_sha256(token.p, token.n, s->mark);
}

static bool
google(struct attempt *s, const struct oidc_credential *in, struct err *e)
{
	struct str token = str_of(in->credential);

	if (!open_tenant(s->a, in->tenant, &s->t, e)) {
		if (!err_take(e, ERR_MISSING))
			return false;
		return refuse(s, OIDC_UNKNOWN, e);
	}
	s->out->t = s->t;
	make_mark(s, token);
	return find_google(s, token, e) && check_token(s, token, in->nonce, e) && look(s, e) &&
	       find_user(s, e) && begin_session(s, e);
}

bool
oidc_google(struct auth *a, TALLOC_CTX *mem, const struct oidc_credential *in,
    const struct origin *origin, struct oidc_result *out, struct err *e)
{
	struct attempt s = { .a = a,
		.mem = mem,
		.origin = origin,
		.out = out,
		.google = true,
		.in_body = in->in_body };

	*out = (struct oidc_result) { .why = OIDC_OK };
	return end(&s, google(&s, in, e), e);
}
