/* bsxctl.h: passwords, from a file, from who sits at the terminal, or made here; never from an
 * argument. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "core/base/secret.h"
#include "tools/bsxctl.h"

#define PASSWORD_MADE  18 /* random bytes: 24 characters */
#define LINE_MAX_BYTES 1100

/* The first line, without its end. */
static bool
read_line(FILE *f, char *line)
{
	bool ok = fgets(line, LINE_MAX_BYTES, f) != NULL;

	line[ok ? strcspn(line, "\r\n") : 0] = '\0';
	return ok;
}

bool
ctl_password_file(struct ctl *c, const char *path, char **out, struct err *e)
{
	bool  from_stdin = strcmp(path, "-") == 0;
	FILE *f = from_stdin ? stdin : fopen(path, "re");
	char *line = secret_alloc(c->mem, LINE_MAX_BYTES);

	if (f == NULL || line == NULL)
		return err_set(e, ERR_INVALID, 0, "The password file cannot be read.", "%s", path);
	(void)read_line(f, line);
	if (!from_stdin)
		fclose(f);
	str_drop_bom(line);
	*out = line;
	return *line != '\0' ||
	       err_set(e, ERR_INVALID, 0, "The password file is empty.", "%s", path);
}

bool
ctl_password_make(struct ctl *c, char **out, struct err *e)
{
	uint8_t bytes[PASSWORD_MADE];

	rand_fill(&rand_system, bytes, sizeof(bytes));
	*out = base64url_print(c->mem, bytes, sizeof(bytes));
	secret_wipe(bytes, sizeof(bytes));
	if (*out == NULL)
		return err_memory(e);
	secret_guard(*out);
	return true;
}

/* ---- at the terminal ---- */

static bool
ask_once(FILE *tty, const char *what, char *line)
{
	bool ok;

	dprintf(fileno(tty), "%s", what);
	ok = read_line(tty, line);
	dprintf(fileno(tty), "\n");
	return ok;
}

/* Twice: what nobody sees is mistyped. */
static bool
ask_twice(FILE *tty, const char *what, char *line, char *again, struct err *e)
{
	if (!ask_once(tty, what, line) || *line == '\0' || !ask_once(tty, "Again: ", again))
		return err_set(e, ERR_INVALID, 0, "No password was typed.", "the terminal");
	return secret_eq(line, again, LINE_MAX_BYTES) ||
	       err_set(e, ERR_INVALID, 0, "The two are not the same.", "the terminal");
}

/* Who interrupts it meanwhile does so once the terminal shows again what is typed. */
static bool
ask_unseen(FILE *tty, const char *what, char *line, char *again, struct err *e)
{
	struct termios was, unseen;
	sigset_t       all, before;
	bool           ok;

	if (tcgetattr(fileno(tty), &was) != 0)
		return err_set(e, ERR_INVALID, 0, "The terminal cannot be used.", "tcgetattr");
	unseen = was;
	unseen.c_lflag &= ~(tcflag_t)ECHO;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	(void)tcsetattr(fileno(tty), TCSADRAIN, &unseen);
	ok = ask_twice(tty, what, line, again, e);
	(void)tcsetattr(fileno(tty), TCSADRAIN, &was);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return ok;
}

bool
ctl_password_ask(struct ctl *c, const char *what, char **out, struct err *e)
{
	char *line = secret_alloc(c->mem, LINE_MAX_BYTES);
	char *again = secret_alloc(c->mem, LINE_MAX_BYTES);
	FILE *tty;
	bool  ok;

	if (line == NULL || again == NULL)
		return err_memory(e);
	memset(line, 0, LINE_MAX_BYTES);
	memset(again, 0, LINE_MAX_BYTES);
	tty = fopen("/dev/tty", "r+e");
	if (tty == NULL)
		return err_set(e, ERR_INVALID, 0, "There is no terminal to ask at.", "/dev/tty");
	setvbuf(tty, NULL, _IONBF, 0); /* of what is typed nothing stays behind */
	ok = ask_unseen(tty, what, line, again, e);
	fclose(tty);
	talloc_free(again);
	*out = line;
	return ok;
}
