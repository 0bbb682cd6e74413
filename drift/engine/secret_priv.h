/*
 * secret_priv.h - the inside of looking for secrets in a text: for secret_text.c, secret_pair.c and
 * secret_value.c only.
 */
#ifndef BSX_DRIFT_ENGINE_SECRET_PRIV_H
#define BSX_DRIFT_ENGINE_SECRET_PRIV_H

#include <string.h>

#include "drift/engine/secret.h"

#define KEY_LOOK 64 /* bytes in front of a `=` that may be a name */

/* Finds the secret that the byte at `at` is the sign of; most bytes are the sign of none. */
typedef bool secret_find_fn(struct str s, size_t at, struct secret_part *out);

/* secret_pair.c: by the name in front of it. */
secret_find_fn secret_find_pair, secret_find_colon, secret_find_element, secret_find_flag;
/* secret_text.c */
secret_find_fn secret_find_userinfo;

static inline bool
is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static inline bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static inline bool
is_quote(char c)
{
	return c == '"' || c == '\'' || c == '`' || c == '<' || c == '>';
}

/* base64url and what prefixes are joined with. */
static inline bool
is_token(char c)
{
	return is_alnum(c) || c == '_' || c == '-';
}

static inline bool
stands(struct str s, size_t at, struct str what)
{
	return s.n - at >= what.n && memcmp(s.p + at, what.p, what.n) == 0;
}

static inline size_t
run(struct str s, size_t at, bool (*is)(char))
{
	while (at < s.n && is(s.p[at]))
		at++;
	return at;
}

/* ---- names and their values ---- */

#define AROUND_LOOK 256 /* bytes in front of a name in which what it stands in begins */

/* In what a value stands, and so how it ends. */
enum list {
	LIST_NONE,
	LIST_SEMICOLONS, /* a=1;b=2, or a line of its own */
	LIST_WORDS,      /* a=1 b=2 */
	LIST_QUERY,      /* ?a=1&b=2 */
	LIST_LINE,       /* a: 1 */
	LIST_FLOW,       /* {a: 1, b: 2} */
};

/* A name, and the value behind it. */
struct named {
	enum list list;
	size_t    word;       /* where the name begins */
	char      quote;      /* that all of it stands in; 0: none */
	bool      line;       /* it begins its line */
	bool      connection; /* it is that of a connection string */
};

static inline bool
is_key(char c)
{
	return is_token(c) || c == '.';
}

static inline bool
is_end(char c)
{
	return c == '\n' || c == '\r';
}

static inline bool
is_of(char c, struct str set)
{
	return memchr(set.p, c, set.n) != NULL;
}

static inline size_t
look(size_t at, size_t far)
{
	return at > far ? at - far : 0;
}

static inline size_t
skip(struct str s, size_t at)
{
	while (at < s.n && (s.p[at] == ' ' || s.p[at] == '\t'))
		at++;
	return at;
}

static inline enum secret_name
kind_of(struct str s, size_t from, size_t to)
{
	return secret_name((struct str) { s.p + from, to - from });
}

static inline bool
is_secret(struct str s, size_t from, size_t to)
{
	return kind_of(s, from, to) != SECRET_NAME_NONE;
}

/* secret_pair.c: is what stands in front of the `=` the name of a secret? */
bool secret_name_of(struct str s, size_t equals, struct named *n);

/* secret_value.c: the value that begins at `from`; one that begins in a line below `at`, `block`: as a block of YAML. */
bool secret_value(struct str s, size_t from, const struct named *n, struct secret_part *out);
bool secret_lines(struct str s, size_t at, size_t word, bool block, struct secret_part *out);
bool secret_is_block(struct str s, size_t at);

/* The column of a name, which is not far from the beginning of its line. */
size_t secret_column(struct str s, size_t word);
/* The quote that ends what begins so, 0: none; and where it stands, `from` behind the first. */
char   secret_closing(char c, enum list list);
size_t secret_quoted_end(struct str s, size_t from, char quote);

#endif
