#include "core/auth/oidc/oidc.h"

#include <string.h>

#include "core/auth/oidc/oidc_attempt.h"
#include "core/base/secret.h"

/* ---- what there is ---- */

bool
oidc_offered(const struct deed_by *by, const char *tenant, struct oidc_offer *out, struct err *e)
{
	struct page p = { .want = PROVIDERS_MAX };

	*out = (struct oidc_offer) { 0 };
	if (!oidc_open_tenant(by->auth, tenant, &out->t, e))
		return err_take(e, ERR_MISSING);
	if (!provider_list(out->t->db, by->mem, &p, e))
		return false;
	out->providers = p.rows;
	out->n = p.n;
	return true;
}

/* ---- beginning ---- */

static void
make_state(const struct env *env, const struct tenant_db *t, const struct provider *p,
    const struct oidc_begin *in, struct oidc_state *s)
{
	*s = (struct oidc_state) {
		.tenant = t->tenant->id,
		.provider = p->id,
		.begun_ms = clock_ms(env->clock),
		.login = in->login,
		.return_to = in->return_to,
	};
	rand_fill(env->rand, s->state, sizeof(s->state));
	rand_fill(env->rand, s->nonce, sizeof(s->nonce));
	rand_fill(env->rand, s->verifier, sizeof(s->verifier));
}

static bool
describe(const struct deed_by *by, struct oidc_place *place, struct oidc_metadata *m, struct err *e)
{
	struct oidc_ask ask = { .tenant = &by->t->tenant->id };
	bool            ok;

	place->ask = &ask;
	ok = oidc_issuer_metadata(by->auth, by->mem, place, false, m, e);
	place->ask = NULL;
	oidc_ask_end(by->auth, &ask);
	return ok;
}

bool
oidc_begin(
    const struct deed_by *by, const struct oidc_begin *in, struct oidc_begun *out, struct err *e)
{
	struct auth           *a = by->auth;
	struct deed_by         at = *by;
	struct provider        p;
	struct oidc_place      place;
	struct oidc_metadata   m;
	struct oidc_state      s;
	const struct oidc_code x = { .provider = &p, .metadata = &m, .state = &s };

	*out = (struct oidc_begun) { .why = OIDC_OK };
	if (!oidc_open_tenant(a, in->tenant, &at.t, e) ||
	    !provider_by_name(at.t->db, at.mem, in->provider, &p, e) ||
	    !oidc_place_make(at.mem, &p, &place, e))
		return false;
	if (!describe(&at, &place, &m, e)) {
		out->why = e->code == ERR_UNAVAILABLE ? OIDC_UNAVAILABLE : OIDC_OK;
		return false;
	}
	make_state(a->env, at.t, &p, in, &s);
	out->state = base64url_print(at.mem, s.state, sizeof(s.state));
	if (out->state == NULL)
		return err_memory(e);
	out->cookie = oidc_state_close(a, at.mem, &s, e);
	return out->cookie != NULL && oidc_authorize_url(&at, &x, &out->location, e);
}

/* ---- the provider's answer ---- */

/*
 * The assumption is for providers that never say whether an address is
 * verified, not for a person who takes that out of the question.
 */
static bool
may_not_assume(const struct oidc_metadata *m, const struct oidc_tokens *tokens)
{
	return m->says_verified || !tokens->granted.email;
}

static void
log_no_assuming(const struct oidc_attempt *s)
{
	if (s->by.auth->env->log != NULL && s->no_assuming && s->provider.assume_email_verified &&
	    !s->who.known && s->person.email != NULL && !s->person.email_said)
		log_event(s->by.auth->env->log, LOG_AUTH, LOG_LEVEL_WARN,
		    "email_verified was not sent, and is not assumed: the provider's description "
		    "says that it sends it, or the scope email was not granted.",
		    LOGS("bsx.provider", s->provider.name));
}

static bool
ask_further(struct oidc_attempt *s, const struct oidc_metadata *m, const struct oidc_tokens *tokens,
    struct err *e)
{
	const struct oidc_expect x = { &s->provider, &s->place, NULL,
		clock_ms(s->by.auth->env->clock) / 1000, s->no_assuming };
	struct oidc_further      f = { .x = &x, .m = m, .tokens = tokens, .alg = s->token.alg };
	bool                     ok = oidc_further_ask(&f, &s->who, &s->person, e);

	s->who.withheld = !tokens->granted.all;
	log_no_assuming(s);
	s->unasked = f.failed;
	/* an answer may take seconds: who the person is here is read as it stands after them */
	return ok && (!f.asked || oidc_user_look(&s->who, e));
}

/*
 * A code is for the provider at whose address it comes in.  An answer that another provider sent
 * here, to have the code handed over to this one's token endpoint, is for nobody (mix-up, RFC 9700
 * section 4.4).
 */
static bool
at_its_address(const struct provider *p, const struct oidc_answer *in)
{
	return strcmp(p->name, in->provider) == 0 &&
	       (p->own_address ? uuid_eq(&in->id, &p->id) : uuid_is_nil(&in->id));
}

