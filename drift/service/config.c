#include "drift/service/config.h"

#include <stdio.h>
#include <string.h>

#include "core/shm/wake.h"
#include "core/store/alert/channel.h"
#include "core/store/drift/collection.h"
#include "core/store/drift/rule_hits.h"
#include "core/store/drift/schedule.h"
#include "core/store/tenant/quota.h"
#include "drift/run/golden_binding.h"
#include "drift/run/running.h"
#include "drift/service/config_credential.h"
#include "drift/service/second.h"
#include "drift/snapshot/retention.h"

/* ---- reading ---- */

bool
config_see(const struct acting *a, const struct uuid *id, struct config_row *row, struct err *e)
{
	struct config_state s;

	if (!config_by_id(a->by.t, a->by.mem, id, &row->config, e) ||
	    !config_state_by_id(a->by.t->db, a->by.mem, id, &s, e) ||
	    !config_runs(a->by.t, a->by.mem, id, &row->runs, e))
		return false;
	row->state = s.state;
	row->last_run_at = s.last_run_at;
	row->collected_at = s.collected_at;
	row->golden = s.golden;
	return true;
}

bool
config_there(const struct acting *a, const struct uuid *id, struct err *e)
{
	bool there;

	return config_exists(a->by.t, id, &there, e) &&
	       (there || err_set(e, ERR_MISSING, 0, "Not found.", "no such config"));
}

#define PAGE_BYTES ((size_t)8 << 20)
#define PAGE_READ  51 /* a page of the default size, and the row that tells of more */

bool
config_page(const struct acting *a, struct page *p, struct err *e)
{
	struct config_row *rows = talloc_zero_size(a->by.mem, (p->want + 1) * sizeof(*rows));
	struct page        some = { .after = p->after, .n = PAGE_READ };
	size_t             bytes = 0;

	p->rows = rows;
	p->n = 0;
	if (rows == NULL)
		return err_memory(e);
	while (p->n < p->want && some.n == PAGE_READ && bytes < PAGE_BYTES) {
		some.want = p->want - p->n < PAGE_READ ? p->want - p->n : PAGE_READ;
		if (!config_list(a->by.t, a->by.mem, &some, e))
			return false;
		for (size_t i = 0; i < some.n; i++) {
			rows[p->n++] = ((const struct config_row *)some.rows)[i];
			bytes += strlen(rows[p->n - 1].config.spec);
			some.after = rows[p->n - 1].config.id;
		}
	}
	p->more = p->n < p->want && some.n == PAGE_READ;
	return true;
}

/* ---- checks ---- */

struct config_change {
	const struct acting     *a;
	struct drift_config      config;
	struct config_credential credential;
	int64_t                  await_s;             /* a complete snapshot; 0: for none */
	bool                     collects, collected; /* its source does, and did before */
	bool                     moved;               /* another source or schedule */
	struct schedule_plan     plan;
	bool                     rules;   /* what is judged is judged otherwise now */
	bool                     sourced; /* the body says where snapshots come from */
	bool                     unread;  /* ... and what is not read */
	bool judges; /* what decides about changes and their severity is another */
	struct config_retiring    retiring;
	const struct drift_spec  *spec;  /* as it would be */
	const struct config_also *also;  /* NULL: nothing */
	bool                      tried; /* dry: all of it went well, and is taken back */
};

static bool
channels_exist(const struct acting *a, const struct drift_spec *s, struct err *e)
{
	char           pointer[64];
	struct channel c;

	for (size_t i = 0; i < s->targets_n; i++) {
		if (channel_by_id(a->by.t->db, a->by.mem, &s->targets[i].channel_id, &c, e))
			continue;
		if (!err_take(e, ERR_MISSING))
			return false;
		snprintf(pointer, sizeof(pointer), "/alerts/%zu/channel_id", i);
		return err_fault(e, a->by.mem, pointer, "no such channel");
	}
	return true;
}

/* The whole config as it would be; what its source shows is not kept with it. */
static bool
check_spec(struct config_change *c, const char *was, struct err *e)
{
	const struct acting     *a = c->a;
	const struct drift_spec *s =
	    spec_compile(a->by.mem, a->drift, a->by.t, &c->config, a->work, e);

	if (s == NULL)
		return false;
	c->await_s = s->expect_every_s * s->limits.blind_after;
	c->collects = s->source.ops->collect != NULL;
	c->plan = s->schedule;
	c->spec = s;
	return config_source_demand(a, s->source.settings->kind, e) && channels_exist(a, s, e) &&
	       (!c->sourced || config_hosts_check(a, s, c->config.spec, e)) &&
	       config_credential_plan(a,
		   &(struct credential_change) { &c->config.id, was, s, c->config.spec },
		   &c->credential, &c->config.spec, e) &&
	       config_values_check(a, was, c->config.spec, e);
}

