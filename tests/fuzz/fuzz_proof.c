/*
 * Properties of the checker of exported trails on hostile text: lines, checkpoints and keys are
 * read or refused, never both ways, and nothing that was not signed is proven.  The input is cut at
 * newlines; a line that begins with ! is a checkpoint that was kept elsewhere.  The same lines as
 * evidence: whoever has signed them, they are read to a verdict, and as they come they are none.
 */
#include <assert.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/proof/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* A note in one line has \r for LF. */
static void
see_note(struct proof_check *c, TALLOC_CTX *mem, struct str line, struct err *e)
{
	char *note = str_dup(mem, line);

	assert(note != NULL);
	for (char *p = note; *p != '\0'; p++)
		if (*p == '\r')
			*p = '\n';
	assert(proof_check_note(c, str_of(note), e));
}

static void
see_evidence(TALLOC_CTX *mem, struct str lines)
{
	static const uint8_t    seed[ED25519_KEY_LEN] = { 1 };
	struct note_key         key = { 0 };
	struct evidence_verdict v;
	struct err              e = { 0 };
	struct buf              b;
	char                   *note;

	assert(ed25519_public(seed, key.key, &e));
	assert(evidence_check(mem, lines, &key, 1, &v, &e) && v.fault != PROOF_FITS);
	buf_make(&b, mem);
	buf_puts(&b, EVIDENCE_NAME "00000000-0000-0000-0000-0000000000aa\n");
	buf_add(&b, lines.p, lines.n);
	buf_putc(&b, '\n');
	note = note_sign_text(mem, buf_str(&b), seed, &e);
	assert(note != NULL && evidence_check(mem, str_of(note), &key, 1, &v, &e));
	assert(v.proven == 0);
	evidence_verdict_print(&b, &v);
	assert(buf_ok(&b));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	TALLOC_CTX          *mem = talloc_new(NULL);
	struct note_key      key = { .key = { 1 } }, again;
	struct proof_check  *c = proof_check_make(mem, &key, 1);
	struct str           left = { (const char *)data, n }, line;
	struct proof_verdict v;
	struct err           e = { 0 };
	struct buf           b;

	if (note_key_parse(left, &again, &e) && again.name[0] != '\0')
		assert(str_eqz(left, note_key_print(mem, &again)));
	err_clear(&e);
	while (left.p != NULL && left.n > 0) {
		left = str_cut(left, '\n', &line);
		if (line.n > 0 && line.p[0] == '!')
			see_note(c, mem, (struct str) { line.p + 1, line.n - 1 }, &e);
		else if (!proof_check_line(c, line, &e))
			break;
	}
	assert(e.code == ERR_OK);
	proof_check_end(c, &v);
	assert(v.fault != PROOF_FITS && v.proven == 0);
	buf_make(&b, mem);
	proof_verdict_print(&b, &v);
	assert(buf_ok(&b));
	see_evidence(mem, (struct str) { (const char *)data, n });
	talloc_free(mem);
	return 0;
}
