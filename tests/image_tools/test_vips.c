/* The operation xdomain_translate in a host of libvips: bands and formats, alpha kept, many threads on one shared
 * model that start no more than libvips' concurrency allows, and a stop.
 * usage: test_vips MODULE */
#include <check.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <vips/vips.h>
#include <xdomain/xdomain.h>

#define DIGITS XD_MODELS_FOLDER "/digits.xdm"

enum { SIDE = 28, PIXELS = SIDE * SIDE, CALLERS = 8, PICTURES = 1000 };

/* ---- pictures ---- */

/* A stroke at a place of its own: RGB and alpha, which is 128 in the right half. */
static void draw(guchar *pixels, int place) {
  for (int i = 0; i < PIXELS; i++) {
    const int x = i % SIDE, y = i / SIDE;
    memset(pixels + 4 * i, abs(x - 8 - place % 12) < 3 && y > 3 && y < 24 ? 255 : 0, 3);
    pixels[4 * i + 3] = x < SIDE / 2 ? 255 : 128;
  }
}

/* What the library makes of them. */
static void expect(guchar *result, guchar *pixels, xd_alpha_policy policy, guint64 seed) {
  xd_translator *translator;
  xd_context *context;
  xd_image from, to;
  xd_image_init(&from, sizeof from, pixels, SIDE, SIDE, XD_SAMPLE_U8, XD_LAYOUT_RGBA);
  xd_image_init(&to, sizeof to, result, SIDE, SIDE, XD_SAMPLE_U8, XD_LAYOUT_RGBA);
  from.policy = policy;
  ck_assert_int_eq(xd_context_create(&context, NULL), XD_OK);
  ck_assert_int_eq(xd_translator_load(&translator, context, DIGITS, NULL), XD_OK);
  ck_assert_int_eq(xd_translator_set_noise(translator, seed, 0, 1.0f), XD_OK);
  ck_assert_int_eq(xd_translator_run(translator, &to, NULL, &from, 1), XD_OK);
  xd_translator_destroy(translator);
  xd_context_destroy(context);
}

static VipsImage *image_of(const guchar *pixels) {
  VipsImage *memory =
      vips_image_new_from_memory_copy(pixels, (size_t)4 * PIXELS, SIDE, SIDE, 4, VIPS_FORMAT_UCHAR);
  VipsImage *image;
  ck_assert_int_eq(vips_copy(memory, &image, "interpretation", VIPS_INTERPRETATION_sRGB, NULL), 0);
  g_object_unref(memory);
  return image;
}

static int translate(VipsImage *in, VipsImage **out, const char *model, guint64 seed) {
  *out = NULL;
  return vips_call("xdomain_translate", in, out, "model", model, "seed", seed, NULL);
}

/* The result of an image, as RGBA of 8 bits; takes the image over. */
static void translate_to(guchar *result, VipsImage *in) {
  static const int bands_of[] = {0, 0, 0, 0, 1};
  VipsImage *out, *bytes;
  size_t size;
  ck_assert_msg(translate(in, &out, DIGITS, 1) == 0, "%s", vips_error_buffer());
  ck_assert_int_eq(out->BandFmt, in->BandFmt);
  ck_assert_int_eq(out->Bands, 1 + bands_of[in->Bands] + (in->Bands == 2));
  const double scale = out->Type == VIPS_INTERPRETATION_GREY16 ? 1 / 257.0 : 1;
  ck_assert_int_eq(vips_linear1(out, &bytes, scale, 0.5, "uchar", TRUE, NULL), 0);
  guchar *pixels = vips_image_write_to_memory(bytes, &size);
  for (int i = 0; i < PIXELS; i++) {
    memset(result + 4 * i, pixels[i * out->Bands], 3);
    result[4 * i + 3] = out->Bands == 2 ? pixels[2 * i + 1] : 255;
  }
  g_free(pixels);
  g_object_unref(bytes);
  g_object_unref(out);
  g_object_unref(in);
}

