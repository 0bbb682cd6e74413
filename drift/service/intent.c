#include "drift/service/intent.h"

#include <string.h>

#include "core/store/drift/schedule.h"
#include "drift/run/announced_value.h"
#include "drift/run/announcing.h"
#include "drift/run/silencing.h"
#include "drift/service/second.h"

#define AHEAD_MS (366LL * 86400 * 1000)
#define AFTER_S  60 /* behind its end, what was read until then is written */

/* ---- reading ---- */

static struct announced_place
place_of(const struct acting *a, const struct drift_spec *spec, const struct intent *i)
{
	return (struct announced_place) {
		.spec = spec->compare,
		.work = a->work,
		.category = str_of(i->category),
		.key = str_of(i->key),
		.path = str_of(i->path),
	};
}

static bool
print_value(const struct acting *a, const struct json *v, const char **out, struct err *e)
{
	struct buf b;

	buf_make(&b, a->by.mem);
	resource_print(&b, v);
	*out = buf_text(&b, e);
	return *out != NULL;
}

/* As the config masks values now, whatever it did when it was announced. */
static bool
see_value(const struct acting *a, const struct intent *i, const char **out, struct err *e)
{
	const struct drift_spec *spec;
	const struct json       *v;
	struct announced_place   at;
	struct drift_config      c;

	*out = i->value.p == NULL ? NULL : VIEW_WITHHELD_JSON;
	if (i->value.p == NULL || !a->view.values)
		return true;
	if (!config_by_id(a->by.t, a->by.mem, &i->config_id, &c, e))
		return err_take(e, ERR_MISSING);
	spec = acting_spec(a, &c, e);
	if (spec == NULL)
		return err_take(e, ERR_UNAVAILABLE); /* one of a newer program: withheld */
	at = place_of(a, spec, i);
	if (!announced_open(a->by.t, a->by.mem, i, &at, &v, e))
		return false;
	return v == NULL || print_value(a, v, out, e);
}

/* Who was to make it, and that it came so, is who made it: where that stands in our own trail, for
 * who may read that. */
static struct intent_seen
seen_of(const struct acting *a, const struct intent *i, instant now)
{
	struct intent_seen out = { .row = *i, .state = intent_state(i, now), .actor = i->actor };

	if (i->own && i->actor != NULL && !a->view.trail)
		out.actor = VIEW_WITHHELD;
	return out;
}

static bool
see(const struct acting *a, const struct intent *i, struct intent_seen *out, struct err *e)
{
	*out = seen_of(a, i, acting_now(a));
	return see_value(a, i, &out->value, e);
}

bool
intent_see(const struct acting *a, const struct uuid *id, struct intent_seen *out, struct err *e)
{
	struct intent i;

	return intent_by_id(a->by.t->db, a->by.mem, id, &i, e) && see(a, &i, out, e);
}

bool
intent_page(
    const struct acting *a, const struct intent_filter *filter, struct page *p, struct err *e)
{
	struct intent_filter f = *filter;
	struct intent_seen  *out;
	struct intent       *rows;

	f.now = acting_now(a);
	if (!intent_list(a->by.t, a->by.mem, &f, p, e))
		return false;
	rows = p->rows;
	out = talloc_zero_size(a->by.mem, (p->n + 1) * sizeof(*out));
	p->rows = out;
	if (out == NULL)
		return err_memory(e);
	for (size_t i = 0; i < p->n; i++)
		out[i] = seen_of(a, &rows[i], f.now);
	return true;
}

bool
intent_of_mark(const char *mark, const char **verdict, struct uuid *id)
{
	enum intent_verdict v;

	if (!intent_mark_read(mark, &v, id))
		return false;
	*verdict = intent_verdict_name(v);
	return true;
}

/* ---- what may be announced ---- */

static bool
has(const char *text, const char *what)
{
	return strstr(text, what) != NULL;
}

static bool
check_place(const struct acting *a, const struct intent_wish *in, const char *expect, struct err *e)
{
	struct pattern p;

	if (!pattern_compile(a->by.mem, str_of(in->path), "/path", &p, e))
		return false;
	if (strcmp(expect, INTENT_VALUE) == 0 && has(in->path, "**"))
		return err_fault(e, a->by.mem, "/path",
		    "holds **: a value is that of one place, which it names step by step");
	if (strcmp(expect, INTENT_ANY) == 0 && has(in->key, "*"))
		return err_fault(e, a->by.mem, "/key",
		    "holds *: what may become any value is announced of one object");
	return true;
}

static bool
check_actor(const struct acting *a, const struct intent_wish *in, const struct drift_spec *spec,
    struct err *e)
{
	enum announced_maker maker = announced_maker(spec);

