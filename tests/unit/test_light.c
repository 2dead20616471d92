/* The light of pictures: what is measured of it, and from which domains it is taken. */
#include "training_support.h"

#include "train/light.h"

/* Pictures of three classes, patterns on a ground. */
typedef enum lighting {
  LIT_FREELY,      /* a ground of any light */
  LIT_BY_CLASS,    /* each class has a ground of its own */
  LIT_BY_HUE,      /* any light, and each class has a cast of its own: colour alone */
  LIT_BY_CONTRAST, /* any light, and the patterns of each class stand out by as much as no other's */
  LIT_ALONE        /* any light, and no pattern */
} lighting;

static xd_dataset *make_lit(xd_context *context, lighting kind, uint32_t count, uint32_t channels) {
  const size_t size = (size_t)PATTERN_SIZE * channels;
  uint8_t *pixels = malloc(count * size), pattern_pixels[PATTERN_SIZE];
  uint32_t *labels = malloc(count * sizeof *labels);
  xd_dataset *set = NULL;
  ck_assert_ptr_nonnull(pixels);
  ck_assert_ptr_nonnull(labels);
  for (uint32_t i = 0; i < count; i++) {
    const uint32_t class = labels[i] = i % 3;
    const uint32_t ground = kind == LIT_BY_CLASS ? class * 70 : xdi_random_below(3, 501, i, 130);
    const uint32_t height = kind == LIT_ALONE ? 0 : kind == LIT_BY_CONTRAST ? 20 + 40 * class : 50;
    draw_pattern(pattern_pixels, PATTERN_BLOCK, 7, i);
    for (size_t k = 0; k < size; k++) {
      const uint32_t cast = kind == LIT_BY_HUE && k % channels == class ? 20 : 0;
      pixels[i * size + k] = (uint8_t)(ground + cast + (pattern_pixels[k / channels] > 0 ? height : 0));
    }
  }
  assert_ok(context, xd_dataset_create(&set, context, pixels, labels, count, SIDE, SIDE, channels));
  free(pixels);
  free(labels);
  return set;
}

static xdi_light light_of(xd_context *context, lighting kind, uint32_t count, uint32_t channels) {
  xdi_light light = {0};
  xd_dataset *set = make_lit(context, kind, count, channels);
  assert_ok(context, xdi_measure_light(&light, context, set));
  xd_dataset_release(set);
  return light;
}

START_TEST(light__is_what_a_flat_window_takes) {
  xd_context *context = test_context("reference");
  for (uint32_t channels = 1; channels <= 3; channels += 2) {
    const xdi_light freely = light_of(context, LIT_FREELY, 300, channels);
    ck_assert_msg(freely.share > 0.5 && freely.share < 0.9, "share %g", freely.share);
    ck_assert_msg(freely.classes < 0.05, "classes %g", freely.classes);
    ck_assert_msg(freely.contrast > 0.02, "contrast %g", freely.contrast);
    ck_assert(light_of(context, LIT_BY_CLASS, 300, channels).classes > 0.9);
    ck_assert(light_of(context, LIT_BY_CONTRAST, 300, channels).classes > 0.9);
    ck_assert(light_of(context, LIT_ALONE, 300, channels).contrast < 1e-6);
  }
  ck_assert(light_of(context, LIT_BY_HUE, 300, 3).classes > 0.9);
  ck_assert_msg(light_of(context, LIT_FREELY, 9, 1).classes > 0.1, "nine pictures tell enough");
  xd_context_destroy(context);
}
END_TEST

/* Flat pictures of 0 and 100, and of 50 and 150: a fifth of the squares about 75 lies between the two classes. */
START_TEST(light__is_measured_right) {
  static const uint8_t levels[] = {0, 50, 100, 150};
  static const uint32_t labels[] = {0, 1, 0, 1}, one[] = {0, 0, 0, 0};
  uint8_t pixels[4 * 64];
  xd_context *context = test_context("reference");
  xd_dataset *set = NULL;
  xdi_light light;
  for (uint32_t i = 0; i < sizeof pixels; i++)
    pixels[i] = levels[i / 64];
  assert_ok(context, xd_dataset_create(&set, context, pixels, labels, 4, 8, 8, 1));
  assert_ok(context, xdi_measure_light(&light, context, set));
  assert_near(light.share, 1.0, 1e-9, "share");
  assert_near(light.classes, 0.2, 1e-9, "classes");
  assert_near(light.contrast, 0.0, 1e-9, "contrast");
  xd_dataset_release(set);
  assert_ok(context, xd_dataset_create(&set, context, pixels, one, 4, 8, 8, 1));
  assert_ok(context, xdi_measure_light(&light, context, set));
  assert_near(light.classes, 1.0, 0.0, "one class");
  xd_dataset_release(set);
  xd_context_destroy(context);
}
END_TEST

