/* The source `self`: a tenant's own administration, read from its tables, on the way of every
 * snapshot. */
#include <string.h>

#include "core/store/identity/user.h"
#include "drift/self/self.h"
#include "tests/store/drift_world.h"

static void
add_user(struct drift_world *x, const char *status)
{
	struct err  e = { 0 };
	struct user u = { .email = talloc_strdup(x, "ada@own.example"),
		.display_name = talloc_strdup(x, "Ada"),
		.password = talloc_strdup(x, "$argon2id$tell-nobody"),
		.status = talloc_strdup(x, status),
		.created_at = { 1796000000000 } };

	u.id = uuid_make(x->env.clock, x->env.rand);
	assert_ok(user_add(x->t, &u, &e));
}

/* Driven as any source that collects, but for its one turn. */
static struct ingest_answer
read_it(struct drift_world *x, const struct uuid *id, struct collected *got)
{
	struct err                   e = { 0 };
	struct work                  work;
	struct ingest_answer         a;
	const struct source_own      own = { self_read, x->t };
	struct source_begin          b = { .env = &x->env, .own = &own };
	struct source_turn           turn = { 0 };
	struct source_progress       p;
	struct drift_config         *c = talloc_zero(x, struct drift_config);
	const struct source_collect *kind;
	void                        *run;
	struct ingest                in = {
			       .d = x->d, .t = x->t, .mem = x, .work = &work, .config = c, .pushed_by = "self"
	};

	work_begin(&work, WORK_TASK, x->env.clock);
	assert_ok(config_by_id(x->t, x, id, c, &e));
	in.spec = spec_of(x->d, x->t, c, &work, &e);
	assert_non_null(in.spec);
	kind = in.spec->source.ops->collect;
	b.source = &in.spec->source;
	run = kind->begin(x, &b, &e);
	assert_non_null(run);
	assert_int_equal(kind->next(run, &turn, &e), SOURCE_DONE);
	kind->progress(run, &p);
	assert_int_equal(p.over, p.n);
	*got = turn.collected;
	assert_ok(ingest_collected(&in, &turn.collected, &a, &e));
	return a;
}

static void
a_tenant_is_a_source_of_itself_and_tells_no_secret(void **state)
{
	struct drift_world  *x = *state;
	struct uuid          id = drift_config(x, "{\"source\":{\"kind\":\"self\"}}");
	struct collected     got;
	struct ingest_answer a;
	struct buf           b;

	add_user(x, "active");
	(void)drift_channel(x, "https://hooks.example/services/T0/tell-nobody");
	a = read_it(x, &id, &got);
	assert_int_equal(got.collections_n, 6);
	buf_make(&b, x);
	for (size_t i = 0; i < got.n; i++)
		json_print(&b, got.resources[i].value);
	assert_non_null(strstr(b.p, "ada@own.example"));
	assert_non_null(strstr(b.p, "\"https://hooks.example\""));
	assert_null(strstr(b.p, "tell-nobody"));
	assert_null(strstr(b.p, "secret"));
	assert_string_equal(a.report.status, "baseline");

	a = read_it(x, &id, &got);
	assert_string_equal(a.report.status, "clean");
	drift_sql(x, "UPDATE %s.users SET status = 'disabled' WHERE email = 'ada@own.example'");
	a = read_it(x, &id, &got);
	assert_string_equal(a.report.status, "drifted");
	assert_int_equal(a.report.modified, 1);
	drift_check(x);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, drift_set_up, drift_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_tenant_is_a_source_of_itself_and_tells_no_secret),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
