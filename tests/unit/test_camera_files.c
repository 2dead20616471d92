/* What cameras, printers' programs and hosts add to picture files: EXIF's orientation, stray bytes, four inks;
 * what a file may cost; and the reader of other kinds that a host brings. */
#include "support.h"

#include <math.h>
#include <stdbool.h>

#include "jpeg_bytes.h"
#include "picture_bytes.h"
#include "xdomain/dataset.h"
#include "xdomain/image.h"

static xd_context *context;

static void set_up(void) {
  context = test_context("reference");
}

static void tear_down(void) {
  xd_context_destroy(context);
}

static xd_picture *load(const unsigned char *data, size_t size, xd_image *view) {
  xd_picture *picture = NULL;
  *view = (xd_image)XD_IMAGE_INIT;
  assert_ok(context, xd_picture_load_source(&picture, context, in_memory(data, size)));
  assert_status(xd_picture_view(picture, view), XD_OK);
  return picture;
}

static xd_status try_load(xd_context *with, const unsigned char *data, size_t size) {
  xd_picture *picture = NULL;
  const xd_status status = xd_picture_load_source(&picture, with, in_memory(data, size));
  ck_assert((status == XD_OK) == (picture != NULL));
  xd_picture_destroy(picture);
  return status;
}

/* Whether both files are the same picture, up to a turn of the second. */
static void check_same(const bytes *file, const unsigned char *plain, size_t plain_size,
                       uint32_t orientation) {
  xd_image got, expected, turned = XD_IMAGE_INIT;
  xd_picture *a = load(file->data, file->size, &got), *b = load(plain, plain_size, &expected), *tight = NULL;
  assert_ok(context, xd_image_orient(context, &turned, &expected, orientation));
  ck_assert_uint_eq(got.width, turned.width);
  ck_assert_uint_eq(got.height, turned.height);
  ck_assert_uint_eq(got.layout, turned.layout);
  assert_ok(context, xd_picture_create(&tight, context, got.width, got.height, got.sample, got.layout));
  assert_status(xd_picture_view(tight, &expected), XD_OK);
  turned.policy = XD_ALPHA_CARRY;
  assert_ok(context, xd_image_convert(context, &expected, &turned));
  ck_assert_int_eq(got.row_stride, expected.row_stride);
  ck_assert_mem_eq(got.pixels, expected.pixels, (size_t)(got.row_stride * (ptrdiff_t)got.height));
  xd_picture_destroy(tight);
  xd_picture_destroy(b);
  xd_picture_destroy(a);
}

/* ---- orientation ---- */

static void put_number(bytes *to, uint32_t value, unsigned count, bool little) {
  for (unsigned i = 0; i < count; i++)
    put(to, &(unsigned char){(unsigned char)(value >> 8 * (little ? i : count - 1 - i))}, 1);
}

/* A directory of one other entry and the orientation. */
static void put_exif(bytes *to, bool little, uint32_t type, uint32_t count, uint32_t value) {
  put(to, little ? "II" : "MM", 2);
  put_number(to, 42, 2, little);
  put_number(to, 8, 4, little);
  put_number(to, 2, 2, little);
  put_number(to, 0x10F, 2, little); /* the maker */
  put_number(to, 2, 2, little);
  put_number(to, 4, 4, little);
  put(to, "abc", 4);
  put_number(to, 0x112, 2, little);
  put_number(to, type, 2, little);
  put_number(to, count, 4, little);
  put_number(to, value, 2, little);
  put_number(to, 0, 2, little);
  put_number(to, 0, 4, little);
}

static void put_segment(bytes *to, const bytes *exif) {
  put(to, "\xff\xe1", 2);
  put_number(to, (uint32_t)exif->size + 8, 2, false);
  put(to, "Exif\0", 6);
  put(to, exif->data, exif->size);
}

/* A JPEG with EXIF data behind its start. */
static void make_camera_jpeg(bytes *to, const bytes *exif, const unsigned char *jpeg, size_t size) {
  to->size = 0;
  put(to, "\xff\xd8", 2);
  put_segment(to, exif);
  put(to, jpeg + 2, size - 2);
}

static void make_png(bytes *to, const bytes *exif) {
  const unsigned char rows[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 9, 10, 11, 12, 13, 14, 15, 16};
  begin_png(to, 2, 2, 16, 4);
  if (exif)
    put_chunk(to, "eXIf", exif->data, exif->size);
  put_rows(to, rows, sizeof rows);
  end_png(to);
}

