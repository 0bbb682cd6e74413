#include "drift/run/value_texts.h"

#include "core/store/drift/report.h"
#include "drift/engine/resource.h"

void
values_begin(struct values *s, TALLOC_CTX *mem, size_t max)
{
	*s = (struct values) { .room = { .mem = mem }, .left = max };
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

void
values_give_back(struct values *s, struct str text)
{
	s->left += text.n;
}
