/* Views, conversion, resizing, floats and sheets. */
#include "support.h"

#include <math.h>
#include <stdbool.h>

#include "refusals.h"
#include "xdomain/image.h"
#include "xdomain/unstable/sheet.h"

static xd_context *context;

static void set_up(void) {
  context = test_context("reference");
}

static void tear_down(void) {
  xd_context_destroy(context);
}

static xd_image view_of(void *pixels, uint32_t width, uint32_t height, xd_sample sample, xd_layout layout) {
  xd_image image;
  xd_image_init(&image, sizeof image, pixels, width, height, sample, layout);
  return image;
}

/* ---- views and pictures ---- */

START_TEST(image_init__sets_the_defaults) {
  uint8_t pixel = 0;
  xd_image image;
  memset(&image, 0xFF, sizeof image);
  xd_image_init(&image, sizeof image, &pixel, 3, 2, XD_SAMPLE_U16, XD_LAYOUT_BGR);
  ck_assert_uint_eq(image.struct_size, sizeof image);
  ck_assert_ptr_eq(image.pixels, &pixel);
  ck_assert_uint_eq(image.width, 3);
  ck_assert_uint_eq(image.height, 2);
  ck_assert_uint_eq(image.sample, XD_SAMPLE_U16);
  ck_assert_uint_eq(image.layout, XD_LAYOUT_BGR);
  ck_assert_int_eq(image.row_stride, 18);
  ck_assert_int_eq(image.pixel_stride, 6);
  ck_assert_int_eq(image.channel_stride, 2);
  ck_assert_uint_eq(image.alpha, XD_ALPHA_STRAIGHT);
  ck_assert_uint_eq(image.policy, XD_ALPHA_COMPOSITE);
  ck_assert_uint_eq(image.reserved, 0);
  ck_assert(image.background[0] == 0 && image.background[1] == 0 && image.background[2] == 0);
  xd_image_init_planar(&image, sizeof image, &pixel, 3, 2, XD_SAMPLE_F32, XD_LAYOUT_RGBA);
  ck_assert_int_eq(image.row_stride, 12);
  ck_assert_int_eq(image.pixel_stride, 4);
  ck_assert_int_eq(image.channel_stride, 24);
  const xd_image empty = XD_IMAGE_INIT;
  xd_image_init(&image, sizeof image, NULL, 0, 0, 0, 0);
  ck_assert_mem_eq(&image, &empty, sizeof empty);
  xd_image_init(NULL, sizeof image, &pixel, 3, 2, XD_SAMPLE_U8, XD_LAYOUT_RGB);
}
END_TEST

START_TEST(samples_and_layouts__have_sizes) {
  const size_t sizes[] = {0, 1, 2, 2, 4, 0};
  const uint32_t channels[] = {0, 1, 2, 3, 4, 3, 4, 0};
  for (uint32_t i = 0; i < 6; i++)
    ck_assert_uint_eq(xd_sample_size(i), sizes[i]);
  for (uint32_t i = 0; i < 8; i++)
    ck_assert_uint_eq(xd_layout_channels(i), channels[i]);
  ck_assert_uint_eq(xd_sample_size(UINT32_MAX), 0);
}
END_TEST

START_TEST(picture_create__gives_zeroed_pixels) {
  for (xd_sample sample = XD_SAMPLE_U8; sample <= XD_SAMPLE_F32; sample++)
    for (xd_layout layout = XD_LAYOUT_GREY; layout <= XD_LAYOUT_BGRA; layout++) {
      const size_t size = xd_sample_size(sample) * xd_layout_channels(layout);
      xd_picture *picture = NULL;
      xd_image image = XD_IMAGE_INIT;
      assert_ok(context, xd_picture_create(&picture, context, 5, 3, sample, layout));
      assert_status(xd_picture_view(picture, &image), XD_OK);
      ck_assert_uint_eq(image.struct_size, sizeof image);
      ck_assert_uint_eq(image.width, 5);
      ck_assert_uint_eq(image.height, 3);
      ck_assert_uint_eq(image.sample, sample);
      ck_assert_uint_eq(image.layout, layout);
      ck_assert_int_eq(image.row_stride, (ptrdiff_t)(5 * size));
      const unsigned char *bytes = image.pixels;
      for (size_t k = 0; k < 15 * size; k++)
        ck_assert_uint_eq(bytes[k], 0);
      memset(image.pixels, 0xAB, 15 * size); /* a sanitizer sees whether it is all there */
      xd_picture_destroy(picture);
    }
  xd_picture_destroy(NULL);
}
END_TEST

START_TEST(picture_create__refuses_impossible_sizes) {
  const struct {
    uint32_t width, height, sample, layout;
    xd_status expected;
  } cases[] = {{0, 1, XD_SAMPLE_U8, XD_LAYOUT_GREY, XD_ERROR_INVALID_ARGUMENT},
               {1, 0, XD_SAMPLE_U8, XD_LAYOUT_GREY, XD_ERROR_INVALID_ARGUMENT},
               {65536, 1, XD_SAMPLE_U8, XD_LAYOUT_GREY, XD_ERROR_TOO_LARGE},
               {1, 65536, XD_SAMPLE_U8, XD_LAYOUT_GREY, XD_ERROR_TOO_LARGE},
               {65535, 65535, XD_SAMPLE_U8, XD_LAYOUT_GREY, XD_ERROR_TOO_LARGE},
               {16384, 16385, XD_SAMPLE_U8, XD_LAYOUT_GREY, XD_ERROR_TOO_LARGE},
               {UINT32_MAX, UINT32_MAX, XD_SAMPLE_F32, XD_LAYOUT_RGBA, XD_ERROR_TOO_LARGE},
               {1, 1, 0, XD_LAYOUT_GREY, XD_ERROR_INVALID_ARGUMENT},
               {1, 1, 5, XD_LAYOUT_GREY, XD_ERROR_INVALID_ARGUMENT},
               {1, 1, XD_SAMPLE_U8, 0, XD_ERROR_INVALID_ARGUMENT},
               {1, 1, XD_SAMPLE_U8, 7, XD_ERROR_INVALID_ARGUMENT}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    xd_picture *picture = (xd_picture *)&cases;
    assert_status(xd_picture_create(&picture, context, cases[i].width, cases[i].height, cases[i].sample,
                                    cases[i].layout),
                  cases[i].expected);
    ck_assert_ptr_null(picture);
  }
  assert_status(xd_picture_create(NULL, context, 1, 1, XD_SAMPLE_U8, XD_LAYOUT_GREY),
                XD_ERROR_INVALID_ARGUMENT);
  xd_picture *picture;
  assert_status(xd_picture_create(&picture, NULL, 1, 1, XD_SAMPLE_U8, XD_LAYOUT_GREY),
                XD_ERROR_INVALID_ARGUMENT);
}
END_TEST

START_TEST(picture_view__refuses_what_is_missing) {
  xd_picture *picture = NULL;
  xd_image image = XD_IMAGE_INIT, untouched = XD_IMAGE_INIT;
  assert_ok(context, xd_picture_create(&picture, context, 1, 1, XD_SAMPLE_U8, XD_LAYOUT_GREY));
  assert_status(xd_picture_view(NULL, &image), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_picture_view(picture, NULL), XD_ERROR_INVALID_ARGUMENT);
  image.struct_size = untouched.struct_size = 0;
  assert_status(xd_picture_view(picture, &image), XD_ERROR_INVALID_ARGUMENT);
  ck_assert_mem_eq(&image, &untouched, sizeof image);
  xd_picture_destroy(picture);
}
END_TEST

