/* Unlabelled pictures: how labels spread to them, and trainings with them. */
#include "training_support.h"

#include "base/memory.h"
#include "train/spread.h"

#define SIZE 64u /* of a picture of positions */

static xd_context *context;

static void set_up(void) {
  context = test_context("auto");
}

static void tear_down(void) {
  xd_context_destroy(context);
}

/* ---- Spreading ---- */

/* An encoder whose codes are a picture's place: x by the first pixel and, finely, by the third, and y. */
static xd_encoder *position_encoder(void) {
  const xd_layer_spec layers[] = {dense_spec(4, XD_ACTIVATION_IDENTITY)};
  xd_network_layers given = XD_NETWORK_LAYERS_INIT;
  xd_encoder *encoder = NULL;
  float weights[SIZE * 4] = {0};
  weights[0] = weights[5] = 1.0f;
  weights[8] = 1.0f / 255.0f;
  given.layers = layers;
  given.layer_count = 1;
  given.input = (xd_shape){.width = 8, .height = 8, .channels = 1};
  assert_ok(context, xd_encoder_create_layers(&encoder, context, &given));
  assert_ok(context, xd_network_set(xd_encoder_network_mutable(encoder), context, "0.dense.weights", weights,
                                    SIZE * 4));
  return encoder;
}

typedef struct position {
  uint8_t x, y;
  uint32_t label;
  uint8_t fine;
} position;

static xd_dataset *make_positions(const position *at, uint32_t count) {
  uint8_t *pixels = calloc(count, SIZE);
  uint32_t *labels = calloc(count, sizeof *labels);
  xd_dataset *set = NULL;
  ck_assert_ptr_nonnull(pixels);
  ck_assert_ptr_nonnull(labels);
  for (uint32_t i = 0; i < count; i++) {
    pixels[i * SIZE] = at[i].x;
    pixels[i * SIZE + 1] = at[i].y;
    pixels[i * SIZE + 2] = at[i].fine;
    labels[i] = at[i].label;
  }
  assert_ok(context, xd_dataset_create(&set, context, pixels, labels, count, 8, 8, 1));
  free(pixels);
  free(labels);
  return set;
}

/* Two long rows, class 4 above class 7. */
static xd_dataset *make_rows(uint32_t count) {
  position *at = calloc(count, sizeof *at);
  ck_assert_ptr_nonnull(at);
  for (uint32_t i = 0; i < count; i++) {
    const uint32_t x = (uint32_t)((uint64_t)(i / 2) * 2 * 65535 / count);
    at[i] = (position){(uint8_t)(x >> 8), i % 2 ? 160 : 60, i % 2 ? 7 : 4, (uint8_t)x};
  }
  xd_dataset *set = make_positions(at, count);
  free(at);
  return set;
}

/* Each row labelled at the end where the other is not: who asked for the nearest label would be wrong in half. */
static const position ends[] = {{0, 60, 4, 0}, {255, 160, 7, 0}};

static void check_rows(uint32_t count, xd_dataset *labelled) {
  xd_encoder *encoder = position_encoder();
  xd_dataset *others = make_rows(count);
  uint32_t *labels = calloc(count, sizeof *labels), wrong = 0;
  float *confidence = new_floats(count);
  assert_ok(context,
            xdi_spread_labels(labels, confidence, context, xd_encoder_network(encoder), labelled, others, 1));
  for (uint32_t i = 0; i < count; i++)
    wrong += labels[i] != xd_dataset_label(others, i) || confidence[i] < 0.5f;
  ck_assert_msg(wrong == 0, "%u of %u have the wrong class or none", wrong, count);
  free(labels);
  free(confidence);
  xd_dataset_release(labelled);
  xd_dataset_release(others);
  xd_encoder_release(encoder);
}

START_TEST(spread_labels__follows_neighbours_not_the_nearest_label) {
  check_rows(300, make_positions(ends, 2));
}
END_TEST

/* More pictures than the graph has nodes. */
START_TEST(spread_labels__tells_pictures_beyond_the_graph_by_their_neighbours) {
  check_rows(20600, make_rows(200));
}
END_TEST

