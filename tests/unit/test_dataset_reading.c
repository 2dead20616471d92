/* What all roads into a set have in common: the same bytes for the same picture, the richest picture's channels,
 * bad pictures, what was left out, names, progress; and sets of the host's own pictures. */
#include "support.h"

#include <math.h>
#include <stdbool.h>
#include <sys/resource.h>

#include "jpeg_bytes.h"
#include "picture_bytes.h"
#include "refusals.h"
#include "xdomain/dataset.h"
#include "xdomain/unstable/spec.h"

static xd_context *context;
static char *folder;

static void set_up(void) {
  context = test_context("reference");
  folder = make_temp_folder();
}

static void tear_down(void) {
  xd_context_destroy(context);
  remove_folder(folder);
}

static void add_folder(const char *name) {
  char path[TEST_PATH_SIZE];
  ck_assert_int_eq(mkdir(path_in(path, folder, name), 0777), 0);
}

static void add_file(const char *name, const void *data, size_t size) {
  char path[TEST_PATH_SIZE];
  write_test_file(path_in(path, folder, name), data, size);
}

/* A picture of `width` x 1 pixels of one layout whose samples count up from `first`. */
static void add_picture(const char *name, uint32_t width, xd_layout layout, unsigned char first) {
  unsigned char samples[64];
  char path[TEST_PATH_SIZE];
  xd_image view;
  for (unsigned i = 0; i < sizeof samples; i++)
    samples[i] = (unsigned char)(first + i);
  xd_image_init(&view, sizeof view, samples, width, 1, XD_SAMPLE_U8, layout);
  assert_ok(context, xd_image_save_png(context, path_in(path, folder, name), &view));
}

static xd_dataset_options plain(void) {
  xd_dataset_options options = XD_DATASET_OPTIONS_INIT;
  return options;
}

static xd_dataset *load(const xd_dataset_options *options) {
  xd_dataset *set = NULL;
  assert_ok(context, xd_dataset_load_folder(&set, context, folder, options));
  return set;
}

static void check_bytes(const xd_dataset *set, uint32_t index, const uint8_t *expected, size_t size) {
  ck_assert_uint_eq((size_t)xd_dataset_width(set) * xd_dataset_height(set) * xd_dataset_channels(set), size);
  ck_assert_mem_eq(xd_dataset_pixels(set, index), expected, size);
}

/* ---- one decoder for all roads ---- */

/* A turned JPEG, and PNGs with alpha, grey with alpha, a palette with a transparent entry, 16 bits. */
static void add_roads(void) {
  bytes file = {0, {0}};
  put(&file,
      "\xff\xd8\xff\xe1\0\x22"
      "Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0",
      38);
  put(&file, colour_jpeg + 2, sizeof colour_jpeg - 2);
  add_file("a.jpg", file.data, file.size);
  add_picture("b.png", 7, XD_LAYOUT_RGBA, 30);
  add_picture("c.png", 9, XD_LAYOUT_GREY_ALPHA, 100);
  add_picture("d.png", 5, XD_LAYOUT_RGB, 200);
  begin_png(&file, 3, 1, 8, 3);
  put_chunk(&file, "PLTE", (const unsigned char[]){1, 2, 3, 104, 105, 106}, 6);
  put_chunk(&file, "tRNS", (const unsigned char[]){77}, 1);
  put_rows(&file, (const unsigned char[]){0, 1, 0, 1}, 4);
  end_png(&file);
  add_file("e.png", file.data, file.size);
  begin_png(&file, 2, 1, 16, 6);
  put_rows(&file, (const unsigned char[]){0, 1, 127, 2, 128, 3, 129, 80, 0, 250, 1, 251, 2, 252, 3, 255, 255},
           17);
  end_png(&file);
  add_file("f.png", file.data, file.size);
}

