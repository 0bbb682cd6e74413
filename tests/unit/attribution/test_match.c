/* Entries of Microsoft Entra's log, as the pack that ships reads them, against changes: who did it,
 * and how sure it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/work.h"
#include "drift/attribution/attribution.h"
#include "drift/source/source_pack.h"
#include "tests/unit/mem.h"

#define A       "11111111-1111-4111-8111-11111111111a"
#define B       "22222222-2222-4222-8222-22222222222b"
#define C       "33333333-3333-4333-8333-33333333333c"
#define CA      "identity/conditionalAccess/policies"
#define MEMBERS "directoryRoles/members"
#define USER(id)                                                                                   \
	"{\"user\":{\"id\":\"" id "\",\"displayName\":\"X\",\"userPrincipalName\":\"" id           \
	"@a.example\",\"ipAddress\":\"203.0.113.7\"},\"app\":null}"
#define APP                                                                                        \
	"{\"user\":null,\"app\":{\"appId\":null,\"displayName\":\"App\",\"servicePrincipalId\":"   \
	"\"sp-1\"}}"
#define ENTRY(minute, by, name, targets)                                                           \
	"{\"id\":\"e" #minute "\",\"result\":\"success\",\"activityDateTime\":"                    \
	"\"2026-11-29T00:" #minute ":22.1234567Z\",\"correlationId\":\"c" #minute                  \
	"\",\"activityDisplayName\":\"" name "\",\"initiatedBy\":" by                              \
	",\"targetResources\":[" targets "]}"
#define TARGET(id, values) "{\"id\":\"" id "\",\"modifiedProperties\":[" values "]}"
#define VALUE(name, old, new)                                                                      \
	"{\"displayName\":\"" name "\",\"oldValue\":" old ",\"newValue\":" new "}"
#define CREATED  CHANGE_CREATED
#define DELETED  CHANGE_DELETED
#define MODIFIED CHANGE_MODIFIED

static const struct row {
	const char    *what, *log; /* entries, comma between */
	const char    *category, *key, *path, *canonical;
	enum change_op op;
	const char    *old_text, *new_text; /* NULL: none */
	const char    *who;                 /* confidence, then the actors' ids */
	const char    *compare;             /* of the config; NULL: nothing */
} rows[] = {
	{ "nobody wrote anything down", "", CA, A, "/state", "/state", MODIFIED, "\"enabled\"",
	    "\"disabled\"", "none", NULL },
	{ "an entry about another policy", ENTRY(11, USER(B), "Update policy", TARGET(C, "")), CA,
	    A, "/state", "/state", MODIFIED, "\"enabled\"", "\"disabled\"", "none", NULL },
	{ "an entry about the policy that says nothing of values, ids in another case",
	    ENTRY(11, USER(B), "Update policy", TARGET("11111111-1111-4111-8111-11111111111A", "")),
	    CA, A, "/state", "/state", MODIFIED, "\"enabled\"", "\"disabled\"", "object " B, NULL },
	{ "the whole policy in a text, the change inside it in another case",
	    ENTRY(11, USER(B), "Update conditional access policy",
		TARGET(A, VALUE("ConditionalAccessPolicy", "\"{\\\"state\\\":\\\"Enabled\\\"}\"",
			      "\"{\\\"state\\\":\\\"Disabled\\\"}\""))),
	    CA, A, "/state", "/state", MODIFIED, "\"enabled\"", "\"disabled\"", "exact " B, NULL },
	{ "who changed another part of the policy afterwards is not who did it",
	    ENTRY(11, USER(B), "Update conditional access policy",
		TARGET(A, VALUE("ConditionalAccessPolicy", "\"{\\\"state\\\":\\\"enabled\\\"}\"",
			      "\"{\\\"state\\\":\\\"disabled\\\"}\""))) "," ENTRY(12, USER(C),
		"Update conditional access policy",
		TARGET(
		    A, VALUE("ConditionalAccessPolicy",
			   "\"{\\\"state\\\":\\\"disabled\\\",\\\"displayName\\\":\\\"a\\\"}\"",
			   "\"{\\\"state\\\":\\\"disabled\\\",\\\"displayName\\\":\\\"b\\\"}\""))),
	    CA, A, "/state", "/state", MODIFIED, "\"enabled\"", "\"disabled\"", "exact " B, NULL },
	{ "another value than the one that is there",
	    ENTRY(11, USER(B), "Update conditional access policy",
		TARGET(A, VALUE("ConditionalAccessPolicy", "\"{\\\"state\\\":\\\"enabled\\\"}\"",
			      "\"{\\\"state\\\":\\\"report\\\"}\""))),
	    CA, A, "/state", "/state", MODIFIED, "\"enabled\"", "\"disabled\"", "object " B, NULL },
	{ "one who joins a list",
	    ENTRY(11, USER(B), "Update conditional access policy",
		TARGET(A, VALUE("ConditionalAccessPolicy",
			      "\"{\\\"conditions\\\":{\\\"users\\\":{\\\"excludeUsers\\\":["
			      "\\\"x\\\"]}}}\"",
			      "\"{\\\"conditions\\\":{\\\"users\\\":{\\\"excludeUsers\\\":["
			      "\\\"y\\\",\\\"x\\\"]}}}\""))),
	    CA, A, "/conditions/users/excludeUsers/1", "/conditions/users/excludeUsers/[#00]",
	    CREATED, NULL, "\"y\"", "exact " B, NULL },
	{ "what is dropped is absent in the log and null in the source",
	    ENTRY(11, USER(B), "Update conditional access policy",
		TARGET(
		    A, VALUE("ConditionalAccessPolicy",
			   "\"{\\\"grantControls\\\":{\\\"operator\\\":\\\"OR\\\"}}\"", "\"{}\""))),
	    CA, A, "/grantControls", "/grantControls", MODIFIED, "{\"operator\":\"OR\"}", "null",
	    "exact " B, NULL },
	{ "a log that knows nothing of the place does not set it to null",
	    ENTRY(11, USER(B), "Update conditional access policy",
		TARGET(A, VALUE("PolicyDetail", "null", "\"{\\\"other\\\":1}\""))),
	    CA, A, "/grantControls", "/grantControls", MODIFIED, "{\"operator\":\"OR\"}", "null",
	    "object " B, NULL },
	{ "a flag in a list in a text, the name in another case",
	    ENTRY(11, APP, "Disable account",
		TARGET(A, VALUE("AccountEnabled", "\"[true]\"", "\"[false]\""))),
	    "users", A, "/accountEnabled", "/accountEnabled", MODIFIED, "true", "false",
	    "exact sp-1", NULL },
	{ "a normaliser of the config folds what the log says too",
	    ENTRY(11, USER(B), "Update user",
		TARGET(A, VALUE("Mail", "\"[\\\"a\\\"]\"", "\"[\\\"\\\\u00c4@X.example\\\"]\""))),
	    "users", A, "/mail", "/mail", MODIFIED, "\"a\"", "\"\xc3\xa4@x.example\"", "exact " B,
	    "{\"normalise\":[{\"how\":\"casefold\",\"path\":\"/mail\"}]}" },
	{ "what the config ignores is nobody's value",
	    ENTRY(11, USER(B), "Update user",
		TARGET(A, VALUE("Mail", "\"[\\\"a\\\"]\"", "\"[\\\"b\\\"]\""))),
	    "users", A, "/mail", "/mail", MODIFIED, "\"a\"", "\"b\"", "object " B,
	    "{\"normalise\":[{\"how\":\"ignore\",\"path\":\"/mail\"}]}" },
	{ "a masked value is never known exactly, whatever the log says",
	    ENTRY(11, USER(B), "Update user",
		TARGET(A, VALUE("Password", "\"[\\\"a\\\"]\"", "\"[\\\"[masked]\\\"]\""))),
	    "users", A, "/password", "/password", MODIFIED, "\"[masked]\"", "\"[masked]\"",
	    "object " B, NULL },
	{ "a member and its role, both targets",
	    ENTRY(11, USER(B), "Add member to role",
		TARGET(C, VALUE("Role.TemplateId", "null", "\"\\\"" A "\\\"\""))),
	    MEMBERS, A, "/members/3", "/members/[id=" C "]", CREATED, NULL, "{\"id\":\"" C "\"}",
	    "object " B, NULL },
	{ "of those who changed the role, who added this one",
	    ENTRY(11, USER(B), "Add member to role",
		TARGET(C, VALUE("Role.TemplateId", "null", "\"\\\"" A "\\\"\""))) "," ENTRY(12,
		USER(C), "Add member to role",
		TARGET(B, VALUE("Role.TemplateId", "null", "\"\\\"" A "\\\"\""))),
	    MEMBERS, A, "/members/3", "/members/[id=" C "]", CREATED, NULL, "{\"id\":\"" C "\"}",
	    "object " B, NULL },
	{ "a key of several parts wants all ids of it",
	    ENTRY(11, USER(B), "Add member to role", TARGET(A, "")) "," ENTRY(12, USER(C),
		"Add member to role",
		TARGET(A, VALUE("Role.TemplateId", "null", "\"\\\"" B "\\\"\""))),
	    "roleManagement/directory/roleAssignments", A "/" B "/~1", "", "", CREATED, NULL,
	    "{\"principalId\":\"" A "\"}", "object " C, NULL },
	{ "what has no key in the log is known by its activity",
	    ENTRY(11, USER(B), "Update Authorization Policy", TARGET("x", "")),
	    "policies/authorizationPolicy", "", "/allowInvitesFrom", "/allowInvitesFrom", MODIFIED,
	    "\"none\"", "\"everyone\"", "object " B, NULL },
	{ "... but not by another", ENTRY(11, USER(B), "Update policy", TARGET("x", "")),
	    "policies/authorizationPolicy", "", "/allowInvitesFrom", "/allowInvitesFrom", MODIFIED,
	    "\"none\"", "\"everyone\"", "none", NULL },
	{ "a domain by its name, where the activity has it",
	    ENTRY(11, USER(B), "Set domain authentication",
		"{\"id\":null,\"displayName\":\"Yard.example\",\"modifiedProperties\":[]}") "," ENTRY(12,
		USER(C), "Set domain authentication",
		"{\"id\":null,\"displayName\":\"other.example\",\"modifiedProperties\":[]}"),
	    "domains", "yard.example", "/authenticationType", "/authenticationType", MODIFIED,
	    "\"Managed\"", "\"Federated\"", "object " B, NULL },
	{ "a name is nobody's id: who calls a thing like another is not it",
	    ENTRY(11, USER(B), "Update policy",
		"{\"id\":\"x\",\"displayName\":\"" A "\",\"modifiedProperties\":[]}"),
	    CA, A, "/state", "/state", MODIFIED, "\"enabled\"", "\"disabled\"", "none", NULL },
	{ "several, the newest first, one deed told twice once",
	    ENTRY(10, USER(B), "Update policy", TARGET(A, "")) "," ENTRY(
		13, USER(C), "Update policy", TARGET(A, "")) "," ENTRY(13, USER(C),
		"Update conditional access policy", TARGET(A, "")),
	    CA, A, "/state", "/state", MODIFIED, "\"enabled\"", "\"disabled\"", "object " C " " B,
	    NULL },
	{ "too early, too late and without success",
	    ENTRY(01, USER(B), "Update policy", TARGET(A, "")) "," ENTRY(59, USER(C),
		"Update policy",
		TARGET(A, "")) ",{\"id\":\"f\",\"result\":\"failure\",\"activityDateTime\":"
			       "\"2026-11-29T00:11:00Z\",\"targetResources\":[" TARGET(A, "") "]}",
	    CA, A, "/state", "/state", MODIFIED, "\"enabled\"", "\"disabled\"", "none", NULL },
	{ "nobody is named: a system did it",
	    "{\"id\":\"s\",\"result\":\"success\",\"activityDateTime\":\"2026-11-29T00:11:00Z\","
	    "\"targetResources\":[" TARGET(A, "") "]}",
	    CA, A, "/state", "/state", MODIFIED, "\"enabled\"", "\"disabled\"", "object -", NULL },
	{ "what is no entry is left out",
	    "7,null,[],{\"id\":1},{\"result\":\"success\",\"activityDateTime\":\"yesterday\"}", CA,
	    A, "/state", "/state", MODIFIED, "\"enabled\"", "\"disabled\"", "none", NULL },
};

