#include "drift/run/hushing.h"

#include <string.h>

#include "core/store/drift/collection.h"
#include "drift/alert/condition.h"
#include "drift/config/spec.h"
#include "drift/run/silencing.h"

bool
hush_read(struct db *db, TALLOC_CTX *mem, instant now, struct windows *out, struct err *e)
{
	struct trip    *trip = trip_make(mem, db);
	struct silence *rows = NULL;

	*out = (struct windows) { 0 };
	silence_ahead_ask(trip, now, &rows, &out->n);
	if (!trip_go(trip, e))
		return false;
	out->rows = rows;
	return true;
}

/* ---- what covers it ---- */

static bool
is_now(const struct silence *s, instant now)
{
	return strcmp(s->kind, SILENCE_MAINTENANCE) == 0 && s->starts_at.ms <= now.ms &&
	       s->expires_at.ms > now.ms && s->ended_at.ms == 0;
}

static bool
fits_all(const char *category, const struct blind_list *blind)
{
	struct glob g;

	if (category == NULL)
		return true;
	g = glob_make(str_of(category), false);
	for (size_t i = 0; i < blind->n; i++)
		if (!glob_match(&g, blind->of[i].category))
			return false;
	return blind->n > 0 || glob_match(&g, str_of(""));
}

static bool
covers(const struct silence_matcher *m, const struct uuid *config, const struct blind_list *blind)
{
	return (uuid_is_nil(&m->config) || uuid_eq(&m->config, config)) && m->key == NULL &&
	       m->path == NULL && m->severity == NULL && fits_all(m->category, blind);
}

/* Of those that cover it the one that ends last; NULL: none does. */
static bool
find_window(const struct alert_scope *a, const struct windows *w, const struct blind_list *blind,
    const struct silence **out, struct err *e)
{
	const instant now = { clock_ms(a->env->clock) };

	*out = NULL;
	for (size_t i = 0; i < w->n; i++) {
		const struct silence  *s = &w->rows[i];
		struct silence_matcher m;
		struct json           *tree;

		if (!is_now(s, now))
			continue;
		tree = json_parse(a->mem, str_of(s->matcher.text), e);
		if (tree == NULL || !schema_decode(a->mem, &silence_matcher_schema, tree, &m, e))
			return false;
		if (covers(&m, &a->config_id, blind) &&
		    (*out == NULL || s->expires_at.ms > (*out)->expires_at.ms))
			*out = s;
	}
	return true;
}

/* The scope with what covers the alert, which is looked at again when that is over. */
static bool
set_quiet(struct db *db, struct alert_scope *a, const struct windows *w,
    const struct blind_list *blind, struct err *e)
{
	const struct silence *s;
	char                  id[UUID_TEXT_MAX];

	a->quiet = NULL;
	if (!find_window(a, w, blind, &s, e) || s == NULL)
		return e->code == ERR_OK;
	uuid_print(&s->id, id);
	a->quiet = talloc_asprintf(a->mem, "%s:%s", s->kind, id);
	if (a->quiet == NULL)
		return err_memory(e);
	return schedule_set(db, SCHEDULE_HUSH, &a->config_id,
	    (s->expires_at.ms - clock_ms(a->env->clock) + 999) / 1000, e);
}

bool
hush_blind(struct db *db, const struct alert_scope *a, const struct windows *w,
    const struct blind_list *blind, const char *text, bool update, struct err *e)
{
	struct alert_scope s = *a;

	if (!set_quiet(db, &s, w, blind, e))
		return false;
	return update ? condition_update(&s, CONDITION_BLIND, text, 0, e)
		      : condition_open(&s, CONDITION_BLIND, text, e);
}

/* ---- the end of one ---- */

static bool
read_blind(struct db *db, const struct recheck *r, struct blind_list *out, struct err *e)
{
	struct collection_row *rows;
	size_t                 n;

	*out = (struct blind_list) { 0 };
	if (!collection_list(db, r->mem, &r->claim->ref, &rows, &n, e))
		return false;
	out->of = talloc_zero_size(r->mem, (n + 1) * sizeof(out->of[0]));
	if (out->of == NULL)
		return err_memory(e);
	for (size_t i = 0; i < n; i++)
		if (rows[i].blind_since.ms != 0)
			out->of[out->n++] =
			    (struct blind_one) { str_of(rows[i].category), rows[i].complete_at };
	return true;
}

static bool
look(struct db *db, const struct recheck *r, const struct drift_config *c, struct err *e)
{
	const struct drift_spec *spec = spec_of(r->d, r->t, c, r->work, e);
	struct alert_scope       s = { .env = r->d->env,
		      .t = r->t,
		      .mem = r->mem,
		      .config_id = c->id,
		      .config_name = c->name };
	struct windows           w;
	struct blind_list        blind;

	if (spec == NULL)
		return false;
	s.targets = spec->targets;
	s.targets_n = spec->targets_n;
	/* Its claim ends first: what is due then is set anew. */
	return schedule_done(db, r->claim, e) &&
	       hush_read(db, r->mem, (instant) { clock_ms(r->d->env->clock) }, &w, e) &&
	       read_blind(db, r, &blind, e) && set_quiet(db, &s, &w, &blind, e) &&
	       condition_quiet(&s, CONDITION_BLIND, e);
}

bool
hush_due(struct db *db, const struct recheck *r, struct err *e)
{
	struct drift_config c;
	struct config_state state;

	/* The lock first, as whoever opens or ends the alert has it. */
	if (config_state_lock(db, r->mem, &r->claim->ref, &state, e) &&
	    config_by_id(r->t, r->mem, &r->claim->ref, &c, e))
		return look(db, r, &c, e);
	return err_take(e, ERR_MISSING) && schedule_done(db, r->claim, e);
}

/* ---- by hand ---- */

#define PAGE 500

bool
hush_wake(struct db *db, TALLOC_CTX *mem, const char *by, struct err *e)
{
	struct alert_keys in = { .from = "blind:", .to = "blind;", .limit = PAGE };
	struct alert     *rows;
	size_t            n = PAGE;

	while (n == PAGE) {
		if (!alert_open_between(db, mem, &in, &rows, &n, e))
			return false;
		for (size_t i = 0; i < n; i++)
			if (rows[i].suppressed_by != NULL &&
			    strcmp(rows[i].suppressed_by, by) == 0 &&
			    !schedule_set(db, SCHEDULE_HUSH, &rows[i].config_id, 0, e))
				return false;
		/* Behind the last one. */
		if (n > 0)
			in.from = talloc_asprintf(mem, "%s0", rows[n - 1].open_key);
		if (in.from == NULL)
			return err_memory(e);
	}
	return true;
}
