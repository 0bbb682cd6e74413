#include "drift/deliver/deliver.h"

#include <stdio.h>
#include <string.h>

#include "core/shm/metric.h"
#include "core/store/alert/channel.h"
#include "core/store/tx.h"
#include "drift/alert/message.h"
#include "drift/deliver/webhook.h"

#define CLAIMS        16    /* due rows read at once */
#define ANSWER_MAX    65536 /* bytes read of a receiver's answer */
#define RETRY_MAX_S   86400
#define SUSPENDED_MS  300000
#define LANE_SHORT_MS 100 /* when the other sender has just begun */
#define LANE_LONG_MS  2000
#define LANE_SLOW_MS  300
#define DETAIL_MAX    300

/* Seconds before the 2nd, 3rd, ... attempt. */
static const int64_t schedule[DELIVER_TRIES - 1] = { 5, 300, 1800, 7200, 18000, 36000, 50400, 72000,
	86400 };

/* Seconds until the attempt after `attempts` failed ones, jitter included; retry_after_s < 0: none.
 */
static int64_t
deliver_delay_s(int64_t attempts, int64_t retry_after_s, struct rand *r)
{
	int64_t  base = schedule[attempts < 1                ? 0
				 : attempts >= DELIVER_TRIES ? DELIVER_TRIES - 2
							     : attempts - 1];
	uint32_t random;

	if (retry_after_s > RETRY_MAX_S)
		retry_after_s = RETRY_MAX_S;
	rand_fill(r, &random, sizeof(random));
	base += (int64_t)(random % (uint32_t)(base / 10 + 1)); /* up to a tenth more */
	return retry_after_s > base ? retry_after_s : base;
}

/* A message on its way. */
struct attempt {
	struct deliver     *d;
	const struct claim *claim;
	struct tenant_db   *t;
	struct outbox       outbox;
	struct channel      channel;
	struct delivery     row;
	bool                gone;    /* disable the channel */
	bool                retry;   /* a further attempt may help */
	int64_t             delay_s; /* until it */
};

/* ---- sending ---- */

static void
outcome(struct attempt *a, TALLOC_CTX *mem, const char *word, bool retry, const char *detail)
{
	a->row.outcome = talloc_strdup(mem, word);
	a->row.detail = talloc_strndup(mem, detail, DETAIL_MAX);
	a->retry = retry;
}

static void
judge(struct attempt *a, TALLOC_CTX *mem, const struct fetch_answer *answer)
{
	char text[64];

	a->row.http_status = answer->status;
	snprintf(text, sizeof(text), "The receiver answered %d.", answer->status);
	if (answer->status >= 200 && answer->status < 300) {
		outcome(a, mem, "delivered", false, text);
		return;
	}
	a->gone = answer->status == 410;
	outcome(a, mem, "failed", !a->gone, text);
	a->delay_s = deliver_delay_s(a->row.attempt,
	    answer->status == 429 || answer->status == 503 ? answer->retry_after_s : -1,
	    a->d->env->rand);
}

static bool
open_message(
    struct attempt *a, TALLOC_CTX *mem, struct str *body, struct str *secret, struct err *e)
{
	const struct view view = { .values = a->channel.with_values };

	return tenant_open(a->t, mem, "outbox", "body", &a->outbox.id, a->outbox.body, body, e) &&
	       message_view(mem, view, *body, body, e) &&
	       tenant_open(
		   a->t, mem, "channels", "secret", &a->channel.id, a->channel.secret, secret, e);
}

static bool
post(struct attempt *a, TALLOC_CTX *mem, struct fetch_answer *answer, struct err *e)
{
	const struct env *d = a->d->env;
	char              id[UUID_TEXT_MAX + 4] = "msg_", timestamp[24];
	int64_t           now_s = clock_ms(d->clock) / 1000;
	struct str        body, secret;
	char             *signature;

	uuid_print(&a->outbox.id, id + 4);
	snprintf(timestamp, sizeof(timestamp), "%lld", (long long)now_s);
	if (!open_message(a, mem, &body, &secret, e))
		return false;
	signature = webhook_sign(mem, secret, str_of(id), now_s, body);
	if (signature == NULL)
		return err_memory(e);
	const struct fetch_header headers[] = {
		{ "Content-Type", "application/json" },
		{ "User-Agent", "BlindSpotX/" BSX_VERSION },
		{ "webhook-id", id },
		{ "webhook-timestamp", timestamp },
		{ "webhook-signature", signature },
	};
	const struct fetch_request q = { .method = "POST",
		.url = a->channel.target,
		.headers = headers,
		.headers_n = sizeof(headers) / sizeof(headers[0]),
		.body = body,
		.timeout_ms = d->conf->outbound_timeout_s * 1000,
		.answer_max = ANSWER_MAX,
		.cut = true };

	return fetch_run(a->d->fetch, mem, &q, answer, e);
}

