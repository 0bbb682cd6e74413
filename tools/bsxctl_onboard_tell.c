/* bsxctl_onboard.h: what is told of each customer, to people, as JSON, or in a file. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/bsxctl_onboard.h"

#define TELL_NS INT64_C(1000000000)

/* ---- the file: there when it is whole, and never in the place of another ---- */

static bool
is_there(const struct onboard *o, int sys, struct err *e)
{
	return err_set(e, ERR_CONFLICT, sys,
	    sys == EEXIST ? "The file of --out is there already, and is not overwritten."
			  : "The file of --out cannot be written.",
	    "%s: %s", ctl_text(o->c, o->out), strerror(sys));
}

bool
onboard_tell_begin(const struct onboard *o, struct err *e)
{
	struct stat st;

	return o->out == NULL || lstat(o->out, &st) != 0 || is_there(o, EEXIST, e);
}

static bool
write_all(int fd, struct str s)
{
	while (s.n > 0) {
		const ssize_t n = write(fd, s.p, s.n);

		if (n <= 0)
			return false;
		s.p += n;
		s.n -= (size_t)n;
	}
	return fsync(fd) == 0;
}

static bool
write_file(const struct onboard *o, struct str text, struct err *e)
{
	char *draft = talloc_asprintf(o->c->mem, "%s.XXXXXX", o->out);
	int   fd = draft == NULL ? -1 : mkstemp(draft);
	bool  ok;

	if (fd < 0)
		return is_there(o, errno, e);
	ok = write_all(fd, text) && link(draft, o->out) == 0;
	if (!ok)
		is_there(o, errno, e);
	close(fd);
	unlink(draft);
	return ok;
}

/* ---- one customer ---- */

static const struct field customer_fields[] = {
	FIELD(struct customer, line),
	FIELD(struct customer, slug),
	FIELD(struct customer, name),
	FIELD(struct customer, admin),
	FIELD(struct customer, directory),
	FIELD(struct customer, packs),
	FIELD(struct customer, state),
	FIELD(struct customer, made),
	FIELD(struct customer, link, .flags = FIELD_NULLABLE),
	FIELD(struct customer, ends_at, .flags = FIELD_NULLABLE),
	FIELD(struct customer, missing),
	FIELD_END,
};
static const struct schema customer_schema =
    SCHEMA("OnboardCustomer", struct customer, customer_fields);

static void
put_cells(struct buf *b, const char *const *cells, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_putc(b, ',');
		buf_csv(b, str_of(cells[i] != NULL ? cells[i] : ""));
	}
	buf_puts(b, "\r\n");
}

static void
put_row(struct onboard *o, struct buf *b, const struct customer *x)
{
	char        until[TIME_TEXT_MAX] = "";
	struct buf  missing;
	const char *cells[] = { x->slug, x->name, x->admin, x->directory, x->state, x->link, until,
		NULL };
	struct err  none = { 0 };

	if (x->ends_at.ms != 0)
		time_print(x->ends_at.ms, until);
	buf_make(&missing, o->c->mem);
	for (size_t i = 0; i < x->missing.n; i++) {
		buf_puts(&missing, i > 0 ? " " : "");
		buf_puts(&missing, x->missing.items[i]);
	}
	cells[7] = buf_text(&missing, &none);
	put_cells(b, cells, 8);
}

static void
put_text(struct onboard *o, struct buf *b, const struct customer *x)
{
	char until[TIME_TEXT_MAX];

	buf_printf(b, "%s: %s%s", x->slug, x->state, x->made ? " (the tenant was made)" : "");
	if (x->ends_at.ms != 0) {
		time_print(x->ends_at.ms, until);
		buf_printf(b, ", until %s", until);
	}
	buf_putc(b, '\n');
	if (x->link != NULL)
		buf_printf(b, "    %s\n", x->link);
	for (size_t i = 0; i < x->missing.n; i++)
		buf_printf(b, "    %s\n", ctl_text(o->c, x->missing.items[i]));
}

static bool
put(struct onboard *o, struct buf *b, const struct customer *x, struct err *e)
{
	if (o->json) {
		if (!schema_encode(b, &customer_schema, x, e))
			return false;
		buf_putc(b, '\n');
	} else if (o->out != NULL) {
		put_row(o, b, x);
	} else {
		put_text(o, b, x);
	}
	return true;
}

/* ---- all of them ---- */

void
onboard_tell_progress(struct onboard *o, size_t i)
{
	const int64_t now = clock_ns(o->c->env.clock);

	if (i == 0)
		o->told_ns = now;
	if (now - o->told_ns < TELL_NS)
		return;
	o->told_ns = now;
	fprintf(stderr, "%zu/%zu %s\n", i, o->n, o->all[i].slug);
}

static const char *const states[] = { ONBOARD_NEW, ONBOARD_UNLINKED, ONBOARD_LINK, ONBOARD_CHECKING,
	ONBOARD_CONSENTED, ONBOARD_WATCHED, ONBOARD_BLOCKED, ONBOARD_FAILED };

static size_t
count(const struct onboard *o, const char *state)
{
	size_t n = 0;

	for (size_t i = 0; i < o->n; i++)
		n += strcmp(o->all[i].state, state) == 0;
	return n;
}

static void
tell_sum(const struct onboard *o)
{
	fprintf(stderr, "%zu customers:", o->n);
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (count(o, states[i]) > 0)
			fprintf(stderr, " %zu %s", count(o, states[i]), states[i]);
	fprintf(stderr, "%s\n", o->dry_run ? " (nothing was made)" : "");
}

bool
onboard_tell(struct onboard *o, bool *well, struct err *e)
{
	static const char *const head[] = { "slug", "name", "admin", "directory", "state", "link",
		"until", "missing" };
	struct buf               b;

	buf_make(&b, o->c->mem);
	if (o->out != NULL && !o->json)
		put_cells(&b, head, 8);
	for (size_t i = 0; i < o->n; i++)
		if (!put(o, &b, &o->all[i], e))
			return false;
	if (!buf_ok(&b))
		return err_memory(e);
	*well = count(o, ONBOARD_BLOCKED) + count(o, ONBOARD_FAILED) == 0;
	tell_sum(o);
	if (o->out != NULL)
		return write_file(o, buf_str(&b), e);
	return fwrite(b.p, 1, b.n, stdout) == b.n ||
	       err_set(
		   e, ERR_INTERNAL, 0, "The answer could not be written: run it again.", "stdout");
}
