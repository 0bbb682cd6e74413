#include "core/auth/settings_second.h"

#include <string.h>

#include "core/json/json_merge.h"

#define NOBODY_ASKED 5 /* behind the most severe */

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

static bool
patch(TALLOC_CTX *mem, const char *change, const char **text, struct err *e)
{
	const struct json *base = json_parse(mem, str_of(*text), e);
	const struct json *more = base == NULL ? NULL : json_parse(mem, str_of(change), e);
	struct json        both, clean;
	struct buf         b;

	if (more == NULL || !json_merge(mem, base, more, &both, e) ||
	    !json_without_nulls(mem, &both, &clean, e))
		return false;
	buf_make(&b, mem);
	json_print(&b, &clean);
	*text = b.p;
	return buf_ok(&b) || err_memory(e);
}

static bool
forget(TALLOC_CTX *mem, const char **text, struct err *e)
{
	return patch(mem, "{\"four_eyes\":{\"pending\":null}}", text, e);
}

/* What is there stays, and what is asked stands beside it. */
static bool
keep_waiting(TALLOC_CTX *mem, const char *from, const struct settings_pending *p, const char **text,
    struct err *e)
{
	char        id[UUID_TEXT_MAX], at[TIME_TEXT_MAX];
	const char *change;
	struct buf  b;

	uuid_print(&p->asked_by, id);
	time_print(p->asked_at.ms, at);
	buf_make(&b, mem);
	buf_puts(&b, "{\"four_eyes\":{\"accept_from\":");
	buf_json(&b, str_of(from));
	buf_puts(&b, ",\"pending\":{\"accept_from\":");
	if (p->accept_from == NULL)
		buf_puts(&b, "null");
	else
		buf_json(&b, str_of(p->accept_from));
	buf_printf(&b, ",\"asked_by\":\"%s\",\"asked_at\":\"%s\",\"asked_name\":", id, at);
	buf_json(&b, str_of(p->asked_name));
	buf_puts(&b, "}}}");
	change = buf_text(&b, e);
	return change != NULL && forget(mem, text, e) && patch(mem, change, text, e);
}

/* Somebody has asked for the same, and it has not been over since. */
static bool
is_asked(const struct settings_pending *p, const char *to, instant now)
{
	return p != NULL && rank_of(p->accept_from) == rank_of(to) &&
	       p->asked_at.ms + SETTINGS_SECOND_WAITS_S * INT64_C(1000) > now.ms;
}

static bool
ask(TALLOC_CTX *mem, const struct caller *who, const struct settings *before, const char *to,
    instant now, const char **text, struct err *e)
{
	const struct settings_pending *was = before->four_eyes->pending;
	const bool                     key = who->kind == CALLER_API_KEY;
	const struct uuid              person = key ? who->maker : who->user;
	const struct settings_pending  mine = { to, person, caller_own_name(who), now };
	const bool                     asked = is_asked(was, to, now);

	if ((key && who->service) || uuid_is_nil(&person))
		return err_set(e, ERR_FORBIDDEN, 0,
		    "Who needs no second person any more is decided by two persons: a service key "
		    "does not ask for it.",
		    "a service key");
	if (asked && !uuid_eq(&was->asked_by, &person)) {
		if (!key)
			return forget(mem, text, e);
		return err_set(e, ERR_FORBIDDEN, 0,
		    "The second person confirms it signed in, and not by a key.", "a key confirms");
	}
	return keep_waiting(mem, before->four_eyes->accept_from, asked ? was : &mine, text, e);
}

bool
settings_second(TALLOC_CTX *mem, const struct auth *a, const struct caller *who, const char *was,
    const struct json *change, const char **text, struct err *e)
{
	const struct conf *conf = a->env->conf;
	const instant      now = { clock_ms(a->env->clock) };
	struct settings    before, after;

	if (json_get(change, "four_eyes") == NULL)
		return true;
	if (!settings_parse(mem, conf, was, &before, e) ||
	    !settings_parse(mem, conf, *text, &after, e))
		return false;
	if (rank_of(after.four_eyes->accept_from) <= rank_of(before.four_eyes->accept_from))
		return forget(mem, text, e);
	return ask(mem, who, &before, after.four_eyes->accept_from, now, text, e);
}

bool
settings_second_over(TALLOC_CTX *mem, const struct json *change, const char **text, struct err *e)
{
	return json_get(change, "four_eyes") == NULL || forget(mem, text, e);
}
