#include "core/auth/tenant/tenant_admin.h"

#include <stdio.h>
#include <string.h>

#include "core/auth/audit_details.h"
#include "core/auth/ends.h"
#include "core/auth/give.h"
#include "core/auth/place.h"
#include "core/auth/settings_second.h"
#include "core/auth/tenant/tenant_life.h"
#include "core/store/alert/channel.h"
#include "core/store/identity/role.h"

#define DAY_MS INT64_C(86400000)

bool
tenant_visible(
    const struct deed_by *by, const struct uuid *id, const struct tenant **t, struct err *e)
{
	if (!uuid_eq(id, &by->t->tenant->id) && !by->caller->platform)
		return err_set(e, ERR_MISSING, 0, "Not found.", "another tenant");
	tenant_forget(by->auth->database);
	return tenant_by_id(by->auth->database, id, t, e);
}

bool
tenants_visible(const struct deed_by *by, struct page *p, struct err *e)
{
	if (by->caller->platform)
		return tenant_page(by->auth->database, by->mem, p, e);
	p->rows = talloc_memdup(by->mem, by->t->tenant, sizeof(*by->t->tenant));
	p->n = uuid_is_nil(&p->after);
	return p->rows != NULL || err_memory(e);
}

bool
tenant_quota(TALLOC_CTX *mem, const struct tenant *t, struct quota *q, struct err *e)
{
	return quota_of(mem, t, q, e);
}

bool
tenant_usage_fill(TALLOC_CTX *mem, const struct quota *q, const int64_t used[static USAGE__MAX],
    struct tenant_usage *out, struct err *e)
{
	*out = (struct tenant_usage) {
		.users = used[USAGE_USERS],
		.api_keys = used[USAGE_API_KEYS],
		.drift_configs = used[USAGE_CONFIGS],
		.snapshots_today = used[USAGE_SNAPSHOTS],
		.storage_bytes = used[USAGE_STORAGE],
		.near = { talloc_zero_array(mem, const char *, USAGE__MAX), 0 },
	};
	if (out->near.items == NULL)
		return err_memory(e);
	for (enum usage_kind k = 0; k < USAGE__MAX; k++)
		if (usage_near(used[k], quota_limit(q, k)))
			out->near.items[out->near.n++] = usage_name(k);
	return true;
}

static bool
read_usage(
    const struct deed_by *by, struct tenant_db *there, struct tenant_usage *out, struct err *e)
{
	int64_t      used[USAGE__MAX];
	struct quota q;

	return usage_counted(there, clock_ms(by->auth->env->clock) / DAY_MS, used, e) &&
	       quota_of(by->mem, there->tenant, &q, e) &&
	       tenant_usage_fill(by->mem, &q, used, out, e);
}

bool
tenant_usage_of(
    const struct deed_by *by, const struct tenant *t, struct tenant_usage **out, struct err *e)
{
	struct tenant_db *there;

	*out = NULL;
	if (!tenant_stands(t))
		return true;
	*out = talloc_zero(by->mem, struct tenant_usage);
	if (*out == NULL)
		return err_memory(e);
	return tenant_db_open(by->auth->database, t, true, &there, e) &&
	       read_usage(by, there, *out, e);
}

/* ---- name and settings, on the tenant's own connection ---- */

struct altering {
	const struct deed_by *by;
	struct tenant_db     *t;
	const struct tenant  *was;
	const char           *name, *settings;
	const char           *pending; /* what waits for a second person */
	struct settings       now;     /* as `settings` will be read */
};

/* tenant_set is held against the settings alone: here the name counts too, behind a lock of the
 * tenant's own schema. */
static bool
is_as_read(struct altering *w, struct err *e)
{
	const struct tenant *now;

	if (!user_lock_admins(w->t, e))
		return false;
	tenant_forget(w->by->auth->database);
	if (!tenant_by_id(w->by->auth->database, &w->was->id, &now, e))
		return false;
	return (strcmp(now->name, w->was->name) == 0 &&
		   strcmp(now->settings.text, w->was->settings.text) == 0 &&
		   strcmp(now->settings_pending, w->was->settings_pending) == 0) ||
	       err_set(
		   e, ERR_CONFLICT, 0, "changed at the same time", "the tenant's row was outrun");
}

