#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/buf.h"
#include "core/conf/conf.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Run from the root of the tree. */
#define EXAMPLE "etc/blindspotx.conf.example"
#define MANUAL  "core/conf/blindspotx.conf.5"

static struct conf *
load_text(TALLOC_CTX *mem, const char *text, size_t n, struct err *e)
{
	char         path[] = "/tmp/bsx-test-conf-XXXXXX";
	int          fd = mkstemp(path);
	struct conf *c;

	assert_true(fd >= 0 && write(fd, text, n) == (ssize_t)n);
	close(fd);
	c = conf_load(mem, path, e);
	if (c == NULL)
		assert_memory_equal(e->pub, path, strlen(path)); /* every message names the file */
	unlink(path);
	return c;
}

static char *
file_text(TALLOC_CTX *mem, const char *path)
{
	char *text = talloc_zero_size(mem, 1 << 18);
	FILE *f = fopen(path, "r");

	if (f == NULL)
		fail_msg("cannot read %s", path);
	assert_non_null(text);
	assert_true(fread(text, 1, (1 << 18) - 1, f) > 0);
	fclose(f);
	return text;
}

static void
an_empty_file_gives_the_safe_defaults(void **state)
{
	TALLOC_CTX  *mem = talloc_new(NULL);
	struct err   e = { 0 };
	struct conf *c = load_text(mem, "", 0, &e);

	(void)state;
	assert_non_null(c);
	assert_string_equal(c->db_isolation, "account");
	assert_int_equal(c->mfa_required_for.n, 1);
	assert_string_equal(c->mfa_required_for.items[0], "admin");
	assert_false(c->outbound_http);
	assert_int_equal(c->outbound_allow.n, 0);
	assert_int_equal(c->trusted_proxies.n, 0);
	assert_int_equal(c->metrics_allow.n, 2);
	assert_int_equal(c->session_idle_s, 1800);
	assert_int_equal(c->session_absolute_s, 43200);
	assert_int_equal(c->access_s, 600);
	assert_int_equal(c->revocation_lag_ms, 2000);
	assert_int_equal(c->body_max, 1 << 20);
	assert_int_equal(c->snapshot_max, 16 << 20);
	assert_int_equal(c->socket_mode, 0660);
	assert_string_equal(c->log_level, "info");
	assert_int_equal(c->driftd_senders, 4);
	assert_int_equal(c->cache_entries, 16384);
	talloc_free(mem);
}

static void
settings_are_read_from_their_groups(void **state)
{
	static const char text[] =
	    "# comment with \" and 99999999999\n"
	    "public_url = \"http://127.0.0.1:8080\"; base_path = \"/bsx\";\n"
	    "/* log: */ trusted_proxies = [ \"10.0.0.0/8\", \"::1\" ];\n"
	    "mfa: { required_for = [ ]; };\n"
	    "listen: { socket = \"127.0.0.1:9000\"; mode = \"0600\"; };\n"
	    "log: { level = \"warn\"; security = \"debug\"; access = \"off\"; target = "
	    "\"/var/log/x\"; };\n"
	    "outbound: { http = true; allow = [ \"127.0.0.0/8\" ]; timeout_s = 5L; };\n"
	    "workers = 0x10; // sixteen\n";
	TALLOC_CTX    *mem = talloc_new(NULL);
	struct err     e = { 0 };
	struct conf   *c = load_text(mem, text, strlen(text), &e);
	enum log_level levels[LOG_DATASET__MAX];

	(void)state;
	if (c == NULL)
		fail_msg("%s", e.pub);
	assert_string_equal(c->public_url, "http://127.0.0.1:8080");
	assert_string_equal(c->base_path, "/bsx");
	assert_int_equal(c->trusted_proxies.n, 2);
	assert_string_equal(c->trusted_proxies.items[1], "::1");
	assert_int_equal(c->mfa_required_for.n, 0);
	assert_int_equal(c->socket_mode, 0600);
	assert_true(c->outbound_http);
	assert_int_equal(c->outbound_timeout_s, 5);
	assert_int_equal(c->workers, 16);
	conf_log_levels(c, levels);
	assert_int_equal(levels[LOG_SECURITY], LOG_LEVEL_DEBUG);
	assert_int_equal(levels[LOG_ACCESS], LOG_LEVEL_OFF);
	assert_int_equal(levels[LOG_DRIFT], LOG_LEVEL_WARN);
	talloc_free(mem);
}

