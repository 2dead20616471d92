/* Augmented pictures: what stays, what moves, and that it repeats itself. */
#include "training_support.h"

#include "train/augment.h"

#define COUNT 40u

typedef struct fixture {
  xd_context *context;
  xd_dataset *set;
  uint32_t indices[COUNT];
  float *plain, *changed;
} fixture;

static fixture open_fixture(uint32_t threads) {
  fixture f = {.context = test_context_with("reference", threads, NULL)};
  f.set = make_patterns(f.context, PATTERN_BLOCK, 1, COUNT, 1);
  for (uint32_t i = 0; i < COUNT; i++)
    f.indices[i] = COUNT - 1 - i;
  f.plain = new_floats(COUNT * PATTERN_SIZE);
  f.changed = new_floats(COUNT * PATTERN_SIZE);
  assert_ok(f.context, xd_dataset_read(f.set, f.context, f.plain, f.indices, COUNT));
  return f;
}

static void close_fixture(fixture *f) {
  free(f->plain), free(f->changed);
  xd_dataset_release(f->set);
  xd_context_destroy(f->context);
}

static xdi_picture_batch batch_of(const fixture *f, uint64_t stream) {
  return (xdi_picture_batch){f->set, f->indices, COUNT, 5, stream, 0};
}

static xd_status augment_affine(xd_context *context, float *to, const xdi_picture_batch *batch,
                                float strength) {
  const xdi_augmentation strengths = {.affine = strength};
  return xdi_augment(context, to, NULL, batch, &strengths);
}

/* Where the brightness of a picture has its centre, and how much there is. */
static double mass(const float *picture, double *x, double *y) {
  double sum = 0.0;
  *x = *y = 0.0;
  for (uint32_t i = 0; i < PATTERN_SIZE; i++) {
    sum += (double)picture[i];
    *x += (double)picture[i] * (i % SIDE);
    *y += (double)picture[i] * (i / SIDE);
  }
  *x /= sum, *y /= sum;
  return sum;
}

START_TEST(augment_affine__copies_at_strength_0) {
  fixture f = open_fixture(1);
  const xdi_picture_batch batch = batch_of(&f, 1);
  assert_ok(f.context, augment_affine(f.context, f.changed, &batch, 0.0f));
  assert_same_floats(f.changed, f.plain, COUNT * PATTERN_SIZE);
  close_fixture(&f);
}
END_TEST

START_TEST(augment_affine__moves_a_little_and_keeps_the_picture) {
  fixture f = open_fixture(2);
  const xdi_picture_batch batch = batch_of(&f, 1);
  double moved = 0.0;
  assert_ok(f.context, augment_affine(f.context, f.changed, &batch, 1.0f));
  for (uint32_t i = 0; i < COUNT; i++) {
    double x0, y0, x1, y1;
    const double before = mass(f.plain + i * PATTERN_SIZE, &x0, &y0);
    const double after = mass(f.changed + i * PATTERN_SIZE, &x1, &y1);
    ck_assert_msg(after > 0.6 * before && after < 1.6 * before, "picture %u: %g became %g", i, before, after);
    ck_assert_msg(hypot(x1 - x0, y1 - y0) < 3.0, "picture %u moved by %g, %g", i, x1 - x0, y1 - y0);
    moved += hypot(x1 - x0, y1 - y0) / COUNT;
    for (uint32_t k = 0; k < PATTERN_SIZE; k++)
      ck_assert(f.changed[i * PATTERN_SIZE + k] >= 0.0f && f.changed[i * PATTERN_SIZE + k] <= 1.0f);
  }
  ck_assert_msg(moved > 0.2, "pictures moved by %g on average", moved);
  close_fixture(&f);
}
END_TEST

static double edge_energy(const float *pictures) {
  double sum = 0.0;
  for (uint32_t i = 0; i < COUNT * PATTERN_SIZE; i++)
    if (i % SIDE != 0)
      sum += pow((double)pictures[i] - (double)pictures[i - 1], 2.0);
  return sum;
}

/* Two cells between (bilinear) would leave less than 0.7 of the energy of a block's edges. */
START_TEST(augment_affine__keeps_edges_sharp) {
  fixture f = open_fixture(1);
  const xdi_picture_batch batch = batch_of(&f, 1);
  assert_ok(f.context, augment_affine(f.context, f.changed, &batch, 0.3f));
  const double kept = edge_energy(f.changed) / edge_energy(f.plain);
  ck_assert_msg(kept > 0.8 && kept < 1.1, "%g of the edges' energy is left", kept);
  close_fixture(&f);
}
END_TEST

