#include "core/store/identity/audit_tree_rows.h"

#include "core/store/tx.h"

#define TREE_GUARDS 6

/* ---- leaves ---- */

static const struct field leaf_fields[] = {
	COLUMN(struct audit_leaf_row, chain),
	COLUMN(struct audit_leaf_row, seq),
	COLUMN(struct audit_leaf_row, hashes),
	FIELD_END,
};
static const struct schema leaf_schema = SCHEMA("AuditLeafRow", struct audit_leaf_row, leaf_fields);

struct at_in {
	uint64_t    chain, after;
	struct page page;
};
static const struct field one_fields[] = {
	COLUMN(struct at_in, chain),
	COLUMN(struct at_in, after),
	FIELD_END,
};
static const struct schema one_in = SCHEMA("AuditTreeAtIn", struct at_in, one_fields);
static const struct field  after_fields[] = {
	 COLUMN(struct at_in, chain),
	 COLUMN(struct at_in, after),
	 COLUMN_AS(struct at_in, page.want, "limit"),
	 FIELD_END,
};
static const struct schema after_in = SCHEMA("AuditTreeAfterIn", struct at_in, after_fields);

struct some_in {
	uint64_t    chain;
	const char *seqs; /* JSON array */
};
static const struct field some_fields[] = {
	COLUMN(struct some_in, chain),
	COLUMN(struct some_in, seqs),
	FIELD_END,
};
static const struct schema some_in = SCHEMA("AuditTreeSomeIn", struct some_in, some_fields);

struct number_out {
	uint64_t number;
};
static const struct field number_fields[] = {
	COLUMN(struct number_out, number),
	FIELD_END,
};
static const struct schema number_schema =
    SCHEMA("AuditTreeNumber", struct number_out, number_fields);

SQL(audit_select_chain, SQL_TENANT, NULL, &number_schema,
    "SELECT COALESCE(MAX(chain), 0) + 1 AS number FROM audit_chains");
SQL(audit_select_leaf, SQL_TENANT, &one_in, &leaf_schema,
    "SELECT chain, seq, hashes FROM audit_tree WHERE chain = :chain AND seq = :after");
SQL(audit_select_leaves, SQL_TENANT, &after_in, &leaf_schema,
    "SELECT chain, seq, hashes FROM audit_tree WHERE chain = :chain AND seq > :after"
    " ORDER BY seq LIMIT :limit");
SQL(audit_select_leaves_of, SQL_TENANT, &some_in, &leaf_schema,
    "SELECT t.chain, t.seq, t.hashes FROM JSON_TABLE(:seqs, '$[*]' COLUMNS (n BIGINT UNSIGNED PATH "
    "'$'))"
    " j STRAIGHT_JOIN audit_tree t ON t.chain = :chain AND t.seq = j.n ORDER BY t.seq");
SQL(audit_insert_leaf, SQL_TENANT, &leaf_schema, NULL,
    "INSERT INTO audit_tree (chain, seq, hashes) VALUES (:chain, :seq, :hashes)");

bool
audit_chain_number(struct tenant_db *t, uint64_t *chain, struct err *e)
{
	struct number_out out;

	if (!db_one(t->db, t->db, &audit_select_chain, NULL, &out, e))
		return false;
	*chain = out.number;
	return true;
}

bool
audit_leaf_read(struct tenant_db *t, TALLOC_CTX *mem, uint64_t chain, uint64_t seq,
    struct audit_leaf_row *out, struct err *e)
{
	const struct at_in in = { .chain = chain, .after = seq };

	return db_one(t->db, mem, &audit_select_leaf, &in, out, e);
}

bool
audit_leaves_after(struct tenant_db *t, TALLOC_CTX *mem, uint64_t chain, uint64_t after,
    struct page *p, struct err *e)
{
	const struct at_in in = { chain, after, *p };

	return page_read(t->db, mem, &audit_select_leaves, &in, p, e);
}

