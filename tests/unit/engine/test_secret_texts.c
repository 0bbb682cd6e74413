/*
 * Secrets in texts: kinds of texts, and ways to write a value in them.  What must be hidden says
 * HIDE, what must stay KEEP.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/engine.h"

static const struct {
	const char *kind, *form, *text; /* JSON */
} rows[] = {
	{ "connection string", "unquoted", "\"Server=KEEP;Password=HIDE;Encrypt=KEEP\"" },
	{ "connection string", "quoted", "\"Server=KEEP;Password='HIDE;HIDE';Encrypt=KEEP\"" },
	{ "connection string", "quoted, and more behind it",
	    "\"Password='HIDE'HIDE;Encrypt=KEEP\"" },
	{ "connection string", "quoted, and U+0000 behind it",
	    "\"Password='HIDE'\\u0000HIDE;Encrypt=KEEP\"" },
	{ "connection string", "braces", "\"PWD={HIDE;HIDE}};HIDE};Server=KEEP\"" },
	{ "connection string", "empty", "\"Password=;Server=KEEP\"" },
	{ "connection string", "none", "\"Password=none;Server=KEEP\"" },
	{ "connection string", "none, and more behind it", "\"Password=none;HIDE\"" },
	{ "connection string", "empty, and more behind it", "\"Password=;HIDE\"" },
	{ "connection string", "the last", "\"Server=KEEP;Password=HIDE;\"" },
	{ "connection string", "name of two words",
	    "\"Server=KEEP;Account Key=HIDE;Other Name=KEEP\"" },
	{ "connection string", "within quotes", "\"url = 'Server=KEEP;Password=HIDE' pool=KEEP\"" },
	{ "ini", "unquoted", "\"[db]\\nuser = KEEP\\npassword = HIDE\\nport = KEEP\"" },
	{ "ini", "with a semicolon in it", "\"password = HIDE;HIDE\\nport = KEEP\"" },
	{ "ini", "quoted", "\"password = \\\"HIDE;HIDE\\\"\\nport = KEEP\"" },
	{ "ini", "empty", "\"password =\\nport = KEEP\"" },
	{ "ini", "none", "\"password = none\\nport = KEEP\"" },
	{ "ini", "multi-line", "\"password =\\n  HIDE\\n  HIDE\\nport = KEEP\"" },
	{ "ini", "goes on", "\"password = HIDE\\n  HIDE\\nport = KEEP\"" },
	{ "ini", "goes on with base64", "\"privateKey = HIDE\\n  HIDE==\\nport = KEEP\"" },
	{ "yaml", "unquoted", "\"db:\\n  password: HIDE HIDE\\n  port: KEEP\"" },
	{ "yaml", "quoted", "\"db:\\n  password: \\\"HIDE\\n    HIDE\\\"\\n  port: KEEP\"" },
	{ "yaml", "empty", "\"password:\\nport: KEEP\"" },
	{ "yaml", "none", "\"password: none\\nport: KEEP\"" },
	{ "yaml", "none, and more behind it", "\"password: none\\n  HIDE\\nport: KEEP\"" },
	{ "yaml", "block",
	    "\"a:\\n  password: |\\n    HIDE\\n      HIDE: HIDE\\n\\n    HIDE\\n  port: KEEP\"" },
	{ "yaml", "folded block", "\"- token: >-\\n    HIDE\\n  user: KEEP\\nport: KEEP\"" },
	{ "yaml", "block with an indent", "\"password: |2+ # it\\n   HIDE\\nport: KEEP\"" },
	{ "yaml", "block with a tag", "\"password: !!str &a |\\n   HIDE\\nport: KEEP\"" },
	{ "yaml", "block of CRLF", "\"password: |\\r\\n  HIDE\\r\\n  HIDE\\r\\nport: KEEP\"" },
	{ "yaml", "block at the end", "\"port: KEEP\\npassword: |\\n  HIDE\\n  HIDE\"" },
	{ "yaml", "multi-line", "\"password:\\n  HIDE\\n  HIDE\\nport: KEEP\"" },
	{ "yaml", "goes on", "\"password: HIDE\\n  HIDE\\nport: KEEP\"" },
	{ "yaml", "settings below", "\"password:\\n  minLength: KEEP\\n  history: KEEP\"" },
	{ "yaml", "list", "\"tokens:\\n  - HIDE\\n  - HIDE\\nport: KEEP\"" },
	{ "yaml", "list of settings", "\"tokens:\\n  - name: KEEP\\n    days: KEEP\"" },
	{ "yaml", "quoted name", "\"\\\"password\\\": HIDE\\nport: KEEP\"" },
	{ "yaml", "quoted name of a block", "\"\\\"password\\\": |\\n  HIDE\\nport: KEEP\"" },
	{ "yaml", "braces", "\"db: {user: KEEP, password: HIDE, port: KEEP}\"" },
	{ "json in text", "quoted",
	    "\"{\\\"password\\\":\\\"HIDE\\\",\\\"port\\\":\\\"KEEP\\\"}\"" },
	{ "json in text", "quoted, with quotes in it",
	    "\"{\\\"password\\\":\\\"HIDE\\\\\\\"HIDE\\\",\\\"port\\\":\\\"KEEP\\\"}\"" },
	{ "json in text", "no text",
	    "\"{\\n  \\\"password\\\": null,\\n  \\\"token\\\": 12,\\n  \\\"secret\\\": "
	    "{\\\"name\\\":\\\"KEEP\\\"}\\n}\"" },
	{ "json in text", "quoted, and more behind it", "\"%\\\"password\\\":\\\"HIDE\\\"KEEP\"" },
	{ "json in text", "empty", "\"{\\\"password\\\":\\\"\\\",\\\"port\\\":\\\"KEEP\\\"}\"" },
	{ "json in text", "none", "\"{\\\"password\\\":\\\"none\\\",\\\"port\\\":\\\"KEEP\\\"}\"" },
	{ "json in text", "multi-line",
	    "\"{\\\"password\\\":\\n  \\\"HIDE\\\",\\n\\\"port\\\":\\\"KEEP\\\"}\"" },
	{ "json in text", "list",
	    "\"{\\\"tokens\\\":[\\\"HIDE\\\", "
	    "\\\"HI]DE\\\",\\\"HIDE\\\"],\\\"port\\\":\\\"KEEP\\\"}\"" },
	{ "json in text", "in a text",
	    "\"{\\\"j\\\":\\\"{\\\\\\\"password\\\\\\\":\\\\\\\"HIDE\\\\\\\"}\\\",\\\"port\\\":"
	    "\\\"KEEP\\\"}\"" },
	{ "json in text", "a setting in it",
	    "\"{\\\"cmd\\\":\\\"run password=HIDE\\\",\\\"port\\\":\\\"KEEP\\\"}\"" },
	{ "url", "userinfo", "\"postgres://KEEP:HIDE@KEEP/db\"" },
	{ "url", "slash in it", "\"postgres://KEEP:HI/HIDE@KEEP/db\"" },
	{ "url", "another secret before it", "\"a://;Password=HIDE;A=1:HIDE@/\"" },
	{ "url", "empty", "\"postgres://KEEP:@KEEP/db\"" },
	{ "url", "query", "\"https://KEEP/?user=KEEP&password=HIDE&z=KEEP#KEEP\"" },
	{ "url", "query, none", "\"https://KEEP/?password=none&z=KEEP\"" },
	{ "url", "quoted", "\"url=\\\"https://KEEP/?access_token=HIDE\\\" port=KEEP\"" },
	{ "url", "multi-line", "\"https://KEEP/?sig=HIDE\\nKEEP\"" },
	{ "env", "unquoted", "\"A=KEEP\\nDB_PASSWORD=HIDE HIDE\\nB=KEEP\"" },
	{ "env", "with a semicolon in it", "\"DB_PASSWORD=HIDE;HIDE\\nB=KEEP\"" },
	{ "env", "quoted", "\"export DB_PASSWORD='HIDE HIDE' B=KEEP\"" },
	{ "env", "quoted in parts", "\"export DB_PASSWORD=HIDE\\\"HIDE HIDE\\\"HIDE B=KEEP\"" },
	{ "env", "empty", "\"DB_PASSWORD=\\nB=KEEP\"" },
	{ "env", "none", "\"DB_PASSWORD=none\\nB=KEEP\"" },
	{ "env", "multi-line", "\"DB_PASSWORD=\\\"HIDE\\nHIDE\\\"\\nB=KEEP\"" },
	{ "http header", "unquoted", "\"Host: KEEP\\r\\nX-Api-Key: HIDE\\r\\nAccept: KEEP\"" },
	{ "http header", "without a blank", "\"X-Api-Key:HIDE\\r\\nAccept: KEEP\"" },
	{ "http header", "quoted", "\"curl -H 'X-Api-Key: HIDE' KEEP\"" },
	{ "http header", "bearer", "\"Authorization: Bearer HIDE0123\\r\\nAccept: KEEP\"" },
	{ "http header", "empty", "\"X-Api-Key: \\r\\nAccept: KEEP\"" },
	{ "http header", "none", "\"X-Api-Key: none\\r\\nAccept: KEEP\"" },
	{ "http header", "multi-line", "\"X-Api-Key: HIDE\\r\\n HIDE\\r\\nAccept: KEEP\"" },
	{ "xml", "attribute",
	    "\"<db user=\\\"KEEP\\\" password=\\\"HIDE\\\" port=\\\"KEEP\\\"/>\"" },
	{ "xml", "attribute in single quotes", "\"<db password='HIDE' port='KEEP'/>\"" },
	{ "xml", "connection string in an attribute",
	    "\"<add connectionString=\\\"Server=KEEP;Password=HIDE\\\" provider=\\\"KEEP\\\"/>\"" },
	{ "xml", "pair",
	    "\"<add key=\\\"DbPassword\\\" value=\\\"HIDE\\\"/><add key=\\\"Port\\\" "
	    "value=\\\"KEEP\\\"/>\"" },
	{ "xml", "element",
	    "\"<user>KEEP</user><s:password "
	    "type=\\\"KEEP\\\">HIDE</s:password><port>KEEP</port>\"" },
	{ "xml", "cdata", "\"<password><![CDATA[HIDE<HIDE]]></password>KEEP\"" },
	{ "xml", "property",
	    "\"<name>db.password</name>\\n<value>HIDE</value><name>x</name><value>KEEP</value>\"" },
	{ "xml", "empty",
	    "\"<db password=\\\"\\\" port=\\\"KEEP\\\"/><password></password>KEEP\"" },
	{ "xml", "none",
	    "\"<db password=\\\"none\\\" port=\\\"KEEP\\\"/><password>none</password>\"" },
	{ "xml", "multi-line", "\"<password>\\n  HIDE\\n  HIDE\\n</password>KEEP\"" },
	{ "powershell", "quoted",
	    "\"$user = \\\"KEEP\\\"\\n$password = \\\"HIDE\\\"\\n$port = KEEP\"" },
	{ "powershell", "unquoted parameter", "\"Connect -User KEEP -Password HIDE -Port KEEP\"" },
	{ "powershell", "quoted parameter", "\"Connect -Password 'HIDE HIDE' -Port KEEP\"" },
	{ "powershell", "secure string",
	    "\"$p = ConvertTo-SecureString \\\"HIDE\\\" -AsPlainText -KEEP\"" },
	{ "powershell", "secure string by name",
	    "\"ConvertTo-SecureString -String 'HIDE' -KEEP\"" },
	{ "powershell", "empty", "\"$password = \\\"\\\"\\n$port = KEEP\"" },
	{ "powershell", "none", "\"Connect -Password none -Port KEEP\"" },
	{ "powershell", "multi-line",
	    "\"$password = @\\\"\\nHIDE\\\"HIDE\\n\\\"@\\n$port = KEEP\"" },
	{ "shell", "option", "\"run --user KEEP --password HIDE --port KEEP\"" },
	{ "shell", "option with an equals sign", "\"run --password=HIDE --port KEEP\"" },
	{ "shell", "a file is none", "\"run --password-file KEEP --port KEEP\"" },
	{ "python", "three quotes",
	    "\"password = \\\"\\\"\\\"HIDE\\\"HIDE\\\"\\\"\\\"\\nport = KEEP\"" },
	{ "pem", "multi-line",
	    "\"KEEP\\n-----BEGIN RSA PRIVATE KEY-----\\nHIDE\\nHIDE=\\n-----END RSA PRIVATE "
	    "KEY-----\\nKEEP\"" },
	{ "pem", "encrypted",
	    "\"-----BEGIN ENCRYPTED PRIVATE KEY-----\\nHIDE\\n-----END ENCRYPTED PRIVATE "
	    "KEY-----\\nKEEP\"" },
	{ "pem", "in one line",
	    "\"key=\\\"-----BEGIN PRIVATE KEY-----HIDE-----END PRIVATE KEY-----\\\" port=KEEP\"" },
	{ "pem", "in a block",
	    "\"privateKey: |\\n  -----BEGIN PRIVATE KEY-----\\n  HIDE\\n  -----END PRIVATE "
	    "KEY-----\\nport: KEEP\"" },
	{ "pem", "without an end", "\"-----BEGIN PRIVATE KEY-----\\nHIDE\\nHIDE\"" },
	{ "pem", "public", "\"-----BEGIN CERTIFICATE-----\\nKEEP\\n-----END CERTIFICATE-----\"" },
	{ "sentence", "of a password", "\"The password: see KEEP, or ask for a token - KEEP\"" },
	{ "sentence", "of dates and ids",
	    "\"2024-01-02T03:04:05Z KEEP 123e4567-e89b-12d3-a456-426614174000 -> KEEP "
	    "<KEEP>KEEP\"" },
};

