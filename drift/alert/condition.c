#include "drift/alert/condition.h"

#include <string.h>

#include "drift/alert/standing.h"
#include "drift/alert/title.h"

/* The kind may go on behind a colon. */
static bool
say(const struct alert_scope *s, const char *kind, const char *text, struct standing *out,
    struct err *e)
{
	char id[UUID_TEXT_MAX];

	uuid_print(&s->config_id, id);
	*out = (struct standing) {
		.key = talloc_asprintf(s->mem, "%s:%s", kind, id),
		.kind = talloc_strndup(s->mem, kind, strcspn(kind, ":")),
		.severity = SEVERITY_HIGH,
		.title = talloc_asprintf(s->mem, "%.*s: %s",
		    (int)strnlen(s->config_name, TITLE_NAME_MAX), s->config_name, text),
	};
	return (out->key != NULL && out->kind != NULL && out->title != NULL) || err_memory(e);
}

bool
condition_open(const struct alert_scope *s, const char *kind, const char *text, struct err *e)
{
	struct standing x;

	return say(s, kind, text, &x, e) && standing_open(s, &x, e);
}

bool
condition_update(
    const struct alert_scope *s, const char *kind, const char *text, int64_t changes, struct err *e)
{
	struct standing x;

	if (!say(s, kind, text, &x, e))
		return false;
	x.changes = changes;
	return standing_update(s, &x, e);
}

bool
condition_quiet(const struct alert_scope *s, const char *kind, struct err *e)
{
	struct standing x;

	return say(s, kind, "", &x, e) && standing_quiet(s, x.key, e);
}

bool
condition_close(const struct alert_scope *s, const char *kind, const char *note, struct err *e)
{
	struct standing x;

	return say(s, kind, "", &x, e) && standing_close(s, x.key, note, e);
}
