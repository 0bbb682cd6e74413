/* What people are told of an answer that sends back what it was sent, or says what it keeps. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "drift/source/auth.h"
#include "tests/unit/mem.h"
#include "tests/unit/scripted.h"

#define BASE "https://a.example"
#define SOURCE(headers)                                                                            \
	"{\"kind\":\"http\",\"parameters\":{\"base_url\":\"" BASE "\"" headers                     \
	"},\"collections\":[{\"category\":\"c\",\"path\":\"/c\",\"key\":\"id\",\"items\":\"/"      \
	"v\"}]}"
#define CLIENT(secret)                                                                             \
	"{\"kind\":\"oauth2_client_credentials\",\"token_url\":\"" BASE "/token\","                \
	"\"client_id\":\"me~\",\"client_secret\":\"" secret "\"}"

/* ---- what is secret, in which form ---- */

struct secret {
	const char *source, *credential, *asked; /* the URL whose answer quotes it */
	const char *text;
};
static const struct secret secrets[] = {
	{ SOURCE(""), "{\"kind\":\"bearer\",\"token\":\"TOKENVALUE123\"}", BASE "/c",
	    "TOKENVALUE123" },
	{ SOURCE(""), "{\"kind\":\"bearer\",\"token\":\"t0k\"}", BASE "/c", "t0k" },
	{ SOURCE(""), "{\"kind\":\"basic\",\"user\":\"svc\",\"password\":\"p/s \\\"+w\"}",
	    BASE "/c", "p/s \"+w" },
	{ SOURCE(""), "{\"kind\":\"basic\",\"user\":\"svc\",\"password\":\"plain\"}", BASE "/c",
	    "svc:plain" },
	{ SOURCE(""), "{\"kind\":\"header\",\"name\":\"X-Key\",\"value\":\"k.1_2-3\"}", BASE "/c",
	    "k.1_2-3" },
	{ SOURCE(",\"headers\":{\"X-A\":\"yes\",\"X-Subscription\":\"SEEKRIT\"}"), NULL, BASE "/c",
	    "SEEKRIT" },
	{ SOURCE(""), CLIENT("s&c\\\\ret!"), BASE "/token", "s&c\\ret!" },
	{ SOURCE(""), CLIENT("CLIENTSECRETVALUE"), BASE "/token", "CLIENTSECRETVALUE" },
	{ SOURCE(""), CLIENT("CLIENTSECRETVALUE"), BASE "/c", "ISSUED-TOKEN" },
};

static char *
as_it_stands(const char *z)
{
	return talloc_strdup(mem, z);
}

static char *
as_base64(const char *z)
{
	return base64_print(mem, (const uint8_t *)z, strlen(z));
}

static char *
as_base64_without_end(const char *z)
{
	char *text = as_base64(z);

	text[strcspn(text, "=")] = '\0';
	return text;
}

static char *
as_base64url(const char *z)
{
	char *text = as_base64_without_end(z);

	for (char *p = text; *p != '\0'; p++)
		*p = *p == '+' ? '-' : *p == '/' ? '_' : *p;
	return text;
}

/* Of something that begins with the secret's neighbour, as what was sent does. */
static char *
as_base64_within(const char *z)
{
	return as_base64url(talloc_asprintf(mem, "a:%s:b", z));
}

static char *
as_base64_behind(const char *z)
{
	return talloc_asprintf(mem, "bad.x-%s", as_base64url(z));
}

static char *
as_percent(const char *z)
{
	struct buf b;

	buf_make(&b, mem);
	buf_url(&b, str_of(z));
	return buf_str(&b).n > 0 ? talloc_strndup(mem, b.p, b.n) : NULL;
}

static char *
as_json(const char *z)
{
	struct buf b;

	buf_make(&b, mem);
	buf_json(&b, str_of(z));
	return talloc_strndup(mem, b.p + 1, b.n - 2);
}

static char *
as_a_sentence(const char *z)
{
	return talloc_asprintf(mem, "sent: Bearer %s", z);
}

static char *
as_a_part(const char *z)
{
	return talloc_asprintf(mem, "rejected_%s.", z);
}

static char *(*const forms[])(const char *) = { as_it_stands, as_base64, as_base64_without_end,
	as_base64url, as_base64_within, as_base64_behind, as_percent, as_json, as_a_sentence,
	as_a_part };

/* ---- where an answer quotes it ---- */

struct place {
	int         status;
	const char *before, *behind; /* around a JSON text */
};
static const struct place places[] = {
	{ 400, "{\"error\":", "}" },
	{ 400, "{\"code\":", "}" },
	{ 401, "{\"error\":{\"code\":", "}}" },
	{ 403, "{\"message\":", "}" },
	{ 403, "{\"error\":{\"message\":", "}}" },
	{ 409, "{\"error\":7,\"error_description\":", "}" },
	{ 404, "{\"detail\":", "}" },
	{ 429, "{\"code\":", "}" },
	{ 503, "{\"error\":", "}" },
	{ 302, "{\"error\":", "}" },
	{ 200, "{\"code\":", "}" },
	{ 200, "{\"x\":1,\"v\":[{\"id\":1}],\"x\":", "}" },
	{ 200, "{\"error\":{", ":{\"a\":1,\"a\":2}}}" }, /* the way to a fault */
	{ 200, "{\"v\":[{\"id\":1},{\"id\":", "},null]}" },
};

