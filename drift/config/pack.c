#include "drift/config/pack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool
name_ok(const char *name)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-");

	return n >= 1 && n <= 64 && name[n] == '\0';
}

static bool
read_all(TALLOC_CTX *mem, int fd, struct str *text, struct err *e)
{
	struct stat st;
	size_t      got = 0, want;
	char       *p;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > PACK_FILE_MAX)
		return err_set(e, ERR_INTERNAL, errno, "internal error",
		    "no plain file of at most %d bytes", PACK_FILE_MAX);
	want = (size_t)st.st_size;
	p = talloc_size(mem, want + 1);
	if (p == NULL)
		return err_memory(e);
	while (got < want) {
		ssize_t n = read(fd, p + got, want - got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_set(e, ERR_INTERNAL, errno, "internal error", "cannot be read");
		got += (size_t)n;
	}
	p[want] = '\0';
	*text = (struct str) { p, want };
	return true;
}

static struct rule_pack *
load_file(TALLOC_CTX *mem, int fd, const char *name, struct err *e)
{
	struct err        why = { 0 };
	struct str        text;
	struct rule_pack *pack = NULL;

	if (read_all(mem, fd, &text, &why))
		pack = rule_pack_parse(mem, text, &why);
	if (pack == NULL)
		err_set(e, ERR_INTERNAL, why.sys, "internal error", "rule pack %s: %s%s%s", name,
		    why.detail, why.faults == NULL ? "" : why.faults->pointer,
		    why.faults == NULL ? "" : why.faults->detail);
	return pack;
}

static struct rule_pack *
load_one(TALLOC_CTX *mem, const char *dir, const char *name, size_t i, struct err *e)
{
	char              pointer[48];
	char             *path = talloc_asprintf(mem, "%s/%s.json", dir, name);
	struct rule_pack *pack;
	int               fd = -1;

	if (path == NULL) {
		err_memory(e);
		return NULL;
	}
	if (name_ok(name))
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0) {
		snprintf(pointer, sizeof(pointer), "/rule_packs/%zu", i);
		err_fault(e, mem, pointer, "this installation has no rule pack of that name");
		return NULL;
	}
	pack = load_file(mem, fd, name, e);
	close(fd);
	return pack;
}

bool
packs_load(TALLOC_CTX *mem, const char *dir, const struct strings *names,
    const struct rule_pack ***packs, struct err *e)
{
	const struct rule_pack **list = talloc_zero_array(mem, const struct rule_pack *, PACKS_MAX);

	if (list == NULL)
		return err_memory(e);
	if (names->n > PACKS_MAX)
		return err_fault(e, mem, "/rule_packs", "at most %d packs", PACKS_MAX);
	for (size_t i = 0; i < names->n; i++) {
		list[i] = load_one(mem, dir, names->items[i], i, e);
		if (list[i] == NULL)
			return false;
	}
	*packs = list;
	return true;
}
