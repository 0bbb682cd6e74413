/* Severity: rules, packs, the score; and what the pack `entra` says about real changes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "drift/engine/diff.h"
#include "drift/engine/rule_pack.h"
#include "tests/unit/mem.h"

static const uint8_t key[HASH_LEN] = { 1 };

static struct json *
parse(const char *text)
{
	struct err   e = { 0 };
	struct json *v = json_parse(mem, str_of(text), &e);

	if (v == NULL)
		fail_msg("%s: %s", text, e.pub);
	return v;
}

/* ---- rules ---- */

static TALLOC_CTX             *suite; /* what all cases share */
static const struct rule_pack *pack_entra;

struct comparison {
	const char *category, *key, *old, *new;
};

static struct diff *
compare(const struct json *rules, const struct comparison *s)
{
	struct err           e = { 0 };
	size_t               packs = rules == NULL;
	struct rules        *r = rules_compile(mem, rules, &pack_entra, packs, NULL, &e);
	struct compare_spec *spec = compare_compile(mem, NULL, &pack_entra, packs, key, NULL, &e);
	struct diff    *d = spec != NULL && r != NULL ? diff_make(mem, spec, r, NULL, &e) : NULL;
	struct resource a = { str_of(s->category), str_of(s->key), NULL }, b = a;

	if (d == NULL)
		fail_msg("%s", e.detail);
	if (s->old != NULL) {
		a.value = parse(s->old);
		assert_true(resource_normalise(mem, spec, &a, RESOURCE_SOURCE, NULL, &e));
	}
	if (s->new != NULL) {
		b.value = parse(s->new);
		assert_true(resource_normalise(mem, spec, &b, RESOURCE_SOURCE, NULL, &e));
	}
	assert_true(diff_resource(d, s->old != NULL ? &a : NULL, s->new != NULL ? &b : NULL, &e));
	return d;
}

/* "high:config:1 medium:default" */
static const char *
verdicts(const struct diff *d)
{
	struct buf b;

	buf_make(&b, mem);
	for (size_t i = 0; i < d->n; i++)
		buf_printf(&b, "%s%s:%s", i > 0 ? " " : "", severity_name(d->changes[i].severity),
		    d->changes[i].rule);
	return b.n > 0 ? b.p : "";
}

