/*
 * Properties of the configuration file: whatever its bytes, it is refused by its
 * name, or every number is in its range and all settings can be shown; no other
 * file is read for it.
 *
 * Input: the file.
 */
#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/conf/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* libconfig's scanner loses the beginning of a string that ends in an error: 64 bytes of a refused
 * file. */
const char *__lsan_default_suppressions(void);
const char *
__lsan_default_suppressions(void)
{
	return "leak:libconfig.so";
}

#define ELSEWHERE "/dev/shm/bsx-fuzz-included"
#define MARK      "https://included.example"

static const char *
path_of(int fd)
{
	static char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return path;
}

/* In memory, with the mode that a configuration has. */
static int
make_file(const void *p, size_t n)
{
	int fd = memfd_create("conf", MFD_CLOEXEC);

	assert(fd >= 0 && fchmod(fd, 0600) == 0 && write(fd, p, n) == (ssize_t)n);
	return fd;
}

static void
make_elsewhere(void)
{
	static bool made;
	FILE       *f;

	if (made)
		return;
	f = fopen(ELSEWHERE, "w");
	assert(f != NULL && fputs("public_url = \"" MARK "\";\n", f) >= 0 && fclose(f) == 0);
	made = true;
}

static void
check_ranges(const struct conf *c)
{
	for (const struct conf_key *k = conf_keys; k->name != NULL; k++) {
		const char *at = (const char *)c + k->offset;
		int64_t     v;

		if (k->kind != FIELD_I64)
			continue;
		memcpy(&v, at, sizeof(v));
		assert(v >= k->min && (k->max == 0 || v <= k->max));
	}
}

static struct str
shown(TALLOC_CTX *mem, const struct conf *c)
{
	struct buf b;

	buf_make(&b, mem);
	conf_show(&b, c);
	assert(buf_ok(&b));
	return buf_str(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	TALLOC_CTX  *mem = talloc_new(NULL);
	int          fd = make_file(data, n);
	struct err   e = { 0 };
	struct conf *c;

	make_elsewhere();
	c = conf_load(mem, path_of(fd), &e);
	if (c != NULL) {
		check_ranges(c);
		assert(strcmp(c->public_url, MARK) != 0 || memmem(data, n, MARK, strlen(MARK)));
		assert(shown(mem, c).n > 0);
	} else {
		assert(e.code == ERR_INTERNAL && strstr(e.detail, "/proc/self/fd/") != NULL);
	}
	close(fd);
	talloc_free(mem);
	return 0;
}
