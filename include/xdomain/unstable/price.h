/* libxdomain, unstable: what networks cost, by estimates that may become better.
 *
 * Outside the promise (docs/abi.md): a minor version may change it or take it away. */
#ifndef XDOMAIN_UNSTABLE_PRICE_H
#define XDOMAIN_UNSTABLE_PRICE_H

#include <stdint.h>

#include "../network.h"

XD_BEGIN_DECLS

/* Multiplications that one picture or code costs on its way through; 0 of NULL. Networks from files
 * are bounded, see network_work in xd_context_options. */
XD_API uint64_t xd_network_work(const xd_network *network);

/* Bytes of memory, beside the weights, that one picture or code takes on its way through; a
 * batch multiplies them. 0 of NULL. Networks from files are bounded, see network_memory in
 * xd_context_options. */
XD_API uint64_t xd_network_memory(const xd_network *network);

XD_END_DECLS

#endif
