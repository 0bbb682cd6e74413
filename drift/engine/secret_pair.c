/* secret.h: secrets by the name that stands in front of them. */
#include "drift/engine/glob.h"
#include "drift/engine/secret_priv.h"

/* ---- what it stands in ---- */

/* The quote that was opened last on its line, and not closed; 0: none. */
static char
quote_around(struct str s, size_t word)
{
	for (size_t i = word, least = look(word, AROUND_LOOK); i-- > least && s.p[i] != '\n';) {
		size_t before = i;

		if (s.p[i] != '"' && s.p[i] != '\'')
			continue;
		before -= before > 0 && s.p[before - 1] == '\\';
		return before == 0 || is_of(s.p[before - 1], STR("=([{,:> \t\n")) ? s.p[i] : '\0';
	}
	return '\0';
}

static bool
in_query(struct str s, size_t word)
{
	return word > 0 && (s.p[word - 1] == '?' || s.p[word - 1] == '&' ||
			       (word >= 5 && stands(s, word - 5, STR("&amp;"))));
}

/* The first byte in front of `at` that is no blank, as a place: 0 where there is none. */
static size_t
back(struct str s, size_t at, size_t least)
{
	while (at > least && (s.p[at - 1] == ' ' || s.p[at - 1] == '\t'))
		at--;
	return at;
}

/* Is what stands in front of the `=` the name of a secret? */
bool
secret_name_of(struct str s, size_t equals, struct named *n)
{
	size_t least = look(equals, KEY_LOOK), end = back(s, equals, least), word, before;
	bool   sig;
	char   c;

	for (word = end; word > least && is_key(s.p[word - 1]); word--)
		continue;
	before = back(s, word, least);
	*n = (struct named) { .word = word };
	sig = end - word == 3 && text_same(true, s.p + word, "sig", 3);
	if ((sig || is_secret(s, word, end)) && in_query(s, word)) {
		n->list = LIST_QUERY;
		return true;
	}
	if (is_secret(s, word, end)) {
		n->connection = kind_of(s, word, end) == SECRET_NAME_CONNECTION;
		n->quote = quote_around(s, word);
		c = before == 0 ? ';' : s.p[before - 1];
		n->line = before == 0 || c == '\n';
		n->list = c == ';' || c == '\n' || (n->quote != '\0' && c == n->quote)
			      ? LIST_SEMICOLONS
			      : LIST_WORDS;
		return true;
	}
	while (before > least && (is_key(s.p[before - 1]) || s.p[before - 1] == ' '))
		before--;
	if (!is_secret(s, before, end))
		return false;
	*n = (struct named) {
		.list = LIST_SEMICOLONS,
		.word = before,
		.quote = quote_around(s, before),
		.connection = kind_of(s, before, end) == SECRET_NAME_CONNECTION,
	};
	return true;
}

/* ---- in quotes ---- */

/* Is what stands in quotes in front of `at` the name of a secret?  *slash: the quotes are those of
 * a text in a text. */
static bool
quoted_name(struct str s, size_t at, bool *slash, size_t *begins)
{
	size_t least = look(at, KEY_LOOK), end = at, word;
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
	*begins = word - (word > 0);
	return word > 0 && s.p[word - 1] == quote && is_secret(s, word, end);
}

/* ["a", "b"], from the first quote up to the bracket. */
static bool
list_part(struct str s, size_t from, struct secret_part *out)
{
	size_t at = from + 1;

	while (at < s.n && is_blank(s.p[at]))
		at++;
	if (at == s.n || secret_closing(s.p[at], LIST_NONE) == '\0')
		return false;
	out->from = at;
	while (at < s.n && s.p[at] != ']') {
		if (secret_closing(s.p[at], LIST_NONE) != '\0')
			at = secret_quoted_end(s, at + 1, s.p[at]);
		at++;
	}
	out->to = at < s.n ? at : s.n;
	return true;
}

/* The value of a quoted name, if it is in quotes too, or a list of such. */
static bool
quoted_value(struct str s, size_t from, bool slash, struct secret_part *out)
{
	static const struct named quoted = { .list = LIST_NONE };

	while (from < s.n && is_blank(s.p[from]))
		from++;
	if (!slash && from < s.n && s.p[from] == '[')
		return list_part(s, from, out);
	if (!slash)
		return from < s.n && secret_closing(s.p[from], LIST_NONE) != '\0' &&
		       secret_value(s, from, &quoted, out);
	if (!stands(s, from, STR("\\\"")))
		return false;
	*out = (struct secret_part) { from + 2, from + 2 };
	while (out->to < s.n && s.p[out->to] != '"')
		out->to++;
	out->to -= out->to < s.n && s.p[out->to - 1] == '\\';
	return out->to > out->from &&
	       !secret_is_none((struct str) { s.p + out->from, out->to - out->from });
}

