/*
 * Properties of stored contents, the only compressed thing that is read (bodies and
 * answers never are): whatever the frame says of itself, it unpacks to the size that
 * its row names or not at all; what is packed unpacks to itself, and to no other size.
 *
 * Input: four bytes of size, a frame; the whole as a text to be packed.
 */
#include <assert.h>
#include <string.h>

#include "core/store/drift/content.h"

#define SIZE_MASK 0x3FFFFFu /* rows name at most CONTENT_TEXT_MAX; these are quicker to make */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
check_frame(TALLOC_CTX *mem, const uint8_t *data, size_t n)
{
	struct str packed = { (const char *)data + 4, n - 4 }, text;
	struct err e = { 0 };
	uint32_t   size;

	memcpy(&size, data, 4);
	size &= SIZE_MASK;
	if (content_expand(mem, packed, size, &text, &e))
		assert(text.n == size && text.p[size] == '\0');
	else
		assert(e.code == ERR_INTERNAL);
}

static void
check_text(TALLOC_CTX *mem, struct str in)
{
	struct str packed, text;
	struct err e = { 0 };

	assert(content_compress(mem, in, &packed, &e));
	assert(content_expand(mem, packed, in.n, &text, &e) && str_eq(in, text));
	assert(!content_expand(mem, packed, in.n + 1, &text, &e));
	assert(in.n == 0 || !content_expand(mem, packed, in.n - 1, &text, &e));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	TALLOC_CTX *mem = talloc_new(NULL);

	if (n >= 4)
		check_frame(mem, data, n);
	check_text(mem, (struct str) { (const char *)data, n });
	talloc_free(mem);
	return 0;
}
