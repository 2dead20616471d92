/* MATLAB level 5 files as SVHN is published: written here byte by byte, plain and packed, then spoiled. */
#include "support.h"

#ifdef XDI_WITH_ZLIB
#include <zlib.h>
#endif

#include "refusals.h"
#include "xdomain/dataset.h"
#include "xdomain/unstable/mat.h"
#include "xdomain/unstable/spec.h"

#include "one_file.h"

enum {
  INT8 = 1,
  UINT8 = 2,
  INT16 = 3,
  UINT16 = 4,
  INT32 = 5,
  UINT32 = 6,
  SINGLE = 7,
  DOUBLE = 9,
  UINT64 = 13
};
enum { MATRIX = 14, COMPRESSED = 15 };
enum { CLASS_CHAR = 4, CLASS_DOUBLE = 6, CLASS_SINGLE = 7, CLASS_INT8 = 8, CLASS_UINT8 = 9 };

/* ---- building files ---- */

typedef struct bytes {
  size_t size;
  int big_endian;
  unsigned char data[8192];
} bytes;

static void put_number(bytes *to, uint64_t value, unsigned size) {
  for (unsigned i = 0; i < size; i++)
    to->data[to->size++] = (unsigned char)(value >> 8 * (to->big_endian ? size - 1 - i : i));
}

static void put(bytes *to, const void *from, size_t size) {
  ck_assert_uint_le(size, sizeof to->data - to->size);
  memcpy(to->data + to->size, from, size);
  to->size += size;
}

static void begin_file(bytes *to, int big_endian) {
  char text[124];
  to->size = 0;
  to->big_endian = big_endian;
  memset(text, ' ', sizeof text);
  memcpy(text, "MATLAB 5.0 MAT-file", 19);
  put(to, text, sizeof text);
  put_number(to, 0x0100, 2);
  put_number(to, 'M' << 8 | 'I', 2);
}

static void put_tag(bytes *to, uint32_t type, uint32_t size) {
  put_number(to, type, 4);
  put_number(to, size, 4);
}

static void pad(bytes *to, size_t begin) {
  while ((to->size - begin) % 8)
    to->data[to->size++] = 0;
}

static void put_element(bytes *to, uint32_t type, const void *data, size_t size) {
  size_t begin = to->size;
  put_tag(to, type, (uint32_t)size);
  put(to, data, size);
  pad(to, begin);
}

/* Where fields of a matrix begin, so that tests can spoil them: flags 8 behind the tag, ... */
static void put_head(bytes *to, const char *name, unsigned class, const uint32_t *sizes,
                     unsigned dimensions) {
  put_tag(to, UINT32, 8);
  put_number(to, class, 4);
  put_number(to, 0, 4);
  size_t begin = to->size;
  put_tag(to, INT32, 4 * dimensions);
  for (unsigned i = 0; i < dimensions; i++)
    put_number(to, sizes[i], 4);
  pad(to, begin);
  if (strlen(name) <= 4) { /* a small element */
    char small[4] = {0};
    memcpy(small, name, strlen(name));
    put_number(to, (uint32_t)strlen(name) << 16 | INT8, 4);
    put(to, small, 4);
  } else {
    put_element(to, INT8, name, strlen(name));
  }
}

static void begin_matrix(bytes *to, size_t *begin) {
  put_tag(to, MATRIX, 0);
  *begin = to->size;
}

/* Fills in the size of what was put since. */
static void end_matrix(bytes *to, size_t begin) {
  size_t size = to->size;
  to->size = begin - 4;
  put_number(to, (uint32_t)(size - begin), 4);
  to->size = size;
}

static void put_matrix(bytes *to, const char *name, unsigned class, const uint32_t *sizes,
                       unsigned dimensions, uint32_t type, const void *values, size_t size) {
  size_t begin;
  begin_matrix(to, &begin);
  put_head(to, name, class, sizes, dimensions);
  put_element(to, type, values, size);
  end_matrix(to, begin);
}

/* Two pictures of 2 rows, 3 columns and 3 channels. The byte at (y, x, c) of picture n is
 * 100 n + 30 c + 10 y + x. */
static const uint32_t x_sizes[] = {2, 3, 3, 2};

static void fill_x(unsigned char values[36]) {
  for (unsigned n = 0; n < 2; n++)
    for (unsigned c = 0; c < 3; c++)
      for (unsigned x = 0; x < 3; x++)
        for (unsigned y = 0; y < 2; y++)
          *values++ = (unsigned char)(100 * n + 30 * c + 10 * y + x);
}

