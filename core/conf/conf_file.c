#include "core/conf/conf_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX_BYTES (1 << 20)
#define DIGITS_MAX     9 /* no setting takes more */
#define HEX_DIGITS     "0123456789abcdefABCDEFxX"

bool
conf_refuse(struct conf_loader *l, unsigned line, const char *fmt, ...)
{
	struct buf  where;
	char        what[300];
	va_list     ap;
	const char *text;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	buf_make(&where, l->mem);
	buf_log(&where, str_of(l->path));
	if (line > 0)
		buf_printf(&where, ":%u", line);
	buf_puts(&where, ": ");
	buf_log(&where, str_of(what));
	text = buf_ok(&where) ? where.p : what;
	return err_set(l->e, ERR_INTERNAL, 0, text, "%s", text);
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_word(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	       c == '-' || c == '*' || c == '.';
}

static const char *
skip_word(const char *z)
{
	while (is_word(*z))
		z++;
	return z;
}

/* The end of the string or comment that starts at z, else z. */
static const char *
skip_opaque(const char *z)
{
	const char *end;

	if (*z == '"') {
		for (z++; *z != '\0' && *z != '"'; z++)
			if (*z == '\\' && z[1] != '\0')
				z++;
		return *z == '"' ? z + 1 : z;
	}
	if (*z == '#' || (z[0] == '/' && z[1] == '/'))
		return z + strcspn(z, "\n");
	if (z[0] == '/' && z[1] == '*') {
		end = strstr(z + 2, "*/");
		return end == NULL ? z + strlen(z) : end + 2;
	}
	return z;
}

/*
 * What libconfig 1.5 lets through: an integer beyond 32 bits wraps silently
 * (4294967301 becomes 5), and @include would be a second source.
 */
static bool
scan_literals(struct conf_loader *l, const char *z)
{
	unsigned line = 1;

	while (*z != '\0') {
		const char *end = skip_opaque(z);
		const char *number = z + (*z == '-');

		if (*z == '@')
			return conf_refuse(l, line, "@include is not supported: there is one file");
		if (end == z)
			end = skip_word(z);
		if (end > z && is_digit(*number) && strspn(number, HEX_DIGITS) > DIGITS_MAX)
			return conf_refuse(l, line,
			    "%.*s: no setting takes a number of so many digits",
			    (int)(end - z < 40 ? end - z : 40), z);
		for (end += end == z; z < end; z++)
			line += *z == '\n';
	}
	return true;
}

static bool
read_text(struct conf_loader *l, int fd, char *text)
{
	struct stat st;
	ssize_t     n;

	if (fd < 0 || fstat(fd, &st) != 0)
		return conf_refuse(l, 0, "%s", strerror(errno));
	if (!S_ISREG(st.st_mode))
		return conf_refuse(l, 0, "not a regular file");
	if (st.st_mode & S_IWOTH)
		return conf_refuse(l, 0, "everybody may write to it: chmod o-w");
	n = read(fd, text, FILE_MAX_BYTES + 1);
	if (n < 0)
		return conf_refuse(l, 0, "%s", strerror(errno));
	if (n > FILE_MAX_BYTES)
		return conf_refuse(l, 0, "longer than %d bytes", FILE_MAX_BYTES);
	if (n >= 2 && (memcmp(text, "\xFF\xFE", 2) == 0 || memcmp(text, "\xFE\xFF", 2) == 0))
		return conf_refuse(l, 0, "it is UTF-16: save it as UTF-8");
	if (strlen(text) != (size_t)n)
		return conf_refuse(l, 0, "a NUL in it");
	return true;
}

/* libconfig is given text, not a file: it ends the process when it cannot read what it opened. */
bool
conf_file_text(struct conf_loader *l, char **text)
{
	int  fd;
	bool ok;

	*text = talloc_zero_size(l->mem, FILE_MAX_BYTES + 2);
	if (*text == NULL)
		return err_memory(l->e);
	fd = open(l->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ok = read_text(l, fd, *text);
	if (fd >= 0)
		close(fd);
	str_drop_bom(*text);
	return ok && scan_literals(l, *text);
}
