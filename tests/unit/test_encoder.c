/* Encoders: creation, means, log variances and samples, misuse. */
#include "network_support.h"

#include "model/encoder.h"
#include "option_support.h"

static xd_context *context;

static void open_context(void) {
  context = test_context("reference");
}

static void close_context(void) {
  xd_context_destroy(context);
}

#define LATENT 3
#define PIXELS (9 * 13 * 3)

#define SMALL "width=13 height=9 channels=3 base_channels=2 latent_dim=3 hidden1=6"

static xd_encoder *small_encoder(uint32_t seed) {
  char text[128];
  snprintf(text, sizeof text, SMALL " seed=%u", seed);
  return make_encoder(context, text);
}

START_TEST(encoder_create__follows_the_architecture_and_the_seed) {
  xd_encoder *a = small_encoder(1), *b = small_encoder(1), *c = small_encoder(2);
  const xd_network *network = xd_encoder_network(a);
  ck_assert_uint_eq(xd_encoder_latent_dim(a), LATENT);
  ck_assert_uint_eq(input_shape_of(network).width, 13);
  ck_assert_uint_eq(output_shape_of(network).channels, 2 * LATENT);
  ck_assert_mem_eq(network->block, xd_encoder_network(b)->block, network->block_count * sizeof(float));
  ck_assert_mem_ne(network->block, xd_encoder_network(c)->block, network->block_count * sizeof(float));
  xd_encoder_release(a);
  xd_encoder_release(b);
  xd_encoder_release(c);
}
END_TEST

START_TEST(encoder_create__wants_pictures) {
  xd_encoder *encoder = NULL;
  assert_status(xd_encoder_create(&encoder, context, NULL), XD_ERROR_INVALID_ARGUMENT);
  ck_assert_ptr_null(encoder);
  assert_message_names(context, "vae.width is 0");
  encoder = make_encoder(context, "width=28 height=28 channels=1");
  ck_assert_uint_eq(xd_encoder_latent_dim(encoder), 42);
  xd_encoder_release(encoder);
}
END_TEST

START_TEST(encoder_create_layers__takes_layers_of_ones_own) {
  const xd_layer_spec fits[] = {dense_spec(9, XD_ACTIVATION_TANH),
                                dense_spec(2 * LATENT, XD_ACTIVATION_IDENTITY)};
  const xd_layer_spec odd[] = {dense_spec(2 * LATENT + 1, XD_ACTIVATION_IDENTITY)};
  const xd_layer_spec curved[] = {dense_spec(2 * LATENT, XD_ACTIVATION_TANH)};
  xd_network_layers layers = XD_NETWORK_LAYERS_INIT;
  xd_encoder *encoder = NULL, *again = NULL;
  layers.input = (xd_shape){.width = 13, .height = 9, .channels = 3};
  layers.layers = fits;
  layers.layer_count = 2;
  layers.initial_gain = 0.5f;
  assert_ok(context, xd_encoder_create_layers(&encoder, context, &layers));
  assert_ok(context, xd_encoder_create_layers(&again, context, &layers));
  ck_assert_uint_eq(xd_encoder_latent_dim(encoder), LATENT);
  ck_assert_uint_eq(xd_network_layer_count(xd_encoder_network(encoder)), 2);
  ck_assert_mem_eq(encoder->part.network->block, again->part.network->block,
                   encoder->part.network->block_count * sizeof(float));
  xd_encoder_release(encoder);
  xd_encoder_release(again);
  layers.layers = odd;
  layers.layer_count = 1;
  assert_status(xd_encoder_create_layers(&encoder, context, &layers), XD_ERROR_SHAPE_MISMATCH);
  ck_assert_ptr_null(encoder);
  assert_message_names(context, "not in 7");
  layers.layers = curved;
  assert_status(xd_encoder_create_layers(&encoder, context, &layers), XD_ERROR_SHAPE_MISMATCH);
  assert_message_names(context, "without an activation");
}
END_TEST

