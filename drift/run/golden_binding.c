#include "drift/run/golden_binding.h"

#include "drift/run/plan.h"

#include <stdio.h>
#include <string.h>

#include "core/store/drift/schedule.h"
#include "core/store/tx.h"
#include "drift/alert/condition.h"
#include "drift/snapshot/baseline.h"

bool
golden_tell(struct db *db, const struct env *d, const struct uuid *config, const char *actor,
    const char *from, const char *to, const char *note, struct err *e)
{
	const struct finding_event v = { .id = uuid_make(d->clock, d->rand),
		.config_id = *config,
		.subject = { config->b, sizeof(config->b) },
		.at = { clock_ms(d->clock) },
		.actor = actor,
		.from_status = from,
		.to_status = to,
		.note = note };

	return finding_event_add(db, &v, 1, e);
}

/* ---- making ---- */

static bool
collections_text(TALLOC_CTX *mem, const struct normal_snapshot *s, char **out, struct err *e)
{
	struct buf b;

	buf_make(&b, mem);
	buf_putc(&b, '{');
	for (size_t i = 0; i < s->collections_n; i++) {
		buf_puts(&b, i == 0 ? "" : ",");
		buf_json(&b, s->collections[i].category);
		buf_puts(&b, ":\"complete\"");
	}
	buf_putc(&b, '}');
	*out = b.p;
	return buf_ok(&b) || err_memory(e);
}

static bool
make_snapshot(struct golden_bind *b, const char *other, const uint8_t *manifest, struct err *e)
{
	b->snapshot = (struct snapshot) { .id = uuid_make(b->d->env->clock, b->d->env->rand),
		.config_id = b->config->id,
		.manifest = { manifest, HASH_LEN },
		.digest = { b->rendered->digest, HASH_LEN },
		.resources = (int64_t)b->rendered->n,
		.actor = talloc_strdup(b->mem, ""),
		.pushed_by = talloc_strndup(b->mem, b->actor, 254),
		.collected_at = b->now,
		.received_at = b->now,
		.rendered = talloc_strdup(b->mem, other) };
	b->row.snapshot_id = b->snapshot.id;
	return b->snapshot.actor != NULL && b->snapshot.pushed_by != NULL &&
		       b->snapshot.rendered != NULL
		   ? collections_text(b->mem, b->rendered, &b->snapshot.collections, e)
		   : err_memory(e);
}

/* Contents and manifest, and what refers to them. */
static bool
make_contents(struct golden_bind *b, const char *other, struct err *e)
{
	const struct normal_snapshot *s = b->rendered;
	struct content               *c = talloc_zero_size(b->mem, (s->n + 1) * sizeof(c[0]));
	uint8_t                      *manifest = talloc_size(b->mem, HASH_LEN);

	b->refs = talloc_zero_size(b->mem, (s->n + 1) * sizeof(b->refs[0]));
	if (c == NULL || manifest == NULL || b->refs == NULL)
		return err_memory(e);
	if (!baseline_manifest(b->mem, s, &c[s->n].text, e))
		return false;
	content_address(b->t, c[s->n].text, c[s->n].address);
	memcpy(manifest, c[s->n].address, HASH_LEN);
	if (!make_snapshot(b, other, manifest, e))
		return false;
	for (size_t i = 0; i < s->n; i++) {
		memcpy(c[i].address, s->items[i].address, HASH_LEN);
		c[i].text = s->items[i].text;
		b->refs[i] =
		    (struct manifest_ref) { b->snapshot.id, { s->items[i].address, HASH_LEN } };
	}
	b->refs[s->n] = (struct manifest_ref) { b->snapshot.id, { manifest, HASH_LEN } };
	b->refs_n = s->n + 1;
	return content_pack(b->t, b->mem, c, s->n + 1, &b->contents, e);
}

