/* Picture files: what each kind decodes to, and that every damaged one is refused without a leak. Files
 * are built here, byte by byte, so that each can be spoiled where it hurts. */
#include "support.h"

#include "jpeg_bytes.h"
#include "picture_bytes.h"
#include "refusals.h"
#include "xdomain/image.h"

static xd_context *context;
static char *folder;
static char path[TEST_PATH_SIZE];

static void set_up(void) {
  xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
  options.backend = "reference";
  options.picture_pixels = 1 << 28; /* so that files are refused for what is wrong with them */
  assert_status(xd_context_create(&context, &options), XD_OK);
  folder = make_temp_folder();
  path_in(path, folder, "picture");
}

static void tear_down(void) {
  xd_context_destroy(context);
  remove_folder(folder);
}

/* ---- building files ---- */

/* A BMP of `header_size` with what stands between header and pixels, and the pixels. */
static void make_bmp(bytes *to, uint32_t header_size, uint32_t width, uint32_t height, unsigned depth,
                     uint32_t compression, const void *between, size_t between_size, const void *pixels,
                     size_t pixels_size) {
  const size_t within = header_size > 40 ? 16 : 0; /* its masks are part of the header */
  to->size = 0;
  put(to, "BM", 2);
  put_little(to, 0, 4);
  put_little(to, 0, 4);
  put_little(to, (uint32_t)(14 + header_size + between_size - within), 4);
  put_little(to, header_size, 4);
  put_little(to, width, header_size == 12 ? 2 : 4);
  put_little(to, height, header_size == 12 ? 2 : 4);
  put_little(to, 1, 2);
  put_little(to, depth, 2);
  if (header_size > 12)
    put_little(to, compression, 4);
  if (header_size > 12)
    for (unsigned i = 20; i < 40; i += 4)
      put_little(to, 0, 4);
  if (header_size > 40) {
    put(to, between, within);
    for (unsigned i = 56; i < header_size; i++)
      put_little(to, 0, 1);
  }
  put(to, (const char *)between + within, between_size - within);
  put(to, pixels, pixels_size);
}

/* ---- checking ---- */

/* What a decoder does not write it must not read: a dirty stack would show. */
static void dirty_stack(void) {
  volatile unsigned char dirt[65536];
  for (size_t i = 0; i < sizeof dirt; i++)
    dirt[i] = 0xAA;
}

static void check_pixels(const bytes *file, uint32_t width, uint32_t height, xd_sample sample,
                         xd_layout layout, const void *expected) {
  xd_picture *picture = NULL;
  xd_image image = XD_IMAGE_INIT;
  dirty_stack();
  assert_ok(context, xd_picture_load_source(&picture, context, in_memory(file->data, file->size)));
  assert_status(xd_picture_view(picture, &image), XD_OK);
  ck_assert_uint_eq(image.width, width);
  ck_assert_uint_eq(image.height, height);
  ck_assert_uint_eq(image.sample, sample);
  ck_assert_uint_eq(image.layout, layout);
  ck_assert_mem_eq(image.pixels, expected,
                   width * height * xd_layout_channels(layout) * xd_sample_size(sample));
  xd_picture_destroy(picture);
}

static void check_refused(const bytes *file, xd_status expected, const char *word) {
  xd_picture *picture = (xd_picture *)&file;
  assert_status(xd_picture_load_source(&picture, context, in_memory(file->data, file->size)), expected);
  ck_assert_ptr_null(picture);
  assert_message_names(context, word);
}

/* In a block of its own size, so that a sanitizer sees a read beyond it. */
static xd_status load_copy(const unsigned char *data, size_t size) {
  unsigned char *copy = malloc(size ? size : 1);
  xd_picture *picture = NULL;
  ck_assert_ptr_nonnull(copy);
  memcpy(copy, data, size);
  xd_status status = xd_picture_load_source(&picture, context, in_memory(copy, size));
  free(copy);
  ck_assert((status == XD_OK) == (picture != NULL));
  xd_picture_destroy(picture);
  return status;
}

/* Whatever is left of the file up to `needed`, it is refused. */
static void check_cuts(const unsigned char *data, size_t size, size_t needed) {
  ck_assert_int_eq(load_copy(data, size), XD_OK);
  for (size_t left = 0; left < needed; left++) {
    xd_status status = load_copy(data, left);
    ck_assert_msg(status == XD_ERROR_TRUNCATED || status == XD_ERROR_BAD_DATA, "%zu of %zu bytes give %s",
                  left, size, xd_status_name(status));
  }
}

/* Every bit of the file turned: an error of the file's kind or a picture, never anything worse. */
static void check_flips(const unsigned char *data, size_t size) {
  unsigned char *copy = malloc(size);
  ck_assert_ptr_nonnull(copy);
  for (size_t bit = 0; bit < 8 * size; bit++) {
    memcpy(copy, data, size);
    copy[bit / 8] ^= (unsigned char)(1u << bit % 8);
    xd_status status = load_copy(copy, size);
    ck_assert_msg(status == XD_OK || status == XD_ERROR_BAD_DATA || status == XD_ERROR_TRUNCATED ||
                      status == XD_ERROR_TOO_LARGE || status == XD_ERROR_UNSUPPORTED,
                  "bit %zu gives %s", bit, xd_status_name(status));
  }
  free(copy);
}

static xd_status load_limited(xd_context *limited, void *user) {
  const bytes *file = user;
  xd_picture *picture;
  xd_status status = xd_picture_load_source(&picture, limited, in_memory(file->data, file->size));
  xd_picture_destroy(picture);
  return status;
}

/* ---- saving ---- */