	if (spec->source.ops->trail && !a->view.trail)
		return err_set(e, ERR_FORBIDDEN, 0,
		    "Who makes a change of our own administration stands in the audit trail: only "
		    "who has the permission read:audit announces one.",
		    "an announcement of self without read:audit");
	if (maker == MAKER_LOGGED && in->actor == NULL)
		return err_fault(e, a->by.mem, "/actor",
		    "is missing: the source of this config says who makes a change");
	if (maker == MAKER_NEVER && in->actor != NULL)
		return err_fault(e, a->by.mem, "/actor",
		    "is never known: the source of this config does not say who makes a change");
	return true;
}

static bool
check_times(const struct acting *a, const struct intent *i, struct err *e)
{
	const int64_t most_s = a->drift->env->conf->silence_maintenance_max_s;

	if (i->starts_at.ms < i->created_at.ms)
		return err_fault(e, a->by.mem, "/starts_at",
		    "is over: what has come is no more announced, but accepted");
	if (i->starts_at.ms - i->created_at.ms > AHEAD_MS)
		return err_fault(e, a->by.mem, "/starts_at", "is more than 366 days ahead");
	if (i->ends_at.ms <= i->starts_at.ms)
		return err_fault(e, a->by.mem, "/ends_at", "must lie behind starts_at");
	return i->ends_at.ms - i->starts_at.ms <= most_s * 1000 ||
	       err_fault(e, a->by.mem, "/ends_at",
		   "makes the window longer than %lld s, as long as a maintenance window may be",
		   (long long)most_s);
}

static bool
check_value(const struct acting *a, const struct intent_wish *in, const char *expect, struct err *e)
{
	const bool wanted = strcmp(expect, INTENT_VALUE) == 0;

	if (wanted && in->value == NULL)
		return err_fault(e, a->by.mem, "/value",
		    "is missing: name it, or say with expect that it may be any, or is gone");
	if (!wanted && in->value != NULL)
		return err_fault(e, a->by.mem, "/value", "is given, and expect names none");
	return view_refuse(a->by.mem, in->value, "/value", e);
}

/* The value as the config leaves it there, sealed. */
static bool
set_value(const struct acting *a, const struct intent_wish *in, const struct drift_spec *spec,
    struct intent *i, struct err *e)
{
	const struct announced_place at = place_of(a, spec, i);
	const struct json           *v;
	struct resource              r = { .category = at.category, .key = at.key };
	struct buf                   b;

	if (in->value == NULL)
		return true;
	if (!announced_normal(a->by.mem, &at, in->value, RESOURCE_SOURCE, &v, e))
		return false;
	if (v == NULL)
		return err_fault(e, a->by.mem, "/value",
		    "never comes: the config ignores what is there, or compares it in other parts");
	if (announced_masked(v))
		return err_fault(e, a->by.mem, "/value",
		    "is masked in this config, so that nobody can tell whether it came: announce "
		    "it with expect any");
	r.value = v;
	buf_make(&b, a->by.mem);
	if (!resource_canonical(&b, &r, e))
		return false;
	if (buf_ok(&b) && b.n > INTENT_VALUE_MAX)
		return err_fault(e, a->by.mem, "/value", "is longer than 16 KiB");
	if (!buf_ok(&b))
		return err_memory(e);
	return tenant_seal(a->by.t, a->by.mem,
	    (struct sealed_place) { "drift_intents", "value", &i->id }, buf_str(&b), &i->value, e);
}

/* ---- making ---- */

static bool
make_row(const struct acting *a, const struct intent_wish *in, const char *expect, struct intent *i,
    struct err *e)
{
	const instant now = acting_now(a);

	*i = (struct intent) {
		.id = acting_id(a),
		.config_id = in->config_id,
		.category = acting_copy(a, in->category),
		.key = acting_copy(a, in->key),
		.path = acting_copy(a, in->path),
		.expect = acting_copy(a, expect),
		.actor = in->actor == NULL ? NULL : acting_copy(a, in->actor),
		.ticket = in->ticket == NULL ? NULL : acting_copy(a, in->ticket),
		.reason = acting_copy(a, in->reason),
		.owner = acting_copy(a, a->name),
		.starts_at = in->starts_at.ms == 0 ? now : in->starts_at,
		.ends_at = in->ends_at,
		.created_at = now,
	};
	if (!a->by.caller->service)
		i->person_id = second_person(a);
	return (i->category != NULL && i->key != NULL && i->path != NULL && i->expect != NULL &&
		   i->reason != NULL && i->owner != NULL &&
		   (i->actor != NULL) == (in->actor != NULL) &&
		   (i->ticket != NULL) == (in->ticket != NULL)) ||
	       err_memory(e);
}

