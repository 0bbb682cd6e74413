#include "drift/deliver/finished.h"

#include "core/json/json.h"

bool
finished_open(
    struct tenant_db *t, TALLOC_CTX *mem, const struct outbox *m, struct str *body, struct err *e)
{
	return tenant_open(t, mem, OUTBOX_BODY_PLACE(&m->id), m->body, body, e);
}

/* Of a change those of its members that are no values, and whose names a receiver knows. */
static bool
is_open(struct str member)
{
	static const char *const open[] = { "category", "key", "op", "path", "severity", "rule",
		"reason" };

	for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++)
		if (str_eqz(member, open[i]))
			return true;
	return false;
}

/* Too long is withheld too. */
static struct str
short_name(struct str member)
{
	const struct str end = STR("_truncated");

	if (member.n > end.n && str_eq((struct str) { member.p + member.n - end.n, end.n }, end))
		member.n -= end.n;
	return member;
}

static bool
withhold(TALLOC_CTX *mem, struct view v, struct json *change, struct err *e)
{
	if (change->type != JSON_OBJECT || change->n == 0)
		return true;
	change->names = talloc_memdup(mem, change->names, change->n * sizeof(change->names[0]));
	if (change->names == NULL)
		return err_memory(e);
	for (uint32_t i = 0; i < change->n; i++) {
		struct json *one = &change->items[i];

		if (!is_open(change->names[i])) {
			change->names[i] = short_name(change->names[i]);
			*one = (struct json) { .type = JSON_STRING, .text = STR(VIEW_WITHHELD) };
		} else if (str_eqz(change->names[i], "path") &&
			   !view_path(mem, v, one->text, &one->text, NULL, e)) {
			return false;
		}
	}
	return true;
}

static struct json *
member(struct json *object, const char *name)
{
	for (uint32_t i = 0; object != NULL && object->type == JSON_OBJECT && i < object->n; i++)
		if (str_eqz(object->names[i], name))
			return &object->items[i];
	return NULL;
}

struct json *
finished_changes(struct json *body)
{
	struct json *changes = member(member(body, "data"), "changes");

	return changes != NULL && changes->type == JSON_ARRAY ? changes : NULL;
}

bool
finished_view(TALLOC_CTX *mem, struct view v, struct str body, struct str *out, struct err *e)
{
	struct json *tree, *changes;
	struct buf   b;

	*out = body;
	if (v.values)
		return true;
	tree = json_parse(mem, body, e);
	if (tree == NULL)
		return err_note(e, "a stored message");
	changes = finished_changes(tree);
	for (uint32_t i = 0; changes != NULL && i < changes->n; i++)
		if (!withhold(mem, v, &changes->items[i], e))
			return false;
	buf_make(&b, mem);
	json_print(&b, tree);
	*out = buf_str(&b);
	return buf_ok(&b) || err_memory(e);
}
