/* golden_edit.h: what it is to hold, and whether it may. */
#include <stdio.h>
#include <string.h>

#include "core/store/drift/history.h"
#include "drift/engine/compare.h"
#include "drift/service/baseline.h"
#include "drift/service/golden_edit.h"

static bool
use_resources(struct golden_edit *x, struct err *e)
{
	const struct push_resource *from = x->in->resources;
	size_t                      n = x->in->resources_n;

	x->content.resources = talloc_zero_size(x->mem, (n + 1) * sizeof(struct resource));
	if (x->content.resources == NULL)
		return err_memory(e);
	x->content.n = n;
	x->content.masked = false;
	for (size_t i = 0; i < n; i++)
		x->content.resources[i] = (struct resource) { str_of(from[i].category),
			str_of(from[i].key), from[i].value.tree };
	return true;
}

static bool
whole_snapshot(const struct acting *a, const struct uuid *id, struct snapshot *s, struct err *e)
{
	bool complete;

	if (!view_demand(a->view,
		"A template made of a snapshot could be held against guesses: it needs the "
		"permission read:snapshots.",
		e))
		return false;
	if (!snapshot_by_id(a->by.t, a->by.mem, id, s, e)) {
		if (!err_take(e, ERR_MISSING))
			return false;
		return err_fault(e, a->by.mem, "/snapshot_id", "no such snapshot of this tenant");
	}
	if (!snapshot_complete(a->by.mem, s, &complete, e))
		return false;
	return complete ||
	       err_fault(e, a->by.mem, "/snapshot_id",
		   "the snapshot is incomplete: what was not read is not what there has to be");
}

static bool
use_snapshot(struct golden_edit *x, struct err *e)
{
	const struct acting  *a = x->a;
	struct golden_content c;
	struct snapshot       s;

	if (!whole_snapshot(a, &x->in->snapshot_id, &s, e) ||
	    !golden_of_snapshot(a->by.t, x->mem, &s, &c, e))
		return false;
	if (c.n == 0)
		return err_fault(e, a->by.mem, "/snapshot_id", "the snapshot has no resources");
	c.variables = x->content.variables;
	c.variables_n = x->content.variables_n;
	x->content = c;
	return true;
}

bool
golden_wish_check(const struct golden_edit *x, struct err *e)
{
	const struct golden_wish *in = x->in;
	TALLOC_CTX               *mem = x->a->by.mem;
	char                      at[48];

	for (size_t i = 0; i < in->resources_n; i++) {
		snprintf(at, sizeof(at), "/resources/%zu/value", i);
		if (!view_refuse(mem, in->resources[i].value.tree, at, e))
			return false;
	}
	for (size_t i = 0; i < in->variables_n; i++) {
		snprintf(at, sizeof(at), "/variables/%zu/default", i);
		if (!view_refuse(mem, in->variables[i].fallback.tree, at, e))
			return false;
	}
	return true;
}

static bool
edit_content(struct golden_edit *x, struct err *e)
{
	const struct golden_wish *in = x->in;
	const struct acting      *a = x->a;
	bool                      list = in->has_resources, copy = !uuid_is_nil(&in->snapshot_id);
	bool                      fresh = x->was.revision == 0;

	if ((list && copy) || (fresh && !list && !copy))
		return err_fault(e, a->by.mem, "", "needs either resources or snapshot_id");
	if (in->has_variables) {
		x->content.variables = in->variables;
		x->content.variables_n = in->variables_n;
	}
	if ((list && !use_resources(x, e)) || (copy && !use_snapshot(x, e)))
		return false;
	return golden_check(
	    a->by.mem, &x->content, list ? RESOURCE_SOURCE : RESOURCE_STORED, a->work, e);
}

/* Each value has a normal form, with numbers as long as they may be; what that is nobody needs
 * here. */
static bool
check_values(struct golden_edit *x, struct err *e)
{
	const struct acting       *a = x->a;
	const struct compare_spec *none =
	    compare_compile(x->mem, NULL, NULL, 0, a->by.t->address_key, a->work, e);
	bool ok = none != NULL;

	for (size_t i = 0; ok && i < x->content.n; i++) {
		TALLOC_CTX     *one = talloc_new(x->mem);
		struct resource copy = x->content.resources[i];

		ok = one == NULL
			 ? err_memory(e)
			 : resource_normalise(one, none, &copy, RESOURCE_STORED, a->work, e);
		if (ok) /* else the fault is told from there */
			talloc_free(one);
	}
	return ok;
}

/* The text is what is compared with the version before. */
static bool
pack_content(struct golden_edit *x, struct err *e)
{
	const struct acting *a = x->a;
	uint8_t             *address = talloc_size(a->by.mem, HASH_LEN);

	if (address == NULL)
		return err_memory(e);
	if (!check_values(x, e) || !golden_print(x->mem, &x->content, &x->text.text, e))
		return false;
	content_address(a->by.t, x->text.text, x->text.address);
	memcpy(address, x->text.address, HASH_LEN);
	x->renewed =
	    x->was.address.n != HASH_LEN || memcmp(x->was.address.p, address, HASH_LEN) != 0;
	x->g.address = (struct blob) { address, HASH_LEN };
	x->g.resources = (int64_t)x->content.n;
	x->g.masked = x->content.masked;
	x->g.version = x->was.version + x->renewed;
	return !x->renewed || content_pack(a->by.t, x->mem, &x->text, 1, &x->rows, e);
}

static bool
check_shared(struct golden_edit *x, struct err *e)
{
	const struct acting *a = x->a;

	if (!x->g.shared)
		return true;
	if (!tenant_is_platform(a->by.t->tenant))
		return err_fault(e, a->by.mem, "/shared",
		    "only golden baselines of the platform can be shared: there are no grants "
		    "between tenants in this version");
	if (x->g.masked)
		return err_fault(e, a->by.mem, "/shared",
		    "it holds masked values, which mean nothing to another tenant");
	return golden_seal(a->by.t, x->mem, &x->g, x->text.text, &x->body, e);
}

bool
golden_prepare(struct golden_edit *x, struct err *e)
{
	const struct golden_wish *in = x->in;
	const struct acting      *a = x->a;

	x->g.updated_at = acting_now(a);
	if (in->name != NULL)
		x->g.name = acting_copy(a, in->name);
	if (in->description != NULL || x->g.description == NULL)
		x->g.description = acting_copy(a, in->description == NULL ? "" : in->description);
	if (in->has_shared)
		x->g.shared = in->shared;
	if (!edit_content(x, e) || !pack_content(x, e) || !check_shared(x, e))
		return false;
	x->version = (struct golden_version) {
		.golden_id = x->g.id,
		.version = x->g.version,
		.address = x->g.address,
		.author = acting_copy(a, a->name),
		.at = x->g.updated_at,
	};
	return (x->g.name != NULL && x->g.description != NULL && x->version.author != NULL) ||
	       err_memory(e);
}