START_TEST(png__comes_back_as_it_was_saved) {
  const xd_layout layouts[] = {XD_LAYOUT_GREY, XD_LAYOUT_GREY_ALPHA, XD_LAYOUT_RGB, XD_LAYOUT_RGBA};
  static unsigned char pixels[37 * 23 * 4];
  for (size_t i = 0; i < sizeof pixels; i++)
    pixels[i] = (unsigned char)(i * i / 7 + (i % 5) * 40);
  for (unsigned f = 0; f < 4; f++) {
    xd_image image = XD_IMAGE_INIT;
    bytes file;
    size_t size;
    xd_image_init(&image, sizeof image, pixels, 37, 23, XD_SAMPLE_U8, layouts[f]);
    assert_ok(context, xd_image_save_png(context, path, &image));
    unsigned char *saved = read_test_file(path, &size);
    file.size = 0;
    put(&file, saved, size);
    free(saved);
    check_pixels(&file, 37, 23, XD_SAMPLE_U8, layouts[f], pixels);
    xd_picture *picture = NULL;
    assert_ok(context, xd_picture_load(&picture, context, path));
    xd_picture_destroy(picture);
  }
  ck_assert_int_eq(count_entries(folder), 1);
}
END_TEST

START_TEST(png__saves_floats_and_bottom_up_views) {
  float pixels[] = {0.0f, 1.0f, 0.2f, 2.0f};
  const unsigned char expected[] = {51, 255, 0, 255};
  xd_image image = XD_IMAGE_INIT;
  bytes file = {0, {0}};
  size_t size;
  xd_image_init(&image, sizeof image, pixels + 2, 2, 2, XD_SAMPLE_F32, XD_LAYOUT_GREY);
  image.row_stride = -(ptrdiff_t)(2 * sizeof(float));
  assert_ok(context, xd_image_save_png(context, path, &image));
  unsigned char *saved = read_test_file(path, &size);
  put(&file, saved, size);
  free(saved);
  check_pixels(&file, 2, 2, XD_SAMPLE_U8, XD_LAYOUT_GREY, expected);
}
END_TEST

START_TEST(png__leaves_the_old_file_when_saving_fails) {
  unsigned char pixel = 7;
  char missing[TEST_PATH_SIZE];
  xd_image image = XD_IMAGE_INIT;
  xd_image_init(&image, sizeof image, &pixel, 1, 1, XD_SAMPLE_U8, XD_LAYOUT_GREY);
  assert_status(xd_image_save_png(context, path_in(missing, folder, "none/picture.png"), &image),
                XD_ERROR_NOT_FOUND);
  assert_message_names(context, "none/picture.png");
  ck_assert_int_eq(count_entries(folder), 0);
  assert_status(xd_image_save_png(context, NULL, &image), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_image_save_png(NULL, path, &image), XD_ERROR_INVALID_ARGUMENT);
}
END_TEST

static xd_status save_limited(xd_context *limited, void *user) {
  xd_status status = xd_image_save_png(limited, path, user);
  if (status != XD_OK)
    ck_assert_int_eq(count_entries(folder), 0);
  return status;
}

START_TEST(png__saving_leaks_nothing_when_memory_is_refused) {
  static unsigned char pixels[64 * 64 * 3];
  xd_image image = XD_IMAGE_INIT;
  for (size_t i = 0; i < sizeof pixels; i++)
    pixels[i] = (unsigned char)(i * 2654435761u >> 13);
  xd_image_init(&image, sizeof image, pixels, 64, 64, XD_SAMPLE_U8, XD_LAYOUT_RGB);
  check_refusals(save_limited, &image);
  ck_assert_int_eq(count_entries(folder), 1);
}
END_TEST

/* ---- PNG ---- */

static void make_grey_png(bytes *to) {
  const unsigned char rows[] = {0, 10, 20, 30, 1, 40, 10, 10}; /* the second row by differences */
  begin_png(to, 3, 2, 8, 0);
  put_rows(to, rows, sizeof rows);
  end_png(to);
}

START_TEST(png__decodes_every_kind_of_pixel) {
  bytes file;
  make_grey_png(&file);
  check_pixels(&file, 3, 2, XD_SAMPLE_U8, XD_LAYOUT_GREY, (const unsigned char[]){10, 20, 30, 40, 50, 60});
  begin_png(&file, 2, 1, 8, 4);
  put_rows(&file, (const unsigned char[]){0, 9, 100, 200, 255}, 5);
  end_png(&file);
  check_pixels(&file, 2, 1, XD_SAMPLE_U8, XD_LAYOUT_GREY_ALPHA, (const unsigned char[]){9, 100, 200, 255});
  begin_png(&file, 1, 1, 16, 2);
  put_rows(&file, (const unsigned char[]){0, 1, 0xFF, 128, 0, 255, 9}, 7);
  end_png(&file);
  check_pixels(&file, 1, 1, XD_SAMPLE_U16, XD_LAYOUT_RGB, (const uint16_t[]){0x1FF, 0x8000, 0xFF09});
  begin_png(&file, 10, 1, 1, 0);
  put_rows(&file, (const unsigned char[]){0, 0xA5, 0x40}, 3);
  end_png(&file);
  check_pixels(&file, 10, 1, XD_SAMPLE_U8, XD_LAYOUT_GREY,
               (const unsigned char[]){255, 0, 255, 0, 0, 255, 0, 255, 0, 255});
  begin_png(&file, 2, 1, 8, 0);
  put_chunk(&file, "tRNS", "\0\5", 2);
  put_rows(&file, (const unsigned char[]){0, 5, 6}, 3);
  end_png(&file);
  check_pixels(&file, 2, 1, XD_SAMPLE_U8, XD_LAYOUT_GREY_ALPHA, (const unsigned char[]){5, 0, 6, 255});
}
END_TEST