static void put_x(bytes *to) {
  unsigned char values[36];
  fill_x(values);
  put_matrix(to, "X", CLASS_UINT8, x_sizes, 4, UINT8, values, 36);
}

static void put_y(bytes *to) {
  bytes values = {0, to->big_endian, {0}};
  const double labels[] = {10, 4};
  for (unsigned i = 0; i < 2; i++) {
    uint64_t bits;
    memcpy(&bits, &labels[i], 8);
    put_number(&values, bits, 8);
  }
  put_matrix(to, "y", CLASS_DOUBLE, (const uint32_t[]){2, 1}, 2, DOUBLE, values.data, 16);
}

static void make_good(bytes *to) {
  begin_file(to, 0);
  put_x(to);
  put_y(to);
}

/* ---- checking ---- */

static void write_bytes(const bytes *file) {
  write_test_file(path, file->data, file->size);
}

static void check_loads(const bytes *file) {
  xd_dataset *set = NULL;
  write_bytes(file);
  assert_ok(context, xd_dataset_load_mat(&set, context, path));
  ck_assert_uint_eq(xd_dataset_count(set), 2);
  ck_assert_uint_eq(xd_dataset_height(set), 2);
  ck_assert_uint_eq(xd_dataset_width(set), 3);
  ck_assert_uint_eq(xd_dataset_channels(set), 3);
  for (uint32_t n = 0; n < 2; n++)
    for (unsigned i = 0; i < 18; i++)
      ck_assert_uint_eq(xd_dataset_pixels(set, n)[i], 100 * n + 30 * (i % 3) + 10 * (i / 9) + i / 3 % 3);
  ck_assert_uint_eq(xd_dataset_label(set, 0), 0); /* stored as 10 */
  ck_assert_uint_eq(xd_dataset_label(set, 1), 4);
  xd_dataset_release(set);
}

static void check_refused(const bytes *file, xd_status expected, const char *word) {
  xd_dataset *set = (xd_dataset *)&folder;
  write_bytes(file);
  assert_status(xd_dataset_load_mat(&set, context, path), expected);
  ck_assert_ptr_null(set);
  assert_message_names(context, path);
  assert_message_names(context, word);
}

/* ---- plain files ---- */

START_TEST(dataset_mat__reads_pictures_and_labels) {
  bytes file;
  make_good(&file);
  check_loads(&file);
  char line[TEST_PATH_SIZE + 32];
  xd_dataset *set = NULL;
  snprintf(line, sizeof line, "mat:%s;classes=4;channels=1", path);
  assert_ok(context, xd_dataset_load(&set, context, line, NULL));
  ck_assert_uint_eq(xd_dataset_count(set), 1);
  ck_assert_uint_eq(xd_dataset_channels(set), 1);
  ck_assert_uint_eq(xd_dataset_pixels(set, 0)[0], 124); /* .299 100 + .587 130 + .114 160 = 124.45 */
  xd_dataset_release(set);
}
END_TEST

START_TEST(dataset_mat__reads_either_byte_order_and_either_variable_first) {
  bytes file;
  begin_file(&file, 1);
  put_y(&file);
  put_x(&file);
  check_loads(&file);
}
END_TEST

START_TEST(dataset_mat__passes_over_other_variables) {
  bytes file;
  size_t begin;
  const uint32_t six[] = {1, 1, 1, 1, 1, 1};
  begin_file(&file, 0);
  put_element(&file, UINT8, "stray", 5);
  put_number(&file, 2 << 16 | UINT8, 4); /* a small stray element */
  put_number(&file, 0, 4);
  put_matrix(&file, "readme", CLASS_CHAR, (const uint32_t[]){1, 5}, 2, UINT8, "hello", 5);
  put_matrix(&file, "Xs", CLASS_UINT8, six, 6, UINT8, "a", 1);
  put_matrix(&file, "a_very_long_name", CLASS_DOUBLE, six, 2, DOUBLE, "12345678", 8);
  begin_matrix(&file, &begin); /* a matrix of a kind that has no dimensions */
  put_tag(&file, UINT32, 8);
  put_number(&file, 17, 8);
  put_element(&file, INT8, "X", 1);
  end_matrix(&file, begin);
  put_x(&file);
  put_y(&file);
  check_loads(&file);
}
END_TEST

