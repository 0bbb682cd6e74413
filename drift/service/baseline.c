#include "drift/service/baseline.h"

#include <stdio.h>

#include "core/auth/audit_details.h"
#include "drift/run/review.h"
#include "drift/service/finding.h"
#include "drift/service/look.h"
#include "drift/service/second.h"
#include "drift/snapshot/collections.h"

/* A config with its spec: what all of it begins with. */
struct baseline_of {
	const struct acting     *a;
	struct drift_config      config;
	const struct drift_spec *spec;
};

static bool
baseline_load(
    const struct acting *a, const struct uuid *config, struct baseline_of *b, struct err *e)
{
	*b = (struct baseline_of) { .a = a };
	if (!config_by_id(a->by.t, a->by.mem, config, &b->config, e))
		return false;
	b->spec = acting_spec(a, &b->config, e);
	return b->spec != NULL;
}

/* ---- showing ---- */

static const char *
mode_of(const struct drift_spec *spec, const struct config_state *state)
{
	if (state->golden)
		return "golden";
	return spec->mode == BASELINE_PREVIOUS ? "previous" : "pinned";
}

static bool
see_bound(
    const struct baseline_of *b, const struct snapshot *s, struct baseline_seen *out, struct err *e)
{
	const struct acting   *a = b->a;
	struct baseline_bound *bound = talloc_zero(a->by.mem, struct baseline_bound);

	if (bound == NULL)
		return err_memory(e);
	if (!golden_binding_of(a->by.t->db, a->by.mem, &b->config.id, &bound->binding, e) ||
	    !golden_find(
		a->by.t, a->by.mem, &bound->binding.golden_id, &bound->golden, &bound->foreign, e))
		return err_note(e, "showing what a config is bound to");
	bound->other_categories = s->rendered;
	out->bound = bound;
	return golden_terms_of(a->by.t, a->by.mem, &bound->binding, &bound->terms, e);
}

static bool
see_waiting(
    const struct acting *a, const struct uuid *config, struct acceptance *out, struct err *e)
{
	if (acceptance_of_config(a->by.t->db, a->by.mem, config, out, e))
		return true;
	*out = (struct acceptance) { 0 };
	return err_take(e, ERR_MISSING);
}

static bool
see(const struct baseline_of *b, struct baseline_seen *out, struct err *e)
{
	const struct acting *a = b->a;
	const struct uuid   *id = &b->config.id;
	const struct blob    subject = { id->b, sizeof(id->b) };
	struct config_state  state;
	struct snapshot      s;

	if (!config_state_by_id(a->by.t->db, a->by.mem, id, &state, e))
		return false;
	*out = (struct baseline_seen) {
		.mode = mode_of(b->spec, &state),
		.approved = state.baseline_approved,
		.snapshot_id = state.baseline_snapshot,
	};
	if (b->spec->mode == BASELINE_PREVIOUS && !uuid_is_nil(&state.baseline_snapshot))
		out->snapshot_id = state.snapshot_id;
	if (!see_waiting(a, id, &out->waits, e) ||
	    !history_see(a, id, subject, &out->events, &out->events_n, e) ||
	    (!state.golden && !look_see(a, id, &out->look, e)))
		return false;
	if (uuid_is_nil(&out->snapshot_id))
		return true;
	if (!snapshot_by_id(a->by.t, a->by.mem, &out->snapshot_id, &s, e))
		return false;
	out->collected_at = s.collected_at;
	return !state.golden || see_bound(b, &s, out, e);
}

bool
baseline_see(
    const struct acting *a, const struct uuid *config, struct baseline_seen *out, struct err *e)
{
	struct baseline_of b;

	return baseline_load(a, config, &b, e) && see(&b, out, e);
}

/* ---- a snapshot ---- */

bool
snapshot_complete(TALLOC_CTX *mem, const struct snapshot *s, bool *complete, struct err *e)
{
	struct json *tree = json_parse(mem, str_of(s->collections), e);

	if (tree == NULL)
		return false;
	*complete = true;
	for (uint32_t i = 0; i < tree->n; i++)
		*complete = *complete && str_eqz(tree->items[i].text, "complete");
	return true;
}

bool
snapshot_shows(TALLOC_CTX *mem, const struct snapshot *s, bool *shows, struct err *e)
{
	struct json *tree = json_parse(mem, str_of(s->collections), e);

	if (tree == NULL)
		return false;
	*shows = tree->n == 0;
	for (uint32_t i = 0; i < tree->n; i++)
		*shows = *shows || str_eqz(tree->items[i].text, "complete");
	return true;
}

