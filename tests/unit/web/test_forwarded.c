/* For whom proxies ask: what each sends, what a client may have written before it, and who counts
 * then. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/web/forwarded.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define PROXY    "10.0.0.1"

static TALLOC_CTX      *mem;
static struct cidr_list trusted;

static int
setup(void **state)
{
	const char *texts[] = { "10.0.0.0/8", "fd00::/8" };
	struct err  e = { 0 };

	(void)state;
	mem = talloc_new(NULL);
	return cidr_list_parse(mem, (struct strings) { texts, 2 }, &trusted, &e) ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	talloc_free(mem);
	return 0;
}

/* ---- nodes ---- */

static const struct {
	const char *text, *want; /* NULL: none */
	const char *source;
} nodes[] = {
	{ "203.0.113.9", "203.0.113.9", "usual" },
	{ "203.0.113.9:51234", "203.0.113.9", "Azure Application Gateway: IP:port" },
	{ "203.0.113.9:1", "203.0.113.9", "Azure Application Gateway: IP:port" },
	{ "203.0.113.9:_port", "203.0.113.9", "RFC 7239 section 6.3: obfport" },
	{ "\"203.0.113.9:51234\"", "203.0.113.9", "RFC 7239 section 6" },
	{ "2001:db8::7", "2001:db8::7", "usual, without brackets" },
	{ "2001:DB8:0:0:0:0:0:7", "2001:db8::7", "RFC 4291 section 2.2" },
	{ "[2001:db8::7]", "2001:db8::7", "RFC 7239 section 6: brackets" },
	{ "[2001:db8::7]:443", "2001:db8::7", "RFC 7239 section 6: brackets and port" },
	{ "\"[2001:db8::7]:443\"", "2001:db8::7", "RFC 7239 section 4, example" },
	{ "\"[2001:db8::7]\"", "2001:db8::7", "RFC 7239 section 4, example" },
	{ "\"[2001:db8::7]:_x.y-z\"", "2001:db8::7", "RFC 7239 section 6.3: obfport" },
	{ "fe80::1%eth0", "fe80::1", "RFC 4007 section 11: zone" },
	{ "[fe80::1%25eth0]:80", "fe80::1", "RFC 6874: zone in brackets" },
	{ "::ffff:203.0.113.9", "203.0.113.9", "RFC 4291 section 2.5.5.2: mapped" },
	{ "[::ffff:203.0.113.9]:80", "203.0.113.9", "mapped, with its port" },
	{ "unknown", NULL, "RFC 7239 section 6.2" },
	{ "UNKNOWN", NULL, "RFC 7239 section 6.2" },
	{ "\"unknown:80\"", NULL, "RFC 7239 section 6.2" },
	{ "_hidden", NULL, "RFC 7239 section 6.3: obfuscated" },
	{ "\"_hidden:80\"", NULL, "RFC 7239 section 6.3: obfuscated" },
	{ "unix:", NULL, "nginx, a unix socket in front" },
	{ "client.example", NULL, "a name" },
	{ "203.0.113", NULL, "too short" },
	{ "203.0.113.9.1", NULL, "too long" },
	{ "203.0.113.256", NULL, "out of range" },
	{ "0xcb007109", NULL, "inet_aton takes it" },
	{ "203.0.113.9/32", NULL, "a range" },
	{ "203.0.113.9:", NULL, "a port without digits" },
	{ "203.0.113.9:123456", NULL, "1*5DIGIT" },
	{ "203.0.113.9:http", NULL, "no port" },
	{ "203.0.113.9:_", NULL, "obfport without a character" },
	{ "203.0.113.9:80:90", NULL, "two ports" },
	{ "203.0.113.9%eth0", NULL, "a zone of IPv4" },
	{ "fe80::1%", NULL, "an empty zone" },
	{ "[203.0.113.9]:80", NULL, "IPv4 in brackets" },
	{ "[2001:db8::7", NULL, "half a bracket" },
	{ "2001:db8::7]", NULL, "half a bracket" },
	{ "[2001:db8::7]443", NULL, "no colon" },
	{ "[2001:db8::7]:", NULL, "a port without digits" },
	{ "[]", NULL, "nothing in brackets" },
	{ "\"203.0.113.9", NULL, "half a quote" },
	{ "203.0.113.9\"", NULL, "half a quote" },
	{ "\"\"", NULL, "nothing in quotes" },
	{ "203.0.113.9 10.0.0.1", NULL, "two without a comma" },
};

static void
an_address_is_read_as_proxies_write_it_and_nothing_else(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(nodes); i++) {
		char        out[ADDR_TEXT_MAX] = "";
		struct addr a;

		if (forwarded_node(str_of(nodes[i].text), &a))
			addr_print(&a, out);
		if (strcmp(out, nodes[i].want != NULL ? nodes[i].want : "") != 0)
			fail_msg("%s (%s): %s", nodes[i].text, nodes[i].source, out);
	}
}

