/* The translator: equal to its parts by hand, the same for any cut and thread count, its three steps by themselves,
 * images of every kind and, fitted, size, no allocation once warm. */
#include "tiny_model.h"

#include "xdomain/sys/backend.h"

#include <math.h>

enum { COUNT = 7, IN = 8 * 8, OUT = 10 * 9 * 3, CODE = 3 };

static xd_context *context;
static xd_model *model;
static float inputs[COUNT * IN];

static void fill_inputs(void) {
  for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++)
    inputs[i] = (float)(i * 29 % 101) / 100.0f;
}

static void set_up(void) {
  context = test_context(NULL);
  model = tiny_model(context, true);
  fill_inputs();
}

static void tear_down(void) {
  xd_model_release(model);
  xd_context_destroy(context);
}

static xd_translator *make(xd_context *for_context, uint32_t max_batch) {
  xd_translator_options options = XD_TRANSLATOR_OPTIONS_INIT;
  xd_translator *translator;
  options.max_batch = max_batch;
  assert_ok(for_context, xd_translator_create(&translator, for_context, model, &options));
  return translator;
}

START_TEST(translator_run__equals_the_parts_by_hand) {
  float mean[COUNT * 2], noise[COUNT * CODE], codes[COUNT * CODE], pictures[COUNT * OUT];
  float got[COUNT * OUT], got_codes[COUNT * CODE];
  xd_translator *translator = make(context, 256);
  assert_ok(context, xd_translator_set_noise(translator, 5, 40, 0.5f));
  assert_ok(context, xd_translator_run_floats(translator, got, got_codes, inputs, COUNT));
  assert_ok(context, xd_encoder_encode(xd_model_encoder(model, 1), context, mean, NULL, inputs, COUNT));
  xd_latent_noise(noise, COUNT, CODE, 5, 40, 0.5f);
  assert_ok(context, xd_latent_generator_generate(xd_model_generator(model, XD_DIRECTION_1TO2), context,
                                                  codes, noise, mean, COUNT));
  assert_ok(context, xd_decoder_decode(xd_model_decoder(model, 2), context, pictures, codes, COUNT));
  for (int i = 0; i < COUNT * CODE; i++)
    ck_assert_float_eq_tol(got_codes[i], codes[i], 1e-5f);
  for (int i = 0; i < COUNT * OUT; i++)
    ck_assert_float_eq_tol(got[i], pictures[i], 1e-5f);
  xd_translator_destroy(translator);
}
END_TEST

/* Networks of the other layers, which no option of a VAE makes. */
static xd_encoder *residual_encoder(xd_context *on) {
  const xd_layer_spec specs[] = {{XD_TAG('C', 'N', 'V', '2'), {16, 3, 2, 1, XD_ACTIVATION_RELU}},
                                 {XD_TAG('G', 'N', 'R', 'M'), {4, XD_ACTIVATION_RELU, 0}},
                                 {XD_TAG('C', 'N', 'V', '2'), {16, 3, 1, 1, XD_ACTIVATION_IDENTITY}},
                                 {XD_TAG('R', 'A', 'D', 'D'), {2, XD_ACTIVATION_RELU}},
                                 {XD_TAG('D', 'N', 'S', 'E'), {1, 1, 128, XD_ACTIVATION_IDENTITY}}};
  xd_network_layers layers = XD_NETWORK_LAYERS_INIT;
  xd_encoder *encoder = NULL;
  layers.input = (xd_shape){.width = 32, .height = 32, .channels = 3};
  layers.layers = specs;
  layers.layer_count = sizeof specs / sizeof *specs;
  assert_ok(on, xd_encoder_create_layers(&encoder, on, &layers));
  return encoder;
}

static xd_decoder *upsampling_decoder(xd_context *on) {
  const xd_layer_spec specs[] = {{XD_TAG('D', 'N', 'S', 'E'), {7, 7, 16, XD_ACTIVATION_RELU}},
                                 {XD_TAG('U', 'P', 'C', '3'), {16, XD_ACTIVATION_IDENTITY, 14, 14}},
                                 {XD_TAG('G', 'N', 'R', 'M'), {4, XD_ACTIVATION_RELU, 0}},
                                 {XD_TAG('U', 'P', 'S', '2'), {28, 28}},
                                 {XD_TAG('C', 'N', 'V', '2'), {1, 3, 1, 1, XD_ACTIVATION_SIGMOID}}};
  xd_network_layers layers = XD_NETWORK_LAYERS_INIT;
  xd_decoder *decoder = NULL;
  layers.input = (xd_shape){.width = 1, .height = 1, .channels = 32};
  layers.layers = specs;
  layers.layer_count = sizeof specs / sizeof *specs;
  assert_ok(on, xd_decoder_create_layers(&decoder, on, &layers));
  return decoder;
}

/* A model of usual sizes, so that every way of computing is taken. */
static xd_model *usual_model(xd_context *on, bool residual) {
  xd_model_parts parts = XD_MODEL_PARTS_INIT;
  xd_model *usual = NULL;
  static const char *const vaes[] = {"width=32 height=32 channels=3 latent_dim=64 window=200",
                                     "width=28 height=28 channels=1 latent_dim=32 linear_skip=1"};
  parts.encoder[0] = residual ? residual_encoder(on) : make_encoder(on, vaes[0]);
  parts.decoder[0] = make_decoder(on, vaes[0]);
  parts.encoder[1] = make_encoder(on, vaes[1]);
  parts.decoder[1] = residual ? upsampling_decoder(on) : make_decoder(on, vaes[1]);
  parts.generator[0] = make_generator(on, residual ? "source_dim=64 target_dim=32 linear_skip=1"
                                                   : "source_dim=64 target_dim=32");
  assert_ok(on, xd_model_create(&usual, on, &parts));
  for (int i = 0; i < 2; i++) {
    xd_encoder_release(parts.encoder[i]);
    xd_decoder_release(parts.decoder[i]);
  }
  xd_latent_generator_release(parts.generator[0]);
  return usual;
}

enum { MANY = 37, USUAL_IN = 32 * 32 * 3, USUAL_OUT = 28 * 28, SOURCE_DIM = 64, TARGET_DIM = 32 };

