#include "drift/snapshot/collections.h"

#include <string.h>

#include "core/store/drift/unsettled.h"

/* ---- the baseline ---- */

static const struct json *
read_completely(const struct json *said, const char *category)
{
	const struct json *how = json_get(said, category);

	return how != NULL && how->type == JSON_STRING && str_eqz(how->text, "complete") ? how
											 : NULL;
}

static bool
known(const struct collection_row *rows, size_t n, struct str category)
{
	for (size_t i = 0; i < n; i++)
		if (str_eqz(category, rows[i].category))
			return true;
	return false;
}

static void
pin(struct collection_row *row, const struct snapshot *s)
{
	row->baseline_snapshot = s->id;
	row->baseline_seq = s->seq;
	row->baseline_late = !s->in_order;
	row->unsettled = 0;
}

/* A snapshot out of order may have one that no other has. */
static bool
pin_new(TALLOC_CTX *mem, const struct snapshot *s, struct str category, struct collection_row *row,
    struct err *e)
{
	*row = (struct collection_row) { .config_id = s->config_id,
		.category = str_dup(mem, category),
		.how = talloc_strdup(mem, "failed") };
	pin(row, s);
	return row->category != NULL && row->how != NULL ? true : err_memory(e);
}

static bool
unreviewed(struct err *e)
{
	return err_set(e, ERR_CONFLICT, 0,
	    "In what was read first there is something that would be high or critical: look at it "
	    "(first_look of GET .../baseline), and send \"approve\": {\"reviewed\": true} with the "
	    "approval.",
	    "an approval of what was not reviewed");
}

static bool
any_unreviewed(const struct collection_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!uuid_is_nil(&rows[i].look_report))
			return true;
	return false;
}

bool
collections_reviewed(struct db *db, TALLOC_CTX *mem, const struct snapshot *s, struct err *e)
{
	const struct json     *said = json_parse(mem, str_of(s->collections), e);
	struct collection_row *rows;
	size_t                 n;

	if (said == NULL)
		return err_note(e, "reading a snapshot's collections");
	if (!collection_list(db, mem, &s->config_id, &rows, &n, e))
		return false;
	for (size_t i = 0; i < n; i++)
		if (read_completely(said, rows[i].category) != NULL &&
		    !uuid_is_nil(&rows[i].look_report))
			return unreviewed(e);
	return true;
}

bool
collections_pin(
    struct db *db, TALLOC_CTX *mem, const struct snapshot *s, bool reviewed, struct err *e)
{
	const struct json     *said = json_parse(mem, str_of(s->collections), e);
	struct collection_row *rows, *put;
	size_t                 n, put_n = 0;

	if (said == NULL)
		return err_note(e, "reading a snapshot's collections");
	if (!collection_list(db, mem, &s->config_id, &rows, &n, e))
		return false;
	put = talloc_zero_size(mem, (n + said->n + 1) * sizeof(put[0]));
	if (put == NULL)
		return err_memory(e);
	for (size_t i = 0; i < n; i++) {
		if (read_completely(said, rows[i].category) == NULL)
			continue;
		if (!uuid_is_nil(&rows[i].look_report) && !reviewed)
			return unreviewed(e);
		rows[i].look_report = (struct uuid) { 0 };
		pin(&rows[i], s);
		put[put_n++] = rows[i];
	}
	for (uint32_t i = 0; i < said->n; i++)
		if (str_eqz(said->items[i].text, "complete") && !known(rows, n, said->names[i]) &&
		    !pin_new(mem, s, said->names[i], &put[put_n++], e))
			return false;
	if (!any_unreviewed(rows, n) && !config_state_reviewed(db, &s->config_id, e))
		return false;
	return put_n == 0 ||
	       (unsettled_drop_collections(db, put, put_n, e) && collection_put(db, put, put_n, e));
}

/* ---- the config's state ---- */

bool
collections_word(struct db *db, TALLOC_CTX *mem, const struct uuid *config,
    const struct drift_spec *spec, const char **word, struct err *e)
{
	struct collection_row *rows;
	size_t                 n;

	if (!collection_list(db, mem, config, &rows, &n, e))
		return false;
	*word = any_unreviewed(rows, n) ? "unreviewed" : "ok";
	for (size_t i = 0; i < n; i++)
		if (rows[i].blind_since.ms != 0 &&
		    spec_unread(spec, str_of(rows[i].category)) == NULL)
			*word = "blind";
	return true;
}

