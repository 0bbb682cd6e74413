/* tenant_make.h: the steps that make a registered tenant, each looking at what is there. */
#include <string.h>

#include "core/auth/audit_details.h"
#include "core/auth/mail/mail_queue.h"
#include "core/auth/tenant/tenant_make.h"
#include "core/auth/tenant/tenant_order.h"
#include "core/base/secret.h"
#include "core/json/schema.h"
#include "core/store/identity/assignment.h"
#include "core/store/identity/role.h"
#include "core/store/server/pool.h"
#include "core/store/tenant/database.h"
#include "core/store/tenant/usage.h"

#define WAIT_MS 3600000 /* who may make schemas comes earlier (operation_hasten) */

/* ---- what it has to know ---- */

static const struct field order_fields[] = {
	FIELD(struct tenant_order, email, .flags = FIELD_NULLABLE, .doc = "Administrator."),
	FIELD(struct tenant_order, display_name, .flags = FIELD_NULLABLE, .doc = "Name."),
	FIELD(struct tenant_order, password, .flags = FIELD_NULLABLE, .doc = "Hash."),
	FIELD(struct tenant_order, by, .flags = FIELD_NULLABLE, .doc = "Who asked."),
	FIELD_END,
};
static const struct schema order_schema = SCHEMA("TenantOrder", struct tenant_order, order_fields);

char *
tenant_order_print(TALLOC_CTX *mem, const struct tenant_order *o, struct err *e)
{
	struct buf b;
	char      *text;

	buf_make(&b, mem);
	if (!schema_encode(&b, &order_schema, o, e))
		return NULL;
	text = buf_text(&b, e);
	if (text != NULL)
		secret_guard(text);
	return text;
}

static bool
order_parse(TALLOC_CTX *mem, struct str text, struct tenant_order *o, struct err *e)
{
	const struct json *tree = json_parse(mem, text, e);

	*o = (struct tenant_order) { 0 };
	return tree != NULL && schema_decode(mem, &order_schema, tree, o, e);
}

/* ---- the administrator ---- */

struct first {
	const struct deed_by      *by;
	const struct tenant_order *order;
	struct user                user;
};

static bool
first_body(struct db *db, void *arg, struct err *e)
{
	struct first         *w = arg;
	const struct deed_by *by = w->by;
	struct role_row       role;
	struct assignment     one = { .given_name = w->order->by,
		    .given_at = { clock_ms(by->auth->env->clock) } };
	struct assignments    all = { w->user.id, &one, 1 };
	bool                  counted;

	if (w->order->email == NULL)
		return true;
	if (!role_by_name(by->t, by->mem, "admin", &role, e))
		return false;
	one.role_id = role.id;
	return usage_take(db, USAGE_USERS, 0, &counted, e) && user_add(by->t, &w->user, e) &&
	       assignments_put(by->t, by->mem, &all, e) &&
	       (w->order->password != NULL || invite_send(by, &w->user, w->order->by, e));
}

struct first_told {
	const char *slug, *admin;
};
static const struct field first_told_fields[] = {
	TOLD(struct first_told, slug),
	TOLD_IF(struct first_told, admin),
	FIELD_END,
};
static const struct schema first_told =
    SCHEMA("TenantFirstTold", struct first_told, first_told_fields);

static bool
fill_first(struct first *w, struct err *e)
{
	const struct tenant_order *o = w->order;
	const struct deed_by      *by = w->by;
	const struct env          *env = by->auth->env;

	if (o->email == NULL)
		return true;
	w->user = (struct user) {
		.id = uuid_make(env->clock, env->rand),
		.email = talloc_strdup(by->mem, o->email),
		.display_name = talloc_strdup(by->mem, o->display_name),
		.password = o->password == NULL ? NULL : talloc_strdup(by->mem, o->password),
		.status = talloc_strdup(by->mem, o->password != NULL ? "active" : "invited"),
		.created_at = { clock_ms(env->clock) },
	};
	return (w->user.email != NULL && w->user.display_name != NULL && w->user.status != NULL) ||
	       err_memory(e);
}

