/* The operation xdomain:translate in a host's own graph: any kind of pixels in, alpha kept, progress told, stopped by
 * a change of properties, the same on any number of threads. */
#include <check.h>
#include <gegl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xdomain/xdomain.h>

#define DIGITS XD_MODELS_FOLDER "/digits.xdm"

enum { SIDE = 28, PIXELS = SIDE * SIDE };

/* ---- a graph: buffer -> xdomain:translate ---- */

static GeglNode *graph, *source, *operation;

static int told; /* how often progress was */

static void set_up(void) {
  told = 0;
  graph = gegl_node_new();
  source = gegl_node_new_child(graph, "operation", "gegl:buffer-source", NULL);
  operation = gegl_node_new_child(graph, "operation", "xdomain:translate", "model", DIGITS, "seed", 1, NULL);
  gegl_node_connect_to(source, "output", operation, "input");
}

static void tear_down(void) {
  g_object_unref(graph);
}

/* A stroke of `RGBA u8`: grey, and `alpha` in its right half. */
static void draw(guchar *pixels, guchar alpha) {
  for (int i = 0; i < PIXELS; i++) {
    const int x = i % SIDE, y = i / SIDE;
    const guchar value = abs(x - SIDE / 2) < 3 && y > 3 && y < 24 ? 255 : 0;
    memset(pixels + 4 * i, value, 3);
    pixels[4 * i + 3] = x < SIDE / 2 ? 255 : alpha;
  }
}

/* What comes of those pixels where the source keeps them in `format`. */
static void translate_from(guchar *result, const guchar *pixels, const Babl *format) {
  const GeglRectangle area = {0, 0, SIDE, SIDE};
  GeglBuffer *buffer = gegl_buffer_new(&area, format);
  gegl_buffer_set(buffer, &area, 0, babl_format("R'G'B'A u8"), pixels, GEGL_AUTO_ROWSTRIDE);
  gegl_node_set(source, "buffer", buffer, NULL);
  gegl_node_blit(operation, 1.0, &area, babl_format("R'G'B'A u8"), result, GEGL_AUTO_ROWSTRIDE,
                 GEGL_BLIT_DEFAULT);
  gegl_node_set(source, "buffer", NULL, NULL);
  g_object_unref(buffer);
}

static void translate(guchar *result, const guchar *pixels, const char *format) {
  translate_from(result, pixels, babl_format(format));
}

/* The same by the library alone: colours laid over black go in, and come out with the alpha. */
static void expect(guchar *result, guchar *pixels) {
  xd_translator *translator;
  xd_context *context;
  xd_image from, to;
  xd_image_init(&from, sizeof from, pixels, SIDE, SIDE, XD_SAMPLE_U8, XD_LAYOUT_RGBA);
  xd_image_init(&to, sizeof to, result, SIDE, SIDE, XD_SAMPLE_U8, XD_LAYOUT_RGBA);
  from.policy = XD_ALPHA_CARRY;
  ck_assert_int_eq(xd_context_create(&context, NULL), XD_OK);
  ck_assert_int_eq(xd_translator_load(&translator, context, DIGITS, NULL), XD_OK);
  ck_assert_int_eq(xd_translator_set_noise(translator, 1, 0, 1.0f), XD_OK);
  ck_assert_int_eq(xd_translator_run(translator, &to, NULL, &from, 1), XD_OK);
  xd_translator_destroy(translator);
  xd_context_destroy(context);
}

static int largest_difference(const guchar *a, const guchar *b) {
  int largest = 0;
  for (int i = 0; i < 4 * PIXELS; i++)
    largest = MAX(largest, abs(a[i] - b[i]));
  return largest;
}

START_TEST(translate__takes_pixels_of_every_format) {
  /* Half floats and the way to linear light and back are not exact. */
  static const struct {
    const char *format;
    int off;
  } cases[] = {{"R'G'B'A u8", 0},  {"R'G'B'A u16", 0},     {"R'G'B'A float", 0},
               {"Y'A u8", 0},      {"RGBA float", 1},      {"Y'A half", 1},
               {"RaGaBaA u16", 1}, {"R'aG'aB'aA half", 1}, {"RGBA double", 1}};
  guchar pixels[4 * PIXELS], expected[4 * PIXELS], result[4 * PIXELS];
  draw(pixels, 255);
  expect(expected, pixels);
  ck_assert_int_gt(largest_difference(expected, pixels), 100);
  for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
    translate(result, pixels, cases[i].format);
    const int off = largest_difference(result, expected);
    ck_assert_msg(off <= cases[i].off, "%s is off by %d", cases[i].format, off);
  }
}
END_TEST