static void
the_first_rule_that_matches_decides(void **state)
{
	static const struct {
		const char *rules, *old, *new, *want;
	} cases[] = {
		{ "[]", "{\"a\":1}", "{\"a\":2}", "medium:default" },
		{ "[{\"path\":\"/b\",\"severity\":\"low\"},{\"path\":\"/"
		  "a\",\"severity\":\"high\"}]",
		    "{\"a\":1}", "{\"a\":2}", "high:config:2" },
		{ "[{\"path\":\"/a\",\"severity\":\"low\",\"name\":\"x\"},{\"path\":\"/"
		  "a\",\"severity\":\"high\"}]",
		    "{\"a\":1}", "{\"a\":2}", "low:config:x" },
		{ "[{\"path\":\"/a\",\"severity\":\"ignore\"}]", "{\"a\":1,\"b\":1}",
		    "{\"a\":2,\"b\":2}", "medium:default" },
		/* op, category, key, where */
		{ "[{\"path\":\"/*\",\"op\":\"created\",\"severity\":\"low\"},{\"path\":\"/"
		  "*\",\"op\":[\"deleted\",\"modified\"],\"severity\":\"high\"}]",
		    "{\"a\":1,\"b\":1}", "{\"a\":2,\"c\":1}",
		    "high:config:2 low:config:1 high:config:2" },
		{ "[{\"path\":\"/a\",\"category\":\"z*\",\"severity\":\"low\"},{\"path\":\"/"
		  "a\",\"category\":[\"q\",\"CAT\"],\"severity\":\"high\"}]",
		    "{\"a\":1}", "{\"a\":2}", "high:config:2" },
		{ "[{\"path\":\"/a\",\"key\":\"K\",\"severity\":\"low\"},{\"path\":\"/"
		  "a\",\"key\":[\"k\"],\"severity\":\"high\"}]",
		    "{\"a\":1}", "{\"a\":2}", "high:config:2" },
		{ "[{\"path\":\"/a\",\"where\":{\"/b\":2},\"severity\":\"low\"},{\"path\":\"/"
		  "a\",\"where\":{\"/b\":[9,1],\"/c\":{\"exists\":false}},\"severity\":\"high\"}]",
		    "{\"a\":1,\"b\":1}", "{\"a\":2,\"b\":1}", "high:config:2" },
		/* from, to */
		{ "[{\"path\":\"/a\",\"from\":2,\"severity\":\"low\"},{\"path\":\"/"
		  "a\",\"from\":[7,1.0],\"to\":2e0,\"severity\":\"high\"}]",
		    "{\"a\":1}", "{\"a\":2}", "high:config:2" },
		{ "[{\"path\":\"/a\",\"to\":{\"match\":[\"*x\",\"b*\"]},\"severity\":\"high\"}]",
		    "{\"a\":\"b\"}", "{\"a\":\"bc\"}", "high:config:1" },
		{ "[{\"path\":\"/a\",\"to\":{\"not\":null},\"severity\":\"high\"}]", "{\"a\":1}",
		    "{\"a\":null}", "medium:default" },
		{ "[{\"path\":\"/a\",\"to\":{\"above\":10},\"severity\":\"high\"},{\"path\":\"/"
		  "a\",\"to\":{\"below\":-1e1},\"severity\":\"low\"}]",
		    "{\"a\":1}", "{\"a\":10.5}", "high:config:1" },
		{ "[{\"path\":\"/a\",\"to\":{\"above\":10},\"severity\":\"high\"},{\"path\":\"/"
		  "a\",\"to\":{\"below\":-1e1},\"severity\":\"low\"}]",
		    "{\"a\":1}", "{\"a\":-11}", "low:config:2" },
		/* direction */
		{ "[{\"path\":\"/a\",\"direction\":\"shrinks\",\"severity\":\"low\"},{\"path\":\"/"
		  "a\",\"direction\":\"grows\",\"severity\":\"high\"}]",
		    "{\"a\":9}", "{\"a\":10}", "high:config:2" },
		{ "[{\"path\":\"/a\",\"direction\":\"shrinks\",\"severity\":\"low\"},{\"path\":\"/"
		  "a\",\"direction\":\"grows\",\"severity\":\"high\"}]",
		    "{\"a\":9}", "{\"a\":8.9}", "low:config:1" },
		{ "[{\"path\":\"/a/*\",\"direction\":\"grows\",\"severity\":\"high\"}]",
		    "{\"a\":[1]}", "{\"a\":[1,2]}", "high:config:1" },
		{ "[{\"path\":\"/a/*\",\"direction\":\"grows\",\"severity\":\"high\"}]",
		    "{\"a\":[1,2]}", "{\"a\":[1]}", "medium:default" },
		/* inside a subtree that changed as one */
		{ "[{\"path\":\"/a/*\",\"direction\":\"grows\",\"severity\":\"high\"}]",
		    "{\"a\":null}", "{\"a\":[1,2]}", "high:config:1" },
		{ "[{\"path\":\"/a/b/"
		  "*\",\"direction\":\"shrinks\",\"from\":\"x\",\"severity\":\"high\"}]",
		    "{\"a\":{\"b\":[\"y\",\"x\"]}}", "{}", "high:config:1" },
		{ "[{\"path\":\"/a/b/"
		  "*\",\"direction\":\"shrinks\",\"from\":\"z\",\"severity\":\"high\"}]",
		    "{\"a\":{\"b\":[\"y\",\"x\"]}}", "{}", "medium:default" },
		{ "[{\"path\":\"/a/b\",\"direction\":\"grows\",\"severity\":\"high\"}]", "{}",
		    "{\"a\":{\"b\":[]}}", "medium:default" },
		{ "[{\"path\":\"/a/b\",\"severity\":\"high\"}]", "{}", "{\"a\":{\"c\":1}}",
		    "medium:default" },
		{ "[{\"path\":\"/**/b\",\"to\":5,\"severity\":\"high\"}]", NULL,
		    "{\"a\":{\"c\":[{\"b\":5}]}}", "high:config:1" },
		{ "[{\"path\":\"\",\"op\":\"deleted\",\"severity\":\"critical\"}]", "{\"a\":1}",
		    NULL, "critical:config:1" },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct comparison s = { "cat", "k", cases[i].old, cases[i].new };
		struct diff      *d = compare(parse(cases[i].rules), &s);

		if (strcmp(verdicts(d), cases[i].want) != 0)
			fail_msg("%s: %s -> %s gave %s", cases[i].rules, cases[i].old, cases[i].new,
			    verdicts(d));
	}
}

