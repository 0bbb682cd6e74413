#include "core/auth/tenant/tenant_import.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "core/auth/audit_closed.h"
#include "core/auth/audit_details.h"
#include "core/auth/settings.h"
#include "core/base/secret.h"
#include "core/store/archive/archive_load.h"
#include "core/store/identity/audit_former.h"
#include "core/store/tenant/quota.h"

#define WATCH_ROWS 1000

struct import_run {
	struct deed_by              by; /* its t: the new tenant's */
	const struct tenant_import *in;
	struct archive_reader      *archive;
	struct archive_load        *load;
	struct tenant_import_at     at;
	uint8_t                     address_key[KEY_LEN];
	struct audit_closed         closed;
};

/* ---- reading ---- */

static bool
open_archive(struct import_run *x, struct err *e)
{
	talloc_free(x->archive);
	x->archive = NULL;
	x->at.done = 0;
	if (lseek(x->in->fd, 0, SEEK_SET) != 0)
		return err_set(e, ERR_INVALID, errno, "The archive must be a file.", "lseek: %s",
		    strerror(errno));
	x->archive = archive_reader_make(x->by.mem, x->in->fd, x->in->lock, e);
	return x->archive != NULL;
}

static bool
watch(struct import_run *x, struct err *e)
{
	return !x->in->watch(x->in->arg, &x->at) ||
	       err_set(e, ERR_GONE, 0, "The import was stopped: run it again.", "stopped");
}

typedef bool row_fn(
    struct import_run *x, const struct archive_table *t, const struct blob *v, struct err *e);

static bool
each_row(struct import_run *x, row_fn *fn, struct err *e)
{
	const struct archive_table *t = NULL, *last;
	struct blob                *v;
	bool                        ok;

	do {
		TALLOC_CTX *row = talloc_new(x->archive);

		last = t;
		ok = archive_get(x->archive, row, &t, &v, e) && (t == NULL || fn(x, t, v, e));
		talloc_free(row);
		if (ok && t != NULL && (++x->at.done % WATCH_ROWS == 0 || t != last))
			ok = watch(x, e);
	} while (ok && t != NULL);
	return ok && archive_read_end(x->archive, e);
}

/* ---- before anything is made ---- */

static bool
check_row(struct import_run *x, const struct archive_table *t, const struct blob *v, struct err *e)
{
	if (strcmp(t->name, ARCHIVE_KEY_TABLE) != 0)
		return true;
	if (v[0].n != KEY_LEN)
		return err_set(e, ERR_INVALID, 0, "The archive has no key of addresses.",
		    "a key of %zu bytes", v[0].n);
	memcpy(x->address_key, v[0].p, KEY_LEN);
	return true;
}

static bool
check_version(const struct archive_head *h, struct err *e)
{
	bool older;

	return archive_schema_check(h, &older, e) &&
	       (!older ||
		   err_set(e, ERR_INVALID, 0,
		       "The archive is of an older version: take it in with the version that made "
		       "it, and then migrate.",
		       "schema version %" PRId64, h->schema_version));
}

/* As each request of the tenant will read them: what does not decode is not made. */
static bool
check_settings(struct import_run *x, const struct archive_head *h, struct err *e)
{
	const struct tenant t = { .quota.text = h->quota };
	struct settings     settings;
	struct quota        quota;
	struct err          why = { 0 };

	if (settings_parse(x->by.mem, x->by.auth->env->conf, h->settings, &settings, &why) &&
	    quota_of(x->by.mem, &t, &quota, &why))
		return true;
	return err_set(
	    e, ERR_INVALID, 0, "The archive's settings cannot be read.", "%s", why.detail);
}