START_TEST(roads__give_the_same_bytes_for_the_same_picture) {
  enum { COUNT = 6 };
  add_roads();
  for (uint32_t channels = 0; channels <= 3; channels += channels ? 2 : 1)
    for (xd_fit fit = XD_FIT_STRETCH; fit <= XD_FIT_CROP; fit++) {
      xd_dataset_options options = plain();
      xd_picture *pictures[COUNT];
      xd_image views[COUNT];
      xd_dataset *from_files, *from_views = NULL, *from_text = NULL;
      char path[TEST_PATH_SIZE], text[TEST_PATH_SIZE + 64];
      options.width = 6;
      options.height = 5;
      options.channels = channels;
      options.fit = fit;
      from_files = load(&options);
      ck_assert_uint_eq(xd_dataset_count(from_files), COUNT);
      ck_assert_uint_eq(xd_dataset_channels(from_files), channels == 1 ? 1 : 3);
      const uint32_t made = xd_dataset_channels(from_files);
      for (uint32_t i = 0; i < COUNT; i++) {
        uint8_t made_bytes[6 * 5 * 3];
        float floats[6 * 5 * 3], read[6 * 5 * 3];
        xd_image small;
        views[i] = (xd_image)XD_IMAGE_INIT;
        assert_ok(context, xd_picture_load(&pictures[i], context,
                                           path_in(path, folder, xd_dataset_picture_name(from_files, i))));
        assert_status(xd_picture_view(pictures[i], &views[i]), XD_OK);
        xd_image_init(&small, sizeof small, made_bytes, 6, 5, XD_SAMPLE_U8,
                      made == 1 ? XD_LAYOUT_GREY : XD_LAYOUT_RGB);
        assert_ok(context, xd_image_fit(context, &small, &views[i], fit));
        check_bytes(from_files, i, made_bytes, 6 * 5 * made);
        assert_ok(context, xd_image_to_floats(context, floats, &small, made));
        assert_ok(context, xd_dataset_read(from_files, context, read, &i, 1));
        ck_assert_mem_eq(read, floats, 6 * 5 * made * sizeof *read);
      }
      assert_ok(context,
                xd_dataset_create_views(&from_views, context, views, NULL, COUNT, NULL, 0, &options));
      snprintf(text, sizeof text, "dir:%s;size=6x5;fit=%s;channels=%u", folder,
               fit == XD_FIT_STRETCH ? "stretch"
               : fit == XD_FIT_PAD   ? "pad"
                                     : "crop",
               made);
      assert_ok(context, xd_dataset_load(&from_text, context, text, NULL));
      for (uint32_t i = 0; i < COUNT; i++) {
        check_bytes(from_views, i, xd_dataset_pixels(from_files, i), 6 * 5 * made);
        check_bytes(from_text, i, xd_dataset_pixels(from_files, i), 6 * 5 * made);
        xd_picture_destroy(pictures[i]);
      }
      xd_dataset_release(from_files);
      xd_dataset_release(from_views);
      xd_dataset_release(from_text);
    }
}
END_TEST

START_TEST(channels__are_those_of_the_richest_picture) {
  const uint8_t grey[] = {5, 5, 5, 6, 6, 6}, colours[] = {10, 11, 12, 13, 14, 15};
  add_picture("a.png", 2, XD_LAYOUT_GREY, 5);
  add_picture("b.png", 2, XD_LAYOUT_GREY, 5);
  xd_dataset *set = load(NULL);
  ck_assert_uint_eq(xd_dataset_channels(set), 1);
  check_bytes(set, 1, (const uint8_t[]){5, 6}, 2);
  xd_dataset_release(set);
  add_picture("c.png", 2, XD_LAYOUT_RGB, 10); /* after two grey ones */
  add_picture("d.png", 2, XD_LAYOUT_GREY, 5);
  set = load(NULL);
  ck_assert_uint_eq(xd_dataset_channels(set), 3);
  check_bytes(set, 0, grey, 6);
  check_bytes(set, 1, grey, 6);
  check_bytes(set, 2, colours, 6);
  check_bytes(set, 3, grey, 6);
  xd_dataset_release(set);
  xd_dataset_options options = plain();
  options.channels = 1;
  set = load(&options);
  ck_assert_uint_eq(xd_dataset_channels(set), 1);
  xd_dataset_release(set);
}
END_TEST

/* ---- bad pictures, and what else is left out ---- */

typedef struct lines {
  unsigned errors, warnings;
  char last[600];
} lines;

static void keep_line(void *user, xd_log_level level, const char *message) {
  lines *l = user;
  l->errors += level == XD_LOG_ERROR;
  l->warnings += level == XD_LOG_WARNING;
  snprintf(l->last, sizeof l->last, "%s", message);
}

static xd_context *listening_context(lines *l) {
  xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
  xd_context *with = NULL;
  memset(l, 0, sizeof *l);
  options.backend = "reference";
  options.log = keep_line;
  options.log_user = l;
  assert_status(xd_context_create(&with, &options), XD_OK);
  return with;
}

START_TEST(bad_pictures__are_left_out_when_asked) {
  lines l;
  xd_context *with = listening_context(&l);
  xd_dataset_options options = plain();
  xd_dataset *set = NULL;
  add_folder("cat");
  add_folder("dog");
  add_picture("cat/1.png", 2, XD_LAYOUT_GREY, 1);
  add_file("cat/2.png", "\x89PNG\r\n\x1a\n", 8); /* cut */
  add_file("cat/3.jpg", "no picture", 10);
  add_picture("cat/4.png", 3, XD_LAYOUT_GREY, 1); /* of another size */
  add_picture("dog/5.png", 2, XD_LAYOUT_GREY, 50);
  assert_status(xd_dataset_load_folder(&set, with, folder, NULL), XD_ERROR_TRUNCATED);
  ck_assert_uint_eq(l.errors, 1);
  assert_message_names(with, "2.png");
  options.skip_bad = 1;
  memset(&l, 0, sizeof l);
  assert_ok(with, xd_dataset_load_folder(&set, with, folder, &options));
  ck_assert_uint_eq(l.errors, 0);
  ck_assert_uint_eq(l.warnings, 3);
  assert_message_names(with, "2.png"); /* still the failure before */
  ck_assert_uint_eq(xd_dataset_count(set), 2);
  ck_assert_uint_eq(xd_dataset_label(set, 1), 1);
  ck_assert_str_eq(xd_dataset_picture_name(set, 1), "dog/5.png");
  ck_assert_uint_eq(xd_dataset_left_out_count(set, XD_LEFT_OUT_BAD), 3);
  const char *const words[3][2] = {{"cat/2.png", "ends"}, {"cat/3.jpg", "no PNG"}, {"cat/4.png", "3x1"}};
  for (unsigned i = 0; i < 3; i++)
    for (unsigned k = 0; k < 2; k++)
      ck_assert_ptr_nonnull(strstr(xd_dataset_left_out(set, XD_LEFT_OUT_BAD, i), words[i][k]));
  ck_assert_ptr_null(xd_dataset_left_out(set, XD_LEFT_OUT_BAD, 3));
  xd_dataset_release(set);
  /* Other sizes are no fault where one is asked for. */
  options.width = 2;
  options.height = 1;
  assert_ok(with, xd_dataset_load_folder(&set, with, folder, &options));
  ck_assert_uint_eq(xd_dataset_count(set), 3);
  ck_assert_uint_eq(xd_dataset_left_out_count(set, XD_LEFT_OUT_BAD), 2);
  xd_dataset_release(set);
  options.fit = XD_FIT_EXACT;
  assert_ok(with, xd_dataset_load_folder(&set, with, folder, &options));
  ck_assert_uint_eq(xd_dataset_count(set), 2);
  xd_dataset_release(set);
  xd_context_destroy(with);
}
END_TEST

