/* Latent generators: creation, what is generated, the noise of translation, misuse. */
#include "network_support.h"

#include <float.h>
#include <math.h>

#include "model/latent_generator.h"
#include "option_support.h"

static xd_context *context;

static void open_context(void) {
  context = test_context("reference");
}

static void close_context(void) {
  xd_context_destroy(context);
}

#define SOURCE 5
#define TARGET 3

#define SMALL "source_dim=5 target_dim=3 hidden_width=8 hidden_layers=2 dropout=0.3"

static xd_latent_generator *small_generator(uint32_t seed) {
  char text[128];
  snprintf(text, sizeof text, SMALL " seed=%u", seed);
  return make_generator(context, text);
}

START_TEST(latent_generator_create__is_a_perceptron_on_noise_and_code) {
  xd_latent_generator *generator = small_generator(1);
  const xd_network *network = xd_latent_generator_network(generator);
  const uint8_t tags[] = "DNSEDROPDNSEDROPDNSE";
  ck_assert_uint_eq(xd_latent_generator_source_dim(generator), SOURCE);
  ck_assert_uint_eq(xd_latent_generator_target_dim(generator), TARGET);
  ck_assert_uint_eq(input_shape_of(network).channels, SOURCE + TARGET);
  ck_assert_uint_eq(xd_network_layer_count(network), 5);
  for (uint32_t i = 0; i < 5; i++) {
    xd_layer_spec spec;
    assert_ok(context, xd_network_layer(network, i, &spec));
    ck_assert_uint_eq(spec.tag, XD_TAG(tags[4 * i], tags[4 * i + 1], tags[4 * i + 2], tags[4 * i + 3]));
    if (i == 0)
      ck_assert_uint_eq(spec.values[3], XD_ACTIVATION_RELU);
    if (i == 1)
      ck_assert_uint_eq(spec.values[0], 300000);
  }
  xd_latent_generator_release(generator);
}
END_TEST

/* Beside a perceptron at a tenth, which is the other generator's but for its last weights. */
START_TEST(latent_generator_create__starts_a_skip_as_the_noise) {
  xd_latent_generator *plain = small_generator(3);
  xd_latent_generator *generator = make_generator(context, SMALL " seed=3 linear_skip=1");
  float *noise = make_normals(4 * TARGET, 1), *codes = make_normals(4 * SOURCE, 2);
  float without[4 * TARGET], with[4 * TARGET];
  ck_assert_uint_eq(xd_latent_generator_source_dim(generator), SOURCE);
  assert_ok(context, xd_latent_generator_generate(plain, context, without, noise, codes, 4));
  assert_ok(context, xd_latent_generator_generate(generator, context, with, noise, codes, 4));
  for (uint32_t i = 0; i < 4 * TARGET; i++)
    ck_assert_float_eq_tol(with[i], noise[i] + 0.1f * without[i], 1e-5f);
  free(noise), free(codes);
  xd_latent_generator_release(plain);
  xd_latent_generator_release(generator);
}
END_TEST

START_TEST(latent_generator_create__wants_the_codes_sizes) {
  refuse_generator(context, "", XD_ERROR_INVALID_ARGUMENT, "mapping.source_dim is 0");
  refuse_generator(context, "source_dim=3", XD_ERROR_INVALID_ARGUMENT, "mapping.target_dim is 0");
}
END_TEST

START_TEST(latent_generator_create_layers__takes_layers_of_ones_own) {
  const xd_layer_spec fits[] = {dense_spec(9, XD_ACTIVATION_TANH),
                                dense_spec(TARGET, XD_ACTIVATION_IDENTITY)};
  const xd_layer_spec wide[] = {dense_spec(SOURCE + TARGET, XD_ACTIVATION_IDENTITY)};
  const xd_layer_spec curved[] = {dense_spec(TARGET, XD_ACTIVATION_TANH)};
  xd_network_layers layers = XD_NETWORK_LAYERS_INIT;
  xd_latent_generator *generator = NULL;
  layers.input = (xd_shape){.width = 1, .height = 1, .channels = SOURCE + TARGET};
  layers.layers = fits;
  layers.layer_count = 2;
  assert_ok(context, xd_latent_generator_create_layers(&generator, context, &layers));
  ck_assert_uint_eq(xd_network_layer_count(xd_latent_generator_network(generator)), 2);
  ck_assert_uint_eq(xd_latent_generator_source_dim(generator), SOURCE);
  xd_latent_generator_release(generator);
  layers.layers = wide;
  layers.layer_count = 1;
  assert_status(xd_latent_generator_create_layers(&generator, context, &layers), XD_ERROR_SHAPE_MISMATCH);
  ck_assert_ptr_null(generator);
  assert_message_names(context, "from 8 to 8");
  layers.layers = curved;
  assert_status(xd_latent_generator_create_layers(&generator, context, &layers), XD_ERROR_SHAPE_MISMATCH);
  assert_message_names(context, "without an activation");
}
END_TEST

