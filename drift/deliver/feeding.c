#include "drift/deliver/feeding.h"

#include <string.h>

#include "core/auth/sealed_refused.h"
#include "core/shm/metric.h"
#include "core/store/alert/audit_feed.h"
#include "core/store/alert/watch.h"
#include "core/store/identity/audit_former.h"
#include "core/store/identity/audit_tree_rows.h"
#include "core/store/tx.h"
#include "drift/deliver/attempt.h"
#include "drift/deliver/trail_batch.h"

#define CLAIMS       16
#define ENTRIES      200         /* of one message, at most */
#define PAGE         50          /* read at once */
#define BYTES        (512 << 10) /* of one message, about; one entry goes whatever it has */
#define ENTRY_BYTES  1000        /* of one, about, beside its details */
#define LEASE_S      60          /* beyond what a request may take */
#define PAUSED_MS    600000      /* whoever lets the channel go on makes it due */
#define AGAIN_MS     5000        /* after the first that failed, then twice as long each time */
#define AGAIN_MAX_MS 300000
#define ASKED_MAX_S  3600 /* that a receiver is left alone when it wants that */
#define DETAIL_MAX   300
#define MORE_MS      3600000 /* after which more entries than it takes are tried again */

/* One claim. */
struct feeding {
	struct attempt           a;
	TALLOC_CTX              *mem;
	const struct feed_claim *claim;
	struct audit_feed        feed;
	uint64_t                 present; /* number of the chain that is written now */
	struct audit_out         entries[ENTRIES];
	struct trail_batch       batch;
	bool                     all;     /* there are no more behind them */
	bool                     watched; /* that it fails, or did, is worth an alert */
	int64_t                  wait_ms;
};

/* ---- what is told ---- */

static size_t
most_of(const struct audit_feed *f)
{
	return f->most <= 0 || f->most > ENTRIES ? ENTRIES : (size_t)f->most;
}

/*
 * Half as many, and half of that, until something arrives; from there on twice as many with each
 * that arrives.  Where just so many fail as were more than the last time, it is their number: then
 * half of them are left at that for a while.
 */
static void
take_fewer(struct feeding *f, int64_t now_ms)
{
	const size_t most = most_of(&f->feed);
	const bool   grown = f->feed.tries == 0 && most > 1;

	f->feed.most = most > 1 ? (int64_t)most / 2 : 1;
	f->feed.most_until.ms = grown ? now_ms + MORE_MS : 0;
}

/* A time beyond that is from a clock that was ahead. */
static void
take_more(struct feeding *f, int64_t now_ms)
{
	const size_t  most = most_of(&f->feed);
	const int64_t until = f->feed.most_until.ms;

	if (f->batch.n < most || (until > now_ms && until <= now_ms + MORE_MS))
		return;
	f->feed.most = 2 * most >= ENTRIES ? 0 : 2 * (int64_t)most;
	f->feed.most_until.ms = 0;
}

/* What an entry takes in a message, about. */
static size_t
weight_of(const struct channel *c, const struct audit_row *r)
{
	size_t one = ENTRY_BYTES + strlen(r->details), times = 1;

	if (c->template == NULL)
		return one;
	for (const char *p = c->template; (p = strstr(p, "%entry")) != NULL; p++)
		times++;
	return strlen(c->template) + times * one;
}

static bool
read_page(struct feeding *f, uint64_t after, size_t want, struct page *p, struct err *e)
{
	*p = (struct page) { .want = want };
	return f->feed.chain == f->present
		   ? audit_rows_after(f->a.t, f->mem, after, p, e)
		   : audit_former_after(f->a.t, f->mem, f->feed.chain, after, p, e);
}

/* Behind where it has come: as many as one message takes. */
static bool
read_chain(struct feeding *f, struct err *e)
{
	const size_t most = most_of(&f->feed);
	uint64_t     after = f->feed.seq;
	size_t       bytes = 0;

	f->batch.n = 0;
	f->all = false;
	while (f->batch.n < most && !f->all) {
		const size_t            want = most - f->batch.n < PAGE ? most - f->batch.n : PAGE;
		const struct audit_row *rows;
		struct page             p;

		if (!read_page(f, after, want, &p, e))
			return false;
		rows = p.rows;
		f->all = p.n < want;
		for (size_t i = 0; i < p.n; i++) {
			bytes += weight_of(&f->a.channel, &rows[i]);
			if (f->batch.n > 0 && bytes > BYTES) {
				f->all = false;
				return true;
			}
			if (!audit_show(f->mem, &rows[i], &f->entries[f->batch.n++], e))
				return false;
			after = rows[i].seq;
		}
	}
	return true;
}

/* Of chains that are closed, the rest first. */
static bool
read_entries(struct feeding *f, struct err *e)
{
	if (!audit_chain_number(f->a.t, &f->present, e) || !read_chain(f, e))
		return false;
	while (f->batch.n == 0 && f->feed.chain < f->present) {
		f->feed.chain++;
		f->feed.seq = 0;
		if (!read_chain(f, e))
			return false;
	}
	f->all = f->all && f->feed.chain == f->present;
	return true;
}

