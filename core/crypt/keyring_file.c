/* keyring.h: the file is made, and changed. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/secret.h"
#include "core/crypt/keyring_priv.h"

#define LINE_NEW 80

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

/* A version and 32 random bytes, as a line. */
static bool
new_line(struct rand *r, uint32_t version, const char *use, char line[static LINE_NEW])
{
	uint8_t root[KEY_LEN];
	char   *text;

	rand_fill(r, root, sizeof(root));
	text = base64_print(NULL, root, sizeof(root));
	secret_wipe(root, sizeof(root));
	if (text == NULL)
		return false;
	snprintf(
	    line, LINE_NEW, "%u %s%s%s\n", (unsigned)version, text, *use == '\0' ? "" : " ", use);
	secret_wipe(text, strlen(text));
	talloc_free(text);
	return true;
}

static bool
write_first(int fd, struct rand *r)
{
	char line[LINE_NEW];
	bool ok = new_line(r, 1, "", line) && write_all(fd, line, strlen(line)) && fsync(fd) == 0;

	secret_wipe(line, sizeof(line));
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
		return keyring_fail(e, errno, path, "cannot be made");
	return sync_folder(path) || keyring_fail(e, errno, path, "cannot be written");
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
		keyring_fail(e, errno, path, "cannot be made");
		talloc_free(draft);
		return false;
	}
	if (fchmod(fd, 0600) != 0 || !write_first(fd, r) || fchown(fd, uid, gid) != 0)
		ok = keyring_fail(e, errno, path, "cannot be written");
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

/* ---- a change ---- */

/* The file as it is while nobody else changes it. */
struct changing {
	const struct keyring_change *c;
	const char                  *path;
	char                        *text; /* guarded */
	size_t                       n;
	struct keyring_versions      k;
	struct stat                  st;
};

static bool
is_the_file(int fd, const char *path)
{
	struct stat here, there;

	return fstat(fd, &here) == 0 && stat(path, &there) == 0 && here.st_ino == there.st_ino &&
	       here.st_dev == there.st_dev;
}

/* The lock is on the file that has the name now: who waited may hold the one before. */
static int
open_locked(const struct keyring_change *c, struct err *e)
{
	const struct keyring_source s = { .path = c->path, .owner = c->owner };

	for (;;) {
		int fd = keyring_open_private(&s, e);

		if (fd < 0)
			return -1;
		if (flock(fd, LOCK_EX) == 0 && is_the_file(fd, c->path))
			return fd;
		close(fd);
	}
}

static bool
read_versions(struct changing *x, struct err *e)
{
	struct str text = { x->text, x->n }, line;

	while (text.p != NULL) {
		struct keyring_version *v = &x->k.versions[x->k.n];

		text = str_cut(text, '\n', &line);
		if (x->k.n == KEYRING_VERSIONS_MAX || !keyring_parse_line(line, v))
			return keyring_fail(e, 0, x->path, "is malformed, or has too many keys");
		x->k.n += v->number != 0;
	}
	return true;
}

static const struct keyring_version *
version_of(const struct keyring_versions *k, uint32_t number)
{
	for (size_t i = 0; i < k->n; i++)
		if (k->versions[i].number == number)
			return &k->versions[i];
	return NULL;
}

static bool
refuse(struct err *e, const char *why, uint32_t version)
{
	return err_set(e, ERR_CONFLICT, 0, why, "version %u of the keyring", (unsigned)version);
}

static bool
check_add(const struct changing *x, uint32_t *version, struct err *e)
{
	*version = 0;
	for (size_t i = 0; i < x->k.n; i++) {
		if (x->k.versions[i].use == KEYRING_NEXT)
			return refuse(e, "The keyring has a next version already: use it first.",
			    x->k.versions[i].number);
		if (x->k.versions[i].number > *version)
			*version = x->k.versions[i].number;
	}
	if (*version == UINT32_MAX || x->k.n == KEYRING_VERSIONS_MAX)
		return refuse(e, "The keyring has no room for another version.", *version);
	++*version;
	return true;
}

