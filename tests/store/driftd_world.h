/*
 * driftd_world.h - the real driftd on the private server, and receivers on loopback.
 */
#ifndef BSX_TESTS_STORE_DRIFTD_WORLD_H
#define BSX_TESTS_STORE_DRIFTD_WORLD_H

#include <sys/types.h>

#include "tests/store/drift_world.h"

#define WAIT_MS 20000

#define DAEMONS_MAX 512
struct daemon_world {
	struct drift_world *x;
	char               *folder, *conf, *program;
	pid_t               pid;   /* of driftd, leader of its own group; 0: none */
	pid_t               started[DAEMONS_MAX]; /* all of them: a test that fails leaves none behind */
	unsigned            started_n;
	int                 value; /* of the last push, so that each is a new finding */
};

int64_t driftd_now_ms(void);
void    driftd_pause_ms(long ms);

/* A world with a configuration, a keyring and no daemon yet; for cmocka. */
int driftd_set_up(void **state);
int driftd_tear_down(void **state);
/* Starts the program with one option (NULL: none) in a session of its own. */
pid_t driftd_run(struct daemon_world *y, const char *option);
void  driftd_start(struct daemon_world *y);
/* Ends it by a signal and gives its wait status; SIGKILL ends its senders too. */
int driftd_end(struct daemon_world *y, int number);

/* One delivery, as it came in. */
struct hit {
	int   fd;
	char  text[65536];
	char  id[80];
	char  signature[80];
	long  timestamp;
	char *body;
};

/* *port 0: any, told there. */
int receiver_listen(int *port);
/* Waits for one request and reads it; the answer is still owed. */
bool receiver_take(int fd, struct hit *h, int ms);
void receiver_answer(struct hit *h, const char *status, const char *header);
bool receiver_signature_holds(const struct hit *h);

/* A config whose alerts go to 127.0.0.1:port. */
struct uuid driftd_config(struct daemon_world *y, int port);
/* Each push is a new value, hence a message. */
void driftd_cause(struct daemon_world *y, const struct uuid *c);
/* Waits until the count is what is wanted. */
void driftd_wait_count(struct daemon_world *y, const char *sql, int64_t want);

/* Until it is so. */
#define WAIT_FOR(x)                                                                                \
	for (int64_t end = driftd_now_ms() + WAIT_MS; !(x); usleep(5000))                          \
	assert_true(driftd_now_ms() < end)

#endif