static bool
is_mail(const struct attempt *a)
{
	return uuid_is_nil(&a->outbox.channel_id);
}

static void
send_mail(struct attempt *a, TALLOC_CTX *mem)
{
	const struct clock   *clock = a->d->env->clock;
	int64_t               began = clock_ns(clock);
	struct mailing_result r;

	a->row.at.ms = clock_ms(clock);
	mailing_send(&a->d->auth, a->d->mail, a->t, &a->outbox, a->row.attempt, mem, &r);
	a->row.took_ms = (clock_ns(clock) - began) / 1000000;
	outcome(a, mem, r.outcome, r.retry, r.detail);
	a->delay_s = r.delay_s;
}

/* Never fails: what went wrong is the outcome. */
static void
send_once(struct attempt *a, TALLOC_CTX *mem)
{
	const struct env   *d = a->d->env;
	struct fetch_answer answer = { .retry_after_s = -1 };
	struct err          why = { 0 };
	int64_t             began = clock_ns(d->clock);
	bool                ok;

	a->row.at.ms = clock_ms(d->clock);
	ok = post(a, mem, &answer, &why);
	a->row.took_ms = (clock_ns(d->clock) - began) / 1000000;
	if (ok) {
		judge(a, mem, &answer);
		return;
	}
	outcome(a, mem, why.code == ERR_INVALID ? "refused" : "failed", true, why.pub);
	a->delay_s = deliver_delay_s(a->row.attempt, -1, d->rand);
	if (why.code != ERR_INVALID && why.code != ERR_UNAVAILABLE)
		log_failure(
		    d->log, LOG_DRIFT, "alert.deliver", "a delivery could not be sent", &why);
}

/* ---- recording ---- */

static bool
record_body(struct db *db, void *arg, struct err *e)
{
	struct attempt *a = arg;
	bool            more = a->retry && a->row.attempt < DELIVER_TRIES;

	if (!delivery_add(db, &a->row, e) || !outbox_set(db, &a->outbox, e))
		return false;
	if (a->gone &&
	    !channel_disable(db, &a->channel.id, "The receiver answered 410 Gone.", a->row.at, e))
		return false;
	if (more)
		return outbox_index_again(db, &a->outbox.id, a->claim->fence, a->delay_s, e);
	return outbox_index_end(db, &a->outbox.id, a->claim->fence, e);
}

static bool
record(struct attempt *a, TALLOC_CTX *mem, struct err *e)
{
	const struct delivery_mark mark = { a->row.id };
	const struct tx            tx = { "deliver", record_body, a, delivery_mark(), &mark };
	bool delivered = a->row.outcome != NULL && strcmp(a->row.outcome, "delivered") == 0;
	bool more = a->retry && a->row.attempt < DELIVER_TRIES;

	a->outbox.attempts = a->row.attempt;
	a->outbox.state = talloc_strdup(mem, delivered ? "delivered" : more ? "pending" : "dead");
	if (!more)
		a->outbox.done_at = a->row.at;
	if (a->outbox.state == NULL || a->row.outcome == NULL || a->row.detail == NULL)
		return err_memory(e);
	return tx_run(a->t->db, &tx, e);
}

static void
tell(const struct attempt *a)
{
	const struct env *d = a->d->env;
	bool              ok = strcmp(a->row.outcome, "delivered") == 0,
	     dead = strcmp(a->outbox.state, "dead") == 0;
	char tenant[UUID_TEXT_MAX], id[UUID_TEXT_MAX], channel[UUID_TEXT_MAX];

	uuid_print(&a->t->tenant->id, tenant);
	uuid_print(&a->outbox.id, id);
	uuid_print(&a->channel.id, channel);
	metric_add(d->segment, METRIC_DELIVERIES,
	    METRIC_BY(is_mail(a) ? "mail" : "webhook", dead ? "dead" : a->row.outcome), 1);
	log_event(d->log, LOG_DRIFT, ok ? LOG_LEVEL_INFO : LOG_LEVEL_WARN,
	    ok     ? is_mail(a) ? "mail handed over" : "alert delivered"
	    : dead ? "delivery given up"
		   : "delivery failed",
	    LOGS("event.action", is_mail(a) ? "mail.deliver" : "alert.deliver"),
	    LOGS("event.outcome", ok ? "success" : "failure"),
	    LOGI("event.duration", a->row.took_ms * 1000000), LOGS("organization.id", tenant),
	    LOGS("bsx.message.id", id), LOGS("bsx.channel.id", channel),
	    LOGS("bsx.event", a->outbox.event), LOGI("bsx.attempt", a->row.attempt),
	    LOGI("http.response.status_code", a->row.http_status),
	    LOGS("bsx.detail", a->row.detail));
}

/* ---- one claim ---- */

