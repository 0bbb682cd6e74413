#include "drift/driftd/jobs.h"

#include <string.h>

#include "core/auth/audit_tree.h"
#include "core/auth/key_rotation.h"
#include "core/auth/tenant/fleet.h"
#include "core/auth/tenant/grant_carry.h"
#include "core/auth/user/key_reminder.h"
#include "core/auth/user/role_end.h"
#include "core/store/alert/due.h"
#include "core/store/drift/remask.h"
#include "core/store/tenant/forget.h"
#include "core/store/tenant/grant.h"
#include "core/store/tenant/usage.h"
#include "drift/deliver/feeding.h"
#include "drift/deliver/trail_end.h"
#include "drift/driftd/acceptance_due.h"
#include "drift/driftd/intent_due.h"
#include "drift/remask/remask.h"
#include "drift/run/deadline.h"
#include "drift/run/takeover.h"
#include "drift/service/digest.h"
#include "drift/snapshot/retention.h"
#include "drift/template/carry.h"
#include "drift/template/onboard.h"
#include "drift/watch/watch.h"

#define DEADLINES_MS 1000
#define UPKEEP_MS    60000
#define WALK_MS      3600000 /* between two walks over all tenants */
#define WALK_PAGE_MS 5000    /* of one, then it is the turn of what waits */

static void
list_others(struct worker *w, struct due_other out[static SCHEDULE_DRIFTD_KINDS + 1])
{
	const struct due_other others[] = {
		{ SCHEDULE_ACCEPTANCE, acceptance_due, &w->deliver->auth },
		{ SCHEDULE_INTENT, intent_due, &w->deliver->auth },
		{ SCHEDULE_DIGEST, digest_due, (void *)(uintptr_t)w->deliver->env },
		{ NULL, NULL, NULL },
	};

	_Static_assert(
	    sizeof(others) / sizeof(others[0]) == SCHEDULE_DRIFTD_KINDS + 1, "a row for each kind");
	memcpy(out, others, sizeof(others));
}

static bool
see_deadlines(struct worker *w, int64_t *wait_ms, struct err *e)
{
	struct due_other others[SCHEDULE_DRIFTD_KINDS + 1];
	size_t           done;

	(void)wait_ms;
	list_others(w, others);
	return deadlines_due(w->drift, w->deliver->database, others, &w->deliver->owner, &done, e);
}

/* However many a tenant has, what is due of others waits for two of them. */
static bool
see_digests(struct worker *w, int64_t *wait_ms, struct err *e)
{
	struct due_other others[SCHEDULE_DRIFTD_KINDS + 1];
	size_t           done;

	(void)wait_ms;
	list_others(w, others);
	return deadlines_long(w->drift, w->deliver->database, others, &w->deliver->owner, &done, e);
}

static bool
rotate_keys(struct worker *w, int64_t *wait_ms, struct err *e)
{
	(void)wait_ms;
	return rotation_keys(&w->deliver->auth, ROTATE_WHEN_DUE, "driftd", NULL, e);
}

static int64_t
monotonic_ms(const struct worker *w)
{
	return clock_ns(w->deliver->env->clock) / 1000000;
}

/* A page of tenants at a time, so that deliveries do not wait; then rest. */
static void
walk_on(const struct worker *w, bool ended, struct uuid *after, int64_t *wait_ms)
{
	if (ended)
		*after = (struct uuid) { 0 };
	*wait_ms = ended ? WALK_MS : w->once ? 0 : UPKEEP_MS;
}

static bool
walks_too_long(void *arg)
{
	const struct worker *w = arg;

	return w->stop(w->stop_arg) || monotonic_ms(w) > w->walk_until_ms;
}

/* The same where a tenant may take long: what waits behind it in this worker waits for one at most.
 */
static bool
walk_page(struct worker *w, void (*fn)(const struct tenant *, TALLOC_CTX *, void *),
    struct uuid *after, int64_t *wait_ms, struct err *e)
{
	const struct tenant_visit visit = { fn, w, walks_too_long };
	bool                      ended;