/* Spoils one field of a good view each time; every function must see it. */
START_TEST(image_views__are_checked_field_by_field) {
  static float floats[64];
  uint8_t bytes[16];
  const char *words[] = {"struct_size", "struct_size", "pixels",     "0x2",      "65536",
                         "sample",      "sample",      "layout",     "layout",   "alpha",
                         "policy",      "background",  "background", "reserved", "strides of",
                         "strides of",  "strides of",  "strides of"};
  for (unsigned i = 0; i < sizeof words / sizeof *words; i++) {
    xd_image good = view_of(bytes, 2, 2, XD_SAMPLE_U8, XD_LAYOUT_RGB),
             bad = view_of(floats, 2, 2, XD_SAMPLE_F32, XD_LAYOUT_RGB);
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
      bad.sample = 0;
      break;
    case 6:
      bad.sample = 5;
      break;
    case 7:
      bad.layout = 0;
      break;
    case 8:
      bad.layout = 7;
      break;
    case 9:
      bad.alpha = 2;
      break;
    case 10:
      bad.policy = 3;
      break;
    case 11:
      bad.background[1] = 1.5f;
      break;
    case 12:
      bad.background[2] = NAN;
      break;
    case 13:
      bad.reserved = 1;
      break;
    case 14:
      bad.row_stride = PTRDIFF_MIN;
      break;
    case 15:
      bad.pixel_stride = PTRDIFF_MAX;
      break;
    case 16:
      bad.channel_stride = PTRDIFF_MAX / 2 + 1;
      break;
    case 17:
      bad.row_stride = -PTRDIFF_MAX;
      break;
    }
    assert_status(xd_image_convert(context, &good, &bad), XD_ERROR_INVALID_ARGUMENT);
    assert_message_names(context, i < 2 ? "xd_image" : "from");
    assert_message_names(context, words[i]);
    assert_status(xd_image_convert(context, &bad, &good), XD_ERROR_INVALID_ARGUMENT);
    assert_message_names(context, i < 2 ? "xd_image" : "to");
    assert_message_names(context, words[i]);
    assert_status(xd_image_resize(context, &good, &bad), XD_ERROR_INVALID_ARGUMENT);
    assert_status(xd_image_fit(context, &good, &bad, XD_FIT_PAD), XD_ERROR_INVALID_ARGUMENT);
    assert_status(xd_image_to_floats(context, floats, &bad, 3), XD_ERROR_INVALID_ARGUMENT);
    assert_status(xd_image_from_floats(context, &bad, floats, 3), XD_ERROR_INVALID_ARGUMENT);
    assert_status(xd_image_save_png(context, "never-written.png", &bad), XD_ERROR_INVALID_ARGUMENT);
    assert_status(xd_image_crop(context, &good, &bad, 0, 0, 1, 1), XD_ERROR_INVALID_ARGUMENT);
    assert_status(xd_image_orient(context, &good, &bad, 1), XD_ERROR_INVALID_ARGUMENT);
  }
  xd_image good = view_of(bytes, 2, 2, XD_SAMPLE_U8, XD_LAYOUT_RGB);
  assert_status(xd_image_convert(context, &good, NULL), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_image_convert(context, NULL, &good), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_image_convert(NULL, &good, &good), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_image_crop(NULL, &good, &good, 0, 0, 1, 1), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_image_crop(context, NULL, &good, 0, 0, 1, 1), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_image_orient(NULL, &good, &good, 1), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_image_to_floats(context, NULL, &good, 3), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_image_to_floats(context, floats, &good, 2), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_image_from_floats(context, &good, NULL, 3), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_image_from_floats(context, &good, floats, 4), XD_ERROR_INVALID_ARGUMENT);
}
END_TEST

/* ---- strides ---- */

/* Rows, pixels and channels may come in any order in memory, forwards and backwards: as numpy's slices and
 * transpositions have them. */
START_TEST(image_strides__reach_every_sample_of_any_slice) {
  enum { W = 5, H = 3, C = 4 };
  static const unsigned orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
  const size_t counts[3] = {H, W, C};
  uint16_t values[H][W][C], back[H][W][C];
  for (unsigned i = 0; i < H * W * C; i++)
    (&values[0][0][0])[i] = (uint16_t)(i * 1009 + 77);
  for (unsigned variant = 0; variant < 6 * 8; variant++) {
    /* At an odd address, with gaps: nothing is aligned. */
    unsigned char memory[16 * 16 * 16 * 3 + 1], untouched[sizeof memory];
    const unsigned *order = orders[variant / 8];
    ptrdiff_t strides[3], step = 3, first = 1;
    memset(memory, 0xEE, sizeof memory);
    for (unsigned k = 3; k-- > 0;) {
      const unsigned axis = order[k];
      strides[axis] = step;
      step *= (ptrdiff_t)counts[axis] + 1;
    }
    for (unsigned axis = 0; axis < 3; axis++)
      if (variant >> axis & 1) {
        first += strides[axis] * (ptrdiff_t)(counts[axis] - 1);
        strides[axis] = -strides[axis];
      }
    xd_image tight = view_of(values, W, H, XD_SAMPLE_U16, XD_LAYOUT_RGBA), slice = tight,
             result = view_of(back, W, H, XD_SAMPLE_U16, XD_LAYOUT_RGBA);
    tight.policy = XD_ALPHA_CARRY;
    slice.pixels = memory + first;
    slice.row_stride = strides[0];
    slice.pixel_stride = strides[1];
    slice.channel_stride = strides[2];
    slice.policy = XD_ALPHA_CARRY;
    assert_ok(context, xd_image_convert(context, &slice, &tight));
    for (unsigned y = 0; y < H; y++)
      for (unsigned x = 0; x < W; x++)
        for (unsigned c = 0; c < C; c++) {
          unsigned char *at = memory + first + (ptrdiff_t)y * strides[0] + (ptrdiff_t)x * strides[1] +
                              (ptrdiff_t)c * strides[2];
          ck_assert_mem_eq(at, &values[y][x][c], 2);
        }
    assert_ok(context, xd_image_convert(context, &result, &slice));
    ck_assert_mem_eq(back, values, sizeof values);
    /* Nothing else was written. */
    memset(untouched, 0xEE, sizeof untouched);
    for (unsigned y = 0; y < H; y++)
      for (unsigned x = 0; x < W; x++)
        for (unsigned c = 0; c < C; c++) {
          const ptrdiff_t at =
              first + (ptrdiff_t)y * strides[0] + (ptrdiff_t)x * strides[1] + (ptrdiff_t)c * strides[2];
          memcpy(untouched + at, &values[y][x][c], 2);
        }
    ck_assert_mem_eq(memory, untouched, sizeof memory);
  }
}
END_TEST

START_TEST(image_strides__of_zero_repeat_an_input) {
  const uint8_t one[] = {10, 20, 30};
  const uint8_t expected[] = {10, 20, 30, 10, 20, 30, 10, 20, 30, 10, 20, 30};
  const uint8_t greys[] = {10, 10, 10, 20, 20, 20};
  uint8_t result[12];
  xd_image from = view_of((void *)one, 2, 2, XD_SAMPLE_U8, XD_LAYOUT_RGB),
           to = view_of(result, 2, 2, XD_SAMPLE_U8, XD_LAYOUT_RGB);
  from.row_stride = from.pixel_stride = 0;
  assert_ok(context, xd_image_convert(context, &to, &from));
  ck_assert_mem_eq(result, expected, 12);
  from = view_of((void *)one, 2, 1, XD_SAMPLE_U8, XD_LAYOUT_RGB);
  to = view_of(result, 2, 1, XD_SAMPLE_U8, XD_LAYOUT_RGB);
  from.channel_stride = 0;
  from.pixel_stride = 1;
  assert_ok(context, xd_image_convert(context, &to, &from));
  ck_assert_mem_eq(result, greys, 6);
  /* Overlapping windows on one row: an input, never an output. */
  from = view_of((void *)one, 2, 2, XD_SAMPLE_U8, XD_LAYOUT_GREY);
  from.row_stride = 1;
  to = view_of(result, 2, 2, XD_SAMPLE_U8, XD_LAYOUT_GREY);
  assert_ok(context, xd_image_convert(context, &to, &from));
  const uint8_t windows[] = {10, 20, 20, 30};
  ck_assert_mem_eq(result, windows, 4);
}
END_TEST

START_TEST(image_strides__of_outputs_must_not_overlap) {
  static uint8_t bytes[64], source[12];
  const ptrdiff_t cases[][3] = {{0, 3, 1}, {6, 0, 1}, {6, 3, 0}, {5, 3, 1}, {-5, 3, 1}, {6, 2, 1}, {3, 6, 2}};
  xd_image from = view_of(source, 2, 2, XD_SAMPLE_U8, XD_LAYOUT_RGB);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    xd_image to = view_of(bytes + 32, 2, 2, XD_SAMPLE_U8, XD_LAYOUT_RGB);
    to.row_stride = cases[i][0];
    to.pixel_stride = cases[i][1];
    to.channel_stride = cases[i][2];
    assert_status(xd_image_convert(context, &to, &from), XD_ERROR_INVALID_ARGUMENT);
    assert_message_names(context, "overlap one another");
    assert_status(xd_image_from_floats(context, &to, (const float[12]){0}, 3), XD_ERROR_INVALID_ARGUMENT);
  }
  /* Strides of axes with one element are never used. */
  xd_image dot = view_of(bytes, 1, 1, XD_SAMPLE_U8, XD_LAYOUT_GREY);
  dot.row_stride = dot.pixel_stride = dot.channel_stride = 0;
  xd_image pixel = view_of(source, 1, 1, XD_SAMPLE_U8, XD_LAYOUT_GREY);
  pixel.row_stride = pixel.pixel_stride = pixel.channel_stride = PTRDIFF_MIN;
  assert_ok(context, xd_image_convert(context, &dot, &pixel));
}
END_TEST

