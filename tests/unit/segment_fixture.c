#include "tests/unit/segment_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

bool
segment_fixture_make(struct segment_fixture *f)
{
	f->mem = talloc_new(NULL);
	strcpy(f->dir, "/tmp/bsx-test-XXXXXX");
	if (f->mem == NULL || mkdtemp(f->dir) == NULL)
		return false;
	snprintf(f->path, sizeof(f->path), "%s/segment", f->dir);
	snprintf(f->lock, sizeof(f->lock), "%s/segment.lock", f->dir);
	return true;
}

struct segment *
segment_fixture_open(struct segment_fixture *f, uint64_t entries)
{
	const struct segment_options o = { f->path, entries };
	struct err                   e = { 0 };
	struct segment              *s = segment_open(f->mem, &o, &e);

	if (s == NULL)
		fail_msg("%s", e.detail);
	return s;
}

bool
segment_fixture_free(struct segment_fixture *f)
{
	talloc_free(f->mem);
	unlink(f->path);
	unlink(f->lock);
	return rmdir(f->dir) == 0;
}