START_TEST(encoder_create_layers__names_the_field_that_is_refused) {
  const xd_layer_spec fits = dense_spec(2 * LATENT, XD_ACTIVATION_IDENTITY);
  const xd_network_layers good = {.struct_size = sizeof good,
                                  .layers = &fits,
                                  .input = {.width = 13, .height = 9, .channels = 3},
                                  .layer_count = 1};
  struct {
    const char *field;
    xd_network_layers layers;
  } wrong[] = {{"layers is NULL", good},     {"layer_count is 0", good},    {"layer_count is 65", good},
               {"initial_gain is 11", good}, {"initial_gain is nan", good}, {"struct_size", good}};
  wrong[0].layers.layers = NULL;
  wrong[1].layers.layer_count = 0;
  wrong[2].layers.layer_count = 65;
  wrong[3].layers.initial_gain = 11.0f;
  wrong[4].layers.initial_gain = NAN;
  wrong[5].layers.struct_size = 3;
  for (size_t i = 0; i < COUNT_OF(wrong); i++) {
    xd_encoder *encoder = (xd_encoder *)&wrong;
    assert_status(xd_encoder_create_layers(&encoder, context, &wrong[i].layers), XD_ERROR_INVALID_ARGUMENT);
    ck_assert_ptr_null(encoder);
    assert_message_names(context, wrong[i].field);
  }
  xd_encoder *encoder = NULL;
  assert_status(xd_encoder_create_layers(&encoder, context, NULL), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_encoder_create_layers(NULL, context, &good), XD_ERROR_INVALID_ARGUMENT);
}
END_TEST

START_TEST(encoder_wrap__shares_the_network_or_refuses_it) {
  const xd_layer_spec spec = dense_spec(6, XD_ACTIVATION_IDENTITY);
  xd_network *fits = make_network(context, (xd_shape){.width = 8, .height = 8, .channels = 1}, &spec, 1);
  xd_network *small = make_network(context, (xd_shape){.width = 7, .height = 8, .channels = 1}, &spec, 1);
  xd_encoder *encoder = NULL;
  assert_ok(context, xdi_encoder_wrap(&encoder, context, fits));
  ck_assert_ptr_eq(xd_encoder_network(encoder), fits);
  xdi_network_release(fits);
  ck_assert_uint_eq(xd_encoder_latent_dim(encoder), 3);
  xd_encoder_release(encoder);
  assert_status(xdi_encoder_wrap(&encoder, context, small), XD_ERROR_SHAPE_MISMATCH);
  ck_assert_ptr_null(encoder);
  assert_message_names(context, "7x8x1");
  xdi_network_release(small);
}
END_TEST

START_TEST(encoder_freeze__ends_the_mutable_network) {
  xd_encoder *encoder = small_encoder(1);
  ck_assert_ptr_eq(xd_encoder_network_mutable(encoder), xd_encoder_network(encoder));
  xd_encoder_freeze(encoder);
  ck_assert_ptr_null(xd_encoder_network_mutable(encoder));
  ck_assert_int_eq(xd_network_is_frozen(xd_encoder_network(encoder)), 1);
  xd_encoder_release(encoder);
}
END_TEST

START_TEST(encoder_retain__adds_an_owner) {
  xd_encoder *encoder = small_encoder(1);
  ck_assert_ptr_eq(xd_encoder_retain(encoder), encoder);
  xd_encoder_release(encoder);
  ck_assert_uint_eq(xd_encoder_latent_dim(encoder), LATENT);
  xd_encoder_release(encoder);
}
END_TEST

/* ---- codes ---- */

START_TEST(encoder_encode__splits_mean_and_log_variance) {
  xd_encoder *encoder = small_encoder(3);
  float *pictures = make_pixels(2 * PIXELS, 1), mean[2 * LATENT], log_variance[2 * LATENT], alone[2 * LATENT];
  float *rows = run_network(context, xd_encoder_network(encoder), pictures, 2);
  assert_ok(context, xd_encoder_encode(encoder, context, mean, log_variance, pictures, 2));
  assert_ok(context, xd_encoder_encode(encoder, context, alone, NULL, pictures, 2));
  for (int i = 0; i < 2; i++) {
    assert_same_floats(mean + i * LATENT, rows + i * 2 * LATENT, LATENT);
    assert_same_floats(log_variance + i * LATENT, rows + i * 2 * LATENT + LATENT, LATENT);
  }
  assert_same_floats(alone, mean, 2 * LATENT);
  free(pictures), free(rows);
  xd_encoder_release(encoder);
}
END_TEST

START_TEST(encoder_encode__joins_many_batches) {
  enum { COUNT = 600 };
  xd_encoder *encoder = small_encoder(3);
  float *pictures = make_pixels((size_t)COUNT * PIXELS, 1), *mean = new_floats(COUNT * LATENT), one[LATENT];
  assert_ok(context, xd_encoder_encode(encoder, context, mean, NULL, pictures, COUNT));
  for (size_t i = 0; i < COUNT; i += 37) {
    assert_ok(context, xd_encoder_encode(encoder, context, one, NULL, pictures + i * PIXELS, 1));
    assert_same_floats(one, mean + i * LATENT, LATENT);
  }
  free(pictures), free(mean);
  xd_encoder_release(encoder);
}
END_TEST

