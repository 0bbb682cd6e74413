/*
 * cut.h - a process between a client and the server that closes the connection at a certain packet.
 *
 * Packets are those of MariaDB's protocol (three bytes of length, a number, the bytes), of all
 * connections since it was armed.  The one it is to be cut at has not arrived, all before it have.
 */
#ifndef BSX_TESTS_STORE_CUT_H
#define BSX_TESTS_STORE_CUT_H

#include <stdbool.h>
#include <sys/types.h>

enum cut_side { CUT_QUESTION, CUT_ANSWER };

struct cutter {
	pid_t       pid;
	const char *path;
	struct cut_order *order; /* shared with it */
};

struct cutter cutter_start(const char *path, const char *server);
/* From now on; once. */
void cutter_arm(struct cutter *c, enum cut_side side, int packet);
/* And kills that process there, before anybody can know. */
void cutter_kills(struct cutter *c, pid_t pid);
/* Ends it; whether it has cut. */
bool cutter_end(struct cutter *c);

#endif
