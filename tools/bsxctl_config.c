/* bsxctl.h: `config`. */
#include <stdio.h>
#include <string.h>

#include "tools/bsxctl.h"

static int
put(struct buf *b)
{
	if (!buf_ok(b)) {
		fputs("bsxctl: out of memory\n", stderr);
		return 1;
	}
	return b->n == 0 || fwrite(b->p, 1, b->n, stdout) == b->n ? 0 : 1;
}

int
cmd_config(struct ctl *c, int argc, char **argv)
{
	const char *what = argv[0];
	struct err  e = { 0 };
	struct buf  b;

	if (argc != 1)
		return ctl_usage("config", false);
	buf_make(&b, c->mem);
	if (strcmp(what, "example") == 0) {
		conf_example(&b);
		return put(&b);
	}
	if (strcmp(what, "man") == 0) {
		conf_man(&b);
		return put(&b);
	}
	if (!ctl_conf(c, &e))
		return ctl_failed(&e);
	if (strcmp(what, "show") == 0) {
		conf_show(&b, c->conf);
		return put(&b);
	}
	ctl_say("%s can be used", c->conf_path);
	return 0;
}
