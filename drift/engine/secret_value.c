/* secret.h: how far the value behind the name of a secret goes. */
#include "drift/engine/secret_priv.h"

/* ---- lines ---- */

static size_t
line_end(struct str s, size_t at)
{
	const char *end = at < s.n ? memchr(s.p + at, '\n', s.n - at) : NULL;

	return end != NULL ? (size_t)(end - s.p) : s.n;
}

/* The column of a name, which is not far from the beginning of its line. */
size_t
secret_column(struct str s, size_t word)
{
	size_t at = word, least = look(word, AROUND_LOOK);

	while (at > least && s.p[at - 1] != '\n')
		at--;
	return word - at;
}

/* Does a line set something: "name: ...", "name = ..."?  Padding of base64 does not. */
static bool
is_entry(struct str s, size_t at)
{
	size_t end;

	if (at + 1 < s.n && s.p[at] == '-' && s.p[at + 1] == ' ')
		at = skip(s, at + 1);
	at += at < s.n && (s.p[at] == '"' || s.p[at] == '\'');
	end = run(s, at, is_key);
	if (end == at)
		return false;
	end += end < s.n && (s.p[end] == '"' || s.p[end] == '\'');
	end = skip(s, end);
	if (end == s.n || (s.p[end] != ':' && s.p[end] != '='))
		return false;
	return end + 1 < s.n && s.p[end + 1] != '=' &&
	       (s.p[end] == '=' || is_blank(s.p[end + 1])) &&
	       (s.p[end] == ':' || !is_end(s.p[end + 1]));
}

/* Where what goes on in lines further in than `in` ends, `at` being the end of a line; of a block
 * all such are its. */
static size_t
lines_end(struct str s, size_t at, size_t in, bool block)
{
	size_t end = at;

	while (at < s.n) {
		size_t from = at + 1, text = skip(s, from);

		at = line_end(s, from);
		if (text == at || (text < s.n && s.p[text] == '\r'))
			continue;
		if (text - from <= in || (!block && is_entry(s, text)))
			break;
		end = at;
	}
	while (end > 0 && end <= s.n && is_blank(s.p[end - 1]))
		end--;
	return end;
}

/* "|", ">-", "|2" and the like, up to the end of the line. */
bool
secret_is_block(struct str s, size_t at)
{
	if (at == s.n || (s.p[at] != '|' && s.p[at] != '>'))
		return false;
	for (at++; at < s.n && (s.p[at] == '-' || s.p[at] == '+' || is_digit(s.p[at])); at++)
		continue;
	at = skip(s, at);
	return at == s.n || is_end(s.p[at]) || s.p[at] == '#';
}

/* A value that begins in the line below. */
bool
secret_lines(struct str s, size_t at, size_t word, bool block, struct secret_part *out)
{
	size_t in = secret_column(s, word), end = line_end(s, at), from = end, text;

	do {
		from = from < s.n ? from + 1 : s.n;
		text = skip(s, from);
		from = line_end(s, from);
	} while (from < s.n && (text == from || s.p[text] == '\r'));
	if (text >= s.n || (!block && is_entry(s, text)))
		return false;
	in -= in > 0 && text + 1 < s.n && s.p[text] == '-' && s.p[text + 1] == ' ';
	*out = (struct secret_part) { text, lines_end(s, end, in, block) };
	return out->to > out->from;
}

/* ---- values ---- */

/* Where a value in quotes ends, `from` behind the first: a quote that stands twice or behind a
 * backslash is one of it, and so is a brace that stands twice. */
size_t
secret_quoted_end(struct str s, size_t from, char quote)
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
char
secret_closing(char c, enum list list)
{
	return c == '"' || c == '\'' ? c : c == '{' && list == LIST_SEMICOLONS ? '}' : '\0';
}

/* Three quotes, or a quote behind a @: up to the same again.  Else false. */
static bool
long_quote(struct str s, size_t from, struct secret_part *out)
{
	char        mark[3] = { '\0' };
	size_t      n = 3;
	const char *end;

	if (from + 3 > s.n)
		return false;
	if (s.p[from] == '@' && (s.p[from + 1] == '"' || s.p[from + 1] == '\'')) {
		n = 2;
		mark[0] = s.p[from + 1];
		mark[1] = '@';
	} else if ((s.p[from] == '"' || s.p[from] == '\'') && s.p[from + 1] == s.p[from] &&
		   s.p[from + 2] == s.p[from]) {
		memcpy(mark, s.p + from, 3);
	} else {
		return false;
	}
	from += n;
	end = memmem(s.p + from, s.n - from, mark, n);
	*out = (struct secret_part) { from, end != NULL ? (size_t)(end - s.p) : s.n };
	return out->to > from;
}