static const struct source_attribution *
entra(void)
{
	struct err          e = { 0 };
	struct source_pack *pack = source_pack_file(mem, "etc/sources/entra.json", "entra", &e);

	if (pack == NULL)
		fail_msg("%s", e.faults != NULL ? e.faults->pointer : e.detail);
	return pack->attribution;
}

static struct json *
parse(const char *text)
{
	struct err   e = { 0 };
	struct json *v = json_parse(mem, str_of(text), &e);

	if (v == NULL)
		fail_msg("%s: %s", text, e.detail);
	return v;
}

static struct attribution_log
log_of(const char *entries)
{
	struct attribution_log log;
	struct err             e = { 0 };
	const struct json     *list = parse(talloc_asprintf(mem, "[%s]", entries));
	struct resource       *documents = talloc_zero_array(mem, struct resource, list->n + 1);

	for (uint32_t i = 0; i < list->n; i++)
		documents[i].value = &list->items[i];
	if (!attribution_entries(mem, entra(), documents, list->n, &log, &e))
		fail_msg("%s", e.detail);
	return log;
}

static struct str
text_of(const char *z)
{
	return z == NULL ? (struct str) { 0 } : str_of(z);
}

static struct attribution_change
change_of(const struct row *r)
{
	struct attribution_change c = { .category = str_of(r->category),
		.key = str_of(r->key),
		.path = str_of(r->path),
		.canonical_path = str_of(r->canonical),
		.op = r->op,
		.old_text = text_of(r->old_text),
		.new_text = text_of(r->new_text) };

	assert_true(time_parse(STR("2026-11-29T00:05:00Z"), &c.since.ms));
	assert_true(time_parse(STR("2026-11-29T00:20:00Z"), &c.until.ms));
	return c;
}