START_TEST(png__decodes_palettes_and_blackens_what_is_beyond_them) {
  bytes file;
  begin_png(&file, 4, 1, 8, 3);
  put_chunk(&file, "PLTE", (const unsigned char[]){1, 2, 3, 4, 5, 6}, 6);
  put_rows(&file, (const unsigned char[]){0, 1, 0, 2, 255}, 5);
  end_png(&file);
  check_pixels(&file, 4, 1, XD_SAMPLE_U8, XD_LAYOUT_RGB,
               (const unsigned char[]){4, 5, 6, 1, 2, 3, 0, 0, 0, 0, 0, 0});
  begin_png(&file, 2, 1, 8, 3);
  put_chunk(&file, "PLTE", (const unsigned char[]){1, 2, 3, 4, 5, 6}, 6);
  put_chunk(&file, "tRNS", (const unsigned char[]){77}, 1);
  put_rows(&file, (const unsigned char[]){0, 1, 0}, 3);
  end_png(&file);
  check_pixels(&file, 2, 1, XD_SAMPLE_U8, XD_LAYOUT_RGBA, (const unsigned char[]){4, 5, 6, 255, 1, 2, 3, 77});
}
END_TEST

START_TEST(png__refuses_what_is_damaged) {
  bytes file;
  make_grey_png(&file);
  bytes spoiled = file;
  spoiled.data[45] ^= 1; /* in IDAT */
  check_refused(&spoiled, XD_ERROR_BAD_DATA, "checksum");
  spoiled = file;
  spoiled.data[12] = 'J';
  check_refused(&spoiled, XD_ERROR_BAD_DATA, "checksum");
  spoiled = file;
  spoiled.size -= 12;
  check_refused(&spoiled, XD_ERROR_TRUNCATED, "ends");
  begin_png(&spoiled, 3, 2, 8, 0);
  end_png(&spoiled);
  check_refused(&spoiled, XD_ERROR_BAD_DATA, "without pixels");
  begin_png(&spoiled, 3, 2, 8, 0);
  put_rows(&spoiled, (const unsigned char[]){0, 10, 20, 30, 1, 40, 10}, 7); /* one byte short */
  end_png(&spoiled);
  check_refused(&spoiled, XD_ERROR_BAD_DATA, "damaged");
  begin_png(&spoiled, 3, 2, 8, 0);
  put_chunk(&spoiled, "IDAT", "\x78\x01\x07\0\0", 5); /* a block of no type */
  end_png(&spoiled);
  check_refused(&spoiled, XD_ERROR_BAD_DATA, "damaged");
  spoiled.size = 0;
  put(&spoiled, "\x89PNG\r\n\x1a\n", 8);
  put_chunk(&spoiled, "CgBI", "\x50\0\x20\x02", 4);
  put(&spoiled, file.data + 8, file.size - 8);
  check_refused(&spoiled, XD_ERROR_BAD_DATA, "IHDR");
}
END_TEST

START_TEST(png__refuses_sizes_that_cannot_be) {
  const struct {
    uint32_t width, height;
    unsigned char depth, colour;
    xd_status expected;
  } cases[] = {{0, 2, 8, 0, XD_ERROR_BAD_DATA},          {3, 0, 8, 0, XD_ERROR_BAD_DATA},
               {65536, 2, 8, 0, XD_ERROR_TOO_LARGE},     {3, UINT32_MAX, 8, 0, XD_ERROR_TOO_LARGE},
               {65535, 65535, 8, 6, XD_ERROR_TOO_LARGE}, {16384, 16384, 8, 6, XD_ERROR_TRUNCATED},
               {1000, 1000, 1, 0, XD_ERROR_TRUNCATED},   {3, 2, 8, 5, XD_ERROR_BAD_DATA},
               {3, 2, 0, 0, XD_ERROR_BAD_DATA},          {3, 2, 7, 0, XD_ERROR_BAD_DATA}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    bytes file;
    begin_png(&file, cases[i].width, cases[i].height, cases[i].depth, cases[i].colour);
    put_rows(&file, (const unsigned char[]){0, 10, 20, 30, 0, 40, 50, 60}, 8);
    end_png(&file);
    check_refused(&file, cases[i].expected, "memory");
  }
}
END_TEST

START_TEST(png__refuses_every_cut_and_survives_every_turned_bit) {
  bytes file;
  make_grey_png(&file);
  check_cuts(file.data, file.size, file.size);
  check_flips(file.data, file.size);
}
END_TEST

START_TEST(png__refuses_headers_that_are_none) {
  static const struct { unsigned char depth, colour; } kinds[] = {{8, 1}, {8, 5}, {8, 7}, {0, 0}, {17, 0}};
  bytes file;
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    begin_png(&file, 3, 2, kinds[i].depth, kinds[i].colour);
    put_rows(&file, (const unsigned char[8]){0}, 8);
    end_png(&file);
    check_refused(&file, XD_ERROR_BAD_DATA, "PNG colour type");
  }
  file.size = 0;
  put(&file, "\x89PNG\r\n\x1a\n", 8);
  put_chunk(&file, "IHDR", "\0\0\0\1\0\0\0\1\10\0\0", 11); /* two bytes short */
  end_png(&file);
  check_refused(&file, XD_ERROR_BAD_DATA, "does not begin with IHDR");
}
END_TEST

/* ---- JPEG ---- */