/* Entries begin behind where it has come; what is between was deleted by age. */
static void
see_gap(struct feeding *f)
{
	if (f->entries[0].seq <= f->feed.seq + 1)
		return;
	f->batch.lost_first = f->feed.seq + 1;
	f->batch.lost_last = f->entries[0].seq - 1;
}

static void
send(struct feeding *f)
{
	struct attempt      *a = &f->a;
	const struct tenant *t = a->t->tenant;
	const struct clock  *clock = a->d->env->clock;
	const uint64_t       first = f->entries[0].seq, last = f->entries[f->batch.n - 1].seq;
	int64_t              began = clock_ns(clock);
	char                 id[UUID_TEXT_MAX + 4] = "msg_";

	see_gap(f);
	a->row.wire_id = trail_id(&f->feed.channel_id, f->feed.chain, first, last);
	uuid_print(&a->row.wire_id, id + 4);
	f->batch.id = id;
	f->batch.tenant = (struct trail_tenant) { t->id, t->slug, t->name };
	f->batch.chain = f->feed.chain;
	f->batch.entries = f->entries;
	f->batch.body = a->channel.template;
	a->trail = &f->batch;
	a->format->ops->send(a, f->mem, &a->verdict);
	a->row.took_ms = (clock_ns(clock) - began) / 1000000;
	f->batch.id = NULL;
}

/* ---- what came of it ---- */

static int64_t
again_ms(const struct feeding *f)
{
	int64_t ms = AGAIN_MS, asked_s = f->a.verdict.retry_after_s;

	for (int64_t i = 1; i < f->feed.tries && ms < AGAIN_MAX_MS; i++)
		ms *= 2;
	if (ms > AGAIN_MAX_MS)
		ms = AGAIN_MAX_MS;
	if (asked_s > ASKED_MAX_S)
		asked_s = ASKED_MAX_S;
	return asked_s * 1000 > ms ? asked_s * 1000 : ms;
}

static bool
has_long_failed(const struct feeding *f, int64_t now_ms)
{
	return f->feed.tries > 0 && f->feed.failed_at.ms != 0 &&
	       now_ms - f->feed.failed_at.ms >= WATCH_FEED_S * 1000;
}

static bool
note_arrived(struct feeding *f, struct err *e)
{
	const int64_t rate = format_rate(f->a.d->formats, &f->a.channel).per_minute;
	const int64_t now_ms = clock_ms(f->a.d->env->clock);

	f->feed.seq = f->entries[f->batch.n - 1].seq;
	if (f->batch.lost_last != 0)
		f->feed.lost += f->batch.lost_last - f->batch.lost_first + 1;
	f->watched = has_long_failed(f, now_ms);
	take_more(f, now_ms);
	f->feed.tries = 0;
	f->feed.failed_at.ms = 0;
	f->feed.told_at.ms = now_ms;
	f->feed.detail = talloc_strdup(f->mem, "");
	f->wait_ms = rate > 0 ? 60000 / rate : 0;
	return f->feed.detail != NULL || err_memory(e);
}

static bool
note_failed(struct feeding *f, struct err *e)
{
	const struct verdict *v = &f->a.verdict;
	const int64_t         now_ms = clock_ms(f->a.d->env->clock);
	struct buf            b;

	f->all = false;
	take_fewer(f, now_ms);
	if (f->feed.tries++ == 0 || f->feed.failed_at.ms == 0)
		f->feed.failed_at.ms = now_ms;
	f->watched = has_long_failed(f, now_ms);
	f->wait_ms = again_ms(f);
	buf_make(&b, f->mem);
	buf_line(&b, str_of(v->detail != NULL ? v->detail : ""), DETAIL_MAX);
	f->feed.detail = buf_text(&b, e);
	return f->feed.detail != NULL;
}

static bool
record_body(struct db *db, void *arg, struct err *e)
{
	const struct feeding  *f = arg;
	const struct verdict  *v = &f->a.verdict;
	const struct feed_done done = {
		.claim = f->claim,
		.feed = f->feed,
		.seq = f->feed.chain == f->present ? f->feed.seq : 0,
		.ms = f->wait_ms,
		.all = f->all,
	};
	const instant now = { clock_ms(f->a.d->env->clock) };

	if (!feed_end(db, &done, e) || (f->watched && !watch_mark(db, e)))
		return false;
	return f->batch.n == 0 || v->fate != FATE_DISABLED ||
	       channel_disable(db, &f->a.channel.id,
		   v->reason != NULL ? v->reason : "The receiver wants no more messages.", now, e);
}

/* Whether the COMMIT happened whose answer was lost, the fence tells: where it did, that is lost.
 */
static bool
record(struct feeding *f, struct err *e)
{
	const struct tx tx = { "feeding", record_body, f, NULL, NULL };

	if (tx_run(f->a.t->db, &tx, e))
		return true;
	if (e->sys != OUTBOX_FENCE_LOST)
		return false;
	err_clear(e);
	return true;
}

