#include "core/auth/tenant/archive_take.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/auth/settings.h"
#include "core/base/secret.h"
#include "core/store/server/spare.h"
#include "core/store/tenant/quota.h"

#define WATCH_ROWS 1000

/* ---- reading ---- */

bool
archive_take_open(struct archive_take *x, struct err *e)
{
	talloc_free(x->archive);
	x->archive = NULL;
	x->at.done = 0;
	if (lseek(x->from->fd, 0, SEEK_SET) != 0)
		return err_set(e, ERR_INVALID, errno, "The archive must be a file.", "lseek: %s",
		    strerror(errno));
	x->archive = archive_reader_make(x->by.mem, x->from->fd, x->from->lock, e);
	return x->archive != NULL;
}

bool
archive_take_watch(struct archive_take *x, struct err *e)
{
	return !x->from->watch(x->from->arg, &x->at) ||
	       err_set(e, ERR_GONE, 0, "It was stopped: run it again.", "stopped");
}

typedef bool row_fn(
    struct archive_take *x, const struct archive_table *t, const struct blob *v, struct err *e);

static bool
each_row(struct archive_take *x, row_fn *fn, struct err *e)
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
			ok = archive_take_watch(x, e);
	} while (ok && t != NULL);
	return ok && archive_read_end(x->archive, e);
}

/* ---- before anything is made ---- */

static bool
check_row(
    struct archive_take *x, const struct archive_table *t, const struct blob *v, struct err *e)
{
	if (strcmp(t->name, ARCHIVE_KEY_TABLE) != 0)
		return true;
	if (v[0].n != KEY_LEN)
		return err_set(e, ERR_INVALID, 0, "The archive has no key of addresses.",
		    "a key of %zu bytes", v[0].n);
	memcpy(x->address_key, v[0].p, KEY_LEN);
	return true;
}

/* As each request of the tenant will read them: what does not decode is not made. */
static bool
check_settings(struct archive_take *x, const struct archive_head *h, struct err *e)
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

bool
archive_take_check(struct archive_take *x, const char *slug, struct err *e)
{
	const struct archive_head *h;
	const char                *kept;

	if (!archive_take_open(x, e))
		return false;
	h = archive_head(x->archive);
	x->at.total = 0;
	for (size_t i = 0; i < h->tables.n; i++)
		x->at.total += ((const struct archive_table *)h->tables.p)[i].rows;
	if ((x->from->signer != NULL && !archive_signer_is(h, x->from->signer, e)) ||
	    !archive_head_check(h, e) || !provision_check_names(x->by.mem, slug, h->name, &kept, e))
		return false;
	return check_settings(x, h, e) && each_row(x, check_row, e);
}

/* ---- making ---- */

static bool
load_row(struct archive_take *x, const struct archive_table *t, const struct blob *v, struct err *e)
{
	x->at.table = t->name;
	return archive_load_row(x->load, t, v, e);
}

/* Of an archive of this program's version there is nothing to do. */
static bool
bring_up(struct archive_take *x, struct err *e)
{
	const int64_t newest = migrate_newest(SQL_TENANT);

	if (archive_head(x->archive)->schema_version == newest)
		return true;
	x->at.table = ARCHIVE_TAKE_UP;
	return archive_take_watch(x, e) &&
	       spare_make(x->p, x->by.t->tenant->schema_name, newest, e) &&
	       archive_take_watch(x, e);
}

bool
archive_take_fill(struct archive_take *x, bool trail, struct err *e)
{
	const instant now = { clock_ms(x->by.auth->env->clock) };

	x->load = archive_load_make(x->by.mem, x->by.t, archive_head(x->archive), trail, e);
	return x->load != NULL && each_row(x, load_row, e) && archive_load_last(x->load, e) &&
	       bring_up(x, e) && archive_load_end(x->load, now, e);
}

void
archive_take_end(struct archive_take *x)
{
	secret_wipe(x->address_key, sizeof(x->address_key));
	talloc_free(x->load);
	talloc_free(x->archive);
	x->load = NULL;
	x->archive = NULL;
}
