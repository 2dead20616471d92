/* Architectures: the layers of encoders and decoders, and the options that are refused. */
#include "network_support.h"

#include "model/architecture.h"
#include "model/decoder.h"
#include "model/encoder.h"
#include "option_support.h"

static xd_context *context;

static void open_context(void) {
  context = test_context("reference");
}

static void close_context(void) {
  xd_context_destroy(context);
}

static xdi_vae_settings settings_of(const char *text) {
  xdi_vae_settings settings;
  xd_options *options = make_options(context, "vae", text);
  assert_ok(context, xdi_read_vae(&settings, context, options));
  xd_options_destroy(options);
  return settings;
}

static xdi_vae_settings pictures_of(uint32_t width, uint32_t height, uint32_t channels) {
  xdi_vae_settings settings = settings_of("");
  settings.width = width;
  settings.height = height;
  settings.channels = channels;
  return settings;
}

static void assert_layers(const xdi_layer_list *got, const xd_layer_spec *expected, uint32_t count) {
  ck_assert_uint_eq(got->count, count);
  for (uint32_t i = 0; i < count; i++)
    ck_assert_msg(memcmp(&got->at[i], &expected[i], sizeof expected[i]) == 0, "layer %u differs", i);
}

static void read_both(const xdi_vae_settings *from, xdi_layer_list *encoder, xdi_layer_list *decoder) {
  assert_ok(context, xdi_check_architecture(context, from));
  *encoder = *decoder = (xdi_layer_list){.count = 0};
  xdi_architecture_encoder(from, encoder);
  xdi_architecture_decoder(from, decoder);
}

START_TEST(architecture__defaults_are_the_recipe) {
  xdi_layer_list encoder, decoder;
  const xd_layer_spec down[] = {conv2d_spec(32, 4, 2, 1, XD_ACTIVATION_RELU),
                                conv2d_spec(64, 4, 2, 1, XD_ACTIVATION_RELU),
                                dense_spec(512, XD_ACTIVATION_RELU), dense_spec(84, XD_ACTIVATION_IDENTITY)};
  const xd_layer_spec up[] = {dense_spec(512, XD_ACTIVATION_RELU),
                              dense_map_spec(7, 7, 64, XD_ACTIVATION_RELU),
                              conv_transpose2d_spec(32, 4, 2, 1, XD_ACTIVATION_RELU, 14, 14),
                              conv_transpose2d_spec(1, 4, 2, 1, XD_ACTIVATION_SIGMOID, 28, 28)};
  const xdi_vae_settings from = pictures_of(28, 28, 1);
  read_both(&from, &encoder, &decoder);
  assert_layers(&encoder, down, COUNT_OF(down));
  assert_layers(&decoder, up, COUNT_OF(up));
}
END_TEST