static size_t
times(struct str s, const char *what)
{
	size_t      n = 0;
	const char *at = memmem(s.p, s.n, what, strlen(what));

	for (; at != NULL; n++)
		at = memmem(at + 1, (size_t)(s.p + s.n - at - 1), what, strlen(what));
	return n;
}

static void
what_is_secret_is_hidden_and_the_rest_stays(void **state)
{
	struct compare_spec *spec = spec_of(NULL, key);
	size_t               wrong = 0;

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		struct resource r = resource(spec, "c", rows[i].text), again = r;
		struct err      e = { 0 };
		struct str      text = str_of(rows[i].text), seen = shown(r.value);
		struct str      stored = canonical(&r);

		if (times(seen, "HI") > 0 || times(seen, "DE") > 0 ||
		    times(seen, "KEEP") != times(text, "KEEP") ||
		    r.masks != (times(text, "HIDE") > 0)) {
			print_error("%s, %s: %s\n    is shown as %.*s\n", rows[i].kind,
			    rows[i].form, rows[i].text, (int)seen.n, seen.p);
			wrong++;
		}
		if (!r.masks && !str_eq(seen, text))
			fail_msg("%s, %s: is changed", rows[i].kind, rows[i].form);
		again.value = json_parse(mem, stored, &e);
		assert_true(resource_normalise(mem, spec, &again, RESOURCE_STORED, NULL, &e));
		if (!str_eq(canonical(&again), stored))
			fail_msg("%s, %s: comes back another", rows[i].kind, rows[i].form);
	}
	assert_int_equal(wrong, 0);
}

/* Looking again at what is shown finds nothing more: names are masked as they are shown. */
static void
what_was_masked_holds_no_secret(void **state)
{
	struct compare_spec *spec = spec_of(NULL, key);

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		struct resource r = resource(spec, "c", rows[i].text);
		struct str      seen = shown(r.value);
		struct resource again = resource(spec, "c", talloc_strndup(mem, seen.p, seen.n));

		if (times(shown(again.value), "[masked]") != times(seen, "[masked]") ||
		    times(shown(again.value), "KEEP") != times(seen, "KEEP"))
			fail_msg("%s, %s: %.*s", rows[i].kind, rows[i].form,
			    (int)shown(again.value).n, shown(again.value).p);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_secret_is_hidden_and_the_rest_stays),
		TEST(what_was_masked_holds_no_secret),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
