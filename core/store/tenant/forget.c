#include "core/store/tenant/forget.h"

#include "core/store/tx.h"

#define HOUR_MS 3600000LL
#define DAY_MS  (24 * HOUR_MS)

struct before_in {
	instant before;
};
static const struct field before_fields[] = {
	COLUMN(struct before_in, before),
	FIELD_END,
};
static const struct schema before_in = SCHEMA("ForgetBefore", struct before_in, before_fields);

/* In the order of an index, so that two who do the same wait for each other. */
#define OLDEST(table, end)                                                                         \
	"DELETE FROM " table " WHERE " end " < :before ORDER BY " end " LIMIT 500"
#define DAY_OF_BEFORE "DATEDIFF(:before, '1970-01-01')"
_Static_assert(FORGET_ROWS == 500, "as in the statements");

SQL(forget_sessions, SQL_TENANT, &before_in, NULL, OLDEST("user_sessions", "absolute_end"));
SQL(forget_logins, SQL_TENANT, &before_in, NULL, OLDEST("login_transactions", "expires_at"));
SQL(forget_links, SQL_TENANT, &before_in, NULL, OLDEST("mail_tokens", "expires_at"));
SQL(forget_answers, SQL_TENANT, &before_in, NULL, OLDEST("alert_answers", "expires_at"));
SQL(forget_marks, SQL_TENANT, &before_in, NULL, OLDEST("oidc_marks", "expires_at"));
SQL(forget_keys, SQL_TENANT, &before_in, NULL, OLDEST("idempotency", "created_at"));
SQL(forget_masked, SQL_TENANT, &before_in, NULL,
    "DELETE FROM masked_changes WHERE day < " DAY_OF_BEFORE " ORDER BY day LIMIT 500");
SQL(forget_daily, SQL_TENANT, &before_in, NULL,
    "DELETE FROM drift_daily WHERE kind IN ('severity', 'rule', 'resource')"
    " AND day < " DAY_OF_BEFORE " ORDER BY kind, day LIMIT 500");

/* Of a series; what somebody made by hand stays. */
SQL(forget_windows, SQL_TENANT, &before_in, NULL,
    "DELETE FROM silences WHERE series_id IS NOT NULL AND expires_at < :before"
    " ORDER BY expires_at LIMIT 500");
SQL(forget_series, SQL_TENANT, &before_in, NULL, OLDEST("silence_series", "ends_at"));
SQL(forget_intents, SQL_TENANT, &before_in, NULL, OLDEST("drift_intents", "ends_at"));
SQL(forget_pushers, SQL_TENANT, &before_in, NULL, OLDEST("config_pushers", "seen_at"));
/* One of which nothing was ever there: what is, or was in its baseline, is missed for ever, and so
 * is one that is blind since somebody could read it.  A template that has it would only bring it
 * again. */
SQL(forget_collections, SQL_TENANT, &before_in, NULL,
    "DELETE FROM config_collections WHERE read_at < :before AND unsettled = 0 AND NOT held"
    " AND look_report IS NULL AND (blind_since IS NULL OR baseline_seq IS NULL)"
    " AND NOT EXISTS (SELECT 1 FROM config_state s"
    " WHERE s.config_id = config_collections.config_id AND s.golden)"
    " AND NOT EXISTS (SELECT 1 FROM resources r JOIN resource_versions v ON v.resource_id = r.id"
    " WHERE r.config_id = config_collections.config_id"
    " AND r.category = config_collections.category AND (v.until_seq IS NULL"
    " OR (v.from_seq <= config_collections.baseline_seq"
    " AND v.until_seq > config_collections.baseline_seq)))"
    " ORDER BY read_at LIMIT 500");
/* Whose key or user has ended: nobody's turn (drift/run/collections.h). */
SQL(forget_readers, SQL_TENANT, &before_in, NULL,
    "UPDATE config_collections SET read_by = NULL WHERE read_by IS NOT NULL AND read_at < :before"
    " AND NOT EXISTS (SELECT 1 FROM api_keys k WHERE k.id = read_by AND k.revoked_at IS NULL"
    " AND (k.expires_at IS NULL OR k.expires_at > :before))"
    " AND NOT EXISTS (SELECT 1 FROM users u WHERE u.id = read_by AND u.status = 'active')"
    " LIMIT 500");
