#include "core/store/drift/run_index.h"

#include <stdlib.h>
#include <string.h>

#include "core/store/tx.h"

#define CLAIMS_MAX 1000 /* that one owner may have, or take at once */
#define MANY       INT64_C(1000000000)

/* ---- the tenant's side ---- */

struct index_in {
	struct uuid ref;
	uint64_t    fence;
	instant     due;
};
static const struct field ref_fields[] = {
	COLUMN(struct index_in, ref),
	FIELD_END,
};
static const struct schema ref_in = SCHEMA("RunIndexRefIn", struct index_in, ref_fields);
static const struct field  set_fields[] = {
	 COLUMN(struct index_in, ref),
	 COLUMN_NULL(struct index_in, due),
	 FIELD_END,
};
static const struct schema set_in = SCHEMA("RunIndexSetIn", struct index_in, set_fields);
static const struct field  hold_fields[] = {
	 COLUMN(struct index_in, ref),
	 COLUMN(struct index_in, fence),
	 FIELD_END,
};
static const struct schema hold_in = SCHEMA("RunIndexHoldIn", struct index_in, hold_fields);
static const struct field  done_fields[] = {
	 COLUMN(struct index_in, ref),
	 COLUMN(struct index_in, fence),
	 COLUMN_NULL(struct index_in, due),
	 FIELD_END,
};
static const struct schema done_in = SCHEMA("RunIndexDoneIn", struct index_in, done_fields);

SQL(run_index_call_set, SQL_TENANT, &set_in, NULL, "CALL bsx.run_index_set(:ref, :due)");
SQL(run_index_call_hasten, SQL_TENANT, &ref_in, NULL, "CALL bsx.run_index_hasten(:ref)");
SQL(run_index_call_drop, SQL_TENANT, &ref_in, NULL, "CALL bsx.run_index_drop(:ref)");
SQL(run_index_call_hold, SQL_TENANT, &hold_in, NULL, "CALL bsx.run_index_hold(:ref, :fence)");
SQL(run_index_call_done, SQL_TENANT, &done_in, NULL, "CALL bsx.run_index_done(:ref, :fence, :due)");

bool
run_index_set(struct db *db, const struct uuid *config, instant due, struct err *e)
{
	const struct index_in in = { .ref = *config, .due = due };

	return tx_later(db, &run_index_call_set, &in, e);
}

bool
run_index_hasten(struct db *db, const struct uuid *config, struct err *e)
{
	const struct index_in in = { .ref = *config };

	return tx_later(db, &run_index_call_hasten, &in, e);
}

bool
run_index_drop(struct db *db, const struct uuid *config, struct err *e)
{
	const struct index_in in = { .ref = *config };

	return tx_later(db, &run_index_call_drop, &in, e);
}

bool
run_index_hold(struct db *db, const struct run_claim *c, struct err *e)
{
	const struct index_in in = { .ref = c->config_id, .fence = c->fence };

	return db_run(db, &run_index_call_hold, &in, NULL, e);
}

bool
run_index_done(struct db *db, const struct run_claim *c, instant due, struct err *e)
{
	const struct index_in in = { c->config_id, c->fence, due };

	return db_run(db, &run_index_call_done, &in, NULL, e);
}

/* ---- claiming ---- */

static const struct field claim_fields[] = {
	COLUMN_AS(struct run_claim, config_id, "ref"),
	COLUMN(struct run_claim, schema_name),
	COLUMN(struct run_claim, fence),
	COLUMN(struct run_claim, next_due),
	FIELD_END,
};
static const struct schema claim_schema = SCHEMA("RunClaim", struct run_claim, claim_fields);

struct due_in {
	int64_t per_tenant, limit;
};
static const struct field due_fields[] = {
	COLUMN(struct due_in, per_tenant),
	COLUMN(struct due_in, limit),
	FIELD_END,
};
static const struct schema due_in = SCHEMA("RunDueIn", struct due_in, due_fields);

/* A tenant's next one stands behind as many as it has, so that one with a thousand takes turns with
 * one with one. */
