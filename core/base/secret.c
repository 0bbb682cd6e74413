#include "core/base/secret.h"

#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

void
secret_wipe(void *p, size_t n)
{
	if (n > 0)
		explicit_bzero(p, n);
}

bool
secret_eq(const void *a, const void *b, size_t n)
{
	const volatile unsigned char *x = a, *y = b;
	unsigned char                 diff = 0;

	for (size_t i = 0; i < n; i++)
		diff |= x[i] ^ y[i];
	return diff == 0;
}

static int
wipe_chunk(void *chunk)
{
	secret_wipe(chunk, talloc_get_size(chunk));
	return 0;
}

void *
secret_alloc(TALLOC_CTX *mem, size_t n)
{
	void *p = talloc_zero_size(mem, n);

	if (p != NULL)
		secret_guard(p);
	return p;
}

void
secret_guard(void *chunk)
{
	talloc_set_destructor(chunk, wipe_chunk);
}

/* Best effort: where a sandbox forbids one of these, it has taken care itself. */
void
secret_process(void)
{
	const struct rlimit none = { 0, 0 };

	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}