START_TEST(image_overlap__is_refused_unless_both_are_one_view) {
  enum { W = 8, H = 4 };
  static uint8_t canvas[H][2 * W][3];
  xd_image whole = view_of(canvas, 2 * W, H, XD_SAMPLE_U8, XD_LAYOUT_RGB), left = XD_IMAGE_INIT,
           right = XD_IMAGE_INIT, shifted = XD_IMAGE_INIT, top = XD_IMAGE_INIT, bottom = XD_IMAGE_INIT;
  for (unsigned i = 0; i < sizeof canvas; i++)
    (&canvas[0][0][0])[i] = (uint8_t)(i * 7);
  assert_ok(context, xd_image_crop(context, &left, &whole, 0, 0, W, H));
  assert_ok(context, xd_image_crop(context, &right, &whole, W, 0, W, H));
  assert_ok(context, xd_image_crop(context, &shifted, &whole, W - 1, 0, W, H));
  assert_ok(context, xd_image_crop(context, &top, &whole, 0, 0, 2 * W, H / 2));
  assert_ok(context, xd_image_crop(context, &bottom, &whole, 0, H / 2, 2 * W, H / 2));
  /* Parts that do not touch. */
  assert_ok(context, xd_image_convert(context, &right, &left));
  for (unsigned y = 0; y < H; y++)
    ck_assert_mem_eq(canvas[y][W], canvas[y][0], W * 3);
  assert_ok(context, xd_image_convert(context, &left, &right));
  assert_ok(context, xd_image_resize(context, &bottom, &top));
  /* Channels of the same pixels. */
  xd_image red = whole, blue = whole;
  red.layout = blue.layout = XD_LAYOUT_GREY;
  blue.pixels = &canvas[0][0][2];
  assert_ok(context, xd_image_convert(context, &red, &blue));
  for (unsigned y = 0; y < H; y++)
    for (unsigned x = 0; x < 2 * W; x++)
      ck_assert_uint_eq(canvas[y][x][0], canvas[y][x][2]);
  /* One and the same view. */
  assert_ok(context, xd_image_convert(context, &whole, &whole));
  assert_ok(context, xd_image_resize(context, &whole, &whole));
  /* Anything else. */
  xd_image mirrored = XD_IMAGE_INIT, reversed = whole, smaller = XD_IMAGE_INIT;
  reversed.layout = XD_LAYOUT_BGR;
  assert_ok(context, xd_image_orient(context, &mirrored, &whole, 2));
  assert_ok(context, xd_image_crop(context, &smaller, &whole, 0, 0, W, H - 1));
  const struct {
    const xd_image *to, *from;
  } shared[] = {{&shifted, &left},   {&left, &shifted},   {&shifted, &right}, {&mirrored, &whole},
                {&reversed, &whole}, {&whole, &reversed}, {&red, &whole},     {&whole, &red},
                {&smaller, &whole},  {&top, &whole}};
  for (size_t i = 0; i < sizeof shared / sizeof *shared; i++) {
    uint8_t before[sizeof canvas];
    memcpy(before, canvas, sizeof canvas);
    assert_status(xd_image_resize(context, shared[i].to, shared[i].from), XD_ERROR_INVALID_ARGUMENT);
    assert_message_names(context, "share memory");
    assert_status(xd_image_convert(context, shared[i].to, shared[i].from), XD_ERROR_INVALID_ARGUMENT);
    assert_status(xd_image_fit(context, shared[i].to, shared[i].from, XD_FIT_CROP),
                  XD_ERROR_INVALID_ARGUMENT);
    ck_assert_mem_eq(canvas, before, sizeof canvas);
  }
}
END_TEST

START_TEST(image_convert__in_place_keeps_alpha_that_is_carried) {
  uint8_t pixels[] = {10, 20, 30, 0, 40, 50, 60, 128, 70, 80, 90, 255};
  const uint8_t before[] = {10, 20, 30, 0, 40, 50, 60, 128, 70, 80, 90, 255};
  const uint8_t opaque[] = {10, 20, 30, 255, 40, 50, 60, 255, 70, 80, 90, 255};
  xd_image view = view_of(pixels, 3, 1, XD_SAMPLE_U8, XD_LAYOUT_RGBA);
  view.policy = XD_ALPHA_CARRY;
  assert_ok(context, xd_image_convert(context, &view, &view));
  ck_assert_mem_eq(pixels, before, sizeof before);
  view.policy = XD_ALPHA_IGNORE;
  assert_ok(context, xd_image_convert(context, &view, &view));
  ck_assert_mem_eq(pixels, opaque, sizeof opaque);
}
END_TEST

START_TEST(image_crop__is_a_view_on_the_same_memory) {
  uint8_t pixels[6][7];
  xd_image whole = view_of(pixels, 7, 6, XD_SAMPLE_U8, XD_LAYOUT_GREY), part = XD_IMAGE_INIT;
  whole.policy = XD_ALPHA_COMPOSITE;
  assert_ok(context, xd_image_crop(context, &part, &whole, 2, 1, 4, 3));
  ck_assert_ptr_eq(part.pixels, &pixels[1][2]);
  ck_assert_uint_eq(part.width, 4);
  ck_assert_uint_eq(part.height, 3);
  ck_assert_int_eq(part.row_stride, 7);
  ck_assert_uint_eq(part.policy, XD_ALPHA_COMPOSITE);
  assert_ok(context, xd_image_crop(context, &part, &part, 1, 1, 3, 2));
  ck_assert_ptr_eq(part.pixels, &pixels[2][3]);
  const uint32_t bad[][4] = {{0, 0, 0, 1},
                             {0, 0, 1, 0},
                             {7, 0, 1, 1},
                             {0, 6, 1, 1},
                             {1, 0, 7, 1},
                             {0, 1, 1, 6},
                             {1, 1, UINT32_MAX, UINT32_MAX}};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    assert_status(xd_image_crop(context, &part, &whole, bad[i][0], bad[i][1], bad[i][2], bad[i][3]),
                  XD_ERROR_INVALID_ARGUMENT);
    assert_message_names(context, "7x6");
    ck_assert_ptr_eq(part.pixels, &pixels[2][3]);
  }
}
END_TEST

/* A picture of 3 x 2 whose rows read abc, def, as each orientation shows it. */
START_TEST(image_orient__turns_and_mirrors_as_exif_says) {
  const char stored[] = "abcdef";
  const struct {
    uint32_t width, height;
    const char *shown;
  } cases[] = {{3, 2, "abcdef"}, {3, 2, "cbafed"}, {3, 2, "fedcba"}, {3, 2, "defabc"},
               {2, 3, "adbecf"}, {2, 3, "daebfc"}, {2, 3, "fcebda"}, {2, 3, "cfbead"}};
  for (uint32_t i = 0; i < 8; i++) {
    char shown[7] = "";
    xd_image from = view_of((void *)stored, 3, 2, XD_SAMPLE_U8, XD_LAYOUT_GREY), turned = XD_IMAGE_INIT;
    assert_ok(context, xd_image_orient(context, &turned, &from, i + 1));
    ck_assert_uint_eq(turned.width, cases[i].width);
    ck_assert_uint_eq(turned.height, cases[i].height);
    xd_image to = view_of(shown, turned.width, turned.height, XD_SAMPLE_U8, XD_LAYOUT_GREY);
    assert_ok(context, xd_image_convert(context, &to, &turned));
    ck_assert_str_eq(shown, cases[i].shown);
  }
  xd_image from = view_of((void *)stored, 3, 2, XD_SAMPLE_U8, XD_LAYOUT_GREY);
  assert_status(xd_image_orient(context, &from, &from, 0), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_image_orient(context, &from, &from, 9), XD_ERROR_INVALID_ARGUMENT);
}
END_TEST

