#include "core/shm/segment.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/base/hash.h"
#include "core/shm/layout.h"

#define PAGE         4096
#define ENTRIES_MAX  (UINT64_C(1) << 20)
#define ENTRIES_MIN  4 /* one bucket */
#define LOCK_WAIT_MS 5000
#define CHECK_NS     1000000000

static_assert(ATOMIC_LLONG_LOCK_FREE == 2 && ATOMIC_INT_LOCK_FREE == 2,
    "a lock inside the segment could be left held");

static bool
fail(struct err *e, int sys, const char *path, const char *what)
{
	return err_set(e, ERR_INTERNAL, sys, "internal error", "segment %s: %s%s%s", path, what,
	    sys != 0 ? ": " : "", sys != 0 ? strerror(sys) : "");
}

static size_t
fixed_size(void)
{
	return (sizeof(struct segment_fixed) + PAGE - 1) / PAGE * PAGE;
}

static size_t
cache_size(uint64_t entries)
{
	return (size_t)entries * sizeof(struct cache_entry);
}

static uint64_t
round_entries(uint64_t n)
{
	uint64_t p = ENTRIES_MIN;

	if (n == 0)
		return 0;
	while (p < n && p < ENTRIES_MAX)
		p *= 2;
	return p;
}

/*
 * The lock is on a file of its own: the segment's name changes hands by rename,
 * and closing a descriptor of the segment would give back permits.
 */
static int
lock_take(const char *path, struct err *e)
{
	const struct flock    l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	const struct timespec pause = { .tv_nsec = 5000000 };
	char                 *name = talloc_asprintf(NULL, "%s.lock", path);
	int                   fd;

	if (name == NULL) {
		err_memory(e);
		return -1;
	}
	fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	talloc_free(name);
	if (fd < 0) {
		fail(e, errno, path, "its lock file cannot be opened");
		return -1;
	}
	for (int waited = 0; fcntl(fd, F_SETLK, &l) != 0; waited += 5) {
		if ((errno == EAGAIN || errno == EACCES || errno == EINTR) &&
		    waited < LOCK_WAIT_MS) {
			nanosleep(&pause, NULL);
			continue;
		}
		fail(e, errno, path, "its lock file is held by another process");
		close(fd);
		return -1;
	}
	return fd;
}

/* Ours alone, or it is refused: what stands in it decides who is signed in. */
static bool
check_private(int fd, const char *path, struct stat *st, struct err *e)
{
	if (fstat(fd, st) != 0)
		return fail(e, errno, path, "cannot be examined");
	if (!S_ISREG(st->st_mode))
		return fail(e, 0, path, "is not a regular file");
	if (st->st_uid != geteuid())
		return fail(e, 0, path, "belongs to another user");
	if ((st->st_mode & 077) != 0)
		return fail(e, 0, path, "is open to group or others");
	return true;
}

/* Of this version and order, and as long as its header says. */
static bool
is_usable(int fd, const struct stat *st, struct segment_header *h)
{
	if (pread(fd, h, sizeof(*h), 0) != (ssize_t)sizeof(*h))
		return false;
	return h->magic == SEGMENT_MAGIC && h->version == SEGMENT_VERSION &&
	       h->order == hash_quick(SEGMENT_LISTS) && h->fixed_size == fixed_size() &&
	       h->cache_entries == round_entries(h->cache_entries) &&
	       (uint64_t)st->st_size == fixed_size() + cache_size(h->cache_entries);
}

static int
open_existing(const char *path, struct stat *st, struct segment_header *h, struct err *e)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0) {
		if (errno != ENOENT)
			fail(e, errno, path, "cannot be opened");
		return -1;
	}
	if (check_private(fd, path, st, e) && is_usable(fd, st, h))
		return fd;
	close(fd);
	return -1;
}

static int
fill_new(const char *path, const char *name, const struct segment_header *h, struct err *e)
{
	int fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	int rc;

	if (fd < 0) {
		fail(e, errno, path, "cannot be made");
		return -1;
	}
	rc = posix_fallocate(fd, 0, (off_t)(fixed_size() + cache_size(h->cache_entries)));
	if (rc != 0)
		fail(e, rc, path, "there is no room for it");
	else if (fchmod(fd, 0600) != 0 || pwrite(fd, h, sizeof(*h), 0) != (ssize_t)sizeof(*h))
		fail(e, errno, path, "cannot be written");
	else if (rename(name, path) != 0)
		fail(e, errno, path, "cannot be put in its place");
	else
		return fd;
	close(fd);
	unlink(name);
	return -1;
}

/* Renamed into place complete: nobody ever sees half a segment, and who has the old one keeps it.
 */
static int
make_new(
    const char *path, uint64_t entries, struct stat *st, struct segment_header *h, struct err *e)
{
	char *name = talloc_asprintf(NULL, "%s.new", path);
	int   fd = -1;

	if (name == NULL) {
		err_memory(e);
		return -1;
	}
	*h = (struct segment_header) {
		.magic = SEGMENT_MAGIC,
		.version = SEGMENT_VERSION,
		.order = hash_quick(SEGMENT_LISTS),
		.fixed_size = fixed_size(),
		.cache_entries = entries,
	};
	if (unlink(name) != 0 && errno != ENOENT)
		fail(e, errno, path, "a stale file is in the way");
	else
		fd = fill_new(path, name, h, e);
	if (fd >= 0 && fstat(fd, st) != 0) {
		fail(e, errno, path, "cannot be examined");
		close(fd);
		fd = -1;
	}
	talloc_free(name);
	return fd;
}

