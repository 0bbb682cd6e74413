#include "core/store/identity/user.h"
#include "core/store/id_list.h"
#include "core/store/tx.h"

#include <string.h>

#define READ_ONLY FIELD_READ_ONLY
#define SQL_ONLY  (FIELD_NO_JSON | FIELD_NULLABLE)

static const char *const user_status[] = { "active", "disabled", "invited", NULL };

static const struct field user_fields[] = {
	FIELD(struct user, id, .flags = READ_ONLY, .doc = "Number of the account."),
	FIELD(struct user, tenant_id, .flags = READ_ONLY | FIELD_NO_SQL,
	    .doc = "Tenant that the account belongs to."),
	FIELD(struct user, email, .min = 3, .max = 254, .format = "email",
	    .doc = "E-mail address in its compared form: NFKC, case folded."),
	FIELD(struct user, password, .flags = SQL_ONLY | FIELD_SECRET, .doc = "PHC string."),
	FIELD(struct user, display_name, .min = 1, .max = 200, .doc = "Name shown to others."),
	FIELD(struct user, status, .choices = user_status, .doc = "Whether the user may sign in."),
	FIELD(struct user, role, .flags = READ_ONLY | FIELD_NO_SQL | FIELD_NULLABLE,
	    .doc = "The first of roles."),
	FIELD(struct user, roles, .flags = READ_ONLY | FIELD_NO_SQL, .doc = "Names of the roles."),
	FIELD(struct user, assignments, .item = &assignment_schema,
	    .flags = READ_ONLY | FIELD_NO_SQL | FIELD_OMIT_ZERO,
	    .doc = "The same with their ends and who gave them; left out where there are none, and "
		   "where somebody is shown to oneself."),
	FIELD_AS(struct user, two_factor, "2fa_enabled", .flags = READ_ONLY,
	    .doc = "Whether a second factor is asked for at sign-in."),
	FIELD(struct user, last_login, .flags = READ_ONLY | FIELD_NULLABLE,
	    .doc = "The last sign-in; null: never."),
	FIELD(struct user, created_at, .flags = READ_ONLY, .doc = "When the account was made."),
	FIELD(
	    struct user, epoch, .flags = FIELD_NO_JSON, .doc = "Grows with each change of rights."),
	FIELD(struct user, device_epoch, .flags = FIELD_NO_JSON, .doc = "Of known devices."),
	FIELD(struct user, role_names, .flags = SQL_ONLY, .doc = "Role names, LF between."),
	FIELD(struct user, granted, .flags = SQL_ONLY, .doc = "Permissions, LF between."),
	FIELD(struct user, assigned, .flags = SQL_ONLY, .doc = "Roles, ends, givers: a line each."),
	FIELD(struct user, keys, .item = &key_effects_schema,
	    .flags = READ_ONLY | FIELD_NO_SQL | FIELD_OMIT_ZERO,
	    .doc = "In the answer to a change of status or roles: the API keys that end or narrow "
		   "by it."),
	FIELD_END,
};
const struct schema user_schema = SCHEMA("User", struct user, user_fields);

struct email_in {
	const char *email;
};
static const struct field email_fields[] = {
	FIELD(struct email_in, email, .doc = "Address."),
	FIELD_END,
};
static const struct schema email_schema = SCHEMA("EmailIn", struct email_in, email_fields);

SQL(user_select_by_email, SQL_TENANT, &email_schema, &user_schema,
    USER_COLUMNS "WHERE u.email = :email");
SQL(user_select_by_id, SQL_TENANT, &id_in, &user_schema, USER_COLUMNS "WHERE u.id = :id");

bool
strings_of_lines(TALLOC_CTX *mem, const char *lines, struct strings *out, struct err *e)
{
	struct str rest = str_of(lines), head;
	size_t     n = 0;

	for (const char *p = lines; p != NULL; p = strchr(p, '\n'), p += p != NULL)
		n++;
	*out = (struct strings) { talloc_array(mem, const char *, (unsigned)n + 1), 0 };
	if (out->items == NULL)
		return err_memory(e);
	while (out->n < n) {
		rest = str_cut(rest, '\n', &head);
		out->items[out->n] = str_dup(out->items, head);
		if (out->items[out->n++] == NULL)
			return err_memory(e);
	}
	out->items[n] = NULL;
	return true;
}

static instant
instant_of(struct str digits)
{
	instant at = { 0 };

	for (size_t i = 0;
	     i < digits.n && digits.p[i] >= '0' && digits.p[i] <= '9' && at.ms < INT64_MAX / 20;
	     i++)
		at.ms = at.ms * 10 + (digits.p[i] - '0');
	return at;
}

/* NAME TAB end TAB given TAB giver TAB giver's name, as USER_COLUMNS writes it. */
static bool
read_assignment(TALLOC_CTX *mem, const char *line, struct assignment *a, struct err *e)
{
	struct str part, rest = str_of(line);

	rest = str_cut(rest, '\t', &part);
	a->role = str_dup(mem, part);
	rest = str_cut(rest, '\t', &part);
	a->ends_at = instant_of(part);
	rest = str_cut(rest, '\t', &part);
	a->given_at = instant_of(part);
	rest = str_cut(rest, '\t', &part);
	if (!hex_parse(part, a->given_by.b, sizeof(a->given_by.b)))
		a->given_by = (struct uuid) { 0 };
	a->given_name = rest.n > 0 ? str_dup(mem, rest) : NULL;
	return (a->role != NULL && (rest.n == 0 || a->given_name != NULL)) || err_memory(e);
}

