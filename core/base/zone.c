#include "core/base/zone.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/zone_rule.h"

#define FILE_MAX  (64 * 1024) /* the longest that is known has 3.5 kB */
#define HEAD      44
#define LAST_YEAR 2200
#define FAR_S     (2 * 86400) /* from one change of the clock to where it is over */

struct change {
	int64_t at;
	int32_t offset; /* from then on */
};
struct zone {
	int32_t        first; /* before all changes */
	struct change *changes;
	size_t         n;
};

/* ---- the file ---- */

static int64_t
big_endian(const char *p, size_t bytes)
{
	uint64_t v = (unsigned char)p[0] & 0x80 ? UINT64_MAX : 0;

	for (size_t i = 0; i < bytes; i++)
		v = v << 8 | (unsigned char)p[i];
	return (int64_t)v;
}

/* The six counts of a head (RFC 8536, section 3.1), in its order. */
struct counts {
	int64_t isut, isstd, leap, time, type, chars;
};

static bool
read_head(struct str s, struct counts *c)
{
	int64_t *all[] = { &c->isut, &c->isstd, &c->leap, &c->time, &c->type, &c->chars };

	if (s.n < HEAD || memcmp(s.p, "TZif", 4) != 0 || s.p[4] < '2')
		return false;
	for (size_t i = 0; i < 6; i++) {
		*all[i] = big_endian(s.p + 20 + 4 * i, 4);
		if (*all[i] < 0 || *all[i] > FILE_MAX)
			return false;
	}
	return c->type > 0;
}

static size_t
block_size(const struct counts *c, size_t width)
{
	return (size_t)(c->time * (int64_t)(width + 1) + c->type * 6 + c->chars +
			c->leap * (int64_t)(width + 4) + c->isstd + c->isut);
}

static bool
read_block(struct zone *z, const char *p, const struct counts *c)
{
	const char *which = p + c->time * 8, *types = which + c->time;

	z->first = (int32_t)big_endian(types, 4);
	for (int64_t i = 0; i < c->time; i++) {
		unsigned char type = (unsigned char)which[i];

		if (type >= c->type)
			return false;
		z->changes[z->n] = (struct change) { big_endian(p + i * 8, 8),
			(int32_t)big_endian(types + type * 6, 4) };
		if (z->n > 0 && z->changes[z->n].at <= z->changes[z->n - 1].at)
			return false;
		z->n++;
	}
	return true;
}

/* What the table leaves out is told by the rule behind it. */
static bool
read_footer(struct zone *z, struct str s)
{
	struct zone_rule rule;
	int64_t          last = z->n > 0 ? z->changes[z->n - 1].at : INT64_MIN;
	struct str       line;

	if (s.n < 2 || s.p[0] != '\n')
		return false;
	s = (struct str) { s.p + 1, s.n - 1 };
	if (str_cut(s, '\n', &line).p == NULL)
		return false;
	if (line.n == 0)
		return true;
	if (!zone_rule_parse(line, &rule))
		return false;
	if (!rule.has_dst) {
		if (z->n == 0)
			z->first = rule.std;
		return true;
	}
	for (int year = 1970; year <= LAST_YEAR; year++) {
		struct change two[2] = { { zone_rule_begins(&rule, year), rule.dst },
			{ zone_rule_ends(&rule, year), rule.std } };
		int           early = two[0].at < two[1].at ? 0 : 1;

		for (int i = 0; i < 2; i++)
			if (two[early ^ i].at > last)
				z->changes[z->n++] = two[early ^ i];
	}
	return true;
}

static bool
parse(struct zone *z, struct str file)
{
	struct counts c;
	struct str    rest = file;
	size_t        size;

	if (!read_head(rest, &c))
		return false;
	size = HEAD + block_size(&c, 4); /* that of version 1, with a head as long */
	if (rest.n < size)
		return false;
	rest = (struct str) { rest.p + size, rest.n - size };
	if (!read_head(rest, &c))
		return false;
	size = HEAD + block_size(&c, 8);
	if (rest.n < size)
		return false;
	z->changes = talloc_zero_size(
	    z, ((size_t)c.time + 2 * (LAST_YEAR - 1970 + 1)) * sizeof(z->changes[0]));
	return z->changes != NULL && read_block(z, rest.p + HEAD, &c) &&
	       read_footer(z, (struct str) { rest.p + size, rest.n - size });
}

struct zone *
zone_parse(TALLOC_CTX *mem, struct str file, struct err *e)
{
	struct zone *z = talloc_zero(mem, struct zone);

	if (z == NULL) {
		err_memory(e);
		return NULL;
	}
	if (parse(z, file))
		return z;
	talloc_free(z);
	err_set(e, ERR_INTERNAL, 0, "internal error", "a file of tzdata is no TZif of version 2");
	return NULL;
}

/* ---- by name ---- */

