#include "core/store/drift/golden_shared.h"

#include "core/base/secret.h"
#include "core/store/id_list.h"
#include "core/store/tx.h"

#define SIGNALLED 1644 /* a procedure refused */

/* ---- sealing ---- */

bool
golden_seal(struct tenant_db *t, TALLOC_CTX *mem, const struct golden *g, struct str text,
    struct golden_body *out, struct err *e)
{
	char           *place = tenant_golden_place(mem, &g->id, g->version, e);
	struct seal_key key = { 0 };
	struct str      packed;
	bool            ok;

	if (place == NULL || !content_compress(mem, text, &packed, e))
		return false;
	if (packed.n > GOLDEN_SHARED_MAX)
		return err_set(e, ERR_TOO_LARGE, 0,
		    "A shared template may have 1 MiB when it is compressed.",
		    "a shared template of %zu bytes, compressed", packed.n);
	out->size = (int64_t)text.n;
	ok = tenant_golden_key(t, 0, &key, e) &&
	     seal_close(mem, &key, t->rand, place, packed, &out->sealed, e);
	secret_wipe(&key, sizeof(key));
	return ok;
}

/* ---- the platform's side ---- */

struct publish_in {
	struct golden g;
	int64_t       size;
	struct blob   body;
};
static const struct field publish_fields[] = {
	COLUMN_AS(struct publish_in, g.id, "id"),
	COLUMN_AS(struct publish_in, g.name, "name"),
	COLUMN_AS(struct publish_in, g.description, "description"),
	COLUMN_AS(struct publish_in, g.version, "version"),
	COLUMN_AS(struct publish_in, g.revision, "revision"),
	COLUMN_AS(struct publish_in, g.resources, "resources"),
	COLUMN(struct publish_in, size),
	COLUMN(struct publish_in, body),
	COLUMN_AS(struct publish_in, g.created_at, "created_at"),
	COLUMN_AS(struct publish_in, g.updated_at, "updated_at"),
	FIELD_END,
};
static const struct schema publish_in =
    SCHEMA("GoldenPublishIn", struct publish_in, publish_fields);

SQL(golden_call_publish, SQL_TENANT, &publish_in, NULL,
    "CALL bsx.golden_publish(:id, :name, :description, :version, :revision, :resources, :size,"
    " :body, :created_at, :updated_at)");
SQL(golden_call_withdraw, SQL_TENANT, &id_in, NULL, "CALL bsx.golden_withdraw(:id)");

bool
golden_publish(struct db *db, const struct golden *g, const struct golden_body *body, struct err *e)
{
	const struct publish_in in = { *g, body->size, body->sealed };

	return db_run(db, &golden_call_publish, &in, NULL, e);
}

bool
golden_withdraw(struct db *db, const struct uuid *id, struct err *e)
{
	const struct id_in in = { *id };

	if (db_run(db, &golden_call_withdraw, &in, NULL, e))
		return true;
	if (e->code != ERR_CONFLICT || e->sys != SIGNALLED)
		return false;
	err_clear(e);
	return err_set(e, ERR_IN_USE, 0,
	    "Configs of other tenants are bound to this golden baseline.", "in use");
}

/* ---- every tenant's side ---- */

static const struct field head_fields[] = {
	COLUMN(struct golden, id),
	COLUMN(struct golden, name),
	COLUMN(struct golden, description),
	COLUMN(struct golden, version),
	COLUMN(struct golden, revision),
	COLUMN(struct golden, resources),
	COLUMN(struct golden, created_at),
	COLUMN(struct golden, updated_at),
	FIELD_END,
};
static const struct schema head_out = SCHEMA("GoldenHead", struct golden, head_fields);

struct body_out {
	uint64_t    version;
	int64_t     size;
	struct blob body;
};
static const struct field body_fields[] = {
	COLUMN(struct body_out, version),
	COLUMN(struct body_out, size),
	COLUMN(struct body_out, body),
	FIELD_END,
};
static const struct schema body_out = SCHEMA("GoldenBody", struct body_out, body_fields);

SQL(golden_call_list, SQL_TENANT, &page_schema, &head_out,
    "CALL bsx.golden_shared_list(:after,"
    " :limit)");
SQL(golden_call_head, SQL_TENANT, &id_in, &head_out, "CALL bsx.golden_shared_head(:id)");
SQL(golden_call_body, SQL_TENANT, &id_in, &body_out, "CALL bsx.golden_shared_body(:id)");

