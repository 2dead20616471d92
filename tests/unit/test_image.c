/* Views, conversion, resizing, floats and sheets. */
#include "support.h"

#include <math.h>

#include "image/resize.h"
#include "refusals.h"
#include "xdomain/image.h"

static xd_context *context;

static void set_up(void) {
  context = test_context("reference");
}

static void tear_down(void) {
  xd_context_destroy(context);
}

static xd_image view_of(void *pixels, uint32_t width, uint32_t height, uint32_t format) {
  xd_image image;
  xd_image_init(&image, pixels, width, height, format);
  return image;
}

/* ---- views and pictures ---- */

START_TEST(image_init__sets_the_defaults) {
  uint8_t pixel = 0;
  xd_image image;
  memset(&image, 0xFF, sizeof image);
  xd_image_init(&image, &pixel, 3, 2, XD_PIXEL_RGB_U8);
  ck_assert_uint_eq(image.struct_size, sizeof image);
  ck_assert_ptr_eq(image.pixels, &pixel);
  ck_assert_uint_eq(image.width, 3);
  ck_assert_uint_eq(image.height, 2);
  ck_assert_uint_eq(image.format, XD_PIXEL_RGB_U8);
  ck_assert_int_eq(image.stride, 0);
  ck_assert_uint_eq(image.alpha, XD_ALPHA_IGNORE);
  ck_assert_uint_eq(image.reserved, 0);
  ck_assert(image.background[0] == 0 && image.background[1] == 0 && image.background[2] == 0);
  xd_image_init(NULL, &pixel, 3, 2, XD_PIXEL_RGB_U8);
}
END_TEST

START_TEST(picture_create__gives_zeroed_pixels) {
  const struct {
    uint32_t format;
    size_t size;
  } formats[] = {{XD_PIXEL_GREY_U8, 1},  {XD_PIXEL_RGB_U8, 3},   {XD_PIXEL_RGBA_U8, 4},
                 {XD_PIXEL_GREY_F32, 4}, {XD_PIXEL_RGB_F32, 12}, {XD_PIXEL_RGBA_F32, 16}};
  for (size_t i = 0; i < 6; i++) {
    xd_picture *picture = NULL;
    xd_image image;
    assert_ok(context, xd_picture_create(&picture, context, 5, 3, formats[i].format));
    xd_picture_view(picture, &image);
    ck_assert_uint_eq(image.struct_size, sizeof image);
    ck_assert_uint_eq(image.width, 5);
    ck_assert_uint_eq(image.height, 3);
    ck_assert_uint_eq(image.format, formats[i].format);
    const unsigned char *bytes = image.pixels;
    for (size_t k = 0; k < 15 * formats[i].size; k++)
      ck_assert_uint_eq(bytes[k], 0);
    memset(image.pixels, 0xAB, 15 * formats[i].size); /* a sanitizer sees whether it is all there */
    xd_picture_destroy(picture);
  }
  xd_picture_destroy(NULL);
}
END_TEST

START_TEST(picture_create__refuses_impossible_sizes) {
  const struct {
    uint32_t width, height, format;
    xd_status expected;
  } cases[] = {{0, 1, XD_PIXEL_GREY_U8, XD_ERROR_INVALID_ARGUMENT},
               {1, 0, XD_PIXEL_GREY_U8, XD_ERROR_INVALID_ARGUMENT},
               {65536, 1, XD_PIXEL_GREY_U8, XD_ERROR_TOO_LARGE},
               {1, 65536, XD_PIXEL_GREY_U8, XD_ERROR_TOO_LARGE},
               {65535, 65535, XD_PIXEL_GREY_U8, XD_ERROR_TOO_LARGE},
               {16384, 16385, XD_PIXEL_GREY_U8, XD_ERROR_TOO_LARGE},
               {UINT32_MAX, UINT32_MAX, XD_PIXEL_RGBA_F32, XD_ERROR_TOO_LARGE},
               {1, 1, 0, XD_ERROR_INVALID_ARGUMENT},
               {1, 1, 7, XD_ERROR_INVALID_ARGUMENT}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    xd_picture *picture = (xd_picture *)&cases;
    assert_status(xd_picture_create(&picture, context, cases[i].width, cases[i].height, cases[i].format),
                  cases[i].expected);
    ck_assert_ptr_null(picture);
  }
  assert_status(xd_picture_create(NULL, context, 1, 1, XD_PIXEL_GREY_U8), XD_ERROR_INVALID_ARGUMENT);
  xd_picture *picture;
  assert_status(xd_picture_create(&picture, NULL, 1, 1, XD_PIXEL_GREY_U8), XD_ERROR_INVALID_ARGUMENT);
}
END_TEST

