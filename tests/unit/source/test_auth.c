/* How a source is told who asks: header fields, tokens, assertions, and what is said where it does
 * not believe it. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "core/json/json.h"
#include "tests/unit/mem.h"
#include "tests/unit/scripted.h"

#define BASE "https://a.example"
#define SOURCE                                                                                     \
	"{\"kind\":\"http\",\"parameters\":{\"base_url\":\"" BASE "\"},\"collections\":["          \
	"{\"category\":\"c\",\"path\":\"/c\",\"key\":\"id\"},"                                     \
	"{\"category\":\"d\",\"path\":\"/d\",\"key\":\"id\"}]}"
#define CLIENT                                                                                     \
	"{\"kind\":\"oauth2_client_credentials\",\"token_url\":\"" BASE "/token\","                \
	"\"client_id\":\"me\",\"client_secret\":\"s&cret!\",\"scope\":\"all\"}"
#define EMPTY       "[]"
#define TOKEN(t, s) "{\"token_type\":\"bearer\",\"expires_in\":" s ",\"access_token\":\"" t "\"}"

static bool
has(const struct strings *list, const char *what)
{
	return strings_have(*list, what);
}

static size_t
count(const struct strings *list, const char *what)
{
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++)
		n += strcmp(list->items[i], what) == 0;
	return n;
}

/* Of two collections, /c and /d: what is said of both, and what it comes to. */
static void
who_may_read_nothing_at_all_has_the_wrong_credential(void **state)
{
	static const char bearer[] = "{\"kind\":\"bearer\",\"token\":\"abc\"}";
	static const struct {
		const char *credential;
		int         c, d;
		bool        refused;
	} rows[] = {
		{ bearer, 401, 401, true }, { bearer, 403, 403, true }, { bearer, 403, 401, true },
		{ bearer, 401, 400, false }, /* something else is wrong too */
		{ bearer, 401, 404, false }, /* it was looked for, so it may */
		{ bearer, 403, 200, false },
		{ NULL, 401, 401, false }, /* there is none to be refused */
	};

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		const struct scripted script[] = { { BASE "/c", rows[i].c, EMPTY, NULL },
			{ BASE "/d", rows[i].d, EMPTY, NULL }, { 0 } };
		struct scripted_run   s = {
			  .mem = mem,
			  .source = SOURCE,
			  .credential = rows[i].credential,
			  .script = script,
		};

		assert_null(scripted_run(&s));
		assert_int_equal(s.end, rows[i].refused ? SOURCE_FAILED : SOURCE_DONE);
		if (rows[i].refused) {
			assert_int_equal(s.e.code, ERR_CREDENTIALS);
			assert_non_null(s.turn.remedy);
		}
	}
}

static void
each_kind_has_its_field(void **state)
{
	static const struct {
		const char *credential, *field;
	} rows[] = {
		{ "{\"kind\":\"bearer\",\"token\":\"abc\"}", "Authorization: Bearer abc" },
		{ "{\"kind\":\"basic\",\"user\":\"u\",\"password\":\"p:\"}",
		    "Authorization: Basic dTpwOg==" },
		{ "{\"kind\":\"header\",\"name\":\"X-Key\",\"value\":\"k\"}", "X-Key: k" },
	};
	const struct scripted script[] = { { BASE "/c", 200, EMPTY, NULL },
		{ BASE "/d", 200, EMPTY, NULL }, { 0 } };

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		struct scripted_run s = { .mem = mem,
			.source = SOURCE,
			.credential = rows[i].credential,
			.script = script };

		assert_null(scripted_run(&s));
		assert_int_equal(count(&s.headers, rows[i].field), 2);
		assert_true(has(&s.headers, "Accept: application/json"));
	}
}

static void
a_token_is_asked_for_once_and_again_before_its_end(void **state)
{
	const struct scripted script[] = { { BASE "/token", 200, TOKEN("t1", "\"3600\""), NULL },
		{ BASE "/token", 200, TOKEN("t2", "3600"), NULL },
		{ BASE "/c", 429, "", "Retry-After: 100" }, { BASE "/c", 200, EMPTY, NULL },
		{ BASE "/d", 401, "", "" }, { BASE "/d", 200, EMPTY, NULL }, { 0 } };
	struct scripted_run   s = {
		  .mem = mem, .source = SOURCE, .credential = CLIENT, .script = script
	};

	(void)state;
	assert_null(scripted_run(&s));
	assert_string_equal(scripted_told(&s), "c complete 0/1/2\nd complete 0/1/2");
	assert_int_equal(
	    count(&s.asked,
		"POST " BASE "/token grant_type=client_credentials&client_id=me&scope=all"
		"&client_secret=s%26cret%21"),
	    2);
	assert_true(has(&s.headers, "Authorization: Bearer t1"));
	assert_true(has(&s.headers, "Authorization: Bearer t2"));
}

