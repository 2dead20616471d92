/* What translations keep of their sources: components within classes, what is read back, ink and slant. */
#include "training_support.h"

#include "evaluate/read_back.h"
#include "evaluate/strokes.h"
#include "evaluate/style.h"
#include "evaluate/within_class.h"
#include "tiny_model.h"

/* ---- within classes ---- */

START_TEST(centre_rows__takes_each_class_its_mean) {
  xd_context *context = test_context("reference");
  float rows[10] = {1.0f, 5.0f, 3.0f, 7.0f, 10.0f, 0.0f, 8.0f, 2.0f, 4.0f, 4.0f};
  const uint32_t class[5] = {0, 0, 2, 2, 1};
  const float expected[10] = {-1.0f, -1.0f, 1.0f, 1.0f, 1.0f, -1.0f, -1.0f, 1.0f, 0.0f, 0.0f};
  assert_ok(context, xdi_centre_rows(context, rows, 5, 2, class, 3));
  ck_assert(!memcmp(rows, expected, sizeof rows));
  xd_context_destroy(context);
}
END_TEST

/* Deviations 3, 2 and 1 along turned axes: variances of 14 together, 9 of the first. */
START_TEST(components__lead_with_the_largest_variance) {
  enum { ROWS = 4000, DIM = 3 };
  xd_context *context = test_context("reference");
  const double axes[DIM][DIM] = {{0.6, 0.8, 0.0}, {0.0, 0.0, 1.0}, {0.8, -0.6, 0.0}};
  float *numbers = make_normals(ROWS * DIM, 3), *rows = new_floats(ROWS * DIM), projected[DIM];
  xdi_components components;
  for (int i = 0; i < ROWS; i++)
    for (int j = 0; j < DIM; j++)
      rows[i * DIM + j] = (float)(3.0 * axes[0][j] * (double)numbers[i * DIM] +
                                  2.0 * axes[1][j] * (double)numbers[i * DIM + 1] +
                                  axes[2][j] * (double)numbers[i * DIM + 2]);
  assert_ok(context, xdi_components_open(&components, context, rows, ROWS, DIM, 0.5));
  ck_assert_uint_eq(components.count, 1);
  xdi_components_close(&components);
  assert_ok(context, xdi_components_open(&components, context, rows, ROWS, DIM, 0.9));
  ck_assert_uint_eq(components.count, 2);
  assert_near(components.variances[0], 9.0, 0.05, "variance");
  assert_near(components.variances[1], 4.0, 0.05, "variance");
  for (int k = 0; k < 2; k++) {
    double along = 0.0;
    for (int j = 0; j < DIM; j++)
      along += components.vectors[k * DIM + j] * axes[k][j];
    ck_assert_msg(fabs(along) > 0.998, "component %d is off its axis: %g", k, along);
  }
  xdi_components_project(projected, &components, rows);
  ck_assert_msg(fabs(fabs((double)projected[0]) - 3.0 * fabs((double)numbers[0])) < 0.2, "%g for %g",
                (double)projected[0], 3.0 * (double)numbers[0]);
  xdi_components_close(&components);
  memset(rows, 0, ROWS * DIM * sizeof *rows);
  assert_ok(context, xdi_components_open(&components, context, rows, ROWS, DIM, 0.5));
  ck_assert_uint_eq(components.count, 0);
  xdi_components_close(&components);
  free(numbers), free(rows);
  xd_context_destroy(context);
}
END_TEST

/* ---- reading back ---- */

/* Two numbers of each row are `kept` from two of `dim` others and the rest is noise, by variance. */
static double share_read(uint32_t count, uint32_t dim, double kept) {
  xd_context *context = test_context("reference");
  float *from = make_normals(count * dim, 11), *noise = make_normals(2 * count, 12),
        *to = new_floats(2 * count);
  uint32_t *half = malloc(count * sizeof *half);
  double share = -1.0;
  ck_assert_ptr_nonnull(half);
  for (uint32_t i = 0; i < count; i++) {
    half[i] = i % 2;
    for (uint32_t k = 0; k < 2; k++)
      to[2 * i + k] =
          (float)(sqrt(kept) * (double)from[i * dim + k] + sqrt(1.0 - kept) * (double)noise[2 * i + k]);
  }
  assert_ok(context, xdi_read_back(context, &share, to, 2, from, dim, half, count));
  free(from), free(noise), free(to), free(half);
  xd_context_destroy(context);
  return share;
}

START_TEST(read_back__is_the_share_that_a_linear_map_explains) {
  assert_near(share_read(3000, 8, 1.0), 1.0, 1e-3, "all");
  assert_near(share_read(3000, 8, 0.5), 0.5, 0.03, "half");
  ck_assert(share_read(3000, 8, 0.0) < 0.01);
}
END_TEST

/* As many directions as rows: what fits one half by chance does not read the other. */
START_TEST(read_back__does_not_overfit_small_sets) {
  for (uint32_t count = 2; count <= 60; count += 29) {
    const double share = share_read(count, 40, 0.0);
    ck_assert_msg(share < 0.1, "%u rows of noise are read to %g", count, share);
  }
  ck_assert(share_read(200, 40, 1.0) > 0.5);
}
END_TEST