static void
tell_log(const struct feeding *f)
{
	const struct attempt *a = &f->a;
	bool                  ok = a->verdict.fate == FATE_DELIVERED;
	char                  tenant[UUID_TEXT_MAX], channel[UUID_TEXT_MAX];

	uuid_print(&a->t->tenant->id, tenant);
	uuid_print(&a->channel.id, channel);
	metric_add(a->d->env->segment, METRIC_DELIVERIES,
	    METRIC_BY(a->format->kind, ok ? "delivered" : "failed"), 1);
	log_event(a->d->env->log, LOG_DRIFT, ok ? LOG_LEVEL_INFO : LOG_LEVEL_WARN,
	    ok ? "audit entries delivered" : "delivery of audit entries failed",
	    LOGS("event.action", "audit.deliver"),
	    LOGS("event.outcome", ok ? "success" : "failure"),
	    LOGI("event.duration", a->row.took_ms * 1000000), LOGS("organization.id", tenant),
	    LOGS("bsx.channel.id", channel), LOGS("bsx.event", TRAIL_EVENT),
	    LOGI("bsx.attempt", f->feed.tries), LOGI("bsx.audit.entries", (int64_t)f->batch.n),
	    LOGI("http.request.body.bytes", a->verdict.request_bytes),
	    LOGI("http.response.status_code", a->verdict.http_status),
	    LOGS("bsx.detail", f->feed.detail));
}

/* ---- one claim ---- */

static bool
tell(struct feeding *f, struct err *e)
{
	if (!read_entries(f, e))
		return false;
	if (f->batch.n == 0)
		return record(f, e);
	send(f);
	if (!(f->a.verdict.fate == FATE_DELIVERED ? note_arrived(f, e) : note_failed(f, e)))
		return false;
	tell_log(f);
	return record(f, e);
}

/* *there false: the tenant, the channel, or that it is told the trail, is no more. */
static bool
load(struct feeding *f, bool *there, struct err *e)
{
	struct attempt      *a = &f->a;
	const struct tenant *t;

	*there = tenant_by_schema(a->d->database, str_of(f->claim->schema_name), &t, e) &&
		 tenant_db_open(a->d->database, t, false, &a->t, e) &&
		 audit_feed_by_channel(a->t->db, f->mem, &f->claim->channel_id, &f->feed, e) &&
		 channel_by_id(a->t->db, f->mem, &f->claim->channel_id, &a->channel, e);
	return *there || err_take(e, ERR_MISSING);
}

static bool
tell_claim(struct deliver *d, TALLOC_CTX *mem, const struct feed_claim *c, struct err *e)
{
	struct feeding *f = talloc_zero(mem, struct feeding);
	struct db      *control = database_control(d->database);
	bool            there;

	if (f == NULL)
		return err_memory(e);
	f->a.d = d;
	f->mem = mem;
	f->claim = c;
	if (!load(f, &there, e))
		return false;
	if (!there)
		return feed_forget(control, c, e);
	f->a.format = format_of(d->formats, f->a.channel.kind);
	if (strcmp(channel_state(&f->a.channel), CHANNEL_ACTIVE) != 0 || f->a.format == NULL ||
	    f->a.format->ops->render_trail == NULL)
		return feed_put_off(control, c, PAUSED_MS, e);
	return tell(f, e);
}

static bool
try_claim(struct deliver *d, struct feed_claim *c, size_t *done, struct err *e)
{
	const int64_t lease_s = LEASE_S + d->env->conf->outbound_timeout_s;
	TALLOC_CTX   *mem;
	struct err    why = { 0 };
	bool          won, ok = true;

	if (!feed_take(database_control(d->database), &d->owner, lease_s, c, &won, e))
		return false;
	if (!won)
		return true;
	++*done;
	mem = talloc_new(NULL);
	if (mem == NULL)
		return err_memory(e);
	/* One tenant's trouble is not that of the others: its claim is given back. */
	if (!tell_claim(d, mem, c, &why)) {
		log_failure(d->env->log, LOG_DRIFT, "audit.deliver",
		    "entries of an audit trail could not be told", &why);
		ok = feed_again(database_control(d->database), c, e);
	}
	talloc_free(mem);
	return ok;
}

bool
feeds_tell(struct deliver *d, bool (*stop)(void *arg), void *arg, size_t *done, struct err *e)
{
	size_t before;

	*done = 0;
	do {
		TALLOC_CTX        *mem = talloc_new(NULL);
		struct feed_claim *rows = NULL;
		size_t             n = 0;
		bool               ok = mem != NULL || err_memory(e);

		before = *done;
		ok = ok && feeds_due(database_control(d->database), mem, CLAIMS, &rows, &n, e);
		for (size_t i = 0; ok && i < n && !stop(arg); i++)
			ok = try_claim(d, &rows[(i + d->self - 1) % n], done, e);
		talloc_free(mem);
		database_tidy(d->database);
		sealed_refused_note(&d->auth);
		if (!ok)
			return false;
	} while (*done > before && !stop(arg));
	return true;
}