START_TEST(encoder_encode__takes_large_pictures_in_smaller_batches) {
  enum { COUNT = 90, CELLS = 256 * 256 * 3 }; /* more than fit one batch */
  xd_encoder *encoder = make_encoder(
      context, "width=256 height=256 channels=3 latent_dim=1 depth=1 base_channels=1 hidden_count=0");
  float *pictures = new_floats((size_t)COUNT * CELLS), mean[COUNT], one;
  for (size_t i = 0; i < (size_t)COUNT * CELLS; i++)
    pictures[i] = (float)(i / CELLS) / COUNT;
  assert_ok(context, xd_encoder_encode(encoder, context, mean, NULL, pictures, COUNT));
  for (size_t i = 1; i < COUNT; i += 8) {
    assert_ok(context, xd_encoder_encode(encoder, context, &one, NULL, pictures + i * CELLS, 1));
    ck_assert(one == mean[i] && one != mean[i - 1]);
  }
  free(pictures);
  xd_encoder_release(encoder);
}
END_TEST

START_TEST(encoder_encode__of_nothing_is_nothing) {
  xd_encoder *encoder = small_encoder(3);
  assert_ok(context, xd_encoder_encode(encoder, context, NULL, NULL, NULL, 0));
  assert_ok(context, xd_encoder_sample(encoder, context, NULL, NULL, 0, 1));
  xd_encoder_release(encoder);
}
END_TEST

START_TEST(encoder_sample__is_the_mean_plus_scaled_noise) {
  xd_encoder *encoder = small_encoder(3);
  float *pictures = make_pixels(4 * PIXELS, 1), mean[4 * LATENT], log_variance[4 * LATENT], codes[4 * LATENT];
  float noise[4 * LATENT], other[4 * LATENT];
  assert_ok(context, xd_encoder_encode(encoder, context, mean, log_variance, pictures, 4));
  assert_ok(context, xd_encoder_sample(encoder, context, codes, pictures, 4, 42));
  xdi_random_normals(noise, 4 * LATENT, 42, xdi_stream_id(XDI_STREAM_POSTERIOR, 0), 0);
  for (int i = 0; i < 4 * LATENT; i++) {
    const double expected = (double)mean[i] + exp((double)log_variance[i] / 2) * (double)noise[i];
    ck_assert_double_eq_tol((double)codes[i], expected, 1e-5);
  }
  assert_ok(context, xd_encoder_sample(encoder, context, other, pictures, 4, 42));
  assert_same_floats(other, codes, 4 * LATENT);
  assert_ok(context,
            xd_encoder_sample(encoder, context, other, pictures, 2, 42)); /* picture i's noise is its own */
  assert_same_floats(other, codes, 2 * LATENT);
  assert_ok(context, xd_encoder_sample(encoder, context, other, pictures, 4, 43));
  ck_assert(other[0] != codes[0]);
  free(pictures);
  xd_encoder_release(encoder);
}
END_TEST

/* ---- refusals ---- */

START_TEST(encoder_encode__names_the_picture_that_is_not_a_number) {
  xd_encoder *encoder = small_encoder(3);
  float *pictures = make_pixels(300 * (size_t)PIXELS, 1), *mean = new_floats(300 * LATENT);
  pictures[299 * PIXELS + 5] = NAN;
  assert_status(xd_encoder_encode(encoder, context, mean, NULL, pictures, 300), XD_ERROR_BAD_DATA);
  assert_message_names(context, "pixel value 5 of picture 299");
  assert_status(xd_encoder_sample(encoder, context, mean, pictures, 300, 1), XD_ERROR_BAD_DATA);
  for (int i = 0; i < 300 * LATENT; i++)
    ck_assert(mean[i] == 0); /* checked before anything is written */
  pictures[299 * PIXELS + 5] = INFINITY;
  assert_status(xd_encoder_encode(encoder, context, mean, NULL, pictures, 300), XD_ERROR_BAD_DATA);
  free(pictures), free(mean);
  xd_encoder_release(encoder);
}
END_TEST

START_TEST(encoder_encode__refuses_results_that_overflow) {
  xd_encoder *encoder = small_encoder(3);
  float *pictures = make_pixels(PIXELS, 1), mean[LATENT];
  for (int i = 0; i < PIXELS; i++)
    pictures[i] *= 1e30f; /* beyond 0..1, but finite */
  xd_network *network = xd_encoder_network_mutable(encoder);
  xd_tensor last = XD_TENSOR_INIT;
  assert_ok(context, xd_network_tensor(network, xd_network_tensor_count(network) - 2, &last));
  float *weights = new_floats(last.count);
  for (size_t i = 0; i < last.count; i++)
    weights[i] = 3e38f;
  assert_ok(context, xd_network_set(network, context, last.name, weights, last.count));
  assert_status(xd_encoder_encode(encoder, context, mean, NULL, pictures, 1), XD_ERROR_NUMERIC);
  assert_message_names(context, "not finite");
  free(weights);
  free(pictures);
  xd_encoder_release(encoder);
}
END_TEST

