/*
 * Properties of X-Forwarded-For and Forwarded: the client is the peer, or an address that stands in
 * the header with nothing but trusted ones to the right of it; what a client writes before what a
 * trusted proxy adds changes nothing; no walk reads outside of the header.
 *
 * Input: a header, in lines.
 */
#include <assert.h>
#include <string.h>

#include "core/web/forwarded.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define LINES_MAX 4

static const char *const names[] = { "HTTP_X_FORWARDED_FOR=", "HTTP_FORWARDED=" };

static struct cidr_list
trusted(TALLOC_CTX *mem)
{
	const char      *texts[] = { "10.0.0.0/8", "fd00::/8" };
	struct cidr_list list;
	struct err       e = { 0 };

	assert(cidr_list_parse(mem, (struct strings) { texts, 2 }, &list, &e));
	return list;
}

static struct addr
addr(const char *text)
{
	struct addr a;

	assert(addr_parse(str_of(text), &a));
	return a;
}

/* Every text between two places where an element may begin or end, read by itself. */
static bool
stands_at(struct str s, size_t from, const struct addr *want)
{
	for (size_t n = 1; from + n <= s.n && n <= 80; n++) {
		struct addr a;

		if (forwarded_node((struct str) { s.p + from, n }, &a) && addr_eq(&a, want))
			return true;
	}
	return false;
}

/* It stands somewhere in the header. */
static bool
stands_in(char *const *params, const char *name, const struct addr *want)
{
	for (; *params != NULL; params++) {
		struct str s = str_of(*params + strlen(name));

		for (size_t i = 0; i < s.n; i++)
			if (stands_at(s, i, want))
				return true;
	}
	return false;
}

/* ---- the same by another way: all of the list from the left, where there are no quotes ---- */

static bool
read_element(struct str text, enum forwarded_header h, struct addr *out)
{
	struct str pair, name, value, found = { NULL, 0 };
	size_t     times = 0;

	if (h == FORWARDED_X_FOR)
		return forwarded_node(text, out);
	while (text.p != NULL) {
		text = str_cut(text, ';', &pair);
		value = str_cut(pair, '=', &name);
		if (!str_caseeqz(str_trim(name), "for"))
			continue;
		found = value;
		times++;
	}
	return times == 1 && found.p != NULL && forwarded_node(found, out);
}

static struct addr
reference(const struct cidr_list *list, char *const *params, enum forwarded_header h)
{
	static struct addr hop[4096];
	static bool        good[4096];
	struct addr        client = addr("10.0.0.1");
	size_t             n = 0;

	for (; *params != NULL; params++) {
		struct str text, line = str_trim(str_of(*params + strlen(names[h])));

		if (line.n == 0)
			continue;
		while (line.p != NULL) {
			line = str_cut(line, ',', &text);
			if (str_trim(text).n == 0) /* no element (RFC 9110 section 5.6.1) */
				continue;
			good[n] = read_element(text, h, &hop[n]);
			n++;
		}
	}
	for (int i = 0; i < 32 && n > 0 && cidr_list_match(list, &client) && good[n - 1]; i++)
		client = hop[--n];
	return client;
}

static bool
has_quote(char *const *params)
{
	while (*params != NULL && strchr(*params, '"') == NULL)
		params++;
	return *params != NULL;
}

static void
check_walk(const struct cidr_list *list, char *const *params, enum forwarded_header h)
{
	struct addr      peer = addr("10.0.0.1"), far = addr("192.0.2.7");
	struct forwarded f = forwarded_walk(list, &peer, params, h);

	assert(addr_eq(&f.client, &peer) || stands_in(params, names[h], &f.client));
	if (!has_quote(params)) {
		struct addr same = reference(list, params, h);

		assert(addr_eq(&f.client, &same));
	}
	assert(!(f.told && f.unread));
	assert(f.told || cidr_list_match(list, &f.client));
	assert(!f.told || forwarded_is_there(params, h));
	assert(!forwarded_all_in(list, params, h) || cidr_list_match(list, &f.client));
	f = forwarded_walk(list, &far, params, h);
	assert(addr_eq(&f.client, &far) && !f.told && !f.unread);
}

/* What a proxy adds to the last line, or sends in one of its own. */
static void
check_added(TALLOC_CTX *mem, const struct cidr_list *list, char **params, enum forwarded_header h)
{
	static const char *const added[][2] = { { "203.0.113.9:80", "for=\"203.0.113.9:80\";by=x" },
		{ "203.0.113.9, [fd00::1]:80",
		    "for=203.0.113.9;host=\"a, \\\"b\", for=\"[fd00::1]:80\"" } };
	struct addr              peer = addr("10.0.0.1"), want = addr("203.0.113.9");
	size_t                   n = 0;

	while (params[n] != NULL)
		n++;
	for (size_t i = 0; i < 2; i++) {
		const char      *text = added[i][h];
		char            *last = params[n - 1];
		struct forwarded f;

		params[n - 1] = talloc_asprintf(mem, "%s, %s", last, text);
		f = forwarded_walk(list, &peer, params, h);
		assert(f.told && addr_eq(&f.client, &want));
		params[n - 1] = last;
		params[n] = talloc_asprintf(mem, "%s%s", names[h], text);
		f = forwarded_walk(list, &peer, params, h);
		assert(f.told && addr_eq(&f.client, &want));
		params[n] = NULL;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	TALLOC_CTX      *mem = talloc_new(NULL);
	struct cidr_list list = trusted(mem);
	char            *text = talloc_strndup(mem, (const char *)data, n < 2048 ? n : 2048);

	for (enum forwarded_header h = FORWARDED_X_FOR; h <= FORWARDED_RFC7239; h++) {
		char      *params[LINES_MAX + 2] = { NULL };
		struct str rest = str_of(text), line;

		for (size_t i = 0; i < LINES_MAX && (i == 0 || rest.p != NULL); i++) {
			rest = str_cut(rest, '\n', &line);
			params[i] = talloc_asprintf(mem, "%s%.*s", names[h], (int)line.n, line.p);
		}
		check_walk(&list, params, h);
		check_added(mem, &list, params, h);
	}
	talloc_free(mem);
	return 0;
}
