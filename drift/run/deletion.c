#include "drift/run/deletion.h"

bool
deletion_waits(const struct limits *l, const struct change *c)
{
	return l->deleted_runs > 1 && c->op == CHANGE_DELETED && c->path.n == 0;
}

bool
deletion_is_apart(const struct finding_row *r, instant began)
{
	return began.ms >= r->updated_at.ms + DELETION_APART_MS;
}