static void link_to(const char *target, const char *name) {
  char path[TEST_PATH_SIZE];
  ck_assert_int_eq(symlink(target, path_in(path, folder, name)), 0);
}

START_TEST(entries__that_cannot_be_examined_are_left_out_when_asked) {
  lines l;
  xd_context *with = listening_context(&l);
  xd_dataset_options options = plain();
  xd_dataset *set = NULL;
  add_folder("cat");
  add_picture("cat/1.png", 2, XD_LAYOUT_GREY, 1);
  add_file("cat/2.png", "no", 2);
  link_to("nowhere", "cat/3.png");
  link_to("4.txt", "cat/4.txt"); /* to itself */
  link_to("nowhere", "stray.jpg");
  assert_status(xd_dataset_load_folder(&set, with, folder, NULL), XD_ERROR_NOT_FOUND);
  assert_message_names(with, "cannot examine");
  assert_status(xd_dataset_load_folder(&set, with, "/nowhere", NULL), XD_ERROR_NOT_FOUND);
  memset(&l, 0, sizeof l);
  options.skip_bad = 1;
  assert_ok(with, xd_dataset_load_folder(&set, with, folder, &options));
  assert_message_names(with, "/nowhere"); /* still the failure before */
  ck_assert_uint_eq(xd_dataset_count(set), 1);
  ck_assert_uint_eq(l.errors, 0);
  ck_assert_uint_eq(l.warnings, 4);
  ck_assert_uint_eq(xd_dataset_left_out_count(set, XD_LEFT_OUT_BAD), 4);
  const char *const words[] = {"/cat/3.png", "/cat/4.txt", "/stray.jpg", "/cat/2.png"};
  for (unsigned i = 0; i < 4; i++)
    ck_assert_ptr_nonnull(strstr(xd_dataset_left_out(set, XD_LEFT_OUT_BAD, i), words[i]));
  xd_dataset_release(set);
  xd_context_destroy(with);
}
END_TEST

/* What becomes of a folder's files after it was listed. */
typedef struct mishap {
  bool descriptors; /* there are none for further files */
  struct rlimit limit;
} mishap;

static int befall(void *user, const xd_progress *progress) {
  mishap *m = user;
  char path[TEST_PATH_SIZE];
  if (progress->step != 1)
    return 0;
  if (m->descriptors) {
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &m->limit), 0);
    const struct rlimit none = {0, m->limit.rlim_max};
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    return 0;
  }
  ck_assert_int_eq(unlink(path_in(path, folder, "2.png")), 0);
  ck_assert_int_eq(unlink(path_in(path, folder, "3.png")), 0);
  ck_assert_int_eq(symlink("3.png", path), 0); /* which nobody can open */
  ck_assert_int_eq(unlink(path_in(path, folder, "4.png")), 0);
  add_folder("4.png");
  return 0;
}

static void add_five(void) {
  static const char *const names[] = {"1.png", "2.png", "3.png", "4.png", "5.png"};
  for (unsigned i = 0; i < 5; i++)
    add_picture(names[i], 2, XD_LAYOUT_GREY, 1);
}

static xd_dataset_options with_mishap(mishap *m) {
  xd_dataset_options options = plain();
  options.callback = befall;
  options.user = m;
  return options;
}

