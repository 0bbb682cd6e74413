#include "drift/self/self.h"

#include <string.h>

#include "core/json/schema.h"
#include "core/store/alert/channel.h"
#include "core/store/identity/identity.h"
#include "core/store/identity/role.h"
#include "core/store/identity/user.h"

#define PAGE_ROWS 500

/* ---- what is told of each ---- */

static const struct field user_fields[] = {
	FIELD(struct user, email),
	FIELD(struct user, display_name),
	FIELD(struct user, status),
	FIELD(struct user, roles),
	FIELD(struct user, two_factor),
	FIELD_END,
};
static const struct field role_fields[] = {
	FIELD(struct role_view, name),
	FIELD(struct role_view, description),
	FIELD(struct role_view, built_in),
	FIELD(struct role_view, permissions),
	FIELD_END,
};
static const struct field provider_fields[] = {
	FIELD(struct provider, name),
	FIELD(struct provider, kind),
	FIELD(struct provider, client_id),
	FIELD(struct provider, issuer, .flags = FIELD_OMIT_ZERO),
	FIELD(struct provider, entra_tenant_id, .flags = FIELD_OMIT_ZERO),
	FIELD(struct provider, allowed_domains),
	FIELD(struct provider, role_map),
	FIELD(struct provider, auto_provision),
	FIELD(struct provider, trust_mfa),
	FIELD(struct provider, authorized_parties),
	FIELD(struct provider, mfa_acr),
	FIELD(struct provider, mfa_amr),
	FIELD(struct provider, absent_roles),
	FIELD(struct provider, assume_email_verified),
	FIELD(struct provider, scopes),
	FIELD(struct provider, group_lookup),
	FIELD_END,
};
static const struct field channel_fields[] = {
	FIELD(struct channel, name),
	FIELD(struct channel, kind),
	FIELD(struct channel, target),
	FIELD(struct channel, with_values),
	FIELD(struct channel, status),
	FIELD_END,
};
static const struct field key_fields[] = {
	FIELD(struct api_key, name),
	FIELD(struct api_key, prefix),
	FIELD(struct api_key, kind),
	FIELD(struct api_key, administrative),
	FIELD(struct api_key, scopes),
	FIELD(struct api_key, config_ids),
	FIELD(struct api_key, allowed_addresses),
	FIELD(struct api_key, created_by, .flags = FIELD_NULLABLE),
	FIELD(struct api_key, expires_at, .flags = FIELD_NULLABLE),
	FIELD_END,
};

/* ---- where it is read ---- */

static bool
list_users(struct tenant_db *t, TALLOC_CTX *mem, struct page *p, struct err *e)
{
	const struct user_filter any = { 0 };

	return user_list(t, mem, &any, p, e);
}

static bool
list_keys(struct tenant_db *t, TALLOC_CTX *mem, struct page *p, struct err *e)
{
	const struct api_key_filter any = { 0 };

	return api_key_list(t, mem, &any, p, e);
}

static bool
list_providers(struct tenant_db *t, TALLOC_CTX *mem, struct page *p, struct err *e)
{
	return provider_list(t->db, mem, p, e);
}

/* Of an address only where it leads: a path or query may be what lets in. */
static bool
list_channels(struct tenant_db *t, TALLOC_CTX *mem, struct page *p, struct err *e)
{
	struct channel *rows;

	if (!channel_list(t, mem, p, e))
		return false;
	rows = p->rows;
	for (size_t i = 0; i < p->n; i++) {
		char *host = rows[i].target == NULL ? NULL : strstr(rows[i].target, "://");

		if (host != NULL)
			host[3 + strcspn(host + 3, "/?#")] = '\0';
		rows[i].status = talloc_strdup(mem, channel_state(&rows[i]));
		if (rows[i].status == NULL)
			return err_memory(e);
	}
	return true;
}

