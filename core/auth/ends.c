#include "core/auth/ends.h"

#include "core/store/identity/apikey.h"
#include "core/store/identity/factor.h"
#include "core/store/identity/identity.h"
#include "core/store/identity/session.h"
#include "core/store/identity/user_self.h"

const struct ends_row ends_rows[END__MAX] = {
#define X(id, name, cells, reason, why) [id] = { name, cells, reason, why },
	ENDS_EVENTS(X)
#undef X
};
#define X(id, name, cells, reason, why)                                                            \
	_Static_assert(sizeof(cells) == ENDS__MAX + 1, name ": one cell per credential");
ENDS_EVENTS(X)
#undef X

const struct ends_column ends_columns[ENDS__MAX] = {
#define X(id, name, what) [id] = { name, what },
	ENDS_CREDENTIALS(X)
#undef X
};

const char *
ends_word(char cell)
{
	switch (cell) {
	case 'X':
		return "ends";
	case '1':
		return "this";
	case 'O':
		return "others";
	case 'z':
		return "sleeps";
	default:
		return "lives";
	}
}

static char
cell(const struct ending *x, enum ends_credential c)
{
	return ends_rows[x->event].cells[c];
}

/* The one that it is about: named itself, or by what it was begun with, or by how long it lasts. */
static bool
end_this(struct tenant_db *t, struct ending *x, const char *reason, struct err *e)
{
	if (x->provider != NULL)
		return provider_end_sessions(t->db, x->provider, reason, x->now, e);
	if (x->event == END_SHORTENED)
		return session_shorten(t, x->idle_s, x->absolute_s, x->now, e);
	return session_revoke(t, &x->session, x->now, reason, &x->ended, e);
}

static bool
end_sessions(struct tenant_db *t, struct ending *x, struct err *e)
{
	const char *reason = ends_rows[x->event].reason;

	switch (cell(x, ENDS_SESSION)) {
	case '1':
		return end_this(t, x, reason, e);
	case 'O':
		return session_revoke_but(t, &x->user, &x->session, x->now, reason, e);
	case 'X':
		return session_revoke_all(t, &x->user, x->now, reason, e);
	default:
		return true;
	}
}

/* A waiting sign-in, links, devices: in one statement, where the row has any of them. */
static bool
raise_epochs(struct tenant_db *t, const struct ending *x, struct err *e)
{
	const struct user_epochs up = { .user = x->user,
		.reset = cell(x, ENDS_RESET) == 'X',
		.invite = cell(x, ENDS_INVITE) == 'X',
		.email = cell(x, ENDS_EMAIL) == 'X',
		.device = cell(x, ENDS_DEVICE) == 'X' || cell(x, ENDS_ANSWER) == 'X',
		.sign_in = cell(x, ENDS_MFA) == 'X' };

	if (!up.reset && !up.invite && !up.email && !up.device && !up.sign_in)
		return true;
	return user_raise_epochs(t, &up, e);
}

/* ERR_MISSING: there is no such key. */
static bool
end_keys(struct tenant_db *t, const struct ending *x, struct err *e)
{
	switch (cell(x, ENDS_PERSONAL_KEY)) {
	case '1':
		return api_key_revoke(t, &x->key, x->now, e);
	case 'X':
		return api_key_revoke_personal(t, &x->user, x->now, e);
	default:
		return true;
	}
}

bool
ends_apply(struct tenant_db *t, struct ending *x, struct err *e)
{
	if (!raise_epochs(t, x, e) || !end_sessions(t, x, e) || !end_keys(t, x, e))
		return false;
	return cell(x, ENDS_RECOVERY) != 'X' || recovery_drop(t, &x->user, e);
}