/* Its entry has the operation's number: whoever comes again finds that it was done. */
static bool
make_first(struct operation_run *r, const struct deed_by *by, const struct tenant_order *order,
    struct err *e)
{
	const struct first_told told = { by->t->tenant->slug, order->email };
	struct first            w = { .by = by, .order = order };
	struct audit_entry      entry = {
		     .id = r->op->id,
		     .action = AUDIT_TENANT_CREATE,
		     .actor_name = order->by,
		     .target_id = by->t->tenant->id,
	};

	entry.details = audit_details(by->mem, &first_told, &told, e);
	if (entry.details == NULL || !fill_first(&w, e))
		return false;
	return audit_deed(by, first_body, &w, &entry, e) || db_was_duplicate(e);
}

/* ---- the steps ---- */

static bool
make_schema(struct operation_run *r, const struct tenant *t, bool *there, struct err *e)
{
	const struct tenant_carrier *c = r->arg;
	const struct provision       p = { c->prov, r->auth->database, r->auth->env };

	*there = t->schema_version > 0;
	if (*there)
		return true;
	if (c->prov == NULL) {
		r->later_ms = WAIT_MS;
		return operation_at(r, 0, "waits for its schema, made by: bsxctl tenant work", e);
	}
	*there = true;
	return operation_at(r, 0, "makes its schema", e) &&
	       provision_schema(&p, t, migrate_newest(SQL_TENANT), e);
}

static bool
order_of(struct operation_run *r, struct tenant_order *order, struct err *e)
{
	struct database     *d = r->auth->database;
	const struct tenant *owner;
	struct tenant_db    *platform;
	struct str           text;

	return tenant_by_id(d, &r->op->owner, &owner, e) &&
	       tenant_db_open(d, owner, true, &platform, e) &&
	       operation_open(platform, r->mem, r->op, &text, e) &&
	       order_parse(r->mem, text, order, e);
}

static bool
finish(struct operation_run *r, const struct tenant *t, struct err *e)
{
	struct deed_by      by = { .auth = r->auth, .mem = r->mem };
	struct tenant_order order;

	return order_of(r, &order, e) && operation_at(r, 1, "makes its keys", e) &&
	       tenant_keys_ensure(r->auth->database, &t->id, e) &&
	       operation_at(r, 2, "makes roles and its administrator", e) &&
	       tenant_db_open(r->auth->database, t, true, &by.t, e) &&
	       access_install_roles(by.t, r->mem, r->auth->env->rand, r->auth->env->clock, e) &&
	       make_first(r, &by, &order, e) && operation_at(r, 3, "opens it", e) &&
	       provision_tenant_finish(r->auth->database, &t->id, e);
}

/* Nobody wants it any more; one that has its schema is finished all the same. */
static bool
take_back(struct operation_run *r, const struct tenant *t, struct err *e)
{
	if (!pool_take_back(r->auth->database, &t->id, &r->cancelled, e))
		return false;
	tenant_forget(r->auth->database);
	return true;
}

bool
tenant_create_carry(struct operation_run *r, struct err *e)
{
	const struct tenant *t;
	bool                 there;

	tenant_forget(r->auth->database);
	if (!tenant_by_id(r->auth->database, &r->op->tenant_id, &t, e)) {
		r->failed = "The tenant is gone.";
		return err_take(e, ERR_MISSING);
	}
	if (strcmp(t->status, "provisioning") != 0)
		return true;
	if (r->op->cancel && !take_back(r, t, e))
		return false;
	if (r->cancelled)
		return true;
	if (!make_schema(r, t, &there, e))
		return false;
	return !there || (finish(r, t, e) && (tenant_forget(r->auth->database), true));
}
