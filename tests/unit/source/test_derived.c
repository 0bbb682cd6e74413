/* What no collection says and several come to together, by a pack and an API that answers from a
 * script. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "drift/source/derive.h"
#include "tests/unit/mem.h"
#include "tests/unit/scripted.h"

#define BASE "https://a.example/api"
#define RM   "roleManagement/directory/"
#define BY   "\"key\":[\"principalId\",\"roleDefinitionId\",\"directoryScopeId\"]"
#define PACK                                                                                       \
	"{\"name\":\"t\",\"title\":\"t\",\"hosts\":[{\"name\":\"a\",\"url\":\"" BASE "\"}],"       \
	"\"auth\":{\"kind\":\"none\"},\"error_code\":[\"/code\"],\"errors\":[{\"status\":403,"     \
	"\"code\":\"Licence\",\"say\":\"There is no licence.\",\"as\":\"forbidden\",\"licence\":"  \
	"true}],\"collections\":[{\"category\":\"" RM "roleAssignments\",\"path\":\"/ra\"," BY     \
	"},{\"category\":\"" RM "roleEligibilityScheduleInstances\",\"path\":\"/re\"," BY          \
	"},{\"category\":\"" RM "roleDefinitions\",\"path\":\"/rd\",\"key\":\"id\"},"              \
	"{\"category\":\"groups\",\"path\":\"/g\",\"key\":\"id\",\"each\":[{\"name\":\"members\"," \
	"\"path\":\"/g/{/id}\"}]}],\"derived\":[\"entra_group_roles\"]}"
#define SOURCE "{\"kind\":\"t\",\"parameters\":{}}"

#define ALICE "{\"id\":\"alice\",\"displayName\":\"Alice\"}"
#define BOB   "{\"id\":\"bob\",\"userPrincipalName\":\"bob@a.example\"}"
#define G(id) "{\"id\":\"" id "\",\"displayName\":\"Group " id "\"}"
#define HAS(p, r, s)                                                                               \
	"{\"principalId\":\"" p "\",\"roleDefinitionId\":\"" r "\",\"directoryScopeId\":\"" s "\"" \
	"}"
#define AT(path, status, body)                                                                     \
	{                                                                                          \
		BASE path, status, body, NULL                                                      \
	}
#define ROLES  AT("/rd", 200, "[{\"id\":\"ga\",\"displayName\":\"Global Administrator\"}]")
#define NOBODY AT("/re", 200, "[]")
#define HELD_AS(how, who, name, role, scope, through)                                              \
	"{\"principalId\":\"" who "\"," name "\"roleDefinitionId\":\"" role "\"," scope            \
	"\"assignment\":\"" how "\",\"through\":[" through "]}"
#define HELD(who, name, role, scope, through) HELD_AS("active", who, name, role, scope, through)
#define NAMED_ALICE                           "\"displayName\":\"Alice\","
#define NAMED_BOB                             "\"userPrincipalName\":\"bob@a.example\","
#define GLOBAL                                "\"roleDisplayName\":\"Global Administrator\",\"directoryScopeId\":\"/\","
#define WAY(g)                                "{\"id\":\"" g "\",\"displayName\":\"Group " g "\"}"
#define ALL                                   RM "roleAssignmentsThroughGroups complete "
#define NONE                                  ALL "0/0/0"

static char dir[] = "/tmp/bsx-derived.XXXXXX";

static const struct {
	const char     *what, *told;
	struct scripted script[8];
} rows[] = {
	{ "who is in a group that has a role has it", /* and who has it directly is not told twice
						       */
	    ALL "2/0/0\n alice/ga/~1/active=" HELD("alice", NAMED_ALICE, "ga", GLOBAL,
		WAY("g")) "\n bob/ga/~1/active=" HELD("bob", NAMED_BOB, "ga", GLOBAL, WAY("g")),
	    { AT("/ra", 200, "[" HAS("g", "ga", "/") "," HAS("alice", "ga", "/") "]"), NOBODY,
		ROLES, AT("/g", 200, "[" G("g") "]"), AT("/g/g", 200, "[" ALICE "," BOB "]") } },
	{ "a group without a role is nothing", NONE,
	    { AT("/ra", 200, "[" HAS("alice", "ga", "/") "]"), NOBODY, ROLES,
		AT("/g", 200, "[" G("g") "]"), AT("/g/g", 200, "[" ALICE "," BOB "]") } },
	{ "by two groups, and by one that only may",
	    ALL "2/0/0\n alice/ga/~1/active=" HELD("alice", NAMED_ALICE, "ga", GLOBAL,
		WAY("g") "," WAY("h")) "\n alice/ga/~1/eligible=" HELD_AS("eligible", "alice",
		NAMED_ALICE, "ga", GLOBAL, WAY("g")),
	    { AT("/ra", 200, "[" HAS("h", "ga", "/") "," HAS("g", "ga", "/") "]"),
		AT("/re", 200, "[" HAS("g", "ga", "/") "]"), ROLES,
		AT("/g", 200, "[" G("h") "," G("g") "]"), AT("/g/g", 200, "[" ALICE "]"),
		AT("/g/h", 200, "[" ALICE "]") } },
	{ "scopes and roles apart, of a role that has no name",
	    ALL "2/0/0\n alice/ga/~1u/active=" HELD("alice", NAMED_ALICE, "ga",
		"\"roleDisplayName\":\"Global Administrator\",\"directoryScopeId\":\"/u\",",
		WAY("g")) "\n alice/x/~1/active=" HELD("alice", NAMED_ALICE, "x",
		"\"directoryScopeId\":\"/\",", WAY("g")),
	    { AT("/ra", 200, "[" HAS("g", "x", "/") "," HAS("g", "ga", "/u") "]"), NOBODY, ROLES,
		AT("/g", 200, "[" G("g") "]"), AT("/g/g", 200, "[" ALICE "]") } },
	{ "groups in groups, in a ring, are the group that was given it",
	    ALL "2/0/0\n alice/ga/~1/active=" HELD("alice", NAMED_ALICE, "ga", GLOBAL,
		WAY("g")) "\n bob/ga/~1/active=" HELD("bob", NAMED_BOB, "ga", GLOBAL, WAY("g")),
	    { AT("/ra", 200, "[" HAS("g", "ga", "/") "]"), NOBODY, ROLES,
		AT("/g", 200, "[" G("g") "," G("h") "]"), AT("/g/g", 200, "[" G("h") "," ALICE "]"),
		AT("/g/h", 200, "[" BOB "," G("g") "," G("h") "," ALICE "]") } },
	{ "what is not licensed is nothing",
	    ALL "1/0/0\n alice/ga/~1/active=" HELD("alice", NAMED_ALICE, "ga", GLOBAL, WAY("g")),
	    { AT("/ra", 200, "[" HAS("g", "ga", "/") "]"), AT("/re", 403, "{\"code\":\"Licence\"}"),
		ROLES, AT("/g", 200, "[" G("g") "]"), AT("/g/g", 200, "[" ALICE "]") } },
	{ "what is forbidden is not known",
	    RM "roleAssignmentsThroughGroups failed 0/0/0: It is made of " RM
	       "roleEligibilityScheduleInstances, which was not read completely.",
	    { AT("/ra", 200, "[" HAS("g", "ga", "/") "]"), AT("/re", 403, "{}"), ROLES,
		AT("/g", 200, "[" G("g") "]"), AT("/g/g", 200, "[" ALICE "]") } },
	{ "nor is it without the licence for what has none",
	    RM "roleAssignmentsThroughGroups failed 0/0/0: It is made of " RM
	       "roleDefinitions, which was not read completely.",
	    { AT("/ra", 200, "[" HAS("g", "ga", "/") "]"), NOBODY,
		AT("/rd", 403, "{\"code\":\"Licence\"}"), AT("/g", 200, "[" G("g") "]"),
		AT("/g/g", 200, "[" ALICE "]") } },
	{ "of one group the members are not known",
	    RM
	    "roleAssignmentsThroughGroups partial 0/0/0: It is made of groups/members, which was "
	    "not read completely.",
	    { AT("/ra", 200, "[" HAS("g", "ga", "/") "]"), NOBODY, ROLES,
		AT("/g", 200, "[" G("g") "," G("h") "]"), AT("/g/g", 200, "[" ALICE "]"),
		AT("/g/h", 403, "{}") } },
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