/* What no label reaches has no class, and says so; one picture is enough. */
START_TEST(spread_labels__knows_what_it_does_not_reach) {
  position far[40];
  uint32_t labels[40];
  float confidence[40];
  for (uint32_t i = 0; i < 40; i++)
    far[i] = i < 20 ? (position){(uint8_t)i, 60, 0, 0} : (position){(uint8_t)(i + 215), 250, 0, 0};
  xd_encoder *encoder = position_encoder();
  xd_dataset *labelled = make_positions(ends, 1), *others = make_positions(far, 40);
  assert_ok(context,
            xdi_spread_labels(labels, confidence, context, xd_encoder_network(encoder), labelled, others, 1));
  for (uint32_t i = 0; i < 40; i++)
    ck_assert_msg(i < 20 ? confidence[i] == 1.0f : confidence[i] == 0.0f, "picture %u: %g", i,
                  (double)confidence[i]);
  xd_dataset_release(others);
  others = make_positions(far, 1);
  assert_ok(context,
            xdi_spread_labels(labels, confidence, context, xd_encoder_network(encoder), labelled, others, 1));
  ck_assert(labels[0] == 4 && confidence[0] == 1.0f);
  xd_dataset_release(labelled);
  xd_dataset_release(others);
  xd_encoder_release(encoder);
}
END_TEST

START_TEST(spread_labels__is_the_same_at_any_number_of_threads) {
  xd_encoder *encoder = position_encoder();
  xd_dataset *labelled = make_positions(ends, 2), *others = make_rows(2000);
  uint32_t labels[2][2000];
  float confidence[2][2000];
  for (uint32_t i = 0; i < 2; i++) {
    xd_context *with = test_context_with("auto", 1 + 2 * i, NULL);
    assert_ok(with, xdi_spread_labels(labels[i], confidence[i], with, xd_encoder_network(encoder), labelled,
                                      others, 1));
    xd_context_destroy(with);
  }
  ck_assert_mem_eq(labels[0], labels[1], sizeof labels[0]);
  ck_assert_mem_eq(confidence[0], confidence[1], sizeof confidence[0]);
  xd_dataset_release(labelled);
  xd_dataset_release(others);
  xd_encoder_release(encoder);
}
END_TEST

/* ---- Trainings ---- */

#define OTHERS 90u

typedef struct fixture {
  xd_dataset *sets[2], *others[2];
  xd_pairing *pairing;
  xd_options *options;
  xd_train_input input;
  const xd_run *run;
} fixture;

/* Three labelled pictures of each of three classes, thirty without. */
static void open_fixture(fixture *f) {
  memset(f, 0, sizeof *f);
  f->input = (xd_train_input)XD_TRAIN_INPUT_INIT;
  for (uint32_t d = 0; d < 2; d++) {
    const pattern first = d ? PATTERN_FRAME : PATTERN_ROW;
    f->input.set[d] = f->sets[d] = make_patterns(context, first, 3, 9, 1 + d);
    f->input.unlabelled[d] = f->others[d] = make_patterns(context, first, 3, OTHERS, 3 + d);
  }
  f->input.pairing = f->pairing = make_pairing(context, "0:3,1:4,2:5");
  f->options = make_options(context, "train",
                            "vae.latent_dim=8 vae.base_channels=4 vae.depth=1 vae.hidden1=16 vae.epochs=1 "
                            "vae.min_steps=6 vae.batch=16 mapping.hidden_width=16 mapping.hidden_layers=1 "
                            "mapping.batch=16 mapping.steps=6 directions=1 unlabelled_share=0.5");
}

static void close_fixture(fixture *f) {
  for (uint32_t d = 0; d < 2; d++) {
    xd_dataset_release(f->sets[d]);
    xd_dataset_release(f->others[d]);
  }
  xd_pairing_release(f->pairing);
  xd_options_destroy(f->options);
}

static xd_status train(const fixture *f, xd_model **out, xd_values *report) {
  return xd_train(out, context, report, &f->input, f->run, f->options);
}

START_TEST(train__gives_unlabelled_pictures_to_vaes_and_the_surest_to_mappings) {
  fixture f;
  xd_model *model = NULL;
  char count[16];
  open_fixture(&f);
  xd_values *report = make_values(context);
  assert_ok(context, train(&f, &model, report));
  const double kept = value_of(report, "unlabelled1"), confidence = value_of(report, "confidence1");
  ck_assert_msg(kept >= OTHERS / 2 && kept < OTHERS, "%g are kept", kept);
  ck_assert_msg(confidence > 0.0 && confidence <= 1.0, "confidence is %g", confidence);
  snprintf(count, sizeof count, "%.0f", 9.0 + kept);
  ck_assert_str_eq(xd_model_property(model, "vae1.pictures"), "99");
  ck_assert_str_eq(xd_model_property(model, "mapping.pictures1"), count);
  ck_assert_str_eq(xd_model_class_name(model, 2, 5), "5");
  xd_model_release(model);
  change_options(f.options, "unlabelled_share=0.7"); /* of 90: in floats it is a little less than 63 */
  assert_ok(context, train(&f, &model, report));
  ck_assert_msg(value_of(report, "unlabelled1") >= 63.0, "%g are kept", value_of(report, "unlabelled1"));
  xd_model_release(model);
  change_options(f.options, "unlabelled_share=0");
  assert_ok(context, train(&f, &model, report));
  ck_assert(value_of(report, "unlabelled1") == 0.0 && value_of(report, "confidence1") == 1.0);
  ck_assert_str_eq(xd_model_property(model, "mapping.pictures1"), "9");
  xd_model_release(model);
  xd_values_destroy(report);
  close_fixture(&f);
}
END_TEST