static double largest_difference(const float *a, const float *b) {
  double largest = 0.0;
  for (uint32_t i = 0; i < PATTERN_SIZE; i++)
    largest = fmax(largest, fabs((double)a[i] - (double)b[i]));
  return largest;
}

START_TEST(augment__leaves_its_share_unchanged) {
  fixture f = open_fixture(1);
  const xdi_augmentation most = {.affine = 1.0f, .unchanged = 0.7f};
  uint32_t same = 0;
  for (uint32_t stream = 0; stream < 10; stream++) {
    const xdi_picture_batch batch = batch_of(&f, stream);
    assert_ok(f.context, xdi_augment(f.context, f.changed, NULL, &batch, &most));
    for (uint32_t i = 0; i < COUNT; i++)
      same += largest_difference(f.changed + i * PATTERN_SIZE, f.plain + i * PATTERN_SIZE) < 1e-6;
  }
  ck_assert_msg(same > 6 * COUNT && same < 8 * COUNT, "%u of %u pictures are unchanged", same, 10 * COUNT);
  close_fixture(&f);
}
END_TEST

/* Pictures as bright as their column (or row) tell where each pixel came from: nowhere further than all waves together
 * reach, not by one shift, and neighbours from nearly the same place. */
START_TEST(augment__bends_smoothly_and_within_its_reach) {
  enum { EDGE = 29, SCALE = 8 };
  const double reach = 0.5 * 2.0 / 28.0 * EDGE * (2.0 / 1 + 3.0 / 2 + 2.0 / 3 + 1.0 / 4);
  const xdi_augmentation strengths = {.elastic = 0.5f};
  fixture f = open_fixture(1);
  uint8_t pixels[2 * EDGE * EDGE];
  float changed[2 * EDGE * EDGE];
  const uint32_t labels[2] = {0, 0}, both[2] = {0, 1};
  xd_dataset *ramps;
  double least = 1e9, most = -1e9, steepest = 0.0;
  for (uint32_t i = 0; i < EDGE * EDGE; i++)
    pixels[i] = (uint8_t)(SCALE * (i % EDGE)), pixels[EDGE * EDGE + i] = (uint8_t)(SCALE * (i / EDGE));
  assert_ok(f.context, xd_dataset_create(&ramps, f.context, pixels, labels, 2, EDGE, EDGE, 1));
  for (uint64_t stream = 0; stream < 20; stream++) {
    const xdi_picture_batch batch = {ramps, both, 2, 5, stream, 0};
    assert_ok(f.context, xdi_augment(f.context, changed, NULL, &batch, &strengths));
    for (uint32_t i = 0; i < 2 * EDGE * EDGE; i++) {
      const uint32_t x = i % EDGE, y = i / EDGE % EDGE, place = i < EDGE * EDGE ? x : y;
      const double moved = 255.0 / SCALE * (double)changed[i] - place;
      if (place < 5 || place >= EDGE - 5) /* the edge, where the picture ends */
        continue;
      least = fmin(least, moved), most = fmax(most, moved);
      if (x > 0 && i < EDGE * EDGE)
        steepest = fmax(steepest, fabs(255.0 / SCALE * (double)(changed[i] - changed[i - 1]) - 1.0));
    }
  }
  ck_assert_msg(-reach <= least && least < -1.0 && 1.0 < most && most <= reach, "moved by %g to %g", least,
                most);
  ck_assert_msg(0.1 < steepest && steepest < 0.8, "neighbours are %g apart", steepest);
  xd_dataset_release(ramps);
  close_fixture(&f);
}
END_TEST

static const xdi_distortion all_on = {0.5f, 2, true, 0.8f};