static bool
make_body(struct db *db, void *arg, struct err *e)
{
	const struct intent *i = arg;
	const int64_t        due_s = (i->ends_at.ms - i->created_at.ms) / 1000 + AFTER_S;

	return intent_add(db, i, e) && schedule_set(db, SCHEDULE_INTENT, &i->id, due_s, e);
}

static bool
spec_of_config(
    const struct acting *a, const struct uuid *id, const struct drift_spec **out, struct err *e)
{
	struct drift_config c;

	if (!config_by_id(a->by.t, a->by.mem, id, &c, e))
		return err_take(e, ERR_MISSING) &&
		       err_fault(e, a->by.mem, "/config_id", "there is no such config");
	*out = acting_spec(a, &c, e);
	return *out != NULL;
}

bool
intent_make(
    const struct acting *a, const struct intent_wish *in, struct intent_seen *out, struct err *e)
{
	const char              *expect = in->expect == NULL ? INTENT_VALUE : in->expect;
	struct audit_entry       entry = { .action = AUDIT_INTENT_CREATE };
	const struct drift_spec *spec;
	struct intent            i;

	if (strcmp(expect, INTENT_VALUE) == 0 &&
	    !view_demand(a->view,
		"What came tells whether it is the value that was announced: only who has the "
		"permission read:snapshots announces one.",
		e))
		return false;
	if (!check_value(a, in, expect, e) || !check_place(a, in, expect, e) ||
	    !make_row(a, in, expect, &i, e) || !check_times(a, &i, e) ||
	    !spec_of_config(a, &in->config_id, &spec, e) || !check_actor(a, in, spec, e) ||
	    !set_value(a, in, spec, &i, e))
		return false;
	entry.target_id = i.id;
	return acting_deed(a, make_body, &i, &entry, in->reason, e) && see(a, &i, out, e);
}

/* ---- a second person, and ending ---- */

struct intent_deed {
	const struct acting *a;
	struct intent        i;
};

/* What was held against it is looked at again. */
static bool
wake(struct db *db, const struct intent_deed *x, struct err *e)
{
	const instant now = acting_now(x->a);

	return silence_wake(db, x->a->by.mem, &x->i.config_id, now, now, e);
}

static bool
second_body(struct db *db, void *arg, struct err *e)
{
	const struct intent_deed *x = arg;
	bool                      done;

	if (!intent_confirm(db, &x->i.id, acting_now(x->a), x->a->name, &done, e))
		return false;
	if (!done)
		return err_set(e, ERR_CONFLICT, 0, "It is confirmed already, or over.",
		    "an announcement that needs no second person any more");
	return wake(db, x, e);
}

static bool
demand_other(const struct acting *a, const struct intent *i, struct err *e)
{
	if (a->by.caller->kind == CALLER_API_KEY)
		return err_set(e, ERR_FORBIDDEN, 0,
		    "A person decides about it, signed in: a key is used by whoever has it.",
		    "a key as the second person");
	if (uuid_eq(&a->by.caller->user, &i->person_id))
		return err_set(e, ERR_FORBIDDEN, 0,
		    "You have announced it: somebody else has to confirm it.",
		    "the first person as the second");
	return !uuid_is_nil(&i->person_id) ||
	       err_set(e, ERR_CONFLICT, 0,
		   "It was announced with a service key, behind which there is no person: "
		   "somebody announces it anew, in a session or with a key of their own.",
		   "no first person");
}

bool
intent_second(const struct acting *a, const struct uuid *id, struct intent_seen *out, struct err *e)
{
	struct intent_deed x = { .a = a };
	struct audit_entry entry = { .action = AUDIT_INTENT_CONFIRM, .target_id = *id };

	return intent_by_id(a->by.t->db, a->by.mem, id, &x.i, e) && demand_other(a, &x.i, e) &&
	       acting_deed(a, second_body, &x, &entry, x.i.reason, e) && intent_see(a, id, out, e);
}

static bool
withdraw_body(struct db *db, void *arg, struct err *e)
{
	const struct intent_deed *x = arg;
	bool                      done;

	if (!intent_end(db, &x->i.id, acting_now(x->a), x->a->name, &done, e))
		return false;
	if (!done)
		return err_set(e, ERR_MISSING, 0, "It is over, or something has come as announced.",
		    "an announcement is over");
	return schedule_set(db, SCHEDULE_INTENT, &x->i.id, -1, e) && wake(db, x, e);
}

bool
intent_withdraw(const struct acting *a, const struct uuid *id, struct err *e)
{
	struct intent_deed x = { .a = a };
	struct audit_entry entry = { .action = AUDIT_INTENT_WITHDRAW, .target_id = *id };

	return intent_by_id(a->by.t->db, a->by.mem, id, &x.i, e) &&
	       acting_deed(a, withdraw_body, &x, &entry, x.i.reason, e);
}