/* ---- conversion ---- */

START_TEST(image_convert__keeps_every_byte_through_floats) {
  uint8_t bytes[256], back[256];
  float floats[256];
  for (unsigned i = 0; i < 256; i++)
    bytes[i] = (uint8_t)i;
  xd_image from = view_of(bytes, 256, 1, XD_SAMPLE_U8, XD_LAYOUT_GREY),
           middle = view_of(floats, 256, 1, XD_SAMPLE_F32, XD_LAYOUT_GREY);
  xd_image to = view_of(back, 256, 1, XD_SAMPLE_U8, XD_LAYOUT_GREY);
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
  xd_image from = view_of((void *)colours, 5, 1, XD_SAMPLE_U8, XD_LAYOUT_RGB),
           to = view_of(grey, 5, 1, XD_SAMPLE_U8, XD_LAYOUT_GREY);
  assert_ok(context, xd_image_convert(context, &to, &from));
  ck_assert_mem_eq(grey, expected, 5);
}
END_TEST

START_TEST(image_convert__spreads_grey_over_colours) {
  const uint8_t grey[] = {0, 100, 255};
  const uint8_t expected[] = {0, 0, 0, 255, 100, 100, 100, 255, 255, 255, 255, 255};
  uint8_t colours[12];
  xd_image from = view_of((void *)grey, 3, 1, XD_SAMPLE_U8, XD_LAYOUT_GREY),
           to = view_of(colours, 3, 1, XD_SAMPLE_U8, XD_LAYOUT_RGBA);
  assert_ok(context, xd_image_convert(context, &to, &from));
  ck_assert_mem_eq(colours, expected, 12);
}
END_TEST

/* One pixel of colour (200, 100, 0) and alpha 51 = 0.2 over a background of (0, 0.5, 1). */
START_TEST(image_convert__follows_the_alpha_policy) {
  const uint8_t source[] = {200, 100, 0, 51};
  const struct {
    uint32_t policy, sample, layout;
    uint8_t expected[4];
  } cases[] = {{XD_ALPHA_IGNORE, XD_SAMPLE_U8, XD_LAYOUT_RGB, {200, 100, 0, 0}},
               {XD_ALPHA_IGNORE, XD_SAMPLE_U8, XD_LAYOUT_RGBA, {200, 100, 0, 255}},
               {XD_ALPHA_IGNORE, XD_SAMPLE_U8, XD_LAYOUT_GREY, {119, 0, 0, 0}}, /* 118.5 */
               {XD_ALPHA_COMPOSITE, XD_SAMPLE_U8, XD_LAYOUT_RGB, {40, 122, 204, 0}},
               {XD_ALPHA_COMPOSITE, XD_SAMPLE_U8, XD_LAYOUT_RGBA, {40, 122, 204, 255}},
               {XD_ALPHA_COMPOSITE, XD_SAMPLE_U8, XD_LAYOUT_GREY, {107, 0, 0, 0}}, /* 106.83 */
               {XD_ALPHA_CARRY, XD_SAMPLE_U8, XD_LAYOUT_RGB, {40, 122, 204, 0}},
               {XD_ALPHA_CARRY, XD_SAMPLE_U8, XD_LAYOUT_RGBA, {200, 100, 0, 51}}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    uint8_t result[4] = {0, 0, 0, 0};
    xd_image from = view_of((void *)source, 1, 1, XD_SAMPLE_U8, XD_LAYOUT_RGBA),
             to = view_of(result, 1, 1, cases[i].sample, cases[i].layout);
    from.policy = cases[i].policy;
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
  xd_image from = view_of((void *)source, 1, 1, XD_SAMPLE_F32, XD_LAYOUT_RGBA),
           to = view_of(&result, 1, 1, XD_SAMPLE_F32, XD_LAYOUT_GREY);
  from.policy = XD_ALPHA_COMPOSITE;
  assert_ok(context, xd_image_convert(context, &to, &from));
  ck_assert(result == 0.0f);
}
END_TEST

START_TEST(image_convert__carries_alpha_between_floats_and_bytes) {
  const float source[] = {0.0f, 0.5f, 1.0f, 0.25f};
  const uint8_t expected[] = {0, 128, 255, 64};
  uint8_t result[4];
  xd_image from = view_of((void *)source, 1, 1, XD_SAMPLE_F32, XD_LAYOUT_RGBA),
           to = view_of(result, 1, 1, XD_SAMPLE_U8, XD_LAYOUT_RGBA);
  from.policy = XD_ALPHA_CARRY;
  assert_ok(context, xd_image_convert(context, &to, &from));
  ck_assert_mem_eq(result, expected, 4);
}
END_TEST

/* ---- conversion by definition ---- */

static uint32_t next_random(uint64_t *state) {
  *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (uint32_t)(*state >> 33);
}

static double load_sample(xd_sample sample, const void *from) {
  uint16_t word;
  float value;
  memcpy(&word, from, sample == XD_SAMPLE_U8 ? 1 : 2);
  if (sample == XD_SAMPLE_U8)
    return *(const uint8_t *)from / 255.0;
  if (sample == XD_SAMPLE_U16)
    return word / 65535.0;
  if (sample == XD_SAMPLE_F16) {
    const double mantissa = word & 0x3FF;
    return word >> 10 ? ldexp(1024 + mantissa, (word >> 10) - 25) : ldexp(mantissa, -24);
  }
  memcpy(&value, from, sizeof value);
  return value;
}

/* R, G, B, A of a pixel as its layout has them, straight; alpha 1 where there is none. */
static void load_pixel(const xd_image *view, const unsigned char *at, double rgba[4]) {
  static const unsigned places[7][4] = {{0},          {0, 0, 0}, {0, 0, 0, 1}, {0, 1, 2},
                                        {0, 1, 2, 3}, {2, 1, 0}, {2, 1, 0, 3}};
  const uint32_t channels = xd_layout_channels(view->layout);
  rgba[3] = 1.0;
  for (unsigned c = 0; c < (channels % 2 ? 3 : 4); c++)
    rgba[c] = load_sample(view->sample, at + (ptrdiff_t)places[view->layout][c] * view->channel_stride);
  for (unsigned c = 0; c < 3 && channels % 2 == 0 && view->alpha == XD_ALPHA_PREMULTIPLIED; c++)
    rgba[c] = rgba[3] > 0 ? fmin(rgba[c] / rgba[3], 1.0) : 0.0;
}

static double grey_of(const double *rgb) {
  return 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2];
}

/* What a pixel of `to` should be made of one of `from`, straight. */
static void convert_pixel(const xd_image *to, const xd_image *from, double rgba[4]) {
  const bool carries = from->policy == XD_ALPHA_CARRY && xd_layout_channels(to->layout) % 2 == 0;
  for (unsigned c = 0; c < 3 && !carries && from->policy != XD_ALPHA_IGNORE; c++)
    rgba[c] = rgba[c] * rgba[3] + (double)from->background[c] * (1.0 - rgba[3]);
  if (!carries)
    rgba[3] = 1.0;
  if (to->layout <= XD_LAYOUT_GREY_ALPHA)
    rgba[0] = rgba[1] = rgba[2] = grey_of(rgba);
}

/* How far the nearest value of a sample may lie from the right one. */
static double step_of(xd_sample sample) {
  return sample == XD_SAMPLE_U8    ? 0.501 / 255
         : sample == XD_SAMPLE_U16 ? 0.51 / 65535
         : sample == XD_SAMPLE_F16 ? 2.5e-4
                                   : 1e-6;
}