bool
golden_bind_make(struct golden_bind *b, const struct golden_choice *in, struct err *e)
{
	const char *other = in->other_categories == NULL ? "report" : in->other_categories;
	bool        foreign;
	struct golden_content content;

	if (!golden_terms_take(b, in, e))
		return false;
	if (!golden_find(b->t, b->mem, &in->id, &b->golden, &foreign, e)) {
		if (!err_take(e, ERR_MISSING))
			return false;
		return err_fault(e, b->mem, "/golden/id", "no such golden baseline");
	}
	if (!golden_load(b->t, b->mem, &b->golden, foreign, &content, e))
		return false;
	b->rendered = golden_render(b->mem, b->t, b->spec, &content, &b->terms, b->work, e);
	b->row = (struct golden_binding) { .config_id = b->config->id,
		.golden_id = in->id,
		.shared = foreign,
		.golden_version = b->golden.version,
		.config_version = b->config->version,
		.bound_by = talloc_strndup(b->mem, b->actor, 254),
		.bound_at = b->now };
	b->note = talloc_asprintf(b->mem, "Bound to golden baseline %s, version %llu.",
	    b->golden.name, (unsigned long long)b->golden.version);
	if (b->rendered == NULL)
		return false;
	if (b->row.bound_by == NULL || b->note == NULL)
		return err_memory(e);
	return make_contents(b, other, e) && golden_terms_seal(b, e);
}

/* ---- writing ---- */

/* The template stays as long as a config is bound to it. */
static bool
hold_template(struct db *db, struct golden_bind *b, bool was_shared, struct err *e)
{
	const struct uuid *none = &(struct uuid) { 0 };
	struct golden      g;

	if (b->row.shared)
		return golden_use(db, &b->row.config_id, &b->row.golden_id, e);
	if (was_shared && !golden_use(db, &b->row.config_id, none, e))
		return false;
	return golden_lock(db, b->mem, &b->row.golden_id, &g, e);
}

/* Whatever was rendered for this config before. */
static bool
drop_rendered(struct db *db, TALLOC_CTX *mem, struct tenant_db *t, const struct golden_binding *was,
    struct err *e)
{
	struct snapshot s;

	if (!snapshot_by_id(t, mem, &was->snapshot_id, &s, e))
		return err_take(e, ERR_MISSING);
	return history_drop(db, mem, &s, e);
}

static bool
write_snapshot(struct db *db, struct golden_bind *b, uint64_t seq, struct err *e)
{
	b->snapshot.seq = seq;
	return snapshot_add(db, &b->snapshot, e) && content_add(db, &b->contents, e) &&
	       history_refer(db, b->refs, b->refs_n, e) &&
	       config_golden_set(db, &b->row.config_id, &b->snapshot.id, seq, e);
}

/* Somebody has to give the new version what it needs; until then what is in force stays. */
static bool
tell_stale(const struct golden_bind *b, uint64_t was, uint64_t now, struct err *e)
{
	const struct alert_scope a = { .env = b->d->env,
		.t = b->t,
		.mem = b->mem,
		.config_id = b->config->id,
		.config_name = b->config->name,
		.targets = b->spec->targets,
		.targets_n = b->spec->targets_n };

	if (now != 0 && was == 0)
		return condition_open(&a, CONDITION_SYSTEM,
		    "the newest version of its golden baseline cannot be taken", e);
	if (now == 0 && was != 0)
		return condition_close(
		    &a, CONDITION_SYSTEM, "Its golden baseline is another, or could be taken.", e);
	return true;
}

/* A config says whether it is bound: it has changed, and who holds an older one sees that. */
static bool
raise_version(struct db *db, struct golden_bind *b, struct err *e)
{
	b->row.config_version = b->config->version + 1;
	return config_raise(db, &b->row.config_id, b->now, e);
}

