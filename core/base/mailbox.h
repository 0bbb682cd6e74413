/*
 * mailbox.h - which e-mail addresses are taken: those that mail can be sent to (RFC 5321
 * section 4.1.2), as people write them; and no number in the place of a domain.
 *
 * Of what the standard knows beside them, quoted local parts and address literals are left out;
 * letters that are not ASCII are in (RFC 6531).
 */
#ifndef BSX_BASE_MAILBOX_H
#define BSX_BASE_MAILBOX_H

#include "core/base/str.h"

#define MAILBOX_MAX 254 /* RFC 3696, erratum 1690 */

/* NULL: it is one. Else what is wrong, as the rest of a sentence whose subject is the address;
 * static text. */
const char *mailbox_fault(struct str s);

#endif