START_TEST(image_convert__agrees_with_the_definition_for_all_kinds_of_pixels) {
  enum { W = 67, H = 2 };
  static unsigned char source[W * H * 16], target[W * H * 16];
  static float floats[W * H * 4];
  uint64_t state = 2026;
  for (unsigned round = 0; round < 4 * 6 * 4 * 6 * 4; round++) {
    const xd_layout from_layout = 1 + round / 4 % 6, to_layout = 1 + round / 96 % 6;
    xd_image random = view_of(floats, W, H, XD_SAMPLE_F32, XD_LAYOUT_RGBA),
             from = view_of(source, W, H, 1 + round % 4, from_layout),
             to = view_of(target, W, H, 1 + round / 24 % 4, to_layout);
    for (unsigned i = 0; i < W * H * 4; i++)
      floats[i] = next_random(&state) % 8 ? (float)(next_random(&state) % 1001) / 1000.0f : 0.0f;
    from.alpha = next_random(&state) % 2;
    to.alpha = next_random(&state) % 2;
    for (unsigned c = 0; c < 3; c++)
      from.background[c] = (float)(next_random(&state) % 5) / 4.0f;
    random.policy = XD_ALPHA_CARRY;
    assert_ok(context, xd_image_convert(context, &from, &random));
    from.policy = next_random(&state) % 3;
    memset(target, 0xEE, sizeof target);
    assert_ok(context, xd_image_convert(context, &to, &from));
    for (unsigned i = 0; i < W * H; i++) {
      double wanted[4], got[4];
      load_pixel(&from, source + (ptrdiff_t)i * from.pixel_stride, wanted);
      load_pixel(&to, target + (ptrdiff_t)i * to.pixel_stride, got);
      const bool multiplied = to.alpha == XD_ALPHA_PREMULTIPLIED && xd_layout_channels(to_layout) % 2 == 0;
      convert_pixel(&to, &from, wanted);
      for (unsigned c = 0; c < 4; c++) {
        /* A small alpha makes much of the rounding of what is multiplied by it. */
        const double weight = multiplied && c < 3 ? got[3] : 1.0;
        const double error = fabs(got[c] - wanted[c]) * weight;
        const double limit = step_of(to.sample) * (multiplied ? 3.0 : 1.0) +
                             (from.alpha == XD_ALPHA_PREMULTIPLIED ? 1e-5 : 1e-6);
        if (error > limit)
          ck_abort_msg("round %u, pixel %u, channel %u: %g, not %g (limit %g)", round, i, c, got[c],
                       wanted[c], limit);
      }
    }
  }
}
END_TEST

START_TEST(image_convert__rounds_u16_to_the_nearest_u8_and_back) {
  static uint16_t words[65536], back[256];
  static uint8_t bytes[65536];
  static float floats[65536];
  for (unsigned i = 0; i < 65536; i++)
    words[i] = (uint16_t)i;
  xd_image from = view_of(words, 256, 256, XD_SAMPLE_U16, XD_LAYOUT_GREY),
           to = view_of(bytes, 256, 256, XD_SAMPLE_U8, XD_LAYOUT_GREY),
           middle = view_of(floats, 256, 256, XD_SAMPLE_F32, XD_LAYOUT_GREY);
  assert_ok(context, xd_image_convert(context, &to, &from));
  for (unsigned i = 0; i < 65536; i++)
    if (bytes[i] != (i * 255 + 32767) / 65535)
      ck_abort_msg("%u became %u", i, bytes[i]);
  assert_ok(context, xd_image_convert(context, &middle, &from));
  memset(words, 0, sizeof words);
  assert_ok(context, xd_image_convert(context, &from, &middle));
  for (unsigned i = 0; i < 65536; i++)
    if (words[i] != i || floats[i] != (float)i / 65535.0f)
      ck_abort_msg("%u came back as %u", i, words[i]);
  for (unsigned i = 0; i < 256; i++)
    bytes[i] = (uint8_t)i;
  xd_image row = view_of(bytes, 256, 1, XD_SAMPLE_U8, XD_LAYOUT_GREY),
           wide = view_of(back, 256, 1, XD_SAMPLE_U16, XD_LAYOUT_GREY);
  assert_ok(context, xd_image_convert(context, &wide, &row));
  for (unsigned i = 0; i < 256; i++)
    ck_assert_uint_eq(back[i], 257 * i);
}
END_TEST

START_TEST(image_convert__keeps_premultiplied_colours_as_they_are) {
  /* Dividing these by their alpha and multiplying again would move them. */
  const uint8_t source[] = {1, 2, 3, 3, 0, 0, 0, 0, 7, 5, 0, 100};
  const uint8_t expected[] = {3, 2, 1, 3, 0, 0, 0, 0, 0, 5, 7, 100};
  uint8_t result[12];
  xd_image from = view_of((void *)source, 3, 1, XD_SAMPLE_U8, XD_LAYOUT_RGBA),
           to = view_of(result, 3, 1, XD_SAMPLE_U8, XD_LAYOUT_BGRA);
  from.alpha = to.alpha = XD_ALPHA_PREMULTIPLIED;
  from.policy = XD_ALPHA_CARRY;
  assert_ok(context, xd_image_convert(context, &to, &from));
  ck_assert_mem_eq(result, expected, 12);
}
END_TEST

START_TEST(image_functions__refuse_halves_that_are_no_numbers) {
  uint16_t halves[] = {0x3C00, 0x7C00, 0x0001, 0xFC00, 0x7E01};
  uint8_t bytes[5];
  xd_image from = view_of(halves, 1, 1, XD_SAMPLE_F16, XD_LAYOUT_GREY),
           to = view_of(bytes, 1, 1, XD_SAMPLE_U8, XD_LAYOUT_GREY);
  for (unsigned i = 0; i < 5; i++) {
    from.pixels = &halves[i];
    assert_status(xd_image_convert(context, &to, &from), i % 2 || i == 4 ? XD_ERROR_BAD_DATA : XD_OK);
  }
}
END_TEST

START_TEST(image_convert__follows_strides_of_both_signs) {
  /* 70 pixels a row, so that a row takes more than one run. */
  static uint8_t from_bytes[3 * 80], to_bytes[3 * 100];
  memset(to_bytes, 0xEE, sizeof to_bytes);
  for (unsigned y = 0; y < 3; y++)
    for (unsigned x = 0; x < 80; x++)
      from_bytes[y * 80 + x] = (uint8_t)(y * 70 + x);
  xd_image from = view_of(from_bytes, 70, 3, XD_SAMPLE_U8, XD_LAYOUT_GREY);
  from.row_stride = 80;
  xd_image to = view_of(to_bytes + 2 * 100, 70, 3, XD_SAMPLE_U8, XD_LAYOUT_GREY);
  to.row_stride = -100;
  assert_ok(context, xd_image_convert(context, &to, &from));
  for (unsigned y = 0; y < 3; y++) {
    ck_assert_mem_eq(to_bytes + (2 - y) * 100, from_bytes + y * 80, 70);
    for (unsigned x = 70; x < 100; x++)
      ck_assert_uint_eq(to_bytes[y * 100 + x], 0xEE);
  }
  static float floats[3 * 70];
  xd_image as_floats = view_of(floats, 70, 3, XD_SAMPLE_F32, XD_LAYOUT_GREY);
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
  xd_image from = view_of((void *)source, 5, 1, XD_SAMPLE_F32, XD_LAYOUT_GREY),
           to = view_of(floats, 5, 1, XD_SAMPLE_F32, XD_LAYOUT_GREY);
  xd_image to_bytes = view_of(bytes, 5, 1, XD_SAMPLE_U8, XD_LAYOUT_GREY);
  assert_ok(context, xd_image_convert(context, &to, &from));
  assert_ok(context, xd_image_convert(context, &to_bytes, &from));
  ck_assert_mem_eq(floats, expected, sizeof floats);
  ck_assert_mem_eq(bytes, expected_bytes, sizeof bytes);
}
END_TEST

START_TEST(image_convert__refuses_another_size) {
  uint8_t a[12], b[12];
  xd_image from = view_of(a, 3, 4, XD_SAMPLE_U8, XD_LAYOUT_GREY),
           to = view_of(b, 4, 3, XD_SAMPLE_U8, XD_LAYOUT_GREY);
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
    xd_image from = view_of(floats, 2, 2, XD_SAMPLE_F32, XD_LAYOUT_RGB),
             to = view_of(bytes, 2, 2, XD_SAMPLE_U8, XD_LAYOUT_RGB);
    xd_image small = view_of(bytes, 1, 1, XD_SAMPLE_U8, XD_LAYOUT_RGB);
    assert_status(xd_image_convert(context, &to, &from), XD_ERROR_BAD_DATA);
    assert_message_names(context, "column 0, row 1, channel 1");
    assert_status(xd_image_resize(context, &small, &from), XD_ERROR_BAD_DATA);
    assert_status(xd_image_to_floats(context, out, &from, 1), XD_ERROR_BAD_DATA);
    assert_status(xd_image_from_floats(context, &to, floats, 3), XD_ERROR_BAD_DATA);
    assert_status(xd_image_save_png(context, "never-written.png", &from), XD_ERROR_BAD_DATA);
    assert_status(xd_picture_create_sheet(&sheet, context, floats, 2, 2, 1, 3, 1, 1, 0), XD_ERROR_BAD_DATA);
    ck_assert_ptr_null(sheet);
    for (unsigned k = 0; k < 12; k++)
      ck_assert_uint_eq(bytes[k], 9); /* nothing was written */
  }
  /* An alpha that is ignored is checked too. */
  float rgba[4] = {0, 0, 0, NAN};
  uint8_t grey;
  xd_image from = view_of(rgba, 1, 1, XD_SAMPLE_F32, XD_LAYOUT_RGBA),
           to = view_of(&grey, 1, 1, XD_SAMPLE_U8, XD_LAYOUT_GREY);
  assert_status(xd_image_convert(context, &to, &from), XD_ERROR_BAD_DATA);
}
END_TEST

