#include "tests/store/clerk.h"

struct clerk *
clerk_make(struct drift_world *x)
{
	struct clerk  *y = talloc_zero(x, struct clerk);
	struct deed_by by;
	struct acting *a;
	struct err     e = { 0 };

	x->env.keyring = x->w->env.keyring;
	y->x = x;
	y->auth = (struct auth) { .env = &x->env, .database = x->w->d };
	y->caller = (struct caller) {
		.kind = CALLER_SESSION,
		.user = uuid_make(&clock_system, &rand_system),
		.tenant = x->t->tenant->id,
		.name = "ada@acme.test",
	};
	by = (struct deed_by) { .auth = &y->auth, .mem = y, .t = x->t, .caller = &y->caller };
	assert_true(permission_add(&y->caller.permissions, "read:snapshots"));
	work_begin(&y->work, WORK_REQUEST, &clock_system);
	a = acting_make(&by, x->d, &y->work, &e);
	assert_non_null(a);
	y->a = *a;
	return y;
}

struct uuid
first_id(struct clerk *y, const char *sql)
{
	struct uuid id;

	assert_true(uuid_parse(str_of(drift_text(y->x, y, sql)), &id));
	return id;
}