/* The message and its channel.  *go false: there is nothing to send, and the claim was seen to. */
static bool
load(struct attempt *a, TALLOC_CTX *mem, bool *go, struct err *e)
{
	struct db *control = database_control(a->d->database);

	*go = false;
	if (!outbox_by_id(a->t->db, mem, &a->claim->id, &a->outbox, e)) {
		if (!err_take(e, ERR_MISSING))
			return false;
		return claim_forget(control, a->claim, e);
	}
	if (strcmp(a->outbox.state, "pending") != 0)
		return claim_forget(control, a->claim, e);
	a->row = (struct delivery) { .id = uuid_make(a->d->env->clock, a->d->env->rand),
		.outbox_id = a->outbox.id,
		.channel_id = a->outbox.channel_id,
		.attempt = a->outbox.attempts + 1,
		.at = { clock_ms(a->d->env->clock) } };
	*go = true;
	if (is_mail(a))
		return true;
	if (!channel_by_id(a->t->db, mem, &a->outbox.channel_id, &a->channel, e)) {
		if (!err_take(e, ERR_MISSING))
			return false;
		outcome(a, mem, "refused", false, "The channel was dropped.");
	} else if (strcmp(a->channel.status, "active") != 0) {
		outcome(a, mem, "refused", false, "The channel is disabled.");
	}
	return true;
}

static bool
fence_lost(struct attempt *a, struct err *e)
{
	if (e->sys != OUTBOX_FENCE_LOST)
		return false;
	err_clear(e);
	log_event(a->d->env->log, LOG_DRIFT, LOG_LEVEL_WARN,
	    "another sender has taken the message over", LOGS("event.action", "alert.deliver"),
	    LOGS("event.outcome", "unknown"));
	return true;
}

static bool
attempt_in_lane(struct attempt *a, TALLOC_CTX *mem, struct err *e)
{
	struct deliver *d = a->d;
	int64_t         since, age;

	if (a->row.outcome == NULL) {
		if (!channel_slot_take(
			d->slots, d->self, &a->outbox.channel_id, d->env->clock, &since)) {
			age = clock_ns(d->env->clock) / 1000000 - since;
			return claim_put_off(database_control(d->database), a->claim,
			    age < LANE_SLOW_MS ? LANE_SHORT_MS : LANE_LONG_MS, e);
		}
		if (is_mail(a))
			send_mail(a, mem);
		else
			send_once(a, mem);
		channel_slot_leave(d->slots, d->self, &a->outbox.channel_id);
	}
	if (!record(a, mem, e))
		return fence_lost(a, e);
	tell(a);
	return true;
}

static bool
deliver_claim(struct deliver *d, TALLOC_CTX *mem, const struct claim *c, struct err *e)
{
	struct attempt       a = { .d = d, .claim = c };
	struct db           *control = database_control(d->database);
	const struct tenant *t;
	bool                 go;

	if (!tenant_by_schema(d->database, str_of(c->schema_name), &t, e)) {
		if (!err_take(e, ERR_MISSING))
			return false;
		return claim_forget(control, c, e);
	}
	if (strcmp(t->status, "active") != 0)
		return claim_put_off(control, c, SUSPENDED_MS, e);
	if (!tenant_db_open(d->database, t, false, &a.t, e) || !load(&a, mem, &go, e))
		return false;
	return go ? attempt_in_lane(&a, mem, e) : true;
}

/* ---- all that is due ---- */

static bool
try_claim(struct deliver *d, struct claim *c, bool *won, struct err *e)
{
	TALLOC_CTX *mem;
	struct err  why = { 0 };

	if (!claim_take(database_control(d->database), &d->owner, c, won, e))
		return false;
	if (!*won)
		return true;
	mem = talloc_new(NULL);
	if (mem == NULL)
		return err_memory(e);
	/* One tenant's trouble is not that of the others: its claim runs out and comes again. */
	if (!deliver_claim(d, mem, c, &why))
		log_failure(d->env->log, LOG_DRIFT, "alert.deliver",
		    "a due message could not be handled", &why);
	talloc_free(mem);
	return true;
}

bool
deliver_due(struct deliver *d, bool (*stop)(void *arg), void *arg, size_t *done, struct err *e)
{
	struct claim *rows;
	size_t        n, before;

	*done = 0;
	do {
		TALLOC_CTX *mem = talloc_new(NULL);
		bool        ok = mem != NULL &&
			  claim_due(database_control(d->database), mem, 0, CLAIMS, &rows, &n, e);

		before = *done;
		/* Each sender begins elsewhere, so that they do not all want the same row. */
		for (size_t i = 0; ok && i < n && !stop(arg); i++) {
			bool won = false;

			ok = try_claim(d, &rows[(i + d->self - 1) % n], &won, e);
			*done += won;
		}
		talloc_free(mem);
		database_tidy(d->database);
		if (!ok)
			return mem != NULL ? false : err_memory(e);
	} while (*done > before && !stop(arg));
	return true;
}
