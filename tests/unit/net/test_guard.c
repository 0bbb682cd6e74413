/* The outbound guard: addresses and URLs that lead inside are refused in every spelling. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/net/guard.h"
#include "tests/unit/mem.h"

static struct cidr_list
ranges(const char *a, const char *b)
{
	const char      *items[] = { a, b };
	struct strings   texts = { items, b == NULL ? 1 : 2 };
	struct cidr_list l = { 0 };
	struct err       e = { 0 };

	assert_true(cidr_list_parse(mem, texts, &l, &e));
	return l;
}

static bool
passes(const struct guard *g, const char *text)
{
	struct addr a;

	if (!addr_parse(str_of(text), &a))
		print_message("no address: %s\n", text);
	assert_true(addr_parse(str_of(text), &a));
	return guard_address(g, &a);
}

static const char *const inner[] = {
	"0.0.0.0",
	"0.255.255.255",
	"10.0.0.0",
	"10.255.255.255",
	"100.64.0.0",
	"100.127.255.255",
	"127.0.0.1",
	"127.255.255.255",
	"169.254.0.0",
	"169.254.169.254",
	"169.254.255.255",
	"172.16.0.0",
	"172.31.255.255",
	"192.0.0.0",
	"192.0.0.255",
	"192.0.2.0",
	"192.0.2.255",
	"192.88.99.1",
	"192.168.0.0",
	"192.168.255.255",
	"198.18.0.0",
	"198.19.255.255",
	"198.51.100.0",
	"198.51.100.255",
	"203.0.113.0",
	"203.0.113.255",
	"224.0.0.0",
	"239.255.255.255",
	"240.0.0.0",
	"255.255.255.255",
	/* the same inside IPv6 */
	"::ffff:127.0.0.1",
	"::ffff:10.0.0.1",
	"::ffff:169.254.169.254",
	"::ffff:7f00:1",
	"64:ff9b::7f00:1",
	"64:ff9b::10.0.0.1",
	"64:ff9b::169.254.169.254",
	"2002:7f00:1::",
	"2002:0a00:0001::1",
	"2002:a9fe:a9fe::",
	"2606:4700::5efe:10.0.0.1",
	"2606:4700::200:5efe:127.0.0.1",
	"2002:808:808::5efe:169.254.169.254",
	"::127.0.0.1",
	"::8.8.8.8",
	/* IPv6's own */
	"::",
	"::1",
	"::2",
	"100::",
	"100::1",
	"64:ff9b:1::1",
	"2001::1",
	"2001:1ff:ffff::",
	"2001:db8::",
	"2001:db8:ffff::1",
	"3fff::1",
	"5f00::1",
	"fc00::",
	"fd00::1",
	"fdff:ffff::1",
	"fe80::1",
	"febf::1",
	"fec0::1",
	"ff02::1",
	"ffff::",
	"4000::1",
	"8000::1",
	"e000::1",
};

static void
inner_addresses_are_refused(void **state)
{
	const struct guard g = { NULL, true };

	(void)state;
	for (size_t i = 0; i < LEN(inner); i++) {
		if (passes(&g, inner[i]))
			print_message("let through: %s\n", inner[i]);
		assert_false(passes(&g, inner[i]));
	}
}

static void
public_addresses_pass(void **state)
{
	static const char *const rows[] = {
		"1.1.1.1",
		"8.8.8.8",
		"9.255.255.255",
		"11.0.0.0",
		"100.63.255.255",
		"100.128.0.0",
		"126.255.255.255",
		"128.0.0.0",
		"169.253.255.255",
		"169.255.0.0",
		"172.15.255.255",
		"172.32.0.0",
		"192.0.1.0",
		"192.0.3.0",
		"192.167.255.255",
		"192.169.0.0",
		"198.17.255.255",
		"198.20.0.0",
		"198.51.101.0",
		"203.0.114.0",
		"223.255.255.255",
		"::ffff:8.8.8.8",
		"64:ff9b::808:808",
		"2002:808:808::1",
		"2001:200::1",
		"2001:db7:ffff::",
		"2001:db9::",
		"2606:4700::1111",
		"2606:4700::5efe:8.8.8.8",
		"2606:4700::5eff:10.0.0.1",
		"2a00:1450::1",
	};
	const struct guard g = { NULL, false };

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++)
		assert_true(passes(&g, rows[i]));
}