static void
a_refusal_is_said_and_holds_no_secret(void **state)
{
	static const struct {
		int         status;
		const char *body, *told;
	} rows[] = {
		{ 400, "{\"error\":\"invalid_scope\",\"error_description\":\"no s&cret! there\"}",
		    "The source refuses the request (400). Its code: invalid_scope." },
		{ 401, "{\"error\":\"invalid_client\",\"error_description\":\"who?\"}",
		    "The source does not accept the credential (401). Its code: "
		    "invalid_client. Check the client's id and secret, or renew it." },
		{ 200, "{\"access_token\":\"a b\"}",
		    "The token endpoint answers without an access token." },
		{ 200, "{\"access_token\":\"a\",\"token_type\":\"mac\"}",
		    "The token endpoint gives a token that is no bearer token." },
		{ 503, "", "The source answers with an error of its own (503)." },
		{ 0, "Timed out.", "The source does not answer. Timed out." },
	};

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		const struct scripted script[] = {
			{ BASE "/token", rows[i].status, rows[i].body, NULL }, { 0 }
		};
		struct scripted_run s = {
			.mem = mem, .source = SOURCE, .credential = CLIENT, .script = script
		};

		assert_null(scripted_run(&s));
		assert_int_equal(s.end, SOURCE_FAILED);
		assert_string_equal(scripted_told(&s), rows[i].told);
		assert_int_equal(s.e.code, i < 4 ? ERR_CREDENTIALS : ERR_UNAVAILABLE);
	}
}

static void
what_is_no_credential_is_told_by_its_place(void **state)
{
	static const char *const rows[] = {
		"{\"kind\":\"bearer\"}",
		"{\"token\":\"x\"}",
		"{\"kind\":\"basic\",\"user\":\"u\",\"password\":\"p\",\"token\":\"t\"}",
		"{\"kind\":\"bearer\",\"token\":\"a\\nb\"}",
		"{\"kind\":\"oauth2_client_credentials\",\"token_url\":\"" BASE
		"/t\",\"client_id\":\"c\"}",
		"{\"kind\":\"oauth2_client_credentials\",\"client_id\":\"c\",\"client_secret\":"
		"\"s\"}",
		"{\"kind\":\"oauth2_client_credentials\",\"token_url\":\"" BASE
		"/t\",\"client_id\":\"c\",\"certificate\":\"x\",\"private_key\":\"y\"}",
		"{\"kind\":\"kerberos\"}",
		"[]",
		"",
	};
	static const char *const places[] = { "/token", "/kind", "/token", "/token",
		"/client_secret", "/token_url", "/certificate", "/kind", "", NULL };
	const struct scripted    script[] = { { 0 } };

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		struct scripted_run s = { .mem = mem, .source = SOURCE, .script = script };
		char               *source;

		if (places[i] == NULL)
			continue;
		source = talloc_asprintf(
		    mem, "%.*s,\"credential\":%s}", (int)strlen(SOURCE) - 1, SOURCE, rows[i]);
		s.source = source;
		assert_non_null(scripted_run(&s));
		assert_int_equal(s.e.code, ERR_INVALID);
		assert_string_equal(
		    s.e.faults->pointer, talloc_asprintf(mem, "/source/credential%s", places[i]));
	}
}

/* ---- assertions ---- */

static char *
pem_text(BIO *out)
{
	char *p;
	long  n = BIO_get_mem_data(out, &p);
	char *text = talloc_strndup(mem, p, (size_t)n);

	BIO_free(out);
	return text;
}

static void
make_certificate(EVP_PKEY *k, char **certificate, char **private_key)
{
	X509 *x = X509_new();
	BIO  *out = BIO_new(BIO_s_mem());

	X509_gmtime_adj(X509_getm_notBefore(x), 0);
	X509_gmtime_adj(X509_getm_notAfter(x), 86400);
	assert_int_equal(X509_set_pubkey(x, k), 1);
	assert_true(X509_sign(x, k, EVP_sha256()) > 0);
	assert_int_equal(PEM_write_bio_X509(out, x), 1);
	*certificate = pem_text(out);
	out = BIO_new(BIO_s_mem());
	assert_int_equal(PEM_write_bio_PrivateKey(out, k, NULL, NULL, 0, NULL, NULL), 1);
	*private_key = pem_text(out);
	X509_free(x);
}