static void
the_score_is_the_sum_of_the_weights(void **state)
{
	struct comparison s = { "cat", "k", "{\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1}",
		"{\"a\":2,\"b\":2,\"c\":2,\"d\":2,\"e\":2,\"f\":2}" };
	struct diff      *d = compare(
		 parse(
		     "[{\"path\":\"/a\",\"severity\":\"info\"},{\"path\":\"/b\",\"severity\":\"low\"},"
			  "{\"path\":\"/c\",\"severity\":\"medium\"},{\"path\":\"/d\",\"severity\":\"high\"},"
			  "{\"path\":\"/e\",\"severity\":\"critical\",\"reason\":\"Because.\"},"
			  "{\"path\":\"/f\",\"severity\":\"ignore\"}]"),
		 &s);

	(void)state;
	assert_int_equal(d->summary.score, 0 + 1 + 4 + 16 + 64);
	assert_int_equal(d->summary.max_severity, SEVERITY_CRITICAL);
	assert_int_equal(d->summary.modified, 5);
	assert_int_equal(d->summary.ignored, 1);
	assert_int_equal(d->summary.by_severity[SEVERITY_HIGH], 1);
	assert_string_equal(d->changes[4].reason, "Because.");
	assert_string_equal(d->changes[3].reason, "");
}

static void
a_wrong_rule_is_refused_with_its_place(void **state)
{
	static const struct {
		const char *text, *pointer;
	} cases[] = {
		{ "{}", "/rules" },
		{ "[1]", "/rules/0" },
		{ "[{\"path\":\"/a\"}]", "/rules/0/severity" },
		{ "[{\"severity\":\"low\"}]", "/rules/0/path" },
		{ "[{\"path\":\"a\",\"severity\":\"low\"}]", "/rules/0/path" },
		{ "[{\"path\":\"\",\"severity\":\"bad\"}]", "/rules/0/severity" },
		{ "[{\"path\":\"\",\"severity\":\"low\"},{\"path\":\"\",\"severity\":\"low\","
		  "\"colour\":1}]",
		    "/rules/1/colour" },
		{ "[{\"path\":\"\",\"severity\":\"low\",\"op\":\"renamed\"}]", "/rules/0/op" },
		{ "[{\"path\":\"\",\"severity\":\"low\",\"op\":[\"created\",\"created\"]}]",
		    "/rules/0/op" },
		{ "[{\"path\":\"\",\"severity\":\"low\",\"direction\":\"up\"}]",
		    "/rules/0/direction" },
		{ "[{\"path\":\"\",\"severity\":\"low\",\"from\":{\"like\":\"x\"}}]",
		    "/rules/0/from" },
		{ "[{\"path\":\"\",\"severity\":\"low\",\"from\":{}}]", "/rules/0/from" },
		{ "[{\"path\":\"\",\"severity\":\"low\",\"to\":[]}]", "/rules/0/to" },
		{ "[{\"path\":\"\",\"severity\":\"low\",\"to\":{\"above\":\"1\"}}]",
		    "/rules/0/to" },
		{ "[{\"path\":\"\",\"severity\":\"low\",\"where\":{\"x\":1}}]", "/rules/0/where" },
		{ "[{\"path\":\"\",\"severity\":\"low\",\"where\":[]}]", "/rules/0/where" },
		{ "[{\"path\":\"\",\"severity\":\"low\",\"category\":{}}]", "/rules/0/category" },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct err e = { 0 };

		if (rules_compile(mem, parse(cases[i].text), NULL, 0, NULL, &e) != NULL)
			fail_msg("taken: %s", cases[i].text);
		assert_int_equal(e.code, ERR_INVALID);
		assert_non_null(e.faults);
		assert_string_equal(e.faults->pointer, cases[i].pointer);
	}
}

