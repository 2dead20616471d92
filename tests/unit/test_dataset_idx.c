/* IDX files, plain and gzip: what is read, and that every damaged one is refused without a leak. */
#include "support.h"

#ifdef XDI_WITH_ZLIB
#include <zlib.h>
#endif

#include "refusals.h"
#include "xdomain/dataset.h"

static xd_context *context;
static char *folder;
static char images[TEST_PATH_SIZE], labels[TEST_PATH_SIZE];

static void set_up(void) {
  context = test_context("reference");
  folder = make_temp_folder();
  path_in(images, folder, "images");
  path_in(labels, folder, "labels");
}

static void tear_down(void) {
  xd_context_destroy(context);
  remove_folder(folder);
}

/* ---- building files ---- */

typedef struct bytes {
  size_t size;
  unsigned char data[4096];
} bytes;

static void put_big(bytes *to, uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8)
    to->data[to->size++] = (unsigned char)(value >> shift);
}

/* `dimensions` sizes after the magic, then elements 1, 2, 3, ... */
static void make_idx(bytes *to, uint32_t magic, const uint32_t *sizes, unsigned dimensions, size_t elements) {
  memset(to, 0, sizeof *to);
  put_big(to, magic);
  for (unsigned i = 0; i < dimensions; i++)
    put_big(to, sizes[i]);
  for (size_t i = 0; i < elements; i++)
    to->data[to->size++] = (unsigned char)(i + 1);
}

/* Three pictures, 2 high and 4 wide. */
static void make_images(bytes *to) {
  make_idx(to, 0x803, (const uint32_t[]){3, 2, 4}, 3, 24);
}

static void make_labels(bytes *to) {
  make_idx(to, 0x801, (const uint32_t[]){3}, 1, 3);
}

static void write_bytes(const char *path, const bytes *from) {
  write_test_file(path, from->data, from->size);
}

static void write_good_files(void) {
  bytes file;
  make_images(&file);
  write_bytes(images, &file);
  make_labels(&file);
  write_bytes(labels, &file);
}

/* ---- checking ---- */

static void check_set(const xd_dataset *set) {
  ck_assert_uint_eq(xd_dataset_count(set), 3);
  ck_assert_uint_eq(xd_dataset_height(set), 2);
  ck_assert_uint_eq(xd_dataset_width(set), 4);
  ck_assert_uint_eq(xd_dataset_channels(set), 1);
  for (uint32_t i = 0; i < 3; i++) {
    ck_assert_uint_eq(xd_dataset_label(set, i), i + 1);
    for (unsigned k = 0; k < 8; k++)
      ck_assert_uint_eq(xd_dataset_pixels(set, i)[k], 8 * i + k + 1);
  }
}

static void check_loads(void) {
  xd_dataset *set = NULL;
  assert_ok(context, xd_dataset_load_idx(&set, context, images, labels));
  check_set(set);
  xd_dataset_release(set);
}

/* The message names `word` and the file at fault. */
static void check_refused(const char *path, xd_status expected, const char *word) {
  xd_dataset *set = (xd_dataset *)&folder;
  assert_status(xd_dataset_load_idx(&set, context, images, labels), expected);
  ck_assert_ptr_null(set);
  assert_message_names(context, path);
  assert_message_names(context, word);
}

/* ---- plain files ---- */

START_TEST(dataset_idx__reads_pictures_and_labels) {
  write_good_files();
  check_loads();
}
END_TEST

