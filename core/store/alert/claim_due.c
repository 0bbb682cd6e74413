/* outbox.h: what is due, of one tenant after another. */
#include <stdio.h>
#include <string.h>

#include "core/store/alert/outbox.h"

struct turn_in {
	const char *after;
	int64_t     limit;
};
static const struct field turn_fields[] = {
	COLUMN(struct turn_in, after),
	COLUMN(struct turn_in, limit),
	FIELD_END,
};
static const struct schema turn_in = SCHEMA("ClaimTurnIn", struct turn_in, turn_fields);

struct claim_tenant {
	const char *schema_name;
	int64_t     limit;
};
static const struct field name_fields[] = {
	COLUMN(struct claim_tenant, schema_name),
	FIELD_END,
};
static const struct schema name_schema = SCHEMA("ClaimTenant", struct claim_tenant, name_fields);
static const struct field  of_fields[] = {
	 COLUMN(struct claim_tenant, schema_name),
	 COLUMN(struct claim_tenant, limit),
	 FIELD_END,
};
static const struct schema of_in = SCHEMA("ClaimOfIn", struct claim_tenant, of_fields);

static const struct field claim_fields[] = {
	COLUMN(struct claim, id),
	COLUMN(struct claim, schema_name),
	COLUMN(struct claim, fence),
	FIELD_END,
};
static const struct schema claim_schema = SCHEMA("Claim", struct claim, claim_fields);

/* One look into the index for each tenant, however much it has. */
SQL(claim_select_turns, SQL_CONTROL, &turn_in, &name_schema,
    "SELECT schema_name FROM outbox_index FORCE INDEX (turn) WHERE schema_name > :after"
    " GROUP BY schema_name HAVING MIN(next_due) <= NOW(3) ORDER BY schema_name LIMIT :limit");
SQL(claim_select_due, SQL_CONTROL, &of_in, &claim_schema,
    "SELECT id, schema_name, fence FROM outbox_index FORCE INDEX (turn)"
    " WHERE schema_name = :schema_name AND next_due <= NOW(3)"
    " AND (lease_until IS NULL OR lease_until < NOW(3)) ORDER BY next_due LIMIT :limit");

/* Those behind the one that was last, and what is due of them. */
static bool
take_turns(struct db *control, TALLOC_CTX *mem, struct claim_turn *turn, size_t limit,
    struct claim *rows, size_t *n, struct err *e)
{
	const struct turn_in in = { turn->after, CLAIM_TENANTS };
	struct claim_tenant *of;
	size_t               of_n, found;

	if (!db_all(control, mem, &claim_select_turns, &in, INTO(&of, &of_n, CLAIM_TENANTS), e))
		return false;
	turn->after[0] = '\0';
	if (of_n == CLAIM_TENANTS)
		snprintf(turn->after, sizeof(turn->after), "%s", of[of_n - 1].schema_name);
	for (size_t i = 0; i < of_n; i++) {
		const size_t  each = (limit + of_n - 1) / of_n;
		struct claim *some;

		of[i].limit = (int64_t)each;
		if (!db_all(control, mem, &claim_select_due, &of[i], INTO(&some, &found, each), e))
			return false;
		memcpy(rows + *n, some, found * sizeof(some[0]));
		*n += found;
	}
	return true;
}

/* Of whom all is on its way already there is nothing: the others have their turn, each once. */
bool
claim_due(struct db *control, TALLOC_CTX *mem, struct claim_turn *turn, size_t limit,
    struct claim **rows, size_t *n, struct err *e)
{
	bool begun = turn->after[0] != '\0';

	*n = 0;
	*rows = talloc_zero_size(mem, (limit + CLAIM_TENANTS) * sizeof(**rows));
	if (*rows == NULL)
		return err_memory(e);
	for (;;) {
		if (!take_turns(control, mem, turn, limit, *rows, n, e))
			return false;
		if (*n > 0 || (turn->after[0] == '\0' && !begun))
			return true;
		begun = begun && turn->after[0] != '\0';
	}
}
