/*
 * derive.h: who holds a role of an Entra directory by being in a group.
 *
 * A role that is given to a group is one assignment; who is in the group stands elsewhere, and
 * neither list says who may do what.  One resource for each principal, role and scope, with every
 * group that it comes by; what is assigned to a principal directly stands in the lists themselves.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "drift/source/derive.h"

enum { ASSIGNED, ELIGIBLE, ROLES, GROUPS, MEMBERS };

static const char *const only_for_people[] = { "/displayName", "/userPrincipalName",
	"/roleDisplayName", "/through/*/displayName", NULL };

/* A group, or a role; by its id. */
struct named {
	struct str         id, name;
	const struct json *members; /* of a group: a list; else NULL */
	uint32_t           seen;    /* in the walk of that number */
};
struct named_list {
	struct named *at;
	uint32_t      n;
};

/* One way in which a principal has a role. */
struct grant {
	struct str         principal, role, scope, group;
	bool               eligible;
	const struct json *member; /* as its group lists it */
};

struct deriving {
	TALLOC_CTX       *mem;
	struct named_list groups, roles;
	struct grant     *grants;
	uint32_t          n, room, walk;
	uint32_t *waits; /* groups that are in a group, of a walk; as many as there are groups */
	uint64_t  steps;
	struct derived *out;
	struct err     *e;
};

static struct str
text_of(const struct json *object, const char *name)
{
	const struct json *v = json_get(object, name);

	return v != NULL && v->type == JSON_STRING ? v->text : (struct str) { NULL, 0 };
}

/* ---- what has a name ---- */

static int
by_id(const void *a, const void *b)
{
	return str_cmp(((const struct named *)a)->id, ((const struct named *)b)->id);
}

static struct named *
find(const struct named_list *l, struct str id)
{
	const struct named want = { .id = id };

	return l->n == 0 ? NULL : bsearch(&want, l->at, l->n, sizeof(*l->at), by_id);
}

static bool
name_all(struct deriving *d, const struct derive_items *in, struct named_list *out)
{
	*out = (struct named_list) { talloc_zero_array(d->mem, struct named, in->n + 1), 0 };
	if (out->at == NULL)
		return err_memory(d->e);
	for (uint32_t i = 0; i < in->n; i++)
		out->at[out->n++] = (struct named) { .id = text_of(in->at[i].value, "id"),
			.name = text_of(in->at[i].value, "displayName") };
	qsort(out->at, out->n, sizeof(*out->at), by_id);
	return true;
}

/* The resource of a group's members has the key of its group. */
static void
add_members(struct deriving *d, const struct derive_items *in)
{
	for (uint32_t i = 0; i < in->n; i++) {
		struct named      *g = find(&d->groups, in->at[i].key);
		const struct json *list = json_get(in->at[i].value, "members");

		if (g != NULL && list != NULL && list->type == JSON_ARRAY)
			g->members = list;
	}
}

/* ---- who has what ---- */

static bool
is_enough(struct deriving *d)
{
	if (d->n < DERIVE_ITEMS_MAX && d->steps < DERIVE_STEPS_MAX)
		return false;
	d->out->short_of = "More principals hold roles by groups than are followed.";
	return true;
}

static bool
add_grant(struct deriving *d, const struct grant *g)
{
	struct grant *more;

	if (d->n == d->room) {
		d->room = d->room == 0 ? 64 : d->room * 2;
		more = talloc_realloc(d->mem, d->grants, struct grant, d->room);
		if (more == NULL)
			return err_memory(d->e);
		d->grants = more;
	}
	d->grants[d->n++] = *g;
	return true;
}

/* Of one group: each member has what is given, and each group among them is looked at in its turn.
 */
static bool
give_members(struct deriving *d, const struct named *group, struct grant *g, uint32_t *waits_n)
{
	const uint32_t n = group->members == NULL ? 0 : group->members->n;

	for (uint32_t i = 0; i < n && !is_enough(d); i++) {
		const struct json *m = &group->members->items[i];
		struct named      *inner = find(&d->groups, text_of(m, "id"));

		d->steps++;
		g->principal = text_of(m, "id");
		g->member = m;
		if (inner == NULL && g->principal.n > 0 && !add_grant(d, g))
			return false;
		if (inner == NULL || inner->seen == d->walk)
			continue;
		inner->seen = d->walk;
		d->waits[(*waits_n)++] = (uint32_t)(inner - d->groups.at);
	}
	return true;
}

/* Whatever groups are in it, and however they are in each other: each once. */
static bool
give(struct deriving *d, struct named *group, struct grant *g)
{
	uint32_t n = 0;

	d->walk++;
	group->seen = d->walk;
	d->waits[n++] = (uint32_t)(group - d->groups.at);
	while (n > 0 && !is_enough(d)) {
		const struct named *one = &d->groups.at[d->waits[--n]];

		d->steps++;
		g->group = group->id;
		if (!give_members(d, one, g, &n))
			return false;
	}
	return true;
}

static bool
give_all(struct deriving *d, const struct derive_items *in, bool eligible)
{
	for (uint32_t i = 0; i < in->n && !is_enough(d); i++) {
		const struct json *v = in->at[i].value;
		struct named      *group = find(&d->groups, text_of(v, "principalId"));
		struct grant       g = { .role = text_of(v, "roleDefinitionId"),
			      .scope = text_of(v, "directoryScopeId"),
			      .eligible = eligible };

		d->steps++;
		if (group != NULL && !give(d, group, &g))
			return false;
	}
	return true;
}

/* ---- resources ---- */

