/*
 * Values that are sealed or masked are nowhere to be read.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/store/alert/outbox.h"
#include "core/store/drift/report.h"
#include "tests/store/drift_world.h"
#include "tests/store/dump.h"

static void
sealed_and_masked_values_are_in_no_table(void **state)
{
	struct drift_world  *x = *state;
	struct uuid          channel = drift_channel(x, "https://hooks.example.org/x");
	char                 id[UUID_TEXT_MAX];
	struct uuid          c;
	struct ingest_answer a;

	uuid_print(&channel, id);
	c = drift_config(
	    x, talloc_asprintf(
		   x, "{\"source\":{\"kind\":\"push\"},\"alerts\":[{\"channel_id\":\"%s\"}]}", id));
	drift_push_values(
	    x, &c, VALUES("{\"note\":\"plainvalueone\",\"password\":\"maskedvalueone\"}"));
	a = drift_push_values(
	    x, &c, VALUES("{\"note\":\"plainvaluetwo\",\"password\":\"maskedvaluetwo\"}"));
	assert_string_equal(a.report.status, "drifted");
	assert_int_equal(a.report.modified, 2);
	assert_true(dump_holds("/note")); /* paths stay readable: the search works */
	assert_false(dump_holds("plainvalueone"));
	assert_false(dump_holds("plainvaluetwo"));
	assert_false(dump_holds("maskedvalueone"));
	assert_false(dump_holds("maskedvaluetwo"));
}

/* What is masked is not even in the sealed parts: nobody with the keys can read it. */
static void
masked_values_are_in_no_sealed_part_either(void **state)
{
	struct drift_world  *x = *state;
	struct uuid          channel = drift_channel(x, "https://hooks.example.org/x");
	char                 id[UUID_TEXT_MAX];
	struct err           e = { 0 };
	struct uuid          c;
	struct ingest_answer a;
	struct change_row   *rows;
	struct str           text;
	struct outbox        o;
	struct page          p = { .want = 10 };

	uuid_print(&channel, id);
	c = drift_config(
	    x, talloc_asprintf(
		   x, "{\"source\":{\"kind\":\"push\"},\"alerts\":[{\"channel_id\":\"%s\"}]}", id));
	drift_push_values(x, &c, VALUES("{\"password\":\"maskedvalueone\"}"));
	a = drift_push_values(x, &c, VALUES("{\"password\":\"maskedvaluetwo\"}"));
	assert_ok(
	    change_list(x->t, x, &(struct change_filter) { .report_id = a.report.id }, &p, &e));
	assert_int_equal(p.n, 1);
	rows = p.rows;
	assert_ok(tenant_open(x->t, x,
	    (struct sealed_place) { "drift_changes", "new_value", &rows[0].id }, rows[0].new_value,
	    &text, &e));
	assert_true(str_eqz(text, "\"[masked]\""));
	char *hex = drift_text(x, x, "SELECT HEX(id) FROM %s.outbox");

	assert_true(hex_parse(str_of(hex), o.id.b, 16));
	assert_ok(outbox_by_id(x->t->db, x, &o.id, &o, &e));
	assert_ok(tenant_open(
	    x->t, x, (struct sealed_place) { "outbox", "event", &o.id }, o.body, &text, &e));
	assert_non_null(memmem(text.p, text.n, "[masked]", 8));
	assert_null(memmem(text.p, text.n, "maskedvalue", 11));
	assert_true(text.n < 20000);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, drift_set_up, drift_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(sealed_and_masked_values_are_in_no_table),
		TEST(masked_values_are_in_no_sealed_part_either),
	};

	return cmocka_run_group_tests_name("sealed", tests, NULL, NULL);
}
