#include "drift/deliver/answers.h"

#include <string.h>

#include "core/auth/mail/answer_link.h"
#include "core/auth/settings.h"
#include "core/store/alert/answer.h"

static bool
may_carry(const struct attempt *a, const struct alert_event *shown, bool *yes, struct err *e)
{
	const struct settings *s;

	*yes = false;
	if (a->message.template <EVENT_ANSWERED || !a->format->ops->answers ||
				 shown->alert == NULL || shown->many != NULL ||
				 event_is(shown->type, SORT_END) ||
				 strcmp(shown->alert->status, "resolved") == 0)
		return true;
	if (!settings_of(&a->d->auth, a->t->tenant, &s, e))
		return false;
	*yes = strcmp(s->alert_links, ALERT_LINKS_OFF) != 0;
	return true;
}

/* The one who reads it, where that is known: else nil. */
static bool
find_reader(
    const struct attempt *a, TALLOC_CTX *mem, struct answer_link *acknowledge, struct err *e)
{
	struct answer_user u;

	if (!a->format->ops->by_address)
		return true;
	if (!answer_user_by_email(a->t, mem, a->channel.target, &u, e))
		return err_take(e, ERR_MISSING);
	if (strcmp(u.status, "active") != 0)
		return true;
	acknowledge->user = u.id;
	acknowledge->epoch = (uint32_t)u.epoch;
	return true;
}

static bool
make_url(const struct attempt *a, TALLOC_CTX *mem, const struct answer_link *in, const char **url,
    struct err *e)
{
	const struct conf   *c = a->d->env->conf;
	const struct tenant *t = a->t->tenant;
	const char          *base = c->base_path == NULL ? "" : c->base_path, *token;
	char                 alert[UUID_TEXT_MAX];

	if (!answer_link_print(&a->d->auth, t, mem, in, &token, e))
		return false;
	uuid_print(&in->alert, alert);
	*url = uuid_is_nil(&in->user)
		   ? talloc_asprintf(mem, "%s%s/?tenant=%s#/alerts/%s?answer=%s&t=%s",
			 c->public_url, base, t->slug, alert, answer_deeds[in->deed], token)
		   : talloc_asprintf(mem, "%s%s/answer?t=%s", c->public_url, base, token);
	return *url != NULL || err_memory(e);
}

/* What was accepted is no change any more, and what is no change cannot be accepted. */
static bool
is_acceptable(const struct alert_event *shown)
{
	return strcmp(shown->alert->kind, "drift") == 0 && shown->report != NULL &&
	       shown->changes_total > 0;
}

bool
answers_add(const struct attempt *a, TALLOC_CTX *mem, struct alert_event *shown, struct err *e)
{
	struct answer_link    link = { .message = a->row.wire_id };
	struct event_answers *out;
	bool                  yes;

	shown->answers = NULL;
	if (!may_carry(a, shown, &yes, e) || !yes)
		return e->code == ERR_OK;
	out = talloc_zero(mem, struct event_answers);
	if (out == NULL)
		return err_memory(e);
	link.alert = shown->alert->id;
	link.expires_at.ms = (shown->at.ms / 1000 + ANSWER_LIFE_S) * 1000;
	out->expires_at = link.expires_at;
	link.deed = ANSWER_RESOLVE;
	if (!make_url(a, mem, &link, &out->resolve, e))
		return false;
	link.deed = ANSWER_ACCEPT;
	if (shown->report != NULL)
		link.report = shown->report->id;
	if (is_acceptable(shown) && !make_url(a, mem, &link, &out->accept, e))
		return false;
	link.report = (struct uuid) { 0 };
	link.deed = ANSWER_ACKNOWLEDGE;
	if (strcmp(shown->alert->status, "open") == 0 &&
	    (!find_reader(a, mem, &link, e) || !make_url(a, mem, &link, &out->acknowledge, e)))
		return false;
	shown->answers = out;
	return true;
}
