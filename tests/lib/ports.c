/*
 * ports - TCP ports of 127.0.0.1 for one run of tests.
 *
 * usage: ports N
 *
 * Prints N ports that the kernel chose, one a line, and keeps them until it or its
 * parent ends: they are bound without a listener, so the kernel gives them to nobody
 * else, not for an outgoing connection either, while a server that sets SO_REUSEADDR
 * (all ours do) can listen on them, and again after it was stopped.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORTS_MAX 64

/* 0: there is none. */
static unsigned
hold_port(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_addr = { .s_addr = htonl(INADDR_LOOPBACK) } };
	socklen_t          n = sizeof(a);
	int                on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
	    bind(fd, (const struct sockaddr *)&a, sizeof(a)) != 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &n) != 0)
		return 0;
	return ntohs(a.sin_port);
}

int
main(int argc, char **argv)
{
	long  n = argc == 2 ? strtol(argv[1], NULL, 10) : 0;
	pid_t parent = getppid();

	if (n < 1 || n > PORTS_MAX) {
		fputs("usage: ports N\n", stderr);
		return 2;
	}
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	for (long i = 0; i < n; i++) {
		unsigned port = hold_port();

		if (port == 0) {
			perror("ports");
			return 1;
		}
		printf("%u\n", port);
	}
	if (fflush(stdout) != 0 || getppid() != parent)
		return 1;
	for (;;)
		pause();
}