START_TEST(architecture__mirrors_odd_sizes_exactly) {
  xdi_layer_list encoder, decoder;
  xdi_vae_settings from = pictures_of(35, 9, 3);
  from.base_channels = 4;
  from.max_channels = 12;
  const xd_layer_spec up[] = {dense_spec(512, XD_ACTIVATION_RELU),
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
static void check_both(const xdi_vae_settings *from) {
  xdi_layer_list encoder, decoder;
  read_both(from, &encoder, &decoder);
  xd_network *down = make_network(
      context, (xd_shape){.width = from->width, .height = from->height, .channels = from->channels},
      encoder.at, encoder.count);
  xd_network *up =
      make_network(context, (xd_shape){.width = 1, .height = 1, .channels = xdi_latent_dim_of(from)},
                   decoder.at, decoder.count);
  ck_assert_uint_eq(down->output.channels, 2 * xdi_latent_dim_of(from));
  ck_assert_uint_eq(up->output.height, from->height);
  ck_assert_uint_eq(up->output.width, from->width);
  ck_assert_uint_eq(up->output.channels, from->channels);
  xdi_network_release(down);
  xdi_network_release(up);
}

START_TEST(architecture__fits_every_size) {
  for (uint32_t side = XDI_SIDE_MIN; side <= XDI_SIDE_MAX; side += side < 40 ? 1 : 31) {
    xdi_vae_settings tall = pictures_of(8 + side % 7, side, 1), wide = pictures_of(side, 11, 3);
    tall.base_channels = wide.base_channels = 2;
    check_both(&tall);
    check_both(&wide);
  }
  xdi_vae_settings largest = pictures_of(256, 256, 3);
  largest.base_channels = 1;
  largest.depth = 8;
  check_both(&largest);
}
END_TEST

START_TEST(architecture__chooses_the_size_of_codes_by_the_pictures) {
  const struct {
    uint32_t width, height, channels, dim;
  } cases[] = {{8, 8, 1, 32},   {28, 28, 1, 42},  {32, 32, 1, 48},  {32, 32, 3, 64},
               {64, 64, 1, 96}, {64, 64, 3, 128}, {128, 32, 1, 96}, {256, 256, 3, 128}};
  for (size_t i = 0; i < COUNT_OF(cases); i++) {
    xdi_vae_settings from = pictures_of(cases[i].width, cases[i].height, cases[i].channels);
    ck_assert_uint_eq(xdi_latent_dim_of(&from), cases[i].dim);
    from.latent_dim = 7;
    ck_assert_uint_eq(xdi_latent_dim_of(&from), 7);
  }
}
END_TEST

/* Doubling a picture and convolving it with a 3x3 kernel weighs neighbours alike: where a flat map enters,
 * no dots come out, though the weights are random. */
START_TEST(architecture__smooth_starts_draw_no_dots) {
  double dots[2];
  for (uint32_t smooth = 0; smooth < 2; smooth++) {
    xdi_vae_settings from = pictures_of(16, 16, 1);
    from.hidden_count = 0;
    from.smooth_start = smooth;
    xd_decoder *decoder = NULL;
    xdi_linear_part dense;
    assert_ok(context, xdi_decoder_build(&decoder, context, &from));
    xd_network *network = decoder->part.network;
    ck_assert(xdi_network_linear(&dense, network, 0, XD_TAG('D', 'N', 'S', 'E')));
    for (size_t i = 0; i < dense.outputs; i++)
      dense.bias[i] = (float)(i % 32) / 32.0f; /* the same at all places, whatever the code */
    memset(dense.weights, 0, dense.inputs * dense.outputs * sizeof *dense.weights);
    float code[128] = {0}, picture[16 * 16];
    assert_ok(context, xd_decoder_decode(decoder, context, picture, code, 1));
    dots[smooth] = 0.0;
    for (uint32_t i = 4; i < 12; i++)
      for (uint32_t j = 4; j < 12; j++)
        dots[smooth] += fabs((double)picture[i * 16 + j] - (double)picture[i * 16 + j - 1]);
    xd_decoder_release(decoder);
  }
  ck_assert_msg(dots[0] > 0.1 && dots[1] < 1e-4, "dots of %g without, of %g with", dots[0], dots[1]);
}
END_TEST

START_TEST(architecture__halves_until_both_sides_are_at_most_8) {
  const uint32_t sides[][2] = {{8, 1},  {9, 1},  {16, 1}, {17, 2},  {28, 2},
                               {32, 2}, {33, 3}, {64, 3}, {128, 4}, {256, 5}};
  for (size_t i = 0; i < COUNT_OF(sides); i++) {
    xdi_layer_list encoder, decoder;
    xdi_vae_settings from = pictures_of(sides[i][0], 8, 1);
    from.hidden_count = 0;
    read_both(&from, &encoder, &decoder);
    ck_assert_uint_eq(encoder.count, sides[i][1] + 1);
    ck_assert_uint_eq(decoder.count, sides[i][1] + 1);
  }
}
END_TEST

START_TEST(architecture__is_a_plain_perceptron_without_channels) {
  xdi_layer_list encoder, decoder;
  xdi_vae_settings from = pictures_of(28, 28, 1);
  from.base_channels = 0;
  from.hidden_count = 2;
  from.hidden1 = 512;
  from.hidden2 = 256;
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
  xdi_vae_settings from = pictures_of(28, 28, 1);
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
    assert_ok(context, xdi_encoder_build(&f, context, &from));
    assert_ok(context, xdi_decoder_build(&g, context, &from));
    ck_assert_uint_eq(xd_encoder_latent_dim(f), 5);
    xd_encoder_release(f);
    xd_decoder_release(g);
  }
}
END_TEST

START_TEST(architecture__begins_an_encoder_with_its_window) {
  xdi_vae_settings from = pictures_of(28, 28, 1), without = from;
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

START_TEST(architecture__names_the_option_that_is_refused) {
  const struct {
    const char *message, *text;
  } wrong[] = {{"vae.height is 7", "width=28 height=7 channels=1"},
               {"vae.width is 0", "height=28 channels=1"},
               {"vae.channels is 2", "width=28 height=28 channels=2"},
               {"vae.channels is 0", "width=28 height=28"},
               {"vae.depth is 6, but pictures of 28x20 can be halved 5 times",
                "width=28 height=20 channels=1 depth=6"},
               {"vae.window is 49", "width=28 height=28 channels=1 window=49"}};
  for (size_t i = 0; i < COUNT_OF(wrong); i++) {
    refuse_encoder(context, wrong[i].text, XD_ERROR_INVALID_ARGUMENT, wrong[i].message);
    refuse_decoder(context, wrong[i].text, XD_ERROR_INVALID_ARGUMENT, wrong[i].message);
  }
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("architecture");
#define add(test) add_checked_case(suite, #test, test, open_context, close_context)
  add(architecture__defaults_are_the_recipe);
  add(architecture__mirrors_odd_sizes_exactly);
  add(architecture__fits_every_size);
  add(architecture__chooses_the_size_of_codes_by_the_pictures);
  add(architecture__smooth_starts_draw_no_dots);
  add(architecture__halves_until_both_sides_are_at_most_8);
  add(architecture__is_a_plain_perceptron_without_channels);
  add(architecture__ends_in_linear_skips_where_asked);
  add(architecture__begins_an_encoder_with_its_window);
  add(architecture__names_the_option_that_is_refused);
#undef add
  return suite;
}

XD_SUITE_MAIN(make_suite)