START_TEST(latent_generator_wrap__refuses_a_network_without_a_source) {
  const xd_layer_spec spec = dense_spec(TARGET, XD_ACTIVATION_IDENTITY);
  xd_network *network =
      make_network(context, (xd_shape){.width = 1, .height = 1, .channels = TARGET}, &spec, 1);
  xd_latent_generator *generator = (xd_latent_generator *)network;
  assert_status(xdi_latent_generator_wrap(&generator, context, network), XD_ERROR_SHAPE_MISMATCH);
  ck_assert_ptr_null(generator);
  assert_message_names(context, "from 3 to 3");
  xdi_network_release(network);
}
END_TEST

START_TEST(latent_generator_generate__reads_noise_before_the_code) {
  enum { COUNT = 300 };
  xd_latent_generator *generator = small_generator(2);
  float *codes = make_normals(COUNT * SOURCE, 1), *noise = make_normals(COUNT * TARGET, 2);
  float *out = new_floats(COUNT * TARGET), *rows = new_floats(COUNT * (SOURCE + TARGET));
  for (int i = 0; i < COUNT; i++) {
    memcpy(rows + i * (SOURCE + TARGET), noise + i * TARGET, TARGET * sizeof *rows);
    memcpy(rows + i * (SOURCE + TARGET) + TARGET, codes + i * SOURCE, SOURCE * sizeof *rows);
  }
  float *expected = run_network(context, xd_latent_generator_network(generator), rows, COUNT);
  assert_ok(context, xd_latent_generator_generate(generator, context, out, noise, codes, COUNT));
  assert_same_floats(out, expected, COUNT * TARGET);
  free(codes), free(noise), free(out), free(rows), free(expected);
  xd_latent_generator_release(generator);
}
END_TEST

START_TEST(latent_generator_generate__refuses_what_is_not_finite) {
  xd_latent_generator *generator = small_generator(2);
  float codes[2 * SOURCE] = {0}, noise[2 * TARGET] = {0}, out[2 * TARGET];
  codes[SOURCE] = NAN;
  assert_status(xd_latent_generator_generate(generator, context, out, noise, codes, 2), XD_ERROR_NUMERIC);
  assert_message_names(context, "value 0 of code 1");
  codes[SOURCE] = 0;
  noise[2] = INFINITY;
  assert_status(xd_latent_generator_generate(generator, context, out, noise, codes, 2), XD_ERROR_NUMERIC);
  xd_latent_generator_release(generator);
}
END_TEST

/* ---- noise ---- */

START_TEST(latent_noise__belongs_to_the_picture) {
  const uint32_t dims[] = {1, 3, 4, 32};
  for (size_t d = 0; d < COUNT_OF(dims); d++) {
    const uint32_t dim = dims[d], even = dim + dim % 2;
    float all[6 * 32], some[2 * 32], stream[6 * 32];
    xd_latent_noise(all, 6, dim, 9, 100, 1);
    xd_latent_noise(some, 2, dim, 9, 103, 1);
    assert_same_floats(some, all + 3 * dim, 2 * dim);
    xdi_random_normals(stream, 6 * even, 9, xdi_stream_id(XDI_STREAM_TRANSLATE, 0), 100 * even);
    for (uint32_t p = 0; p < 6; p++)
      assert_same_floats(all + p * dim, stream + p * even, dim);
  }
}
END_TEST

START_TEST(latent_noise__is_scaled_by_the_temperature) {
  float warm[64], cool[64], none[64];
  xd_latent_noise(warm, 2, 32, 9, 0, 1);
  xd_latent_noise(cool, 2, 32, 9, 0, 0.5f);
  xd_latent_noise(none, 2, 32, 9, 0, 0);
  for (int i = 0; i < 64; i++) {
    ck_assert(cool[i] == 0.5f * warm[i]);
    ck_assert(none[i] == 0);
  }
  xd_latent_noise(NULL, 2, 32, 9, 0, 1);
  xd_latent_noise(warm, 0, 32, 10, 0, 1);
  ck_assert(warm[0] == 2 * cool[0]);
}
END_TEST