/* ---- name=value ---- */

/* "name => 'value'", the name in quotes or not; `at`: the `=`. */
static bool
find_arrow(struct str s, size_t at, struct secret_part *out)
{
	bool         slash = false;
	size_t       begins;
	struct named n;

	return (quoted_name(s, at, &slash, &begins) || secret_name_of(s, at, &n)) &&
	       quoted_value(s, at + 2, slash, out);
}

/* <add key="DbPassword" value="..."/>: the name is that of a pair. */
static bool
is_attribute(struct str s, size_t equals)
{
	size_t least = look(equals, AROUND_LOOK), at = equals, end, word;

	if (equals < 6 || !text_same(true, s.p + equals - 5, "value", 5) || is_key(s.p[equals - 6]))
		return false;
	for (at = equals - 5; at > least && s.p[at - 1] != '<' && s.p[at - 1] != '>'; at--) {
		bool name = at > least + 4 &&
			    (text_same(true, s.p + at - 4, "name", 4) ||
				(text_same(true, s.p + at - 3, "key", 3) && !is_key(s.p[at - 4])));

		if (!name || !stands(s, at, STR("=\"")))
			continue;
		word = at + 2;
		for (end = word; end < equals && s.p[end] != '"'; end++)
			continue;
		return is_secret(s, word, end);
	}
	return false;
}

bool
secret_find_pair(struct str s, size_t at, struct secret_part *out)
{
	struct named n = { .list = LIST_WORDS };
	size_t       from = at + 1;

	if (from < s.n && s.p[from] == '>')
		return find_arrow(s, at, out);
	if (from == s.n || s.p[from] == '=' || s.p[from] == '~' ||
	    (!secret_name_of(s, at, &n) && !is_attribute(s, at)))
		return false;
	if (n.list != LIST_QUERY)
		from = skip(s, from);
	if (n.line && from < s.n && is_end(s.p[from]))
		return secret_lines(s, from, n.word, false, out);
	return secret_value(s, from, &n, out);
}

/* ---- name: value ---- */

/* Of a mapping in braces: was one opened in front of it, on its line? */
static bool
in_braces(struct str s, size_t at)
{
	for (size_t i = at, least = look(at, AROUND_LOOK); i-- > least;) {
		if (s.p[i] == '{')
			return true;
		if (s.p[i] == '}' || s.p[i] == '\n' || s.p[i] == '"' || s.p[i] == '\'')
			return false;
	}
	return false;
}

/* Does a line, or what is in quotes or braces, begin with the name of a secret and this colon?
 * "- name:" does too. */
static bool
begins_with(struct str s, size_t at, struct named *n)
{
	size_t least = look(at, KEY_LOOK), word = at, before;

	while (word > least && is_key(s.p[word - 1]))
		word--;
	for (before = word; before > least && (s.p[before - 1] == ' ' || s.p[before - 1] == '-' ||
						  s.p[before - 1] == '\t');
	     before--)
		continue;
	while (word < at && s.p[word] == '-')
		word++;
	if (!is_secret(s, word, at))
		return false;
	*n = (struct named) {
		.list = LIST_LINE,
		.word = word,
		.connection = kind_of(s, word, at) == SECRET_NAME_CONNECTION,
	};
	n->line = before == 0 || s.p[before - 1] == '\n';
	if (n->line)
		return true;
	n->quote = s.p[before - 1] == quote_around(s, word) ? s.p[before - 1] : '\0';
	if (n->quote != '\0')
		return true;
	n->list = LIST_FLOW;
	return (s.p[before - 1] == '{' || s.p[before - 1] == ',') && in_braces(s, before);
}

/* What says of what kind it is, or names it for other places: "!!str", "&a". */
static size_t
skip_tags(struct str s, size_t at)
{
	at = skip(s, at);
	while (at < s.n && (s.p[at] == '!' || s.p[at] == '&')) {
		size_t end = at;

		while (end < s.n && !is_blank(s.p[end]))
			end++;
		if (end == s.n || end - at > KEY_LOOK)
			break; /* it is the value */
		at = skip(s, end);
	}
	return at;
}

/* Of a name in quotes that begins its line: what is no JSON. */
static bool
is_json(struct str s, size_t at)
{
	struct str rest = { s.p + at, s.n - at };

	return rest.n == 0 || is_of(rest.p[0], STR("0123456789-{[,}\r\n")) ||
	       str_starts(rest, "true") || str_starts(rest, "false") || str_starts(rest, "null");
}

