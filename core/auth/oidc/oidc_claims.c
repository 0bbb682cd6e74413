#include "core/auth/oidc/oidc_claims.h"

#include <string.h>

#include "core/auth/oidc/oidc_person.h"
#include "core/base/secret.h"
#include "core/crypt/numeric_date.h"

static const struct {
	const char *word, *code;
} reasons[OIDC__MAX] = {
#define X(id, word, code) [id] = { word, code },
	OIDC_REASONS(X)
#undef X
};

const char *
oidc_reason_word(enum oidc_reason why)
{
	return reasons[why].word;
}

const char *
oidc_reason_code(enum oidc_reason why)
{
	return reasons[why].code;
}

struct check {
	TALLOC_CTX               *mem;
	const struct json        *v;
	const struct oidc_expect *x;
	struct oidc_person       *out;
	enum oidc_reason         *why;
	struct err               *e;
};

static bool
refuse(const struct check *c, enum oidc_reason why)
{
	*c->why = why;
	return err_set(
	    c->e, ERR_CREDENTIALS, 0, "Sign-in failed.", "ID token: %s", oidc_reason_word(why));
}

static struct str
text_of(const struct check *c, const char *name)
{
	const struct json *m = json_get(c->v, name);

	return m != NULL && m->type == JSON_STRING ? m->text : (struct str) { NULL, 0 };
}

/*
 * Seconds; what is there but no instant is a fault.  0 where it may be absent,
 * and null, which providers write for a claim that they do not have (against
 * OpenID Connect Core section 5.3.2), say nothing: as if it were absent.
 */
static bool
time_of(const struct check *c, const char *name, bool required, int64_t *out)
{
	const struct json *m = json_get(c->v, name);

	*out = 0;
	if (m == NULL || m->type == JSON_NULL)
		return !required;
	return numeric_date(m, out) && (*out > 0 || !required);
}

static bool
is_kind(const struct check *c, const char *kind)
{
	return strcmp(c->x->provider->kind, kind) == 0;
}

/* ---- whom it is from, for and when ---- */

static bool
check_issuer(const struct check *c)
{
	const struct oidc_place *place = c->x->place;
	struct str               iss = text_of(c, "iss");

	if (iss.n == 0 || (!str_eqz(iss, place->issuer) &&
			      (place->issuer_too == NULL || !str_eqz(iss, place->issuer_too))))
		return refuse(c, OIDC_TOKEN_ISSUER);
	c->out->issuer = place->issuer; /* two spellings are one issuer */
	return true;
}

static bool
is_one_of(struct str text, const struct strings *list)
{
	for (size_t i = 0; i < list->n; i++)
		if (text.n > 0 && str_eqz(text, list->items[i]))
			return true;
	return false;
}

/* Who asked for the token: we, or another application of the same people (Core section 2). */
static bool
is_party(const struct check *c, const struct json *azp)
{
	return azp->type == JSON_STRING &&
	       (str_eqz(azp->text, c->x->provider->client_id) ||
		   is_one_of(azp->text, &c->x->provider->authorized_parties));
}

static bool
check_audience(const struct check *c)
{
	const struct json *aud = json_get(c->v, "aud"), *azp = json_get(c->v, "azp");
	const char        *want = c->x->provider->client_id;
	bool               ours = false;

	if (aud != NULL && aud->type == JSON_STRING)
		ours = str_eqz(aud->text, want);
	for (uint32_t i = 0; aud != NULL && aud->type == JSON_ARRAY && i < aud->n; i++)
		ours |= aud->items[i].type == JSON_STRING && str_eqz(aud->items[i].text, want);
	if (azp != NULL)
		ours = ours && is_party(c, azp);
	else if (aud != NULL && aud->type == JSON_ARRAY && aud->n > 1)
		ours = false;
	return ours || refuse(c, OIDC_TOKEN_AUDIENCE);
}