/* Rows of the three steps by hand, `cut` at a time. */
static void compose(xd_context *on, xd_translator *translator, float *outputs, float *codes,
                    const float *from, uint32_t cut) {
  float source_codes[MANY * SOURCE_DIM];
  for (uint32_t first = 0; first < MANY; first += cut) {
    const uint32_t count = MANY - first < cut ? MANY - first : cut;
    assert_ok(on, xd_translator_set_noise(translator, 9, first, 0.75f));
    assert_ok(on, xd_translator_encode_floats(translator, source_codes, from + first * USUAL_IN, count));
    assert_ok(on, xd_translator_generate(translator, codes + first * TARGET_DIM, NULL, source_codes, count));
    assert_ok(on, xd_translator_decode_floats(translator, outputs + first * USUAL_OUT,
                                              codes + first * TARGET_DIM, count));
  }
}

static void check_cuts(const char *backend, bool residual) {
  static const uint32_t sizes[] = {1, 2, 3, 5, 8, 16, 31, 36, 37, 256};
  static float from[MANY * USUAL_IN], whole[MANY * USUAL_OUT], cut[MANY * USUAL_OUT];
  static float codes[MANY * TARGET_DIM], cut_codes[MANY * TARGET_DIM];
  xd_context *on = test_context(backend);
  xd_model *usual = usual_model(on, residual);
  xd_translator_options options = XD_TRANSLATOR_OPTIONS_INIT;
  xd_translator *translator, *growing;
  for (size_t i = 0; i < sizeof from / sizeof *from; i++)
    from[i] = (float)(i * 29 % 101) / 100.0f;
  assert_ok(on, xd_translator_create(&growing, on, usual, &options));
  assert_ok(on, xd_translator_create(&translator, on, usual, &options));
  assert_ok(on, xd_translator_set_noise(translator, 9, 0, 0.75f));
  assert_ok(on, xd_translator_run_floats(translator, whole, codes, from, MANY));
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    xd_translator *other;
    options.max_batch = sizes[i];
    assert_ok(on, xd_translator_create(&other, on, usual, &options));
    assert_ok(on, xd_translator_set_noise(other, 9, 0, 0.75f));
    assert_ok(on, xd_translator_run_floats(other, cut, cut_codes, from, MANY));
    ck_assert_mem_eq(whole, cut, sizeof whole);
    ck_assert_mem_eq(codes, cut_codes, sizeof codes);
    memset(cut, 0, sizeof cut);
    compose(on, growing, cut, cut_codes, from, sizes[i]);
    ck_assert_mem_eq(whole, cut, sizeof whole);
    ck_assert_mem_eq(codes, cut_codes, sizeof codes);
    xd_translator_destroy(other);
  }
  xd_translator_destroy(translator);
  xd_translator_destroy(growing);
  xd_model_release(usual);
  xd_context_destroy(on);
}

/* The same bytes at any max_batch, in calls of any size, and by the three steps of a translator that grows with them. */
START_TEST(translator_run__does_not_depend_on_how_calls_are_cut) {
  static const char *const backends[] = {"native", "reference", "native:portable"};
  check_cuts(backends[_i / 2], _i % 2);
}
END_TEST

START_TEST(translator_generate__takes_the_callers_noise) {
  float source_codes[COUNT * 2], noise[COUNT * CODE], own[COUNT * CODE], given[COUNT * CODE];
  uint64_t seed, first;
  float temperature;
  xd_translator *translator = make(context, 3);
  for (int i = 0; i < COUNT * 2; i++)
    source_codes[i] = (float)(i * 7 % 11) / 5.0f - 1.0f;
  assert_ok(context, xd_translator_set_noise(translator, 6, 1000, 2.0f));
  xd_translator_noise(translator, &seed, &first, &temperature);
  ck_assert(seed == 6 && first == 1000 && temperature == 2.0f);
  xd_latent_noise(noise, COUNT, CODE, 6, 1000, 2.0f);
  assert_ok(context, xd_translator_generate(translator, own, NULL, source_codes, COUNT));
  assert_ok(context, xd_translator_set_noise(translator, 7, 0, 1.0f));
  assert_ok(context, xd_translator_generate(translator, given, noise, source_codes, COUNT));
  ck_assert_mem_eq(own, given, sizeof own);
  assert_ok(context, xd_translator_generate(translator, given, NULL, source_codes, COUNT));
  ck_assert_mem_ne(own, given, sizeof own);
  xd_translator_destroy(translator);
}
END_TEST

START_TEST(translator_encode__and_decode_take_views) {
  float codes[COUNT * 2], view_codes[COUNT * 2], target[COUNT * CODE], floats[COUNT * OUT], got[COUNT * OUT];
  xd_image from[COUNT], to[COUNT];
  uint8_t opaque[10 * 9 * 4];
  xd_translator *translator = make(context, 3);
  for (int i = 0; i < COUNT; i++) {
    xd_image_init(&from[i], sizeof *from, inputs + i * IN, 8, 8, XD_SAMPLE_F32, XD_LAYOUT_GREY);
    xd_image_init(&to[i], sizeof *to, got + i * OUT, 9, 10, XD_SAMPLE_F32, XD_LAYOUT_RGB);
  }
  for (int i = 0; i < COUNT * CODE; i++)
    target[i] = (float)(i * 5 % 13) / 6.0f - 1.0f;
  assert_ok(context, xd_translator_encode_floats(translator, codes, inputs, COUNT));
  assert_ok(context, xd_translator_encode(translator, view_codes, from, COUNT));
  ck_assert_mem_eq(codes, view_codes, sizeof codes);
  assert_ok(context, xd_translator_decode_floats(translator, floats, target, COUNT));
  assert_ok(context, xd_translator_decode(translator, to, target, COUNT));
  ck_assert_mem_eq(floats, got, sizeof got);
  memset(opaque, 7, sizeof opaque);
  xd_image_init(to, sizeof *to, opaque, 9, 10, XD_SAMPLE_U8, XD_LAYOUT_RGBA);
  to->policy = XD_ALPHA_CARRY;
  assert_ok(context, xd_translator_decode(translator, to, target, 1));
  for (int i = 0; i < 10 * 9; i++)
    ck_assert_uint_eq(opaque[4 * i + 3], 255);
  xd_translator_destroy(translator);
}
END_TEST

