#include "core/auth/oidc/oidc_exchange.h"

#include <string.h>

#include "core/auth/oidc/provider.h"
#include "core/base/hash.h"
#include "core/base/secret.h"

#define ACCESS_TOKEN_MAX (16 * 1024) /* bytes that go into a header */
#define CLIENT_MAX                                                                                 \
	(3 * (PROVIDER_CLIENT_MAX + PROVIDER_SECRET_MAX) + 1) /* all of it percent-encoded */

_Static_assert(sizeof("Bearer ") + ACCESS_TOKEN_MAX <= FETCH_VALUE_MAX, "a token can be sent");
_Static_assert(sizeof("Basic ") + (CLIENT_MAX + 2) / 3 * 4 <= FETCH_VALUE_MAX, "a client can, too");
_Static_assert(OIDC_TOKEN_ANSWER_MAX <= FETCH_ANSWER_MAX, "the answer may come");

static bool
refuse_code(enum oidc_reason why, enum oidc_reason *out, const char *what, struct err *e)
{
	*out = why;
	return err_set(e, ERR_CREDENTIALS, 0, "Sign-in failed.", "token endpoint: %s", what);
}

char *
oidc_nonce(TALLOC_CTX *mem, const struct oidc_state *s)
{
	return base64url_print(mem, s->nonce, sizeof(s->nonce));
}

static void
form_add(struct buf *b, const char *name, struct str value)
{
	if (b->n > 0)
		buf_putc(b, '&');
	buf_puts(b, name);
	buf_putc(b, '=');
	buf_url(b, value);
}

/* Of bytes, as base64url. */
static void
form_add_bytes(struct buf *b, const char *name, const uint8_t *p, size_t n)
{
	char *text = base64url_print(b->mem, p, n);

	if (text == NULL)
		b->failed = true;
	else
		form_add(b, name, str_of(text));
}

static void
add_redirect(struct buf *b, const struct auth *a, const struct provider *p)
{
	char *url = provider_redirect_uri(b->mem, a->env->conf, p);

	if (url == NULL)
		b->failed = true;
	else
		form_add(b, "redirect_uri", str_of(url));
}

/* RFC 7636: the verifier is the text, its hash the challenge. */
static void
add_challenge(struct buf *b, const struct oidc_state *s)
{
	char   *verifier = base64url_print(b->mem, s->verifier, sizeof(s->verifier));
	uint8_t hash[HASH_LEN];

	if (verifier == NULL) {
		b->failed = true;
		return;
	}
	secret_guard(verifier);
	hash_sha256(verifier, strlen(verifier), hash);
	form_add_bytes(b, "code_challenge", hash, sizeof(hash));
	form_add(b, "code_challenge_method", STR("S256"));
}

/* A provider that is asked for its age must say when the person signed in there. */
static void
add_prompt(struct buf *b, const struct provider *p, const struct oidc_state *s)
{
	if (!s->login)
		return;
	if (strcmp(p->kind, "google") == 0) {
		form_add(b, "prompt", STR("select_account"));
		form_add(b, "claims", STR("{\"id_token\":{\"auth_time\":{\"essential\":true}}}"));
		return;
	}
	form_add(b, "prompt", STR("login"));
	form_add(b, "max_age", STR("0"));
}

static bool
add_scope(struct buf *b, const struct provider *p, const struct oidc_metadata *m, struct err *e)
{
	struct strings asked;
	struct buf     text;

	if (!oidc_scope_make(b->mem, p, m, &asked, e))
		return false;
	buf_make(&text, b->mem);
	for (size_t i = 0; i < asked.n; i++)
		buf_printf(&text, "%s%s", i > 0 ? " " : "", asked.items[i]);
	if (!buf_ok(&text))
		return err_memory(e);
	form_add(b, "scope", buf_str(&text));
	return true;
}

bool
oidc_authorize_url(
    const struct deed_by *by, const struct oidc_code *x, const char **url, struct err *e)
{
	const struct provider   *p = x->provider;
	const struct oidc_state *s = x->state;
	const char              *endpoint = x->metadata->authorization_endpoint;
	struct buf               b;

	buf_make(&b, by->mem);
	form_add(&b, "response_type", STR("code"));
	form_add(&b, "client_id", str_of(p->client_id));
	add_redirect(&b, by->auth, p);
	if (!add_scope(&b, p, x->metadata, e))
		return false;
	form_add_bytes(&b, "state", s->state, sizeof(s->state));
	form_add_bytes(&b, "nonce", s->nonce, sizeof(s->nonce));
	add_challenge(&b, s);
	add_prompt(&b, p, s);
	/* a hint for the account chooser only: the claim is what is checked */
	if (strcmp(p->kind, "google") == 0 && p->allowed_domains.n == 1)
		form_add(&b, "hd", str_of(p->allowed_domains.items[0]));
	*url = buf_ok(&b) ? talloc_asprintf(by->mem, "%s%c%s", endpoint,
				strchr(endpoint, '?') == NULL ? '?' : '&', b.p)
			  : NULL;
	return *url != NULL || err_memory(e);
}

