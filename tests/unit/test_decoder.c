/* Decoders: creation, pictures, misuse. */
#include "network_support.h"

#include "model/decoder.h"
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

static xd_decoder *small_decoder(uint32_t seed) {
  char text[128];
  snprintf(text, sizeof text, SMALL " seed=%u", seed);
  return make_decoder(context, text);
}

START_TEST(decoder_create__follows_the_architecture_and_the_seed) {
  xd_decoder *a = small_decoder(1), *b = small_decoder(1), *c = small_decoder(2);
  const xd_network *network = xd_decoder_network(a);
  ck_assert_uint_eq(xd_decoder_latent_dim(a), LATENT);
  ck_assert_uint_eq(output_shape_of(network).height, 9);
  ck_assert_uint_eq(output_shape_of(network).width, 13);
  ck_assert_uint_eq(output_shape_of(network).channels, 3);
  ck_assert_mem_eq(network->block, xd_decoder_network(b)->block, network->block_count * sizeof(float));
  ck_assert_mem_ne(network->block, xd_decoder_network(c)->block, network->block_count * sizeof(float));
  xd_decoder_release(a);
  xd_decoder_release(b);
  xd_decoder_release(c);
}
END_TEST

START_TEST(decoder_create_layers__takes_layers_of_ones_own) {
  const xd_layer_spec fits[] = {dense_map_spec(9, 12, 3, XD_ACTIVATION_SIGMOID)};
  const xd_layer_spec linear[] = {dense_map_spec(9, 13, 3, XD_ACTIVATION_IDENTITY)};
  xd_network_layers layers = XD_NETWORK_LAYERS_INIT;
  xd_decoder *decoder = NULL;
  layers.input = (xd_shape){.width = 1, .height = 1, .channels = LATENT};
  layers.layers = fits;
  layers.layer_count = 1;
  assert_ok(context, xd_decoder_create_layers(&decoder, context, &layers));
  ck_assert_uint_eq(xd_decoder_latent_dim(decoder), LATENT);
  xd_decoder_release(decoder);
  layers.layers = linear;
  assert_status(xd_decoder_create_layers(&decoder, context, &layers), XD_ERROR_SHAPE_MISMATCH);
  ck_assert_ptr_null(decoder);
  assert_message_names(context, "13x9x3");
  assert_message_names(context, "sigmoid");
}
END_TEST

START_TEST(decoder_wrap__shares_the_network_or_refuses_it) {
  const xd_layer_spec spec = dense_map_spec(8, 8, 1, XD_ACTIVATION_SIGMOID);
  xd_network *fits = make_network(context, (xd_shape){.width = 1, .height = 1, .channels = 5}, &spec, 1);
  xd_network *wide = make_network(context, (xd_shape){.width = 1, .height = 1, .channels = 1025}, &spec, 1);
  xd_decoder *decoder = NULL;
  assert_ok(context, xdi_decoder_wrap(&decoder, context, fits));
  ck_assert_ptr_eq(xd_decoder_network(decoder), fits);
  xdi_network_release(fits);
  ck_assert_uint_eq(xd_decoder_latent_dim(decoder), 5);
  xd_decoder_release(decoder);
  assert_status(xdi_decoder_wrap(&decoder, context, wide), XD_ERROR_SHAPE_MISMATCH);
  ck_assert_ptr_null(decoder);
  assert_message_names(context, "1025");
  xdi_network_release(wide);
}
END_TEST

START_TEST(decoder_freeze__ends_the_mutable_network) {
  xd_decoder *decoder = small_decoder(1);
  ck_assert_ptr_nonnull(xd_decoder_network_mutable(decoder));
  xd_decoder_freeze(decoder);
  ck_assert_ptr_null(xd_decoder_network_mutable(decoder));
  xd_decoder_release(decoder);
}
END_TEST

