#include "tests/store/session_world.h"

TALLOC_CTX *session_mem;

const struct origin session_origin = { "192.0.2.7", "Test/1.0", "request-1" };

int
session_begin_test(void **state)
{
	struct people *p = *state;

	p->w->conf.revocation_lag_ms = 2000;
	p->w->conf.access_s = 600;
	p->clock.set_ms = 0;
	session_mem = talloc_new(NULL);
	return session_mem == NULL;
}

int
session_finish_test(void **state)
{
	(void)state;
	talloc_free(session_mem);
	return 0;
}

void
session_log_out(struct people *p, const struct session_grant *g, bool all)
{
	const struct deed_by by = people_deed(p, session_mem, &g->caller);
	struct err           e = { 0 };

	assert_ok(session_end(&by, all, &e));
}