bool
assignments_read(
    TALLOC_CTX *mem, const char *assigned, struct items *out, instant *first, struct err *e)
{
	struct strings     lines;
	struct assignment *all;

	*first = (instant) { 0 };
	if (!strings_of_lines(mem, assigned, &lines, e))
		return false;
	all = talloc_zero_array(mem, struct assignment, (unsigned)lines.n + 1);
	if (all == NULL)
		return err_memory(e);
	for (size_t i = 0; i < lines.n; i++) {
		instant end;

		if (!read_assignment(mem, lines.items[i], &all[i], e))
			return false;
		end = all[i].ends_at;
		if (end.ms != 0 && (first->ms == 0 || end.ms < first->ms))
			*first = end;
	}
	*out = (struct items) { all, lines.n };
	return true;
}

bool
user_complete(struct tenant_db *t, TALLOC_CTX *mem, struct user *u, struct err *e)
{
	u->tenant_id = t->tenant->id;
	if (!strings_of_lines(mem, u->role_names, &u->roles, e) ||
	    !assignments_read(mem, u->assigned, &u->assignments, &u->roles_end, e))
		return false;
	if (u->roles.n == 0)
		return true;
	u->role = talloc_strdup(mem, u->roles.items[0]);
	return u->role != NULL || err_memory(e);
}

bool
user_by_email(
    struct tenant_db *t, TALLOC_CTX *mem, const char *email, struct user *u, struct err *e)
{
	const struct email_in in = { email };

	return db_one(t->db, mem, &user_select_by_email, &in, u, e) && user_complete(t, mem, u, e);
}

bool
user_by_id(
    struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *id, struct user *u, struct err *e)
{
	const struct id_in in = { *id };

	return db_one(t->db, mem, &user_select_by_id, &in, u, e) && user_complete(t, mem, u, e);
}

bool
user_is_active(const struct user *u)
{
	return u->status != NULL && strcmp(u->status, "active") == 0;
}

bool
user_has_lasting(const struct user *u, const char *role)
{
	const struct assignment *all = u->assignments.p;

	for (size_t i = 0; i < u->assignments.n; i++)
		if (all[i].ends_at.ms == 0 && strcmp(all[i].role, role) == 0)
			return true;
	return false;
}

/* ---- changes ---- */

struct user_add_in {
	struct uuid id;
	const char *email, *password, *display_name, *status;
	instant     created_at;
};
static const struct field user_add_fields[] = {
	FIELD(struct user_add_in, id, .doc = "User."),
	FIELD(struct user_add_in, email, .doc = "Address."),
	FIELD(struct user_add_in, password, .flags = FIELD_SECRET, .doc = "PHC string."),
	FIELD(struct user_add_in, display_name, .doc = "Name."),
	FIELD(struct user_add_in, status, .doc = "Status."),
	FIELD(struct user_add_in, created_at, .doc = "Made."),
	FIELD_END,
};
static const struct schema user_add_schema =
    SCHEMA("UserAddIn", struct user_add_in, user_add_fields);

SQL(user_insert, SQL_TENANT, &user_add_schema, NULL,
    "INSERT INTO users (id, email, password, display_name, status, created_at, updated_at)"
    " VALUES (:id, :email, :password, :display_name, :status, :created_at, :created_at)");

bool
user_add(struct tenant_db *t, const struct user *u, struct err *e)
{
	const struct user_add_in in = { u->id, u->email, u->password, u->display_name, u->status,
		u->created_at };

	return db_run(t->db, &user_insert, &in, NULL, e);
}

struct rehash_in {
	const char *now;
	struct uuid id;
	const char *was;
};
static const struct field rehash_fields[] = {
	FIELD(struct rehash_in, now, .flags = FIELD_SECRET, .doc = "PHC string."),
	FIELD(struct rehash_in, id, .doc = "User."),
	FIELD(struct rehash_in, was, .flags = FIELD_SECRET, .doc = "PHC string."),
	FIELD_END,
};
static const struct schema rehash_schema = SCHEMA("RehashIn", struct rehash_in, rehash_fields);

SQL(user_update_hash, SQL_TENANT, &rehash_schema, NULL,
    "UPDATE users SET password = :now WHERE id = :id AND password = :was");

bool
user_rehash(
    struct tenant_db *t, const struct uuid *user, const char *was, const char *now, struct err *e)
{
	const struct rehash_in in = { now, *user, was };

	return db_run(t->db, &user_update_hash, &in, NULL, e);
}

struct last_login_in {
	instant     at;
	struct uuid id;
};
static const struct field last_login_fields[] = {
	FIELD(struct last_login_in, at, .doc = "Now."),
	FIELD(struct last_login_in, id, .doc = "User."),
	FIELD_END,
};
static const struct schema last_login_schema =
    SCHEMA("LastLoginIn", struct last_login_in, last_login_fields);

SQL(user_update_last_login, SQL_TENANT, &last_login_schema, NULL,
    "UPDATE users SET last_login = :at WHERE id = :id");

bool
user_set_last_login(struct tenant_db *t, const struct uuid *user, instant at, struct err *e)
{
	const struct last_login_in in = { at, *user };

	return tx_later(t->db, &user_update_last_login, &in, e);
}