START_TEST(decoder_decode__gives_pictures_between_0_and_1) {
  enum { COUNT = 300 };
  xd_decoder *decoder = small_decoder(4);
  float *codes = make_normals(COUNT * LATENT, 1), *pictures = new_floats((size_t)COUNT * PIXELS);
  for (int i = 0; i < COUNT * LATENT; i++)
    codes[i] *= 100;
  assert_ok(context, xd_decoder_decode(decoder, context, pictures, codes, COUNT));
  float low = 1, high = 0;
  for (int i = 0; i < COUNT * PIXELS; i++) {
    ck_assert(pictures[i] >= 0 && pictures[i] <= 1);
    low = fminf(low, pictures[i]);
    high = fmaxf(high, pictures[i]);
  }
  ck_assert(low < 0.1f && high > 0.9f);
  float *last = run_network(context, xd_decoder_network(decoder), codes + (COUNT - 1) * LATENT, 1);
  assert_same_floats(pictures + (COUNT - 1) * PIXELS, last, PIXELS);
  free(codes), free(pictures), free(last);
  xd_decoder_release(decoder);
}
END_TEST

START_TEST(decoder_decode__names_the_code_that_is_not_finite) {
  xd_decoder *decoder = small_decoder(4);
  float codes[2 * LATENT] = {0, 0, 0, 0, -INFINITY, 0}, *pictures = new_floats(2 * PIXELS);
  assert_status(xd_decoder_decode(decoder, context, pictures, codes, 2), XD_ERROR_NUMERIC);
  assert_message_names(context, "value 1 of code 1");
  free(pictures);
  xd_decoder_release(decoder);
}
END_TEST

START_TEST(decoder_decode__is_cancelled) {
  xd_decoder *decoder = small_decoder(4);
  float codes[LATENT] = {0}, *pictures = new_floats(PIXELS);
  xd_context_cancel(context);
  assert_status(xd_decoder_decode(decoder, context, pictures, codes, 1), XD_ERROR_CANCELLED);
  free(pictures);
  xd_decoder_release(decoder);
}
END_TEST

START_TEST(decoder__bears_null) {
  xd_decoder *decoder = small_decoder(4), *none = decoder;
  float codes[LATENT] = {0}, *pictures = new_floats(PIXELS);
  assert_status(xd_decoder_create(NULL, context, NULL), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_decoder_create(&none, NULL, NULL), XD_ERROR_INVALID_ARGUMENT);
  ck_assert_ptr_null(none);
  assert_status(xd_decoder_decode(NULL, context, pictures, codes, 1), XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(context, "decoder is NULL");
  assert_status(xd_decoder_decode(decoder, NULL, pictures, codes, 1), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_decoder_decode(decoder, context, NULL, codes, 1), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_decoder_decode(decoder, context, pictures, NULL, 1), XD_ERROR_INVALID_ARGUMENT);
  assert_ok(context, xd_decoder_decode(decoder, context, NULL, NULL, 0));
  ck_assert_ptr_null(xd_decoder_retain(NULL));
  ck_assert_ptr_null(xd_decoder_network(NULL));
  ck_assert_ptr_null(xd_decoder_network_mutable(NULL));
  ck_assert_uint_eq(xd_decoder_latent_dim(NULL), 0);
  xd_decoder_freeze(NULL);
  xd_decoder_release(NULL);
  free(pictures);
  xd_decoder_release(decoder);
}
END_TEST

static xd_status use_decoder(xd_context *of, void *pictures) {
  const float codes[LATENT] = {0};
  xd_decoder *decoder = NULL;
  xd_options *options = NULL;
  xd_status status = try_options(&options, of, "vae", SMALL);
  if (status == XD_OK)
    status = xd_decoder_create(&decoder, of, options);
  xd_options_destroy(options);
  if (status == XD_OK)
    status = xd_decoder_decode(decoder, of, pictures, codes, 1);
  xd_decoder_release(decoder);
  return status;
}

START_TEST(decoder__survives_refused_memory) {
  float *pictures = new_floats(PIXELS);
  check_refusals(use_decoder, pictures);
  free(pictures);
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("decoder");
#define add(test) add_checked_case(suite, #test, test, open_context, close_context)
  add(decoder_create__follows_the_architecture_and_the_seed);
  add(decoder_create_layers__takes_layers_of_ones_own);
  add(decoder_wrap__shares_the_network_or_refuses_it);
  add(decoder_freeze__ends_the_mutable_network);
  add(decoder_decode__gives_pictures_between_0_and_1);
  add(decoder_decode__names_the_code_that_is_not_finite);
  add(decoder_decode__is_cancelled);
  add(decoder__bears_null);
  add(decoder__survives_refused_memory);
#undef add
  return suite;
}

XD_SUITE_MAIN(make_suite)
