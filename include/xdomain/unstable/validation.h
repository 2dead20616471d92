/* libxdomain, unstable: the numbers by which trainings judge their steps.
 *
 * Outside the promise (docs/abi.md): a minor version may change it or take it away. */
#ifndef XDOMAIN_UNSTABLE_VALIDATION_H
#define XDOMAIN_UNSTABLE_VALIDATION_H

#include "../export.h"

XD_BEGIN_DECLS

/* The score of a validated step, of its measures (evaluation.h) and of s, the mapping's option
 * style:
 *   score = acc * min(1, div / XD_VALIDATION_DIV)
 *         * ((1 - s) min(1, ediv / XD_VALIDATION_EDIV) + s min(1, style / XD_VALIDATION_STYLE)) */
#define XD_VALIDATION_DIV 0.75
#define XD_VALIDATION_EDIV 0.6
#define XD_VALIDATION_STYLE 0.5

/* The share of its pixel cost that a VAE loses in its last tenth of steps while it still learns. */
#define XD_STILL_FALLING 0.01

XD_END_DECLS

#endif