/* ---- the code for a token ---- */

/* RFC 6749 section 2.3.1: both parts are form-encoded before they are joined. */
static char *
basic(TALLOC_CTX *mem, const struct provider *p, struct str secret)
{
	struct buf b, value;
	char      *text;

	buf_make_secret(&b, mem);
	buf_make_secret(&value, mem);
	buf_url(&b, str_of(p->client_id));
	buf_putc(&b, ':');
	buf_url(&b, secret);
	text = buf_ok(&b) ? base64_print(mem, (const uint8_t *)b.p, b.n) : NULL;
	if (text == NULL)
		return NULL;
	secret_guard(text);
	buf_puts(&value, "Basic ");
	buf_puts(&value, text);
	return buf_ok(&value) ? value.p : NULL;
}

static void
add_grant(struct buf *b, const struct auth *a, const struct oidc_code *x)
{
	form_add(b, "grant_type", STR("authorization_code"));
	form_add(b, "code", str_of(x->code));
	add_redirect(b, a, x->provider);
	form_add(b, "client_id", str_of(x->provider->client_id));
	form_add_bytes(b, "code_verifier", x->state->verifier, sizeof(x->state->verifier));
}

static struct str
member(const struct json *v, const char *name)
{
	const struct json *m = json_get(v, name);

	return m != NULL && m->type == JSON_STRING ? m->text : (struct str) { NULL, 0 };
}

/* RFC 6749 section 5.1: the type is compared without case. */
static struct str
bearer(const struct json *v)
{
	struct str token = member(v, "access_token");

	if (str_caseeqz(member(v, "token_type"), "Bearer") && token.n <= ACCESS_TOKEN_MAX)
		return token;
	return (struct str) { NULL, 0 };
}

static bool
read_tokens(TALLOC_CTX *mem, const struct fetch_answer *answer, struct oidc_tokens *out,
    enum oidc_reason *why, struct err *e)
{
	struct err bad = { 0 };

	if (answer->status >= 500) {
		*why = OIDC_UNAVAILABLE;
		return err_set(e, ERR_UNAVAILABLE, 0, "The identity provider cannot be asked now.",
		    "token endpoint: HTTP %d", answer->status);
	}
	if (answer->status != 200)
		return refuse_code(OIDC_CODE, why, "it did not take the code", e);
	out->answer = oidc_json(mem, answer->body, &bad);
	if (out->answer == NULL || member(out->answer, "id_token").n == 0)
		return refuse_code(OIDC_TOKEN_FORM, why, "no ID token", e);
	out->id_token = member(out->answer, "id_token");
	out->access_token = bearer(out->answer);
	return true;
}

static bool
open_secret(const struct deed_by *by, const struct provider *p, struct str *secret, struct err *e)
{
	*secret = (struct str) { NULL, 0 };
	return p->client_secret.p == NULL ||
	       tenant_open(by->t, by->mem,
		   (struct sealed_place) { "identity_providers", "client_secret", &p->id },
		   p->client_secret, secret, e);
}

/* The request's form; by a header instead where the endpoint wants the secret there (*header: its
 * value). */
static bool
make_form(const struct deed_by *by, const struct oidc_code *x, struct buf *b, const char **header,
    struct err *e)
{
	const struct provider *p = x->provider;
	struct str             secret;

	*header = NULL;
	buf_make_secret(b, by->mem);
	if (!open_secret(by, p, &secret, e))
		return false;
	add_grant(b, by->auth, x);
	if (secret.p != NULL && x->metadata->secret_post)
		form_add(b, "client_secret", secret);
	else if (secret.p != NULL && (*header = basic(by->mem, p, secret)) == NULL)
		return err_memory(e);
	return buf_ok(b) || err_memory(e);
}

bool
oidc_exchange(const struct deed_by *by, const struct oidc_code *x, struct oidc_ask *ask,
    struct oidc_tokens *out, enum oidc_reason *why, struct err *e)
{
	struct fetch_header headers[3] = {
		{ "Content-Type", "application/x-www-form-urlencoded" },
		{ "Accept", "application/json" },
		{ "Authorization", NULL },
	};
	struct fetch_request q = {
		.method = "POST",
		.url = x->metadata->token_endpoint,
		.headers = headers,
		.answer_max = OIDC_TOKEN_ANSWER_MAX,
	};
	struct fetch_answer answer;
	struct strings      asked;
	struct buf          form;

	if (!oidc_scope_make(by->mem, x->provider, x->metadata, &asked, e) ||
	    !make_form(by, x, &form, &headers[2].value, e))
		return false;
	q.headers_n = headers[2].value != NULL ? 3 : 2;
	q.body = buf_str(&form);
	if (!oidc_ask_run(by->auth, by->mem, ask, &q, &answer, e)) {
		if (e->code != ERR_INTERNAL)
			*why = OIDC_UNAVAILABLE;
		return false;
	}
	if (!read_tokens(by->mem, &answer, out, why, e))
		return false;
	out->granted = oidc_scope_granted(x->provider, &asked, json_get(out->answer, "scope"));
	return true;
}
