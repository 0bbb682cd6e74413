#include "core/auth/tenant/tenant_export.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/auth/audit_details.h"
#include "core/base/secret.h"
#include "core/store/archive/archive_snapshot.h"
#include "core/store/tenant/archives.h"

#define WATCH_ROWS 1000

struct exporting {
	const struct deed_by       *by;
	const struct tenant_export *in;
	struct archive_snapshot    *snapshot;
	struct archive_head        *head;
	struct archive_writer      *writer;
	struct archive_at           at;
	char                       *beside; /* the file's other name; NULL: there is none */
	int                         fd;
	struct archive_made         made;
};

/* ---- the file ---- */

static bool
file_failed(const char *path, struct err *e)
{
	return err_set(e, errno == EEXIST ? ERR_CONFLICT : ERR_INVALID, errno,
	    errno == EEXIST ? "There is a file of that name: it is not overwritten."
			    : "The archive's file cannot be made.",
	    "%s: %s", path, strerror(errno));
}

static bool
make_file(struct exporting *x, struct err *e)
{
	struct stat st;
	char       *beside;

	if (lstat(x->in->path, &st) == 0) {
		errno = EEXIST;
		return file_failed(x->in->path, e);
	}
	beside = talloc_asprintf(x->by->mem, "%s.XXXXXX", x->in->path);
	if (beside == NULL)
		return err_memory(e);
	x->fd = mkostemp(beside, O_CLOEXEC); /* 0600 */
	if (x->fd < 0)
		return file_failed(x->in->path, e);
	x->beside = beside;
	return true;
}