static bool
check_all(struct import_run *x, struct err *e)
{
	const struct archive_head *h;
	const char                *kept;

	if (!open_archive(x, e))
		return false;
	h = archive_head(x->archive);
	x->at.total = 0;
	for (size_t i = 0; i < h->tables.n; i++)
		x->at.total += ((const struct archive_table *)h->tables.p)[i].rows;
	if ((x->in->signer != NULL && !archive_signer_is(h, x->in->signer, e)) ||
	    !check_version(h, e) ||
	    !provision_check_names(x->by.mem, x->in->slug, h->name, &kept, e))
		return false;
	return check_settings(x, h, e) && each_row(x, check_row, e);
}

/* ---- making ---- */

static bool
load_row(struct import_run *x, const struct archive_table *t, const struct blob *v, struct err *e)
{
	x->at.table = t->name;
	return archive_load_row(x->load, t, v, e);
}

static bool
begin(struct import_run *x, struct err *e)
{
	const struct archive_head    *h = archive_head(x->archive);
	const struct provision_import in = {
		.archive = h->id,
		.slug = x->in->slug,
		.name = h->name,
		.settings = h->settings,
		.quota = h->quota,
		.address_key = x->address_key,
	};
	const struct tenant *t;

	return provision_import_begin(x->in->p, &in, &t, e) &&
	       tenant_db_open(x->by.auth->database, t, true, &x->by.t, e);
}

static bool
fill(struct import_run *x, struct err *e)
{
	const instant now = { clock_ms(x->by.auth->env->clock) };

	x->load = archive_load_make(x->by.mem, x->by.t, archive_head(x->archive), e);
	return x->load != NULL && each_row(x, load_row, e) && archive_load_end(x->load, now, e);
}

/* ---- its trail ---- */

static bool
close_body(struct db *db, void *arg, struct err *e)
{
	const struct import_run      *x = arg;
	const struct audit_closed_row row = {
		.chain = x->closed.chain,
		.size = x->closed.entries,
		.mac = { x->closed.mac, HASH_LEN },
		.closed_at = { clock_ms(x->by.auth->env->clock) },
	};

	return audit_closed_add(db, &row, e);
}

static bool
read_trail(struct import_run *x, struct err *e)
{
	const struct archive_head *h = archive_head(x->archive);
	struct audit_closed_flaw   flaw;
	size_t                     n;

	x->closed = (struct audit_closed) { .chain = archive_load_chain(x->load),
		.entries = h->audit_entries };
	if (!audit_closed_read(&x->by, &x->closed, true, &flaw, e))
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
	const struct archive_head *h = archive_head(x->archive);
	char                       id[UUID_TEXT_MAX];
	struct audit_restored      told = { .archive = id,
		     .signer = h->signer,
		     .chain = (int64_t)x->closed.chain,
		     .entries = (int64_t)x->closed.entries };
	struct audit_entry         entry = { .action = AUDIT_RESTORED,
			.actor_name = x->in->actor_name,
			.target_id = x->by.t->tenant->id };

	uuid_print(&h->id, id);
	told.head = base64_print(x->by.mem, x->closed.mac, HASH_LEN);
	told.root = base64_print(x->by.mem, x->closed.root, HASH_LEN);
	entry.details = audit_details(x->by.mem, &audit_restored_schema, &told, e);
	return entry.details != NULL && audit_deed(&x->by, close_body, x, &entry, e);
}

bool
tenant_import(const struct deed_by *by, const struct tenant_import *in, struct tenant_imported *out,
    struct err *e)
{
	struct import_run x = { .by = *by, .in = in };
	bool              ok;

	ok = check_all(&x, e) && open_archive(&x, e) && begin(&x, e) && watch(&x, e) &&
	     fill(&x, e) && watch(&x, e) && read_trail(&x, e) && restart_trail(&x, e) &&
	     watch(&x, e) && provision_import_end(by->auth->database, &x.by.t->tenant->id, e);
	if (ok)
		*out = (struct tenant_imported) { x.by.t->tenant->id, archive_head(x.archive)->id,
			x.at.done };
	secret_wipe(x.address_key, sizeof(x.address_key));
	talloc_free(x.load);
	talloc_free(x.archive);
	return ok;
}
