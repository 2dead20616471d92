/* Architectures: the layers of encoders and decoders, and the fields that are refused. */
#include <math.h>

#include "network_support.h"

#include "model/architecture.h"
#include "xdomain/decoder.h"
#include "xdomain/encoder.h"

static xd_context *context;

static void open_context(void) {
  context = test_context("reference");
}

static void close_context(void) {
  xd_context_destroy(context);
}

static xd_vae_architecture pictures_of(uint32_t height, uint32_t width, uint32_t channels) {
  xd_vae_architecture from = XD_VAE_ARCHITECTURE_INIT;
  from.height = height;
  from.width = width;
  from.channels = channels;
  return from;
}

static void assert_layers(const xdi_layer_list *got, const xd_layer_spec *expected, uint32_t count) {
  ck_assert_uint_eq(got->count, count);
  for (uint32_t i = 0; i < count; i++)
    ck_assert_msg(memcmp(&got->at[i], &expected[i], sizeof expected[i]) == 0, "layer %u differs", i);
}

static void read_both(const xd_vae_architecture *from, xdi_layer_list *encoder, xdi_layer_list *decoder) {
  xd_vae_architecture read;
  assert_ok(context, xdi_architecture_read(context, &read, from));
  xdi_architecture_encoder(&read, encoder);
  xdi_architecture_decoder(&read, decoder);
}

START_TEST(architecture__defaults_are_the_recipe) {
  xdi_layer_list encoder, decoder;
  const xd_layer_spec down[] = {conv2d_spec(32, 4, 2, 1, XD_ACTIVATION_RELU),
                                conv2d_spec(64, 4, 2, 1, XD_ACTIVATION_RELU),
                                dense_spec(256, XD_ACTIVATION_RELU), dense_spec(64, XD_ACTIVATION_IDENTITY)};
  const xd_layer_spec up[] = {dense_spec(256, XD_ACTIVATION_RELU),
                              dense_map_spec(7, 7, 64, XD_ACTIVATION_RELU),
                              conv_transpose2d_spec(32, 4, 2, 1, XD_ACTIVATION_RELU, 14, 14),
                              conv_transpose2d_spec(1, 4, 2, 1, XD_ACTIVATION_SIGMOID, 28, 28)};
  read_both(NULL, &encoder, &decoder);
  assert_layers(&encoder, down, COUNT_OF(down));
  assert_layers(&decoder, up, COUNT_OF(up));
}
END_TEST

START_TEST(architecture__mirrors_odd_sizes_exactly) {
  xdi_layer_list encoder, decoder;
  xd_vae_architecture from = pictures_of(9, 35, 3);
  from.base_channels = 4;
  from.max_channels = 12;
  const xd_layer_spec up[] = {dense_spec(256, XD_ACTIVATION_RELU),
                              dense_map_spec(2, 5, 12, XD_ACTIVATION_RELU),
                              conv_transpose2d_spec(8, 4, 2, 1, XD_ACTIVATION_RELU, 3, 9),
                              conv_transpose2d_spec(4, 4, 2, 1, XD_ACTIVATION_RELU, 5, 18),
                              conv_transpose2d_spec(3, 4, 2, 1, XD_ACTIVATION_SIGMOID, 9, 35)};
  read_both(&from, &encoder, &decoder);
  ck_assert_uint_eq(encoder.at[2].values[0], 12); /* not 16 */
  assert_layers(&decoder, up, COUNT_OF(up));
}
END_TEST

/* Builds both networks and checks that they fit the pictures and each other. */
static void check_both(const xd_vae_architecture *from) {
  xdi_layer_list encoder, decoder;
  read_both(from, &encoder, &decoder);
  xd_network *down = make_network(
      context, (xd_shape){.width = from->width, .height = from->height, .channels = from->channels},
      encoder.at, encoder.count);
  xd_network *up = make_network(context, (xd_shape){.width = 1, .height = 1, .channels = from->latent_dim},
                                decoder.at, decoder.count);
  ck_assert_uint_eq(down->output.channels, 2 * from->latent_dim);
  ck_assert_uint_eq(up->output.height, from->height);
  ck_assert_uint_eq(up->output.width, from->width);
  ck_assert_uint_eq(up->output.channels, from->channels);
  xdi_network_release(down);
  xdi_network_release(up);
}

START_TEST(architecture__fits_every_size) {
  for (uint32_t side = XDI_SIDE_MIN; side <= XDI_SIDE_MAX; side += side < 40 ? 1 : 31) {
    xd_vae_architecture tall = pictures_of(side, 8 + side % 7, 1), wide = pictures_of(11, side, 3);
    tall.base_channels = wide.base_channels = 2;
    check_both(&tall);
    check_both(&wide);
  }
  xd_vae_architecture largest = pictures_of(256, 256, 3);
  largest.base_channels = 1;
  largest.depth = 8;
  check_both(&largest);
}
END_TEST