static int
by_resource(const struct grant *a, const struct grant *b)
{
	const int p = str_cmp(a->principal, b->principal);
	const int r = p != 0 ? p : str_cmp(a->role, b->role);

	const int s = r != 0 ? r : str_cmp(a->scope, b->scope);

	return s != 0 ? s : a->eligible - b->eligible;
}

static int
by_way(const void *x, const void *y)
{
	const struct grant *a = x, *b = y;
	const int           r = by_resource(a, b);

	return r != 0 ? r : str_cmp(a->group, b->group);
}

/* An object of the texts that are there. */
static bool
set_object(TALLOC_CTX *mem, struct json *out, const char *const *names, const struct str *texts,
    uint32_t n, struct err *e)
{
	*out = (struct json) { .type = JSON_OBJECT };
	out->items = talloc_zero_array(mem, struct json, n + 1); /* one may be added */
	out->names = talloc_zero_array(mem, struct str, n + 1);
	if (out->items == NULL || out->names == NULL)
		return err_memory(e);
	for (uint32_t i = 0; i < n; i++) {
		if (texts[i].n == 0)
			continue;
		out->names[out->n] = str_of(names[i]);
		out->items[out->n] = (struct json) { .type = JSON_STRING, .text = texts[i] };
		out->n++;
	}
	return true;
}

static struct str
assignment_of(const struct grant *g)
{
	return g->eligible ? STR("eligible") : STR("active");
}

static bool
set_way(struct deriving *d, struct json *out, const struct grant *g)
{
	static const char *const names[] = { "id", "displayName" };
	const struct str         texts[] = { g->group, find(&d->groups, g->group)->name };

	return set_object(d->mem, out, names, texts, 2, d->e);
}

static bool
set_resource(struct deriving *d, const struct grant *g, uint32_t n, struct json *out)
{
	static const char *const names[] = { "principalId", "displayName", "userPrincipalName",
		"roleDefinitionId", "roleDisplayName", "directoryScopeId", "assignment" };
	const struct named      *role = find(&d->roles, g->role);
	const struct str         texts[] = { g->principal, text_of(g->member, "displayName"),
			text_of(g->member, "userPrincipalName"), g->role,
                role == NULL ? STR("") : role->name, g->scope, assignment_of(g) };
	struct json              ways = { .type = JSON_ARRAY };

	ways.items = talloc_zero_array(d->mem, struct json, n);
	if (ways.items == NULL)
		return err_memory(d->e);
	for (uint32_t i = 0; i < n; i++) {
		if (i > 0 && by_way(&g[i - 1], &g[i]) == 0) /* by several groups of one */
			continue;
		if (!set_way(d, &ways.items[ways.n++], &g[i]))
			return false;
	}
	if (!set_object(d->mem, out, names, texts, 7, d->e))
		return false;
	out->names[out->n] = STR("through");
	out->items[out->n++] = ways;
	return true;
}

static bool
add_resource(struct deriving *d, const struct grant *g, uint32_t n)
{
	struct derive_items *out = &d->out->items;
	const struct str     parts[] = { g->principal, g->role, g->scope, assignment_of(g) };
	struct json         *v = talloc_zero(d->mem, struct json);
	struct buf           key;

	if (v == NULL)
		return err_memory(d->e);
	buf_make(&key, d->mem);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		json_pointer_add(&key, parts[i]);
	if (!buf_ok(&key))
		return err_memory(d->e);
	if (!set_resource(d, g, n, v))
		return false;
	out->at[out->n++] = (struct derive_item) { { key.p + 1, key.n - 1 }, v };
	return true;
}

static bool
add_resources(struct deriving *d)
{
	d->out->items.at = talloc_zero_array(d->mem, struct derive_item, d->n + 1);
	if (d->out->items.at == NULL)
		return err_memory(d->e);
	if (d->n > 1)
		qsort(d->grants, d->n, sizeof(*d->grants), by_way);
	for (uint32_t i = 0, end; i < d->n; i = end) {
		for (end = i + 1; end < d->n; end++)
			if (by_resource(&d->grants[i], &d->grants[end]) != 0)
				break;
		if (!add_resource(d, &d->grants[i], end - i))
			return false;
	}
	return true;
}

static bool
derive(TALLOC_CTX *mem, const struct derive_items *of, struct derived *out, struct err *e)
{
	struct deriving d = { .mem = mem, .out = out, .e = e };

	*out = (struct derived) { 0 };
	if (!name_all(&d, &of[GROUPS], &d.groups) || !name_all(&d, &of[ROLES], &d.roles))
		return false;
	d.waits = talloc_array(mem, uint32_t, d.groups.n + 1);
	if (d.waits == NULL)
		return err_memory(e);
	add_members(&d, &of[MEMBERS]);
	return give_all(&d, &of[ASSIGNED], false) && give_all(&d, &of[ELIGIBLE], true) &&
	       add_resources(&d);
}

const struct derive_ops derive_entra_group_roles = {
	.name = "entra_group_roles",
	.category = "roleManagement/directory/roleAssignmentsThroughGroups",
	.doc = "Who has a directory role by being in a group that was given it, or may take it.",
	.parts = { [ASSIGNED] = { "roleManagement/directory/roleAssignments", false },
	    [ELIGIBLE] = { "roleManagement/directory/roleEligibilityScheduleInstances", true },
	    [ROLES] = { "roleManagement/directory/roleDefinitions", false },
	    [GROUPS] = { "groups", false },
	    [MEMBERS] = { "groups/members", false } },
	.unstable = only_for_people,
	.derive = derive,
};