/*
 * Whoever needs no second factor any more is easier to be taken for: who says so holds what those
 * may do.  Of another tenant the platform says it, whose *:tenants is above its roles.
 */
static bool
may_loosen(struct altering *w, struct err *e)
{
	const struct strings *now = &w->now.mfa->required_for;
	struct settings       was;

	if (!settings_parse(w->by->mem, w->by->auth->env->conf, w->was->settings.text, &was, e))
		return false;
	for (size_t i = 0; w->t == w->by->t && i < was.mfa->required_for.n; i++) {
		struct role_view role;
		const char      *name = was.mfa->required_for.items[i];

		if (strings_have(*now, name))
			continue;
		if (!role_view_by_name(w->t, w->by->mem, name, &role, e)) {
			if (!err_take(e, ERR_MISSING))
				return false;
			continue;
		}
		if (!may_give_lines(w->by, role.granted,
			"Who needs no second factor any more may do what you may not: somebody who "
			"has these permissions must change mfa.required_for.",
			e))
			return false;
	}
	return true;
}

/* What is kept for less time is taken away: who says so may do that.  Of another tenant, as above.
 */
static bool
may_keep_less(struct altering *w, struct err *e)
{
	const struct caller *who = w->by->caller;
	struct keep          was;

	if (who == NULL || w->t != w->by->t)
		return true;
	if (!keep_of(w->by->mem, w->was, &was, e))
		return false;
	if (keep_trail_is_shorter(w->now.retention, &was) &&
	    !permission_has(&who->permissions, ACTION_DELETE, RESOURCE_AUDIT))
		return err_set(e, ERR_FORBIDDEN, 0,
		    "Audit entries that are kept for less time are deleted: somebody who has the "
		    "permission delete:audit must change retention.audit_s.",
		    "delete:audit is missing");
	return permission_has(&who->permissions, ACTION_DELETE, RESOURCE_SNAPSHOTS) ||
	       (!keep_is_shorter(w->now.retention, &was) ||
		   err_set(e, ERR_FORBIDDEN, 0,
		       "Snapshots that are kept for less time are deleted: somebody who has the "
		       "permission delete:snapshots must change retention.",
		       "delete:snapshots is missing"));
}

static bool
is_same_list(const struct settings_notifications *a, const struct settings_notifications *b)
{
	const struct settings_security *x = a->security.p, *y = b->security.p;

	if (a->security.n != b->security.n)
		return false;
	for (size_t i = 0; i < a->security.n; i++)
		if (!uuid_eq(&x[i].channel_id, &y[i].channel_id) ||
		    strcmp(x[i].min_severity, y[i].min_severity) != 0)
			return false;
	return true;
}

static bool
are_there(struct altering *w, struct err *e)
{
	const struct settings_security *x = w->now.notifications->security.p;
	size_t                          n = w->now.notifications->security.n;
	char                            pointer[64];
	struct channel                  c;

	for (size_t i = 0; i < n; i++) {
		if (channel_by_id(w->t->db, w->by->mem, &x[i].channel_id, &c, e))
			continue;
		if (!err_take(e, ERR_MISSING))
			return false;
		snprintf(
		    pointer, sizeof(pointer), "/settings/notifications/security/%zu/channel_id", i);
		return err_fault(e, w->by->mem, pointer, "no such channel");
	}
	return true;
}

/* Nobody decides who is told what is in the trail that may not read it.  Of another tenant, as
 * above.
 */