bool
audit_leaves_of(struct tenant_db *t, TALLOC_CTX *mem, uint64_t chain, const uint64_t *seqs,
    size_t seqs_n, struct audit_leaf_row **rows, size_t *n, struct err *e)
{
	struct some_in in = { .chain = chain };
	struct buf     b;

	buf_make(&b, mem);
	for (size_t i = 0; i < seqs_n; i++)
		buf_printf(&b, "%c%llu", i == 0 ? '[' : ',', (unsigned long long)seqs[i]);
	buf_puts(&b, seqs_n == 0 ? "[]" : "]");
	in.seqs = buf_text(&b, e);
	return in.seqs != NULL &&
	       db_all(t->db, mem, &audit_select_leaves_of, &in, INTO(rows, n, AUDIT_LEAVES_MAX), e);
}

bool
audit_leaves_add(struct tenant_db *t, const struct audit_leaf_row *rows, size_t n, struct err *e)
{
	return db_run_many(t->db, &audit_insert_leaf, rows, n, e);
}

/* ---- checkpoints ---- */

static const struct field checkpoint_fields[] = {
	COLUMN(struct audit_checkpoint_row, chain),
	COLUMN(struct audit_checkpoint_row, size),
	COLUMN(struct audit_checkpoint_row, at),
	COLUMN(struct audit_checkpoint_row, note),
	FIELD_END,
};
static const struct schema checkpoint_schema =
    SCHEMA("AuditCheckpointRow", struct audit_checkpoint_row, checkpoint_fields);
static const struct field chain_fields[] = {
	COLUMN(struct at_in, chain),
	FIELD_END,
};
static const struct schema chain_in = SCHEMA("AuditChainIn", struct at_in, chain_fields);

SQL(audit_select_checkpoint, SQL_TENANT, &chain_in, &checkpoint_schema,
    "SELECT chain, size, at, note FROM audit_checkpoints WHERE chain = :chain"
    " ORDER BY size DESC LIMIT 1");
SQL(audit_select_checkpoints, SQL_TENANT, &after_in, &checkpoint_schema,
    "SELECT chain, size, at, note FROM audit_checkpoints WHERE chain = :chain AND size > :after"
    " ORDER BY size LIMIT :limit");
SQL(audit_insert_checkpoint, SQL_TENANT, &checkpoint_schema, NULL,
    "INSERT INTO audit_checkpoints (chain, size, at, note) VALUES (:chain, :size, :at, :note)");
SQL(audit_call_checkpointed, SQL_TENANT, NULL, &number_schema, "CALL bsx.audit_checkpointed()");
SQL(audit_call_tree_guards, SQL_TENANT, NULL, &number_schema, "CALL bsx.audit_tree_guards()");

bool
audit_checkpoint_last(struct tenant_db *t, TALLOC_CTX *mem, uint64_t chain,
    struct audit_checkpoint_row *out, struct err *e)
{
	const struct at_in in = { .chain = chain };

	if (db_one(t->db, mem, &audit_select_checkpoint, &in, out, e))
		return true;
	*out = (struct audit_checkpoint_row) { .chain = chain };
	return err_take(e, ERR_MISSING);
}

bool
audit_checkpoints_after(struct tenant_db *t, TALLOC_CTX *mem, uint64_t chain, uint64_t after,
    struct page *p, struct err *e)
{
	const struct at_in in = { chain, after, *p };

	return page_read(t->db, mem, &audit_select_checkpoints, &in, p, e);
}

bool
audit_checkpoint_add(struct tenant_db *t, const struct audit_checkpoint_row *row, struct err *e)
{
	return db_run(t->db, &audit_insert_checkpoint, row, NULL, e);
}

bool
audit_checkpointed(struct tenant_db *t, uint64_t *size, struct err *e)
{
	struct number_out out;

	*size = 0;
	if (!db_one(t->db, t->db, &audit_call_checkpointed, NULL, &out, e))
		return err_take(e, ERR_MISSING);
	*size = out.number;
	return true;
}

bool
audit_tree_guarded(struct tenant_db *t, bool *guarded, struct err *e)
{
	struct number_out out;

	if (!db_one(t->db, t->db, &audit_call_tree_guards, NULL, &out, e))
		return false;
	*guarded = out.number == TREE_GUARDS;
	return true;
}