struct baseline_deed {
	const struct acting *a;
	struct golden_bind   was; /* what is let go, if anything */
	struct snapshot      s;
	bool                 reviewed;
	const char          *reason;
	struct alert_scope   scope;

	const struct acceptance *asked; /* it has waited for a second person; NULL: it has not */
	struct acceptance        waits;
	struct audit_entry       entry;
	const char              *details; /* of the entry where it does not wait */
};

/* It is asked for: then nothing else is done. */
static bool
pin_waits(struct db *db, struct baseline_deed *d, const struct config_state *state, struct err *e)
{
	struct second_baseline in = { .kind = ACCEPTANCE_BASELINE,
		.reason = d->reason,
		.snapshot = &d->s,
		.reviewed = d->reviewed,
		.asked = d->asked };

	d->entry.action = AUDIT_BASELINE_SET;
	d->entry.target_id = d->s.config_id;
	d->entry.details = d->details;
	if (!second_asks(db, d->a, state, &in, e))
		return false;
	d->waits = in.waits;
	return uuid_is_nil(&d->waits.id) || second_entry(d->a, &d->waits, &d->entry, e);
}

static bool
pin_now(struct db *db, const struct baseline_deed *d, const struct config_state *state,
    const struct snapshot *s, struct err *e)
{
	const struct acting *a = d->a;
	const struct uuid   *config = &d->s.config_id;

	return config_baseline_set(db, config, &d->s.id, d->s.seq, e) &&
	       collections_pin(db, a->by.mem, s, d->reviewed, e) && review_over(&d->scope, e) &&
	       golden_unbind(db, &d->was, state, e) &&
	       golden_tell(db, a->drift->env, config, a->name, state->golden ? "golden" : "pinned",
		   "pinned",
		   d->reviewed ? "A snapshot was set, and what was read first was reviewed."
			       : "A snapshot was set.",
		   e);
}

/* A snapshot on its way holds the state row: it is compared with one baseline or the other. */
static bool
pin_body(struct db *db, void *arg, struct err *e)
{
	struct baseline_deed *d = arg;
	const struct acting  *a = d->a;
	const struct uuid    *config = &d->s.config_id;
	struct config_state   state;
	struct snapshot       s;

	/* retention may have dropped it meanwhile */
	if (!config_state_lock(db, a->by.mem, config, &state, e) ||
	    !snapshot_by_id(a->by.t, a->by.mem, &d->s.id, &s, e) || !pin_waits(db, d, &state, e))
		return false;
	return !uuid_is_nil(&d->waits.id) || pin_now(db, d, &state, &s, e);
}

static bool
own_snapshot(const struct baseline_of *b, const struct uuid *id, struct snapshot *s, struct err *e)
{
	const struct acting *a = b->a;
	bool                 shows;

	if (!snapshot_by_id(a->by.t, a->by.mem, id, s, e) ||
	    !uuid_eq(&s->config_id, &b->config.id) || s->rendered != NULL) {
		if (e->code != ERR_OK && e->code != ERR_MISSING)
			return false;
		err_clear(e);
		return err_fault(e, a->by.mem, "/snapshot_id", "no such snapshot of this config");
	}
	if (!snapshot_shows(a->by.mem, s, &shows, e))
		return false;
	return shows || err_fault(e, a->by.mem, "/snapshot_id",
			    "no collection of this snapshot was read completely: what was not read "
			    "cannot be approved");
}

/* What both ways to set it begin with. */
static struct golden_bind
bind_of(const struct baseline_of *b)
{
	const struct acting *a = b->a;

	return (struct golden_bind) {
		.d = a->drift,
		.t = a->by.t,
		.mem = a->by.mem,
		.work = a->work,
		.config = &b->config,
		.spec = b->spec,
		.actor = a->name,
		.now = acting_now(a),
	};
}

struct pin_told {
	const char *name, *reason;
};
static const struct field pin_told_fields[] = {
	TOLD(struct pin_told, name),
	TOLD_IF(struct pin_told, reason),
	FIELD_END,
};
static const struct schema pin_told = SCHEMA("PinTold", struct pin_told, pin_told_fields);

static const char *
tell_pin(const struct baseline_of *b, const char *reason, struct err *e)
{
	const struct pin_told told = { b->config.name, reason };

	return audit_details(b->a->by.mem, &pin_told, &told, e);
}

static struct baseline_deed
deed_of(const struct baseline_of *b, bool reviewed)
{
	return (struct baseline_deed) {
		.a = b->a,
		.was = bind_of(b),
		.reviewed = reviewed,
		.scope = acting_alerts(b->a, &b->config, b->spec),
	};
}

