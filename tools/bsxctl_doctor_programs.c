/* Whether this account can start the responder and what stands beside it, and whether they fit. */
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/net/fetcher.h"
#include "tools/bsxctl_doctor.h"

#define RESPONDER   "blindspotx.fcgi"
#define PATIENCE_S  5
#define VERSION_MAX 64 /* bytes of what a program says of itself */

static _Noreturn void
become_program(char *path, int out)
{
	char  version[] = "--version";
	char *argv[] = { path, version, NULL }, *none[] = { NULL };
	int   null = open("/dev/null", O_RDWR | O_CLOEXEC);

	alarm(PATIENCE_S);
	if (null >= 0 && dup2(null, STDIN_FILENO) >= 0 && dup2(null, STDERR_FILENO) >= 0 &&
	    dup2(out, STDOUT_FILENO) >= 0)
		execve(path, argv, none);
	_exit(1);
}

/* The first line; what does not end with one is nothing. */
static size_t
read_line(int fd, char *line, size_t max)
{
	size_t  n = 0, end;
	ssize_t got;

	while (n < max && (got = read(fd, line + n, max - n)) > 0)
		n += (size_t)got;
	line[n < max ? n : max - 1] = '\0';
	end = strcspn(line, "\n");
	return end < n ? end : 0;
}

/* What it says after its name; NULL: it cannot be started, or says something else. */
static const char *
version_of(struct findings *f, const char *folder, const char *name)
{
	char   line[VERSION_MAX];
	char  *path = talloc_asprintf(f->c->mem, "%s%s", folder, name);
	int    fd[2], status = 1;
	size_t n = 0, skip = strlen(name) + 1;
	pid_t  pid;

	if (path == NULL || pipe2(fd, O_CLOEXEC) != 0)
		return NULL;
	pid = fork();
	if (pid == 0)
		become_program(path, fd[1]);
	close(fd[1]);
	if (pid > 0)
		n = read_line(fd[0], line, sizeof(line));
	close(fd[0]);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0 || n <= skip ||
	    strncmp(line, name, skip - 1) != 0 || line[skip - 1] != ' ')
		return NULL;
	return talloc_strndup(f->c->mem, line + skip, n - skip);
}

/* Where make install puts the responder, seen from here, or beside this program; NULL: in neither.
 */
static const char *
responder_folder(struct findings *f)
{
	static const char *const places[] = { "", "../sbin/" };
	struct err               e = { 0 };
	const char              *own = fetcher_own_folder(f->c->mem, &e);

	for (size_t i = 0; own != NULL && i < sizeof(places) / sizeof(*places); i++) {
		char *folder = talloc_asprintf(f->c->mem, "%s%s", own, places[i]);
		char *path = talloc_asprintf(f->c->mem, "%s%s", folder, RESPONDER);

		if (folder != NULL && path != NULL && access(path, F_OK) == 0)
			return folder;
	}
	return NULL;
}

void
doctor_programs(struct findings *f)
{
	const char *folder = responder_folder(f), *responder, *fetcher;

	if (folder == NULL) {
		ctl_say("note  " RESPONDER
			" is neither beside bsxctl nor in ../sbin of it: whether " FETCHER_PROGRAM
			" is beside it was not looked at");
		return;
	}
	responder = version_of(f, folder, RESPONDER);
	fetcher = version_of(f, folder, FETCHER_PROGRAM);
	if (responder == NULL)
		finding(f, false, "%s" RESPONDER " cannot be started by %s: install it again",
		    folder, f->service->name);
	if (fetcher == NULL)
		finding(f, false,
		    "%s" FETCHER_PROGRAM
		    " is not there, or cannot be started by %s: without it the "
		    "responder does not start, and as plain CGI nobody signs in by a provider; "
		    "make install puts it there",
		    folder, f->service->name);
	if (responder != NULL && fetcher != NULL)
		finding(f, strcmp(responder, fetcher) == 0,
		    "%s" RESPONDER " is version %s, " FETCHER_PROGRAM " beside it %s%s", folder,
		    ctl_text(f->c, responder), ctl_text(f->c, fetcher),
		    strcmp(responder, fetcher) == 0
			? ""
			: ": they speak with each other, so make install both and restart");
}
