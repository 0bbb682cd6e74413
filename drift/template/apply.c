#include "drift/template/apply.h"

#include <string.h>

#include "core/auth/audit_details.h"
#include "core/store/drift/source_credential.h"

#define TRIES 3

/* ---- what it needs there ---- */

static bool
need(const struct applying *x, enum action action, const char *text, struct err *e)
{
	if (permission_has(&x->a->by.caller->permissions, action, RESOURCE_DRIFT))
		return true;
	return err_set(e, ERR_FORBIDDEN, 0,
	    action == ACTION_CREATE   ? "It needs create:drift in that tenant."
	    : action == ACTION_DELETE ? "It needs delete:drift in that tenant."
				      : "It needs update:drift in that tenant.",
	    "%s is not lent", text);
}

/* ---- texts ---- */

static char *
print(const struct applying *x, const struct json *v, struct err *e)
{
	struct buf b;

	buf_make(&b, x->a->by.mem);
	json_print(&b, v);
	return buf_text(&b, e);
}

static bool
value_add(struct buf *b, const char *name, const struct json *v)
{
	size_t at = b->n;

	buf_printf(b, ",\"%s\":", name);
	if (v == NULL)
		buf_puts(b, "null");
	else
		json_print(b, v);
	if (b->n - at <= TEMPLATE_VALUE_MAX)
		return true;
	b->n = at; /* it is left out */
	return false;
}

/* Told of a place only where the template said it: what an application left there may be the
 * tenant's. */
static bool
value_said(const struct applying *x, struct buf *b, const char *name, const struct json *v,
    const struct json *said, const char *path, struct err *e)
{
	bool same = true;

	if (said != NULL && !json_same(x->a->by.mem, v, json_at(said, str_of(path)), &same, e))
		return false;
	if (same)
		(void)value_add(b, name, v);
	return true;
}

char *
template_changes(const struct applying *x, struct err *e)
{
	size_t     n = x->changes_n < TEMPLATE_CHANGES_MAX ? x->changes_n : TEMPLATE_CHANGES_MAX;
	struct buf b;

	buf_make(&b, x->a->by.mem);
	buf_putc(&b, '[');
	for (size_t i = 0; i < n; i++) {
		const struct place_change *c = &x->changes[i];

		buf_puts(&b, i == 0 ? "{\"path\":" : ",{\"path\":");
		buf_json(&b, str_of(c->path));
		buf_printf(&b, ",\"how\":\"%s\"", c->kept ? "kept" : "changed");
		if (!value_said(x, &b, "was", c->was, x->said_was, c->path, e) ||
		    !value_said(x, &b, "now", c->now, x->said_now, c->path, e))
			return NULL;
		buf_putc(&b, '}');
	}
	buf_putc(&b, ']');
	return buf_text(&b, e);
}

/* ---- the entry, and the binding ---- */

struct applied_told {
	const char *name, *template;
	struct uuid template_id;
	uint64_t    version;
	struct uuid operation;
};
static const struct field applied_fields[] = {
	TOLD(struct applied_told, name),
	TOLD(struct applied_told, template),
	TOLD(struct applied_told, template_id),
	TOLD(struct applied_told, version),
	TOLD(struct applied_told, operation),
	FIELD_END,
};
static const struct schema applied_told =
    SCHEMA("TemplateAppliedTold", struct applied_told, applied_fields);

static bool
entry_of(const struct applying *x, enum audit_action action, const char *name, uint64_t version,
    struct audit_entry *out, struct err *e)
{
	const struct applied_told told = { name, x->template->name, x->template->id, version,
		x->operation };

	*out = (struct audit_entry) { .action = action };
	out->details = audit_details(x->a->by.mem, &applied_told, &told, e);
	return out->details != NULL;
}

/* What is written behind the config, in its transaction. */
struct binding_change {
	const struct applying   *x;
	struct ctemplate_binding b;
	struct uuid              was;    /* nil: there was none */
	struct drift_config      config; /* as it is by then */
	bool                     gone;
};

