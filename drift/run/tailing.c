#include "drift/run/tailing.h"

#include <string.h>

#include "core/base/hash.h"
#include "core/store/tx.h"
#include "drift/attribution/attribution.h"
#include "drift/source/rest.h"

#define FAILURES_MAX 6 /* more of them are waited for no longer */

/* ---- the clock ---- */

static bool
is_tailed(const struct env *env, const struct drift_spec *spec)
{
	return env->conf->source_watch_s > 0 && spec->schedule.enabled &&
	       rest_watch(&spec->source) != NULL;
}

bool
tailing_begin(struct db *db, const struct ingest *in, struct err *e)
{
	const struct env *env = in->d->env;

	if (!running_counts(&in->run->run) || !is_tailed(env, in->spec))
		return true;
	return run_tail_begin(db, &in->config->id, in->run->state.now, e) &&
	       schedule_by(db, SCHEDULE_WATCH, &in->config->id, env->conf->source_watch_s, e);
}

/* Twice as long each time that it could not be read. */
static int64_t
next_s(const struct env *env, const struct run_tail *t)
{
	const int64_t n = t->failures < FAILURES_MAX ? t->failures : FAILURES_MAX;
	const int64_t s = env->conf->source_watch_s << n;

	return s < TAILING_MOST_S ? s : TAILING_MOST_S;
}

/* What is to be read: the row of the config's runs has it. */
static bool
find(struct db *db, const struct recheck *r, struct run_tail *t, bool *there, struct err *e)
{
	const struct drift_spec *spec;
	struct drift_config      c;

	*there = false;
	if (!run_tail_by_id(db, r->mem, &r->claim->ref, t, e) ||
	    !config_by_id(r->t, r->mem, &r->claim->ref, &c, e))
		return err_take(e, ERR_MISSING);
	spec = spec_of(r->d, r->t, &c, r->work, e);
	*there = spec != NULL && t->began.ms != 0 && is_tailed(r->d->env, spec);
	return spec != NULL || err_take(e, ERR_UNAVAILABLE);
}

bool
tailing_due(struct db *db, const struct recheck *r, struct err *e)
{
	const struct uuid *config = &r->claim->ref;
	struct run_tail    t;
	bool               there;

	if (!find(db, r, &t, &there, e))
		return false;
	if (!there) /* a run that reads the config begins it again */
		return run_tail_end(db, config, e) && schedule_done(db, r->claim, e);
	return running_watch(db, r->d->env, config, e) && schedule_done(db, r->claim, e) &&
	       schedule_set(db, SCHEDULE_WATCH, config, next_s(r->d->env, &t), e);
}

/* ---- a run ---- */

bool
tailing_since(struct tenant_db *t, TALLOC_CTX *mem, const struct source *s,
    const struct running *run, instant *since, struct err *e)
{
	struct run_tail tail;

	if (rest_watch(s) == NULL)
		return err_set(e, ERR_INVALID, 0, "This kind of source has no log to watch.",
		    "a watch of a kind without one");
	if (!run_tail_by_id(t->db, mem, &run->config.id, &tail, e))
		return false;
	if (tail.since.ms == 0)
		tail.since = run->state.now;
	since->ms = tail.since.ms - rest_attribution(s)->skew_s * 1000;
	return true;
}

struct ending {
	const struct tailing     *x;
	const struct source_pack *pack;
	struct run_tail           tail;
	uint8_t                  *seen; /* of all that touches something, the newest first */
	bool                     *touched, *spare;
	struct attribution        who; /* of what is new */
	size_t                    fresh;
};

static bool
is_seen(const struct run_tail *t, const uint8_t hash[static RUN_TAIL_HASH])
{
	for (size_t i = 0; i + RUN_TAIL_HASH <= t->seen.n; i += RUN_TAIL_HASH)
		if (memcmp(t->seen.p + i, hash, RUN_TAIL_HASH) == 0)
			return true;
	return false;
}

/* The newest by their hashes, the others by the time of the newest of them. */
static void
keep(struct ending *w, const struct attribution_entry *x, const uint8_t hash[static RUN_TAIL_HASH],
    struct run_tail *after)
{
	if (is_seen(after, hash))
		return;
	if (after->seen.n + RUN_TAIL_HASH <= RUN_TAIL_SEEN) {
		memcpy(w->seen + after->seen.n, hash, RUN_TAIL_HASH);
		after->seen.n += RUN_TAIL_HASH;
	} else if (x->who.at.ms > after->known_until.ms) {
		after->known_until = x->who.at;
	}
}