static bool
pin(const struct baseline_of *b, const struct baseline_wish *in, bool *asked, struct err *e)
{
	struct baseline_deed d = deed_of(b, in->reviewed);

	d.reason = in->reason;
	if (!own_snapshot(b, &in->snapshot_id, &d.s, e))
		return false;
	d.details = tell_pin(b, in->reason, e);
	if (d.details == NULL || !audit_deed(&b->a->by, pin_body, &d, &d.entry, e))
		return false;
	*asked = !uuid_is_nil(&d.waits.id);
	return true;
}

bool
baseline_set_asked(const struct acting *a, const struct acceptance *asked, struct err *e)
{
	struct baseline_of   b;
	struct baseline_deed d;

	if (!baseline_load(a, &asked->config_id, &b, e))
		return false;
	d = deed_of(&b, asked->reviewed);
	d.asked = asked;
	return own_snapshot(&b, &asked->snapshot_id, &d.s, e) &&
	       second_confirm(a, asked, pin_body, &d, e);
}

/* ---- a template ---- */

struct bind_told {
	const char *name;
	struct uuid golden_id;
	uint64_t    version;
};
static const struct field bind_told_fields[] = {
	TOLD(struct bind_told, name),
	TOLD(struct bind_told, golden_id),
	TOLD(struct bind_told, version),
	FIELD_END,
};
static const struct schema bind_told = SCHEMA("BindTold", struct bind_told, bind_told_fields);

static const char *
tell_binding(const struct golden_bind *b, struct err *e)
{
	const struct bind_told told = { b->config->name, b->golden.id, b->golden.version };

	return audit_details(b->mem, &bind_told, &told, e);
}

/* What was shown without values is not sent back as if they were those. */
static bool
refuse_withheld(const struct acting *a, const struct golden_choice *in, struct err *e)
{
	const struct json              *given = in->variables.tree;
	const struct golden_difference *d = in->differences.p;
	char                            at[64];

	for (uint32_t i = 0; given != NULL && given->type == JSON_OBJECT && i < given->n; i++)
		if (!view_refuse(a->by.mem, &given->items[i], "/golden/variables", e))
			return false;
	for (size_t i = 0; i < in->differences.n; i++) {
		snprintf(at, sizeof(at), "/golden/differences/%zu/value", i);
		if (!view_refuse(a->by.mem, d[i].value.tree, at, e))
			return false;
	}
	return true;
}

struct binding {
	const struct acting *a;
	struct golden_bind  *bound;
};

static bool
bind_body(struct db *db, void *arg, struct err *e)
{
	static const struct uuid none;
	const struct binding    *x = arg;

	return second_refuse(
		   db, x->a, &x->bound->config->id, &none, "binding it to a template", e) &&
	       golden_bind_body(db, x->bound, e);
}

static bool
bind(const struct baseline_of *b, const struct golden_choice *in, struct err *e)
{
	const struct acting *a = b->a;
	struct golden_bind   bound = bind_of(b);
	struct audit_entry   entry = { .action = AUDIT_BASELINE_SET, .target_id = b->config.id };

	bound.from = "pinned";
	if (!refuse_withheld(a, in, e) || !view_demand(a->view,
					      "Each value of a template that is equal "
					      "tells what is watched: to bind a config to "
					      "one needs the permission read:snapshots.",
					      e))
		return false;
	if (!golden_bind_make(&bound, in, e))
		return false;
	entry.details = tell_binding(&bound, e);
	return entry.details != NULL && second_alone(a, &entry, e) &&
	       audit_deed(&a->by, bind_body, &(struct binding) { a, &bound }, &entry, e);
}

bool
baseline_set(const struct acting *a, const struct uuid *config, const struct baseline_wish *in,
    struct baseline_seen *out, struct err *e)
{
	struct baseline_of b;
	bool               asked = false;

	if (!baseline_load(a, config, &b, e))
		return false;
	if (uuid_is_nil(&in->snapshot_id) == (in->golden == NULL))
		return err_fault(e, a->by.mem, "", "needs either snapshot_id or golden");
	if (b.spec->mode == BASELINE_PREVIOUS)
		return err_set(e, ERR_CONFLICT, 0,
		    "The baseline of this config follows the previous snapshot; it is not set.",
		    "mode previous");
	if (!(in->golden == NULL ? pin(&b, in, &asked, e) : bind(&b, in->golden, e)) ||
	    !see(&b, out, e))
		return false;
	out->asked = asked;
	return true;
}