START_TEST(exif__turns_pictures_as_viewers_do) {
  for (uint32_t value = 1; value <= 8; value++)
    for (int little = 0; little < 2; little++) {
      bytes exif = {0, {0}}, file, plain;
      put_exif(&exif, little != 0, 3, 1, value);
      make_camera_jpeg(&file, &exif, grey_jpeg, sizeof grey_jpeg);
      check_same(&file, grey_jpeg, sizeof grey_jpeg, value);
      make_camera_jpeg(&file, &exif, colour_jpeg, sizeof colour_jpeg);
      check_same(&file, colour_jpeg, sizeof colour_jpeg, value);
      make_png(&file, &exif);
      make_png(&plain, NULL);
      check_same(&file, plain.data, plain.size, value);
    }
  /* Of two segments the first counts. */
  bytes first = {0, {0}}, second = {0, {0}}, file;
  put_exif(&first, true, 3, 1, 6);
  put_exif(&second, true, 3, 1, 3);
  file.size = 0;
  put(&file, "\xff\xd8", 2);
  put_segment(&file, &first);
  put_segment(&file, &second);
  put(&file, grey_jpeg + 2, sizeof grey_jpeg - 2);
  check_same(&file, grey_jpeg, sizeof grey_jpeg, 6);
}
END_TEST

START_TEST(exif__that_is_damaged_turns_nothing) {
  const struct {
    uint32_t type, count, value;
  } cases[] = {{3, 1, 0}, {3, 1, 9}, {4, 1, 6}, {3, 2, 6}, {3, 0, 6}};
  bytes exif, file;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    exif.size = 0;
    put_exif(&exif, false, cases[i].type, cases[i].count, cases[i].value);
    make_camera_jpeg(&file, &exif, grey_jpeg, sizeof grey_jpeg);
    check_same(&file, grey_jpeg, sizeof grey_jpeg, 1);
  }
  exif.size = 0;
  put_exif(&exif, false, 3, 1, 6);
  const size_t whole = exif.size;
  for (size_t size = 0; size < whole; size++) {
    exif.size = size;
    make_camera_jpeg(&file, &exif, grey_jpeg, sizeof grey_jpeg);
    /* The last four bytes say where the next directory is, which nobody asks. */
    check_same(&file, grey_jpeg, sizeof grey_jpeg, size < whole - 4 ? 1 : 6);
  }
  exif.size = whole;
  for (size_t bit = 0; bit < 8 * whole; bit++) {
    exif.data[bit / 8] ^= (unsigned char)(1u << bit % 8);
    make_camera_jpeg(&file, &exif, grey_jpeg, sizeof grey_jpeg);
    ck_assert_int_eq(try_load(context, file.data, file.size), XD_OK);
    exif.data[bit / 8] ^= (unsigned char)(1u << bit % 8);
  }
}
END_TEST

/* ---- stray bytes ---- */

/* Before which bytes of a JPEG a segment's marker stands, the end's too; entropy-coded data are passed over. */
static size_t find_segments(const unsigned char *data, size_t size, size_t places[32]) {
  size_t found = 0, at = 2;
  while (at + 1 < size) {
    const unsigned char marker = data[at + 1];
    places[found++] = at;
    ck_assert_uint_lt(found, 32);
    if (marker == 0xD9)
      break;
    at += 2 + ((size_t)data[at + 2] << 8 | data[at + 3]);
    while (marker == 0xDA && (data[at] != 0xFF || data[at + 1] == 0))
      at++;
  }
  return found;
}

START_TEST(jpeg__passes_over_stray_bytes) {
  const struct {
    const char *data;
    size_t size;
  } strays[] = {{"\0", 1},     {"\0\0\0\0\0\0\0\0\0", 9},   {"\x12\x34\x56", 3}, {"\xff", 1},
                {"\xff\0", 2}, {"\x01\xff\0\xff\0\x7f", 6}, {"\xff\xd3", 2},     {"\xff\xff\xff\0", 4}};
  const struct {
    const unsigned char *data;
    size_t size;
  } files[] = {{grey_jpeg, sizeof grey_jpeg},
               {colour_jpeg, sizeof colour_jpeg},
               {adobe_ycck_jpeg, sizeof adobe_ycck_jpeg}};
  for (size_t f = 0; f < 3; f++) {
    size_t places[32];
    const size_t count = find_segments(files[f].data, files[f].size, places);
    ck_assert_uint_gt(count, 4);
    for (size_t i = 1; i < count; i++)
      for (size_t k = 0; k < sizeof strays / sizeof *strays; k++) {
        bytes file = {0, {0}};
        put(&file, files[f].data, places[i]);
        put(&file, strays[k].data, strays[k].size);
        put(&file, files[f].data + places[i], files[f].size - places[i]);
        check_same(&file, files[f].data, files[f].size, 1);
      }
  }
  /* Also behind the end. */
  bytes file = {0, {0}};
  put(&file, colour_jpeg, sizeof colour_jpeg);
  put(&file, "\0\xff\xd8\xff\xff", 5);
  check_same(&file, colour_jpeg, sizeof colour_jpeg, 1);
}
END_TEST