static const char *
told(const struct secret *x, const struct place *p, const char *text)
{
	struct buf            b;
	struct scripted_run   s = { .mem = mem, .source = x->source, .credential = x->credential };
	const struct scripted token = { BASE "/token", 200, "{\"access_token\":\"ISSUED-TOKEN\"}",
		NULL };
	struct scripted       script[3] = { { x->asked, p->status, NULL, NULL } };

	buf_make(&b, mem);
	buf_puts(&b, p->before);
	buf_json(&b, str_of(text));
	buf_puts(&b, p->behind);
	script[0].body = buf_str(&b).n > 0 ? talloc_strndup(mem, b.p, b.n) : NULL;
	script[1] = strcmp(x->asked, token.url) != 0 ? token : (struct scripted) { 0 };
	s.script = script;
	assert_null(scripted_run(&s));
	buf_make(&b, mem);
	buf_puts(&b, s.end == SOURCE_FAILED ? s.e.pub : "");
	for (size_t i = 0; i < s.progress.n; i++) {
		buf_puts(
		    &b, s.progress.collections[i].why != NULL ? s.progress.collections[i].why : "");
		buf_puts(&b, s.progress.collections[i].remedy != NULL
				 ? s.progress.collections[i].remedy
				 : "");
	}
	buf_puts(&b, s.turn.remedy != NULL ? s.turn.remedy : "");
	assert_true(b.n > 0);
	return talloc_strndup(mem, b.p, b.n);
}

/* All that is said is what is said where the answer holds a sentence that nobody sent. */
static void
nothing_that_was_sent_comes_back_from_any_place_in_any_form(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(secrets); i++)
		for (size_t k = 0; k < LEN(places); k++) {
			const char *plain = told(&secrets[i], &places[k], "no code");

			for (size_t f = 0; f < LEN(forms); f++) {
				const char *sent = forms[f](secrets[i].text);
				const char *is = told(&secrets[i], &places[k], sent);
				size_t      n = strcspn(plain, "0123456789");

				/* of a fault in JSON, where it stands depends on the text */
				if (strstr(plain, "no JSON") == NULL
					? strcmp(is, plain) != 0
					: strncmp(is, plain, n) != 0 || strstr(is, sent) != NULL)
					fail_msg("%s at %d %s: %s", sent, places[k].status,
					    places[k].before, is);
			}
		}
}

static void
a_code_is_told_and_a_sentence_is_not(void **state)
{
	static const struct {
		struct place place;
		const char  *text, *told;
	} rows[] = {
		{ { 400, "{\"error\":", "}" }, "invalid_scope",
		    "The source refuses the request (400). Its code: invalid_scope." },
		{ { 409, "{\"error\":{\"message\":\"no\",\"code\":", "}}" },
		    "Authorization_RequestDenied",
		    "The source refuses the request (409). Its code: "
		    "Authorization_RequestDenied." },
		{ { 400, "{\"error\":\"a sentence here\",\"code\":", "}" }, "E-17.3",
		    "The source refuses the request (400). Its code: E-17.3." },
		{ { 400, "{\"message\":", "}" }, "mail.password=TOPSECRETVALUE is weak",
		    "The source refuses the request (400)." },
		{ { 400, "{\"message\":", "}" }, "TOPSECRETVALUE",
		    "The source refuses the request (400)." },
		{ { 400, "{\"code\":", "}" }, "two\nlines",
		    "The source refuses the request (400)." },
		{ { 400, "{\"code\":", "}" },
		    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
		    "The source refuses the request (400)." },
		{ { 200, "{\"code\":", "}" }, "VALUE-OF-A-200",
		    "The source answers with an error in the place of what was asked for." },
		{ { 200, "{\"v\":[{\"id\":\"DUP\"},{\"id\":\"DUP\"},{\"id\":", "}]}" }, "DUP",
		    "2 items have the keys of others, and were left out." },
	};

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++)
		assert_string_equal(told(&secrets[0], &rows[i].place, rows[i].text), rows[i].told);
}

/* An assertion and a key are longer than a code: no piece of them is one, wherever it is cut out.
 */
static void
no_piece_of_a_long_secret_is_a_code(void **state)
{
	char                          *text = talloc_size(mem, 401);
	const struct source_credential c = { .private_key = text };
	const struct auth_sent         by[] = { { .proof = text }, { .credential = &c },
			{ .token = text } };

	(void)state;
	for (int i = 0; i < 400; i++)
		text[i] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
			  "."[(unsigned)i * (unsigned)i * 31 % 65];
	text[400] = '\0';
	for (size_t k = 0; k < LEN(by); k++) {
		for (size_t at = 0; at + 64 <= 400; at++)
			for (size_t n = 4; n <= 64; n += 12)
				assert_false(
				    source_auth_may_quote(&by[k], (struct str) { text + at, n }));
		for (size_t at = 0; at + 18 <= 400; at++) {
			const char *piece = talloc_strndup(mem, text + at, 18);

			assert_false(source_auth_may_quote(&by[k], str_of(as_a_part(piece))));
			assert_false(
			    source_auth_may_quote(&by[k], str_of(as_base64_within(piece))));
		}
		assert_true(source_auth_may_quote(&by[k], STR("invalid_client")));
	}
	assert_false(source_auth_may_quote(&by[0], STR("")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_that_was_sent_comes_back_from_any_place_in_any_form),
		TEST(a_code_is_told_and_a_sentence_is_not),
		TEST(no_piece_of_a_long_secret_is_a_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
