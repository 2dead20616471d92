/* libxdomain: what long calls tell of themselves.
 *
 * Whatever takes long takes one kind of callback: reading and converting sets, training,
 * evaluating and translating. It is called on the context's thread, now and then or after every
 * step, as the call's words say. */
#ifndef XDOMAIN_PROGRESS_H
#define XDOMAIN_PROGRESS_H

#include <stddef.h>
#include <stdint.h>

#include "export.h"

XD_BEGIN_DECLS

struct xd_values; /* values.h */
struct xd_model; /* model.h */

/* What a call is at. */
typedef uint32_t xd_stage;
enum {
  /* The VAE of domain 1, and of domain 2. */
  XD_STAGE_VAE1 = 1,
  XD_STAGE_VAE2 = 2,
  /* Encoding both sets. */
  XD_STAGE_CODES = 3,
  /* The mapping that leaves domain 1, and domain 2. */
  XD_STAGE_MAPPING1 = 4,
  XD_STAGE_MAPPING2 = 5,
  /* Training a judge. */
  XD_STAGE_JUDGE = 6,
  /* Measuring a mapping. */
  XD_STAGE_EVALUATION = 7,
  /* Reading or converting a set. */
  XD_STAGE_SET = 8,
  /* A translator's call. */
  XD_STAGE_TRANSLATION = 9
};

/* The stage's name as reports and models' properties have it: "vae1", "vae2", "codes", "mapping1",
 * "mapping2", "judge", "evaluation", "set", "translation"; "" of an unknown one. Never NULL;
 * static storage. Callable from any thread. */
XD_API const char *xd_stage_name(xd_stage stage);

/* What a callback hears; borrowed during its call. */
typedef struct xd_progress {
  /* Of the library's struct: read no further. */
  size_t struct_size;
  /* Share of the call's whole work that is done, 0..1; of a training by a fixed estimate of each
   * stage's. */
  double overall;
  /* The losses of this step, as the step functions of the trainers give them; NULL where the stage
   * trains nothing. */
  const struct xd_values *losses;
  /* What was measured after this step, as xd_evaluate gives it, and its "score"; NULL where nothing
   * was. */
  const struct xd_values *validation;
  xd_stage stage;
  /* Within the stage, from 1 to steps. */
  uint32_t step;
  uint32_t steps;
  uint32_t reserved;
  /* With a validation, the VAEs and the mapping that was measured; while xd_train and xd_map encode
   * sets, both VAEs; else NULL. It serves translators on other contexts; who keeps it retains
   * it. */
  const struct xd_model *model;
} xd_progress;

/* Nonzero ends the call with XD_ERROR_CANCELLED. The rules of all callbacks hold, see xdomain.h. */
typedef int (*xd_progress_callback)(void *user, const xd_progress *progress);

XD_END_DECLS

#endif