START_TEST(bad_pictures__may_be_files_that_cannot_be_read) {
  mishap m = {.descriptors = false};
  xd_dataset_options options = with_mishap(&m);
  xd_dataset *set = NULL;
  add_five();
  assert_status(xd_dataset_load_folder(&set, context, folder, &options), XD_ERROR_NOT_FOUND);
  remove_folder(folder);
  folder = make_temp_folder();
  add_five();
  options.skip_bad = 1;
  assert_ok(context, xd_dataset_load_folder(&set, context, folder, &options));
  ck_assert_uint_eq(xd_dataset_count(set), 2);
  ck_assert_uint_eq(xd_dataset_left_out_count(set, XD_LEFT_OUT_BAD), 3);
  const char *const words[] = {"2.png': ", "3.png': ", "4.png' is a folder"};
  for (unsigned i = 0; i < 3; i++)
    ck_assert_ptr_nonnull(strstr(xd_dataset_left_out(set, XD_LEFT_OUT_BAD, i), words[i]));
  xd_dataset_release(set);
}
END_TEST

START_TEST(bad_pictures__are_not_to_blame_where_no_file_can_be_opened) {
  mishap m = {.descriptors = true};
  xd_dataset_options options = with_mishap(&m);
  xd_dataset *set = NULL;
  options.skip_bad = 1;
  add_five();
  const xd_status status = xd_dataset_load_folder(&set, context, folder, &options);
  ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &m.limit), 0);
  ck_assert_int_eq(status, XD_ERROR_IO);
  assert_message_names(context, "2.png");
}
END_TEST

START_TEST(bad_pictures__alone_make_no_set) {
  lines l;
  xd_context *with = listening_context(&l);
  xd_dataset_options options = plain();
  xd_dataset *set = (xd_dataset *)&l;
  add_file("a.png", "no", 2);
  add_file("b.png", "", 0);
  options.skip_bad = 1;
  assert_status(xd_dataset_load_folder(&set, with, folder, &options), XD_ERROR_NOT_FOUND);
  ck_assert_ptr_null(set);
  assert_message_names(with, "no picture that can be read");
  ck_assert_uint_eq(l.errors, 1);
  xd_context_destroy(with);
}
END_TEST

START_TEST(bad_pictures__of_a_set_that_is_too_large_are_not_to_blame) {
  xd_dataset_options options = plain();
  xd_dataset *set;
  add_picture("a.png", 2, XD_LAYOUT_RGB, 1);
  options.skip_bad = 1;
  options.width = options.height = 65535;
  assert_status(xd_dataset_load_folder(&set, context, folder, &options), XD_ERROR_TOO_LARGE);
}
END_TEST

START_TEST(left_out__is_listed_by_reason) {
  add_folder("cat");
  add_folder("cat/old");
  add_picture("cat/1.png", 2, XD_LAYOUT_GREY, 1);
  add_picture("cat/old/2.png", 2, XD_LAYOUT_GREY, 1);
  add_file("cat/old/note.txt", "x", 1);
  add_file("cat/photo.webp", "x", 1);
  add_file("readme", "x", 1);
  char pipe[TEST_PATH_SIZE];
  ck_assert_int_eq(mkfifo(path_in(pipe, folder, "cat/pipe.png"), 0600), 0);
  add_file(".hidden.png", "x", 1);
  add_picture("stray.png", 2, XD_LAYOUT_GREY, 1);
  xd_dataset *set = load(NULL);
  ck_assert_uint_eq(xd_dataset_count(set), 2);
  ck_assert_uint_eq(xd_dataset_left_out_count(set, XD_LEFT_OUT_OTHER_TYPE), 4);
  ck_assert_str_eq(xd_dataset_left_out(set, XD_LEFT_OUT_OTHER_TYPE, 0), "readme");
  ck_assert_str_eq(xd_dataset_left_out(set, XD_LEFT_OUT_OTHER_TYPE, 1), "cat/photo.webp");
  ck_assert_str_eq(xd_dataset_left_out(set, XD_LEFT_OUT_OTHER_TYPE, 2), "cat/pipe.png");
  ck_assert_str_eq(xd_dataset_left_out(set, XD_LEFT_OUT_OTHER_TYPE, 3), "cat/old/note.txt");
  ck_assert_uint_eq(xd_dataset_left_out_count(set, XD_LEFT_OUT_BESIDE_CLASSES), 1);
  ck_assert_str_eq(xd_dataset_left_out(set, XD_LEFT_OUT_BESIDE_CLASSES, 0), "stray.png");
  ck_assert_uint_eq(xd_dataset_left_out_count(set, XD_LEFT_OUT_BAD), 0);
  for (xd_left_out why = 0; why < 6; why += 4) {
    ck_assert_uint_eq(xd_dataset_left_out_count(set, why), 0);
    ck_assert_ptr_null(xd_dataset_left_out(set, why, 0));
  }
  ck_assert_uint_eq(xd_dataset_left_out_count(NULL, XD_LEFT_OUT_BAD), 0);
  xd_dataset_release(set);
}
END_TEST

/* ---- names ---- */