START_TEST(translator_steps__refuse_what_they_cannot_take) {
  float codes[2 * CODE] = {0}, noise[2 * CODE] = {0}, source_codes[4] = {0}, pictures[2 * OUT] = {0};
  xd_image small;
  xd_translator *translator = make(context, 4);
  xd_image_init(&small, sizeof small, pictures, 8, 10, XD_SAMPLE_F32, XD_LAYOUT_RGB);
  assert_status(xd_translator_decode(translator, &small, codes, 1), XD_ERROR_SHAPE_MISMATCH);
  assert_message_names(context, "a picture of 8x10 pixels");
  ck_assert_ptr_null(strstr(xd_context_message(context), "picture 0"));
  assert_status(xd_translator_encode(translator, codes, &small, 1), XD_ERROR_SHAPE_MISMATCH);
  codes[CODE] = NAN;
  assert_status(xd_translator_decode_floats(translator, pictures, codes, 2), XD_ERROR_NUMERIC);
  assert_message_names(context, "code 1");
  noise[4] = INFINITY;
  assert_status(xd_translator_generate(translator, codes, noise, source_codes, 2), XD_ERROR_NUMERIC);
  source_codes[2] = NAN;
  assert_status(xd_translator_generate(translator, codes, NULL, source_codes, 2), XD_ERROR_NUMERIC);
  assert_status(xd_translator_generate(translator, NULL, NULL, source_codes, 1), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_translator_generate(translator, codes, NULL, NULL, 1), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_translator_encode_floats(translator, NULL, inputs, 1), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_translator_decode(translator, NULL, codes, 1), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_translator_decode_floats(NULL, pictures, codes, 1), XD_ERROR_INVALID_ARGUMENT);
  assert_ok(context, xd_translator_generate(translator, NULL, NULL, NULL, 0));
  xd_translator_destroy(translator);
}
END_TEST

START_TEST(translator__tells_what_it_is) {
  char path[TEST_PATH_SIZE];
  char *folder = make_temp_folder();
  path_in(path, folder, "tiny.xdm");
  assert_ok(context, xd_model_save(model, context, path, NULL));
  for (uint32_t direction = 1; direction <= 2; direction++) {
    xd_translator_options options = XD_TRANSLATOR_OPTIONS_INIT;
    xd_translator *made[2];
    options.direction = direction;
    assert_ok(context, xd_translator_create(&made[0], context, model, &options));
    assert_ok(context, xd_translator_load(&made[1], context, path, &options));
    for (int i = 0; i < 2; i++) {
      ck_assert_uint_eq(xd_translator_direction(made[i]), direction);
      ck_assert_uint_eq(xd_translator_source_dim(made[i]), direction == 1 ? 2 : 3);
      ck_assert_uint_eq(xd_translator_target_dim(made[i]), direction == 1 ? 3 : 2);
      xd_translator_destroy(made[i]);
    }
  }
  uint64_t seed = 1, first = 1;
  float temperature = 1.0f;
  xd_translator_noise(NULL, &seed, &first, &temperature);
  ck_assert(seed == 0 && first == 0 && temperature == 0.0f);
  xd_translator_noise(NULL, NULL, NULL, NULL);
  ck_assert_uint_eq(
      xd_translator_direction(NULL) + xd_translator_source_dim(NULL) + xd_translator_target_dim(NULL), 0);
  remove_folder(folder);
}
END_TEST

/* ---- sizes ---- */

/* A picture that is fitted is one that was fitted before. */
START_TEST(translator_run__fits_other_sizes) {
  static const xd_fit fits[] = {XD_FIT_STRETCH, XD_FIT_PAD, XD_FIT_CROP};
  const xd_fit fit = fits[_i];
  uint8_t large[24 * 30 * 4], to[10 * 9 * 4];
  float fitted[IN], alone[OUT], expected[OUT], codes[CODE], expected_codes[CODE], means[2], expected_means[2];
  xd_image from, cell, out, rgba;
  xd_translator_options options = XD_TRANSLATOR_OPTIONS_INIT;
  xd_translator *translator, *exact = make(context, 1);
  options.fit = fit;
  assert_ok(context, xd_translator_create(&translator, context, model, &options));
  for (size_t i = 0; i < sizeof large; i++)
    large[i] = (uint8_t)(i * 89 % 251);
  xd_image_init(&from, sizeof from, large, 30, 24, XD_SAMPLE_U8, XD_LAYOUT_RGBA);
  from.background[0] = 1.0f;
  xd_image_init(&cell, sizeof cell, fitted, 8, 8, XD_SAMPLE_F32, XD_LAYOUT_GREY);
  xd_image_init(&out, sizeof out, alone, 9, 10, XD_SAMPLE_F32, XD_LAYOUT_RGB);
  assert_ok(context, xd_image_fit(context, &cell, &from, fit));
  assert_status(xd_translator_run(exact, &out, NULL, &from, 1), XD_ERROR_SHAPE_MISMATCH);
  assert_ok(context, xd_translator_run_floats(exact, expected, expected_codes, fitted, 1));
  assert_ok(context, xd_translator_run(translator, &out, codes, &from, 1));
  ck_assert_mem_eq(alone, expected, sizeof alone);
  ck_assert_mem_eq(codes, expected_codes, sizeof codes);
  assert_ok(context, xd_translator_encode_floats(exact, expected_means, fitted, 1));
  assert_ok(context, xd_translator_encode(translator, means, &from, 1));
  ck_assert_mem_eq(means, expected_means, sizeof means);
  /* An alpha that is carried is fitted too; beside a padded picture there is none. */
  from.policy = XD_ALPHA_CARRY;
  for (size_t i = 0; i < sizeof large; i += 4)
    large[i + 3] = 200;
  xd_image_init(&rgba, sizeof rgba, to, 9, 10, XD_SAMPLE_U8, XD_LAYOUT_RGBA);
  assert_ok(context, xd_translator_run(translator, &rgba, NULL, &from, 1));
  ck_assert_uint_eq(to[4 * (5 * 9 + 4) + 3], 200);
  ck_assert_uint_eq(to[3], fit == XD_FIT_PAD ? 0 : 200);
  /* Results have the model's size, whatever the fit. */
  rgba.width = 8;
  assert_status(xd_translator_run(translator, &rgba, NULL, &from, 1), XD_ERROR_SHAPE_MISMATCH);
  xd_translator_destroy(translator);
  xd_translator_destroy(exact);
}
END_TEST

