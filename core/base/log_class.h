/*
 * log_class.h - what an event is, in the words of ECS 8.11: event.category and event.type.
 *
 * Both are arrays of allowed values (https://www.elastic.co/guide/en/ecs/current, "Categorization Fields"); they
 * follow from event.action, and without one from the dataset.  Every action that the sources name has a row here
 * (make lint holds them against each other), so that no caller says it twice.
 */
#ifndef BSX_BASE_LOG_CLASS_H
#define BSX_BASE_LOG_CLASS_H

#include "core/base/log.h"

/* Each is the inside of a JSON array of strings. */
struct log_class {
	const char *action; /* NULL: the end of the table */
	const char *categories, *types;
};
extern const struct log_class log_classes[];

/* Of an action; NULL, or one that has no row: of the dataset. */
const struct log_class *log_class_of(enum log_dataset d, const char *action);

#endif