static struct attribution
match(const struct attribution_log *log, const struct attribution_change *c, const char *compare)
{
	static const uint8_t        key[HASH_LEN];
	struct err                  e = { 0 };
	struct work                 work;
	struct attribution          out;
	const struct attribution_by by = { log,
		compare_compile(
		    mem, compare == NULL ? NULL : parse(compare), NULL, 0, key, NULL, &e),
		&work };

	work_begin(&work, WORK_TASK, &clock_system);
	if (by.spec == NULL || !attribution_match(mem, &by, c, &out, &e))
		fail_msg("%s", e.detail);
	return out;
}

static void
an_entry_is_about_a_change_by_its_ids_and_exact_by_its_value(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct attribution_log    log = log_of(rows[i].log);
		const struct attribution_change c = change_of(&rows[i]);
		const struct attribution        a = match(&log, &c, rows[i].compare);
		char *told = talloc_strdup(mem, confidence_name(a.confidence));

		for (size_t k = 0; k < a.n; k++)
			told = talloc_asprintf_append(
			    told, " %s", a.actors[k].id == NULL ? "-" : a.actors[k].id);
		if (strcmp(told, rows[i].who) != 0)
			fail_msg("%s: %s, not %s", rows[i].what, told, rows[i].who);
	}
}

static void
what_an_actor_is_called_is_cleaned_and_cut_and_withheld_where_it_quotes_a_value(void **state)
{
	static const char *const hostile[] = {
		"\\u0000\\u001b[31m<script>alert(1)</script>\\r\\nX: y", "\\u202eevil",
		"=cmd|' /C calc'!A0"
	};
	struct row  r = rows[2];
	struct err  e = { 0 };
	const char *kept, *shown;

	(void)state;
	for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
		char *longer = talloc_strdup(mem, "");
		char *entry;

		for (size_t n = 0; n < 10000; n += strlen(hostile[i]))
			longer = talloc_strdup_append(longer, hostile[i]);
		entry = talloc_asprintf(mem,
		    "{\"result\":\"success\",\"activityDateTime\":\"2026-11-29T00:11:00Z\","
		    "\"activityDisplayName\":\"%s\",\"correlationId\":\"%s\",\"initiatedBy\":{"
		    "\"user\":"
		    "{\"id\":\"%s\",\"userPrincipalName\":\"%s\",\"ipAddress\":\"%s\"}},"
		    "\"targetResources\":[{\"id\":\"" A "\"}]}",
		    longer, longer, longer, longer, longer);
		r.log = talloc_asprintf(mem, "%s,%s", entry, entry);

		const struct attribution_log    log = log_of(r.log);
		const struct attribution_change c = change_of(&r);
		const struct attribution        a = match(&log, &c, NULL);

		assert_int_equal(a.n, 1);
		assert_in_range(strlen(a.actors[0].name), 1, 256);
		assert_in_range(strlen(a.actors[0].address), 1, 64);
		for (const char *p = a.actors[0].name; *p != '\0'; p++)
			assert_true((unsigned char)*p >= ' ');
		if (!attribution_print(mem, &a, &kept, &e))
			fail_msg("%s", e.detail);
		assert_in_range(strlen(kept), 1, ATTRIBUTION_TEXT_MAX);
	}
	r = rows[2];
	r.new_text = "\"set by " B "@a.example\"";

	const struct attribution_log    log = log_of(r.log);
	const struct attribution_change c = change_of(&r);
	const struct attribution        a = match(&log, &c, NULL);

	assert_true(a.quotes);
	if (!attribution_print(mem, &a, &kept, &e) ||
	    !attribution_view(mem, (struct view) { false }, kept, &shown, &e))
		fail_msg("%s", e.detail);
	assert_null(strstr(shown, B));
	assert_null(strstr(shown, "quotes"));
	assert_non_null(strstr(shown, VIEW_WITHHELD));
	if (!attribution_view(mem, (struct view) { true }, kept, &shown, &e))
		fail_msg("%s", e.detail);
	assert_non_null(strstr(shown, B "@a.example"));
}

