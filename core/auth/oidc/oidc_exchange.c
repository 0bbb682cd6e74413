#include "core/auth/oidc/oidc_exchange.h"

#include <string.h>

#include "core/auth/oidc/provider.h"
#include "core/base/hash.h"
#include "core/base/secret.h"

#define ACCESS_TOKEN_MAX (16 * 1024) /* bytes that go into a header */

static bool
refuse(enum oidc_reason why, enum oidc_reason *out, const char *what, struct err *e)
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
put(struct buf *b, const char *name, struct str value)
{
	if (b->n > 0)
		buf_putc(b, '&');
	buf_puts(b, name);
	buf_putc(b, '=');
	buf_url(b, value);
}

/* Of bytes, as base64url. */
static void
put_bytes(struct buf *b, const char *name, const uint8_t *p, size_t n)
{
	char *text = base64url_print(b->mem, p, n);

	if (text == NULL)
		b->failed = true;
	else
		put(b, name, str_of(text));
}

static void
put_redirect(struct buf *b, const struct auth *a, const struct provider *p)
{
	char *url = provider_redirect_uri(b->mem, a->env->conf, p);

	if (url == NULL)
		b->failed = true;
	else
		put(b, "redirect_uri", str_of(url));
}

/* RFC 7636: the verifier is the text, its hash the challenge. */
static void
put_challenge(struct buf *b, const struct oidc_state *s)
{
	char   *verifier = base64url_print(b->mem, s->verifier, sizeof(s->verifier));
	uint8_t hash[HASH_LEN];

	if (verifier == NULL) {
		b->failed = true;
		return;
	}
	secret_guard(verifier);
	hash_sha256(verifier, strlen(verifier), hash);
	put_bytes(b, "code_challenge", hash, sizeof(hash));
	put(b, "code_challenge_method", STR("S256"));
}

/* A provider that is asked for its age must say when the person signed in there. */
static void
put_prompt(struct buf *b, const struct provider *p, const struct oidc_state *s)
{
	if (!s->login)
		return;
	if (strcmp(p->kind, "google") == 0) {
		put(b, "prompt", STR("select_account"));
		put(b, "claims", STR("{\"id_token\":{\"auth_time\":{\"essential\":true}}}"));
		return;
	}
	put(b, "prompt", STR("login"));
	put(b, "max_age", STR("0"));
}

static bool
put_scope(struct buf *b, const struct provider *p, const struct oidc_metadata *m, struct err *e)
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
	put(b, "scope", buf_str(&text));
	return true;
}

bool
oidc_authorize_url(struct auth *a, TALLOC_CTX *mem, const struct provider *p,
    const struct oidc_metadata *m, const struct oidc_state *s, const char **url, struct err *e)
{
	struct buf b;

	buf_make(&b, mem);
	put(&b, "response_type", STR("code"));
	put(&b, "client_id", str_of(p->client_id));
	put_redirect(&b, a, p);
	if (!put_scope(&b, p, m, e))
		return false;
	put_bytes(&b, "state", s->state, sizeof(s->state));
	put_bytes(&b, "nonce", s->nonce, sizeof(s->nonce));
	put_challenge(&b, s);
	put_prompt(&b, p, s);
	/* a hint for the account chooser only: the claim is what is checked */
	if (strcmp(p->kind, "google") == 0 && p->allowed_domains.n == 1)
		put(&b, "hd", str_of(p->allowed_domains.items[0]));
	*url = buf_ok(&b) ? talloc_asprintf(mem, "%s%c%s", m->authorization_endpoint,
				strchr(m->authorization_endpoint, '?') == NULL ? '?' : '&', b.p)
			  : NULL;
	return *url != NULL || err_memory(e);
}

/* ---- the code for a token ---- */

