/* running.h: what others do about the runs of a config. */
#include <string.h>

#include "core/base/env.h"
#include "drift/attribution/attribution.h"
#include "drift/run/running_priv.h"

static bool
is(const struct run *r, enum run_state_word state, enum run_kind kind)
{
	return strcmp(r->state, run_states[state]) == 0 && strcmp(r->kind, run_kinds[kind]) == 0;
}

static struct run
run_of(const struct env *env, const struct uuid *config, enum run_kind kind, instant now)
{
	return (struct run) {
		.id = uuid_make(env->clock, env->rand),
		.config_id = *config,
		.kind = run_kinds[kind],
		.slot = now,
		.due_at = now,
		.state = run_states[RUN_QUEUED],
	};
}

/* From now on; what was due before is nobody's business. */
static void
begin_schedule(struct run_state *s, const struct schedule_plan *plan, instant now)
{
	s->last_slot = slot_last(plan, &s->config_id, now);
	s->next_at = slot_due(plan, &s->config_id, slot_next(plan, &s->config_id, now));
	s->failures = 0;
	s->held = false;
}

bool
running_join(struct db *db, const struct env *env, const struct uuid *config,
    const struct schedule_plan *plan, struct err *e)
{
	const instant    now = { clock_ms(env->clock) };
	struct run_state s = { .config_id = *config };
	struct run       first = run_of(env, config, RUN_SCHEDULED, now);

	begin_schedule(&s, plan, now);
	if (!run_state_add(db, &s, e))
		return false;
	if (!plan->enabled)
		return run_index_set(db, config, (instant) { 0 }, e);
	return run_add(db, &first, e) && run_index_hasten(db, config, e);
}

static bool
cancel(struct db *db, struct run *run, instant now, struct err *e)
{
	run->state = run_states[RUN_CANCELLED];
	run->finished_at = now;
	return run_set(db, run, e);
}

/* What came to nothing, or was put off, may be well now. */
static bool
hasten(struct db *db, struct run *run, instant now, struct err *e)
{
	if (strcmp(run->state, run_states[RUN_QUEUED]) != 0 || run->due_at.ms <= now.ms ||
	    (run->attempts == 0 && run->remedy == NULL))
		return true;
	run->due_at = now;
	run->reason = run->remedy = NULL;
	return run_set(db, run, e);
}

/* What waits of the schedule goes with it; *first: the instant at which the first of what waits is
 * due. */
static bool
settle_queue(struct db *db, const struct schedule_plan *plan, struct run *live, size_t n,
    const struct run_state *s, instant *first, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		if (is(&live[i], RUN_QUEUED, RUN_SCHEDULED) && !plan->enabled) {
			if (!cancel(db, &live[i], s->now, e))
				return false;
			continue;
		}
		if (!hasten(db, &live[i], s->now, e))
			return false;
		if (strcmp(live[i].state, run_states[RUN_QUEUED]) == 0 &&
		    (first->ms == 0 || live[i].due_at.ms < first->ms))
			*first = live[i].due_at;
	}
	return true;
}

bool
running_move(struct db *db, const struct env *env, const struct uuid *config,
    const struct schedule_plan *plan, struct err *e)
{
	TALLOC_CTX      *tmp = talloc_new(db);
	struct run_state s;
	struct run      *live, anew;
	size_t           n;
	instant          first = { 0 };
	bool             idle, ok;

	ok = tmp != NULL || err_memory(e);
	ok =
	    ok && run_state_lock(db, tmp, config, &s, e) && run_live(db, tmp, config, &live, &n, e);
	if (!ok) {
		talloc_free(tmp);
		return ok;
	}
	idle = s.failures > 0 || uuid_is_nil(&s.last_run);
	begin_schedule(&s, plan, s.now);
	anew = run_of(env, config, RUN_SCHEDULED, s.now);
	ok = run_state_move(db, &s, e) && settle_queue(db, plan, live, n, &s, &first, e);
	if (ok && plan->enabled && idle && first.ms == 0)
		ok = run_add(db, &anew, e) && run_index_hasten(db, config, e);
	else if (ok)
		ok = run_index_set(db, config, first.ms != 0 ? first : s.next_at, e);
	talloc_free(tmp);
	return ok;
}

bool
running_leave(struct db *db, const struct uuid *config, struct err *e)
{
	return run_drop_all(db, config, e) && run_index_drop(db, config, e);
}