/* One that touches the policy, at second `at` after 00:12. */
static char *
touch(const char *who, int at, const char *properties)
{
	return talloc_asprintf(mem,
	    "{\"result\":\"success\",\"activityDateTime\":\"2026-11-29T00:%02d:%02dZ\","
	    "\"correlationId\":\"c%d\",\"activityDisplayName\":\"Update policy\","
	    "\"initiatedBy\":{\"user\":{\"id\":\"%s\",\"userPrincipalName\":\"n\"}},"
	    "\"targetResources\":[{\"id\":\"" A "\",\"modifiedProperties\":[%s]}]}",
	    12 + at / 60, at % 60, at, who, properties);
}

static void
nobody_is_hidden_by_how_often_another_was_there(void **state)
{
	struct row r = rows[2];
	char      *list = touch("the-real-one", 0, "");
	bool       there = false;

	(void)state;
	for (int i = 1; i <= 30; i++)
		list = talloc_asprintf(mem, "%s,%s", list, touch("accomplice", 6 * i, ""));
	r.log = list;

	const struct attribution_log    log = log_of(r.log);
	const struct attribution_change c = change_of(&r);
	const struct attribution        a = match(&log, &c, NULL);

	assert_int_equal(a.n, ATTRIBUTION_ACTORS_MAX);
	assert_int_equal(a.more, 31 - ATTRIBUTION_ACTORS_MAX);
	for (size_t i = 0; i < a.n; i++) {
		there = there || strcmp(a.actors[i].id, "the-real-one") == 0;
		assert_true(i == 0 || a.actors[i - 1].at.ms >= a.actors[i].at.ms);
	}
	assert_true(there);
}

