/* MATLAB files that another library wrote: SVHN's variables by libmatio, plain and packed. Skipped where
 * the tests were built without it. */
#include "support.h"

#include "xdomain/dataset.h"

#ifdef XD_TESTS_WITH_MATIO

#include "xdomain/unstable/mat.h"
#include <matio.h>

enum { HEIGHT = 32, WIDTH = 32, CHANNELS = 3, COUNT = 21 };

/* The byte of picture n at row y, column x, channel c. */
static uint8_t value_at(size_t n, size_t y, size_t x, size_t c) {
  return (uint8_t)(n * 53 + y * 7 + x * 3 + c * 101);
}

static void write_variable(mat_t *file, const char *name, enum matio_classes class, enum matio_types type,
                           int rank, size_t *sizes, void *values, enum matio_compression packing) {
  matvar_t *variable = Mat_VarCreate(name, class, type, rank, sizes, values, 0);
  ck_assert_ptr_nonnull(variable);
  ck_assert_int_eq(Mat_VarWrite(file, variable, packing), 0);
  Mat_VarFree(variable);
}

static void write_set(const char *path, enum matio_compression packing) {
  static uint8_t values[COUNT * CHANNELS * WIDTH * HEIGHT];
  double labels[COUNT];
  size_t sizes[] = {HEIGHT, WIDTH, CHANNELS, COUNT}, label_sizes[] = {COUNT, 1}, text_sizes[] = {1, 5};
  uint8_t *to = values;
  for (size_t n = 0; n < COUNT; n++)
    for (size_t c = 0; c < CHANNELS; c++)
      for (size_t x = 0; x < WIDTH; x++)
        for (size_t y = 0; y < HEIGHT; y++)
          *to++ = value_at(n, y, x, c);
  for (size_t n = 0; n < COUNT; n++)
    labels[n] = (double)(n % 10 + 1);
  mat_t *file = Mat_CreateVer(path, NULL, MAT_FT_MAT5);
  ck_assert_ptr_nonnull(file);
  write_variable(file, "note", MAT_C_CHAR, MAT_T_UTF8, 2, text_sizes, "hello", packing);
  write_variable(file, "X", MAT_C_UINT8, MAT_T_UINT8, 4, sizes, values, packing);
  write_variable(file, "y", MAT_C_DOUBLE, MAT_T_DOUBLE, 2, label_sizes, labels, packing);
  ck_assert_int_eq(Mat_Close(file), 0);
}

static void check_set(enum matio_compression packing) {
  xd_context *context = test_context("reference");
  char *folder = make_temp_folder(), path[TEST_PATH_SIZE];
  xd_dataset *set = NULL;
  write_set(path_in(path, folder, "set.mat"), packing);
  assert_ok(context, xd_dataset_load_mat(&set, context, path));
  ck_assert_uint_eq(xd_dataset_count(set), COUNT);
  ck_assert_uint_eq(xd_dataset_height(set), HEIGHT);
  ck_assert_uint_eq(xd_dataset_width(set), WIDTH);
  ck_assert_uint_eq(xd_dataset_channels(set), CHANNELS);
  for (uint32_t n = 0; n < COUNT; n++) {
    const uint8_t *pixels = xd_dataset_pixels(set, n);
    for (size_t y = 0; y < HEIGHT; y++)
      for (size_t x = 0; x < WIDTH; x++)
        for (size_t c = 0; c < CHANNELS; c++)
          ck_assert_uint_eq(*pixels++, value_at(n, y, x, c));
    ck_assert_uint_eq(xd_dataset_label(set, n), (n % 10 + 1) % 10);
  }
  xd_dataset_release(set);
  xd_context_destroy(context);
  remove_folder(folder);
}

START_TEST(matio__files_are_read_plain) {
  check_set(MAT_COMPRESSION_NONE);
}
END_TEST

START_TEST(matio__files_are_read_packed) {
#ifdef XDI_WITH_ZLIB
  check_set(MAT_COMPRESSION_ZLIB);
#endif
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("matio");
  add_case(suite, matio__files_are_read_plain);
  add_case(suite, matio__files_are_read_packed);
  return suite;
}

XD_SUITE_MAIN(make_suite)

#else

int main(void) {
  puts("skipped: built without libmatio (libmatio-dev)");
  return 77;
}

#endif
