/* routes.h: users, as administrators manage them. */
#include <string.h>

#include "core/auth/attempts.h"
#include "core/auth/user/role_preview.h"
#include "core/web/etag.h"
#include "core/web/rate.h"
#include "fcgi/routes.h"

/* ---- reading ---- */

struct user_query {
	struct list_query page;
	const char       *q, *role, *status;
};
static const char *const  statuses[] = { "active", "disabled", "invited", NULL };
static const struct field user_query_fields[] = {
	LIST_FIELDS(struct user_query, "Most items of one answer; 50 when absent."),
	FIELD(struct user_query, q, .min = 1, .max = 254,
	    .doc = "Only those with this text in address or name."),
	FIELD(struct user_query, role, .min = 1, .max = 64, .doc = "Only those with this role."),
	FIELD(struct user_query, status, .choices = statuses, .doc = "Only with this status."),
	FIELD_END,
};
static const struct schema user_query_schema =
    SCHEMA("UserQuery", struct user_query, user_query_fields);

/* What If-Match holds a change against: a sign-in meanwhile is no change. */
static struct buf
content_of(struct request *r, const struct user *u)
{
	const char *const parts[] = { u->email, u->display_name, u->status, u->role_names,
		u->roles_end.ms != 0 ? u->assigned : NULL };
	struct buf        b;

	buf_make(&b, r->mem);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		buf_json(&b, str_of(parts[i]));
		buf_putc(&b, ',');
	}
	buf_putc(&b, u->two_factor ? '2' : '1');
	return b;
}

static bool
tag_user(struct request *r, const struct user *u, struct err *e)
{
	struct buf content = content_of(r, u);

	return etag_set(r, etag_content(&content), e);
}

static bool
fetch_users(struct request *r, struct list_page *p, struct err *e)
{
	const struct user_query *q = r->query;
	const struct user_filter f = {
		.q = q->q,
		.role = q->role,
		.status = q->status,
	};
	const struct deed_by by = request_deed_by(r);

	return user_page(&by, &f, &p->page, e);
}
static const struct list_ops user_list_ops = { fetch_users, LIST_OF(struct user, id) };

static bool
get_user(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct deed_by by = request_deed_by(r);

	(void)body;
	return user_see(&by, &r->id0, answer, e) && tag_user(r, answer, e);
}

/* ---- writing ---- */

/* Three ways to say which roles, of which a body has one. */
struct roles_in {
	const char    *role;
	struct strings roles;
	struct items   assignments; /* of struct role_wish */
	bool           has_roles, has_assignments;
};

static const struct field role_wish_fields[] = {
	FIELD(struct role_wish, role, .min = 1, .max = 64, .flags = FIELD_REQUIRED,
	    .doc = "Name of the role."),
	FIELD_AS(struct role_wish, ends_at, "until", .flags = FIELD_NULLABLE,
	    .doc = "When it counts no more, in the future; null, or left out: it does not end."),
	FIELD_END,
};
static const struct schema role_wish_schema =
    SCHEMA("AssignmentWish", struct role_wish, role_wish_fields);

#define ROLE_FIELDS(T, with)                                                                       \
	FIELD_AS(T, in.role, "role", .min = 1, .max = 64, .flags = (with),                         \
	    .doc = "A single role, by its name."),                                                 \
	    FIELD_AS(T, in.roles, "roles", .max = USER_ROLES_MAX, .flags = (with),                 \
		.doc =                                                                             \
		    "All roles, by their names; one that the user has already ends as it did."),   \
	    FIELD_AS(T, in.assignments, "assignments", .item = &role_wish_schema,                  \
		.max = USER_ROLES_MAX, .flags = (with),                                            \
		.doc = "All roles, each with its end; in the place of roles.")

static bool
names_of(struct request *r, struct strings names, struct role_wishes *out, struct err *e)
{
	struct role_wish *all = talloc_zero_array(r->mem, struct role_wish, (unsigned)names.n + 1);

	if (all == NULL)
		return err_memory(e);
	for (size_t i = 0; i < names.n; i++)
		all[i].role = names.items[i];
	*out = (struct role_wishes) { .all = all, .n = names.n };
	return true;
}

