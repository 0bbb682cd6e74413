/* bsxctl_archive.h: `tenant import`. */
#include <inttypes.h>
#include <unistd.h>

#include "core/auth/audit_details.h"
#include "core/auth/tenant/tenant_import.h"
#include "tools/bsxctl_archive.h"

struct imported_seen {
	struct uuid id, archive;
	const char *slug;
	uint64_t    rows;
};
static const struct field imported_fields[] = {
	FIELD(struct imported_seen, id),
	FIELD(struct imported_seen, slug),
	FIELD(struct imported_seen, archive),
	FIELD(struct imported_seen, rows),
	FIELD_END,
};
static const struct schema imported_schema =
    SCHEMA("TenantImported", struct imported_seen, imported_fields);

/* Its entry has the tenant's number. */
static bool
audit(struct ctl *c, const struct imported_seen *seen, struct err *e)
{
	struct audit_entry entry = {
		.id = seen->id, .action = AUDIT_TENANT_IMPORT, .target_id = seen->id
	};

	entry.details = audit_details(c->mem, &imported_schema, seen, e);
	return entry.details != NULL && ctl_audit(c, &entry, e);
}

static bool
show(struct ctl *c, const struct archive_args *a, const struct imported_seen *seen, struct err *e)
{
	char archive[UUID_TEXT_MAX];

	if (a->json)
		return ctl_json(c, &imported_schema, seen, e);
	uuid_print(&seen->archive, archive);
	ctl_say("imported: archive %s, %" PRIu64 " rows, as tenant %s", archive, seen->rows,
	    ctl_text(c, seen->slug));
	ctl_say("channels are paused, and sources that are collected do not run by themselves: see "
		"to them, and to API keys, of which it has none");
	return true;
}

static bool
import(struct ctl *c, const struct archive_args *a, const struct lock *l, int fd, struct err *e)
{
	struct auth            auth = { .env = &c->env, .database = c->d };
	struct deed_by         by = { .auth = &auth, .mem = c->mem };
	const char            *told = NULL;
	const struct provision p = { c->prov, c->d, &c->env };
	struct tenant_import   in = { &p, { fd, l, a->signer, archive_watch, &told }, a->second,
		  ctl_actor(c) };
	struct tenant_imported out;
	struct imported_seen   seen;

	archive_stop_by_signal();
	if (!tenant_import(&by, &in, &out, e))
		return false;
	seen = (struct imported_seen) { out.id, out.archive, a->second, out.rows };
	return audit(c, &seen, e) && show(c, a, &seen, e);
}

int
cmd_tenant_import(struct ctl *c, int argc, char **argv)
{
	struct archive_args a = { .command = "tenant import" };
	struct err          e = { 0 };
	struct lock         l;
	bool                ok;
	int                 fd;

	if (!archive_args_take(&a, argc, argv, archive_read_options, 2))
		return ctl_usage(a.command, false);
	if (!archive_args_lock(c, &a, false, &l, &e) || !provision_check_slug(a.second, &e))
		return ctl_misused(c, a.command, &e);
	fd = archive_file(a.first, &e);
	if (fd < 0)
		return ctl_failed(&e);
	ok = ctl_open(c, &e) && ctl_alone(c, &e) && ctl_provision(c, &e) &&
	     import(c, &a, &l, fd, &e);
	close(fd);
	return ok ? 0 : ctl_failed(&e);
}
