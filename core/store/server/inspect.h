/*
 * inspect.h - what the admin tool wants to know of the database server.
 */
#ifndef BSX_STORE_SERVER_INSPECT_H
#define BSX_STORE_SERVER_INSPECT_H

#include "core/store/db.h"

struct server_info {
	char   *version;            /* "10.11.6-MariaDB-..." */
	int64_t major, minor;       /* 10, 11; 0: the version is no MariaDB's */
	int64_t max_connections;
	int64_t most_kept;          /* as of struct server_limits */
	int64_t max_allowed_packet; /* bytes */
	bool    flushes;            /* every COMMIT reaches the disk */
	bool    tls;                /* this connection is encrypted */
};

MUST_USE bool server_inspect(struct db *db, TALLOC_CTX *mem, struct server_info *s, struct err *e);

#endif
