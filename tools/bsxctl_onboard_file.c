/* bsxctl_onboard.h: the table of customers, and what is wrong with a line by itself. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/auth/access.h"
#include "core/auth/ident.h"
#include "core/base/csv.h"
#include "core/base/unicode.h"
#include "core/store/server/provision.h"
#include "drift/template/consent.h"
#include "tools/bsxctl_onboard.h"

void
onboard_bad_line(struct onboard *o, uint64_t line, const char *column, const char *why)
{
	fprintf(stderr, "%s:%llu: %s%s%s\n", ctl_text(o->c, o->file), (unsigned long long)line,
	    column != NULL ? ctl_text(o->c, column) : "", column != NULL ? ": " : "",
	    ctl_text(o->c, why));
	o->faults++;
}

/* ---- its columns ---- */

struct line {
	struct onboard  *o;
	struct customer *x;
	TALLOC_CTX      *mem;
};
/* Keeps what stands there, or fails with a sentence. */
typedef bool   cell_fn(struct line *l, const char *text, struct err *e);
static cell_fn take_slug, take_name, take_admin, take_admin_name, take_directory, take_packs,
    take_templates;

static const struct column {
	const char *name;
	cell_fn    *take;
	bool        optional;
} columns[] = {
	{ "slug", take_slug, false },
	{ "name", take_name, false },
	{ "admin", take_admin, false },
	{ "directory", take_directory, false },
	{ "packs", take_packs, false },
	{ "admin_name", take_admin_name, true },
	{ "templates", take_templates, true },
};
#define COLUMNS   (sizeof(columns) / sizeof(columns[0]))
#define NOT_THERE CSV_FIELDS_MAX

static bool
is_wrong(struct err *e, const char *why)
{
	return err_set(e, ERR_INVALID, 0, why, "a wrong cell");
}

static bool
take_slug(struct line *l, const char *text, struct err *e)
{
	if (!tenant_slug(l->mem, str_of(text), &l->x->slug, e) ||
	    !provision_check_slug(l->x->slug, e))
		return false;
	return strcmp(l->x->slug, PLATFORM_SLUG) != 0 ||
	       is_wrong(e, "The platform is no customer.");
}

static bool
take_text_name(struct line *l, const char *text, const char **out, struct err *e)
{
	struct str kept;

	if (!unicode_name(l->mem, str_of(text), TENANT_NAME_MAX, &kept, e))
		return false;
	*out = kept.p;
	return true;
}

static bool
take_name(struct line *l, const char *text, struct err *e)
{
	return take_text_name(l, text, &l->x->name, e);
}

static bool
take_admin_name(struct line *l, const char *text, struct err *e)
{
	return *text == '\0' || take_text_name(l, text, &l->x->admin_name, e);
}

static bool
take_admin(struct line *l, const char *text, struct err *e)
{
	return ident_new_email(l->mem, str_trim(str_of(text)), &l->x->admin, e);
}

static bool
take_directory(struct line *l, const char *text, struct err *e)
{
	l->x->directory = str_dup(l->mem, str_trim(str_of(text)));
	if (l->x->directory == NULL)
		return err_memory(e);
	return directory_is(l->x->directory) ||
	       is_wrong(e, "must be the directory (tenant) ID of its overview page, or one of its "
			   "domains.");
}

/* Words with | between. */
static bool
take_list(struct line *l, const char *text, struct strings *out, struct err *e)
{
	const char **items = talloc_array(l->mem, const char *, CUSTOMER_LISTS_MAX);
	struct str   rest = str_of(text), one;

	if (items == NULL)
		return err_memory(e);
	*out = (struct strings) { items, 0 };
	while (rest.n > 0) {
		rest = str_cut(rest, '|', &one);
		one = str_trim(one);
		if (one.n == 0)
			continue;
		if (out->n == CUSTOMER_LISTS_MAX)
			return is_wrong(e, "has more than 8 words.");
		items[out->n] = str_dup(l->mem, one);
		if (items[out->n] == NULL)
			return err_memory(e);
		if (strings_have(*out, items[out->n]))
			return is_wrong(e, "has a word twice.");
		out->n++;
	}
	return true;
}

static bool
take_packs(struct line *l, const char *text, struct err *e)
{
	return take_list(l, text, &l->x->packs, e) &&
	       (l->x->packs.n > 0 || is_wrong(e, "names no source pack (entra)."));
}

static bool
take_templates(struct line *l, const char *text, struct err *e)
{
	return take_list(l, text, &l->x->templates, e);
}

/* ---- its first line ---- */

static size_t
column_named(const char *text)
{
	const struct str name = str_trim(str_of(text));

	for (size_t i = 0; i < COLUMNS; i++)
		if (str_caseeqz(name, columns[i].name))
			return i;
	return COLUMNS;
}

