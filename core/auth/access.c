#include "core/auth/access.h"

#include <stdio.h>
#include <string.h>

#include "core/base/hash.h"
#include "core/store/identity/role.h"
#include "core/store/tx.h"

static const char *const action_names[ACTION__MAX] = {
#define X(id, text) [ACTION_##id] = text,
	ACTIONS(X)
#undef X
};
static const char *const resource_names[RESOURCE__MAX] = {
#define X(id, text) [RESOURCE_##id] = text,
	RESOURCES(X)
#undef X
};

/* ---- permissions ---- */

static unsigned
bit_of(enum action a, enum resource_kind r)
{
	return (unsigned)a * 16 + (unsigned)r;
}

static void
set_bit(struct permissions *p, enum action a, enum resource_kind r)
{
	unsigned bit = bit_of(a, r);

	p->bits[bit / 64] |= (uint64_t)1 << bit % 64;
}

static void
drop_bit(struct permissions *p, enum action a, enum resource_kind r)
{
	unsigned bit = bit_of(a, r);

	p->bits[bit / 64] &= ~((uint64_t)1 << bit % 64);
}

uint64_t
permissions_meaning(void)
{
#define X(id, text) text " "
	return hash_quick(ACTIONS(X) "on " RESOURCES(X));
#undef X
}

bool
permission_has(const struct permissions *p, enum action a, enum resource_kind r)
{
	unsigned bit = bit_of(a, r);

	return p->bits[bit / 64] >> bit % 64 & 1;
}

/* Index of a name; `max` for "*"; -1: none such. */
static int
index_of(const char *const *names, int max, struct str s)
{
	if (str_eqz(s, "*"))
		return max;
	for (int i = 0; i < max; i++)
		if (str_eqz(s, names[i]))
			return i;
	return -1;
}

bool
permission_add(struct permissions *p, const char *text)
{
	struct str action, resource = str_cut(str_of(text), ':', &action);
	int        a = index_of(action_names, ACTION__MAX, action);
	int        r = resource.p == NULL ? -1 : index_of(resource_names, RESOURCE__MAX, resource);

	if (a < 0 || r < 0)
		return false;
	if (a == ACTION_MANAGE)
		a = ACTION__MAX;
	for (int i = 0; i < ACTION__MAX; i++)
		for (int j = 0; j < RESOURCE__MAX; j++)
			if ((a == i || a == ACTION__MAX) && (r == j || r == RESOURCE__MAX))
				set_bit(p, (enum action)i, (enum resource_kind)j);
	return true;
}

bool
permissions_add(struct permissions *p, struct strings texts)
{
	bool all = true;

	for (size_t i = 0; i < texts.n; i++)
		all &= permission_add(p, texts.items[i]);
	return all;
}

void
permissions_add_given(struct permissions *p, struct strings texts)
{
	if (!permissions_add(p, texts))
		(void)permission_add(p, "*:*");
}

bool
permission_covers(const struct permissions *have, const struct permissions *want)
{
	return (want->bits[0] & ~have->bits[0]) == 0 && (want->bits[1] & ~have->bits[1]) == 0;
}

void
permissions_join(struct permissions *p, const struct permissions *with)
{
	p->bits[0] |= with->bits[0];
	p->bits[1] |= with->bits[1];
}

void
permissions_intersect(struct permissions *p, const struct permissions *with)
{
	p->bits[0] &= with->bits[0];
	p->bits[1] &= with->bits[1];
}

void
permission_print(enum action a, enum resource_kind r, char out[static PERMISSION_TEXT_MAX])
{
	snprintf(out, PERMISSION_TEXT_MAX, "%s:%s", action_names[a], resource_names[r]);
}

/* The texts are the same for everybody: each is made once in a process. */
static const char *
text_of(int a, int r)
{
	static char texts[ACTION__MAX][RESOURCE__MAX][PERMISSION_TEXT_MAX];

	if (texts[a][r][0] == '\0')
		permission_print((enum action)a, (enum resource_kind)r, texts[a][r]);
	return texts[a][r];
}

bool
permission_list(TALLOC_CTX *mem, const struct permissions *p, struct strings *out, struct err *e)
{
	*out =
	    (struct strings) { talloc_array(mem, const char *, ACTION__MAX *RESOURCE__MAX + 1), 0 };
	if (out->items == NULL)
		return err_memory(e);
	for (int r = 0; r < RESOURCE__MAX; r++) {
		for (int a = 0; a < ACTION__MAX; a++) {
			if (!permission_has(p, (enum action)a, (enum resource_kind)r))
				continue;
			out->items[out->n++] = text_of(a, r);
		}
	}
	out->items[out->n] = NULL;
	return true;
}

bool
tenant_is_platform(const struct tenant *t)
{
	return strcmp(t->slug, PLATFORM_SLUG) == 0;
}

void
permissions_bound(struct permissions *p, const struct tenant *t)
{
	if (tenant_is_platform(t))
		return;
	drop_bit(p, ACTION_CREATE, RESOURCE_TENANTS);
	for (int a = 0; a < ACTION__MAX; a++)
		drop_bit(p, (enum action)a, RESOURCE_METRICS);
}

/* ---- what keys may do ---- */

