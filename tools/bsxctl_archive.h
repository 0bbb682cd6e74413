/*
 * bsxctl_archive.h - what the commands about archives share.
 */
#ifndef BSX_TOOLS_BSXCTL_ARCHIVE_H
#define BSX_TOOLS_BSXCTL_ARCHIVE_H

#include <getopt.h>

#include "core/auth/tenant/archive_take.h"
#include "tools/bsxctl.h"

/* Who opens it, and what else may be said; NULL: not given. */
struct archive_args {
	const char *command;
	const char *passphrase_file, *key_file, *signer;
	const char *first, *second; /* operands */
	int64_t     grace_s;        /* -1: not given */
	bool        json, dry_run, back;
};
/* Of a command that opens an archive. */
extern const struct option archive_read_options[], archive_restore_options[];
/* False: it was called wrongly. */
MUST_USE bool archive_args_take(struct archive_args *a, int argc, char **argv, const struct option *options, int operands);
/* What closes (a public key) or opens it (a private one); or the passphrase. */
MUST_USE bool archive_args_lock(struct ctl *c, const struct archive_args *a, bool closes, struct lock *l, struct err *e);

/* From here on SIGINT and SIGTERM only say that somebody wants it to end. */
void archive_stop_by_signal(void);
bool archive_stopped(void);
/* Of struct archive_source: says on stderr which table it is at; arg: a const char *, NULL at first. */
bool archive_watch(void *arg, const struct archive_at *at);
/* To read it; below 0: it cannot be. */
MUST_USE int archive_file(const char *path, struct err *e);

#endif