START_TEST(picture_names__stay_with_their_pictures) {
  add_folder("cat");
  add_folder("dog");
  add_folder("dog/old");
  add_picture("cat/a.png", 2, XD_LAYOUT_GREY, 1);
  add_picture("cat/b.png", 2, XD_LAYOUT_GREY, 2);
  add_picture("dog/c.png", 2, XD_LAYOUT_GREY, 3);
  add_picture("dog/old/d.png", 2, XD_LAYOUT_GREY, 4);
  add_file("dog/odd", "x", 1);
  const char *const names[] = {"cat/a.png", "cat/b.png", "dog/c.png", "dog/old/d.png"};
  xd_dataset *set = load(NULL), *some = NULL, *memory = NULL, *both = NULL, *other = NULL, *wide = NULL;
  for (uint32_t i = 0; i < 4; i++)
    ck_assert_str_eq(xd_dataset_picture_name(set, i), names[i]);
  ck_assert_str_eq(xd_dataset_picture_name(set, 4), "");
  ck_assert_str_eq(xd_dataset_picture_name(NULL, 0), "");
  xd_dataset_selection selection = XD_DATASET_SELECTION_INIT;
  selection.skip = 1;
  selection.count = 2;
  assert_ok(context, xd_dataset_select(&some, context, set, &selection));
  ck_assert_str_eq(xd_dataset_picture_name(some, 0), names[1]);
  ck_assert_str_eq(xd_dataset_picture_name(some, 1), names[2]);
  ck_assert_uint_eq(xd_dataset_left_out_count(some, XD_LEFT_OUT_OTHER_TYPE), 1);
  const uint8_t pixels[2] = {7, 8};
  const uint32_t label = 0;
  assert_ok(context, xd_dataset_create(&memory, context, pixels, &label, 1, 2, 1, 1));
  ck_assert_str_eq(xd_dataset_picture_name(memory, 0), "");
  const xd_dataset *const parts[] = {memory, some, set};
  assert_ok(context, xd_dataset_join(&both, context, parts, 3));
  ck_assert_str_eq(xd_dataset_picture_name(both, 0), "");
  ck_assert_str_eq(xd_dataset_picture_name(both, 1), names[1]);
  ck_assert_str_eq(xd_dataset_picture_name(both, 2), names[2]);
  ck_assert_str_eq(xd_dataset_picture_name(both, 6), names[3]);
  ck_assert_uint_eq(xd_dataset_left_out_count(both, XD_LEFT_OUT_OTHER_TYPE), 2);
  const char *const classes[] = {"dog"};
  assert_ok(context, xd_dataset_match_classes(&other, context, set, classes, 1));
  ck_assert_uint_eq(xd_dataset_count(other), 2);
  ck_assert_str_eq(xd_dataset_picture_name(other, 1), names[3]);
  char text[TEST_PATH_SIZE + 64];
  snprintf(text, sizeof text, "dir:%s;classes=1;channels=3", folder);
  assert_ok(context, xd_dataset_load(&wide, context, text, NULL));
  ck_assert_str_eq(xd_dataset_picture_name(wide, 0), names[2]);
  xd_dataset_release(wide);
  xd_dataset_release(other);
  xd_dataset_release(both);
  xd_dataset_release(memory);
  xd_dataset_release(set);
  ck_assert_str_eq(xd_dataset_picture_name(some, 0), names[1]); /* whoever goes first */
  xd_dataset_release(some);
}
END_TEST

START_TEST(class_names__can_be_given) {
  const uint8_t pixels[3] = {1, 2, 3};
  const uint32_t labels[] = {0, 1, 2};
  const char *const names[] = {"cat", "", NULL};
  xd_dataset *set = NULL, *named = NULL;
  assert_ok(context, xd_dataset_create(&set, context, pixels, labels, 3, 1, 1, 1));
  assert_ok(context, xd_dataset_with_class_names(&named, context, set, names, 3));
  ck_assert_str_eq(xd_dataset_class_name(named, 0), "cat");
  ck_assert_str_eq(xd_dataset_class_name(named, 1), "1");
  ck_assert_str_eq(xd_dataset_class_name(named, 2), "2");
  ck_assert_str_eq(xd_dataset_class_name(set, 0), "0");
  ck_assert_ptr_eq(xd_dataset_pixels(named, 2), xd_dataset_pixels(set, 2)); /* shared */
  xd_dataset_release(set);
  ck_assert_uint_eq(xd_dataset_pixels(named, 2)[0], 3);
  assert_status(xd_dataset_with_class_names(NULL, context, named, names, 3), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_dataset_with_class_names(&set, context, NULL, names, 3), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_dataset_with_class_names(&set, NULL, named, names, 3), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_dataset_with_class_names(&set, context, named, NULL, 3), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_dataset_with_class_names(&set, context, named, names, 257), XD_ERROR_INVALID_ARGUMENT);
  assert_ok(context, xd_dataset_with_class_names(&set, context, named, NULL, 0));
  ck_assert_str_eq(xd_dataset_class_name(set, 0), "0");
  xd_dataset_release(set);
  xd_dataset_release(named);
}
END_TEST

/* ---- progress ---- */

typedef struct steps {
  uint32_t calls, total, stop_at;
} steps;

static int count_step(void *user, const xd_progress *progress) {
  steps *s = user;
  s->calls++;
  ck_assert_uint_eq(progress->struct_size, sizeof *progress);
  ck_assert_uint_eq(progress->stage, XD_STAGE_SET);
  ck_assert_uint_eq(progress->step, s->calls);
  ck_assert(!progress->losses && !progress->validation);
  ck_assert(progress->overall == (double)progress->step / progress->steps);
  s->total = progress->steps;
  return s->calls == s->stop_at;
}