/* Spoils one field of a good view each time; every function must see it. */
START_TEST(image_views__are_checked_field_by_field) {
  static float floats[64];
  uint8_t bytes[16];
  const char *words[] = {"struct_size", "struct_size", "pixels",     "0x2",        "65536",    "format",
                         "format",      "alpha",       "background", "background", "reserved", "stride",
                         "stride",      "stride",      "4",          "stride",     "stride"};
  for (unsigned i = 0; i < sizeof words / sizeof *words; i++) {
    xd_image good = view_of(bytes, 2, 2, XD_PIXEL_RGB_U8), bad = view_of(floats, 2, 2, XD_PIXEL_RGB_F32);
    switch (i) {
    case 0:
      bad.struct_size = 0;
      break;
    case 1:
      bad.struct_size = SIZE_MAX;
      break;
    case 2:
      bad.pixels = NULL;
      break;
    case 3:
      bad.width = 0;
      break;
    case 4:
      bad.height = 65536;
      break;
    case 5:
      bad.format = 0;
      break;
    case 6:
      bad.format = 7;
      break;
    case 7:
      bad.alpha = 3;
      break;
    case 8:
      bad.alpha = XD_ALPHA_COMPOSITE, bad.background[1] = 1.5f;
      break;
    case 9:
      bad.alpha = XD_ALPHA_COMPOSITE, bad.background[2] = NAN;
      break;
    case 10:
      bad.reserved = 1;
      break;
    case 11:
      bad.stride = 20;
      break;
    case 12:
      bad.stride = -20;
      break;
    case 13:
      bad.stride = PTRDIFF_MIN;
      break;
    case 14:
      bad.stride = 26;
      break;
    case 15:
      bad.stride = PTRDIFF_MAX / 4 * 4;
      break;
    case 16:
      bad.stride = -(PTRDIFF_MAX / 4 * 4);
      break;
    }
    assert_status(xd_image_convert(context, &good, &bad), XD_ERROR_INVALID_ARGUMENT);
    assert_message_names(context, "from");
    assert_message_names(context, words[i]);
    assert_status(xd_image_convert(context, &bad, &good), XD_ERROR_INVALID_ARGUMENT);
    assert_message_names(context, "to");
    assert_status(xd_image_resize(context, &good, &bad), XD_ERROR_INVALID_ARGUMENT);
    assert_status(xd_image_to_floats(context, floats, 3, &bad), XD_ERROR_INVALID_ARGUMENT);
    assert_status(xd_image_from_floats(context, &bad, floats, 3), XD_ERROR_INVALID_ARGUMENT);
    assert_status(xd_image_save_png(context, &bad, "never-written.png"), XD_ERROR_INVALID_ARGUMENT);
  }
  xd_image good = view_of(bytes, 2, 2, XD_PIXEL_RGB_U8);
  xd_image odd = view_of((char *)floats + 1, 2, 2, XD_PIXEL_RGB_F32);
  assert_status(xd_image_convert(context, &good, &odd), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_image_convert(context, &good, NULL), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_image_convert(context, NULL, &good), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_image_convert(NULL, &good, &good), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_image_to_floats(context, NULL, 3, &good), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_image_to_floats(context, floats, 2, &good), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_image_from_floats(context, &good, NULL, 3), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_image_from_floats(context, &good, floats, 4), XD_ERROR_INVALID_ARGUMENT);
}
END_TEST

/* ---- conversion ---- */

START_TEST(image_convert__keeps_every_byte_through_floats) {
  uint8_t bytes[256], back[256];
  float floats[256];
  for (unsigned i = 0; i < 256; i++)
    bytes[i] = (uint8_t)i;
  xd_image from = view_of(bytes, 256, 1, XD_PIXEL_GREY_U8),
           middle = view_of(floats, 256, 1, XD_PIXEL_GREY_F32);
  xd_image to = view_of(back, 256, 1, XD_PIXEL_GREY_U8);
  assert_ok(context, xd_image_convert(context, &middle, &from));
  for (unsigned i = 0; i < 256; i++)
    ck_assert(floats[i] == (float)i / 255.0f);
  assert_ok(context, xd_image_convert(context, &to, &middle));
  ck_assert_mem_eq(back, bytes, 256);
}
END_TEST