/* ---- what is due ---- */

struct due_in {
	const char *schema_name;
	int64_t     every_s;
	uint64_t    size;
	bool        more;
};
static const struct field due_list_fields[] = {
	COLUMN(struct due_in, every_s),
	FIELD_END,
};
static const struct schema due_list_in = SCHEMA("AuditDueIn", struct due_in, due_list_fields);
static const struct field  due_claim_fields[] = {
	 COLUMN(struct due_in, schema_name),
	 COLUMN(struct due_in, every_s),
	 FIELD_END,
};
static const struct schema due_claim_in =
    SCHEMA("AuditDueClaimIn", struct due_in, due_claim_fields);
static const struct field due_done_fields[] = {
	COLUMN(struct due_in, schema_name),
	COLUMN(struct due_in, size),
	COLUMN(struct due_in, more),
	FIELD_END,
};
static const struct schema due_done_in = SCHEMA("AuditDueDoneIn", struct due_in, due_done_fields);
static const struct field  due_fields[] = {
	 COLUMN(struct audit_due, schema_name),
	 FIELD_END,
};
static const struct schema due_schema = SCHEMA("AuditDue", struct audit_due, due_fields);

SQL(audit_select_due, SQL_CONTROL, &due_list_in, &due_schema,
    "SELECT h.schema_name FROM audit_heads h JOIN tenants t ON t.schema_name = h.schema_name"
    " WHERE h.seq > h.checkpoint AND t.status IN ('active', 'suspended', 'deleting')"
    " AND (h.looked_at IS NULL OR h.looked_at <= NOW(3) - INTERVAL :every_s SECOND)"
    " ORDER BY h.looked_at LIMIT 50");
SQL(audit_update_looked, SQL_CONTROL, &due_claim_in, NULL,
    "UPDATE audit_heads SET looked_at = NOW(3) WHERE schema_name = :schema_name"
    " AND (looked_at IS NULL OR looked_at <= NOW(3) - INTERVAL :every_s SECOND)");
SQL(audit_update_checkpoint, SQL_CONTROL, &due_done_in, NULL,
    "UPDATE audit_heads SET checkpoint = GREATEST(checkpoint, :size),"
    " looked_at = IF(:more, NULL, looked_at) WHERE schema_name = :schema_name");

struct broken_in {
	const char *schema_name;
	bool        broken;
};
static const struct field broken_fields[] = {
	COLUMN(struct broken_in, schema_name),
	COLUMN(struct broken_in, broken),
	FIELD_END,
};
static const struct schema broken_in = SCHEMA("AuditBrokenIn", struct broken_in, broken_fields);
SQL(audit_update_broken, SQL_CONTROL, &broken_in, NULL,
    "UPDATE watches SET broken = :broken, marked = marked + 1, due_at = LEAST(due_at, NOW(3))"
    " WHERE schema_name = :schema_name AND broken <> :broken");

bool
audit_due_broken(struct database *d, const char *schema_name, bool broken, struct err *e)
{
	const struct broken_in in = { schema_name, broken };

	return db_run(database_control(d), &audit_update_broken, &in, NULL, e);
}

bool
audit_due_list(struct database *d, TALLOC_CTX *mem, int64_t every_s, struct audit_due **list,
    size_t *n, struct err *e)
{
	const struct due_in in = { .every_s = every_s };

	return db_all(
	    database_control(d), mem, &audit_select_due, &in, INTO(list, n, AUDIT_DUE_MAX), e);
}

bool
audit_due_claim(
    struct database *d, const char *schema_name, int64_t every_s, bool *mine, struct err *e)
{
	const struct due_in in = { .schema_name = schema_name, .every_s = every_s };
	uint64_t            affected;

	if (!db_run(database_control(d), &audit_update_looked, &in, &affected, e))
		return false;
	*mine = affected > 0;
	return true;
}

bool
audit_due_done(struct database *d, const char *schema_name, uint64_t size, bool more, struct err *e)
{
	const struct due_in in = { .schema_name = schema_name, .size = size, .more = more };

	return db_run(database_control(d), &audit_update_checkpoint, &in, NULL, e);
}