/* It stands behind all others. */
static const char *
derived_of(struct scripted_run *s)
{
	const char *fault = scripted_run(s);
	const char *told, *at;

	if (fault != NULL)
		fail_msg("%s", fault);
	assert_int_equal(s->end, SOURCE_DONE);
	told = scripted_told(s);
	at = strstr(told, RM "roleAssignmentsThroughGroups ");
	return at != NULL ? at : told;
}

static void
what_they_come_to_is_told_when_all_of_it_was_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS; i++)
		for (int way = 0; way < 4; way++) {
			struct scripted_run s = { .mem = mem,
				.source = SOURCE,
				.packs_dir = dir,
				.script = rows[i].script,
				.backwards = way % 2 == 1 };
			const char         *alone = RM "roleAssignmentsThroughGroups";
			const char         *told;

			if (way >= 2) /* what it is made of is read, and not told */
				s.categories = (struct strings) { &alone, 1 };
			told = derived_of(&s);
			if (strcmp(told, rows[i].told) != 0)
				fail_msg("%s (%d)\n%s\n%s", rows[i].what, way, told, rows[i].told);
			assert_int_equal(s.turn.collected.collections_n, way >= 2 ? 1 : 6);
		}
}

static void
what_is_known_is_what_it_came_to(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS; i++)
		for (size_t k = 0; k < ROWS; k++) {
			struct scripted_run s = { .mem = mem,
				.source = SOURCE,
				.packs_dir = dir,
				.script = rows[i].script };
			const bool whole = strstr(rows[i].told, " complete ") != NULL && i != 5;

			if (scripted_again(&s, rows[k].script) != (i == k && whole))
				fail_msg("%s, then %s", rows[i].what, rows[k].what);
		}
}