static bool
may_notify(struct altering *w, struct err *e)
{
	const struct caller *who = w->by->caller;
	struct settings      was;

	if (!settings_parse(w->by->mem, w->by->auth->env->conf, w->was->settings.text, &was, e))
		return false;
	if (is_same_list(was.notifications, w->now.notifications))
		return true;
	if (who != NULL && w->t == w->by->t &&
	    !permission_has(&who->permissions, ACTION_READ, RESOURCE_AUDIT))
		return err_set(e, ERR_FORBIDDEN, 0,
		    "Alerts of kind security tell what is in the audit trail: somebody who has the "
		    "permission read:audit must change notifications.security.",
		    "read:audit is missing");
	return are_there(w, e);
}

static bool
is_same_word(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* One person is enough again for what needed two: who gives others power decides that, asks for it
 * and confirms it. */
static bool
may_do_alone(struct altering *w, struct err *e)
{
	struct settings was;

	if (!settings_parse(w->by->mem, w->by->auth->env->conf, w->was->settings.text, &was, e))
		return false;
	if (w->t != w->by->t ||
	    (is_same_word(was.four_eyes->accept_from, w->now.four_eyes->accept_from) &&
		strcmp(w->was->settings_pending, w->pending) == 0))
		return true;
	return may_give_by(w->by, ACTION_ASSIGN, RESOURCE_ROLES,
	    "What needs a second person is decided by somebody who has the permission "
	    "assign:roles too.",
	    e);
}

static bool
alter_body(struct db *db, void *arg, struct err *e)
{
	struct altering         *w = arg;
	struct ending            x = { .event = END_SHORTENED,
			   .now = { clock_ms(w->by->auth->env->clock) },
			   .idle_s = w->now.session->idle_s,
			   .absolute_s = w->now.session->absolute_s };
	const struct tenant_said said = { w->name, w->settings, w->was->settings.text, w->pending,
		w->was->settings_pending };

	(void)db;
	return is_as_read(w, e) && may_loosen(w, e) && may_keep_less(w, e) && may_notify(w, e) &&
	       may_do_alone(w, e) && tenant_set(w->t, &said, e) && ends_apply(w->t, &x, e);
}

struct tenant_told {
	const struct text_change *name;
	const struct json_change *settings, *four_eyes_pending;
};
static const struct field tenant_told_fields[] = {
	TOLD_ITEM_IF(struct tenant_told, name, &text_change_schema),
	TOLD_ITEM_IF(struct tenant_told, settings, &json_change_schema),
	TOLD_ITEM_IF(struct tenant_told, four_eyes_pending, &json_change_schema),
	FIELD_END,
};
static const struct schema tenant_told =
    SCHEMA("TenantTold", struct tenant_told, tenant_told_fields);

static struct raw_json
pending_told(const char *text)
{
	return (struct raw_json) { .text = *text != '\0' ? text : "null" };
}

static const char *
alter_details(const struct altering *w, struct err *e)
{
	const char              *was = w->was->settings.text, *waited = w->was->settings_pending;
	const struct json_change pending = { pending_told(waited), pending_told(w->pending) };
	const struct json_change settings = { { .text = was }, { .text = w->settings } };
	struct text_change       name;
	const struct tenant_told told = {
		.name = text_change(&name, w->was->name, w->name),
		.settings = strcmp(w->settings, was) != 0 ? &settings : NULL,
		.four_eyes_pending = strcmp(w->pending, waited) != 0 ? &pending : NULL,
	};

	return audit_details(w->by->mem, &tenant_told, &told, e);
}

/* Of the tenant that the caller is in; the platform, and the admin tool, are not bound by another's
 * list. */
static bool
stays_inside(const struct altering *w, const struct tenant_change *in, struct err *e)
{
	const struct deed_by *by = w->by;

	return by->caller == NULL || !uuid_eq(&w->was->id, &by->t->tenant->id) ||
	       json_get(in->settings, "allowed_addresses") == NULL ||
	       place_keeps_in(by->mem, &w->now, by->origin, e);
}

/* What is decided about a second person waits for one; not of another tenant, as above. */
static bool
see_second(struct altering *w, const struct json *change, struct err *e)
{
	struct settings_said said = { w->was->settings.text, w->settings, w->pending };

	if (json_get(change, "four_eyes") == NULL)
		return true;
	if (w->by->caller == NULL || w->t != w->by->t)
		said.pending = "";
	else if (!settings_second(w->by, &said, e))
		return false;
	w->settings = said.text;
	w->pending = said.pending;
	return true;
}

static bool
alter_once(struct altering *w, const struct tenant_change *in, struct err *e)
{
	const struct deed_by *by = w->by, there = deed_in(by, w->t);
	struct audit_entry    entry = {
		   .action = AUDIT_SETTINGS_UPDATE,
		   .target_id = w->was->id,
	};

	w->name = in->name != NULL ? in->name : w->was->name;
	w->settings = w->was->settings.text;
	w->pending = w->was->settings_pending;
	if (in->settings != NULL && !settings_merge(by->mem, by->auth->env->conf,
					w->was->settings.text, in->settings, &w->settings, e))
		return false;
	if (in->settings != NULL && !see_second(w, in->settings, e))
		return false;
	if (!settings_parse(by->mem, by->auth->env->conf, w->settings, &w->now, e) ||
	    !stays_inside(w, in, e))
		return false;
	entry.details = alter_details(w, e);
	if (entry.details == NULL)
		return false;
	return audit_deed(&there, alter_body, w, &entry, e);
}

/* Who says of no state that it is the one to change means what stands there when it is done. */
static bool
alter_own(struct altering *w, const struct tenant_change *in, struct err *e)
{
	for (int i = 1; !alter_once(w, in, e); i++) {
		if (e->code != ERR_CONFLICT)
			return false;
		if (in->exact || i == ALTER_TRIES) {
			snprintf(e->pub, sizeof(e->pub),
			    "Name or settings were changed at the same time.");
			return false;
		}
		err_clear(e);
		tenant_forget(w->by->auth->database);
		if (!tenant_by_id(w->by->auth->database, &w->was->id, &w->was, e))
			return false;
	}
	return true;
}

/* ---- quota, on the platform's connection ---- */

struct judging {
	struct tenant_db    *platform;
	const struct tenant *was;
	const char          *quota;
};

static bool
quota_body(struct db *db, void *arg, struct err *e)
{
	struct judging *w = arg;

	(void)db;
	if (w->quota == NULL ||
	    tenant_set_quota(w->platform, &w->was->id, w->quota, w->was->quota.text, e))
		return true;
	if (e->code == ERR_CONFLICT)
		snprintf(e->pub, sizeof(e->pub), "The quota was changed at the same time.");
	return false;
}

struct by_platform_told {
	const char               *slug;
	const struct json_change *quota;
};
static const struct field by_platform_told_fields[] = {
	TOLD(struct by_platform_told, slug),
	TOLD_ITEM_IF(struct by_platform_told, quota, &json_change_schema),
	FIELD_END,
};
static const struct schema by_platform_told =
    SCHEMA("TenantByPlatformTold", struct by_platform_told, by_platform_told_fields);

/* Programs of before, and those that hold the row of before, have counted otherwise. */
static bool
count_anew(struct tenant_db *there, struct err *e)
{
	static const enum usage_kind counted[] = { USAGE_USERS, USAGE_API_KEYS, USAGE_CONFIGS };
	int64_t                      used;

	for (size_t i = 0; i < sizeof(counted) / sizeof(counted[0]); i++)
		if (!usage_recount(there, counted[i], &used, e))
			return false;
	return true;
}

/* The platform's own entry of what it did; then the tenant's, of what only the platform does. */
static bool
alter_quota(struct altering *w, const struct tenant_change *in, struct err *e)
{
	const struct deed_by *by = w->by;
	const struct deed_by  there = deed_in(by, w->t);
	struct judging        j = { .platform = by->t, .was = w->was };
	struct audit_entry    entry = { .action = AUDIT_TENANT_UPDATE, .target_id = w->was->id };
	struct json_change    quota = { { .text = w->was->quota.text }, { 0 } };
	const struct by_platform_told told = { w->was->slug, in->quota != NULL ? &quota : NULL };

	if (in->quota != NULL) {
		if (!quota_merge(by->mem, w->was->quota.text, in->quota, &j.quota, e))
			return false;
		quota.to.text = j.quota;
	}
	entry.details = audit_details(by->mem, &by_platform_told, &told, e);
	if (entry.details == NULL || !audit_deed(by, quota_body, &j, &entry, e) ||
	    (j.quota != NULL && !count_anew(w->t, e)))
		return false;
	if (in->quota == NULL || w->t == by->t)
		return true;
	entry.id = (struct uuid) { { 0 } };
	return audit_deed(&there, NULL, NULL, &entry, e);
}

static bool
alter_by_platform(struct altering *w, const struct tenant_change *in, struct err *e)
{
	const struct deed_by    *by = w->by;
	const struct tenant_life life = {
		.to = in->status != NULL && strcmp(in->status, "active") == 0 ? TENANT_RESUMED
									      : TENANT_SUSPENDED,
		.reason = in->reason,
	};
	struct uuid none;

	if (in->status != NULL && !tenant_live(by, &w->was->id, &life, &none, e))
		return false;
	return (in->status != NULL && in->quota == NULL) || alter_quota(w, in, e);
}

/* ---- ---- */

static bool
may_alter(
    const struct deed_by *by, const struct tenant *t, const struct tenant_change *in, struct err *e)
{
	bool own = uuid_eq(&t->id, &by->caller->tenant);

	if (in->status != NULL && !by->caller->platform)
		return err_set(e, ERR_FORBIDDEN, 0, "Only the platform changes a tenant's status.",
		    "status by a tenant");
	if (in->quota != NULL && !by->caller->platform)
		return err_set(e, ERR_FORBIDDEN, 0, "Only the platform changes a tenant's quota.",
		    "quota by a tenant");
	if (in->status != NULL && own)
		return err_fault(e, by->mem, "/status", "the platform cannot be suspended");
	if (in->reason != NULL && in->status == NULL)
		return err_fault(e, by->mem, "/reason", "is that of a status: /status is missing");
	if (own && in->settings != NULL &&
	    !permission_has(&by->caller->permissions, ACTION_UPDATE, RESOURCE_SETTINGS))
		return err_set(e, ERR_FORBIDDEN, 0,
		    "You do not have the permission update:settings.",
		    "update:settings is missing");
	return true;
}

bool
tenant_alter(
    const struct deed_by *by, const struct tenant *t, const struct tenant_change *in, struct err *e)
{
	bool            own = uuid_eq(&t->id, &by->caller->tenant), ok;
	struct altering w = { .by = by, .t = by->t, .was = t };

	if (!may_alter(by, t, in, e))
		return false;
	if (!own && !tenant_db_open(by->auth->database, t, true, &w.t, e))
		return false;
	ok = (in->name == NULL && in->settings == NULL) || alter_own(&w, in, e);
	if (ok && (!own || in->quota != NULL))
		ok = alter_by_platform(&w, in, e);
	/* also when it half failed: what was done holds */
	tenant_forget(by->auth->database);
	cache_bump_tenant(by->auth->env->segment, &t->id);
	return ok;
}

bool
tenant_open_to_all(const struct deed_by *by, const struct tenant *t, struct err *e)
{
	static const char    to_all[] = "{\"allowed_addresses\":null}";
	struct tenant_change in = { .settings = json_parse(by->mem, STR(to_all), e) };
	struct altering      w = { .by = by, .t = by->t, .was = t };
	bool                 ok = in.settings != NULL && alter_own(&w, &in, e);

	tenant_forget(by->auth->database);
	cache_bump_tenant(by->auth->env->segment, &t->id);
	return ok;
}
