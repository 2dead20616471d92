/* Model files whose weights are bytes: their rounding, their bytes, and what must be refused. */
#include "tiny_model.h"

#include <float.h>
#include <math.h>

#include "file_bytes.h"

#include "one_file.h"

static unsigned char *save_int8(const xd_model *model, size_t *size) {
  xd_save_options options = XD_SAVE_OPTIONS_INIT;
  options.int8 = 1;
  assert_ok(context, xd_model_save(model, context, path, &options));
  return read_test_file(path, size);
}

static unsigned char *save_tiny(size_t *size) {
  xd_model *model = tiny_model(context, true);
  unsigned char *data = save_int8(model, size);
  xd_model_release(model);
  return data;
}

static float *numbers_of(const xd_network *network, const xd_tensor *tensor) {
  float *numbers = malloc(tensor->count * sizeof *numbers);
  ck_assert_ptr_nonnull(numbers);
  assert_ok(context, xd_network_get(network, context, numbers, tensor->name, tensor->count));
  return numbers;
}

/* A channel's loaded weights are its largest one's 127ths, each as near as they come; 2^-16 for the scale's own
 * rounding. */
static void check_channel(const xd_tensor *tensor, const float *before, const float *after, size_t channel,
                          size_t channels) {
  double largest = 0.0;
  for (size_t i = channel; i < tensor->count; i += channels)
    largest = fmax(largest, fabs((double)before[i]));
  const double unit = largest / 127.0;
  for (size_t i = channel; i < tensor->count; i += channels) {
    const double off = fabs((double)after[i] - (double)before[i]);
    ck_assert_msg(off <= 0.5 * unit * (1.0 + 0x1p-16), "%s: %g became %g", tensor->name, (double)before[i],
                  (double)after[i]);
    const double units = unit > 0.0 ? (double)after[i] / unit : 0.0;
    ck_assert_double_le(fabs(units - round(units)), 127 * 0x1p-16);
  }
}

static void check_network(const xd_network *before, const xd_network *after) {
  ck_assert_uint_eq(xd_network_tensor_count(before), xd_network_tensor_count(after));
  for (uint32_t p = 0; p < xd_network_tensor_count(before); p++) {
    xd_tensor tensor = XD_TENSOR_INIT;
    assert_ok(context, xd_network_tensor(before, p, &tensor));
    float *a = numbers_of(before, &tensor), *b = numbers_of(after, &tensor);
    const size_t channels = tensor.shape[tensor.rank - 1];
    if (tensor.rank == 1)
      ck_assert_mem_eq(a, b, tensor.count * sizeof *a); /* biases stay floats */
    for (size_t channel = 0; channel < channels && tensor.rank > 1; channel++)
      check_channel(&tensor, a, b, channel, channels);
    free(a), free(b);
  }
}

static void check_model(const xd_model *before, const xd_model *after) {
  for (uint32_t d = 1; d <= 2; d++) {
    check_network(xd_encoder_network(xd_model_encoder(before, d)),
                  xd_encoder_network(xd_model_encoder(after, d)));
    check_network(xd_decoder_network(xd_model_decoder(before, d)),
                  xd_decoder_network(xd_model_decoder(after, d)));
    check_network(xd_latent_generator_network(xd_model_generator(before, d)),
                  xd_latent_generator_network(xd_model_generator(after, d)));
    check_network(xd_pair_discriminator_network(xd_model_discriminator(before, d)),
                  xd_pair_discriminator_network(xd_model_discriminator(after, d)));
  }
}

START_TEST(model_save__int8_rounds_weights_to_their_channels_127ths) {
  size_t size;
  free(save_tiny(&size));
  xd_model *model = tiny_model(context, true), *loaded;
  assert_ok(context, xd_model_load(&loaded, context, path));
  check_model(model, loaded);
  xd_model_release(model);
  xd_model_release(loaded);
}
END_TEST

START_TEST(model_save__int8_loses_nothing_the_second_time) {
  size_t size, again_size;
  unsigned char *data = save_tiny(&size);
  xd_model *loaded;
  assert_ok(context, xd_model_load(&loaded, context, path));
  unsigned char *again = save_int8(loaded, &again_size);
  ck_assert_uint_eq(size, again_size);
  ck_assert_mem_eq(data, again, size);
  xd_model_release(loaded);
  free(data), free(again);
}
END_TEST

