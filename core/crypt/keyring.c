#include "core/crypt/keyring.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/hash.h"
#include "core/base/secret.h"

#define VERSIONS_MAX 64
#define FILE_MAX     16384
#define BOUND_MAX    256
#define LINE_NEW     80

static const char *const purposes[KEY_PURPOSE__MAX] = {
#define X(id, text) [id] = text,
	KEY_PURPOSES(X)
#undef X
};

struct version {
	uint32_t number;
	uint8_t  root[KEY_LEN];
};

struct keyring {
	size_t         n;
	struct version versions[VERSIONS_MAX]; /* ascending */
};

static bool
fail(struct err *e, int sys, const char *path, const char *what)
{
	return err_set(e, ERR_INTERNAL, sys, "The keyring cannot be used.", "keyring %s: %s%s%s",
	    path, what, sys != 0 ? ": " : "", sys != 0 ? strerror(sys) : "");
}

static bool
write_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t put = write(fd, p, n);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return false;
		p += put;
		n -= (size_t)put;
	}
	return true;
}

/* The first line of a new file: version 1 and 32 random bytes. */
static bool
write_first(int fd, struct rand *r)
{
	uint8_t     root[KEY_LEN];
	char        line[LINE_NEW];
	TALLOC_CTX *mem = talloc_new(NULL);
	char       *text;
	bool        ok = false;
	int         n;

	rand_fill(r, root, sizeof(root));
	text = mem == NULL ? NULL : base64_print(mem, root, sizeof(root));
	if (text != NULL) {
		n = snprintf(line, sizeof(line), "1 %s\n", text);
		ok = n > 0 && write_all(fd, line, (size_t)n) && fsync(fd) == 0;
		secret_wipe(text, strlen(text));
	}
	secret_wipe(line, sizeof(line));
	secret_wipe(root, sizeof(root));
	talloc_free(mem);
	return ok;
}

/* A name in the folder becomes durable with the folder. */
static bool
sync_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char       *dir = slash == NULL ? talloc_strdup(NULL, ".")
					: talloc_strndup(NULL, path, (size_t)(slash - path) + 1);
	int         fd = dir == NULL ? -1 : open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool        ok = fd >= 0 && fsync(fd) == 0;

	if (fd >= 0)
		close(fd);
	talloc_free(dir);
	return ok;
}

/* link(2) and not rename(2): it never takes the place of a keyring that is there. */
static bool
link_draft(const char *draft, const char *path, struct err *e)
{
	if (link(draft, path) != 0)
		return fail(e, errno, path, "cannot be made");
	return sync_folder(path) || fail(e, errno, path, "cannot be written");
}

bool
keyring_create_for(const char *path, uid_t uid, gid_t gid, struct rand *r, struct err *e)
{
	char *draft = talloc_asprintf(NULL, "%s.XXXXXX", path);
	int   fd = draft == NULL ? -1 : mkostemp(draft, O_CLOEXEC);
	bool  ok;

	if (draft == NULL)
		return err_memory(e);
	if (fd < 0) {
		fail(e, errno, path, "cannot be made");
		talloc_free(draft);
		return false;
	}
	if (fchmod(fd, 0600) != 0 || !write_first(fd, r) || fchown(fd, uid, gid) != 0)
		ok = fail(e, errno, path, "cannot be written");
	else
		ok = link_draft(draft, path, e);
	close(fd);
	unlink(draft);
	talloc_free(draft);
	return ok;
}

bool
keyring_create(const char *path, struct rand *r, struct err *e)
{
	return keyring_create_for(path, (uid_t)-1, (gid_t)-1, r, e);
}

/* Opened first, then judged by its descriptor: the name may not be swapped in between. */
static int
open_private(const char *path, uid_t owner, struct err *e)
{
	int         fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;

	if (fd < 0) {
		fail(e, errno, path, "cannot be opened");
		return -1;
	}
	if (fstat(fd, &st) != 0)
		fail(e, errno, path, "cannot be examined");
	else if (!S_ISREG(st.st_mode))
		fail(e, 0, path, "is not a regular file");
	else if ((st.st_mode & 077) != 0)
		fail(e, 0, path, "is open to group or others; it must have mode 0600");
	else if (st.st_uid != geteuid() && st.st_uid != 0 && st.st_uid != owner)
		fail(e, 0, path, "belongs to another user");
	else if (st.st_size > FILE_MAX)
		fail(e, 0, path, "is too large");
	else
		return fd;
	close(fd);
	return -1;
}

static bool
read_all(int fd, char *buf, size_t max, size_t *n)
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
insert(struct keyring *k, const struct version *v)
{
	size_t i = k->n;

	if (k->n == VERSIONS_MAX)
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
parse_line(struct keyring *k, struct str line)
{
	struct version v;
	struct str     number, rest;
	uint64_t       u;
	size_t         n;
	bool           ok;

	line = str_trim(line);
	if (line.n == 0 || line.p[0] == '#')
		return true;
	rest = str_cut(line, ' ', &number);
	if (rest.p == NULL || !str_to_u64(number, &u) || u == 0 || u > UINT32_MAX)
		return false;
	v.number = (uint32_t)u;
	ok = base64_parse(str_trim(rest), v.root, sizeof(v.root), &n) && n == KEY_LEN &&
	     insert(k, &v);
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
		if (parse_line(k, line))
			continue;
		snprintf(what, sizeof(what), "line %u is malformed", number);
		return fail(e, 0, path, what);
	}
	if (k->n == 0)
		return fail(e, 0, path, "holds no key");
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
	int             fd = open_private(path, owner, e);
	char           *text;
	size_t          n;

	if (fd < 0)
		return NULL;
	text = secret_alloc(mem, FILE_MAX);
	k = secret_alloc(mem, sizeof(*k));
	if (text == NULL || k == NULL) {
		err_memory(e);
		goto failed;
	}
	k->n = 0;
	if (!read_all(fd, text, FILE_MAX, &n)) {
		fail(e, errno, path, "cannot be read");
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
	return k->versions[k->n - 1].number;
}

/*
 * The info is purpose, a NUL, and what it is bound to: the NUL keeps two
 * purposes apart of which one begins with the other.
 */
static void
derive(const struct version *v, enum key_purpose p, struct str bound, uint8_t out[static KEY_LEN])
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
		if (k->versions[i].number != version)
			continue;
		derive(&k->versions[i], p, bound, out);
		return true;
	}
	return err_set(
	    e, ERR_INTERNAL, 0, "internal error", "keyring: no version %u", (unsigned)version);
}
