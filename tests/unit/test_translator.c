/* The translator: equal to its parts by hand, the same for any cut and thread count, images of every
 * kind, no allocation once warm. */
#include "tiny_model.h"

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

START_TEST(translator_run__does_not_depend_on_how_calls_are_cut) {
  float whole[COUNT * OUT], cut[COUNT * OUT];
  xd_translator *large = make(context, 256), *small = make(context, 2);
  assert_ok(context, xd_translator_run_floats(large, whole, NULL, inputs, COUNT));
  assert_ok(context, xd_translator_run_floats(small, cut, NULL, inputs, COUNT));
  for (int i = 0; i < COUNT * OUT; i++)
    ck_assert_float_eq_tol(whole[i], cut[i], 1e-5f);
  for (uint32_t i = 0; i < COUNT; i++) {
    assert_ok(context, xd_translator_set_noise(small, 0, i, 1.0f));
    assert_ok(context, xd_translator_run_floats(small, cut, NULL, inputs + i * IN, 1));
    for (int j = 0; j < OUT; j++)
      ck_assert_float_eq_tol(whole[i * OUT + (uint32_t)j], cut[j], 1e-5f);
  }
  xd_translator_destroy(large);
  xd_translator_destroy(small);
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

START_TEST(translator_run__allocates_nothing_once_warm) {
  counting_allocator counter = {0};
  xd_context *counted = test_context_with(NULL, 1, &counter);
  xd_translator *translator = make(counted, 4);
  float outputs[COUNT * OUT];
  uint8_t bytes[8 * 8] = {0}, result[10 * 9];
  xd_image from, to;
  xd_image_init(&from, sizeof from, bytes, 8, 8, XD_SAMPLE_U8, XD_LAYOUT_GREY);
  xd_image_init(&to, sizeof to, result, 9, 10, XD_SAMPLE_U8, XD_LAYOUT_GREY);
  assert_ok(counted, xd_translator_run_floats(translator, outputs, NULL, inputs, COUNT));
  size_t before = atomic_load(&counter.total);
  for (int i = 0; i < 1000; i++) {
    assert_ok(counted, xd_translator_run_floats(translator, outputs, NULL, inputs, 1 + (uint32_t)i % COUNT));
    assert_ok(counted, xd_translator_run(translator, &to, NULL, &from, 1));
  }
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
  assert_message_names(context, "10 x 8");
  xd_image_init(&from, sizeof from, pixels, 8, 8, XD_SAMPLE_F32, XD_LAYOUT_GREY);
  pixels[5] = NAN;
  assert_status(xd_translator_run(translator, &to, NULL, &from, 1), XD_ERROR_BAD_DATA);
  assert_message_names(context, "picture 0");
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
  const xd_status status = xd_translator_create(out, counted, model, NULL);
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
    ck_assert_mem_eq(whole, alone, COUNT * (direction == 1 ? OUT : IN) * sizeof *whole);
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
  tcase_add_test(tcase, translator_run__does_not_depend_on_how_calls_are_cut);
  tcase_add_test(tcase, translator_run__gives_the_same_bytes_at_any_thread_count);
  tcase_add_test(tcase, translator_run__reads_and_writes_every_kind_of_pixel);
  tcase_add_test(tcase, translator_run__carries_alpha);
  tcase_add_test(tcase, translator_run__allocates_nothing_once_warm);
  tcase_add_test(tcase, translator_run__refuses_wrong_sizes_and_values);
  tcase_add_test(tcase, translator_create__refuses_what_cannot_be);
  tcase_add_test(tcase, translator_run__stops_when_cancelled);
  tcase_add_test(tcase, translator_run__leaks_nothing_when_memory_runs_out);
  tcase_add_test(tcase, translator_load__translates_as_the_whole_model_does);
  tcase_add_test(tcase, translator_load__keeps_the_weights_of_one_direction);
  tcase_add_test(tcase, translator_load__refuses_what_cannot_be);
  tcase_add_test(tcase, translator_load__leaks_nothing_when_memory_runs_out);
  suite_add_tcase(suite, tcase);
  return suite;
}
XD_SUITE_MAIN(make_suite)