static bool
line_value(struct str s, size_t from, const struct named *n, struct secret_part *out)
{
	from = skip_tags(s, from);
	if (n->line && secret_is_block(s, from))
		return secret_lines(s, from, n->word, true, out);
	if (n->line && from < s.n && is_end(s.p[from]))
		return secret_lines(s, from, n->word, false, out);
	return secret_value(s, from, n, out);
}

bool
secret_find_colon(struct str s, size_t at, struct secret_part *out)
{
	struct named n = { .list = LIST_LINE, .line = true };
	size_t       from = at + 1;
	bool         slash;

	if (stands(s, at, STR("://")))
		return secret_find_userinfo(s, at, out);
	if (quoted_name(s, at, &slash, &n.word)) {
		if (quoted_value(s, from, slash, out))
			return true;
		from = skip(s, from);
		return !slash &&
		       back(s, n.word, look(n.word, KEY_LOOK)) ==
			   n.word - secret_column(s, n.word) &&
		       !is_json(s, from) && secret_closing(s.p[from], LIST_LINE) == '\0' &&
		       line_value(s, from, &n, out);
	}
	if (from == s.n || s.p[from] == ':' || !begins_with(s, at, &n) ||
	    (!n.line && s.p[from] != ' '))
		return false;
	return line_value(s, from, &n, out);
}

/* ---- <name>value</name> ---- */

/* The name in front of a <value>: <name>...</name>, <key>...</key>. */
static bool
is_after_name(struct str s, size_t open)
{
	size_t least = look(open, AROUND_LOOK), end = open, word;

	while (end > least && is_blank(s.p[end - 1]))
		end--;
	if (end < least + 7 || s.p[end - 1] != '>')
		return false;
	for (end--; end > least && s.p[end] != '<'; end--)
		continue;
	if (!stands(s, end, STR("</name>")) && !stands(s, end, STR("</key>")))
		return false;
	for (word = end; word > least && s.p[word - 1] != '>'; word--)
		continue;
	return is_secret(s, word, end);
}

bool
secret_find_element(struct str s, size_t at, struct secret_part *out)
{
	size_t least = look(at, AROUND_LOOK), open = at, name, end;

	while (
	    open > least && s.p[open - 1] != '<' && s.p[open - 1] != '>' && s.p[open - 1] != '\n')
		open--;
	if (open == 0 || s.p[open - 1] != '<' || open == at || s.p[at - 1] == '/')
		return false;
	for (name = open, end = open; end < at && (is_key(s.p[end]) || s.p[end] == ':'); end++)
		name = s.p[end] == ':' ? end + 1 : name;
	if (!is_secret(s, name, end) &&
	    !(str_caseeqz((struct str) { s.p + name, end - name }, "value") &&
		is_after_name(s, open - 1)))
		return false;
	*out = (struct secret_part) { at + 1, at + 1 };
	if (stands(s, at + 1, STR("<![CDATA["))) {
		const char *close;

		out->from += 9;
		close = memmem(s.p + out->from, s.n - out->from, "]]>", 3);
		out->to = close != NULL ? (size_t)(close - s.p) : s.n;
	} else {
		while (out->to < s.n && s.p[out->to] != '<')
			out->to++;
	}
	while (out->from < out->to && is_blank(s.p[out->from]))
		out->from++;
	while (out->to > out->from && is_blank(s.p[out->to - 1]))
		out->to--;
	return out->to > out->from &&
	       !secret_is_none((struct str) { s.p + out->from, out->to - out->from });
}

/* ---- --name value ---- */

bool
secret_find_flag(struct str s, size_t at, struct secret_part *out)
{
	struct named n = { .list = LIST_WORDS, .word = at };
	size_t       name = at + 1, end;

	if (at > 0 && is_alnum(s.p[at - 1]) && !stands(s, at, STR("-SecureString ")))
		return false;
	if (at > 0 && !is_alnum(s.p[at - 1]) && !is_blank(s.p[at - 1]) && !is_quote(s.p[at - 1]) &&
	    s.p[at - 1] != '-')
		return false;
	if (name >= s.n || !is_alnum(s.p[name]))
		return false;
	end =
	    run((struct str) { s.p, name + KEY_LOOK < s.n ? name + KEY_LOOK : s.n }, name, is_key);
	if (end == s.n || s.p[end] != ' ')
		return false;
	if (stands(s, at, STR("-SecureString ")) && at > 0 && is_alnum(s.p[at - 1])) {
		end = skip(s, end);
		end += stands(s, end, STR("-String ")) ? 8 : 0;
	} else if (!is_secret(s, name, end)) {
		return false;
	}
	end = skip(s, end);
	n.quote = quote_around(s, at);
	return end < s.n && s.p[end] != '-' && secret_value(s, end, &n, out);
}