static const struct json *
parse(const char *text)
{
	struct err         e = { 0 };
	const struct json *v = json_parse(mem, str_of(text), &e);

	assert_non_null(v);
	return v;
}

static void
more_than_are_followed_are_said_to_be(void **state)
{
	const struct derive_ops *ops = derive_by_name("entra_group_roles");
	struct derive_item       given = { STR("g"), parse(HAS("g", "ga", "/")) };
	struct derive_item       group = { STR("g"), parse(G("g")) };
	struct derive_items of[] = { { &given, 1 }, { 0 }, { 0 }, { &group, 1 }, { &group, 1 } };
	struct derive_item  members = { STR("g"), NULL };
	char               *text = talloc_strdup(mem, "{\"members\":[");
	struct derived      out;
	struct err          e = { 0 };

	(void)state;
	for (int i = 0; i < DERIVE_ITEMS_MAX + 10; i++)
		text =
		    talloc_asprintf_append_buffer(text, "%s{\"id\":\"u%d\"}", i == 0 ? "" : ",", i);
	members.value = parse(talloc_asprintf_append_buffer(text, "]}"));
	of[4].at = &members;
	assert_true(ops->derive(mem, of, &out, &e));
	assert_int_equal(out.items.n, DERIVE_ITEMS_MAX);
	assert_non_null(out.short_of);
}

/* The walk is bounded too, where it finds nobody. */
static void
groups_that_hold_only_each_other_end(void **state)
{
	const struct derive_ops *ops = derive_by_name("entra_group_roles");
	struct derive_item      *given = talloc_zero_array(mem, struct derive_item, 4000);
	struct derive_item      *groups = talloc_zero_array(mem, struct derive_item, 4000);
	struct derive_item      *members = talloc_zero_array(mem, struct derive_item, 4000);
	struct derive_items      of[] = { { given, 4000 }, { 0 }, { 0 }, { groups, 4000 },
		     { members, 4000 } };
	struct derived           out;
	struct err               e = { 0 };

	(void)state;
	for (uint32_t i = 0; i < 4000; i++) {
		char *id = talloc_asprintf(mem, "g%u", i);

		given[i] = (struct derive_item) { STR(""),
			parse(talloc_asprintf(mem, HAS("%s", "ga", "/"), id)) };
		groups[i] = (struct derive_item) { str_of(id),
			parse(talloc_asprintf(mem, G("%s"), id, id)) };
		members[i] = (struct derive_item) { str_of(id),
			parse(talloc_asprintf(
			    mem, "{\"members\":[{\"id\":\"g%u\"}]}", (i + 1) % 4000)) };
	}
	assert_true(ops->derive(mem, of, &out, &e));
	assert_int_equal(out.items.n, 0);
	assert_non_null(out.short_of);
}

static void
put_pack(const char *text)
{
	char  path[80];
	FILE *f;

	snprintf(path, sizeof(path), "%s/t.json", dir);
	f = fopen(path, "we");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0 && fclose(f) == 0);
}

static int
make_pack(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(dir));
	put_pack(PACK);
	return 0;
}

static int
drop_pack(void **state)
{
	char path[80];

	(void)state;
	snprintf(path, sizeof(path), "%s/t.json", dir);
	return unlink(path) | rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_they_come_to_is_told_when_all_of_it_was_read),
		TEST(what_is_known_is_what_it_came_to),
		TEST(more_than_are_followed_are_said_to_be),
		TEST(groups_that_hold_only_each_other_end),
	};

	return cmocka_run_group_tests(tests, make_pack, drop_pack);
}