/* ---- places ---- */

/* VAEs of one size on both sides, so that pictures can be replaced. */
static xd_model *square_model(void) {
  const char *const vae = "width=8 height=8 channels=1 latent_dim=2 base_channels=2 depth=1 hidden1=5";
  xd_model_parts parts = XD_MODEL_PARTS_INIT;
  xd_model *square = NULL;
  xd_encoder *encoder = make_encoder(context, vae);
  xd_decoder *decoder = make_decoder(context, vae);
  xd_latent_generator *generator = make_generator(context, "source_dim=2 target_dim=2");
  parts.encoder[0] = parts.encoder[1] = encoder;
  parts.decoder[0] = parts.decoder[1] = decoder;
  parts.generator[0] = generator;
  assert_ok(context, xd_model_create(&square, context, &parts));
  xd_encoder_release(encoder);
  xd_decoder_release(decoder);
  xd_latent_generator_release(generator);
  return square;
}

/* Output i on input i, or on the one before it, gives what separate places give, at any max_batch. */
START_TEST(translator_run__replaces_inputs) {
  xd_model *square = square_model();
  xd_translator_options options = XD_TRANSLATOR_OPTIONS_INIT;
  for (int shift = 0; shift <= 1; shift++)
    for (options.max_batch = 1; options.max_batch <= COUNT + 1; options.max_batch++) {
      uint8_t canvas[(COUNT + 1) * IN * 2], apart[COUNT * IN * 2], source[sizeof canvas];
      xd_image from[COUNT], to[COUNT], elsewhere[COUNT];
      xd_translator *translator;
      for (size_t i = 0; i < sizeof canvas; i++)
        canvas[i] = source[i] = (uint8_t)(i * 41 % 256);
      for (int i = 0; i < COUNT; i++) {
        xd_image_init(&from[i], sizeof *from, canvas + (i + shift) * IN * 2, 8, 8, XD_SAMPLE_U8,
                      XD_LAYOUT_GREY_ALPHA);
        from[i].policy = XD_ALPHA_CARRY;
        to[i] = elsewhere[i] = from[i];
        to[i].pixels = canvas + i * IN * 2;
        elsewhere[i].pixels = apart + i * IN * 2;
      }
      assert_ok(context, xd_translator_create(&translator, context, square, &options));
      assert_ok(context, xd_translator_run(translator, elsewhere, NULL, from, COUNT));
      ck_assert_mem_eq(canvas, source, sizeof canvas);
      assert_ok(context, xd_translator_run(translator, to, NULL, from, COUNT));
      ck_assert_mem_eq(canvas, apart, sizeof apart);
      ck_assert_mem_ne(canvas, source, sizeof apart);
      xd_translator_destroy(translator);
    }
  xd_model_release(square);
}
END_TEST