START_TEST(encoder_encode__is_cancelled) {
  xd_encoder *encoder = small_encoder(3);
  float *pictures = make_pixels(PIXELS, 1), mean[LATENT];
  xd_context_cancel(context);
  assert_status(xd_encoder_encode(encoder, context, mean, NULL, pictures, 1), XD_ERROR_CANCELLED);
  assert_status(xd_encoder_sample(encoder, context, mean, pictures, 1, 1), XD_ERROR_CANCELLED);
  xd_context_clear_cancel(context);
  assert_ok(context, xd_encoder_encode(encoder, context, mean, NULL, pictures, 1));
  free(pictures);
  xd_encoder_release(encoder);
}
END_TEST

START_TEST(encoder__bears_null) {
  xd_encoder *encoder = small_encoder(3), *none = encoder;
  float *pictures = make_pixels(PIXELS, 1), mean[LATENT];
  assert_status(xd_encoder_create(NULL, context, NULL), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_encoder_create(&none, NULL, NULL), XD_ERROR_INVALID_ARGUMENT);
  ck_assert_ptr_null(none);
  assert_status(xd_encoder_encode(NULL, context, mean, NULL, pictures, 1), XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(context, "encoder is NULL");
  assert_status(xd_encoder_encode(encoder, NULL, mean, NULL, pictures, 1), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_encoder_encode(encoder, context, NULL, NULL, pictures, 1), XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(context, "codes is NULL");
  assert_status(xd_encoder_encode(encoder, context, mean, NULL, NULL, 1), XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(context, "pictures is NULL");
  assert_status(xd_encoder_sample(NULL, context, mean, pictures, 1, 1), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_encoder_sample(encoder, context, NULL, pictures, 1, 1), XD_ERROR_INVALID_ARGUMENT);
  ck_assert_ptr_null(xd_encoder_retain(NULL));
  ck_assert_ptr_null(xd_encoder_network(NULL));
  ck_assert_ptr_null(xd_encoder_network_mutable(NULL));
  ck_assert_uint_eq(xd_encoder_latent_dim(NULL), 0);
  xd_encoder_freeze(NULL);
  xd_encoder_release(NULL);
  free(pictures);
  xd_encoder_release(encoder);
}
END_TEST

static xd_status use_encoder(xd_context *of, void *pictures) {
  float codes[2 * LATENT];
  xd_encoder *encoder = NULL;
  xd_options *options = NULL;
  xd_status status = try_options(&options, of, "vae", SMALL);
  if (status == XD_OK)
    status = xd_encoder_create(&encoder, of, options);
  xd_options_destroy(options);
  if (status == XD_OK)
    status = xd_encoder_sample(encoder, of, codes, pictures, 2, 1);
  xd_encoder_release(encoder);
  return status;
}

START_TEST(encoder__survives_refused_memory) {
  float *pictures = make_pixels(2 * PIXELS, 1);
  check_refusals(use_encoder, pictures);
  free(pictures);
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("encoder");
#define add(test) add_checked_case(suite, #test, test, open_context, close_context)
  add(encoder_create__follows_the_architecture_and_the_seed);
  add(encoder_create__wants_pictures);
  add(encoder_create_layers__takes_layers_of_ones_own);
  add(encoder_create_layers__names_the_field_that_is_refused);
  add(encoder_wrap__shares_the_network_or_refuses_it);
  add(encoder_freeze__ends_the_mutable_network);
  add(encoder_retain__adds_an_owner);
  add(encoder_encode__splits_mean_and_log_variance);
  add(encoder_encode__joins_many_batches);
  add(encoder_encode__takes_large_pictures_in_smaller_batches);
  add(encoder_encode__of_nothing_is_nothing);
  add(encoder_sample__is_the_mean_plus_scaled_noise);
  add(encoder_encode__names_the_picture_that_is_not_a_number);
  add(encoder_encode__refuses_results_that_overflow);
  add(encoder_encode__is_cancelled);
  add(encoder__bears_null);
  add(encoder__survives_refused_memory);
#undef add
  return suite;
}

XD_SUITE_MAIN(make_suite)
