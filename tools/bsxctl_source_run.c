/* bsxctl_source.h: a config is tried by the collectors, and what came of it is waited for. */
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "core/auth/audit.h"
#include "drift/run/running.h"
#include "tools/bsxctl_source.h"

#define LOOK_MS 250
#define TELL_NS INT64_C(2000000000)
#define SPARE_S 60 /* beside what a run may take */

struct try_deed {
	struct ctl *c;
	struct uuid config;
	struct run  run;
};

/* ---- whose it is ---- */

static bool
open_named(
    struct ctl *c, const char *slug, const struct uuid *config, struct tenant_db **t, struct err *e)
{
	const struct tenant *found;
	bool                 there;

	if (!tenant_by_slug(c->d, str_of(slug), &found, e))
		return err_note(e, "tenant %s", ctl_text(c, slug));
	return tenant_db_open(c->d, found, false, t, e) && config_exists(*t, config, &there, e) &&
	       (there || err_set(e, ERR_MISSING, 0, "The tenant has no such config.", "no config"));
}

static bool
open_any(struct ctl *c, const struct uuid *config, struct tenant_db **t, struct err *e)
{
	struct uuid    last = { 0 };
	struct tenant *list;
	size_t         n = TENANT_PAGE;
	bool           there;

	while (n == TENANT_PAGE) {
		if (!tenant_list(c->d, c->mem, &last, &list, &n, e))
			return false;
		for (size_t i = 0; i < n; i++) {
			last = list[i].id;
			if (strcmp(list[i].status, "active") != 0)
				continue;
			database_tidy(c->d);
			if (!tenant_db_open(c->d, &list[i], false, t, e) ||
			    !config_exists(*t, config, &there, e))
				return err_note(e, "tenant %s", list[i].slug);
			if (there)
				return true;
		}
	}
	return err_set(e, ERR_MISSING, 0, "No tenant has such a config.", "no config");
}

/* ---- asking ---- */

static bool
ask_body(struct db *db, void *arg, struct err *e)
{
	struct try_deed *d = arg;

	if (running_ask(db, &d->c->env, &d->config, RUN_TRY, ctl_actor(d->c), &d->run, e))
		return true;
	if (!err_take(e, ERR_MISSING))
		return false;
	return err_set(e, ERR_CONFLICT, 0,
	    "What this config compares is pushed to it: there is nothing to collect.",
	    "a try of a config that is pushed to");
}

static bool
ask(struct try_deed *d, struct tenant_db *t, struct err *e)
{
	struct auth          a = { .env = &d->c->env, .database = d->c->d };
	const struct deed_by by = { .auth = &a, .mem = d->c->mem, .t = t };

	return audit_deed(&by, ask_body, d,
	    &(struct audit_entry) {
		.action = AUDIT_RUN_TRY, .actor_name = ctl_actor(d->c), .target_id = d->config },
	    e);
}

/* ---- waiting ---- */

static bool
is(const struct run *r, enum run_state_word state)
{
	return strcmp(r->state, run_states[state]) == 0;
}

static bool
is_over(const struct run *r)
{
	return !is(r, RUN_QUEUED) && !is(r, RUN_RUNNING);
}

/* Every two seconds, what there is to say. */
static bool
tell(struct ctl *c, TALLOC_CTX *mem, const struct run *run, int64_t *told_ns, struct err *e)
{
	const int64_t        now = clock_ns(&clock_system);
	struct run_progress *p;

	if (now - *told_ns < TELL_NS)
		return true;
	*told_ns = now;
	if (!run_progress_read(mem, run->progress.text, &p, e))
		return false;
	if (p != NULL)
		source_tell(c, p);
	else
		fprintf(stderr, "%s%s%s\n", run->state, run->reason != NULL ? ": " : "",
		    run->reason != NULL ? ctl_text(c, run->reason) : "");
	return true;
}

/* The collectors look for it at least every driftd.poll_ms. */
static bool
wait_for(const struct try_deed *d, struct tenant_db *t, struct run *run, struct err *e)
{
	const int64_t begun = clock_ns(&clock_system),
		      most = (d->c->conf->source_max_run_s + SPARE_S) * INT64_C(1000000000);
	int64_t     told = begun;
	TALLOC_CTX *mem = NULL;

	for (;;) {
		talloc_free(mem);
		mem = talloc_new(d->c->mem);
		if (mem == NULL)
			return err_memory(e);
		if (!run_by_id(t->db, mem, &d->run.id, run, e))
			return false;
		if (is_over(run))
			return true;
		if (clock_ns(&clock_system) - begun > most)
			return err_set(e, ERR_UNAVAILABLE, 0,
			    "The run is not over yet: does driftd run?", "the run is %s",
			    run->state);
		if (!tell(d->c, mem, run, &told, e))
			return false;
		(void)poll(NULL, 0, LOOK_MS);
	}
}

/* ---- what came of it ---- */

static int
show(struct ctl *c, const struct run *run)
{
	struct run_progress *p;
	struct err           e = { 0 };
	bool                 all = false;

	if (!run_progress_read(c->mem, run->progress.text, &p, &e))
		return ctl_failed(&e);
	if (p != NULL)
		all = source_table(c, p);
	if (is(run, RUN_DONE))
		return all ? 0 : 1;
	fprintf(stderr, "bsxctl: %s%s%s\n", run->state, run->reason != NULL ? ": " : "",
	    run->reason != NULL ? ctl_text(c, run->reason) : "");
	if (run->remedy != NULL)
		fprintf(stderr, "        %s\n", ctl_text(c, run->remedy));
	return 1;
}

int
source_try_config(struct ctl *c, const struct source_try *in, const struct uuid *config)
{
	struct try_deed   d = { .c = c, .config = *config };
	struct tenant_db *t;
	struct run        run;
	struct err        e = { 0 };

	if (!ctl_open(c, &e) ||
	    !(in->tenant != NULL ? open_named(c, in->tenant, config, &t, &e)
				 : open_any(c, config, &t, &e)) ||
	    !ask(&d, t, &e) || !wait_for(&d, t, &run, &e))
		return ctl_failed(&e);
	return show(c, &run);
}
