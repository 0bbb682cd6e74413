#include "drift/deliver/attempt.h"

#include <string.h>

#include "core/shm/metric.h"
#include "core/store/alert/alert_group.h"
#include "core/store/alert/lane.h"
#include "core/store/tx.h"
#include "drift/alert/fold.h"
#include "drift/alert/message.h"
#include "drift/deliver/answers.h"
#include "drift/deliver/pacing.h"
#include "drift/deliver/summary.h"

#define RETRY_MAX_S 86400
#define DETAIL_MAX  300

/* Of this round: those from before it was asked for again do not count. */
static int64_t
tries(const struct attempt *a)
{
	return a->row.attempt - a->message.replayed;
}

static bool
goes_on(const struct attempt *a)
{
	return a->verdict.fate == FATE_AGAIN && tries(a) < DELIVER_TRIES;
}

/* ---- recording ---- */

static int64_t
delay_s(const struct attempt *a)
{
	int64_t  base = a->format->ops->delays_s[tries(a) - 1], wanted = a->verdict.retry_after_s;
	uint32_t random;

	rand_fill(a->d->env->rand, &random, sizeof(random));
	base += (int64_t)(random % (uint32_t)(base / 10 + 1));
	if (wanted > RETRY_MAX_S)
		wanted = RETRY_MAX_S;
	return wanted > base ? wanted : base;
}

/* ---- what waits behind it ---- */

/* It arrived: what waits is due as it was written. */
static bool
let_follow(struct db *db, const struct attempt *a, const struct outbox *next, struct err *e)
{
	const struct outbox *m = &a->message;

	return outbox_set(db, m, e) && lane_arrived(db, m, a->row.at, e) &&
	       outbox_index_end(db, &m->id, a->claim->fence, e) &&
	       (uuid_is_nil(&next->id) || group_let_follow(db, next, next->wait_s, e));
}

/* What waits tells what this one could not, and goes on with its attempts while there are any. */
static bool
take_in(struct db *db, const struct attempt *a, struct outbox *next, struct err *e)
{
	struct outbox m = a->message;
	int64_t       due_s = 0;

	m.state = "superseded";
	m.done_at = a->row.at;
	if (goes_on(a)) {
		next->attempts = next->replayed + tries(a);
		due_s = delay_s(a);
	}
	fold_into(next, &m);
	if (fold_needless(next)) {
		next->state = "superseded";
		next->done_at = a->row.at;
	}
	return outbox_set(db, &m, e) && lane_take_in(db, next, e) &&
	       outbox_index_end(db, &m.id, a->claim->fence, e) &&
	       (fold_needless(next) ? lane_untold(db, &m.lane_id, e)
				    : outbox_index_add(db, &next->id, due_s, e));
}

/* It failed, and may be tried again as it is, or is given up. */
static bool
keep(struct db *db, const struct attempt *a, const struct outbox *next, struct err *e)
{
	const struct outbox *m = &a->message;

	if (!outbox_set(db, m, e))
		return false;
	if (goes_on(a))
		return outbox_index_again(db, &m->id, a->claim->fence, delay_s(a), e);
	return outbox_index_end(db, &m->id, a->claim->fence, e) &&
	       (uuid_is_nil(&next->id) || group_let_follow(db, next, 0, e));
}

/* A body that was finished long ago tells nothing but itself, and what is older tells nothing of
 * what came later: both may be where messages from before there were lanes were taken into one. */
static bool
tells_newer(const struct outbox *next, const struct outbox *m)
{
	return !uuid_is_nil(&next->id) && next->template != 0 &&
	       memcmp(&next->id, &m->id, sizeof(m->id)) > 0;
}

static bool
record_in_lane(struct db *db, const struct attempt *a, struct err *e)
{
	TALLOC_CTX          *tmp = talloc_new(db);
	const struct outbox *m = &a->message;
	bool                 ends = a->format != NULL && a->format->keeps_ends, ok;
	struct outbox        next;

	ok = tmp != NULL ? lane_next(db, tmp, m, &next, e) : err_memory(e);
	if (ok && a->verdict.fate == FATE_DELIVERED)
		ok = let_follow(db, a, &next, e);
	else if (ok && tells_newer(&next, m) && fold_allowed(ends, m, &next))
		ok = take_in(db, a, &next, e);
	else if (ok)
		ok = keep(db, a, &next, e);
	talloc_free(tmp);
	return ok;
}

/* ---- one that is in no lane ---- */

static bool
record_alone(struct db *db, const struct attempt *a, struct err *e)
{
	if (!outbox_set(db, &a->message, e))
		return false;
	if (goes_on(a))
		return outbox_index_again(db, &a->message.id, a->claim->fence, delay_s(a), e);
	return outbox_index_end(db, &a->message.id, a->claim->fence, e);
}

/* What was in no lane when it was read may have been taken into one. */
static bool
record_former(struct db *db, const struct attempt *a, struct err *e)
{
	TALLOC_CTX    *tmp = talloc_new(db);
	struct attempt now = *a;
	bool           ok;

	ok = tmp != NULL ? lane_now(db, tmp, &now.message, e) : err_memory(e);
	if (ok)
		ok = uuid_is_nil(&now.message.lane_id) ? record_alone(db, a, e)
						       : record_in_lane(db, &now, e);
	talloc_free(tmp);
	return ok;
}

