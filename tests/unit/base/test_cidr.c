#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "core/base/cidr.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void
addresses_are_printed_in_their_short_form(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "192.0.2.1", "192.0.2.1" },
		{ "::ffff:192.0.2.1", "192.0.2.1" },
		{ "::FFFF:C000:0201", "192.0.2.1" },
		{ "::1", "::1" },
		{ "2001:DB8:0:0:0:0:0:1", "2001:db8::1" },
		{ "0.0.0.0", "0.0.0.0" },
		{ "::", "::" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct addr a;
		char        z[ADDR_TEXT_MAX];

		assert_true(addr_parse(str_of(rows[i].in), &a));
		addr_print(&a, z);
		assert_string_equal(z, rows[i].out);
	}
}

static void
what_is_no_address_is_refused(void **state)
{
	static const char *const rows[] = { "", " 1.2.3.4", "1.2.3.4 ", "1.2.3", "1.2.3.4.5",
		"1.2.3.256", "01.2.3.4", "0x7f.1", "2130706433", "[::1]", "::1%lo", "fe80::1%eth0",
		"1.2.3.4:80", "localhost", ":::", "1::2::3", "unknown",
		"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb" };
	struct addr              a;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (addr_parse(str_of(rows[i]), &a))
			fail_msg("accepted: %s", rows[i]);
	assert_false(addr_parse(STR("127.0.0.1\0x"), &a));
}

static void
a_range_holds_its_addresses_in_either_family_s_form(void **state)
{
	static const struct {
		const char *range, *address;
		bool        want;
	} rows[] = {
		{ "127.0.0.0/8", "127.255.255.255", true },
		{ "127.0.0.0/8", "::ffff:127.0.0.1", true },
		{ "127.0.0.0/8", "128.0.0.0", false },
		{ "127.0.0.0/8", "::1", false },
		{ "::ffff:127.0.0.0/104", "127.0.0.1", true },
		{ "10.1.2.3", "10.1.2.3", true },
		{ "10.1.2.3", "10.1.2.4", false },
		{ "10.1.2.3/32", "10.1.2.3", true },
		{ "10.128.0.0/9", "10.127.255.255", false },
		{ "10.128.0.0/9", "10.200.0.1", true },
		{ "192.0.2.8/29", "192.0.2.15", true },
		{ "192.0.2.8/29", "192.0.2.16", false },
		{ "0.0.0.0/0", "203.0.113.9", true },
		{ "0.0.0.0/0", "2001:db8::1", false },
		{ "::/0", "2001:db8::1", true },
		{ "::/0", "203.0.113.9", true },
		{ "fd00::/8", "fdff::1", true },
		{ "fd00::/8", "fe00::1", false },
		{ "2001:db8::/33", "2001:db8:8000::", false },
		{ "::1", "::1", true },
		{ "::1/128", "::2", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct cidr c;
		struct addr a;

		assert_true(cidr_parse(str_of(rows[i].range), &c));
		assert_true(addr_parse(str_of(rows[i].address), &a));
		if (cidr_match(&c, &a) != rows[i].want)
			fail_msg("%s in %s", rows[i].address, rows[i].range);
	}
}

static void
ranges_that_are_written_wrong_are_refused(void **state)
{
	static const char *const rows[] = { "", "/8", "10.0.0.0/", "10.0.0.0/33", "::/129",
		"10.0.0.0/-1", "10.0.0.0/08", "10.0.0.0/+8", "10.0.0.0/8/8", "10.0.0.1/8",
		"fd00::1/8", "10.0.0.0/ 8", "10/8", "10.0.0.0/255.0.0.0", "::ffff:10.0.0.0/8",
		"any" };
	struct cidr              c;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (cidr_parse(str_of(rows[i]), &c))
			fail_msg("accepted: %s", rows[i]);
}

static void
a_list_names_the_entry_that_is_wrong(void **state)
{
	const char      *good[] = { "127.0.0.0/8", "::1" };
	const char      *bad[] = { "127.0.0.0/8", "1.2.3.4/5" };
	TALLOC_CTX      *mem = talloc_new(NULL);
	struct err       e = { 0 };
	struct cidr_list l;
	struct addr      a;

	(void)state;
	assert_true(cidr_list_parse(mem, (struct strings) { good, 2 }, &l, &e));
	assert_true(addr_parse(STR("::1"), &a) && cidr_list_match(&l, &a));
	assert_true(addr_parse(STR("::2"), &a) && !cidr_list_match(&l, &a));
	assert_true(cidr_list_parse(mem, (struct strings) { NULL, 0 }, &l, &e));
	assert_false(cidr_list_match(&l, &a));
	assert_false(cidr_list_parse(mem, (struct strings) { bad, 2 }, &l, &e));
	assert_int_equal(e.code, ERR_INVALID);
	assert_non_null(strstr(e.detail, "1.2.3.4/5"));
	talloc_free(mem);
}

static void
socket_addresses_are_folded_too(void **state)
{
	struct sockaddr_in  v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	struct sockaddr     other = { .sa_family = AF_UNIX };
	struct addr         a, b;

	(void)state;
	assert_int_equal(inet_pton(AF_INET, "192.0.2.1", &v4.sin_addr), 1);
	assert_int_equal(inet_pton(AF_INET6, "::ffff:192.0.2.1", &v6.sin6_addr), 1);
	assert_true(addr_of((const struct sockaddr *)&v4, &a));
	assert_true(addr_of((const struct sockaddr *)&v6, &b));
	assert_true(addr_eq(&a, &b) && addr_is_ipv4(&a));
	assert_false(addr_of(&other, &a));
}

static void
neighbours_share_the_range_around_them(void **state)
{
	struct addr a, b;
	struct cidr ca, cb;

	(void)state;
	assert_true(addr_parse(STR("2001:db8:1:2:3:4:5:6"), &a));
	assert_true(addr_parse(STR("2001:db8:1:2:ffff::"), &b));
	ca = cidr_around(&a, 64);
	cb = cidr_around(&b, 64);
	assert_true(addr_eq(&ca.addr, &cb.addr));
	assert_true(addr_parse(STR("2001:db8:1:3::"), &b));
	assert_false(cidr_match(&ca, &b));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_printed_in_their_short_form),
		cmocka_unit_test(what_is_no_address_is_refused),
		cmocka_unit_test(a_range_holds_its_addresses_in_either_family_s_form),
		cmocka_unit_test(ranges_that_are_written_wrong_are_refused),
		cmocka_unit_test(a_list_names_the_entry_that_is_wrong),
		cmocka_unit_test(socket_addresses_are_folded_too),
		cmocka_unit_test(neighbours_share_the_range_around_them),
	};

	return cmocka_run_group_tests_name("cidr", tests, NULL, NULL);
}