START_TEST(image_convert__weighs_colours_into_grey) {
  const uint8_t colours[] = {255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255, 7, 7, 7};
  const uint8_t expected[] = {76, 150, 29, 255, 7};
  uint8_t grey[5];
  xd_image from = view_of((void *)colours, 5, 1, XD_PIXEL_RGB_U8), to = view_of(grey, 5, 1, XD_PIXEL_GREY_U8);
  assert_ok(context, xd_image_convert(context, &to, &from));
  ck_assert_mem_eq(grey, expected, 5);
}
END_TEST

START_TEST(image_convert__spreads_grey_over_colours) {
  const uint8_t grey[] = {0, 100, 255};
  const uint8_t expected[] = {0, 0, 0, 255, 100, 100, 100, 255, 255, 255, 255, 255};
  uint8_t colours[12];
  xd_image from = view_of((void *)grey, 3, 1, XD_PIXEL_GREY_U8),
           to = view_of(colours, 3, 1, XD_PIXEL_RGBA_U8);
  assert_ok(context, xd_image_convert(context, &to, &from));
  ck_assert_mem_eq(colours, expected, 12);
}
END_TEST

/* One pixel of colour (200, 100, 0) and alpha 51 = 0.2 over a background of (0, 0.5, 1). */
START_TEST(image_convert__follows_the_alpha_policy) {
  const uint8_t source[] = {200, 100, 0, 51};
  const struct {
    uint32_t policy, format;
    uint8_t expected[4];
  } cases[] = {{XD_ALPHA_IGNORE, XD_PIXEL_RGB_U8, {200, 100, 0, 0}},
               {XD_ALPHA_IGNORE, XD_PIXEL_RGBA_U8, {200, 100, 0, 255}},
               {XD_ALPHA_IGNORE, XD_PIXEL_GREY_U8, {119, 0, 0, 0}}, /* 118.5 */
               {XD_ALPHA_COMPOSITE, XD_PIXEL_RGB_U8, {40, 122, 204, 0}},
               {XD_ALPHA_COMPOSITE, XD_PIXEL_RGBA_U8, {40, 122, 204, 255}},
               {XD_ALPHA_COMPOSITE, XD_PIXEL_GREY_U8, {107, 0, 0, 0}}, /* 106.83 */
               {XD_ALPHA_CARRY, XD_PIXEL_RGB_U8, {200, 100, 0, 0}},
               {XD_ALPHA_CARRY, XD_PIXEL_RGBA_U8, {200, 100, 0, 51}}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    uint8_t result[4] = {0, 0, 0, 0};
    xd_image from = view_of((void *)source, 1, 1, XD_PIXEL_RGBA_U8),
             to = view_of(result, 1, 1, cases[i].format);
    from.alpha = cases[i].policy;
    from.background[1] = 0.5f;
    from.background[2] = 1.0f;
    assert_ok(context, xd_image_convert(context, &to, &from));
    ck_assert_msg(memcmp(result, cases[i].expected, 4) == 0, "case %zu: %u %u %u %u", i, result[0], result[1],
                  result[2], result[3]);
  }
}
END_TEST

/* Alpha counts as 0 to 1, whatever a host's floats are: nothing overflows to a number that is none. */
START_TEST(image_convert__composites_any_finite_floats) {
  const float source[] = {1e38f, -1e38f, 0.0f, 1e38f};
  float result = NAN;
  xd_image from = view_of((void *)source, 1, 1, XD_PIXEL_RGBA_F32),
           to = view_of(&result, 1, 1, XD_PIXEL_GREY_F32);
  from.alpha = XD_ALPHA_COMPOSITE;
  assert_ok(context, xd_image_convert(context, &to, &from));
  ck_assert(result == 0.0f);
}
END_TEST

START_TEST(image_convert__carries_alpha_between_floats_and_bytes) {
  const float source[] = {0.0f, 0.5f, 1.0f, 0.25f};
  const uint8_t expected[] = {0, 128, 255, 64};
  uint8_t result[4];
  xd_image from = view_of((void *)source, 1, 1, XD_PIXEL_RGBA_F32),
           to = view_of(result, 1, 1, XD_PIXEL_RGBA_U8);
  from.alpha = XD_ALPHA_CARRY;
  assert_ok(context, xd_image_convert(context, &to, &from));
  ck_assert_mem_eq(result, expected, 4);
}
END_TEST