START_TEST(dataset_mat__reads_labels_of_every_number_type) {
  const struct {
    unsigned type, size;
    uint64_t ten, four;
  } types[] = {{INT8, 1, 10, 4},
               {UINT8, 1, 10, 4},
               {INT16, 2, 10, 4},
               {UINT16, 2, 10, 4},
               {INT32, 4, 10, 4},
               {UINT32, 4, 10, 4},
               {12, 8, 10, 4},
               {UINT64, 8, 10, 4},
               {SINGLE, 4, 0x41200000, 0x40800000},
               {DOUBLE, 8, 0x4024000000000000, 0x4010000000000000}};
  for (int big = 0; big < 2; big++)
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
      bytes file, values = {0, big, {0}};
      begin_file(&file, big);
      put_x(&file);
      put_number(&values, types[i].ten, types[i].size);
      put_number(&values, types[i].four, types[i].size);
      put_matrix(&file, "y", CLASS_DOUBLE, (const uint32_t[]){1, 2}, 2, types[i].type, values.data,
                 values.size);
      check_loads(&file);
    }
  /* Two bytes fit into the tag. */
  bytes file;
  size_t begin;
  begin_file(&file, 0);
  put_x(&file);
  begin_matrix(&file, &begin);
  put_head(&file, "y", CLASS_UINT8, (const uint32_t[]){2, 1}, 2);
  put_number(&file, 2 << 16 | UINT8, 4);
  put(&file, "\12\4\0\0", 4);
  end_matrix(&file, begin);
  check_loads(&file);
}
END_TEST

START_TEST(dataset_mat__reads_a_single_picture_and_grey) {
  bytes file;
  xd_dataset *set = NULL;
  begin_file(&file, 0);
  put_matrix(&file, "X", CLASS_UINT8, (const uint32_t[]){2, 3, 1}, 3, UINT8, "abcdef", 6);
  put_matrix(&file, "y", CLASS_UINT8, (const uint32_t[]){1, 1}, 2, UINT8, "\1", 1);
  write_bytes(&file);
  assert_ok(context, xd_dataset_load_mat(&set, context, path));
  ck_assert_uint_eq(xd_dataset_count(set), 1);
  ck_assert_uint_eq(xd_dataset_channels(set), 1);
  ck_assert_mem_eq(xd_dataset_pixels(set, 0), "acebdf", 6);
  ck_assert_uint_eq(xd_dataset_label(set, 0), 1);
  xd_dataset_release(set);
}
END_TEST

START_TEST(dataset_mat__refuses_other_files) {
  bytes file;
  make_good(&file);
  file.data[126] = 'X';
  check_refused(&file, XD_ERROR_BAD_DATA, "no MATLAB");
  make_good(&file);
  file.data[125] = 2; /* version 0x0200 */
  check_refused(&file, XD_ERROR_UNSUPPORTED, "7.3");
  make_good(&file);
  file.data[124] = 1;
  check_refused(&file, XD_ERROR_BAD_DATA, "0x0101");
  file.size = 127;
  check_refused(&file, XD_ERROR_TRUNCATED, "header");
  xd_dataset *set;
  ck_assert_int_eq(remove(path), 0);
  assert_status(xd_dataset_load_mat(&set, context, path), XD_ERROR_NOT_FOUND);
  assert_status(xd_dataset_load_mat(NULL, context, path), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_dataset_load_mat(&set, context, NULL), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_dataset_load_mat(&set, NULL, path), XD_ERROR_INVALID_ARGUMENT);
}
END_TEST

START_TEST(dataset_mat__refuses_missing_and_double_variables) {
  bytes file;
  begin_file(&file, 0);
  check_refused(&file, XD_ERROR_BAD_DATA, "X is missing");
  put_x(&file);
  check_refused(&file, XD_ERROR_BAD_DATA, "y is missing");
  put_x(&file);
  check_refused(&file, XD_ERROR_BAD_DATA, "X stands twice");
  begin_file(&file, 0);
  put_y(&file);
  put_y(&file);
  check_refused(&file, XD_ERROR_BAD_DATA, "y stands twice");
}
END_TEST

