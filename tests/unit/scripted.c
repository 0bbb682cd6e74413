#include "tests/unit/scripted.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/rand.h"

#define UNDER_WAY 32
#define TURNS_MAX 100000

struct waiting {
	uint32_t    id;
	const char *url;
};

static int64_t
set_wall(const struct clock *c)
{
	return c->set_ms;
}

static const struct clock_ops set_ops = { .wall_ms = set_wall, .mono_ns = set_wall };
static const struct clock     at_noon = { &set_ops, 1796000000000 };

static void
half_fill(struct rand *r, void *out, size_t n)
{
	(void)r;
	memset(out, 0x11, n);
}

static const struct rand_ops half_ops = { half_fill };
static struct rand           half = { &half_ops, 0 };

static void
keep(TALLOC_CTX *mem, struct strings *list, const char *text)
{
	list->items = talloc_realloc(mem, list->items, const char *, (unsigned)list->n + 1);
	list->items[list->n++] = text;
}

static const struct scripted *
answer_of(struct scripted_run *s, const char *url, unsigned *used)
{
	const struct scripted *last = NULL;

	if (s->answer != NULL)
		return s->answer(s->arg, url);
	for (size_t i = 0; s->script[i].url != NULL; i++) {
		if (strcmp(s->script[i].url, url) != 0)
			continue;
		last = &s->script[i];
		if (used[i]++ == 0)
			return last;
	}
	return last;
}

static size_t
headers_of(TALLOC_CTX *mem, const char *lines, struct source_header *out)
{
	struct str rest = str_of(lines == NULL ? "Content-Type: application/json" : lines), line;
	size_t     n = 0;

	while (rest.p != NULL && rest.n > 0) {
		struct str name, value;

		rest = str_cut(rest, '\n', &line);
		value = str_trim(str_cut(line, ':', &name));
		out[n++] = (struct source_header) { str_dup(mem, name), str_dup(mem, value) };
	}
	return n;
}

static int64_t
retry_after(const struct source_header *h, size_t n)
{
	int64_t s = -1;

	for (size_t i = 0; i < n; i++)
		if (strcmp(h[i].name, "Retry-After") == 0)
			assert_true(str_to_i64(str_of(h[i].value), &s));
	return s;
}

static void
give(struct scripted_run *s, void *run, const struct waiting *w, unsigned *used)
{
	const struct scripted *from = answer_of(s, w->url, used);
	struct source_header   headers[16];
	struct source_answer   a = { .id = w->id, .retry_after_s = -1, .headers = headers };
	char                  *body;

	if (from == NULL)
		fail_msg("nobody answers %s", w->url);
	a.status = from->status;
	a.headers_n = headers_of(s->mem, from->headers, headers);
	a.retry_after_s = retry_after(headers, a.headers_n);
	/* of exactly its length, so that a sanitizer sees who reads on, and gone after the call */
	body = malloc(strlen(from->body) + 1);
	assert_non_null(body);
	memcpy(body, from->body, strlen(from->body));
	a.body = (struct str) { body, strlen(from->body) };
	if (from->status == 0) {
		a.why = from->body;
		a.body.n = 0;
	}
	assert_true(s->cut <= a.body.n || a.body.n == 0);
	a.body.n -= a.body.n == 0 ? 0 : s->cut;
	assert_true(s->collect->take(run, &a, &s->e));
	free(body);
}

/* ---- the config ---- */

struct holder {
	struct source_settings *source;
};
static const struct field holder_fields[] = {
	FIELD(struct holder, source, .item = &source_schema, .flags = FIELD_REQUIRED),
	FIELD_END,
};
static const struct schema holder_schema = SCHEMA("Holder", struct holder, holder_fields);

static const char *
first_fault(const struct scripted_run *s)
{
	if (s->e.faults == NULL)
		return talloc_strdup(s->mem, s->e.detail);
	return talloc_asprintf(s->mem, "%s: %s", s->e.faults->pointer, s->e.faults->detail);
}

static bool
compile(struct scripted_run *s, struct source *out)
{
	char         *text = talloc_asprintf(s->mem, "{\"source\":%s}", s->source);
	struct json  *tree = json_parse(s->mem, str_of(text), &s->e);
	struct holder h;

	if (tree == NULL)
		fail_msg("%s: %s", s->source, s->e.pub);
	if (!schema_decode(s->mem, &holder_schema, tree, &h, &s->e))
		return false;
	*out = (struct source) { .settings = h.source, .ops = source_by_kind(h.source->kind) };
	out->packs_dir = s->packs_dir != NULL ? s->packs_dir : "/nonexistent";
	return out->ops->check(s->mem, out, &s->e);
}