struct kind {
	const char         *category;
	const struct schema schema;
	size_t              id; /* where it stands in a row */
	bool (*list)(struct tenant_db *t, TALLOC_CTX *mem, struct page *p, struct err *e);
};
static const struct kind kinds[] = {
	{ "api_keys", SCHEMA("OwnKey", struct api_key, key_fields), offsetof(struct api_key, id),
	    list_keys },
	{ "channels", SCHEMA("OwnChannel", struct channel, channel_fields),
	    offsetof(struct channel, id), list_channels },
	{ "providers", SCHEMA("OwnProvider", struct provider, provider_fields),
	    offsetof(struct provider, id), list_providers },
	{ "roles", SCHEMA("OwnRole", struct role_view, role_fields), offsetof(struct role_view, id),
	    role_list },
	{ "users", SCHEMA("OwnUser", struct user, user_fields), offsetof(struct user, id),
	    list_users },
};
#define KINDS    (sizeof kinds / sizeof kinds[0])
#define SETTINGS "settings"

/* ---- resources ---- */

struct gathering {
	TALLOC_CTX       *mem;
	struct collected *out;
	size_t            room;
	struct err       *e;
};

static bool
add_text(struct gathering *g, const char *category, struct str key, const char *text)
{
	struct collected *out = g->out;
	struct json      *v = json_parse(g->mem, str_of(text), g->e);

	if (v == NULL)
		return false;
	if (out->n == g->room) {
		g->room = g->room == 0 ? 64 : g->room * 2;
		out->resources =
		    talloc_realloc(g->mem, out->resources, struct resource, (unsigned)g->room);
		if (out->resources == NULL)
			return err_memory(g->e);
	}
	out->resources[out->n++] = (struct resource) { str_of(category), key, v };
	return true;
}

static bool
add_row(struct gathering *g, const struct kind *k, const char *row)
{
	char        id[UUID_TEXT_MAX];
	struct uuid uuid;
	struct buf  b;
	char       *key, *text;

	memcpy(&uuid, row + k->id, sizeof uuid);
	uuid_print(&uuid, id);
	key = talloc_strdup(g->mem, id);
	if (key == NULL)
		return err_memory(g->e);
	buf_make(&b, g->mem);
	if (!schema_encode(&b, &k->schema, row, g->e))
		return false;
	text = buf_text(&b, g->e);
	return text != NULL && add_text(g, k->category, str_of(key), text);
}

static bool
read_kind(struct gathering *g, struct tenant_db *t, const struct kind *k)
{
	struct page p = { .want = PAGE_ROWS };
	const char *rows;

	for (;;) {
		if (!k->list(t, g->mem, &p, g->e))
			return false;
		rows = p.rows;
		for (size_t i = 0; i < p.n; i++)
			if (!add_row(g, k, rows + i * k->schema.size))
				return false;
		if (p.n == 0 || (p.n < p.want && !p.more))
			return true;
		memcpy(&p.after, rows + (p.n - 1) * k->schema.size + k->id, sizeof p.after);
	}
}

static bool
read_settings(struct gathering *g, const struct tenant_db *t)
{
	const char *text = t->tenant->settings.text;

	return add_text(g, SETTINGS, STR(""), text != NULL ? text : "{}");
}

bool
self_read(void *arg, TALLOC_CTX *mem, struct collected *out, struct err *e)
{
	struct tenant_db *t = arg;
	struct gathering  g = { .mem = mem, .out = out, .e = e };

	*out = (struct collected) { 0 };
	out->collections = talloc_zero_array(mem, struct collection, KINDS + 1);
	if (out->collections == NULL)
		return err_memory(e);
	for (size_t i = 0; i < KINDS; i++) {
		if (!read_kind(&g, t, &kinds[i]))
			return false;
		out->collections[out->collections_n++] =
		    (struct collection) { str_of(kinds[i].category), COLLECTION_COMPLETE, true,
			    false };
	}
	out->collections[out->collections_n++] =
	    (struct collection) { STR(SETTINGS), COLLECTION_COMPLETE, true, false };
	return read_settings(&g, t);
}
