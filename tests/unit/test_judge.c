/* Judges: creation, labels, logits and features, accuracy on a set, misuse. Training is tested with
 * its trainer, files with the format. */
#include "network_support.h"

#include "model/judge.h"
#include "option_support.h"

static xd_context *context;

static void open_context(void) {
  context = test_context("reference");
}

static void close_context(void) {
  xd_context_destroy(context);
}

#define CLASSES 4
#define FEATURES 6
#define PIXELS (9 * 11 * 3)

#define SMALL "width=11 height=9 channels=3 classes=4 base_channels=2 feature_dim=6"

static xd_judge *small_judge(uint32_t seed) {
  char text[128];
  snprintf(text, sizeof text, SMALL " seed=%u", seed);
  return make_judge(context, text);
}

START_TEST(judge_create__pairs_convolutions_and_ends_in_features_and_logits) {
  xd_judge *judge = small_judge(1);
  const xd_network *network = xd_judge_network(judge);
  const xd_layer_spec expected[] = {
      conv2d_spec(2, 3, 1, 1, XD_ACTIVATION_RELU), conv2d_spec(4, 3, 2, 1, XD_ACTIVATION_RELU),
      conv2d_spec(4, 3, 1, 1, XD_ACTIVATION_RELU), conv2d_spec(8, 3, 2, 1, XD_ACTIVATION_RELU),
      dense_spec(FEATURES, XD_ACTIVATION_RELU),    dropout_spec(200000),
      dense_spec(CLASSES, XD_ACTIVATION_IDENTITY)};
  ck_assert_uint_eq(xd_network_layer_count(network), COUNT_OF(expected));
  for (uint32_t i = 0; i < COUNT_OF(expected); i++) {
    xd_layer_spec spec;
    assert_ok(context, xd_network_layer(network, i, &spec));
    ck_assert_msg(memcmp(&spec, &expected[i], sizeof spec) == 0, "layer %u differs", i);
  }
  ck_assert_uint_eq(judge_shape_of(judge).height, 9);
  ck_assert_uint_eq(judge_shape_of(judge).width, 11);
  ck_assert_uint_eq(judge_shape_of(judge).channels, 3);
  ck_assert_uint_eq(xd_judge_class_count(judge), CLASSES);
  ck_assert_uint_eq(xd_judge_feature_dim(judge), FEATURES);
  xd_judge_release(judge);
}
END_TEST

/* Sides, how often they are halved to 64 at most, and then by pairs. */
START_TEST(judge_create__halves_until_both_sides_are_at_most_4) {
  const uint32_t sides[][3] = {{8, 0, 1},  {9, 0, 2},  {16, 0, 2}, {28, 0, 3},  {32, 0, 3},
                               {33, 0, 4}, {64, 0, 4}, {65, 1, 4}, {128, 1, 4}, {256, 2, 4}};
  for (size_t i = 0; i < COUNT_OF(sides); i++) {
    char text[128];
    snprintf(text, sizeof text, SMALL " width=8 height=%u base_channels=1 dropout=0", sides[i][0]);
    xd_judge *judge = make_judge(context, text);
    ck_assert_uint_eq(xd_network_layer_count(xd_judge_network(judge)), sides[i][1] + 2 * sides[i][2] + 2);
    xd_judge_release(judge);
  }
  xd_judge *given = make_judge(context, SMALL " width=256 height=8 base_channels=1 dropout=0 blocks=2");
  ck_assert_uint_eq(xd_network_layer_count(xd_judge_network(given)), 2 * 2 + 2);
  xd_judge_release(given);
}
END_TEST

START_TEST(judge_create__names_the_option_that_is_refused) {
  const struct {
    const char *message, *text;
  } wrong[] = {{"judge.height is 0", SMALL " height=0"},
               {"judge.width is 7", SMALL " width=7"},
               {"judge.channels is 2", SMALL " channels=2"},
               {"judge.classes is 0", SMALL " classes=0"},
               {"judge.blocks is 5, but pictures of 11x9 can be halved 4 times", SMALL " blocks=5"},
               {"judge.width is 0", ""}};
  for (size_t i = 0; i < COUNT_OF(wrong); i++)
    refuse_judge(context, wrong[i].text, XD_ERROR_INVALID_ARGUMENT, wrong[i].message);
}
END_TEST