START_TEST(image_convert__follows_strides_of_both_signs) {
  /* 70 pixels a row, so that a row takes more than one run. */
  static uint8_t from_bytes[3 * 80], to_bytes[3 * 100];
  memset(to_bytes, 0xEE, sizeof to_bytes);
  for (unsigned y = 0; y < 3; y++)
    for (unsigned x = 0; x < 80; x++)
      from_bytes[y * 80 + x] = (uint8_t)(y * 70 + x);
  xd_image from = view_of(from_bytes, 70, 3, XD_PIXEL_GREY_U8);
  from.stride = 80;
  xd_image to = view_of(to_bytes + 2 * 100, 70, 3, XD_PIXEL_GREY_U8);
  to.stride = -100;
  assert_ok(context, xd_image_convert(context, &to, &from));
  for (unsigned y = 0; y < 3; y++) {
    ck_assert_mem_eq(to_bytes + (2 - y) * 100, from_bytes + y * 80, 70);
    for (unsigned x = 70; x < 100; x++)
      ck_assert_uint_eq(to_bytes[y * 100 + x], 0xEE);
  }
  static float floats[3 * 70];
  xd_image as_floats = view_of(floats, 70, 3, XD_PIXEL_GREY_F32);
  assert_ok(context, xd_image_convert(context, &as_floats, &to));
  for (unsigned i = 0; i < 210; i++)
    ck_assert(floats[i] == (float)from_bytes[i / 70 * 80 + i % 70] / 255.0f);
}
END_TEST

START_TEST(image_convert__clamps_what_it_writes) {
  const float source[] = {-1.0f, 0.0f, 0.3f, 1.0f, 7.0f};
  const float expected[] = {0.0f, 0.0f, 0.3f, 1.0f, 1.0f};
  const uint8_t expected_bytes[] = {0, 0, 77, 255, 255};
  float floats[5];
  uint8_t bytes[5];
  xd_image from = view_of((void *)source, 5, 1, XD_PIXEL_GREY_F32),
           to = view_of(floats, 5, 1, XD_PIXEL_GREY_F32);
  xd_image to_bytes = view_of(bytes, 5, 1, XD_PIXEL_GREY_U8);
  assert_ok(context, xd_image_convert(context, &to, &from));
  assert_ok(context, xd_image_convert(context, &to_bytes, &from));
  ck_assert_mem_eq(floats, expected, sizeof floats);
  ck_assert_mem_eq(bytes, expected_bytes, sizeof bytes);
}
END_TEST

START_TEST(image_convert__refuses_another_size) {
  uint8_t a[12], b[12];
  xd_image from = view_of(a, 3, 4, XD_PIXEL_GREY_U8), to = view_of(b, 4, 3, XD_PIXEL_GREY_U8);
  assert_status(xd_image_convert(context, &to, &from), XD_ERROR_SHAPE_MISMATCH);
  assert_message_names(context, "4x3");
  assert_message_names(context, "3x4");
}
END_TEST

START_TEST(image_functions__refuse_pixels_that_are_no_numbers) {
  const float values[] = {NAN, INFINITY, -INFINITY};
  for (unsigned i = 0; i < 3; i++) {
    float floats[12] = {0}, out[12] = {0};
    uint8_t bytes[12] = {9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9};
    xd_picture *sheet = NULL;
    floats[7] = values[i]; /* column 0, row 1, channel 1 of 2x2 RGB; column 3, row 1 of 4 */
    xd_image from = view_of(floats, 2, 2, XD_PIXEL_RGB_F32), to = view_of(bytes, 2, 2, XD_PIXEL_RGB_U8);
    xd_image small = view_of(bytes, 1, 1, XD_PIXEL_RGB_U8);
    assert_status(xd_image_convert(context, &to, &from), XD_ERROR_BAD_DATA);
    assert_message_names(context, "column 0, row 1, channel 1");
    assert_status(xd_image_resize(context, &small, &from), XD_ERROR_BAD_DATA);
    assert_status(xd_image_to_floats(context, out, 1, &from), XD_ERROR_BAD_DATA);
    assert_status(xd_image_from_floats(context, &to, floats, 3), XD_ERROR_BAD_DATA);
    assert_status(xd_image_save_png(context, &from, "never-written.png"), XD_ERROR_BAD_DATA);
    assert_status(xd_picture_create_sheet(&sheet, context, floats, 1, 3, 2, 2, 1, 1, 0), XD_ERROR_BAD_DATA);
    ck_assert_ptr_null(sheet);
    for (unsigned k = 0; k < 12; k++)
      ck_assert_uint_eq(bytes[k], 9); /* nothing was written */
  }
  /* An alpha that is ignored is checked too. */
  float rgba[4] = {0, 0, 0, NAN};
  uint8_t grey;
  xd_image from = view_of(rgba, 1, 1, XD_PIXEL_RGBA_F32), to = view_of(&grey, 1, 1, XD_PIXEL_GREY_U8);
  assert_status(xd_image_convert(context, &to, &from), XD_ERROR_BAD_DATA);
}
END_TEST