static void
a_wrong_pack_is_refused(void **state)
{
	static const char *const cases[] = { "", "[]", "{}", "{\"name\":\"\"}",
		"{\"name\":\"A b\"}", "{\"name\":\"x\",\"extra\":1}", "{\"name\":1}" };

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct err e = { 0 };

		assert_null(rule_pack_parse(mem, str_of(cases[i]), &e));
		assert_int_not_equal(e.code, ERR_OK);
	}
}

static void
a_pack_may_be_saved_in_any_encoding(void **state)
{
	static const char le[] = "\xFF\xFE{\0\"\0n\0a\0m\0e\0\"\0:\0\"\0p\0\"\0}";
	const struct str  texts[] = { STR("\xEF\xBB\xBF{\"name\":\"p\"}"), { le, sizeof(le) } };

	(void)state;
	for (size_t i = 0; i < LEN(texts); i++) {
		struct err              e = { 0 };
		const struct rule_pack *pack = rule_pack_parse(mem, texts[i], &e);

		assert_non_null(pack);
		assert_true(str_eqz(pack->name, "p"));
	}
}

static void
the_configs_rules_come_before_its_packs(void **state)
{
	struct err              e = { 0 };
	const struct rule_pack *pack = rule_pack_parse(mem,
	    STR("{\"name\":\"p\",\"compare\":{\"normalise\":[{\"how\":\"ignore\",\"path\":\"/"
		"z\"}]},"
		"\"rules\":[{\"path\":\"/a\",\"severity\":\"low\"},{\"path\":\"/"
		"b\",\"severity\":\"low\"}]}"),
	    &e);
	struct rules           *rules = rules_compile(
		      mem, parse("[{\"path\":\"/a\",\"severity\":\"high\"}]"), &pack, 1, NULL, &e);
	struct compare_spec *spec = compare_compile(mem, NULL, &pack, 1, key, NULL, &e);
	struct diff         *d = diff_make(mem, spec, rules, NULL, &e);
	struct resource      a = { STR("c"), STR(""), parse("{\"a\":1,\"b\":1,\"z\":1}") };
	struct resource      b = { STR("c"), STR(""), parse("{\"a\":2,\"b\":2,\"z\":2}") };

	(void)state;
	assert_true(resource_normalise(mem, spec, &a, RESOURCE_SOURCE, NULL, &e));
	assert_true(resource_normalise(mem, spec, &b, RESOURCE_SOURCE, NULL, &e));
	assert_true(diff_resource(d, &a, &b, &e));
	assert_string_equal(verdicts(d), "high:config:1 low:p:2");
}

/* ---- the pack `entra` ---- */

static const char *
read_pack(void)
{
	FILE  *f = fopen("etc/rules/entra.json", "rb");
	char  *p = talloc_zero_size(suite, 65536);
	size_t n = f != NULL && p != NULL ? fread(p, 1, 65535, f) : 0;

	if (f != NULL)
		fclose(f);
	return n > 0 ? p : NULL;
}

static int
load_entra(void **state)
{
	struct err  e = { 0 };
	const char *text;

	(void)state;
	suite = talloc_new(NULL);
	text = read_pack();
	if (text == NULL) {
		fprintf(stderr, "etc/rules/entra.json: run the tests in the source tree\n");
		return 1;
	}
	pack_entra = rule_pack_parse(suite, str_of(text), &e);
	return pack_entra == NULL;
}