static bool
bind_body(struct db *db, void *arg, struct err *e)
{
	struct binding_change   *c = arg;
	struct source_credential shown;
	bool                     there, done = true;

	if (c->gone)
		return ctemplate_unbind(db, &c->b.template_id, e);
	if (!uuid_is_nil(&c->config.id))
		c->b.config_id = c->config.id;
	if (!credential_by_config(db, c->x->a->by.mem, &c->b.config_id, &shown, &there, e))
		return false;
	if (c->x->order->credential.tree != NULL && there && c->b.credential.n == 0)
		c->b.credential = shown.digest;
	if (uuid_is_nil(&c->was))
		return ctemplate_bind(db, &c->b, e);
	if (!ctemplate_bind_set(db, &c->b, &c->was, &done, e))
		return false;
	return done || err_set(e, ERR_CONFLICT, 0, "Another operation was there at the same time.",
			   "the binding was outrun");
}

static struct ctemplate_binding
binding_of(const struct applying *x, const char *said, const char *applied)
{
	return (struct ctemplate_binding) {
		.template_id = x->template->id,
		.owner = x->owner,
		.name = x->template->name,
		.version = x->order->version,
		.said = said,
		.applied = applied,
		.back = TEMPLATE_BACK_NONE,
		.operation = x->operation,
		.applied_by = x->a->name,
		.at = acting_now(x->a),
	};
}

/* ---- bodies ---- */

/* With what the source shows, where there is something to be given. */
static bool
with_credential(
    const struct applying *x, const struct json *source, struct json *out, struct err *e)
{
	TALLOC_CTX *mem = x->a->by.mem;

	*out = (struct json) { .type = JSON_OBJECT };
	out->items = talloc_array(mem, struct json, source->n + 1);
	out->names = talloc_array(mem, struct str, source->n + 1);
	if (out->items == NULL || out->names == NULL)
		return err_memory(e);
	for (; out->n < source->n; out->n++) {
		out->items[out->n] = source->items[out->n];
		out->names[out->n] = source->names[out->n];
	}
	out->names[out->n] = STR("credential");
	out->items[out->n++] = *x->order->credential.tree;
	return true;
}

/* A config's members as they are to be; what it has and these have not becomes null. */
static bool
body_of(const struct applying *x, const struct json *whole, const struct json *own, bool credential,
    struct json *out, struct err *e)
{
	size_t most = (size_t)whole->n + (own == NULL ? 0 : own->n) + 1;

	*out = (struct json) { .type = JSON_OBJECT };
	out->items = talloc_zero_array(x->a->by.mem, struct json, (unsigned)most);
	out->names = talloc_array(x->a->by.mem, struct str, (unsigned)most);
	if (out->items == NULL || out->names == NULL)
		return err_memory(e);
	for (uint32_t i = 0; i < whole->n; i++, out->n++) {
		out->names[out->n] = whole->names[i];
		out->items[out->n] = whole->items[i];
		if (credential && str_eqz(whole->names[i], "source") &&
		    !with_credential(x, &whole->items[i], &out->items[out->n], e))
			return false;
	}
	for (uint32_t i = 0; own != NULL && i < own->n; i++) {
		bool stays = false;

		for (uint32_t j = 0; j < whole->n; j++)
			stays = stays || str_eq(whole->names[j], own->names[i]);
		if (!stays)
			out->names[out->n++] = own->names[i]; /* null */
	}
	return true;
}

/* ---- making ---- */

static bool
make(struct applying *x, const struct json *now, struct err *e)
{
	struct binding_change c = { .x = x };
	struct config_also    also = {
		   .body = bind_body, .arg = &c, .config = &c.config, .dry = x->kind == ROLLOUT_PREVIEW
	};
	struct json        body;
	struct spec_body   decoded;
	struct config_row  row;
	struct config_wish wish = { &decoded, &body, &also };
	const char        *text = print(x, now, e);

	if (text == NULL || !need(x, ACTION_CREATE, "create:drift", e) ||
	    !body_of(x, now, NULL, x->order->credential.tree != NULL, &body, e) ||
	    !schema_decode_new(x->a->by.mem, &drift_config_create_schema, &body, &decoded, e))
		return false;
	c.b = binding_of(x, text, text);
	c.b.back = TEMPLATE_BACK_MADE;
	if (!entry_of(x, AUDIT_TEMPLATE_APPLIED, decoded.name, x->order->version, &also.entry, e) ||
	    !config_make(x->a, &wish, &row, e))
		return false;
	x->binding = c.b;
	x->bound = !also.dry;
	x->outcome = "made";
	return true;
}

