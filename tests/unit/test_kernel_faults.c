/* A backend's call that fails ends a step or a measurement: its status comes back, and nothing is computed after
 * it. Each call of each is the one that fails in turn. No memory is touched past its end meanwhile. */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include "training_support.h"

#include "failing_backend.h"
#include "guarded_memory.h"
#include "tiny_model.h"

static xd_context *context;
static xd_values *told;

/* How often the power iterations of each call go on. */
static uint32_t iterations[8], iterated;

static xd_status note_iterations(xd_backend *backend, xd_spectral_norm *matrices, uint32_t count) {
  if (iterated < COUNT_OF(iterations))
    iterations[iterated++] = matrices[0].iterations;
  return failing_spectral_norm_forward(backend, matrices, count);
}

static void set_up(void) {
  const xd_allocator hooks = guarded_allocator_hooks();
  static xd_backend_table table;
  static const xd_backend_table *const tables[] = {&table};
  xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
  fail_at = 0;
  table = failing_table(xd_backend_builtin("reference"));
  table.spectral_norm_forward = note_iterations;
  options.allocator = &hooks;
  options.backend = "failing";
  options.backends = tables;
  options.backend_count = 1;
  assert_status(xd_context_create(&context, &options), XD_OK);
  told = make_values(context);
}

static void tear_down(void) {
  xd_values_destroy(told);
  xd_context_destroy(context);
  ck_assert_uint_eq(guarded_blocks, 0);
}

/* The call under test is made again and again, until none of the backend's calls fails any more. */
static void check_faults(const char *name, xd_status (*call)(void *user), void *user) {
  xd_status status = XD_ERROR_INTERNAL;
  for (uint64_t n = 1; status != XD_OK; n++) {
    called = 0;
    fail_at = n;
    status = call(user);
    if (called < n)
      ck_assert_msg(status == XD_OK && n > 10, "%s: %s: %s", name, xd_status_name(status),
                    xd_context_message(context));
    else if (status != XD_ERROR_INTERNAL || called > n)
      ck_abort_msg("%s: call %llu fails: %s after %llu calls", name, (unsigned long long)n,
                   xd_status_name(status), (unsigned long long)called);
  }
  fail_at = 0;
  ck_assert_uint_gt(xd_values_count(told), 0);
  for (uint32_t i = 0; i < xd_values_count(told); i++)
    ck_assert_msg(isfinite(xd_values_number(told, i)), "%s: %s is no number", name, xd_values_name(told, i));
}

/* ---- Steps of training ---- */

#define ROWS 4u

typedef struct mapping_call {
  xd_mapping_trainer *trainer;
  xd_mapping_batch batch;
} mapping_call;

static xd_status step_mapping(void *user) {
  const mapping_call *call = user;
  return xd_mapping_trainer_step(call->trainer, told, &call->batch, 0.001f);
}

static mapping_call mapping_call_of(const char *options, const float *codes) {
  char text[256];
  snprintf(text, sizeof text, "source_dim=3 target_dim=3 hidden_width=4 hidden_layers=1 batch=4 %s", options);
  mapping_call call = {make_mapping_trainer(context, text), XD_MAPPING_BATCH_INIT};
  call.batch.count = ROWS;
  call.batch.source = codes;
  call.batch.twin = codes + ROWS * 3;
  call.batch.anchor = codes + 2 * ROWS * 3;
  call.batch.positive = codes + 3 * ROWS * 3;
  call.batch.mismatched = codes + 4 * ROWS * 3;
  call.batch.style_dim = 2;
  call.batch.style_reader = call.batch.style = codes + 5 * ROWS * 3;
  return call;
}

/* Before D's update its norms come one iteration nearer; before G's they are found again for D's new weights. */
START_TEST(mapping_step__iterates_once_for_spectral_norms) {
  float *codes = make_normals(6 * ROWS * 3, 4);
  mapping_call call = mapping_call_of("spectral_norm=1", codes);
  iterated = 0;
  for (uint32_t i = 0; i < 2; i++)
    assert_ok(context, step_mapping(&call));
  ck_assert_uint_eq(iterated, 4);
  for (uint32_t i = 0; i < 4; i++)
    ck_assert_uint_eq(iterations[i], 1 - i % 2);
  xd_mapping_trainer_destroy(call.trainer);
  free(codes);
}
END_TEST

START_TEST(mapping_step__ends_at_a_kernel_that_fails) {
  static const char *const options[] = {"style=0.5 spectral_norm=1 dropout=0.1", "generated_mismatch=0",
                                        "generated_mismatch=0 mismatch=0 invariance=0 ema_decay=0",
                                        "style=0.5 parts=2", "generated_mismatch=0 mismatch=0 parts=2"};
  float *codes = make_normals(6 * ROWS * 3, 4);
  for (size_t i = 0; i < COUNT_OF(options); i++) {
    mapping_call call = mapping_call_of(options[i], codes);
    check_faults(options[i], step_mapping, &call);
    xd_mapping_trainer_destroy(call.trainer);
  }
  free(codes);
}
END_TEST

typedef struct vae_call {
  xd_vae_trainer *trainer;
  const float *pictures, *targets;
} vae_call;

static xd_status step_vae(void *user) {
  const vae_call *call = user;
  return xd_vae_trainer_step(call->trainer, told, call->pictures, call->targets, ROWS, 0.001f);
}

static xd_status sharpen_vae(void *user) {
  const vae_call *call = user;
  return xdi_vae_trainer_sharpen(call->trainer, told, call->pictures, call->targets, ROWS, 0.001f);
}