START_TEST(image_floats__go_both_ways) {
  const uint8_t colours[] = {255, 0, 0, 10, 20, 30};
  float three[6], one[2];
  uint8_t back[6], rgba[8];
  xd_image from = view_of((void *)colours, 2, 1, XD_PIXEL_RGB_U8), to = view_of(back, 2, 1, XD_PIXEL_RGB_U8);
  xd_image wide = view_of(rgba, 2, 1, XD_PIXEL_RGBA_U8);
  assert_ok(context, xd_image_to_floats(context, three, 3, &from));
  for (unsigned i = 0; i < 6; i++)
    ck_assert(three[i] == (float)colours[i] / 255.0f);
  assert_ok(context, xd_image_to_floats(context, one, 1, &from));
  ck_assert_float_eq_tol(one[0], 0.299f, 1e-6f);
  ck_assert_float_eq_tol(one[1], (0.299f * 10 + 0.587f * 20 + 0.114f * 30) / 255, 1e-6f);
  assert_ok(context, xd_image_from_floats(context, &to, three, 3));
  ck_assert_mem_eq(back, colours, 6);
  assert_ok(context, xd_image_from_floats(context, &wide, one, 1));
  const uint8_t expected[] = {76, 76, 76, 255, 18, 18, 18, 255};
  ck_assert_mem_eq(rgba, expected, 8);
}
END_TEST

START_TEST(image_functions__allocate_nothing) {
  counting_allocator counter = {0};
  xd_context *counted = test_context_with("reference", 1, &counter);
  static uint8_t a[100 * 100 * 4], b[50 * 120 * 4];
  static float floats[100 * 100 * 3];
  xd_image from = view_of(a, 100, 100, XD_PIXEL_RGBA_U8), to = view_of(b, 50, 120, XD_PIXEL_RGBA_U8);
  from.alpha = XD_ALPHA_CARRY;
  size_t before = atomic_load(&counter.total);
  assert_ok(counted, xd_image_to_floats(counted, floats, 3, &from));
  assert_ok(counted, xd_image_from_floats(counted, &from, floats, 3));
  assert_ok(counted, xd_image_resize(counted, &to, &from));
  assert_ok(counted, xdi_image_carry_alpha(counted, &to, &from));
  ck_assert_uint_eq(atomic_load(&counter.total), before);
  xd_context_destroy(counted);
}
END_TEST

/* ---- resizing ---- */

START_TEST(image_resize__averages_areas_where_it_shrinks) {
  const float source[] = {0.0f, 0.3f, 0.6f};
  float result[2];
  xd_image from = view_of((void *)source, 3, 1, XD_PIXEL_GREY_F32),
           to = view_of(result, 2, 1, XD_PIXEL_GREY_F32);
  assert_ok(context, xd_image_resize(context, &to, &from));
  ck_assert_float_eq_tol(result[0], (0.0f + 0.3f / 2) / 1.5f, 1e-6f);
  ck_assert_float_eq_tol(result[1], (0.3f / 2 + 0.6f) / 1.5f, 1e-6f);
}
END_TEST

START_TEST(image_resize__interpolates_where_it_grows) {
  const uint8_t source[] = {0, 100};
  const uint8_t expected[] = {0, 25, 75, 100};
  uint8_t result[4];
  xd_image from = view_of((void *)source, 1, 2, XD_PIXEL_GREY_U8),
           to = view_of(result, 1, 4, XD_PIXEL_GREY_U8);
  assert_ok(context, xd_image_resize(context, &to, &from));
  ck_assert_mem_eq(result, expected, 4);
}
END_TEST