START_TEST(judge_wrap__wants_a_dense_layer_of_logits_last) {
  const xd_layer_spec fits[] = {dense_spec(3, XD_ACTIVATION_IDENTITY)};
  const xd_layer_spec renamed[] = {dense_spec(3, XD_ACTIVATION_IDENTITY), reshape_spec(3, 1, 1)};
  const xd_layer_spec curved[] = {dense_spec(3, XD_ACTIVATION_SIGMOID)};
  const xd_layer_spec many[] = {dense_spec(257, XD_ACTIVATION_IDENTITY)};
  const xd_layer_spec *const lists[] = {fits, renamed, curved, many};
  const uint32_t counts[] = {1, 2, 1, 1};
  for (int i = 0; i < 4; i++) {
    xd_network *network =
        make_network(context, (xd_shape){.width = 8, .height = 8, .channels = 1}, lists[i], counts[i]);
    xd_judge *judge = (xd_judge *)network;
    assert_status(xdi_judge_wrap(&judge, context, network), i == 0 ? XD_OK : XD_ERROR_SHAPE_MISMATCH);
    ck_assert((i == 0) == (judge != NULL));
    if (judge)
      ck_assert_uint_eq(xd_judge_feature_dim(judge), 64);
    xd_judge_release(judge);
    xdi_network_release(network);
  }
  xd_network *wide = make_network(context, (xd_shape){.width = 32, .height = 33, .channels = 1}, fits,
                                  1); /* 1056 features */
  xd_judge *judge = NULL;
  assert_status(xdi_judge_wrap(&judge, context, wide), XD_ERROR_SHAPE_MISMATCH);
  assert_message_names(context, "1056");
  xdi_network_release(wide);
}
END_TEST

/* ---- prediction ---- */

START_TEST(judge_predict__gives_labels_logits_and_features) {
  enum { COUNT = 300 };
  xd_judge *judge = small_judge(5);
  const xd_network *network = xd_judge_network(judge);
  float *pictures = make_pixels((size_t)COUNT * PIXELS, 1),
        *expected = run_network(context, network, pictures, COUNT);
  float *logits = new_floats(COUNT * CLASSES), *features = new_floats(COUNT * FEATURES);
  float weights[FEATURES * CLASSES], bias[CLASSES];
  uint32_t labels[COUNT];
  assert_ok(context, xd_judge_predict(judge, context, labels, logits, features, pictures, COUNT));
  assert_same_floats(logits, expected, COUNT * CLASSES);
  assert_ok(context, xd_network_get(network, context, weights, "6.dense.weights", FEATURES * CLASSES));
  assert_ok(context, xd_network_get(network, context, bias, "6.dense.bias", CLASSES));
  for (int i = 0; i < COUNT; i++)
    for (int k = 0; k < CLASSES; k++) {
      double logit = (double)bias[k]; /* the last layer by hand, from the features */
      for (int f = 0; f < FEATURES; f++)
        logit += (double)features[i * FEATURES + f] * (double)weights[f * CLASSES + k];
      ck_assert_double_eq_tol(logit, (double)logits[i * CLASSES + k], 1e-5);
      ck_assert(logits[i * CLASSES + k] <= logits[(uint32_t)i * CLASSES + labels[i]]);
    }
  free(pictures), free(expected), free(logits), free(features);
  xd_judge_release(judge);
}
END_TEST

