/* Permissions: what texts stand for, what counts where, and the built-in roles. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/auth/access.h"

#define LEN(a) (sizeof(a) / sizeof *(a))

static struct permissions
of(const char *text)
{
	struct permissions p = { { 0, 0 } };

	assert_true(permission_add(&p, text));
	return p;
}

static int
count(const struct permissions *p)
{
	return __builtin_popcountll(p->bits[0]) + __builtin_popcountll(p->bits[1]);
}

static void
a_text_stands_for_its_bits(void **state)
{
	static const struct {
		const char *text;
		int         bits;
	} cases[] = {
		{ "read:users", 1 },
		{ "assign:roles", 1 },
		{ "read:*", RESOURCE__MAX },
		{ "*:drift", ACTION__MAX },
		{ "manage:drift", ACTION__MAX },
		{ "manage:*", ACTION__MAX * RESOURCE__MAX },
		{ "*:*", ACTION__MAX * RESOURCE__MAX },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct permissions p = of(cases[i].text);

		assert_int_equal(count(&p), cases[i].bits);
	}
}

static void
what_is_no_permission_adds_nothing(void **state)
{
	static const char *const bad[] = { "", ":", "*", "read", "read:", ":users", "read:user",
		"READ:users", "read:users:x", "read:users ", " read:users", "read::users", "**:*" };
	struct permissions       p = { { 0, 0 } };

	(void)state;
	for (size_t i = 0; i < LEN(bad); i++)
		assert_false(permission_add(&p, bad[i]));
	assert_int_equal(count(&p), 0);
}

static void
manage_holds_every_action_of_its_resource_and_no_other(void **state)
{
	struct permissions p = of("manage:channels");

	(void)state;
	for (int a = 0; a < ACTION__MAX; a++) {
		assert_true(permission_has(&p, (enum action)a, RESOURCE_CHANNELS));
		assert_false(permission_has(&p, (enum action)a, RESOURCE_USERS));
	}
}

static void
nobody_covers_what_they_do_not_hold(void **state)
{
	struct permissions reader = of("read:*"), all = of("*:*"), one = of("read:users"),
			   write = of("update:users"), none = { { 0, 0 } };

	(void)state;
	assert_true(permission_covers(&all, &reader));
	assert_true(permission_covers(&reader, &one));
	assert_true(permission_covers(&none, &none));
	assert_false(permission_covers(&reader, &all));
	assert_false(permission_covers(&reader, &write));
	assert_false(permission_covers(&none, &one));
}

static void
the_list_has_one_entry_per_bit_and_reads_back(void **state)
{
	struct err         e = { 0 };
	struct permissions p = of("*:*"), again = { { 0, 0 } };
	struct strings     list;
	TALLOC_CTX        *mem = talloc_new(NULL);

	(void)state;
	assert_true(permission_list(mem, &p, &list, &e));
	assert_int_equal(list.n, ACTION__MAX * RESOURCE__MAX);
	assert_true(permissions_add(&again, list));
	assert_memory_equal(&p, &again, sizeof(p));
	p = of("delete:drift");
	assert_true(permission_list(mem, &p, &list, &e));
	assert_int_equal(list.n, 1);
	assert_string_equal(list.items[0], "delete:drift");
	talloc_free(mem);
}

static void
outside_the_platform_nobody_makes_tenants_or_reads_metrics(void **state)
{
	char          slugs[][10] = { "acme", "platform", "platform2" };
	struct tenant acme = { .slug = slugs[0] }, platform = { .slug = slugs[1] },
		      nearly = { .slug = slugs[2] };
	struct permissions p = of("*:*");

	(void)state;
	permissions_bound(&p, &platform);
	assert_true(permission_has(&p, ACTION_CREATE, RESOURCE_TENANTS));
	assert_true(permission_has(&p, ACTION_READ, RESOURCE_METRICS));
	permissions_bound(&p, &acme);
	assert_false(permission_has(&p, ACTION_CREATE, RESOURCE_TENANTS));
	assert_false(permission_has(&p, ACTION_READ, RESOURCE_METRICS));
	assert_true(permission_has(&p, ACTION_READ, RESOURCE_TENANTS)); /* its own */
	assert_true(permission_has(&p, ACTION_DELETE, RESOURCE_USERS));
	p = of("read:metrics");
	permissions_bound(&p, &nearly);
	assert_int_equal(count(&p), 0);
}

static struct permissions
of_role(const char *name)
{
	struct permissions p = { { 0, 0 } };

	for (const struct built_in_role *r = built_in_roles; r->name != NULL; r++) {
		if (strcmp(r->name, name) != 0)
			continue;
		for (size_t i = 0; r->permissions[i] != NULL; i++)
			assert_true(permission_add(&p, r->permissions[i]));
		return p;
	}
	fail_msg("no role %s", name);
	return p;
}

