#include "core/store/server/rights.h"

#include <mysqld_error.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/store/db_priv.h"

#define RIGHTS_MAX 500

struct right {
	char *what; /* "INSERT ON bsx.*" */
};
static const struct field right_fields[] = {
	COLUMN(struct right, what),
	FIELD_END,
};
static const struct schema right_schema = SCHEMA("Right", struct right, right_fields);

struct current {
	char *account;
};
static const struct field current_fields[] = {
	COLUMN(struct current, account),
	FIELD_END,
};
static const struct schema current_schema =
    SCHEMA("CurrentAccount", struct current, current_fields);

struct grantee {
	const char *name; /* as the grant tables have it */
};
static const struct field grantee_fields[] = {
	COLUMN(struct grantee, name),
	FIELD_END,
};
static const struct schema grantee_schema = SCHEMA("Grantee", struct grantee, grantee_fields);

SQL(rights_account, SQL_CONTROL, NULL, &current_schema, "SELECT CURRENT_USER() AS account");

/* The word GRANT OPTION is no privilege of its own there. */
#define MAY_GRANT "CASE is_grantable WHEN 'YES' THEN ' WITH GRANT OPTION' ELSE '' END"
SQL(rights_list, SQL_CONTROL, &grantee_schema, &right_schema,
    "SELECT CONCAT(privilege_type, ' ON *.*', " MAY_GRANT ") AS what"
    " FROM information_schema.USER_PRIVILEGES"
    " WHERE grantee = :name AND (privilege_type <> 'USAGE' OR is_grantable = 'YES')"
    " UNION SELECT CONCAT(privilege_type, ' ON ', table_schema, '.*', " MAY_GRANT ")"
    " FROM information_schema.SCHEMA_PRIVILEGES WHERE grantee = :name"
    " UNION SELECT CONCAT(privilege_type, ' ON ', table_schema, '.', table_name, " MAY_GRANT ")"
    " FROM information_schema.TABLE_PRIVILEGES WHERE grantee = :name"
    " UNION SELECT CONCAT(privilege_type, ' ON ', table_schema, '.', table_name, '(', column_name,"
    " ')', " MAY_GRANT ") FROM information_schema.COLUMN_PRIVILEGES WHERE grantee = :name"
    " LIMIT 500");
SQL(rights_roles, SQL_CONTROL, NULL, &right_schema,
    "SELECT CONCAT('the role ', role_name) AS what FROM information_schema.APPLICABLE_ROLES"
    " LIMIT 500");

/* Who may do anything in a schema sees it, also by what is granted to PUBLIC, which is not in the
 * lists above. */
struct seen_in {
	const char *schema, *control;
};
static const struct field seen_fields[] = {
	COLUMN(struct seen_in, schema),
	COLUMN(struct seen_in, control),
	FIELD_END,
};
static const struct schema seen_schema = SCHEMA("SeenIn", struct seen_in, seen_fields);
SQL(rights_seen, SQL_CONTROL, &seen_schema, &right_schema,
    "SELECT CONCAT('some right ON ', schema_name, '.*') AS what FROM information_schema.SCHEMATA"
    " WHERE schema_name NOT IN ('information_schema', :schema, :control)"
    " UNION SELECT CONCAT('some right ON ', table_schema, '.', table_name)"
    " FROM information_schema.TABLES WHERE table_schema = :control AND table_schema <> :schema"
    " LIMIT 500");

static const char *const dml[] = { "SELECT", "INSERT", "UPDATE", "DELETE", "EXECUTE" };
#define DML (sizeof(dml) / sizeof(*dml))

bool
rights_refused(const struct err *e)
{
	return e->sys == ER_ACCESS_DENIED_ERROR || e->sys == ER_HOST_NOT_PRIVILEGED;
}

static bool
list_of(struct db *db, TALLOC_CTX *mem, const char *user, const char *host, struct right **list,
    size_t *n, struct err *e)
{
	const char    *name = talloc_asprintf(mem, "'%s'@'%s'", user, host);
	struct grantee g = { name };

	return name == NULL ? err_memory(e)
			    : db_all(db, mem, &rights_list, &g, INTO(list, n, RIGHTS_MAX), e);
}

