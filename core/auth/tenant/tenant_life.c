#include "core/auth/tenant/tenant_life.h"

#include <stdio.h>
#include <string.h>

#include "core/auth/audit_details.h"
#include "core/auth/once.h"
#include "core/auth/operation.h"
#include "core/auth/tenant/tenant_erase.h"
#include "core/shm/cache.h"
#include "core/store/server/provision.h"

#define TRIES 5 /* against somebody who does something to the same tenant at the same time */

static const struct {
	const char       *to;     /* of struct tenant_turn */
	const char       *status; /* as the entry has it; NULL: its action says it */
	enum audit_action action;
	const char       *conflict;
} turns[] = {
	[TENANT_RESUMED] = { "active", "active", AUDIT_TENANT_UPDATE,
	    "The tenant is neither active nor suspended now." },
	[TENANT_SUSPENDED] = { "suspended", "suspended", AUDIT_TENANT_UPDATE,
	    "The tenant is neither active nor suspended now." },
	[TENANT_DELETED] = { "deleting", NULL, AUDIT_TENANT_DELETE,
	    "The tenant is being made, or changes at this moment." },
	[TENANT_UNDELETED] = { "back", NULL, AUDIT_TENANT_UNDELETE,
	    "The tenant is not deleted, or its erasure has begun." },
};

struct living {
	const struct deed_by     *by;
	const struct tenant_life *in;
	struct tenant             was; /* its row; texts as long as by->mem */
	struct tenant_turn        turn;
	struct once               once;
};

/* ---- the key: done once ---- */

/* What the key stands for is what is asked, and not how it was written. */
static bool
prepare_mark(struct living *w, struct err *e)
{
	const struct deed_by *by = w->by;
	struct buf            b;
	char                  id[UUID_TEXT_MAX];

	if (w->in->idempotency_key == NULL)
		return true;
	uuid_print(&w->turn.id, id);
	buf_make(&b, by->mem);
	buf_printf(&b, "%s %lld %s", id, (long long)w->in->grace_s, w->turn.reason);
	if (!buf_ok(&b))
		return err_memory(e);
	w->once = (struct once) {
		.kind = "tenant.delete", .key = w->in->idempotency_key, .body = buf_str(&b)
	};
	once_begin(&w->once, by, &w->turn.op, (instant) { clock_ms(by->auth->env->clock) });
	return true;
}

/* *done: this key has deleted it before, whatever it is now; w->turn.op is what was begun then. */
static bool
replay(struct living *w, bool *done, struct err *e)
{
	return once_find(&w->once, w->by, done, &w->turn.op, e);
}

/* ---- the deed ---- */

struct life_told {
	const char *slug, *status, *reason;
	instant     erase_at;
};
static const struct field life_told_fields[] = {
	TOLD(struct life_told, slug),
	TOLD_IF(struct life_told, status),
	TOLD_IF(struct life_told, reason),
	TOLD_IF(struct life_told, erase_at),
	FIELD_END,
};
static const struct schema life_told = SCHEMA("TenantLifeTold", struct life_told, life_told_fields);

static bool
turn_body(struct db *db, void *arg, struct err *e)
{
	struct living             *w = arg;
	const struct operation_new work = {
		.id = w->turn.op,
		.kind = OPERATION_TENANT_ERASE,
		.tenant = w->turn.id,
		.total = TENANT_ERASE_STEPS,
		.step = "waits for the end of the grace",
		.due_s = w->turn.grace_s,
		.asked_name = w->in->actor_name,
	};

	(void)db;
	return once_mark(&w->once, w->by, e) && tenant_turn(w->by->t, &w->turn, e) &&
	       (uuid_is_nil(&w->turn.op) || operation_begin(w->by, &work, e));
}

static const char *
details_of(const struct living *w, struct err *e)
{
	struct life_told told = {
		.slug = w->was.slug,
		.status = turns[w->in->to].status,
		.reason = *w->turn.reason == '\0' ? NULL : w->turn.reason,
	};

	if (w->in->to == TENANT_DELETED)
		told.erase_at.ms =
		    clock_ms(w->by->auth->env->clock) + w->turn.grace_s * INT64_C(1000);
	return audit_details(w->by->mem, &life_told, &told, e);
}