SQL(forget_groups, SQL_TENANT, &before_in, NULL, OLDEST("alert_groups", "used_at"));
SQL(forget_runs, SQL_TENANT, &before_in, NULL,
    "DELETE FROM runs WHERE finished_at < :before AND NOT EXISTS (SELECT 1 FROM run_state s"
    " WHERE s.config_id = runs.config_id AND s.last_run = runs.id) ORDER BY finished_at LIMIT 500");

SQL(forget_templates, SQL_TENANT, &before_in, NULL, OLDEST("config_template_results", "asked_at"));
/* What an app shows is not kept for a link that nobody can use any more. */
SQL(forget_shown, SQL_TENANT, &before_in, NULL,
    "UPDATE onboardings SET secret = NULL WHERE ends_at < :before AND secret IS NOT NULL"
    " AND state = 'waiting' ORDER BY ends_at LIMIT 500");
SQL(forget_onboardings, SQL_TENANT, &before_in, NULL, OLDEST("onboardings", "ends_at"));

static const struct {
	const struct sql *q;
	int64_t           keep_ms; /* after its end; of what has none, after its making */
} kinds_over[] = {
	{ &forget_sessions, 30 * DAY_MS }, /* a trail of who was where */
	{ &forget_logins, DAY_MS }, { &forget_links, 72 * HOUR_MS }, { &forget_marks, 0 },
	{ &forget_answers, HOUR_MS }, /* hosts' clocks may differ */
	{ &forget_keys, DAY_MS },     /* as long as a repeat is known */
	{ &forget_masked, 7 * DAY_MS }, { &forget_pushers, 30 * DAY_MS }, /* PUSHER_KEEP_DAYS */
	{ &forget_collections, 30 * DAY_MS }, /* since anybody spoke of it */
	{ &forget_readers, HOUR_MS }, { &forget_runs, 7 * DAY_MS },
	{ &forget_groups, 90 * DAY_MS }, /* GROUP_KEEP_DAYS */
	{ &forget_windows, 400 * DAY_MS }, { &forget_series, 400 * DAY_MS },
	{ &forget_intents, 400 * DAY_MS },  /* INTENT_KEEP_DAYS */
	{ &forget_templates, 90 * DAY_MS }, /* OPERATION_KEPT_DAYS */
	{ &forget_shown, 0 }, { &forget_onboardings, 90 * DAY_MS },
	{ &forget_daily, 400 * DAY_MS }, /* nobody can ask for it any more */
};

struct forgetting {
	const struct sql *q;
	struct before_in  in;
	uint64_t          gone;
};

static bool
forget_body(struct db *db, void *arg, struct err *e)
{
	struct forgetting *f = arg;

	return db_run(db, f->q, &f->in, &f->gone, e);
}

static bool
is_stopped(const struct forget_stop *stop)
{
	return stop != NULL && stop->fn(stop->arg);
}

static bool
forget_kind(
    struct tenant_db *t, struct forgetting *f, const struct forget_stop *stop, struct err *e)
{
	const struct tx tx = { .name = f->q->name, .body = forget_body, .arg = f };

	for (int i = 0; i < FORGET_MOST && !is_stopped(stop); i++) {
		if (!tx_run(t->db, &tx, e))
			return false;
		if (f->gone < FORGET_ROWS)
			break;
	}
	return true;
}

bool
forget_old(struct tenant_db *t, instant now, const struct forget_stop *stop, struct err *e)
{
	for (size_t i = 0; i < sizeof(kinds_over) / sizeof(kinds_over[0]); i++) {
		struct forgetting f = {
			.q = kinds_over[i].q,
			.in = { { now.ms - kinds_over[i].keep_ms } },
		};

		if (!forget_kind(t, &f, stop, e))
			return false;
	}
	return true;
}
