#include "drift/source/auth.h"

#include <stdio.h>
#include <string.h>

#include "core/base/secret.h"
#include "core/crypt/assertion.h"
#include "drift/source/source_pack.h"
#include "drift/source/url.h"

#define TOKEN_MAX ((size_t)24 << 10)
#define PEM_MAX   (64 << 10)

static const char *const kinds[] = {
#define X(id, wire) wire,
	AUTH_KINDS(X)
#undef X
	    NULL
};
static const char *const algs[] = { "RS256", "PS256", NULL };

#define SECRET(m, most, about)                                                                     \
	FIELD(struct source_credential, m, .min = 1, .max = most, .flags = FIELD_SECRET,           \
	    .doc = about)
static const struct field credential_fields[] = {
	FIELD(struct source_credential, kind, .choices = kinds,
	    .doc = "How it proves who asks; where the pack does not say."),
	SECRET(token, 20000, "bearer: the token."),
	SECRET(user, 500, "basic: the user."),
	SECRET(password, 1000, "basic: the password."),
	SECRET(name, 100, "header: the field's name, where the pack does not say."),
	SECRET(value, 8000, "header: the field's value."),
	SECRET(token_url, 1024,
	    "oauth2_client_credentials: the token endpoint, where the pack does not say."),
	SECRET(scope, 2000, "oauth2_client_credentials: the scope, where the pack does not say."),
	FIELD(struct source_credential, alg, .choices = algs,
	    .doc = "How an assertion is signed, where the pack does not say; RS256 when absent."),
	SECRET(client_id, 500, "oauth2_client_credentials: the client's id."),
	SECRET(client_secret, 4000, "oauth2_client_credentials: its secret."),
	SECRET(certificate, PEM_MAX,
	    "oauth2_client_credentials: instead of a secret, its certificate in PEM."),
	SECRET(private_key, PEM_MAX,
	    "oauth2_client_credentials: the certificate's private key in PEM."),
	FIELD(struct source_credential, expires_at,
	    .doc = "When it ends, where that is known: it is told 30, 7 and 1 days before. Of a "
		   "certificate it is read when absent."),
	FIELD_END,
};
const struct schema source_credential_schema =
    SCHEMA("DriftSourceCredential", struct source_credential, credential_fields);

/* ---- which, and whether it is whole ---- */

static enum auth_kind
kind_of(const char *wire)
{
	for (unsigned i = 0; wire != NULL && kinds[i] != NULL; i++)
		if (strcmp(kinds[i], wire) == 0)
			return (enum auth_kind)i;
	return AUTH_NONE;
}

enum auth_kind
source_auth_kind_of(const struct source_pack *pack, const struct source_credential *c)
{
	if (pack->auth != NULL)
		return kind_of(pack->auth->kind);
	return c != NULL ? kind_of(c->kind) : AUTH_NONE;
}

/* What each kind has: all that is needed, and what may be there too. */
enum { NEEDED = 1, ALLOWED = 2, OF_NO_PACK = 4 };
static const struct {
	const char *name;
	size_t      offset;
	uint8_t     how[AUTH__MAX];
} members[] = {
#define MEMBER(m) #m, offsetof(struct source_credential, m)
	{ MEMBER(token), { [AUTH_BEARER] = NEEDED } },
	{ MEMBER(user), { [AUTH_BASIC] = NEEDED } },
	{ MEMBER(password), { [AUTH_BASIC] = NEEDED } },
	{ MEMBER(name), { [AUTH_HEADER] = NEEDED | OF_NO_PACK } },
	{ MEMBER(value), { [AUTH_HEADER] = NEEDED } },
	{ MEMBER(token_url), { [AUTH_CLIENT_CREDENTIALS] = NEEDED | OF_NO_PACK } },
	{ MEMBER(scope), { [AUTH_CLIENT_CREDENTIALS] = ALLOWED | OF_NO_PACK } },
	{ MEMBER(alg), { [AUTH_CLIENT_CREDENTIALS] = ALLOWED | OF_NO_PACK } },
	{ MEMBER(client_id), { [AUTH_CLIENT_CREDENTIALS] = NEEDED } },
	{ MEMBER(client_secret), { [AUTH_CLIENT_CREDENTIALS] = ALLOWED } },
	{ MEMBER(certificate), { [AUTH_CLIENT_CREDENTIALS] = ALLOWED } },
	{ MEMBER(private_key), { [AUTH_CLIENT_CREDENTIALS] = ALLOWED } },
#undef MEMBER
};
#define MEMBERS (sizeof members / sizeof members[0])

