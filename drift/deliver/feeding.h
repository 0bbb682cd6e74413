/*
 * feeding.h - channels that are told the audit trail: every entry at least once, in order, many in one message.
 *
 * claim -> tenant, channel, how far it has come -> the entries behind that -> the format's rendering, sent as a message is ->
 * one transaction that moves it on, or says why not, and ends the claim.  Who dies between the two leaves a claim that is given
 * back or runs out: the same entries are sent again, under the same id.
 *
 * Nothing is ever passed over.  What failed is tried again for as long as the channel is active, with half as many entries each
 * time, down to one.  What arrives is followed by twice as many, up to as many as failed: those are tried again an hour later.
 * That it has failed for long is looked at at once (drift/watch), and so is its end.  While a channel is paused or disabled nothing is sent, and it goes on where it stopped.  At a
 * restore the trail begins anew: what is left of the chains that are closed comes first.
 */
#ifndef BSX_DRIFT_DELIVER_FEEDING_H
#define BSX_DRIFT_DELIVER_FEEDING_H

#include "drift/deliver/deliver.h"

/* Sees to what is due, one message for each channel in turn; *done counts claims. */
MUST_USE bool feeds_tell(
    struct deliver *d, bool (*stop)(void *arg), void *arg, size_t *done, struct err *e);

#endif
