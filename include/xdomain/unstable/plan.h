/* libxdomain, unstable: what a training is going to do, told before it begins.
 *
 * Outside the promise (docs/abi.md): a minor version may change it or take it away. */
#ifndef XDOMAIN_UNSTABLE_PLAN_H
#define XDOMAIN_UNSTABLE_PLAN_H

#include "../options.h"
#include "../train.h"

XD_BEGIN_DECLS

/* Changed copies of each picture of a source where the mapping's option codes_per_picture is 0: so
 * many that all are XD_COPIED_PICTURES, at most XD_COPIES_MOST. Sets that leave room for less than
 * XD_COPIES_LEAST vary enough by themselves, and have none. */
#define XD_COPIED_PICTURES 128000
#define XD_COPIES_MOST 8
#define XD_COPIES_LEAST 2

/* Steps of each stage of a training: steps[stage] from XD_STAGE_VAE1 to XD_STAGE_MAPPING2, so 6
 * numbers of which the first is 0; 0 of mappings that are not trained. Those of xd_map are the
 * same, without the VAEs'. Input and options as of xd_train; nothing is computed. Errors as where
 * xd_train refuses sets, pairing or options. */
XD_API xd_status xd_train_steps(uint32_t *steps, xd_context *context, const xd_train_input *input,
                                const xd_options *options);

XD_END_DECLS

#endif
