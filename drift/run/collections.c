#include "drift/run/collections.h"

#include <stdlib.h>
#include <string.h>

#include "drift/alert/clearing.h"
#include "drift/config/spec.h"
#include "drift/run/plan_sides.h"
#include "drift/run/running.h"

#define TIME_STEP_MS 60000 /* an instant of a reading is written when it is older than that */
#define LET_GO_NAMED 2     /* collections that a sentence names: it has room for 300 bytes */
#define ORPHAN_S                                                                                   \
	(7 * 86400) /* nobody knows whose turn it is to read it, and nothing says how often */

static int
by_category(const void *a, const void *b)
{
	return str_cmp(((const struct plan_collection *)a)->category,
	    ((const struct plan_collection *)b)->category);
}

struct plan_collection *
collections_find(const struct plan_collections *c, struct str category)
{
	const struct plan_collection want = { .category = category };

	return c->n == 0 ? NULL : bsearch(&want, c->of, c->n, sizeof(c->of[0]), by_category);
}

bool
collection_is_blind(const struct plan_collection *c)
{
	return c->row.blind_since.ms != 0 && !c->spared;
}

bool
collection_is_lost(const struct plan_collection *c)
{
	return c->row.complete_at.ms != 0 && c->row.how != NULL &&
	       strcmp(c->row.how, completeness_name(COLLECTION_FORBIDDEN)) == 0;
}

/* ---- what there is ---- */

/* What is known of one before this snapshot. */
static void
know(const struct ingest *in, const struct plan *p, struct plan_collection *c)
{
	const struct collection_row *was = &c->was;
	bool                         complete = strcmp(was->how, "complete") == 0;
	const struct spec_unread    *unread = spec_unread(in->spec, c->category);

	c->spared = unread != NULL;
	c->retired = c->spared && unread->retired && !c->spoken;
	c->had = was->complete_at.ms != 0 && (complete || was->kept_seq != 0);
	c->had_seq = complete ? 0 : was->kept_seq;
	c->based = p->before.golden || c->joins ||
		   (in->spec->mode == BASELINE_PREVIOUS && p->kind != PLAN_NEXT) ||
		   (in->spec->mode == BASELINE_PREVIOUS ? c->had : was->baseline_seq != 0);
}

/* The newest snapshot has one that was retired since: that was history when it was said. */
static bool
is_history(const struct ingest *in, const struct plan *p, const struct collection_row *row)
{
	const struct spec_unread *unread = spec_unread(in->spec, str_of(row->category));

	return p->kind == PLAN_AGAIN && unread != NULL && unread->retired &&
	       row->read_at.ms > in->collected_at.ms;
}

static void
add(const struct ingest *in, struct plan *p, const struct collection_row *row,
    const struct collection *spoken)
{
	struct plan_collections *to = &p->collections;
	struct plan_collection  *c = &to->of[to->n++];
	static char              none[] = "";

	if (row != NULL && spoken != NULL && is_history(in, p, row)) {
		to->history = true;
		spoken = NULL;
	}
	*c = (struct plan_collection) {
		.category = row != NULL ? str_of(row->category) : spoken->category,
		.spoken = spoken != NULL,
		.how = spoken != NULL ? spoken->how : COLLECTION_FAILED,
		.read = spoken != NULL && spoken->how == COLLECTION_COMPLETE,
		.found = spoken != NULL && spoken->found,
		.was = { .config_id = in->config->id, .how = none },
	};
	if (row != NULL)
		c->was = *row;
	know(in, p, c);
	c->row = c->was;
}

/* Has what this snapshot's document is of been read completely before?  Its credential has read it,
 * or it says again what is known. */
static const struct plan_collection *
read_before(const struct ingest *in, const struct plan *p)
{
	const struct plan_collection *first = NULL;

	for (size_t i = 0; i < p->collections.n; i++) {
		const struct plan_collection *c = &p->collections.of[i];

		if (c->was.baseline_seq == 0 ||
		    (!c->found && !uuid_eq(&c->was.read_by, &in->pusher)))
			continue;
		if (first == NULL || c->was.baseline_seq < first->was.baseline_seq)
			first = c;
	}
	return first;
}

/* Nobody has declared it before either: a document alone says complete or partial. */
static bool
is_new(const struct plan_collection *c)
{
	const char *how = c->was.how;

	return c->found && c->read && c->was.baseline_seq == 0 && !c->had &&
	       (how[0] == '\0' || strcmp(how, completeness_name(COLLECTION_PARTIAL)) == 0);
}

