/* Long work: who may ask for it, who carries it, and that it goes on where its carrier was killed.
 */
#include "core/auth/operation.h"
#include "core/store/tenant/database.h"
#include "tests/store/world.h"

#include <string.h>

struct place {
	struct world     *w;
	struct auth       auth;
	struct tenant_db *t;
	struct tenant     platform;
};

static struct place
platform_of(struct world *w)
{
	const struct provision p = { w->prov, w->d, &w->env };
	struct place           x = { .w = w, .auth = { .env = &w->env, .database = w->d } };
	struct err             e = { 0 };

	world_tenants(w);
	assert_ok(provision_tenant(&p, w->d, "platform", "Platform", &x.platform, &e));
	x.t = world_open(w, &x.platform);
	return x;
}

static struct uuid
ask(struct place *x, int64_t due_s)
{
	const struct deed_by       by = { .auth = &x->auth, .mem = x->w->d, .t = x->t };
	const struct operation_new in = {
		.id = uuid_make(x->w->env.clock, x->w->env.rand),
		.kind = OPERATION_TENANT_ERASE,
		.tenant = x->w->a.id,
		.total = 3,
		.step = "waits",
		.input = STR("what it has to know"),
		.due_s = due_s,
		.asked_name = "test",
	};
	struct err e = { 0 };

	assert_ok(operation_begin(&by, &in, &e));
	return in.id;
}

static struct operation
read_back(struct place *x, const struct uuid *id)
{
	struct operation o;
	struct err       e = { 0 };

	assert_ok(operation_by_id(x->w->d, x->w->d, id, &o, &e));
	return o;
}

/* Each turn takes one step; `dies` is the step in which the carrier is gone without a word. */
struct steps {
	int  dies, taken;
	bool fails;
};

static bool
carry(struct operation_run *r, struct err *e)
{
	struct steps *s = r->arg;

	for (uint64_t i = r->op->done; i < r->op->total; i++) {
		if (!operation_at(r, i, "goes on", e))
			return false;
		if (r->op->cancel) {
			r->cancelled = true;
			return true;
		}
		if (s->fails)
			return err_set(e, ERR_INTERNAL, 0, "It failed.", "asked to");
		if ((int)i == s->dies)
			return err_set(e, ERR_CONFLICT, 0, "gone", "gone");
		s->taken++;
	}
	return true;
}

static struct operation_work
work_of(struct place *x, struct steps *s)
{
	static operation_fn *const kinds[OPERATION__MAX] = { [OPERATION_TENANT_ERASE] = carry };

	return (struct operation_work) {
		.auth = &x->auth,
		.carrier = uuid_make(x->w->env.clock, x->w->env.rand),
		.kinds = kinds,
		.arg = s,
	};
}

static size_t
round_of(const struct operation_work *w)
{
	struct err e = { 0 };
	size_t     n;

	assert_ok(operations_carry(w, &n, &e));
	return n;
}