static void
look_at(struct ending *w, const struct attribution_entry *x, struct run_tail *after)
{
	uint8_t hash[HASH_LEN];
	bool    known;

	if (x->who.activity == NULL || x->who.at.ms < w->tail.began.ms)
		return;
	hash_sha256(x->id.p, x->id.n, hash);
	known = x->who.at.ms <= w->tail.known_until.ms || is_seen(&w->tail, hash) ||
		is_seen(after, hash);
	if (!source_watch_touches(w->pack, x->who.activity, known ? w->spare : w->touched))
		return;
	keep(w, x, hash, after);
	if (known)
		return;
	w->fresh++;
	attribution_add(&w->who, &x->who);
}

static bool
read_log(struct ending *w, struct err *e)
{
	const struct tailing  *x = w->x;
	TALLOC_CTX            *mem = x->run->mem;
	const uint32_t         n = w->pack->collections_n;
	struct attribution_log log;
	struct run_tail        after;

	w->seen = talloc_size(mem, RUN_TAIL_SEEN);
	w->touched = talloc_zero_array(mem, bool, n + 1);
	w->spare = talloc_zero_array(mem, bool, n + 1);
	w->who = (struct attribution) { .confidence = CONFIDENCE_OBJECT, .quotes = true };
	w->who.actors =
	    talloc_zero_array(mem, struct attribution_actor_row, ATTRIBUTION_ACTORS_MAX);
	if (w->seen == NULL || w->touched == NULL || w->spare == NULL || w->who.actors == NULL)
		return err_memory(e);
	if (!attribution_entries(mem, w->pack->attribution, x->got->resources, x->got->n, &log, e))
		return false;
	after = w->tail;
	after.since = x->run->state.now;
	after.failures = 0;
	after.known_until.ms = 0;
	after.seen = (struct blob) { w->seen, 0 };
	for (size_t i = 0; i < log.n; i++)
		look_at(w, &log.entries[i], &after);
	w->tail = after;
	return true;
}

/* The collections that it touches are read once for all that come soon. */
static bool
touch(struct db *db, const struct ending *w, struct err *e)
{
	const struct running *run = w->x->run;
	const struct env     *env = run->d->env;
	const int64_t         watch_ms = env->conf->source_watch_s * 1000;
	struct strings        categories = { .items = talloc_array(
						 run->mem, const char *, w->pack->collections_n + 1) };
	struct run_touch      t = { .categories = &categories,
		     .who = &w->who,
		     .in_ms = watch_ms > 0 && watch_ms < TAILING_JOIN_MS ? watch_ms : TAILING_JOIN_MS };

	if (w->fresh == 0)
		return true;
	if (categories.items == NULL)
		return err_memory(e);
	for (uint32_t i = 0; i < w->pack->collections_n; i++) {
		if (!w->touched[i])
			continue;
		categories.items[categories.n] =
		    str_dup(run->mem, w->pack->collections[i].category);
		if (categories.items[categories.n++] == NULL)
			return err_memory(e);
	}
	return running_touch(db, env, &run->config.id, &t, e);
}

static bool
end_body(struct db *db, void *arg, struct err *e)
{
	const struct ending *w = arg;

	return touch(db, w, e) && run_tail_set(db, &w->tail, e) &&
	       running_end(db, w->x->run, &(struct run_done) { .unseen = w->fresh == 0 }, e);
}

bool
tailing_end(const struct tailing *x, struct err *e)
{
	struct ending   w = { .x = x, .pack = x->source->rest->pack };
	const struct tx tx = { .name = "tailing", .body = end_body, .arg = &w };

	if (!run_tail_by_id(x->run->t->db, x->run->mem, &x->run->config.id, &w.tail, e))
		return false;
	return read_log(&w, e) && tx_run(x->run->t->db, &tx, e);
}

/* ---- it could not be read ---- */

static bool
failed_body(struct db *db, void *arg, struct err *e)
{
	const struct running *run = arg;
	struct run_state      s;
	struct run_tail       t;

	if (!run_state_lock(db, run->mem, &run->config.id, &s, e) ||
	    !run_tail_by_id(db, run->mem, &run->config.id, &t, e))
		return err_take(e, ERR_MISSING);
	t.failures += t.failures < FAILURES_MAX;
	return run_tail_set(db, &t, e);
}

bool
tailing_failed(const struct running *run, struct err *e)
{
	const struct tx tx = {
		.name = "tailing_failed", .body = failed_body, .arg = (void *)(uintptr_t)run
	};

	return tx_run(run->t->db, &tx, e);
}