/* Does another name follow a `;`, or nothing? */
static bool
list_goes_on(struct str s, size_t at, char quote)
{
	size_t from = skip(s, at), end = from;

	if (from == s.n || is_end(s.p[from]) || (quote != '\0' && s.p[from] == quote) ||
	    s.p[from] == ';')
		return true;
	while (end < s.n && end - from < KEY_LOOK && (is_key(s.p[end]) || s.p[end] == ' '))
		end++;
	return end > from && end < s.n && s.p[end] == '=';
}

/* Where a part in quotes within a word ends, if it does in the same line. */
static size_t
word_quote(struct str s, size_t at)
{
	for (size_t i = at + 1; i < s.n && !is_end(s.p[i]); i++) {
		if (s.p[i] == '\\')
			i++;
		else if (s.p[i] == s.p[at])
			return i;
	}
	return at;
}

static bool
ends(struct str s, size_t at, const struct named *n)
{
	char c = s.p[at];

	if (n->quote != '\0' && c == n->quote)
		return true;
	switch (n->list) {
	case LIST_LINE:
		return is_end(c);
	case LIST_FLOW:
		return is_end(c) || c == ',' || c == '}';
	case LIST_SEMICOLONS:
		return is_end(c) || (c == ';' && list_goes_on(s, at + 1, n->quote));
	case LIST_QUERY:
		return is_blank(c) || is_quote(c) || c == '&' || c == '#';
	case LIST_WORDS:
	case LIST_NONE:
		break;
	}
	return is_blank(c) || c == '<' || c == '>' || c == '`' || c == '"' || c == '\'';
}

static size_t
plain_end(struct str s, size_t from, const struct named *n)
{
	size_t to = from, quoted;

	for (; to < s.n; to++) {
		if (n->list == LIST_WORDS && n->quote == '\0' &&
		    (s.p[to] == '"' || s.p[to] == '\'') && (quoted = word_quote(s, to)) > to)
			to = quoted;
		else if (ends(s, to, n))
			break;
	}
	if (n->quote != '\0' && to > from && to < s.n && s.p[to] == n->quote && s.p[to - 1] == '\\')
		to--;
	return to;
}

/* A connection string of which parts are secret: these are, and no more. */
static bool
is_in_parts(struct str s, const struct named *n, const struct secret_part *value)
{
	size_t to = value->to - value->from > AROUND_LOOK ? value->from + AROUND_LOOK : value->to;

	for (size_t i = value->from; n->connection && i < to; i++) {
		struct named part;

		if (s.p[i] == '=' && secret_name_of(s, i, &part) && !part.connection)
			return true;
	}
	return false;
}

/* Is a value over behind the quote at `at`? */
static bool
is_over(struct str s, size_t at, const struct named *n)
{
	return at >= s.n || at + 1 == s.n || is_blank(s.p[at + 1]) ||
	       is_of(s.p[at + 1], STR(";,)]}>/&|\\\"'")) || ends(s, at + 1, n);
}

/* The value that begins at `from`. */
bool
secret_value(struct str s, size_t from, const struct named *n, struct secret_part *out)
{
	char quote = from < s.n ? secret_closing(s.p[from], n->list) : '\0';

	if (long_quote(s, from, out))
		return true;
	*out = (struct secret_part) { from, 0 };
	if (quote != '\0') {
		out->from++;
		out->to = secret_quoted_end(s, out->from, quote);
	}
	if (quote == '\0' || (n->list != LIST_NONE && !is_over(s, out->to, n))) {
		out->from = from;
		out->to = plain_end(s, quote == '\0' ? from : out->to + 1, n);
		if (n->line && out->to < s.n && is_end(s.p[out->to]))
			out->to =
			    lines_end(s, line_end(s, out->to), secret_column(s, n->word), false);
	}
	while (out->to > out->from && is_blank(s.p[out->to - 1]))
		out->to--;
	return out->to > out->from &&
	       !secret_is_none((struct str) { s.p + out->from, out->to - out->from }) &&
	       !is_in_parts(s, n, out);
}
