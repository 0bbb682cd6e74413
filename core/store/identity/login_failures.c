#include "core/store/identity/login_failures.h"

#include "core/store/tenant/database.h"
#include "core/store/tx.h"

#define TEXT_(x) #x
#define TEXT(x)  TEXT_(x)

struct read_in {
	struct blob source, beside, account;
};
static const struct field read_in_fields[] = {
	COLUMN(struct read_in, source),
	COLUMN(struct read_in, beside),
	COLUMN(struct read_in, account),
	FIELD_END,
};
static const struct schema read_in_schema =
    SCHEMA("FailuresReadIn", struct read_in, read_in_fields);

static const struct field state_fields[] = {
	COLUMN(struct failures_state, total),
	COLUMN(struct failures_state, locked_ms),
	COLUMN(struct failures_state, mine),
	COLUMN(struct failures_state, wait_ms),
	COLUMN(struct failures_state, beside),
	FIELD_END,
};
static const struct schema state_schema =
    SCHEMA("FailuresState", struct failures_state, state_fields);

/* The header's numbers as parts of SQL text. */
#define FREE      TEXT(FAILURES_FREE)
#define DELAY     TEXT(FAILURES_DELAY_S)
#define DELAY_MAX TEXT(FAILURES_DELAY_MAX_S)
#define MEMORY    TEXT(FAILURES_MEMORY_S)
#define LEFT_MS   "TIMESTAMPDIFF(MICROSECOND, NOW(3), until_at) DIV 1000"
#define YOUNG     "last_at > NOW(3) - INTERVAL " MEMORY " SECOND"
#define LASTING   "ORD(source) IN (ORD('d'), ORD('r'))"

SQL(failures_select, SQL_CONTROL, &read_in_schema, &state_schema,
    "SELECT CAST(COALESCE(SUM(IF(LEFT(source, 1) <> 'a' AND " YOUNG
    ", failures, 0)), 0) AS SIGNED) AS total,"
    " CAST(COALESCE(MAX(IF(LEFT(source, 1) = 'a', " LEFT_MS ", 0)), 0) AS SIGNED) AS locked_ms,"
    " CAST(COALESCE(MAX(IF(source = :source, failures, 0)), 0) AS SIGNED) AS mine,"
    " CAST(COALESCE(MAX(IF(source = :source, " LEFT_MS ", 0)), 0) AS SIGNED) AS wait_ms,"
    " CAST(COALESCE(MAX(IF(source = :beside, failures, 0)), 0) AS SIGNED) AS beside"
    " FROM login_failures WHERE account = :account");

struct key_in {
	struct blob account, source;
};
static const struct field key_in_fields[] = {
	COLUMN(struct key_in, account),
	COLUMN(struct key_in, source),
	FIELD_END,
};
static const struct schema key_in_schema = SCHEMA("FailuresKeyIn", struct key_in, key_in_fields);

struct attempt_in {
	struct blob account, source;
	struct uuid attempt;
};
static const struct field attempt_in_fields[] = {
	COLUMN(struct attempt_in, account),
	COLUMN(struct attempt_in, source),
	COLUMN(struct attempt_in, attempt),
	FIELD_END,
};
static const struct schema attempt_in_schema =
    SCHEMA("FailuresAttemptIn", struct attempt_in, attempt_in_fields);

static const struct field count_fields[] = {
	COLUMN(struct failures_count, failures),
	COLUMN(struct failures_count, attempt),
	COLUMN(struct failures_count, wait_ms),
	FIELD_END,
};
static const struct schema count_schema =
    SCHEMA("FailuresCount", struct failures_count, count_fields);

/*
 * MariaDB assigns from left to right and later expressions see the new values:
 * `attempt` decides first, with the old until_at; the others follow it.
 */
SQL(failures_upsert, SQL_CONTROL, &attempt_in_schema, &count_schema,
    "INSERT INTO login_failures (account, source, failures, last_at, until_at, attempt)"
    " VALUES (:account, :source, 1, NOW(3), NOW(3), :attempt) ON DUPLICATE KEY UPDATE"
    " attempt = IF(until_at > NOW(3), attempt, VALUES(attempt)),"
    " failures = IF(attempt <> VALUES(attempt), failures,"
    " IF(" YOUNG " OR " LASTING ", failures + 1, 1)),"
    " until_at = IF(attempt <> VALUES(attempt) OR failures <= " FREE ", until_at, NOW(3) +"
    " INTERVAL LEAST(" DELAY_MAX ", " DELAY " << LEAST(failures - " FREE " - 1, 10)) SECOND),"
    " last_at = IF(attempt <> VALUES(attempt), last_at, NOW(3))"
    " RETURNING failures, attempt, " LEFT_MS " AS wait_ms");