static bool
check_golden(
    const struct acting *a, const struct spec_body *in, bool named, bool bound, struct err *e)
{
	bool golden = in->baseline != NULL && strcmp(in->baseline->mode, "golden") == 0;

	if (golden && !bound)
		return err_fault(e, a->by.mem, "/baseline/mode",
		    "a golden baseline is bound by PUT .../baseline, once the config is there");
	if (named && bound && !golden)
		return err_set(e, ERR_CONFLICT, 0,
		    "The config is bound to a golden baseline: set a snapshot as its baseline "
		    "first.",
		    "another mode for a bound config");
	return true;
}

/* ---- writing ---- */

/* From now on, also after a change: nobody is blamed for the time before. */
static bool
await_beat(struct db *db, const struct config_change *c, struct err *e)
{
	return schedule_set(db, SCHEDULE_BEAT, &c->config.id, c->await_s == 0 ? -1 : c->await_s, e);
}

static bool
outrun(struct err *e)
{
	return err_set(e, ERR_CONFLICT, 0, "The config was changed at the same time.",
	    "the version was outrun");
}

static bool
config_deed(struct config_change *c, tx_fn *body, enum audit_action action, struct err *e)
{
	struct audit_entry entry = { .action = action };

	if (c->also == NULL || c->also->entry.details == NULL) {
		entry.target_id = c->config.id;
		return c->judges ? second_left(c->a, body, c, &entry, c->config.name, e)
				 : acting_deed(c->a, body, c, &entry, c->config.name, e);
	}
	entry = c->also->entry;
	entry.target_id = c->config.id;
	return (!c->judges || second_alone(c->a, &entry, e)) &&
	       audit_deed(&c->a->by, body, c, &entry, e);
}

static bool
do_also(struct db *db, struct config_change *c, struct err *e)
{
	if (c->also == NULL)
		return true;
	c->tried = c->also->dry;
	if (c->tried)
		return err_set(e, ERR_CONFLICT, 0, "It was only tried.", "a dry run ends here");
	if (c->also->config != NULL)
		*c->also->config = c->config;
	return c->also->body == NULL || c->also->body(db, c->also->arg, e);
}

static bool
is_dry(const struct config_change *c)
{
	return c->also != NULL && c->also->dry;
}

/* The deed; of a dry one all that the database refuses is told, and nothing of it is left. */
static bool
deed_or_try(struct config_change *c, tx_fn *body, enum audit_action action, struct err *e)
{
	if (config_deed(c, body, action, e))
		return true;
	if (!c->tried)
		return false;
	err_clear(e);
	return true;
}

/* ---- being collected ---- */

static bool
same_member(TALLOC_CTX *mem, const struct json *a, const struct json *b, const char *name)
{
	const struct json *of[] = { json_get(a, name), json_get(b, name) };
	struct buf         text[2];

	for (int i = 0; i < 2; i++) {
		buf_make(&text[i], mem);
		if (of[i] != NULL)
			json_print(&text[i], of[i]);
	}
	return buf_ok(&text[0]) && buf_ok(&text[1]) && str_eq(buf_str(&text[0]), buf_str(&text[1]));
}

/* What is compared, how, and how severe it is. */
static bool
judges_otherwise(const struct config_change *c, const struct json *old, const struct json *now)
{
	static const char *const members[] = { "source", "baseline", "compare", "rules",
		"rule_packs", "thresholds", "unread" };

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (!same_member(c->a->by.mem, old, now, members[i]))
			return true;
	return false;
}

/* Of a config as it was: whether its source is collected, and whether that is to be done otherwise
 * now; and what is retired with this. */
static bool
look_back(struct config_change *c, const char *was, struct err *e)
{
	const struct source_ops *ops;
	struct spec_body         before;
	const struct json       *old = json_parse(c->a->by.mem, str_of(was), e), *now;

	if (old == NULL || !spec_read(c->a->by.mem, was, &before, e))
		return false;
	now = json_parse(c->a->by.mem, str_of(c->config.spec), e);
	if (now == NULL)
		return false;
	c->judges = judges_otherwise(c, old, now);
	ops = source_by_kind(before.source->kind);
	c->collected = ops != NULL && ops->collect != NULL;
	c->moved = c->credential.deed != CREDENTIAL_KEEP ||
		   !same_member(c->a->by.mem, old, now, "source") ||
		   !same_member(c->a->by.mem, old, now, "schedule");
	return config_retire(c->a->by.mem, &c->retiring, &before.unread, c->spec, e);
}