START_TEST(dataset_idx__reads_colour) {
  bytes file;
  xd_dataset *set = NULL;
  make_idx(&file, 0x804, (const uint32_t[]){2, 1, 2, 3}, 4, 12);
  write_bytes(images, &file);
  assert_ok(context, xd_dataset_load_idx(&set, context, images, NULL));
  ck_assert_uint_eq(xd_dataset_count(set), 2);
  ck_assert_uint_eq(xd_dataset_height(set), 1);
  ck_assert_uint_eq(xd_dataset_width(set), 2);
  ck_assert_uint_eq(xd_dataset_channels(set), 3);
  ck_assert_mem_eq(xd_dataset_pixels(set, 1), "\7\10\11\12\13\14", 6);
  ck_assert_uint_eq(xd_dataset_label(set, 1), 0); /* without a label file */
  ck_assert_uint_eq(xd_dataset_class_size(set, 0), 2);
  xd_dataset_release(set);
}
END_TEST

START_TEST(dataset_idx__refuses_wrong_magic) {
  const struct {
    uint32_t magic;
    const char *word;
  } cases[] = {{0x802, "0x00000802"},      {0x805, "0x00000805"},     {0x801, "0x00000801"},
               {0xD03, "type 0x0d"},       {0x903, "type 0x09"},      {0x00010803, "0x00010803"},
               {0x03080000, "0x03080000"}, {0x89504E47, "0x89504e47"}};
  bytes file;
  write_good_files();
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    make_idx(&file, cases[i].magic, (const uint32_t[]){3, 2, 4}, 3, 24);
    write_bytes(images, &file);
    check_refused(images, XD_ERROR_BAD_DATA, cases[i].word);
  }
  write_good_files();
  make_images(&file);
  write_bytes(labels, &file);
  check_refused(labels, XD_ERROR_BAD_DATA, "0x00000803");
}
END_TEST

START_TEST(dataset_idx__refuses_impossible_sizes) {
  const struct {
    uint32_t magic, sizes[4];
    xd_status expected;
    const char *word;
  } cases[] = {
      {0x803, {0, 2, 4, 0}, XD_ERROR_BAD_DATA, "0 pictures"},
      {0x803, {3, 0, 4, 0}, XD_ERROR_BAD_DATA, "4x0"},
      {0x803, {3, 2, 0, 0}, XD_ERROR_BAD_DATA, "0x2"},
      {0x803, {3, 65536, 4, 0}, XD_ERROR_BAD_DATA, "65536"},
      {0x804, {3, 2, 4, 2}, XD_ERROR_BAD_DATA, "2 channels"},
      {0x804, {3, 2, 4, 0}, XD_ERROR_BAD_DATA, "0 channels"},
      {0x803, {UINT32_MAX, 65535, 65535, 0}, XD_ERROR_TOO_LARGE, "more than"},
      {0x804, {UINT32_MAX, 65535, 65535, 3}, XD_ERROR_TOO_LARGE, "more than"},
      {0x803, {0x40000001, 1, 2, 0}, XD_ERROR_TOO_LARGE, "more than"}, /* 2 GiB and 2 */
      {0x803, {0x40000000, 1, 2, 0}, XD_ERROR_TRUNCATED, "promises"},  /* 2 GiB, of which 24 are there */
      {0x803, {4, 2, 4, 0}, XD_ERROR_TRUNCATED, "promises"}};
  bytes file;
  write_good_files();
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    make_idx(&file, cases[i].magic, cases[i].sizes, cases[i].magic & 0xFF, 24);
    write_bytes(images, &file);
    check_refused(images, cases[i].expected, cases[i].word);
  }
}
END_TEST

START_TEST(dataset_idx__refuses_other_numbers_of_labels) {
  bytes file;
  write_good_files();
  for (uint32_t count = 0; count < 6; count++) {
    make_idx(&file, 0x801, &count, 1, count);
    write_bytes(labels, &file);
    if (count == 3)
      check_loads();
    else
      check_refused(labels, XD_ERROR_BAD_DATA, "3 pictures");
  }
  make_idx(&file, 0x801, &(const uint32_t){3}, 1, 2);
  write_bytes(labels, &file);
  check_refused(labels, XD_ERROR_TRUNCATED, "promises");
}
END_TEST