/* RFC 6749 section 2.3.1: both parts are form-encoded before they are joined. */
static char *
basic(TALLOC_CTX *mem, const struct provider *p, struct str secret)
{
	struct buf b;
	char      *text, *value;

	buf_make(&b, mem);
	buf_url(&b, str_of(p->client_id));
	buf_putc(&b, ':');
	buf_url(&b, secret);
	if (!buf_ok(&b))
		return NULL;
	secret_guard(b.p);
	text = base64_print(mem, (const uint8_t *)b.p, b.n);
	if (text == NULL)
		return NULL;
	secret_guard(text);
	value = talloc_asprintf(mem, "Basic %s", text);
	if (value != NULL)
		secret_guard(value);
	return value;
}

static void
put_body(struct buf *b, const struct auth *a, const struct provider *p, const struct oidc_state *s,
    const char *code)
{
	put(b, "grant_type", STR("authorization_code"));
	put(b, "code", str_of(code));
	put_redirect(b, a, p);
	put(b, "client_id", str_of(p->client_id));
	put_bytes(b, "code_verifier", s->verifier, sizeof(s->verifier));
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
take_answer(TALLOC_CTX *mem, const struct provider *p, const struct strings *asked,
    const struct fetch_answer *answer, struct oidc_tokens *out, enum oidc_reason *why,
    struct err *e)
{
	struct err         bad = { 0 };
	const struct json *v;

	if (answer->status >= 500) {
		*why = OIDC_UNAVAILABLE;
		return err_set(e, ERR_UNAVAILABLE, 0, "The identity provider cannot be asked now.",
		    "token endpoint: HTTP %d", answer->status);
	}
	if (answer->status != 200)
		return refuse(OIDC_CODE, why, "it did not take the code", e);
	v = oidc_json(mem, answer->body, &bad);
	if (v == NULL || member(v, "id_token").n == 0)
		return refuse(OIDC_TOKEN_FORM, why, "no ID token", e);
	*out = (struct oidc_tokens) { .id_token = member(v, "id_token"),
		.access_token = bearer(v),
		.granted = oidc_scope_granted(p, asked, json_get(v, "scope")) };
	return true;
}

static bool
open_secret(struct tenant_db *t, TALLOC_CTX *mem, const struct provider *p, struct str *secret,
    struct err *e)
{
	*secret = (struct str) { NULL, 0 };
	return p->client_secret.p == NULL ||
	       tenant_open(t, mem, "identity_providers", "client_secret", &p->id, p->client_secret,
		   secret, e);
}

bool
oidc_exchange(struct auth *a, TALLOC_CTX *mem, struct tenant_db *t, const struct provider *p,
    const struct oidc_metadata *m, const struct oidc_state *s, const char *code,
    struct oidc_ask *ask, struct oidc_tokens *out, enum oidc_reason *why, struct err *e)
{
	struct fetch_header  headers[3] = { { "Content-Type", "application/x-www-form-urlencoded" },
		 { "Accept", "application/json" }, { "Authorization", NULL } };
	struct fetch_request q = { .method = "POST",
		.url = m->token_endpoint,
		.headers = headers,
		.headers_n = 2,
		.answer_max = OIDC_TOKEN_ANSWER_MAX };
	struct fetch_answer  answer;
	struct strings       asked;
	struct str           secret;
	struct buf           b;
	bool                 ok;

	buf_make(&b, mem);
	if (!oidc_scope_make(mem, p, m, &asked, e) || !open_secret(t, mem, p, &secret, e))
		return false;
	put_body(&b, a, p, s, code);
	if (secret.p != NULL && m->secret_post)
		put(&b, "client_secret", secret);
	if (secret.p != NULL && !m->secret_post) {
		headers[2].value = basic(mem, p, secret);
		q.headers_n = 3;
	}
	if (!buf_ok(&b) || (q.headers_n == 3 && headers[2].value == NULL))
		return err_memory(e);
	secret_guard(b.p);
	q.body = buf_str(&b);
	ok = oidc_ask_run(a, mem, ask, &q, &answer, e);
	if (!ok && e->code != ERR_INTERNAL)
		*why = OIDC_UNAVAILABLE;
	return ok && take_answer(mem, p, &asked, &answer, out, why, e);
}
