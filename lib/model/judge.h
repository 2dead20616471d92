/* The judge's handle, for the rooms that load and train judges. */
#ifndef XDI_MODEL_JUDGE_H
#define XDI_MODEL_JUDGE_H

#include "model/part.h"
#include "options/settings.h"
#include "xdomain/judge.h"

struct xd_judge {
  xdi_part part; /* `more` holds the names of the classes */
};

/* A handle around a network, which gets one more owner (the caller keeps its own reference). Its features
 * are what the last layer reads (xdi_executor_last_input). XD_ERROR_SHAPE_MISMATCH, with a message: not
 * from pictures (sides 8..256, 1 or 3 channels) to 1..XD_CLASS_LIMIT logits without an activation, or
 * without a dense layer of 1..1024 features at the end. */
xd_status xdi_judge_wrap(xd_judge **out, xd_context *context, xd_network *network);

/* Gives the names of a judge that nobody shares yet; NULL elements are "". Count is at most the judge's classes. */
xd_status xdi_judge_name_classes(xd_judge *judge, xd_context *context, const char *const *names,
                                 uint32_t count);

/* How many names a judge has, from class 0 on. */
uint32_t xdi_judge_name_count(const xd_judge *judge);

/* The first of the largest logits of each row: labels[count] of logits[count][classes]. */
void xdi_judge_choose(uint32_t *labels, const float *logits, uint32_t count, uint32_t classes);

/* xd_judge_create from settings. */
xd_status xdi_judge_build(xd_judge **out, xd_context *context, const xdi_judge_settings *settings);

#endif
