/* secret.h: secrets by their content. */
#include <string.h>

#include "core/base/scan.h"
#include "drift/engine/glob.h"
#include "drift/engine/secret.h"

#define KEY_LOOK      64  /* bytes in front of a `=` that may be a name */
#define USERINFO_LOOK 512 /* bytes of user and password */
#define HASH_LOOK     200 /* first bytes of a hash that must look like one */
#define TOKEN_LEAST   4   /* bytes behind a prefix */
#define AKIA_LEAST    12

/* Finds the secret that the byte at `at` is the sign of; most bytes are the sign of none. */
typedef bool find_fn(struct str s, size_t at, struct secret_part *out);

/* ---- kinds of bytes ---- */

static bool
is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool
is_quote(char c)
{
	return c == '"' || c == '\'' || c == '`' || c == '<' || c == '>';
}

/* base64url and what prefixes are joined with. */
static bool
is_token(char c)
{
	return is_alnum(c) || c == '_' || c == '-';
}

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

static bool
stands(struct str s, size_t at, struct str what)
{
	return s.n - at >= what.n && memcmp(s.p + at, what.p, what.n) == 0;
}

static size_t
run(struct str s, size_t at, bool (*is)(char))
{
	while (at < s.n && is(s.p[at]))
		at++;
	return at;
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
static bool
find_userinfo(struct str s, size_t at, struct secret_part *out)
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

/* ---- name=value ---- */

static bool
is_key(char c)
{
	return is_token(c) || c == '.';
}

/* How a value ends. */
enum list { LIST_NONE, LIST_SEMICOLONS, LIST_WORDS, LIST_QUERY, LIST_LINE };

static bool
in_query(struct str s, size_t word)
{
	return word > 0 && (s.p[word - 1] == '?' || s.p[word - 1] == '&' ||
			       (word >= 5 && stands(s, word - 5, STR("&amp;"))));
}

/* Is what stands in front of the `=` the name of a secret, and in what list? */
static enum list
list_of(struct str s, size_t equals)
{
	size_t least = equals > KEY_LOOK ? equals - KEY_LOOK : 0, end = equals, word, before;

	while (end > least && (s.p[end - 1] == ' ' || s.p[end - 1] == '\t'))
		end--;
	for (word = end; word > least && is_key(s.p[word - 1]); word--)
		continue;
	for (before = word; before > least && s.p[before - 1] == ' '; before--)
		continue;
	if (secret_name((struct str) { s.p + word, end - word }) != SECRET_NAME_NONE) {
		char c = before == 0 ? ';' : s.p[before - 1];

		if (in_query(s, word))
			return LIST_QUERY;
		return c == ';' || c == '\n' ? LIST_SEMICOLONS : LIST_WORDS;
	}
	if (end - word == 3 && text_same(true, s.p + word, "sig", 3) && in_query(s, word))
		return LIST_QUERY;
	while (before > least && (is_key(s.p[before - 1]) || s.p[before - 1] == ' '))
		before--;
	return secret_name((struct str) { s.p + before, end - before }) != SECRET_NAME_NONE
		   ? LIST_SEMICOLONS
		   : LIST_NONE;
}

static bool
ends(enum list list, char c)
{
	if (list == LIST_LINE)
		return c == '\n' || c == '\r';
	if (list == LIST_SEMICOLONS)
		return c == ';' || c == '\n' || c == '\r';
	return is_blank(c) || is_quote(c) || (list == LIST_QUERY && (c == '&' || c == '#'));
}

/* Where a value in quotes ends, `from` behind the first: a quote that stands twice or behind a
 * backslash is one of it, and so is a brace that stands twice. */
static size_t
quoted_end(struct str s, size_t from, char quote)
{
	for (; from < s.n; from++) {
		if (s.p[from] == '\\' && quote != '}')
			from++;
		else if (s.p[from] == quote && (from + 1 == s.n || s.p[from + 1] != quote))
			return from;
		else if (s.p[from] == quote)
			from++;
	}
	return s.n;
}

/* The quote that ends what begins so; 0: none. */
static char
closing(char c, enum list list)
{
	return c == '"' || c == '\'' ? c : c == '{' && list == LIST_SEMICOLONS ? '}' : '\0';
}

/* The value that begins at `from`. */
static bool
value_part(struct str s, size_t from, enum list list, struct secret_part *out)
{
	char   quote = from < s.n ? closing(s.p[from], list) : '\0';
	size_t to;

	if (quote != '\0') {
		to = quoted_end(s, ++from, quote);
	} else {
		for (to = from; to < s.n && !ends(list, s.p[to]); to++)
			continue;
	}
	*out = (struct secret_part) { from, to };
	while (out->to > from && s.p[out->to - 1] == ' ')
		out->to--;
	return !secret_is_none((struct str) { s.p + from, out->to - from });
}

/* Is what stands in quotes in front of `at` the name of a secret?  *slash: the quotes are those of
 * a text in a text. */
static bool
quoted_name(struct str s, size_t at, bool *slash)
{
	size_t least = at > KEY_LOOK ? at - KEY_LOOK : 0, end = at, word;
	char   quote;

	while (end > least && s.p[end - 1] == ' ')
		end--;
	quote = end > least ? s.p[end - 1] : '\0';
	if (quote != '"' && quote != '\'')
		return false;
	end--;
	*slash = end > least && s.p[end - 1] == '\\';
	end -= *slash;
	for (word = end; word > least && (is_key(s.p[word - 1]) || s.p[word - 1] == ' '); word--)
		continue;
	return word > 0 && s.p[word - 1] == quote &&
	       secret_name((struct str) { s.p + word, end - word }) != SECRET_NAME_NONE;
}

/* The value of a quoted name, if it is in quotes too. */
static bool
quoted_value(struct str s, size_t from, bool slash, struct secret_part *out)
{
	while (from < s.n && s.p[from] == ' ')
		from++;
	if (!slash)
		return from < s.n && closing(s.p[from], LIST_NONE) != '\0' &&
		       value_part(s, from, LIST_NONE, out);
	if (!stands(s, from, STR("\\\"")))
		return false;
	*out = (struct secret_part) { from + 2, from + 2 };
	while (out->to < s.n && s.p[out->to] != '"')
		out->to++;
	out->to -= out->to < s.n && s.p[out->to - 1] == '\\';
	return out->to > out->from &&
	       !secret_is_none((struct str) { s.p + out->from, out->to - out->from });
}

/* "name => 'value'", the name in quotes or not; `at`: the `=`. */
static bool
find_arrow(struct str s, size_t at, struct secret_part *out)
{
	bool slash = false;

	return (quoted_name(s, at, &slash) || list_of(s, at) != LIST_NONE) &&
	       quoted_value(s, at + 2, slash, out);
}

static bool
find_pair(struct str s, size_t at, struct secret_part *out)
{
	enum list list;
	size_t    from = at + 1;

	if (from < s.n && s.p[from] == '>')
		return find_arrow(s, at, out);
	list = list_of(s, at);
	if (list == LIST_NONE || from == s.n || s.p[from] == '=' || s.p[from] == '~')
		return false;
	while (from < s.n && s.p[from] == ' ' && list != LIST_QUERY)
		from++;
	return value_part(s, from, list, out);
}

/* ---- name: value ---- */

/* Does a line begin with the name of a secret and this colon?  "- name:" does too. */
static bool
begins_line(struct str s, size_t at)
{
	size_t least = at > KEY_LOOK ? at - KEY_LOOK : 0, word = at, before;

	while (word > least && is_key(s.p[word - 1]))
		word--;
	for (before = word; before > least && (s.p[before - 1] == ' ' || s.p[before - 1] == '-' ||
						  s.p[before - 1] == '\t');
	     before--)
		continue;
	while (word < at && s.p[word] == '-')
		word++;
	return (before == 0 || s.p[before - 1] == '\n') &&
	       secret_name((struct str) { s.p + word, at - word }) != SECRET_NAME_NONE;
}

static bool
find_colon(struct str s, size_t at, struct secret_part *out)
{
	bool   slash;
	size_t from = at + 1;

	if (stands(s, at, STR("://")))
		return find_userinfo(s, at, out);
	if (quoted_name(s, at, &slash))
		return quoted_value(s, from, slash, out);
	if (from == s.n || s.p[from] != ' ' || !begins_line(s, at))
		return false;
	while (from < s.n && s.p[from] == ' ')
		from++;
	return value_part(s, from, LIST_LINE, out);
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
	X('=', find_pair)                                                                          \
	X('$', find_hash)                                                                          \
	X(':', find_colon)                                                                         \
	X('J', find_jwt)                                                                           \
	X('K', find_K)                                                                             \
	X('k', find_k)                                                                             \
	X('B', find_b)                                                                             \
	X('b', find_b)                                                                             \
	X('g', find_g)                                                                             \
	X('x', find_x)
static find_fn *const finders[256] = {
#define X(sign, find) [sign] = find,
	SIGNS(X)
#undef X
};
static const bool signs[256] = {
#define X(sign, find) [sign] = true,
	SIGNS(X)
#undef X
};

/*
 * Of many bytes at a time those that are signs, and are followed by what their finders want to see
 * there: `next` are the bytes behind them.
 */
static inline unsigned
signs_of(scan_bytes v, scan_bytes next)
{
	scan_bytes lower = v | 0x20, then = next | 0x20;

	return scan_mask((v == '=') | (v == '$') | (v == ':') | (v == 'J') |
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

	for (; text.n - at > SCAN_BYTES; at += SCAN_BYTES) {
		found = signs_of(scan_load(p + at), scan_load(p + at + 1));
		if (found != 0)
			return at + (size_t)__builtin_ctz(found);
	}
	if (text.n > SCAN_BYTES &&
	    at + 1 < text.n) { /* the last of them once more, but for the last byte */
		size_t from = text.n - SCAN_BYTES - 1;

		found = signs_of(scan_load(p + from), scan_load(p + from + 1)) >> (at - from);
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
	for (size_t at = next_sign(text, from); at < text.n; at = next_sign(text, at + 1))
		if (finders[(unsigned char)text.p[at]](text, at, out) && out->from >= from)
			return true;
	return false;
}