static bool
check_times(const struct check *c)
{
	int64_t now = c->x->now_s, exp, iat, nbf;

	if (!time_of(c, "exp", true, &exp) || !time_of(c, "iat", true, &iat) ||
	    !time_of(c, "nbf", false, &nbf) ||
	    !time_of(c, "auth_time", false, &c->out->auth_time_s))
		return refuse(c, OIDC_TOKEN_TIME);
	if (now >= exp + OIDC_SKEW_S || iat > now + OIDC_SKEW_S ||
	    iat < now - OIDC_AGE_S - OIDC_SKEW_S || nbf > now + OIDC_SKEW_S ||
	    c->out->auth_time_s > now + OIDC_SKEW_S)
		return refuse(c, OIDC_TOKEN_TIME);
	c->out->expires_s = exp;
	return true;
}

static bool
check_nonce(const struct check *c)
{
	const struct json *nonce = json_get(c->v, "nonce");
	const char        *want = c->x->nonce;

	if (want == NULL
		? nonce == NULL
		: nonce != NULL && nonce->type == JSON_STRING && nonce->text.n == strlen(want) &&
		      secret_eq(nonce->text.p, want, nonce->text.n))
		return true;
	return refuse(c, OIDC_TOKEN_NONCE);
}

/* ---- whom it speaks of ---- */

static bool
is_visible(struct str s, size_t max)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < ' ' || s.p[i] > '~')
			return false;
	return s.n > 0 && s.n <= max;
}

/* `sub` is pairwise there; tid and oid name the person in every application of the directory. */
static bool
check_entra(const struct check *c)
{
	struct uuid want, tid, oid;
	char        directory[UUID_TEXT_MAX], object[UUID_TEXT_MAX];

	if (!str_eqz(text_of(c, "ver"), "2.0"))
		return refuse(c, OIDC_TOKEN_VERSION);
	if (!uuid_parse(str_of(c->x->provider->entra_tenant_id), &want) ||
	    !uuid_parse(text_of(c, "tid"), &tid) || !uuid_eq(&want, &tid))
		return refuse(c, OIDC_DIRECTORY);
	if (!uuid_parse(text_of(c, "oid"), &oid) || uuid_is_nil(&oid))
		return refuse(c, OIDC_TOKEN_SUBJECT);
	uuid_print(&tid, directory);
	uuid_print(&oid, object);
	c->out->subject = talloc_asprintf(c->mem, "%s.%s", directory, object);
	return c->out->subject != NULL || err_memory(c->e);
}

static bool
check_subject(const struct check *c)
{
	struct str sub = text_of(c, "sub");

	if (!is_visible(sub, IDENTITY_SUBJECT_MAX))
		return refuse(c, OIDC_TOKEN_SUBJECT);
	if (is_kind(c, "entra"))
		return check_entra(c);
	c->out->subject = str_dup(c->mem, sub);
	return c->out->subject != NULL || err_memory(c->e);
}

/* ---- how it has found out ---- */

static bool
is_text_of(const struct json *v, const struct strings *list)
{
	return v != NULL && v->type == JSON_STRING && is_one_of(v->text, list);
}

/*
 * OpenID Connect Core section 2, RFC 8176: `acr` is a text, `amr` a list, and a
 * text for a list is a list of one.  Which values say that a second factor was
 * asked for is the tenant's to know.
 */
static void
take_mfa(const struct check *c)
{
	const struct provider *p = c->x->provider;
	const struct json     *amr = json_get(c->v, "amr");

	c->out->mfa =
	    is_text_of(json_get(c->v, "acr"), &p->mfa_acr) || is_text_of(amr, &p->mfa_amr);
	for (uint32_t i = 0; amr != NULL && amr->type == JSON_ARRAY && i < amr->n; i++)
		c->out->mfa |= is_text_of(&amr->items[i], &p->mfa_amr);
}

bool
oidc_claims_check(TALLOC_CTX *mem, const struct json *claims, const struct oidc_expect *x,
    struct oidc_person *out, enum oidc_reason *why, struct err *e)
{
	const struct check c = { mem, claims, x, out, why, e };

	memset(out, 0, sizeof(*out));
	*why = OIDC_OK;
	out->claims = claims;
	if (!check_issuer(&c) || !check_audience(&c) || !check_times(&c) || !check_nonce(&c) ||
	    !check_subject(&c))
		return false;
	take_mfa(&c);
	return oidc_person_take(mem, x, NULL, out, why, e);
}