/* What it tells ends with it. */
static bool
record_summary(struct db *db, const struct attempt *a, struct err *e)
{
	return record_alone(db, a, e) &&
	       (goes_on(a) || summary_end(db, a, a->verdict.fate == FATE_DELIVERED, e));
}

static bool
record_message(struct db *db, const struct attempt *a, struct err *e)
{
	if (summary_is(&a->message))
		return record_summary(db, a, e);
	if (!uuid_is_nil(&a->message.lane_id))
		return record_in_lane(db, a, e);
	return uuid_is_nil(&a->message.alert_id) ? record_alone(db, a, e) : record_former(db, a, e);
}

/* The lane is held first, as whoever tells the alert does. */
bool
attempt_write(struct db *db, const struct attempt *a, struct err *e)
{
	if (!record_message(db, a, e) || !delivery_add(db, &a->row, e) || !pacing_rest(db, a, e))
		return false;
	return a->verdict.fate != FATE_DISABLED ||
	       channel_disable(db, &a->channel.id, a->verdict.reason, a->row.at, e);
}

static bool
record_body(struct db *db, void *arg, struct err *e)
{
	return attempt_write(db, arg, e);
}

/* What whoever judged it left out. */
static void
complete_verdict(struct verdict *v)
{
	if (v->outcome == NULL)
		v->outcome = v->fate == FATE_DELIVERED ? "delivered" : "failed";
	if (v->detail == NULL)
		v->detail = "";
	if (v->reason == NULL)
		v->reason = "The receiver wants no more messages.";
}

bool
attempt_event(const struct attempt *a, TALLOC_CTX *mem, struct alert_event *shown, struct err *e)
{
	const struct view  view = { .values = a->channel.with_values };
	struct alert_event kept;

	return message_open(a->t, mem, &a->message, &kept, e) &&
	       (kept.many == NULL || summary_fill(a->t, mem, &a->message, kept.many, e)) &&
	       event_view(mem, view, &kept, shown, e) && answers_add(a, mem, shown, e);
}

bool
attempt_settle(struct attempt *a, TALLOC_CTX *mem, struct err *e)
{
	const char *state;

	complete_verdict(&a->verdict);
	state = a->verdict.fate == FATE_DELIVERED ? "delivered" : goes_on(a) ? "pending" : "dead";

	a->row.outcome = talloc_strdup(mem, a->verdict.outcome);
	a->row.detail = talloc_strndup(mem, a->verdict.detail, DETAIL_MAX);
	a->row.http_status = a->verdict.http_status;
	a->row.request_bytes = a->verdict.request_bytes;
	a->message.attempts = a->row.attempt;
	a->message.state = talloc_strdup(mem, state);
	if (!goes_on(a))
		a->message.done_at = a->row.at;
	if (a->message.state == NULL || a->row.outcome == NULL || a->row.detail == NULL)
		return err_memory(e);
	return true;
}

bool
attempt_record(struct attempt *a, TALLOC_CTX *mem, struct err *e)
{
	const struct delivery_mark mark = { a->row.id };
	const struct tx            tx = { "deliver", record_body, a, delivery_mark(), &mark };

	return attempt_settle(a, mem, e) && tx_run(a->t->db, &tx, e);
}

/* ---- telling ---- */

/* Of a message that no format of this version makes. */
static const struct format unknown = {
	"unknown",
	&(const struct format_ops) { .action = "alert.deliver" },
};

void
attempt_tell(const struct attempt *a)
{
	const struct format     *f = a->format == NULL ? &unknown : a->format;
	const struct format_ops *ops = f->ops;
	bool                     ok = a->verdict.fate == FATE_DELIVERED, dead = !ok && !goes_on(a);
	char                     tenant[UUID_TEXT_MAX], id[UUID_TEXT_MAX], channel[UUID_TEXT_MAX];

	uuid_print(&a->t->tenant->id, tenant);
	uuid_print(&a->message.id, id);
	uuid_print(&a->channel.id, channel);
	metric_add(a->d->env->segment, METRIC_DELIVERIES,
	    METRIC_BY(f->kind, dead ? "dead" : a->row.outcome), 1);
	log_event(a->d->env->log, LOG_DRIFT, ok ? LOG_LEVEL_INFO : LOG_LEVEL_WARN,
	    ok                    ? ops->done
	    : dead                ? "delivery given up"
	    : a->row.attempt == 0 ? "delivery put off"
				  : "delivery failed",
	    LOGS("event.action", ops->action), LOGS("event.outcome", ok ? "success" : "failure"),
	    LOGI("event.duration", a->row.took_ms * 1000000), LOGS("organization.id", tenant),
	    LOGS("bsx.message.id", id), LOGS("bsx.channel.id", channel),
	    LOGS("bsx.event", a->message.event), LOGI("bsx.attempt", a->row.attempt),
	    LOGI("http.request.body.bytes", a->row.request_bytes),
	    LOGI("http.response.status_code", a->row.http_status),
	    LOGS("bsx.detail", a->row.detail));
}
