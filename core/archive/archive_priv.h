/*
 * archive_priv.h - what writer and reader of archives share.
 */
#ifndef BSX_ARCHIVE_ARCHIVE_PRIV_H
#define BSX_ARCHIVE_ARCHIVE_PRIV_H

#include "core/archive/archive.h"
#include "core/archive/stream.h"

#define ARCHIVE_NULL 0xffffffffu
#define NUMBER_LEN   4

/* Where a stream of rows stands. */
struct archive_place {
	const struct archive_head *head;
	size_t                     table;
	uint64_t                   row;   /* in it */
	uint64_t                   rows;  /* in all */
};
/* The table that the next row is of, beyond those without any; NULL: none is left. */
const struct archive_table *archive_next(struct archive_place *p);

/* The lines of the note that says what was written or read so far; NULL: memory. */
MUST_USE char *archive_note_text(TALLOC_CTX *mem, const struct archive_place *p, const struct stream *s, struct err *e);

#endif