/* ---- ways between codes ---- */

static double length_of(const float *code, uint32_t count) {
  double sum = 0.0;
  for (uint32_t i = 0; i < count; i++)
    sum += (double)code[i] * (double)code[i];
  return sqrt(sum);
}

static double angle_between(const float *a, const float *b, uint32_t count) {
  double product = 0.0;
  for (uint32_t i = 0; i < count; i++)
    product += (double)a[i] * (double)b[i];
  return acos(product / length_of(a, count) / length_of(b, count));
}

START_TEST(latent_interpolate__goes_along_the_great_circle) {
  enum { DIM = 32, STEPS = 16 };
  float ends[2 * DIM], out[DIM];
  xd_latent_noise(ends, 2, DIM, 4, 0, 1);
  for (int i = 0; i < DIM; i++)
    ends[DIM + i] *= 1.5f;
  const double from = length_of(ends, DIM), towards = length_of(ends + DIM, DIM);
  const double angle = angle_between(ends, ends + DIM, DIM);
  for (int step = 1; step < STEPS; step++) {
    const double position = (double)step / STEPS;
    assert_ok(context, xd_latent_interpolate(context, out, ends, ends + DIM, DIM, position));
    ck_assert_double_eq_tol(length_of(out, DIM), (1 - position) * from + position * towards, 1e-5);
    ck_assert_double_eq_tol(angle_between(ends, out, DIM), position * angle, 1e-5);
    ck_assert_double_eq_tol(angle_between(ends + DIM, out, DIM), (1 - position) * angle, 1e-5);
  }
  assert_ok(context, xd_latent_interpolate(context, out, ends, ends + DIM, DIM, 0.0));
  assert_same_floats(out, ends, DIM);
  assert_ok(context, xd_latent_interpolate(context, out, ends, ends + DIM, DIM, 1.0));
  assert_same_floats(out, ends + DIM, DIM);
  assert_ok(context, xd_latent_interpolate(context, out, ends, ends + DIM, DIM, 0.25));
  assert_ok(context, xd_latent_interpolate(context, ends, ends, ends + DIM, DIM, 0.25));
  assert_same_floats(out, ends, DIM);
}
END_TEST

/* Zero, the same, longer, nearly the same and opposite codes: a straight line, and no leap beside it. */
START_TEST(latent_interpolate__goes_straight_where_no_circle_is) {
  const float from[] = {3.0f, -4.0f, 0.0f};
  const float ends[][3] = {{0, 0, 0}, {3, -4, 0}, {6, -8, 0}, {3, -4, 1e-6f}, {-3, 4, 0}, {-6, 8, 1e-6f}};
  const float zero[3] = {0};
  float out[3];
  for (size_t i = 0; i < COUNT_OF(ends); i++) {
    assert_ok(context, xd_latent_interpolate(context, out, from, ends[i], 3, 0.75));
    for (int k = 0; k < 3; k++)
      ck_assert_float_eq_tol(out[k], 0.25f * from[k] + 0.75f * ends[i][k], 1e-6f);
  }
  assert_ok(context, xd_latent_interpolate(context, out, zero, zero, 3, 0.5));
  assert_same_floats(out, zero, 3);
  /* A little off the opposite, there is a circle again. */
  assert_ok(context, xd_latent_interpolate(context, out, from, (float[]){-3, 4, 1e-3f}, 3, 0.5));
  ck_assert_double_eq_tol(length_of(out, 3), 5.0, 1e-4);
  /* A little off the same, hardly another place. */
  assert_ok(context, xd_latent_interpolate(context, out, from, (float[]){3, -4, 1e-5f}, 3, 0.5));
  ck_assert_float_eq_tol(out[2], 0.5e-5f, 1e-9f);
}
END_TEST

