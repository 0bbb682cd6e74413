#include "core/web/pass.h"

/*
 * The whole life of a request.  Whatever costs comes after what may refuse it:
 * a body is read only for a caller who may use the route.
 */
static step_fn *const steps[] = {
	step_limits,
	step_target,
	step_address,
	step_origin,
	step_route,
	step_rate_address,
	step_known,
	step_caller,
	step_rate_caller,
	step_cors,
	step_csrf,
	step_place,
	step_access,
	step_query,
	step_tenant,
	step_found,
	step_body,
	step_page,
	step_handler,
	step_answer,
};

void
pass_run(struct app *app, struct transport *t)
{
	struct request r = { 0 };
	bool           found = false;

	request_begin(&r, app, t);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (!steps[i](&r, &r.err))
			break;
		found = found || steps[i] == step_found;
	}
	if (found && r.err.code != ERR_OK && found_after_all(&r) && r.route->refused != NULL)
		r.route->refused(&r);
	reply_send(&r);
	account(&r);
}