START_TEST(progress__comes_after_each_picture_and_can_stop) {
  steps s = {0, 0, 0};
  xd_dataset_options options = plain();
  xd_dataset *set = NULL;
  add_picture("a.png", 2, XD_LAYOUT_GREY, 1);
  add_file("b.png", "bad", 3);
  add_picture("c.png", 2, XD_LAYOUT_GREY, 1);
  options.skip_bad = 1;
  options.callback = count_step;
  options.user = &s;
  set = load(&options);
  ck_assert_uint_eq(s.calls, 3);
  ck_assert_uint_eq(s.total, 3);
  xd_dataset_release(set);
  s = (steps){0, 0, 2};
  assert_status(xd_dataset_load_folder(&set, context, folder, &options), XD_ERROR_CANCELLED);
  assert_message_names(context, "step 2 of 3 of stage set");
  ck_assert_uint_eq(s.calls, 2);
  ck_assert_ptr_null(set);
  uint8_t pixel = 9;
  xd_image views[2];
  for (unsigned i = 0; i < 2; i++)
    xd_image_init(&views[i], sizeof views[i], &pixel, 1, 1, XD_SAMPLE_U8, XD_LAYOUT_GREY);
  s = (steps){0, 0, 0};
  assert_ok(context, xd_dataset_create_views(&set, context, views, NULL, 2, NULL, 0, &options));
  ck_assert_uint_eq(s.calls, 2);
  xd_dataset_release(set);
  s = (steps){0, 0, 1};
  assert_status(xd_dataset_create_views(&set, context, views, NULL, 2, NULL, 0, &options),
                XD_ERROR_CANCELLED);
  ck_assert_uint_eq(s.calls, 1);
}
END_TEST

static int note_done(void *user, const xd_progress *progress) {
  ck_assert_uint_eq(progress->step, progress->steps);
  *(uint32_t *)user += progress->steps;
  return 0;
}

START_TEST(progress__of_one_piece_comes_once) {
  const unsigned char idx[] = {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 40, 50};
  char path[TEST_PATH_SIZE], text[2 * TEST_PATH_SIZE + 32];
  uint32_t seen = 0;
  xd_dataset_options options = plain();
  xd_dataset *set = NULL;
  options.callback = note_done;
  options.user = &seen;
  write_test_file(path_in(path, folder, "idx"), idx, sizeof idx);
  snprintf(text, sizeof text, "idx:%s|idx:%s", path, path);
  assert_ok(context, xd_dataset_load(&set, context, text, &options));
  ck_assert_uint_eq(seen, 4);
  xd_dataset_release(set);
}
END_TEST

/* ---- views ---- */

START_TEST(create_views__takes_arrays_as_numpy_has_them) {
  /* [height][width][channels] floats, every second column, upside down; and bytes of another size. */
  float floats[2][4][3];
  uint8_t grey[3 * 3];
  for (unsigned i = 0; i < 24; i++)
    (&floats[0][0][0])[i] = (float)i / 51.0f;
  for (unsigned i = 0; i < 9; i++)
    grey[i] = (uint8_t)(10 * i);
  xd_image views[2];
  xd_image_init(&views[0], sizeof views[0], &floats[1][0][0], 2, 2, XD_SAMPLE_F32, XD_LAYOUT_RGB);
  views[0].row_stride = -(ptrdiff_t)sizeof floats[0];
  views[0].pixel_stride = 2 * (ptrdiff_t)sizeof floats[0][0];
  xd_image_init(&views[1], sizeof views[1], grey, 3, 3, XD_SAMPLE_U8, XD_LAYOUT_GREY);
  const uint32_t labels[] = {2, 0};
  const char *const names[] = {"ant", NULL, "bee"};
  xd_dataset_options options = plain();
  xd_dataset *set = NULL;
  assert_status(xd_dataset_create_views(&set, context, views, labels, 2, names, 3, NULL),
                XD_ERROR_SHAPE_MISMATCH);
  assert_message_names(context, "images[1]");
  assert_message_names(context, "3x3");
  options.width = options.height = 2;
  options.fit = XD_FIT_STRETCH;
  assert_ok(context, xd_dataset_create_views(&set, context, views, labels, 2, names, 3, &options));
  ck_assert_uint_eq(xd_dataset_count(set), 2);
  ck_assert_uint_eq(xd_dataset_channels(set), 3);
  ck_assert_uint_eq(xd_dataset_label(set, 0), 2);
  ck_assert_str_eq(xd_dataset_class_name(set, 2), "bee");
  ck_assert_str_eq(xd_dataset_class_name(set, 0), "ant");
  const uint8_t expected[] = {60, 65, 70, 90, 95, 100, 0, 5, 10, 30, 35, 40};
  check_bytes(set, 0, expected, sizeof expected);
  xd_dataset_release(set);
  assert_ok(context, xd_dataset_create_views(&set, context, views, NULL, 1, NULL, 0, NULL));
  ck_assert_str_eq(xd_dataset_class_name(set, 0), "0");
  xd_dataset_release(set);
}
END_TEST