/* Nothing that leads out of the folder, and no hidden file. */
static bool
is_name(const char *s)
{
	char last = '/';

	if (strlen(s) > ZONE_NAME_MAX)
		return false;
	for (; *s != '\0'; last = *s++) {
		bool letter = (*s >= 'A' && *s <= 'Z') || (*s >= 'a' && *s <= 'z'),
		     digit = (*s >= '0' && *s <= '9') || *s == '+' || *s == '-' || *s == '_';

		if (last == '/' ? !letter : !letter && !digit && *s != '/')
			return false;
	}
	return last != '/';
}

static bool
no_zone(const char *folder, const char *name, struct err *e)
{
	struct stat s;

	if (stat(folder, &s) != 0)
		return err_set(e, ERR_INVALID, 0,
		    "This installation knows no time zones but UTC: its system has no tzdata.",
		    "no tzdata in %s", folder);
	return err_set(e, ERR_INVALID, 0,
	    "There is no such time zone; names are as Europe/Berlin or UTC.", "no time zone %.*s",
	    ZONE_NAME_MAX, name);
}

static bool
read_file(TALLOC_CTX *mem, const char *path, struct str *out, struct err *e)
{
	char   *p = talloc_size(mem, FILE_MAX);
	int     fd = p == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	ssize_t n = 0, got = 0;

	if (p == NULL)
		return err_memory(e);
	while (fd >= 0 && n < FILE_MAX && (got = read(fd, p + n, (size_t)(FILE_MAX - n))) > 0)
		n += got;
	if (fd >= 0)
		close(fd);
	*out = (struct str) { p, (size_t)n };
	return (fd >= 0 && got == 0) || err_set(e, ERR_INVALID, errno,
					    "There is no such time zone.", "cannot read %s", path);
}

struct zone *
zone_load(TALLOC_CTX *mem, const char *folder, const char *name, struct err *e)
{
	struct zone *z = NULL;
	TALLOC_CTX  *tmp;
	struct str   file = { 0 };
	struct err   why = { 0 };
	char        *path;

	if (strcmp(name, "UTC") == 0) {
		z = talloc_zero(mem, struct zone);
		if (z == NULL)
			err_memory(e);
		return z;
	}
	tmp = talloc_new(mem);
	path = tmp == NULL ? NULL : talloc_asprintf(tmp, "%s/%s", folder, name);
	if (path == NULL)
		err_memory(e);
	else if (!is_name(name) || !read_file(tmp, path, &file, &why))
		(void)no_zone(folder, name, e);
	else
		z = zone_parse(mem, file, e);
	talloc_free(tmp);
	return z;
}

/* There are no more of them than names in the folder. */
static struct known {
	char         name[ZONE_NAME_MAX + 1];
	struct zone *zone;
} * known; /* by name */
static size_t known_n;

/* Where the name is, or would be. */
static size_t
known_place(struct str name)
{
	size_t low = 0, high = known_n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (str_cmp(str_of(known[mid].name), name) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

const struct zone *
zone_shared(struct str name, struct err *e)
{
	size_t        at = known_place(name);
	struct known *more, one = { 0 };

	if (at < known_n && str_eqz(name, known[at].name))
		return known[at].zone;
	if (name.n > ZONE_NAME_MAX) {
		(void)no_zone(ZONE_FOLDER, "", e);
		return NULL;
	}
	memcpy(one.name, name.p, name.n);
	one.zone = zone_load(NULL, ZONE_FOLDER, one.name, e);
	if (one.zone == NULL)
		return NULL;
	more = talloc_realloc(NULL, known, struct known, (unsigned)known_n + 1);
	if (more == NULL) {
		talloc_free(one.zone);
		err_memory(e);
		return NULL;
	}
	known = more;
	memmove(&known[at + 1], &known[at], (known_n - at) * sizeof(known[0]));
	known[at] = one;
	known_n++;
	return one.zone;
}

/* ---- asking ---- */

/* How many changes are at or before it. */
static size_t
passed(const struct zone *z, int64_t at)
{
	size_t low = 0, high = z->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (z->changes[mid].at <= at)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

int64_t
zone_offset(const struct zone *z, int64_t at)
{
	size_t n = passed(z, at);

	return n == 0 ? z->first : z->changes[n - 1].offset;
}

int64_t
zone_next_change(const struct zone *z, int64_t at)
{
	int64_t now = zone_offset(z, at);

	for (size_t i = passed(z, at); i < z->n; i++)
		if (z->changes[i].offset != now)
			return z->changes[i].at;
	return INT64_MAX;
}

int64_t
zone_instant(const struct zone *z, int64_t local)
{
	int64_t before = zone_offset(z, local - FAR_S), after = zone_offset(z, local + FAR_S),
		larger = before > after ? before : after, smaller = before > after ? after : before;

	/* The larger offset is the earlier instant. */
	if (zone_offset(z, local - larger) == larger)
		return local - larger;
	if (zone_offset(z, local - smaller) == smaller)
		return local - smaller;
	return zone_next_change(z, local - larger);
}
