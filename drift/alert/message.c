#include "drift/alert/message.h"

/* The place that an event is sealed for: a program from before there were events cannot take it for
 * a body. */
#define SEAL_TABLE  "outbox"
#define SEAL_COLUMN "event"

bool
message_post(const struct alert_scope *s, const struct alert_event *ev, struct str kept,
    const struct channel *c, struct uuid *id, struct err *e)
{
	struct outbox o = {
		.id = uuid_make(s->env->clock, s->env->rand),
		.channel_id = c->id,
		.kind = c->kind,
		.template = EVENT_TEMPLATE,
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
	return tenant_seal(s->t, s->mem, (struct sealed_place) { SEAL_TABLE, SEAL_COLUMN, &o.id },
		   kept, &o.body, e) &&
	       outbox_add(s->t->db, &o, e);
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

	return tenant_open(t, mem, (struct sealed_place) { SEAL_TABLE, SEAL_COLUMN, &m->id },
		   m->body, &kept, e) &&
	       event_read(mem, kept, out, e);
}