START_TEST(image_resize__treats_each_axis_by_itself) {
  /* 4 columns become 2 (means), 1 row becomes 3 (copies). */
  const uint8_t source[] = {10, 20, 100, 200};
  const uint8_t expected[] = {15, 150, 15, 150, 15, 150};
  uint8_t result[6];
  xd_image from = view_of((void *)source, 4, 1, XD_PIXEL_GREY_U8),
           to = view_of(result, 2, 3, XD_PIXEL_GREY_U8);
  assert_ok(context, xd_image_resize(context, &to, &from));
  ck_assert_mem_eq(result, expected, 6);
}
END_TEST

START_TEST(image_resize__copies_at_the_same_size) {
  uint8_t source[5 * 7 * 3], result[5 * 7 * 3];
  for (unsigned i = 0; i < sizeof source; i++)
    source[i] = (uint8_t)(i * 37);
  xd_image from = view_of(source, 5, 7, XD_PIXEL_RGB_U8), to = view_of(result, 5, 7, XD_PIXEL_RGB_U8);
  assert_ok(context, xd_image_resize(context, &to, &from));
  ck_assert_mem_eq(result, source, sizeof source);
}
END_TEST

/* What one axis does to destination pixel i, from the definition and not from the library's sums: area
 * average by counting fine cells, bilinear by the distance of centres. */
static double expected_on_axis(const double *from, unsigned n, unsigned m, unsigned i) {
  if (m <= n) {
    double sum = 0;
    for (unsigned cell = i * n; cell < (i + 1) * n; cell++)
      sum += from[cell / m];
    return sum / n;
  }
  double centre = (i + 0.5) * n / m - 0.5;
  if (centre <= 0)
    return from[0];
  if (centre >= n - 1)
    return from[n - 1];
  unsigned k = (unsigned)centre;
  return from[k] * (1 - (centre - k)) + from[k + 1] * (centre - k);
}

START_TEST(image_resize__agrees_with_the_definition) {
  enum { N = 9 };
  for (unsigned n = 1; n <= N; n++)
    for (unsigned m = 1; m <= 2 * N; m++) {
      double exact[N];
      float source[N], result[2 * N];
      for (unsigned k = 0; k < n; k++) {
        source[k] = (float)((k * 7 + 3) % 11) / 11.0f;
        exact[k] = source[k];
      }
      xd_image from = view_of(source, n, 1, XD_PIXEL_GREY_F32), to = view_of(result, m, 1, XD_PIXEL_GREY_F32);
      assert_ok(context, xd_image_resize(context, &to, &from));
      for (unsigned i = 0; i < m; i++)
        ck_assert_msg(fabs(result[i] - expected_on_axis(exact, n, m, i)) < 1e-6, "%u to %u at %u", n, m, i);
      from = view_of(source, 1, n, XD_PIXEL_GREY_F32), to = view_of(result, 1, m, XD_PIXEL_GREY_F32);
      assert_ok(context, xd_image_resize(context, &to, &from));
      for (unsigned i = 0; i < m; i++)
        ck_assert_msg(fabs(result[i] - expected_on_axis(exact, n, m, i)) < 1e-6, "down, %u to %u at %u", n, m,
                      i);
    }
}
END_TEST

START_TEST(image_resize__shrinks_by_more_than_a_run) {
  static uint8_t source[3 * 1000];
  uint8_t result[3];
  for (unsigned x = 0; x < 1000; x++) {
    source[3 * x] = x < 500 ? 0 : 200;
    source[3 * x + 1] = 90;
    source[3 * x + 2] = x == 0 ? 250 : 0;
  }
  xd_image from = view_of(source, 1000, 1, XD_PIXEL_RGB_U8), to = view_of(result, 1, 1, XD_PIXEL_RGB_U8);
  assert_ok(context, xd_image_resize(context, &to, &from));
  const uint8_t expected[] = {100, 90, 0};
  ck_assert_mem_eq(result, expected, 3);
}
END_TEST

