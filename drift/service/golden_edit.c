/* golden.h: golden baselines made, changed and dropped. */
#include <stdio.h>
#include <string.h>

#include "core/auth/audit_details.h"
#include "core/store/drift/history.h"
#include "drift/engine/compare.h"
#include "drift/service/baseline.h"
#include "drift/service/golden.h"

struct golden_edit {
	const struct acting      *a;
	const struct golden_wish *in;
	TALLOC_CTX   *mem;    /* of the contents: given back before the answer reads them anew */
	struct golden was, g; /* was.revision 0: it is new */
	struct golden_content content;
	struct content        text;
	struct content_rows   rows;
	struct golden_body    body; /* of a shared one */
	struct golden_version version;
	bool                  renewed; /* the contents are others */
};

/* ---- what it is to hold ---- */

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

/* What was shown without values is not sent back as if it were all there is. */
static bool
refuse_withheld(const struct golden_edit *x, struct err *e)
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

/* What the body names takes the place of what is there. */
static bool
edit_content(struct golden_edit *x, struct err *e)
{
	const struct golden_wish *in = x->in;
	const struct acting      *a = x->a;
	bool                      list = in->has_resources, copy = !uuid_is_nil(&in->snapshot_id);
	bool                      fresh = x->was.revision == 0;

	if (!refuse_withheld(x, e))
		return false;
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

static bool
edit(struct golden_edit *x, struct err *e)
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
	x->version = (struct golden_version) { .golden_id = x->g.id,
		.version = x->g.version,
		.address = x->g.address,
		.author = acting_copy(a, a->by.caller->name),
		.at = x->g.updated_at };
	return (x->g.name != NULL && x->g.description != NULL && x->version.author != NULL) ||
	       err_memory(e);
}

/* ---- making and changing ---- */

struct golden_told {
	const char *name;
	uint64_t    version;
	bool        shared;
};
static const struct field golden_told_fields[] = {
	TOLD(struct golden_told, name),
	TOLD(struct golden_told, version),
	TOLD(struct golden_told, shared),
	FIELD_END,
};
static const struct schema golden_told =
    SCHEMA("GoldenTold", struct golden_told, golden_told_fields);

static bool
golden_deed(struct golden_edit *x, tx_fn *body, enum audit_action action, struct err *e)
{
	const struct golden_told told = { x->g.name, x->g.version, x->g.shared };
	struct audit_entry       entry = { .action = action, .target_id = x->g.id };

	entry.details = audit_details(x->a->by.mem, &golden_told, &told, e);
	if (entry.details == NULL)
		return false;
	return audit_deed(&x->a->by, body, x, &entry, e) ||
	       db_taken(e, "A golden baseline of that name exists.");
}

static bool
write_content(struct db *db, const struct golden_edit *x, struct err *e)
{
	return !x->renewed ||
	       (content_add(db, &x->rows, e) && golden_version_add(db, &x->version, e));
}

static bool
make_body(struct db *db, void *arg, struct err *e)
{
	struct golden_edit *x = arg;

	return golden_add(db, &x->g, e) && write_content(db, x, e) &&
	       (!x->g.shared || golden_publish(db, &x->g, &x->body, e));
}

static bool
alter_body(struct db *db, void *arg, struct err *e)
{
	struct golden_edit *x = arg;
	struct golden       shown = x->g;
	bool                done;

	if (!golden_set(db, &x->g, &done, e))
		return false;
	if (!done)
		return err_set(e, ERR_CONFLICT, 0,
		    "The golden baseline was changed at the same time.", "the revision was outrun");
	shown.revision++;
	if (x->g.shared && !golden_publish(db, &shown, &x->body, e))
		return false;
	if (x->was.shared && !x->g.shared && !golden_withdraw(db, &x->g.id, e))
		return false;
	return write_content(db, x, e);
}

static bool
see_edited(struct golden_edit *x, struct golden_seen *out, struct err *e)
{
	talloc_free(x->mem);
	*out = (struct golden_seen) { .row = x->g };
	return golden_see_rest(x->a, out, e);
}

bool
golden_make(
    const struct acting *a, const struct golden_wish *in, struct golden_seen *out, struct err *e)
{
	struct golden_edit x = { .a = a,
		.in = in,
		.mem = talloc_new(a->by.mem),
		.g = { .id = acting_id(a), .revision = 1, .created_at = acting_now(a) } };

	if (x.mem == NULL)
		return err_memory(e);
	return edit(&x, e) && golden_deed(&x, make_body, AUDIT_GOLDEN_CREATE, e) &&
	       see_edited(&x, out, e);
}

/* One that is shared with this tenant is not its to change. */
static bool
find_own(const struct acting *a, const struct uuid *id, struct golden *g, struct err *e)
{
	bool foreign;

	if (!golden_find(a->by.t, a->by.mem, id, g, &foreign, e))
		return false;
	if (foreign)
		return err_set(e, ERR_FORBIDDEN, 0, "This golden baseline is the platform's.",
		    "changing a shared template");
	return acting_holds(a, g->revision, e);
}

/* Whatever is watched by it is held against what it says. */
static bool
may_say(const struct golden_edit *x, struct err *e)
{
	int64_t n;

	if (x->a->view.values || (!x->in->has_resources && !x->in->has_variables))
		return true;
	return golden_bound(x->a->by.t->db, &x->was.id, &n, e) &&
	       (n == 0 || view_demand(x->a->view,
			      "Configs are bound to it, and each value that is equal tells what "
			      "they watch: "
			      "to change it needs the permission read:snapshots.",
			      e));
}

static bool
alter(struct golden_edit *x, const struct uuid *id, struct err *e)
{
	const struct acting *a = x->a;

	if (!find_own(a, id, &x->was, e) || !refuse_withheld(x, e) || !may_say(x, e) ||
	    !golden_load(a->by.t, x->mem, &x->was, false, &x->content, e))
		return false;
	x->g = x->was;
	return edit(x, e) && golden_deed(x, alter_body, AUDIT_GOLDEN_UPDATE, e);
}

bool
golden_alter(const struct acting *a, const struct uuid *id, const struct golden_wish *in,
    struct golden_seen *out, struct err *e)
{
	struct golden_edit x = { .a = a, .in = in, .mem = talloc_new(a->by.mem) };

	if (x.mem == NULL)
		return err_memory(e);
	if (!alter(&x, id, e))
		return false;
	x.g.revision++;
	return see_edited(&x, out, e);
}

/* ---- dropping ---- */

static bool
erase_body(struct db *db, void *arg, struct err *e)
{
	struct golden_edit *x = arg;
	struct golden       now;
	int64_t             n;

	if (!golden_lock(db, x->a->by.mem, &x->g.id, &now, e) ||
	    !acting_holds(x->a, now.revision, e) || !golden_bound(db, &x->g.id, &n, e))
		return false;
	if (n > 0)
		return err_set(e, ERR_IN_USE, 0, "Configs are bound to this golden baseline.",
		    "%lld configs are bound to it", (long long)n);
	return (!now.shared || golden_withdraw(db, &x->g.id, e)) &&
	       golden_drop(db, x->a->by.mem, &x->g.id, e);
}

bool
golden_erase(const struct acting *a, const struct uuid *id, struct err *e)
{
	struct golden_edit x = { .a = a };

	return find_own(a, id, &x.g, e) && golden_deed(&x, erase_body, AUDIT_GOLDEN_DELETE, e);
}