static const char *
member_of(const struct source_credential *c, size_t i)
{
	const char *z;

	memcpy(&z, (const char *)c + members[i].offset, sizeof z);
	return z;
}

static bool
fault(TALLOC_CTX *mem, const char *at, const char *member, const char *what, struct err *e)
{
	const char *pointer = talloc_asprintf(mem, "%s/%s", at, member);

	return pointer == NULL ? err_memory(e) : err_fault(e, mem, pointer, "%s", what);
}

/* Of one line: it goes into a header field or a form. */
static bool
is_line(const char *z)
{
	return z == NULL || strpbrk(z, "\n\t\r") == NULL;
}

static bool
check_member(TALLOC_CTX *mem, const struct source_pack *pack, const struct source_credential *c,
    size_t i, const char *at, struct err *e)
{
	unsigned    how = members[i].how[source_auth_kind_of(pack, c)];
	const char *z = member_of(c, i);
	bool        pem = c->certificate == z || c->private_key == z;

	if ((how & OF_NO_PACK) != 0 && pack->auth != NULL)
		how = 0;
	if (z != NULL && how == 0)
		return fault(mem, at, members[i].name, "does not go with this kind", e);
	if (z == NULL && (how & NEEDED) != 0)
		return fault(mem, at, members[i].name, "is required", e);
	return z == NULL || pem || is_line(z) ||
	       fault(mem, at, members[i].name, "must be of one line", e);
}

static bool
takes_form(const struct source_pack *pack, const char *form)
{
	if (pack->auth == NULL)
		return true;
	if (pack->auth->forms.n == 0)
		return strcmp(form, "client_secret") == 0;
	return strings_have(pack->auth->forms, form);
}

static bool
check_client(TALLOC_CTX *mem, const struct source_pack *pack, const struct source_credential *c,
    const char *at, struct err *e)
{
	struct assertion_fault wrong;
	const char *url = c->token_url == NULL ? NULL : url_base_fault(str_of(c->token_url));

	if (url != NULL)
		return fault(mem, at, "token_url", url, e);
	if ((c->client_secret != NULL) == (c->certificate != NULL))
		return fault(
		    mem, at, "client_secret", "or certificate is required, one of them", e);
	if ((c->certificate != NULL) != (c->private_key != NULL))
		return fault(mem, at, "private_key", "goes with certificate, which needs it", e);
	if (c->client_secret != NULL)
		return takes_form(pack, "client_secret") ||
		       fault(mem, at, "client_secret", "is not taken by this pack", e);
	if (!takes_form(pack, "certificate"))
		return fault(mem, at, "certificate", "is not taken by this pack", e);
	wrong = assertion_fault(c->certificate, c->private_key);
	return wrong.what == NULL ||
	       fault(mem, at, wrong.key ? "private_key" : "certificate", wrong.what, e);
}

bool
source_auth_check(TALLOC_CTX *mem, const struct source_pack *pack,
    const struct source_credential *c, const char *at, struct err *e)
{
	if (c == NULL)
		return true;
	if (pack->auth != NULL && c->kind != NULL && strcmp(c->kind, pack->auth->kind) != 0)
		return fault(mem, at, "kind", "is another than that of the pack", e);
	if (pack->auth == NULL && c->kind == NULL)
		return fault(mem, at, "kind", "is required", e);
	for (size_t i = 0; i < MEMBERS; i++)
		if (!check_member(mem, pack, c, i, at, e))
			return false;
	return source_auth_kind_of(pack, c) != AUTH_CLIENT_CREDENTIALS ||
	       check_client(mem, pack, c, at, e);
}

