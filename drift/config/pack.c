#include "drift/config/pack.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool
read_all(TALLOC_CTX *mem, int fd, struct str *text, struct err *e)
{
	struct stat st;
	size_t      got = 0, want;
	char       *p;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > PACK_FILE_MAX)
		return err_set(e, ERR_INTERNAL, errno, "internal error",
		    "no plain file of at most %d bytes", PACK_FILE_MAX);
	want = (size_t)st.st_size;
	p = talloc_size(mem, want + 1);
	if (p == NULL)
		return err_memory(e);
	while (got < want) {
		ssize_t n = read(fd, p + got, want - got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_set(e, ERR_INTERNAL, errno, "internal error", "cannot be read");
		got += (size_t)n;
	}
	p[want] = '\0';
	*text = (struct str) { p, want };
	return true;
}

static struct rule_pack *
load_file(TALLOC_CTX *mem, int fd, const char *name, struct err *e)
{
	struct err        why = { 0 };
	struct str        text;
	struct rule_pack *pack = NULL;

	if (read_all(mem, fd, &text, &why))
		pack = rule_pack_parse(mem, text, &why);
	if (pack == NULL)
		err_set(e, ERR_INTERNAL, why.sys, "internal error", "rule pack %s: %s%s%s", name,
		    why.detail, why.faults == NULL ? "" : why.faults->pointer,
		    why.faults == NULL ? "" : why.faults->detail);
	return pack;
}

/* NULL without an error: there is no such file. */
static struct rule_pack *
load_named(TALLOC_CTX *mem, const char *dir, const char *name, struct err *e)
{
	char             *path = talloc_asprintf(mem, "%s/%s.json", dir, name);
	struct rule_pack *pack;
	int               fd = -1;

	if (path == NULL) {
		(void)err_memory(e);
		return NULL;
	}
	if (rule_pack_name_ok(str_of(name)))
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return NULL;
	pack = load_file(mem, fd, name, e);
	close(fd);
	if (pack != NULL && !str_eqz(pack->name, name)) {
		err_set(e, ERR_INTERNAL, 0, "internal error",
		    "rule pack %s: the file calls itself by another name", name);
		return NULL;
	}
	return pack;
}

/* ---- stacking ---- */

/* A pack on the way to what it includes. */
struct stacked {
	const struct stacked *below; /* the pack that names it; NULL: a config does */
	const char           *name;
};

struct stacking {
	TALLOC_CTX   *mem;
	const char   *dir;
	struct packs *out;
	size_t        at; /* of the name among the config's */
	struct err   *e;
};

static bool
refuse(const struct stacking *s, const char *what)
{
	char pointer[48];

	snprintf(pointer, sizeof(pointer), "/rule_packs/%zu", s->at);
	return err_fault(s->e, s->mem, pointer, "%s", what);
}

/* "entra -> generic -> entra": from where the circle begins. */
static bool
refuse_circle(const struct stacking *s, const struct stacked *p)
{
	char *way = talloc_strdup(s->mem, p->name);

	for (const struct stacked *q = p->below; q != NULL && way != NULL; q = q->below) {
		way = talloc_asprintf(s->mem, "%s -> %s", q->name, way);
		if (strcmp(q->name, p->name) == 0)
			break;
	}
	if (way != NULL)
		way = talloc_asprintf(s->mem, "rule packs include each other in a circle: %s", way);
	return way == NULL ? err_memory(s->e) : refuse(s, way);
}

static bool
in_circle(const struct stacked *p)
{
	for (const struct stacked *q = p->below; q != NULL; q = q->below)
		if (strcmp(q->name, p->name) == 0)
			return true;
	return false;
}

static bool
refuse_unknown(const struct stacking *s, const struct stacked *p)
{
	char *what;

	if (p->below == NULL)
		return refuse(s, "this installation has no rule pack of that name");
	what = talloc_asprintf(s->mem,
	    "the rule pack %s includes %s, which this installation does not have", p->below->name,
	    p->name);
	return what == NULL ? err_memory(s->e) : refuse(s, what);
}

