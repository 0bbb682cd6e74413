/* bsxctl_archive.h: arguments; and `tenant export`, `archive check`. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "core/archive/stream.h"
#include "core/auth/tenant/tenant_export.h"
#include "core/base/secret.h"
#include "core/store/archive/archive_tables.h"
#include "tools/bsxctl_archive.h"

#define KEY_FILE_MAX 16384

enum { OF_PASSPHRASE = 1, OF_KEY, OF_SIGNER, OF_JSON, OF_GRACE, OF_DRY_RUN, OF_BACK };
static const struct option export_options[] = {
	{ "passphrase-file", required_argument, NULL, OF_PASSPHRASE },
	{ "to", required_argument, NULL, OF_KEY },
	{ "json", no_argument, NULL, OF_JSON },
	{ 0 },
};
const struct option archive_read_options[] = {
	{ "passphrase-file", required_argument, NULL, OF_PASSPHRASE },
	{ "key-file", required_argument, NULL, OF_KEY },
	{ "signer", required_argument, NULL, OF_SIGNER },
	{ "json", no_argument, NULL, OF_JSON },
	{ 0 },
};
const struct option archive_restore_options[] = {
	{ "passphrase-file", required_argument, NULL, OF_PASSPHRASE },
	{ "key-file", required_argument, NULL, OF_KEY },
	{ "grace", required_argument, NULL, OF_GRACE },
	{ "dry-run", no_argument, NULL, OF_DRY_RUN },
	{ "back", no_argument, NULL, OF_BACK },
	{ "json", no_argument, NULL, OF_JSON },
	{ 0 },
};

/* ---- arguments ---- */

static bool
take(struct archive_args *a, int o)
{
	const char **values[] = { NULL, &a->passphrase_file, &a->key_file, &a->signer };

	if (o == OF_JSON)
		return a->json = true;
	if (o == OF_DRY_RUN)
		return a->dry_run = true;
	if (o == OF_BACK)
		return a->back = true;
	if (o == OF_GRACE)
		return str_to_i64(str_of(optarg), &a->grace_s) && a->grace_s >= 0;
	if (o == '?' || *values[o] != NULL) /* unknown, or given twice */
		return false;
	*values[o] = optarg;
	return true;
}

bool
archive_args_take(
    struct archive_args *a, int argc, char **argv, const struct option *options, int operands)
{
	int o;

	a->grace_s = -1;
	while ((o = getopt_long(argc, argv, "", options, NULL)) != -1)
		if (!take(a, o))
			return false;
	operands -= a->back; /* there is no archive */
	if (argc - optind != operands ||
	    (a->passphrase_file != NULL) + (a->key_file != NULL) != (a->back ? 0 : 1))
		return false;
	a->first = argv[optind];
	a->second = operands > 1 ? argv[optind + 1] : NULL;
	return true;
}

int
archive_file(const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		err_set(e, ERR_INVALID, errno, "The archive cannot be read.", "%s: %s", path,
		    strerror(errno));
	return fd;
}

/* ---- who opens it ---- */

static bool
read_key_file(struct ctl *c, const char *path, struct str *pem, struct err *e)
{
	char  *text = secret_alloc(c->mem, KEY_FILE_MAX);
	int    fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t n = 0;
	bool   ok;

	if (text == NULL)
		return err_memory(e);
	if (fd < 0)
		return err_set(e, ERR_INVALID, errno, "The key's file cannot be read.", "%s: %s",
		    path, strerror(errno));
	ok = file_read(fd, text, KEY_FILE_MAX, &n, e);
	close(fd);
	*pem = (struct str) { text, n };
	return ok;
}

static bool
read_passphrase(struct ctl *c, const char *path, struct lock *l, struct err *e)
{
	char *line;

	if (!ctl_password_file(c, path, &line, e))
		return false;
	*l = (struct lock) { .kind = LOCK_PASSPHRASE, .passphrase = str_of(line) };
	return (l->passphrase.n >= LOCK_PASSPHRASE_MIN && l->passphrase.n <= LOCK_PASSPHRASE_MAX) ||
	       err_set(e, ERR_INVALID, 0, "A passphrase has 12 to 1024 bytes.", "%zu bytes",
		   l->passphrase.n);
}

bool
archive_args_lock(
    struct ctl *c, const struct archive_args *a, bool closes, struct lock *l, struct err *e)
{
	struct str pem;

	*l = (struct lock) { .kind = LOCK_X25519 };
	if (a->passphrase_file != NULL)
		return read_passphrase(c, a->passphrase_file, l, e);
	return read_key_file(c, a->key_file, &pem, e) &&
	       (closes ? lock_public_key(pem, l, e) : lock_private_key(pem, l, e));
}

/* ---- export ---- */

static volatile sig_atomic_t stopped;

static void
stop(int signal)
{
	(void)signal;
	stopped = 1;
}

void
archive_stop_by_signal(void)
{
	signal(SIGINT, stop);
	signal(SIGTERM, stop);
}

bool
archive_stopped(void)
{
	return stopped != 0;
}

bool
archive_watch(void *arg, const struct archive_at *at)
{
	const char **told = arg;

	if (at->table != NULL && *told != at->table)
		fprintf(stderr, "%" PRIu64 "/%" PRIu64 " %s\n", at->done, at->total, at->table);
	*told = at->table;
	return archive_stopped();
}