static VipsImage *as_16_bits(VipsImage *in) {
  VipsImage *out;
  ck_assert_int_eq(vips_colourspace(in, &out, VIPS_INTERPRETATION_RGB16, NULL), 0);
  g_object_unref(in);
  return out;
}

static VipsImage *as_floats(VipsImage *in) {
  VipsImage *out;
  ck_assert_int_eq(vips_cast_float(in, &out, NULL), 0);
  g_object_unref(in);
  return out;
}

static VipsImage *as_grey(VipsImage *in) {
  VipsImage *out;
  ck_assert_int_eq(vips_colourspace(in, &out, VIPS_INTERPRETATION_B_W, NULL), 0);
  g_object_unref(in);
  return out;
}

static VipsImage *without_alpha(VipsImage *in) {
  VipsImage *out;
  ck_assert_int_eq(vips_extract_band(in, &out, 0, "n", in->Bands - 1, NULL), 0);
  g_object_unref(in);
  return out;
}

/* ---- tests ---- */

START_TEST(translate__takes_bands_and_formats) {
  guchar pixels[4 * PIXELS], carried[4 * PIXELS], opaque[4 * PIXELS], result[4 * PIXELS];
  draw(pixels, 3);
  expect(carried, pixels, XD_ALPHA_CARRY, 1);
  expect(opaque, pixels, XD_ALPHA_IGNORE, 1);
  ck_assert_int_ne(memcmp(carried, pixels, sizeof pixels), 0);
  translate_to(result, image_of(pixels));
  ck_assert_int_eq(memcmp(result, carried, sizeof result), 0);
  translate_to(result, as_16_bits(image_of(pixels)));
  ck_assert_int_eq(memcmp(result, carried, sizeof result), 0);
  translate_to(result, as_floats(image_of(pixels)));
  ck_assert_int_eq(memcmp(result, carried, sizeof result), 0);
  translate_to(result, as_floats(as_16_bits(image_of(pixels))));
  ck_assert_int_eq(memcmp(result, carried, sizeof result), 0);
  translate_to(result, as_grey(image_of(pixels)));
  ck_assert_int_eq(memcmp(result, carried, sizeof result), 0);
  translate_to(result, without_alpha(image_of(pixels)));
  ck_assert_int_eq(memcmp(result, opaque, sizeof result), 0);
  translate_to(result, without_alpha(as_grey(image_of(pixels))));
  ck_assert_int_eq(memcmp(result, opaque, sizeof result), 0);
}
END_TEST

static gboolean keeps_a_profile(VipsImage *in) {
  VipsImage *copy, *out;
  ck_assert_int_eq(vips_copy(in, &copy, NULL), 0);
  vips_image_set_blob_copy(copy, VIPS_META_ICC_NAME, "profile", sizeof "profile");
  ck_assert_msg(translate(copy, &out, DIGITS, 1) == 0, "%s", vips_error_buffer());
  const gboolean keeps = vips_image_get_typeof(out, VIPS_META_ICC_NAME) != 0;
  g_object_unref(out);
  g_object_unref(copy);
  g_object_unref(in);
  return keeps;
}

/* The model's pictures are grey. */
START_TEST(translate__keeps_a_profile_of_its_colours) {
  guchar pixels[4 * PIXELS];
  VipsImage *lab;
  draw(pixels, 0);
  ck_assert(keeps_a_profile(as_grey(image_of(pixels))));
  ck_assert(!keeps_a_profile(image_of(pixels)));
  VipsImage *grey = without_alpha(as_grey(image_of(pixels)));
  ck_assert_int_eq(vips_colourspace(grey, &lab, VIPS_INTERPRETATION_LAB, NULL), 0);
  g_object_unref(grey);
  ck_assert(!keeps_a_profile(lab));
}
END_TEST