START_TEST(image_floats__go_both_ways) {
  const uint8_t colours[] = {255, 0, 0, 10, 20, 30};
  float three[6], one[2];
  uint8_t back[6], rgba[8];
  xd_image from = view_of((void *)colours, 2, 1, XD_SAMPLE_U8, XD_LAYOUT_RGB),
           to = view_of(back, 2, 1, XD_SAMPLE_U8, XD_LAYOUT_RGB);
  xd_image wide = view_of(rgba, 2, 1, XD_SAMPLE_U8, XD_LAYOUT_RGBA);
  assert_ok(context, xd_image_to_floats(context, three, &from, 3));
  for (unsigned i = 0; i < 6; i++)
    ck_assert(three[i] == (float)colours[i] / 255.0f);
  assert_ok(context, xd_image_to_floats(context, one, &from, 1));
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
  xd_image from = view_of(a, 100, 100, XD_SAMPLE_U8, XD_LAYOUT_RGBA),
           to = view_of(b, 50, 120, XD_SAMPLE_U8, XD_LAYOUT_RGBA);
  from.policy = XD_ALPHA_CARRY;
  size_t before = atomic_load(&counter.total);
  assert_ok(counted, xd_image_to_floats(counted, floats, &from, 3));
  assert_ok(counted, xd_image_from_floats(counted, &from, floats, 3));
  assert_ok(counted, xd_image_resize(counted, &to, &from));
  assert_ok(counted, xd_image_fit(counted, &to, &from, XD_FIT_PAD));
  assert_ok(counted, xd_image_convert(counted, &from, &from));
  ck_assert_uint_eq(atomic_load(&counter.total), before);
  xd_context_destroy(counted);
}
END_TEST

/* ---- resizing ---- */

START_TEST(image_resize__averages_areas_where_it_shrinks) {
  const float source[] = {0.0f, 0.3f, 0.6f};
  float result[2];
  xd_image from = view_of((void *)source, 3, 1, XD_SAMPLE_F32, XD_LAYOUT_GREY),
           to = view_of(result, 2, 1, XD_SAMPLE_F32, XD_LAYOUT_GREY);
  assert_ok(context, xd_image_resize(context, &to, &from));
  ck_assert_float_eq_tol(result[0], (0.0f + 0.3f / 2) / 1.5f, 1e-6f);
  ck_assert_float_eq_tol(result[1], (0.3f / 2 + 0.6f) / 1.5f, 1e-6f);
}
END_TEST

START_TEST(image_resize__interpolates_where_it_grows) {
  const uint8_t source[] = {0, 100};
  const uint8_t expected[] = {0, 25, 75, 100};
  uint8_t result[4];
  xd_image from = view_of((void *)source, 1, 2, XD_SAMPLE_U8, XD_LAYOUT_GREY),
           to = view_of(result, 1, 4, XD_SAMPLE_U8, XD_LAYOUT_GREY);
  assert_ok(context, xd_image_resize(context, &to, &from));
  ck_assert_mem_eq(result, expected, 4);
}
END_TEST

START_TEST(image_resize__treats_each_axis_by_itself) {
  /* 4 columns become 2 (means), 1 row becomes 3 (copies). */
  const uint8_t source[] = {10, 20, 100, 200};
  const uint8_t expected[] = {15, 150, 15, 150, 15, 150};
  uint8_t result[6];
  xd_image from = view_of((void *)source, 4, 1, XD_SAMPLE_U8, XD_LAYOUT_GREY),
           to = view_of(result, 2, 3, XD_SAMPLE_U8, XD_LAYOUT_GREY);
  assert_ok(context, xd_image_resize(context, &to, &from));
  ck_assert_mem_eq(result, expected, 6);
}
END_TEST

START_TEST(image_resize__copies_at_the_same_size) {
  uint8_t source[5 * 7 * 3], result[5 * 7 * 3];
  for (unsigned i = 0; i < sizeof source; i++)
    source[i] = (uint8_t)(i * 37);
  xd_image from = view_of(source, 5, 7, XD_SAMPLE_U8, XD_LAYOUT_RGB),
           to = view_of(result, 5, 7, XD_SAMPLE_U8, XD_LAYOUT_RGB);
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
      xd_image from = view_of(source, n, 1, XD_SAMPLE_F32, XD_LAYOUT_GREY),
               to = view_of(result, m, 1, XD_SAMPLE_F32, XD_LAYOUT_GREY);
      assert_ok(context, xd_image_resize(context, &to, &from));
      for (unsigned i = 0; i < m; i++)
        ck_assert_msg(fabs(result[i] - expected_on_axis(exact, n, m, i)) < 1e-6, "%u to %u at %u", n, m, i);
      from = view_of(source, 1, n, XD_SAMPLE_F32, XD_LAYOUT_GREY),
      to = view_of(result, 1, m, XD_SAMPLE_F32, XD_LAYOUT_GREY);
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
  xd_image from = view_of(source, 1000, 1, XD_SAMPLE_U8, XD_LAYOUT_RGB),
           to = view_of(result, 1, 1, XD_SAMPLE_U8, XD_LAYOUT_RGB);
  assert_ok(context, xd_image_resize(context, &to, &from));
  const uint8_t expected[] = {100, 90, 0};
  ck_assert_mem_eq(result, expected, 3);
}
END_TEST

START_TEST(image_resize__carries_or_fills_alpha) {
  /* What is transparent has no colour: only the second pixel shows. */
  const uint8_t source[] = {250, 0, 7, 0, 10, 20, 30, 200};
  uint8_t result[4];
  xd_image from = view_of((void *)source, 2, 1, XD_SAMPLE_U8, XD_LAYOUT_RGBA),
           to = view_of(result, 1, 1, XD_SAMPLE_U8, XD_LAYOUT_RGBA);
  from.policy = XD_ALPHA_CARRY;
  assert_ok(context, xd_image_resize(context, &to, &from));
  const uint8_t carried[] = {10, 20, 30, 100};
  ck_assert_mem_eq(result, carried, 4);
  from.policy = XD_ALPHA_IGNORE;
  assert_ok(context, xd_image_resize(context, &to, &from));
  const uint8_t opaque[] = {130, 10, 19, 255}; /* 18.5 rounds up */
  ck_assert_mem_eq(result, opaque, 4);
  /* Premultiplied, the same is a plain average. */
  uint8_t multiplied[] = {0, 0, 0, 0, 8, 16, 24, 200};
  from = view_of(multiplied, 2, 1, XD_SAMPLE_U8, XD_LAYOUT_RGBA);
  from.policy = XD_ALPHA_CARRY;
  from.alpha = to.alpha = XD_ALPHA_PREMULTIPLIED;
  assert_ok(context, xd_image_resize(context, &to, &from));
  const uint8_t average[] = {4, 8, 12, 100};
  ck_assert_mem_eq(result, average, 4);
  to.alpha = XD_ALPHA_STRAIGHT;
  assert_ok(context, xd_image_resize(context, &to, &from));
  const uint8_t divided[] = {10, 20, 31, 100};
  ck_assert_mem_eq(result, divided, 4);
  memset(multiplied, 0, sizeof multiplied);
  assert_ok(context, xd_image_resize(context, &to, &from));
  ck_assert_mem_eq(result, ((const uint8_t[]){0, 0, 0, 0}), 4);
}
END_TEST