static bool
check_turn(const struct changing *x, uint32_t *version, struct err *e)
{
	const struct keyring_change  *c = x->c;
	const struct keyring_version *v = version_of(&x->k, c->version);

	if (c->turn == KEYRING_ADD)
		return check_add(x, version, e);
	*version = c->version;
	if (v == NULL)
		return refuse(e, "The keyring has no such version.", c->version);
	if (c->turn == KEYRING_USE && v->use != KEYRING_NEXT)
		return refuse(
		    e, "That version is not the next one: it was used before.", c->version);
	if (c->turn == KEYRING_RETIRE &&
	    (v->use != KEYRING_IN_USE || c->version == keyring_seals(&x->k)))
		return refuse(e, "Only a version that was used, and seals no more, can be retired.",
		    c->version);
	if (c->turn == KEYRING_FORGET && v->use != KEYRING_PAST)
		return refuse(e, "Only a version that is past can be forgotten.", c->version);
	return true;
}

/* The line of the version as it is after the change; of another one as it is. */
static bool
write_line(const struct changing *x, int fd, struct str line, bool last)
{
	struct keyring_version v;
	const char            *use = "";
	bool ok, mine = keyring_parse_line(line, &v) && v.number == x->c->version && v.number != 0;

	secret_wipe(&v, sizeof(v));
	if (!mine || x->c->turn == KEYRING_ADD)
		return write_all(fd, line.p, line.n) && (last || write_all(fd, "\n", 1));
	if (x->c->turn == KEYRING_FORGET)
		return true;
	if (x->c->turn == KEYRING_RETIRE)
		use = " past";
	line = str_trim(line);
	if (x->c->turn == KEYRING_USE && line.n > strlen(" next"))
		line.n -= strlen(" next");
	line = str_trim(line);
	ok = write_all(fd, line.p, line.n) && write_all(fd, use, strlen(use));
	return ok && write_all(fd, "\n", 1);
}

static bool
write_changed(const struct changing *x, int fd, uint32_t version, struct rand *r)
{
	struct str text = { x->text, x->n }, line;
	char       added[LINE_NEW];
	bool       ok = true;

	while (ok && text.p != NULL) {
		text = str_cut(text, '\n', &line);
		ok = write_line(x, fd, line, text.p == NULL);
	}
	if (x->c->turn != KEYRING_ADD || !ok)
		return ok;
	ok = (x->n == 0 || x->text[x->n - 1] == '\n' || write_all(fd, "\n", 1)) &&
	     new_line(r, version, keyring_use_names[KEYRING_NEXT], added) &&
	     write_all(fd, added, strlen(added));
	secret_wipe(added, sizeof(added));
	return ok;
}

static bool
replace(const struct changing *x, uint32_t version, struct rand *r, struct err *e)
{
	char *draft = talloc_asprintf(NULL, "%s.XXXXXX", x->path);
	int   fd = draft == NULL ? -1 : mkostemp(draft, O_CLOEXEC);
	bool  ok;

	if (draft == NULL)
		return err_memory(e);
	if (fd < 0) {
		talloc_free(draft);
		return keyring_fail(e, errno, x->path, "cannot be changed");
	}
	ok = fchmod(fd, x->st.st_mode & 0700) == 0 && write_changed(x, fd, version, r) &&
	     fchown(fd, x->st.st_uid, x->st.st_gid) == 0 && fsync(fd) == 0 &&
	     rename(draft, x->path) == 0;
	if (!ok) {
		(void)keyring_fail(e, errno, x->path, "cannot be changed");
		unlink(draft);
	}
	close(fd);
	talloc_free(draft);
	return ok && (sync_folder(x->path) || keyring_fail(e, errno, x->path, "cannot be written"));
}

bool
keyring_change(const struct keyring_change *c, struct rand *r, uint32_t *version, struct err *e)
{
	struct changing *x = secret_alloc(NULL, sizeof(*x));
	int              fd = x == NULL ? -1 : open_locked(c, e);
	bool             ok = false;

	if (x == NULL)
		return err_memory(e);
	if (fd >= 0) {
		*x = (struct changing) { .c = c, .path = c->path };
		x->text = secret_alloc(x, KEYRING_FILE_MAX);
		ok = x->text != NULL || err_memory(e);
		ok = ok && ((keyring_read_all(fd, x->text, KEYRING_FILE_MAX, &x->n) &&
				fstat(fd, &x->st) == 0) ||
			       keyring_fail(e, errno, c->path, "cannot be read"));
		ok = ok && read_versions(x, e) && check_turn(x, version, e) &&
		     replace(x, *version, r, e);
		close(fd);
	}
	talloc_free(x);
	return ok;
}