/* With the right to grant it or without. */
static bool
has(const struct right *list, size_t n, const char *what)
{
	size_t len = strlen(what);

	for (size_t i = 0; i < n; i++)
		if (strncmp(list[i].what, what, len) == 0 &&
		    (list[i].what[len] == '\0' || list[i].what[len] == ' '))
			return true;
	return false;
}

static void
add(struct buf *b, const char *what)
{
	if (b->n > 0)
		buf_puts(b, ", ");
	buf_puts(b, what);
}

static bool
compare(TALLOC_CTX *mem, const struct right *list, size_t n, const struct rights_due *due,
    struct rights *r, struct err *e)
{
	size_t     wanted = due->execute ? DML : DML - 1;
	struct buf missing, excess;
	char      *due_texts[DML];

	buf_make(&missing, mem);
	buf_make(&excess, mem);
	for (size_t i = 0; i < wanted; i++) {
		due_texts[i] = talloc_asprintf(mem, "%s ON %s.*", dml[i], due->schema);
		if (due_texts[i] == NULL)
			return err_memory(e);
		if (!has(list, n, due_texts[i]))
			add(&missing, due_texts[i]);
	}
	for (size_t i = 0; i < n; i++) {
		bool is_due = false;

		for (size_t j = 0; j < wanted; j++)
			is_due = is_due || strcmp(list[i].what, due_texts[j]) == 0;
		if (!is_due)
			add(&excess, list[i].what);
	}
	r->missing = buf_text(&missing, e);
	r->excess = buf_text(&excess, e);
	return r->missing != NULL && r->excess != NULL;
}

bool
rights_look_at(struct db *db, TALLOC_CTX *mem, const char *user, const char *host,
    const struct rights_due *due, struct rights *r, struct err *e)
{
	struct right *list;
	size_t        n;

	*r = (struct rights) { 0 };
	return list_of(db, mem, user, host, &list, &n, e) && compare(mem, list, n, due, r, e);
}

/* "user@host" of this connection in two. */
static bool
who(struct db *db, TALLOC_CTX *mem, char **account, char **user, const char **host, struct err *e)
{
	struct current now;
	char          *at;

	if (!db_one(db, mem, &rights_account, NULL, &now, e))
		return false;
	*account = now.account;
	*user = talloc_strdup(mem, now.account);
	at = *user == NULL ? NULL : strrchr(*user, '@');
	if (at == NULL)
		return err_memory(e);
	*at = '\0';
	*host = at + 1;
	return true;
}

static bool
add_all(TALLOC_CTX *mem, const struct right *list, size_t n, struct rights *r, struct err *e)
{
	for (size_t i = 0; i < n && r->excess != NULL; i++)
		r->excess = talloc_asprintf(
		    mem, "%s%s%s", r->excess, *r->excess != '\0' ? ", " : "", list[i].what);
	return r->excess != NULL || err_memory(e);
}

bool
rights_look(
    struct db *db, TALLOC_CTX *mem, const struct rights_due *due, struct rights *r, struct err *e)
{
	const struct seen_in in = { due->schema, db->o.control };
	struct right        *list;
	const char          *host;
	char                *account, *user;
	size_t               n;

	if (!who(db, mem, &account, &user, &host, e) ||
	    !rights_look_at(db, mem, user, host, due, r, e) ||
	    !db_all(db, mem, &rights_roles, NULL, INTO(&list, &n, RIGHTS_MAX), e) ||
	    !add_all(mem, list, n, r, e))
		return false;
	r->account = account;
	if (*r->excess != '\0')
		return true;
	return db_all(db, mem, &rights_seen, &in, INTO(&list, &n, RIGHTS_MAX), e) &&
	       add_all(mem, list, n, r, e);
}

bool
rights_to_provision(struct db *db, TALLOC_CTX *mem, bool *yes, char **account, struct err *e)
{
	struct right *list, *roles;
	const char   *host;
	char         *user;
	size_t        n, roles_n;

	if (!who(db, mem, account, &user, &host, e) ||
	    !list_of(db, mem, user, host, &list, &n, e) ||
	    !db_all(db, mem, &rights_roles, NULL, INTO(&roles, &roles_n, RIGHTS_MAX), e))
		return false;
	*yes = roles_n > 0 || has(list, n, "CREATE USER ON *.*");
	return true;
}
