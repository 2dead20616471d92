/* Objects go in every order: a finaliser's is any. What was made for a context keeps it alive, and can only be
 * destroyed when the context is gone. */
#include "tiny_model.h"

enum { POOL, CONTEXT, MODEL, TRANSLATOR, VAE_TRAINER, MAPPING_TRAINER, JUDGE_TRAINER, KINDS };

typedef struct objects {
  xd_pool *pool;
  xd_context *context;
  xd_model *model;
  xd_translator *translator;
  xd_vae_trainer *vae;
  xd_mapping_trainer *mapping;
  xd_judge_trainer *judge;
} objects;

static void make_trainers(objects *o) {
  char vae[160];
  snprintf(vae, sizeof vae, "%s batch=2", tiny_vae(1));
  o->vae = make_vae_trainer(o->context, vae);
  o->mapping = make_mapping_trainer(o->context, "source_dim=2 target_dim=2 hidden_width=4 batch=2");
  o->judge = make_judge_trainer(
      o->context, "width=8 height=8 channels=1 classes=2 base_channels=2 feature_dim=2 batch=2");
}

static void make(objects *o, counting_allocator *counter) {
  const xd_allocator allocator = counting_allocator_hooks(counter);
  xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
  assert_status(xd_pool_create(&o->pool, 2, &allocator), XD_OK);
  options.backend = "reference";
  options.pool = o->pool;
  options.allocator = &allocator;
  assert_status(xd_context_create(&o->context, &options), XD_OK);
  o->model = tiny_model(o->context, true);
  assert_ok(o->context, xd_translator_create(&o->translator, o->context, o->model, NULL));
  make_trainers(o);
}

static void destroy(objects *o, int kind) {
  switch (kind) {
  case POOL:
    xd_pool_release(o->pool);
    break;
  case CONTEXT:
    xd_context_destroy(o->context);
    break;
  case MODEL:
    xd_model_release(o->model);
    break;
  case TRANSLATOR:
    xd_translator_destroy(o->translator);
    break;
  case VAE_TRAINER:
    xd_vae_trainer_destroy(o->vae);
    break;
  case MAPPING_TRAINER:
    xd_mapping_trainer_destroy(o->mapping);
    break;
  default:
    xd_judge_trainer_destroy(o->judge);
  }
}

/* The next order, by Narayana's rule; false after the last. */
static bool next_order(int order[KINDS]) {
  int i = KINDS - 2, k = KINDS - 1, swap;
  while (i >= 0 && order[i] >= order[i + 1])
    i--;
  if (i < 0)
    return false;
  while (order[k] <= order[i])
    k--;
  swap = order[i], order[i] = order[k], order[k] = swap;
  for (int low = i + 1, high = KINDS - 1; low < high; low++, high--)
    swap = order[low], order[low] = order[high], order[high] = swap;
  return true;
}

START_TEST(objects__are_destroyed_in_every_order) {
  int order[KINDS] = {0, 1, 2, 3, 4, 5, 6}, orders = 0;
  do {
    counting_allocator counter = {0};
    objects o;
    make(&o, &counter);
    for (int i = 0; i < KINDS; i++)
      destroy(&o, order[i]);
    ck_assert_uint_eq(atomic_load(&counter.live_blocks), 0);
    orders++;
  } while (next_order(order));
  ck_assert_int_eq(orders, 5040);
}
END_TEST

static void count_line(void *user, xd_log_level level, const char *message) {
  (void)level, (void)message;
  ++*(int *)user;
}

static int run_and_count(void *user, xd_task task, void *argument, uint32_t count) {
  ++*(int *)user;
  for (uint32_t i = 0; i < count; i++)
    task(argument, i);
  return 0;
}

/* The host's log and runner may be gone with its context: they are not called any more. */
START_TEST(context_destroy__leaves_what_is_left_alone) {
  int lines = 0, loops = 0;
  xd_runner runner = XD_RUNNER_INIT;
  xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
  xd_context *context = NULL;
  xd_translator *translator = NULL;
  float inputs[64] = {0}, outputs[270];
  runner.user = &loops, runner.run = run_and_count;
  options.runner = &runner;
  options.log = count_line, options.log_user = &lines, options.log_level = XD_LOG_DEBUG;
  assert_status(xd_context_create(&context, &options), XD_OK);
  xd_model *model = tiny_model(context, true);
  assert_ok(context, xd_translator_create(&translator, context, model, NULL));
  assert_ok(context, xd_translator_run_floats(translator, outputs, NULL, inputs, 1));
  xd_model_release(model);
  xd_context_destroy(context);
  lines = loops = 0;
  assert_status(xd_translator_run_floats(translator, outputs, NULL, inputs, 1), XD_ERROR_INVALID_ARGUMENT);
  xd_translator_destroy(translator);
  ck_assert_int_eq(lines + loops, 0);
}
END_TEST

/* Whatever is called then, of nothing too. */
START_TEST(context_destroy__ends_the_calls_of_what_is_left) {
  objects o = {NULL};
  counting_allocator counter = {0};
  xd_encoder *encoder;
  xd_decoder *decoder;
  xd_latent_generator *generator;
  xd_judge *judge;
  xd_dataset *set;
  const uint8_t pixels[64] = {0};
  make(&o, &counter);
  assert_ok(o.context, xd_dataset_create(&set, o.context, pixels, NULL, 1, 8, 8, 1));
  xd_context_destroy(o.context);
  assert_status(xd_translator_set_noise(o.translator, 1, 1, 1.0f), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_translator_run(o.translator, NULL, NULL, NULL, 0), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_translator_run_floats(o.translator, NULL, NULL, NULL, 0), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_translator_encode(o.translator, NULL, NULL, 0), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_translator_encode_floats(o.translator, NULL, NULL, 0), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_translator_generate(o.translator, NULL, NULL, NULL, 0), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_translator_decode(o.translator, NULL, NULL, 0), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_translator_decode_floats(o.translator, NULL, NULL, 0), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_vae_trainer_finish(o.vae, &encoder, &decoder, set), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_mapping_trainer_finish(o.mapping, &generator, NULL), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_judge_trainer_finish(o.judge, &judge), XD_ERROR_INVALID_ARGUMENT);
  xd_dataset_release(set);
  for (int kind = 0; kind < KINDS; kind++)
    if (kind != CONTEXT)
      destroy(&o, kind);
  ck_assert_uint_eq(atomic_load(&counter.live_blocks), 0);
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("lifetimes");
  add_case(suite, objects__are_destroyed_in_every_order);
  add_case(suite, context_destroy__leaves_what_is_left_alone);
  add_case(suite, context_destroy__ends_the_calls_of_what_is_left);
  return suite;
}

XD_SUITE_MAIN(make_suite)
