#include "drift/service/look.h"

#include <string.h>

#include "core/store/drift/collection.h"
#include "core/store/drift/report.h"

#define REPORTS_MAX 50 /* that are read: first readings mostly come together */

static const char *
text_of(TALLOC_CTX *mem, const struct json *change, const char *name)
{
	const struct json *v = json_get(change, name);

	return str_dup(mem, v != NULL && v->type == JSON_STRING ? v->text : STR(""));
}

static bool
see_change(TALLOC_CTX *mem, const struct json *v, struct look_change *to, struct err *e)
{
	*to = (struct look_change) { .category = text_of(mem, v, "category"),
		.key = text_of(mem, v, "key"),
		.severity = text_of(mem, v, "severity"),
		.rule = text_of(mem, v, "rule"),
		.reason = text_of(mem, v, "reason"),
		.path = { .tree = json_get(v, "path") } };
	return to->category != NULL && to->key != NULL && to->severity != NULL &&
		       to->rule != NULL && to->reason != NULL
		   ? true
		   : err_memory(e);
}

static int64_t
number_of(const struct json *look, const char *name)
{
	const struct json *v = json_get(look, name);
	int64_t            n = 0;

	return v != NULL && v->type == JSON_NUMBER && str_to_i64(v->text, &n) ? n : 0;
}

/* What of this severity there is room for. */
static bool
add_changes(TALLOC_CTX *mem, const struct json *look, const char *severity, struct look_seen *out,
    struct err *e)
{
	const struct json *changes = json_get(look, "changes");

	for (uint32_t i = 0; changes != NULL && i < changes->n && out->changes_n < LOOK_MAX; i++) {
		const struct json *v = json_get(&changes->items[i], "severity");

		if (v == NULL || !str_eqz(v->text, severity))
			continue;
		if (!see_change(mem, &changes->items[i], &out->changes[out->changes_n++], e))
			return false;
	}
	return true;
}

/* Of one report; one that is no longer stored has nothing to show. */
static bool
read_look(const struct acting *a, const struct uuid *id, const struct json **out, struct err *e)
{
	struct report r;

	*out = NULL;
	if (!report_by_id(a->by.t, a->by.mem, id, &r, e))
		return err_take(e, ERR_MISSING);
	if (r.first_look.text == NULL)
		return true;
	*out = json_parse(a->by.mem, str_of(r.first_look.text), e);
	return *out != NULL || err_note(e, "reading a first look");
}

struct looks {
	const struct json *of[REPORTS_MAX];
	struct uuid        ids[REPORTS_MAX];
	size_t             n;
};

static bool
add_report(const struct acting *a, const struct uuid *id, struct looks *l, struct err *e)
{
	if (uuid_is_nil(id) || l->n == REPORTS_MAX)
		return true;
	for (size_t i = 0; i < l->n; i++)
		if (uuid_eq(&l->ids[i], id))
			return true;
	l->ids[l->n] = *id;
	return read_look(a, id, &l->of[l->n++], e);
}

bool
look_see(const struct acting *a, const struct uuid *config, struct look_seen **out, struct err *e)
{
	static const char *const severities[] = { "critical", "high" };
	struct looks             l = { .n = 0 };
	struct collection_row   *rows;
	struct look_seen        *seen;
	size_t                   n;

	*out = NULL;
	if (!collection_list(a->by.t->db, a->by.mem, config, &rows, &n, e))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!add_report(a, &rows[i].look_report, &l, e))
			return false;
	if (l.n == 0)
		return true;
	*out = seen = talloc_zero(a->by.mem, struct look_seen);
	if (seen == NULL)
		return err_memory(e);
	seen->changes = talloc_zero_size(a->by.mem, LOOK_MAX * sizeof(seen->changes[0]));
	if (seen->changes == NULL)
		return err_memory(e);
	for (size_t i = 0; i < l.n; i++) {
		seen->critical += number_of(l.of[i], "critical");
		seen->high += number_of(l.of[i], "high");
	}
	for (size_t v = 0; v < sizeof(severities) / sizeof(severities[0]); v++)
		for (size_t i = 0; i < l.n; i++)
			if (l.of[i] != NULL &&
			    !add_changes(a->by.mem, l.of[i], severities[v], seen, e))
				return false;
	return true;
}