START_TEST(create_views__obeys_each_views_alpha) {
  uint8_t pixel[4] = {200, 100, 0, 51};
  xd_image views[3];
  for (unsigned i = 0; i < 3; i++)
    xd_image_init(&views[i], sizeof views[i], pixel, 1, 1, XD_SAMPLE_U8, XD_LAYOUT_RGBA);
  views[1].policy = XD_ALPHA_IGNORE;
  views[2].background[2] = 1.0f;
  xd_dataset *set = NULL;
  assert_ok(context, xd_dataset_create_views(&set, context, views, NULL, 3, NULL, 0, NULL));
  check_bytes(set, 0, (const uint8_t[]){40, 20, 0}, 3);
  check_bytes(set, 1, (const uint8_t[]){200, 100, 0}, 3);
  check_bytes(set, 2, (const uint8_t[]){40, 20, 204}, 3);
  xd_dataset_release(set);
}
END_TEST

START_TEST(create_views__refuses_what_cannot_be) {
  float good = 0.5f, bad = NAN;
  const uint32_t labels[] = {0, 256};
  const char *const names[257] = {NULL};
  xd_image views[2];
  xd_dataset_options options = plain();
  xd_dataset *set = (xd_dataset *)&good;
  xd_image_init(&views[0], sizeof views[0], &good, 1, 1, XD_SAMPLE_F32, XD_LAYOUT_GREY);
  xd_image_init(&views[1], sizeof views[1], &bad, 1, 1, XD_SAMPLE_F32, XD_LAYOUT_GREY);
  assert_status(xd_dataset_create_views(&set, context, views, NULL, 2, NULL, 0, NULL), XD_ERROR_BAD_DATA);
  assert_message_names(context, "images[1]");
  ck_assert_ptr_null(set);
  options.skip_bad = 1;
  assert_ok(context, xd_dataset_create_views(&set, context, views, NULL, 2, NULL, 0, &options));
  ck_assert_uint_eq(xd_dataset_count(set), 1);
  ck_assert_ptr_nonnull(strstr(xd_dataset_left_out(set, XD_LEFT_OUT_BAD, 0), "images[1]"));
  xd_dataset_release(set);
  const xd_status wrong = XD_ERROR_INVALID_ARGUMENT;
  assert_status(xd_dataset_create_views(&set, context, views, labels, 2, NULL, 0, NULL), wrong);
  assert_message_names(context, "labels[1] is 256");
  assert_status(xd_dataset_create_views(&set, context, views, NULL, 0, NULL, 0, NULL), wrong);
  assert_status(xd_dataset_create_views(&set, context, NULL, NULL, 1, NULL, 0, NULL), wrong);
  assert_status(xd_dataset_create_views(NULL, context, views, NULL, 1, NULL, 0, NULL), wrong);
  assert_status(xd_dataset_create_views(&set, NULL, views, NULL, 1, NULL, 0, NULL), wrong);
  assert_status(xd_dataset_create_views(&set, context, views, NULL, 1, NULL, 1, NULL), wrong);
  assert_status(xd_dataset_create_views(&set, context, views, NULL, 1, names, 257, NULL), wrong);
  views[1].struct_size += 8;
  assert_status(xd_dataset_create_views(&set, context, views, NULL, 2, NULL, 0, NULL), wrong);
  assert_message_names(context, "struct_size");
}
END_TEST

START_TEST(dataset_options__are_checked_field_by_field) {
  add_picture("a.png", 2, XD_LAYOUT_GREY, 1);
  for (unsigned i = 0; i < 7; i++) {
    xd_dataset_options bad = plain();
    xd_dataset *set = (xd_dataset *)&bad;
    if (i == 0)
      bad.width = 2;
    else if (i == 1)
      bad.height = 2;
    else if (i == 2)
      bad.width = bad.height = 65536;
    else if (i == 3)
      bad.channels = 2;
    else if (i == 4)
      bad.fit = 4;
    else if (i == 5)
      bad.skip_bad = 2;
    else
      bad.reserved = 1;
    assert_status(xd_dataset_load_folder(&set, context, folder, &bad), XD_ERROR_INVALID_ARGUMENT);
    ck_assert_ptr_null(set);
    assert_status(xd_dataset_load(&set, context, "idx:none", &bad), XD_ERROR_INVALID_ARGUMENT);
  }
}
END_TEST

/* ---- text ---- */