	w->walk_until_ms = monotonic_ms(w) + WALK_PAGE_MS;
	if (!tenant_walk(w->deliver->database, &visit, after, &ended, e))
		return false;
	walk_on(w, ended, after, wait_ms);
	if (!ended && walks_too_long(w))
		*wait_ms = w->once ? 0 : DEADLINES_MS;
	return true;
}

static bool
remind_of_keys(struct worker *w, int64_t *wait_ms, struct err *e)
{
	bool ended;

	if (!keys_remind_page(&w->deliver->auth, &w->keys_after, &ended, e))
		return false;
	walk_on(w, ended, &w->keys_after, wait_ms);
	return true;
}

static bool
clear_roles(struct worker *w, int64_t *wait_ms, struct err *e)
{
	bool ended;

	if (!roles_end_page(&w->deliver->auth, &w->roles_after, &ended, e))
		return false;
	walk_on(w, ended, &w->roles_after, wait_ms);
	return true;
}

/* One that is suspended has old rows too. */
static void
forget_tenant(const struct tenant *row, TALLOC_CTX *mem, void *arg)
{
	struct worker           *w = arg;
	const struct env        *env = w->deliver->env;
	const struct forget_stop stop = { w->stop, w->stop_arg };
	struct tenant_db        *t;
	struct err               e = { 0 };

	(void)mem;
	if (w->stop(w->stop_arg) || !tenant_stands(row))
		return;
	if (!tenant_db_open(w->deliver->database, row, true, &t, &e) ||
	    !forget_old(t, (instant) { clock_ms(env->clock) }, &stop, &e))
		log_err(env->log, LOG_SYSTEM, "old rows of a tenant were not taken away", &e);
}

static bool
forget_rows(struct worker *w, int64_t *wait_ms, struct err *e)
{
	return walk_page(w, forget_tenant, &w->forget_after, wait_ms, e);
}

#define ENDING_MS                                                                                  \
	5000 /* of one tenant's history, and of its trail; what is left waits for the next walk */

struct ending {
	const struct worker *w;
	int64_t              until_ms;
};

static bool
ends_too_long(void *arg)
{
	const struct ending *x = arg;

	return x->w->stop(x->w->stop_arg) || monotonic_ms(x->w) > x->until_ms;
}

/* In one that is suspended nobody can say that it shall be otherwise. */
static void
end_history(const struct tenant *row, TALLOC_CTX *mem, void *arg)
{
	struct worker           *w = arg;
	struct ending            x = { w, monotonic_ms(w) + ENDING_MS };
	const struct forget_stop stop = { ends_too_long, &x };
	struct tenant_db        *t;
	struct err               e = { 0 };

	if (w->stop(w->stop_arg) || strcmp(row->status, "active") != 0)
		return;
	if (!tenant_db_open(w->deliver->database, row, true, &t, &e) ||
	    !retention_walk(w->drift, t, mem, &stop, &e)) {
		log_err(w->deliver->env->log, LOG_DRIFT,
		    "old history of a tenant was not taken away", &e);
		return;
	}
	x.until_ms = monotonic_ms(w) + ENDING_MS;
	if (!trail_end(&w->deliver->auth, t, mem, &stop, &e))
		log_err(w->deliver->env->log, LOG_DRIFT,
		    "old entries of a tenant's audit trail were not taken away", &e);
}

static bool
drop_history(struct worker *w, int64_t *wait_ms, struct err *e)
{
	return walk_page(w, end_history, &w->history_after, wait_ms, e);
}

/* What retention has taken away is counted off. */
static void
count_tenant(const struct tenant *row, TALLOC_CTX *mem, void *arg)
{
	struct worker          *w = arg;
	const struct env       *env = w->deliver->env;
	const struct usage_stop stop = { w->stop, w->stop_arg };
	struct tenant_db       *t;
	struct err              e = { 0 };

	(void)mem;
	if (w->stop(w->stop_arg) || strcmp(row->status, "active") != 0)
		return;
	if (!tenant_db_open(w->deliver->database, row, true, &t, &e) ||
	    !usage_recount_storage(
		t, (instant) { clock_ms(env->clock) }, USAGE_STORAGE_MS, &stop, &e))
		log_err(env->log, LOG_SYSTEM, "what a tenant stores was not counted", &e);
}