static void
only_the_platform_asks_for_what_is_about_tenants_and_for_its_end(void **state)
{
	struct world     *w = *state;
	struct place      x = platform_of(w);
	struct tenant_db *other;
	struct uuid       id = ask(&x, 60);
	struct operation  o = read_back(&x, &id);
	struct err        e = { 0 };

	assert_string_equal(o.state, "running");
	assert_true(uuid_eq(&o.owner, &x.platform.id));
	other = world_open(w, &w->a);
	o.id = uuid_make(w->env.clock, w->env.rand);
	assert_false(operation_add(other, &o, 0, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
	err_clear(&e);
	assert_false(operation_ask_end(other, &id, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
	err_clear(&e);
	assert_false(read_back(&x, &id).cancel);
}

static void
what_it_has_to_know_is_sealed_for_its_row_and_gone_when_it_is_over(void **state)
{
	struct place          x = platform_of(*state);
	struct uuid           id = ask(&x, 0), other = ask(&x, 60);
	struct operation      o = read_back(&x, &id), wrong = read_back(&x, &other);
	struct steps          s = { .dies = -1 };
	struct operation_work w = work_of(&x, &s);
	struct str            plain;
	struct err            e = { 0 };

	assert_ok(operation_open(x.t, x.w->d, &o, &plain, &e));
	assert_true(str_eqz(plain, "what it has to know"));
	wrong.input = o.input;
	assert_false(operation_open(x.t, x.w->d, &wrong, &plain, &e));
	assert_int_equal(round_of(&w), 1); /* the other is not due */
	assert_int_equal(s.taken, 3);
	o = read_back(&x, &id);
	assert_string_equal(o.state, "done");
	assert_int_equal(o.done, 3);
	assert_null(o.input.p);
	assert_true(o.started_at.ms > 0 && o.finished_at.ms >= o.started_at.ms);
}

static void
it_goes_on_where_its_carrier_was_killed_and_the_late_one_writes_nothing(void **state)
{
	struct place     x = platform_of(*state);
	struct uuid      id = ask(&x, 0), first = { { 1 } }, second = { { 2 } }, nobody = { { 0 } };
	struct operation a, b, none;
	struct err       e = { 0 };

	assert_ok(operation_claim(x.w->d, x.w->d, &first, &nobody, &a, &e));
	a.done = 1;
	assert_ok(operation_tell(x.w->d, &a, &e));
	assert_false(operation_claim(x.w->d, x.w->d, &second, &nobody, &none, &e)); /* it is held */
	assert_true(err_take(&e, ERR_MISSING));
	assert_false(operation_claim_one(x.w->d, x.w->d, &second, &id, &none, &e));
	assert_true(err_take(&e, ERR_MISSING));
	assert_ok(operation_give_back(
	    database_control(x.w->d), &first, &e)); /* its parent has seen it die */
	assert_ok(operation_claim(x.w->d, x.w->d, &second, &nobody, &b, &e));
	assert_int_equal(b.done, 1);
	assert_true(b.fence > a.fence);
	a.done = 2;
	assert_false(operation_tell(x.w->d, &a, &e));
	assert_true(err_take(&e, ERR_CONFLICT));
	assert_false(operation_end(x.w->d, &a, &e));
	assert_true(err_take(&e, ERR_CONFLICT));
	assert_int_equal(read_back(&x, &id).done, 1);
}

static void
what_fails_is_told_and_tried_again_later_each_time(void **state)
{
	struct place          x = platform_of(*state);
	struct uuid           id = ask(&x, 0);
	struct steps          s = { .dies = -1, .fails = true };
	struct operation_work w = work_of(&x, &s);
	struct operation      o;
	struct err            e = { 0 };

	assert_int_equal(round_of(&w), 1);
	o = read_back(&x, &id);
	assert_string_equal(o.state, "running");
	assert_string_equal(o.error, "It failed.");
	assert_int_equal(o.attempts, 1);
	assert_int_equal(round_of(&w), 0);          /* not yet */
	assert_ok(operation_ask_end(x.t, &id, &e)); /* due at once */
	assert_int_equal(round_of(&w), 1);
	o = read_back(&x, &id);
	assert_string_equal(o.state, "cancelled");
	assert_false(operation_ask_end(x.t, &id, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
}

/* Who carries one turn, and is told to stop. */
static bool
stops_after_one(void *arg)
{
	return (*(int *)arg)++ > 0;
}

static struct uuid
ask_of(struct place *x, struct tenant_db *t)
{
	const struct deed_by       by = { .auth = &x->auth, .mem = x->w->d, .t = t };
	const struct operation_new in = {
		.id = uuid_make(x->w->env.clock, x->w->env.rand),
		.kind = OPERATION_TEMPLATE_PREVIEW,
		.total = 3,
		.step = "waits",
		.asked_name = "test",
	};
	struct err e = { 0 };

	assert_ok(operation_begin(&by, &in, &e));
	return in.id;
}

static int
over_of(struct place *x, const struct uuid *ids, int n)
{
	int over = 0;

	for (int i = 0; i < n; i++)
		over += strcmp(read_back(x, &ids[i]).state, "done") == 0;
	return over;
}

static void
tenants_take_turns_however_many_one_of_them_has(void **state)
{
	static operation_fn *const kinds[OPERATION__MAX] = { [OPERATION_TEMPLATE_PREVIEW] = carry };
	struct place               x = platform_of(*state);
	struct steps               s = { .dies = -1 };
	struct operation_work      w = work_of(&x, &s);
	const instant              since = { clock_ms(x.w->env.clock) - 86400000 };
	struct tenant_db          *a = world_open(x.w, &x.w->a);
	struct operation_load      load;
	struct uuid                after = { { 0 } }, many[4], others[2];
	int                        turns = 0;
	struct err                 e = { 0 };

	for (int i = 0; i < 4; i++)
		many[i] = ask_of(&x, a);
	others[0] = ask_of(&x, world_open(x.w, &x.w->b));
	others[1] = ask_of(&x, x.t);
	assert_ok(operation_load_of(x.w->d, x.w->d, &x.w->a.id, "template.", since, &load, &e));
	assert_int_equal(load.running, 4);
	assert_int_equal(load.things, 12);
	assert_ok(operation_load_of(x.w->d, x.w->d, &x.w->a.id, "tenant.", since, &load, &e));
	assert_int_equal(load.running + load.things, 0);
	w.kinds = kinds;
	w.after = &after;
	w.stop = stops_after_one;
	w.stop_arg = &turns;
	for (int i = 0; i < 3; i++, turns = 0)
		assert_int_equal(round_of(&w), 1);
	assert_int_equal(over_of(&x, many, 4), 1);
	assert_int_equal(over_of(&x, others, 2), 2);
	w.stop = NULL;
	assert_int_equal(round_of(&w), 3);
	assert_ok(operation_load_of(x.w->d, x.w->d, &x.w->a.id, "template.", since, &load, &e));
	assert_int_equal(load.running, 0);
	assert_int_equal(load.things, 12);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_set_up, world_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(only_the_platform_asks_for_what_is_about_tenants_and_for_its_end),
		TEST(what_it_has_to_know_is_sealed_for_its_row_and_gone_when_it_is_over),
		TEST(it_goes_on_where_its_carrier_was_killed_and_the_late_one_writes_nothing),
		TEST(what_fails_is_told_and_tried_again_later_each_time),
		TEST(tenants_take_turns_however_many_one_of_them_has),
	};

	return cmocka_run_group_tests_name("operations", tests, NULL, NULL);
}