static bool
roles_of(struct request *r, const struct roles_in *in, struct role_wishes *out, struct err *e)
{
	const char    *role = in->role;
	struct strings one = { &role, 1 };

	if (in->role != NULL && (in->has_roles || in->has_assignments))
		return err_fault(e, r->mem, "/role", "cannot be given together with %s",
		    in->has_roles ? "roles" : "assignments");
	if (in->has_roles && in->has_assignments)
		return err_fault(e, r->mem, "/assignments", "cannot be given together with roles");
	*out = (struct role_wishes) { in->assignments.p, in->assignments.n, true };
	return in->has_assignments || names_of(r, in->role != NULL ? one : in->roles, out, e);
}

struct user_create {
	const char     *email, *display_name, *password;
	struct roles_in in;
	uint64_t        given;
};
static const struct field user_create_fields[] = {
	FIELD(struct user_create, email, .min = 3, .max = 254, .format = "email",
	    .flags = FIELD_REQUIRED, .doc = "E-mail address: what the user signs in with."),
	FIELD(struct user_create, display_name, .min = 1, .max = 200,
	    .flags = FIELD_REQUIRED | FIELD_SEEN, .doc = "Name shown to others."),
	ROLE_FIELDS(struct user_create, 0),
	FIELD(struct user_create, password, .min = 1, .max = 1024, .flags = FIELD_SECRET,
	    .format = "password",
	    .doc = "The first password; left out: the user is invited by mail."),
	FIELD_END,
};
static const struct schema user_create_schema =
    SCHEMA_GIVEN("UserCreate", struct user_create, user_create_fields, given);

/* An invitation is a mail that somebody else asked for: the same budget as of forgotten passwords.
 */
static bool
charge_mail(struct request *r, const char *email, struct err *e)
{
	uint8_t account[KEY_LEN];

	return attempts_account(r->app->auth, r->mem, r->db->tenant->slug, email, account, e) &&
	       rate_account(
		   r, RATE_MAIL, (struct str) { (const char *)account, sizeof(account) }, e);
}

static bool
make_user(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct user_create *in = body;
	const struct deed_by      by = request_deed_by(r);
	struct user_new           u = {
			  .email = in->email,
			  .display_name = in->display_name,
			  .password = in->password,
			  .body = r->body,
	};
	struct roles_in roles = in->in;

	roles.has_roles = (in->given & schema_bit(&user_create_schema, "roles")) != 0;
	roles.has_assignments = (in->given & schema_bit(&user_create_schema, "assignments")) != 0;

	if (in->password == NULL && !charge_mail(r, in->email, e))
		return false;
	return roles_of(r, &roles, &u.roles, e) &&
	       request_idempotency_key(r, &u.idempotency_key, e) && user_make(&by, &u, answer, e) &&
	       tag_user(r, answer, e);
}

struct user_update {
	const char     *email, *display_name, *status;
	struct roles_in in;
	uint64_t        given;
};
static const char *const  settable[] = { "active", "disabled", NULL };
static const struct field user_update_fields[] = {
	FIELD(struct user_update, email, .min = 3, .max = 254, .flags = FIELD_FRESH,
	    .doc =
		"E-mail address; one's own is changed by PUT /api/auth/me. The one it has may be "
		"sent back."),
	FIELD(struct user_update, display_name, .min = 1, .max = 200, .flags = FIELD_SEEN,
	    .doc = "Name."),
	FIELD(struct user_update, status, .choices = settable, .flags = FIELD_FRESH,
	    .doc = "disabled: cannot sign in, and has no session any more."),
	ROLE_FIELDS(struct user_update, FIELD_FRESH),
	FIELD_END,
};
static const struct schema user_update_schema =
    SCHEMA_GIVEN("UserUpdate", struct user_update, user_update_fields, given);

static bool
is_unchanged(void *arg, const struct user *was, struct err *e)
{
	struct request *r = arg;
	struct buf      content = content_of(r, was);

	return etag_may_change(r, etag_content(&content), e);
}

static bool
change_user(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct user_update *in = body;
	const struct deed_by      by = request_deed_by(r);
	struct user_change        c = {
		       .email = in->email,
		       .display_name = in->display_name,
		       .status = in->status,
		       .check = is_unchanged,
		       .check_arg = r,
	};
	struct roles_in roles = in->in;

	roles.has_roles = (in->given & schema_bit(&user_update_schema, "roles")) != 0;
	roles.has_assignments = (in->given & schema_bit(&user_update_schema, "assignments")) != 0;
	c.set_roles = roles.has_roles || roles.has_assignments || roles.role != NULL;
	return roles_of(r, &roles, &c.roles, e) && user_alter(&by, &r->id0, &c, answer, e) &&
	       tag_user(r, answer, e);
}

