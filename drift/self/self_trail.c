#include "drift/self/self_trail.h"

#include <string.h>

#include "core/json/json.h"
#include "core/store/identity/audit_rows.h"

#define ENTRIES_MAX 2000

/* What changes a thing of a category, and what its entries call it; they are the words of
 * core/auth/audit.h. */
static const struct deed {
	const char *category, *action;
} deeds[] = {
	{ "api_keys", "api_key.create" },
	{ "api_keys", "api_key.delete" },
	{ "channels", "channel.create" },
	{ "channels", "channel.update" },
	{ "channels", "channel.delete" },
	{ "providers", "identity_provider.create" },
	{ "providers", "identity_provider.update" },
	{ "providers", "identity_provider.delete" },
	{ "settings", "settings.update" },
	{ "users", "user.create" },
	{ "users", "user.update" },
	{ "users", "user.delete" },
	{ "users", "factor.enable" },
	{ "users", "factor.disable" },
	{ "users", "factor.reset" },
	{ "users", "invitation.accept" },
	{ "users", "email.change" },
	{ "users", "profile.update" },
	{ "users", "identity.link" },
	{ "users", "identity.roles" },
};

/* Members of details that are called otherwise than those of resources. */
static const struct {
	const char *told, *member;
} called[] = {
	{ "renamed", "name" },
	{ "values", "with_values" },
};

/* What is about all that a tenant has set: there is one of it. */
static const char *const                 settings_names[] = { "settings" };
static const struct attribution_activity settings_activity = {
	.categories = { (const char **)(uintptr_t)settings_names, 1 },
};

/* ---- what is asked for ---- */

static const char *
tenant_text(TALLOC_CTX *mem, const struct tenant_db *t)
{
	char id[UUID_TEXT_MAX];

	uuid_print(&t->tenant->id, id);
	return talloc_strdup(mem, id);
}

/* Each once where they stand together, as changes of one thing do. */
static bool
name_targets(const struct tenant_db *t, TALLOC_CTX *mem, const struct attribution_change *c,
    size_t n, struct strings *out, struct err *e)
{
	out->items = talloc_array(mem, const char *, (unsigned)n + 1);
	out->n = 0;
	for (size_t i = 0; out->items != NULL && i < n; i++) {
		const char *id = c[i].key.n == 0 ? tenant_text(mem, t) : str_dup(mem, c[i].key);

		if (id == NULL)
			return err_memory(e);
		if (out->n == 0 || strcmp(out->items[out->n - 1], id) != 0)
			out->items[out->n++] = id;
	}
	return out->items != NULL || err_memory(e);
}

/* ---- an entry ---- */

static const struct deed *
deed_of(const struct audit_row *r)
{
	for (size_t i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++)
		if (strcmp(deeds[i].action, r->action) == 0)
			return strcmp(r->outcome, "success") == 0 ? &deeds[i] : NULL;
	return NULL;
}

static const char *
member_called(TALLOC_CTX *mem, struct str told)
{
	for (size_t i = 0; i < sizeof(called) / sizeof(called[0]); i++)
		if (str_eqz(told, called[i].told))
			return called[i].member;
	return str_dup(mem, told);
}

/* {"from", "to"} is a change; anything else is what it is now. */
static bool
set_properties(TALLOC_CTX *mem, const char *details, struct attribution_entry *out, struct err *e)
{
	const struct json *v = json_parse(mem, str_of(details), e);

	if (v == NULL)
		return false;
	if (v->type != JSON_OBJECT)
		return true;
	out->properties = talloc_zero_array(mem, struct attribution_property, v->n + 1);
	if (out->properties == NULL)
		return err_memory(e);
	for (uint32_t i = 0; i < v->n; i++) {
		struct attribution_property *p = &out->properties[out->properties_n++];
		const struct json           *to = json_get(&v->items[i], "to");

		p->name = member_called(mem, v->names[i]);
		p->old_value = to == NULL ? NULL : json_get(&v->items[i], "from");
		p->new_value = to == NULL ? &v->items[i] : to;
		if (p->name == NULL)
			return err_memory(e);
	}
	return true;
}

static bool
set_who(
    TALLOC_CTX *mem, const struct audit_row *r, struct attribution_actor_row *who, struct err *e)
{
	char id[UUID_TEXT_MAX];

	*who = (struct attribution_actor_row) {
		.kind = r->actor_kind,
		.name = r->actor_name[0] == '\0' ? NULL : r->actor_name,
		.address = r->address[0] == '\0' ? NULL : r->address,
		.at = r->at,
		.activity = r->action,
		.correlation_id = r->request_id[0] == '\0' ? NULL : r->request_id,
	};
	if (uuid_is_nil(&r->actor_id))
		return true;
	uuid_print(&r->actor_id, id);
	who->id = talloc_strdup(mem, id);
	return who->id != NULL || err_memory(e);
}

static bool
make_entry(TALLOC_CTX *mem, const struct audit_row *r, const struct deed *d,
    struct attribution_entry *out, struct err *e)
{
	*out = (struct attribution_entry) {
		.targets = talloc_array(mem, struct str, 1),
		.targets_n = 1,
		.about = strcmp(d->category, "settings") == 0 ? &settings_activity : NULL,
	};
	if (out->targets == NULL)
		return err_memory(e);
	out->targets[0] = str_of(attribution_fold(mem, str_of(r->target_id)));
	return (out->targets[0].p != NULL || err_memory(e)) && set_who(mem, r, &out->who, e) &&
	       set_properties(mem, r->details, out, e);
}

bool
self_trail(void *arg, TALLOC_CTX *mem, const struct attribution_change *c, size_t n,
    struct attribution_log *out, struct err *e)
{
	struct tenant_db *t = arg;
	instant           since = c[0].since;
	struct page       p = { .want = ENTRIES_MAX };
	struct strings    ids;

	*out = (struct attribution_log) { .own = true };
	for (size_t i = 1; i < n; i++)
		if (c[i].since.ms < since.ms)
			since = c[i].since;
	if (!name_targets(t, mem, c, n, &ids, e) || !audit_rows_of(t, mem, &ids, since, &p, e))
		return false;
	out->entries = talloc_zero_array(mem, struct attribution_entry, (unsigned)p.n + 1);
	if (out->entries == NULL)
		return err_memory(e);
	for (size_t i = 0; i < p.n; i++) {
		const struct audit_row *r = &((const struct audit_row *)p.rows)[i];
		const struct deed      *d = deed_of(r);

		if (d != NULL && r->details[0] != '\0' &&
		    !make_entry(mem, r, d, &out->entries[out->n++], e))
			return false;
	}
	attribution_sort(out);
	return true;
}
