/* routes.h: API keys. */
#include "core/auth/apikey.h"
#include "fcgi/routes.h"

static const char *const kinds[] = { KEY_PERSONAL, KEY_SERVICE, NULL };

static const struct field api_key_new_fields[] = {
	FIELD(struct api_key_new, name, .min = 1, .max = 200, .flags = FIELD_REQUIRED | FIELD_SEEN,
	    .doc = "What the key is used for."),
	FIELD(struct api_key_new, kind, .choices = kinds,
	    .doc = "personal (the default): may never do more than its maker may at that time, and "
		   "ends when the maker is disabled or deleted; service: belongs to the tenant and "
		   "goes on without its maker."),
	FIELD(struct api_key_new, administrative,
	    .doc = "True: its scopes may be about changing users, roles, keys, tenants and "
		   "settings; only of kind service."),
	FIELD(struct api_key_new, scopes, .min = 1, .max = 100, .flags = FIELD_REQUIRED,
	    .doc =
		"Permissions of the key, as action:resource; at most the maker's own.  * and "
		"manage stand for what a key of its kind can have: without administrative no "
		"change of users, roles, keys, tenants and settings, and never create:api_keys."),
	FIELD(struct api_key_new, config_ids, .max = KEY_CONFIGS_MAX,
	    .doc = "Drift configs: the key pushes to these and does nothing else; its scopes are "
		   "then write:snapshots alone.  Empty: not bound."),
	FIELD(struct api_key_new, expires_at, .flags = FIELD_NULLABLE,
	    .doc = "When it ends; required of a service key, at most 400 days ahead."),
	FIELD(struct api_key_new, allowed_addresses, .max = 100,
	    .doc = "Addresses and ranges it may be used from; empty: everywhere. What a trusted "
		   "proxy sends without telling for whom is from none of them."),
	FIELD_END,
};
static const struct schema api_key_new_schema =
    SCHEMA("ApiKeyNew", struct api_key_new, api_key_new_fields);

struct api_key_query {
	struct list_query page;
	struct uuid       created_by;
};
static const struct field api_key_query_fields[] = {
	LIST_FIELDS(struct api_key_query, "Most items of one answer; 50 when absent."),
	FIELD(struct api_key_query, created_by, .doc = "Only those that this user made."),
	FIELD_END,
};
static const struct schema api_key_query_schema =
    SCHEMA("ApiKeyQuery", struct api_key_query, api_key_query_fields);

static bool
fetch_keys(struct request *r, struct list_page *p, struct err *e)
{
	const struct api_key_query *q = r->query;
	const struct api_key_filter f = { .created_by = q->created_by };
	const struct deed_by        by = request_deed_by(r);

	return api_key_page(&by, &f, &p->page, e);
}
static const struct list_ops key_list_ops = { fetch_keys, LIST_OF(struct api_key, id) };

static bool
make_key(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct deed_by by = request_deed_by(r);

	return api_key_make(&by, body, answer, e);
}

static bool
drop_key(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct deed_by by = request_deed_by(r);

	(void)body;
	(void)answer;
	return api_key_drop(&by, &r->id0, e);
}

const struct route api_key_routes[] = {
	ROUTE_LIST("/api/api-keys", api_key_query, ALLOW(READ, API_KEYS), &key_list_ops,
	    OUT_LIST(api_key), "Lists the tenant's API keys, newest first."),
	ROUTE(POST, "/api/api-keys", ALLOW_FRESH(CREATE, API_KEYS), RATE_WRITE, 201, make_key,
	    IN(api_key_new), OUT(api_key),
	    "Makes an API key; the key itself is shown this once. No key makes keys."),
	ROUTE(DELETE_, "/api/api-keys/{id}", ALLOW_FRESH(DELETE, API_KEYS), RATE_WRITE, 204,
	    drop_key, IN_NONE, OUT_NONE, "Ends an API key at once."),
	ROUTE_END,
};