static void
built_in_roles_hold_what_they_are_for(void **state)
{
	static const struct {
		const char        *role;
		enum action        action;
		enum resource_kind resource;
		bool               has;
	} cases[] = {
		{ "admin", ACTION_DELETE, RESOURCE_USERS, true },
		{ "admin", ACTION_CREATE, RESOURCE_API_KEYS, true },
		{ "user_manager", ACTION_CREATE, RESOURCE_USERS, true },
		{ "user_manager", ACTION_ASSIGN, RESOURCE_ROLES, true },
		{ "user_manager", ACTION_UPDATE, RESOURCE_ROLES, false },
		{ "user_manager", ACTION_READ, RESOURCE_DRIFT, false },
		{ "operator", ACTION_CREATE, RESOURCE_DRIFT, true },
		{ "operator", ACTION_WRITE, RESOURCE_SNAPSHOTS, true },
		{ "operator", ACTION_UPDATE, RESOURCE_CHANNELS, true },
		{ "operator", ACTION_CREATE, RESOURCE_USERS, false },
		{ "analyst", ACTION_UPDATE, RESOURCE_ALERTS, true },
		{ "analyst", ACTION_READ, RESOURCE_SNAPSHOTS, true },
		{ "analyst", ACTION_DELETE, RESOURCE_DRIFT, false },
		{ "analyst", ACTION_READ, RESOURCE_AUDIT, false },
		{ "auditor", ACTION_READ, RESOURCE_AUDIT, true },
		{ "auditor", ACTION_READ, RESOURCE_USERS, true },
		{ "auditor", ACTION_UPDATE, RESOURCE_ALERTS, false },
		{ "viewer", ACTION_READ, RESOURCE_DRIFT, true },
		{ "viewer", ACTION_READ, RESOURCE_USERS, false },
		{ "platform_admin", ACTION_CREATE, RESOURCE_TENANTS, true },
		{ "platform_admin", ACTION_READ, RESOURCE_METRICS, true },
		{ "platform_admin", ACTION_CREATE, RESOURCE_USERS, false },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct permissions p = of_role(cases[i].role);

		if (permission_has(&p, cases[i].action, cases[i].resource) != cases[i].has)
			fail_msg("%s: %d:%d", cases[i].role, (int)cases[i].action,
			    (int)cases[i].resource);
	}
}

/* ---- keys ---- */

static bool
gives_power(int r)
{
	return r == RESOURCE_USERS || r == RESOURCE_ROLES || r == RESOURCE_API_KEYS ||
	       r == RESOURCE_TENANTS || r == RESOURCE_SETTINGS;
}

static void
of_each_permission_a_key_has_what_its_kind_can_have(void **state)
{
	(void)state;
	for (int i = 0; i < ACTION__MAX * RESOURCE__MAX; i++) {
		enum action        a = (enum action)(i / RESOURCE__MAX);
		enum resource_kind r = (enum resource_kind)(i % RESOURCE__MAX);
		bool               makes_keys = a == ACTION_CREATE && r == RESOURCE_API_KEYS;
		bool               power = a != ACTION_READ && gives_power(r);
		char               text[PERMISSION_TEXT_MAX];

		permission_print(a, r, text);
		assert_int_equal(permission_needs_administrative(text), power);
		for (int administrative = 0; administrative < 2; administrative++) {
			struct permissions one = of(text), every = of("*:*");
			bool               want = !makes_keys && (administrative || !power);

			permissions_bound_key(&one, administrative);
			permissions_bound_key(&every, administrative);
			assert_int_equal(permission_has(&one, a, r), want);
			assert_int_equal(permission_has(&every, a, r), want);
		}
	}
}

static void
a_wildcard_of_resources_names_none_and_one_of_actions_names_all(void **state)
{
	static const char *const bounded[] = { "*:*", "update:*", "manage:*", "read:*",
		"read:users", "*:drift", "manage:channels", "no:users:no", "users", "" };
	static const char *const naming[] = { "*:users", "manage:roles", "*:settings",
		"delete:api_keys", "manage:tenants" };

	(void)state;
	for (size_t i = 0; i < LEN(bounded); i++)
		assert_false(permission_needs_administrative(bounded[i]));
	for (size_t i = 0; i < LEN(naming); i++)
		assert_true(permission_needs_administrative(naming[i]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_stands_for_its_bits),
		cmocka_unit_test(what_is_no_permission_adds_nothing),
		cmocka_unit_test(manage_holds_every_action_of_its_resource_and_no_other),
		cmocka_unit_test(nobody_covers_what_they_do_not_hold),
		cmocka_unit_test(the_list_has_one_entry_per_bit_and_reads_back),
		cmocka_unit_test(outside_the_platform_nobody_makes_tenants_or_reads_metrics),
		cmocka_unit_test(of_each_permission_a_key_has_what_its_kind_can_have),
		cmocka_unit_test(a_wildcard_of_resources_names_none_and_one_of_actions_names_all),
		cmocka_unit_test(built_in_roles_hold_what_they_are_for),
	};

	return cmocka_run_group_tests_name("access", tests, NULL, NULL);
}