START_TEST(dataset_mat__refuses_pictures_that_cannot_be) {
  unsigned char values[36];
  const struct {
    unsigned class, dimensions;
    uint32_t sizes[5], type, size;
    xd_status expected;
    const char *word;
  } cases[] = {{CLASS_DOUBLE, 4, {2, 3, 3, 2}, UINT8, 36, XD_ERROR_BAD_DATA, "uint8"},
               {CLASS_UINT8 | 0x0800, 4, {2, 3, 3, 2}, UINT8, 36, XD_ERROR_BAD_DATA, "uint8"}, /* complex */
               {CLASS_UINT8, 2, {6, 6}, UINT8, 36, XD_ERROR_BAD_DATA, "dimensions"},
               {CLASS_UINT8, 5, {2, 3, 3, 2, 1}, UINT8, 36, XD_ERROR_BAD_DATA, "dimensions"},
               {CLASS_UINT8, 4, {2, 3, 2, 3}, UINT8, 36, XD_ERROR_BAD_DATA, "2 channels"},
               {CLASS_UINT8, 4, {2, 3, 3, 0}, UINT8, 0, XD_ERROR_BAD_DATA, "0 pictures"},
               {CLASS_UINT8, 4, {0, 3, 3, 2}, UINT8, 0, XD_ERROR_BAD_DATA, "3x0"},
               {CLASS_UINT8, 4, {2, 65536, 3, 2}, UINT8, 36, XD_ERROR_BAD_DATA, "65536"},
               {CLASS_UINT8, 4, {2, 3, 3, 3}, UINT8, 36, XD_ERROR_BAD_DATA, "number"},
               {CLASS_UINT8, 4, {2, 3, 3, 1}, UINT8, 36, XD_ERROR_BAD_DATA, "number"},
               {CLASS_UINT8, 4, {2, 3, 3, 2}, INT8, 36, XD_ERROR_BAD_DATA, "another type"},
               {CLASS_UINT8, 4, {65535, 65535, 3, UINT32_MAX}, UINT8, 36, XD_ERROR_TOO_LARGE, "more than"}};
  fill_x(values);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    bytes file;
    begin_file(&file, 0);
    put_matrix(&file, "X", cases[i].class, cases[i].sizes, cases[i].dimensions, cases[i].type, values,
               cases[i].size);
    put_y(&file);
    check_refused(&file, cases[i].expected, cases[i].word);
  }
}
END_TEST

START_TEST(dataset_mat__refuses_labels_that_cannot_be) {
  const struct {
    unsigned class;
    uint32_t sizes[2], type, size;
    const char *values, *word;
  } cases[] = {{CLASS_CHAR, {2, 1}, UINT8, 2, "\1\2", "numbers"},
               {CLASS_UINT8 | 0x0800, {2, 1}, UINT8, 2, "\1\2", "numbers"},
               {CLASS_UINT8, {2, 2}, UINT8, 4, "\1\2\3\4", "row or column"},
               {CLASS_UINT8, {0, 1}, UINT8, 0, "", "row or column"},
               {CLASS_UINT8, {1, 0}, UINT8, 0, "", "row or column"},
               {CLASS_UINT8, {3, 1}, UINT8, 3, "\1\2\3", "3 labels"},
               {CLASS_UINT8, {2, 1}, UINT8, 3, "\1\2\3", "number"},
               {CLASS_UINT8, {2, 1}, MATRIX, 2, "\1\2", "another type"},
               {CLASS_UINT8, {2, 1}, 8, 2, "\1\2", "another type"},
               {CLASS_UINT8, {2, 1}, UINT8, 2, "\1\13", "y(2)"},
               {CLASS_INT8, {2, 1}, INT8, 2, "\377\1", "y(1)"},
               {CLASS_SINGLE, {2, 1}, SINGLE, 8, "\0\0\200\77\0\0\300\77", "y(2)"},   /* 1 and 1.5 */
               {CLASS_SINGLE, {2, 1}, SINGLE, 8, "\0\0\300\177\0\0\200\77", "y(1)"},  /* NaN */
               {CLASS_SINGLE, {2, 1}, SINGLE, 8, "\0\0\200\177\0\0\200\77", "y(1)"},  /* infinity */
               {CLASS_SINGLE, {2, 1}, SINGLE, 8, "\0\0\200\77\0\0\200\277", "y(2)"}}; /* -1 */
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    bytes file;
    begin_file(&file, 0);
    put_x(&file);
    put_matrix(&file, "y", cases[i].class, cases[i].sizes, 2, cases[i].type, cases[i].values, cases[i].size);
    check_refused(&file, XD_ERROR_BAD_DATA, cases[i].word);
  }
  bytes file;
  begin_file(&file, 0);
  put_x(&file);
  put_matrix(&file, "y", CLASS_UINT8, (const uint32_t[]){1, (1u << 24) + 1}, 2, UINT8, "\1\2", 2);
  check_refused(&file, XD_ERROR_TOO_LARGE, "16777217 labels");
}
END_TEST

