#include "core/store/archive/reseal.h"

#include <string.h>

#include "core/store/archive/sealed.h"
#include "core/store/drift/content.h"
#include "core/store/tenant/database.h"
#include "core/store/tenant/program.h"
#include "core/store/tx.h"

struct value {
	struct blob at;
	int64_t     chunk;
	struct blob body; /* p NULL: there is none, or it is sealed with the newest key */
};
static const struct field value_fields[] = {
	COLUMN(struct value, at),
	COLUMN(struct value, chunk),
	COLUMN_NULL(struct value, body),
	FIELD_END,
};
static const struct schema value_out = SCHEMA("ResealValue", struct value, value_fields);

struct page_in {
	struct blob newest; /* as a sealed value has it */
	struct blob at;
	int64_t     chunk, limit;
};
static const struct field page_fields[] = {
	COLUMN(struct page_in, newest),
	COLUMN(struct page_in, at),
	COLUMN(struct page_in, chunk),
	COLUMN(struct page_in, limit),
	FIELD_END,
};
static const struct schema page_in = SCHEMA("ResealPageIn", struct page_in, page_fields);

struct set_in {
	struct value was;
	struct blob  now;
};
static const struct field set_fields[] = {
	COLUMN_AS(struct set_in, was.at, "at"),
	COLUMN_AS(struct set_in, was.chunk, "chunk"),
	COLUMN_AS(struct set_in, was.body, "body"),
	COLUMN(struct set_in, now),
	FIELD_END,
};
static const struct schema set_in = SCHEMA("ResealSetIn", struct set_in, set_fields);