START_TEST(jpeg__without_a_component_is_damaged) {
  /* The scans of colour_jpeg but for the first, which has the largest part of all components. */
  size_t places[32], scan = 0;
  const size_t count = find_segments(colour_jpeg, sizeof colour_jpeg, places);
  while (colour_jpeg[places[scan] + 1] != 0xDA)
    scan++;
  ck_assert_uint_lt(scan + 1, count);
  bytes file = {0, {0}};
  put(&file, colour_jpeg, places[scan]);
  put(&file, colour_jpeg + places[scan + 1], sizeof colour_jpeg - places[scan + 1]);
  assert_status(try_load(context, file.data, file.size), XD_ERROR_BAD_DATA);
  assert_message_names(context, "damaged");
}
END_TEST

/* ---- four inks ---- */

START_TEST(jpeg__of_four_inks_reads_as_other_programs_read_it) {
  const struct {
    const unsigned char *data;
    size_t size;
  } files[] = {{cmyk_jpeg, sizeof cmyk_jpeg},
               {adobe_cmyk_jpeg, sizeof adobe_cmyk_jpeg},
               {adobe_ycck_jpeg, sizeof adobe_ycck_jpeg}};
  const int left[3] = {200, 30, 60}, right[3] = {50, 110, 90};
  for (size_t f = 0; f < 3; f++) {
    xd_image view;
    xd_picture *picture = load(files[f].data, files[f].size, &view);
    ck_assert_uint_eq(view.layout, XD_LAYOUT_RGB);
    for (unsigned i = 0; i < 16 * 8; i++)
      for (unsigned c = 0; c < 3; c++) {
        const int got = ((const unsigned char *)view.pixels)[3 * i + c];
        const int wanted = i % 16 < 8 ? left[c] : right[c];
        ck_assert_msg(abs(got - wanted) <= 4, "file %zu, pixel %u, channel %u: %d, not %d", f, i, c, got,
                      wanted);
      }
    xd_picture_destroy(picture);
  }
}
END_TEST

/* ---- what a picture costs ---- */

static xd_context *limited_context(uint64_t pixels, counting_allocator *counter) {
  xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
  xd_allocator allocator = XD_ALLOCATOR_INIT;
  xd_context *limited = NULL;
  options.backend = "reference";
  options.picture_pixels = pixels;
  if (counter) {
    allocator = counting_allocator_hooks(counter);
    options.allocator = &allocator;
  }
  assert_status(xd_context_create(&limited, &options), XD_OK);
  return limited;
}

START_TEST(decoding__takes_about_twice_the_memory_of_the_picture) {
  static unsigned char rows[1 + 65 * 6];
  bytes rgb, deep;
  begin_png(&rgb, 65, 40, 8, 2);
  static unsigned char many[40 * (1 + 65 * 3)];
  put_rows(&rgb, many, sizeof many);
  end_png(&rgb);
  begin_png(&deep, 65, 1, 16, 2);
  put_rows(&deep, rows, sizeof rows);
  end_png(&deep);
  const struct {
    const unsigned char *data;
    size_t size, picture;
    double most;
  } files[] = {{full_progressive_jpeg, sizeof full_progressive_jpeg, 256 * 256 * 3, 2.4},
               {half_baseline_jpeg, sizeof half_baseline_jpeg, 256 * 256 * 3, 1.6},
               {grey_progressive_jpeg, sizeof grey_progressive_jpeg, 200 * 256, 2.1},
               {rgb.data, rgb.size, 65 * 40 * 3, 2.1},
               {deep.data, deep.size, 65 * 6, 2.1}};
  for (size_t f = 0; f < sizeof files / sizeof *files; f++) {
    counting_allocator counter = {0};
    xd_context *counted = limited_context(0, &counter);
    const size_t before = atomic_load(&counter.live_bytes);
    atomic_store(&counter.peak_bytes, before);
    assert_ok(counted, try_load(counted, files[f].data, files[f].size));
    const size_t used = atomic_load(&counter.peak_bytes) - before;
    /* Beside the tables of a decoder and the packed bytes, which it gathers. */
    const double most = files[f].most * (double)files[f].picture + 24000.0 + 3.0 * (double)files[f].size;
    ck_assert_msg((double)used <= most, "file %zu: %zu bytes for a picture of %zu", f, used,
                  files[f].picture);
    xd_context_destroy(counted);
  }
}
END_TEST

