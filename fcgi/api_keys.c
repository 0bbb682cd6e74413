#include "core/auth/apikey.h"
#include "fcgi/routes.h"

static const struct field api_key_new_fields[] = {
	FIELD(struct api_key_new, name, .min = 1, .max = 200, .flags = FIELD_REQUIRED,
	    .doc = "What the key is used for."),
	FIELD(struct api_key_new, scopes, .min = 1, .max = 100, .flags = FIELD_REQUIRED,
	    .doc = "Permissions of the key, as action:resource; at most the maker's own."),
	FIELD(struct api_key_new, expires_at, .flags = FIELD_NULLABLE, .doc = "When it ends."),
	FIELD(struct api_key_new, allowed_addresses, .max = 100,
	    .doc = "Addresses and ranges it may be used from; empty: everywhere."),
	FIELD_END,
};
static const struct schema api_key_new_schema =
    SCHEMA("ApiKeyNew", struct api_key_new, api_key_new_fields);

/* One more than asked for tells whether there is a next page. */
static bool
list_keys(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct list_query *q = r->query;
	int64_t                  limit = q != NULL ? q->limit : 0;
	struct api_key          *keys;
	struct uuid              after;
	size_t                   n;

	(void)body;
	if (!list_cursor_read(q != NULL ? q->cursor : NULL, &after, e) ||
	    !api_key_list(r->db, r->mem, &after, (int64_t)list_rows(limit), &keys, &n, e))
		return false;
	return list_answer(
	    r, answer, keys, n, sizeof(*keys), offsetof(struct api_key, id), limit, e);
}

static bool
make_key(struct request *r, const void *body, void *answer, struct err *e)
{
	return api_key_make(r->app->auth, r->mem, r->db, &r->caller, &r->origin, body, answer, e);
}

static bool
drop_key(struct request *r, const void *body, void *answer, struct err *e)
{
	(void)body;
	(void)answer;
	return api_key_drop(r->app->auth, r->mem, r->db, &r->caller, &r->origin, &r->id0, e);
}

const struct route api_key_routes[] = {
	ROUTE_Q(GET, "/api/api-keys", list_query, ALLOW(READ, API_KEYS), RATE_READ, 200, list_keys,
	    IN_NONE, OUT_LIST(api_key), "Lists the tenant's API keys, newest first."),
	ROUTE(POST, "/api/api-keys", ALLOW_FRESH(CREATE, API_KEYS), RATE_WRITE, 201, make_key,
	    IN(api_key_new), OUT(api_key), "Makes an API key; the key itself is shown this once."),
	ROUTE(DELETE_, "/api/api-keys/{id}", ALLOW(DELETE, API_KEYS), RATE_WRITE, 204, drop_key,
	    IN_NONE, OUT_NONE, "Ends an API key at once."),
	ROUTE_END
};
