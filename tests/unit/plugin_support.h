/* What the tests of backends in shared objects share: a plug-in's contexts, and a short training that is compared with the
 * reference's. Include it instead of support.h. */
#ifndef XD_TESTS_PLUGIN_SUPPORT_H
#define XD_TESTS_PLUGIN_SUPPORT_H

#include "backend_support.h"

#include "option_support.h"
#include "xdomain/unstable/backend_detail.h"
#include "xdomain/unstable/vae_trainer.h"

/* Asked by AddressSanitizer. GCC's looks for pointers in the thread-local memory of libraries that were closed as well,
 * and sometimes breaks off there; where it does not look, it takes OpenMP's own memory for lost. */
const char *__lsan_default_options(void);
const char *__lsan_default_options(void) {
  return "use_tls=0";
}

const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
  return "leak:libgomp";
}

static inline xd_context *context_on(const xd_backend_table *table, uint32_t threads) {
  xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
  xd_context *context = NULL;
  options.threads = threads;
  assert_status(open_context_on(&context, table, options), XD_OK);
  ck_assert_str_eq(xd_context_backend_name(context), table->name);
  return context;
}

static inline xd_backend_library *open_built(const char *path) {
  char why[300] = "";
  xd_backend_library *library = NULL;
  const xd_status status = xd_backend_library_open(&library, why, sizeof why, path);
  ck_assert_msg(status == XD_OK, "%s", why);
  return library;
}

/* Losses of a few steps of a small VAE with odd sides. */
enum { SIDE = 13, BATCH = 24, STEPS = 3 };

static inline void train(xd_context *context, double losses[STEPS]) {
  xd_vae_trainer *trainer =
      make_vae_trainer(context, "width=13 height=13 channels=1 base_channels=8 latent_dim=5 batch=24");
  xd_values *loss = make_values(context);
  float *pictures = make_numbers(7, (size_t)BATCH * SIDE * SIDE, 0.0f, 1.0f);
  for (int step = 0; step < STEPS; step++) {
    assert_status(xd_vae_trainer_step(trainer, loss, pictures, NULL, BATCH, 0.001f), XD_OK);
    losses[step] = value_of(loss, "total");
  }
  xd_values_destroy(loss);
  xd_vae_trainer_destroy(trainer);
  free(pictures);
}

static inline void check_training(const xd_backend_table *table, const char *word) {
  double wanted[STEPS], got[2][STEPS];
  xd_context *context = context_on(xd_backend_builtin("reference"), 1);
  train(context, wanted);
  xd_context_destroy(context);
  for (uint32_t threads = 1; threads <= 2; threads++) {
    context = context_on(table, threads);
    ck_assert_ptr_nonnull(strstr(xd_context_backend_detail(context), word));
    train(context, got[threads - 1]);
    xd_context_destroy(context);
  }
  for (int step = 0; step < STEPS; step++) {
    assert_number_close(table->name, "a step's loss", got[0][step], wanted[step], 1e-4);
    ck_assert_double_eq(got[0][step], got[1][step]);
  }
}

#endif