START_TEST(text__has_the_same_options) {
  char text[TEST_PATH_SIZE + 64];
  xd_dataset *set = NULL;
  xd_dataset_options options = plain();
  add_picture("a.png", 6, XD_LAYOUT_GREY, 255); /* 255, 0, 1, ... */
  add_file("b.png", "bad", 3);
  snprintf(text, sizeof text, "dir:%s;size=2x2;fit=pad;bad=skip", folder);
  assert_ok(context, xd_dataset_load(&set, context, text, NULL));
  ck_assert_uint_eq(xd_dataset_count(set), 1);
  ck_assert_uint_eq(xd_dataset_height(set), 2);
  check_bytes(set, 0, (const uint8_t[]){85, 3, 0, 0}, 4); /* (255+0+1)/3, (2+3+4)/3, and black below */
  xd_dataset_release(set);
  /* What the text says comes before the options. */
  options.width = options.height = 4;
  options.skip_bad = 1;
  assert_ok(context, xd_dataset_load(&set, context, text, &options));
  ck_assert_uint_eq(xd_dataset_height(set), 2);
  xd_dataset_release(set);
  snprintf(text, sizeof text, "dir:%s;bad=refuse", folder);
  assert_status(xd_dataset_load(&set, context, text, &options), XD_ERROR_BAD_DATA);
  snprintf(text, sizeof text, "dir:%s", folder);
  assert_ok(context, xd_dataset_load(&set, context, text, &options));
  ck_assert_uint_eq(xd_dataset_height(set), 4);
  xd_dataset_release(set);
  const char *const wrong[] = {"fit=none", "bad=yes", "fit=pad;fit=crop", "bad=skip;bad=skip", "fit="};
  for (unsigned i = 0; i < 5; i++) {
    snprintf(text, sizeof text, "dir:%s;%s", folder, wrong[i]);
    assert_status(xd_dataset_load(&set, context, text, NULL), XD_ERROR_INVALID_ARGUMENT);
  }
}
END_TEST

START_TEST(text__is_cut_at_no_length) {
  char path[TEST_PATH_SIZE];
  const unsigned char idx[] = {0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 40};
  write_test_file(path_in(path, folder, "idx"), idx, sizeof idx);
  const size_t length = strlen(path) + 5;
  char *text = malloc(256 * length + 1), *at = text;
  ck_assert_ptr_nonnull(text);
  for (unsigned i = 0; i < 256; i++)
    at += sprintf(at, "%sidx:%s", i ? "|" : "", path);
  ck_assert_uint_gt((size_t)(at - text), 4200);
  xd_dataset *set = NULL;
  assert_ok(context, xd_dataset_load(&set, context, text, NULL));
  ck_assert_uint_eq(xd_dataset_count(set), 256);
  xd_dataset_release(set);
  free(text);
}
END_TEST

/* ---- memory ---- */

static xd_status load_limited(xd_context *limited, void *user) {
  xd_dataset_options options = plain();
  xd_dataset *set = NULL, *named = NULL, *both = NULL;
  const char *const names[] = {"x"};
  (void)user;
  options.skip_bad = 1;
  xd_status status = xd_dataset_load_folder(&set, limited, folder, &options);
  if (status == XD_OK)
    status = xd_dataset_with_class_names(&named, limited, set, names, 1);
  const xd_dataset *const parts[] = {set, set};
  if (status == XD_OK)
    status = xd_dataset_join(&both, limited, parts, 2);
  xd_dataset_release(both);
  xd_dataset_release(named);
  xd_dataset_release(set);
  return status;
}

START_TEST(reading__leaks_nothing_when_memory_is_refused) {
  add_folder("cat");
  add_picture("cat/a.png", 2, XD_LAYOUT_GREY, 1);
  add_picture("cat/b.png", 2, XD_LAYOUT_RGB, 1); /* widens */
  add_file("cat/c.png", "bad", 3);
  add_file("cat/note", "x", 1);
  add_picture("stray.png", 2, XD_LAYOUT_GREY, 1);
  check_refusals(load_limited, NULL);
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("dataset_reading");
  TCase *tcase = tcase_create("dataset_reading");
  tcase_add_checked_fixture(tcase, set_up, tear_down);
  tcase_add_test(tcase, roads__give_the_same_bytes_for_the_same_picture);
  tcase_add_test(tcase, channels__are_those_of_the_richest_picture);
  tcase_add_test(tcase, bad_pictures__are_left_out_when_asked);
  tcase_add_test(tcase, entries__that_cannot_be_examined_are_left_out_when_asked);
  tcase_add_test(tcase, bad_pictures__may_be_files_that_cannot_be_read);
  tcase_add_test(tcase, bad_pictures__are_not_to_blame_where_no_file_can_be_opened);
  tcase_add_test(tcase, bad_pictures__alone_make_no_set);
  tcase_add_test(tcase, bad_pictures__of_a_set_that_is_too_large_are_not_to_blame);
  tcase_add_test(tcase, left_out__is_listed_by_reason);
  tcase_add_test(tcase, picture_names__stay_with_their_pictures);
  tcase_add_test(tcase, class_names__can_be_given);
  tcase_add_test(tcase, progress__comes_after_each_picture_and_can_stop);
  tcase_add_test(tcase, progress__of_one_piece_comes_once);
  tcase_add_test(tcase, create_views__takes_arrays_as_numpy_has_them);
  tcase_add_test(tcase, create_views__obeys_each_views_alpha);
  tcase_add_test(tcase, create_views__refuses_what_cannot_be);
  tcase_add_test(tcase, dataset_options__are_checked_field_by_field);
  tcase_add_test(tcase, text__has_the_same_options);
  tcase_add_test(tcase, text__is_cut_at_no_length);
  tcase_add_test(tcase, reading__leaks_nothing_when_memory_is_refused);
  suite_add_tcase(suite, tcase);
  return suite;
}

XD_SUITE_MAIN(make_suite)
