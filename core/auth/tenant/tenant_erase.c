#include "core/auth/tenant/tenant_erase.h"

#include <string.h>

#include "core/auth/audit_details.h"
#include "core/auth/tenant/restore_left.h"
#include "core/auth/tenant/tenant_make.h"
#include "core/json/schema.h"
#include "core/shm/cache.h"
#include "core/store/identity/audit_rows.h"

#define WAIT_MS        3600000 /* who may drop schemas comes earlier (operation_hasten) */
#define COUNT_ATTEMPTS 3       /* then it is erased without its numbers */

/* ---- what it had ---- */

static const struct field counts_fields[] = {
	FIELD(struct erasure_counts, users),
	FIELD(struct erasure_counts, api_keys),
	FIELD(struct erasure_counts, drift_configs),
	FIELD(struct erasure_counts, audit_entries),
	FIELD(struct erasure_counts, tables),
	FIELD(struct erasure_counts, bytes),
	FIELD_END,
};
static const struct schema counts_schema =
    SCHEMA("ErasureCounts", struct erasure_counts, counts_fields);

static bool
count(struct operation_run *r, const struct tenant *t, struct erasure_counts *out, struct err *e)
{
	struct tenant_db *tdb;
	struct audit_head head;

	if (!tenant_db_open(r->auth->database, t, true, &tdb, e) || !erasure_count(tdb, out, e) ||
	    !audit_head_read(tdb, r->mem, &head, e))
		return false;
	out->audit_entries = head.seq;
	return true;
}

static const char *
counts_text(struct operation_run *r, const struct erasure_counts *c, struct err *e)
{
	struct buf b;

	buf_make(&b, r->mem);
	return schema_encode(&b, &counts_schema, c, e) ? buf_text(&b, e) : NULL;
}

/* One that is broken is erased all the same, when it was tried often enough. */
static bool
begin(struct operation_run *r, const struct tenant *t, struct err *e)
{
	struct erasure_counts c;
	struct erasure        x = {
		       .id = r->op->id,
		       .tenant_id = t->id,
		       .slug = t->slug,
		       .name = t->name,
		       .schema_name = t->schema_name,
		       .reason = t->status_reason,
		       .asked_name = r->op->asked_name,
		       .asked_at = r->op->created_at,
		       .counts = { .text = "{}" },
	};

	if (t->schema_version > 0) {
		if (count(r, t, &c, e))
			x.counts.text = counts_text(r, &c, e);
		else if (r->op->attempts >= COUNT_ATTEMPTS && e->code != ERR_UNAVAILABLE)
			err_clear(e);
		else
			return false;
	}
	return x.counts.text != NULL && erasure_begin(r->auth->database, &x, e);
}

/* ---- its schema ---- */

static bool
drop_schema(struct operation_run *r, const struct erasure *x, bool *gone, struct err *e)
{
	const struct tenant_carrier *c = r->arg;
	const struct provision       p = { c->prov, r->auth->database, r->auth->env };

	*gone = x->schema_at.ms != 0;
	if (*gone)
		return true;
	if (c->prov == NULL) {
		r->later_ms = WAIT_MS;
		return operation_at(r, 2,
		    "its keys are destroyed; its schema is dropped by: bsxctl tenant work", e);
	}
	*gone = true;
	return operation_at(r, 2, "drops its schema and account", e) &&
	       restore_left_drop(&p, r->auth, &x->tenant_id, true, e) &&
	       provision_drop(&p, x->schema_name, e) &&
	       erasure_schema_gone(r->auth->database, &x->id, e);
}

/* ---- the receipt ---- */

struct erase_told {
	const char *slug, *receipt;
};
static const struct field erase_told_fields[] = {
	TOLD(struct erase_told, slug),
	TOLD(struct erase_told, receipt),
	FIELD_END,
};
static const struct schema erase_told =
    SCHEMA("TenantEraseTold", struct erase_told, erase_told_fields);