/* A value of a log that is large is not known exactly, and costs next to nothing. */
static void
what_a_log_says_costs_no_more_than_its_reading(void **state)
{
	struct row r = rows[2];
	char      *v = talloc_strdup(mem, "{\\\"state\\\":[1"), *p;
	size_t     before;

	(void)state;
	for (int i = 0; i < 300000; i++)
		v = talloc_strdup_append_buffer(v, ",1");
	v = talloc_asprintf(mem, "\"%s]}\"", v);
	p = talloc_asprintf(mem, VALUE("P", "%s", "%s") "," VALUE("Q", "%s", "[%s,1]"), v, v, v, v);
	r.log = touch("x", 0, p);
	before = talloc_total_size(mem);

	const struct attribution_log    log = log_of(r.log);
	const struct attribution_change c = change_of(&r);
	const struct attribution        a = match(&log, &c, NULL);

	assert_int_equal(a.confidence, CONFIDENCE_OBJECT);
	/* the documents, and hardly more */
	assert_true(talloc_total_size(mem) - before < 6 * strlen(r.log));
	/* each value is what fits, and there are too many of them */
	v = talloc_strdup(mem, "");
	for (int i = 0; i < 800; i++)
		v = talloc_asprintf_append_buffer(v, "%s%s", i == 0 ? "" : ",",
		    touch("x", i % 60, VALUE("state", "\"[1,2,3,4,5,6,7,8,9]\"", "\"[1]\"")));
	r.log = v;
	assert_int_equal(log_of(r.log).n, 800);
}

