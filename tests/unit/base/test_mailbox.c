/* Which addresses an account may get, and which an account that has one already may sign in by. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/auth/ident.h"
#include "core/base/mailbox.h"
#include "tests/unit/mem.h"

#define L63 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggg"

static const struct {
	const char *address;
	const char *why; /* part of the sentence; NULL: it is taken */
} rows[] = {
	{ "a@x", NULL },
	{ "ada@example.org", NULL },
	{ "Ada.Lovelace+drift@sub.example.co.uk", NULL },
	/* Dot-string, RFC 5321 section 4.1.2: dots stand between atoms */
	{ "a.b.c@example.org", NULL },
	{ "a..b@example.org", "dots before the @" },
	{ ".a@example.org", "dots before the @" },
	{ "a.@example.org", "dots before the @" },
	{ ".@example.org", "dots before the @" },
	{ ".a..b@x", "dots before the @" },
	/* what inet_aton() reads; no top-level domain is a number, RFC 3696 section 2 */
	{ "a@0x7f.1", "no IP address" },
	{ "a@2130706433", "no IP address" },
	{ "a@127.1", "no IP address" },
	{ "a@0x7f000001", "no IP address" },
	{ "a@0X7F.0x1", "no IP address" },
	{ "a@0177.0.0.01", "no IP address" },
	{ "a@example.1", "no IP address" },
	{ "a@example.0x", "no IP address" },
	{ "a@example.0xg", NULL },
	{ "a@example.1a", NULL },
	{ "a@0x7f.example", NULL },
	{ "!#$%&'*+-/=?^_`{|}~@example.org", NULL }, /* atext, RFC 5322 section 3.2.3 */
	{ "user@my_host.example", NULL },
	{ "user@localhost", NULL },
	{ "user@1.example", NULL },
	{ "user@xn--mnchen-3ya.example", NULL },
	{ "user@m\xC3\xBCnchen.example", NULL }, /* RFC 6531 */
	{ "\xE7\x94\xA8\xE6\x88\xB7@\xE4\xBE\x8B\xE5\xAD\x90.\xE6\xB5\x8B\xE8\xAF\x95", NULL },
	{ L63 "h@" L63 "." L63 ".example", NULL },
	{ "", "must be an e-mail address" },
	{ "a", "must be an e-mail address" },
	{ "@x", "must be an e-mail address" },
	{ "a@", "must be an e-mail address" },
	{ "@", "must be an e-mail address" },
	{ "no address", "must be an e-mail address" },
	{ "<a@x>", "without < and >" },
	{ "Ada <ada@example.org>", "without < and >" },
	{ "<ada@example.org", "without < and >" },
	{ "ada@example.org>", "without < and >" },
	{ "a b@example.org", "without blanks" },
	{ "a@exam ple.org", "without blanks" },
	{ "a\t@example.org", "without blanks" },
	{ "a@example.org.", "must not end in a dot" },
	{ "a@example.org..", "must not end in a dot" },
	{ "a@.", "must not end in a dot" },
	{ "a@[127.0.0.1]", "no IP address" },
	{ "a@[IPv6:2001:db8::1]", "no IP address" },
	{ "a@127.0.0.1", "no IP address" },
	{ "a@2001:db8::1", "no IP address" },
	{ "a@.example.org", "after the @" },
	{ "a@example..org", "after the @" },
	{ "a@-example.org", "after the @" },
	{ "a@example-.org", "after the @" },
	{ "a@exa/mple.org", "after the @" },
	{ "a@example.org:25", "after the @" },
	{ "a@example.org,b", "after the @" },
	{ "a@example\xE3\x80\x82org", "after the @" }, /* ideographic full stop */
	{ "a@\xE2\x9D\xA4.example", "after the @" },
	{ "a@" L63 "x.example", "after the @" },
	{ "a@b@example.org", "before the @" },
	{ "\"a b\"@example.org", "without blanks" },
	{ "\"a\"@example.org", "before the @" },
	{ "a(comment)@example.org", "before the @" },
	{ "a,b@example.org", "before the @" },
	{ "mailto:a@example.org", "before the @" },
	{ "a;b@example.org", "before the @" },
	{ "a\\b@example.org", "before the @" },
	{ L63 "hi@example.org", "64 bytes" },
};

static void
addresses_that_mail_can_be_sent_to_are_taken(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		const char *why = mailbox_fault(str_of(rows[i].address));

		if ((why == NULL) != (rows[i].why == NULL) ||
		    (why != NULL && strstr(why, rows[i].why) == NULL))
			fail_msg("%s: %s", rows[i].address, why);
	}
}

static void
an_account_from_before_the_rule_is_found_by_its_address(void **state)
{
	static const char *const old[] = { "<a@x>", "a@example.org.", "a@[127.0.0.1]", "a@b@x.org",
		".a..b@x", "a@2130706433" };

	(void)state;
	for (size_t i = 0; i < LEN(old); i++) {
		struct err  e = { 0 };
		const char *email;

		assert_true(ident_email(mem, str_of(old[i]), &email, &e));
		assert_string_equal(email, old[i]);
		assert_false(ident_new_email(mem, str_of(old[i]), &email, &e));
		assert_non_null(strstr(e.pub, "must"));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(addresses_that_mail_can_be_sent_to_are_taken),
		TEST(an_account_from_before_the_rule_is_found_by_its_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