START_TEST(augment__repeats_itself_by_seed_and_stream_at_any_number_of_threads) {
  for (int kind = 0; kind < 2; kind++) {
    fixture one = open_fixture(1), three = open_fixture(3);
    for (uint64_t stream = 1; stream <= 2; stream++) {
      const xdi_picture_batch a = batch_of(&one, 1), b = batch_of(&three, stream);
      assert_ok(one.context, kind ? xdi_augment_distort(one.context, one.changed, &a, &all_on)
                                  : augment_affine(one.context, one.changed, &a, 1.0f));
      assert_ok(three.context, kind ? xdi_augment_distort(three.context, three.changed, &b, &all_on)
                                    : augment_affine(three.context, three.changed, &b, 1.0f));
      const int same = memcmp(one.changed, three.changed, COUNT * PATTERN_SIZE * sizeof(float)) == 0;
      ck_assert_int_eq(same, stream == 1);
    }
    close_fixture(&one);
    close_fixture(&three);
  }
}
END_TEST

/* ---- degradations ---- */

START_TEST(augment__keeps_a_clean_picture_beside_the_degraded_one) {
  const xdi_augmentation strengths = {.affine = 1.0f, .colour = 1.0f, .blur = 1.0f},
                         affine = {.affine = 1.0f};
  fixture f = open_fixture(2);
  const xdi_picture_batch batch = batch_of(&f, 1);
  float *clean = new_floats(COUNT * PATTERN_SIZE), *mapped = new_floats(COUNT * PATTERN_SIZE);
  uint32_t changed = 0;
  assert_ok(f.context, xdi_augment(f.context, f.changed, clean, &batch, &strengths));
  assert_ok(f.context, augment_affine(f.context, mapped, &batch, 1.0f));
  assert_same_floats(clean, mapped, COUNT * PATTERN_SIZE);
  for (uint32_t i = 0; i < COUNT; i++) {
    double difference = 0.0;
    for (uint32_t k = i * PATTERN_SIZE; k < (i + 1) * PATTERN_SIZE; k++) {
      ck_assert(f.changed[k] >= 0.0f && f.changed[k] <= 1.0f);
      difference += fabs((double)f.changed[k] - (double)clean[k]) / PATTERN_SIZE;
    }
    changed += difference > 0.01;
  }
  ck_assert_msg(changed > 3 * COUNT / 4, "%u of %u are degraded", changed, COUNT);
  /* With nothing to degrade both are the affine map, and with no strength at all the picture. */
  assert_ok(f.context, xdi_augment(f.context, f.changed, clean, &batch, &affine));
  assert_same_floats(f.changed, mapped, COUNT * PATTERN_SIZE);
  assert_same_floats(clean, mapped, COUNT * PATTERN_SIZE);
  assert_ok(f.context, xdi_augment(f.context, f.changed, NULL, &batch, &(xdi_augmentation){0}));
  assert_same_floats(f.changed, f.plain, COUNT * PATTERN_SIZE);
  free(clean), free(mapped);
  close_fixture(&f);
}
END_TEST

START_TEST(augment__degrades_alike_by_seed_and_stream_at_any_number_of_threads) {
  const xdi_augmentation strengths = {.affine = 0.5f, .elastic = 0.5f, .colour = 1.0f, .blur = 1.0f};
  fixture one = open_fixture(1), three = open_fixture(3);
  for (uint64_t stream = 1; stream <= 2; stream++) {
    const xdi_picture_batch a = batch_of(&one, 1), b = batch_of(&three, stream);
    assert_ok(one.context, xdi_augment(one.context, one.changed, NULL, &a, &strengths));
    assert_ok(three.context, xdi_augment(three.context, three.changed, NULL, &b, &strengths));
    ck_assert_int_eq(memcmp(one.changed, three.changed, COUNT * PATTERN_SIZE * sizeof(float)) == 0,
                     stream == 1);
  }
  close_fixture(&one);
  close_fixture(&three);
}
END_TEST

/* Cells of one brightness keep one, and brighter ones stay at least as bright: patterns have two. */
START_TEST(augment__colour_is_a_rising_curve) {
  fixture f = open_fixture(1);
  const xdi_picture_batch batch = batch_of(&f, 1);
  double least = 1.0, most = 0.0;
  assert_ok(f.context, xdi_augment(f.context, f.changed, NULL, &batch, &(xdi_augmentation){.colour = 1.0f}));
  for (uint32_t i = 0; i < COUNT; i++) {
    const float *before = f.plain + i * PATTERN_SIZE, *after = f.changed + i * PATTERN_SIZE;
    float dark = -1.0f, bright = -1.0f;
    for (uint32_t k = 0; k < PATTERN_SIZE; k++) {
      float *level = before[k] > 0.0f ? &bright : &dark;
      if (*level < 0.0f)
        *level = after[k];
      ck_assert(after[k] == *level);
    }
    ck_assert_msg(bright > dark + 0.1f, "picture %u: %g and %g", i, (double)dark, (double)bright);
    least = fmin(least, (double)(bright - dark)), most = fmax(most, (double)(bright - dark));
  }
  ck_assert_msg(most - least > 0.3, "contrasts are %g to %g", least, most);
  close_fixture(&f);
}
END_TEST

