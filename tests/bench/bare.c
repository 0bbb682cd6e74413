/*
 * bare - the reference of the benchmarks: the least a libfcgi program can do.
 *
 * usage: bare SOCKET WORKERS
 *
 * WORKERS processes wait in FCGX_Accept_r on one unix socket and answer every
 * request with {"ok":true}; nothing is read, checked, logged or counted.  Ends
 * with its parent or on TERM.
 */
#include <fcgiapp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define BACKLOG 4096

static void
serve(int fd)
{
	FCGX_Request r;

	FCGX_InitRequest(&r, fd, 0);
	while (FCGX_Accept_r(&r) == 0) {
		FCGX_PutS("Status: 200 OK\r\n"
			  "Content-Type: application/json\r\n"
			  "Content-Length: 11\r\n"
			  "\r\n"
			  "{\"ok\":true}",
		    r.out);
		FCGX_Finish_r(&r);
	}
}

int
main(int argc, char **argv)
{
	int fd, workers = argc == 3 ? (int)strtol(argv[2], NULL, 10) : 0;

	if (workers < 1 || workers > 64) {
		fputs("usage: bare SOCKET WORKERS\n", stderr);
		return 2;
	}
	umask(0117);
	FCGX_Init();
	fd = FCGX_OpenSocket(argv[1], BACKLOG);
	for (int i = 0; i < workers; i++) {
		if (fork() != 0)
			continue;
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		serve(fd);
		_exit(0);
	}
	while (wait(NULL) > 0)
		continue;
	return 0;
}