/* ---- lists ---- */

static const char *const params_of[] = { "HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED" };

static struct forwarded
walk(const char *peer, enum forwarded_header h, const char *one, const char *two)
{
	struct addr a;
	char       *params[4] = { talloc_strdup(mem, "HTTP_HOST=for=198.51.100.66") };
	size_t      n = 1;

	assert_true(addr_parse(str_of(peer), &a));
	if (one != NULL)
		params[n++] = talloc_asprintf(mem, "%s=%s", params_of[h], one);
	if (two != NULL)
		params[n++] = talloc_asprintf(mem, "%s=%s", params_of[h], two);
	return forwarded_walk(&trusted, &a, params, h);
}

static void
client_is(const struct forwarded *f, const char *want, const char *of)
{
	char text[ADDR_TEXT_MAX];

	addr_print(&f->client, text);
	if (strcmp(text, want) != 0)
		fail_msg("%s: %s instead of %s", of, text, want);
}

#define WAYS 6

/* As the last proxy adds one to what is there. */
static char *
element(enum forwarded_header h, size_t way, const char *node)
{
	static const struct {
		const char *prefix, *suffix;
	} ways[WAYS] = {
		{ "for=", "" },
		{ "For=", ";proto=https;by=10.0.0.1" },
		{ "proto=https;host=\"a, b\\\"; for=198.51.100.66\";FOR=", "" },
		{ "by=\"[fd00::1]:80\" ; for = ", "" },
		{ "secret=\"\\\\\";for=", ";" },
		{ ";;for=", "" },
	};
	const char *quote = strchr(node, '"') != NULL ? "" : "\"";

	if (h == FORWARDED_X_FOR)
		return talloc_strdup(mem, node);
	return talloc_asprintf(
	    mem, "%s%s%s%s%s", ways[way].prefix, quote, node, quote, ways[way].suffix);
}

/* What a client may send for the proxy to add to: it never decides who counts. */
static const char *const before[] = { "", "198.51.100.66", "for=198.51.100.66", "for=\"", "\"",
	"\\", "for=\"\\", "for=\"\\\"", "\"\"\"", "for=\"198.51.100.66\\\\", ",", ",,,", ", ,", ";",
	"=", "for=\"198.51.100.66", "for=198.51.100.66;", "for=198.51.100.66;for=\"", "evil",
	"unknown", "10.0.0.2", "for=10.0.0.2", "\"10.0.0.2", "198.51.100.66, for=\"10.0.0.9",
	"for=\"x, for=198.51.100.66, \"", "[", "[::1", "\t" };

static void
a_client_never_chooses_its_address(void **state)
{
	size_t cases = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(nodes) * COUNT(before) * 2 * WAYS; i++) {
		size_t                way = i % WAYS, node = i / WAYS % COUNT(nodes);
		const char           *by_client = before[i / WAYS / COUNT(nodes) % COUNT(before)];
		enum forwarded_header h = i / WAYS / COUNT(nodes) / COUNT(before);
		const char           *want = nodes[node].want;
		char                 *last, *all;
		struct forwarded      f;

		/* a quote left open by the proxy itself is its own fault; what is no list of one
		 * neither */
		if (strchr(nodes[node].text, '"') != NULL && want == NULL)
			continue;
		last = element(h, way, nodes[node].text);
		all = talloc_asprintf(mem, "%s, %s", by_client, last);
		f = walk(PROXY, h, all, NULL);
		client_is(&f, want != NULL ? want : PROXY, all);
		assert_int_equal(f.told, want != NULL);
		assert_int_equal(f.unread, want == NULL);
		/* a second line, and a second hop that is trusted */
		f = walk(PROXY, h, by_client, last);
		if (h == FORWARDED_RFC7239)
			client_is(&f, want != NULL ? want : PROXY, all);
		all = talloc_asprintf(mem, "%s, %s", all, element(h, way, "[fd00::5]:80"));
		f = walk(PROXY, h, all, NULL);
		client_is(&f, want != NULL ? want : "fd00::5", all);
		/* a peer that is not trusted says nothing */
		f = walk("192.0.2.7", h, all, NULL);
		client_is(&f, "192.0.2.7", all);
		assert_false(f.told);
		cases += 4;
	}
	print_message("%zu cases\n", cases);
	assert_true(cases > 50000);
}