/* Blur keeps the mean and the centre and lowers the largest value; its strength follows the picture's
 * size. */
START_TEST(augment__blurs_in_place) {
  fixture f = open_fixture(1);
  const xdi_picture_batch batch = batch_of(&f, 1);
  uint32_t blurred = 0;
  assert_ok(f.context, xdi_augment(f.context, f.changed, NULL, &batch, &(xdi_augmentation){.blur = 1.5f}));
  for (uint32_t i = 0; i < COUNT; i++) {
    double x0, y0, x1, y1, change = 0.0;
    const float *before = f.plain + i * PATTERN_SIZE, *after = f.changed + i * PATTERN_SIZE;
    const double mass_before = mass(before, &x0, &y0), mass_after = mass(after, &x1, &y1);
    assert_near(mass_after, mass_before, 0.05, "the brightness");
    ck_assert(hypot(x1 - x0, y1 - y0) < 0.3);
    for (uint32_t k = 0; k < PATTERN_SIZE; k++)
      change += fabs((double)after[k] - (double)before[k]);
    blurred += change > 1e-3;
  }
  ck_assert_msg(blurred > COUNT / 2 && blurred <= COUNT, "%u of %u are blurred", blurred, COUNT);
  close_fixture(&f);
}
END_TEST

START_TEST(augment_distort__copies_when_all_is_off) {
  fixture f = open_fixture(1);
  const xdi_picture_batch batch = batch_of(&f, 1);
  assert_ok(f.context,
            xdi_augment_distort(f.context, f.changed, &batch, &(xdi_distortion){0.0f, 0, false, 0.0f}));
  assert_near_floats(f.changed, f.plain, COUNT * PATTERN_SIZE, 1e-6);
  close_fixture(&f);
}
END_TEST

/* Whole pixels, each way, all of them. */
START_TEST(augment_distort__shifts_within_its_reach) {
  fixture f = open_fixture(1);
  uint32_t seen[5][5] = {{0}}, places = 0;
  for (uint64_t stream = 0; stream < 8; stream++) {
    const xdi_picture_batch batch = batch_of(&f, stream);
    assert_ok(f.context,
              xdi_augment_distort(f.context, f.changed, &batch, &(xdi_distortion){0.0f, 2, false, 0.0f}));
    for (uint32_t i = 0; i < COUNT; i++) {
      double x0, y0, x1, y1;
      mass(f.plain + i * PATTERN_SIZE, &x0, &y0);
      mass(f.changed + i * PATTERN_SIZE, &x1, &y1);
      const double dx = x1 - x0, dy = y1 - y0;
      if (x1 < 2.9 || x1 > 8.1 || y1 < 2.9 || y1 > 8.1)
        continue; /* cut, or continued, at an edge */
      ck_assert_msg(fabs(dx - round(dx)) < 1e-4 && fabs(dx) < 2.1 && fabs(dy) < 2.1, "moved by %g, %g", dx,
                    dy);
      seen[(int)round(dx) + 2][(int)round(dy) + 2]++;
    }
  }
  for (int i = 0; i < 25; i++)
    places += seen[i / 5][i % 5] > 0;
  ck_assert_uint_eq(places, 25);
  close_fixture(&f);
}
END_TEST

