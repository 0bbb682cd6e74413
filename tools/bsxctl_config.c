#include <stdio.h>
#include <string.h>

#include "core/store/keys.h"
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
	const char *what = argc == 2 ? argv[1] : "";
	struct err  e = { 0 };
	struct buf  b;

	buf_make(&b, c->mem);
	if (strcmp(what, "example") == 0) {
		conf_example(&b);
		return put(&b);
	}
	if (strcmp(what, "man") == 0) {
		conf_man(&b);
		return put(&b);
	}
	if (strcmp(what, "check") != 0 && strcmp(what, "show") != 0)
		return ctl_usage("config", false);
	if (!ctl_conf(c, &e))
		return ctl_failed(&e);
	if (strcmp(what, "show") == 0) {
		conf_show(&b, c->conf);
		return put(&b);
	}
	ctl_say("%s can be used", c->conf_path);
	return 0;
}

int
cmd_keys(struct ctl *c, int argc, char **argv)
{
	const struct token_key *active;
	struct token_keys      *ks;
	struct err              e = { 0 };

	if (argc != 2 || strcmp(argv[1], "list") != 0)
		return ctl_usage("keys", false);
	if (!ctl_open(c, &e) || (ks = signing_keys_load(c->d, c->mem, &active, &e)) == NULL)
		return ctl_failed(&e);
	ctl_say("keyring: version %u seals", keyring_newest(c->deps.keyring));
	for (size_t i = 0; i < token_keys_count(ks); i++) {
		const struct token_key *k = token_keys_at(ks, i);

		ctl_say("signing key: %s%s", token_key_kid(k), k == active ? " signs" : "");
	}
	return 0;
}
