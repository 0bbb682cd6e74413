/*
 * sessions.h - the sessions (source.h) that runs with one credential share: in this process's memory alone, at most
 * SESSIONS_MAX of them; what was used longest ago goes, and is wiped.
 */
#ifndef BSX_DRIFT_COLLECT_SESSIONS_H
#define BSX_DRIFT_COLLECT_SESSIONS_H

#include "drift/source/source.h"

#define SESSIONS_MAX 1024

struct sessions;
struct sessions *sessions_make(TALLOC_CTX *mem); /* NULL: out of memory */

/* Of that tenant's credential; it stays until session_release().  NULL: out of memory. */
struct source_session *session_use(
    struct sessions *all, const struct uuid *tenant, const char *credential);
void session_release(struct sessions *all, struct source_session *s);

#endif
