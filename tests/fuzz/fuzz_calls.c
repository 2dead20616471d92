/* Sequences of calls, as a program in the fuzzer's bytes: each step takes a byte for what to do and more for
 * its arguments, right and wrong ones, on a few handles of each kind. A step may ask for the n-th allocation
 * from there on to fail, or for a cancelled context. */
#include <math.h>

#include "fuzz.h"

enum { SLOTS = 3, MOST_STEPS = 64, MOST_SIDE = 24 };

typedef struct program {
  fuzz_surroundings with;
  fuzz_bytes from;
  xd_picture *pictures[SLOTS];
  xd_dataset *sets[SLOTS];
  xd_options *options[SLOTS];
} program;

static uint32_t slot(program *p) {
  return take_below(&p->from, SLOTS);
}

/* Mostly a small size, seldom none or one of a few absurd ones. */
static uint32_t take_side(program *p) {
  static const uint32_t odd[] = {0, 65535, 65536, UINT32_MAX};
  const uint32_t byte = take_byte(&p->from);
  return byte >= 252 ? odd[byte - 252] : 1 + byte % MOST_SIDE;
}

/* ---- pictures ---- */

static void create_picture(program *p) {
  xd_picture *made = NULL;
  const uint32_t at = slot(p), width = take_side(p), height = take_side(p);
  const xd_sample sample = take_below(&p->from, 6);
  const xd_layout layout = take_below(&p->from, 8);
  check_status(&p->with, xd_picture_create(&made, p->with.context, width, height, sample, layout), &made);
  if (!made)
    return;
  xd_picture_destroy(p->pictures[at]);
  p->pictures[at] = made;
}

/* A view on some picture, perhaps cut, turned or with strides of another layout; whether there is one. */
static bool take_view(program *p, xd_image *view) {
  const xd_picture *picture = p->pictures[slot(p)];
  *view = (xd_image)XD_IMAGE_INIT;
  if (!picture || xd_picture_view(picture, view) != XD_OK)
    return false;
  view->alpha = take_below(&p->from, 3);
  view->policy = take_below(&p->from, 4);
  for (int i = 0; i < 3; i++)
    view->background[i] = (float)take_byte(&p->from) / 128.0f;
  if (take_below(&p->from, 2))
    xd_image_orient(p->with.context, view, view, take_below(&p->from, 10));
  if (take_below(&p->from, 2)) {
    const uint32_t x = take_below(&p->from, 32), y = take_below(&p->from, 32);
    xd_image_crop(p->with.context, view, view, x, y, take_side(p), take_side(p));
  }
  return true;
}

static void work_on_views(program *p) {
  xd_image to, from;
  xd_status status;
  if (!take_view(p, &to) || !take_view(p, &from))
    return;
  switch (take_below(&p->from, 4)) {
  case 0:
    status = xd_image_convert(p->with.context, &to, &from);
    break;
  case 1:
    status = xd_image_resize(p->with.context, &to, &from);
    break;
  default:
    status = xd_image_fit(p->with.context, &to, &from, take_below(&p->from, 5));
  }
  demand(status != XD_ERROR_INTERNAL);
}

static void move_floats(program *p) {
  static float cells[65535]; /* no picture here has more than 24 x 24 x 3 of those that are read */
  const uint32_t channels = take_below(&p->from, 5);
  xd_image view;
  if (!take_view(p, &view) || (size_t)view.width * view.height * 3 > sizeof cells / sizeof *cells)
    return;
  if (take_below(&p->from, 2)) {
    const xd_status status = xd_image_to_floats(p->with.context, cells, &view, channels);
    for (size_t i = 0; status == XD_OK && i < (size_t)view.width * view.height * channels; i++)
      demand(cells[i] >= 0.0f && cells[i] <= 1.0f);
  } else {
    xd_image_from_floats(p->with.context, &view, cells, channels);
  }
}

/* ---- sets ---- */

static void keep_set(program *p, xd_status status, xd_dataset *made) {
  check_status(&p->with, status, &made);
  if (!made)
    return;
  const uint32_t at = slot(p);
  xd_dataset_release(p->sets[at]);
  p->sets[at] = made;
}

static void create_set(program *p) {
  static uint8_t pixels[8 * MOST_SIDE * MOST_SIDE * 3];
  uint32_t labels[8];
  xd_dataset *made = NULL;
  const uint32_t count = take_below(&p->from, 9), side = 1 + take_below(&p->from, MOST_SIDE);
  for (uint32_t i = 0; i < 8; i++)
    labels[i] = take_below(&p->from, 32) == 31 ? 256 : take_byte(&p->from);
  const uint32_t *given = take_below(&p->from, 2) ? labels : NULL;
  const uint32_t channels = take_below(&p->from, 4);
  keep_set(p, xd_dataset_create(&made, p->with.context, pixels, given, count, side, side, channels), made);
}