START_TEST(picture_pixels__limits_what_is_decoded) {
  bytes png, bmp = {0, {0}}, pnm = {0, {0}};
  const unsigned char row[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
  unsigned char rows[8 * 17];
  for (unsigned y = 0; y < 8; y++)
    memcpy(rows + 17 * y, row, 17);
  begin_png(&png, 16, 8, 8, 0);
  put_rows(&png, rows, sizeof rows);
  end_png(&png);
  put(&pnm, "P5 16 8 255\n", 12);
  put(&pnm, rows, 128);
  put(&bmp, "BM", 2);
  put_little(&bmp, 0, 4);
  put_little(&bmp, 0, 4);
  put_little(&bmp, 14 + 40, 4);
  put_little(&bmp, 40, 4);
  put_little(&bmp, 16, 4);
  put_little(&bmp, 8, 4);
  put_little(&bmp, 1, 2);
  put_little(&bmp, 24, 2);
  for (unsigned i = 0; i < 6; i++)
    put_little(&bmp, 0, 4);
  for (unsigned i = 0; i < 3; i++)
    put(&bmp, rows, 128);
  const struct {
    const unsigned char *data;
    size_t size;
  } files[] = {
      {grey_jpeg, sizeof grey_jpeg}, {png.data, png.size}, {pnm.data, pnm.size}, {bmp.data, bmp.size}};
  xd_context *enough = limited_context(128, NULL), *scarce = limited_context(127, NULL);
  for (size_t f = 0; f < 4; f++) {
    assert_ok(enough, try_load(enough, files[f].data, files[f].size));
    assert_status(try_load(scarce, files[f].data, files[f].size), XD_ERROR_TOO_LARGE);
    assert_message_names(scarce, "picture_pixels");
    assert_message_names(scarce, "16 x 8");
  }
  /* What the host makes itself is its own affair. */
  xd_picture *picture = NULL;
  assert_ok(scarce, xd_picture_create(&picture, scarce, 100, 100, XD_SAMPLE_U8, XD_LAYOUT_GREY));
  xd_picture_destroy(picture);
  xd_context_destroy(enough);
  xd_context_destroy(scarce);
}
END_TEST

START_TEST(picture_pixels__is_2_to_the_26_unless_asked_for) {
  xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
  xd_context *none = (xd_context *)&options;
  bytes file;
  begin_png(&file, 8192, 8193, 1, 0);
  put_rows(&file, (const unsigned char[]){0}, 1);
  end_png(&file);
  assert_status(try_load(context, file.data, file.size), XD_ERROR_TOO_LARGE);
  assert_message_names(context, "67108864");
  begin_png(&file, 8192, 8192, 1, 0);
  put_rows(&file, (const unsigned char[]){0}, 1);
  end_png(&file);
  assert_status(try_load(context, file.data, file.size), XD_ERROR_TRUNCATED);
  options.picture_pixels = ((uint64_t)1 << 28) + 1;
  assert_status(xd_context_create(&none, &options), XD_ERROR_INVALID_ARGUMENT);
  ck_assert_ptr_null(none);
}
END_TEST

/* 16 bits of R, G, B and of the alpha that tRNS makes: 8 bytes a pixel, 2^31 of them. */
START_TEST(png__with_transparent_colour_that_is_too_large_is_called_so) {
  const size_t packed = 1600000;
  unsigned char *file = malloc(packed + 200);
  ck_assert_ptr_nonnull(file);
  bytes head;
  begin_png(&head, 16384, 16384, 16, 2);
  put_chunk(&head, "tRNS", "\0\1\0\2\0\3", 6);
  memcpy(file, head.data, head.size);
  unsigned char *chunk = file + head.size;
  memset(chunk, 0, packed + 12);
  for (unsigned i = 0; i < 4; i++)
    chunk[i] = (unsigned char)(packed >> (24 - 8 * i));
  memcpy(chunk + 4, "IDAT", 4);
  const uint32_t crc = crc_of(chunk + 4, packed + 4);
  for (unsigned i = 0; i < 4; i++)
    chunk[8 + packed + i] = (unsigned char)(crc >> (24 - 8 * i));
  bytes tail = {0, {0}};
  end_png(&tail);
  memcpy(chunk + 12 + packed, tail.data, tail.size);
  xd_context *wide = limited_context(1 << 28, NULL);
  assert_status(try_load(wide, file, head.size + 12 + packed + tail.size), XD_ERROR_TOO_LARGE);
  assert_message_names(wide, "2147483648");
  xd_context_destroy(wide);
  free(file);
}
END_TEST

/* ---- the host's decoder ---- */

/* Reads files that begin with HOST: a picture of 2 x 2, premultiplied BGRA, bottom row first. */
typedef struct host {
  xd_status answer;
  const char *reason;
  unsigned asked, released;
  bool claims_all, unended; /* a reason without a zero */
  size_t room;
  xd_context *cancels;
  uint32_t width;
  xd_sample sample;
  uint64_t told; /* how many pixels the context takes */
  unsigned char pixels[64];
} host;

static xd_status host_decode(void *user, xd_image *view, void **held, char *reason, size_t room,
                             const char *name, const void *data, size_t size, uint64_t pixels) {
  host *h = user;
  h->asked++;
  h->told = pixels;
  ck_assert_str_eq(name, "memory");
  if (!h->claims_all && (size < 4 || memcmp(data, "HOST", 4) != 0))
    return XD_ERROR_UNSUPPORTED;
  h->room = room;
  if (h->unended)
    memset(reason, '#', room);
  xd_context_cancel(h->cancels);
  if (h->reason)
    snprintf(reason, room, "%s", h->reason);
  if (h->answer != XD_OK)
    return h->answer;
  ck_assert_uint_eq(view->struct_size, sizeof *view);
  xd_image_init(view, sizeof *view, h->pixels + 8, h->width, 2, h->sample, XD_LAYOUT_BGRA);
  view->row_stride = -8;
  view->alpha = XD_ALPHA_PREMULTIPLIED;
  *held = h;
  return XD_OK;
}

/* The same, of files. */
static xd_status host_decode_path(void *user, xd_image *view, void **held, char *reason, size_t room,
                                  const char *name, const void *data, size_t size, uint64_t pixels) {
  ck_assert_ptr_nonnull(strchr(name, '/'));
  return host_decode(user, view, held, reason, room, "memory", data, size, pixels);
}

static void host_release(void *user, void *held) {
  host *h = user;
  ck_assert_ptr_eq(h, held);
  h->released++;
}

static xd_context *context_with_host(host *h, uint32_t first) {
  xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
  xd_picture_decoder decoder = XD_PICTURE_DECODER_INIT;
  xd_context *with = NULL;
  const unsigned char rows[] = {30, 20, 10, 255, 0, 0, 0, 0, 50, 100, 25, 128, 255, 255, 255, 255};
  memset(h, 0, sizeof *h);
  memcpy(h->pixels, rows, sizeof rows);
  h->width = 2;
  h->sample = XD_SAMPLE_U8;
  decoder.user = h;
  decoder.decode = host_decode;
  decoder.release = host_release;
  decoder.first = first;
  options.backend = "reference";
  options.decoder = &decoder;
  options.picture_pixels = 200;
  assert_status(xd_context_create(&with, &options), XD_OK);
  return with;
}

START_TEST(picture_decoder__reads_what_the_library_does_not_know) {
  /* As it was released: top row first, straight RGBA. */
  const unsigned char expected[] = {50, 199, 100, 128, 255, 255, 255, 255, 10, 20, 30, 255, 0, 0, 0, 0};
  host h;
  xd_context *with = context_with_host(&h, 0);
  xd_picture *picture = NULL;
  xd_image view = XD_IMAGE_INIT;
  assert_ok(with, xd_picture_load_source(&picture, with, in_memory("HOST file", 9)));
  ck_assert_uint_eq(h.released, 1);
  ck_assert_uint_eq(h.told, 200);
  memset(h.pixels, 0xEE, sizeof h.pixels); /* nothing of it is needed any more */
  assert_status(xd_picture_view(picture, &view), XD_OK);
  ck_assert_uint_eq(view.width, 2);
  ck_assert_uint_eq(view.height, 2);
  ck_assert_uint_eq(view.layout, XD_LAYOUT_RGBA);
  ck_assert_uint_eq(view.alpha, XD_ALPHA_STRAIGHT);
  ck_assert_mem_eq(view.pixels, expected, sizeof expected);
  xd_picture_destroy(picture);
  /* Others are the library's, and nobody's. */
  assert_ok(with, try_load(with, grey_jpeg, sizeof grey_jpeg));
  ck_assert_uint_eq(h.asked, 1);
  assert_status(try_load(with, (const unsigned char *)"WHAT", 4), XD_ERROR_BAD_DATA);
  assert_message_names(with, "is no PNG");
  ck_assert_uint_eq(h.asked, 2);
  ck_assert_uint_eq(h.released, 1);
  xd_context_destroy(with);
}
END_TEST

static void count_line(void *user, xd_log_level level, const char *message) {
  (void)message;
  *(unsigned *)user += level == XD_LOG_ERROR;
}

/* A JPEG whose frame says that it is coded arithmetically. */
START_TEST(picture_decoder__reads_codings_that_the_library_does_not) {
  unsigned char *file = malloc(sizeof grey_jpeg);
  unsigned lines = 0;
  xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
  xd_picture_decoder decoder = XD_PICTURE_DECODER_INIT;
  xd_context *with = NULL;
  host h;
  size_t frame = 0;
  memcpy(file, grey_jpeg, sizeof grey_jpeg);
  while (file[frame] != 0xFF || file[frame + 1] < 0xC0 || file[frame + 1] > 0xC2)
    frame++;
  file[frame + 1] = 0xC9;
  xd_context_destroy(context_with_host(&h, 0));
  decoder.user = &h;
  decoder.decode = host_decode;
  decoder.release = host_release;
  options.decoder = &decoder;
  options.log = count_line;
  options.log_user = &lines;
  assert_status(xd_context_create(&with, &options), XD_OK);
  assert_status(try_load(with, file, sizeof grey_jpeg), XD_ERROR_UNSUPPORTED);
  assert_message_names(with, "memory");
  ck_assert_uint_eq(h.asked, 1);
  ck_assert_uint_eq(lines, 1);
  assert_status(try_load(with, (const unsigned char *)"WHAT", 4), XD_ERROR_BAD_DATA);
  assert_message_names(with, "is no PNG");
  ck_assert_uint_eq(lines, 2);
  h.claims_all = true;
  assert_ok(with, try_load(with, file, sizeof grey_jpeg));
  ck_assert_uint_eq(h.asked, 3);
  ck_assert_uint_eq(h.released, 1);
  ck_assert_uint_eq(lines, 2);
  assert_message_names(with, "is no PNG"); /* that of the last failure */
  /* Neither what is damaged nor what the library reads. */
  assert_status(try_load(with, grey_jpeg, sizeof grey_jpeg / 2), XD_ERROR_TRUNCATED);
  assert_ok(with, try_load(with, grey_jpeg, sizeof grey_jpeg));
  ck_assert_uint_eq(h.asked, 3);
  ck_assert_uint_eq(lines, 3);
  h.answer = XD_ERROR_BAD_DATA;
  assert_status(try_load(with, file, sizeof grey_jpeg), XD_ERROR_BAD_DATA);
  assert_message_names(with, "the host's decoder says");
  ck_assert_uint_eq(lines, 4);
  xd_context_destroy(with);
  free(file);
}
END_TEST

START_TEST(picture_decoder__may_be_asked_first) {
  host h;
  xd_context *with = context_with_host(&h, 1);
  assert_ok(with, try_load(with, grey_jpeg, sizeof grey_jpeg)); /* which it leaves to the library */
  ck_assert_uint_eq(h.asked, 1);
  ck_assert_uint_eq(h.released, 0);
  h.claims_all = true;
  xd_picture *picture = NULL;
  xd_image view = XD_IMAGE_INIT;
  assert_ok(with, xd_picture_load_source(&picture, with, in_memory(grey_jpeg, sizeof grey_jpeg)));
  assert_status(xd_picture_view(picture, &view), XD_OK);
  ck_assert_uint_eq(view.layout, XD_LAYOUT_RGBA);
  ck_assert_uint_eq(h.released, 1);
  xd_picture_destroy(picture);
  xd_context_destroy(with);
}
END_TEST

START_TEST(picture_decoder__serves_sets_from_folders) {
  host h;
  xd_context *with;
  xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
  xd_picture_decoder decoder = XD_PICTURE_DECODER_INIT;
  char path[TEST_PATH_SIZE], *folder = make_temp_folder();
  xd_dataset *set = NULL;
  const char *const names[] = {"a.host", "b.HOST", "c.webp", "d.hos", "e.hosts", "host"};
  for (unsigned i = 0; i < 6; i++)
    write_test_file(path_in(path, folder, names[i]), "HOST", 4);
  xd_context_destroy(context_with_host(&h, 0));
  decoder.user = &h;
  decoder.decode = host_decode_path;
  decoder.release = host_release;
  decoder.endings = "  .webp .host";
  options.decoder = &decoder;
  assert_status(xd_context_create(&with, &options), XD_OK);
  assert_ok(with, xd_dataset_load_folder(&set, with, folder, NULL));
  ck_assert_uint_eq(xd_dataset_count(set), 3);
  ck_assert_uint_eq(xd_dataset_channels(set), 3);
  /* Alpha is laid over black, as of any picture of a set. */
  const unsigned char expected[] = {25, 100, 50, 255, 255, 255, 10, 20, 30, 0, 0, 0};
  ck_assert_mem_eq(xd_dataset_pixels(set, 0), expected, sizeof expected);
  xd_dataset_release(set);
  xd_context_destroy(with);
  assert_status(xd_dataset_load_folder(&set, context, folder, NULL), XD_ERROR_NOT_FOUND);
  remove_folder(folder);
}
END_TEST

START_TEST(picture_decoder__failures_come_back) {
  host h;
  xd_context *with = context_with_host(&h, 0);
  const unsigned char *file = (const unsigned char *)"HOST";
  h.answer = XD_ERROR_TRUNCATED;
  assert_status(try_load(with, file, 4), XD_ERROR_TRUNCATED);
  assert_message_names(with, "'memory'");
  assert_message_names(with, xd_status_text(XD_ERROR_TRUNCATED));
  h.reason = "webp: chunk VP8 is cut";
  assert_status(try_load(with, file, 4), XD_ERROR_TRUNCATED);
  assert_message_names(with, "webp: chunk VP8 is cut");
  ck_assert_uint_eq(h.released, 0);
  /* Views that cannot be, released all the same. */
  h.answer = XD_OK;
  h.width = 101;
  assert_status(try_load(with, file, 4), XD_ERROR_TOO_LARGE);
  ck_assert_uint_eq(h.released, 1);
  h.width = 0;
  assert_status(try_load(with, file, 4), XD_ERROR_INVALID_ARGUMENT);
  h.width = 2;
  h.sample = 99;
  assert_status(try_load(with, file, 4), XD_ERROR_INVALID_ARGUMENT);
  ck_assert_uint_eq(h.released, 3);
  assert_message_names(with, "'memory': the decoder's view");
  xd_context_destroy(with);
}
END_TEST

START_TEST(picture_decoder__need_not_end_its_reason) {
  host h;
  xd_context *with = context_with_host(&h, 0);
  h.answer = XD_ERROR_BAD_DATA;
  h.unended = true;
  assert_status(try_load(with, (const unsigned char *)"HOST", 4), XD_ERROR_BAD_DATA);
  const char *reason = strchr(xd_context_message(with), '#');
  ck_assert_ptr_nonnull(reason);
  ck_assert_uint_eq(strspn(reason, "#"), h.room - 1);
  ck_assert_uint_eq(strlen(reason), h.room - 1);
  xd_context_destroy(with);
}
END_TEST

START_TEST(picture_decoder__is_held_to_the_contexts_limit) {
  xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
  xd_picture_decoder decoder = XD_PICTURE_DECODER_INIT;
  xd_context *with = NULL;
  host h;
  xd_context_destroy(context_with_host(&h, 0));
  decoder.user = &h;
  decoder.decode = host_decode;
  decoder.release = host_release;
  options.decoder = &decoder;
  options.picture_pixels = 3;
  assert_status(xd_context_create(&with, &options), XD_OK);
  assert_status(try_load(with, (const unsigned char *)"HOST", 4), XD_ERROR_TOO_LARGE);
  ck_assert_uint_eq(h.released, 1);
  xd_context_destroy(with);
}
END_TEST

/* ---- cancelling ---- */

/* An allocator that cancels the context at the chosen allocation. */
typedef struct canceller {
  counting_allocator counter;
  xd_context *context;
  size_t at;
} canceller;

static void *allocate_and_cancel(void *user, size_t size, size_t alignment) {
  canceller *c = user;
  if (atomic_load(&c->counter.total) + 1 == c->at)
    xd_context_cancel(c->context);
  return counting_allocate(&c->counter, size, alignment);
}

static void release_of_canceller(void *user, void *pointer, size_t size, size_t alignment) {
  counting_release(&((canceller *)user)->counter, pointer, size, alignment);
}

static void check_cancelled_everywhere(const unsigned char *file, size_t size) {
  canceller c = {.at = 0};
  xd_allocator allocator = XD_ALLOCATOR_INIT;
  xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
  allocator.user = &c;
  allocator.allocate = allocate_and_cancel;
  allocator.release = release_of_canceller;
  options.backend = "reference";
  options.allocator = &allocator;
  assert_status(xd_context_create(&c.context, &options), XD_OK);
  const size_t live = atomic_load(&c.counter.live_bytes);
  size_t before = atomic_load(&c.counter.total);
  assert_status(try_load(c.context, file, size), XD_OK);
  const size_t allocations = atomic_load(&c.counter.total) - before;
  ck_assert_uint_gt(allocations, 0);
  for (size_t i = 1; i <= allocations; i++) {
    c.at = atomic_load(&c.counter.total) + i;
    assert_status(try_load(c.context, file, size), XD_ERROR_CANCELLED);
    assert_message_names(c.context, "xd_context_cancel");
    ck_assert_uint_eq(atomic_load(&c.counter.live_bytes), live);
    xd_context_clear_cancel(c.context);
  }
  xd_context_destroy(c.context);
}

START_TEST(picture_load__hears_a_cancel_at_any_moment) {
  static const char pnm[] = "P5 2 2 255\n\1\2\3\4";
  bytes exif = {0, {0}}, file;
  put_exif(&exif, true, 3, 1, 6);
  make_camera_jpeg(&file, &exif, colour_jpeg, sizeof colour_jpeg);
  check_cancelled_everywhere(file.data, file.size);
  make_png(&file, &exif);
  check_cancelled_everywhere(file.data, file.size);
  check_cancelled_everywhere((const unsigned char *)pnm, sizeof pnm - 1);
}
END_TEST

START_TEST(picture_load__hears_a_cancel_while_the_host_decodes) {
  for (uint32_t first = 0; first < 2; first++) {
    host h;
    xd_context *with = context_with_host(&h, first);
    h.cancels = with;
    assert_status(try_load(with, (const unsigned char *)"HOST", 4), XD_ERROR_CANCELLED);
    ck_assert_uint_eq(h.released, 1);
    xd_context_destroy(with);
  }
}
END_TEST

START_TEST(picture_decoder__without_its_functions_is_refused) {
  xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
  xd_picture_decoder good, decoder;
  xd_context *none;
  xd_picture_decoder_init(&good, sizeof good);
  good.decode = host_decode;
  good.release = host_release;
  options.decoder = &decoder;
  for (unsigned i = 0; i < 5; i++) {
    decoder = good;
    if (i == 0)
      decoder.decode = NULL;
    else if (i == 1)
      decoder.release = NULL;
    else if (i == 2)
      decoder.first = 2;
    else if (i == 3)
      decoder.reserved = 1;
    else
      decoder.struct_size = 8;
    assert_status(xd_context_create(&none, &options), XD_ERROR_INVALID_ARGUMENT);
    ck_assert_ptr_null(none);
  }
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("camera_files");
  TCase *tcase = tcase_create("camera_files");
  tcase_add_checked_fixture(tcase, set_up, tear_down);
  tcase_add_test(tcase, exif__turns_pictures_as_viewers_do);
  tcase_add_test(tcase, exif__that_is_damaged_turns_nothing);
  tcase_add_test(tcase, jpeg__passes_over_stray_bytes);
  tcase_add_test(tcase, jpeg__without_a_component_is_damaged);
  tcase_add_test(tcase, jpeg__of_four_inks_reads_as_other_programs_read_it);
  tcase_add_test(tcase, decoding__takes_about_twice_the_memory_of_the_picture);
  tcase_add_test(tcase, picture_pixels__limits_what_is_decoded);
  tcase_add_test(tcase, picture_pixels__is_2_to_the_26_unless_asked_for);
  tcase_add_test(tcase, png__with_transparent_colour_that_is_too_large_is_called_so);
  tcase_add_test(tcase, picture_decoder__reads_what_the_library_does_not_know);
  tcase_add_test(tcase, picture_decoder__reads_codings_that_the_library_does_not);
  tcase_add_test(tcase, picture_decoder__may_be_asked_first);
  tcase_add_test(tcase, picture_decoder__serves_sets_from_folders);
  tcase_add_test(tcase, picture_decoder__failures_come_back);
  tcase_add_test(tcase, picture_decoder__need_not_end_its_reason);
  tcase_add_test(tcase, picture_load__hears_a_cancel_at_any_moment);
  tcase_add_test(tcase, picture_load__hears_a_cancel_while_the_host_decodes);
  tcase_add_test(tcase, picture_decoder__is_held_to_the_contexts_limit);
  tcase_add_test(tcase, picture_decoder__without_its_functions_is_refused);
  suite_add_tcase(suite, tcase);
  return suite;
}

XD_SUITE_MAIN(make_suite)