/* The folder's entry too. */
static bool
sync_folder(const char *path, struct err *e)
{
	char *folder = strdup(path), *slash = folder == NULL ? NULL : strrchr(folder, '/');
	int   fd;
	bool  ok;

	if (folder == NULL)
		return err_memory(e);
	if (slash != NULL)
		slash[slash == folder ? 1 : 0] = '\0';
	fd = open(slash != NULL ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ok = fd >= 0 && fsync(fd) == 0;
	if (!ok)
		file_failed(path, e);
	if (fd >= 0)
		close(fd);
	free(folder);
	return ok;
}

static bool
finish_file(struct exporting *x, struct err *e)
{
	struct stat st;

	if (fsync(x->fd) != 0 || fstat(x->fd, &st) != 0)
		return file_failed(x->in->path, e);
	x->made.bytes = (uint64_t)st.st_size;
	return true;
}

/* link(2) never overwrites. */
static bool
name_file(struct exporting *x, struct err *e)
{
	return (link(x->beside, x->in->path) == 0 || file_failed(x->in->path, e)) &&
	       sync_folder(x->in->path, e);
}

/* ---- what goes into it ---- */

static bool
watch(struct exporting *x, struct err *e)
{
	return !x->in->watch(x->in->arg, &x->at) ||
	       err_set(e, ERR_GONE, 0, "The export was stopped; nothing is left of it.", "stopped");
}

static bool
put_table(void *arg, const struct archive_table *t, struct err *e)
{
	struct exporting *x = arg;

	if (t->rows == 0)
		return true;
	x->at.table = t->name;
	return watch(x, e);
}

static bool
put_row(void *arg, const struct blob *values, struct err *e)
{
	struct exporting *x = arg;

	x->at.done++;
	return archive_put(x->writer, values, e) && (x->at.done % WATCH_ROWS != 0 || watch(x, e));
}

static bool
sign_seed(const struct deed_by *by, uint8_t seed[static KEY_LEN], struct err *e)
{
	const struct keyring *k = by->auth->env->keyring;

	return keyring_subkey(k, keyring_newest(k), KEY_AUDIT_SIGN, STR(""), seed, e);
}

/* What the snapshot does not know of itself. */
static bool
fill_head(struct exporting *x, const uint8_t seed[static KEY_LEN], struct err *e)
{
	const struct env           *env = x->by->auth->env;
	const struct archive_table *t = x->head->tables.p;
	uint8_t                     key[ED25519_KEY_LEN];

	if (!ed25519_public(seed, key, e))
		return false;
	x->head->signer = base64_print(x->by->mem, key, sizeof(key));
	x->head->id = uuid_make(env->clock, env->rand);
	x->head->made_by = BSX_VERSION;
	for (size_t i = 0; i < x->head->tables.n; i++)
		x->at.total += t[i].rows;
	return x->head->signer != NULL || err_memory(e);
}

static bool
write_archive(struct exporting *x, struct err *e)
{
	const struct archive_walk w = { .row = put_row, .table = put_table, .arg = x };
	struct archive_make       m = { .lock = x->in->lock, .rand = x->by->auth->env->rand };
	const instant             before = { clock_ms(x->by->auth->env->clock) };
	uint8_t                   seed[KEY_LEN];
	bool                      ok;

	x->snapshot = archive_snapshot_open(x->by->mem, x->by->auth->database, x->by->t, e);
	if (x->snapshot == NULL || !sign_seed(x->by, seed, e))
		return false;
	m.head = x->head = archive_snapshot_head(x->snapshot);
	x->head->made_at = before; /* all that was there then is in it */
	m.fd = x->fd;
	ok = fill_head(x, seed, e) &&
	     (x->writer = archive_writer_make(x->by->mem, &m, e)) != NULL &&
	     archive_snapshot_walk(x->snapshot, &w, e) && archive_end(x->writer, seed, e) &&
	     finish_file(x, e);
	secret_wipe(seed, sizeof(seed));
	return ok;
}

/* ---- who is told of it ---- */

struct export_told {
	const char *slug, *archive, *opened_by, *recipient;
	int64_t     rows, bytes;
};
static const struct field export_told_fields[] = {
	TOLD(struct export_told, slug),
	TOLD(struct export_told, archive),
	TOLD(struct export_told, opened_by),
	TOLD_IF(struct export_told, recipient),
	TOLD(struct export_told, rows),
	TOLD(struct export_told, bytes),
	FIELD_END,
};
static const struct schema export_told =
    SCHEMA("TenantExportTold", struct export_told, export_told_fields);

static bool
tell_in(struct exporting *x, struct tenant_db *t, struct err *e)
{
	const struct archive_made *m = &x->made;
	struct deed_by             by = deed_in(x->by, t);
	char                       id[UUID_TEXT_MAX];
	struct export_told         told = {
			.slug = x->head->slug,
			.archive = id,
			.opened_by = m->opened_by,
			.recipient = *m->recipient != '\0' ? m->recipient : NULL,
			.rows = (int64_t)m->rows_n,
			.bytes = (int64_t)m->bytes,
	};
	struct audit_entry entry = {
		.action = AUDIT_TENANT_EXPORT,
		.actor_name = x->in->actor_name,
		.target_id = m->tenant_id,
	};

	uuid_print(&m->id, id);
	entry.details = audit_details(x->by->mem, &export_told, &told, e);
	return entry.details != NULL && audit_deed(&by, NULL, NULL, &entry, e);
}

/* An installation without a platform tells the tenant alone. */
static bool
tell(struct exporting *x, struct err *e)
{
	struct database     *d = x->by->auth->database;
	const struct tenant *platform;
	struct tenant_db    *t;

	if (!tell_in(x, x->by->t, e))
		return false;
	if (!tenant_by_slug(d, STR(PLATFORM_SLUG), &platform, e))
		return err_take(e, ERR_MISSING);
	if (uuid_eq(&platform->id, &x->made.tenant_id) || !tenant_stands(platform))
		return true;
	return tenant_db_open(d, platform, true, &t, e) && tell_in(x, t, e);
}

static bool
record(struct exporting *x, struct err *e)
{
	const struct lock *l = x->in->lock;

	x->made.id = x->head->id;
	x->made.tenant_id = x->head->tenant_id;
	x->made.made_at = x->head->made_at;
	x->made.made_by = x->in->actor_name;
	x->made.opened_by = l->kind == LOCK_PASSPHRASE ? "passphrase" : "x25519";
	x->made.recipient =
	    l->kind == LOCK_PASSPHRASE ? "" : base64_print(x->by->mem, l->key, sizeof(l->key));
	x->made.rows_n = x->at.done;
	if (x->made.recipient == NULL)
		return err_memory(e);
	return archive_made_add(x->by->auth->database, &x->made, e) && tell(x, e);
}

bool
tenant_export(const struct deed_by *by, const struct tenant_export *in, struct tenant_exported *out,
    struct err *e)
{
	struct exporting x = { .by = by, .in = in, .fd = -1 };
	bool ok = make_file(&x, e) && write_archive(&x, e) && record(&x, e) && name_file(&x, e);

	talloc_free(x.writer);
	talloc_free(x.snapshot);
	if (x.fd >= 0)
		close(x.fd);
	if (x.beside != NULL)
		unlink(x.beside);
	*out = (struct tenant_exported) { x.made.id, x.made.rows_n, x.made.bytes };
	return ok;
}