/* The document chooses its categories, so what it could not show before is no first look. */
static void
join_reading(const struct ingest *in, struct plan *p)
{
	const struct plan_collection *with = read_before(in, p);

	if (with == NULL || p->kind != PLAN_NEXT || p->before.golden)
		return;
	for (size_t i = 0; i < p->collections.n; i++) {
		struct plan_collection *c = &p->collections.of[i];

		if (!is_new(c))
			continue;
		c->joins = true;
		c->was.baseline_snapshot = with->was.baseline_snapshot;
		c->was.baseline_seq = with->was.baseline_seq;
		c->was.baseline_late = with->was.baseline_late;
		know(in, p, c);
		c->row = c->was;
	}
}

static bool
not_too_many(const struct ingest *in, const struct plan *p, struct err *e)
{
	return p->collections.n <= COLLECTIONS_MAX ||
	       err_fault(e, in->mem, "/collections",
		   "a config has at most %d collections; with this snapshot there would be %zu",
		   COLLECTIONS_MAX, p->collections.n);
}

static bool
merge(const struct ingest *in, struct plan *p, const struct collection_row *rows, size_t rows_n,
    struct err *e)
{
	const struct normal_snapshot *s = in->snapshot;
	size_t                        a = 0, b = 0;

	p->collections.of =
	    talloc_zero_size(p, (rows_n + s->collections_n + 1) * sizeof(p->collections.of[0]));
	if (p->collections.of == NULL)
		return err_memory(e);
	while (a < rows_n || b < s->collections_n) {
		int c = a == rows_n ? 1
			: b == s->collections_n
			    ? -1
			    : str_cmp(str_of(rows[a].category), s->collections[b].category);

		add(in, p, c <= 0 ? &rows[a] : NULL, c >= 0 ? &s->collections[b] : NULL);
		a += c <= 0;
		b += c >= 0;
	}
	join_reading(in, p);
	return not_too_many(in, p, e);
}

/* ---- one more reading ---- */

static void
read_completely(const struct ingest *in, struct plan *p, struct plan_collection *c)
{
	struct collection_row *row = &c->row;
	bool                   moves = in->spec->mode == BASELINE_PREVIOUS && p->kind == PLAN_NEXT;

	c->enters = !p->before.golden && row->baseline_seq == 0;
	if (c->enters || (moves && !p->before.golden)) {
		row->baseline_snapshot = in->snapshot_id;
		row->baseline_seq = p->after.seq;
		row->baseline_late = false;
	}
	row->complete_at = in->received_at;
	row->kept_snapshot = (struct uuid) { 0 };
	row->kept_seq = 0;
	row->incomplete_runs = 0;
	row->blind_since.ms = 0;
}

/* What is in force may be a mixture from now on: the last complete reading is that of the snapshot
 * before. */
static void
read_partly(const struct plan *p, struct plan_collection *c)
{
	struct collection_row *row = &c->row;

	if (strcmp(row->how, "complete") == 0) {
		row->kept_snapshot = p->before.snapshot_id;
		row->kept_seq = p->before.seq;
	}
	row->incomplete_runs++;
}

/* It is not known who read it last, or that credential has ended: after so long without it whoever
 * pushes has left it out. */
static bool
is_orphan(const struct ingest *in, const struct collection_row *row)
{
	int64_t beats = in->spec->expect_every_s * in->spec->limits.blind_after;
	int64_t allowed_s = beats > 0 ? beats : ORPHAN_S;

	return uuid_is_nil(&row->read_by) &&
	       row->read_at.ms + allowed_s * 1000 < in->received_at.ms;
}

static void
leave_out(const struct ingest *in, struct plan *p, struct plan_collection *c)
{
	struct collection_row *row = &c->row;
	int64_t                most = in->spec->limits.blind_after;

	if (in->run != NULL && running_is_partial(&in->run->run))
		return; /* it was not to be read */
	if (!uuid_eq(&row->read_by, &in->pusher) && !is_orphan(in, row))
		return;
	if (row->left_out < most)
		row->left_out++; /* more need not be counted, and so costs no push anything */
	c->failing = row->left_out >= most && !c->spared;
	if (!c->failing)
		return;
	if (row->incomplete_runs < row->left_out)
		row->incomplete_runs = row->left_out;
	p->collections.stirred = p->collections.stirred || c->was.left_out < most;
}

/* Nobody waits for its next reading, or has to look at its first. */
static void
retire(struct collection_row *row)
{
	row->held = false;
	row->left_out = row->incomplete_runs = 0;
	row->look_report = (struct uuid) { 0 };
}

