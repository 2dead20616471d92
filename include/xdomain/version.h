/* libxdomain: the version of the headers and of the library that runs.
 *
 * The SONAME is libxdomain.so.1: a program that was linked with a version 1.x runs with every later
 * one (docs/abi.md). A candidate of a release, "1.0.0-rc1", has the release's numbers. */
#ifndef XDOMAIN_VERSION_H
#define XDOMAIN_VERSION_H

#include <stdint.h>

#include "export.h"

XD_BEGIN_DECLS

/* The headers' version, in numbers and as text. */
#define XD_VERSION_MAJOR 1
#define XD_VERSION_MINOR 0
#define XD_VERSION_PATCH 0
#define XD_VERSION_STRING "1.0.0-rc1"

/* One comparable number: major * 1000000 + minor * 1000 + patch. */
#define XD_VERSION_NUMBER (XD_VERSION_MAJOR * 1000000 + XD_VERSION_MINOR * 1000 + XD_VERSION_PATCH)

/* The version of the library that was loaded, as XD_VERSION_NUMBER and as text
 * ("1.0.0", static storage). Compare with the macros to find a mismatch between
 * headers and library. Callable from any thread. */
XD_API uint32_t xd_version_number(void);

/* The same as text, static storage. Callable from any thread. */
XD_API const char *xd_version_string(void);

/* Whether this build of the library has what `name` names: 1 or 0 (also for NULL). So that programs
 * and bindings can ask instead of trying:
 *   "native", "openblas"   built with that backend
 *   "gzip"                 reads gzip and packed .mat files
 *   "threads"              pools and xd_usable_threads
 *   "shared-pool"          xd_context_options.pool
 *   "destroy-any-order"    translators and trainers may outlive their context
 *   "fork"                 contexts with a pool work on in forked children
 *   "streams"              pictures, models and judges come from memory and functions, and go there
 *   "picture-decoder"      the host may bring a reader of picture files
 *   "options"              xd_options, and xd_values in the place of structs of numbers
 *   "progress"             every callback of a long call hears an xd_progress
 *   "checkpoints"          trainings write their state, go on from it, and are recovered from it
 *   "network-layers"       networks of layers of one's own, residual layers among them
 *   "network-price"        networks from files are bounded by network_work and network_memory
 *   "class-names"          sets, models and judges are matched by the names of their classes
 *   "translator-steps"     xd_translator_encode, _generate, _decode, and xd_latent_interpolate
 *   "conditions"           xd_train_generator, and models whose domain 1 holds conditions
 *   "unlabelled"           xd_train_input.unlabelled: few labels that spread
 *   "dataset-fit"      xd_dataset_fit, reading a set at once, paths with any character
 * Later versions add names and take none away. Callable from any thread. */
XD_API int xd_has_feature(const char *name);

XD_END_DECLS

#endif