/* The affine map has random numbers of its own: with and without it, shifts and flips are the same. */
START_TEST(augment_distort__maps_before_it_shifts_and_flips) {
  fixture f = open_fixture(1);
  const xdi_picture_batch batch = batch_of(&f, 1);
  float *mapped = new_floats(COUNT * PATTERN_SIZE);
  const xdi_distortion plain = {0.0f, 2, true, 0.0f}, affine = {0.5f, 2, true, 0.0f};
  uint32_t changed = 0;
  assert_ok(f.context, xdi_augment_distort(f.context, f.changed, &batch, &plain));
  assert_ok(f.context, xdi_augment_distort(f.context, mapped, &batch, &affine));
  for (uint32_t i = 0; i < COUNT; i++) {
    double x0, y0, x1, y1;
    mass(f.changed + i * PATTERN_SIZE, &x0, &y0);
    mass(mapped + i * PATTERN_SIZE, &x1, &y1);
    if (x0 > 2.9 && x0 < 8.1 && y0 > 2.9 && y0 < 8.1)
      ck_assert_msg(hypot(x1 - x0, y1 - y0) < 1.5, "picture %u: from %g, %g to %g, %g", i, x0, y0, x1, y1);
    changed +=
        memcmp(mapped + i * PATTERN_SIZE, f.changed + i * PATTERN_SIZE, PATTERN_SIZE * sizeof(float)) != 0;
  }
  ck_assert_uint_ge(changed, COUNT - 1);
  free(mapped);
  close_fixture(&f);
}
END_TEST

START_TEST(augment_distort__flips_every_other_picture) {
  fixture f = open_fixture(1);
  const xdi_picture_batch batch = batch_of(&f, 1);
  uint32_t flipped = 0;
  assert_ok(f.context,
            xdi_augment_distort(f.context, f.changed, &batch, &(xdi_distortion){0.0f, 0, true, 0.0f}));
  for (uint32_t i = 0; i < COUNT; i++) {
    double x0, y0, x1, y1;
    mass(f.plain + i * PATTERN_SIZE, &x0, &y0);
    mass(f.changed + i * PATTERN_SIZE, &x1, &y1);
    const int turned = fabs(x1 - (SIDE - 1 - x0)) < 1e-3, kept = fabs(x1 - x0) < 1e-3;
    ck_assert(turned || kept);
    flipped += turned && !kept;
  }
  ck_assert_msg(flipped > COUNT / 5 && flipped < 4 * COUNT / 5, "%u of %u are flipped", flipped, COUNT);
  close_fixture(&f);
}
END_TEST

START_TEST(augment_distort__blurs_every_other_picture_in_place) {
  fixture f = open_fixture(1);
  const xdi_picture_batch batch = batch_of(&f, 1);
  uint32_t blurred = 0;
  assert_ok(f.context,
            xdi_augment_distort(f.context, f.changed, &batch, &(xdi_distortion){0.0f, 0, false, 1.0f}));
  for (uint32_t i = 0; i < COUNT; i++) {
    const float *before = f.plain + i * PATTERN_SIZE, *after = f.changed + i * PATTERN_SIZE;
    double x0, y0, x1, y1, change = 0.0;
    for (uint32_t k = 0; k < PATTERN_SIZE; k++) {
      ck_assert(after[k] >= 0.0f && after[k] <= 1.0f);
      change += fabs((double)after[k] - (double)before[k]);
    }
    mass(before, &x0, &y0);
    mass(after, &x1, &y1);
    ck_assert_msg(hypot(x1 - x0, y1 - y0) < 1.5, "picture %u moved", i);
    blurred += change > 1e-3;
  }
  ck_assert_msg(blurred > COUNT / 5 && blurred < 4 * COUNT / 5, "%u of %u are blurred", blurred, COUNT);
  close_fixture(&f);
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("augment");
  add_case(suite, augment_affine__copies_at_strength_0);
  add_case(suite, augment_affine__moves_a_little_and_keeps_the_picture);
  add_case(suite, augment_affine__keeps_edges_sharp);
  add_case(suite, augment__leaves_its_share_unchanged);
  add_case(suite, augment__bends_smoothly_and_within_its_reach);
  add_case(suite, augment__repeats_itself_by_seed_and_stream_at_any_number_of_threads);
  add_case(suite, augment__keeps_a_clean_picture_beside_the_degraded_one);
  add_case(suite, augment__degrades_alike_by_seed_and_stream_at_any_number_of_threads);
  add_case(suite, augment__colour_is_a_rising_curve);
  add_case(suite, augment__blurs_in_place);
  add_case(suite, augment_distort__copies_when_all_is_off);
  add_case(suite, augment_distort__shifts_within_its_reach);
  add_case(suite, augment_distort__maps_before_it_shifts_and_flips);
  add_case(suite, augment_distort__flips_every_other_picture);
  add_case(suite, augment_distort__blurs_every_other_picture_in_place);
  return suite;
}

XD_SUITE_MAIN(make_suite)