bool
golden_bind_body(struct db *db, void *arg, struct err *e)
{
	struct golden_bind   *b = arg;
	struct config_state   state;
	struct golden_binding was = { 0 };

	if (!config_state_lock(db, b->mem, &b->row.config_id, &state, e))
		return false;
	if (state.golden && !golden_binding_of(db, b->mem, &b->row.config_id, &was, e))
		return false;
	/* Somebody has bound it otherwise, or another snapshot was faster. */
	if (!uuid_is_nil(&b->was) && !uuid_eq(&b->was, &was.snapshot_id))
		return true;
	if (!hold_template(db, b, was.shared, e) || (!state.golden && !raise_version(db, b, e)) ||
	    (b->rendered != NULL && !write_snapshot(db, b, state.seq + 1, e)) ||
	    (b->rendered != NULL && state.golden && !drop_rendered(db, b->mem, b->t, &was, e)) ||
	    !golden_binding_put(db, &b->row, e) ||
	    (b->row.recheck_at.ms > b->now.ms &&
		!schedule_recheck_by(db, &state, b->row.recheck_at, b->now, e)) ||
	    !tell_stale(b, was.stale_version, b->row.stale_version, e))
		return false;
	return b->note == NULL || golden_tell(db, b->d->env, &b->row.config_id, b->actor,
				      state.golden ? "golden" : b->from, "golden", b->note, e);
}

bool
golden_forget(struct db *db, TALLOC_CTX *mem, const struct uuid *config, struct err *e)
{
	const struct uuid    *none = &(struct uuid) { 0 };
	struct golden_binding was;

	if (!golden_binding_of(db, mem, config, &was, e))
		return err_take(e, ERR_MISSING);
	return (!was.shared || golden_use(db, config, none, e)) &&
	       golden_binding_drop(db, config, e);
}

bool
golden_unbind(
    struct db *db, const struct golden_bind *b, const struct config_state *state, struct err *e)
{
	struct golden_binding was;

	if (!state->golden)
		return true;
	return golden_binding_of(db, b->mem, &state->config_id, &was, e) &&
	       drop_rendered(db, b->mem, b->t, &was, e) && tell_stale(b, was.stale_version, 0, e) &&
	       config_raise(db, &state->config_id, b->now, e) &&
	       golden_forget(db, b->mem, &state->config_id, e);
}

/* ---- renewing ---- */

struct moved {
	bool template, spec, time;
};

/* What is in force is rendered from that version, or could not be. */
static struct moved
has_moved(const struct golden_bind *b)
{
	const struct golden_binding *r = &b->row;

	return (struct moved) { b->golden.version != r->golden_version &&
				    b->golden.version != r->stale_version,
		b->config->version != r->config_version,
		r->recheck_at.ms != 0 && r->recheck_at.ms <= b->now.ms };
}

static bool
is_same(struct golden_bind *b, const struct snapshot *now)
{
	return now->digest.n == HASH_LEN &&
	       memcmp(now->digest.p, b->rendered->digest, HASH_LEN) == 0;
}

static bool
renewed_note(struct golden_bind *b, const struct moved *m, struct err *e)
{
	unsigned long long new = b->golden.version, old = b->row.golden_version;

	b->note = m->template && new != old
		      ? talloc_asprintf(b->mem,
			    "Version %llu of golden baseline %s is in force; it was version %llu.",
			    new, b->golden.name, old)
		  : m->time ? talloc_strdup(b->mem, "A declared difference has expired.")
			    : talloc_strdup(b->mem, "Rendered anew: the config was changed.");
	return b->note != NULL || err_memory(e);
}

/* A text that was cut in the middle of a character loses that. */
static char *
whole_characters(char *text)
{
	for (size_t n = text == NULL ? 0 : strlen(text); n > 0 && !str_is_utf8(str_of(text));)
		text[--n] = '\0';
	return text;
}

