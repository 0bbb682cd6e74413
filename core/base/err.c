#include "core/base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <talloc.h>

static const struct {
	int         status;
	const char *wire;
	const char *title;
} codes[ERR__MAX] = {
#define X(code, status, wire, title) [code] = { status, wire, title },
	ERR_CODES(X)
#undef X
};

bool
err_set_at(struct err *e, enum err_code code, int sys, const char *pub, const char *file, int line,
    const char *fmt, ...)
{
	va_list ap;

	if (e->code != ERR_OK)
		return false;
	e->code = code;
	e->sys = sys;
	e->file = file;
	e->line = line;
	snprintf(e->pub, sizeof(e->pub), "%s", pub);
	va_start(ap, fmt);
	vsnprintf(e->detail, sizeof(e->detail), fmt, ap);
	va_end(ap);
	return false;
}

bool
err_note(struct err *e, const char *fmt, ...)
{
	static const char joint[] = "; while ";
	size_t            n = strlen(e->detail);
	va_list           ap;

	if (n + sizeof(joint) >= sizeof(e->detail))
		return false;
	memcpy(e->detail + n, joint, sizeof(joint));
	n += sizeof(joint) - 1;
	va_start(ap, fmt);
	vsnprintf(e->detail + n, sizeof(e->detail) - n, fmt, ap);
	va_end(ap);
	return false;
}

bool
err_fault(struct err *e, void *mem, const char *pointer, const char *fmt, ...)
{
	struct fault **end = &e->faults;
	struct fault  *f;
	va_list        ap;

	if (e->code != ERR_OK && e->code != ERR_INVALID)
		return false;
	f = talloc_zero(mem, struct fault);
	if (f == NULL)
		return err_memory(e);
	f->pointer = talloc_strdup(f, pointer);
	va_start(ap, fmt);
	f->detail = talloc_vasprintf(f, fmt, ap);
	va_end(ap);
	if (f->pointer == NULL || f->detail == NULL)
		return err_memory(e);
	err_set(
	    e, ERR_INVALID, 0, "The request has invalid members.", "%s: %s", pointer, f->detail);
	while (*end != NULL)
		end = &(*end)->next;
	*end = f;
	return false;
}

void
err_clear(struct err *e)
{
	memset(e, 0, sizeof(*e));
}

bool
err_take(struct err *e, enum err_code code)
{
	if (e->code != code)
		return false;
	err_clear(e);
	return true;
}

int
err_status(enum err_code code)
{
	return codes[code].status;
}

const char *
err_wire(enum err_code code)
{
	return codes[code].wire;
}

const char *
err_title(enum err_code code)
{
	return codes[code].title;
}