static xd_status load_bytes(const unsigned char *data, size_t size) {
  xd_dataset *set = NULL;
  write_test_file(path, data, size);
  xd_status status = xd_dataset_load_mat(&set, context, path);
  ck_assert((status == XD_OK) == (set != NULL));
  xd_dataset_release(set);
  return status;
}

/* Only a cut between elements leaves a whole file, of which a variable is missing then. */
static void check_cuts(const bytes *file) {
  for (size_t size = file->size; size-- > 0;) {
    xd_status status = load_bytes(file->data, size);
    ck_assert_msg(status == XD_ERROR_TRUNCATED || status == XD_ERROR_BAD_DATA, "%zu bytes give %s", size,
                  xd_status_name(status));
  }
}

/* Each byte behind the text replaced in turn: a set or a refusal, never anything worse. */
static void check_spoiled(const bytes *file) {
  bytes spoiled = *file;
  const unsigned char masks[] = {0x01, 0x80, 0xFF};
  for (size_t at = 124; at < file->size; at++)
    for (unsigned i = 0; i < 3; i++) {
      spoiled.data[at] = file->data[at] ^ masks[i];
      xd_status status = load_bytes(spoiled.data, spoiled.size);
      ck_assert_msg(status == XD_OK || status == XD_ERROR_TRUNCATED || status == XD_ERROR_BAD_DATA ||
                        status == XD_ERROR_TOO_LARGE || status == XD_ERROR_UNSUPPORTED,
                    "byte %zu gives %s", at, xd_status_name(status));
      spoiled.data[at] = file->data[at];
    }
}

START_TEST(dataset_mat__refuses_every_cut_and_survives_every_spoiled_byte) {
  bytes file;
  make_good(&file);
  check_cuts(&file);
  check_spoiled(&file);
}
END_TEST

static xd_status load_limited(xd_context *limited, void *user) {
  xd_dataset *set;
  (void)user;
  xd_status status = xd_dataset_load_mat(&set, limited, path);
  xd_dataset_release(set);
  return status;
}

START_TEST(dataset_mat__leaks_nothing_when_memory_is_refused) {
  bytes file;
  make_good(&file);
  write_bytes(&file);
  check_refusals(load_limited, NULL);
}
END_TEST

START_TEST(dataset_mat__stops_when_cancelled) {
  bytes file;
  xd_dataset *set;
  make_good(&file);
  write_bytes(&file);
  xd_context_cancel(context);
  assert_status(xd_dataset_load_mat(&set, context, path), XD_ERROR_CANCELLED);
  ck_assert_ptr_null(set);
}
END_TEST

/* ---- packed files ---- */

static void put_packed(bytes *to, const unsigned char *data, size_t size) {
#ifdef XDI_WITH_ZLIB
  unsigned char packed[4096];
  uLongf packed_size = sizeof packed;
  ck_assert_int_eq(compress2(packed, &packed_size, data, (uLong)size, 9), Z_OK);
  put_tag(to, COMPRESSED, (uint32_t)packed_size);
  put(to, packed, packed_size);
#else
  put_tag(to, COMPRESSED, (uint32_t)size);
  put(to, data, size);
#endif
}

/* A file of the same variables, each packed; nothing pads them. */
static void make_packed(bytes *to) {
  bytes x = {0, 0, {0}}, y = {0, 0, {0}};
  put_x(&x);
  put_y(&y);
  begin_file(to, 0);
  put_packed(to, x.data, x.size);
  put_packed(to, y.data, y.size);
}

#ifdef XDI_WITH_ZLIB

/* A variable in front moves the others by one byte after another: packed elements are not padded. */
START_TEST(dataset_mat__reads_packed_variables) {
  static const char text[] = "9f8a7s6d5h";
  bytes file;
  make_packed(&file);
  check_loads(&file);
  for (uint32_t size = 1; size < sizeof text; size++) {
    bytes note = {0, 0, {0}}, x = {0, 0, {0}}, y = {0, 0, {0}};
    put_matrix(&note, "note", CLASS_CHAR, (const uint32_t[]){1, size}, 2, UINT8, text, size);
    put_x(&x);
    put_y(&y);
    begin_file(&file, 0);
    put_packed(&file, note.data, note.size);
    put_packed(&file, x.data, x.size);
    put_packed(&file, y.data, y.size);
    check_loads(&file);
  }
}
END_TEST