static char *
how_text(struct plan *p, enum completeness how)
{
	return talloc_strdup(p, completeness_name(how));
}

static bool
advance(const struct ingest *in, struct plan *p, struct plan_collection *c, struct err *e)
{
	struct collection_row *row = &c->row;
	bool                   was_blind = row->blind_since.ms != 0;

	if (c->spoken) {
		if (c->read)
			read_completely(in, p, c);
		else
			read_partly(p, c);
		row->left_out = 0;
		row->read_by = in->pusher;
		if (in->collected_at.ms > row->read_at.ms)
			row->read_at = in->collected_at;
		if (strcmp(row->how, completeness_name(c->how)) != 0)
			row->how = how_text(p, c->how);
	} else {
		leave_out(in, p, c);
	}
	if (c->retired)
		retire(row);
	if (c->spared)
		row->blind_since.ms = 0;
	else if (!was_blind &&
		 (collection_is_lost(c) || row->incomplete_runs >= in->spec->limits.blind_after))
		row->blind_since = in->received_at;
	p->collections.stirred = p->collections.stirred || c->enters ||
				 was_blind != (row->blind_since.ms != 0) ||
				 (c->read && clearing_waits(c->was.clean, &in->spec->limits));
	if (row->category == NULL)
		row->category = str_dup(p, c->category);
	return row->how != NULL && row->category != NULL ? true : err_memory(e);
}

/* Between two snapshots: what the config has said meanwhile of those that are not read. */
static void
release(struct plan *p, struct plan_collection *c)
{
	const struct collection_row *was = &c->was;
	struct collection_row       *row = &c->row;

	if (c->spared)
		row->blind_since.ms = 0;
	if (c->retired)
		retire(row);
	p->collections.released = p->collections.released || was->held != row->held ||
				  was->blind_since.ms != row->blind_since.ms ||
				  was->left_out != row->left_out ||
				  was->incomplete_runs != row->incomplete_runs ||
				  !uuid_eq(&was->look_report, &row->look_report);
}

/* "Retired: b, c and 3 more." */
static bool
say_let_go(const struct ingest *in, struct plan *p, struct err *e)
{
	struct buf b;
	size_t     n = 0;

	if (p->before.config_version == in->config->version)
		return true;
	buf_make(&b, p);
	for (size_t i = 0; i < p->collections.n; i++) {
		const struct plan_collection *c = &p->collections.of[i];

		if (!c->retired || n++ >= LET_GO_NAMED)
			continue;
		buf_puts(&b, n == 1 ? "Retired: " : ", ");
		buf_add(&b, c->category.p, c->category.n);
	}
	if (n > LET_GO_NAMED)
		buf_printf(&b, " and %zu more", n - LET_GO_NAMED);
	if (n == 0)
		return true;
	buf_puts(&b, ".");
	p->collections.let_go = buf_text(&b, e);
	return p->collections.let_go != NULL;
}

static void
sum_up(struct plan *p)
{
	struct plan_collections *s = &p->collections;
	bool                     spoken = false;

	s->complete = s->settled = true;
	p->after.incomplete_runs = 0;
	for (size_t i = 0; i < s->n; i++) {
		const struct plan_collection *c = &s->of[i];

		spoken = spoken || c->spoken;
		s->any = s->any || c->read;
		s->settled =
		    s->settled && (c->read || c->had || c->retired || c->was.baseline_seq == 0);
		if (c->spared)
			continue;
		s->complete = s->complete && !c->failing && (c->read || !c->spoken);
		if (c->row.incomplete_runs > p->after.incomplete_runs)
			p->after.incomplete_runs = c->row.incomplete_runs;
	}
	s->any = s->any || !spoken;
}

bool
collections_know(const struct ingest *in, struct plan *p, struct err *e)
{
	struct plan_collections *s = &p->collections;

	if (in->read == NULL)
		return collection_list(in->t->db, p, &in->config->id, &s->known, &s->known_n, e);
	s->known = in->read->collections;
	s->known_n = in->read->collections_n;
	return true;
}

bool
collections_are_newer(const struct ingest *in, const struct plan *p)
{
	const struct normal_snapshot *s = in->snapshot;
	const struct collection_row  *rows = p->collections.known;
	size_t                        a = 0, b = 0;

	while (a < p->collections.known_n && b < s->collections_n) {
		int c = str_cmp(str_of(rows[a].category), s->collections[b].category);

		if (c == 0 && rows[a].read_at.ms > in->collected_at.ms)
			return true;
		a += c <= 0;
		b += c >= 0;
	}
	return s->collections_n == 0;
}

