#include "drift/alert/message.h"

#include <string.h>

#include "drift/alert/fold.h"

/* The place that an event is sealed for: a program from before there were events cannot take it for
 * a body. */
#define SEAL_TABLE  "outbox"
#define SEAL_COLUMN "event"

bool
message_seal_kept(const struct alert_scope *s, const struct uuid *id, struct str kept,
    struct blob *out, struct err *e)
{
	return tenant_seal(
	    s->t, s->mem, (struct sealed_place) { SEAL_TABLE, SEAL_COLUMN, id }, kept, out, e);
}

bool
message_post(const struct alert_scope *s, const struct alert_event *ev, struct str kept,
    const struct channel *c, struct uuid *id, struct err *e)
{
	struct outbox o = {
		.id = uuid_make(s->env->clock, s->env->rand),
		.channel_id = c->id,
		.kind = c->kind,
		.template = event_template(ev, ev->type),
		.event = talloc_strdup(s->mem, ev->type),
		.state = talloc_strdup(s->mem, "pending"),
		.created_at = { clock_ms(s->env->clock) },
	};

	if (o.event == NULL || o.state == NULL)
		return err_memory(e);
	if (ev->alert != NULL)
		o.alert_id = ev->alert->id;
	if (id != NULL)
		*id = o.id;
	return message_seal_kept(s, &o.id, kept, &o.body, e) && outbox_add(s->t->db, &o, e);
}

/* What the receiver has heard before decides what it is told; nothing of it changes between two
 * attempts. */
static void
set_lane(const struct outbox *m, struct alert_event *ev)
{
	ev->type = m->event;
	ev->folded = m->folded;
	ev->never_sent = fold_never_sent(m);
	ev->below_min_severity = m->below;
	if (ev->alert == NULL)
		return;
	if (m->told_severity != NULL)
		ev->alert->severity_before =
		    strcmp(m->told_severity, ev->alert->severity) == 0 ? NULL : m->told_severity;
	else if (m->opens)
		ev->alert->severity_before = NULL;
}

bool
message_post_many(const struct alert_scope *s, const struct message_many *m, struct err *e)
{
	struct alert_event ev;
	struct buf         b;
	struct outbox      o = {
		     .id = m->id,
		     .channel_id = m->channel->id,
		     .kind = m->channel->kind,
		     .event = EVENT_SUMMARY,
		     .state = "pending",
		     .created_at = { clock_ms(s->env->clock) },
		     .group_id = m->group_id,
	};

	buf_make(&b, s->mem);
	if (!event_make_summary(s, m->reason, m->route, &ev, e) || !event_keep(&b, &ev, e))
		return false;
	o.template = event_template(&ev, ev.type);
	return message_seal_kept(s, &o.id, buf_str(&b), &o.body, e) && outbox_add(s->t->db, &o, e);
}

bool
message_seal(struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *id,
    const struct alert_event *ev, struct blob *body, struct err *e)
{
	struct buf b;

	buf_make(&b, mem);
	return event_keep(&b, ev, e) &&
	       tenant_seal(t, mem, (struct sealed_place) { SEAL_TABLE, SEAL_COLUMN, id },
		   buf_str(&b), body, e);
}

bool
message_open(struct tenant_db *t, TALLOC_CTX *mem, const struct outbox *m, struct alert_event *out,
    struct err *e)
{
	struct str kept;

	if (!tenant_open(t, mem, (struct sealed_place) { SEAL_TABLE, SEAL_COLUMN, &m->id }, m->body,
		&kept, e) ||
	    !event_read(mem, kept, out, e))
		return false;
	if (!uuid_is_nil(&m->lane_id))
		set_lane(m, out);
	return true;
}
