/* provision.h: a schema and its account, dropped. */
#include "core/store/ddl.h"
#include "core/store/server/placement.h"
#include "core/store/tenant/database.h"

#define NO_SUCH_GRANT 1141

/* The account first: nobody signs in to what is being dropped. */
static const char *const drop_sql[] = { "DROP USER IF EXISTS '{user}'@'{host}'",
	"DROP DATABASE IF EXISTS `{schema}`",
	"REVOKE ALL PRIVILEGES ON `{schema}`.* FROM '{control}definer'@'localhost'", NULL };

bool
provision_drop(const struct provision *p, const char *schema_name, struct err *e)
{
	const struct ddl names = { .schema = schema_name,
		.control = p->env->conf->db_control,
		.user = schema_name,
		.host = p->env->conf->db_account_host };

	if (conf_one_account(p->env->conf))
		return placement_give_back(p, schema_name, e);
	for (const char *const *text = drop_sql; *text != NULL; text++) {
		if (ddl_run(p->prov, "provision_drop", &names, *text, e))
			continue;
		if (e->sys != NO_SUCH_GRANT)
			return err_note(e, "dropping the schema %s", schema_name);
		err_clear(e);
	}
	return true;
}
