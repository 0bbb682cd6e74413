#include "drift/run/value_texts.h"

#include "core/store/drift/report.h"
#include "drift/engine/resource.h"
#include "drift/engine/text_diff.h"

void
values_begin(struct values *s, TALLOC_CTX *mem, size_t max)
{
	*s = (struct values) { .room = { .mem = mem }, .lines = REPORT_LINES_MAX, .left = max };
	buf_make(&s->text, mem);
}

bool
values_show(
    struct values *s, const struct json *v, struct str *text, bool *truncated, struct err *e)
{
	const char *p;

	*text = (struct str) { NULL, 0 };
	*truncated = false;
	if (v == NULL)
		return true;
	s->text.n = 0;
	s->text.failed = false;
	s->text.max = s->left < CHANGE_VALUE_MAX ? s->left : CHANGE_VALUE_MAX;
	if (s->text.max > 0)
		resource_print(&s->text, v);
	*truncated = s->text.max == 0 || !buf_ok(&s->text);
	if (*truncated)
		return true;
	p = chunks_text(&s->room, buf_str(&s->text));
	if (p == NULL)
		return err_memory(e);
	*text = (struct str) { p, s->text.n };
	s->left -= text->n;
	return true;
}

static bool
lines_of(struct values *s, const struct text_diff_in *in, struct str *out, struct err *e)
{
	TALLOC_CTX *tmp = talloc_new(s->room.mem);
	const char *p;
	struct str  lines;
	struct buf  b;
	bool        ok;

	*out = (struct str) { NULL, 0 };
	if (tmp == NULL)
		return err_memory(e);
	buf_make(&b, tmp);
	ok = text_diff(tmp, in, &lines, e);
	if (ok && lines.p != NULL) {
		buf_json(&b, lines);
		if (!buf_ok(&b))
			ok = err_memory(e);
		else if (b.n <= CHANGE_LINES_MAX && b.n <= s->left) {
			p = chunks_text(&s->room, buf_str(&b));
			ok = p != NULL || err_memory(e);
			*out = (struct str) { p, b.n };
			s->left -= b.n;
		}
	}
	talloc_free(tmp);
	return ok;
}

bool
values_of(struct values *s, const struct change *c, struct work *work, struct change_text *out,
    struct err *e)
{
	struct text_diff_in in = {
		.old_value = c->old_value,
		.new_value = c->new_value,
		.steps = &s->lines,
		.work = work,
	};

	if (!values_show(s, c->old_value, &out->old_text, &out->old_truncated, e) ||
	    !values_show(s, c->new_value, &out->new_text, &out->new_truncated, e))
		return false;
	out->attribution = NULL; /* said by who knows (attributing.h) */
	out->announced = NULL;   /* and (announcing.h) */
	in.is_long = out->old_truncated || out->new_truncated;
	return lines_of(s, &in, &out->lines, e);
}

void
values_give_back(struct values *s, const struct change_text *shown)
{
	s->left += shown->old_text.n + shown->new_text.n + shown->lines.n;
}
