/* bsxctl.h: `config` and `keys`. */
#include <stdio.h>
#include <string.h>

#include "core/auth/key_rotation.h"
#include "core/store/identity/keys.h"
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

/* ---- keys ---- */

static bool
list_keys(struct ctl *c, struct err *e)
{
	const struct token_key *active;
	struct token_keys      *ks = signing_keys_load(c->d, c->mem, &active, e);
	struct signing_turn     turn = { 0 };

	if (ks == NULL || !signing_turn_get(c->d, c->mem, &turn, e))
		return false;
	ctl_say("keyring: version %u seals", keyring_newest(c->env.keyring));
	for (size_t i = 0; i < token_keys_count(ks); i++) {
		const char *kid = token_key_kid(token_keys_at(ks, i));
		bool        next = turn.successor != NULL && strcmp(kid, turn.successor) == 0;

		ctl_say("signing key: %s %s", kid,
		    strcmp(kid, turn.active) == 0 ? "signs"
		    : next                        ? "is next"
						  : "verifies what it signed");
	}
	return true;
}

static bool
rotate_keys(struct ctl *c, bool force, struct err *e)
{
	struct auth a = { .env = &c->env, .database = c->d };
	bool        turned = false;

	if (!rotation_keys(&a, force ? ROTATE_FORCED : ROTATE_NOW, ctl_actor(c), &turned, e))
		return false;
	if (turned)
		ctl_say("the next signing key signs from now on");
	return list_keys(c, e);
}

int
cmd_keys(struct ctl *c, int argc, char **argv)
{
	bool       rotate = strcmp(argv[0], "rotate") == 0;
	bool       force = rotate && argc == 2 && strcmp(argv[1], "--force") == 0;
	struct err e = { 0 };

	if (argc != (force ? 2 : 1))
		return ctl_usage("keys", false);
	if (!ctl_open(c, &e) || !(rotate ? rotate_keys(c, force, &e) : list_keys(c, &e)))
		return ctl_failed(&e);
	return 0;
}