static bool
count_storage(struct worker *w, int64_t *wait_ms, struct err *e)
{
	return walk_page(w, count_tenant, &w->count_after, wait_ms, e);
}

static bool
check_messages(struct worker *w, TALLOC_CTX *mem, struct tenant_db *t, size_t *back, struct err *e)
{
	const struct due d = { database_control(w->deliver->database), t->db };
	struct uuid      after = { 0 };

	do {
		if (!due_check_page(&d, mem, &after, back, e))
			return false;
	} while (!uuid_is_nil(&after) && !w->stop(w->stop_arg));
	return true;
}

static void
check_tenant(const struct tenant *row, TALLOC_CTX *mem, void *arg)
{
	struct worker    *w = arg;
	struct log       *log = w->deliver->env->log;
	struct tenant_db *t;
	size_t            back = 0;
	struct err        e = { 0 };

	if (w->stop(w->stop_arg) || strcmp(row->status, "active") != 0)
		return;
	if (!tenant_db_open(w->deliver->database, row, true, &t, &e) ||
	    !check_messages(w, mem, t, &back, &e))
		log_err(log, LOG_SYSTEM, "messages that wait were not looked at", &e);
	if (back > 0)
		log_event(log, LOG_DRIFT, LOG_LEVEL_WARN,
		    "messages that waited and were not in the index of due ones are due now",
		    LOGS("event.action", "alert.deliver"), LOGS("event.outcome", "success"),
		    LOGI("bsx.messages", (int64_t)back));
}

static bool
check_due(struct worker *w, int64_t *wait_ms, struct err *e)
{
	return walk_page(w, check_tenant, &w->due_after, wait_ms, e);
}

/* Configs of before this edition of comparing: what they are known by, then what is stored of them.
 */
static bool
take_config(struct worker *w, struct tenant_db *t, const struct uuid *config, struct err *e)
{
	TALLOC_CTX           *mem = talloc_new(NULL);
	struct work           work;
	const struct takeover over = { w->drift, t, mem, &work, *config };
	const struct remask   mask = { w->drift, t, mem, &work, *config };
	bool                  ok;

	if (mem == NULL)
		return err_memory(e);
	work_begin(&work, WORK_TASK, w->drift->env->clock);
	ok = takeover(&over, e);
	if (ok) {
		work_begin(&work, WORK_TASK, w->drift->env->clock);
		ok = remask_config(&mask, e);
	}
	talloc_free(mem);
	return ok;
}

#define CONFIGS_READ 20
#define TAKING_MS    2000 /* then deliveries have their turn */

/* What fails is passed over, and tried again by the next walk. */
static bool
take_configs(struct worker *w, TALLOC_CTX *mem, struct tenant_db *t, struct err *e)
{
	struct remask_due due = { .edition = COMPARE_EDITION, .limit = CONFIGS_READ };
	struct uuid      *ids;
	size_t            n = CONFIGS_READ;

	while (n == CONFIGS_READ) {
		if (!remask_due(t->db, mem, &due, &ids, &n, e))
			return false;
		for (size_t i = 0; i < n; i++) {
			struct err why = { 0 };

			w->taking_more =
			    w->stop(w->stop_arg) || monotonic_ms(w) > w->taking_until_ms;
			if (w->taking_more)
				return true;
			due.after = ids[i];
			if (!take_config(w, t, &ids[i], &why))
				log_err(w->deliver->env->log, LOG_DRIFT,
				    "a config could not be taken over to the edition of now", &why);
		}
	}
	return true;
}

static void
take_tenant(const struct tenant *row, TALLOC_CTX *mem, void *arg)
{
	struct worker    *w = arg;
	struct tenant_db *t;
	struct err        e = { 0 };

	if (w->taking_more || strcmp(row->status, "active") != 0)
		return;
	if (!tenant_db_open(w->deliver->database, row, true, &t, &e) ||
	    !take_configs(w, mem, t, &e))
		log_err(w->deliver->env->log, LOG_DRIFT, "configs could not be looked at", &e);
}