START_TEST(image_resize__carries_or_fills_alpha) {
  const uint8_t source[] = {10, 20, 30, 0, 10, 20, 30, 200};
  uint8_t result[4];
  xd_image from = view_of((void *)source, 2, 1, XD_PIXEL_RGBA_U8),
           to = view_of(result, 1, 1, XD_PIXEL_RGBA_U8);
  from.alpha = XD_ALPHA_CARRY;
  assert_ok(context, xd_image_resize(context, &to, &from));
  const uint8_t carried[] = {10, 20, 30, 100};
  ck_assert_mem_eq(result, carried, 4);
  from.alpha = XD_ALPHA_IGNORE;
  assert_ok(context, xd_image_resize(context, &to, &from));
  const uint8_t opaque[] = {10, 20, 30, 255};
  ck_assert_mem_eq(result, opaque, 4);
}
END_TEST

START_TEST(image_resize__stops_when_cancelled) {
  uint8_t a[16], b[4];
  xd_image from = view_of(a, 4, 4, XD_PIXEL_GREY_U8), to = view_of(b, 2, 2, XD_PIXEL_GREY_U8);
  xd_context_cancel(context);
  assert_status(xd_image_resize(context, &to, &from), XD_ERROR_CANCELLED);
  xd_context_clear_cancel(context);
  memset(a, 50, sizeof a);
  assert_ok(context, xd_image_resize(context, &to, &from));
  ck_assert_uint_eq(b[3], 50);
}
END_TEST

START_TEST(carry_alpha__replaces_alpha_alone) {
  const uint8_t source[] = {1, 2, 3, 0, 1, 2, 3, 100};
  uint8_t result[] = {7, 8, 9, 255, 7, 8, 9, 255, 7, 8, 9, 255, 7, 8, 9, 255};
  const uint8_t expected[] = {7, 8, 9, 0, 7, 8, 9, 25, 7, 8, 9, 75, 7, 8, 9, 100};
  uint8_t untouched[sizeof result];
  memcpy(untouched, result, sizeof result);
  xd_image from = view_of((void *)source, 2, 1, XD_PIXEL_RGBA_U8),
           to = view_of(result, 4, 1, XD_PIXEL_RGBA_U8);
  assert_ok(context, xdi_image_carry_alpha(context, &to, &from));
  ck_assert_mem_eq(result, untouched, sizeof result); /* the policy is to ignore */
  from.alpha = XD_ALPHA_CARRY;
  assert_ok(context, xdi_image_carry_alpha(context, &to, &from));
  ck_assert_mem_eq(result, expected, sizeof result);
}
END_TEST

/* ---- sheets ---- */

START_TEST(sheet__places_magnified_pictures_between_gaps) {
  /* Two rows of one picture of 2x1 pixels, twice magnified, gap 1. */
  const float pictures[] = {0.0f, 1.0f, 0.2f, 0.4f};
  const uint8_t G = 0x80;
  const uint8_t expected[7][6] = {{G, G, G, G, G, G}, {G, 0, 0, 255, 255, G},   {G, 0, 0, 255, 255, G},
                                  {G, G, G, G, G, G}, {G, 51, 51, 102, 102, G}, {G, 51, 51, 102, 102, G},
                                  {G, G, G, G, G, G}};
  xd_picture *sheet = NULL;
  xd_image image;
  assert_ok(context, xd_picture_create_sheet(&sheet, context, pictures, 2, 1, 2, 1, 1, 2, 1));
  xd_picture_view(sheet, &image);
  ck_assert_uint_eq(image.width, 6);
  ck_assert_uint_eq(image.height, 7);
  ck_assert_uint_eq(image.format, XD_PIXEL_GREY_U8);
  ck_assert_mem_eq(image.pixels, expected, sizeof expected);
  xd_picture_destroy(sheet);
}
END_TEST

START_TEST(sheet__keeps_colours_in_row_major_order) {
  const float pictures[] = {1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1};
  const uint8_t expected[] = {255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255};
  xd_picture *sheet = NULL;
  xd_image image;
  assert_ok(context, xd_picture_create_sheet(&sheet, context, pictures, 2, 2, 1, 1, 3, 1, 0));
  xd_picture_view(sheet, &image);
  ck_assert_uint_eq(image.format, XD_PIXEL_RGB_U8);
  ck_assert_uint_eq(image.width, 2);
  ck_assert_mem_eq(image.pixels, expected, sizeof expected);
  xd_picture_destroy(sheet);
}
END_TEST