/* ---- changing ---- */

/* The config as it is, and what is to become of it. */
struct meeting {
	struct config_row row;
	struct three_way  three;
	struct json       own;
	bool              same; /* nothing of it changes */
};

static bool
meet(struct applying *x, const char *was, const struct json *now, struct meeting *m, struct err *e)
{
	TALLOC_CTX *mem = x->a->by.mem;

	m->three.was = json_parse(mem, str_of(was), e);
	if (m->three.was == NULL || !whole_config(mem, &m->row.config, &m->own, e))
		return false;
	m->three.own = &m->own;
	m->three.now = now;
	if (!three_way(mem, &m->three, e))
		return false;
	x->met = true;
	x->changes = m->three.changes;
	x->changes_n = m->three.n;
	m->same = m->three.followed == 0;
	return true;
}

/* What the source shows now is what was given, or nothing: it is not the tenant's own. */
static bool
credential_ours(const struct applying *x, bool *ours, struct err *e)
{
	struct source_credential shown;
	bool                     there;

	*ours = true;
	if (!credential_by_config(
		x->a->by.t->db, x->a->by.mem, &x->binding.config_id, &shown, &there, e))
		return false;
	if (there)
		*ours = shown.digest.n == x->binding.credential.n &&
			memcmp(shown.digest.p, x->binding.credential.p, shown.digest.n) == 0;
	return true;
}

/* Nothing of the config changes: only what is known of the template there. */
static bool
bind_alone(struct applying *x, struct binding_change *c, struct audit_entry *entry, struct err *e)
{
	entry->target_id = x->binding.config_id;
	return x->kind == ROLLOUT_PREVIEW || audit_deed(&x->a->by, bind_body, c, entry, e);
}

static bool
holds_version(const void *arg, uint64_t revision, struct err *e)
{
	const struct config_row *row = arg;

	return revision == row->config.version ||
	       err_set(e, ERR_CONFLICT, 0, "The config was changed at the same time.",
		   "another version than was looked at");
}

static bool
alter(struct applying *x, struct meeting *m, struct binding_change *c, bool credential,
    struct audit_entry *entry, struct err *e)
{
	struct acting      held = *x->a;
	struct config_also also = {
		.body = bind_body, .arg = c, .entry = *entry, .dry = x->kind == ROLLOUT_PREVIEW
	};
	struct json          body;
	struct spec_body     decoded;
	struct config_row    out;
	struct config_wish   wish = { &decoded, &body, &also };
	const struct schema *s = &drift_config_update_schema;

	held.holds = holds_version;
	held.holds_arg = &m->row;
	return body_of(x, &m->three.merged, &m->own, credential, &body, e) &&
	       schema_decode(x->a->by.mem, s, &body, &decoded, e) &&
	       config_alter(&held, &m->row.config.id, &wish, &out, e);
}

/* It has been brought there already: the way back stays the one of that time. */
static bool
is_so(const struct applying *x, const struct ctemplate_binding *b)
{
	return x->kind == ROLLOUT_APPLY && b->version == x->binding.version &&
	       strcmp(b->said, x->binding.said) == 0;
}

/* The tenant's config goes to what `now` says, as far as it is as `was` had it. */
static bool
go(struct applying *x, struct meeting *m, struct binding_change *c, bool credential,
    enum audit_action action, struct err *e)
{
	struct audit_entry entry;

