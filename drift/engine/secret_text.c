/* secret.h: secrets by their content. */
#include <string.h>

#include "core/base/scan.h"
#include "drift/engine/glob.h"
#include "drift/engine/secret_priv.h"

#define USERINFO_LOOK 512 /* bytes of user and password */
#define HASH_LOOK     200 /* first bytes of a hash that must look like one */
#define TOKEN_LEAST   4   /* bytes behind a prefix */
#define AKIA_LEAST    12

/* ---- kinds of bytes ---- */

/* token68 of RFC 9110. */
static bool
is_token68(char c)
{
	return is_token(c) || c == '.' || c == '~' || c == '+' || c == '/' || c == '=';
}

static bool
is_akia(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool
begins_word(struct str s, size_t at)
{
	return at == 0 || !(is_alnum(s.p[at - 1]) || s.p[at - 1] == '_');
}

/* ---- tokens with a prefix ---- */

static bool
find_prefix(struct str s, size_t at, struct str prefix, struct secret_part *out)
{
	if (!stands(s, at, prefix) || !begins_word(s, at))
		return false;
	*out = (struct secret_part) { at, run(s, at + prefix.n, is_token) };
	return out->to - at - prefix.n >= TOKEN_LEAST;
}

static bool
find_g(struct str s, size_t at, struct secret_part *out)
{
	return begins_word(s, at) && (find_prefix(s, at, STR("ghp_"), out) ||
					 find_prefix(s, at, STR("github_pat_"), out) ||
					 find_prefix(s, at, STR("glpat-"), out));
}

static bool
find_x(struct str s, size_t at, struct secret_part *out)
{
	return find_prefix(s, at, STR("xoxa-"), out) || find_prefix(s, at, STR("xoxb-"), out) ||
	       find_prefix(s, at, STR("xoxp-"), out);
}

static bool
find_k(struct str s, size_t at, struct secret_part *out)
{
	return at > 0 && s.p[at - 1] == 's' && find_prefix(s, at - 1, STR("sk_live_"), out);
}

/* "eyJ" is a JSON object in base64url: three such parts, or five of an encrypted one. */
static bool
find_jwt(struct str s, size_t at, struct secret_part *out)
{
	size_t from = at - 2, end, dots = 0;

	if (at < 2 || !stands(s, from, STR("eyJ")) ||
	    (from > 0 && (is_token(s.p[from - 1]) || s.p[from - 1] == '.')))
		return false;
	for (end = run(s, from, is_token); end < s.n && s.p[end] == '.'; dots++)
		end = run(s, end + 1, is_token);
	*out = (struct secret_part) { from, end };
	return dots >= 2;
}

/* ---- keys ---- */

/* "-----BEGIN RSA PRIVATE KEY-----"; `at`: the K. */
static bool
find_pem(struct str s, size_t at, struct secret_part *out)
{
	struct str  rest = { s.p + at, s.n - at };
	size_t      from, least = at > KEY_LOOK ? at - KEY_LOOK : 0;
	const char *end;

	if (at < 8 || !stands(s, at, STR("KEY")) || !stands(s, at - 8, STR("PRIVATE ")))
		return false;
	for (from = at - 8; from > least && (is_akia(s.p[from - 1]) || s.p[from - 1] == ' ');
	     from--)
		continue;
	if (from < 4 || !stands(s, from - 4, STR("----")) ||
	    memmem(s.p + from, at - from, "BEGIN", 5) == NULL)
		return false;
	while (from > least && s.p[from - 1] == '-')
		from--;
	*out = (struct secret_part) { from, s.n };
	end = memmem(rest.p, rest.n, "---END", 6);
	end = end != NULL ? end : memmem(rest.p, rest.n, "--- END", 7);
	if (end == NULL)
		return true;
	rest = (struct str) { end + 7, s.n - (size_t)(end + 7 - s.p) };
	end = memmem(rest.p, rest.n, "----", 4);
	while (end != NULL && end < s.p + s.n && *end == '-')
		end++;
	out->to = end != NULL ? (size_t)(end - s.p) : s.n;
	return true;
}

static bool
find_K(struct str s, size_t at, struct secret_part *out)
{
	if (at == 0 || s.p[at - 1] != 'A')
		return find_pem(s, at, out);
	*out = (struct secret_part) { at - 1, run(s, at - 1, is_akia) };
	return begins_word(s, at - 1) && stands(s, at, STR("KIA")) &&
	       out->to - out->from >= 4 + AKIA_LEAST;
}

/* ---- hashes of passwords ---- */

static bool
is_hash(char c)
{
	return is_alnum(c) || c == '$' || c == '.' || c == '/' || c == '=' || c == ',' ||
	       c == '+' || c == '-' || c == '_';
}

/* "$6$salt$hash": one part more behind the first, and something in it. */
static bool
find_hash(struct str s, size_t at, struct secret_part *out)
{
	static const char *const kinds[] = { "$1$", "$2a$", "$2b$", "$2x$", "$2y$", "$5$", "$6$",
		"$y$", "$argon2i$", "$argon2d$", "$argon2id$" };
	struct str               head = { s.p + at, s.n - at };
	const char              *more = NULL;
	size_t                   n = 0;

	if (at > 0 && (is_alnum(s.p[at - 1]) || s.p[at - 1] == '$'))
		return false;
	for (size_t i = 0; n == 0 && i < sizeof kinds / sizeof *kinds; i++)
		n = str_starts(head, kinds[i]) ? strlen(kinds[i]) : 0;
	if (n == 0)
		return false;
	head.n = head.n > HASH_LOOK ? HASH_LOOK : head.n;
	head.n = run(head, n, is_hash);
	more = memchr(head.p + n, '$', head.n - n);
	if (more == NULL || more == head.p + n || (size_t)(head.p + head.n - more) <= TOKEN_LEAST)
		return false;
	*out = (struct secret_part) { at, run(s, at, is_hash) };
	return true;
}

/* ---- URLs ---- */

/* Or the end of an address in brackets. */
static bool
is_port(struct str s, size_t from, size_t to)
{
	return run(s, from, is_digit) >= to || s.p[to - 1] == ']';
}

/* "scheme://user:password@host"; `at`: the colon.  A `/` within the password is one of it, unless
 * it ends what may be a port. */
bool
secret_find_userinfo(struct str s, size_t at, struct secret_part *out)
{
	size_t colon = 0, host = 0;

	if (!stands(s, at, STR("://")) || at == 0 || !is_alnum(s.p[at - 1]))
		return false;
	for (size_t i = at + 3; i < s.n; i++) {
		char c = s.p[i];

		if (is_blank(c) || is_quote(c) || i - at > USERINFO_LOOK)
			break;
		if (c == '/' && (host > 0 || colon == 0 || is_port(s, colon + 1, i)))
			break;
		if (c == ':' && colon == 0)
			colon = i;
		if (c == '@')
			host = i;
	}
	*out = (struct secret_part) { colon + 1, host };
	return colon > 0 && host > colon + 1 &&
	       !secret_is_none((struct str) { s.p + colon + 1, host - colon - 1 });
}

/* ---- Authorization ---- */

/* Words that follow "Bearer" in sentences. */
static bool
is_ordinary(struct str s)
{
	static const char *const words[] = { "token", "tokens", "auth", "authentication",
		"authorization", "scheme", "format", "only", "realm", "methods" };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (s.n == strlen(words[i]) && text_same(true, s.p, words[i], s.n))
			return true;
	return false;
}

/* A digit, an upper letter behind a lower one, or very long: no word. */
static bool
is_random(struct str s)
{
	for (size_t i = 0; i < s.n && i < HASH_LOOK; i++)
		if ((s.p[i] >= '0' && s.p[i] <= '9') || s.p[i] == '+' || s.p[i] == '=' ||
		    (i > 0 && s.p[i] >= 'A' && s.p[i] <= 'Z' && s.p[i - 1] >= 'a' &&
			s.p[i - 1] <= 'z'))
			return true;
	return s.n >= 20;
}

/* Base64 of "user:password", or at least no word. */
static bool
is_basic(struct str s)
{
	uint8_t out[HASH_LOOK];
	size_t  n;

	if (s.n < 4 || s.n % 4 != 0)
		return false;
	if (s.n <= sizeof out && base64_parse(s, out, sizeof out, &n) && n > 0 &&
	    memchr(out, ':', n) != NULL)
		return true;
	return s.n >= 8 && is_random(s);
}

static bool
find_b(struct str s, size_t at, struct secret_part *out)
{
	bool       begins = begins_word(s, at) && s.n - at > 6;
	bool       bearer = begins && s.n - at > 7 && text_same(true, s.p + at, "bearer ", 7);
	bool       basic = begins && !bearer && text_same(true, s.p + at, "basic ", 6);
	size_t     from = at + (bearer ? 7 : 6), to;
	struct str token;

	if (!bearer && !basic)
		return false;
	while (from < s.n && s.p[from] == ' ')
		from++;
	to = run(s, from, is_token68);
	token = (struct str) { s.p + from, to - from };
	*out = (struct secret_part) { from, to };
	if (basic)
		return is_basic(token);
	/* a header's value, or within a sentence */
	return at == 0 && to == s.n ? token.n > 0 && !is_ordinary(token) && !secret_is_none(token)
				    : token.n >= TOKEN_LEAST && is_random(token);
}

/* ---- all of them ---- */

#define SIGNS(X)                                                                                   \
	X('=', secret_find_pair)                                                                   \
	X('$', find_hash)                                                                          \
	X(':', secret_find_colon)                                                                  \
	X('>', secret_find_element)                                                                \
	X('-', secret_find_flag)                                                                   \
	X('J', find_jwt)                                                                           \
	X('K', find_K)                                                                             \
	X('k', find_k)                                                                             \
	X('B', find_b)                                                                             \
	X('b', find_b)                                                                             \
	X('g', find_g)                                                                             \
	X('x', find_x)
static secret_find_fn *const finders[256] = {
#define X(sign, find) [sign] = find,
	SIGNS(X)
#undef X
};
static const bool signs[256] = {
#define X(sign, find) [sign] = true,
	SIGNS(X)
#undef X
};

/* What lies between a sign and its secret may hold another: both are one then, since signs that
 * were passed are not looked at again. */
static void
take_earlier(struct str text, size_t from, size_t sign, struct secret_part *out)
{
	const unsigned char *p = (const unsigned char *)text.p;
	struct secret_part   other;

	for (size_t i = sign + 1; i < out->from; i++) {
		if (!signs[p[i]] || !finders[p[i]](text, i, &other) || other.from < from ||
		    other.from >= out->from)
			continue;
		out->from = other.from;
		out->to = other.to > out->to ? other.to : out->to;
	}
}

static inline scan_bytes
are_alnum(scan_bytes v)
{
	scan_bytes lower = v | 0x20;

	return ((lower >= 'a') & (lower <= 'z')) | ((v >= '0') & (v <= '9'));
}

/* Of many bytes at a time those that are signs, and stand between what their finders want to see
 * there; p[-1] is read too, and one byte behind them. */
static inline unsigned
signs_of(const char *p)
{
	scan_bytes v = scan_load(p), before = scan_load(p - 1), next = scan_load(p + 1);
	scan_bytes lower = v | 0x20, then = next | 0x20;

	return scan_mask((v == '=') | (v == '$') | (v == ':') | (v == '>') | (v == 'J') |
			 ((v == '-') & (~are_alnum(before) | (next == 'S'))) |
			 ((lower == 'k') & ((next == '_') | (next == 'E') | (next == 'I'))) |
			 ((lower == 'b') & ((then == 'e') | (then == 'a'))) |
			 ((v == 'g') & ((next == 'h') | (next == 'i') | (next == 'l'))) |
			 ((v == 'x') & (next == 'o')));
}

/* The next byte from `at` on that may be the sign of a secret; text.n: there is none. */
static size_t
next_sign(struct str text, size_t at)
{
	const char *p = text.p;
	unsigned    found;

	if (at == 0 && text.n > 0 && !signs[(unsigned char)p[at]])
		at++;
	for (; at > 0 && text.n - at > SCAN_BYTES; at += SCAN_BYTES) {
		found = signs_of(p + at);
		if (found != 0)
			return at + (size_t)__builtin_ctz(found);
	}
	if (at > SCAN_BYTES &&
	    at + 1 < text.n) { /* the last of them once more, but for the last byte */
		size_t from = text.n - SCAN_BYTES - 1;

		found = signs_of(p + from) >> (at - from);
		if (found != 0)
			return at + (size_t)__builtin_ctz(found);
		at = text.n - 1;
	}
	while (at < text.n && !signs[(unsigned char)p[at]])
		at++;
	return at;
}

bool
secret_next(struct str text, size_t from, struct secret_part *out)
{
	for (size_t at = next_sign(text, from); at < text.n; at = next_sign(text, at + 1)) {
		if (!finders[(unsigned char)text.p[at]](text, at, out) || out->from < from)
			continue;
		take_earlier(text, from, at, out);
		return true;
	}
	return false;
}