START_TEST(model_save__int8_states_its_form) {
  size_t size;
  unsigned char *data = save_tiny(&size), *entry = entry_of(data, "SCAL");
  ck_assert_uint_eq(xdi_at_u32(data + 12), 3);
  ck_assert_uint_eq(xdi_at_u32(entry + 8), 1); /* required: who does not know it refuses the file */
  /* The first tensor is the encoder's first kernel, of two channels; 32 / 64 is the largest weight of one of them. */
  const float largest = 0.5f / 127.0f;
  uint32_t bits;
  memcpy(&bits, &largest, sizeof bits);
  const uint32_t first = xdi_at_u32(chunk_of(data, "SCAL")), second = xdi_at_u32(chunk_of(data, "SCAL") + 4);
  ck_assert(first == (bits & ~0x7fu) || second == (bits & ~0x7fu));
  const unsigned char *tensor = chunk_of(data, "TENS") + 4;
  ck_assert_uint_eq(xdi_at_u32(tensor + 8 + xdi_at_u32(tensor + 4)), 3);
  free(data);
}
END_TEST

/* As model_file__golden_bytes of test_model_file.c. */
START_TEST(model_file__golden_bytes_of_int8) {
  char golden[TEST_PATH_SIZE];
  size_t size, golden_size;
  snprintf(golden, sizeof golden, "%s/golden/model-1.3-i8.xdm", XD_TESTS_FOLDER);
  unsigned char *written = save_tiny(&size);
  if (getenv("XDOMAIN_WRITE_GOLDEN"))
    write_test_file(golden, written, size);
  unsigned char *expected = read_test_file(golden, &golden_size);
  ck_assert_uint_eq(size, golden_size);
  ck_assert_mem_eq(written, expected, size);
  free(written), free(expected);
}
END_TEST

