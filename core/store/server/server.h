/*
 * server.h - what the database server itself says about its limits and its state.
 */
#ifndef BSX_STORE_SERVER_SERVER_H
#define BSX_STORE_SERVER_SERVER_H

#include "core/store/db.h"

/* What the server that the control connection goes to allows all its clients together. */
struct server_limits {
	int64_t max_connections;
	int64_t most_kept; /* statements that all our connections together may keep: 7 in 10 of its */
};
MUST_USE bool server_limits(
    struct db *control, TALLOC_CTX *mem, struct server_limits *l, struct err *e);
#define SERVER_MOST_KEPT "@@GLOBAL.max_prepared_stmt_count DIV 10 * 7 AS most_kept"

/*
 * Whether it answers and takes changes: asked by one statement, and by what it has refused this host's
 * processes within CIRCUIT_REFUSAL_MS.  ERR_UNAVAILABLE with a harmless sentence and retry_s; *state is
 * then what an operator is told.  A server that takes no changes is left: the address may lead to another.
 */
enum server_state { SERVER_OK, SERVER_UNAVAILABLE, SERVER_READ_ONLY, SERVER_FULL };
MUST_USE bool server_check(
    struct db *control, TALLOC_CTX *mem, enum server_state *state, struct err *e);
const char *server_state_text(enum server_state s); /* "ok", "unavailable", "read_only", "full" */

#endif
