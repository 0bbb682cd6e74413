#include "core/auth/settings_second.h"

#include <string.h>

#include "core/auth/give.h"
#include "core/json/json_merge.h"

#define NOBODY_ASKED 5 /* behind the most severe */

static const char *const severities[] = { "low", "medium", "high", "critical", NULL };

static const struct field pending_fields[] = {
	FIELD(struct settings_pending, accept_from, .choices = severities, .flags = FIELD_NULLABLE,
	    .doc = "What it is to become; null: one person is enough."),
	FIELD(struct settings_pending, asked_by, .doc = "Who has asked."),
	FIELD(struct settings_pending, asked_name, .doc = "Who, by name."),
	FIELD(struct settings_pending, asked_at, .doc = "When."),
	FIELD_END,
};
const struct schema settings_pending_schema =
    SCHEMA("FourEyesPending", struct settings_pending, pending_fields);

/* From which severity on somebody is asked. */
static int
rank_of(const char *severity)
{
	static const char *const order[NOBODY_ASKED] = { "info", "low", "medium", "high",
		"critical" };

	for (int i = 0; severity != NULL && i < NOBODY_ASKED; i++)
		if (strcmp(order[i], severity) == 0)
			return i;
	return NOBODY_ASKED;
}

bool
settings_pending(
    TALLOC_CTX *mem, const char *text, instant now, struct settings_pending **out, struct err *e)
{
	const struct json       *tree;
	struct settings_pending *p;

	*out = NULL;
	if (text == NULL || *text == '\0')
		return true;
	p = talloc_zero(mem, struct settings_pending);
	if (p == NULL)
		return err_memory(e);
	tree = json_parse(mem, str_of(text), e);
	if (tree == NULL || !schema_decode_kept(mem, &settings_pending_schema, tree, "", p, e)) {
		err_clear(e); /* what is stored is no fault of the request */
		return err_set(e, ERR_INTERNAL, 0, "internal error",
		    "what waits for a second person does not decode");
	}
	if (p->asked_at.ms + SETTINGS_SECOND_WAITS_S * INT64_C(1000) > now.ms)
		*out = p;
	return true;
}

/* What is there stays. */
static bool
keep_as_it_is(TALLOC_CTX *mem, const char *from, const char **text, struct err *e)
{
	const struct json *base, *change;
	struct json        both, clean;
	struct buf         b;

	buf_make(&b, mem);
	buf_puts(&b, "{\"four_eyes\":{\"accept_from\":");
	buf_json(&b, str_of(from));
	buf_puts(&b, "}}");
	if (!buf_ok(&b))
		return err_memory(e);
	change = json_parse(mem, buf_str(&b), e);
	base = change == NULL ? NULL : json_parse(mem, str_of(*text), e);
	if (base == NULL || !json_merge(mem, base, change, &both, e) ||
	    !json_without_nulls(mem, &both, &clean, e))
		return false;
	buf_make(&b, mem);
	json_print(&b, &clean);
	*text = buf_text(&b, e);
	return *text != NULL;
}

/* Somebody has asked for the same, it has not been over since, and they may still. */
static bool
is_asked(const struct deed_by *by, const struct settings_pending *p, const char *to, bool *asked,
    struct err *e)
{
	*asked = false;
	return p == NULL || rank_of(p->accept_from) != rank_of(to) ||
	       user_may(by, &p->asked_by, ACTION_ASSIGN, RESOURCE_ROLES, asked, e);
}

static bool
ask(const struct deed_by *by, const struct settings_pending *was, const char *from, const char *to,
    struct settings_said *said, struct err *e)
{
	const struct caller          *who = by->caller;
	const bool                    key = who->kind == CALLER_API_KEY;
	const struct uuid             person = key ? who->maker : who->user;
	const struct settings_pending mine = { to, person, caller_own_name(who),
		{ clock_ms(by->auth->env->clock) } };
	bool                          asked;
	struct buf                    b;

	if ((key && who->service) || uuid_is_nil(&person))
		return err_set(e, ERR_FORBIDDEN, 0,
		    "Who needs no second person any more is decided by two persons: a service key "
		    "does not ask for it.",
		    "a service key");
	if (!is_asked(by, was, to, &asked, e))
		return false;
	if (asked && !uuid_eq(&was->asked_by, &person)) {
		said->pending = "";
		return !key || err_set(e, ERR_FORBIDDEN, 0,
				   "The second person confirms it signed in, and not by a key.",
				   "a key confirms");
	}
	if (!keep_as_it_is(by->mem, from, &said->text, e))
		return false;
	if (asked)
		return true;
	buf_make(&b, by->mem);
	if (!schema_encode(&b, &settings_pending_schema, &mine, e))
		return false;
	said->pending = buf_text(&b, e);
	return said->pending != NULL;
}

bool
settings_second(const struct deed_by *by, struct settings_said *said, struct err *e)
{
	const struct conf       *conf = by->auth->env->conf;
	const instant            now = { clock_ms(by->auth->env->clock) };
	struct settings          before, after;
	struct settings_pending *was;
	int                      from, to;

	if (!settings_parse(by->mem, conf, said->was, &before, e) ||
	    !settings_parse(by->mem, conf, said->text, &after, e) ||
	    !settings_pending(by->mem, said->pending, now, &was, e))
		return false;
	from = rank_of(before.four_eyes->accept_from);
	to = rank_of(after.four_eyes->accept_from);
	if (to > from)
		return ask(
		    by, was, before.four_eyes->accept_from, after.four_eyes->accept_from, said, e);
	/* who only puts back what was read takes nothing back that is not theirs to */
	if (to < from || permission_has(&by->caller->permissions, ACTION_ASSIGN, RESOURCE_ROLES))
		said->pending = "";
	return true;
}