/* ---- the field of a request ---- */

static bool
joined(TALLOC_CTX *mem, const char *before, const char *text, const char **out, struct err *e)
{
	struct buf b;

	buf_make_secret(&b, mem);
	buf_puts(&b, before);
	buf_puts(&b, text);
	*out = buf_text(&b, e);
	return *out != NULL;
}

static bool
basic(TALLOC_CTX *mem, const struct source_credential *c, const char **out, struct err *e)
{
	struct buf b;
	char      *coded;
	bool       ok;

	buf_make_secret(&b, mem);
	buf_puts(&b, c->user);
	buf_putc(&b, ':');
	buf_puts(&b, c->password);
	coded = buf_ok(&b) ? base64_print(mem, (const uint8_t *)b.p, b.n) : NULL;
	if (coded == NULL)
		return err_memory(e);
	secret_guard(coded);
	ok = joined(mem, "Basic ", coded, out, e);
	talloc_free(coded);
	talloc_free(b.p);
	return ok;
}

bool
source_auth_header(TALLOC_CTX *mem, const struct source_pack *pack,
    const struct source_credential *c, const char *token, const char **name, const char **value,
    struct err *e)
{
	*name = "Authorization";
	switch (source_auth_kind_of(pack, c)) {
	case AUTH_BEARER:
		return joined(mem, "Bearer ", c->token, value, e);
	case AUTH_BASIC:
		return basic(mem, c, value, e);
	case AUTH_CLIENT_CREDENTIALS:
		return joined(mem, "Bearer ", token, value, e);
	case AUTH_HEADER:
		*name = pack->auth != NULL ? pack->auth->header : c->name;
		return joined(mem, "", c->value, value, e);
	case AUTH_NONE:
	case AUTH__MAX:
		break;
	}
	*name = *value = NULL;
	return true;
}

/* ---- tokens ---- */

static void
form_add(struct buf *b, const char *name, const char *value)
{
	if (value == NULL)
		return;
	if (b->n > 0)
		buf_putc(b, '&');
	buf_puts(b, name);
	buf_putc(b, '=');
	buf_url(b, str_of(value));
}

static bool
add_assertion(
    TALLOC_CTX *mem, const struct auth_asking *a, struct buf *b, const char **proof, struct err *e)
{
	struct uuid            id = uuid_make(a->env->clock, a->env->rand);
	char                   jti[UUID_TEXT_MAX];
	const struct assertion made = {
		.alg = a->alg,
		.audience = a->url,
		.client_id = a->credential->client_id,
		.id = jti,
		.certificate = a->credential->certificate,
		.private_key = a->credential->private_key,
		.now_s = clock_ms(a->env->clock) / 1000,
	};
	char *text;

	uuid_print(&id, jti);
	text = assertion_make(mem, &made, e);
	if (text == NULL)
		return false;
	form_add(
	    b, "client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
	form_add(b, "client_assertion", text);
	*proof = text;
	return true;
}

bool
source_auth_ask(TALLOC_CTX *mem, const struct auth_asking *a, struct str *body, const char **proof,
    struct err *e)
{
	struct buf b;

	buf_make_secret(&b, mem);
	form_add(&b, "grant_type", "client_credentials");
	form_add(&b, "client_id", a->credential->client_id);
	form_add(&b, "scope", a->scope);
	form_add(&b, "client_secret", a->credential->client_secret);
	*proof = NULL;
	if (a->credential->certificate != NULL && !add_assertion(mem, a, &b, proof, e))
		return false;
	*body = buf_str(&b);
	return buf_ok(&b) || err_memory(e);
}

static bool
refuse_answer(const char *what, struct err *e)
{
	return err_set(e, ERR_INVALID, 0, what, "an answer of a token endpoint");
}

/* RFC 6749 section 5.1; the time it lives also as a text, as some give it.  An hour where it is not
 * said. */
static int64_t
lifetime(const struct json *answer)
{
	const struct json *v = json_get(answer, "expires_in");
	int64_t            s;

	if (v == NULL || (v->type != JSON_NUMBER && v->type != JSON_STRING) ||
	    !str_to_i64(v->text, &s) || s <= 0)
		return 3600;
	return s < 86400 ? s : 86400;
}

static bool
is_token(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= ' ' || (unsigned char)s.p[i] >= 0x7f)
			return false;
	return s.n > 0 && s.n <= TOKEN_MAX;
}