START_TEST(dataset_mat__refuses_damaged_packing) {
  bytes file, x = {0, 0, {0}};
  make_packed(&file);
  file.data[136 + 2] ^= 0xFF;
  check_refused(&file, XD_ERROR_BAD_DATA, "damaged");
  make_packed(&file);
  uint32_t size = file.data[132];
  file.data[136 + size - 1] ^= 1; /* the checksum of X */
  check_refused(&file, XD_ERROR_BAD_DATA, "damaged");
  put_x(&x);
  x.size += 8; /* more than the matrix */
  begin_file(&file, 0);
  put_packed(&file, x.data, x.size);
  check_refused(&file, XD_ERROR_BAD_DATA, "goes on");
  begin_file(&file, 0);
  put_packed(&file, x.data, x.size - 24);
  check_refused(&file, XD_ERROR_TRUNCATED, "ends");
  begin_file(&file, 0);
  x.data[0] = COMPRESSED; /* a packed element in a packed element */
  put_packed(&file, x.data, x.size - 8);
  check_refused(&file, XD_ERROR_BAD_DATA, "type 15");
}
END_TEST

START_TEST(dataset_mat__refuses_promises_that_no_packing_can_keep) {
  counting_allocator counter = {0};
  xd_context *counted = test_context_with("reference", 1, &counter);
  const uint32_t sizes[] = {32, 32, 3, 600000}; /* 1.8 GB */
  bytes x = {0, 0, {0}}, file;
  xd_dataset *set;
  size_t begin;
  begin_matrix(&x, &begin);
  put_head(&x, "X", CLASS_UINT8, sizes, 4);
  put_tag(&x, UINT8, 32u * 32 * 3 * 600000);
  end_matrix(&x, begin);
  begin_file(&file, 0);
  put_packed(&file, x.data, x.size);
  write_bytes(&file);
  assert_status(xd_dataset_load_mat(&set, counted, path), XD_ERROR_TRUNCATED);
  ck_assert_uint_lt(atomic_load(&counter.peak_bytes), 1 << 20);
  xd_context_destroy(counted);
}
END_TEST

START_TEST(dataset_mat__survives_every_spoiled_byte_of_a_packed_file) {
  bytes file;
  make_packed(&file);
  check_cuts(&file);
  check_spoiled(&file);
  write_bytes(&file);
  check_refusals(load_limited, NULL);
}
END_TEST

#else

START_TEST(dataset_mat__says_that_packing_is_not_built_in) {
  bytes file;
  make_packed(&file);
  check_refused(&file, XD_ERROR_UNSUPPORTED, "zlib");
}
END_TEST

#endif

static Suite *make_suite(void) {
  Suite *suite = suite_create("dataset_mat");
  TCase *tcase = tcase_create("dataset_mat");
  tcase_add_checked_fixture(tcase, set_up, tear_down);
  tcase_add_test(tcase, dataset_mat__reads_pictures_and_labels);
  tcase_add_test(tcase, dataset_mat__reads_either_byte_order_and_either_variable_first);
  tcase_add_test(tcase, dataset_mat__passes_over_other_variables);
  tcase_add_test(tcase, dataset_mat__reads_labels_of_every_number_type);
  tcase_add_test(tcase, dataset_mat__reads_a_single_picture_and_grey);
  tcase_add_test(tcase, dataset_mat__refuses_other_files);
  tcase_add_test(tcase, dataset_mat__refuses_missing_and_double_variables);
  tcase_add_test(tcase, dataset_mat__refuses_pictures_that_cannot_be);
  tcase_add_test(tcase, dataset_mat__refuses_labels_that_cannot_be);
  tcase_add_test(tcase, dataset_mat__refuses_every_cut_and_survives_every_spoiled_byte);
  tcase_add_test(tcase, dataset_mat__leaks_nothing_when_memory_is_refused);
  tcase_add_test(tcase, dataset_mat__stops_when_cancelled);
#ifdef XDI_WITH_ZLIB
  tcase_add_test(tcase, dataset_mat__reads_packed_variables);
  tcase_add_test(tcase, dataset_mat__refuses_damaged_packing);
  tcase_add_test(tcase, dataset_mat__refuses_promises_that_no_packing_can_keep);
  tcase_add_test(tcase, dataset_mat__survives_every_spoiled_byte_of_a_packed_file);
#else
  tcase_add_test(tcase, dataset_mat__says_that_packing_is_not_built_in);
#endif
  suite_add_tcase(suite, tcase);
  return suite;
}

XD_SUITE_MAIN(make_suite)
