/*
 * circuit.h - whether a database server answers, as far as the processes of this host know.
 *
 * Closed: it does, or nobody has found otherwise.  Open: who connected last got no
 * answer; everybody else is refused at once until an instant, and then exactly one
 * connects to see (CIRCUIT_PROBE).  That instant is moved on by one CAS, so a process
 * that dies while it probes only delays the next one (CIRCUIT_PROBE_MS).  The pause
 * after a failure is as long as it took to notice: a refused connection, which costs
 * nothing, is tried again soon.
 *
 * Beside it: who may ask whether a server is silent or merely slow, and whether it
 * refused what changes something, or took no more prepared statements, lately.
 *
 * `server` is a hash of the server's address, never 0; `now_ms` is monotonic.  There is
 * room for CIRCUITS_MAX servers; one more counts as closed for ever.
 */
#ifndef BSX_SHM_CIRCUIT_H
#define BSX_SHM_CIRCUIT_H

#include "core/shm/segment.h"

#define CIRCUITS_MAX         16
#define CIRCUIT_PROBE_MS     3000 /* a probe that has not ended by then never will */
#define CIRCUIT_PAUSE_MIN_MS 100
#define CIRCUIT_PAUSE_MAX_MS 1000
#define CIRCUIT_DOUBT_MS     1000  /* between two that ask whether it is slow or silent */
#define CIRCUIT_REFUSAL_MS   10000 /* how long a refused change is remembered */
#define CIRCUIT_CROWD_MS     300000 /* how long it is that one statement too many was prepared */

enum circuit_pass { CIRCUIT_CLOSED, CIRCUIT_OPEN, CIRCUIT_PROBE };

/* CIRCUIT_PROBE: the caller connects now, and tells by circuit_answered() or circuit_silent(). */
enum circuit_pass circuit_pass(struct segment *s, uint64_t server, int64_t now_ms);
/* Open, whoever probes: an answer that is awaited will not come. */
bool circuit_is_open(struct segment *s, uint64_t server);

void circuit_answered(struct segment *s, uint64_t server, int64_t now_ms);
/*
 * Connecting failed without an answer after took_ms.  True: it was closed before.  Who began before
 * somebody else was answered knows less than he: nothing is changed.
 */
bool circuit_silent(struct segment *s, uint64_t server, int64_t now_ms, int64_t took_ms);

/* An answer is late: true for one process at a time, which is to ask by a connection of its own. */
MUST_USE bool circuit_doubt(struct segment *s, uint64_t server, int64_t now_ms);

/* A change was refused with that error number (1 to 65535); the number while it is remembered, else 0. */
void     circuit_refused(struct segment *s, uint64_t server, int64_t now_ms, unsigned number);
unsigned circuit_refusal(struct segment *s, uint64_t server, int64_t now_ms);

/* It takes no more prepared statements; true: that is news. */
bool circuit_crowded(struct segment *s, uint64_t server, int64_t now_ms);
/* While that is remembered: nobody on this host keeps any. */
bool circuit_is_crowded(struct segment *s, uint64_t server, int64_t now_ms);

#endif
