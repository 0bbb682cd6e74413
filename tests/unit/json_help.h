/*
 * json_help.h - what the tests of base/json share: texts that may hold U+0000, and printing.
 */
#ifndef BSX_TEST_JSON_HELP_H
#define BSX_TEST_JSON_HELP_H

#include "core/json/json.h"
#include "tests/unit/mem.h"

static inline struct str
printed(const struct json *v)
{
	struct buf b;

	buf_make(&b, mem);
	json_print(&b, v);
	assert_true(buf_ok(&b));
	return buf_str(&b);
}

struct text {
	const char *p;
	size_t      n;
};
#define T(lit)                                                                                     \
	{                                                                                          \
		lit, sizeof(lit) - 1                                                               \
	}

#endif
