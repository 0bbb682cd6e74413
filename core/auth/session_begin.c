#include "core/auth/session_begin.h"

#include "core/auth/place.h"
#include "core/base/unicode.h"

struct beginning {
	const struct deed_by       *by;
	const struct user          *user;
	const struct session_start *how;
	struct session_row          row;
};

static bool
make_row(struct beginning *b, struct err *e)
{
	const struct deed_by  *by = b->by;
	const struct env      *env = by->auth->env;
	const struct settings *set;
	int64_t                now = clock_ms(env->clock), absolute, idle;

	if (!settings_of(by->auth, by->t->tenant, &set, e))
		return false;
	absolute = now + set->session->absolute_s * 1000;
	idle = now + set->session->idle_s * 1000;
	b->row = (struct session_row) { .id = uuid_make(env->clock, env->rand),
		.user_id = b->user->id,
		.auth_time = { b->how->auth_time_ms },
		.aal = b->how->aal,
		.provider = b->how->provider,
		.idle_end = { idle < absolute ? idle : absolute },
		.absolute_end = { absolute },
		.last_seen = { now },
		.created_at = { now } };
	b->row.address = unicode_clean(by->mem, str_of(by->origin->address), 45);
	b->row.user_agent = unicode_clean(by->mem, str_of(by->origin->user_agent), 400);
	return (b->row.address != NULL && b->row.user_agent != NULL) || err_memory(e);
}

static bool
begin_body(struct db *db, void *arg, struct err *e)
{
	struct beginning *b = arg;

	return (b->how->body == NULL || b->how->body(db, b->how->arg, e)) &&
	       session_add(b->by->t, &b->row, e) &&
	       user_set_last_login(b->by->t, &b->user->id, b->row.created_at, e);
}

/* The rows about to be written, in the form in which they are read again. */
static bool
fill_caller(const struct beginning *b, struct caller *c, struct err *e)
{
	const struct user          *u = b->user;
	const struct session_row   *s = &b->row;
	const struct session_caller row = { .user_id = u->id,
		.auth_time = s->auth_time,
		.aal = s->aal,
		.idle_end = s->idle_end,
		.absolute_end = s->absolute_end,
		.last_seen = s->last_seen,
		.rotated_ago_s = -1,
		.epoch = u->epoch,
		.email = u->email,
		.display_name = u->display_name,
		.status = u->status,
		.two_factor = u->two_factor,
		.has_password = u->password != NULL,
		.last_login = s->created_at,
		.created_at = u->created_at,
		.role_names = u->role_names,
		.granted = u->granted,
		.roles_end = u->roles_end };

	return caller_of_session(b->by, &s->id, &row, c, e);
}

bool
session_begin(const struct deed_by *by, const struct user *u, const struct session_start *how,
    struct session_grant *grant, struct err *e)
{
	const struct deed_by as = deed_as(by, &grant->caller);
	struct beginning     b = { .by = by, .user = u, .how = how };
	struct audit_entry   entry = { .action = AUDIT_SESSION_START, .details = how->details };

	if (!place_check_user(by, &u->id, u->email, e) || !make_row(&b, e) ||
	    !fill_caller(&b, &grant->caller, e))
		return false;
	grant->tenant = by->t->tenant;
	grant->device_epoch = u->device_epoch;
	entry.target_id = b.row.id;
	/* tokens first: a session that nobody can use is not begun */
	return session_grant_tokens(by->auth, by->mem, 0, grant, e) &&
	       audit_deed(&as, begin_body, &b, &entry, e);
}