struct user_draft {
	struct roles_in in;
	uint64_t        given;
};
static const struct field user_draft_fields[] = {
	ROLE_FIELDS(struct user_draft, 0),
	FIELD_END,
};
static const struct schema user_draft_schema =
    SCHEMA_GIVEN("UserDraft", struct user_draft, user_draft_fields, given);

static bool
preview_user(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct user_draft *in = body;
	const struct deed_by     by = request_deed_by(r);
	struct user_change       c = { .set_roles = true };
	struct roles_in          roles = in->in;

	roles.has_roles = (in->given & schema_bit(&user_draft_schema, "roles")) != 0;
	roles.has_assignments = (in->given & schema_bit(&user_draft_schema, "assignments")) != 0;
	if (roles.role == NULL && !roles.has_roles && !roles.has_assignments)
		return err_fault(e, r->mem, "/roles", "is required, or assignments");
	return roles_of(r, &roles, &c.roles, e) && user_foresee(&by, &r->id0, &c, answer, e);
}

static bool
drop_user(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct deed_by     by = request_deed_by(r);
	const struct user_change c = { .check = is_unchanged, .check_arg = r };

	(void)body;
	(void)answer;
	return user_erase(&by, &r->id0, &c, e);
}

static bool
revoke_sessions(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct deed_by by = request_deed_by(r);

	(void)body;
	(void)answer;
	return user_end_sessions(&by, &r->id0, e);
}

static bool
unlock(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct deed_by by = request_deed_by(r);

	(void)body;
	(void)answer;
	return user_unlock(&by, &r->id0, e);
}

static bool
reset_factor(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct deed_by by = request_deed_by(r);

	(void)body;
	(void)answer;
	return user_reset_factor(&by, &r->id0, e);
}

const struct route user_routes[] = {
	ROUTE_LIST("/api/users", user_query, ALLOW(READ, USERS), &user_list_ops, OUT_LIST(user),
	    "Lists the tenant's users, newest first."),
	ROUTE_HASHES(POST, "/api/users", ALLOW_FRESH(CREATE, USERS), RATE_WRITE, 201, make_user,
	    IN(user_create), OUT(user),
	    "Makes a user; with an Idempotency-Key only once. Roles need assign:roles, and no "
	    "permission can be given that the caller does not have."),
	ROUTE(GET, "/api/users/{id}", ALLOW(READ, USERS), RATE_READ, 200, get_user, IN_NONE,
	    OUT_TAGGED(user), "Shows a user."),
	ROUTE(PUT, "/api/users/{id}", ALLOW(UPDATE, USERS), RATE_WRITE, 200, change_user,
	    IN(user_update), OUT(user),
	    "Changes the members it names; roles need assign:roles. Who is disabled is signed out "
	    "at "
	    "once; the last administrator stays."),
	ROUTE(POST, "/api/users/{id}/preview", ALLOW(UPDATE, USERS), RATE_READ, 200, preview_user,
	    IN(user_draft), OUT(user_preview),
	    "Says, and does nothing: what the user would gain and lose with these roles, and "
	    "whether "
	    "the caller may give them."),
	ROUTE(DELETE_, "/api/users/{id}", ALLOW_FRESH(DELETE, USERS), RATE_WRITE, 204, drop_user,
	    IN_NONE, OUT_NONE, "Deletes a user with its sessions; the last administrator stays."),
	ROUTE(POST, "/api/users/{id}/sessions/revoke", ALLOW_FRESH(UPDATE, USERS), RATE_WRITE, 204,
	    revoke_sessions, IN_NONE, OUT_NONE, "Ends all sessions of a user at once."),
	ROUTE(POST, "/api/users/{id}/unlock", ALLOW_FRESH(UPDATE, USERS), RATE_WRITE, 204, unlock,
	    IN_NONE, OUT_NONE,
	    "Forgets the failed sign-ins of a user, and the lock and the delays they brought on."),
	ROUTE(POST, "/api/users/{id}/2fa/reset", ALLOW_FRESH(UPDATE, USERS), RATE_WRITE, 204,
	    reset_factor, IN_NONE, OUT_NONE,
	    "Takes another user's second factor and recovery codes away, and ends all its "
	    "sessions."),
	ROUTE_END,
};