/* ---- a sentence about those that are blind ---- */

#define NAME_BYTES 40

/* A name as it stands in a title: short, and on one line. */
static void
put_name(struct buf *b, struct str name)
{
	size_t n = str_head(name, NAME_BYTES).n;

	for (size_t i = 0; i < n; i++)
		buf_putc(b, (unsigned char)name.p[i] < 0x20 ? ' ' : name.p[i]);
	buf_puts(b, n < name.n ? "..." : "");
}

void
blind_names(struct buf *b, const struct blind_list *l)
{
	for (size_t i = 0; i < l->n && i < BLIND_TOLD; i++) {
		buf_puts(b, i == 0 ? "" : i + 1 == l->n ? " and " : ", ");
		put_name(b, l->of[i].category);
	}
	if (l->n > BLIND_TOLD)
		buf_printf(b, " and %zu more", l->n - BLIND_TOLD);
}

void
blind_last(struct buf *b, const struct blind_list *l)
{
	for (size_t i = 0; i < l->n && i < BLIND_TOLD; i++) {
		char at[TIME_TEXT_MAX];

		buf_puts(b, i == 0 ? "; read completely last: " : ", ");
		put_name(b, l->of[i].category);
		time_print(l->of[i].complete_at.ms, at);
		if (l->of[i].complete_at.ms == 0)
			buf_puts(b, " never");
		else
			buf_printf(b, " %.16sZ", at);
	}
}

/* ---- the clock ---- */

static bool
is_awaited(const struct drift_spec *spec, const struct collection_row *row)
{
	return row->complete_at.ms != 0 && spec_unread(spec, str_of(row->category)) == NULL;
}

/* The clock that says when something is due is the database's: what is first is over, whatever ours
 * says. */
static int64_t
last_overdue(
    const struct drift_spec *spec, const struct collection_row *rows, size_t n, instant now)
{
	int64_t allowed = spec->expect_every_s * spec->limits.blind_after * 1000;
	int64_t first = 0;

	for (size_t i = 0; i < n; i++)
		if (is_awaited(spec, &rows[i]) && rows[i].blind_since.ms == 0 &&
		    (first == 0 || rows[i].complete_at.ms < first))
			first = rows[i].complete_at.ms;
	return first > now.ms - allowed ? first : now.ms - allowed;
}

static void
go_blind(struct collection_row *row, const struct drift_spec *spec, instant now)
{
	row->blind_since = now;
	if (row->incomplete_runs < spec->limits.blind_after)
		row->incomplete_runs = spec->limits.blind_after;
}

static void
note_blind(struct overdue *o, const struct collection_row *row)
{
	o->list.of[o->list.n++] = (struct blind_one) { str_of(row->category), row->complete_at };
}

bool
collections_overdue(struct db *db, TALLOC_CTX *mem, const struct uuid *config,
    const struct drift_spec *spec, instant now, struct overdue *out, struct err *e)
{
	struct collection_row *rows, *put_rows;
	size_t                 n, put = 0;
	int64_t                over, next = 0;

	*out = (struct overdue) { 0 };
	if (!collection_list(db, mem, config, &rows, &n, e))
		return false;
	put_rows = talloc_zero_size(mem, (n + 1) * sizeof(rows[0]));
	out->list.of = talloc_zero_size(mem, (n + 1) * sizeof(out->list.of[0]));
	if (put_rows == NULL || out->list.of == NULL)
		return err_memory(e);
	over = last_overdue(spec, rows, n, now);
	for (size_t i = 0; i < n; i++) {
		struct collection_row *row = &rows[i];

		if (!is_awaited(spec, row))
			continue;
		out->awaited++;
		out->before += row->blind_since.ms != 0;
		if (row->blind_since.ms != 0) {
			note_blind(out, row);
			continue;
		}
		if (row->complete_at.ms > over) {
			next = next == 0 || row->complete_at.ms < next ? row->complete_at.ms : next;
			continue;
		}
		go_blind(row, spec, now);
		note_blind(out, row);
		put_rows[put++] = *row;
	}
	out->blind = out->before + put;
	if (next != 0)
		out->next_s = 1 + (next - over) / 1000;
	return put == 0 || collection_put(db, put_rows, put, e);
}