START_TEST(architecture__halves_until_both_sides_are_at_most_8) {
  const uint32_t sides[][2] = {{8, 1},  {9, 1},  {16, 1}, {17, 2},  {28, 2},
                               {32, 2}, {33, 3}, {64, 3}, {128, 4}, {256, 5}};
  for (size_t i = 0; i < COUNT_OF(sides); i++) {
    xdi_layer_list encoder, decoder;
    xd_vae_architecture from = pictures_of(8, sides[i][0], 1);
    from.hidden_count = 0;
    read_both(&from, &encoder, &decoder);
    ck_assert_uint_eq(encoder.count, sides[i][1] + 1);
    ck_assert_uint_eq(decoder.count, sides[i][1] + 1);
  }
}
END_TEST

START_TEST(architecture__is_a_plain_perceptron_without_channels) {
  xdi_layer_list encoder, decoder;
  xd_vae_architecture from = pictures_of(28, 28, 1);
  from.base_channels = 0;
  from.hidden_count = 2;
  from.hidden[0] = 512;
  from.hidden[1] = 256;
  from.latent_dim = 64;
  const xd_layer_spec down[] = {dense_spec(512, XD_ACTIVATION_RELU), dense_spec(256, XD_ACTIVATION_RELU),
                                dense_spec(128, XD_ACTIVATION_IDENTITY)};
  const xd_layer_spec up[] = {dense_spec(256, XD_ACTIVATION_RELU), dense_spec(512, XD_ACTIVATION_RELU),
                              dense_map_spec(28, 28, 1, XD_ACTIVATION_SIGMOID)};
  read_both(&from, &encoder, &decoder);
  assert_layers(&encoder, down, COUNT_OF(down));
  assert_layers(&decoder, up, COUNT_OF(up));
}
END_TEST

START_TEST(architecture__ends_in_linear_skips_where_asked) {
  xdi_layer_list encoder, decoder;
  xd_vae_architecture from = pictures_of(28, 28, 1);
  from.latent_dim = 5;
  for (uint32_t channels = 0; channels <= 4; channels += 4) {
    from.base_channels = channels;
    from.linear_skip = 1;
    from.window = channels ? 250 : 0; /* a window goes before all that */
    read_both(&from, &encoder, &decoder);
    if (channels)
      ck_assert_uint_eq(encoder.at[0].tag, XD_TAG('W', 'N', 'R', 'M'));
    const xd_layer_spec end = linear_skip_spec(XD_ACTIVATION_IDENTITY),
                        picture = linear_skip_spec(XD_ACTIVATION_SIGMOID);
    ck_assert_mem_eq(&encoder.at[encoder.count - 1], &end, sizeof end);
    ck_assert_mem_eq(&decoder.at[decoder.count - 1], &picture, sizeof picture);
    ck_assert_uint_eq(decoder.at[decoder.count - 2].values[channels ? 4 : 3], XD_ACTIVATION_IDENTITY);
    xd_encoder *f = NULL;
    xd_decoder *g = NULL;
    assert_ok(context, xd_encoder_create(&f, context, &from, 1));
    assert_ok(context, xd_decoder_create(&g, context, &from, 1));
    ck_assert_uint_eq(xd_encoder_latent_dim(f), 5);
    xd_encoder_release(f);
    xd_decoder_release(g);
  }
}
END_TEST

START_TEST(architecture__uses_the_callers_own_layers) {
  xdi_layer_list encoder, decoder;
  const xd_layer_spec own[] = {dense_spec(5, XD_ACTIVATION_TANH), dense_spec(64, XD_ACTIVATION_IDENTITY)};
  xd_vae_architecture from = pictures_of(28, 28, 1);
  from.layers = own;
  from.layer_count = 2;
  read_both(&from, &encoder, &decoder);
  assert_layers(&encoder, own, 2);
  assert_layers(&decoder, own, 2);
}
END_TEST

