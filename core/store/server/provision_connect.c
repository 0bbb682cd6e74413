/* provision.h: connections of who makes schemas. */
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "core/store/db_priv.h"
#include "core/store/ddl.h"
#include "core/store/server/provision_priv.h"
#include "core/store/server/rights.h"
#include "core/store/tenant/database.h"

#define DDL_TIMEOUT_S 600

const char *
provision_user(TALLOC_CTX *mem, const struct conf *c)
{
	const struct passwd *pw;
	const char          *name;

	if (conf_one_account(c))
		return c->db_user;
	if (*c->db_provision_user != '\0')
		return c->db_provision_user;
	pw = getpwuid(geteuid());
	name = pw == NULL ? NULL : talloc_strdup(mem, pw->pw_name);
	return name == NULL ? "root" : name;
}

/* "": it is one of unix_socket. */
static const char *
password_file(const struct conf *c)
{
	if (conf_one_account(c))
		return c->db_password_file;
	return *c->db_provision_user != '\0' ? c->db_provision_password_file : "";
}

struct db *
provision_db(TALLOC_CTX *mem, const struct conf *c, const struct clock *clock, struct log *log,
    struct err *e)
{
	struct env        env = { .conf = c, .clock = clock, .log = log };
	struct db_options o = database_options(&env);
	char             *line = NULL;
	struct db        *db;

	if (*password_file(c) != '\0' &&
	    (line = database_password_file(mem, password_file(c), e)) == NULL)
		return NULL;
	o.user = provision_user(mem, c);
	o.password = line;
	o.kind = "provision";
	o.timeout_s = DDL_TIMEOUT_S;
	db = db_make(mem, &o, e);
	talloc_free(line);
	return db;
}

/* The account that is there must do: whether it may make others is not asked. */
static bool
may_provision(struct db *prov, TALLOC_CTX *tmp, bool *may, char **account, struct err *e)
{
	bool ok = rights_to_provision(prov, tmp, may, account, e);

	*may = *may || prov->o.one_account;
	return ok;
}

bool
provision_check(struct db *prov, struct err *e)
{
	TALLOC_CTX *tmp = talloc_new(prov);
	char       *account;
	bool        may = false;
	bool        ok = tmp != NULL ? may_provision(prov, tmp, &may, &account, e) : err_memory(e);

	if (!ok && rights_refused(e)) {
		err_clear(e);
		err_set(e, ERR_FORBIDDEN, 0,
		    prov->o.one_account ? "The database does not let db.user in: is the password "
					  "in db.password_file the one "
					  "that the host's panel shows?"
					: "The database does not let the provisioning account in: "
					  "run it as root, or set "
					  "db.provision_user and db.provision_password_file.",
		    "account %s", prov->o.user);
	} else if (ok && !may) {
		ok = err_set(e, ERR_FORBIDDEN, 0,
		    "The provisioning account may not make accounts in the database: run it as "
		    "root, "
		    "or set db.provision_user.",
		    "account %s", account);
	}
	talloc_free(tmp);
	return ok;
}

/* ---- the same account in one schema ---- */

struct db *
provision_place_db(struct db *prov, const char *place, struct err *e)
{
	struct db_options o = prov->o;

	o.schema = place;
	return db_make(prov, &o, e);
}

struct db *
provision_schema_db(const struct provision *p, const char *schema, struct err *e)
{
	struct db_options o = p->prov->o;
	char             *place = NULL;
	struct db        *db;

	o.schema = schema;
	if (o.one_account && strcmp(schema, o.control) != 0 &&
	    !database_place(p->d, p->d, schema, &place, e))
		return NULL;
	o.place = place;
	db = db_make(p->prov, &o, e);
	talloc_free(place);
	return db;
}
