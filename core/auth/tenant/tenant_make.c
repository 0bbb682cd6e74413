#include "core/auth/tenant/tenant_make.h"

#include <stdio.h>
#include <string.h>

#include "core/auth/audit_details.h"
#include "core/auth/ident.h"
#include "core/auth/mail/mail_queue.h"
#include "core/auth/once.h"
#include "core/auth/password/password_rules.h"
#include "core/auth/settings.h"
#include "core/auth/tenant/tenant_order.h"
#include "core/crypt/password.h"
#include "core/store/server/placement.h"
#include "core/store/tenant/quota.h"

struct making {
	const struct deed_by      *by;
	const struct tenant_new   *in;
	struct tenant_registration row;
	struct operation_new       work;
	struct tenant_order        order;
	struct once                once;
	const char                *quota; /* NULL: no limits */
};

/* ---- the key: made once ---- */

static bool
replay(struct making *w, bool *done, struct err *e)
{
	if (!once_find(&w->once, w->by, done, &w->row.id, e))
		return false;
	w->work.id = w->row.id; /* an operation that makes a tenant has its number */
	return true;
}

/* ---- what is asked for ---- */

static bool
fault_of(struct making *w, const char *pointer, const struct err *why, struct err *e)
{
	if (why->code == ERR_INVALID && why->faults == NULL)
		return err_fault(e, w->by->mem, pointer, "%s", why->pub);
	*e = *why;
	return false;
}

static bool
check_names(struct making *w, struct err *e)
{
	struct err why = { 0 };

	if (!provision_check_slug(w->in->slug, &why))
		return fault_of(w, "/slug", &why, e);
	w->row.slug = w->in->slug;
	return provision_check_names(w->by->mem, w->in->slug, w->in->name, &w->row.name, &why) ||
	       fault_of(w, "/name", &why, e);
}

static bool
check_settings(struct making *w, struct err *e)
{
	w->row.settings = "{}";
	return (w->in->settings == NULL || settings_merge(w->by->mem, w->by->auth->env->conf, "{}",
					       w->in->settings, &w->row.settings, e)) &&
	       (w->in->quota == NULL || quota_merge(w->by->mem, "{}", w->in->quota, &w->quota, e));
}

static bool
hash(struct making *w, struct str password, struct err *e)
{
	struct auth *a = w->by->auth;
	char        *phc = talloc_zero_array(w->by->mem, char, PASSWORD_PHC_MAX);
	bool         ok;

	if (phc == NULL)
		return err_memory(e);
	if (!auth_permit(a, w->by->permit, e))
		return false;
	ok = password_hash(
	    password, a->env->rand, a->permits != NULL ? w->by->permit->scratch : NULL, phc, e);
	if (a->permits != NULL)
		permit_give(a->permits, w->by->permit);
	w->order.password = phc;
	return ok;
}

static bool
check_password(struct making *w, struct err *e)
{
	struct password_about about = {
		.tenant_slug = w->row.slug,
		.tenant_name = w->row.name,
		.email = w->order.email,
		.display_name = w->order.display_name,
	};
	struct settings s;
	struct str      accepted;

	if (!settings_parse(w->by->mem, w->by->auth->env->conf, w->row.settings, &s, e))
		return false;
	about.min_length = s.password->min_length;
	return password_accept(
		   w->by->mem, str_of(w->in->password), &about, "/admin/password", &accepted, e) &&
	       hash(w, accepted, e);
}

static bool
check_admin(struct making *w, struct err *e)
{
	struct err why = { 0 };

	w->order.by = w->by->caller->name;
	if (w->in->email == NULL)
		return true;
	if (!ident_new_email(w->by->mem, str_of(w->in->email), &w->order.email, &why))
		return fault_of(w, "/admin/email", &why, e);
	w->order.display_name = w->in->display_name != NULL ? w->in->display_name : w->order.email;
	if (w->in->password == NULL && !mail_is_on(w->by->auth))
		return err_fault(e, w->by->mem, "/admin/password",
		    "is needed: this installation sends no invitations");
	return w->in->password == NULL || check_password(w, e);
}

/* ---- asking for it ---- */