/* NULL: none waits that comes to the same. */
static struct run *
waiting(struct run *live, size_t n, enum run_kind kind)
{
	const bool counts = kind == RUN_MANUAL || kind == RUN_NOTIFY || kind == RUN_SCHEDULED;

	for (size_t i = 0; i < n; i++)
		if (is(&live[i], RUN_QUEUED, kind) ||
		    (counts && strcmp(live[i].state, run_states[RUN_QUEUED]) == 0 &&
			running_counts(&live[i])))
			return &live[i];
	return NULL;
}

bool
running_ask(struct db *db, const struct env *env, const struct uuid *config, enum run_kind kind,
    const char *by, struct run *run, struct err *e)
{
	struct run_state s;
	struct run      *live, *there;
	size_t           n;

	if (!run_state_lock(db, db, config, &s, e) || !run_live(db, db, config, &live, &n, e))
		return false;
	there = waiting(live, n, kind);
	*run = there != NULL ? *there : run_of(env, config, kind, s.now);
	run->due_at = s.now;
	run->categories.text = NULL; /* all of them */
	if (there == NULL)
		run->asked_by = by;
	return (there != NULL ? run_set(db, run, e) : run_add(db, run, e)) &&
	       run_index_hasten(db, config, e);
}

/* ---- what a source tells of ---- */

/* A JSON array of texts and `more`, each once. */
static char *
join(TALLOC_CTX *mem, const struct json *list, const struct strings *more, struct err *e)
{
	struct strings all = { .items = talloc_array(
				   mem, const char *, (unsigned)(list->n + more->n) + 1) };
	struct buf     b;

	if (all.items == NULL) {
		err_memory(e);
		return NULL;
	}
	for (uint32_t i = 0; i < list->n; i++) {
		all.items[all.n] = str_dup(mem, list->items[i].text);
		if (all.items[all.n++] == NULL) {
			err_memory(e);
			return NULL;
		}
	}
	for (size_t i = 0; i < more->n; i++)
		if (!strings_have(all, more->items[i]))
			all.items[all.n++] = more->items[i];
	buf_make(&b, mem);
	buf_puts(&b, "[");
	for (size_t i = 0; i < all.n; i++) {
		buf_puts(&b, i == 0 ? "" : ",");
		buf_json(&b, str_of(all.items[i]));
	}
	buf_puts(&b, "]");
	return buf_text(&b, e);
}

static bool
widen(TALLOC_CTX *mem, struct run *to, const struct strings *more, struct err *e)
{
	const struct json *list;

	if (!running_is_partial(to))
		return true;
	list = json_parse(mem, str_of(to->categories.text), e);
	if (list == NULL)
		return false;
	to->categories.text = join(mem, list, more, e);
	return to->categories.text != NULL;
}

bool
running_widen(TALLOC_CTX *mem, struct run *to, const struct run *more, struct err *e)
{
	struct strings categories;

	if (running_is_partial(more))
		return running_categories(mem, more, &categories, e) &&
		       widen(mem, to, &categories, e);
	to->categories.text = NULL;
	return true;
}

bool
running_categories(TALLOC_CTX *mem, const struct run *r, struct strings *out, struct err *e)
{
	const struct json *list;

	*out = (struct strings) { 0 };
	if (!running_is_partial(r))
		return true;
	list = json_parse(mem, str_of(r->categories.text), e);
	if (list == NULL)
		return false;
	out->items = talloc_array(mem, const char *, list->n + 1);
	if (out->items == NULL)
		return err_memory(e);
	for (uint32_t i = 0; i < list->n; i++) {
		out->items[out->n] = str_dup(mem, list->items[i].text);
		if (out->items[out->n++] == NULL)
			return err_memory(e);
	}
	return true;
}

/* The first instant at which something of it is due. */
static instant
first_due(const struct run *live, size_t n, instant at)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(live[i].state, run_states[RUN_QUEUED]) == 0 && live[i].due_at.ms < at.ms)
			at = live[i].due_at;
	return at;
}

struct touching {
	const struct env       *env;
	const struct uuid      *config;
	const struct run_touch *t;
};

