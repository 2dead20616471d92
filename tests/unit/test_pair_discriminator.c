/* Pair discriminators: creation, scores, misuse. */
#include "network_support.h"

#include "model/pair_discriminator.h"
#include "option_support.h"

static xd_context *context;

static void open_context(void) {
  context = test_context("reference");
}

static void close_context(void) {
  xd_context_destroy(context);
}

#define LATENT 3

#define SMALL "target_dim=3 hidden_width=8 hidden_layers=2"

static xd_pair_discriminator *small_discriminator(uint32_t seed) {
  char text[128];
  snprintf(text, sizeof text, SMALL " seed=%u", seed);
  return make_discriminator(context, text);
}

START_TEST(pair_discriminator_create__is_a_leaky_perceptron_on_pairs) {
  xd_pair_discriminator *discriminator = small_discriminator(1);
  const xd_network *network = xd_pair_discriminator_network(discriminator);
  xd_layer_spec spec;
  ck_assert_uint_eq(xd_pair_discriminator_latent_dim(discriminator), LATENT);
  ck_assert_uint_eq(input_shape_of(network).channels, 2 * LATENT);
  ck_assert_uint_eq(output_shape_of(network).channels, 1);
  ck_assert_uint_eq(xd_network_layer_count(network), 3);
  assert_ok(context, xd_network_layer(network, 1, &spec));
  ck_assert_uint_eq(spec.values[2], 8);
  ck_assert_uint_eq(spec.values[3], XD_ACTIVATION_LEAKY_RELU);
  assert_ok(context, xd_network_layer(network, 2, &spec));
  ck_assert_uint_eq(spec.values[3], XD_ACTIVATION_IDENTITY);
  xd_pair_discriminator_release(discriminator);
}
END_TEST

START_TEST(pair_discriminator_create__wants_the_codes_size) {
  refuse_discriminator(context, "", XD_ERROR_INVALID_ARGUMENT, "mapping.target_dim is 0");
}
END_TEST

START_TEST(pair_discriminator_create_layers__takes_layers_of_ones_own) {
  const xd_layer_spec fits[] = {dense_spec(9, XD_ACTIVATION_TANH), dense_spec(1, XD_ACTIVATION_IDENTITY)};
  const xd_layer_spec wide[] = {dense_spec(2, XD_ACTIVATION_IDENTITY)};
  const xd_layer_spec curved[] = {dense_spec(1, XD_ACTIVATION_SIGMOID)};
  xd_network_layers layers = XD_NETWORK_LAYERS_INIT;
  xd_pair_discriminator *discriminator = NULL;
  layers.input = (xd_shape){.width = 1, .height = 1, .channels = 2 * LATENT};
  layers.layers = fits;
  layers.layer_count = 2;
  assert_ok(context, xd_pair_discriminator_create_layers(&discriminator, context, &layers));
  ck_assert_uint_eq(xd_pair_discriminator_latent_dim(discriminator), LATENT);
  xd_pair_discriminator_release(discriminator);
  layers.layers = wide;
  layers.layer_count = 1;
  assert_status(xd_pair_discriminator_create_layers(&discriminator, context, &layers),
                XD_ERROR_SHAPE_MISMATCH);
  ck_assert_ptr_null(discriminator);
  assert_message_names(context, "from 6 to 2");
  layers.layers = curved;
  assert_status(xd_pair_discriminator_create_layers(&discriminator, context, &layers),
                XD_ERROR_SHAPE_MISMATCH);
}
END_TEST

START_TEST(pair_discriminator_wrap__refuses_an_odd_input) {
  const xd_layer_spec spec = dense_spec(1, XD_ACTIVATION_IDENTITY);
  xd_network *network = make_network(context, (xd_shape){.width = 1, .height = 1, .channels = 5}, &spec, 1);
  xd_pair_discriminator *discriminator = (xd_pair_discriminator *)network;
  assert_status(xdi_pair_discriminator_wrap(&discriminator, context, network), XD_ERROR_SHAPE_MISMATCH);
  ck_assert_ptr_null(discriminator);
  xdi_network_release(network);
}
END_TEST