START_TEST(translate__says_what_is_wrong) {
  guchar pixels[4 * PIXELS];
  VipsImage *out, *in, *small, *many;
  draw(pixels, 0);
  in = image_of(pixels);
  ck_assert_int_ne(translate(in, &out, "/no/such.xdm", 1), 0);
  ck_assert_ptr_nonnull(strstr(vips_error_buffer(), "cannot open '/no/such.xdm': No such file"));
  vips_error_clear();
  ck_assert_int_ne(vips_call("xdomain_translate", in, &out, NULL), 0);
  ck_assert_ptr_nonnull(strstr(vips_error_buffer(), "no model"));
  vips_error_clear();
  ck_assert_int_eq(vips_crop(in, &small, 0, 0, 20, 10, NULL), 0);
  ck_assert_int_ne(translate(small, &out, DIGITS, 1), 0);
  ck_assert_ptr_nonnull(strstr(vips_error_buffer(), "20x10"));
  vips_error_clear();
  ck_assert_int_eq(vips_bandjoin2(in, in, &many, NULL), 0);
  ck_assert_int_ne(translate(many, &out, DIGITS, 1), 0);
  ck_assert_ptr_nonnull(strstr(vips_error_buffer(), "8 bands"));
  vips_error_clear();
  g_object_unref(many);
  g_object_unref(small);
  g_object_unref(in);
}
END_TEST

static void copy_file(const char *to, const char *from) {
  gchar *bytes;
  gsize size;
  ck_assert(g_file_get_contents(from, &bytes, &size, NULL));
  ck_assert(g_file_set_contents(to, bytes, (gssize)size, NULL));
  g_free(bytes);
}

static double mean_of(VipsImage *in, const char *model) {
  VipsImage *out;
  double mean;
  ck_assert_msg(translate(in, &out, model, 1) == 0, "%s", vips_error_buffer());
  ck_assert_int_eq(vips_avg(out, &mean, NULL), 0);
  g_object_unref(out);
  return mean;
}

START_TEST(translate__sees_a_model_that_was_replaced) {
  guchar pixels[4 * PIXELS];
  draw(pixels, 5);
  gchar *folder = g_dir_make_tmp("xdomain-XXXXXX", NULL), *path = g_build_filename(folder, "model.xdm", NULL);
  VipsImage *in = image_of(pixels);
  copy_file(path, DIGITS);
  const double digits = mean_of(in, path);
  ck_assert(digits == mean_of(in, path));
  copy_file(path, XD_MODELS_FOLDER "/fashion.xdm");
  ck_assert(digits != mean_of(in, path));
  ck_assert(mean_of(in, XD_MODELS_FOLDER "/fashion.xdm") == mean_of(in, path));
  g_object_unref(in);
  remove(path);
  remove(folder);
  g_free(path);
  g_free(folder);
}
END_TEST

/* Between the reading of the source and the networks' first loop. */
static void kill_image(VipsImage *image, VipsProgress *progress, gpointer user) {
  (void)progress;
  *(gboolean *)user = TRUE;
  vips_image_set_kill(image, TRUE);
}

START_TEST(translate__stops_when_its_image_is_killed) {
  guchar pixels[4 * PIXELS];
  gboolean killed = FALSE;
  VipsImage *out;
  draw(pixels, 0);
  VipsImage *in = image_of(pixels);
  vips_image_set_progress(in, TRUE);
  g_signal_connect(in, "posteval", G_CALLBACK(kill_image), &killed);
  ck_assert_int_ne(translate(in, &out, DIGITS, 1), 0);
  ck_assert(killed);
  ck_assert_msg(strstr(vips_error_buffer(), "should_stop") != NULL, "%s", vips_error_buffer());
  vips_error_clear();
  g_object_unref(in);
}
END_TEST

/* ---- threads ---- */

static guchar sources[CALLERS][4 * PIXELS], expected[CALLERS][4 * PIXELS];
static gint wrong;

/* The helpers are threads of GLib's pools, which keeps them for the next. */
static int helper_threads(void) {
  int count = 0;
  GDir *tasks = g_dir_open("/proc/self/task", 0, NULL);
  for (const char *task; (task = g_dir_read_name(tasks));) {
    gchar *path = g_build_filename("/proc/self/task", task, "comm", NULL), *name = NULL;
    if (g_file_get_contents(path, &name, NULL, NULL) && g_str_has_prefix(name, "pool") &&
        !strstr(name, "spawn"))
      count++;
    g_free(name);
    g_free(path);
  }
  g_dir_close(tasks);
  return count;
}

