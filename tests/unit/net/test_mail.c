/* Mails as they go over the wire; how a server takes them is tested through a real one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/auth/mail/mails.h"
#include "core/net/mail.h"

static TALLOC_CTX *mem;

static int
begin(void **state)
{
	(void)state;
	mem = talloc_new(NULL);
	return mem == NULL;
}

static int
finish(void **state)
{
	(void)state;
	talloc_free(mem);
	return 0;
}

static struct mail_message
sample(void)
{
	return (struct mail_message) { .from = "bsx@example.org",
		.from_name = "BlindSpotX",
		.to = "ada@example.net",
		.subject = "Reset",
		.id = "0123-abc",
		.at_ms = 1795304674123, /* 2026-11-21T23:44:34Z */
		.text = STR("Hello\n.\nBye\n"),
		.html = STR("<p>Hello</p>") };
}

static const char *
composed(const struct mail_message *m)
{
	struct err e = { 0 };
	struct str out;

	if (!mail_compose(mem, m, &out, &e))
		fail_msg("%s", e.detail);
	for (size_t i = 0; i < out.n; i++) /* every line ends by CRLF, and no CR or LF is alone */
		if (out.p[i] == '\n')
			assert_true(i > 0 && out.p[i - 1] == '\r');
		else if (out.p[i] == '\r')
			assert_int_equal(out.p[i + 1], '\n');
	return out.p;
}

static void
a_message_is_all_there(void **state)
{
	const struct mail_message m = sample();

	(void)state;
	assert_string_equal(composed(&m),
	    "Date: Sat, 21 Nov 2026 23:44:34 +0000\r\n"
	    "From: \"BlindSpotX\"\r\n <bsx@example.org>\r\n"
	    "To: <ada@example.net>\r\n"
	    "Subject: Reset\r\n"
	    "Message-ID: <0123-abc@example.org>\r\n"
	    "MIME-Version: 1.0\r\n"
	    "Auto-Submitted: auto-generated\r\n"
	    "X-Auto-Response-Suppress: All\r\n"
	    "Content-Type: multipart/alternative; boundary=\"bsx-0123-abc\"\r\n"
	    "\r\n"
	    "--bsx-0123-abc\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: base64\r\n\r\n"
	    "SGVsbG8KLgpCeWUK\r\n"
	    "--bsx-0123-abc\r\n"
	    "Content-Type: text/html; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: base64\r\n\r\n"
	    "PHA+SGVsbG88L3A+\r\n"
	    "--bsx-0123-abc--\r\n");
}

static void
what_is_not_ascii_becomes_encoded_words_of_whole_characters(void **state)
{
	struct mail_message m = sample();

	(void)state;
	m.subject = "Zo\xC3\xAB";
	assert_non_null(strstr(composed(&m), "\r\nSubject: =?UTF-8?B?Wm/Dqw==?=\r\n"));
	/* 36 bytes a word: the 18th character begins the second */
	m.subject =
	    "x\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9"
	    "\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9";
	assert_non_null(strstr(composed(&m),
	    "\r\nSubject: =?UTF-8?B?eMOpw6nDqcOpw6nDqcOpw6nDqcOpw6nDqcOpw6nDqcOpw6k=?=\r\n"
	    " =?UTF-8?B?w6k=?=\r\n"));
	/* what looks like an encoded word is one of ours */
	m.subject = "=?UTF-8?B?eA==?=";
	assert_null(strstr(composed(&m), "Subject: =?UTF-8?B?eA==?="));
}