START_TEST(translate__takes_pixels_without_alpha) {
  static const char *const formats[] = {"R'G'B' u8", "Y' u16", "R'G'B' float"};
  guchar pixels[4 * PIXELS], expected[4 * PIXELS], result[4 * PIXELS];
  draw(pixels, 255);
  expect(expected, pixels);
  for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
    translate(result, pixels, formats[i]);
    ck_assert_msg(largest_difference(result, expected) == 0, "%s", formats[i]);
  }
}
END_TEST

START_TEST(translate__takes_indexed_pixels) {
  guchar pixels[4 * PIXELS], expected[4 * PIXELS], result[4 * PIXELS],
      colours[2 * 3] = {0, 0, 0, 255, 255, 255};
  const Babl *indexed;
  babl_new_palette(NULL, &indexed, NULL);
  babl_palette_set_palette(indexed, babl_format("R'G'B' u8"), colours, 2);
  draw(pixels, 255);
  expect(expected, pixels);
  translate_from(result, pixels, indexed);
  ck_assert_int_eq(largest_difference(result, expected), 0);
}
END_TEST

START_TEST(translate__keeps_alpha) {
  guchar pixels[4 * PIXELS], expected[4 * PIXELS], result[4 * PIXELS];
  draw(pixels, 128);
  expect(expected, pixels);
  translate(result, pixels, "R'G'B'A u8");
  ck_assert_int_eq(largest_difference(result, expected), 0);
  for (int i = 0; i < PIXELS; i++)
    ck_assert_int_eq(result[4 * i + 3], pixels[4 * i + 3]);
}
END_TEST

START_TEST(translate__is_the_same_on_any_number_of_threads) {
  guchar pixels[4 * PIXELS], one[4 * PIXELS], four[4 * PIXELS];
  draw(pixels, 255);
  g_object_set(gegl_config(), "threads", 1, NULL);
  translate(one, pixels, "R'G'B'A u8");
  tear_down();
  g_object_set(gegl_config(), "threads", 4, NULL);
  set_up();
  translate(four, pixels, "R'G'B'A u8");
  ck_assert_int_eq(largest_difference(one, four), 0);
}
END_TEST

/* ---- other sizes: the result goes back where the picture was taken from ---- */

enum { WIDE = 40, BESIDE = (WIDE - SIDE) / 2 };

/* Of a picture of 40 x 28 the square in the middle is translated, and what lies beside it stays. */
START_TEST(translate__leaves_what_a_crop_left_out) {
  const GeglRectangle area = {0, 0, WIDE, SIDE};
  guchar pixels[4 * PIXELS], middle[4 * PIXELS], wide[SIDE][4 * WIDE], result[SIDE][4 * WIDE];
  draw(pixels, 128);
  expect(middle, pixels);
  memset(wide, 77, sizeof wide);
  for (int y = 0; y < SIDE; y++)
    memcpy(wide[y] + 4 * BESIDE, pixels + 4 * SIDE * y, 4 * SIDE);
  GeglBuffer *buffer = gegl_buffer_new(&area, babl_format("R'G'B'A u8"));
  gegl_buffer_set(buffer, &area, 0, NULL, wide, GEGL_AUTO_ROWSTRIDE);
  gegl_node_set(source, "buffer", buffer, NULL);
  gegl_node_set(operation, "fit", 3, NULL);
  gegl_node_blit(operation, 1.0, &area, babl_format("R'G'B'A u8"), result, GEGL_AUTO_ROWSTRIDE,
                 GEGL_BLIT_DEFAULT);
  g_object_unref(buffer);
  for (int y = 0; y < SIDE; y++)
    memcpy(wide[y] + 4 * BESIDE, middle + 4 * SIDE * y, 4 * SIDE);
  ck_assert_int_eq(memcmp(result, wide, sizeof wide), 0);
}
END_TEST

