/* tenant_db.h: the registry of tenants, read and kept for a moment. */
#include "core/store/tenant/database.h"

#include <string.h>

#include "core/base/unicode.h"
#include "core/shm/cache.h"
#include "core/store/id_list.h"
#include "core/store/trip.h"

#define LIFE_NS 2000000000

static const struct field tenant_fields[] = {
	FIELD(struct tenant, id, .flags = FIELD_READ_ONLY, .doc = "The tenant's identifier."),
	FIELD(struct tenant, slug, .max = 63, .doc = "Its name in sign-in forms and addresses."),
	FIELD(struct tenant, name, .max = 200, .doc = "Its name for people."),
	FIELD(struct tenant, schema_name, .flags = FIELD_NO_JSON, .doc = "Its schema and account."),
	FIELD(struct tenant, status, .doc = "Whether it can be used."),
	FIELD(struct tenant, settings, .doc = "What its administrators decide."),
	COLUMN(struct tenant, settings_pending),
	FIELD(struct tenant, quota, .doc = "What the platform allows it."),
	FIELD(
	    struct tenant, schema_version, .flags = FIELD_NO_JSON, .doc = "Its newest migration."),
	FIELD(struct tenant, created_at, .flags = FIELD_READ_ONLY, .doc = "When it was made."),
	COLUMN(struct tenant, status_reason),
	COLUMN_NULL(struct tenant, status_at),
	COLUMN_NULL(struct tenant, erase_at),
	COLUMN_NULL(struct tenant, erase_op),
	FIELD_END,
};
const struct schema tenant_schema = SCHEMA("Tenant", struct tenant, tenant_fields);

struct by_text {
	char *text;
};
static const struct field by_text_fields[] = {
	FIELD(struct by_text, text, .doc = "Name."),
	FIELD_END,
};
static const struct schema by_text_schema = SCHEMA("TenantByText", struct by_text, by_text_fields);

#define COLUMNS                                                                                    \
	"id, slug, name, schema_name, status, settings, settings_pending, quota, schema_version, " \
	"created_at,"                                                                              \
	" status_reason, status_at, erase_at, erase_op"
#define ROW "SELECT " COLUMNS " FROM tenants t WHERE t."
#define KEY                                                                                        \
	"SELECT k.tenant_id, k.version, k.wrapped, k.created_at FROM tenants t STRAIGHT_JOIN"      \
	" tenant_keys k ON k.tenant_id = t.id WHERE t."
#define NEWEST " ORDER BY k.version DESC LIMIT 1"
SQL(registry_by_id, SQL_CONTROL, &id_in, &tenant_schema, ROW "id = :id");
SQL(registry_key_by_id, SQL_CONTROL, &id_in, &tenant_key_schema, KEY "id = :id" NEWEST);
SQL(registry_by_slug, SQL_CONTROL, &by_text_schema, &tenant_schema, ROW "slug = :text");
SQL(registry_key_by_slug, SQL_CONTROL, &by_text_schema, &tenant_key_schema,
    KEY "slug = :text" NEWEST);
SQL(registry_by_schema, SQL_CONTROL, &by_text_schema, &tenant_schema, ROW "schema_name = :text");
SQL(registry_key_by_schema, SQL_CONTROL, &by_text_schema, &tenant_key_schema,
    KEY "schema_name = :text" NEWEST);

/* By what a tenant is looked for: its row, its newest key, and where its text stands in the row. */
struct registry_way {
	const struct sql *row, *key;
	size_t            offset;
};
static const struct registry_way by_id = { &registry_by_id, &registry_key_by_id, 0 };
static const struct registry_way by_slug = { &registry_by_slug, &registry_key_by_slug,
	offsetof(struct tenant, slug) };
static const struct registry_way by_schema = { &registry_by_schema, &registry_key_by_schema,
	offsetof(struct tenant, schema_name) };
SQL(registry_page, SQL_CONTROL, &id_in, &tenant_schema,
    "SELECT " COLUMNS " FROM tenants WHERE id > :id ORDER BY id LIMIT 200");

SQL(registry_newest, SQL_CONTROL, &page_schema, &tenant_schema,
    "SELECT " COLUMNS " FROM tenants WHERE (:after IS NULL OR id < :after) ORDER BY id DESC"
    " LIMIT :limit");

/* Raised by whoever changes a row, on this host: what was read before is read again. */
static const struct uuid all_tenants;

static uint32_t
epoch(const struct database *d)
{
	const struct uuid *all = &all_tenants;

	return d->env.segment == NULL ? 0 : cache_epochs_read(d->env.segment, all, all, all).tenant;
}

/* What a row is held against. */
struct moment {
	int64_t  ns;
	uint32_t epoch;
};

static struct moment
this_moment(const struct database *d)
{
	return (struct moment) { clock_ns(d->env.clock), epoch(d) };
}

static bool
is_young(const struct registry_entry *x, const struct moment *now)
{
	return !x->old && x->epoch == now->epoch && now->ns - x->read_ns < LIFE_NS;
}

void
registry_tidy(struct database *d)
{
	struct registry_entry **at = &d->registry;
	struct moment           now = this_moment(d);

	while (*at != NULL) {
		struct registry_entry *x = *at;

		if (!is_young(x, &now)) {
			*at = x->next;
			talloc_free(x);
		} else {
			at = &x->next;
		}
	}
}

void
registry_forget(struct database *d)
{
	for (struct registry_entry *x = d->registry; x != NULL; x = x->next)
		x->old = true;
}

const struct registry_entry *
registry_have(const struct database *d, const struct uuid *id)
{
	struct moment now = this_moment(d);

	for (struct registry_entry *x = d->registry; x != NULL; x = x->next)
		if (is_young(x, &now) && uuid_eq(&x->row.id, id))
			return x;
	return NULL;
}

