#include "core/web/forwarded.h"

#include <string.h>

#define HOPS_MAX 32

static const struct {
	const char *name, *param;
} headers[] = {
	[FORWARDED_X_FOR] = { "X-Forwarded-For", "HTTP_X_FORWARDED_FOR=" },
	[FORWARDED_RFC7239] = { "Forwarded", "HTTP_FORWARDED=" },
};

const char *
forwarded_header_name(enum forwarded_header h)
{
	return headers[h].name;
}

/* ---- one node ---- */

static bool
is_token_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '.' || c == '_' || c == '-';
}

/* node-port of RFC 7239 section 6: 1*5DIGIT, or "_" and what hides it. */
static bool
is_port(struct str s)
{
	bool hidden = s.n > 1 && s.p[0] == '_';

	if (s.n == 0 || (!hidden && s.n > 5))
		return false;
	for (size_t i = hidden ? 1 : 0; i < s.n; i++)
		if (hidden ? !is_token_char(s.p[i]) : s.p[i] < '0' || s.p[i] > '9')
			return false;
	return true;
}

static struct str
unquoted(struct str s)
{
	if (s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"')
		return (struct str) { s.p + 1, s.n - 2 };
	return s;
}

/* IPv6, perhaps with its zone: "fe80::1%eth0". */
static bool
zoned(struct str s, struct addr *out)
{
	struct str address, zone = str_cut(s, '%', &address);

	if (zone.p == NULL)
		return addr_parse(s, out);
	return zone.n > 0 && memchr(address.p, ':', address.n) != NULL && addr_parse(address, out);
}

/* "[2001:db8::7]", "[2001:db8::7]:443" */
static bool
bracketed(struct str s, struct addr *out)
{
	struct str inner, rest = str_cut((struct str) { s.p + 1, s.n - 1 }, ']', &inner);

	if (rest.p == NULL || memchr(inner.p, ':', inner.n) == NULL || !zoned(inner, out))
		return false;
	return rest.n == 0 ||
	       (rest.p[0] == ':' && is_port((struct str) { rest.p + 1, rest.n - 1 }));
}

bool
forwarded_node(struct str s, struct addr *out)
{
	struct str address, port;

	s = unquoted(str_trim(s));
	if (s.n == 0)
		return false;
	if (s.p[0] == '[')
		return bracketed(s, out);
	if (zoned(s, out))
		return true;
	port = str_cut(s, ':', &address);
	/* IPv6 without brackets has no port: it would be its last group */
	return is_port(port) && memchr(address.p, '.', address.n) != NULL &&
	       addr_parse(address, out);
}

/* ---- an element of the list, from its end ---- */

/* The quote that opens what ends before `at`; SIZE_MAX: there is none. */
static size_t
opening_quote(struct str s, size_t at)
{
	while (at > 0) {
		size_t escapes = 0;

		if (s.p[--at] != '"')
			continue;
		while (escapes < at && s.p[at - 1 - escapes] == '\\')
			escapes++;
		if (escapes % 2 == 0)
			return at;
		at -= escapes;
	}
	return SIZE_MAX;
}

/* Cuts the last element off; `quotes`: a comma inside of them separates nothing. */
static struct str
last_of(struct str *list, bool quotes)
{
	struct str last = *list;

	for (size_t i = list->n; i > 0; i--) {
		if (quotes && list->p[i - 1] == '"') {
			size_t open = opening_quote(*list, i - 1);

			if (open == SIZE_MAX)
				break;
			i = open + 1;
			continue;
		}
		if (list->p[i - 1] != ',')
			continue;
		last = (struct str) { list->p + i, list->n - i };
		list->n = i - 1;
		return str_trim(last);
	}
	*list = (struct str) { NULL, 0 };
	return str_trim(last);
}

/* Cuts the first pair off "for=a;by=b", quotes heeded. */
static struct str
first_pair(struct str *element)
{
	struct str all = *element;
	bool       quoted = false;

	for (size_t i = 0; i < all.n; i++) {
		if (all.p[i] == '\\' && quoted)
			i++;
		else if (all.p[i] == '"')
			quoted = !quoted;
		else if (all.p[i] == ';' && !quoted) {
			*element = (struct str) { all.p + i + 1, all.n - i - 1 };
			return (struct str) { all.p, i };
		}
	}
	*element = (struct str) { NULL, 0 };
	return all;
}

/* What its "for" says, which may stand once (RFC 7239 section 4); empty: it says nothing. */
static struct str
for_of(struct str element)
{
	struct str found = { NULL, 0 }, name;

	while (element.p != NULL) {
		struct str value = str_cut(first_pair(&element), '=', &name);

		if (!str_caseeqz(str_trim(name), "for"))
			continue;
		if (found.p != NULL || value.p == NULL)
			return (struct str) { NULL, 0 };
		found = value;
	}
	return str_trim(found);
}

/* ---- the list ---- */

struct hops {
	char *const          *params;
	size_t                at; /* of the param whose value is being read */
	struct str            line;
	enum forwarded_header header;
};

/* The field line before, of those that say something. */
static bool
line_before(struct hops *h)
{
	const char *param = headers[h->header].param;
	size_t      n = strlen(param);

	while (h->at > 0) {
		const char *p = h->params[--h->at];

		if (strncmp(p, param, n) != 0)
			continue;
		h->line = str_trim(str_of(p + n));
		if (h->line.n > 0)
			return true;
	}
	return false;
}

static struct hops
hops_of(char *const *params, enum forwarded_header header)
{
	struct hops h = { .params = params, .header = header };

	while (params != NULL && params[h.at] != NULL)
		h.at++;
	return h;
}

/* The next hop to the left, past empty elements (RFC 9110 section 5.6.1.2); false: there is none.
 */
static bool
hop_before(struct hops *h, struct str *element)
{
	do {
		if (h->line.p == NULL && !line_before(h))
			return false;
		*element = last_of(&h->line, h->header == FORWARDED_RFC7239);
	} while (element->n == 0);
	return true;
}

static bool
node_of(const struct hops *h, struct str element, struct addr *out)
{
	return forwarded_node(h->header == FORWARDED_RFC7239 ? for_of(element) : element, out);
}

struct forwarded
forwarded_walk(const struct cidr_list *trusted, const struct addr *peer, char *const *params,
    enum forwarded_header header)
{
	struct forwarded f = { .client = *peer };
	struct hops      h = hops_of(params, header);

	for (int i = 0; i < HOPS_MAX && cidr_list_match(trusted, &f.client); i++) {
		struct addr before;

		if (!hop_before(&h, &f.what))
			return f;
		f.told = node_of(&h, f.what, &before);
		f.unread = !f.told;
		if (f.unread)
			return f;
		f.client = before;
	}
	/* so many trusted hops, and more behind them */
	if (cidr_list_match(trusted, &f.client) && hop_before(&h, &f.what))
		f.told = false;
	return f;
}

bool
forwarded_all_in(const struct cidr_list *list, char *const *params, enum forwarded_header header)
{
	struct hops h = hops_of(params, header);
	struct addr a;
	struct str  text;

	for (int i = 0; hop_before(&h, &text); i++)
		if (i == HOPS_MAX || !node_of(&h, text, &a) || !cidr_list_match(list, &a))
			return false;
	return true;
}

bool
forwarded_is_there(char *const *params, enum forwarded_header header)
{
	struct hops h = hops_of(params, header);

	return line_before(&h);
}