static char message[512];

static void keep_message(const gchar *domain, GLogLevelFlags level, const gchar *text, gpointer user) {
  (void)domain, (void)level, (void)user;
  g_strlcpy(message, text, sizeof message);
}

START_TEST(translate__leaves_what_is_not_finite_as_it_is) {
  const GeglRectangle area = {0, 0, SIDE, SIDE};
  gfloat pixels[PIXELS] = {[5] = NAN}, result[PIXELS];
  GeglBuffer *buffer = gegl_buffer_new(&area, babl_format("Y' float"));
  gegl_buffer_set(buffer, &area, 0, NULL, pixels, GEGL_AUTO_ROWSTRIDE);
  gegl_node_set(source, "buffer", buffer, NULL);
  g_log_set_default_handler(keep_message, NULL);
  gegl_node_blit(operation, 1.0, &area, babl_format("Y' float"), result, GEGL_AUTO_ROWSTRIDE,
                 GEGL_BLIT_DEFAULT);
  g_log_set_default_handler(g_log_default_handler, NULL);
  g_object_unref(buffer);
  ck_assert_msg(strstr(message, "not finite") != NULL, "the message is '%s'", message);
  ck_assert(result[5] != result[5] && result[6] == 0);
}
END_TEST

/* ---- progress ---- */

static void hear(GeglNode *node, gdouble progress, gpointer last) {
  (void)node;
  ck_assert(progress >= *(gdouble *)last);
  *(gdouble *)last = progress;
  told++;
}

START_TEST(translate__tells_progress) {
  guchar pixels[4 * PIXELS], result[4 * PIXELS];
  gdouble last = 0;
  draw(pixels, 255);
  g_signal_connect(operation, "progress", G_CALLBACK(hear), &last);
  translate(result, pixels, "R'G'B'A u8");
  ck_assert_int_ge(told, 2);
  ck_assert(last == 1);
}
END_TEST

static void change(GeglNode *node, gdouble progress, gpointer user) {
  (void)user;
  if (progress < 1 && !told++)
    gegl_node_set(node, "seed", 2, NULL);
}

/* The result would belong to properties that are gone. */
START_TEST(translate__is_stopped_by_a_change_of_properties) {
  guchar pixels[4 * PIXELS], expected[4 * PIXELS], result[4 * PIXELS];
  draw(pixels, 255);
  gegl_node_set(operation, "seed", 2, NULL);
  translate(expected, pixels, "R'G'B'A u8");
  gegl_node_set(operation, "seed", 1, NULL);
  g_signal_connect(operation, "progress", G_CALLBACK(change), NULL);
  translate(result, pixels, "R'G'B'A u8");
  ck_assert_int_eq(largest_difference(result, pixels), 0);
  translate(result, pixels, "R'G'B'A u8");
  ck_assert_int_eq(largest_difference(result, expected), 0);
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("gegl");
  TCase *tcase = tcase_create("translate");
  tcase_add_checked_fixture(tcase, set_up, tear_down);
  tcase_add_test(tcase, translate__takes_pixels_of_every_format);
  tcase_add_test(tcase, translate__takes_pixels_without_alpha);
  tcase_add_test(tcase, translate__takes_indexed_pixels);
  tcase_add_test(tcase, translate__keeps_alpha);
  tcase_add_test(tcase, translate__is_the_same_on_any_number_of_threads);
  tcase_add_test(tcase, translate__leaves_what_a_crop_left_out);
  tcase_add_test(tcase, translate__leaves_what_is_not_finite_as_it_is);
  tcase_add_test(tcase, translate__tells_progress);
  tcase_add_test(tcase, translate__is_stopped_by_a_change_of_properties);
  suite_add_tcase(suite, tcase);
  return suite;
}

/* In one process: GEGL's threads would not live in a child. */
int main(int argc, char **argv) {
  gegl_init(&argc, &argv);
  SRunner *runner = srunner_create(make_suite());
  srunner_set_fork_status(runner, CK_NOFORK);
  srunner_run_all(runner, CK_ENV);
  const int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  gegl_exit();
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