START_TEST(pair_discriminator_score__reads_the_condition_first) {
  enum { COUNT = 300 };
  xd_pair_discriminator *discriminator = small_discriminator(2);
  float *anchor = make_normals(COUNT * LATENT, 1), *judged = make_normals(COUNT * LATENT, 2);
  float *logits = new_floats(COUNT), *rows = new_floats(COUNT * 2 * LATENT);
  for (int i = 0; i < COUNT; i++) {
    memcpy(rows + i * 2 * LATENT, anchor + i * LATENT, LATENT * sizeof *rows);
    memcpy(rows + i * 2 * LATENT + LATENT, judged + i * LATENT, LATENT * sizeof *rows);
  }
  float *expected = run_network(context, xd_pair_discriminator_network(discriminator), rows, COUNT);
  assert_ok(context, xd_pair_discriminator_score(discriminator, context, logits, anchor, judged, COUNT));
  assert_same_floats(logits, expected, COUNT);
  ck_assert(logits[0] != logits[1]);
  free(anchor), free(judged), free(logits), free(rows), free(expected);
  xd_pair_discriminator_release(discriminator);
}
END_TEST

START_TEST(pair_discriminator_score__refuses_what_is_not_finite) {
  xd_pair_discriminator *discriminator = small_discriminator(2);
  float anchor[2 * LATENT] = {0}, judged[2 * LATENT] = {0}, logits[2];
  judged[LATENT + 1] = NAN;
  assert_status(xd_pair_discriminator_score(discriminator, context, logits, anchor, judged, 2),
                XD_ERROR_NUMERIC);
  assert_message_names(context, "value 1 of code 1");
  xd_pair_discriminator_release(discriminator);
}
END_TEST

START_TEST(pair_discriminator__bears_null) {
  xd_pair_discriminator *discriminator = small_discriminator(2), *none = discriminator;
  float code[LATENT] = {0}, logits[1];
  assert_status(xd_pair_discriminator_create(NULL, context, NULL), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_pair_discriminator_create(&none, NULL, NULL), XD_ERROR_INVALID_ARGUMENT);
  ck_assert_ptr_null(none);
  assert_status(xd_pair_discriminator_score(NULL, context, logits, code, code, 1), XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(context, "discriminator is NULL");
  assert_status(xd_pair_discriminator_score(discriminator, NULL, logits, code, code, 1),
                XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_pair_discriminator_score(discriminator, context, NULL, code, code, 1),
                XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_pair_discriminator_score(discriminator, context, logits, NULL, code, 1),
                XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_pair_discriminator_score(discriminator, context, logits, code, NULL, 1),
                XD_ERROR_INVALID_ARGUMENT);
  assert_ok(context, xd_pair_discriminator_score(discriminator, context, NULL, NULL, NULL, 0));
  ck_assert_ptr_null(xd_pair_discriminator_retain(NULL));
  ck_assert_ptr_null(xd_pair_discriminator_network(NULL));
  ck_assert_ptr_null(xd_pair_discriminator_network_mutable(NULL));
  ck_assert_uint_eq(xd_pair_discriminator_latent_dim(NULL), 0);
  xd_pair_discriminator_freeze(discriminator);
  ck_assert_ptr_null(xd_pair_discriminator_network_mutable(discriminator));
  xd_pair_discriminator_freeze(NULL);
  xd_pair_discriminator_release(NULL);
  xd_pair_discriminator_release(discriminator);
}
END_TEST

static xd_status use_discriminator(xd_context *of, void *user) {
  const float code[LATENT] = {0};
  float logit;
  xd_pair_discriminator *discriminator = NULL;
  xd_options *options = NULL;
  (void)user;
  xd_status status = try_options(&options, of, "mapping", SMALL);
  if (status == XD_OK)
    status = xd_pair_discriminator_create(&discriminator, of, options);
  xd_options_destroy(options);
  if (status == XD_OK)
    status = xd_pair_discriminator_score(discriminator, of, &logit, code, code, 1);
  xd_pair_discriminator_release(discriminator);
  return status;
}

START_TEST(pair_discriminator__survives_refused_memory) {
  check_refusals(use_discriminator, NULL);
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("pair_discriminator");
#define add(test) add_checked_case(suite, #test, test, open_context, close_context)
  add(pair_discriminator_create__is_a_leaky_perceptron_on_pairs);
  add(pair_discriminator_create__wants_the_codes_size);
  add(pair_discriminator_create_layers__takes_layers_of_ones_own);
  add(pair_discriminator_wrap__refuses_an_odd_input);
  add(pair_discriminator_score__reads_the_condition_first);
  add(pair_discriminator_score__refuses_what_is_not_finite);
  add(pair_discriminator__bears_null);
  add(pair_discriminator__survives_refused_memory);
#undef add
  return suite;
}

XD_SUITE_MAIN(make_suite)