SQL(run_select_due, SQL_CONTROL, &due_in, &claim_schema,
    "SELECT r.ref, r.schema_name, r.fence, r.next_due FROM ("
    "SELECT d.schema_name, d.ref, d.claim_at, d.place + COALESCE(b.held, 0) AS turn FROM ("
    "SELECT schema_name, ref, claim_at,"
    " ROW_NUMBER() OVER (PARTITION BY schema_name ORDER BY claim_at, ref) AS place"
    " FROM run_index WHERE paused = FALSE AND claim_at <= NOW(3)) d LEFT JOIN ("
    "SELECT schema_name, COUNT(*) AS held FROM run_index WHERE lease_until > NOW(3)"
    " GROUP BY schema_name) b ON b.schema_name = d.schema_name"
    " WHERE d.place + COALESCE(b.held, 0) <= :per_tenant ORDER BY turn, claim_at, ref LIMIT :limit"
    ") x JOIN run_index r ON r.schema_name = x.schema_name AND r.ref = x.ref"
    " ORDER BY x.turn, x.claim_at, x.ref");

struct take_in {
	struct uuid      owner;
	const char      *host;
	int64_t          lease_s, due_ms;
	struct run_claim c;
};
#define CLAIM_KEY                                                                                  \
	COLUMN_AS(struct take_in, c.schema_name, "schema_name"),                                   \
	    COLUMN_AS(struct take_in, c.config_id, "ref"),                                         \
	    COLUMN_AS(struct take_in, c.fence, "fence"), FIELD_END
static const struct field  take_fields[] = { COLUMN(struct take_in, owner),
	 COLUMN(struct take_in, host), COLUMN(struct take_in, lease_s), CLAIM_KEY };
static const struct schema take_in = SCHEMA("RunTakeIn", struct take_in, take_fields);
static const struct field  key_fields[] = { CLAIM_KEY };
static const struct schema key_in = SCHEMA("RunKeyIn", struct take_in, key_fields);
static const struct field  off_fields[] = { COLUMN(struct take_in, due_ms), CLAIM_KEY };
static const struct schema off_in = SCHEMA("RunOffIn", struct take_in, off_fields);
#define OF_CLAIM " WHERE schema_name = :schema_name AND ref = :ref AND fence = :fence"

SQL(run_update_take, SQL_CONTROL, &take_in, NULL,
    "UPDATE run_index SET lease_owner = :owner, lease_host = :host,"
    " lease_until = NOW(3) + INTERVAL :lease_s SECOND, fence = fence + 1, moved = FALSE" OF_CLAIM
    " AND paused = FALSE AND claim_at <= NOW(3)");
SQL(run_update_free, SQL_CONTROL, &key_in, NULL,
    "UPDATE run_index SET lease_owner = NULL, lease_host = NULL, lease_until = NULL,"
    " moved = FALSE" OF_CLAIM);
SQL(run_update_off, SQL_CONTROL, &off_in, NULL,
    "UPDATE run_index SET lease_owner = NULL, lease_host = NULL, lease_until = NULL,"
    " moved = FALSE, next_due = NOW(3) + INTERVAL :due_ms * 1000 MICROSECOND" OF_CLAIM);
SQL(run_delete, SQL_CONTROL, &key_in, NULL, "DELETE FROM run_index" OF_CLAIM);

struct owner_in {
	struct uuid owner;
	const char *host;
	int64_t     lease_s, limit;
};
static const struct field owner_fields[] = {
	COLUMN(struct owner_in, owner),
	FIELD_END,
};
static const struct schema owner_in = SCHEMA("RunOwnerIn", struct owner_in, owner_fields);
static const struct field  held_fields[] = {
	 COLUMN(struct owner_in, owner),
	 COLUMN(struct owner_in, limit),
	 FIELD_END,
};
static const struct schema held_in = SCHEMA("RunHeldIn", struct owner_in, held_fields);
static const struct field  beat_fields[] = {
	 COLUMN(struct owner_in, owner),
	 COLUMN(struct owner_in, lease_s),
	 FIELD_END,
};
static const struct schema beat_in = SCHEMA("RunBeatIn", struct owner_in, beat_fields);
static const struct field  host_fields[] = {
	 COLUMN(struct owner_in, host),
	 FIELD_END,
};
static const struct schema host_in = SCHEMA("RunHostIn", struct owner_in, host_fields);