bool
golden_shared_list(struct db *db, TALLOC_CTX *mem, struct page *p, struct err *e)
{
	struct golden *rows;

	if (!page_read_plain(db, mem, &golden_call_list, p, e))
		return false;
	rows = p->rows;
	for (size_t i = 0; i < p->n; i++)
		rows[i].shared = true;
	return true;
}

bool
golden_shared_head(
    struct db *db, TALLOC_CTX *mem, const struct uuid *id, struct golden *g, struct err *e)
{
	const struct id_in in = { *id };

	if (!db_one(db, mem, &golden_call_head, &in, g, e))
		return false;
	g->shared = true;
	return true;
}

bool
golden_shared_text(struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *id, uint64_t *version,
    struct str *text, struct err *e)
{
	const struct id_in in = { *id };
	struct body_out    row;
	struct seal_key    key = { 0 };
	struct str         packed = { NULL, 0 };
	char              *place;
	bool               ok;

	if (!db_one(t->db, mem, &golden_call_body, &in, &row, e))
		return false;
	place = tenant_golden_place(mem, id, row.version, e);
	if (place == NULL)
		return false;
	if (row.size < 0 || row.size > CONTENT_TEXT_MAX)
		return err_set(e, ERR_INTERNAL, 0, "internal error", "a shared body's size");
	ok = tenant_golden_key(t, seal_version(row.body), &key, e) &&
	     seal_open(mem, &key, place, row.body, &packed, e);
	secret_wipe(&key, sizeof(key));
	*version = row.version;
	return ok && content_expand(mem, packed, (size_t)row.size, text, e);
}

struct use_in {
	struct uuid config, golden;
};
static const struct field use_fields[] = {
	COLUMN(struct use_in, config),
	COLUMN_NULL(struct use_in, golden),
	FIELD_END,
};
static const struct schema use_in = SCHEMA("GoldenUseIn", struct use_in, use_fields);

SQL(golden_call_use, SQL_TENANT, &use_in, NULL, "CALL bsx.golden_use(:config, :golden)");

bool
golden_use(struct db *db, const struct uuid *config, const struct uuid *golden, struct err *e)
{
	const struct use_in in = { *config, *golden };

	if (db_run(db, &golden_call_use, &in, NULL, e))
		return true;
	if (e->code != ERR_CONFLICT || e->sys != SIGNALLED)
		return false;
	err_clear(e);
	return err_set(e, ERR_MISSING, 0, "That golden baseline is no longer shared.", "withdrawn");
}

/* ---- of a schema that was filled ---- */

struct bound {
	struct uuid config_id, golden_id;
};
static const struct field bound_fields[] = {
	COLUMN(struct bound, config_id),
	COLUMN(struct bound, golden_id),
	FIELD_END,
};
static const struct schema bound_out = SCHEMA("GoldenBoundRow", struct bound, bound_fields);

SQL(golden_select_bound, SQL_TENANT, &page_schema, &bound_out,
    "SELECT config_id, golden_id FROM golden_bindings WHERE shared = TRUE AND"
    " (:after IS NULL OR config_id > :after) ORDER BY config_id LIMIT :limit");

#define BOUND_PAGE 200

/* What this installation does not share stays as it was rendered last. */
static bool
reuse_body(struct db *db, void *arg, struct err *e)
{
	const struct page  *p = arg;
	const struct bound *rows = p->rows;

	for (size_t i = 0; i < p->n; i++)
		if (!golden_use(db, &rows[i].config_id, &rows[i].golden_id, e) &&
		    !err_take(e, ERR_MISSING))
			return false;
	return true;
}

bool
golden_use_anew(struct db *db, struct err *e)
{
	struct page     p = { .want = BOUND_PAGE };
	const struct tx tx = { .name = "golden_uses", .body = reuse_body, .arg = &p };
	bool            ok;

	do {
		TALLOC_CTX *tmp = talloc_new(db);

		ok = page_read_plain(db, tmp, &golden_select_bound, &p, e) && tx_run(db, &tx, e);
		if (ok && p.n > 0)
			p.after = ((const struct bound *)p.rows)[p.n - 1].config_id;
		talloc_free(tmp);
	} while (ok && p.n == BOUND_PAGE);
	return ok;
}
