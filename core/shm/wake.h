/*
 * wake.h - a word from the processes of this host that answer requests to those that do work in the background: there is
 * something new to look at.
 *
 * Who has committed such work raises the count; who looks reads the count BEFORE it looks, and looks again once it is
 * another.  A word that is lost (the segment was made anew, the work was made on another host) costs the time until the
 * next look, and nothing else.
 */
#ifndef BSX_SHM_WAKE_H
#define BSX_SHM_WAKE_H

#include "core/shm/segment.h"

/* `s` NULL: there is nobody to tell, and the count stays 0. */
void     wake_raise(struct segment *s);
uint32_t wake_count(const struct segment *s);

#endif
