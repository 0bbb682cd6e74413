/*
 * hold - a process manager as small as can be: keeps a listening socket and
 * starts a program on it again and again.
 *
 * usage: hold SOCKET PROGRAM ARGUMENTS...
 *
 * The program gets the socket as descriptor 0.  When it ends with status 0 it
 * is started anew; any other end, or the end of our own standard input, ends us.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static int
make_socket(const char *path)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int                fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || strlen(path) >= sizeof(sa.sun_path))
		return -1;
	memcpy(sa.sun_path, path, strlen(path) + 1);
	umask(0);
	if (bind(fd, (const struct sockaddr *)&sa, sizeof(sa)) != 0 || listen(fd, 4096) != 0)
		return -1;
	return fd;
}

static pid_t
start(int fd, char **command)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	dup2(fd, STDIN_FILENO);
	execv(command[0], command);
	_exit(127);
}

int
main(int argc, char **argv)
{
	int   fd = argc > 2 ? make_socket(argv[1]) : -1;
	int   status = 0;
	pid_t pid = -1;

	if (fd < 0) {
		fputs("usage: hold SOCKET PROGRAM ARGUMENTS...\n", stderr);
		return 2;
	}
	do {
		struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };

		pid = start(fd, argv + 2);
		printf("started %d\n", (int)pid);
		fflush(stdout);
		while (waitpid(pid, &status, WNOHANG) == 0) {
			if (poll(&in, 1, 20) == 0)
				continue;
			kill(pid, SIGTERM);
			waitpid(pid, &status, 0);
			return WEXITSTATUS(status);
		}
	} while (WIFEXITED(status) && WEXITSTATUS(status) == 0);
	return 1;
}