/* Whoever resumes after the VAEs spreads labels again, to the same pictures. */
static int stop_in_mapping(void *user, const xd_progress *progress) {
  (void)user;
  return progress->stage == XD_STAGE_MAPPING1 && progress->step == 3;
}

START_TEST(train__resumes_with_unlabelled_pictures) {
  fixture f;
  xd_model *whole = NULL, *resumed = NULL;
  char path[TEST_PATH_SIZE];
  char *folder = make_temp_folder();
  open_fixture(&f);
  assert_ok(context, train(&f, &whole, NULL));
  xd_run run = XD_RUN_INIT;
  run.checkpoint = path_in(path, folder, "training.xdk");
  run.callback = stop_in_mapping;
  f.run = &run;
  assert_status(train(&f, &resumed, NULL), XD_ERROR_CANCELLED);
  run.callback = NULL;
  run.resume = 1;
  assert_ok(context, train(&f, &resumed, NULL));
  ck_assert(same_weights(xd_latent_generator_network(xd_model_generator(whole, XD_DIRECTION_1TO2)),
                         xd_latent_generator_network(xd_model_generator(resumed, XD_DIRECTION_1TO2))));
  f.input.unlabelled[1] = NULL;
  xd_model *other = NULL;
  assert_status(train(&f, &other, NULL), XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(context, "unlabelled set of domain 2");
  xd_model_release(whole);
  xd_model_release(resumed);
  close_fixture(&f);
  remove_folder(folder);
}
END_TEST

START_TEST(train__refuses_unlabelled_pictures_that_do_not_fit) {
  static const uint8_t pixels[2 * PATTERN_SIZE];
  fixture f;
  xd_model *model = NULL;
  xd_dataset *small = NULL, *bare = NULL;
  open_fixture(&f);
  assert_ok(context, xd_dataset_create(&small, context, pixels, NULL, 2, 8, 8, 1));
  assert_ok(context, xd_dataset_create(&bare, context, pixels, NULL, 2, SIDE, SIDE, 1));
  f.input.unlabelled[0] = small;
  assert_status(train(&f, &model, NULL), XD_ERROR_SHAPE_MISMATCH);
  assert_message_names(context, "unlabelled");
  f.input.unlabelled[0] = f.others[0];
  f.input.set[0] = bare;
  xd_pairing *all = make_pairing(context, "*:*");
  f.input.pairing = all;
  assert_status(train(&f, &model, NULL), XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(context, "no labels");
  xd_pairing_release(all);
  xd_dataset_release(small);
  xd_dataset_release(bare);
  close_fixture(&f);
}
END_TEST

static xd_status map_refusable(xd_context *with, void *user) {
  const fixture *f = user;
  xd_model *model = NULL;
  const xd_status status = xd_train(&model, with, NULL, &f->input, f->run, f->options);
  xd_model_release(model);
  return status;
}

START_TEST(train__leaves_nothing_behind_without_memory) {
  fixture f;
  open_fixture(&f);
  check_refusals(map_refusable, &f);
  close_fixture(&f);
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("unlabelled");
  TCase *tcase = tcase_create("unlabelled");
  tcase_add_checked_fixture(tcase, set_up, tear_down);
  tcase_add_test(tcase, spread_labels__follows_neighbours_not_the_nearest_label);
  tcase_add_test(tcase, spread_labels__tells_pictures_beyond_the_graph_by_their_neighbours);
  tcase_add_test(tcase, spread_labels__knows_what_it_does_not_reach);
  tcase_add_test(tcase, spread_labels__is_the_same_at_any_number_of_threads);
  tcase_add_test(tcase, train__gives_unlabelled_pictures_to_vaes_and_the_surest_to_mappings);
  tcase_add_test(tcase, train__resumes_with_unlabelled_pictures);
  tcase_add_test(tcase, train__refuses_unlabelled_pictures_that_do_not_fit);
  tcase_add_test(tcase, train__leaves_nothing_behind_without_memory);
  suite_add_tcase(suite, tcase);
  return suite;
}

XD_SUITE_MAIN(make_suite)