START_TEST(model_save__refuses_half_and_int8_at_once) {
  xd_model *model = tiny_model(context, true);
  xd_save_options options = XD_SAVE_OPTIONS_INIT;
  options.int8 = options.half = 1;
  assert_status(xd_model_save(model, context, path, &options), XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(context, "half");
  options.half = 0, options.int8 = 2;
  assert_status(xd_model_save(model, context, path, &options), XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(context, "int8");
  options.int8 = 1, options.reserved = 1;
  assert_status(xd_model_save(model, context, path, &options), XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(context, "reserved");
  ck_assert_int_eq(count_entries(folder), 0);
  xd_model_release(model);
}
END_TEST

START_TEST(model_load__refuses_scales_that_are_none) {
  const float odd[] = {NAN, INFINITY, -1.0f, 0.0f, 0x1p-130f, 1.0f + FLT_EPSILON, -0.0f};
  size_t size;
  unsigned char *data = save_tiny(&size), *scale = chunk_of(data, "SCAL") + 4;
  for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
    uint32_t bits;
    memcpy(&bits, &odd[i], sizeof bits);
    xdi_set_u32(scale, bits);
    assert_file_refused(context, data, size, XD_ERROR_BAD_DATA, "checksum");
    reseal_chunk(data, "SCAL");
    assert_file_refused(context, data, size, XD_ERROR_BAD_DATA, "a scale is not");
  }
  free(data);
}
END_TEST

START_TEST(model_load__refuses_products_beyond_floats_and_bytes_beyond_127) {
  size_t size;
  unsigned char *data = save_tiny(&size);
  unsigned char *scale = chunk_of(data, "SCAL"), *number = chunk_of(data, "DATA");
  const uint32_t before = xdi_at_u32(scale);
  xdi_set_u32(scale, 0x7f000000u); /* 2^127: the channel's largest byte, 127, makes it infinite */
  reseal_chunk(data, "SCAL");
  assert_file_refused(context, data, size, XD_ERROR_BAD_DATA, "finite");
  xdi_set_u32(scale, before);
  reseal_chunk(data, "SCAL");
  *number = 0x80;
  assert_file_refused(context, data, size, XD_ERROR_BAD_DATA, "checksum");
  reseal_chunk(data, "DATA");
  assert_file_refused(context, data, size, XD_ERROR_BAD_DATA, "-127");
  free(data);
}
END_TEST

/* The table's last chunk made longer or shorter by a scale. */
static void resize_scales(unsigned char *data, size_t *size, int bytes) {
  unsigned char *entry = entry_of(data, "SCAL");
  *size += (size_t)bytes;
  xdi_set_u64(entry + 24, xdi_at_u64(entry + 24) + (uint64_t)(int64_t)bytes);
  xdi_set_u64(data + 24, *size);
  reseal_chunk(data, "SCAL");
}

START_TEST(model_load__refuses_more_or_fewer_scales_than_channels) {
  size_t size;
  unsigned char *data = save_tiny(&size), *longer = calloc(1, size + 8);
  memcpy(longer, data, size);
  memcpy(longer + size, data + size - 4, 4);
  resize_scales(longer, &size, 4);
  assert_file_refused(context, longer, size, XD_ERROR_BAD_DATA, "more scales");
  resize_scales(longer, &size, -8);
  assert_file_refused(context, longer, size, XD_ERROR_BAD_DATA, "fewer scales");
  resize_scales(longer, &size, -1);
  assert_file_refused(context, longer, size, XD_ERROR_BAD_DATA, "its length is wrong");
  free(data), free(longer);
}
END_TEST

START_TEST(model_load__refuses_bytes_without_scales) {
  size_t size;
  unsigned char *data = save_tiny(&size), *entry = entry_of(data, "SCAL");
  memcpy(entry, "XTRA", 4);
  xdi_set_u32(entry + 8, 0);
  reseal(data);
  /* Without it, DATA may not hold so many weights, or its tensors are bytes of no scale. */
  assert_file_refused(context, data, size, XD_ERROR_BAD_DATA, "memory");
  xdi_set_u32(entry + 8, 1);
  reseal(data);
  assert_file_refused(context, data, size, XD_ERROR_UNSUPPORTED, "XTRA"); /* as a reader of 1.2 does */
  free(data);
}
END_TEST

START_TEST(model_load__int8_refuses_truncations_and_flipped_bytes) {
  size_t size;
  unsigned char *data = save_tiny(&size);
  for (size_t i = 0; i < size; i += i < 700 ? 7 : 13) {
    xd_model *model;
    data[i] ^= 0x10;
    const xd_status status = xd_model_load_source(&model, context, in_memory(data, size));
    ck_assert_msg(status != XD_OK, "byte %zu changed and nobody noticed", i);
    data[i] ^= 0x10;
  }
  for (size_t length = 8; length < size; length += 61) {
    unsigned char *part = malloc(length);
    memcpy(part, data, length);
    assert_file_refused(context, part, length, XD_ERROR_TRUNCATED, "memory");
    free(part);
  }
  free(data);
}
END_TEST

START_TEST(model_load__int8_survives_hostile_fields) {
  static const char *const tags[] = {"NETS", "TENS", "DATA", "SCAL"};
  static const uint32_t values[] = {0, 1, 3, 0x7fffffff, 0xffffffff, 0x80000000, 65537};
  size_t size;
  unsigned char *data = save_tiny(&size), *copy = malloc(size);
  for (size_t t = 0; t < sizeof tags / sizeof *tags; t++) {
    const uint64_t offset = xdi_at_u64(entry_of(data, tags[t]) + 16);
    const uint64_t length = xdi_at_u64(entry_of(data, tags[t]) + 24);
    for (uint64_t at = 0; at + 4 <= length && at < 1200; at += 4)
      for (size_t v = 0; v < sizeof values / sizeof *values; v++) {
        xd_model *model;
        memcpy(copy, data, size);
        xdi_set_u32(copy + offset + at, values[v]);
        reseal_chunk(copy, tags[t]);
        if (xd_model_load_source(&model, context, in_memory(copy, size)) == XD_OK) {
          ck_assert_ptr_nonnull(xd_model_decoder(model, 2));
          xd_model_release(model);
        } else {
          ck_assert_str_ne(xd_context_message(context), "");
        }
      }
  }
  free(copy), free(data);
}
END_TEST

/* Saves and loads on a context whose allocator refuses one block, until none is refused any more. */
START_TEST(model_file__int8_leaks_nothing_when_memory_runs_out) {
  size_t size;
  unsigned char *data = save_tiny(&size);
  bool refused = true;
  for (size_t fail = 1; refused; fail++) {
    counting_allocator counter = {0};
    xd_context *counted = test_context_with("reference", 1, &counter);
    xd_model *model = NULL;
    xd_save_options options = XD_SAVE_OPTIONS_INIT;
    options.int8 = 1;
    atomic_store(&counter.fail_at, atomic_load(&counter.total) + fail);
    xd_status status = xd_model_load_source(&model, counted, in_memory(data, size));
    if (status == XD_OK)
      status = xd_model_save(model, counted, path, &options);
    if (status == XD_OK) {
      xd_translator
          *translator; /* reads the networks of its direction alone, and passes over others' scales */
      status = xd_translator_load_source(&translator, counted, in_memory(data, size), NULL);
      xd_translator_destroy(translator);
    }
    refused = atomic_load(&counter.total) >= atomic_load(&counter.fail_at);
    atomic_store(&counter.fail_at, 0);
    assert_status(status, refused ? XD_ERROR_OUT_OF_MEMORY : XD_OK);
    xd_model_release(model);
    xd_context_destroy(counted);
    ck_assert_uint_eq(atomic_load(&counter.live_blocks), 0);
  }
  free(data);
}
END_TEST

/* Translations of three pictures by a file, all at once or one by one. */
static void translate(float *out, const char *backend, uint32_t threads, bool alone) {
  enum { PICTURES = 3, FROM = 8 * 8, TO = 10 * 9 * 3 };
  xd_context *own = test_context_with(backend, threads, NULL);
  xd_translator_options options = XD_TRANSLATOR_OPTIONS_INIT;
  xd_translator *translator = NULL;
  float pictures[PICTURES * FROM];
  for (int i = 0; i < PICTURES * FROM; i++)
    pictures[i] = (float)(i * 29 % 101) / 101.0f;
  options.max_batch = alone ? 1 : PICTURES;
  assert_ok(own, xd_translator_load(&translator, own, path, &options));
  for (int i = 0; i < PICTURES && alone; i++) {
    assert_ok(own, xd_translator_set_noise(translator, 0, (uint64_t)i, 1.0f));
    assert_ok(own, xd_translator_run_floats(translator, out + i * TO, NULL, pictures + i * FROM, 1));
  }
  assert_ok(own, xd_translator_set_noise(translator, 0, 0, 1.0f));
  if (!alone)
    assert_ok(own, xd_translator_run_floats(translator, out, NULL, pictures, PICTURES));
  xd_translator_destroy(translator);
  xd_context_destroy(own);
}

/* The reference backend multiplies the same weights as floats. */
START_TEST(translator_run__int8_is_the_same_in_any_company) {
  enum { CELLS = 3 * 10 * 9 * 3 };
  size_t size;
  float expected[CELLS], first[CELLS], got[CELLS];
  free(save_tiny(&size));
  translate(expected, "reference", 1, false);
  translate(first, "native", 1, false);
  for (int i = 0; i < CELLS; i++)
    ck_assert_double_le(fabs((double)expected[i] - (double)first[i]), 1e-4);
  for (uint32_t threads = 1; threads <= 3; threads++)
    for (int alone = 0; alone < 2; alone++) {
      translate(got, "native", threads, alone != 0);
      ck_assert_mem_eq(first, got, sizeof got);
    }
}
END_TEST

#define ADD(test) add_fixture_case(suite, #test, test, set_up, tear_down)

static Suite *make_suite(void) {
  Suite *suite = suite_create("int8_file");
  ADD(model_save__int8_rounds_weights_to_their_channels_127ths);
  ADD(model_save__int8_loses_nothing_the_second_time);
  ADD(model_save__int8_states_its_form);
  ADD(model_file__golden_bytes_of_int8);
  ADD(model_save__refuses_half_and_int8_at_once);
  ADD(model_load__refuses_scales_that_are_none);
  ADD(model_load__refuses_products_beyond_floats_and_bytes_beyond_127);
  ADD(model_load__refuses_more_or_fewer_scales_than_channels);
  ADD(model_load__refuses_bytes_without_scales);
  ADD(model_load__int8_refuses_truncations_and_flipped_bytes);
  ADD(model_load__int8_survives_hostile_fields);
#ifdef XDI_WITH_NATIVE
  ADD(translator_run__int8_is_the_same_in_any_company);
#endif
  ADD(model_file__int8_leaks_nothing_when_memory_runs_out);
  return suite;
}
XD_SUITE_MAIN(make_suite)