START_TEST(latent_interpolate__refuses_what_is_no_way) {
  const float code[] = {1, 2}, odd[] = {1, NAN}, large[] = {FLT_MAX, FLT_MAX}, turned[] = {-FLT_MAX, FLT_MAX};
  const double positions[] = {-0.1, 1.1, NAN};
  float out[2] = {7, 7};
  for (int i = 0; i < 3; i++)
    assert_status(xd_latent_interpolate(context, out, code, code, 2, positions[i]),
                  XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(context, "position");
  assert_status(xd_latent_interpolate(context, out, code, odd, 2, 0.5), XD_ERROR_NUMERIC);
  assert_message_names(context, "value 1");
  assert_status(xd_latent_interpolate(context, out, odd, code, 2, 0.5), XD_ERROR_NUMERIC);
  assert_status(xd_latent_interpolate(context, out, large, turned, 2, 0.5), XD_ERROR_NUMERIC);
  assert_status(xd_latent_interpolate(context, NULL, code, code, 2, 0.5), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_latent_interpolate(context, out, NULL, code, 2, 0.5), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_latent_interpolate(context, out, code, NULL, 2, 0.5), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_latent_interpolate(context, out, code, code, 0, 0.5), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_latent_interpolate(NULL, out, code, code, 2, 0.5), XD_ERROR_INVALID_ARGUMENT);
}
END_TEST

/* ---- misuse ---- */

START_TEST(latent_generator__bears_null) {
  xd_latent_generator *generator = small_generator(2), *none = generator;
  float codes[SOURCE] = {0}, noise[TARGET] = {0}, out[TARGET];
  assert_status(xd_latent_generator_create(NULL, context, NULL), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_latent_generator_create(&none, NULL, NULL), XD_ERROR_INVALID_ARGUMENT);
  ck_assert_ptr_null(none);
  assert_status(xd_latent_generator_generate(NULL, context, out, noise, codes, 1), XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(context, "generator is NULL");
  assert_status(xd_latent_generator_generate(generator, NULL, out, noise, codes, 1),
                XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_latent_generator_generate(generator, context, NULL, noise, codes, 1),
                XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_latent_generator_generate(generator, context, out, noise, NULL, 1),
                XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_latent_generator_generate(generator, context, out, NULL, codes, 1),
                XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(context, "noise is NULL");
  assert_ok(context, xd_latent_generator_generate(generator, context, NULL, NULL, NULL, 0));
  ck_assert_ptr_null(xd_latent_generator_retain(NULL));
  ck_assert_ptr_null(xd_latent_generator_network(NULL));
  ck_assert_ptr_null(xd_latent_generator_network_mutable(NULL));
  ck_assert_uint_eq(xd_latent_generator_source_dim(NULL) + xd_latent_generator_target_dim(NULL), 0);
  xd_latent_generator_freeze(generator);
  ck_assert_ptr_null(xd_latent_generator_network_mutable(generator));
  xd_latent_generator_freeze(NULL);
  xd_latent_generator_release(NULL);
  xd_latent_generator_release(generator);
}
END_TEST

static xd_status use_generator(xd_context *of, void *user) {
  const float codes[SOURCE] = {0}, noise[TARGET] = {0};
  float out[TARGET];
  xd_latent_generator *generator = NULL;
  xd_options *options = NULL;
  (void)user;
  xd_status status = try_options(&options, of, "mapping", SMALL);
  if (status == XD_OK)
    status = xd_latent_generator_create(&generator, of, options);
  xd_options_destroy(options);
  if (status == XD_OK)
    status = xd_latent_generator_generate(generator, of, out, noise, codes, 1);
  xd_latent_generator_release(generator);
  return status;
}

START_TEST(latent_generator__survives_refused_memory) {
  check_refusals(use_generator, NULL);
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("latent_generator");
#define add(test) add_checked_case(suite, #test, test, open_context, close_context)
  add(latent_generator_create__is_a_perceptron_on_noise_and_code);
  add(latent_generator_create__starts_a_skip_as_the_noise);
  add(latent_generator_create__wants_the_codes_sizes);
  add(latent_generator_create_layers__takes_layers_of_ones_own);
  add(latent_generator_wrap__refuses_a_network_without_a_source);
  add(latent_generator_generate__reads_noise_before_the_code);
  add(latent_generator_generate__refuses_what_is_not_finite);
  add(latent_noise__belongs_to_the_picture);
  add(latent_noise__is_scaled_by_the_temperature);
  add(latent_interpolate__goes_along_the_great_circle);
  add(latent_interpolate__goes_straight_where_no_circle_is);
  add(latent_interpolate__refuses_what_is_no_way);
  add(latent_generator__bears_null);
  add(latent_generator__survives_refused_memory);
#undef add
  return suite;
}

XD_SUITE_MAIN(make_suite)