SQL(failures_undo, SQL_CONTROL, &attempt_in_schema, NULL,
    "UPDATE login_failures SET failures = GREATEST(failures, 1) - 1, until_at = NOW(3)"
    " WHERE account = :account AND source = :source AND attempt = :attempt");
SQL(failures_lock_upsert, SQL_CONTROL, &attempt_in_schema, NULL,
    "INSERT INTO login_failures (account, source, failures, last_at, until_at, attempt)"
    " VALUES (:account, :source, 1, NOW(3), NOW(3) + INTERVAL " MEMORY " SECOND, :attempt)"
    " ON DUPLICATE KEY UPDATE"
    " failures = IF(until_at > NOW(3), failures, failures + 1),"
    " last_at = IF(until_at > NOW(3), last_at, NOW(3)),"
    " until_at = IF(until_at > NOW(3), until_at, VALUES(until_at))");
SQL(failures_delete, SQL_CONTROL, &key_in_schema, NULL,
    "DELETE FROM login_failures WHERE account = :account AND source = :source");

struct account_in {
	struct blob account;
};
static const struct field account_in_fields[] = {
	COLUMN(struct account_in, account),
	FIELD_END,
};
static const struct schema account_in_schema =
    SCHEMA("FailuresAccountIn", struct account_in, account_in_fields);

SQL(failures_delete_account, SQL_CONTROL, &account_in_schema, NULL,
    "DELETE FROM login_failures WHERE account = :account AND NOT " LASTING);
/* forget_at is twice the memory later, so that no row goes whose lock or delay still runs. */
SQL(failures_delete_old, SQL_CONTROL, NULL, NULL,
    "DELETE FROM login_failures WHERE forget_at < NOW(3)"
    " ORDER BY forget_at, account, source LIMIT 8");

static struct blob
account_of(const struct failures_key *k)
{
	return (struct blob) { k->account, sizeof(k->account) };
}

static struct blob
source_of(const struct failures_key *k)
{
	return (struct blob) { k->source, sizeof(k->source) };
}

bool
failures_read(struct database *d, TALLOC_CTX *mem, const struct failures_key *k,
    const uint8_t *beside, struct failures_state *out, struct err *e)
{
	const struct read_in in = { source_of(k),
		{ beside != NULL ? beside : k->source, FAILURES_SOURCE_LEN }, account_of(k) };

	return db_one(d->control, mem, &failures_select, &in, out, e);
}

/* One statement is a transaction too: the retries are tx_run's. */
struct deed {
	const struct sql *q;
	const void       *in;
	TALLOC_CTX       *mem;
	void             *out; /* NULL: no row comes back */
};

static bool
deed_body(struct db *db, void *arg, struct err *e)
{
	const struct deed *x = arg;

	return x->out != NULL ? db_one(db, x->mem, x->q, x->in, x->out, e)
			      : db_run(db, x->q, x->in, NULL, e);
}

static bool
run(struct database *d, struct deed x, struct err *e)
{
	const struct tx tx = { .name = x.q->name, .body = deed_body, .arg = &x };

	return tx_run(d->control, &tx, e);
}

bool
failures_add(struct database *d, TALLOC_CTX *mem, const struct failures_key *k,
    const struct uuid *attempt, struct failures_count *out, struct err *e)
{
	const struct attempt_in in = { account_of(k), source_of(k), *attempt };

	return run(d, (struct deed) { &failures_upsert, &in, mem, out }, e);
}

bool
failures_take_back(
    struct database *d, const struct failures_key *k, const struct uuid *attempt, struct err *e)
{
	const struct attempt_in in = { account_of(k), source_of(k), *attempt };

	return run(d, (struct deed) { .q = &failures_undo, .in = &in }, e);
}

bool
failures_lock(
    struct database *d, const struct failures_key *k, const struct uuid *attempt, struct err *e)
{
	static const uint8_t    all[FAILURES_SOURCE_LEN] = { 'a' };
	const struct attempt_in in = { account_of(k), { all, sizeof(all) }, *attempt };

	return run(d, (struct deed) { .q = &failures_lock_upsert, .in = &in }, e);
}

bool
failures_clear(struct database *d, const struct failures_key *k, struct err *e)
{
	const struct key_in in = { account_of(k), source_of(k) };

	return run(d, (struct deed) { .q = &failures_delete, .in = &in }, e);
}

bool
failures_clear_account(
    struct database *d, const uint8_t account[static FAILURES_ACCOUNT_LEN], struct err *e)
{
	const struct account_in in = { { account, FAILURES_ACCOUNT_LEN } };

	return run(d, (struct deed) { .q = &failures_delete_account, .in = &in }, e);
}

bool
failures_prune(struct database *d, struct err *e)
{
	return run(d, (struct deed) { .q = &failures_delete_old }, e);
}