/* ---- the loop ---- */

static void
note_asked(struct scripted_run *s, const struct source_request *q)
{
	keep(s->mem, &s->asked,
	    talloc_asprintf(s->mem, "%s %s%s%.*s", q->method, q->url, q->body.n > 0 ? " " : "",
		(int)q->body.n, q->body.n > 0 ? q->body.p : ""));
	for (size_t i = 0; i < q->headers_n; i++)
		keep(s->mem, &s->headers,
		    talloc_asprintf(s->mem, "%s: %s", q->headers[i].name, q->headers[i].value));
}

static void
measure(struct scripted_run *s, const void *run)
{
	struct source_progress p = { 0 };
	size_t                 chunks = s->answer != NULL ? talloc_total_blocks(run) : 0;

	s->collect->progress(run, &p);
	s->held_most = p.held > s->held_most ? p.held : s->held_most;
	s->chunks_most = chunks > s->chunks_most ? chunks : s->chunks_most;
}

static void
give_all(struct scripted_run *s, void *run, struct waiting *w, size_t *n, unsigned *used)
{
	for (size_t i = 0; i < *n; i++)
		give(s, run, &w[s->backwards ? *n - 1 - i : i], used);
	s->turn.now_ms += s->answers_ms;
	if (s->turns++ % 512 == 0)
		measure(s, run);
	*n = 0;
}

static void
drive(struct scripted_run *s, void *run)
{
	struct waiting w[UNDER_WAY];
	size_t         n = 0, rows = 0;
	unsigned      *used;

	while (s->script != NULL && s->script[rows].url != NULL)
		rows++;
	used = talloc_zero_array(s->mem, unsigned, (unsigned)rows + 1);
	for (int turn = 0; turn < TURNS_MAX; turn++) {
		s->end = s->collect->next(run, &s->turn, &s->e);
		switch (s->end) {
		case SOURCE_WANTS:
			assert_true(n < UNDER_WAY);
			note_asked(s, &s->turn.request);
			w[n++] = (struct waiting) { s->turn.request.id,
				talloc_strdup(s->mem, s->turn.request.url) };
			break;
		case SOURCE_WAITS:
			if (n > 0) {
				give_all(s, run, w, &n, used);
				break;
			}
			assert_true(s->turn.again_ms >= s->turn.now_ms);
			s->turn.now_ms = s->turn.again_ms;
			break;
		case SOURCE_DONE:
		case SOURCE_FAILED:
			s->collect->progress(run, &s->progress);
			s->took_ms = s->turn.now_ms - 1000;
			return;
		}
	}
	fail_msg("it does not end");
}

/* ---- what came of it ---- */

static int
by_key(const void *a, const void *b)
{
	const struct resource *const *x = a, *const *y = b;

	return str_cmp((*x)->key, (*y)->key);
}

/* In the order of their keys: answers come in any. */
static void
put_rows(struct buf *b, const struct collected *got, struct str category)
{
	const struct resource **list =
	    talloc_array(b->mem, const struct resource *, (unsigned)got->n + 1);
	size_t n = 0;

	for (size_t i = 0; i < got->n && !got->same; i++)
		if (str_eq(got->resources[i].category, category))
			list[n++] = &got->resources[i];
	qsort(list, n, sizeof(struct resource *), by_key);
	for (size_t i = 0; i < n; i++) {
		buf_puts(b, "\n ");
		buf_add(b, list[i]->key.p, list[i]->key.n);
		buf_putc(b, '=');
		json_print(b, list[i]->value);
	}
}