static bool
set_runs(struct db *db, const struct config_change *c, struct err *e)
{
	const struct env *env = c->a->drift->env;

	if (c->collects && !c->collected)
		return running_join(db, env, &c->config.id, &c->plan, e);
	if (c->collects)
		return !c->moved || running_move(db, env, &c->config.id, &c->plan, e);
	return !c->collected || running_leave(db, &c->config.id, e);
}

/* Who is told of the config, as it is from now on. */
static struct alert_scope
scope_of(const struct config_change *c)
{
	return (struct alert_scope) {
		.env = c->a->drift->env,
		.t = c->a->by.t,
		.mem = c->a->by.mem,
		.config_id = c->config.id,
		.config_name = c->config.name,
		.targets = c->spec->targets,
		.targets_n = c->spec->targets_n,
	};
}

static bool
make_body(struct db *db, void *arg, struct err *e)
{
	struct config_change    *c = arg;
	const struct alert_scope s = scope_of(c);

	return quota_take(c->a->by.t, USAGE_CONFIGS, e) && config_add(db, &c->config, e) &&
	       set_runs(db, c, e) &&
	       (c->credential.deed != CREDENTIAL_SET ||
		   config_credential_write(db, &s, &c->credential, e)) &&
	       (c->await_s == 0 || await_beat(db, c, e)) && do_also(db, c, e);
}

bool
config_make(
    const struct acting *a, const struct config_wish *in, struct config_row *out, struct err *e)
{
	struct config_change c = { .a = a,
		.also = in->also,
		.sourced = true,
		.config = { .id = acting_id(a), .version = 1, .edition = COMPARE_EDITION } };
	bool                 tried = false;

	c.config.name = acting_copy(a, in->body->name);
	c.config.spec = spec_merge(a->by.mem, NULL, in->text, e);
	c.config.created_at = c.config.updated_at = acting_now(a);
	if (c.config.spec == NULL || !check_golden(a, in->body, false, false, e) ||
	    !check_spec(&c, NULL, e))
		return false;
	if (c.config.name == NULL)
		return err_memory(e);
	while (!deed_or_try(&c, make_body, AUDIT_CONFIG_CREATE, e))
		if (!quota_has_room(a->by.t, USAGE_CONFIGS, &tried, e))
			return db_taken(e, "A config of that name exists.");
	if (is_dry(&c))
		return true;
	wake_raise(a->drift->env->segment);
	*out = (struct config_row) { .config = c.config, .state = acting_copy(a, "new") };
	return out->state != NULL || err_memory(e);
}

/* A snapshot on its way that has read the rows before is planned again. */
static bool
look_again(struct db *db, const struct config_change *c, struct err *e)
{
	return !c->rules ||
	       (collection_look_again(db, &c->config.id, e) && config_outrun(db, &c->config.id, e));
}

/* What is not read any more is over with this, and waits for no snapshot. */
static bool
let_go(struct db *db, const struct config_change *c, struct err *e)
{
	const struct uuid *id = &c->config.id;
	const instant      now = c->config.updated_at;

	return !c->unread ||
	       (collection_let_go(db, c->retiring.rows, c->retiring.n, e) &&
		   config_outrun(db, id, e) && schedule_recheck_at(db, id, now, now, e));
}

static bool
alter_body(struct db *db, void *arg, struct err *e)
{
	static const struct uuid none;
	struct config_change    *c = arg;
	const struct alert_scope s = scope_of(c);
	bool                     done;

	if (c->judges &&
	    !second_refuse(db, c->a, &c->config.id, &none, "changing what decides about them", e))
		return false;
	if (!config_set(db, &c->config, &done, e))
		return false;
	return done ? config_credential_write(db, &s, &c->credential, e) && set_runs(db, c, e) &&
			  await_beat(db, c, e) && look_again(db, c, e) && let_go(db, c, e) &&
			  do_also(db, c, e)
		    : outrun(e);
}