static bool
is_signed(EVP_PKEY *k, bool pss, struct str text, struct str signature)
{
	uint8_t       sig[512];
	size_t        n;
	EVP_MD_CTX   *md = EVP_MD_CTX_new();
	EVP_PKEY_CTX *c;
	bool          ok;

	assert_true(base64url_parse(signature, sig, sizeof sig, &n));
	assert_int_equal(EVP_DigestVerifyInit(md, &c, EVP_sha256(), NULL, k), 1);
	if (pss) {
		assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(c, RSA_PKCS1_PSS_PADDING), 1);
		assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(c, RSA_PSS_SALTLEN_DIGEST), 1);
	}
	ok = EVP_DigestVerify(md, sig, n, (const uint8_t *)text.p, text.n) == 1;
	EVP_MD_CTX_free(md);
	return ok;
}

static const struct json *
part(struct str coded)
{
	uint8_t   *p = talloc_size(mem, coded.n + 1);
	size_t     n;
	struct err e = { 0 };

	assert_true(base64url_parse(coded, p, coded.n, &n));
	return json_parse(mem, (struct str) { (char *)p, n }, &e);
}

static void
check_assertion(EVP_PKEY *k, const char *alg, const char *text)
{
	struct str         all = str_of(text), head, claims, rest = str_cut(all, '.', &head);
	const struct json *h = part(head), *c;

	rest = str_cut(rest, '.', &claims);
	c = part(claims);
	assert_true(str_eqz(json_get(h, "alg")->text, alg));
	assert_int_equal(json_get(h, "x5t#S256")->text.n, 43);
	assert_true(str_eqz(json_get(c, "aud")->text, BASE "/token"));
	assert_true(str_eqz(json_get(c, "iss")->text, "me"));
	assert_true(str_eqz(json_get(c, "sub")->text, "me"));
	assert_true(str_eqz(json_get(c, "exp")->text, "1796000600"));
	assert_int_equal(json_get(c, "jti")->text.n, 36);
	assert_true(is_signed(
	    k, strcmp(alg, "PS256") == 0, (struct str) { text, head.n + 1 + claims.n }, rest));
}

/* A piece of the assertion that comes back as a code. */
static void
check_unquoted(const struct scripted_run *from, const char *piece)
{
	const char           *body = talloc_asprintf(mem, "{\"error\":\"%s\"}", piece);
	const struct scripted script[] = { { BASE "/token", 400, body, NULL }, { 0 } };
	struct scripted_run   s = {
		  .mem = mem, .source = SOURCE, .credential = from->credential, .script = script
	};

	assert_null(scripted_run(&s));
	assert_string_equal(scripted_told(&s), "The source refuses the request (400).");
}

static void
a_client_with_a_certificate_signs_what_it_asks_with(void **state)
{
	static const char *const algs[] = { "RS256", "PS256" };
	const struct scripted    script[] = { { BASE "/token", 200, TOKEN("t", "60"), NULL },
		   { BASE "/c", 200, EMPTY, NULL }, { BASE "/d", 200, EMPTY, NULL }, { 0 } };
	EVP_PKEY                *k = EVP_RSA_gen(2048);
	char                    *certificate, *private_key;
	struct buf               b;

	(void)state;
	make_certificate(k, &certificate, &private_key);
	for (size_t i = 0; i < LEN(algs); i++) {
		struct scripted_run s = { .mem = mem, .source = SOURCE, .script = script };
		const char         *at;

		buf_make(&b, mem);
		buf_puts(&b, "{\"kind\":\"oauth2_client_credentials\",\"token_url\":\"" BASE
			     "/token\",\"client_id\":\"me\",\"alg\":");
		buf_json(&b, str_of(algs[i]));
		buf_puts(&b, ",\"certificate\":");
		buf_json(&b, str_of(certificate));
		buf_puts(&b, ",\"private_key\":");
		buf_json(&b, str_of(private_key));
		buf_puts(&b, "}");
		s.credential = buf_str(&b).p;
		assert_null(scripted_run(&s));
		assert_int_equal(s.end, SOURCE_DONE);
		at = strstr(s.asked.items[0], "&client_assertion=");
		assert_non_null(at);
		at += strlen("&client_assertion=");
		check_assertion(k, algs[i], at);
		/* of its header, for what follows is another each time */
		check_unquoted(&s, talloc_strndup(mem, at + strcspn(at, ".") - 40, 40));
	}
	EVP_PKEY_free(k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_kind_has_its_field),
		TEST(who_may_read_nothing_at_all_has_the_wrong_credential),
		TEST(a_token_is_asked_for_once_and_again_before_its_end),
		TEST(a_refusal_is_said_and_holds_no_secret),
		TEST(what_is_no_credential_is_told_by_its_place),
		TEST(a_client_with_a_certificate_signs_what_it_asks_with),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
