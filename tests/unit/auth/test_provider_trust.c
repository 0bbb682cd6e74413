/* Every member of a provider says when a change of it lets more words count; the answers are walked
 * in tests/http/http/20-provider-trust. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/auth/oidc/provider_trust.h"

static size_t
rows_of(const char *member)
{
	size_t n = 0;

	for (const struct provider_trust *row = provider_trust; row->member != NULL; row++)
		n += strcmp(row->member, member) == 0;
	return n;
}

static void
every_member_that_a_client_can_set_has_one_row(void **state)
{
	const struct schema *schemas[] = { &provider_new_schema, &provider_change_schema };
	size_t               walked = 0;

	(void)state;
	for (size_t s = 0; s < 2; s++)
		for (const struct field *f = schemas[s]->fields; f->name != NULL; f++, walked++) {
			if (rows_of(f->name) != 1)
				print_error("%s\n", f->name);
			assert_int_equal(rows_of(f->name), 1);
		}
	assert_true(walked > 30);
}

static void
role_maps_widen_by_what_is_given_anew_and_by_their_end(void **state)
{
	static const struct {
		const char *was, *is;
		bool        wider;
	} cases[] = {
		{ "{}", "{}", false },
		{ "{\"a\":\"viewer\",\"b\":\"admin\"}", "{\"b\":\"admin\",\"a\":\"viewer\"}",
		    false },
		{ "{\"a\":\"viewer\",\"b\":\"admin\"}", "{\"a\":\"viewer\"}", false },
		{ "{\"a\":\"viewer\",\"b\":\"admin\"}", "{ \"b\" : \"admin\" }", false },
		{ "{}", "{\"a\":\"viewer\"}", true },
		{ "{\"a\":\"viewer\"}", "{\"a\":\"admin\"}", true },
		{ "{\"a\":\"viewer\"}", "{\"*\":\"viewer\"}", true },
		{ "{\"a\":\"viewer\"}", "{\"A\":\"viewer\"}", true },
		{ "{\"a\":\"viewer\"}", "{}", true },
	};
	char kind[] = "oidc", keep[] = "keep", name[] = "n";

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct provider was = { .name = name,
			.kind = kind,
			.client_id = name,
			.absent_roles = keep,
			.role_map = { .text = cases[i].was } };
		struct provider is = was;
		const char     *member;

		is.role_map.text = cases[i].is;
		member = provider_widens(&was, &is);
		if (cases[i].wider)
			assert_string_equal(member, "role_map");
		else
			assert_null(member);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_member_that_a_client_can_set_has_one_row),
		cmocka_unit_test(role_maps_widen_by_what_is_given_anew_and_by_their_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
