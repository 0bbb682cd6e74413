/* bsxctl_archive.h: `tenant restore`. */
#include <inttypes.h>
#include <unistd.h>

#include "core/auth/audit_details.h"
#include "core/auth/tenant/tenant_life.h"
#include "core/auth/tenant/tenant_restore.h"
#include "tools/bsxctl_archive.h"

struct restored_seen {
	struct uuid  id;
	const char  *slug;
	struct uuid  archive;
	instant      as_of;
	uint64_t     rows;
	bool         restored; /* false: it was only looked what would be lost */
	bool         back;     /* to what it was before it was restored from that archive */
	struct items lost;
	int64_t      lost_snapshots, lost_alerts, out_ms;
	const char  *former_schema;
};
static const struct field restored_fields[] = {
	FIELD(struct restored_seen, id),
	FIELD(struct restored_seen, slug),
	FIELD(struct restored_seen, archive),
	FIELD(struct restored_seen, as_of),
	FIELD(struct restored_seen, rows),
	FIELD(struct restored_seen, restored),
	FIELD(struct restored_seen, back, .flags = FIELD_OMIT_ZERO),
	FIELD(struct restored_seen, lost, .item = &since_deed_schema),
	FIELD(struct restored_seen, lost_snapshots),
	FIELD(struct restored_seen, lost_alerts),
	FIELD(struct restored_seen, out_ms),
	FIELD(struct restored_seen, former_schema),
	FIELD_END,
};
static const struct schema restored_schema =
    SCHEMA("TenantRestored", struct restored_seen, restored_fields);

struct restored_told {
	struct uuid archive;
	instant     as_of;
	uint64_t    rows;
	bool        back;
};
static const struct field told_fields[] = {
	FIELD(struct restored_told, archive),
	FIELD(struct restored_told, as_of),
	FIELD(struct restored_told, rows),
	FIELD(struct restored_told, back, .flags = FIELD_OMIT_ZERO),
	FIELD_END,
};
static const struct schema told_schema =
    SCHEMA("TenantRestoredTold", struct restored_told, told_fields);

static bool
audit(struct ctl *c, const struct restored_seen *seen, struct err *e)
{
	const struct restored_told told = { seen->archive, seen->as_of, seen->rows, seen->back };
	struct audit_entry entry = { .action = AUDIT_TENANT_RESTORE, .target_id = seen->id };

	entry.details = audit_details(c->mem, &told_schema, &told, e);
	return entry.details != NULL && ctl_audit(c, &entry, e);
}

static void
say_lost(struct ctl *c, const struct restored_seen *seen)
{
	const struct since_deed *d = seen->lost.p;
	char                     as_of[TIME_TEXT_MAX];

	time_print(seen->as_of.ms, as_of);
	for (size_t i = 0; i < seen->lost.n; i++)
		ctl_say("%12" PRId64 "  %s", d[i].count, ctl_text(c, d[i].action));
	ctl_say("%s since %s: these deeds, %" PRId64 " snapshots, %" PRId64 " alerts",
	    seen->restored ? "undone" : "would be undone", as_of, seen->lost_snapshots,
	    seen->lost_alerts);
}

static bool
show(struct ctl *c, const struct archive_args *a, const struct restored_seen *seen, struct err *e)
{
	char archive[UUID_TEXT_MAX];

	if (a->json)
		return ctl_json(c, &restored_schema, seen, e);
	say_lost(c, seen);
	if (!seen->restored) {
		ctl_say("nothing was done");
		return true;
	}
	uuid_print(&seen->archive, archive);
	ctl_say("restored: tenant %s %s archive %s, %" PRIu64 " rows; out of use for %" PRId64
		" ms",
	    ctl_text(c, seen->slug), seen->back ? "to what it was before" : "from", archive,
	    seen->rows, seen->out_ms);
	ctl_say(
	    "people sign in anew; channels are paused, sources that are collected do not run by "
	    "themselves, and it has %s API keys",
	    seen->back ? "its former" : "no");
	return true;
}

static bool
restore_tenant(
    struct ctl *c, const struct archive_args *a, const struct lock *l, int fd, struct err *e)
{
	struct auth            auth = { .env = &c->env, .database = c->d };
	struct deed_by         by = { .auth = &auth, .mem = c->mem };
	const struct provision p = { c->prov, c->d, &c->env };
	const char            *told = NULL;
	struct tenant_restore  in = {
		 .p = &p,
		 .from = { fd, l, NULL, archive_watch, &told },
		 .grace_s = a->grace_s >= 0 ? a->grace_s : c->conf->tenants_grace_s,
		 .actor_name = ctl_actor(c),
		 .dry_run = a->dry_run,
	};
	struct tenant_restored out;
	struct restored_seen   seen;
	const struct tenant   *t;

	if (!tenant_by_slug(c->d, str_of(a->first), &t, e))
		return err_note(e, "tenant %s", ctl_text(c, a->first));
	archive_stop_by_signal();
	if (!tenant_stands(t))
		return err_set(e, ERR_CONFLICT, 0, "There is no tenant that stands.",
		    "tenant %s is %s", t->slug, t->status);
	if (!tenant_db_open(c->d, t, true, &by.t, e) ||
	    !(a->back ? tenant_back : tenant_restore)(&by, &in, &out, e))
		return false;
	seen = (struct restored_seen) {
		.id = out.id,
		.slug = t->slug,
		.archive = out.archive,
		.as_of = out.made_at,
		.rows = out.rows,
		.restored = !a->dry_run,
		.back = a->back,
		.lost = out.lost.deeds,
		.lost_snapshots = out.lost.snapshots,
		.lost_alerts = out.lost.alerts,
		.out_ms = out.out_ms,
		.former_schema = out.schema_name,
	};
	return (a->dry_run || audit(c, &seen, e)) && show(c, a, &seen, e);
}

int
cmd_tenant_restore(struct ctl *c, int argc, char **argv)
{
	struct archive_args a = { .command = "tenant restore" };
	struct err          e = { 0 };
	struct lock         l = { 0 };
	bool                ok;
	int                 fd = -1;

	if (!archive_args_take(&a, argc, argv, archive_restore_options, 2) ||
	    a.grace_s > TENANT_GRACE_MAX)
		return ctl_usage(a.command, false);
	if (!a.back && !archive_args_lock(c, &a, false, &l, &e))
		return ctl_misused(c, a.command, &e);
	if (!a.back && (fd = archive_file(a.second, &e)) < 0)
		return ctl_failed(&e);
	ok = ctl_open(c, &e) && ctl_alone(c, &e) && ctl_provision(c, &e) &&
	     restore_tenant(c, &a, &l, fd, &e);
	if (fd >= 0)
		close(fd);
	return ok ? 0 : ctl_failed(&e);
}