START_TEST(vae_step__ends_at_a_kernel_that_fails) {
  static const char *const options[] = {"", "window=200 averaging=0", "parts=2"};
  float *pictures = make_pixels(2 * ROWS * 64, 4);
  for (size_t i = 0; i < COUNT_OF(options); i++) {
    char text[256];
    snprintf(text, sizeof text,
             "width=8 height=8 channels=1 latent_dim=2 base_channels=2 depth=1 hidden1=4 batch=4 %s",
             options[i]);
    vae_call call = {open_vae_trainer(context, text), pictures, i % 2 ? NULL : pictures + ROWS * 64};
    check_faults(options[i], step_vae, &call);
    check_faults(options[i], sharpen_vae, &call);
    xd_vae_trainer_destroy(call.trainer);
  }
  free(pictures);
}
END_TEST

typedef struct judge_call {
  xd_judge_trainer *trainer;
  const float *pictures;
} judge_call;

static xd_status step_judge(void *user) {
  static const uint32_t labels[ROWS] = {2, 0, 1, 2};
  const judge_call *call = user;
  return xd_judge_trainer_step(call->trainer, told, call->pictures, labels, ROWS, 0.001f);
}

START_TEST(judge_step__ends_at_a_kernel_that_fails) {
  float *pictures = make_pixels(ROWS * 64, 4);
  judge_call call = {
      make_judge_trainer(context,
                         "width=8 height=8 channels=1 classes=3 base_channels=2 feature_dim=4 batch=4"),
      pictures};
  check_faults("judge", step_judge, &call);
  xd_judge_trainer_destroy(call.trainer);
  free(pictures);
}
END_TEST

/* ---- Measurements ---- */

typedef struct evaluation_call {
  const xd_model *model;
  const xd_options *options;
  xd_evaluation_input input;
} evaluation_call;

static xd_status evaluate(void *user) {
  const evaluation_call *call = user;
  return xd_evaluate(context, told, call->model, XD_DIRECTION_1TO2, &call->input, call->options);
}

static xd_dataset *noise_set(uint32_t width, uint32_t height, uint32_t channels, uint64_t seed) {
  uint8_t bytes[3 * 90 * ROWS];
  xd_dataset *set = NULL;
  float *pixels = make_pixels(sizeof bytes, seed);
  for (size_t i = 0; i < sizeof bytes; i++)
    bytes[i] = (uint8_t)(255.0f * pixels[i]);
  assert_ok(context, xd_dataset_create(&set, context, bytes, NULL, ROWS, width, height, channels));
  free(pixels);
  return set;
}

/* The tiny model's domain 2 with a generator that draws from two labels. */
static xd_model *conditions_of(const xd_model *tiny) {
  xd_model_parts parts = XD_MODEL_PARTS_INIT;
  xd_model *model = NULL;
  parts.encoder[1] = xd_model_encoder(tiny, 2);
  parts.decoder[1] = xd_model_decoder(tiny, 2);
  parts.generator[0] = make_generator(context, "source_dim=2 target_dim=3 hidden_width=4 hidden_layers=1");
  parts.class_names[0] = (const char *const[]){"cat", "dog"};
  parts.class_count[0] = 2;
  assert_ok(context, xd_model_create(&model, context, &parts));
  xd_latent_generator_release(parts.generator[0]);
  return model;
}

START_TEST(evaluate__ends_at_a_kernel_that_fails) {
  static const char *const options[] = {"", "skip_reconstruction=1"};
  xd_model *tiny = tiny_model(context, true), *conditions = conditions_of(tiny);
  xd_judge *judge =
      make_judge(context, "width=9 height=10 channels=3 classes=2 base_channels=1 feature_dim=8 blocks=1");
  xd_dataset *source = noise_set(8, 8, 1, 1), *target = noise_set(9, 10, 3, 2);
  xd_pairing *pairing = make_pairing(context, "0:0"), *any = make_pairing(context, "*:*");
  evaluation_call call = {.input = XD_EVALUATION_INPUT_INIT};
  call.input.judge = judge;
  call.input.source = source;
  call.input.target = target;
  for (size_t i = 0; i < 6; i++) {
    call.model = i % 2 ? conditions : tiny;
    call.input.pairing = i / 4 ? pairing : any;
    xd_options *chosen = make_options(context, "evaluation", options[i / 2 % 2]);
    call.options = chosen;
    check_faults(i % 2 ? "conditions" : "pictures", evaluate, &call);
    xd_options_destroy(chosen);
  }
  xd_pairing_release(pairing), xd_pairing_release(any);
  xd_dataset_release(source), xd_dataset_release(target);
  xd_judge_release(judge);
  xd_model_release(conditions), xd_model_release(tiny);
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("kernel_faults");
  add_checked_case(suite, "mapping_step__iterates_once_for_spectral_norms",
                   mapping_step__iterates_once_for_spectral_norms, set_up, tear_down);
  add_checked_case(suite, "mapping_step__ends_at_a_kernel_that_fails",
                   mapping_step__ends_at_a_kernel_that_fails, set_up, tear_down);
  add_checked_case(suite, "vae_step__ends_at_a_kernel_that_fails", vae_step__ends_at_a_kernel_that_fails,
                   set_up, tear_down);
  add_checked_case(suite, "judge_step__ends_at_a_kernel_that_fails", judge_step__ends_at_a_kernel_that_fails,
                   set_up, tear_down);
  add_checked_case(suite, "evaluate__ends_at_a_kernel_that_fails", evaluate__ends_at_a_kernel_that_fails,
                   set_up, tear_down);
  return suite;
}

XD_SUITE_MAIN(make_suite)