static bool
begin_body(struct db *db, void *arg, struct err *e)
{
	struct making *w = arg;

	(void)db;
	return once_mark(&w->once, w->by, e) &&
	       provision_register(w->by->t->db, w->by->auth->env, &w->row, e) &&
	       (w->quota == NULL || tenant_set_quota(w->by->t, &w->row.id, w->quota, "{}", e)) &&
	       operation_begin(w->by, &w->work, e);
}

struct create_told {
	const char *slug, *name;
};
static const struct field create_told_fields[] = {
	TOLD(struct create_told, slug),
	TOLD(struct create_told, name),
	FIELD_END,
};
static const struct schema create_told =
    SCHEMA("TenantCreateTold", struct create_told, create_told_fields);

/* Both keys of the tables are the client's affair: its own Idempotency-Key in parallel, or the
 * slug. */
static bool
explain(struct making *w, struct err *e)
{
	bool done;

	if (!db_was_duplicate(e) || !replay(w, &done, e))
		return false;
	return done ||
	       err_set(e, ERR_CONFLICT, 0, "A tenant with this slug exists.", "duplicate slug");
}

/* Where schemas are registered and not made, one without any to take is not begun. */
static bool
check_place(const struct making *w, struct err *e)
{
	struct auth *a = w->by->auth;

	return !conf_one_account(a->env->conf) || placement_check(a->database, e);
}

static bool
begin(struct making *w, struct err *e)
{
	const struct deed_by    *by = w->by;
	const struct create_told told = { w->row.slug, w->row.name };
	struct audit_entry       entry = { .action = AUDIT_TENANT_CREATE, .target_id = w->row.id };
	char                    *text = tenant_order_print(by->mem, &w->order, e);

	if (text == NULL)
		return false;
	w->work = (struct operation_new) {
		.id = w->row.id,
		.kind = OPERATION_TENANT_CREATE,
		.tenant = w->row.id,
		.total = TENANT_CREATE_STEPS,
		.step = "begins",
		.input = str_of(text),
	};
	entry.details = audit_details(by->mem, &create_told, &told, e);
	if (entry.details == NULL)
		return false;
	return audit_deed(by, begin_body, w, &entry, e) || explain(w, e);
}

/* The first turn is taken here, where the pool has had a schema: then nobody waits. */
static bool
carry_now(const struct making *w, bool *ready, struct err *e)
{
	struct auth                *a = w->by->auth;
	struct tenant_carrier       none = { 0 };
	const struct operation_work work = {
		.auth = a,
		.carrier = uuid_make(a->env->clock, a->env->rand),
		.kinds = tenant_operations,
		.arg = &none,
	};
	const struct tenant *row;

	tenant_forget(a->database);
	if (!tenant_by_id(a->database, &w->row.id, &row, e))
		return false;
	if (row->schema_version > 0 && strcmp(row->status, "provisioning") == 0 &&
	    !operation_carry_one(&work, &w->row.id, e) && !err_take(e, ERR_MISSING))
		return false;
	tenant_forget(a->database);
	if (!tenant_by_id(a->database, &w->row.id, &row, e))
		return false;
	*ready = strcmp(row->status, "provisioning") != 0;
	return true;
}

bool
tenant_make(
    const struct deed_by *by, const struct tenant_new *in, struct tenant_made *out, struct err *e)
{
	struct making w = { .by = by,
		.in = in,
		.once = { .kind = "tenant", .key = in->idempotency_key, .body = in->body } };
	bool          done;

	if (!by->caller->platform)
		return err_set(e, ERR_FORBIDDEN, 0, "Only the platform makes tenants.",
		    "a tenant by a tenant");
	w.row.id = uuid_make(by->auth->env->clock, by->auth->env->rand);
	once_begin(&w.once, by, &w.row.id, (instant) { clock_ms(by->auth->env->clock) });
	if (!replay(&w, &done, e))
		return false;
	if (!done && (!check_names(&w, e) || !check_settings(&w, e) || !check_admin(&w, e) ||
			 !check_place(&w, e) || !begin(&w, e)))
		return false;
	if (!carry_now(&w, &out->ready, e))
		return false;
	out->tenant = w.row.id;
	out->operation = w.row.id;
	return true;
}
