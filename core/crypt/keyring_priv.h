/*
 * keyring_priv.h - the keyring as its file has it, for the files of keyring.h.
 */
#ifndef BSX_CRYPT_KEYRING_PRIV_H
#define BSX_CRYPT_KEYRING_PRIV_H

#include <sys/stat.h>

#include "core/crypt/keyring.h"

#define KEYRING_VERSIONS_MAX 64
#define KEYRING_FILE_MAX     16384

struct keyring_version {
	uint32_t         number;
	enum keyring_use use;
	uint8_t          root[KEY_LEN];
};

struct keyring_versions {
	size_t                 n;
	struct keyring_version versions[KEYRING_VERSIONS_MAX]; /* ascending */
};

/* What changes when it is looked at again. */
struct keyring_now {
	struct keyring_versions all;
	struct stat             seen;     /* the file that it is from */
	int64_t                 asked_ns; /* when its command was run last */
	int64_t                 looked_ns; /* when keyring_newest() last saw whether the file is another one */
};

struct keyring {
	struct keyring_source from; /* a copy */
	char                 *name; /* for sentences: a path, or "command PATH" */
	struct keyring_now   *now;
};

/* `path`: the name of what it is about. */
bool keyring_fail(struct err *e, int sys, const char *path, const char *what);
/* The file by its descriptor, once it is seen that it is nobody else's to read; -1: it failed. */
int  keyring_open_private(const struct keyring_source *s, struct err *e);
MUST_USE bool keyring_read_all(int fd, char *buf, size_t max, size_t *n);
/* Runs its command; the output to `text`, of KEYRING_FILE_MAX bytes. */
MUST_USE bool keyring_run(const struct keyring *k, char *text, size_t *n, struct err *e);
MUST_USE bool keyring_parse(
    struct keyring_versions *k, const char *path, struct str text, struct err *e);
/* One line; v->number 0: a comment, or empty.  The caller wipes it. */
MUST_USE bool keyring_parse_line(struct str line, struct keyring_version *v);
/* For who is about to seal: as the file is now, give or take a second. */
void keyring_follow_file(const struct keyring *k);
/* The highest in use; 0: none is. */
uint32_t keyring_seals(const struct keyring_versions *k);

#endif