START_TEST(judge_predict__gives_what_is_asked_for) {
  xd_judge *judge = small_judge(5);
  float *pictures = make_pixels(3 * PIXELS, 1), logits[3 * CLASSES], features[3 * FEATURES],
        alone[3 * FEATURES];
  uint32_t labels[3], again[3];
  assert_ok(context, xd_judge_predict(judge, context, labels, logits, features, pictures, 3));
  assert_ok(context, xd_judge_predict(judge, context, again, NULL, NULL, pictures, 3));
  ck_assert_mem_eq(labels, again, sizeof labels);
  assert_ok(context, xd_judge_predict(judge, context, NULL, NULL, alone, pictures, 3));
  assert_same_floats(alone, features, 3 * FEATURES);
  assert_ok(context, xd_judge_predict(judge, context, NULL, NULL, NULL, NULL, 0));
  pictures[2 * PIXELS] = NAN;
  assert_status(xd_judge_predict(judge, context, labels, NULL, NULL, pictures, 3), XD_ERROR_BAD_DATA);
  assert_message_names(context, "picture 2");
  free(pictures);
  xd_judge_release(judge);
}
END_TEST

START_TEST(judge_predict__takes_the_first_of_equals) {
  xd_judge *judge = small_judge(1);
  float *pictures = make_pixels(PIXELS, 1);
  const float zeros[FEATURES * CLASSES] = {0}, bias[CLASSES] = {-1, 2, 2, 1};
  uint32_t label = 99;
  assert_ok(context, xd_network_set(judge->part.network, context, "6.dense.weights", zeros, COUNT_OF(zeros)));
  assert_ok(context, xd_network_set(judge->part.network, context, "6.dense.bias", bias, CLASSES));
  assert_ok(context, xd_judge_predict(judge, context, &label, NULL, NULL, pictures, 1));
  ck_assert_uint_eq(label, 1);
  free(pictures);
  xd_judge_release(judge);
}
END_TEST

/* ---- accuracy ---- */

/* A set of `count` pictures whose labels are the judge's own, but for every `wrong`-th. */
static xd_dataset *make_set(const xd_judge *judge, uint32_t count, uint32_t wrong) {
  uint8_t *pixels = malloc((size_t)count * PIXELS);
  float *pictures = new_floats((size_t)count * PIXELS);
  uint32_t *labels = calloc(count, sizeof *labels);
  xd_dataset *set = NULL;
  ck_assert(pixels && labels);
  for (size_t i = 0; i < (size_t)count * PIXELS; i++) {
    pixels[i] = (uint8_t)xdi_random_below(3, 79, i, 256);
    pictures[i] = (float)pixels[i] / 255;
  }
  assert_ok(context, xd_judge_predict(judge, context, labels, NULL, NULL, pictures, count));
  for (uint32_t i = 0; i < count; i += wrong)
    labels[i] = (labels[i] + 1) % CLASSES;
  assert_ok(context, xd_dataset_create(&set, context, pixels, labels, count, 11, 9, 3));
  free(pixels), free(pictures), free(labels);
  return set;
}

START_TEST(judge_accuracy__is_the_share_of_right_labels) {
  xd_judge *judge = small_judge(5);
  xd_dataset *set = make_set(judge, 100, 4);
  double accuracy = -1;
  assert_ok(context, xd_judge_accuracy(judge, context, &accuracy, set));
  ck_assert(accuracy == 0.75);
  xd_dataset_release(set);
  xd_judge_release(judge);
}
END_TEST

START_TEST(judge_accuracy__refuses_pictures_of_another_size) {
  const uint8_t pixels[10 * 11] = {0};
  xd_judge *judge = small_judge(5);
  xd_dataset *set = NULL;
  double accuracy = -1;
  assert_ok(context, xd_dataset_create(&set, context, pixels, NULL, 1, 11, 10, 1));
  assert_status(xd_judge_accuracy(judge, context, &accuracy, set), XD_ERROR_SHAPE_MISMATCH);
  assert_message_names(context, "11x10x1");
  assert_message_names(context, "11x9x3");
  ck_assert(accuracy == 0);
  assert_status(xd_judge_accuracy(judge, context, NULL, set), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_judge_accuracy(NULL, context, &accuracy, set), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_judge_accuracy(judge, NULL, &accuracy, set), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_judge_accuracy(judge, context, &accuracy, NULL), XD_ERROR_INVALID_ARGUMENT);
  xd_dataset_release(set);
  xd_judge_release(judge);
}
END_TEST