#define POLICY(state, users, grant)                                                                \
	"{\"id\":\"1\",\"state\":\"" state "\",\"modifiedDateTime\":\"x\",\"conditions\":{"        \
	"\"users\":{\"includeUsers\":[\"All\"]," users                                             \
	"},\"locations\":null,\"clientAppTypes\":[\"all\"]},\"grantControls\":" grant "}"
#define MFA                                                                                        \
	"{\"operator\":\"AND\",\"builtInControls\":[\"mfa\",\"compliantDevice\"],"                 \
	"\"authenticationStrength\":{\"id\":\"s\"}}"
#define NOBODY "\"excludeUsers\":[],\"excludeGroups\":[\"g1\"]"
#define BASE   POLICY("enabled", NOBODY, MFA)
#define LOCATION(trusted, cidr)                                                                    \
	"{\"@odata.type\":\"#microsoft.graph.ipNamedLocation\",\"isTrusted\":" trusted             \
	",\"ipRanges\":[{\"@odata.type\":\"r\",\"cidrAddress\":\"192.0.2.0/24\"}" cidr "]}"
#define RANGE(cidr) ",{\"@odata.type\":\"r\",\"cidrAddress\":\"" cidr "\"}"
#define ROLE(members)                                                                              \
	"{\"id\":\"r\",\"roleTemplateId\":\"62e90394-69f5-4237-9190-012177145e10\",\"members\":"   \
	"[" members "]}"
#define PLAIN_ROLE(members)                                                                        \
	"{\"id\":\"r\",\"roleTemplateId\":\"00000000-0000-0000-0000-000000000001\",\"members\":"   \
	"[" members "]}"
#define ANN "{\"id\":\"u1\",\"displayName\":\"A\"}"
#define BEN "{\"id\":\"u2\",\"displayName\":\"B\"}"