/* Who it tells of comes before who was told of. */
static bool
tell(TALLOC_CTX *mem, struct run *to, const struct attribution *who, struct err *e)
{
	struct attribution all = *who, before;

	attribution_read(mem, to->activity.text, &before);
	all.actors = talloc_zero_array(mem, struct attribution_actor_row, ATTRIBUTION_ACTORS_MAX);
	if (all.actors == NULL)
		return err_memory(e);
	all.more = who->more + before.more;
	all.n = 0;
	for (size_t i = 0; i < who->n; i++)
		attribution_add(&all, &who->actors[i]);
	for (size_t i = 0; i < before.n; i++)
		attribution_add(&all, &before.actors[i]);
	return attribution_print(mem, &all, &to->activity.text, e);
}

static bool
touch(struct db *db, TALLOC_CTX *mem, const struct touching *x, struct err *e)
{
	static const struct json none = { .type = JSON_ARRAY };
	struct run_state         s;
	struct run              *live, *there, anew;
	size_t                   n;

	if (!run_state_lock(db, mem, x->config, &s, e) ||
	    !run_live(db, mem, x->config, &live, &n, e))
		return false;
	there = waiting(live, n, RUN_NOTIFY);
	if (there != NULL)
		return widen(mem, there, x->t->categories, e) && tell(mem, there, x->t->who, e) &&
		       run_set(db, there, e);
	anew = run_of(x->env, x->config, RUN_NOTIFY, s.now);
	anew.due_at.ms = s.now.ms + x->t->in_ms;
	anew.categories.text = join(mem, &none, x->t->categories, e);
	return anew.categories.text != NULL && tell(mem, &anew, x->t->who, e) &&
	       run_add(db, &anew, e) &&
	       run_index_set(db, x->config, first_due(live, n, anew.due_at), e);
}

static bool
watch(struct db *db, TALLOC_CTX *mem, const struct touching *x, struct err *e)
{
	struct run_state s;
	struct run      *live, anew;
	size_t           n;

	if (!run_state_lock(db, mem, x->config, &s, e) ||
	    !run_live(db, mem, x->config, &live, &n, e))
		return false;
	for (size_t i = 0; i < n; i++)
		if (strcmp(live[i].kind, run_kinds[RUN_WATCH]) == 0)
			return true;
	anew = run_of(x->env, x->config, RUN_WATCH, s.now);
	return run_add(db, &anew, e) && run_index_hasten(db, x->config, e);
}

/* A connection that is asked each minute lives for ever: nothing stays with it. */
static bool
briefly(struct db *db,
    bool (*body)(struct db *, TALLOC_CTX *, const struct touching *, struct err *),
    const struct touching *x, struct err *e)
{
	TALLOC_CTX *tmp = talloc_new(db);
	bool        ok = tmp != NULL ? body(db, tmp, x, e) : err_memory(e);

	talloc_free(tmp);
	return ok;
}

bool
running_touch(struct db *db, const struct env *env, const struct uuid *config,
    const struct run_touch *t, struct err *e)
{
	return briefly(db, touch, &(struct touching) { env, config, t }, e);
}

bool
running_watch(struct db *db, const struct env *env, const struct uuid *config, struct err *e)
{
	return briefly(db, watch, &(struct touching) { env, config, NULL }, e);
}

bool
running_cancel(struct db *db, TALLOC_CTX *mem, const struct run *run,
    const struct schedule_plan *plan, struct err *e)
{
	struct run_state s;
	struct run       now, *live;
	size_t           n, others = 0;

	if (!run_state_lock(db, mem, &run->config_id, &s, e) ||
	    !run_by_id(db, mem, &run->id, &now, e) ||
	    !run_live(db, mem, &run->config_id, &live, &n, e))
		return false;
	if (strcmp(now.state, run_states[RUN_RUNNING]) == 0)
		return cancel(db, &now, s.now, e); /* its collector gives the claim back */
	if (strcmp(now.state, run_states[RUN_QUEUED]) != 0)
		return err_set(
		    e, ERR_CONFLICT, 0, "The run is over.", "a run that is %s", now.state);
	for (size_t i = 0; i < n; i++)
		others += strcmp(live[i].state, run_states[RUN_QUEUED]) == 0;
	if (!cancel(db, &now, s.now, e))
		return false;
	s.next_at = slot_due(plan, &run->config_id, slot_next(plan, &run->config_id, s.now));
	return others > 1 ||
	       (run_state_move(db, &s, e) && run_index_set(db, &run->config_id, s.next_at, e));
}