struct held_out {
	int64_t on_host, by_all;
};
static const struct field held_out_fields[] = {
	COLUMN(struct held_out, on_host),
	COLUMN(struct held_out, by_all),
	FIELD_END,
};
static const struct schema held_out = SCHEMA("RunHeldOut", struct held_out, held_out_fields);

SQL(run_select_held, SQL_CONTROL, &held_in, &claim_schema,
    "SELECT ref, schema_name, fence, next_due FROM run_index WHERE lease_owner = :owner"
    " ORDER BY schema_name, ref LIMIT :limit");
SQL(run_count_held, SQL_CONTROL, &host_in, &held_out,
    "SELECT COALESCE(SUM(lease_host = :host), 0) AS on_host, COUNT(*) AS by_all FROM run_index"
    " WHERE lease_until > NOW(3)");
SQL(run_update_beat, SQL_CONTROL, &beat_in, NULL,
    "UPDATE run_index SET lease_until = NOW(3) + INTERVAL :lease_s SECOND"
    " WHERE lease_owner = :owner");
SQL(run_update_release, SQL_CONTROL, &owner_in, NULL,
    "UPDATE run_index SET lease_owner = NULL, lease_host = NULL, lease_until = NULL, moved = FALSE"
    " WHERE lease_owner = :owner");

struct taking {
	const struct run_claimer *who;
	const struct sql         *q;
	struct take_in *rows; /* by key, so that two who claim the same wait for each other */
	size_t          n;
};

static bool
take_body(struct db *db, void *arg, struct err *e)
{
	const struct taking *t = arg;

	return db_run_many(db, t->q, t->rows, t->n, e);
}

static bool
take_rows(struct db *control, struct taking *t, struct err *e)
{
	const struct tx tx = { .name = t->q->name, .body = take_body, .arg = t };

	return t->n == 0 || tx_run(control, &tx, e);
}

static int
by_key(const void *a, const void *b)
{
	const struct run_claim *x = a, *y = b;
	int                     c = strcmp(x->schema_name, y->schema_name);

	return c != 0 ? c : memcmp(x->config_id.b, y->config_id.b, sizeof(x->config_id.b));
}

static int
by_claim(const void *a, const void *b)
{
	return by_key(&((const struct take_in *)a)->c, &((const struct take_in *)b)->c);
}

static struct take_in *
rows_of(TALLOC_CTX *mem, const struct run_claimer *who, const struct run_claim *c, size_t n,
    struct err *e)
{
	struct take_in *rows = talloc_zero_size(mem, (n + 1) * sizeof(*rows));

	if (rows == NULL)
		err_memory(e);
	for (size_t i = 0; rows != NULL && i < n; i++)
		rows[i] = (struct take_in) {
			.owner = who->owner, .host = who->host, .lease_s = RUN_LEASE_S, .c = c[i]
		};
	if (rows != NULL && n > 1)
		qsort(rows, n, sizeof(*rows), by_claim);
	return rows;
}

/* Of what was tried, in the order of its turns, what `owner` has now. */
static size_t
keep_won(struct run_claim *tried, size_t n, const struct run_claim *held, size_t held_n)
{
	size_t won = 0;

	for (size_t i = 0; i < n; i++) {
		const struct run_claim *h = bsearch(&tried[i], held, held_n, sizeof(*held), by_key);

		if (h == NULL || h->fence != tried[i].fence + 1)
			continue;
		tried[won] = tried[i];
		tried[won++].fence++;
	}
	return won;
}

static bool
count_held(struct db *control, TALLOC_CTX *mem, const struct run_claimer *who,
    struct held_out *held, struct err *e)
{
	const struct owner_in in = { .host = who->host };

	return db_one(control, mem, &run_count_held, &in, held, e);
}

/* How many too many there are, with `more` beside those that are held. */
static size_t
surplus(const struct run_claimer *who, const struct held_out *held, size_t more)
{
	int64_t host = who->per_host > 0 ? held->on_host - who->per_host : -MANY,
		all = who->global > 0 ? held->by_all - who->global : -MANY,
		over = (host > all ? host : all) + (int64_t)more;

	return over > 0 ? (size_t)over : 0;
}

/* Whoever looks last sees the claims of all, so that of what is kept there is never too much. */
static bool
give_surplus(struct db *control, TALLOC_CTX *mem, const struct run_claimer *who,
    struct run_claim *won, size_t *n, struct err *e)
{
	struct taking   t = { .who = who, .q = &run_update_free };
	struct held_out held;