static void
the_pack_entra_judges_real_changes(void **state)
{
	static const struct {
		struct comparison s;
		const char       *want;
	} cases[] = {
		{ { "conditionalAccess", "1", BASE, BASE }, "" },
		{ { "conditionalAccess", "1",
		      "{\"modifiedDateTime\":1,\"@odata.context\":1,\"x@odata.type\":1,\"#"
		      "microsoft.graph.a\":1}",
		      "{\"modifiedDateTime\":2,\"@odata.context\":2,\"x@odata.type\":2,\"#"
		      "microsoft.graph.a\":2}" },
		    "" },
		{ { "conditionalAccess", "1", "{\"@odata.type\":\"a\"}",
		      "{\"@odata.type\":\"b\"}" },
		    "medium:default" },
		{ { "identity/conditionalAccess/policies", "1", BASE,
		      POLICY("disabled", NOBODY, MFA) },
		    "critical:entra:ca-state-left-enabled" },
		{ { "conditionalAccessPolicies", "1", BASE,
		      POLICY("enabledForReportingButNotEnforced", NOBODY, MFA) },
		    "critical:entra:ca-state-left-enabled" },
		{ { "conditionalAccess", "1", POLICY("disabled", NOBODY, MFA), BASE },
		    "medium:default" },
		{ { "conditionalAccess", "1", BASE, NULL }, "critical:entra:ca-policy-deleted" },
		{ { "conditionalAccess", "1", NULL, BASE }, "high:entra:ca-exclude-grows" },
		{ { "conditionalAccess", "1", BASE,
		      POLICY(
			  "enabled", "\"excludeUsers\":[\"u9\"],\"excludeGroups\":[\"g1\"]", MFA) },
		    "high:entra:ca-exclude-grows" },
		{ { "conditionalAccess", "1", BASE,
		      POLICY("enabled", "\"excludeUsers\":[],\"excludeGroups\":[]", MFA) },
		    "medium:default" },
		{ { "conditionalAccess", "1", BASE,
		      POLICY("enabled", NOBODY ",\"excludeRoles\":[\"r1\"]", MFA) },
		    "high:entra:ca-exclude-grows" },
		{ { "conditionalAccess", "1", BASE,
		      POLICY("enabled", NOBODY ",\"excludeRoles\":[]", MFA) },
		    "medium:default" },
		{ { "conditionalAccess", "1", BASE,
		      POLICY("enabled",
			  NOBODY ",\"excludeGuestsOrExternalUsers\":{\"guestOrExternalUserTypes\":"
				 "\"b2bCollaborationGuest\"}",
			  MFA) },
		    "high:entra:ca-exclude-grows" },
		{ { "conditionalAccess", "1", BASE, POLICY("enabled", NOBODY, "null") },
		    "critical:entra:ca-grant-controls-removed" },
		{ { "conditionalAccess", "1", BASE,
		      "{\"id\":\"1\",\"state\":\"enabled\",\"conditions\":{\"users\":{"
		      "\"includeUsers\":[\"All\"]," NOBODY
		      "},\"locations\":null,\"clientAppTypes\":[\"all\"]}}" },
		    "critical:entra:ca-grant-controls-removed" },
		{ { "conditionalAccess", "1", BASE,
		      POLICY("enabled", NOBODY,
			  "{\"operator\":\"AND\",\"builtInControls\":[\"compliantDevice\"],"
			  "\"authenticationStrength\":{\"id\":\"s\"}}") },
		    "critical:entra:ca-grant-lost-mfa" },
		{ { "conditionalAccess", "1", BASE,
		      POLICY("enabled", NOBODY,
			  "{\"operator\":\"AND\",\"builtInControls\":null,"
			  "\"authenticationStrength\":{\"id\":\"s\"}}") },
		    "critical:entra:ca-grant-lost-mfa" },
		{ { "conditionalAccess", "1",
		      POLICY("enabled", NOBODY,
			  "{\"operator\":\"OR\",\"builtInControls\":[\"block\"]}"),
		      POLICY("enabled", NOBODY, "{\"operator\":\"OR\",\"builtInControls\":[]}") },
		    "critical:entra:ca-grant-lost-mfa" },
		{ { "conditionalAccess", "1", BASE,
		      POLICY("enabled", NOBODY,
			  "{\"operator\":\"AND\",\"builtInControls\":[\"mfa\",\"compliantDevice\"],"
			  "\"authenticationStrength\":null}") },
		    "critical:entra:ca-grant-lost-strength" },
		{ { "conditionalAccess", "1", BASE,
		      POLICY("enabled", NOBODY,
			  "{\"operator\":\"OR\",\"builtInControls\":[\"compliantDevice\",\"mfa\"],"
			  "\"authenticationStrength\":{\"id\":\"s\"}}") },
		    "high:entra:ca-grant-operator-or" },
		{ { "conditionalAccess", "1", BASE,
		      "{\"id\":\"1\",\"state\":\"enabled\",\"conditions\":{\"users\":{"
		      "\"includeUsers\":[\"All\"]," NOBODY
		      "},\"locations\":{\"includeLocations\":[\"All\"],\"excludeLocations\":["
		      "\"AllTrusted\"]},\"clientAppTypes\":[\"all\"]},\"grantControls\":" MFA "}" },
		    "high:entra:ca-exclude-location" },
		{ { "document", "", BASE, POLICY("disabled", NOBODY, MFA) },
		    "critical:entra:ca-document-left-enabled" },
		{ { "document", "", "{\"state\":\"enabled\"}", "{\"state\":\"x\"}" },
		    "medium:default" },
		{ { "namedLocations", "n", LOCATION("false", ""), LOCATION("true", "") },
		    "high:entra:location-trusted" },
		{ { "namedLocations", "n", LOCATION("true", ""), LOCATION("false", "") },
		    "medium:default" },
		{ { "identity/conditionalAccess/namedLocations", "n", LOCATION("true", ""),
		      LOCATION("true", RANGE("0.0.0.0/0")) },
		    "critical:entra:location-any-address" },
		{ { "namedLocations", "n", LOCATION("false", ""),
		      LOCATION("false", RANGE("16.0.0.0/7")) },
		    "critical:entra:location-any-address" },
		{ { "namedLocations", "n", LOCATION("false", ""),
		      LOCATION("false", RANGE("10.0.0.0/8")) },
		    "medium:default" },
		{ { "namedLocations", "n", LOCATION("true", ""),
		      LOCATION("true", RANGE("198.51.100.0/24")) },
		    "high:entra:location-trusted-range" },
		{ { "namedLocations", "n", NULL, LOCATION("false", RANGE("::/0")) },
		    "critical:entra:location-any-address" },
		{ { "namedLocations", "n", "{\"countriesAndRegions\":[\"DE\"]}",
		      "{\"countriesAndRegions\":[\"FR\",\"DE\"]}" },
		    "medium:entra:location-country" },
		{ { "identitySecurityDefaultsEnforcementPolicy", "", "{\"isEnabled\":true}",
		      "{\"isEnabled\":false}" },
		    "critical:entra:security-defaults-off" },
		{ { "securityDefaults", "", "{\"isEnabled\":true}", "{}" },
		    "critical:entra:security-defaults-off" },
		{ { "policies/identitySecurityDefaultsEnforcementPolicy", "",
		      "{\"isEnabled\":false}", "{\"isEnabled\":true}" },
		    "medium:default" },
		{ { "directoryRoles", "x", ROLE(ANN), ROLE(ANN "," BEN) },
		    "critical:entra:admin-role-member" },
		{ { "directoryRoles", "62e90394-69f5-4237-9190-012177145e10", "{\"members\":[]}",
		      "{\"members\":[" ANN "]}" },
		    "critical:entra:admin-role-member-key" },
		{ { "directoryRoles", "x", PLAIN_ROLE(ANN), PLAIN_ROLE(BEN "," ANN) },
		    "high:entra:role-member" },
		{ { "directoryRoles", "x", ROLE(ANN "," BEN), ROLE(BEN) }, "medium:default" },
		{ { "directoryRoles", "x", ROLE(ANN),
		      ROLE("{\"id\":\"u1\",\"displayName\":\"C\"}") },
		    "" },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct diff *d = compare(NULL, &cases[i].s);

		if (strcmp(verdicts(d), cases[i].want) != 0)
			fail_msg("%zu: %s %s -> %s gave %s, not %s", i, cases[i].s.category,
			    cases[i].s.old, cases[i].s.new, verdicts(d), cases[i].want);
	}
}

