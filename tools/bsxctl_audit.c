/* bsxctl.h: `audit verify` and `audit export`. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/auth/audit_closed.h"
#include "core/auth/audit_read.h"
#include "core/auth/audit_show.h"
#include "core/auth/audit_verify.h"
#include "tools/bsxctl.h"

/* ---- verify ---- */

/* Chains that were closed: of archives that the tenant came from. */
static bool
verify_closed(struct ctl *c, const struct deed_by *by, const struct tenant *t)
{
	struct audit_closed_flaw flaw;
	struct audit_closed      at;
	struct err               e = { 0 };
	uint64_t                 n;

	if (!audit_closed_verify(by, &n, &at, &flaw, &e))
		ctl_say("WRONG %s: %s (%s)", t->slug, e.pub, ctl_text(c, e.detail));
	else if (flaw.fault != AUDIT_FITS)
		ctl_say("WRONG %s: closed chain %llu, entry %llu: %s", t->slug,
		    (unsigned long long)at.chain, (unsigned long long)flaw.at,
		    audit_fault_sentence(flaw.fault));
	else if (n > 0)
		ctl_say("ok    %s: %llu entries of closed chains", t->slug, (unsigned long long)n);
	return e.code == ERR_OK && flaw.fault == AUDIT_FITS;
}

static bool
verify_one(struct ctl *c, const struct tenant *t)
{
	const struct audit_part whole = { 0 };
	struct auth             a = { .env = &c->env, .database = c->d };
	struct err              e = { 0 };
	struct deed_by          by = { .auth = &a, .mem = c->mem };
	struct audit_verdict    v;

	if (!tenant_db_open(c->d, t, true, &by.t, &e) || !audit_verify(&by, &whole, NULL, &v, &e)) {
		ctl_say("WRONG %s: %s (%s)", t->slug, e.pub, ctl_text(c, e.detail));
		return false;
	}
	if (v.fault == AUDIT_FITS && v.head.floor > 0)
		ctl_say("ok    %s: %llu entries; those up to %llu were deleted by age", t->slug,
		    (unsigned long long)v.entries, (unsigned long long)v.head.floor);
	else if (v.fault == AUDIT_FITS)
		ctl_say("ok    %s: %llu entries", t->slug, (unsigned long long)v.entries);
	else if (v.broken == 0)
		ctl_say("WRONG %s: %s", t->slug, audit_fault_sentence(v.fault));
	else
		ctl_say("WRONG %s: entry %llu: %s", t->slug, (unsigned long long)v.broken,
		    audit_fault_sentence(v.fault));
	if (v.fault == AUDIT_FITS && !verify_closed(c, &by, t))
		v.fault = AUDIT_ALTERED;
	database_tidy(c->d);
	return v.fault == AUDIT_FITS;
}

static bool
verify_named(struct ctl *c, const char *slug, bool *good, struct err *e)
{
	const struct tenant *t;

	if (!tenant_by_slug(c->d, str_of(slug), &t, e))
		return err_note(e, "tenant %s", ctl_text(c, slug));
	*good = verify_one(c, t);
	return true;
}

static bool
verify_all(struct ctl *c, bool *good, struct err *e)
{
	struct uuid    last = { 0 };
	struct tenant *list;
	size_t         n = TENANT_PAGE;

	while (n == TENANT_PAGE) {
		if (!tenant_list(c->d, c->mem, &last, &list, &n, e))
			return false;
		for (size_t i = 0; i < n; i++) {
			last = list[i].id;
			if (tenant_stands(&list[i]))
				*good &= verify_one(c, &list[i]);
		}
	}
	return true;
}

int
cmd_audit_verify(struct ctl *c, int argc, char **argv)
{
	const char *slug = argc == 2 ? argv[1] : NULL;
	struct err  e = { 0 };
	bool        good = true;

	if (argc > 2 || (slug != NULL && *slug == '-'))
		return ctl_usage("audit verify", false);
	if (!ctl_open(c, &e) ||
	    !(slug != NULL ? verify_named(c, slug, &good, &e) : verify_all(c, &good, &e)))
		return ctl_failed(&e);
	return good ? 0 : 1;
}

/* ---- export ---- */

/* A trail names people: its file is for who made it, and replaces none. */
static bool
open_file(struct ctl *c, const char *path, FILE **out, struct err *e)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	*out = fd >= 0 ? fdopen(fd, "w") : NULL;
	return *out != NULL || err_set(e, ERR_INVALID, errno,
				   errno == EEXIST ? "The file is there already: name another."
						   : "The file cannot be made.",
				   "%s: %s", ctl_text(c, path), strerror(errno));
}

/* *more false: that was all. */
static bool
write_part(const struct deed_by *by, struct audit_export *x, FILE *to, bool *more, struct err *e)
{
	struct deed_by part = *by;
	struct buf     b;
	bool           ok;

	part.mem = talloc_new(by->mem);
	if (part.mem == NULL)
		return err_memory(e);
	buf_make(&b, part.mem);
	ok = audit_export_lines(&part, x, &b, e);
	if (ok && b.n > 0 && fwrite(b.p, 1, b.n, to) != b.n)
		ok = err_set(e, ERR_INTERNAL, errno, "The trail could not be written whole.", "%s",
		    strerror(errno));
	*more = ok && b.n > 0;
	talloc_free(part.mem);
	return ok;
}

static bool
write_all(struct ctl *c, const struct tenant *t, FILE *to, struct err *e)
{
	const struct audit_filter all = { 0 };
	struct auth               a = { .env = &c->env, .database = c->d };
	struct deed_by            by = { .auth = &a, .mem = c->mem };
	struct audit_export       x = { .actor_name = ctl_actor(c) };
	bool                      more = true;

	if (!tenant_db_open(c->d, t, true, &by.t, e) || !audit_export_begin(&by, &all, &x, e))
		return false;
	while (more)
		if (!write_part(&by, &x, to, &more, e))
			return false;
	return fflush(to) == 0 ||
	       err_set(e, ERR_INTERNAL, errno, "The trail could not be written whole.", "%s",
		   strerror(errno));
}

/* What is not whole is taken away again: it would look like a trail with its end cut off. */
static bool
export_to(struct ctl *c, const struct tenant *t, const char *path, struct err *e)
{
	FILE *to = stdout;
	bool  ok;

	if (path != NULL && !open_file(c, path, &to, e))
		return false;
	ok = write_all(c, t, to, e);
	if (path == NULL)
		return ok;
	if (fclose(to) != 0 && ok)
		ok = err_set(e, ERR_INTERNAL, errno, "The trail could not be written whole.", "%s",
		    strerror(errno));
	if (!ok)
		(void)unlink(path);
	return ok;
}

int
cmd_audit_export(struct ctl *c, int argc, char **argv)
{
	struct err           e = { 0 };
	const struct tenant *t;

	if (argc < 2 || argc > 3 || *argv[1] == '-' || (argc == 3 && *argv[2] == '-'))
		return ctl_usage("audit export", false);
	if (!ctl_open(c, &e))
		return ctl_failed(&e);
	if (!tenant_by_slug(c->d, str_of(argv[1]), &t, &e)) {
		err_note(&e, "tenant %s", ctl_text(c, argv[1]));
		return ctl_failed(&e);
	}
	return export_to(c, t, argc == 3 ? argv[2] : NULL, &e) ? 0 : ctl_failed(&e);
}