bool
source_auth_answer(TALLOC_CTX *mem, struct str body, struct auth_token *out, struct err *e)
{
	struct err         why = { 0 };
	const struct json *v = json_parse(mem, body, &why), *token, *type;

	if (v == NULL)
		return refuse_answer("The token endpoint answers something that is no JSON.", e);
	token = json_get(v, "access_token");
	type = json_get(v, "token_type");
	if (token == NULL || token->type != JSON_STRING || !is_token(token->text))
		return refuse_answer("The token endpoint answers without an access token.", e);
	if (type != NULL && (type->type != JSON_STRING || !str_caseeqz(type->text, "Bearer")))
		return refuse_answer(
		    "The token endpoint gives a token that is no bearer token.", e);
	out->lives_s = lifetime(v);
	out->token = secret_alloc(mem, token->text.n + 1);
	if (out->token == NULL)
		return err_memory(e);
	memcpy(out->token, token->text.p, token->text.n);
	out->token[token->text.n] = '\0';
	return true;
}

/* ---- what may be quoted of an answer ---- */

#define CODE_MAX 64
#define PART_MIN 4  /* bytes of a secret that are one by themselves */
#define RUN_MIN  12 /* bytes in common with a secret; looked for at every RUN_STEP */
#define RUN_STEP 4

static bool
is_code(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-",
			s.p[i]) == NULL ||
		    s.p[i] == '\0')
			return false;
	return s.n > 0 && s.n <= CODE_MAX;
}

static bool
is_within(struct str part, struct str whole)
{
	return part.n <= whole.n && memmem(whole.p, whole.n, part.p, part.n) != NULL;
}

/* One is in the other, or what they have in common is long. */
static bool
tells_of(struct str text, struct str secret)
{
	if (secret.n == 0)
		return false;
	if (is_within(secret, text) || (text.n >= PART_MIN && is_within(text, secret)))
		return true;
	for (size_t i = 0; i + RUN_MIN <= text.n; i += RUN_STEP)
		if (is_within((struct str) { text.p + i, RUN_MIN }, secret))
			return true;
	return false;
}

static bool
tells_any(struct str text, const struct auth_sent *s)
{
	bool tells = tells_of(text, str_of(s->token)) || tells_of(text, str_of(s->proof));

	for (size_t i = 0; s->credential != NULL && i < MEMBERS && !tells; i++)
		tells = tells_of(text, str_of(member_of(s->credential, i)));
	for (size_t i = 0; i < s->headers_n && !tells; i++)
		tells = tells_of(text, str_of(s->headers[i].value));
	return tells;
}

static uint32_t
sextet(char c)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	const char *at = strchr(digits, c);

	return at == NULL ? 0 : (uint32_t)(at - digits);
}

/* As base64 and base64url, with or without an end; what is neither counts as a zero, so that what
 * stands behind it is read. */
static size_t
decode(struct str s, char out[CODE_MAX])
{
	uint32_t bits = 0;
	size_t   n = 0;

	for (size_t i = 0; i < s.n; i++) {
		bits = bits << 6 | sextet(s.p[i]);
		if (i % 4 > 0)
			out[n++] = (char)(bits >> (6 - 2 * (i % 4)) & 0xff);
	}
	return n;
}

bool
source_auth_may_quote(const struct auth_sent *s, struct str text)
{
	char decoded[CODE_MAX];
	bool tells;

	if (!is_code(text))
		return false;
	tells = tells_any(text, s);
	for (size_t i = 0; i < 4 && i < text.n && !tells; i++) {
		const struct str from = { text.p + i, text.n - i };

		tells = tells_any((struct str) { decoded, decode(from, decoded) }, s);
	}
	secret_wipe(decoded, sizeof decoded);
	return !tells;
}