typedef struct caller_share {
  int caller, pictures;
} caller_share;

static gpointer translate_many(gpointer data) {
  const caller_share *share = data;
  const int caller = share->caller;
  for (int i = 0; i < share->pictures; i++) {
    VipsImage *in = image_of(sources[caller]), *out;
    if (translate(in, &out, DIGITS, (guint64)caller)) {
      g_atomic_int_inc(&wrong);
    } else {
      size_t size;
      guchar *result = vips_image_write_to_memory(out, &size);
      for (int k = 0; k < PIXELS; k++)
        if (result[2 * k] != expected[caller][4 * k] || result[2 * k + 1] != expected[caller][4 * k + 3]) {
          g_atomic_int_inc(&wrong);
          break;
        }
      g_free(result);
      g_object_unref(out);
    }
    g_object_unref(in);
  }
  vips_thread_shutdown();
  return NULL;
}

static void translate_on_threads(int concurrency, int pictures) {
  caller_share shares[CALLERS];
  GThread *threads[CALLERS];
  vips_concurrency_set(concurrency);
  for (int i = 0; i < CALLERS; i++) {
    shares[i] = (caller_share){i, pictures / CALLERS};
    threads[i] = g_thread_new("caller", translate_many, &shares[i]);
  }
  for (int i = 0; i < CALLERS; i++)
    g_thread_join(threads[i]);
}

START_TEST(translate__shares_a_model_among_threads) {
  for (int i = 0; i < CALLERS; i++) {
    draw(sources[i], i);
    expect(expected[i], sources[i], XD_ALPHA_CARRY, (guint64)i);
  }
  const int before = helper_threads();
  translate_on_threads(1, PICTURES);
  ck_assert_int_le(helper_threads(), before); /* idle ones end after a while */
  translate_on_threads(4, PICTURES / 5);
  ck_assert_int_le(helper_threads(), MAX(before, 3));
  ck_assert_int_eq(wrong, 0);
}
END_TEST

START_TEST(translate__uses_the_threads_that_are_left) {
  guchar pixels[4 * PIXELS], result[4 * PIXELS];
  const int before = helper_threads();
  draw(pixels, 3);
  expect(expected[0], pixels, XD_ALPHA_CARRY, 1);
  vips_concurrency_set(3);
  for (int i = 0; i < 50; i++) {
    translate_to(result, image_of(pixels));
    ck_assert_int_eq(memcmp(result, expected[0], sizeof result), 0);
  }
  ck_assert_int_gt(helper_threads(), 0);
  ck_assert_int_le(helper_threads(), MAX(before, 2));
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("vips");
  TCase *tcase = tcase_create("translate");
  tcase_add_test(tcase, translate__takes_bands_and_formats);
  tcase_add_test(tcase, translate__keeps_a_profile_of_its_colours);
  tcase_add_test(tcase, translate__says_what_is_wrong);
  tcase_add_test(tcase, translate__sees_a_model_that_was_replaced);
  tcase_add_test(tcase, translate__stops_when_its_image_is_killed);
  tcase_add_test(tcase, translate__shares_a_model_among_threads);
  tcase_add_test(tcase, translate__uses_the_threads_that_are_left);
  suite_add_tcase(suite, tcase);
  return suite;
}

/* Loads the module as libvips does, from where it was built. */
static gboolean load_module(const char *path) {
  void *module = dlopen(path, RTLD_NOW);
  union {
    void *symbol;
    const gchar *(*init)(void *);
  } entry = {module ? dlsym(module, "g_module_check_init") : NULL};
  return entry.symbol && entry.init(NULL) == NULL;
}

/* In one process: libvips' threads would not live in a child. */
int main(int argc, char **argv) {
  if (argc != 2 || VIPS_INIT(argv[0]) || !load_module(argv[1]))
    return EXIT_FAILURE;
  SRunner *runner = srunner_create(make_suite());
  srunner_set_fork_status(runner, CK_NOFORK);
  srunner_run_all(runner, CK_ENV);
  const int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  vips_shutdown();
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