const char *
scripted_told(struct scripted_run *s)
{
	struct buf b;

	buf_make(&b, s->mem);
	if (s->end == SOURCE_FAILED)
		return talloc_asprintf(s->mem, "%s%s%s", s->e.pub,
		    s->turn.remedy != NULL ? " " : "",
		    s->turn.remedy != NULL ? s->turn.remedy : "");
	for (size_t i = 0; i < s->turn.collected.collections_n; i++) {
		const struct collection        *c = &s->turn.collected.collections[i];
		const struct source_collection *p = NULL;

		for (size_t k = 0; k < s->progress.n; k++)
			if (str_eqz(c->category, s->progress.collections[k].category))
				p = &s->progress.collections[k];
		assert_non_null(p);
		assert_true(p->over);
		assert_int_equal(p->how, c->how);
		buf_printf(&b, "%s%s %s %llu/%llu/%llu", b.n > 0 ? "\n" : "", p->category,
		    completeness_name(c->how), (unsigned long long)p->items,
		    (unsigned long long)p->pages, (unsigned long long)p->requests);
		if (p->why != NULL)
			buf_printf(&b, ": %s", p->why);
		if (p->permission != NULL)
			buf_printf(&b, " (%s)", p->permission);
		put_rows(&b, &s->turn.collected, c->category);
	}
	return b.p;
}

/* ---- once, and again ---- */

/* NULL: it has run, and is *run. */
static const char *
run_once(struct scripted_run *s, void **run)
{
	struct source          *source = talloc_zero(s->mem, struct source);
	struct source_session  *session = talloc_zero(s->mem, struct source_session);
	static const struct env env = { .clock = &at_noon, .rand = &half };
	struct source_begin b = { source, str_of(s->credential), session, &env, s->categories, 1000,
		.budget = s->budget, .recall = s->recall };

	s->e = (struct err) { 0 };
	s->asked = s->headers = (struct strings) { 0 };
	if (!compile(s, source))
		return first_fault(s);
	s->collect = source->ops->collect;
	s->turn = (struct source_turn) { .now_ms = 1000 };
	*run = s->collect->begin(s->mem, &b, &s->e);
	if (*run == NULL)
		return talloc_strdup(s->mem, s->e.pub);
	drive(s, *run);
	return NULL;
}

static void
assert_same_run(struct scripted_run *a, struct scripted_run *b)
{
	assert_string_equal(scripted_told(a), scripted_told(b));
	assert_int_equal(a->asked.n, b->asked.n);
	for (size_t i = 0; i < a->asked.n; i++) /* of what is signed each signature is another */
		if (strstr(a->asked.items[i], "client_assertion=") == NULL)
			assert_string_equal(a->asked.items[i], b->asked.items[i]);
	assert_int_equal(a->took_ms, b->took_ms);
}

/* What is told of collections, without their rows. */
static const char *
told_of_collections(struct scripted_run *s)
{
	struct str rest = str_of(scripted_told(s)), line;
	struct buf b;

	buf_make(&b, s->mem);
	while (rest.p != NULL) {
		rest = str_cut(rest, '\n', &line);
		if (line.n > 0 && line.p[0] == ' ')
			continue;
		buf_add(&b, line.p, line.n);
		buf_putc(&b, '\n');
	}
	return b.p;
}

bool
scripted_again(struct scripted_run *s, const struct scripted *script)
{
	struct recall_terms terms = { hash_key_make(s->mem, (const uint8_t *)"key", 3), NULL };
	struct scripted_run first = *s, long_way = *s, short_way = *s;
	void               *run;
	const char         *wrong;
	bool                same;

	first.recall = short_way.recall = &terms;
	wrong = run_once(&first, &run);
	if (wrong != NULL)
		fail_msg("%s", wrong);
	terms.before = first.end == SOURCE_DONE ? first.turn.collected.recall : NULL;
	long_way.script = short_way.script = script;
	assert_null(run_once(&long_way, &run));
	assert_null(run_once(&short_way, &run));
	same = short_way.end == SOURCE_DONE && short_way.turn.collected.same;
	if (same) {
		assert_int_equal(short_way.turn.collected.n, long_way.turn.collected.n);
		assert_null(short_way.turn.collected.resources);
		assert_string_equal(
		    told_of_collections(&long_way), told_of_collections(&short_way));
		short_way.collect->unfold(run);
		drive(&short_way, run);
		assert_false(short_way.turn.collected.same);
	}
	assert_same_run(&long_way, &short_way);
	return same;
}

const char *
scripted_run(struct scripted_run *s)
{
	void       *run;
	const char *wrong = run_once(s, &run);

	if (wrong == NULL && s->script != NULL && s->recall == NULL)
		(void)scripted_again(s, s->script);
	return wrong;
}
