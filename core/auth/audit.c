#include "core/auth/audit.h"

#include <string.h>

#include "core/auth/audit_forward.h"
#include "core/auth/audit_priv.h"
#include "core/base/unicode.h"

#define NAME_MAX_BYTES       254
#define ADDRESS_MAX_BYTES    45
#define USER_AGENT_MAX_BYTES 400
#define REQUEST_ID_MAX_BYTES 64

static const struct action_row {
	const char      *text, *kind;
	enum log_dataset dataset;
} actions[AUDIT__MAX] = {
#define X(id, text, kind, dataset) [id] = { text, kind, dataset },
	AUDIT_ACTIONS(X)
#undef X
};

static const struct origin no_origin = { NULL, NULL, NULL };

/* ---- appending ---- */

/* The operator, also by what somebody may (deed.h). */
static bool
by_hand(const struct deed_by *by)
{
	return by->caller == NULL || by->actor != NULL;
}

static const char *
actor_kind(const struct deed_by *by, const struct audit_entry *entry)
{
	if (!by_hand(by))
		return by->caller->kind == CALLER_API_KEY ? "api_key" : "user";
	return entry->actor_kind != NULL ? entry->actor_kind : "system";
}

static const char *
actor_name(const struct deed_by *by, const struct audit_entry *entry)
{
	if (by->caller != NULL && by->actor != NULL)
		return by->actor;
	return by->caller == NULL && entry->actor_name != NULL ? entry->actor_name : deed_name(by);
}

static const char *
target_kind(const struct audit_entry *entry)
{
	return entry->target_kind != NULL ? entry->target_kind : actions[entry->action].kind;
}

static const char *
clean(TALLOC_CTX *mem, const char *z, size_t max)
{
	return unicode_clean(mem, str_of(z), max);
}

static bool
fill_texts(const struct deed_by *by, const struct audit_entry *entry, struct audit_row *r)
{
	const struct origin *o = by->origin != NULL ? by->origin : &no_origin;
	TALLOC_CTX          *mem = by->mem;
	char                 target[UUID_TEXT_MAX] = "";

	if (!uuid_is_nil(&entry->target_id))
		uuid_print(&entry->target_id, target);
	r->actor_name = clean(mem, actor_name(by, entry), NAME_MAX_BYTES);
	r->target_kind = clean(mem, target_kind(entry), 32);
	r->target_id = talloc_strdup(mem, target);
	r->address = clean(mem, o->address, ADDRESS_MAX_BYTES);
	r->user_agent = clean(mem, o->user_agent, USER_AGENT_MAX_BYTES);
	r->request_id = clean(mem, o->request_id, REQUEST_ID_MAX_BYTES);
	r->details = entry->details != NULL ? entry->details : "{}";
	return r->actor_name != NULL && r->target_kind != NULL && r->target_id != NULL &&
	       r->address != NULL && r->user_agent != NULL && r->request_id != NULL;
}

bool
audit_row_fill(
    const struct deed_by *by, const struct audit_entry *entry, struct audit_row *r, struct err *e)
{
	const struct caller *c = by->caller;

	*r = (struct audit_row) {
		.id = entry->id,
		.at = { clock_ms(by->auth->env->clock) },
		.action = actions[entry->action].text,
		.outcome = entry->failed ? "failure" : "success",
		.actor_kind = actor_kind(by, entry),
	};
	if (c != NULL) {
		if (!by_hand(by))
			r->actor_id = c->user;
		if (!uuid_eq(&c->tenant, &by->t->tenant->id))
			r->acting_tenant = c->tenant;
	}
	return fill_texts(by, entry, r) || err_memory(e);
}

bool
audit_append(const struct deed_by *by, const struct audit_entry *entry, struct err *e)
{
	const struct audit_key k = audit_key_of(by, keyring_newest(by->auth->env->keyring));
	uint8_t                mac[AUDIT_MAC_LEN];
	struct audit_head      head;
	struct audit_row       r;

	/* others wait here until this deed is committed: no work of theirs is outrun */
	if (!audit_row_fill(by, entry, &r, e) || !audit_head_take(by->t, by->mem, &head, e))
		return false;
	r.seq = head.seq + 1;
	r.prev_mac = head.mac;
	if (!audit_mac(by->mem, &k, &r, mac, e))
		return false;
	r.mac = (struct blob) { mac, sizeof(mac) };
	return audit_row_add(by->t, &r, e) && audit_forward_act(by, entry, &r, e) &&
	       audit_head_move(by->t, head.seq, mac, e);
}

/* ---- the usual deed ---- */

struct deed {
	const struct deed_by     *by;
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
	return audit_append(d->by, d->entry, e);
}

/* Empty or none: the field is left out. */
static struct str
given(const char *z)
{
	struct str s = str_of(z);

	return s.n > 0 ? s : (struct str) { NULL, 0 };
}

void
audit_log(const struct deed_by *by, const struct audit_entry *entry)
{
	const struct action_row *action = &actions[entry->action];
	const struct origin     *o = by->origin != NULL ? by->origin : &no_origin;
	const struct tenant     *t = by->t->tenant;
	struct log              *log = by->auth->env->log;
	char tenant[UUID_TEXT_MAX], user[UUID_TEXT_MAX] = "", target[UUID_TEXT_MAX] = "";

	if (log == NULL)
		return;
	uuid_print(&t->id, tenant);
	if (!by_hand(by))
		uuid_print(&by->caller->user, user);
	if (!uuid_is_nil(&entry->target_id))
		uuid_print(&entry->target_id, target);
	log_event(log, action->dataset, entry->failed ? LOG_LEVEL_WARN : LOG_LEVEL_INFO,
	    action->text, LOGS("event.action", action->text),
	    LOGS("event.outcome", entry->failed ? "failure" : "success"),
	    LOGS("organization.id", tenant), LOGS("organization.name", t->slug),
	    LOGSTR("user.id", given(user)), LOGSTR("user.name", given(actor_name(by, entry))),
	    LOGS("bsx.actor.kind", actor_kind(by, entry)), LOGSTR("source.ip", given(o->address)),
	    LOGSTR("user_agent.original", given(o->user_agent)),
	    LOGSTR("http.request.id", given(o->request_id)),
	    LOGSTR("bsx.target.kind", given(target_kind(entry))),
	    LOGSTR("bsx.target.id", given(target)), LOGSTR("bsx.details", given(entry->details)));
}

bool
audit_deed(
    const struct deed_by *by, tx_fn *body, void *arg, struct audit_entry *entry, struct err *e)
{
	const struct env *env = by->auth->env;
	struct audit_mark mark;
	struct deed       d = { by, body, arg, entry };
	struct tx         tx = {
			.name = actions[entry->action].text,
			.body = deed_body,
			.arg = &d,
			.mark = audit_mark_sql,
			.mark_in = &mark,
	};

	if (uuid_is_nil(&entry->id))
		entry->id = uuid_make(env->clock, env->rand);
	mark.id = entry->id;
	if (!tx_run(by->t->db, &tx, e))
		return false;
	audit_log(by, entry);
	return true;
}