static bool
platform_of(struct operation_run *r, struct tenant_db **platform, struct err *e)
{
	const struct tenant *owner;

	return tenant_by_id(r->auth->database, &r->op->owner, &owner, e) &&
	       tenant_db_open(r->auth->database, owner, true, platform, e);
}

/* Its entry has the operation's number: whoever comes again finds that it was done. */
static bool
tell(struct operation_run *r, const struct erasure *x, struct err *e)
{
	struct deed_by          by = { .auth = r->auth, .mem = r->mem };
	const struct erase_told told = { x->slug, x->receipt };
	struct audit_entry      entry = {
		     .id = x->id,
		     .action = AUDIT_TENANT_ERASE,
		     .actor_name = x->asked_name,
		     .target_id = x->tenant_id,
	};

	entry.details = audit_details(r->mem, &erase_told, &told, e);
	r->op->result.text = entry.details;
	return entry.details != NULL && platform_of(r, &by.t, e) &&
	       (audit_deed(&by, NULL, NULL, &entry, e) || db_was_duplicate(e));
}

static bool
sign(struct operation_run *r, struct erasure *x, struct err *e)
{
	struct database *d = r->auth->database;

	if (x->receipt == NULL) {
		x->receipt = tenant_receipt(r->auth, r->mem, x, e);
		if (x->receipt == NULL || !erasure_sign(d, &x->id, x->receipt, e) ||
		    !erasure_by_id(d, r->mem, &x->id, x, e))
			return false;
	}
	return tell(r, x, e);
}

/* ---- the steps ---- */

static bool
again(struct operation_run *r, struct erasure *x, struct err *e)
{
	return erasure_by_id(r->auth->database, r->mem, &r->op->id, x, e);
}

/* Everything behind the point from which there is no way back. */
static bool
destroy(struct operation_run *r, struct erasure *x, struct err *e)
{
	struct database *d = r->auth->database;
	bool             gone;

	if (x->keys_at.ms == 0 && (!operation_at(r, 1, "destroys its data keys", e) ||
				      !erasure_shred(d, &x->id, e) || !again(r, x, e)))
		return false;
	if (!drop_schema(r, x, &gone, e))
		return false;
	if (!gone)
		return true;
	return operation_at(r, 3, "takes away what is known of it", e) &&
	       erasure_sweep(d, &x->id, e) && again(r, x, e) &&
	       operation_at(r, 4, "signs the receipt", e) && sign(r, x, e) &&
	       operation_at(r, 5, "gives its name free", e) && erasure_end(d, &x->id, e);
}

static bool
not_yet(struct operation_run *r, const struct tenant *t, struct err *e)
{
	int64_t left = t->erase_at.ms - clock_ms(r->auth->env->clock);

	r->later_ms = left > 0 ? left : 1000; /* the database's clock decides */
	return operation_at(r, 0, "waits for the end of the grace", e);
}

static bool
first_steps(struct operation_run *r, const struct tenant *t, struct erasure *x, struct err *e)
{
	bool mine;

	if (!uuid_eq(&t->erase_op, &r->op->id)) {
		r->cancelled = true; /* it was had back */
		return true;
	}
	if (!erasure_may_begin(r->auth->database, &r->op->id, &t->id, &mine, e))
		return false;
	if (!mine)
		return not_yet(r, t, e);
	tenant_forget(r->auth->database);
	cache_bump_tenant(r->auth->env->segment, &t->id);
	return operation_at(r, 0, "counts what it has", e) && begin(r, t, e) && again(r, x, e) &&
	       destroy(r, x, e);
}

bool
tenant_erase_carry(struct operation_run *r, struct err *e)
{
	const struct tenant *t;
	struct erasure       x;
	bool                 ok;

	tenant_forget(r->auth->database);
	if (again(r, &x, e))
		ok = destroy(r, &x, e);
	else if (!err_take(e, ERR_MISSING))
		return false;
	else if (tenant_by_id(r->auth->database, &r->op->tenant_id, &t, e))
		ok = first_steps(r, t, &x, e);
	else {
		r->failed = "The tenant is gone.";
		return err_take(e, ERR_MISSING);
	}
	tenant_forget(r->auth->database);
	return ok;
}