/* Whoever changes these gives power. */
static bool
gives_power(enum resource_kind r)
{
	switch (r) {
	case RESOURCE_USERS:
	case RESOURCE_ROLES:
	case RESOURCE_API_KEYS:
	case RESOURCE_TENANTS:
	case RESOURCE_SETTINGS:
		return true;
	case RESOURCE_DRIFT:
	case RESOURCE_SNAPSHOTS:
	case RESOURCE_ALERTS:
	case RESOURCE_CHANNELS:
	case RESOURCE_AUDIT:
	case RESOURCE_METRICS:
	case RESOURCE__MAX:
		break;
	}
	return false;
}

void
permissions_bound_key(struct permissions *p, bool administrative)
{
	drop_bit(p, ACTION_CREATE, RESOURCE_API_KEYS);
	if (administrative)
		return;
	for (int r = 0; r < RESOURCE__MAX; r++)
		for (int a = 0; a < ACTION__MAX; a++)
			if (a != ACTION_READ && gives_power((enum resource_kind)r))
				drop_bit(p, (enum action)a, (enum resource_kind)r);
}

/* Where messages go to would go on receiving them when the grant is over. */
static bool
is_lent_whole(enum resource_kind r)
{
	return r == RESOURCE_DRIFT || r == RESOURCE_SNAPSHOTS || r == RESOURCE_ALERTS;
}

void
permissions_bound_lent(struct permissions *p)
{
	for (int r = 0; r < RESOURCE__MAX; r++)
		for (int a = 0; a < ACTION__MAX; a++)
			if (r == RESOURCE_METRICS ||
			    (a != ACTION_READ && !is_lent_whole((enum resource_kind)r)))
				drop_bit(p, (enum action)a, (enum resource_kind)r);
}

bool
permissions_give_power(const struct permissions *p)
{
	struct permissions without = *p;

	permissions_bound_key(&without, false);
	return !permission_covers(&without, p);
}

bool
permission_needs_administrative(const char *text)
{
	struct str action, resource = str_cut(str_of(text), ':', &action);
	int        r = resource.p == NULL ? -1 : index_of(resource_names, RESOURCE__MAX, resource);

	return r >= 0 && r < RESOURCE__MAX && gives_power((enum resource_kind)r) &&
	       !str_eqz(action, action_names[ACTION_READ]);
}

/* ---- built-in roles ---- */

#define LIST(...)                                                                                  \
	(const char *const[])                                                                      \
	{                                                                                          \
		__VA_ARGS__, NULL                                                                  \
	}

const struct built_in_role built_in_roles[] = {
	{ "admin", false, "Everything in its tenant.", LIST("*:*") },
	{ "user_manager", false, "Users and their roles.",
	    LIST("read:users", "create:users", "update:users", "delete:users", "read:roles",
		"assign:roles") },
	{ "operator", false, "Drift: configurations, snapshots, alerts and channels.",
	    LIST("read:drift", "create:drift", "update:drift", "delete:drift", "execute:drift",
		"read:snapshots", "write:snapshots", "delete:snapshots", "read:alerts",
		"update:alerts", "manage:channels", "read:users", "read:settings") },
	{ "analyst", false, "Reads drift and works on alerts.",
	    LIST("read:drift", "read:snapshots", "read:alerts", "update:alerts", "read:channels",
		"read:users") },
	{ "auditor", false, "Reads everything, the audit trail included.", LIST("read:*") },
	{ "viewer", false, "Reads drift and alerts.", LIST("read:drift", "read:alerts") },
	{ "platform_admin", true, "Tenants of the installation, and its health.",
	    LIST("*:tenants", "read:metrics", "read:settings", "read:audit", "read:users",
		"read:roles") },
	{ NULL, false, NULL, NULL },
};

struct install {
	struct tenant_db   *t;
	TALLOC_CTX         *mem;
	struct rand        *rand;
	const struct clock *clock;
};

static bool
install_role(struct install *in, const struct built_in_role *b, struct err *e)
{
	struct role_row row = { .id = uuid_make(in->clock, in->rand),
		.built_in = true,
		.created_at = { clock_ms(in->clock) } };
	struct strings  list = { NULL, 0 };
	const char    **items;

	row.name = talloc_strdup(in->mem, b->name);
	row.description = talloc_strdup(in->mem, b->description);
	while (b->permissions[list.n] != NULL)
		list.n++;
	items = talloc_array(in->mem, const char *, (unsigned)list.n);
	if (row.name == NULL || row.description == NULL || items == NULL)
		return err_memory(e);
	memcpy(items, b->permissions, list.n * sizeof(*items));
	list.items = items;
	return role_put(in->t, &row, e) && role_by_name(in->t, in->mem, b->name, &row, e) &&
	       role_set_permissions(in->t, in->mem, &row.id, list, e);
}

static bool
install_all(struct db *db, void *arg, struct err *e)
{
	struct install *in = arg;

	(void)db;
	for (const struct built_in_role *b = built_in_roles; b->name != NULL; b++)
		if (!b->platform_only || tenant_is_platform(in->t->tenant))
			if (!install_role(in, b, e))
				return false;
	return true;
}

bool
access_install_roles(
    struct tenant_db *t, TALLOC_CTX *mem, struct rand *r, const struct clock *c, struct err *e)
{
	struct install  in = { t, mem, r, c };
	const struct tx tx = { .name = "install_roles", .body = install_all, .arg = &in };

	return tx_run(t->db, &tx, e);
}
