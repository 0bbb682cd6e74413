#include "drift/run/daily_count.h"

#include <string.h>

#include "core/store/drift/daily.h"

struct tally {
	struct daily *rows;
	size_t        n;
};

static struct blob
blob_of(const char *text)
{
	struct str s = str_of(text);

	return (struct blob) { (const uint8_t *)s.p, s.n };
}

static struct daily *
add_row(struct tally *t, const struct ingest *in, const char *kind, const char *category,
    const char *label)
{
	struct daily *row = &t->rows[t->n++];

	*row = (struct daily) { .kind = kind,
		.day = in->received_at.ms / DAY_MS,
		.config_id = in->config->id,
		.name = daily_name(&in->config->id, category, label),
		.category = blob_of(category),
		.label = blob_of(label) };
	return row;
}

static void
add_severities(struct tally *t, const struct ingest *in, const struct plan *p)
{
	int64_t fresh[SEVERITY__MAX] = { 0 };

	for (size_t i = 0; i < p->seen.n; i++)
		fresh[p->diff->changes[i].severity] += p->findings->is_fresh[i];
	for (enum severity v = 0; v < SEVERITY__MAX; v++) {
		struct daily *row;

		if (p->seen.summary.by_severity[v] == 0 && fresh[v] == 0)
			continue;
		row = add_row(t, in, DAILY_SEVERITY, "", severity_name(v));
		row->changes = p->seen.summary.by_severity[v];
		row->findings = fresh[v];
	}
}

/* Rules are few: the row of one is looked for among those of this report. */
static void
add_rules(struct tally *t, const struct ingest *in, const struct plan *p)
{
	size_t first = t->n;

	for (size_t i = 0; i < p->seen.n; i++) {
		const char   *rule = p->changes[i].rule;
		struct daily *row = NULL;

		for (size_t k = first; k < t->n && row == NULL; k++)
			if (strcmp((const char *)t->rows[k].label.p, rule) == 0)
				row = &t->rows[k];
		if (row == NULL)
			row = add_row(t, in, DAILY_RULE, "", rule);
		row->changes +=
		    p->findings->hold[i] != HOLD_ACCEPTED && p->findings->hold[i] != HOLD_ANNOUNCED;
		row->findings += p->findings->is_fresh[i];
	}
}

/* A resource's changes stand together. */
static void
add_resources(struct tally *t, const struct ingest *in, const struct plan *p)
{
	const struct change_row *last = NULL;

	for (size_t i = 0; i < p->seen.n; i++) {
		const struct change_row *c = &p->changes[i];

		if (!p->findings->is_fresh[i])
			continue;
		if (last == NULL || strcmp(last->category, c->category) != 0 ||
		    strcmp(last->key, c->key) != 0)
			add_row(t, in, DAILY_RESOURCE, c->category, c->key);
		t->rows[t->n - 1].findings++;
		last = c;
	}
}

bool
daily_count_write(struct db *db, const struct ingest *in, struct plan *p, struct err *e)
{
	struct tally t = { 0 };

	if ((p->kind != PLAN_NEXT && p->kind != PLAN_AGAIN) || p->findings == NULL ||
	    p->seen.n == 0)
		return true;
	t.rows = talloc_zero_size(p, (SEVERITY__MAX + 2 * p->seen.n) * sizeof(t.rows[0]));
	if (t.rows == NULL)
		return err_memory(e);
	add_severities(&t, in, p);
	add_rules(&t, in, p);
	add_resources(&t, in, p);
	/* the snapshot has counted them */
	for (size_t i = 0; p->kind == PLAN_AGAIN && i < t.n; i++)
		t.rows[i].changes = 0;
	return daily_add(db, t.rows, t.n, e);
}
