#include "core/auth/tenant/grant_carry.h"

#include <stdio.h>
#include <string.h>

#include "core/auth/audit_forward.h"
#include "core/auth/tenant/grant_admin.h"

#define ROWS 50 /* read at once */

struct carrying {
	struct deed_by            by; /* in the trail's tenant, as who did it */
	struct caller             actor;
	struct origin             origin;
	const struct audit_inbox *x;
	struct audit_entry        entry;
};

static bool
read_action(const char *text, enum audit_action *out)
{
	static const struct {
		const char       *text;
		enum audit_action action;
	} known[] = {
		{ "grant.create", AUDIT_GRANT_CREATE },
		{ "grant.revoke", AUDIT_GRANT_REVOKE },
		{ "grant.act", AUDIT_GRANT_ACT },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		*out = known[i].action;
		if (strcmp(known[i].text, text) == 0)
			return true;
	}
	return false;
}

/* When it was done, before the rest. */
static const char *
details_of(TALLOC_CTX *mem, const struct audit_inbox *x, struct err *e)
{
	char        at[TIME_TEXT_MAX];
	const char *rest = strlen(x->details) > strlen("{}") ? x->details + 1 : "}";
	const char *text;

	time_print(x->at.ms, at);
	text = talloc_asprintf(mem, "{\"done_at\":\"%s\"%s%s", at, *rest == '}' ? "" : ",", rest);
	if (text == NULL)
		err_memory(e);
	return text;
}

/* The system has no caller; a key is known by its name with the prefix of keys. */
static void
put_actor(struct carrying *w)
{
	const struct audit_inbox *x = w->x;
	bool                      is_key = strcmp(x->actor_kind, "api_key") == 0;

	w->entry.actor_name = x->actor_name;
	if (uuid_is_nil(&x->actor_id))
		return;
	w->actor = (struct caller) {
		.kind = is_key ? CALLER_API_KEY : CALLER_SESSION,
		.tenant = x->actor_tenant,
		.user = x->actor_id,
	};
	snprintf(w->actor.name, sizeof(w->actor.name), "%s%s", is_key ? CALLER_KEY_PREFIX : "",
	    x->actor_name);
	w->by.caller = &w->actor;
}

/* Whoever gave what the other side has ended is told here, where its users are. */
static bool
carry_body(struct db *db, void *arg, struct err *e)
{
	const struct carrying *w = arg;
	struct grant           g;

	(void)db;
	if (w->entry.action != AUDIT_GRANT_REVOKE)
		return true;
	if (!grant_by_id(w->by.auth->database, w->by.mem, &w->x->target_id, &g, e))
		return err_take(e, ERR_MISSING);
	return !uuid_eq(&g.tenant_id, &w->x->tenant_id) ||
	       grant_tell_ended(&w->by, &g, w->x->actor_name, e);
}

static bool
append(struct carrying *w, struct err *e)
{
	const struct audit_inbox *x = w->x;

	w->entry = (struct audit_entry) {
		.id = x->id,
		.failed = strcmp(x->outcome, "failure") == 0,
		.target_id = x->target_id,
		.details = details_of(w->by.mem, x, e),
	};
	if (w->entry.details == NULL)
		return false;
	if (!read_action(x->action, &w->entry.action))
		return err_set(e, ERR_INTERNAL, 0, "internal error", "no entry of kind %s is known",
		    x->action);
	w->origin = (struct origin) { x->address, x->user_agent, x->request_id };
	w->by.origin = &w->origin;
	put_actor(w);
	return audit_deed(&w->by, carry_body, w, &w->entry, e) || db_was_duplicate(e);
}

static bool
carry(struct auth *a, TALLOC_CTX *mem, const struct audit_inbox *x, struct err *e)
{
	struct carrying      w = { .by = { .auth = a, .mem = mem }, .x = x };
	const struct tenant *row;
	bool                 found = tenant_by_id(a->database, &x->tenant_id, &row, e);

	/* of a tenant that is gone nobody has a trail any more */
	if (!found)
		return err_take(e, ERR_MISSING) && audit_inbox_drop(a->database, &x->id, e);
	return tenant_db_open(a->database, row, true, &w.by.t, e) && append(&w, e) &&
	       audit_inbox_drop(a->database, &x->id, e);
}

static bool
carry_page(struct auth *a, struct page *p, bool *failed, struct err *e)
{
	TALLOC_CTX               *mem = talloc_new(NULL);
	const struct audit_inbox *all;
	bool                      ok;

	if (mem == NULL)
		return err_memory(e);
	ok = audit_inbox_after(a->database, mem, p, e);
	all = p->rows;
	for (size_t i = 0; ok && i < p->n; i++) {
		struct err why = { 0 };

		p->after = all[i].id;
		if (carry(a, mem, &all[i], &why))
			continue;
		*failed = true;
		log_err(a->env->log, LOG_SYSTEM,
		    "an entry for another tenant's trail could not be carried there", &why);
	}
	database_tidy(a->database);
	talloc_free(mem);
	return ok;
}

bool
audit_inbox_carry(struct auth *a, bool *failed, struct err *e)
{
	struct page p = { .want = ROWS };

	*failed = false;
	do {
		if (!carry_page(a, &p, failed, e))
			return false;
	} while (p.n == ROWS);
	return true;
}
