/* digest.h: one that is due. */
#include <string.h>

#include "core/store/alert/digest.h"
#include "core/store/drift/daily.h"
#include "core/store/tx.h"
#include "drift/deliver/digest.h"
#include "drift/service/analytics.h"
#include "drift/service/digest.h"

#define LINK      "/?tenant=%s#/alerts?status=open" /* fcgi/console */
#define NAME_MOST 120                               /* bytes of a name */

struct making {
	const struct env      *env;
	struct tenant_db      *t;
	TALLOC_CTX            *mem;
	const struct schedule *claim;
	instant                now, slot; /* slot: for when it was planned */
};

/* A name as one line. */
static const char *
line(TALLOC_CTX *mem, const char *text, struct err *e)
{
	struct buf b;

	buf_make(&b, mem);
	buf_line(&b, str_of(text), NAME_MOST);
	return b.n == 0 && buf_ok(&b) ? "" : buf_text(&b, e);
}

/* ---- numbers ---- */

static void
add_counts(struct digest_counts *to, const struct severity_counts *c)
{
	to->total += c->total;
	to->info += c->info;
	to->low += c->low;
	to->medium += c->medium;
	to->high += c->high;
	to->critical += c->critical;
}

/* Of all days that were looked at. */
static bool
fill_days(const struct making *m, const struct analytics *n, struct digest *d, struct err *e)
{
	const struct analytics_day *rows = n->by_day.p;
	struct digest_counts       *findings = talloc_zero(m->mem, struct digest_counts),
			     *changes = talloc_zero(m->mem, struct digest_counts),
			     *open = talloc_zero(m->mem, struct digest_counts);

	if (findings == NULL || changes == NULL || open == NULL)
		return err_memory(e);
	for (size_t i = 0; i < n->by_day.n; i++) {
		add_counts(findings, rows[i].findings);
		add_counts(changes, rows[i].changes);
	}
	add_counts(open, n->open_alerts->by_severity);
	d->from = rows[0].day;
	d->until = rows[n->by_day.n - 1].day;
	d->findings = findings;
	d->changes = changes;
	d->open = open;
	return true;
}

static bool
fill_resources(const struct making *m, const struct analytics *n, struct digest *d, struct err *e)
{
	const struct noisy_resource *rows = n->noisiest_resources.p;
	struct digest_resource      *out =
	    talloc_zero_size(m->mem, (n->noisiest_resources.n + 1) * sizeof(*out));

	if (out == NULL)
		return err_memory(e);
	for (size_t i = 0; i < n->noisiest_resources.n; i++) {
		struct drift_config c;

		if (!config_by_id(m->t, m->mem, &rows[i].config_id, &c, e)) {
			if (!err_take(e, ERR_MISSING))
				return false;
			continue; /* dropped */
		}
		out[d->resources.n] = (struct digest_resource) { line(m->mem, c.name, e),
			line(m->mem, rows[i].category, e), line(m->mem, rows[i].key, e),
			rows[i].findings };
		if (e->code != ERR_OK)
			return false;
		d->resources.n++;
	}
	d->resources.p = out;
	return true;
}

static bool
fill_quiet(const struct making *m, struct digest *d, struct err *e)
{
	struct digest_quiet *rows;
	struct digest_why   *out;
	size_t               n;

	if (!digest_quiet(m->t, m->mem, &rows, &n, e))
		return false;
	out = talloc_zero_size(m->mem, (n + 1) * sizeof(*out));
	if (out == NULL)
		return err_memory(e);
	for (size_t i = 0; i < n; i++)
		out[i] = (struct digest_why) { rows[i].why, rows[i].n };
	d->quiet = (struct items) { out, n };
	return true;
}

static bool
fill_blind(const struct making *m, struct digest *d, struct err *e)
{
	struct digest_config *rows;
	size_t                n;

	if (!digest_blind(m->t, m->mem, &rows, &n, e))
		return false;
	d->blind_total = (int64_t)n;
	d->blind.items = talloc_zero_array(m->mem, const char *, DIGEST_BLIND);
	if (d->blind.items == NULL)
		return err_memory(e);
	for (size_t i = 0; i < n && i < DIGEST_BLIND; i++) {
		d->blind.items[i] = line(m->mem, rows[i].name, e);
		if (d->blind.items[i] == NULL)
			return false;
		d->blind.n++;
	}
	return true;
}

static bool
fill(const struct making *m, const struct digest_wish *w, struct digest *d, struct err *e)
{
	const struct conf          *conf = m->env->conf;
	const struct analytics_wish wish = {
		.days = strcmp(w->every, DIGEST_WEEK) == 0 ? 7 : 1,
		.until = m->slot.ms / DAY_MS - 1, /* the last whole day */
		.top = DIGEST_RESOURCES,
	};
	struct analytics n = { 0 };

	if (!analytics_look(m->t, m->mem, m->now, &wish, &n, e))
		return false;
	*d = (struct digest) {
		.at = m->now,
		.customer = line(m->mem, m->t->tenant->name, e),
		.link = talloc_asprintf(m->mem, "%s%s" LINK,
		    conf->public_url == NULL ? "" : conf->public_url,
		    conf->base_path == NULL ? "" : conf->base_path, m->t->tenant->slug),
		.under_1h = n.open_alerts->by_age->n[0],
		.under_1d = n.open_alerts->by_age->n[1],
		.under_7d = n.open_alerts->by_age->n[2],
		.under_30d = n.open_alerts->by_age->n[3],
		.older = n.open_alerts->by_age->n[4],
		.accepted = n.acceptances->total,
		.expiring = n.acceptances->expiring,
		.expired = n.acceptances->expired,
	};
	if (d->customer == NULL || d->link == NULL)
		return err_memory(e);
	return fill_days(m, &n, d, e) && fill_resources(m, &n, d, e) && fill_quiet(m, d, e) &&
	       fill_blind(m, d, e);
}

/* ---- due ---- */

static bool
tell(struct making *m, const struct channel *c, struct err *e)
{
	struct outbox o = {
		.id = uuid_make(m->env->clock, m->env->rand),
		.channel_id = c->id,
		.created_at = m->now,
	};
	struct digest_wish *w;
	struct digest       d;

	m->slot = m->claim->next_due;
	if (!digest_of(m->mem, c, &w, e))
		return false;
	if (w != NULL)
		m->slot = digest_slot(w, m->claim->next_due);
	if (w == NULL || strcmp(c->status, CHANNEL_ACTIVE) != 0)
		return true;
	return fill(m, w, &d, e) &&
	       ((digest_is_empty(&d) && !w->empty) || digest_post(m->t, m->mem, &o, &d, e));
}

static bool
due_body(struct db *db, void *arg, struct err *e)
{
	struct making *m = arg;
	struct channel c;

	if (!channel_by_id(db, m->mem, &m->claim->ref, &c, e))
		return err_take(e, ERR_MISSING) && schedule_done(db, m->claim, e);
	return tell(m, &c, e) && schedule_done(db, m->claim, e) &&
	       (c.digest == NULL || digest_schedule(db, m->mem, &c, m->now, m->slot, e));
}

bool
digest_due(
    void *arg, struct tenant_db *t, TALLOC_CTX *mem, const struct schedule *claim, struct err *e)
{
	const struct env *env = arg;
	struct making     m = { env, t, mem, claim, { clock_ms(env->clock) }, { 0 } };
	const struct tx   tx = { "digest", due_body, &m, NULL, NULL };

	return tx_run(t->db, &tx, e);
}