static bool
take_over(struct worker *w, int64_t *wait_ms, struct err *e)
{
	const struct tenant_visit visit = { take_tenant, w };
	const struct uuid         from = w->edition_after;
	bool                      ended;

	w->taking_more = false;
	w->taking_until_ms = monotonic_ms(w) + TAKING_MS;
	if (!tenant_walk(w->deliver->database, &visit, &w->edition_after, &ended, e))
		return false;
	walk_on(w, ended, &w->edition_after, wait_ms);
	if (w->taking_more) {
		w->edition_after = from;
		*wait_ms = w->once ? 0 : DEADLINES_MS;
	}
	return true;
}

#define OPERATING_MS 1000 /* then what is due otherwise has its turn */

static bool
operates_too_long(void *arg)
{
	const struct worker *w = arg;

	return w->stop(w->stop_arg) || (!w->once && monotonic_ms(w) > w->operate_until_ms);
}

static bool
carry_operations(struct worker *w, int64_t *wait_ms, struct err *e)
{
	struct template_carrier     carrier = { { NULL }, w->drift, w->deliver->fetch,
		    false }; /* schemas are made by bsxctl */
	operation_fn               *kinds[OPERATION__MAX];
	const struct operation_work work = {
		.auth = &w->deliver->auth,
		.carrier = w->deliver->owner,
		.kinds = kinds,
		.arg = &carrier,
		.stop = operates_too_long,
		.stop_arg = w,
		.after = &w->operated_of,
	};
	size_t n;

	w->operate_until_ms = monotonic_ms(w) + OPERATING_MS;
	memcpy(kinds, tenant_operations, sizeof(kinds));
	kinds[OPERATION_TEMPLATE_PREVIEW] = template_carry;
	kinds[OPERATION_TEMPLATE_APPLY] = template_carry;
	kinds[OPERATION_TEMPLATE_UNDO] = template_carry;
	kinds[OPERATION_ONBOARDING] = onboard_carry;
	if (!operations_carry(&work, &n, e))
		return false;
	if (operates_too_long(w)) { /* the next round, at once */
		w->more = true;
		*wait_ms = 1;
	}
	return true;
}

static bool
forget_operations(struct worker *w, int64_t *wait_ms, struct err *e)
{
	*wait_ms = WALK_MS;
	return operation_forget(w->deliver->database, e);
}

/* What could not be carried is tried again later. */
static bool
carry_entries(struct worker *w, int64_t *wait_ms, struct err *e)
{
	bool failed;

	if (!audit_inbox_carry(&w->deliver->auth, &failed, e))
		return false;
	if (failed)
		*wait_ms = UPKEEP_MS;
	return true;
}

static bool
forget_grants(struct worker *w, int64_t *wait_ms, struct err *e)
{
	*wait_ms = WALK_MS;
	return grants_forget(w->deliver->database, e);
}

static bool
sign_checkpoints(struct worker *w, int64_t *wait_ms, struct err *e)
{
	const struct audit_round r = { &w->deliver->auth, w->stop, w->stop_arg };
	bool                     more;

	if (!audit_checkpoints_due(&r, &more, e))
		return false;
	if (more)
		*wait_ms = w->once ? 0 : DEADLINES_MS;
	return true;
}

#define FLEET_COUNTED 50 /* in one turn: then deliveries have theirs */

static bool
count_fleet(struct worker *w, int64_t *wait_ms, struct err *e)
{
	size_t n;

	if (!fleet_round(&w->deliver->auth, FLEET_COUNTED, &n, e))
		return false;
	if (n == FLEET_COUNTED && w->once)
		*wait_ms = 0;
	return true;
}

#define LOOKED_AT 50 /* tenants in one turn: then deliveries have theirs */

static bool
watch_tenants(struct worker *w, int64_t *wait_ms, struct err *e)
{
	size_t n;

	if (!watch_round(&w->deliver->auth, LOOKED_AT, &n, e))
		return false;
	if (n == LOOKED_AT && w->once)
		*wait_ms = 0;
	return true;
}

#define DELIVERING_MS                                                                              \
	1000 /* then what is due otherwise has its turn, and tells of what it finds                \
	      */

static bool
delivers_too_long(void *arg)
{
	struct worker *w = arg;
	bool           late = !w->once && monotonic_ms(w) > w->deliver_until_ms;

	w->more = w->more || late;
	return late || w->stop(w->stop_arg);
}