START_TEST(image_resize__stops_when_cancelled) {
  uint8_t a[16], b[4];
  xd_image from = view_of(a, 4, 4, XD_SAMPLE_U8, XD_LAYOUT_GREY),
           to = view_of(b, 2, 2, XD_SAMPLE_U8, XD_LAYOUT_GREY);
  xd_context_cancel(context);
  assert_status(xd_image_resize(context, &to, &from), XD_ERROR_CANCELLED);
  xd_context_clear_cancel(context);
  memset(a, 50, sizeof a);
  assert_ok(context, xd_image_resize(context, &to, &from));
  ck_assert_uint_eq(b[3], 50);
}
END_TEST

static int stop_at_second(void *user) {
  return ++*(uint32_t *)user == 2;
}

/* The one row of the result is made of thousands of the source. */
START_TEST(image_resize__stops_within_a_row) {
  uint32_t asked = 0;
  uint8_t a[4] = {1, 2, 3, 4}, b[4];
  xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
  xd_context *with;
  options.backend = "reference";
  options.should_stop = stop_at_second;
  options.should_stop_user = &asked;
  assert_status(xd_context_create(&with, &options), XD_OK);
  xd_image from = view_of(a, 2048, 2048, XD_SAMPLE_U8, XD_LAYOUT_RGBA),
           to = view_of(b, 1, 1, XD_SAMPLE_U8, XD_LAYOUT_RGBA);
  from.row_stride = from.pixel_stride = 0;
  assert_status(xd_image_resize(with, &to, &from), XD_ERROR_CANCELLED);
  ck_assert_uint_eq(asked, 2);
  assert_ok(with, xd_image_resize(with, &to, &from));
  ck_assert_uint_lt(asked, 2048);
  xd_context_destroy(with);
}
END_TEST

/* ---- fitting ---- */

START_TEST(image_fit__keeps_the_aspect_ratio_or_says_no) {
  /* 4 x 2, each pixel another value; wanted are 2 x 2. */
  const uint8_t source[] = {10, 20, 30, 40, 50, 60, 70, 80};
  uint8_t result[4];
  xd_image from = view_of((void *)source, 4, 2, XD_SAMPLE_U8, XD_LAYOUT_GREY),
           to = view_of(result, 2, 2, XD_SAMPLE_U8, XD_LAYOUT_GREY);
  from.background[0] = from.background[1] = from.background[2] = 1.0f;
  assert_status(xd_image_fit(context, &to, &from, XD_FIT_EXACT), XD_ERROR_SHAPE_MISMATCH);
  assert_message_names(context, "4x2");
  assert_status(xd_image_fit(context, &to, &from, 4), XD_ERROR_INVALID_ARGUMENT);
  assert_ok(context, xd_image_fit(context, &to, &from, XD_FIT_STRETCH));
  ck_assert_mem_eq(result, ((const uint8_t[]){15, 35, 55, 75}), 4);
  assert_ok(context, xd_image_fit(context, &to, &from, XD_FIT_CROP));
  ck_assert_mem_eq(result, ((const uint8_t[]){20, 30, 60, 70}), 4);
  /* 2 x 1 in the middle of 2 x 2: no row is the middle one, and the first of both is taken. */
  assert_ok(context, xd_image_fit(context, &to, &from, XD_FIT_PAD));
  ck_assert_mem_eq(result, ((const uint8_t[]){35, 55, 255, 255}), 4);
  /* The same upright. */
  assert_ok(context, xd_image_orient(context, &from, &from, 5));
  assert_ok(context, xd_image_fit(context, &to, &from, XD_FIT_CROP));
  ck_assert_mem_eq(result, ((const uint8_t[]){20, 60, 30, 70}), 4);
  assert_ok(context, xd_image_fit(context, &to, &from, XD_FIT_PAD));
  ck_assert_mem_eq(result, ((const uint8_t[]){35, 255, 55, 255}), 4);
}
END_TEST

START_TEST(image_fit__pads_a_wide_picture_with_its_background) {
  /* 6 x 2 of white in 3 x 3: a row of white between two of the background. */
  uint8_t source[12], result[9 * 4];
  memset(source, 255, sizeof source);
  xd_image from = view_of(source, 6, 2, XD_SAMPLE_U8, XD_LAYOUT_GREY),
           to = view_of(result, 3, 3, XD_SAMPLE_U8, XD_LAYOUT_RGBA);
  from.background[0] = 0.2f;
  from.background[2] = 1.0f;
  assert_ok(context, xd_image_fit(context, &to, &from, XD_FIT_PAD));
  for (unsigned i = 0; i < 9; i++)
    ck_assert_mem_eq(
        result + 4 * i,
        i / 3 == 1 ? ((const uint8_t[]){255, 255, 255, 255}) : ((const uint8_t[]){51, 0, 255, 255}), 4);
  /* With an alpha that is carried, what lies beside the picture is transparent. */
  uint8_t clear[12 * 2];
  memset(clear, 200, sizeof clear);
  from = view_of(clear, 6, 2, XD_SAMPLE_U8, XD_LAYOUT_GREY_ALPHA);
  from.policy = XD_ALPHA_CARRY;
  assert_ok(context, xd_image_fit(context, &to, &from, XD_FIT_PAD));
  for (unsigned i = 0; i < 9; i++)
    ck_assert_uint_eq(result[4 * i + 3], i / 3 == 1 ? 200 : 0);
  /* Without one in the result, that is the background under any policy. */
  memset(clear, 255, sizeof clear);
  for (xd_alpha_policy policy = XD_ALPHA_COMPOSITE; policy <= XD_ALPHA_CARRY; policy++) {
    from.policy = policy;
    from.background[0] = 0.2f;
    from.background[2] = 1.0f;
    to = view_of(result, 3, 3, XD_SAMPLE_U8, XD_LAYOUT_RGB);
    assert_ok(context, xd_image_fit(context, &to, &from, XD_FIT_PAD));
    for (unsigned i = 0; i < 9; i++)
      ck_assert_mem_eq(result + 3 * i,
                       i / 3 == 1 ? ((const uint8_t[]){255, 255, 255}) : ((const uint8_t[]){51, 0, 255}), 3);
  }
}
END_TEST

/* A fit is the resizing of one area to another, and the background beside it. */
START_TEST(fit_areas__are_those_that_fits_fill) {
  static const uint32_t sizes[][4] = {{9, 4, 5, 5}, {4, 9, 5, 5}, {3, 3, 7, 2}, {1, 8, 8, 1}, {6, 6, 6, 6}};
  uint8_t from[81], fitted[81], by_hand[81];
  for (uint32_t i = 0; i < sizeof from; i++)
    from[i] = (uint8_t)(17 * i + 40);
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
    for (xd_fit fit = XD_FIT_STRETCH; fit <= XD_FIT_CROP; fit++) {
      const uint32_t *s = sizes[i];
      const xd_image source = view_of(from, s[0], s[1], XD_SAMPLE_U8, XD_LAYOUT_GREY);
      const xd_image whole = view_of(fitted, s[2], s[3], XD_SAMPLE_U8, XD_LAYOUT_GREY);
      const xd_image made = view_of(by_hand, s[2], s[3], XD_SAMPLE_U8, XD_LAYOUT_GREY);
      xd_image part = XD_IMAGE_INIT, hole = XD_IMAGE_INIT;
      xd_rectangle used, place;
      memset(by_hand, 0, sizeof by_hand);
      memset(fitted, 99, sizeof fitted);
      assert_ok(context, xd_image_fit(context, &whole, &source, fit));
      ck_assert_int_eq(xd_fit_areas(&used, &place, fit, s[0], s[1], s[2], s[3]), XD_OK);
      assert_ok(context, xd_image_crop(context, &part, &source, used.x, used.y, used.width, used.height));
      assert_ok(context, xd_image_crop(context, &hole, &made, place.x, place.y, place.width, place.height));
      assert_ok(context, xd_image_resize(context, &hole, &part));
      ck_assert_mem_eq(fitted, by_hand, s[2] * s[3]);
    }
}
END_TEST

