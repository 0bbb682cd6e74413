/*
 * collect_run.h - one claimed config: its run begun, driven, and ended.
 *
 * What it comes to is written in this process only where it shows what it showed last (recall.h), or is little against
 * little: the answers, and all that is stored of the config.  Else, and where a source is read at once or a config is taken over, a process is forked for it,
 * so that nobody waits for it; those beyond COLLECT_WORKERS_MAX wait.  A run is ended once: done, failed with a sentence, put off, or left to whoever comes next.  Who
 * dies in the middle leaves its claim to run out, and nothing half done.
 */
#ifndef BSX_DRIFT_COLLECT_COLLECT_RUN_H
#define BSX_DRIFT_COLLECT_COLLECT_RUN_H

#include <sys/types.h>

#include "drift/collect/drive.h"
#include "drift/collect/recalls.h"
#include "drift/collect/run_credential.h"
#include "drift/collect/sessions.h"
#include "drift/run/running.h"

/* What runs share. */
struct collecting {
	struct env       env;
	struct database *database;
	struct drift    *drift;
	struct drive_by  drive;
	struct sessions *sessions;
	struct recalls  *recalls; /* NULL: nothing is recalled */
	struct source_budget budget; /* of what all runs hold */
	struct uuid      owner;
	unsigned         workers; /* processes that write what runs have come to */
};
#define COLLECT_WORKERS_MAX 2
#define COLLECT_HELD_MAX    ((size_t)400 << 20)   /* bytes that all runs hold: those that hold much end */
#define COLLECT_ROOM        ((size_t)96 << 20)    /* and with bodies on their way: these wait (multi_bound) */
#define COLLECT_GROWS       8 /* a page takes so many times its bytes when it has been read */
#define COLLECT_INLINE_MAX  ((uint64_t)512 << 10) /* bytes of answers and of what is stored: so little is written here */
#define COLLECT_INLINE_ROWS 2000                  /* versions of resources that are stored */

/* What is known of its config, from one run to the next (collect_recall.h). */
struct recall_shared;
struct run_recall {
	struct recall_terms   of_source; /* key NULL: this run recalls nothing */
	struct uuid           tenant;
	uint8_t               terms[HASH_LEN];
	struct recalled      *known;  /* before, and in the end after it; NULL: nothing is */
	struct recall_shared *shared; /* with the process that writes it; NULL: there is none */
};

struct collect_run {
	struct collecting        *c;
	struct running            running; /* its config's too; `t` is found anew for each turn */
	struct drift_spec        *spec;    /* the source alone */
	struct source             log;     /* of a run of kind attribution: what it reads */
	bool                      of_log;
	struct run_credential     credential;
	struct source_session    *session;
	struct drive             *drive; /* NULL: it has come to its end */
	int64_t                   again_ms;
	struct run_recall         recall;
	bool                      unread; /* it is as it was, but that was not enough: all is to be read */
	bool                      ready; /* all is read, or at once to be; it waits for a process that writes it */
	pid_t                     worker; /* 0: none */
	bool                      over;
};

/* NULL: there is nothing to do, and the claim is over, or was lost; what went wrong is logged. */
struct collect_run *collect_begin(
    TALLOC_CTX *mem, struct collecting *c, const struct run_claim *claim, int64_t now_ms);
/* Goes on as far as it can; r->over: free it.  r->again_ms: when next, if nothing comes before. */
void collect_on(struct collect_run *r, int64_t now_ms);
/* Its process has ended so. */
void collect_reap(struct collect_run *r, int status);
/* It is given up, to be begun again by whoever comes. */
void collect_leave(struct collect_run *r);
/* Somebody else has its claim, or the config is gone: nothing is written. */
void collect_forget(struct collect_run *r);

#endif