static void select_pictures(program *p) {
  xd_dataset *made = NULL, *rest = NULL;
  uint32_t classes[3];
  xd_dataset *set = p->sets[slot(p)];
  if (take_below(&p->from, 2)) {
    const double fraction = take_byte(&p->from) / 200.0;
    const xd_status status = xd_dataset_split(&rest, &made, p->with.context, set, fraction, 1);
    demand((rest != NULL) == (made != NULL));
    xd_dataset_release(rest);
    keep_set(p, status, made);
    return;
  }
  xd_dataset_selection selection = XD_DATASET_SELECTION_INIT;
  for (int i = 0; i < 3; i++)
    classes[i] = take_byte(&p->from);
  selection.classes = take_below(&p->from, 2) ? classes : NULL;
  selection.class_count = take_below(&p->from, 4);
  selection.count = take_below(&p->from, 10);
  selection.shuffled = take_below(&p->from, 3);
  selection.skip = take_below(&p->from, 4);
  keep_set(p, xd_dataset_select(&made, p->with.context, set, &selection), made);
}

static void join_sets(program *p) {
  xd_dataset *made = NULL;
  const xd_dataset *parts[SLOTS] = {p->sets[slot(p)], p->sets[slot(p)], p->sets[slot(p)]};
  const uint32_t count = take_below(&p->from, SLOTS + 1);
  uint32_t total = 0;
  for (uint32_t i = 0; i < count; i++)
    total += xd_dataset_count(parts[i]);
  if (total > 256)
    return;
  keep_set(p, xd_dataset_join(&made, p->with.context, parts, count), made);
}

static void read_set(program *p) {
  static float cells[4 * MOST_SIDE * MOST_SIDE * 3];
  uint32_t indices[4];
  const xd_dataset *set = p->sets[slot(p)];
  for (int i = 0; i < 4; i++)
    indices[i] = take_below(&p->from, 10);
  const xd_status status = xd_dataset_read(set, p->with.context, cells, indices, take_below(&p->from, 5));
  demand(status != XD_ERROR_INTERNAL);
}

/* ---- options ---- */

static void create_options(program *p) {
  static const char *const groups[] = {"vae", "mapping", "judge", "evaluation", "train", "none", "", NULL};
  xd_options *made = NULL;
  const uint32_t at = slot(p);
  const xd_options *other = p->options[slot(p)];
  const uint32_t group = take_below(&p->from, 12);
  const xd_status status = group < 8 ? xd_options_create(&made, p->with.context, groups[group])
                                     : xd_options_clone(&made, p->with.context, other);
  check_status(&p->with, status, &made);
  if (!made)
    return;
  xd_options_destroy(p->options[at]);
  p->options[at] = made;
}

static void change_options(program *p) {
  static const double numbers[] = {0.0, 1.0, -1.0, 0.5, 1e9, 1e-9, 1e300, NAN, INFINITY, 9007199254740993.0};
  static const char *const groups[] = {"vae", "mapping", "judge", "evaluation", "train"};
  xd_option_info info = XD_OPTION_INFO_INIT;
  xd_options *options = p->options[slot(p)];
  char text[XD_OPTION_TEXT_SIZE];
  double got;
  if (xd_options_describe(p->with.context, &info, groups[take_below(&p->from, 5)], take_byte(&p->from)) !=
      XD_OK)
    return;
  const double number = take_below(&p->from, 2) ? numbers[take_below(&p->from, 10)] : take_byte(&p->from);
  const xd_status status = xd_options_set_number(options, p->with.context, info.name, number);
  if (status == XD_OK && xd_options_get_number(options, p->with.context, &got, info.name) == XD_OK) {
    demand(got >= info.least && got <= info.most);
    demand(xd_options_get_text(options, p->with.context, text, sizeof text, info.name) == XD_OK);
    demand(xd_options_set_text(options, p->with.context, info.name, text) == XD_OK);
  }
}

/* ---- the rest ---- */

static void trouble(program *p) {
  const uint32_t kind = take_below(&p->from, 4);
  if (kind == 0)
    p->with.memory.fail_in = 1 + take_below(&p->from, 16);
  else if (kind == 1)
    xd_context_cancel(p->with.context);
  else
    xd_context_clear_cancel(p->with.context);
}

static void end_program(program *p) {
  p->with.memory.fail_in = 0;
  for (int i = 0; i < SLOTS; i++) {
    xd_picture_destroy(p->pictures[i]);
    xd_dataset_release(p->sets[i]);
    xd_options_destroy(p->options[i]);
  }
  fuzz_end(&p->with);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static void (*const steps[])(program *) = {create_picture, work_on_views,   work_on_views,  move_floats,
                                             create_set,     select_pictures, join_sets,      read_set,
                                             create_options, change_options,  change_options, trouble};
  program p = {.from = {data, size}};
  fuzz_begin(&p.with);
  for (int i = 0; i < MOST_STEPS && p.from.size > 0; i++)
    steps[take_below(&p.from, sizeof steps / sizeof *steps)](&p);
  end_program(&p);
  return 0;
}
