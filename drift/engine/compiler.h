/*
 * compiler.h - compiling one entry of what a config says: where it stands, and what is wrong there.
 * For the files of this room only.
 */
#ifndef BSX_DRIFT_ENGINE_COMPILER_H
#define BSX_DRIFT_ENGINE_COMPILER_H

#include "core/base/work.h"
#include "drift/engine/pattern.h"

struct compiler {
	TALLOC_CTX *mem; /* owns what is made, and the faults */
	struct err *e;
	struct work *work;
	struct str  pack;    /* n == 0: the config */
	size_t      charged; /* globs and predicates so far ... */
	size_t      most;    /* ... of which there may be so many */
	int64_t     edition; /* enum compare_edition */
	bool        masks_only;
	bool        fold;    /* predicates of the entry at hand: in any case */
	char        at[160]; /* JSON Pointer of the entry at hand */
};

/* A fault at a member ("/path"; "": the entry itself). Always false. */
bool compiler_fault(struct compiler *c, const char *member, const char *what);

/* Counts what a value may have to be held against: it is bounded as a whole. */
MUST_USE bool compiler_charge(struct compiler *c, const char *member, size_t n);

/* The globs of a member, charged; NULL: none. */
MUST_USE bool compiler_globs(
    struct compiler *c, const char *member, const struct json *v, bool fold, struct globs *out);

/* The path pattern of the member "path". */
MUST_USE bool compiler_path(struct compiler *c, const char *path, struct pattern *out);

/* The index of a word that is one of the choices, as decoding has seen to. */
unsigned compiler_choice(const char *const *choices, const char *word);

#endif
