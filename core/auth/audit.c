#include "core/auth/audit.h"

#include <string.h>

#include "core/auth/audit_priv.h"
#include "core/base/unicode.h"

#define NAME_MAX_BYTES       254
#define ADDRESS_MAX_BYTES    45
#define USER_AGENT_MAX_BYTES 400
#define REQUEST_ID_MAX_BYTES 64

static const struct action_row {
	const char      *text;
	enum log_dataset dataset;
} actions[AUDIT__MAX] = {
#define X(id, text, dataset) [id] = { text, dataset },
	AUDIT_ACTIONS(X)
#undef X
};

/* ---- appending ---- */

static const char *
actor_kind(const struct audit_entry *entry)
{
	if (entry->caller != NULL)
		return entry->caller->kind == CALLER_API_KEY ? "api_key" : "user";
	return entry->actor_kind != NULL ? entry->actor_kind : "system";
}

static const char *
clean(TALLOC_CTX *mem, const char *z, size_t max)
{
	return unicode_clean(mem, str_of(z), max);
}

static bool
fill_texts(TALLOC_CTX *mem, const struct audit_entry *entry, struct audit_row *r)
{
	const struct origin  none = { NULL, NULL, NULL };
	const struct origin *o = entry->origin != NULL ? entry->origin : &none;
	const char          *name =
            entry->caller != NULL ? caller_own_name(entry->caller) : entry->actor_name;
	char target[UUID_TEXT_MAX] = "";

	if (!uuid_is_nil(&entry->target_id))
		uuid_print(&entry->target_id, target);
	r->actor_name = clean(mem, name, NAME_MAX_BYTES);
	r->target_kind = clean(mem, entry->target_kind, 32);
	r->target_id = talloc_strdup(mem, target);
	r->address = clean(mem, o->address, ADDRESS_MAX_BYTES);
	r->user_agent = clean(mem, o->user_agent, USER_AGENT_MAX_BYTES);
	r->request_id = clean(mem, o->request_id, REQUEST_ID_MAX_BYTES);
	r->details = entry->details != NULL ? entry->details : "{}";
	return r->actor_name != NULL && r->target_kind != NULL && r->target_id != NULL &&
	       r->address != NULL && r->user_agent != NULL && r->request_id != NULL;
}

static bool
fill_row(struct tenant_db *t, TALLOC_CTX *mem, const struct auth *a,
    const struct audit_entry *entry, struct audit_row *r, struct err *e)
{
	const struct caller *c = entry->caller;

	*r = (struct audit_row) { .id = entry->id,
		.at = { clock_ms(a->env->clock) },
		.action = actions[entry->action].text,
		.outcome = entry->success ? "success" : "failure",
		.actor_kind = actor_kind(entry) };
	if (c != NULL) {
		r->actor_id = c->user;
		if (!uuid_eq(&c->tenant, &t->tenant->id))
			r->acting_tenant = c->tenant;
	}
	return fill_texts(mem, entry, r) || err_memory(e);
}

bool
audit_append(struct tenant_db *t, TALLOC_CTX *mem, const struct auth *a,
    const struct audit_entry *entry, struct err *e)
{
	uint8_t           mac[AUDIT_MAC_LEN];
	struct audit_head head;
	struct audit_row  r;

	/* others wait here until this deed is committed: no work of theirs is outrun */
	if (!fill_row(t, mem, a, entry, &r, e) || !audit_head_take(t, mem, &head, e))
		return false;
	r.seq = head.seq + 1;
	r.prev_mac = head.mac;
	if (!audit_mac(mem, a, t->tenant, keyring_newest(a->env->keyring), &r, mac, e))
		return false;
	r.mac = (struct blob) { mac, sizeof(mac) };
	return audit_row_add(t, &r, e) && audit_head_move(t, head.seq, mac, e);
}

/* ---- the usual deed ---- */

struct deed {
	struct tenant_db         *t;
	TALLOC_CTX               *mem;
	const struct auth        *a;
	tx_fn                    *body;
	void                     *arg;
	const struct audit_entry *entry;
};

static bool
deed_body(struct db *db, void *arg, struct err *e)
{
	struct deed *d = arg;

	if (d->body != NULL && !d->body(db, d->arg, e))
		return false;
	return audit_append(d->t, d->mem, d->a, d->entry, e);
}

/* Empty or none: the field is left out. */
static struct str
given(const char *z)
{
	struct str s = str_of(z);

	return s.n > 0 ? s : (struct str) { NULL, 0 };
}

void
audit_log(const struct tenant_db *t, const struct auth *a, const struct audit_entry *entry)
{
	const struct action_row *action = &actions[entry->action];
	const struct origin      none = { NULL, NULL, NULL };
	const struct origin     *o = entry->origin != NULL ? entry->origin : &none;
	const struct caller     *c = entry->caller;
	char tenant[UUID_TEXT_MAX], user[UUID_TEXT_MAX] = "", target[UUID_TEXT_MAX] = "";

	if (a->env->log == NULL)
		return;
	uuid_print(&t->tenant->id, tenant);
	if (c != NULL)
		uuid_print(&c->user, user);
	if (!uuid_is_nil(&entry->target_id))
		uuid_print(&entry->target_id, target);
	log_event(a->env->log, action->dataset, entry->success ? LOG_LEVEL_INFO : LOG_LEVEL_WARN,
	    action->text, LOGS("event.action", action->text),
	    LOGS("event.outcome", entry->success ? "success" : "failure"),
	    LOGS("organization.id", tenant), LOGS("organization.name", t->tenant->slug),
	    LOGSTR("user.id", given(user)),
	    LOGSTR("user.name", given(c != NULL ? caller_own_name(c) : entry->actor_name)),
	    LOGS("bsx.actor.kind", actor_kind(entry)), LOGSTR("source.ip", given(o->address)),
	    LOGSTR("user_agent.original", given(o->user_agent)),
	    LOGSTR("http.request.id", given(o->request_id)),
	    LOGSTR("bsx.target.kind", given(entry->target_kind)),
	    LOGSTR("bsx.target.id", given(target)), LOGSTR("bsx.details", given(entry->details)));
}

bool
audit_deed(struct tenant_db *t, TALLOC_CTX *mem, const struct auth *a, tx_fn *body, void *arg,
    struct audit_entry *entry, struct err *e)
{
	struct audit_mark mark;
	struct deed       d = { t, mem, a, body, arg, entry };
	struct tx         tx = { .name = actions[entry->action].text,
			.body = deed_body,
			.arg = &d,
			.mark = audit_mark_sql,
			.mark_in = &mark };

	if (uuid_is_nil(&entry->id))
		entry->id = uuid_make(a->env->clock, a->env->rand);
	mark.id = entry->id;
	if (!tx_run(t->db, &tx, e))
		return false;
	audit_log(t, a, entry);
	return true;
}