#define DUE(column) "IF(SUBSTR(`" column "`, 2, 4) = :newest, NULL, `" column "`) AS body FROM "
#define X(table, key, column)                                                                      \
	SQL(reseal_select_##table##_##column, SQL_TENANT, &page_in, &value_out,                    \
	    "SELECT " #key " AS at, 0 AS chunk, " DUE(#column) #table                              \
	    " FORCE INDEX (PRIMARY) WHERE " #key " > :at AND :chunk = 0 ORDER BY " #key            \
	    " LIMIT :limit");                                                                      \
	SQL(reseal_update_##table##_##column, SQL_TENANT, &set_in, NULL,                           \
	    "UPDATE " #table " SET `" #column "` = :now WHERE " #key " = :at AND :chunk = 0"       \
	    " AND `" #column "` = :body");
SEALED_COLUMNS(X)
#undef X
SQL(reseal_select_contents, SQL_TENANT, &page_in, &value_out,
    "SELECT address AS at, chunk, " DUE("body") "contents FORCE INDEX (PRIMARY)"
						" WHERE address >= :at AND (address > :at OR chunk "
						"> :chunk) ORDER BY address, chunk"
						" LIMIT :limit");
SQL(reseal_update_contents, SQL_TENANT, &set_in, NULL,
    "UPDATE contents SET body = :now WHERE address = :at AND chunk = :chunk AND body = :body");

/* Of the control schema, where the tenant's id is beside the key: `at` is both. */
struct input_in {
	struct page_in page;
	struct uuid    owner;
};
static const struct field input_fields[] = {
	COLUMN_AS(struct input_in, page.newest, "newest"),
	COLUMN_AS(struct input_in, page.at, "at"),
	COLUMN_AS(struct input_in, page.chunk, "chunk"),
	COLUMN_AS(struct input_in, page.limit, "limit"),
	COLUMN(struct input_in, owner),
	FIELD_END,
};
static const struct schema input_in = SCHEMA("ResealInputIn", struct input_in, input_fields);
SQL(reseal_select_inputs, SQL_CONTROL, &input_in, &value_out,
    "SELECT id AS at, 0 AS chunk, " DUE(
	"input") "operations FORCE INDEX (owner)"
		 " WHERE owner = :owner AND id > :at AND :chunk = 0 ORDER BY id LIMIT :limit");
SQL(reseal_update_inputs, SQL_CONTROL, &set_in, NULL,
    "UPDATE operations SET input = :now WHERE id = :at AND :chunk = 0 AND input = :body");

static const struct walk {
	const char       *table, *column;
	const struct sql *select, *update;
	int64_t           page;
} walks[] = {
#define X(table, key, column)                                                                      \
	{ #table, #column, &reseal_select_##table##_##column, &reseal_update_##table##_##column,   \
		RESEAL_PAGE },
	SEALED_COLUMNS(X)
#undef X
	    { SEALED_CONTENTS, "body", &reseal_select_contents, &reseal_update_contents,
		RESEAL_CONTENTS },
	{ "operations", "input", &reseal_select_inputs, &reseal_update_inputs, RESEAL_PAGE },
};
#define WALKS (sizeof(walks) / sizeof(*walks))

struct reseal {
	struct database           *d;
	struct tenant_db          *t;
	const struct reseal_watch *w;
	struct reseal_pass        *p;
};

/* ---- a page ---- */

static bool
is_input(const struct walk *k)
{
	return k->select->scope == SQL_CONTROL;
}

static struct db *
db_of(const struct reseal *x, const struct walk *k)
{
	return is_input(k) ? x->d->control : x->t->db;
}

static bool
read_page(const struct reseal *x, TALLOC_CTX *mem, const struct walk *k, struct value **rows,
    size_t *n, struct err *e)
{
	uint32_t        version = x->t->data_key.version;
	uint8_t         newest[4];
	struct input_in in = { .owner = x->t->tenant->id };

	for (size_t i = 0; i < sizeof(newest); i++)
		newest[i] = (uint8_t)(version >> (24 - 8 * i));
	in.page = (struct page_in) { { newest, sizeof(newest) }, { x->p->at, x->p->at_n },
		x->p->chunk, k->page };
	return db_all(db_of(x, k), mem, k->select, is_input(k) ? (const void *)&in : &in.page,
	    INTO(rows, n, (size_t)k->page), e);
}

/* False: the row has no form of one. */
static bool
row_of(const struct walk *k, const struct value *v, struct uuid *out)
{
	if (strcmp(k->table, SEALED_CONTENTS) == 0) {
		if (v->at.n != HASH_LEN)
			return false;
		*out = content_place(v->at.p, v->chunk);
		return true;
	}
	if (v->at.n != sizeof(out->b))
		return false;
	memcpy(out->b, v->at.p, sizeof(out->b));
	return true;
}

/* *set: it is to be written; one that does not open is told, and is not. */
static bool
seal_again(const struct reseal *x, TALLOC_CTX *mem, const struct walk *k, struct set_in *s,
    bool *set, struct err *e)
{
	struct uuid         id;
	struct sealed_place place = { k->table, k->column, &id };
	TALLOC_CTX         *tmp = talloc_new(mem);
	struct str          plain;
	bool                ok;

	*set = false;
	if (tmp == NULL)
		return err_memory(e);
	ok = row_of(k, &s->was, &id) || err_set(e, ERR_INTERNAL, SEAL_REFUSED, "internal error",
					    "a key of %zu bytes", s->was.at.n);
	ok = ok && tenant_open(x->t, tmp, place, s->was.body, &plain, e);
	if (!ok && e->sys == SEAL_REFUSED) {
		bool chunk = strcmp(k->table, SEALED_CONTENTS) == 0;

		err_clear(e);
		x->p->refused++;
		x->w->refused(x->w->arg, k->table, k->column, chunk ? NULL : &id);
		talloc_free(tmp);
		return true;
	}
	ok = ok && tenant_seal(x->t, mem, place, plain, &s->now, e);
	*set = ok;
	talloc_free(tmp); /* what was open is wiped */
	return ok;
}

struct writing {
	const struct walk *k;
	struct set_in     *sets;
	size_t             n;
};

static bool
write_body(struct db *db, void *arg, struct err *e)
{
	const struct writing *in = arg;

	return db_run_many(db, in->k->update, in->sets, in->n, e);
}

static bool
write_page(const struct reseal *x, TALLOC_CTX *mem, const struct walk *k, const struct value *rows,
    size_t n, struct err *e)
{
	struct writing  in = { .k = k };
	const struct tx tx = { .name = "reseal", .body = write_body, .arg = &in };

	in.sets = talloc_zero_array(mem, struct set_in, (unsigned)n + 1);
	if (in.sets == NULL)
		return err_memory(e);
	for (size_t i = 0; i < n; i++) {
		bool set = false;

		if (rows[i].body.p == NULL)
			continue;
		in.sets[in.n].was = rows[i];
		if (!seal_again(x, mem, k, &in.sets[in.n], &set, e))
			return false;
		in.n += set;
	}
	x->p->sealed += in.n;
	return in.n == 0 || tx_run(db_of(x, k), &tx, e);
}

/* *n: rows that were looked at. */
static bool
page(const struct reseal *x, const struct walk *k, size_t *n, struct err *e)
{
	TALLOC_CTX   *mem = talloc_new(x->d);
	struct value *rows;
	bool          ok = mem != NULL || err_memory(e);

	ok = ok && read_page(x, mem, k, &rows, n, e) && write_page(x, mem, k, rows, *n, e);
	if (ok && *n > 0) {
		const struct value *last = &rows[*n - 1];

		x->p->seen += *n;
		x->p->at_n = last->at.n < sizeof(x->p->at) ? last->at.n : sizeof(x->p->at);
		memcpy(x->p->at, last->at.p, x->p->at_n);
		x->p->chunk = last->chunk;
	}
	talloc_free(mem);
	return ok;
}

/* ---- a pass ---- */

static void
next_column(struct reseal_pass *p)
{
	p->column++;
	p->at_n = 0;
	p->chunk = 0;
}

static bool
walk_on(const struct reseal *x, struct err *e)
{
	while (x->p->column < WALKS) {
		const struct walk *k = &walks[x->p->column];
		size_t             n;

		if (x->w->stop(x->w->arg, x->p, k->table))
			return true;
		if (!page(x, k, &n, e))
			return err_note(e, "%s.%s", k->table, k->column);
		if (n < (size_t)k->page)
			next_column(x->p);
	}
	x->p->ended = true;
	return true;
}

bool
reseal_walk(struct database *d, struct tenant_db *t, const struct reseal_watch *w,
    struct reseal_pass *p, struct err *e)
{
	const struct reseal x = { d, t, w, p };
	struct data_keys    now;
	bool                older = false;

	if (!tenant_db_fresh(t, e) || !data_keys_state(d, &t->tenant->id, &now, e))
		return false;
	if (uuid_is_nil(&p->tenant) || !uuid_eq(&p->tenant, &t->tenant->id))
		*p = (struct reseal_pass) { .tenant = t->tenant->id,
			.settled = now.age_s >= RESEAL_SETTLE_S };
	if (now.n < 2) {
		p->ended = true;
		return true;
	}
	if (!walk_on(&x, e))
		return false;
	if (!p->ended || !p->settled || p->sealed > 0 || p->refused > 0)
		return true;
	/* It may seal with the former key for as long as it runs. */
	if (!programs_older(d->control, d, &older, e) || older)
		return e->code == ERR_OK;
	return data_keys_drop(d, &t->tenant->id, t->data_key.version, &p->destroyed, e);
}
