#include "core/crypt/keyring_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/hash.h"
#include "core/base/secret.h"

#define BOUND_MAX 256

static const char *const purposes[KEY_PURPOSE__MAX] = {
#define X(id, text) [id] = text,
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

/* Opened first, then judged by its descriptor: the name may not be swapped in between. */
int
keyring_open_private(const char *path, uid_t owner, struct err *e)
{
	int         fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;

	if (fd < 0) {
		keyring_fail(e, errno, path, "cannot be opened");
		return -1;
	}
	if (fstat(fd, &st) != 0)
		keyring_fail(e, errno, path, "cannot be examined");
	else if (!S_ISREG(st.st_mode))
		keyring_fail(e, 0, path, "is not a regular file");
	else if ((st.st_mode & 077) != 0)
		keyring_fail(e, 0, path, "is open to group or others; it must have mode 0600");
	else if (st.st_uid != geteuid() && st.st_uid != 0 && st.st_uid != owner)
		keyring_fail(e, 0, path, "belongs to another user");
	else if (st.st_size > KEYRING_FILE_MAX)
		keyring_fail(e, 0, path, "is too large");
	else
		return fd;
	close(fd);
	return -1;
}

bool
keyring_read_all(int fd, char *buf, size_t max, size_t *n)
{
	for (*n = 0; *n < max;) {
		ssize_t got = read(fd, buf + *n, max - *n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return false;
		if (got == 0)
			break;
		*n += (size_t)got;
	}
	return true;
}

/* Inserts in ascending order; false: the version is there already, or there is no room. */
static bool
insert(struct keyring *k, const struct keyring_version *v)
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
take_line(struct keyring *k, struct str line)
{
	struct keyring_version v;
	bool                   ok = keyring_parse_line(line, &v);

	ok = ok && (v.number == 0 || insert(k, &v));
	secret_wipe(&v, sizeof(v));
	return ok;
}

static bool
parse(struct keyring *k, const char *path, struct str text, struct err *e)
{
	char what[48];

	for (unsigned number = 1; text.p != NULL; number++) {
		struct str line;

		text = str_cut(text, '\n', &line);
		if (take_line(k, line))
			continue;
		snprintf(what, sizeof(what), "line %u is malformed", number);
		return keyring_fail(e, 0, path, what);
	}
	if (keyring_newest(k) == 0)
		return keyring_fail(e, 0, path, "holds no key that is in use");
	return true;
}

struct keyring *
keyring_open(TALLOC_CTX *mem, const char *path, struct err *e)
{
	return keyring_open_of(mem, path, geteuid(), e);
}

struct keyring *
keyring_open_of(TALLOC_CTX *mem, const char *path, uid_t owner, struct err *e)
{
	struct keyring *k = NULL;
	int             fd = keyring_open_private(path, owner, e);
	char           *text;
	size_t          n;

	if (fd < 0)
		return NULL;
	text = secret_alloc(mem, KEYRING_FILE_MAX);
	k = secret_alloc(mem, sizeof(*k));
	if (text == NULL || k == NULL) {
		err_memory(e);
		goto failed;
	}
	k->n = 0;
	if (!keyring_read_all(fd, text, KEYRING_FILE_MAX, &n)) {
		keyring_fail(e, errno, path, "cannot be read");
		goto failed;
	}
	if (!parse(k, path, (struct str) { text, n }, e))
		goto failed;
	talloc_free(text);
	close(fd);
	return k;
failed:
	talloc_free(text);
	talloc_free(k);
	close(fd);
	return NULL;
}

uint32_t
keyring_newest(const struct keyring *k)
{
	uint32_t newest = 0;

	for (size_t i = 0; i < k->n; i++)
		if (k->versions[i].use == KEYRING_IN_USE)
			newest = k->versions[i].number;
	return newest;
}

uint32_t
keyring_below(const struct keyring *k, uint32_t v)
{
	for (size_t i = k->n; i > 0; i--)
		if (v == 0 || k->versions[i - 1].number < v)
			return k->versions[i - 1].number;
	return 0;
}

enum keyring_use
keyring_use_of(const struct keyring *k, uint32_t version)
{
	for (size_t i = 0; i < k->n; i++)
		if (k->versions[i].number == version)
			return k->versions[i].use;
	return KEYRING_PAST;
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

bool
keyring_subkey(const struct keyring *k, uint32_t version, enum key_purpose p, struct str bound,
    uint8_t out[static KEY_LEN], struct err *e)
{
	if (bound.n > BOUND_MAX)
		return err_set(e, ERR_INTERNAL, 0, "internal error",
		    "keyring: a key bound to %zu bytes", bound.n);
	for (size_t i = 0; i < k->n; i++) {
		if (k->versions[i].number != version || !serves(&k->versions[i], p))
			continue;
		derive(&k->versions[i], p, bound, out);
		return true;
	}
	return err_set(
	    e, ERR_INTERNAL, 0, "internal error", "keyring: no version %u", (unsigned)version);
}
