/*
 * server.h - what the database server itself says about its limits.
 */
#ifndef BSX_STORE_SERVER_H
#define BSX_STORE_SERVER_H

#include "core/store/db.h"

/* max_connections of the server that the control connection goes to. */
MUST_USE bool server_max_connections(
    struct db *control, TALLOC_CTX *mem, int64_t *n, struct err *e);

#endif
