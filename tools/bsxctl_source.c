/* bsxctl.h: `source`. */
#include <stdio.h>
#include <string.h>

#include "drift/source/source_pack.h"
#include "tools/bsxctl.h"
#include "tools/bsxctl_source.h"

/* FILE:PLACE: REASON, a line each. */
static int
say_faults(struct ctl *c, const char *path, const struct err *e)
{
	if (e->faults == NULL)
		fprintf(stderr, "%s: %s\n", ctl_text(c, path), ctl_text(c, e->pub));
	for (const struct fault *f = e->faults; f != NULL; f = f->next)
		fprintf(stderr, "%s:%s: %s\n", ctl_text(c, path),
		    f->pointer[0] != '\0' ? ctl_text(c, f->pointer) : "/", ctl_text(c, f->detail));
	return 1;
}

static const char *
name_of(struct ctl *c, const char *path)
{
	const char *slash = strrchr(path, '/');
	struct str  name = str_of(slash != NULL ? slash + 1 : path);

	if (name.n > 5 && memcmp(name.p + name.n - 5, ".json", 5) == 0)
		name.n -= 5;
	return str_dup(c->mem, name);
}

static int
check_file(struct ctl *c, const char *path)
{
	struct err          e = { 0 };
	struct source_pack *pack = source_pack_file(c->mem, path, name_of(c, path), &e);

	if (pack == NULL)
		return say_faults(c, path, &e);
	ctl_say("%s: %s, %u collections", ctl_text(c, path), ctl_text(c, pack->title),
	    pack->collections_n);
	return 0;
}

static int
check_all(struct ctl *c)
{
	struct strings names;
	struct err     e = { 0 };
	const char    *path;
	int            failed = 0;

	if (!ctl_conf(c, &e) || !source_pack_names(c->mem, c->conf->sources_dir, &names, &e))
		return ctl_failed(&e);
	for (size_t i = 0; i < names.n; i++) {
		path = talloc_asprintf(c->mem, "%s/%s.json", c->conf->sources_dir, names.items[i]);
		failed |= path == NULL || check_file(c, path) != 0;
	}
	return failed;
}

static int
put_man(struct ctl *c)
{
	struct buf b;

	buf_make(&b, c->mem);
	source_man(&b);
	return buf_ok(&b) && fwrite(b.p, 1, b.n, stdout) == b.n ? 0 : 1;
}

int
cmd_source(struct ctl *c, int argc, char **argv)
{
	int failed = 0;

	if (argc == 2 && strcmp(argv[1], "man") == 0)
		return put_man(c);
	if (argc < 2 || strcmp(argv[1], "check") != 0 || (argc > 2 && argv[2][0] == '-'))
		return ctl_usage("source", false);
	if (argc == 2)
		return check_all(c);
	for (int i = 2; i < argc; i++)
		failed |= check_file(c, argv[i]);
	return failed;
}
