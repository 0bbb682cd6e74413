/*
 * supervise.h - the parent of driftd: keeps its senders running, says that the
 * daemon is alive, and hands signals on.
 */
#ifndef BSX_DRIFT_DRIFTD_SUPERVISE_H
#define BSX_DRIFT_DRIFTD_SUPERVISE_H

#include "core/auth/programs.h"
#include "drift/driftd/sender.h"

struct daemon {
	TALLOC_CTX           *mem;
	const char           *conf_path;
	struct conf          *conf;
	struct log           *log;
	struct segment       *segment;
	struct keyring       *keyring;
	struct channel_slots *slots;
	struct database      *database; /* its connection is closed whenever a child may be forked */
	struct uuid           id;
	struct program        program; /* the same id */
};

MUST_USE struct log *daemon_log(
    TALLOC_CTX *mem, const struct conf *c, struct segment *s, struct err *e);
struct env          daemon_env(const struct daemon *d); /* as they stand now */
struct sender_start daemon_start(const struct daemon *d, unsigned self, struct uuid owner);
/* One heartbeat, by the database's clock. */
MUST_USE bool daemon_alive(struct daemon *d, struct err *e);
/* Until TERM; the exit status. */
int daemon_run(struct daemon *d);

#endif