static void
the_operator_opens_ranges_by_name(void **state)
{
	const struct cidr_list allow = ranges("10.1.0.0/16", "fd12::/16");
	const struct guard     g = { &allow, false };

	(void)state;
	assert_true(passes(&g, "10.1.2.3"));
	assert_true(passes(&g, "::ffff:10.1.2.3"));
	assert_true(passes(&g, "fd12::7"));
	assert_false(passes(&g, "10.2.0.1"));
	assert_false(passes(&g, "127.0.0.1"));
	assert_false(passes(&g, "fd13::7"));
	assert_false(
	    passes(&g, "64:ff9b::a01:203")); /* the range, not what is wrapped in another */
	assert_true(passes(&g, "8.8.8.8"));
}

static void
good_urls_pass(void **state)
{
	static const struct {
		const char *url, *host;
		uint16_t    port;
		bool        literal;
	} rows[] = {
		{ "https://hooks.example.org/x", "hooks.example.org", 443, false },
		{ "HTTPS://hooks.example.org", "hooks.example.org", 443, false },
		{ "https://hooks.example.org:8443/a/b?c=d&e=%20", "hooks.example.org", 8443,
		    false },
		{ "https://hooks.example.org:443", "hooks.example.org", 443, false },
		{ "https://hooks.example.org?q=a@b:c", "hooks.example.org", 443, false },
		{ "https://xn--bcher-kva.example/", "xn--bcher-kva.example", 443, false },
		{ "https://8.8.8.8/", "8.8.8.8", 443, true },
		{ "https://[2606:4700::1111]:8443/", "2606:4700::1111", 8443, true },
		{ "https://[2606:4700::1111]?x", "2606:4700::1111", 443, true },
		{ "https://1.example.org/", "1.example.org", 443, false },
		{ "https://localhost/", "localhost", 443,
		    false }, /* its address is checked when it is known */
	};
	const struct guard g = { NULL, false };

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		struct guard_target t;
		struct err          e = { 0 };

		assert_true(guard_url(&g, rows[i].url, &e));
		assert_true(guard_target(&g, rows[i].url, &t, &e));
		assert_true(str_eqz(t.host, rows[i].host));
		assert_int_equal(t.port, rows[i].port);
		assert_int_equal(t.literal, rows[i].literal);
	}
}

static const char *const bad_urls[] = {
	"",
	"https:",
	"https:/",
	"https://",
	"https:///",
	"https://?",
	"https://:443/",
	"//example.org/",
	"example.org",
	"/path",
	"ftp://example.org/",
	"file:///etc/passwd",
	"gopher://example.org/",
	"javascript:alert(1)",
	"httpss://example.org/",
	" https://example.org/",
	"https://example.org/ ",
	"https ://example.org/",
	/* user names, fragments, tricks between parsers */
	"https://user@example.org/",
	"https://user:pw@example.org/",
	"https://example.org@127.0.0.1/",
	"https://@example.org/",
	"https://example.org#@127.0.0.1/",
	"https://example.org/#x",
	"https://example.org\\@127.0.0.1/",
	"https:\\\\example.org/",
	"https://example.org\t/",
	"https://example.org/\r\nX-Evil: 1",
	"https://exa\nmple.org/",
	"https://example.org/\x7f",
	"https://example.org/\xc3\xbc",
	"https://example.org/<x>",
	"https://example.org/{x}",
	/* ports */
	"https://example.org:22/",
	"https://example.org:80/",
	"https://example.org:/",
	"https://example.org:0/",
	"https://example.org:65536/",
	"https://example.org:443:443/",
	"https://example.org:+443/",
	"https://example.org:4 43/",
	"https://example.org:000443/",
	"https://example.org:0x1bb/",
	/* hosts that are no names */
	"https://example..org/",
	"https://.example.org/",
	"https://example.org./",
	"https://localhost./",
	"https://-example.org/",
	"https://example-.org/",
	"https://exam_ple.org/",
	"https://exa%6dple.org/",
	"https://b\xc3\xbc.example/",
	"https://\xe2\x91\xa0.example/",
	"https://*.example.org/",
	"https://a,b.example/",
	"https://example.org;x/",
	"https://ex!ample.org/",
	/* addresses in other clothes */
	"https://2130706433/",
	"https://0x7f000001/",
	"https://0x7f.1/",
	"https://017700000001/",
	"https://0177.0.0.1/",
	"https://127.1/",
	"https://127.0.1/",
	"https://127.0.0.01/",
	"https://127.0.0.1./",
	"https://1.2.3.4.5/",
	"https://256.1.1.1/",
	"https://example.0x7f/",
	"https://example.1/",
	"https://0/",
	"https://0x/",
	"https://8.8.8.8./",
	"https://[8.8.8.8]/",
	"https://[::1/",
	"https://[]/",
	"https://[::1%25eth0]/",
	"https://[fe80::1%eth0]/",
	"https://[2606:4700::1111]x/",
	"https://2606:4700::1111/",
	"https://[[::1]]/",
	"https://[v1.fe80::a]/",
	"https://[2606:4700::1111]:/",
	/* addresses that lead inside */
	"https://127.0.0.1/",
	"https://10.0.0.1:8443/",
	"https://169.254.169.254/latest/meta-data/",
	"https://0.0.0.0/",
	"https://[::1]/",
	"https://[::]/",
	"https://[::ffff:127.0.0.1]/",
	"https://[::ffff:7f00:1]/",
	"https://[64:ff9b::7f00:1]/",
	"https://[2002:7f00:1::]/",
	"https://[fd00::1]/",
	"https://[fe80::1]/",
};

