/* routes.h: who has what, as a list and as a table. */
#include "core/auth/user/access_lent.h"
#include "fcgi/routes.h"
#include "fcgi/table.h"

#define PIECE_ROWS 200

struct review_query {
	struct list_query page;
	const char       *kind;
};
static const char *const  kinds[] = { "user", "personal_key", "service_key", ACCESS_GRANT, NULL };
static const struct field review_query_fields[] = {
	LIST_FIELDS(struct review_query, "Most items of one answer; 50 when absent."),
	FIELD(struct review_query, kind, .choices = kinds, .doc = "Only of this kind."),
	FIELD_END,
};
static const struct schema review_query_schema =
    SCHEMA("AccessReviewQuery", struct review_query, review_query_fields);

static bool
fetch_holders(struct request *r, struct list_page *p, struct err *e)
{
	const struct review_query *q = r->query;
	const struct deed_by       by = request_deed_by(r);

	return access_review(&by, q->kind, NULL, &p->page, e);
}
static const struct list_ops review_list_ops = {
	fetch_holders,
	LIST_OF(struct access_holder, id),
};

/* ---- the table: a line for each role of a user or grant, and for each key ---- */

struct table {
	const char          *kind;
	struct uuid          after;
	bool                 ended;
	struct access_others others; /* read once: the table is of one instant as far as they go */
};

static void
words_cell(struct buf *b, TALLOC_CTX *mem, struct strings words)
{
	struct buf line;

	buf_make(&line, mem);
	for (size_t i = 0; i < words.n; i++) {
		buf_puts(&line, i > 0 ? " " : "");
		buf_puts(&line, words.items[i]);
	}
	table_cell(b, line.p, ',');
}

/* `a` NULL: without a role. */
static void
print_line(
    struct buf *b, TALLOC_CTX *mem, const struct access_holder *h, const struct assignment *a)
{
	char        id[UUID_TEXT_MAX], giver[UUID_TEXT_MAX] = "";
	struct uuid by = a != NULL ? a->given_by : h->given_by;

	uuid_print(&h->id, id);
	if (!uuid_is_nil(&by))
		uuid_print(&by, giver);
	table_cell(b, id, ',');
	table_cell(b, h->kind, ',');
	table_cell(b, h->name, ',');
	table_cell(b, h->display_name, ',');
	table_cell(b, h->status, ',');
	table_cell(b, a != NULL ? a->role : NULL, ',');
	words_cell(b, mem, h->scopes);
	words_cell(b, mem, h->permissions);
	table_time(b, a != NULL ? a->given_at : h->created_at, ',');
	table_time(b, a != NULL ? a->ends_at : h->ends_at, ',');
	table_cell(b, giver, ',');
	table_cell(b, a != NULL ? a->given_name : h->given_name, ',');
	table_time(b, h->last_used, '\r');
	buf_putc(b, '\n');
}

static bool
more_lines(struct request *r, struct buf *out, struct err *e)
{
	struct table               *x = r->more_arg;
	struct deed_by              by = request_deed_by(r);
	struct page                 p = { .after = x->after, .want = PIECE_ROWS };
	const struct access_holder *all;
	bool                        ok;

	if (x->ended)
		return true;
	by.mem = talloc_new(r->mem);
	if (by.mem == NULL)
		return err_memory(e);
	ok = access_review(&by, x->kind, &x->others, &p, e);
	all = p.rows;
	for (size_t i = 0; ok && i < p.n; i++) {
		const struct assignment *roles = all[i].assignments.p;

		for (size_t j = 0; j < all[i].assignments.n; j++)
			print_line(out, by.mem, &all[i], &roles[j]);
		if (all[i].assignments.n == 0)
			print_line(out, by.mem, &all[i], NULL);
	}
	x->ended = p.n < PIECE_ROWS;
	if (ok && p.n > 0)
		x->after = all[p.n - 1].id;
	talloc_free(by.mem);
	return ok && (buf_ok(out) || err_memory(e));
}

static bool
whole_table(struct request *r, const struct review_query *q, struct err *e)
{
	const struct deed_by by = request_deed_by(r);
	struct table        *x = talloc_zero(r->mem, struct table);

	if (x == NULL)
		return err_memory(e);
	if (!table_check(r, &q->page, e))
		return false;
	if (!access_review_export(&by, e) || !access_lent(&by, &x->others, e))
		return false;
	x->kind = q->kind;
	return table_begin(r,
	    "id,kind,name,display_name,status,role,scopes,permissions,since,until,"
	    "given_by,given_by_name,last_used",
	    more_lines, x, e);
}

static bool
read_review(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct review_query *q = r->query;

	(void)body;
	if (request_wants_whole(r))
		return whole_table(r, q, e);
	return list_answer(r, &review_list_ops, q->page.cursor, answer, e);
}

const struct route access_review_routes[] = {
	ROUTE_Q(GET, "/api/access-review", review_query, ALLOW(READ, ROLES), RATE_READ, 200,
	    read_review, IN_NONE, OUT_LIST_OR(access_holder, CSV_TYPE),
	    "Who has what: users with their roles, API keys, and tenants whose people may act "
	    "here, newest first, with since when, "
	    "until "
	    "when, by whom it was given and when it was last used; with Accept: text/csv all of it "
	    "as a table, a line for each role of a user or grant."),
	ROUTE_END,
};