START_TEST(fit_areas__refuse_what_is_no_fit) {
  xd_rectangle used = {9, 9, 9, 9}, place = used;
  ck_assert_int_eq(xd_fit_areas(&used, &place, XD_FIT_EXACT, 4, 3, 3, 4), XD_ERROR_SHAPE_MISMATCH);
  ck_assert_int_eq(xd_fit_areas(&used, &place, 4, 4, 3, 4, 3), XD_ERROR_INVALID_ARGUMENT);
  ck_assert_int_eq(xd_fit_areas(&used, &place, XD_FIT_PAD, 0, 3, 4, 3), XD_ERROR_INVALID_ARGUMENT);
  ck_assert_int_eq(xd_fit_areas(&used, &place, XD_FIT_PAD, 4, 3, 4, 65536), XD_ERROR_INVALID_ARGUMENT);
  ck_assert_int_eq(xd_fit_areas(NULL, &place, XD_FIT_PAD, 4, 3, 4, 3), XD_ERROR_INVALID_ARGUMENT);
  ck_assert_uint_eq(used.x + place.height, 18);
  ck_assert_int_eq(xd_fit_areas(&used, &place, XD_FIT_EXACT, 4, 3, 4, 3), XD_OK);
  ck_assert_mem_eq(&used, &place, sizeof used);
  ck_assert_uint_eq(used.x + used.y, 0);
  ck_assert_uint_eq(used.width, 4);
}
END_TEST

START_TEST(fit_name__leads_back_to_its_fit) {
  for (xd_fit fit = XD_FIT_EXACT; fit <= XD_FIT_CROP; fit++) {
    xd_fit found = 77;
    ck_assert_int_eq(xd_fit_from_name(&found, xd_fit_name(fit)), XD_OK);
    ck_assert_uint_eq(found, fit);
  }
  ck_assert_str_eq(xd_fit_name(XD_FIT_PAD), "pad");
  ck_assert_str_eq(xd_fit_name(XD_FIT_CROP + 1), "");
  xd_fit left = 77;
  ck_assert_int_eq(xd_fit_from_name(&left, ""), XD_ERROR_NOT_FOUND);
  ck_assert_int_eq(xd_fit_from_name(&left, "Pad"), XD_ERROR_NOT_FOUND);
  ck_assert_int_eq(xd_fit_from_name(&left, NULL), XD_ERROR_INVALID_ARGUMENT);
  ck_assert_uint_eq(left, 77);
}
END_TEST

START_TEST(image_fit__of_the_wanted_size_is_a_copy) {
  uint8_t source[5 * 7], result[5 * 7];
  for (unsigned i = 0; i < sizeof source; i++)
    source[i] = (uint8_t)(i * 7);
  xd_image from = view_of(source, 5, 7, XD_SAMPLE_U8, XD_LAYOUT_GREY),
           to = view_of(result, 5, 7, XD_SAMPLE_U8, XD_LAYOUT_GREY);
  for (xd_fit fit = XD_FIT_EXACT; fit <= XD_FIT_CROP; fit++) {
    memset(result, 0, sizeof result);
    assert_ok(context, xd_image_fit(context, &to, &from, fit));
    ck_assert_mem_eq(result, source, sizeof source);
  }
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
  xd_image image = XD_IMAGE_INIT;
  assert_ok(context, xd_picture_create_sheet(&sheet, context, pictures, 2, 1, 1, 1, 2, 2, 1));
  assert_status(xd_picture_view(sheet, &image), XD_OK);
  ck_assert_uint_eq(image.width, 6);
  ck_assert_uint_eq(image.height, 7);
  ck_assert_uint_eq(image.sample, XD_SAMPLE_U8);
  ck_assert_uint_eq(image.layout, XD_LAYOUT_GREY);
  ck_assert_mem_eq(image.pixels, expected, sizeof expected);
  xd_picture_destroy(sheet);
}
END_TEST

START_TEST(sheet__keeps_colours_in_row_major_order) {
  const float pictures[] = {1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1};
  const uint8_t expected[] = {255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255};
  xd_picture *sheet = NULL;
  xd_image image = XD_IMAGE_INIT;
  assert_ok(context, xd_picture_create_sheet(&sheet, context, pictures, 1, 1, 3, 2, 2, 1, 0));
  assert_status(xd_picture_view(sheet, &image), XD_OK);
  ck_assert_uint_eq(image.sample, XD_SAMPLE_U8);
  ck_assert_uint_eq(image.layout, XD_LAYOUT_RGB);
  ck_assert_uint_eq(image.width, 2);
  ck_assert_mem_eq(image.pixels, expected, sizeof expected);
  xd_picture_destroy(sheet);
}
END_TEST

START_TEST(sheet__refuses_impossible_arguments) {
  const float picture[12] = {0};
  const uint32_t good[] = {2, 2, 1, 1, 1, 1, 0}; /* width, height, channels, columns, rows, scale, gap */
  const struct {
    unsigned which;
    uint32_t value;
  } cases[] = {{0, 0}, {1, 0},  {3, 0},  {4, 0},          {2, 0},          {2, 2},          {2, 4},
               {5, 0}, {5, 17}, {6, 65}, {0, UINT32_MAX}, {1, UINT32_MAX}, {3, UINT32_MAX}, {4, UINT32_MAX}};
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
  assert_status(xd_picture_create_sheet(&sheet, context, picture, 2, 1, 1, 40000, 1, 1, 0),
                XD_ERROR_TOO_LARGE);
  assert_status(xd_picture_create_sheet(&sheet, context, picture, 65535, 65535, 1, 65535, 65535, 16, 64),
                XD_ERROR_TOO_LARGE);
  assert_status(xd_picture_create_sheet(&sheet, context, NULL, 1, 1, 1, 1, 1, 1, 0),
                XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_picture_create_sheet(NULL, context, picture, 1, 1, 1, 1, 1, 1, 0),
                XD_ERROR_INVALID_ARGUMENT);
}
END_TEST

static xd_status make_sheet(xd_context *limited, void *user) {
  xd_picture *sheet;
  xd_status status = xd_picture_create_sheet(&sheet, limited, user, 1, 1, 1, 2, 2, 3, 1);
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
  tcase_add_test(tcase, samples_and_layouts__have_sizes);
  tcase_add_test(tcase, picture_create__gives_zeroed_pixels);
  tcase_add_test(tcase, picture_create__refuses_impossible_sizes);
  tcase_add_test(tcase, picture_view__refuses_what_is_missing);
  tcase_add_test(tcase, image_views__are_checked_field_by_field);
  tcase_add_test(tcase, image_strides__reach_every_sample_of_any_slice);
  tcase_add_test(tcase, image_strides__of_zero_repeat_an_input);
  tcase_add_test(tcase, image_strides__of_outputs_must_not_overlap);
  tcase_add_test(tcase, image_overlap__is_refused_unless_both_are_one_view);
  tcase_add_test(tcase, image_convert__in_place_keeps_alpha_that_is_carried);
  tcase_add_test(tcase, image_crop__is_a_view_on_the_same_memory);
  tcase_add_test(tcase, image_orient__turns_and_mirrors_as_exif_says);
  tcase_add_test(tcase, image_convert__keeps_every_byte_through_floats);
  tcase_add_test(tcase, image_convert__weighs_colours_into_grey);
  tcase_add_test(tcase, image_convert__spreads_grey_over_colours);
  tcase_add_test(tcase, image_convert__follows_the_alpha_policy);
  tcase_add_test(tcase, image_convert__composites_any_finite_floats);
  tcase_add_test(tcase, image_convert__carries_alpha_between_floats_and_bytes);
  tcase_add_test(tcase, image_convert__agrees_with_the_definition_for_all_kinds_of_pixels);
  tcase_add_test(tcase, image_convert__rounds_u16_to_the_nearest_u8_and_back);
  tcase_add_test(tcase, image_convert__keeps_premultiplied_colours_as_they_are);
  tcase_add_test(tcase, image_functions__refuse_halves_that_are_no_numbers);
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
  tcase_add_test(tcase, image_resize__stops_within_a_row);
  tcase_add_test(tcase, image_fit__keeps_the_aspect_ratio_or_says_no);
  tcase_add_test(tcase, image_fit__pads_a_wide_picture_with_its_background);
  tcase_add_test(tcase, fit_areas__are_those_that_fits_fill);
  tcase_add_test(tcase, fit_areas__refuse_what_is_no_fit);
  tcase_add_test(tcase, fit_name__leads_back_to_its_fit);
  tcase_add_test(tcase, image_fit__of_the_wanted_size_is_a_copy);
  tcase_add_test(tcase, sheet__places_magnified_pictures_between_gaps);
  tcase_add_test(tcase, sheet__keeps_colours_in_row_major_order);
  tcase_add_test(tcase, sheet__refuses_impossible_arguments);
  tcase_add_test(tcase, sheet__leaks_nothing_when_memory_is_refused);
  suite_add_tcase(suite, tcase);
  return suite;
}

XD_SUITE_MAIN(make_suite)