static bool
is_loaded(const struct packs *packs, const char *name)
{
	for (size_t i = 0; i < packs->n; i++)
		if (str_eqz(packs->items[i]->name, name))
			return true;
	return false;
}

/* The pack and, behind it, what it includes.  It ends: no name stands twice on the way. */
static bool
stack_pack(const struct stacking *s, const struct stacked *p)
{
	struct rule_pack *pack;

	if (in_circle(p))
		return refuse_circle(s, p);
	if (is_loaded(s->out, p->name))
		return true;
	if (s->out->n == PACKS_ALL_MAX)
		return refuse(s, "more than 64 rule packs with those that they include");
	pack = load_named(s->mem, s->dir, p->name, s->e);
	if (pack == NULL)
		return s->e->code == ERR_OK && refuse_unknown(s, p);
	s->out->items[s->out->n++] = pack;
	for (size_t i = 0; i < pack->includes.n; i++) {
		const struct stacked above = { p, pack->includes.items[i] };

		if (!stack_pack(s, &above))
			return false;
	}
	return true;
}

static bool
includes(const struct rule_pack *p, struct str name)
{
	for (size_t i = 0; i < p->includes.n; i++)
		if (str_eqz(name, p->includes.items[i]))
			return true;
	return false;
}

/* What several build on comes behind the last of them.  There is no circle, so it ends. */
static void
put_behind(struct packs *packs)
{
	for (size_t i = 0; i < packs->n;) {
		const struct rule_pack *p = packs->items[i];
		size_t                  last = i;

		for (size_t k = i + 1; k < packs->n; k++)
			if (includes(packs->items[k], p->name))
				last = k;
		memmove(&packs->items[i], &packs->items[i + 1], (last - i) * sizeof *packs->items);
		packs->items[last] = p;
		i += last == i;
	}
}

static bool
packs_room(TALLOC_CTX *mem, struct packs *out, struct err *e)
{
	*out =
	    (struct packs) { talloc_zero_array(mem, const struct rule_pack *, PACKS_ALL_MAX), 0 };
	return out->items != NULL || err_memory(e);
}

bool
packs_load(
    TALLOC_CTX *mem, const char *dir, const struct strings *names, struct packs *out, struct err *e)
{
	struct stacking s = { mem, dir, out, 0, e };

	if (!packs_room(mem, out, e))
		return false;
	if (names->n > PACKS_MAX)
		return err_fault(e, mem, "/rule_packs", "at most %d packs", PACKS_MAX);
	for (; s.at < names->n; s.at++) {
		const struct stacked first = { NULL, names->items[s.at] };

		if (!stack_pack(&s, &first))
			return false;
	}
	put_behind(out);
	return true;
}

/* ---- all of them ---- */

static int
is_pack_file(const struct dirent *d)
{
	size_t n = strlen(d->d_name);

	return n > 5 && strcmp(d->d_name + n - 5, ".json") == 0 &&
	       rule_pack_name_ok((struct str) { d->d_name, n - 5 });
}

static bool
load_listed(TALLOC_CTX *mem, const char *dir, const char *file, struct packs *out, struct err *e)
{
	struct err        why = { 0 };
	char             *name = talloc_strndup(mem, file, strlen(file) - 5);
	struct rule_pack *pack = name == NULL ? NULL : load_named(mem, dir, name, &why);

	if (name == NULL)
		return err_memory(e);
	if (pack != NULL)
		out->items[out->n++] = pack;
	return true;
}

bool
packs_all(TALLOC_CTX *mem, const char *dir, struct packs *out, struct err *e)
{
	struct dirent **found = NULL;
	int             n;
	bool            ok = packs_room(mem, out, e);

	if (!ok)
		return false;
	n = scandir(dir, &found, is_pack_file, alphasort);
	for (int i = 0; i < n; i++) {
		if (ok && out->n < PACKS_ALL_MAX)
			ok = load_listed(mem, dir, found[i]->d_name, out, e);
		free(found[i]);
	}
	free(found);
	return ok;
}