START_TEST(architecture__begins_an_encoder_with_its_window) {
  xd_vae_architecture from = pictures_of(28, 28, 1), without = from;
  xdi_layer_list encoder, decoder, plain_encoder, plain_decoder;
  from.window = 250;
  read_both(&from, &encoder, &decoder);
  read_both(&without, &plain_encoder, &plain_decoder);
  const xd_layer_spec window = {XD_TAG('W', 'N', 'R', 'M'), {250}};
  ck_assert_uint_eq(encoder.count, plain_encoder.count + 1);
  ck_assert_mem_eq(&encoder.at[0], &window, sizeof window);
  ck_assert_mem_eq(&encoder.at[1], plain_encoder.at, plain_encoder.count * sizeof *plain_encoder.at);
  ck_assert_uint_eq(decoder.count, plain_decoder.count);
  ck_assert_mem_eq(decoder.at, plain_decoder.at, plain_decoder.count * sizeof *plain_decoder.at);
}
END_TEST

START_TEST(architecture__names_the_field_that_is_refused) {
  const xd_layer_spec own = dense_spec(5, XD_ACTIVATION_TANH);
  struct {
    const char *field;
    xd_vae_architecture from;
  } wrong[] = {{"height is 7", pictures_of(7, 28, 1)},
               {"height is 257", pictures_of(257, 28, 1)},
               {"width is 0", pictures_of(28, 0, 1)},
               {"channels is 2", pictures_of(28, 28, 2)},
               {"latent_dim is 0", pictures_of(28, 28, 1)},
               {"latent_dim is 1025", pictures_of(28, 28, 1)},
               {"base_channels is 1025", pictures_of(28, 28, 1)},
               {"max_channels is 0", pictures_of(28, 28, 1)},
               {"depth is 6, but must be 0 to 5", pictures_of(28, 28, 1)},
               {"hidden_count is 5", pictures_of(28, 28, 1)},
               {"hidden width is 0", pictures_of(28, 28, 1)},
               {"layer_count is 65", pictures_of(28, 28, 1)},
               {"layer_count is 0", pictures_of(28, 28, 1)},
               {"layers are NULL", pictures_of(28, 28, 1)},
               {"linear_skip is 2", pictures_of(28, 28, 1)},
               {"window is 10001", pictures_of(28, 28, 1)},
               {"initial_gain is -0.5", pictures_of(28, 28, 1)},
               {"initial_gain is nan", pictures_of(28, 28, 1)},
               {"initial_gain is 11, but must be 0 to 10", pictures_of(28, 28, 1)},
               {"struct_size", pictures_of(28, 28, 1)}};
  wrong[4].from.latent_dim = 0;
  wrong[5].from.latent_dim = 1025;
  wrong[6].from.base_channels = 1025;
  wrong[7].from.max_channels = 0;
  wrong[8].from.depth = 6;
  wrong[9].from.hidden_count = 5;
  wrong[10].from.hidden_count = 2;
  wrong[11].from.layers = wrong[12].from.layers = &own;
  wrong[11].from.layer_count = 65;
  wrong[13].from.layer_count = 1;
  wrong[14].from.linear_skip = 2;
  wrong[15].from.window = 10001;
  wrong[16].from.initial_gain = -0.5f;
  wrong[17].from.initial_gain = NAN;
  wrong[18].from.initial_gain = 11.0f;
  wrong[19].from.struct_size = 0;
  for (size_t i = 0; i < COUNT_OF(wrong); i++) {
    xd_vae_architecture read;
    assert_status(xdi_architecture_read(context, &read, &wrong[i].from), XD_ERROR_INVALID_ARGUMENT);
    assert_message_names(context, wrong[i].field);
  }
}
END_TEST

START_TEST(architecture__keeps_defaults_for_what_an_older_caller_lacks) {
  xd_vae_architecture older = pictures_of(20, 24, 3), read;
  older.struct_size = offsetof(xd_vae_architecture, latent_dim) & ~(sizeof(size_t) - 1);
  older.hidden_count = 99; /* beyond what that caller knows */
  assert_ok(context, xdi_architecture_read(context, &read, &older));
  ck_assert_uint_eq(read.height, 20);
  ck_assert_uint_eq(read.hidden_count, 1);
  ck_assert_uint_eq(read.struct_size, sizeof read);
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("architecture");
#define add(test) add_checked_case(suite, #test, test, open_context, close_context)
  add(architecture__defaults_are_the_recipe);
  add(architecture__mirrors_odd_sizes_exactly);
  add(architecture__fits_every_size);
  add(architecture__halves_until_both_sides_are_at_most_8);
  add(architecture__is_a_plain_perceptron_without_channels);
  add(architecture__uses_the_callers_own_layers);
  add(architecture__ends_in_linear_skips_where_asked);
  add(architecture__begins_an_encoder_with_its_window);
  add(architecture__names_the_field_that_is_refused);
  add(architecture__keeps_defaults_for_what_an_older_caller_lacks);
#undef add
  return suite;
}

XD_SUITE_MAIN(make_suite)