/* The platform's entry in the deed's transaction, then the tenant's own. */
static bool
turn_once(struct living *w, struct err *e)
{
	const struct deed_by *by = w->by;
	struct audit_entry    entry = {
		   .action = turns[w->in->to].action,
		   .actor_name = w->in->actor_name,
		   .target_id = w->turn.id,
	};
	struct tenant_db *there;
	struct deed_by    by_there;

	entry.details = details_of(w, e);
	if (entry.details == NULL || !audit_deed(by, turn_body, w, &entry, e))
		return false;
	tenant_forget(by->auth->database);
	cache_bump_tenant(by->auth->env->segment, &w->turn.id);
	if (!tenant_stands(&w->was))
		return true;
	if (!tenant_db_open(by->auth->database, &w->was, true, &there, e))
		return false;
	by_there = deed_in(by, there);
	entry.id = (struct uuid) { { 0 } };
	return audit_deed(&by_there, NULL, NULL, &entry, e);
}

/* ---- ---- */

static bool
look(struct living *w, struct err *e)
{
	const struct tenant *t;

	tenant_forget(w->by->auth->database);
	if (!tenant_by_id(w->by->auth->database, &w->turn.id, &t, e))
		return false;
	w->was = *t; /* the row stays until the next request */
	return true;
}

/* *done: there is nothing to do any more.  What is done is in w->turn. */
static bool
plan_deletion(struct living *w, bool *done)
{
	const struct env *env = w->by->auth->env;
	int64_t           end = clock_ms(env->clock) + w->in->grace_s * INT64_C(1000);
	bool              going = strcmp(w->was.status, "deleting") == 0;

	*done = strcmp(w->was.status, "erasing") == 0 || (going && w->was.erase_at.ms <= end);
	w->turn.op = going ? (struct uuid) { { 0 } } : uuid_make(env->clock, env->rand);
	w->once.mark.made_id = going || *done ? w->was.erase_op : w->turn.op;
	return true;
}

static bool
turn_tries(struct living *w, struct uuid *operation, struct err *e)
{
	for (int i = 1;; i++) {
		bool done = false;

		if (!look(w, e))
			return false;
		if (provision_is_import(&w->was))
			return err_set(e, ERR_CONFLICT, 0,
			    "The tenant is being made of an archive, which has to end first.",
			    "an unfinished import");
		if (w->in->to == TENANT_DELETED && plan_deletion(w, &done) && done) {
			*operation = w->was.erase_op;
			return true;
		}
		if (turn_once(w, e)) {
			*operation =
			    w->in->to == TENANT_DELETED ? w->once.mark.made_id : w->turn.op;
			return true;
		}
		if (e->code != ERR_CONFLICT)
			return false;
		if (db_was_duplicate(e) && w->once.key != NULL) {
			err_clear(e); /* the same request in parallel was faster */
			return replay(w, &done, e) && (*operation = w->turn.op, true);
		}
		if (i == TRIES || w->in->to != TENANT_DELETED) {
			snprintf(e->pub, sizeof(e->pub), "%s", turns[w->in->to].conflict);
			return false;
		}
		err_clear(e);
	}
}

bool
tenant_live(const struct deed_by *by, const struct uuid *id, const struct tenant_life *in,
    struct uuid *operation, struct err *e)
{
	struct living w = { .by = by, .in = in, .turn = { .id = *id, .to = turns[in->to].to } };
	bool          done;

	*operation = (struct uuid) { { 0 } };
	w.turn.reason = in->reason != NULL ? in->reason : "";
	w.turn.grace_s = in->to == TENANT_DELETED ? in->grace_s : 0;
	if (by->caller != NULL && !by->caller->platform)
		return err_set(e, ERR_FORBIDDEN, 0,
		    "Only the platform suspends and deletes tenants.",
		    "a tenant's life by a tenant");
	if (uuid_eq(id, &by->t->tenant->id))
		return err_fault(e, by->mem, in->to == TENANT_DELETED ? "/id" : "/status",
		    in->to == TENANT_DELETED ? "the platform cannot be deleted"
					     : "the platform cannot be suspended");
	if (!prepare_mark(&w, e) || !replay(&w, &done, e))
		return false;
	if (done) {
		*operation = w.turn.op;
		return true;
	}
	return turn_tries(&w, operation, e);
}