struct exported_seen {
	struct uuid id;
	const char *file;
	uint64_t    rows, bytes;
};
static const struct field exported_fields[] = {
	FIELD(struct exported_seen, id),
	FIELD(struct exported_seen, file),
	FIELD(struct exported_seen, rows),
	FIELD(struct exported_seen, bytes),
	FIELD_END,
};
static const struct schema exported_schema =
    SCHEMA("TenantExported", struct exported_seen, exported_fields);

static bool
show_exported(
    struct ctl *c, const struct archive_args *a, const struct tenant_exported *x, struct err *e)
{
	const struct exported_seen seen = { x->id, a->second, x->rows, x->bytes };
	char                       id[UUID_TEXT_MAX];

	if (a->json)
		return ctl_json(c, &exported_schema, &seen, e);
	uuid_print(&x->id, id);
	ctl_say("exported: archive %s, %" PRIu64 " rows, %" PRIu64 " bytes: %s", id, x->rows,
	    x->bytes, ctl_text(c, a->second));
	return true;
}

static bool
export_tenant(struct ctl *c, const struct archive_args *a, const struct lock *l, struct err *e)
{
	struct auth            auth = { .env = &c->env, .database = c->d };
	struct deed_by         by = { .auth = &auth, .mem = c->mem };
	const char            *told = NULL;
	struct tenant_export   in = { a->second, l, ctl_actor(c), archive_watch, &told };
	struct tenant_exported out;
	const struct tenant   *t;

	if (!tenant_by_slug(c->d, str_of(a->first), &t, e))
		return err_note(e, "tenant %s", ctl_text(c, a->first));
	if (!tenant_stands(t))
		return err_set(e, ERR_CONFLICT, 0, "There is no tenant that stands.",
		    "tenant %s is %s", t->slug, t->status);
	archive_stop_by_signal();
	return tenant_db_open(c->d, t, true, &by.t, e) && tenant_export(&by, &in, &out, e) &&
	       show_exported(c, a, &out, e);
}

int
cmd_tenant_export(struct ctl *c, int argc, char **argv)
{
	struct archive_args a = { .command = "tenant export" };
	struct err          e = { 0 };
	struct lock         l;
	bool                ok;

	if (!archive_args_take(&a, argc, argv, export_options, 2))
		return ctl_usage(a.command, false);
	if (!archive_args_lock(c, &a, true, &l, &e))
		return ctl_misused(c, a.command, &e);
	ok = ctl_open(c, &e) && export_tenant(c, &a, &l, &e);
	return ok ? 0 : ctl_failed(&e);
}

/* ---- check ---- */

static bool
read_rows(struct archive_reader *r, struct err *e)
{
	const struct archive_table *t;
	struct blob                *values;
	bool                        ok;

	do {
		TALLOC_CTX *row = talloc_new(r);

		ok = archive_get(r, row, &t, &values, e);
		talloc_free(row);
	} while (ok && t != NULL);
	return ok && archive_read_end(r, e);
}

static void
say_archive(struct ctl *c, const struct archive_head *h)
{
	const struct archive_table *t = h->tables.p;
	char                        id[UUID_TEXT_MAX], made[TIME_TEXT_MAX];

	uuid_print(&h->id, id);
	time_print(h->made_at.ms, made);
	for (size_t i = 0; i < h->tables.n; i++)
		ctl_say("%12" PRIu64 "  %s", t[i].rows, ctl_text(c, t[i].name));
	ctl_say("archive %s of tenant %s (%s), as it was %s", id, ctl_text(c, h->slug),
	    ctl_text(c, h->name), made);
	ctl_say("made by version %s, schema version %" PRId64, ctl_text(c, h->made_by),
	    h->schema_version);
	ctl_say("signed by %s", ctl_text(c, h->signer));
}

static bool
check_archive(struct ctl *c, const struct archive_args *a, int fd, struct err *e)
{
	struct archive_reader     *r;
	const struct archive_head *h;
	struct lock                l;

	if (!archive_args_lock(c, a, false, &l, e) ||
	    (r = archive_reader_make(c->mem, fd, &l, e)) == NULL)
		return false;
	h = archive_head(r);
	if ((a->signer != NULL && !archive_signer_is(h, a->signer, e)) ||
	    !archive_head_check(h, e) || !read_rows(r, e))
		return false;
	if (a->json)
		return ctl_json(c, &archive_head_schema, h, e);
	say_archive(c, h);
	ctl_say("ok: it is whole, and as it was sealed");
	return true;
}

int
cmd_archive_check(struct ctl *c, int argc, char **argv)
{
	struct archive_args a = { .command = "archive check" };
	struct err          e = { 0 };
	bool                ok;
	int                 fd;

	if (!archive_args_take(&a, argc, argv, archive_read_options, 1))
		return ctl_usage(a.command, false);
	fd = archive_file(a.first, &e);
	if (fd < 0)
		return ctl_failed(&e);
	ok = check_archive(c, &a, fd, &e);
	close(fd);
	return ok ? 0 : ctl_failed(&e);
}
