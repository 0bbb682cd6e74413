/*
 * channel.h - channels and their deliveries, as rows.
 */
#ifndef BSX_DRIFT_SERVICE_CHANNEL_H
#define BSX_DRIFT_SERVICE_CHANNEL_H

#include "core/store/alert/channel.h"
#include "core/store/alert/outbox.h"
#include "drift/service/acting.h"

#endif