	if (who->per_host == 0 && who->global == 0)
		return true;
	if (!count_held(control, mem, who, &held, e))
		return false;
	t.n = surplus(who, &held, 0);
	t.n = t.n < *n ? t.n : *n;
	*n -= t.n;
	t.rows = rows_of(mem, who, won + *n, t.n, e);
	return t.rows != NULL && take_rows(control, &t, e);
}

/* Where nothing may be held any more, nothing is taken only to be given back. */
static bool
leave_surplus(
    struct db *control, TALLOC_CTX *mem, const struct run_claimer *who, size_t *n, struct err *e)
{
	struct held_out held;
	size_t          over;

	if (*n == 0 || (who->per_host == 0 && who->global == 0))
		return true;
	if (!count_held(control, mem, who, &held, e))
		return false;
	over = surplus(who, &held, *n);
	*n -= over < *n ? over : *n;
	return true;
}

static bool
take(struct db *control, TALLOC_CTX *mem, const struct run_claimer *who, struct run_claim *rows,
    size_t *n, struct err *e)
{
	struct taking     t = { .who = who, .q = &run_update_take, .n = *n };
	struct run_claim *held;
	size_t            held_n;

	t.rows = rows_of(mem, who, rows, *n, e);
	if (t.rows == NULL || !take_rows(control, &t, e) ||
	    !run_held(control, mem, &who->owner, CLAIMS_MAX, &held, &held_n, e))
		return false;
	*n = keep_won(rows, *n, held, held_n);
	return give_surplus(control, mem, who, rows, n, e);
}

bool
run_claim(struct db *control, TALLOC_CTX *mem, const struct run_claimer *who, size_t limit,
    struct run_claim **rows, size_t *n, struct err *e)
{
	const struct due_in in = { who->per_tenant > 0 ? who->per_tenant : MANY,
		(int64_t)(limit < CLAIMS_MAX ? limit : CLAIMS_MAX) };

	return db_all(control, mem, &run_select_due, &in, INTO(rows, n, (size_t)in.limit), e) &&
	       leave_surplus(control, mem, who, n, e) &&
	       (*n == 0 || take(control, mem, who, *rows, n, e));
}

/* ---- holding, and giving back ---- */

/* All that is an owner's: others hold some of these rows in another order, and one of both begins
 * again. */
struct owned {
	const struct sql *q;
	struct owner_in   in;
	uint64_t          n;
};

static bool
owned_body(struct db *db, void *arg, struct err *e)
{
	struct owned *x = arg;

	return db_run(db, x->q, &x->in, &x->n, e);
}

static bool
set_owned(struct db *control, const char *name, struct owned *x, struct err *e)
{
	const struct tx tx = { .name = name, .body = owned_body, .arg = x };

	return tx_run(control, &tx, e);
}

bool
run_heartbeat(struct db *control, const struct uuid *owner, uint64_t *held, struct err *e)
{
	struct owned x = { &run_update_beat, { .owner = *owner, .lease_s = RUN_LEASE_S }, 0 };
	const bool   ok = set_owned(control, "run_heartbeat", &x, e);

	*held = x.n;
	return ok;
}

bool
run_held(struct db *control, TALLOC_CTX *mem, const struct uuid *owner, size_t max,
    struct run_claim **rows, size_t *n, struct err *e)
{
	const struct owner_in in = { .owner = *owner, .limit = (int64_t)max };

	return db_all(control, mem, &run_select_held, &in, INTO(rows, n, max), e);
}

bool
run_give_back(struct db *control, const struct uuid *owner, struct err *e)
{
	struct owned x = { &run_update_release, { .owner = *owner }, 0 };

	return set_owned(control, "run_give_back", &x, e);
}

bool
run_put_off(struct db *control, const struct run_claim *c, int64_t due_ms, struct err *e)
{
	const struct take_in in = { .due_ms = due_ms, .c = *c };

	return db_run(control, &run_update_off, &in, NULL, e);
}

bool
run_forget(struct db *control, const struct run_claim *c, struct err *e)
{
	const struct take_in in = { .c = *c };

	return db_run(control, &run_delete, &in, NULL, e);
}