static int
drop_entra(void **state)
{
	(void)state;
	talloc_free(suite);
	return 0;
}

static void
severities_are_counted_by_name_and_none_is_left_out(void **state)
{
	const int64_t   n[SEVERITY__MAX] = { [SEVERITY_INFO] = 1, [SEVERITY_CRITICAL] = INT64_MAX };
	struct raw_json out;
	struct err      e = { 0 };

	(void)state;
	assert_true(severities_print(mem, n, &out, &e));
	assert_string_equal(out.text,
	    "{\"info\":1,\"low\":0,\"medium\":0,\"high\":0,\"critical\":9223372036854775807}");
	assert_true(severities_print(mem, NULL, &out, &e));
	assert_string_equal(
	    out.text, "{\"info\":0,\"low\":0,\"medium\":0,\"high\":0,\"critical\":0}");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_first_rule_that_matches_decides),
		TEST(the_score_is_the_sum_of_the_weights),
		TEST(severities_are_counted_by_name_and_none_is_left_out),
		TEST(a_wrong_rule_is_refused_with_its_place),
		TEST(a_wrong_pack_is_refused),
		TEST(a_pack_may_be_saved_in_any_encoding),
		TEST(the_configs_rules_come_before_its_packs),
		TEST(the_pack_entra_judges_real_changes),
	};

	return cmocka_run_group_tests(tests, load_entra, drop_entra);
}