START_TEST(translator_run__refuses_an_output_that_is_partly_its_input) {
  uint8_t canvas[3 * 8 * 8], before[sizeof canvas];
  xd_model *square = square_model();
  xd_image from[2], to[2];
  xd_translator *translator;
  memset(canvas, 50, sizeof canvas);
  memcpy(before, canvas, sizeof canvas);
  xd_image_init(&from[0], sizeof *from, canvas, 8, 8, XD_SAMPLE_U8, XD_LAYOUT_GREY);
  to[0] = to[1] = from[1] = from[0];
  from[1].pixels = canvas + 64;
  to[1].pixels = canvas + 72;
  assert_ok(context, xd_translator_create(&translator, context, square, NULL));
  assert_status(xd_translator_run(translator, to, NULL, from, 2), XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(context, "picture 1");
  ck_assert_mem_eq(canvas, before, sizeof canvas);
  xd_translator_destroy(translator);
  xd_model_release(square);
}
END_TEST

START_TEST(translator_run__gives_the_same_bytes_at_any_thread_count) {
  float one[COUNT * OUT], three[COUNT * OUT];
  xd_context *threads = test_context_with(NULL, 3, NULL);
  xd_translator *a = make(context, 4), *b = make(threads, 4);
  assert_ok(context, xd_translator_run_floats(a, one, NULL, inputs, COUNT));
  assert_ok(threads, xd_translator_run_floats(b, three, NULL, inputs, COUNT));
  ck_assert_mem_eq(one, three, sizeof one);
  xd_translator_destroy(a);
  xd_translator_destroy(b);
  xd_context_destroy(threads);
}
END_TEST

START_TEST(translator_run__reads_and_writes_every_kind_of_pixel) {
  static const struct {
    xd_sample sample;
    xd_layout layout;
    float tolerance;
  } kinds[] = {
      {XD_SAMPLE_U8, XD_LAYOUT_GREY, 0.6f / 255.0f}, {XD_SAMPLE_U8, XD_LAYOUT_RGB, 0.6f / 255.0f},
      {XD_SAMPLE_U8, XD_LAYOUT_BGRA, 0.6f / 255.0f}, {XD_SAMPLE_U16, XD_LAYOUT_GREY_ALPHA, 0.6f / 65535.0f},
      {XD_SAMPLE_F16, XD_LAYOUT_BGR, 1e-3f},         {XD_SAMPLE_F32, XD_LAYOUT_RGBA, 1e-6f}};
  enum { KINDS = sizeof kinds / sizeof *kinds };
  static float source[8 * 8 * 4], target[10 * 9 * 4], colours[OUT];
  float plain[OUT], grey[IN];
  xd_translator *translator = make(context, 1);
  xd_image tight, floats;
  for (int i = 0; i < IN; i++)
    grey[i] = (float)(i % 2); /* exact in every sample */
  assert_ok(context, xd_translator_run_floats(translator, plain, NULL, grey, 1));
  xd_image_init(&tight, sizeof tight, grey, 8, 8, XD_SAMPLE_F32, XD_LAYOUT_GREY);
  xd_image_init(&floats, sizeof floats, colours, 9, 10, XD_SAMPLE_F32, XD_LAYOUT_RGB);
  for (size_t in = 0; in < KINDS; in++)
    for (size_t out = 0; out < KINDS; out++) {
      xd_image from, to;
      xd_image_init(&from, sizeof from, source, 8, 8, kinds[in].sample, kinds[in].layout);
      xd_image_init(&to, sizeof to, target, 9, 10, kinds[out].sample, kinds[out].layout);
      assert_ok(context, xd_image_convert(context, &from, &tight));
      assert_ok(context, xd_translator_run(translator, &to, NULL, &from, 1));
      assert_ok(context, xd_image_convert(context, &floats, &to));
      for (int i = 0; i < OUT; i += 3) {
        const float *rgb = plain + i, mixed = 0.299f * rgb[0] + 0.587f * rgb[1] + 0.114f * rgb[2];
        for (int c = 0; c < 3; c++)
          ck_assert_float_eq_tol(colours[i + c], kinds[out].layout <= XD_LAYOUT_GREY_ALPHA ? mixed : rgb[c],
                                 kinds[out].tolerance);
      }
    }
  xd_translator_destroy(translator);
}
END_TEST

START_TEST(translator_run__carries_alpha) {
  uint8_t source[8 * 8 * 4], target[10 * 9 * 4];
  xd_image from, to;
  xd_translator *translator = make(context, 1);
  for (int i = 0; i < IN; i++)
    for (int c = 0; c < 4; c++)
      source[4 * i + c] = (uint8_t)(c < 3 ? i : 77);
  xd_image_init(&from, sizeof from, source, 8, 8, XD_SAMPLE_U8, XD_LAYOUT_RGBA);
  xd_image_init(&to, sizeof to, target, 9, 10, XD_SAMPLE_U8, XD_LAYOUT_RGBA);
  assert_ok(context, xd_translator_run(translator, &to, NULL, &from, 1));
  ck_assert_uint_eq(target[3], 255);
  from.policy = XD_ALPHA_CARRY;
  assert_ok(context, xd_translator_run(translator, &to, NULL, &from, 1));
  for (int i = 0; i < 10 * 9; i++)
    ck_assert_uint_eq(target[4 * i + 3], 77);
  xd_translator_destroy(translator);
}
END_TEST

typedef struct asker {
  uint32_t asked, answer_at;
} asker;

static int ask(void *user) {
  asker *a = user;
  return ++a->asked == a->answer_at;
}

static uint32_t count_questions(asker *a, xd_context *with, xd_translator *translator, const xd_image *to,
                                const xd_image *from) {
  *a = (asker){0, 0};
  assert_ok(with, xd_translator_run(translator, to, NULL, from, 1));
  return a->asked;
}

/* Rows of its alpha are made of hundreds of the input's. */
START_TEST(translator_run__can_be_stopped_while_alpha_is_carried) {
  uint8_t pixel[4] = {1, 2, 3, 4}, target[10 * 9 * 4];
  asker a = {0, 0};
  xd_image from, to;
  xd_context *with;
  xd_translator *translator;
  xd_translator_options fitting = XD_TRANSLATOR_OPTIONS_INIT;
  xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
  options.should_stop = ask;
  options.should_stop_user = &a;
  fitting.fit = XD_FIT_STRETCH;
  assert_status(xd_context_create(&with, &options), XD_OK);
  assert_ok(with, xd_translator_create(&translator, with, model, &fitting));
  xd_image_init(&from, sizeof from, pixel, 2048, 2048, XD_SAMPLE_U8, XD_LAYOUT_RGBA);
  from.row_stride = from.pixel_stride = 0;
  xd_image_init(&to, sizeof to, target, 9, 10, XD_SAMPLE_U8, XD_LAYOUT_RGBA);
  const uint32_t opaque = count_questions(&a, with, translator, &to, &from);
  from.policy = XD_ALPHA_CARRY;
  const uint32_t carried = count_questions(&a, with, translator, &to, &from);
  ck_assert_uint_gt(carried, opaque + 50);
  a = (asker){0, carried - 5};
  assert_status(xd_translator_run(translator, &to, NULL, &from, 1), XD_ERROR_CANCELLED);
  ck_assert_uint_eq(a.asked, carried - 5);
  xd_translator_destroy(translator);
  xd_context_destroy(with);
}
END_TEST

static void call_all(xd_context *counted, xd_translator *translator, uint32_t count) {
  float outputs[COUNT * OUT], codes[COUNT * CODE];
  uint8_t bytes[8 * 8] = {0}, result[10 * 9];
  xd_image from, to;
  xd_image_init(&from, sizeof from, bytes, 8, 8, XD_SAMPLE_U8, XD_LAYOUT_GREY);
  xd_image_init(&to, sizeof to, result, 9, 10, XD_SAMPLE_U8, XD_LAYOUT_GREY);
  assert_ok(counted, xd_translator_generate(translator, codes, NULL, inputs, count));
  assert_ok(counted, xd_translator_decode(translator, &to, codes, 1));
  assert_ok(counted, xd_translator_decode_floats(translator, outputs, codes, count));
  assert_ok(counted, xd_translator_encode(translator, codes, &from, 1));
  assert_ok(counted, xd_translator_encode_floats(translator, codes, inputs, count));
  assert_ok(counted, xd_translator_run(translator, &to, NULL, &from, 1));
  assert_ok(counted, xd_translator_run_floats(translator, outputs, NULL, inputs, count));
}

START_TEST(translator__allocates_nothing_once_warm) {
  counting_allocator counter = {0};
  xd_context *counted = test_context_with(NULL, 1, &counter);
  xd_translator *translator = make(counted, 4);
  call_all(counted, translator, COUNT);
  size_t before = atomic_load(&counter.total);
  for (uint32_t i = 0; i < 1000; i++)
    call_all(counted, translator, 1 + i % COUNT);
  ck_assert_uint_eq(atomic_load(&counter.total), before);
  xd_translator_destroy(translator);
  xd_context_destroy(counted);
  ck_assert_uint_eq(atomic_load(&counter.live_blocks), 0);
}
END_TEST

START_TEST(translator_run__refuses_wrong_sizes_and_values) {
  static float pixels[10 * 10];
  float output[OUT];
  xd_image from, to;
  xd_translator *translator = make(context, 4);
  xd_image_init(&from, sizeof from, pixels, 10, 8, XD_SAMPLE_F32, XD_LAYOUT_GREY);
  xd_image_init(&to, sizeof to, output, 9, 10, XD_SAMPLE_F32, XD_LAYOUT_RGB);
  assert_status(xd_translator_run(translator, &to, NULL, &from, 1), XD_ERROR_SHAPE_MISMATCH);
  assert_message_names(context, "10x8");
  xd_image_init(&from, sizeof from, pixels, 8, 8, XD_SAMPLE_F32, XD_LAYOUT_GREY);
  pixels[5] = NAN;
  assert_status(xd_translator_run(translator, &to, NULL, &from, 1), XD_ERROR_BAD_DATA);
  assert_message_names(context, "from is not finite");
  ck_assert_ptr_null(strstr(xd_context_message(context), "picture 0"));
  const xd_image several[2] = {to, to};
  xd_image one_bad[2] = {from, from};
  float good[64] = {0};
  one_bad[0].pixels = good;
  assert_status(xd_translator_run(translator, several, NULL, one_bad, 2), XD_ERROR_BAD_DATA);
  assert_message_names(context, "picture 1");
  inputs[IN + 3] = INFINITY;
  assert_status(xd_translator_run_floats(translator, (float[2 * OUT]){0}, NULL, inputs, 2),
                XD_ERROR_BAD_DATA);
  assert_message_names(context, "picture 1");
  assert_status(xd_translator_run(translator, NULL, NULL, &from, 1), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_translator_run_floats(translator, NULL, NULL, inputs, 1), XD_ERROR_INVALID_ARGUMENT);
  assert_ok(context, xd_translator_run(translator, NULL, NULL, NULL, 0));
  xd_translator_destroy(translator);
}
END_TEST

START_TEST(translator_create__refuses_what_cannot_be) {
  xd_translator *translator;
  xd_translator_options options = XD_TRANSLATOR_OPTIONS_INIT;
  xd_model *bare = tiny_model(context, false);
  assert_status(xd_translator_create(&translator, context, bare, NULL), XD_ERROR_UNSUPPORTED);
  ck_assert_ptr_null(translator);
  options.direction = 3;
  assert_status(xd_translator_create(&translator, context, model, &options), XD_ERROR_INVALID_ARGUMENT);
  options.direction = XD_DIRECTION_2TO1;
  options.max_batch = 0;
  assert_status(xd_translator_create(&translator, context, model, &options), XD_ERROR_INVALID_ARGUMENT);
  options.max_batch = 1;
  options.fit = XD_FIT_CROP + 1;
  assert_status(xd_translator_create(&translator, context, model, &options), XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(context, "fit");
  assert_status(xd_translator_create(NULL, context, model, NULL), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_translator_create(&translator, NULL, model, NULL), XD_ERROR_INVALID_ARGUMENT);
  translator = make(context, 1);
  assert_status(xd_translator_set_noise(translator, 0, 0, NAN), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_translator_set_noise(translator, 0, 0, -1.0f), XD_ERROR_INVALID_ARGUMENT);
  xd_translator_destroy(translator);
  xd_translator_destroy(NULL);
  xd_model_release(bare);
}
END_TEST

START_TEST(translator_run__stops_when_cancelled) {
  float output[OUT];
  xd_translator *translator = make(context, 1);
  xd_context_cancel(context);
  assert_status(xd_translator_run_floats(translator, output, NULL, inputs, 1), XD_ERROR_CANCELLED);
  xd_context_clear_cancel(context);
  assert_ok(context, xd_translator_run_floats(translator, output, NULL, inputs, 1));
  xd_translator_destroy(translator);
}
END_TEST

typedef struct heard {
  uint32_t calls, last, stop_at;
} heard;

static int hear(void *user, const xd_progress *progress) {
  heard *h = user;
  ck_assert_uint_eq(progress->stage, XD_STAGE_TRANSLATION);
  ck_assert_uint_eq(progress->steps, COUNT);
  ck_assert(progress->overall == (double)progress->step / COUNT);
  ck_assert(!progress->losses && !progress->validation);
  h->calls++;
  h->last = progress->step;
  return h->stop_at && progress->step >= h->stop_at;
}

START_TEST(translator_run__tells_of_each_batch) {
  float output[COUNT * OUT], codes[COUNT * CODE];
  heard h = {0};
  xd_translator_options options = XD_TRANSLATOR_OPTIONS_INIT;
  xd_translator *translator;
  options.max_batch = 3;
  options.callback = hear;
  options.user = &h;
  assert_ok(context, xd_translator_create(&translator, context, model, &options));
  assert_ok(context, xd_translator_run_floats(translator, output, NULL, inputs, COUNT));
  ck_assert_uint_eq(h.calls, 3);
  ck_assert_uint_eq(h.last, COUNT);
  h = (heard){.stop_at = 4};
  assert_status(xd_translator_encode_floats(translator, codes, inputs, COUNT), XD_ERROR_CANCELLED);
  assert_message_names(context, "stopped step 6 of 7 of stage translation");
  ck_assert_uint_eq(h.calls, 2);
  xd_translator_destroy(translator);
}
END_TEST

static int count_calls(void *user, const xd_progress *progress) {
  (void)progress;
  ++*(uint32_t *)user;
  return 0;
}

/* From codes of domain 1 to pictures of 256x256x3. */
static xd_model *large_model(void) {
  const char *small = tiny_vae(1),
             *vae = "width=256 height=256 channels=3 latent_dim=3 base_channels=8 depth=1 hidden1=4";
  xd_encoder *encoders[] = {make_encoder(context, small), make_encoder(context, vae)};
  xd_decoder *decoders[] = {make_decoder(context, small), make_decoder(context, vae)};
  xd_latent_generator *generator =
      make_generator(context, "source_dim=2 target_dim=3 hidden_width=4 hidden_layers=1");
  xd_model_parts parts = XD_MODEL_PARTS_INIT;
  xd_model *made;
  parts.generator[0] = generator;
  parts.pairing = "0:0";
  for (int i = 0; i < 2; i++)
    parts.encoder[i] = encoders[i], parts.decoder[i] = decoders[i];
  assert_ok(context, xd_model_create(&made, context, &parts));
  for (int i = 0; i < 2; i++) {
    xd_encoder_release(encoders[i]);
    xd_decoder_release(decoders[i]);
  }
  xd_latent_generator_release(generator);
  return made;
}

START_TEST(translator_decode__takes_large_pictures_in_smaller_batches) {
  enum { LARGE = 40, SIZE = 256 * 256 * 3 };
  xd_translator_options options = XD_TRANSLATOR_OPTIONS_INIT;
  xd_translator *translator;
  xd_model *large = large_model();
  float codes[LARGE * CODE], *alone = calloc(SIZE, sizeof *alone);
  float *pictures = calloc(LARGE, SIZE * sizeof *pictures);
  uint32_t calls = 0;
  ck_assert(pictures && alone);
  for (int i = 0; i < LARGE * CODE; i++)
    codes[i] = (float)(i * 5 % 13) / 6.0f - 1.0f;
  options.callback = count_calls;
  options.user = &calls;
  assert_ok(context, xd_translator_create(&translator, context, large, &options));
  assert_ok(context, xd_translator_decode_floats(translator, pictures, codes, LARGE));
  ck_assert(calls > 1 && calls < LARGE);
  for (int i = 0; i < LARGE; i += 13) {
    assert_ok(context, xd_translator_decode_floats(translator, alone, codes + i * CODE, 1));
    ck_assert_mem_eq(alone, pictures + (size_t)i * SIZE, SIZE * sizeof *alone);
  }
  xd_translator_destroy(translator);
  xd_model_release(large);
  free(pictures);
  free(alone);
}
END_TEST

/* Fails the first allocation, the second and so on, until the attempt succeeds. */
static void check_memory_running_out(xd_status (*attempt)(xd_translator **out, xd_context *counted,
                                                          const char *path),
                                     const char *path) {
  for (size_t fail = 1;; fail++) {
    counting_allocator counter = {0};
    xd_context *counted = test_context_with(NULL, 1, &counter);
    xd_translator *translator;
    atomic_store(&counter.fail_at, atomic_load(&counter.total) + fail);
    const xd_status status = attempt(&translator, counted, path);
    atomic_store(&counter.fail_at, 0);
    if (status)
      assert_status(status, XD_ERROR_OUT_OF_MEMORY);
    xd_translator_destroy(translator);
    xd_context_destroy(counted);
    ck_assert_uint_eq(atomic_load(&counter.live_blocks), 0);
    if (!status)
      break;
  }
}

static xd_status create_and_run(xd_translator **out, xd_context *counted, const char *path) {
  float output[OUT];
  (void)path;
  xd_status status = xd_translator_create(out, counted, model, NULL);
  if (!status)
    status = xd_translator_generate(*out, output, NULL, inputs, 1);
  return status ? status : xd_translator_run_floats(*out, output, NULL, inputs, 1);
}

START_TEST(translator_run__leaks_nothing_when_memory_runs_out) {
  check_memory_running_out(create_and_run, NULL);
}
END_TEST

/* ---- from a file ---- */

START_TEST(translator_load__translates_as_the_whole_model_does) {
  float whole[COUNT * IN > COUNT * OUT ? COUNT * IN : COUNT * OUT], alone[sizeof whole / sizeof *whole];
  float back[COUNT * OUT];
  char path[TEST_PATH_SIZE];
  char *folder = make_temp_folder();
  path_in(path, folder, "tiny.xdm");
  assert_ok(context, xd_model_save(model, context, path, NULL));
  for (size_t i = 0; i < sizeof back / sizeof *back; i++)
    back[i] = (float)(i * 31 % 103) / 103.0f;
  for (uint32_t direction = 1; direction <= 2; direction++) {
    xd_translator_options options = XD_TRANSLATOR_OPTIONS_INIT;
    xd_translator *of_model, *of_file;
    options.direction = direction;
    const float *from = direction == 1 ? inputs : back;
    assert_ok(context, xd_translator_create(&of_model, context, model, &options));
    assert_ok(context, xd_translator_load(&of_file, context, path, &options));
    assert_ok(context, xd_translator_run_floats(of_model, whole, NULL, from, COUNT));
    assert_ok(context, xd_translator_run_floats(of_file, alone, NULL, from, COUNT));
    ck_assert_mem_eq(whole, alone, COUNT * (size_t)(direction == 1 ? OUT : IN) * sizeof *whole);
    ck_assert_ptr_eq(xd_translator_model(of_model), model);
    ck_assert_ptr_null(xd_translator_model(of_file));
    xd_translator_destroy(of_model), xd_translator_destroy(of_file);
  }
  remove_folder(folder);
}
END_TEST

/* Encoder, generator and decoder of a direction, of a model whose networks are large beside all else. */
START_TEST(translator_load__keeps_the_weights_of_one_direction) {
  xd_model_parts parts = XD_MODEL_PARTS_INIT;
  xd_model *large;
  size_t all = 0, needed = 0;
  counting_allocator counter = {0};
  xd_context *counted = test_context_with("reference", 1, &counter);
  xd_translator *translator;
  char path[TEST_PATH_SIZE];
  char *folder = make_temp_folder();
  path_in(path, folder, "large.xdm");
  for (uint64_t i = 0; i < 2; i++) {
    char vae[80], mapping[64];
    snprintf(vae, sizeof vae, "width=28 height=28 channels=1 latent_dim=32 seed=%u", (unsigned)i);
    snprintf(mapping, sizeof mapping, "source_dim=32 target_dim=32 seed=%u", (unsigned)i);
    xd_encoder *encoder = make_encoder(context, vae);
    xd_decoder *decoder = make_decoder(context, vae);
    xd_latent_generator *generator = make_generator(context, mapping);
    const xd_network *networks[] = {xd_encoder_network(encoder), xd_decoder_network(decoder),
                                    xd_latent_generator_network(generator)};
    parts.encoder[i] = encoder;
    parts.decoder[i] = decoder;
    parts.generator[i] = generator;
    for (int n = 0; n < 3; n++)
      for (uint32_t p = 0; p < xd_network_tensor_count(networks[n]); p++) {
        xd_tensor parameter = XD_TENSOR_INIT;
        assert_ok(context, xd_network_tensor(networks[n], p, &parameter));
        all += parameter.count * sizeof(float);
        needed +=
            n == 1 ? (i == 1) * parameter.count * sizeof(float) : (i == 0) * parameter.count * sizeof(float);
      }
  }
  assert_ok(context, xd_model_create(&large, context, &parts));
  assert_ok(context, xd_model_save(large, context, path, NULL));
  const size_t before = atomic_load(&counter.live_bytes);
  assert_ok(counted, xd_translator_load(&translator, counted, path, NULL));
  ck_assert_uint_ge(atomic_load(&counter.live_bytes) - before, needed);
  ck_assert_uint_lt(atomic_load(&counter.peak_bytes) - before, needed + all / 20);
  xd_translator_destroy(translator);
  xd_context_destroy(counted);
  ck_assert_uint_eq(atomic_load(&counter.live_blocks), 0);
  xd_model_release(large);
  for (int i = 0; i < 2; i++) {
    xd_encoder_release(parts.encoder[i]), xd_decoder_release(parts.decoder[i]);
    xd_latent_generator_release(parts.generator[i]);
  }
  remove_folder(folder);
}
END_TEST

START_TEST(translator_load__refuses_what_cannot_be) {
  xd_translator_options options = XD_TRANSLATOR_OPTIONS_INIT;
  xd_translator *translator;
  xd_model *bare = tiny_model(context, false);
  char path[TEST_PATH_SIZE];
  char *folder = make_temp_folder();
  size_t size;
  path_in(path, folder, "tiny.xdm");
  assert_status(xd_translator_load(&translator, context, path, NULL), XD_ERROR_NOT_FOUND);
  ck_assert_ptr_null(translator);
  assert_ok(context, xd_model_save(bare, context, path, NULL));
  assert_status(xd_translator_load(&translator, context, path, NULL), XD_ERROR_UNSUPPORTED);
  assert_ok(context, xd_model_save(model, context, path, NULL));
  assert_status(xd_translator_load(NULL, context, path, NULL), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_translator_load(&translator, NULL, path, NULL), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_translator_load(&translator, context, NULL, NULL), XD_ERROR_INVALID_ARGUMENT);
  options.direction = 0;
  assert_status(xd_translator_load(&translator, context, path, &options), XD_ERROR_INVALID_ARGUMENT);
  ck_assert_ptr_nonnull(strstr(xd_context_message(context), "xd_translator_load"));
  /* Damage anywhere is found, also in weights that are not kept. */
  unsigned char *bytes = read_test_file(path, &size);
  for (size_t at = 0; at < size; at++) {
    bytes[at] ^= 0x10;
    write_test_file(path, bytes, size);
    ck_assert_msg(xd_translator_load(&translator, context, path, NULL) != XD_OK, "byte %zu", at);
    ck_assert_ptr_null(translator);
    bytes[at] ^= 0x10;
  }
  free(bytes);
  remove_folder(folder);
  xd_model_release(bare);
}
END_TEST

static xd_status load(xd_translator **out, xd_context *counted, const char *path) {
  return xd_translator_load(out, counted, path, NULL);
}

START_TEST(translator_load__leaks_nothing_when_memory_runs_out) {
  char path[TEST_PATH_SIZE];
  char *folder = make_temp_folder();
  path_in(path, folder, "tiny.xdm");
  assert_ok(context, xd_model_save(model, context, path, NULL));
  check_memory_running_out(load, path);
  remove_folder(folder);
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("translator");
  TCase *tcase = tcase_create("translator");
  tcase_add_checked_fixture(tcase, set_up, tear_down);
  tcase_add_test(tcase, translator_run__equals_the_parts_by_hand);
  tcase_add_loop_test(tcase, translator_run__does_not_depend_on_how_calls_are_cut, 0, 6);
  tcase_add_test(tcase, translator_generate__takes_the_callers_noise);
  tcase_add_test(tcase, translator_encode__and_decode_take_views);
  tcase_add_test(tcase, translator_steps__refuse_what_they_cannot_take);
  tcase_add_test(tcase, translator__tells_what_it_is);
  tcase_add_loop_test(tcase, translator_run__fits_other_sizes, 0, 3);
  tcase_add_test(tcase, translator_run__replaces_inputs);
  tcase_add_test(tcase, translator_run__refuses_an_output_that_is_partly_its_input);
  tcase_add_test(tcase, translator_run__gives_the_same_bytes_at_any_thread_count);
  tcase_add_test(tcase, translator_run__reads_and_writes_every_kind_of_pixel);
  tcase_add_test(tcase, translator_run__carries_alpha);
  tcase_add_test(tcase, translator_run__can_be_stopped_while_alpha_is_carried);
  tcase_add_test(tcase, translator__allocates_nothing_once_warm);
  tcase_add_test(tcase, translator_run__refuses_wrong_sizes_and_values);
  tcase_add_test(tcase, translator_create__refuses_what_cannot_be);
  tcase_add_test(tcase, translator_run__stops_when_cancelled);
  tcase_add_test(tcase, translator_run__tells_of_each_batch);
  tcase_add_test(tcase, translator_decode__takes_large_pictures_in_smaller_batches);
  tcase_add_test(tcase, translator_run__leaks_nothing_when_memory_runs_out);
  tcase_add_test(tcase, translator_load__translates_as_the_whole_model_does);
  tcase_add_test(tcase, translator_load__keeps_the_weights_of_one_direction);
  tcase_add_test(tcase, translator_load__refuses_what_cannot_be);
  tcase_add_test(tcase, translator_load__leaks_nothing_when_memory_runs_out);
  suite_add_tcase(suite, tcase);
  return suite;
}
XD_SUITE_MAIN(make_suite)