/* This version cannot be taken: what is in force stays, and it says so. */
static bool
note_stale(struct golden_bind *b, const struct err *why, struct err *e)
{
	const char *text = why->faults == NULL ? why->pub : why->faults->detail;
	const char *where = why->faults == NULL ? "" : why->faults->pointer;
	bool        news = b->row.stale_version != b->golden.version;

	b->rendered = NULL;
	b->row.stale_version = b->golden.version;
	b->row.config_version = b->config->version;
	b->row.stale_why = whole_characters(talloc_asprintf(b->mem, "%.100s %.190s", where, text));
	b->note = NULL;
	if (news)
		b->note = talloc_asprintf(b->mem,
		    "Version %llu of golden baseline %s cannot be taken, version %llu stays: %s",
		    (unsigned long long)b->golden.version, b->golden.name,
		    (unsigned long long)b->row.golden_version,
		    b->row.stale_why == NULL ? "" : b->row.stale_why);
	return b->row.stale_why != NULL && (b->note != NULL || !news) ? true : err_memory(e);
}

static bool
renew_make(struct golden_bind *b, bool foreign, struct err *e)
{
	struct golden_content content;
	struct snapshot       now;
	struct err            why = { 0 };
	struct moved          m = has_moved(b);

	if (!golden_load(b->t, b->mem, &b->golden, foreign, &content, e) ||
	    !golden_terms_of(b->t, b->mem, &b->row, &b->terms, e) ||
	    !snapshot_by_id(b->t, b->mem, &b->row.snapshot_id, &now, e))
		return false;
	b->terms.now = b->now;
	b->rendered = golden_render(b->mem, b->t, b->spec, &content, &b->terms, b->work, &why);
	if (b->rendered == NULL && why.code == ERR_INVALID)
		return note_stale(b, &why, e);
	if (b->rendered == NULL) {
		*e = why;
		return false;
	}
	if (!renewed_note(b, &m, e))
		return false;
	b->row.golden_version = b->golden.version;
	b->row.config_version = b->config->version;
	b->row.stale_version = 0;
	b->row.stale_why = NULL;
	if (is_same(b, &now)) {
		b->rendered = NULL;
		b->note = m.template || m.time ? b->note : NULL;
		return golden_terms_seal(b, e);
	}
	return make_contents(b, now.rendered, e) && golden_terms_seal(b, e);
}

static void
renew_log(const struct golden_bind *b)
{
	char config[UUID_TEXT_MAX];

	if (b->note == NULL)
		return;
	uuid_print(&b->config->id, config);
	log_event(b->d->env->log, LOG_DRIFT,
	    b->row.stale_version == 0 ? LOG_LEVEL_INFO : LOG_LEVEL_WARN,
	    "golden baseline followed its template", LOGS("event.action", "baseline.renew"),
	    LOGS("event.outcome", b->row.stale_version == 0 ? "success" : "failure"),
	    LOGS("bsx.config.id", config), LOGS("event.reason", b->note));
}

bool
golden_renew(const struct ingest *in, bool *renewed, struct err *e)
{
	struct golden_bind b = { .d = in->d,
		.t = in->t,
		.mem = in->mem,
		.work = in->work,
		.config = in->config,
		.spec = in->spec,
		.actor = "system",
		.now = { clock_ms(in->d->env->clock) } };
	const struct tx    tx = { "golden renewal", golden_bind_body, &b, NULL, NULL };
	struct moved       m;
	bool               foreign;

	*renewed = false;
	if (!golden_binding_of(in->t->db, in->mem, &in->config->id, &b.row, e) ||
	    !golden_find(in->t, in->mem, &b.row.golden_id, &b.golden, &foreign, e))
		return err_take(e, ERR_MISSING); /* unbound at this moment */
	m = has_moved(&b);
	if (!m.template && !m.spec && !m.time)
		return true;
	b.was = b.row.snapshot_id;
	if (!renew_make(&b, foreign, e) || !tx_run(in->t->db, &tx, e))
		return err_note(e, "rendering a golden baseline anew");
	*renewed = b.rendered != NULL;
	renew_log(&b);
	return true;
}