	c->x = x;
	c->was = x->binding.operation;
	c->b.config_id = x->binding.config_id;
	c->b.applied = print(x, &m->three.merged, e);
	if (c->b.applied == NULL ||
	    !entry_of(x, action, m->row.config.name, c->b.version, &entry, e))
		return false;
	if (m->same && !credential) {
		x->outcome = m->three.n > 0 ? "kept" : "unchanged";
		return is_so(x, &c->b) || bind_alone(x, c, &entry, e);
	}
	x->outcome = "changed";
	return alter(x, m, c, credential, &entry, e);
}

static bool
config_left(struct applying *x, struct meeting *m, bool *there, struct err *e)
{
	*there = config_see(x->a, &x->binding.config_id, &m->row, e);
	if (*there || !err_take(e, ERR_MISSING))
		return *there;
	x->outcome = "kept";
	x->detail = "The tenant has dropped the config: it stays dropped.";
	return true;
}

/*
 * What is shown goes where the template says, and nowhere else: a source in which the tenant says
 * anything otherwise (where it leads, what is asked there) is given none.
 */
static bool
credential_goes(struct applying *x, const struct meeting *m, bool *goes, struct err *e)
{
	bool ours, as_said;

	*goes = false;
	if (x->order->credential.tree == NULL)
		return true;
	if (!credential_ours(x, &ours, e) ||
	    !json_same(x->a->by.mem, json_get(&m->three.merged, "source"),
		json_get(m->three.now, "source"), &as_said, e))
		return false;
	if (!ours)
		x->detail = "The tenant has given the source a credential of its own: that stays.";
	else if (!as_said)
		x->detail = "The tenant asks elsewhere than the template says: the credential was "
			    "not given.";
	*goes = ours && as_said;
	return true;
}

static bool
change(struct applying *x, const struct json *now, struct err *e)
{
	struct meeting        m = { 0 };
	struct binding_change c = { 0 };
	const char           *said = print(x, now, e);
	bool                  there, credential;

	if (said == NULL || !need(x, ACTION_UPDATE, "update:drift", e) ||
	    !config_left(x, &m, &there, e))
		return false;
	if (!there)
		return true;
	if (!meet(x, x->binding.said, now, &m, e) || !credential_goes(x, &m, &credential, e))
		return false;
	c.b = binding_of(x, said, NULL);
	c.b.was_version = x->binding.version;
	c.b.was_said = x->binding.said;
	c.b.was = print(x, &m.own, e);
	c.b.back = TEMPLATE_BACK_CHANGED;
	if (!credential)
		c.b.credential = x->binding.credential;
	return c.b.was != NULL && go(x, &m, &c, credential, AUDIT_TEMPLATE_APPLIED, e);
}

/* ---- finding it ---- */

static bool
look(struct applying *x, struct err *e)
{
	x->bound =
	    ctemplate_binding_of(x->a->by.t->db, x->a->by.mem, &x->template->id, &x->binding, e);
	return x->bound || err_take(e, ERR_MISSING);
}

/* It was done by this operation, before whoever carried it was killed. */
static bool
is_done(struct applying *x)
{
	if (!x->bound || !uuid_eq(&x->binding.operation, &x->operation))
		return false;
	x->outcome = strcmp(x->binding.back, TEMPLATE_BACK_MADE) == 0 ? "made" : "changed";
	return true;
}

static bool
is_late(struct applying *x)
{
	if (!x->bound || x->kind == ROLLOUT_PREVIEW ||
	    memcmp(x->binding.operation.b, x->operation.b, sizeof(x->operation.b)) < 0)
		return false;
	x->outcome = "unchanged";
	x->detail = "An operation that was asked for later has been there.";
	return true;
}

static bool
apply_once(struct applying *x, struct err *e)
{
	struct json *now = talloc_zero(x->a->by.mem, struct json);

	if (now == NULL)
		return err_memory(e);
	if (!look(x, e))
		return false;
	if (is_done(x) || is_late(x))
		return true;
	if (!says_render(x->a->by.mem, x->says, x->variables, x->a->work, now, e))
		return false;
	return x->bound ? change(x, now, e) : make(x, now, e);
}