/*
 * Puts the file under the segment.  The new mappings are made before the old
 * ones go, so that failing leaves everything as it was.
 */
static bool
map(struct segment *s, int fd, const struct stat *st, const struct segment_header *h, struct err *e)
{
	const int prot = PROT_READ | PROT_WRITE;
	size_t    n = cache_size(h->cache_entries);
	void     *fixed = mmap(NULL, fixed_size(), prot, MAP_SHARED, fd, 0);
	void     *cache = NULL;

	if (fixed == MAP_FAILED)
		return fail(e, errno, s->path, "cannot be mapped");
	if (n > 0)
		cache = mmap(NULL, n, prot, MAP_SHARED, fd, (off_t)fixed_size());
	if (cache == MAP_FAILED) {
		fail(e, errno, s->path, "cannot be mapped");
		munmap(fixed, fixed_size());
		return false;
	}
	if (s->fixed != NULL) {
		fixed = mremap(
		    fixed, fixed_size(), fixed_size(), MREMAP_MAYMOVE | MREMAP_FIXED, s->fixed);
		assert(fixed ==
		       s->fixed); /* nothing is allocated: address and length are those of before */
		if (s->cache != NULL)
			munmap(s->cache, cache_size(s->cache_entries));
		close(s->fd);
	}
	s->fd = fd;
	s->dev = st->st_dev;
	s->ino = st->st_ino;
	s->fixed = fixed;
	s->cache = cache;
	s->cache_entries = h->cache_entries;
	return true;
}

/* Opens the file, or makes it. A running process adopts another's size; a starting one insists on
 * its own. */
static bool
attach(struct segment *s, bool starting, struct err *e)
{
	struct segment_header h;
	struct stat           st;
	int                   lock = lock_take(s->path, e);
	int                   fd;

	if (lock < 0)
		return false;
	fd = open_existing(s->path, &st, &h, e);
	if (fd >= 0 && starting && h.cache_entries != s->want_entries) {
		close(fd);
		fd = -1;
	}
	if (fd < 0 && e->code == ERR_OK)
		fd = make_new(s->path, s->want_entries, &st, &h, e);
	if (fd >= 0 && !map(s, fd, &st, &h, e)) {
		close(fd);
		fd = -1;
	}
	close(lock);
	return fd >= 0;
}

static int
segment_free(struct segment *s)
{
	if (s->fixed == NULL)
		return 0;
	munmap(s->fixed, fixed_size());
	if (s->cache != NULL)
		munmap(s->cache, cache_size(s->cache_entries));
	close(s->fd);
	return 0;
}

/* What root made in the folder of the services' account would be out of their reach afterwards. */
static bool
check_folder(const char *path, struct err *e)
{
	const char *slash = strrchr(path, '/');
	char       *dir = slash == NULL ? talloc_strdup(NULL, ".")
					: talloc_strndup(NULL, path, (size_t)(slash - path) + 1);
	struct stat st;
	bool        strange;

	if (dir == NULL)
		return err_memory(e);
	strange = geteuid() == 0 && stat(dir, &st) == 0 && st.st_uid != 0;
	talloc_free(dir);
	return !strange ||
	       fail(e, 0, path,
		   "its folder belongs to another account: run it as that one, not as root");
}

struct segment *
segment_open(TALLOC_CTX *mem, const struct segment_options *o, struct err *e)
{
	struct segment *s = talloc_zero(mem, struct segment);

	if (s == NULL || (s->path = talloc_strdup(s, o->path)) == NULL) {
		err_memory(e);
		talloc_free(s);
		return NULL;
	}
	s->want_entries = round_entries(o->cache_entries);
	talloc_set_destructor(s, segment_free);
	if (!check_folder(o->path, e) || !attach(s, true, e)) {
		talloc_free(s);
		return NULL;
	}
	return s;
}

/*
 * Called between requests: no permit is held, so closing the old file (which
 * gives back every fcntl lock this process has on it) takes nothing away.
 *
 * A file of another version belongs to a newer or older program: it is left
 * alone and we stay on ours, which only costs warmth until we are replaced too.
 */
void
segment_check(struct segment *s, const struct clock *c)
{
	struct segment_header h;
	struct err            e = { 0 };
	struct stat           st;
	int64_t               now = clock_ns(c);
	int                   fd;

	if (now < s->next_check_ns)
		return;
	s->next_check_ns = now + CHECK_NS;
	if (lstat(s->path, &st) == 0) {
		if (st.st_dev == s->dev && st.st_ino == s->ino)
			return;
		fd = open_existing(s->path, &st, &h, &e);
		if (fd >= 0 && !map(s, fd, &st, &h, &e))
			close(fd);
		return;
	}
	if (errno == ENOENT)
		(void)attach(s, false, &e);
}