START_TEST(read_back__is_0_where_nothing_varies) {
  xd_context *context = test_context("reference");
  const float zeros[8] = {0.0f};
  const uint32_t half[4] = {0, 1, 0, 1};
  double share = 7.0;
  assert_ok(context, xdi_read_back(context, &share, zeros, 2, zeros, 2, half, 4));
  ck_assert(share == 0.0);
  xd_context_destroy(context);
}
END_TEST

/* ---- ink and slant ---- */

enum { CANVAS = 20 };

/* A bar of 12 rows that starts at column 8 and goes `lean` columns to the left in each row down. */
static void draw_bar(float *picture, uint32_t channels, float ground, float paint, double lean,
                     uint32_t width) {
  for (uint32_t i = 0; i < CANVAS * CANVAS * channels; i++)
    picture[i] = ground;
  for (uint32_t row = 0; row < 12; row++)
    for (uint32_t x = 0; x < width * channels; x++)
      picture[(((row + 4) * CANVAS) + 8 - (uint32_t)(lean * row)) * channels + x] = paint;
}

START_TEST(strokes__tell_ink_and_slant_on_any_ground) {
  float picture[CANVAS * CANVAS * 3];
  const xd_shape grey = {.width = CANVAS, .height = CANVAS, .channels = 1};
  const xd_shape colour = {.width = CANVAS, .height = CANVAS, .channels = 3};
  draw_bar(picture, 1, 0.0f, 1.0f, 0.5, 2);
  const xdi_strokes light = xdi_strokes_of(picture, grey);
  assert_near((double)light.ink, 24.0 / (CANVAS * CANVAS), 1e-6, "ink");
  assert_near((double)light.slant, 0.5, 0.02, "slant");
  draw_bar(picture, 1, 0.9f, 0.4f, 0.5, 4);
  const xdi_strokes dark = xdi_strokes_of(picture, grey);
  assert_near((double)dark.ink, 24.0 / (CANVAS * CANVAS), 1e-6, "ink");
  assert_near((double)dark.slant, (double)light.slant, 1e-6, "slant");
  draw_bar(picture, 3, 0.2f, 0.7f, 0.0, 2);
  const xdi_strokes upright = xdi_strokes_of(picture, colour);
  assert_near((double)upright.ink, 12.0 / (CANVAS * CANVAS), 1e-6, "ink");
  ck_assert(upright.slant == 0.0f);
  draw_bar(picture, 1, 0.3f, 0.3f, 0.0, 2);
  const xdi_strokes empty = xdi_strokes_of(picture, grey);
  ck_assert(empty.ink == 0.0f && empty.slant == 0.0f);
}
END_TEST

/* Sources of the tiny model's domain 1 and results of its domain 2: where either do not vary, nothing is kept. */
START_TEST(style__of_pictures_that_do_not_vary_is_0) {
  enum { PAIRS = 8, SOURCE = 64, RESULT = 270 };
  xd_context *context = test_context("reference");
  xd_model *model = tiny_model(context, false);
  const uint32_t classes[PAIRS] = {0, 0, 1, 1, 0, 0, 1, 1};
  for (int still = 0; still < 3; still++) {
    float *sources = make_pixels(PAIRS * SOURCE, 1), *results = make_pixels(PAIRS * RESULT, 2);
    xdi_style style;
    xdi_style_figures found;
    for (size_t i = SOURCE; still == 1 && i < PAIRS * SOURCE; i++)
      sources[i] = sources[i - SOURCE];
    for (size_t i = RESULT; still == 2 && i < PAIRS * RESULT; i++)
      results[i] = results[i - RESULT];
    assert_ok(context, xdi_style_open(&style, context, model, 1, PAIRS, PAIRS));
    assert_ok(context, xdi_style_add(&style, sources, results, classes, 3));
    assert_ok(context, xdi_style_add(&style, sources + 3 * SOURCE, results + 3 * RESULT, classes + 3, 5));
    assert_ok(context, xdi_style_measure(&style, &found));
    xdi_style_close(&style);
    if (still)
      ck_assert(found.style == 0.0 && found.ink == 0.0 && found.slant == 0.0);
    else
      ck_assert(found.ink != 0.0 && found.slant != 0.0 && fabs(found.ink) < 1.0 && fabs(found.slant) < 1.0);
    free(sources), free(results);
  }
  xd_model_release(model);
  xd_context_destroy(context);
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("style");
  add_case(suite, centre_rows__takes_each_class_its_mean);
  add_case(suite, components__lead_with_the_largest_variance);
  add_case(suite, read_back__is_the_share_that_a_linear_map_explains);
  add_case(suite, read_back__does_not_overfit_small_sets);
  add_case(suite, read_back__is_0_where_nothing_varies);
  add_case(suite, style__of_pictures_that_do_not_vary_is_0);
  add_case(suite, strokes__tell_ink_and_slant_on_any_ground);
  return suite;
}

XD_SUITE_MAIN(make_suite)