/* Who meets another one there looks again. */
static bool
again(struct applying *x, bool (*once)(struct applying *, struct err *), struct err *e)
{
	for (int i = 1; !once(x, e); i++) {
		if (i == TRIES || !err_take(e, ERR_CONFLICT))
			return false;
		x->detail = NULL;
	}
	return true;
}

bool
template_apply(struct applying *x, struct err *e)
{
	return again(x, apply_once, e);
}

/* ---- the way back ---- */

static bool
unmake(struct applying *x, struct meeting *m, struct err *e)
{
	struct binding_change c = { .x = x, .gone = true };
	struct config_also    also = { .body = bind_body, .arg = &c };

	c.b.template_id = x->template->id;
	if (!need(x, ACTION_DELETE, "delete:drift", e))
		return false;
	if (m->three.n > 0) {
		x->outcome = "kept";
		x->detail = "The tenant has changed the config since: it stays.";
		return true;
	}
	x->outcome = "removed";
	return entry_of(x, AUDIT_TEMPLATE_UNDONE, m->row.config.name, 0, &also.entry, e) &&
	       config_erase_also(x->a, &m->row.config.id, m->row.config.version, &also, e);
}

static bool
unchange(struct applying *x, struct meeting *m, struct err *e)
{
	struct binding_change c = { 0 };

	if (!need(x, ACTION_UPDATE, "update:drift", e))
		return false;
	c.b = binding_of(x, x->binding.was_said, NULL);
	c.b.version = x->binding.was_version;
	c.b.credential = x->binding.credential;
	return go(x, m, &c, false, AUDIT_TEMPLATE_UNDONE, e);
}

/* The tenant has dropped the config: the template lets go of it, and may be made there again. */
static bool
let_go(struct applying *x, struct err *e)
{
	struct binding_change c = { .x = x, .gone = true };
	struct audit_entry    entry;

	c.b.template_id = x->template->id;
	x->outcome = "removed";
	x->detail = "The tenant has dropped the config: nothing of the template is there any more.";
	if (!need(x, ACTION_UPDATE, "update:drift", e) ||
	    !entry_of(x, AUDIT_TEMPLATE_UNDONE, x->binding.name, 0, &entry, e))
		return false;
	entry.target_id = x->binding.config_id;
	return audit_deed(&x->a->by, bind_body, &c, &entry, e);
}

/* What the template said before and then: of what stands there otherwise nothing is told. */
static bool
read_said(struct applying *x, bool made, struct err *e)
{
	TALLOC_CTX *mem = x->a->by.mem;

	x->said_was = json_parse(mem, str_of(x->binding.said), e);
	if (x->said_was == NULL)
		return false;
	x->said_now = made ? x->said_was : json_parse(mem, str_of(x->binding.was_said), e);
	return x->said_now != NULL;
}

static bool
undo_once(struct applying *x, struct err *e)
{
	struct meeting     m = { 0 };
	const struct json *back;
	bool               there, made;

	if (!look(x, e))
		return false;
	if (!x->bound) {
		x->outcome = "removed";
		x->detail = "Nothing of the template is there any more.";
		return true;
	}
	if (is_done(x) || is_late(x))
		return true;
	if (!config_left(x, &m, &there, e))
		return false;
	if (!there)
		return let_go(x, e);
	made = strcmp(x->binding.back, TEMPLATE_BACK_MADE) == 0;
	if (!made && strcmp(x->binding.back, TEMPLATE_BACK_CHANGED) != 0)
		return err_set(e, ERR_IN_USE, 0,
		    "There is no step back from here: apply an earlier version of the template.",
		    "undone already");
	back = json_parse(x->a->by.mem, str_of(made ? x->binding.applied : x->binding.was), e);
	if (back == NULL || !read_said(x, made, e) || !meet(x, x->binding.applied, back, &m, e))
		return false;
	return made ? unmake(x, &m, e) : unchange(x, &m, e);
}

bool
template_undo(struct applying *x, struct err *e)
{
	return again(x, undo_once, e);
}