START_TEST(dataset_idx__refuses_trailing_bytes) {
  bytes file;
  write_good_files();
  make_images(&file);
  file.size++;
  write_bytes(images, &file);
  check_refused(images, XD_ERROR_BAD_DATA, "goes on");
  write_good_files();
  make_labels(&file);
  file.size++;
  write_bytes(labels, &file);
  check_refused(labels, XD_ERROR_BAD_DATA, "goes on");
}
END_TEST

START_TEST(dataset_idx__refuses_every_cut) {
  bytes file;
  write_good_files();
  make_images(&file);
  for (size_t size = file.size; size-- > 0;) {
    write_test_file(images, file.data, size);
    check_refused(images, XD_ERROR_TRUNCATED, "promises");
  }
  write_good_files();
  make_labels(&file);
  for (size_t size = file.size; size-- > 0;) {
    write_test_file(labels, file.data, size);
    check_refused(labels, XD_ERROR_TRUNCATED, "promises");
  }
}
END_TEST

START_TEST(dataset_idx__names_missing_files) {
  write_good_files();
  ck_assert_int_eq(remove(labels), 0);
  check_refused(labels, XD_ERROR_NOT_FOUND, "labels");
  ck_assert_int_eq(remove(images), 0);
  check_refused(images, XD_ERROR_NOT_FOUND, "images");
  xd_dataset *set = (xd_dataset *)&folder;
  assert_status(xd_dataset_load_idx(&set, context, folder, NULL), XD_ERROR_IO);
  ck_assert_ptr_null(set);
}
END_TEST

START_TEST(dataset_idx__refuses_files_larger_than_any_set) {
  write_good_files();
  ck_assert_int_eq(truncate(images, ((off_t)2 << 30) + 4097), 0);
  check_refused(images, XD_ERROR_TOO_LARGE, "limit");
}
END_TEST

START_TEST(dataset_idx__refuses_missing_arguments) {
  xd_dataset *set;
  assert_status(xd_dataset_load_idx(NULL, context, images, labels), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_dataset_load_idx(&set, context, NULL, labels), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_dataset_load_idx(&set, NULL, images, labels), XD_ERROR_INVALID_ARGUMENT);
}
END_TEST

static xd_status load_limited(xd_context *limited, void *user) {
  xd_dataset *set;
  (void)user;
  xd_status status = xd_dataset_load_idx(&set, limited, images, labels);
  xd_dataset_release(set);
  return status;
}

START_TEST(dataset_idx__leaks_nothing_when_memory_is_refused) {
  write_good_files();
  check_refusals(load_limited, NULL);
}
END_TEST

START_TEST(dataset_idx__stops_when_cancelled) {
  xd_dataset *set = NULL;
  write_good_files();
  xd_context_cancel(context);
  assert_status(xd_dataset_load_idx(&set, context, images, labels), XD_ERROR_CANCELLED);
  xd_context_clear_cancel(context);
  check_loads();
}
END_TEST

/* ---- gzip ---- */

#ifdef XDI_WITH_ZLIB

/* Appends a gzip member of `size` bytes. */
static void put_gzip(bytes *to, const unsigned char *data, size_t size) {
  z_stream stream;
  memset(&stream, 0, sizeof stream);
  ck_assert_int_eq(deflateInit2(&stream, 9, Z_DEFLATED, 16 + 15, 8, Z_DEFAULT_STRATEGY), Z_OK);
  stream.next_in = (unsigned char *)(uintptr_t)data;
  stream.avail_in = (uInt)size;
  stream.next_out = to->data + to->size;
  stream.avail_out = (uInt)(sizeof to->data - to->size);
  ck_assert_int_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
  to->size += stream.total_out;
  deflateEnd(&stream);
}

static void write_gzip(const char *path, const bytes *from) {
  bytes packed = {0, {0}};
  put_gzip(&packed, from->data, from->size);
  write_bytes(path, &packed);
}

