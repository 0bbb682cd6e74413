#include "core/proof/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEYS_MAX     100
#define KEY_FILE_MAX 65536

static bool
unreadable(const char *path, struct err *e)
{
	return err_set(
	    e, ERR_INVALID, errno, "A file cannot be read.", "%s: %s", path, strerror(errno));
}

/* All of a short file; *text is a child of `mem`. */
static bool
read_short(TALLOC_CTX *mem, const char *path, size_t max, struct str *text, struct err *e)
{
	FILE *in = fopen(path, "re");
	char *p = talloc_size(mem, max + 1);
	bool  failed;

	if (in == NULL)
		return unreadable(path, e);
	if (p == NULL) {
		fclose(in);
		return err_memory(e);
	}
	*text = (struct str) { p, fread(p, 1, max + 1, in) };
	failed = ferror(in) != 0;
	fclose(in);
	if (failed)
		return unreadable(path, e);
	return text->n <= max ||
	       err_set(e, ERR_INVALID, 0, "A file is too long for what it should be.", "%s", path);
}

/* ---- keys ---- */

static bool
read_keys(struct str text, struct note_key *keys, size_t *n, struct err *e)
{
	struct str line;

	while (text.n > 0 && *n < KEYS_MAX) {
		text = str_cut(text, '\n', &line);
		line = str_trim(line);
		if (line.n == 0 || line.p[0] == '#')
			continue;
		if (!note_key_parse(line, &keys[*n], e))
			return false;
		if (strcmp(keys[0].name, keys[*n].name) != 0)
			return err_set(
			    e, ERR_INVALID, 0, "The keys are of several trails.", "two names");
		(*n)++;
	}
	return *n > 0 ||
	       err_set(e, ERR_INVALID, 0, "There is no public key in the file.", "no key");
}

static bool
keys_of(TALLOC_CTX *mem, const char *given, struct note_key *keys, size_t *n, struct err *e)
{
	struct err none = { 0 };
	struct str text;

	*n = 1;
	if (note_key_parse(str_of(given), &keys[0], &none))
		return true;
	*n = 0;
	return read_short(mem, given, KEY_FILE_MAX, &text, e) && read_keys(text, keys, n, e);
}

/* ---- the export ---- */

/* What has no LF is no line: the file breaks off. */
static bool
read_lines(struct proof_check *c, FILE *in, struct err *e)
{
	char   *line = NULL;
	size_t  cap = 0;
	ssize_t n;
	bool    ok = true;

	while (ok && (n = getline(&line, &cap, in)) > 0) {
		if (line[n - 1] != '\n') {
			proof_check_broken(c);
			break;
		}
		ok = n <= PROOF_LINE_MAX
			 ? proof_check_line(c, (struct str) { line, (size_t)n - 1 }, e)
			 : err_set(e, ERR_TOO_LARGE, 0, "A line is too long.", "a line");
	}
	free(line);
	return e->code == ERR_OK;
}

static bool
read_export(struct proof_check *c, const char *path, struct err *e)
{
	FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	bool  ok;

	if (in == NULL)
		return unreadable(path, e);
	ok = read_lines(c, in, e) && (ferror(in) == 0 || unreadable(path, e));
	if (in != stdin)
		fclose(in);
	return ok;
}

static bool
read_notes(TALLOC_CTX *mem, struct proof_check *c, const struct proof_files *f, struct err *e)
{
	struct str note;

	for (size_t i = 0; i < f->notes_n; i++)
		if (!read_short(mem, f->notes[i], NOTE_MAX, &note, e) ||
		    !proof_check_note(c, note, e))
			return false;
	return true;
}

bool
proof_files_check(
    TALLOC_CTX *mem, const struct proof_files *f, struct proof_verdict *out, struct err *e)
{
	struct note_key    *keys = talloc_zero_array(mem, struct note_key, KEYS_MAX);
	struct proof_check *c;
	size_t              n;

	if (keys == NULL)
		return err_memory(e);
	if (!keys_of(mem, f->key, keys, &n, e))
		return false;
	c = proof_check_make(mem, keys, n);
	if (c == NULL)
		return err_memory(e);
	if (!read_notes(mem, c, f, e) || !read_export(c, f->export, e))
		return false;
	proof_check_end(c, out);
	return true;
}

/* ---- the verdict ---- */

static void
put_number(struct buf *b, uint64_t n, const char *what)
{
	buf_printf(b, "%llu %s", (unsigned long long)n, what);
}

static void
put_good(struct buf *b, const struct proof_verdict *v)
{
	buf_puts(b, "ok    ");
	buf_log(b, str_of(v->origin));
	buf_printf(b, ": entries %llu to %llu, ",
	    (unsigned long long)v->after + (v->last > v->after), (unsigned long long)v->last);
	if (v->gone > 0)
		put_number(b, v->gone, "of them deleted by age, ");
	put_number(b, v->checkpoints, "checkpoints, ");
	buf_printf(b, "proven up to %llu", (unsigned long long)v->proven);
	if (v->proven < v->last)
		buf_puts(b, " (what comes behind is not covered by a checkpoint yet)");
	if (v->before > 0)
		buf_printf(
		    b, "; %llu checkpoints end before it begins", (unsigned long long)v->before);
}

void
proof_verdict_print(struct buf *b, const struct proof_verdict *v)
{
	if (v->fault == PROOF_FITS) {
		put_good(b, v);
		return;
	}
	buf_printf(b, "WRONG %s: ", proof_fault_word(v->fault));
	if (v->seq > 0)
		buf_printf(b, "%llu: ", (unsigned long long)v->seq);
	buf_puts(b, proof_fault_sentence(v->fault));
	if (v->line > 0)
		buf_printf(b, " (line %llu)", (unsigned long long)v->line);
}

/* ---- evidence ---- */

bool
proof_evidence_check(
    TALLOC_CTX *mem, const struct proof_files *f, struct evidence_verdict *out, struct err *e)
{
	struct note_key *keys = talloc_zero_array(mem, struct note_key, KEYS_MAX);
	struct str       file;
	size_t           n;

	if (keys == NULL)
		return err_memory(e);
	return keys_of(mem, f->key, keys, &n, e) &&
	       read_short(mem, f->export, EVIDENCE_MAX, &file, e) &&
	       evidence_check(mem, file, keys, n, out, e);
}

/* ---- a receipt ---- */

bool
proof_receipt_check(
    TALLOC_CTX *mem, const struct proof_files *f, enum note_state *out, struct err *e)
{
	struct note_key *keys = talloc_zero_array(mem, struct note_key, KEYS_MAX);
	struct str       note;
	size_t           n;

	if (keys == NULL)
		return err_memory(e);
	if (!keys_of(mem, f->key, keys, &n, e) || !read_short(mem, f->export, NOTE_MAX, &note, e))
		return false;
	*out = str_starts(note, "blindspotx.erasure/") ? NOTE_OTHER_KEY : NOTE_FORGED;
	for (size_t i = 0; i < n && *out == NOTE_OTHER_KEY; i++) {
		keys[i].name[0] = '\0'; /* it names itself */
		*out = note_check_text(mem, note, &keys[i]);
	}
	return true;
}
