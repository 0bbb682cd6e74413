#include "core/auth/tenant/tenant_import.h"

#include <inttypes.h>
#include <string.h>

#include "core/auth/audit_closed.h"

struct import_run {
	struct archive_take         take; /* its by.t: the new tenant's */
	const struct tenant_import *in;
	struct audit_closed         closed;
};

/* ---- making ---- */

static bool
begin(struct import_run *x, struct err *e)
{
	const struct archive_head    *h = archive_head(x->take.archive);
	const struct provision_import in = {
		.archive = h->id,
		.slug = x->in->slug,
		.name = h->name,
		.settings = h->settings,
		.quota = h->quota,
		.address_key = x->take.address_key,
		.schema_version = archive_fill_version(h),
	};
	const struct tenant *t;

	return provision_import_begin(x->in->p, &in, &t, e) &&
	       tenant_db_open(x->take.by.auth->database, t, true, &x->take.by.t, e);
}

static bool
fill(struct import_run *x, struct err *e)
{
	const instant now = { clock_ms(x->take.by.auth->env->clock) };

	return archive_take_fill(&x->take, true, e) && archive_load_arm(x->take.load, now, e);
}

/* ---- its trail ---- */

static bool
read_trail(struct import_run *x, struct err *e)
{
	const struct archive_head *h = archive_head(x->take.archive);
	struct audit_closed_flaw   flaw;
	size_t                     n;

	x->closed = (struct audit_closed) { .chain = archive_load_chain(x->take.load),
		.entries = h->audit_entries };
	if (!audit_closed_read(&x->take.by, &x->closed, true, &flaw, e))
		return false;
	if (flaw.fault == AUDIT_FITS && h->audit_entries > 0) {
		uint8_t due[HASH_LEN];

		if (!base64_parse(str_of(h->audit_mac), due, sizeof(due), &n) || n != HASH_LEN ||
		    memcmp(due, x->closed.mac, HASH_LEN) != 0)
			flaw = (struct audit_closed_flaw) { AUDIT_HEAD, h->audit_entries };
	}
	return flaw.fault == AUDIT_FITS ||
	       err_set(e, ERR_INVALID, 0,
		   "The archive's audit trail was changed before it was made.",
		   "entry %" PRIu64 ": %s", flaw.at, audit_fault_sentence(flaw.fault));
}

static bool
restart_trail(struct import_run *x, struct err *e)
{
	const struct archive_head *h = archive_head(x->take.archive);
	char                       id[UUID_TEXT_MAX];
	struct audit_entry         entry = { .actor_name = x->in->actor_name };

	uuid_print(&h->id, id);
	return audit_restored_entry(&x->take.by, &x->closed,
		   (struct audit_restored) { .archive = id, .signer = h->signer }, &entry, e) &&
	       audit_closed_behind(&x->take.by, &x->closed, &entry, e);
}

bool
tenant_import(const struct deed_by *by, const struct tenant_import *in, struct tenant_imported *out,
    struct err *e)
{
	struct import_run    x = { .take = { .from = &in->from, .p = in->p, .by = *by }, .in = in };
	struct archive_take *take = &x.take;
	bool                 ok;

	ok = archive_take_check(take, in->slug, e) && archive_take_open(take, e) && begin(&x, e) &&
	     archive_take_watch(take, e) && fill(&x, e) && archive_take_watch(take, e) &&
	     read_trail(&x, e) && restart_trail(&x, e) && archive_take_watch(take, e) &&
	     provision_import_end(by->auth->database, &take->by.t->tenant->id, e);
	if (ok)
		*out = (struct tenant_imported) { take->by.t->tenant->id,
			archive_head(take->archive)->id, take->at.done };
	archive_take_end(take);
	return ok;
}