static void
what_is_wrong_is_told_with_its_line_and_what_would_be_right(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "worker = 4;", ":1: unknown setting \"worker\"; did you mean \"workers\"?" },
		{ "\n\nlog: {\n levl = \"info\";\n};",
		    ":4: unknown setting \"log.levl\"; did you mean \"log.level\"?" },
		{ "db: { password = \"hunter2\"; };",
		    ":1: unknown setting \"db.password\"; did you mean \"db.password_file\"?" },
		{ "frobnicate = 1;", ":1: unknown setting \"frobnicate\"" },
		{ "nonsense: { a = 1; };", ":1: unknown setting \"nonsense\"" },
		{ "log = \"info\";", ":1: log must be a group: log: { ... };" },
		{ "workers: { a = 1; };", ":1: workers must be an integer" },
		{ "\nworkers = \"4\";", ":2: workers must be an integer" },
		{ "workers = 4.0;", ":1: workers must be an integer" },
		{ "workers = -1;", ":1: workers must be between 0 and 1024" },
		{ "workers = 1025;", ":1: workers must be between 0 and 1024" },
		{ "workers = 4; workers = 5;", ":1: duplicate setting name" },
		{ "log: { }; log: { };", ":1: duplicate setting name" },
		{ "limits: { body_timeout_s = 0; };",
		    ":1: limits.body_timeout_s must be between 1 and 600 s" },
		/* libconfig would read 5 in each of these */
		{ "workers = 4294967301;",
		    ":1: 4294967301: no setting takes a number of so many digits" },
		{ "workers = -4294967291;",
		    ":1: -4294967291: no setting takes a number of so many digits" },
		{ "x = \"\n@\"; workers = 0x100000005;",
		    ":2: 0x100000005: no setting takes a number of so many digits" },
		{ "@include \"/etc/passwd\"", ":1: @include is not supported: there is one file" },
		{ "outbound: { http = 1; };", ":1: outbound.http must be true or false" },
		{ "public_url = 1;", ":1: public_url must be a string in \" \"" },
		{ "public_url = \"\";",
		    ":1: public_url must be like \"https://host\" or \"http://host:8080\"" },
		{ "public_url = \"https://x/bsx\";",
		    ":1: public_url must be like \"https://host\" or \"http://host:8080\"" },
		{ "public_url = \"ftp://x\";",
		    ":1: public_url must be like \"https://host\" or \"http://host:8080\"" },
		{ "base_path = \"bsx\";", ":1: base_path must be empty or a path like \"/bsx\"" },
		{ "base_path = \"/\";", ":1: base_path must be empty or a path like \"/bsx\"" },
		{ "base_path = \"/a/../b\";",
		    ":1: base_path must be empty or a path like \"/bsx\"" },
		{ "state_dir = \"var\";", ":1: state_dir must be an absolute path" },
		{ "state_dir = \"\";", ":1: state_dir must be an absolute path" },
		{ "keyring = \"/a\\x01b\";",
		    ":1: keyring has a control character or is not UTF-8" },
		{ "keyring = \"/a\\xffb\";",
		    ":1: keyring has a control character or is not UTF-8" },
		{ "log: { target = \"journal\"; };",
		    ":1: log.target must be \"stderr\", \"syslog\" or an absolute path" },
		{ "log: { level = \"notice\"; };", ":1: log.level must be one of \"debug\", "
						   "\"info\", \"warn\", \"error\", \"off\"" },
		{ "listen: { mode = 0660; };",
		    ":1: listen.mode must be a string of octal digits, like \"0660\"" },
		{ "listen: { mode = \"0680\"; };",
		    ":1: listen.mode must be a string of octal digits, like \"0660\"" },
		{ "listen: { mode = \"1777\"; };",
		    ":1: listen.mode must be between \"0000\" and \"0777\"" },
		{ "trusted_proxies = \"10.0.0.0/8\";",
		    ":1: trusted_proxies must be a list of strings, like [ \"a\", \"b\" ]" },
		{ "trusted_proxies = [ 1, 2 ];", ":1: trusted_proxies must have strings only" },
		{ "trusted_proxies = [ \"10.0.0.1/8\" ];",
		    ":1: trusted_proxies: \"10.0.0.1/8\" is no address and no range like "
		    "\"10.0.0.0/8\" or \"fd00::/8\"" },
		{ "metrics: { allow = [ \"localhost\" ]; };",
		    ":1: metrics.allow: \"localhost\" is no address and no range like "
		    "\"10.0.0.0/8\" or "
		    "\"fd00::/8\"" },
		{ "workers = ;", ":1: syntax error" },
		{ "log: { level = \"info\";", ":1: syntax error" },
		{ "session: { idle_s = 50000; };",
		    ": session.idle_s (50000) must not be more than session.absolute_s (43200)" },
		{ "limits: { snapshot = 1024; };",
		    ": limits.snapshot (1024) must not be less than limits.body (1048576)" },
		{ "db: { socket = \"\"; };", ": one of db.host and db.socket must be set" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		TALLOC_CTX *mem = talloc_new(NULL);
		struct err  e = { 0 };

		if (load_text(mem, rows[i].text, strlen(rows[i].text), &e) != NULL)
			fail_msg("accepted: %s", rows[i].text);
		assert_string_equal(strchr(e.pub, ':'), rows[i].want);
		assert_string_equal(e.pub, e.detail);
		assert_null(strstr(e.pub, "hunter2"));
		assert_int_equal(talloc_total_blocks(mem), 1);
		talloc_free(mem);
	}
}

