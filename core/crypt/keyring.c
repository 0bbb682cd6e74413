#include "core/crypt/keyring_priv.h"

#include <stdio.h>
#include <string.h>

#include "core/base/hash.h"
#include "core/base/secret.h"

#define BOUND_MAX 256

static const char *const purposes[KEY_PURPOSE__MAX] = {
#define X(id, text, by) [id] = text,
	KEY_PURPOSES(X)
#undef X
};

const char *const keyring_use_names[] = { "", "next", "past", NULL };

bool
keyring_fail(struct err *e, int sys, const char *path, const char *what)
{
	return err_set(e, ERR_INTERNAL, sys, "The keyring cannot be used.", "keyring %s: %s%s%s",
	    path, what, sys != 0 ? ": " : "", sys != 0 ? strerror(sys) : "");
}

/* Inserts in ascending order; false: the version is there already, or there is no room. */
static bool
insert(struct keyring_versions *k, const struct keyring_version *v)
{
	size_t i = k->n;

	if (k->n == KEYRING_VERSIONS_MAX)
		return false;
	for (size_t j = 0; j < k->n; j++)
		if (k->versions[j].number == v->number)
			return false;
	while (i > 0 && k->versions[i - 1].number > v->number) {
		k->versions[i] = k->versions[i - 1];
		i--;
	}
	k->versions[i] = *v;
	k->n++;
	return true;
}

static bool
parse_use(struct str word, enum keyring_use *out)
{
	for (size_t i = 0; keyring_use_names[i] != NULL; i++)
		if (str_eqz(word, keyring_use_names[i])) {
			*out = (enum keyring_use)i;
			return true;
		}
	return false;
}

bool
keyring_parse_line(struct str line, struct keyring_version *v)
{
	struct str number, root, rest;
	uint64_t   u;
	size_t     n;

	*v = (struct keyring_version) { 0 };
	line = str_trim(line);
	if (line.n == 0 || line.p[0] == '#')
		return true;
	rest = str_cut(line, ' ', &number);
	if (rest.p == NULL || !str_to_u64(number, &u) || u == 0 || u > UINT32_MAX)
		return false;
	rest = str_cut(str_trim(rest), ' ', &root);
	v->number = (uint32_t)u;
	return base64_parse(root, v->root, sizeof(v->root), &n) && n == KEY_LEN &&
	       parse_use(str_trim(rest), &v->use);
}

static bool
take_line(struct keyring_versions *k, struct str line)
{
	struct keyring_version v;
	bool                   ok = keyring_parse_line(line, &v);

	ok = ok && (v.number == 0 || insert(k, &v));
	secret_wipe(&v, sizeof(v));
	return ok;
}

bool
keyring_parse(struct keyring_versions *k, const char *path, struct str text, struct err *e)
{
	char what[48];

	k->n = 0;
	for (unsigned number = 1; text.p != NULL; number++) {
		struct str line;

		text = str_cut(text, '\n', &line);
		if (take_line(k, line))
			continue;
		snprintf(what, sizeof(what), "line %u is malformed", number);
		return keyring_fail(e, 0, path, what);
	}
	if (keyring_seals(k) == 0)
		return keyring_fail(e, 0, path, "holds no key that is in use");
	return true;
}

uint32_t
keyring_seals(const struct keyring_versions *k)
{
	uint32_t newest = 0;

	for (size_t i = 0; i < k->n; i++)
		if (k->versions[i].use == KEYRING_IN_USE && k->versions[i].number > newest)
			newest = k->versions[i].number;
	return newest;
}

uint32_t
keyring_newest(const struct keyring *k)
{
	keyring_follow_file(k);
	return keyring_seals(&k->now->all);
}

uint32_t
keyring_below(const struct keyring *k, uint32_t v)
{
	const struct keyring_versions *all = &k->now->all;

	for (size_t i = all->n; i > 0; i--)
		if (v == 0 || all->versions[i - 1].number < v)
			return all->versions[i - 1].number;
	return 0;
}

static const struct keyring_version *
version_of(const struct keyring *k, uint32_t version)
{
	const struct keyring_versions *all = &k->now->all;

	for (size_t i = 0; i < all->n; i++)
		if (all->versions[i].number == version)
			return &all->versions[i];
	return NULL;
}

enum keyring_use
keyring_use_of(const struct keyring *k, uint32_t version)
{
	const struct keyring_version *v = version_of(k, version);

	return v == NULL ? KEYRING_PAST : v->use;
}

static bool
serves(const struct keyring_version *v, enum key_purpose p)
{
	return v->use != KEYRING_PAST || p == KEY_AUDIT || p == KEY_AUDIT_SIGN;
}

/*
 * The info is purpose, a NUL, and what it is bound to: the NUL keeps two
 * purposes apart of which one begins with the other.
 */
static void
derive(const struct keyring_version *v, enum key_purpose p, struct str bound,
    uint8_t out[static KEY_LEN])
{
	char   info[64 + BOUND_MAX];
	size_t n = strlen(purposes[p]) + 1;

	memcpy(info, purposes[p], n);
	if (bound.n > 0)
		memcpy(info + n, bound.p, bound.n);
	hash_hkdf(v->root, sizeof(v->root), (struct str) { info, n + bound.n }, out, KEY_LEN);
}

enum version_by { VERSION_OURS, VERSION_NAMED };
static const enum version_by version_by[KEY_PURPOSE__MAX] = {
#define X(id, text, by) [id] = VERSION_##by,
	KEY_PURPOSES(X)
#undef X
};

/* A client that names versions at will does not run commands. */
static bool
may_look(const struct keyring *k, enum key_purpose p)
{
	return !keyring_is_run(k) || version_by[p] == VERSION_OURS;
}

bool
keyring_subkey(const struct keyring *k, uint32_t version, enum key_purpose p, struct str bound,
    uint8_t out[static KEY_LEN], struct err *e)
{
	const struct keyring_version *v;

	if (bound.n > BOUND_MAX)
		return err_set(e, ERR_INTERNAL, 0, "internal error",
		    "keyring: a key bound to %zu bytes", bound.n);
	v = version_of(k, version);
	if (v == NULL && may_look(k, p) && keyring_look_again(k))
		v = version_of(k, version);
	if (v != NULL && serves(v, p)) {
		derive(v, p, bound, out);
		return true;
	}
	return err_set(
	    e, ERR_INTERNAL, 0, "internal error", "keyring: no version %u", (unsigned)version);
}