static void
an_element_that_names_nobody_ends_the_walk_there(void **state)
{
	static const char *const rows[] = { "proto=https", "by=203.0.113.9", "for",
		"for=", "for=;by=x", "for=203.0.113.9;for=203.0.113.8", "for=\"\"", "=203.0.113.9",
		"xfor=203.0.113.9", "\"for\"=203.0.113.9", "203.0.113.9", "for=203.0.113.9=1",
		"\"\"", ";", "for:203.0.113.9", "\"for=203.0.113.9\"", "for=\"203.0.113.9;by=\"x" };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct forwarded f = walk(PROXY, FORWARDED_RFC7239, "for=198.51.100.66", rows[i]);

		client_is(&f, PROXY, rows[i]);
		assert_true(f.unread);
		assert_false(f.told);
	}
}

static void
empty_elements_are_none_of_the_list(void **state)
{
	static const char *const blanks[] = { ",", ", ", ",,", " ,\t,", ",,,,,,,,", "" };
	size_t                   cases = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(blanks) * COUNT(blanks) * COUNT(blanks) * 2; i++) {
		const char *a = blanks[i % COUNT(blanks)],
			   *b = blanks[i / COUNT(blanks) % COUNT(blanks)],
			   *c = blanks[i / COUNT(blanks) / COUNT(blanks) % COUNT(blanks)];
		enum forwarded_header h = i % 2;
		char *all = talloc_asprintf(mem, "%s%s%s,%s%s", a, element(h, 0, "203.0.113.9"), b,
		    element(h, 0, "10.0.0.2"), c);
		struct forwarded f = walk(PROXY, h, all, h == FORWARDED_RFC7239 ? b : NULL);

		client_is(&f, "203.0.113.9", all);
		assert_true(f.told);
		/* nothing else there: nobody has told */
		f = walk(PROXY, h, talloc_asprintf(mem, "%s%s%s", a, b, c), NULL);
		client_is(&f, PROXY, "empty elements alone");
		assert_false(f.told || f.unread);
		cases += 2;
	}
	print_message("%zu cases\n", cases);
}

static void
what_cannot_be_read_is_handed_on_whole(void **state)
{
	static const char *const rows[] = { "for=unknown", "for=203.0.113.9;host=a b;for=x",
		"proto=https", ";", "\"\"", "by=203.0.113.9", "for=" };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char            *all = talloc_asprintf(mem, "for=198.51.100.66, %s , ", rows[i]);
		struct forwarded f = walk(PROXY, FORWARDED_RFC7239, all, NULL);

		assert_true(f.unread);
		assert_int_equal(f.what.n, strlen(rows[i]));
		assert_memory_equal(f.what.p, rows[i], f.what.n);
	}
}

static void
the_other_header_is_not_looked_at(void **state)
{
	char            *params[] = { talloc_strdup(mem, "HTTP_X_FORWARDED_FOR=198.51.100.1"),
			   talloc_strdup(mem, "HTTP_FORWARDED=for=203.0.113.9"), NULL };
	struct addr      a;
	struct forwarded f;

	(void)state;
	assert_true(addr_parse(STR(PROXY), &a));
	f = forwarded_walk(&trusted, &a, params, FORWARDED_X_FOR);
	client_is(&f, "198.51.100.1", "X-Forwarded-For");
	f = forwarded_walk(&trusted, &a, params, FORWARDED_RFC7239);
	client_is(&f, "203.0.113.9", "Forwarded");
	params[0] = NULL;
	f = forwarded_walk(&trusted, &a, params, FORWARDED_RFC7239);
	client_is(&f, PROXY, "none");
	assert_false(f.told || f.unread);
}

static void
more_trusted_hops_than_are_walked_name_nobody(void **state)
{
	(void)state;
	for (enum forwarded_header h = FORWARDED_X_FOR; h <= FORWARDED_RFC7239; h++)
		for (int n = 30; n <= 34; n++) {
			char            *all = element(h, 0, "203.0.113.9");
			struct forwarded f;

			for (int i = 0; i < n; i++)
				all = talloc_asprintf(mem, "%s,%s", all, element(h, 0, "10.1.1.1"));
			f = walk(PROXY, h, all, NULL);
			client_is(&f, n < 32 ? "203.0.113.9" : "10.1.1.1", all);
			assert_int_equal(f.told, n < 32);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_is_read_as_proxies_write_it_and_nothing_else),
		cmocka_unit_test(a_client_never_chooses_its_address),
		cmocka_unit_test(an_element_that_names_nobody_ends_the_walk_there),
		cmocka_unit_test(empty_elements_are_none_of_the_list),
		cmocka_unit_test(what_cannot_be_read_is_handed_on_whole),
		cmocka_unit_test(the_other_header_is_not_looked_at),
		cmocka_unit_test(more_trusted_hops_than_are_walked_name_nobody),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