/* Every picture of an even number has another class than those of odd ones, and twice as many as are looked at. */
START_TEST(light__is_seen_in_sets_of_any_order) {
  enum { MANY = 8192 };
  static uint8_t pixels[MANY];
  static uint32_t labels[MANY];
  xd_context *context = test_context("reference");
  xd_dataset *set = NULL;
  xdi_light light;
  for (uint32_t i = 0; i < MANY; i++) {
    pixels[i] = (uint8_t)xdi_random_below(5, 502, i, 256);
    labels[i] = i % 2;
  }
  assert_ok(context, xd_dataset_create(&set, context, pixels, labels, MANY, 1, 1, 1));
  assert_ok(context, xdi_measure_light(&light, context, set));
  ck_assert_msg(light.share > 0.999 && light.classes < 0.01, "share %g, classes %g", light.share,
                light.classes);
  xd_dataset_release(set);
  xd_context_destroy(context);
}
END_TEST

/* The window that a short training gives the VAE of a domain 1 or 2, and what it reports of light. */
static void assert_window(xd_context *context, const xd_dataset *const sets[2], const char *pairs,
                          const char *text, const char *property, const char *window) {
  char wanted[32];
  xd_model *model = NULL;
  xd_values *report = make_values(context);
  xd_pairing *pairing = make_pairing(context, pairs);
  xd_train_input input = XD_TRAIN_INPUT_INIT;
  xd_options *options = make_options(context, "train",
                                     "vae.base_channels=4 vae.hidden1=16 vae.latent_dim=4 vae.epochs=0 "
                                     "vae.min_steps=2 mapping.hidden_width=16 steps=2 allow_collapse=1");
  assert_ok(context, xd_options_read(options, context, text));
  input.set[0] = sets[0], input.set[1] = sets[1];
  input.pairing = pairing;
  assert_ok(context, xd_train(&model, context, report, &input, NULL, options));
  snprintf(wanted, sizeof wanted, " window=%s ", window);
  ck_assert_msg(strstr(xd_model_property(model, property), wanted) != NULL, "%s: %s", text,
                xd_model_property(model, property));
  const bool lost = !strcmp(window, "10000");
  ck_assert_int_eq(xd_values_find(report, NULL, property[3] == '1' ? "light1" : "light2") == XD_OK, lost);
  xd_model_release(model);
  xd_pairing_release(pairing);
  xd_options_destroy(options);
  xd_values_destroy(report);
}

START_TEST(light__is_taken_from_a_source_that_tells_nothing_by_it) {
  xd_context *context = test_context("reference");
  xd_dataset *lit = make_lit(context, LIT_FREELY, 300, 1), *few = make_lit(context, LIT_FREELY, 9, 1),
             *told = make_lit(context, LIT_BY_CLASS, 300, 1), *alone = make_lit(context, LIT_ALONE, 300, 1),
             *bars = make_patterns(context, PATTERN_ROW, 3, 60, 1);
  static const char pairs[] = "0:0,1:1,2:2", one[] = "vae1.options", two[] = "vae2.options";
  const xd_dataset *const there[] = {lit, bars}, *const back[] = {bars, lit};
  assert_window(context, there, pairs, "directions=1", one, "10000");
  assert_window(context, there, pairs, "directions=1", two, "0");
  assert_window(context, back, pairs, "directions=2", two, "10000");
  assert_window(context, there, pairs, "directions=3", one, "0");
  assert_window(context, there, pairs, "directions=2", one, "0");
  assert_window(context, there, pairs, "directions=0", one, "0");
  assert_window(context, there, pairs, "directions=1 light_share=1", one, "0");
  assert_window(context, there, pairs, "directions=1 vae1.window=250", one, "250");
  assert_window(context, there, pairs, "directions=1 mapping1.style=1", one, "0");
  assert_window(context, there, "*:*", "directions=1", one, "0");
  assert_window(context, back, pairs, "directions=1", one, "0");
  assert_window(context, (const xd_dataset *const[]){few, bars}, pairs, "directions=1", one, "0");
  assert_window(context, (const xd_dataset *const[]){told, bars}, pairs, "directions=1", one, "0");
  assert_window(context, (const xd_dataset *const[]){alone, bars}, pairs, "directions=1", one, "0");
  xd_dataset *const sets[] = {lit, few, told, alone, bars};
  for (size_t i = 0; i < COUNT_OF(sets); i++)
    xd_dataset_release(sets[i]);
  xd_context_destroy(context);
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("light");
  add_case(suite, light__is_what_a_flat_window_takes);
  add_case(suite, light__is_measured_right);
  add_case(suite, light__is_seen_in_sets_of_any_order);
  add_case(suite, light__is_taken_from_a_source_that_tells_nothing_by_it);
  return suite;
}

XD_SUITE_MAIN(make_suite)