static void check_near(const unsigned char *pixel, unsigned channels, const unsigned char *expected,
                       int tolerance) {
  for (unsigned c = 0; c < channels; c++)
    ck_assert_msg(abs((int)pixel[c] - (int)expected[c]) <= tolerance, "channel %u is %u, not %u", c, pixel[c],
                  expected[c]);
}

START_TEST(jpeg__decodes_baseline_grey) {
  xd_picture *picture = NULL;
  xd_image image = XD_IMAGE_INIT;
  assert_ok(context, xd_picture_load_source(&picture, context, in_memory(grey_jpeg, sizeof grey_jpeg)));
  assert_status(xd_picture_view(picture, &image), XD_OK);
  ck_assert_uint_eq(image.width, 16);
  ck_assert_uint_eq(image.height, 8);
  ck_assert_uint_eq(image.layout, XD_LAYOUT_GREY);
  for (unsigned y = 0; y < 8; y++)
    for (unsigned x = 0; x < 16; x++)
      check_near((const unsigned char *)image.pixels + y * 16 + x, 1,
                 &(const unsigned char){(unsigned char)(16 * x)}, 6);
  xd_picture_destroy(picture);
}
END_TEST

START_TEST(jpeg__decodes_progressive_colour) {
  const unsigned char left[] = {200, 30, 60}, right[] = {20, 180, 220};
  xd_picture *picture = NULL;
  xd_image image = XD_IMAGE_INIT;
  assert_ok(context, xd_picture_load_source(&picture, context, in_memory(colour_jpeg, sizeof colour_jpeg)));
  assert_status(xd_picture_view(picture, &image), XD_OK);
  ck_assert_uint_eq(image.width, 16);
  ck_assert_uint_eq(image.height, 16);
  ck_assert_uint_eq(image.layout, XD_LAYOUT_RGB);
  for (unsigned y = 0; y < 16; y++) {
    const unsigned char *row = (const unsigned char *)image.pixels + y * 48;
    check_near(row + 3 * 2, 3, left, 12);
    check_near(row + 3 * 13, 3, right, 12);
  }
  xd_picture_destroy(picture);
}
END_TEST

static void take_grey_jpeg(bytes *to) {
  to->size = 0;
  put(to, grey_jpeg, sizeof grey_jpeg);
}

/* Where the two bytes FF `marker` first stand. */
static size_t find_marker(const bytes *file, unsigned char marker) {
  for (size_t i = 0; i + 1 < file->size; i++)
    if (file->data[i] == 0xFF && file->data[i + 1] == marker)
      return i;
  ck_abort_msg("no marker %02x", marker);
  return 0;
}

/* Three components of which the first has across x down samples for one of the others, 16x16, grey: every
 * coefficient is 0, and the only code of each table is one bit 0. */
