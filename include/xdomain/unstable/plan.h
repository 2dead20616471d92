/* libxdomain, unstable: what a training is going to do, told before it begins.
 *
 * Outside the promise (docs/abi.md): a minor version may change it or take it away. */
#ifndef XDOMAIN_UNSTABLE_PLAN_H
#define XDOMAIN_UNSTABLE_PLAN_H

#include "../options.h"
#include "../train.h"

XD_BEGIN_DECLS

/* Steps of each stage of a training: steps[stage] from XD_STAGE_VAE1 to XD_STAGE_MAPPING2, so 6
 * numbers of which the first is 0; 0 of mappings that are not trained. Those of xd_map are the
 * same, without the VAEs'. Input and options as of xd_train; nothing is computed. Errors as where
 * xd_train refuses sets, pairing or options. */
XD_API xd_status xd_train_steps(uint32_t *steps, xd_context *context, const xd_train_input *input,
                                const xd_options *options);

XD_END_DECLS

#endif
