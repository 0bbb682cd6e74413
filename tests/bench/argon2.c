/*
 * argon2 - the reference of the login benchmark: argon2id alone, on all cores.
 *
 * usage: argon2 SECONDS PROCESSES
 *
 * PROCESSES processes each hash a password, one after the other, with the
 * parameters of our hashes.  Prints hashes per second.
 */
#include <argon2.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/crypt/password.h"

static double
now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* One process: its rate goes to the pipe; the last hash may end after the time. */
static void
work(double seconds, int out)
{
	double  start = now_s(), took = 0;
	long    n = 0;
	uint8_t hash[32];

	for (; took < seconds; n++, took = now_s() - start)
		if (argon2id_hash_raw(PASSWORD_TIME, PASSWORD_MEMORY_KIB, 1, "password", 8,
			"saltsaltsaltsalt", 16, hash, sizeof(hash)) != ARGON2_OK)
			exit(1);
	took = (double)n / took;
	if (write(out, &took, sizeof(took)) != (ssize_t)sizeof(took))
		exit(1);
}

int
main(int argc, char **argv)
{
	int    fds[2], processes = argc == 3 ? (int)strtol(argv[2], NULL, 10) : 0;
	double seconds = argc == 3 ? strtod(argv[1], NULL) : 0, total = 0, rate;

	if (processes < 1 || processes > 64 || seconds <= 0 || seconds > 60 || pipe(fds) != 0) {
		fprintf(stderr, "usage: argon2 SECONDS PROCESSES\n");
		return 2;
	}
	for (int i = 0; i < processes; i++) {
		if (fork() != 0)
			continue;
		work(seconds, fds[1]);
		_exit(0);
	}
	for (int i = 0; i < processes; i++)
		if (read(fds[0], &rate, sizeof(rate)) == (ssize_t)sizeof(rate))
			total += rate;
	while (wait(NULL) > 0)
		;
	printf("%.1f\n", total);
	return 0;
}