bool
collections_plan(const struct ingest *in, struct plan *p, struct err *e)
{
	if (!merge(in, p, p->collections.known, p->collections.known_n, e))
		return false;
	for (size_t i = 0; p->kind == PLAN_NEXT && i < p->collections.n; i++)
		if (!advance(in, p, &p->collections.of[i], e))
			return false;
	for (size_t i = 0; p->kind == PLAN_AGAIN && i < p->collections.n; i++)
		release(p, &p->collections.of[i]);
	sum_up(p);
	if (p->kind != PLAN_NEXT && !p->collections.released)
		p->after.incomplete_runs = p->before.incomplete_runs;
	return p->kind != PLAN_AGAIN || say_let_go(in, p, e);
}

bool
collections_plan_golden(
    const struct ingest *in, struct plan *p, const struct plan_sides *sides, struct err *e)
{
	struct plan_collections *s = &p->collections;
	size_t                   known = s->n, room = s->n;
	struct plan_collection  *of;
	static char              none[] = "";

	for (size_t i = 0; i < sides->base_n; i++)
		room += i == 0 || strcmp(sides->base[i].category, sides->base[i - 1].category) != 0;
	of = talloc_realloc_size(p, s->of, (room + 1) * sizeof(of[0]));
	if (of == NULL)
		return err_memory(e);
	s->of = of;
	for (size_t i = 0; p->kind == PLAN_NEXT && i < sides->base_n; i++) {
		struct str                    category = str_of(sides->base[i].category);
		const struct plan_collections before = { .of = of, .n = known };
		struct plan_collection       *c = &of[s->n];

		if ((i > 0 && strcmp(sides->base[i].category, sides->base[i - 1].category) == 0) ||
		    collections_find(&before, category) != NULL)
			continue;
		*c = (struct plan_collection) { .category = category,
			.how = COLLECTION_FAILED,
			.was = { .config_id = in->config->id, .how = none } };
		c->row = (struct collection_row) { .config_id = in->config->id,
			.category = sides->base[i].category,
			.how = how_text(p, COLLECTION_FAILED),
			.read_by = in->pusher,
			.read_at = in->received_at,
			.left_out = 1 };
		c->spared = spec_unread(in->spec, category) != NULL;
		if (c->row.how == NULL)
			return err_memory(e);
		s->n++;
	}
	if (s->n > 1)
		qsort(s->of, s->n, sizeof(s->of[0]), by_category);
	return not_too_many(in, p, e);
}

/* ---- writing ---- */

/* By how much an instant has to move to be written. */
struct steps {
	int64_t complete, read;
};

static bool
differs(const struct collection_row *a, const struct collection_row *b, struct steps step)
{
	return b->complete_at.ms - a->complete_at.ms > step.complete ||
	       b->read_at.ms - a->read_at.ms > step.read ||
	       !uuid_eq(&a->baseline_snapshot, &b->baseline_snapshot) ||
	       strcmp(a->how, b->how) != 0 || !uuid_eq(&a->kept_snapshot, &b->kept_snapshot) ||
	       a->incomplete_runs != b->incomplete_runs || a->blind_since.ms != b->blind_since.ms ||
	       !uuid_eq(&a->read_by, &b->read_by) || a->left_out != b->left_out ||
	       a->checks != b->checks || a->clean != b->clean || a->held != b->held ||
	       a->unsettled != b->unsettled || !uuid_eq(&a->look_report, &b->look_report) ||
	       a->look_due != b->look_due;
}

bool
collections_write(struct db *db, const struct ingest *in, struct plan *p, struct err *e)
{
	/* who awaits one knows exactly since when, and what has a date is held against dates */
	const struct steps step = { in->spec->expect_every_s > 0 ? 0 : TIME_STEP_MS,
		in->dated ? 0 : TIME_STEP_MS };
	size_t                 n = 0;
	struct collection_row *rows;

	if (p->kind == PLAN_LATE)
		return true;
	rows = talloc_zero_size(p, (p->collections.n + 1) * sizeof(rows[0]));
	if (rows == NULL)
		return err_memory(e);
	for (size_t i = 0; i < p->collections.n; i++)
		if (differs(&p->collections.of[i].was, &p->collections.of[i].row, step))
			rows[n++] = p->collections.of[i].row;
	return n == 0 || collection_put(db, rows, n, e);
}
