#include "drift/service/answer.h"

#include <stdio.h>
#include <string.h>

#include "core/auth/caller_again.h"
#include "core/auth/settings.h"
#include "core/auth/tenant_tag.h"

/* ---- does it count ---- */

static bool
check_setting(const struct deed_by *by, struct err *e)
{
	const struct settings *s;

	if (!settings_of(by->auth, by->t->tenant, &s, e))
		return false;
	return strcmp(s->alert_links, ALERT_LINKS_OFF) != 0 ||
	       err_set(e, ERR_FORBIDDEN, 0,
		   "Links in messages were switched off here: sign in, and open the alert.",
		   "an answer link where alert_links is off");
}

static bool
check_unused(const struct deed_by *by, const struct answer_link *link, struct err *e)
{
	struct alert_answer was;
	char                at[TIME_TEXT_MAX], text[sizeof(e->pub)];

	if (!alert_answer_find(by->t->db, by->mem, &link->id, &was, e))
		return err_take(e, ERR_MISSING);
	time_print(was.used_at.ms, at);
	snprintf(text, sizeof(text), "This link was used before, by %.80s at %s, and counts once.",
	    was.name, at);
	return err_set(e, ERR_CONFLICT, 0, text, "an answer link that was used");
}

/* In by->t. */
static bool
read_link(const struct deed_by *by, const char *token, struct answer_link *out, struct err *e)
{
	const instant now = { clock_ms(by->auth->env->clock) };

	return check_setting(by, e) &&
	       answer_link_read(by->auth, by->t->tenant, str_of(token), now, out, e) &&
	       check_unused(by, out, e);
}

/* ---- the deed ---- */

static struct alert_answer
spending(const struct acting *a, const struct answer_link *link)
{
	return (struct alert_answer) { link->id, link->alert, answer_deeds[link->deed], a->name,
		acting_now(a), link->expires_at };
}

static bool
do_work(const struct acting *a, const struct answer_link *link, const char *note, struct alert *out,
    struct err *e)
{
	const bool                ends = link->deed == ANSWER_RESOLVE;
	const struct alert_wish   wish = { .status = ends ? "resolved" : "acknowledged",
		  .note = note };
	const struct alert_answer spends = spending(a, link);
	struct acting             by_link = *a;

	by_link.spends = &spends;
	by_link.holds = NULL; /* it is held against nothing: a link knows no version */
	return alert_alter(&by_link, &link->alert, &wish, out, e);
}

static bool
read_of(const struct acting *a, const struct uuid *alert, const struct answer_in *in, bool accepts,
    struct answer_link *link, struct err *e)
{
	if (!read_link(&a->by, in->token, link, e))
		return false;
	if (!uuid_eq(&link->alert, alert))
		return err_fault(e, a->by.mem, "/token", "is of another alert");
	if (!uuid_is_nil(&link->user) && !uuid_eq(&link->user, &a->by.caller->user))
		return err_set(e, ERR_FORBIDDEN, 0, "This link was mailed to somebody else.",
		    "an answer link of another user");
	if ((link->deed == ANSWER_ACCEPT) != accepts)
		return err_fault(e, a->by.mem, "/token", "is for another deed");
	return true;
}

bool
answer_work(const struct acting *a, const struct uuid *alert, const struct answer_in *in,
    struct alert *out, struct err *e)
{
	struct answer_link link;

	return read_of(a, alert, in, false, &link, e) && do_work(a, &link, in->note, out, e);
}

bool
answer_accept(const struct acting *a, const struct uuid *alert, const struct answer_in *in,
    struct decisions *out, struct err *e)
{
	const struct ruling ruling = {
		.status = "accepted", .reason = in->note, .expires_at = in->expires_at
	};
	struct acting       by_link = *a;
	struct alert_answer spends;
	struct decide_which which = { .pointer = "/ids" };
	struct answer_link  link;
	struct alert        at;
	struct uuid         seen;

	if (!read_of(a, alert, in, true, &link, e) || !alert_find(a, alert, &at, e))
		return false;
	if (at.open_key == NULL || uuid_is_nil(&at.report_id))
		return err_set(e, ERR_CONFLICT, 0,
		    "The alert is resolved already: there is nothing to accept.",
		    "an acceptance by link of an alert that is over");
	seen = uuid_is_nil(&in->report) ? link.report : in->report;
	if (!uuid_eq(&seen, &at.report_id))
		return err_set(e, ERR_CONFLICT, 0,
		    "The alert has another report than the one that was shown: look at its changes "
		    "as "
		    "they are now, and accept those.",
		    "an acceptance by link of what was not shown");
	spends = spending(a, &link);
	by_link.spends = &spends;
	by_link.holds = NULL;
	which.filter.report_id = seen;
	which.filter.status = "detected";
	return findings_decide(&by_link, &ruling, &which, NULL, out, e);
}

/* ---- without a session ---- */

