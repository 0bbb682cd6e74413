/* outbox.h: claims of many messages, each kind of deed one statement. */
#include <stdlib.h>
#include <string.h>

#include "core/store/alert/outbox.h"
#include "core/store/tx.h"

struct many_in {
	const char *claims; /* JSON: of each its id and its fence */
	struct uuid owner;
	int64_t     lease_s, due_ms, n;
};
static const struct field take_fields[] = {
	COLUMN(struct many_in, claims),
	COLUMN(struct many_in, owner),
	COLUMN(struct many_in, lease_s),
	FIELD_END,
};
static const struct schema take_in = SCHEMA("ClaimsTakeIn", struct many_in, take_fields);
static const struct field  won_fields[] = {
	 COLUMN(struct many_in, claims),
	 COLUMN(struct many_in, owner),
	 FIELD_END,
};
static const struct schema won_in = SCHEMA("ClaimsWonIn", struct many_in, won_fields);
static const struct field  off_fields[] = {
	 COLUMN(struct many_in, claims),
	 COLUMN(struct many_in, due_ms),
	 FIELD_END,
};
static const struct schema off_in = SCHEMA("ClaimsOffIn", struct many_in, off_fields);
static const struct field  end_fields[] = {
	 COLUMN(struct many_in, claims),
	 COLUMN(struct many_in, n),
	 FIELD_END,
};
static const struct schema end_in = SCHEMA("ClaimsEndIn", struct many_in, end_fields);

#define CLAIMS                                                                                     \
	"(SELECT UNHEX(REPLACE(t.id, '-', '')) AS id, t.fence FROM JSON_TABLE(:claims, '$[*]'"     \
	" COLUMNS (id CHAR(36) PATH '$.id', fence BIGINT UNSIGNED PATH '$.fence')) t) j"           \
	" STRAIGHT_JOIN outbox_index i ON i.id = j.id"

/* The fence that was read makes a claim ours alone, and tells us the new one without asking. */
SQL(claims_update_take, SQL_CONTROL, &take_in, NULL,
    "UPDATE " CLAIMS " AND i.fence = j.fence SET i.lease_owner = :owner,"
    " i.lease_until = NOW(3) + INTERVAL :lease_s SECOND, i.fence = i.fence + 1"
    " WHERE i.next_due <= NOW(3) AND (i.lease_until IS NULL OR i.lease_until < NOW(3))");
SQL(claims_select_won, SQL_CONTROL, &won_in, &id_in,
    "SELECT i.id FROM " CLAIMS " AND i.fence = j.fence + 1 WHERE i.lease_owner = :owner");
SQL(claims_update_off, SQL_CONTROL, &off_in, NULL,
    "UPDATE " CLAIMS " AND i.fence = j.fence SET"
    " i.next_due = NOW(3) + INTERVAL :due_ms * 1000 MICROSECOND,"
    " i.lease_owner = NULL, i.lease_until = NULL");
SQL(claims_call_end, SQL_TENANT, &end_in, NULL, "CALL bsx.outbox_index_done_many(:claims, :n)");

static bool
print(TALLOC_CTX *mem, const struct claim *c, size_t n, const char **out, struct err *e)
{
	struct buf b;
	char       id[UUID_TEXT_MAX];

	buf_make(&b, mem);
	buf_putc(&b, '[');
	for (size_t i = 0; i < n; i++) {
		uuid_print(&c[i].id, id);
		buf_printf(&b, "%s{\"id\":\"%s\",\"fence\":%llu}", i == 0 ? "" : ",", id,
		    (unsigned long long)c[i].fence);
	}
	buf_putc(&b, ']');
	*out = b.p;
	return buf_ok(&b) || err_memory(e);
}

/* Rows are held in the same order by all. */
static int
by_id(const void *a, const void *b)
{
	const struct claim *x = a, *y = b;

	return memcmp(&x->id, &y->id, sizeof(x->id));
}

static bool
is_among(const struct id_in *ids, size_t n, const struct uuid *id)
{
	for (size_t i = 0; i < n; i++)
		if (uuid_eq(&ids[i].id, id))
			return true;
	return false;
}

/* Others were first in some. */
static bool
keep_won(struct db *control, TALLOC_CTX *mem, const struct many_in *in, struct claim *rows,
    size_t n, size_t *won, struct err *e)
{
	struct id_in *ids;
	size_t        found;

	if (!db_all(control, mem, &claims_select_won, in, INTO(&ids, &found, n), e))
		return false;
	for (size_t i = 0; i < n; i++)
		if (is_among(ids, found, &rows[i].id))
			rows[(*won)++] = rows[i];
	return true;
}

bool
claim_take_many(struct db *control, TALLOC_CTX *mem, const struct claim_by *by, struct claim *rows,
    size_t n, size_t *won, struct err *e)
{
	struct many_in in = { .owner = by->owner, .lease_s = by->lease_s };
	uint64_t       taken = 0;

	*won = 0;
	qsort(rows, n, sizeof(rows[0]), by_id);
	if (!print(mem, rows, n, &in.claims, e) ||
	    !db_run(control, &claims_update_take, &in, &taken, e))
		return false;
	if (taken == n)
		*won = n;
	else if (taken > 0 && !keep_won(control, mem, &in, rows, n, won, e))
		return false;
	for (size_t i = 0; i < *won; i++)
		rows[i].fence++;
	return true;
}

bool
claim_put_off_many(struct db *control, TALLOC_CTX *mem, const struct claim *c, size_t n,
    int64_t due_ms, struct err *e)
{
	struct many_in in = { .due_ms = due_ms };

	return n == 0 || (print(mem, c, n, &in.claims, e) &&
			     db_run(control, &claims_update_off, &in, NULL, e));
}

bool
outbox_index_end_many(
    struct db *db, TALLOC_CTX *mem, const struct claim *c, size_t n, struct err *e)
{
	struct many_in in = { .n = (int64_t)n };

	return print(mem, c, n, &in.claims, e) && tx_later(db, &claims_call_end, &in, e);
}