static void make_sampled_jpeg(bytes *to, unsigned char across, unsigned char down) {
  static const unsigned char tables[] = {0xFF, 0xDB, 0, 67, 0};
  static const unsigned char codes[] = {0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  static const unsigned char scan[] = {0xFF, 0xDA, 0, 12, 3, 1, 0, 2, 0, 3, 0, 0, 63, 0};
  const unsigned char sampling = (unsigned char)(across << 4 | down);
  const unsigned char frame[] = {0xFF, 0xC0,     0, 17, 8,    0, 16, 0,    16, 3,
                                 1,    sampling, 0, 2,  0x11, 0, 3,  0x11, 0};
  to->size = 0;
  put(to, "\xff\xd8", 2);
  put(to, tables, sizeof tables);
  for (int i = 0; i < 64; i++)
    put(to, "\1", 1);
  put(to, frame, sizeof frame);
  for (unsigned char kind = 0; kind < 2; kind++) {
    put(to, "\xff\xc4\0\x14", 4);
    put(to, (const unsigned char[]){(unsigned char)(kind << 4)}, 1);
    put(to, codes + 1, 17);
  }
  put(to, scan, sizeof scan);
  for (int i = 0; i < 64; i++)
    put(to, "", 1);
  put(to, "\xff\xd9", 2);
}

START_TEST(jpeg__decodes_every_sampling) {
  static const unsigned char samplings[][2] = {{1, 1}, {2, 1}, {1, 2}, {2, 2}, {4, 1}, {1, 4}};
  unsigned char expected[16 * 16 * 3];
  bytes file;
  memset(expected, 128, sizeof expected);
  for (size_t i = 0; i < sizeof samplings / sizeof *samplings; i++) {
    make_sampled_jpeg(&file, samplings[i][0], samplings[i][1]);
    check_pixels(&file, 16, 16, XD_SAMPLE_U8, XD_LAYOUT_RGB, expected);
  }
  make_sampled_jpeg(&file, 3, 1);
  file.data[find_marker(&file, 0xC0) + 14] = 0x21; /* two samples do not divide three */
  check_refused(&file, XD_ERROR_BAD_DATA, "damaged");
}
END_TEST

/* A height that is said again after the scan must be the frame's. */
START_TEST(jpeg__holds_a_second_height_to_the_first) {
  for (unsigned char height = 8; height < 10; height++) {
    const unsigned char again[] = {0xFF, 0xDC, 0, 4, 0, height, 0xFF, 0xD9};
    bytes file;
    take_grey_jpeg(&file);
    file.size -= 2;
    put(&file, again, sizeof again);
    if (height == 8)
      ck_assert_int_eq(load_copy(file.data, file.size), XD_OK);
    else
      check_refused(&file, XD_ERROR_BAD_DATA, "damaged");
  }
}
END_TEST

START_TEST(jpeg__refuses_other_processes) {
  bytes file;
  take_grey_jpeg(&file);
  size_t frame = find_marker(&file, 0xC0);
  file.data[frame + 1] = 0xC9;
  check_refused(&file, XD_ERROR_UNSUPPORTED, "process 9");
  take_grey_jpeg(&file);
  file.data[frame + 4] = 12;
  check_refused(&file, XD_ERROR_UNSUPPORTED, "12 bits");
  take_grey_jpeg(&file);
  file.data[frame + 6] = 0; /* its height comes later */
  check_refused(&file, XD_ERROR_UNSUPPORTED, "height");
}
END_TEST

START_TEST(jpeg__refuses_what_is_damaged) {
  bytes file;
  take_grey_jpeg(&file);
  size_t frame = find_marker(&file, 0xC0), table = find_marker(&file, 0xC4), scan = find_marker(&file, 0xDA);
  file.data[frame + 7] = file.data[frame + 8] = 0;
  check_refused(&file, XD_ERROR_BAD_DATA, "0 x 8");
  take_grey_jpeg(&file);
  file.data[frame + 5] = file.data[frame + 7] = 0xFF;
  check_refused(&file, XD_ERROR_TOO_LARGE, "pixels");
  take_grey_jpeg(&file);
  file.data[frame + 5] = file.data[frame + 7] = 0x3F; /* 16143 x 16144 pixels from 170 bytes */
  check_refused(&file, XD_ERROR_TRUNCATED, "ends");
  take_grey_jpeg(&file);
  file.data[table + 5] = 200; /* more codes than the segment has */
  check_refused(&file, XD_ERROR_BAD_DATA, "Huffman");
  take_grey_jpeg(&file);
  file.size -= 2; /* all but its end */
  check_refused(&file, XD_ERROR_TRUNCATED, "ends");
  take_grey_jpeg(&file);
  file.data[scan + 1] = 0xE1; /* no scan at all */
  check_refused(&file, XD_ERROR_BAD_DATA, "without a scan");
  take_grey_jpeg(&file);
  file.data[frame + 1] = 0xE1; /* no frame */
  check_refused(&file, XD_ERROR_BAD_DATA, "without a frame");
}
END_TEST

/* 18 tables of 255 codes each pass the segment's length, but one table may have 256 codes at most. */
START_TEST(jpeg__refuses_huffman_tables_beyond_256_codes) {
  bytes file = {0, {0}};
  put(&file, "\xff\xd8\xff\xc4", 4);
  put_big(&file, 0);
  file.size -= 2;
  size_t length = 2 + 17 + 2 * 255;
  file.data[4] = (unsigned char)(length >> 8);
  file.data[5] = (unsigned char)length;
  put(&file, (const unsigned char[17]){0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255}, 17);
  for (unsigned i = 0; i < 2 * 255; i++)
    put(&file, "\x01", 1);
  put(&file, grey_jpeg + 2, sizeof grey_jpeg - 2);
  check_refused(&file, XD_ERROR_BAD_DATA, "Huffman");
}
END_TEST

START_TEST(jpeg__refuses_endless_scans) {
  bytes file;
  take_grey_jpeg(&file);
  size_t scan = find_marker(&file, 0xDA), size = file.size - 2 - scan;
  for (unsigned i = 0; i < 100; i++) {
    file.size -= i == 0 ? 2 : 0;
    put(&file, grey_jpeg + scan, size);
  }
  put(&file, "\xff\xd9", 2);
  check_refused(&file, XD_ERROR_TOO_LARGE, "scans");
}
END_TEST

START_TEST(jpeg__refuses_every_cut_and_survives_every_turned_bit) {
  check_cuts(grey_jpeg, sizeof grey_jpeg, sizeof grey_jpeg);
  check_cuts(colour_jpeg, sizeof colour_jpeg, sizeof colour_jpeg);
  check_flips(grey_jpeg, sizeof grey_jpeg);
  check_flips(colour_jpeg, sizeof colour_jpeg);
}
END_TEST

/* ---- BMP ---- */

/* 3x2, the lower row first: blue, green, red, then white, grey, black; rows of 9 bytes padded to 12. */
static const unsigned char bgr_rows[] = {255, 0,   0,   0,   255, 0,   0, 0, 255, 0, 0, 0,
                                         255, 255, 255, 128, 128, 128, 0, 0, 0,   0, 0, 0};
static const unsigned char bgr_expected[] = {255, 255, 255, 128, 128, 128, 0,   0, 0,
                                             0,   0,   255, 0,   255, 0,   255, 0, 0};

START_TEST(bmp__decodes_24_bits_in_both_directions) {
  bytes file;
  unsigned char flipped[18];
  make_bmp(&file, 40, 3, 2, 24, 0, "", 0, bgr_rows, sizeof bgr_rows);
  check_pixels(&file, 3, 2, XD_SAMPLE_U8, XD_LAYOUT_RGB, bgr_expected);
  file.size -= 3; /* the last row's padding */
  check_pixels(&file, 3, 2, XD_SAMPLE_U8, XD_LAYOUT_RGB, bgr_expected);
  make_bmp(&file, 12, 3, 2, 24, 0, "", 0, bgr_rows, sizeof bgr_rows);
  check_pixels(&file, 3, 2, XD_SAMPLE_U8, XD_LAYOUT_RGB, bgr_expected);
  make_bmp(&file, 40, 3, (uint32_t)-2, 24, 0, "", 0, bgr_rows, sizeof bgr_rows);
  memcpy(flipped, bgr_expected + 9, 9);
  memcpy(flipped + 9, bgr_expected, 9);
  check_pixels(&file, 3, 2, XD_SAMPLE_U8, XD_LAYOUT_RGB, flipped);
}
END_TEST

START_TEST(bmp__decodes_palettes_of_1_4_and_8_bits) {
  static const unsigned char palette[] = {3, 2, 1, 0, 6, 5, 4, 0, 9, 8, 7, 0};
  static const unsigned char narrow[] = {3, 2, 1, 6, 5, 4, 9, 8, 7};
  bytes file;
  make_bmp(&file, 40, 9, 1, 1, 0, palette, 8, "\xA0\x80\0", 4);
  const unsigned char bits[] = {4, 5, 6, 1, 2, 3, 4, 5, 6, 1, 2, 3, 1, 2,
                                3, 1, 2, 3, 1, 2, 3, 1, 2, 3, 4, 5, 6};
  check_pixels(&file, 9, 1, XD_SAMPLE_U8, XD_LAYOUT_RGB, bits);
  const unsigned char three[] = {7, 8, 9, 4, 5, 6, 1, 2, 3};
  make_bmp(&file, 40, 3, 1, 4, 0, palette, 12, "\x21\x0F\0", 4);
  check_pixels(&file, 3, 1, XD_SAMPLE_U8, XD_LAYOUT_RGB, three);
  make_bmp(&file, 40, 3, 1, 8, 0, palette, 12, "\2\1\0", 4);
  check_pixels(&file, 3, 1, XD_SAMPLE_U8, XD_LAYOUT_RGB, three);
  make_bmp(&file, 12, 3, 1, 8, 0, narrow, 9, "\2\1\0", 4);
  check_pixels(&file, 3, 1, XD_SAMPLE_U8, XD_LAYOUT_RGB, three);
}
END_TEST

START_TEST(bmp__decodes_masked_pixels) {
  bytes file;
  make_bmp(&file, 40, 2, 1, 16, 0, "", 0, "\x1F\x7C\xE0\x03", 4); /* 5-5-5: magenta, green */
  check_pixels(&file, 2, 1, XD_SAMPLE_U8, XD_LAYOUT_RGB, (const unsigned char[]){255, 0, 255, 0, 255, 0});
  static const unsigned char masks565[] = {0, 0xF8, 0, 0, 0xE0, 7, 0, 0, 0x1F, 0, 0, 0};
  make_bmp(&file, 40, 2, 1, 16, 3, masks565, 12, "\x20\x04\x00\x80", 4); /* green 33 of 63, red 16 of 31 */
  check_pixels(&file, 2, 1, XD_SAMPLE_U8, XD_LAYOUT_RGB, (const unsigned char[]){0, 134, 0, 132, 0, 0});
  make_bmp(&file, 40, 1, 1, 32, 0, "", 0, "\1\2\3\4", 4); /* the fourth byte means nothing */
  check_pixels(&file, 1, 1, XD_SAMPLE_U8, XD_LAYOUT_RGB, (const unsigned char[]){3, 2, 1});
  static const unsigned char masks8888[] = {0, 0, 0xFF, 0, 0, 0xFF, 0, 0, 0xFF, 0, 0, 0, 0, 0, 0, 0xFF};
  make_bmp(&file, 108, 1, 1, 32, 3, masks8888, 16, "\1\2\3\4", 4);
  check_pixels(&file, 1, 1, XD_SAMPLE_U8, XD_LAYOUT_RGBA, (const unsigned char[]){3, 2, 1, 4});
}
END_TEST

START_TEST(bmp__refuses_what_is_damaged) {
  static const unsigned char palette[] = {3, 2, 1, 0, 6, 5, 4, 0};
  static const unsigned char no_red[12] = {0, 0, 0, 0, 0xE0, 7, 0, 0, 0x1F, 0, 0, 0};
  bytes file;
  make_bmp(&file, 40, 3, 1, 8, 0, palette, 8, "\0\1\2", 4);
  check_refused(&file, XD_ERROR_BAD_DATA, "palette");
  make_bmp(&file, 40, 3, 1, 8, 0, "", 0, "\0\0\0", 4);
  check_refused(&file, XD_ERROR_BAD_DATA, "colours");
  make_bmp(&file, 40, 3, 1, 8, 1, palette, 8, "\0\1\0", 4);
  check_refused(&file, XD_ERROR_UNSUPPORTED, "compression 1");
  make_bmp(&file, 40, 1, 1, 5, 0, "", 0, "\0\1\0", 4);
  check_refused(&file, XD_ERROR_BAD_DATA, "bits a pixel 5");
  make_bmp(&file, 40, 1, 1, 24, 3, no_red, 12, "\0\1\0", 4);
  check_refused(&file, XD_ERROR_BAD_DATA, "24");
  make_bmp(&file, 40, 1, 1, 16, 3, no_red, 12, "\0\1\0", 4);
  check_refused(&file, XD_ERROR_BAD_DATA, "mask");
  make_bmp(&file, 40, 0, 1, 24, 0, "", 0, "\0\1\0", 4);
  check_refused(&file, XD_ERROR_BAD_DATA, "0 x 1");
  make_bmp(&file, 40, 65536, 1, 24, 0, "", 0, "\0\1\0", 4);
  check_refused(&file, XD_ERROR_TOO_LARGE, "65536");
  make_bmp(&file, 40, 1, 0x80000000u, 24, 0, "", 0, "\0\1\0", 4);
  check_refused(&file, XD_ERROR_TOO_LARGE, "pixels");
  make_bmp(&file, 40, 16384, 16384, 32, 0, "", 0, "\0\1\0", 4);
  check_refused(&file, XD_ERROR_TRUNCATED, "ends");
  make_bmp(&file, 40, 1, 1, 24, 0, "", 0, "\0\1\0", 4);
  file.data[26] = 2;
  check_refused(&file, XD_ERROR_BAD_DATA, "planes 2");
  make_bmp(&file, 40, 1, 1, 8, 0, palette, 8, "\0\1\0", 4);
  file.data[10] = 20; /* pixels within the header */
  check_refused(&file, XD_ERROR_BAD_DATA, "offset");
  file.data[14] = 41;
  file.data[10] = 255;
  check_refused(&file, XD_ERROR_TRUNCATED, "ends");
}
END_TEST

START_TEST(bmp__refuses_every_cut_and_survives_every_turned_bit) {
  static const unsigned char palette[] = {3, 2, 1, 0, 6, 5, 4, 0};
  static const unsigned char masks[] = {0, 0, 0xFF, 0, 0, 0xFF, 0, 0, 0xFF, 0, 0, 0, 0, 0, 0, 0xFF};
  bytes file;
  make_bmp(&file, 40, 3, 2, 24, 0, "", 0, bgr_rows, sizeof bgr_rows);
  check_cuts(file.data, file.size, file.size - 3);
  check_flips(file.data, file.size);
  make_bmp(&file, 40, 9, 2, 1, 0, palette, 8, "\xA0\x80\0\0\xA0\x80\0", 8);
  check_cuts(file.data, file.size, file.size - 2);
  check_flips(file.data, file.size);
  make_bmp(&file, 124, 1, 2, 32, 3, masks, 16, "\1\2\3\4\1\2\3\4", 8);
  check_cuts(file.data, file.size, file.size);
  check_flips(file.data, file.size);
}
END_TEST

/* ---- PNM ---- */

static void make_pnm(bytes *to, const char *header, const void *samples, size_t size) {
  to->size = 0;
  put(to, header, strlen(header));
  put(to, samples, size);
}

START_TEST(pnm__decodes_grey_and_colour) {
  bytes file;
  make_pnm(&file, "P5 2 2 255\n", "\1\2\3\4", 4);
  check_pixels(&file, 2, 2, XD_SAMPLE_U8, XD_LAYOUT_GREY, "\1\2\3\4");
  make_pnm(&file, "P6\n# a comment 9 9\n1\t2 # another\n255 ", "\1\2\3\4\5\6", 6);
  check_pixels(&file, 1, 2, XD_SAMPLE_U8, XD_LAYOUT_RGB, "\1\2\3\4\5\6");
  make_pnm(&file, "P5 3 1 15\n", "\0\7\17", 3);
  check_pixels(&file, 3, 1, XD_SAMPLE_U8, XD_LAYOUT_GREY, (const unsigned char[]){0, 119, 255});
  make_pnm(&file, "P5 2 1 65535\n", "\x80\x00\xFF\xFF", 4);
  check_pixels(&file, 2, 1, XD_SAMPLE_U16, XD_LAYOUT_GREY, (const uint16_t[]){0x8000, 0xFFFF});
  make_pnm(&file, "P5 3 1 1023\n", "\0\0\2\0\3\xFF", 6);
  check_pixels(&file, 3, 1, XD_SAMPLE_U16, XD_LAYOUT_GREY,
               (const uint16_t[]){0, 32800, 65535}); /* 32799.53 */
}
END_TEST

START_TEST(pnm__refuses_what_is_damaged) {
  const struct {
    const char *header;
    xd_status expected;
    const char *word;
  } cases[] = {{"P5 0 2 255\n", XD_ERROR_BAD_DATA, "0 x 2"},
               {"P5 x 2 255\n", XD_ERROR_BAD_DATA, "width"},
               {"P5 2 -2 255\n", XD_ERROR_BAD_DATA, "height"},
               {"P5 2 2 0\n", XD_ERROR_BAD_DATA, "maximum"},
               {"P5 2 2 65536\n", XD_ERROR_BAD_DATA, "maximum"},
               {"P5 2 2 255x", XD_ERROR_BAD_DATA, "maximum"},
               {"P5 2 2 3\n", XD_ERROR_BAD_DATA, "above"},
               {"P5 2 3 255\n", XD_ERROR_TRUNCATED, "4 bytes of the 6"},
               {"P5 2 2 256\n", XD_ERROR_TRUNCATED, "4 bytes of the 8"},
               {"P5 65536 1 255\n", XD_ERROR_TOO_LARGE, "65536"},
               {"P5 99999999999999999999 1 255\n", XD_ERROR_TOO_LARGE, "x 1"},
               {"P6 65535 4096 255\n", XD_ERROR_TRUNCATED, "bytes"},
               {"P52 2 255\n", XD_ERROR_BAD_DATA, "width"},
               {"P4 2 2 ", XD_ERROR_BAD_DATA, "no PNG"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    bytes file;
    make_pnm(&file, cases[i].header, "\1\2\3\4", 4);
    check_refused(&file, cases[i].expected, cases[i].word);
  }
}
END_TEST

START_TEST(pnm__refuses_every_cut_and_survives_every_turned_bit) {
  bytes file;
  make_pnm(&file, "P6 #c\n2 1 255\n", "\1\2\3\4\5\6", 6);
  check_cuts(file.data, file.size, file.size);
  check_flips(file.data, file.size);
}
END_TEST

/* ---- all kinds ---- */

START_TEST(picture_load__names_the_file_and_the_reason) {
  xd_picture *picture = (xd_picture *)&path;
  assert_status(xd_picture_load(&picture, context, path), XD_ERROR_NOT_FOUND);
  ck_assert_ptr_null(picture);
  assert_message_names(context, path);
  assert_status(xd_picture_load(&picture, context, folder), XD_ERROR_IO);
  write_test_file(path, "", 0);
  assert_status(xd_picture_load(&picture, context, path), XD_ERROR_BAD_DATA);
  assert_message_names(context, "empty");
  write_test_file(path, "GIF89a and no more", 18);
  assert_status(xd_picture_load(&picture, context, path), XD_ERROR_BAD_DATA);
  assert_message_names(context, path);
  write_test_file(path, "P5 2 2 255\n123", 14);
  assert_status(xd_picture_load(&picture, context, path), XD_ERROR_TRUNCATED);
  assert_message_names(context, path);
  ck_assert_int_eq(truncate(path, ((off_t)256 << 20) + 1), 0);
  assert_status(xd_picture_load(&picture, context, path), XD_ERROR_TOO_LARGE);
  assert_message_names(context, path);
}
END_TEST

START_TEST(picture_load__refuses_missing_arguments) {
  xd_picture *picture;
  assert_status(xd_picture_load(NULL, context, path), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_picture_load(&picture, context, NULL), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_picture_load(&picture, NULL, path), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_picture_load_source(NULL, context, in_memory("x", 1)), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_picture_load_source(&picture, context, in_memory(NULL, 1)), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_picture_load_source(&picture, NULL, in_memory("x", 1)), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_picture_load_source(&picture, context, in_memory("x", 0)), XD_ERROR_BAD_DATA);
  assert_status(xd_picture_load_source(&picture, context, in_memory("x", ((size_t)256 << 20) + 1)),
                XD_ERROR_TOO_LARGE);
}
END_TEST

START_TEST(picture_load__leaks_nothing_when_memory_is_refused) {
  bytes file;
  make_grey_png(&file);
  check_refusals(load_limited, &file);
  begin_png(&file, 2, 1, 8, 4); /* grey with alpha, which is spread */
  put_rows(&file, (const unsigned char[]){0, 9, 100, 200, 255}, 5);
  end_png(&file);
  check_refusals(load_limited, &file);
  begin_png(&file, 2, 1, 8, 3); /* a short palette, which is filled */
  put_chunk(&file, "PLTE", "abc", 3);
  put_rows(&file, (const unsigned char[]){0, 0, 0}, 3);
  end_png(&file);
  check_refusals(load_limited, &file);
  take_grey_jpeg(&file);
  check_refusals(load_limited, &file);
  file.size = 0;
  put(&file, colour_jpeg, sizeof colour_jpeg);
  check_refusals(load_limited, &file);
  make_bmp(&file, 40, 3, 2, 24, 0, "", 0, bgr_rows, sizeof bgr_rows);
  check_refusals(load_limited, &file);
  make_pnm(&file, "P5 2 2 255\n", "\1\2\3\4", 4);
  check_refusals(load_limited, &file);
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("image_files");
  TCase *tcase = tcase_create("image_files");
  tcase_add_checked_fixture(tcase, set_up, tear_down);
  tcase_add_test(tcase, png__comes_back_as_it_was_saved);
  tcase_add_test(tcase, png__saves_floats_and_bottom_up_views);
  tcase_add_test(tcase, png__leaves_the_old_file_when_saving_fails);
  tcase_add_test(tcase, png__saving_leaks_nothing_when_memory_is_refused);
  tcase_add_test(tcase, png__decodes_every_kind_of_pixel);
  tcase_add_test(tcase, png__decodes_palettes_and_blackens_what_is_beyond_them);
  tcase_add_test(tcase, png__refuses_what_is_damaged);
  tcase_add_test(tcase, png__refuses_sizes_that_cannot_be);
  tcase_add_test(tcase, png__refuses_every_cut_and_survives_every_turned_bit);
  tcase_add_test(tcase, jpeg__decodes_baseline_grey);
  tcase_add_test(tcase, jpeg__decodes_progressive_colour);
  tcase_add_test(tcase, jpeg__refuses_other_processes);
  tcase_add_test(tcase, png__refuses_headers_that_are_none);
  tcase_add_test(tcase, jpeg__decodes_every_sampling);
  tcase_add_test(tcase, jpeg__holds_a_second_height_to_the_first);
  tcase_add_test(tcase, jpeg__refuses_what_is_damaged);
  tcase_add_test(tcase, jpeg__refuses_huffman_tables_beyond_256_codes);
  tcase_add_test(tcase, jpeg__refuses_endless_scans);
  tcase_add_test(tcase, jpeg__refuses_every_cut_and_survives_every_turned_bit);
  tcase_add_test(tcase, bmp__decodes_24_bits_in_both_directions);
  tcase_add_test(tcase, bmp__decodes_palettes_of_1_4_and_8_bits);
  tcase_add_test(tcase, bmp__decodes_masked_pixels);
  tcase_add_test(tcase, bmp__refuses_what_is_damaged);
  tcase_add_test(tcase, bmp__refuses_every_cut_and_survives_every_turned_bit);
  tcase_add_test(tcase, pnm__decodes_grey_and_colour);
  tcase_add_test(tcase, pnm__refuses_what_is_damaged);
  tcase_add_test(tcase, pnm__refuses_every_cut_and_survives_every_turned_bit);
  tcase_add_test(tcase, picture_load__names_the_file_and_the_reason);
  tcase_add_test(tcase, picture_load__refuses_missing_arguments);
  tcase_add_test(tcase, picture_load__leaks_nothing_when_memory_is_refused);
  suite_add_tcase(suite, tcase);
  return suite;
}

XD_SUITE_MAIN(make_suite)
