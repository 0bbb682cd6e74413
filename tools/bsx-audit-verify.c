/* bsx-audit-verify(1): checks an exported audit trail with nothing but checkpoints and the public
 * key. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "core/proof/file.h"

static int
usage(FILE *out)
{
	fprintf(out,
	    "usage: bsx-audit-verify --key KEY [--checkpoint FILE]... EXPORT\n"
	    "       bsx-audit-verify --key KEY --receipt FILE\n"
	    "       bsx-audit-verify --key KEY --evidence FILE\n\n"
	    "Checks an exported audit trail; EXPORT may be - for standard input.\n"
	    "  --key KEY         the public key, or a file with one a line; the installation shows "
	    "its keys\n"
	    "                    at /.well-known/audit-keys.json\n"
	    "  --checkpoint FILE a checkpoint that was kept elsewhere, e.g. taken from a log\n"
	    "  --receipt FILE    the receipt of an erased tenant\n"
	    "  --evidence FILE   the evidence of an alert\n"
	    "The status is 0 when all fits, 1 when something does not, 2 when it cannot be "
	    "checked.\n");
	return out == stdout ? 0 : 2;
}

static int
check(TALLOC_CTX *mem, const struct proof_files *f)
{
	struct proof_verdict v;
	struct err           e = { 0 };
	struct buf           b;

	buf_make(&b, mem);
	if (!proof_files_check(mem, f, &v, &e)) {
		buf_log(&b, str_of(e.detail));
		fprintf(
		    stderr, "bsx-audit-verify: %s (%s)\n", e.pub, buf_ok(&b) && b.n > 0 ? b.p : "");
		return 2;
	}
	proof_verdict_print(&b, &v);
	if (!buf_ok(&b) || puts(b.p) < 0 || fflush(stdout) != 0)
		return 2;
	return v.fault == PROOF_FITS ? 0 : 1;
}

static int
check_evidence(TALLOC_CTX *mem, const struct proof_files *f)
{
	struct evidence_verdict v;
	struct err              e = { 0 };
	struct buf              b;

	buf_make(&b, mem);
	if (!proof_evidence_check(mem, f, &v, &e)) {
		fprintf(stderr, "bsx-audit-verify: %s\n", e.pub);
		return 2;
	}
	evidence_verdict_print(&b, &v);
	if (!buf_ok(&b) || puts(b.p) < 0 || fflush(stdout) != 0)
		return 2;
	return v.fault == PROOF_FITS ? 0 : 1;
}

static int
check_receipt(TALLOC_CTX *mem, const struct proof_files *f)
{
	static const char *const said[] = {
		[NOTE_SIGNED] = "ok: the receipt is as it was signed",
		[NOTE_OTHER_KEY] = "WRONG other_key: it is not signed by this key",
		[NOTE_FORGED] = "WRONG forged: it is not as it was signed, or no receipt",
	};
	enum note_state state;
	struct err      e = { 0 };

	if (!proof_receipt_check(mem, f, &state, &e)) {
		fprintf(stderr, "bsx-audit-verify: %s\n", e.pub);
		return 2;
	}
	if (puts(said[state]) < 0 || fflush(stdout) != 0)
		return 2;
	return state == NOTE_SIGNED ? 0 : 1;
}

int
main(int argc, char **argv)
{
	static const struct option options[] = { { "key", required_argument, NULL, 'k' },
		{ "checkpoint", required_argument, NULL, 'p' },
		{ "receipt", required_argument, NULL, 'r' },
		{ "evidence", required_argument, NULL, 'e' }, { "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' }, { 0 } };
	int (*checks)(TALLOC_CTX *, const struct proof_files *) = check;
	TALLOC_CTX        *mem = talloc_new(NULL);
	struct proof_files f = { 0 };
	int                o, status;

	while ((o = getopt_long(argc, argv, "k:hV", options, NULL)) != -1) {
		if (o == 'k')
			f.key = optarg;
		else if (o == 'p' && f.notes_n < PROOF_NOTES_MAX)
			f.notes[f.notes_n++] = optarg;
		else if ((o == 'r' || o == 'e') && f.export == NULL)
			f.export = optarg, checks = o == 'r' ? check_receipt : check_evidence;
		else if (o == 'V')
			return puts("bsx-audit-verify " BSX_VERSION) < 0;
		else
			return usage(o == 'h' ? stdout : stderr);
	}
	if (f.export == NULL && optind < argc)
		f.export = argv[optind++];
	if (mem == NULL || f.key == NULL || f.export == NULL || optind != argc ||
	    (checks != check && f.notes_n > 0))
		return usage(stderr);
	status = checks(mem, &f);
	talloc_free(mem);
	return status;
}