/* at[i]: where a column stands. */
static void
read_header(struct onboard *o, const struct csv_record *r, size_t at[static COLUMNS])
{
	for (size_t i = 0; i < COLUMNS; i++)
		at[i] = NOT_THERE;
	for (size_t i = 0; i < r->n; i++) {
		const size_t k = column_named(r->fields[i]);

		if (k == COLUMNS)
			onboard_bad_line(o, r->line, r->fields[i],
			    "There is no such column: see bsxctl(1) for those that there are.");
		else if (at[k] != NOT_THERE)
			onboard_bad_line(
			    o, r->line, columns[k].name, "This column is there twice.");
		else
			at[k] = i;
	}
	for (size_t i = 0; i < COLUMNS; i++)
		if (at[i] == NOT_THERE && !columns[i].optional)
			onboard_bad_line(o, r->line, columns[i].name,
			    "This column is missing. The first line names the columns.");
}

/* ---- its other lines ---- */

/* A cell that is wrong is told; *e is what is wrong elsewhere. */
static bool
read_cell(struct line *l, const struct column *k, const char *text, struct err *e)
{
	struct err why = { 0 };

	if (k->take(l, text, &why))
		return true;
	if (why.code != ERR_INVALID) {
		*e = why;
		return false;
	}
	onboard_bad_line(l->o, l->x->line, k->name, why.pub);
	return true;
}

static bool
read_customer(
    struct onboard *o, const struct csv_record *r, const size_t *at, size_t width, struct err *e)
{
	struct customer *x = &o->all[o->n++];
	struct line      l = { o, x, o->c->mem };

	*x = (struct customer) { .line = r->line };
	if (r->n != width) {
		onboard_bad_line(
		    o, r->line, NULL, "This line has not as many fields as the first.");
		return true;
	}
	for (size_t i = 0; i < COLUMNS; i++)
		if (at[i] != NOT_THERE && !read_cell(&l, &columns[i], r->fields[at[i]], e))
			return false;
	if (x->admin_name == NULL)
		x->admin_name = x->admin;
	return true;
}

/* Two of one customer. */
static void
check_twice(struct onboard *o)
{
	for (size_t i = 0; i < o->n; i++)
		for (size_t j = 0; j < i; j++) {
			const struct customer *x = &o->all[i], *was = &o->all[j];
			char                   why[80];

			if (x->slug == NULL || was->slug == NULL || x->directory == NULL ||
			    was->directory == NULL)
				continue;
			snprintf(why, sizeof(why), "Line %llu has the same.",
			    (unsigned long long)was->line);
			if (strcmp(x->slug, was->slug) == 0)
				onboard_bad_line(o, x->line, "slug", why);
			else if (strcasecmp(x->directory, was->directory) == 0)
				onboard_bad_line(o, x->line, "directory", why);
		}
}

static bool
read_lines(struct onboard *o, struct csv *table, struct err *e)
{
	struct csv_record r;
	struct err        why = { 0 };
	size_t            at[COLUMNS], width = 0;

	for (;;) {
		if (!csv_next(table, o->c->mem, &r, &why)) {
			if (why.code != ERR_INVALID) {
				*e = why;
				return false;
			}
			onboard_bad_line(o, r.line, NULL, why.pub);
			if (width == 0)
				return true; /* nobody knows the columns */
			err_clear(&why);
			continue;
		}
		if (r.n == 0)
			return true;
		if (width == 0) {
			width = r.n;
			read_header(o, &r, at);
			if (o->faults > 0)
				return true;
		} else if (o->n == CUSTOMERS_MAX) {
			return err_set(e, ERR_INVALID, 0, "A file has at most 1000 customers.",
			    "CUSTOMERS_MAX");
		} else if (!read_customer(o, &r, at, width, e)) {
			return false;
		}
	}
}

/* ---- the file ---- */

static bool
read_text(struct onboard *o, struct str *out, struct err *e)
{
	const int fd = open(o->file, O_RDONLY | O_CLOEXEC);
	char     *text = talloc_size(o->c->mem, CUSTOMERS_BYTES + 1);
	size_t    n = 0;
	ssize_t   got = 1;

	if (fd < 0 || text == NULL)
		return err_set(e, ERR_INVALID, errno, "The customers' file cannot be read.",
		    "%s: %s", ctl_text(o->c, o->file), strerror(errno));
	while (got > 0 && n <= CUSTOMERS_BYTES) {
		got = read(fd, text + n, CUSTOMERS_BYTES + 1 - n);
		n += got > 0 ? (size_t)got : 0;
	}
	close(fd);
	*out = (struct str) { text, n };
	return (got == 0 && n <= CUSTOMERS_BYTES) ||
	       err_set(e, ERR_INVALID, 0,
		   "The customers' file cannot be read, or has more than 2 MiB.", "%s",
		   ctl_text(o->c, o->file));
}

bool
onboard_file(struct onboard *o, struct err *e)
{
	struct csv table;
	struct str text;

	o->all = talloc_zero_array(o->c->mem, struct customer, CUSTOMERS_MAX);
	if (o->all == NULL)
		return err_memory(e);
	if (!read_text(o, &text, e) || !csv_open(&table, text, e) || !read_lines(o, &table, e))
		return false;
	check_twice(o);
	return o->n > 0 || o->faults > 0 ||
	       err_set(e, ERR_INVALID, 0, "There is no customer in the file.", "%s",
		   ctl_text(o->c, o->file));
}