static bool
deliver(struct worker *w, int64_t *wait_ms, struct err *e)
{
	size_t done;

	(void)wait_ms;
	w->deliver_until_ms = monotonic_ms(w) + DELIVERING_MS;
	return deliver_due(w->deliver, delivers_too_long, w, &done, e);
}

/* Half of the time at most: where it was cut off, so long as it took is for the deliveries of
 * alerts. */
static bool
tell_trails(struct worker *w, int64_t *wait_ms, struct err *e)
{
	const int64_t began = monotonic_ms(w);
	size_t        done;

	w->deliver_until_ms = began + DELIVERING_MS;
	if (!feeds_tell(w->deliver, delivers_too_long, w, &done, e))
		return false;
	if (w->more)
		*wait_ms = monotonic_ms(w) - began + 1;
	return true;
}

/* A tenant may have very much: a page of it at a time. */
static bool
seal_anew(struct worker *w, int64_t *wait_ms, struct err *e)
{
	bool ended;

	w->walk_until_ms = monotonic_ms(w) + WALK_PAGE_MS;
	w->rekey.auth = &w->deliver->auth;
	w->rekey.stop = walks_too_long;
	w->rekey.arg = w;
	if (!tenant_rekey_turn(&w->rekey, &ended, e))
		return false;
	*wait_ms = ended ? UPKEEP_MS : w->once ? 0 : DEADLINES_MS;
	return true;
}

/* Deadlines and what is watched tell of what they find by messages, so they come before deliveries.
 */
const struct job jobs[] = {
	{ "signing_keys", UPKEEP_MS, true, rotate_keys },
	{ "key_reminders", UPKEEP_MS, true, remind_of_keys },
	{ "ended_roles", UPKEEP_MS, true, clear_roles },
	{ "old_rows", UPKEEP_MS, true, forget_rows },
	{ "old_history", UPKEEP_MS, true, drop_history },
	{ "storage", UPKEEP_MS, true, count_storage },
	{ "due", UPKEEP_MS, true, check_due },
	{ "edition", UPKEEP_MS, true, take_over },
	{ "audit_checkpoints", UPKEEP_MS, true, sign_checkpoints },
	{ "data_keys", UPKEEP_MS, true, seal_anew },
	{ "old_operations", UPKEEP_MS, true, forget_operations },
	{ "operations", DEADLINES_MS, true, carry_operations },
	{ "old_grants", UPKEEP_MS, true, forget_grants },
	{ "audit_inbox", DEADLINES_MS, true, carry_entries },
	{ "deadlines", DEADLINES_MS, false, see_deadlines },
	{ "digests", DEADLINES_MS, false, see_digests },
	{ "watches", DEADLINES_MS, false, watch_tenants },
	{ "fleet", DEADLINES_MS, false, count_fleet },
	{ "audit_feeds", DEADLINES_MS, false, tell_trails },
	{ "deliveries", 0, false, deliver },
	{ 0 },
};
_Static_assert(sizeof(jobs) / sizeof(jobs[0]) <= JOBS_MAX, "struct worker has room for every row");

static bool
run(struct worker *w, size_t i, struct err *e)
{
	int64_t wait_ms;

	do {
		wait_ms = jobs[i].every_ms;
		if (!jobs[i].run(w, &wait_ms, e))
			return false;
		w->due_ms[i] = clock_ns(w->deliver->env->clock) / 1000000 + wait_ms;
	} while (wait_ms == 0 && jobs[i].every_ms != 0 && !w->stop(w->stop_arg));
	return true;
}

bool
jobs_round(struct worker *w, struct err *e)
{
	bool ok = true;

	w->more = false;
	for (size_t i = 0; jobs[i].name != NULL && !w->stop(w->stop_arg); i++) {
		int64_t    now = clock_ns(w->deliver->env->clock) / 1000000;
		struct err why = { 0 };

		if (now < w->due_ms[i] || (jobs[i].first_only && w->deliver->self != 1) ||
		    run(w, i, &why))
			continue;
		w->due_ms[i] = now + jobs[i].every_ms;
		if (ok)
			*e = why;
		ok = false;
		if (why.code == ERR_UNAVAILABLE)
			break;
	}
	return ok;
}