static void
who_quotes_a_value_in_other_words_is_withheld_too(void **state)
{
	static const char *const cases[][2] = {
		{ "CORP\\\\svc", "\"CORP\\\\svc\"" },
		{ "say \\\"hi\\\"", "\"say \\\"hi\\\"\"" },
		{ "plain key", "\"PLAIN KEY2\"" },
		{ "plain key", "{\"a\":[{\"Plain Key\":1}]}" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct row r = rows[2];

		r.log = touch(cases[i][0], 0, "");
		r.new_text = cases[i][1];

		const struct attribution_log    log = log_of(r.log);
		const struct attribution_change c = change_of(&r);

		if (!match(&log, &c, NULL).quotes)
			fail_msg("%s in %s", cases[i][0], cases[i][1]);
	}
}

static void
who_stands_in_our_own_trail_is_for_who_may_read_it(void **state)
{
	struct row             r = rows[2];
	struct attribution_log log = log_of(r.log);
	struct err             e = { 0 };
	const char            *kept, *shown;

	(void)state;
	log.own = true;

	const struct attribution_change c = change_of(&r);
	const struct attribution        a = match(&log, &c, NULL);

	assert_true(attribution_print(mem, &a, &kept, &e));
	assert_true(attribution_view(mem, (struct view) { .values = true }, kept, &shown, &e));
	assert_null(strstr(shown, B));
	assert_null(strstr(shown, "203.0.113.7"));
	assert_non_null(strstr(shown, "Update policy"));
	assert_true(attribution_view(mem, (struct view) { .trail = true }, kept, &shown, &e));
	assert_non_null(strstr(shown, B));
	assert_null(strstr(shown, "\"own\""));
}

static void
who_a_push_names_stays_as_it_was_kept(void **state)
{
	static const char *const pushed = "{\"actor\":\"mallory\",\"source\":\"push\"}";
	struct err               e = { 0 };
	const char              *shown;

	(void)state;
	assert_true(attribution_view(mem, (struct view) { false }, pushed, &shown, &e));
	assert_string_equal(shown, pushed);
	assert_true(attribution_view(mem, (struct view) { false }, NULL, &shown, &e));
	assert_null(shown);
	assert_int_equal(
	    attribution_confidence(mem, attribution_bare(CONFIDENCE_PENDING)), CONFIDENCE_PENDING);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_mem, free_mem)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_entry_is_about_a_change_by_its_ids_and_exact_by_its_value),
		TEST(
		    what_an_actor_is_called_is_cleaned_and_cut_and_withheld_where_it_quotes_a_value),
		TEST(nobody_is_hidden_by_how_often_another_was_there),
		TEST(what_a_log_says_costs_no_more_than_its_reading),
		TEST(who_quotes_a_value_in_other_words_is_withheld_too),
		TEST(who_stands_in_our_own_trail_is_for_who_may_read_it),
		TEST(who_a_push_names_stays_as_it_was_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