START_TEST(sheet__refuses_impossible_arguments) {
  const float picture[12] = {0};
  const uint32_t good[] = {1, 1, 2, 2, 1, 1, 0}; /* rows, columns, width, height, channels, scale, gap */
  const struct {
    unsigned which;
    uint32_t value;
  } cases[] = {{0, 0}, {1, 0}, {2, 0},  {3, 0},  {4, 0},         {4, 2},
               {4, 4}, {5, 0}, {5, 17}, {6, 65}, {2, UINT32_MAX}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    uint32_t a[7];
    xd_picture *sheet = (xd_picture *)&good;
    memcpy(a, good, sizeof a);
    a[cases[i].which] = cases[i].value;
    assert_status(xd_picture_create_sheet(&sheet, context, picture, a[0], a[1], a[2], a[3], a[4], a[5], a[6]),
                  XD_ERROR_INVALID_ARGUMENT);
    ck_assert_ptr_null(sheet);
  }
  xd_picture *sheet;
  assert_status(xd_picture_create_sheet(&sheet, context, picture, 1, 40000, 2, 1, 1, 1, 0),
                XD_ERROR_TOO_LARGE);
  assert_status(xd_picture_create_sheet(&sheet, context, picture, 65535, 65535, 65535, 65535, 1, 16, 64),
                XD_ERROR_TOO_LARGE);
  assert_status(xd_picture_create_sheet(&sheet, context, NULL, 1, 1, 1, 1, 1, 1, 0),
                XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_picture_create_sheet(NULL, context, picture, 1, 1, 1, 1, 1, 1, 0),
                XD_ERROR_INVALID_ARGUMENT);
}
END_TEST

static xd_status make_sheet(xd_context *limited, void *user) {
  xd_picture *sheet;
  xd_status status = xd_picture_create_sheet(&sheet, limited, user, 2, 2, 1, 1, 1, 3, 1);
  xd_picture_destroy(sheet);
  return status;
}

START_TEST(sheet__leaks_nothing_when_memory_is_refused) {
  float pictures[4] = {0};
  check_refusals(make_sheet, pictures);
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("image");
  TCase *tcase = tcase_create("image");
  tcase_add_checked_fixture(tcase, set_up, tear_down);
  tcase_add_test(tcase, image_init__sets_the_defaults);
  tcase_add_test(tcase, picture_create__gives_zeroed_pixels);
  tcase_add_test(tcase, picture_create__refuses_impossible_sizes);
  tcase_add_test(tcase, image_views__are_checked_field_by_field);
  tcase_add_test(tcase, image_convert__keeps_every_byte_through_floats);
  tcase_add_test(tcase, image_convert__weighs_colours_into_grey);
  tcase_add_test(tcase, image_convert__spreads_grey_over_colours);
  tcase_add_test(tcase, image_convert__follows_the_alpha_policy);
  tcase_add_test(tcase, image_convert__composites_any_finite_floats);
  tcase_add_test(tcase, image_convert__carries_alpha_between_floats_and_bytes);
  tcase_add_test(tcase, image_convert__follows_strides_of_both_signs);
  tcase_add_test(tcase, image_convert__clamps_what_it_writes);
  tcase_add_test(tcase, image_convert__refuses_another_size);
  tcase_add_test(tcase, image_functions__refuse_pixels_that_are_no_numbers);
  tcase_add_test(tcase, image_floats__go_both_ways);
  tcase_add_test(tcase, image_functions__allocate_nothing);
  tcase_add_test(tcase, image_resize__averages_areas_where_it_shrinks);
  tcase_add_test(tcase, image_resize__interpolates_where_it_grows);
  tcase_add_test(tcase, image_resize__treats_each_axis_by_itself);
  tcase_add_test(tcase, image_resize__copies_at_the_same_size);
  tcase_add_test(tcase, image_resize__agrees_with_the_definition);
  tcase_add_test(tcase, image_resize__shrinks_by_more_than_a_run);
  tcase_add_test(tcase, image_resize__carries_or_fills_alpha);
  tcase_add_test(tcase, image_resize__stops_when_cancelled);
  tcase_add_test(tcase, carry_alpha__replaces_alpha_alone);
  tcase_add_test(tcase, sheet__places_magnified_pictures_between_gaps);
  tcase_add_test(tcase, sheet__keeps_colours_in_row_major_order);
  tcase_add_test(tcase, sheet__refuses_impossible_arguments);
  tcase_add_test(tcase, sheet__leaks_nothing_when_memory_is_refused);
  suite_add_tcase(suite, tcase);
  return suite;
}

XD_SUITE_MAIN(make_suite)