START_TEST(dataset_idx__reads_gzip_by_its_content) {
  bytes file;
  write_good_files();
  make_images(&file);
  write_gzip(images, &file);
  check_loads(); /* one packed, one plain */
  make_labels(&file);
  write_gzip(labels, &file);
  check_loads();
}
END_TEST

START_TEST(dataset_idx__reads_gzip_of_several_members) {
  bytes file, packed = {0, {0}};
  write_good_files();
  make_images(&file);
  put_gzip(&packed, file.data, 10);
  put_gzip(&packed, file.data + 10, 20);
  put_gzip(&packed, file.data + 30, file.size - 30);
  put_gzip(&packed, file.data, 0);
  write_bytes(images, &packed);
  check_loads();
}
END_TEST

START_TEST(dataset_idx__reads_gzip_of_many_pieces) {
  const uint32_t count = 3000, side = 30; /* 2.7 million bytes, more than are inflated at once */
  size_t size = 16 + (size_t)count * side * side;
  bytes header = {0, {0}};
  unsigned char *file = malloc(size);
  xd_dataset *set = NULL;
  ck_assert_ptr_nonnull(file);
  put_big(&header, 0x803);
  put_big(&header, count);
  put_big(&header, side);
  put_big(&header, side);
  memcpy(file, header.data, 16);
  for (size_t i = 16; i < size; i++)
    file[i] = (unsigned char)(i * 2654435761u >> 24);
  gzFile packed = gzopen(images, "wb1");
  ck_assert_ptr_nonnull(packed);
  ck_assert_int_eq(gzwrite(packed, file, (unsigned)size), (int)size);
  ck_assert_int_eq(gzclose(packed), Z_OK);
  assert_ok(context, xd_dataset_load_idx(&set, context, images, NULL));
  ck_assert_uint_eq(xd_dataset_count(set), count);
  for (uint32_t i = 0; i < count; i++)
    ck_assert_mem_eq(xd_dataset_pixels(set, i), file + 16 + (size_t)i * side * side, side * side);
  xd_dataset_release(set);
  free(file);
}
END_TEST

START_TEST(dataset_idx__refuses_damaged_gzip) {
  bytes file, packed = {0, {0}};
  write_good_files();
  make_images(&file);
  put_gzip(&packed, file.data, file.size);
  bytes spoiled = packed;
  spoiled.data[spoiled.size - 8] ^= 1; /* its CRC-32 */
  write_bytes(images, &spoiled);
  check_refused(images, XD_ERROR_BAD_DATA, "damaged");
  spoiled = packed;
  spoiled.data[spoiled.size - 1] ^= 1; /* its length */
  write_bytes(images, &spoiled);
  check_refused(images, XD_ERROR_BAD_DATA, "damaged");
  spoiled = packed;
  spoiled.data[2] = 7; /* its method */
  write_bytes(images, &spoiled);
  check_refused(images, XD_ERROR_BAD_DATA, "damaged");
}
END_TEST

START_TEST(dataset_idx__refuses_every_cut_of_a_gzip) {
  bytes file, packed = {0, {0}};
  write_good_files();
  make_images(&file);
  put_gzip(&packed, file.data, file.size);
  for (size_t size = packed.size; size-- > 2;) {
    write_test_file(images, packed.data, size);
    check_refused(images, XD_ERROR_TRUNCATED, "promises");
  }
}
END_TEST

START_TEST(dataset_idx__refuses_gzip_that_holds_too_much_or_too_little) {
  bytes file, packed = {0, {0}};
  write_good_files();
  make_images(&file);
  file.size++;
  write_gzip(images, &file);
  check_refused(images, XD_ERROR_BAD_DATA, "goes on");
  make_images(&file);
  file.size--;
  write_gzip(images, &file);
  check_refused(images, XD_ERROR_TRUNCATED, "promises");
  make_images(&file);
  put_gzip(&packed, file.data, file.size);
  packed.data[packed.size++] = 'x';
  write_bytes(images, &packed);
  check_refused(images, XD_ERROR_BAD_DATA, "goes on");
  packed.size--;
  put_gzip(&packed, file.data, 1); /* another member with another byte */
  write_bytes(images, &packed);
  check_refused(images, XD_ERROR_BAD_DATA, "goes on");
}
END_TEST