static bool
open_tenant(const struct answer_asker *q, const char *token, struct deed_by *by, struct err *e)
{
	const struct tenant *t;

	*by = q->by;
	if (tenant_by_token(by->auth->database, str_of(token), &t, e) &&
	    tenant_db_open(by->auth->database, t, false, &by->t, e))
		return strcmp(t->status, "active") == 0 ||
		       err_set(e, ERR_MISSING, 0, "This organisation is not served at present.",
			   "an answer link of a tenant that sleeps");
	if (!err_take(e, ERR_MISSING))
		return false;
	return err_set(e, ERR_MISSING, 0,
	    "This link is not whole, or none of ours: take all of it from the message.",
	    "an answer link that names no tenant");
}

/* Whom it was mailed to, as they are now: what ends answer links of theirs ends this one. */
static bool
find_user(struct deed_by *by, const struct answer_link *link, struct caller *out, struct err *e)
{
	const struct caller_asked asked = {
		.id = link->user,
		.aal = 1,
		.address = by->origin->address,
		.untold = by->origin->untold,
	};
	struct answer_user u;

	if (!answer_user_by_id(by->t, by->mem, &link->user, &u, e)) {
		if (!err_take(e, ERR_MISSING))
			return false;
		return err_set(e, ERR_FORBIDDEN, 0,
		    "The account that this was mailed to is not there any more.",
		    "an answer link of a user who is gone");
	}
	if (strcmp(u.status, "active") != 0)
		return err_set(e, ERR_FORBIDDEN, 0,
		    "The account that this was mailed to may not sign in any more.",
		    "an answer link of a user who is disabled");
	if ((uint32_t)u.epoch != link->epoch)
		return err_set(e, ERR_MISSING, 0,
		    "This link has ended with the sessions of its account, or with a change of its "
		    "password or address: sign in, and open the alert.",
		    "an answer link from before its user's links were ended");
	return caller_again(by, &asked, out, e);
}

static bool
check_right(const struct caller *c, struct err *e)
{
	return (permission_has(&c->permissions, ACTION_UPDATE, RESOURCE_ALERTS) &&
		   permission_has(&c->permissions, ACTION_READ, RESOURCE_ALERTS)) ||
	       err_set(e, ERR_FORBIDDEN, 0,
		   "The account that this was mailed to may not work on alerts any more.",
		   "an answer link of a user without update:alerts");
}

static bool
check_waits(const struct alert *at, struct err *e)
{
	char text[sizeof(e->pub)];

	if (strcmp(at->status, "open") == 0)
		return true;
	snprintf(text, sizeof(text),
	    "There is nothing left to acknowledge: the alert is %s, by %.100s.", at->status,
	    at->resolved_by != NULL       ? at->resolved_by
	    : at->acknowledged_by != NULL ? at->acknowledged_by
					  : "somebody");
	return err_set(e, ERR_CONFLICT, 0, text, "an answer link after the alert was taken");
}

/* `by` has tenant and caller behind it; *a is the user. */
static bool
look(const struct answer_asker *q, const char *token, struct deed_by *by, struct answer_seen *out,
    struct acting **a, struct err *e)
{
	*out = (struct answer_seen) { 0 };
	if (!open_tenant(q, token, by, e) || !read_link(by, token, &out->link, e))
		return false;
	out->t = by->t;
	if (uuid_is_nil(&out->link.user) || out->link.deed != ANSWER_ACKNOWLEDGE)
		return err_set(e, ERR_FORBIDDEN, 0,
		    "This link is confirmed after signing in: open it as it stands in the message.",
		    "an answer link of nobody, without a session");
	if (!find_user(by, &out->link, &out->caller, e) || !check_right(&out->caller, e))
		return false;
	by->caller = &out->caller;
	*a = acting_make(by, q->drift, q->work, e);
	if (*a == NULL)
		return false;
	(*a)->view.values = false; /* whether they may be told at all was the channel's to say */
	return alert_see(*a, &out->link.alert, &out->alert, e) && check_waits(&out->alert, e);
}

bool
answer_look(const struct answer_asker *q, const char *token, struct answer_seen *out, struct err *e)
{
	const instant  now = { clock_ms(q->by.auth->env->clock) };
	struct deed_by by;
	struct acting *a;

	return look(q, token, &by, out, &a, e) &&
	       answer_form_print(
		   by.auth, &out->link, out->alert.version, now, by.mem, &out->form, e);
}

bool
answer_confirm(const struct answer_asker *q, const char *token, const char *form,
    struct answer_seen *out, struct err *e)
{
	const instant  now = { clock_ms(q->by.auth->env->clock) };
	struct deed_by by;
	struct acting *a;

	return look(q, token, &by, out, &a, e) &&
	       answer_form_check(by.auth, &out->link, out->alert.version, str_of(form), now, e) &&
	       do_work(a, &out->link, NULL, &out->alert, e);
}
