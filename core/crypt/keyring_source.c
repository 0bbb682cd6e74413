/* keyring.h: from where it comes, and looking there again. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/secret.h"
#include "core/crypt/keyring_priv.h"

#define FOLLOW_NS INT64_C(1000000000)
#define AGAIN_NS  (60 * INT64_C(1000000000)) /* a command is not run again before */

/*
 * systemd gives a credential to root and by an ACL to the service's account: the group's bits are
 * then the ACL's mask, and say nothing of the group, which is root's.
 */
static bool
is_private(const struct keyring_source *s, const struct stat *st)
{
	if (s->credential && st->st_uid == 0 && st->st_gid == 0)
		return (st->st_mode & 037) == 0;
	return (st->st_mode & 077) == 0;
}

/* Opened first, then judged by its descriptor: the name may not be swapped in between. */
int
keyring_open_private(const struct keyring_source *s, struct err *e)
{
	const char *path = s->path;
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
	else if (!is_private(s, &st))
		keyring_fail(e, 0, path, "is open to group or others; it must have mode 0600");
	else if (st.st_uid != geteuid() && st.st_uid != 0 && st.st_uid != s->owner)
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

static bool
read_file(const struct keyring *k, struct keyring_now *now, char *text, size_t *n, struct err *e)
{
	int  fd = keyring_open_private(&k->from, e);
	bool ok;

	if (fd < 0)
		return false;
	ok = (fstat(fd, &now->seen) == 0 && keyring_read_all(fd, text, KEYRING_FILE_MAX, n)) ||
	     keyring_fail(e, errno, k->name, "cannot be read");
	close(fd);
	return ok;
}

static bool
read_now(const struct keyring *k, struct keyring_now *now, struct err *e)
{
	char  *text = secret_alloc(k->now, KEYRING_FILE_MAX);
	size_t n = 0;
	bool   ok;

	if (text == NULL)
		return err_memory(e);
	if (k->from.command.n > 0)
		ok = keyring_run(k, text, &n, e);
	else
		ok = read_file(k, now, text, &n, e);
	ok = ok && keyring_parse(&now->all, k->name, (struct str) { text, n }, e);
	now->asked_ns = now->looked_ns = clock_ns(&clock_system);
	talloc_free(text);
	return ok;
}

static bool
copy_source(struct keyring *k, const struct keyring_source *s)
{
	size_t n = s->command.n;

	k->from = *s;
	k->from.path = talloc_strdup(k, s->path == NULL ? "" : s->path);
	k->from.command.items = talloc_zero_size(k, (n + 1) * sizeof(*k->from.command.items));
	if (k->from.path == NULL || k->from.command.items == NULL)
		return false;
	for (size_t i = 0; i < n; i++)
		if ((k->from.command.items[i] = talloc_strdup(k, s->command.items[i])) == NULL)
			return false;
	k->name = n > 0 ? talloc_asprintf(k, "command %s", s->command.items[0])
			: talloc_strdup(k, k->from.path);
	return k->name != NULL;
}

struct keyring *
keyring_open_from(TALLOC_CTX *mem, const struct keyring_source *s, struct err *e)
{
	struct keyring *k = talloc_zero(mem, struct keyring);

	if (k == NULL) {
		err_memory(e);
		return NULL;
	}
	k->now = secret_alloc(k, sizeof(*k->now));
	if (k->now == NULL || !copy_source(k, s)) {
		err_memory(e);
		talloc_free(k);
		return NULL;
	}
	if (read_now(k, k->now, e))
		return k;
	talloc_free(k);
	return NULL;
}

struct keyring *
keyring_open(TALLOC_CTX *mem, const char *path, struct err *e)
{
	return keyring_open_of(mem, path, geteuid(), e);
}

struct keyring *
keyring_open_of(TALLOC_CTX *mem, const char *path, uid_t owner, struct err *e)
{
	return keyring_open_from(mem, &(struct keyring_source) { .path = path, .owner = owner }, e);
}

bool
keyring_is_run(const struct keyring *k)
{
	return k->from.command.n > 0;
}

/* ---- again ---- */

static bool
versions_follow(
    const struct keyring_versions *was, const struct keyring_versions *is, uint32_t *strange)
{
	for (size_t i = 0; i < was->n; i++)
		for (size_t j = 0; j < is->n; j++) {
			*strange = was->versions[i].number;
			if (is->versions[j].number == *strange &&
			    !secret_eq(was->versions[i].root, is->versions[j].root, KEY_LEN))
				return false;
		}
	return true;
}

bool
keyring_follows(const struct keyring *k, const struct keyring *former, struct err *e)
{
	uint32_t strange;
	char     what[80];

	if (versions_follow(&former->now->all, &k->now->all, &strange))
		return true;
	snprintf(what, sizeof(what), "version %u is another key than the one that is loaded",
	    (unsigned)strange);
	return keyring_fail(e, 0, k->name, what);
}

static bool
same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* A file is read again only when it is another one, so that asking costs next to nothing. */
static bool
is_worth_it(const struct keyring *k)
{
	struct stat st;

	if (k->from.command.n > 0)
		return clock_ns(&clock_system) - k->now->asked_ns >= AGAIN_NS;
	if (stat(k->from.path, &st) != 0 || same_file(&st, &k->now->seen))
		return false;
	k->now->seen = st; /* also where it turns out to be none */
	return true;
}

bool
keyring_look_again(const struct keyring *k)
{
	struct keyring_now *now;
	struct err          why = { 0 };
	uint32_t            strange;
	bool                other;

	if (!is_worth_it(k))
		return false;
	now = secret_alloc(k->now, sizeof(*now));
	other = now != NULL && read_now(k, now, &why) &&
		versions_follow(&k->now->all, &now->all, &strange) &&
		!secret_eq(&k->now->all, &now->all, sizeof(now->all));
	if (other)
		*k->now = *now;
	k->now->asked_ns = clock_ns(&clock_system);
	talloc_free(now);
	return other;
}

/* Nobody goes on sealing with a version that is past because nobody told it. */
void
keyring_follow_file(const struct keyring *k)
{
	int64_t now = clock_ns(&clock_system);

	if (keyring_is_run(k) || now - k->now->looked_ns < FOLLOW_NS)
		return;
	k->now->looked_ns = now;
	(void)keyring_look_again(k);
}

bool
keyring_has_more(const struct keyring *k)
{
	return !keyring_is_run(k) && keyring_look_again(k);
}

const char *
keyring_name(const struct keyring *k)
{
	return k->name;
}