/* The promise is refused for what deflate can do at all, before 2 GiB are asked for. */
START_TEST(dataset_idx__refuses_promises_that_no_gzip_can_keep) {
  counting_allocator counter = {0};
  xd_context *counted = test_context_with("reference", 1, &counter);
  xd_dataset *set = NULL;
  bytes file;
  make_idx(&file, 0x803, (const uint32_t[]){0x40000000, 1, 2}, 3, 24);
  write_gzip(images, &file);
  assert_status(xd_dataset_load_idx(&set, counted, images, NULL), XD_ERROR_TRUNCATED);
  ck_assert_uint_lt(atomic_load(&counter.peak_bytes), 1 << 20);
  xd_context_destroy(counted);
}
END_TEST

START_TEST(dataset_idx__leaks_nothing_when_memory_for_gzip_is_refused) {
  bytes file;
  make_images(&file);
  write_gzip(images, &file);
  make_labels(&file);
  write_gzip(labels, &file);
  check_refusals(load_limited, NULL);
}
END_TEST

#else

START_TEST(dataset_idx__says_that_gzip_is_not_built_in) {
  write_good_files();
  write_test_file(images, "\x1f\x8b\x08\0\0\0\0\0", 8);
  check_refused(images, XD_ERROR_UNSUPPORTED, "zlib");
}
END_TEST

#endif

static Suite *make_suite(void) {
  Suite *suite = suite_create("dataset_idx");
  TCase *tcase = tcase_create("dataset_idx");
  tcase_add_checked_fixture(tcase, set_up, tear_down);
  tcase_add_test(tcase, dataset_idx__reads_pictures_and_labels);
  tcase_add_test(tcase, dataset_idx__reads_colour);
  tcase_add_test(tcase, dataset_idx__refuses_wrong_magic);
  tcase_add_test(tcase, dataset_idx__refuses_impossible_sizes);
  tcase_add_test(tcase, dataset_idx__refuses_other_numbers_of_labels);
  tcase_add_test(tcase, dataset_idx__refuses_trailing_bytes);
  tcase_add_test(tcase, dataset_idx__refuses_every_cut);
  tcase_add_test(tcase, dataset_idx__names_missing_files);
  tcase_add_test(tcase, dataset_idx__refuses_files_larger_than_any_set);
  tcase_add_test(tcase, dataset_idx__refuses_missing_arguments);
  tcase_add_test(tcase, dataset_idx__leaks_nothing_when_memory_is_refused);
  tcase_add_test(tcase, dataset_idx__stops_when_cancelled);
#ifdef XDI_WITH_ZLIB
  tcase_add_test(tcase, dataset_idx__reads_gzip_by_its_content);
  tcase_add_test(tcase, dataset_idx__reads_gzip_of_several_members);
  tcase_add_test(tcase, dataset_idx__reads_gzip_of_many_pieces);
  tcase_add_test(tcase, dataset_idx__refuses_damaged_gzip);
  tcase_add_test(tcase, dataset_idx__refuses_every_cut_of_a_gzip);
  tcase_add_test(tcase, dataset_idx__refuses_gzip_that_holds_too_much_or_too_little);
  tcase_add_test(tcase, dataset_idx__refuses_promises_that_no_gzip_can_keep);
  tcase_add_test(tcase, dataset_idx__leaks_nothing_when_memory_for_gzip_is_refused);
#else
  tcase_add_test(tcase, dataset_idx__says_that_gzip_is_not_built_in);
#endif
  suite_add_tcase(suite, tcase);
  return suite;
}

XD_SUITE_MAIN(make_suite)