static void
nothing_ends_a_field_early(void **state)
{
	static const char *const bad_text[] = { "a\r\nBcc: x@example.org", "a\nb", "a\rb", "\xFF",
		NULL };
	static const char *const bad_address[] = { NULL, "", "ada", "@example.net", "ada@",
		"ada@example.net\r\nBcc: x@y", "ada@x\nRCPT TO:<y@z>", "a da@example.net",
		"<ada@example.net", "ada@example.net>", "a@b@c", "ada@example.net,bob@example.net",
		"\"a\"@b", "a(x)@b", "\xFF@b" };

	(void)state;
	for (size_t i = 0; bad_text[i] != NULL; i++) {
		struct mail_message m = sample();
		struct err          e = { 0 };
		struct str          out;

		m.subject = bad_text[i];
		assert_false(mail_compose(mem, &m, &out, &e));
		assert_int_equal(e.code, ERR_INVALID);
		m = sample();
		m.from_name = bad_text[i];
		err_clear(&e);
		assert_false(mail_compose(mem, &m, &out, &e));
		assert_int_equal(e.code, ERR_INVALID);
	}
	for (size_t i = 0; i < sizeof(bad_address) / sizeof(bad_address[0]); i++) {
		struct mail_message m = sample();
		struct err          e = { 0 };
		struct str          out;

		m.to = bad_address[i];
		assert_false(mail_compose(mem, &m, &out, &e));
		assert_int_equal(e.code, ERR_INVALID);
		m = sample();
		m.from = bad_address[i];
		err_clear(&e);
		assert_false(mail_compose(mem, &m, &out, &e));
		assert_int_equal(e.code, ERR_INVALID);
	}
}

static void
texts_hold_hostile_names_harmlessly(void **state)
{
	const struct mail_facts f = { .tenant = "A\nBcc: x <b>\"&",
		.slug = "acme",
		.address = "ada@example.net",
		.by = "<script>",
		.other = "n@example.net",
		.site = "https://h/",
		.link = "https://h/#reset=T" };
	struct err              e = { 0 };

	(void)state;
	for (enum mail_kind k = 0; k < MAIL_KIND__MAX; k++) {
		struct mail_message m = sample();
		enum mail_kind      again = MAIL_KIND__MAX;

		assert_true(mail_write(mem, k, &f, &m, &e));
		assert_null(strpbrk(m.subject, "\r\n"));
		assert_null(strstr(m.text.p, "\nBcc"));
		assert_null(strstr(m.html.p, "<script"));
		assert_null(strstr(m.html.p, "<b>"));
		assert_null(strchr(m.text.p, '{'));
		composed(&m);
		assert_true(mail_kind_parse(mail_kind_text(k), &again));
		assert_int_equal(again, k);
	}
}

/* As the database's: the operator's file may be root's and readable for the services' group. */
static void
a_password_file_is_for_nobody_else(void **state)
{
	static const struct {
		mode_t mode;
		bool   taken;
	} rows[] = { { 0600, true }, { 0400, true }, { 0640, true }, { 0604, false },
		{ 0644, false }, { 0602, false }, { 0601, false } };
	char                path[] = "/tmp/bsx-test-mail-XXXXXX";
	int                 fd = mkstemp(path);
	struct mail_options o = { .url = "smtps://127.0.0.1:1",
		.user = "u",
		.password_file = path,
		.tls_ca = "",
		.timeout_ms = 100 };

	(void)state;
	assert_true(fd >= 0 && write(fd, "secret\n", 7) == 7);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct err e = { 0 };

		assert_int_equal(fchmod(fd, rows[i].mode), 0);
		assert_int_equal(mail_make(mem, &o, &e) != NULL, rows[i].taken);
		assert_null(strstr(e.detail, "secret"));
	}
	close(fd);
	unlink(path);
}

static void
an_account_is_never_sent_in_clear(void **state)
{
	struct mail_options o = { .url = "smtp://127.0.0.1:1",
		.user = "u",
		.password_file = "/nonexistent",
		.tls_ca = "",
		.in_clear = true,
		.timeout_ms = 100 };
	struct err          e = { 0 };

	(void)state;
	assert_null(mail_make(mem, &o, &e));
	assert_non_null(strstr(e.detail, "smtp.user needs TLS"));
	err_clear(&e);
	o.in_clear = false;
	assert_null(mail_make(mem, &o, &e));
	assert_non_null(strstr(e.detail, "/nonexistent"));
	err_clear(&e);
	o.user = "";
	assert_non_null(mail_make(mem, &o, &e));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, finish)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_message_is_all_there),
		TEST(what_is_not_ascii_becomes_encoded_words_of_whole_characters),
		TEST(nothing_ends_a_field_early),
		TEST(texts_hold_hostile_names_harmlessly),
		TEST(a_password_file_is_for_nobody_else),
		TEST(an_account_is_never_sent_in_clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