static void
files_that_are_none_are_refused(void **state)
{
	TALLOC_CTX *mem = talloc_new(NULL);
	struct err  e = { 0 };
	char        path[] = "/tmp/bsx-test-conf-XXXXXX";
	int         fd = mkstemp(path);

	(void)state;
	assert_null(conf_load(mem, "/tmp/bsx-no-such-file", &e));
	assert_string_equal(e.pub, "/tmp/bsx-no-such-file: No such file or directory");
	err_clear(&e);
	assert_null(conf_load(mem, "/tmp", &e)); /* libconfig would end the process */
	assert_string_equal(e.pub, "/tmp: not a regular file");
	err_clear(&e);
	assert_null(load_text(mem, "workers = 1;\0", 13, &e));
	assert_non_null(strstr(e.pub, "a NUL in it"));
	err_clear(&e);
	assert_null(load_text(mem, "\xFF\xFEw\0o\0", 6, &e));
	assert_non_null(strstr(e.pub, "it is UTF-16: save it as UTF-8"));
	err_clear(&e);
	assert_true(fd >= 0 && fchmod(fd, 0666) == 0);
	assert_null(conf_load(mem, path, &e));
	assert_non_null(strstr(e.pub, "everybody may write to it"));
	close(fd);
	unlink(path);
	talloc_free(mem);
}

static void
a_byte_order_mark_is_left_out(void **state)
{
	TALLOC_CTX  *mem = talloc_new(NULL);
	struct err   e = { 0 };
	struct conf *c = load_text(mem, "\xEF\xBB\xBFworkers = 3;", 15, &e);

	(void)state;
	assert_non_null(c);
	assert_int_equal(c->workers, 3);
	talloc_free(mem);
}

static void
the_table_has_every_default_in_range_and_a_sentence(void **state)
{
	(void)state;
	for (const struct conf_key *k = conf_keys; k->name != NULL; k++) {
		assert_true(k->kind == FIELD_STR || k->kind == FIELD_I64 || k->kind == FIELD_BOOL ||
			    k->kind == FIELD_STRINGS);
		assert_true(k->offset < sizeof(struct conf));
		assert_non_null(k->doc);
		assert_int_equal(k->doc[strlen(k->doc) - 1], '.');
		if (k > conf_keys)
			assert_true(k->offset > k[-1].offset); /* the struct's order */
	}
}

static void
the_example_file_is_the_generated_one(void **state)
{
	TALLOC_CTX *mem = talloc_new(NULL);
	struct buf  b;

	(void)state;
	buf_make(&b, mem);
	conf_example(&b);
	assert_string_equal(file_text(mem, EXAMPLE), buf_str(&b).p);
	talloc_free(mem);
}

static void
the_manual_s_table_is_the_generated_one(void **state)
{
	TALLOC_CTX *mem = talloc_new(NULL);
	char       *text = file_text(mem, MANUAL);
	char       *begin = strstr(text, "\n.\\\" BEGIN SETTINGS");
	char       *end = strstr(text, ".\\\" END SETTINGS\n");
	struct buf  b;

	(void)state;
	assert_true(begin != NULL && end != NULL);
	*end = '\0';
	buf_make(&b, mem);
	conf_man(&b);
	assert_string_equal(strchr(begin + 1, '\n') + 1, buf_str(&b).p);
	talloc_free(mem);
}

/* Takes the # off every setting; comments keep theirs, a space follows it. */
static void
uncomment(char *text)
{
	for (char *z = text; *z != '\0'; z++)
		if (*z == '#' && z[1] >= 'a' && z[1] <= 'z')
			*z = ' ';
}

static void
the_example_uncommented_is_the_defaults(void **state)
{
	TALLOC_CTX  *mem = talloc_new(NULL);
	char        *text = file_text(mem, EXAMPLE);
	struct err   e = { 0 };
	struct conf *all, *none;
	struct buf   a, b;

	(void)state;
	uncomment(text);
	all = load_text(mem, text, strlen(text), &e);
	if (all == NULL)
		fail_msg("%s", e.pub);
	none = load_text(mem, "", 0, &e);
	assert_non_null(none);
	buf_make(&a, mem);
	buf_make(&b, mem);
	conf_show(&a, all);
	conf_show(&b, none);
	assert_string_equal(buf_str(&a).p, buf_str(&b).p);
	assert_non_null(strstr(a.p, "listen.mode = \"0660\"\n"));
	assert_non_null(strstr(a.p, "metrics.allow = [ \"127.0.0.0/8\", \"::1\" ]\n"));
	for (const struct conf_key *k = conf_keys; k->name != NULL; k++)
		assert_non_null(strstr(a.p, k->name));
	talloc_free(mem);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_file_gives_the_safe_defaults),
		cmocka_unit_test(settings_are_read_from_their_groups),
		cmocka_unit_test(what_is_wrong_is_told_with_its_line_and_what_would_be_right),
		cmocka_unit_test(files_that_are_none_are_refused),
		cmocka_unit_test(a_byte_order_mark_is_left_out),
		cmocka_unit_test(the_table_has_every_default_in_range_and_a_sentence),
		cmocka_unit_test(the_example_file_is_the_generated_one),
		cmocka_unit_test(the_manual_s_table_is_the_generated_one),
		cmocka_unit_test(the_example_uncommented_is_the_defaults),
	};

	return cmocka_run_group_tests_name("conf", tests, NULL, NULL);
}