void
tenant_forget(struct database *d)
{
	registry_forget(d);
	cache_bump_tenant(d->env.segment, &all_tenants);
}

/* The row at `offset` is the text looked for, and still young. */
static const struct tenant *
find_text(struct database *d, size_t offset, struct str text)
{
	struct moment now = this_moment(d);
	const char   *have;

	for (struct registry_entry *x = d->registry; x != NULL; x = x->next) {
		memcpy(&have, (const char *)&x->row + offset, sizeof(have));
		if (is_young(x, &now) && str_eqz(text, have))
			return &x->row;
	}
	return NULL;
}

/* In one trip: who asks for a row that is not at hand opens the tenant's connection next. */
static bool
read_entry(struct database *d, const struct registry_way *way, const void *in,
    struct registry_entry *x, struct err *e)
{
	struct trip *trip = trip_make(x, d->control);
	bool         found;

	trip_one(trip, way->row, in, &x->row, &found);
	trip_one(trip, way->key, in, &x->key, &x->has_key);
	if (!trip_go(trip, e))
		return false;
	return found || err_set(e, ERR_MISSING, 0, "Not found.", "%s: no row", way->row->name);
}

static bool
fetch(struct database *d, const struct registry_way *way, const void *in, const struct tenant **t,
    struct err *e)
{
	struct registry_entry *x = talloc_zero(d, struct registry_entry);

	if (x == NULL)
		return err_memory(e);
	x->epoch = epoch(d); /* before the SQL */
	x->read_ns = clock_ns(d->env.clock);
	if (!read_entry(d, way, in, x, e)) {
		talloc_free(x);
		return false;
	}
	for (struct registry_entry *o = d->registry; o != NULL; o = o->next)
		o->old = o->old || uuid_eq(&o->row.id, &x->row.id);
	x->next = d->registry;
	d->registry = x;
	*t = &x->row;
	return true;
}

static bool
by_text(struct database *d, const struct registry_way *way, struct str text,
    const struct tenant **t, struct err *e)
{
	struct by_text in;
	bool           ok;

	*t = find_text(d, way->offset, text);
	if (*t != NULL)
		return true;
	/* What could not be such a name is not asked for: NUL would cut it to another one. */
	if (text.n == 0 || text.n > 64 || memchr(text.p, '\0', text.n) != NULL ||
	    !str_is_utf8(text))
		return err_set(e, ERR_MISSING, 0, "Not found.", "no tenant has such a name");
	in.text = str_dup(d, text);
	if (in.text == NULL)
		return err_memory(e);
	ok = fetch(d, way, &in, t, e);
	talloc_free(in.text);
	return ok;
}

bool
tenant_slug(TALLOC_CTX *mem, struct str typed, const char **slug, struct err *e)
{
	struct str folded;

	if (!unicode_identifier(mem, typed, &folded, e))
		return false;
	*slug = folded.p;
	return true;
}

bool
tenant_by_slug(struct database *d, struct str typed, const struct tenant **t, struct err *e)
{
	TALLOC_CTX *tmp = talloc_new(d);
	const char *slug;
	struct err  why = { 0 };
	bool        ok = false;

	if (tmp == NULL)
		return err_memory(e);
	if (memchr(typed.p, '\0', typed.n) != NULL || !tenant_slug(tmp, typed, &slug, &why))
		err_set(e, ERR_MISSING, 0, "Not found.", "no tenant has such a name");
	else
		ok = by_text(d, &by_slug, str_of(slug), t, e);
	talloc_free(tmp);
	return ok;
}

bool
tenant_by_schema(struct database *d, struct str schema_name, const struct tenant **t, struct err *e)
{
	return by_text(d, &by_schema, schema_name, t, e);
}

bool
tenant_by_id(struct database *d, const struct uuid *id, const struct tenant **t, struct err *e)
{
	const struct registry_entry *have = registry_have(d, id);

	if (have == NULL)
		return fetch(d, &by_id, &(struct id_in) { *id }, t, e);
	*t = &have->row;
	return true;
}

bool
tenant_stands(const struct tenant *t)
{
	static const char *const standing[] = { "active", "suspended", "deleting", NULL };

	for (const char *const *s = standing; *s != NULL; s++)
		if (strcmp(t->status, *s) == 0)
			return true;
	return false;
}

bool
tenant_list(struct database *d, TALLOC_CTX *mem, const struct uuid *after, struct tenant **list,
    size_t *n, struct err *e)
{
	return db_all(d->control, mem, &registry_page, &(struct id_in) { *after },
	    INTO(list, n, TENANT_PAGE), e);
}

bool
tenant_page(struct database *d, TALLOC_CTX *mem, struct page *p, struct err *e)
{
	return page_read_plain(d->control, mem, &registry_newest, p, e);
}

bool
tenant_walk(struct database *d, const struct tenant_visit *v, struct uuid *after, bool *ended,
    struct err *e)
{
	TALLOC_CTX    *mem = talloc_new(NULL);
	struct tenant *list;
	size_t         n = 0;
	bool           ok, over = false;

	if (mem == NULL)
		return err_memory(e);
	ok = tenant_list(d, mem, after, &list, &n, e);
	for (size_t i = 0; ok && !over && i < n; i++) {
		TALLOC_CTX *one = talloc_new(mem);

		v->fn(&list[i], one, v->arg);
		database_tidy(d);
		talloc_free(one);
		*after = list[i].id;
		over = i + 1 < n && v->over != NULL && v->over(v->arg);
	}
	*ended = ok && !over && n < TENANT_PAGE;
	talloc_free(mem);
	return ok;
}
