/*
 * commit - the reference of the push benchmark: what one durable transaction costs.
 *
 * usage: commit SOCKET USER SECONDS PROCESSES
 *
 * PROCESSES processes each insert one small row and commit, one after the
 * other, through Connector/C with nothing else, into a scratch schema of their
 * own (bench_commit, dropped at the end).  Prints commits per second.
 */
#include <mysql.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static MYSQL *
open_db(const char *socket, const char *user)
{
	MYSQL *db = mysql_init(NULL);

	if (db != NULL && mysql_real_connect(db, NULL, user, NULL, NULL, 0, socket, 0) != NULL)
		return db;
	fprintf(stderr, "commit: %s\n", db != NULL ? mysql_error(db) : "out of memory");
	exit(1);
}

static void
run(MYSQL *db, const char *text)
{
	if (mysql_query(db, text) == 0)
		return;
	fprintf(stderr, "commit: %s\n", mysql_error(db));
	exit(1);
}

static double
now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* One process: its count goes to the pipe. */
static void
work(const char *socket, const char *user, double seconds, int out)
{
	MYSQL *db = open_db(socket, user);
	double end = now_s() + seconds;
	long   n = 0;

	run(db, "SET autocommit = 0");
	while (now_s() < end) {
		run(db, "INSERT INTO bench_commit.t (body) VALUES (REPEAT('x', 200))");
		run(db, "COMMIT");
		n++;
	}
	mysql_close(db);
	if (write(out, &n, sizeof(n)) != (ssize_t)sizeof(n))
		exit(1);
}

int
main(int argc, char **argv)
{
	int    fds[2], processes = argc == 5 ? (int)strtol(argv[4], NULL, 10) : 0;
	double seconds = argc == 5 ? strtod(argv[3], NULL) : 0;
	long   total = 0, n;
	MYSQL *db;

	if (processes < 1 || processes > 64 || seconds <= 0 || seconds > 60 || pipe(fds) != 0) {
		fprintf(stderr, "usage: commit SOCKET USER SECONDS PROCESSES\n");
		return 2;
	}
	db = open_db(argv[1], argv[2]);
	run(db, "CREATE OR REPLACE DATABASE bench_commit");
	run(db, "CREATE TABLE bench_commit.t (id BIGINT AUTO_INCREMENT PRIMARY KEY, body TEXT) "
		"ENGINE=InnoDB");
	mysql_close(db);
	for (int i = 0; i < processes; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			work(argv[1], argv[2], seconds, fds[1]);
			_exit(0);
		}
	}
	for (int i = 0; i < processes; i++)
		if (read(fds[0], &n, sizeof(n)) == (ssize_t)sizeof(n))
			total += n;
	while (wait(NULL) > 0)
		;
	db = open_db(argv[1], argv[2]);
	run(db, "DROP DATABASE bench_commit");
	mysql_close(db);
	printf("%.1f\n", (double)total / seconds);
	return 0;
}