static void
bad_urls_are_refused_with_a_sentence(void **state)
{
	const struct guard g = { NULL, false };

	(void)state;
	for (size_t i = 0; i < LEN(bad_urls); i++) {
		struct err e = { 0 };

		if (guard_url(&g, bad_urls[i], &e))
			print_message("let through: %s\n", bad_urls[i]);
		assert_int_equal(e.code, ERR_INVALID);
		assert_int_equal(strncmp(e.pub, "The URL", 7), 0);
	}
}

static void
plain_http_is_a_setting_and_changes_nothing_else(void **state)
{
	const struct guard no = { NULL, false }, yes = { NULL, true };

	(void)state;
	struct err e = { 0 };

	assert_false(guard_url(&no, "http://example.org/", &e));
	err_clear(&e);
	assert_true(guard_url(&yes, "http://example.org/", &e));
	assert_true(guard_url(&yes, "http://example.org:9000/", &e));
	assert_true(guard_url(&yes, "https://example.org:9000/", &e));
	assert_false(guard_url(&yes, "http://2130706433/", &e));
	err_clear(&e);
	assert_false(guard_url(&yes, "http://127.0.0.1:9000/", &e));
	err_clear(&e);
	assert_false(guard_url(&yes, "http://user@example.org/", &e));
}

static void
an_opened_address_may_have_any_port(void **state)
{
	const struct cidr_list allow = ranges("127.0.0.0/8", "::1/128");
	const struct guard     g = { &allow, false };
	struct err             e = { 0 };

	(void)state;
	assert_true(guard_url(&g, "https://127.0.0.1:9000/", &e));
	assert_true(guard_url(&g, "https://[::1]:9000/", &e));
	assert_false(guard_url(&g, "https://localhost:9000/", &e)); /* a name is not an address */
	err_clear(&e);
	assert_false(guard_url(&g, "https://8.8.8.8:9000/", &e));
	err_clear(&e);
	assert_false(guard_url(&g, "http://127.0.0.1:9000/", &e));
}

static void
the_length_ends_at_2048(void **state)
{
	const struct guard g = { NULL, false };
	char               url[2050] = "https://example.org/";
	struct err         e = { 0 };

	(void)state;
	memset(url + 20, 'x', 2048 - 20);
	assert_true(guard_url(&g, url, &e));
	url[2048] = 'x';
	assert_false(guard_url(&g, url, &e));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(inner_addresses_are_refused),
		TEST(public_addresses_pass),
		TEST(the_operator_opens_ranges_by_name),
		TEST(good_urls_pass),
		TEST(bad_urls_are_refused_with_a_sentence),
		TEST(plain_http_is_a_setting_and_changes_nothing_else),
		TEST(an_opened_address_may_have_any_port),
		TEST(the_length_ends_at_2048),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