/* The tenant and the provider that the browser's state names, not those of the address. */
static bool
find_begun(struct oidc_attempt *s, const struct oidc_answer *in, struct err *e)
{
	const struct tenant *row;

	if (in->cookie.n == 0 || !oidc_state_open(s->by.auth, s->by.mem, in->cookie, &s->state) ||
	    !tenant_by_id(s->by.auth->database, &s->state.tenant, &row, e) ||
	    !tenant_db_open(s->by.auth->database, row, false, &s->by.t, e)) {
		if (e->code == ERR_UNAVAILABLE || e->code == ERR_INTERNAL)
			return false;
		err_clear(e);
		s->by.t = NULL;
		return oidc_refuse(s, OIDC_STATE, e);
	}
	s->out->t = s->by.t;
	if (!provider_by_id(s->by.t->db, s->by.mem, &s->state.provider, &s->provider, e)) {
		if (!err_take(e, ERR_MISSING))
			return false;
		return oidc_refuse(s, OIDC_STATE, e);
	}
	s->found = true;
	return at_its_address(&s->provider, in) || oidc_refuse(s, OIDC_STATE, e);
}

static bool
check_state(struct oidc_attempt *s, const struct oidc_answer *in, struct err *e)
{
	char      *want = base64url_print(s->by.mem, s->state.state, sizeof(s->state.state));
	struct str have = str_of(in->state);

	if (want == NULL)
		return err_memory(e);
	return (have.n == strlen(want) && secret_eq(have.p, want, have.n)) ||
	       oidc_refuse(s, OIDC_STATE, e);
}

/* What cannot be ended any more may still be where the browser is sent on to. */
static bool
come_again(
    struct oidc_attempt *s, const struct oidc_answer *in, enum oidc_reason why, struct err *e)
{
	s->out->again = in->signed_in != NULL && uuid_eq(in->signed_in, &s->by.t->tenant->id);
	return s->out->again || oidc_refuse(s, why, e);
}

/* Who finds no place to ask in has used up nothing, unless somebody else has. */
static bool
admit(struct oidc_attempt *s, const struct oidc_answer *in, const uint8_t id[static HASH_LEN],
    struct err *e)
{
	struct err busy;
	bool       taken;

	oidc_will_ask(s);
	if (in->code == NULL || oidc_ask_admit(s->by.auth, &s->ask, e))
		return true;
	busy = *e;
	err_clear(e);
	if (busy.code == ERR_BUSY && !oidc_mark_look(s->by.t->db, id, &taken, e))
		return false;
	if (busy.code == ERR_BUSY && taken)
		return come_again(s, in, OIDC_REPLAY, e);
	*e = busy;
	return false;
}

/* Before anything is fetched: who comes second finds the mark. */
static bool
take_state(struct oidc_attempt *s, const struct oidc_answer *in, struct err *e)
{
	uint8_t id[HASH_LEN];

	if (!oidc_state_counts(s->by.auth, &s->state))
		return come_again(s, in, OIDC_STATE, e);
	hash_sha256(s->state.state, sizeof(s->state.state), id);
	if (!admit(s, in, id, e) || s->out->again)
		return s->out->again;
	if (oidc_mark_take(
		s->by.t->db, id, (instant) { s->state.begun_ms + OIDC_STATE_S * 1000 }, e))
		return true;
	if (!err_take(e, ERR_CONFLICT))
		return false;
	return come_again(s, in, OIDC_REPLAY, e);
}

static bool
check_answer(struct oidc_attempt *s, const struct oidc_answer *in, const struct oidc_metadata *m,
    struct err *e)
{
	if (in->iss == NULL ? m->iss_parameter : strcmp(in->iss, s->place.issuer) != 0)
		return oidc_refuse(s, OIDC_RESPONSE_ISS, e);
	if (in->error != NULL)
		return oidc_refuse(s,
		    strcmp(in->error, "access_denied") == 0 ? OIDC_DENIED : OIDC_PROVIDER_ERROR, e);
	return (in->code != NULL && *in->code != '\0') || oidc_refuse(s, OIDC_PROVIDER_ERROR, e);
}

static bool
finish(struct oidc_attempt *s, const struct oidc_answer *in, struct err *e)
{
	struct oidc_metadata   m;
	const struct oidc_code x = { &s->provider, &m, &s->state, in->code };
	struct oidc_tokens     tokens;
	char                  *nonce;

	if (!find_begun(s, in, e) || !check_state(s, in, e) || !take_state(s, in, e))
		return false;
	s->out->return_to = s->state.return_to;
	if (s->out->again)
		return true;
	if (!oidc_place_make(s->by.mem, &s->provider, &s->place, e))
		return false;
	s->place.ask = &s->ask;
	if (!oidc_issuer_metadata(s->by.auth, s->by.mem, &s->place, false, &m, e)) {
		if (e->code == ERR_UNAVAILABLE)
			s->out->why = OIDC_UNAVAILABLE;
		return false;
	}
	nonce = oidc_nonce(s->by.mem, &s->state);
	if (nonce == NULL)
		return err_memory(e);
	if (!check_answer(s, in, &m, e) ||
	    !oidc_exchange(&s->by, &x, &s->ask, &tokens, &s->out->why, e))
		return false;
	s->no_assuming = may_not_assume(&m, &tokens);
	return oidc_check_token(s, tokens.id_token, nonce, e) && oidc_look(s, e) &&
	       ask_further(s, &m, &tokens, e) && oidc_user_find(&s->who, &s->out->why, e) &&
	       oidc_begin_session(s, e);
}

bool
oidc_finish(
    const struct deed_by *by, const struct oidc_answer *in, struct oidc_result *out, struct err *e)
{
	struct oidc_attempt s = { .by = *by, .out = out };

	*out = (struct oidc_result) { .why = OIDC_OK };
	return oidc_end(&s, finish(&s, in, e), e);
}