/* ---- misuse ---- */

START_TEST(judge__bears_null) {
  xd_judge *judge = small_judge(5), *none = judge;
  uint32_t label;
  assert_status(xd_judge_create(NULL, context, NULL), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_judge_create(&none, NULL, NULL), XD_ERROR_INVALID_ARGUMENT);
  ck_assert_ptr_null(none);
  assert_status(xd_judge_predict(judge, context, &label, NULL, NULL, NULL, 1), XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(context, "pictures is NULL");
  assert_status(xd_judge_predict(NULL, context, &label, NULL, NULL, NULL, 1), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_judge_predict(judge, NULL, &label, NULL, NULL, NULL, 1), XD_ERROR_INVALID_ARGUMENT);
  ck_assert_ptr_eq(xd_judge_retain(judge), judge);
  xd_judge_release(judge);
  ck_assert_uint_eq(xd_judge_class_count(judge), CLASSES);
  ck_assert_ptr_null(xd_judge_retain(NULL));
  ck_assert_ptr_null(xd_judge_network(NULL));
  ck_assert_uint_eq(xd_judge_class_count(NULL) + xd_judge_feature_dim(NULL), 0);
  ck_assert_uint_eq(judge_shape_of(NULL).height, 0);
  xd_judge_release(NULL);
  xd_judge_release(judge);
}
END_TEST

/* The fourth chunk is CLSS. */
START_TEST(judge_save__writes_names_where_there_are_some) {
  static const char *const names[] = {"", "", "two"};
  xd_judge *judge = small_judge(1), *named = NULL;
  xd_file_info info = XD_FILE_INFO_INIT;
  char *folder = make_temp_folder(), path[TEST_PATH_SIZE];
  path_in(path, folder, "judge.xdc");
  assert_ok(context, xd_judge_save(judge, context, path));
  assert_ok(context, xd_file_inspect(context, &info, NULL, 0, path));
  ck_assert_uint_eq(info.chunk_count, 3);
  assert_ok(context, xd_judge_with_class_names(&named, context, judge, names, 3));
  assert_ok(context, xd_judge_save(named, context, path));
  assert_ok(context, xd_file_inspect(context, &info, NULL, 0, path));
  ck_assert_uint_eq(info.chunk_count, 4);
  xd_judge_release(judge), xd_judge_release(named);
  remove_folder(folder);
}
END_TEST

static xd_status use_judge(xd_context *of, void *set) {
  double accuracy;
  xd_judge *judge = NULL;
  xd_options *options = NULL;
  xd_status status = try_options(&options, of, "judge", SMALL);
  if (status == XD_OK)
    status = xd_judge_create(&judge, of, options);
  xd_options_destroy(options);
  if (status == XD_OK)
    status = xd_judge_accuracy(judge, of, &accuracy, set);
  xd_judge_release(judge);
  return status;
}

START_TEST(judge__survives_refused_memory) {
  xd_judge *judge = small_judge(5);
  xd_dataset *set = make_set(judge, 3, 2);
  check_refusals(use_judge, set);
  xd_dataset_release(set);
  xd_judge_release(judge);
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("judge");
#define add(test) add_checked_case(suite, #test, test, open_context, close_context)
  add(judge_create__pairs_convolutions_and_ends_in_features_and_logits);
  add(judge_create__halves_until_both_sides_are_at_most_4);
  add(judge_create__names_the_option_that_is_refused);
  add(judge_wrap__wants_a_dense_layer_of_logits_last);
  add(judge_predict__gives_labels_logits_and_features);
  add(judge_predict__gives_what_is_asked_for);
  add(judge_predict__takes_the_first_of_equals);
  add(judge_accuracy__is_the_share_of_right_labels);
  add(judge_accuracy__refuses_pictures_of_another_size);
  add(judge_save__writes_names_where_there_are_some);
  add(judge__bears_null);
  add(judge__survives_refused_memory);
#undef add
  return suite;
}

XD_SUITE_MAIN(make_suite)