bool
config_alter(const struct acting *a, const struct uuid *id, const struct config_wish *in,
    struct config_row *out, struct err *e)
{
	const struct schema *s = &drift_config_update_schema;
	bool                 named = (in->body->given & schema_bit(s, "baseline")) != 0;
	struct config_change c = { .a = a,
		.also = in->also,
		.sourced = (in->body->given & schema_bit(s, "source")) != 0,
		.unread = (in->body->given & schema_bit(s, "unread")) != 0,
		.rules = (in->body->given &
			     (schema_bit(s, "rules") | schema_bit(s, "rule_packs"))) != 0 };

	if (!config_see(a, id, out, e) || !acting_holds(a, out->config.version, e) ||
	    !check_golden(a, in->body, named, out->golden, e))
		return false;
	c.config = out->config;
	if (in->body->name != NULL)
		c.config.name = acting_copy(a, in->body->name);
	c.config.spec = spec_merge(a->by.mem, out->config.spec, in->text, e);
	c.config.updated_at = acting_now(a);
	c.retiring = (struct config_retiring) { .config = *id, .collected_at = out->collected_at };
	if (c.config.spec == NULL || !check_spec(&c, out->config.spec, e) ||
	    !look_back(&c, out->config.spec, e))
		return false;
	if (c.config.name == NULL)
		return err_memory(e);
	if (!deed_or_try(&c, alter_body, AUDIT_CONFIG_UPDATE, e))
		return db_taken(e, "A config of that name exists.");
	if (is_dry(&c))
		return true;
	wake_raise(a->drift->env->segment);
	out->config = c.config;
	out->config.version++;
	out->runs = (struct run_standing) { 0 }; /* as they were before it */
	return true;
}

/* Nothing is awaited any more, and nothing looked at again. */
static bool
erase_body(struct db *db, void *arg, struct err *e)
{
	struct config_change      *c = arg;
	const struct drift_config *row = &c->config;
	const struct acting       *a = c->a;
	bool                       done;

	if (!golden_forget(db, a->by.mem, &row->id, e) ||
	    !config_drop(db, &row->id, row->version, row->updated_at, a->name, &done, e))
		return false;
	return done ? rule_hits_drop(db, &row->id, e) && credential_drop(db, &row->id, e) &&
			  running_leave(db, &row->id, e) && await_beat(db, c, e) &&
			  schedule_set(db, SCHEDULE_RECHECK, &row->id, -1, e) &&
			  retention_freed(a->by.t, e) && do_also(db, c, e)
		    : outrun(e);
}

bool
config_erase(const struct acting *a, const struct uuid *id, struct err *e)
{
	struct config_change c = { .a = a, .judges = true };

	if (!config_by_id(a->by.t, a->by.mem, id, &c.config, e) ||
	    !acting_holds(a, c.config.version, e))
		return false;
	c.config.updated_at = acting_now(a);
	return config_deed(&c, erase_body, AUDIT_CONFIG_DELETE, e);
}

bool
config_erase_also(const struct acting *a, const struct uuid *id, uint64_t version,
    const struct config_also *also, struct err *e)
{
	struct config_change c = { .a = a, .also = also, .judges = true };

	if (!config_by_id(a->by.t, a->by.mem, id, &c.config, e))
		return false;
	if (c.config.version != version)
		return outrun(e);
	c.config.updated_at = acting_now(a);
	return is_dry(&c) || config_deed(&c, erase_body, AUDIT_CONFIG_DELETE, e);
}

/* ---- rules ---- */

bool
config_rules(const struct acting *a, const struct uuid *id, struct rule_seen **rules, size_t *n,
    struct err *e)
{
	const struct drift_spec *spec;
	struct drift_config      c;
	struct config_state      state;

	if (!config_by_id(a->by.t, a->by.mem, id, &c, e) ||
	    !config_state_by_id(a->by.t->db, a->by.mem, id, &state, e))
		return false;
	spec = acting_spec(a, &c, e);
	return spec != NULL && rule_hits_list(a->by.t, a->by.mem, spec, &state, rules, n, e);
}

bool
config_dead_rules(const struct acting *a, const struct uuid *id, int64_t *dead, struct err *e)
{
	struct rule_seen *rules;
	size_t            n;

	*dead = 0;
	/* What cannot be compiled can still be looked at. */
	if (!config_rules(a, id, &rules, &n, e))
		return e->sys == SPEC_NOT_UNDERSTOOD && err_take(e, ERR_UNAVAILABLE);
	for (size_t i = 0; i < n; i++)
		*dead += rules[i].dead;
	return true;
}
