/* Which codes a mapping is trained on: classes by the pairing, samples of the posteriors, mixtures. */
#include "training_support.h"

#include "base/memory.h"
#include "data/pairing.h"
#include "train/pair_sampler.h"

#define PICTURES 30u
#define BATCH 96u
#define STEPS 20u

/* Codes that tell where they come from: means [picture, label], and a small deviation. */
static xdi_codes make_codes(const xd_dataset *set, uint32_t samples, float deviation) {
  const uint32_t rows = samples ? samples : 2;
  xdi_codes codes = {xdi_heap, xd_dataset_count(set), 2, samples, NULL};
  codes.values = xdi_allocate(&xdi_heap, (size_t)codes.count * rows * 2, sizeof(float));
  ck_assert_ptr_nonnull(codes.values);
  for (uint32_t i = 0; i < codes.count; i++) {
    float *value = codes.values + (size_t)i * rows * 2;
    for (uint32_t s = 0; s < (samples ? samples : 1); s++) {
      value[2 * s] = (float)i;
      value[2 * s + 1] = (float)xd_dataset_label(set, i) + 0.01f * (float)s;
    }
    if (!samples)
      value[2] = value[3] = deviation;
  }
  return codes;
}

typedef struct fixture {
  xd_context *context;
  xd_dataset *sets[2];
  xd_pairing *pairing;
  xdi_codes codes[2];
  xdi_pools pools[2];
  xdi_pair_sampler sampler;
} fixture;

static void open_averaging(fixture *f, const char *pairs, uint32_t samples, float deviation, float mixing,
                           uint32_t threads, uint32_t anchor_codes) {
  memset(f, 0, sizeof *f);
  f->context = test_context_with("reference", threads, NULL);
  f->sets[0] = make_patterns(f->context, PATTERN_ROW, 3, PICTURES, 1);
  f->sets[1] = make_patterns(f->context, PATTERN_FRAME, 3, PICTURES, 2);
  f->pairing = make_pairing(f->context, pairs);
  for (uint32_t d = 0; d < 2; d++) {
    f->codes[d] = make_codes(f->sets[d], samples, deviation);
    assert_ok(f->context, xdi_pools_open(&f->pools[d], f->context, f->sets[d], f->pairing, d + 1));
  }
  const xdi_pair_sampler_options options = {
      &f->codes[0], &f->codes[1], &f->pools[0], &f->pools[1], BATCH, mixing, 3, anchor_codes, false, NULL};
  assert_ok(f->context, xdi_pair_sampler_open(&f->sampler, f->context, &options));
}

static void open_fixture(fixture *f, const char *pairs, uint32_t samples, float deviation, float mixing,
                         uint32_t threads) {
  open_averaging(f, pairs, samples, deviation, mixing, threads, 1);
}

static void close_fixture(fixture *f) {
  xdi_pair_sampler_close(&f->sampler);
  for (uint32_t d = 0; d < 2; d++) {
    xdi_codes_close(&f->codes[d]);
    xdi_pools_close(&f->pools[d]);
    xd_dataset_release(f->sets[d]);
  }
  xd_pairing_release(f->pairing);
  xd_context_destroy(f->context);
}

static uint32_t label_in(const float *codes, uint32_t row) {
  return (uint32_t)(codes[2 * row + 1] + 0.5f);
}
static uint32_t picture_in(const float *codes, uint32_t row) {
  return (uint32_t)(codes[2 * row] + 0.5f);
}

static void draw(fixture *f, xd_mapping_batch *batch, uint32_t step) {
  assert_ok(f->context, xdi_pair_sampler_draw(&f->sampler, batch, step));
  ck_assert(batch->count == BATCH && batch->struct_size == sizeof *batch);
}

START_TEST(pair_sampler__draws_paired_classes_uniformly) {
  fixture f;
  xd_mapping_batch batch;
  uint32_t classes[3] = {0}, wrongs[6] = {0}, pictures[PICTURES] = {0};
  open_fixture(&f, "0:4,1:5,2:3", 0, 0.0f, 0.0f, 2);
  for (uint32_t step = 0; step < STEPS; step++) {
    draw(&f, &batch, step);
    for (uint32_t i = 0; i < BATCH; i++) {
      const uint32_t source = label_in(batch.source, i), target = source == 2 ? 3 : source + 4;
      classes[source]++;
      pictures[picture_in(batch.source, i)]++;
      wrongs[label_in(batch.mismatched, i)]++;
      ck_assert_uint_eq(label_in(batch.anchor, i), target);
      ck_assert_uint_eq(label_in(batch.positive, i), target);
      ck_assert_uint_ne(picture_in(batch.anchor, i), picture_in(batch.positive, i));
      ck_assert_uint_ne(label_in(batch.mismatched, i), target);
    }
  }
  for (uint32_t k = 0; k < 3; k++) {
    ck_assert_msg(abs((int)classes[k] - 640) < 90, "class %u is drawn %u times of 1920", k, classes[k]);
    ck_assert_msg(abs((int)wrongs[3 + k] - 640) < 90, "class %u is the wrong one %u times", 3 + k,
                  wrongs[3 + k]);
  }
  for (uint32_t i = 0; i < PICTURES; i++)
    ck_assert_msg(pictures[i] > 25 && pictures[i] < 120, "picture %u: %u", i, pictures[i]);
  close_fixture(&f);
}
END_TEST

/* Pairs that share classes are one group: all its target classes are right for all its source classes. */
START_TEST(pair_sampler__draws_twins_of_the_source_class) {
  fixture f;
  xd_mapping_batch batch;
  open_fixture(&f, "0:4,1:5,2:3", 0, 0.0f, 0.0f, 2);
  draw(&f, &batch, 0);
  ck_assert_ptr_null(batch.twin);
  xdi_pair_sampler_options options = {.source_codes = &f.codes[0],
                                      .target_codes = &f.codes[1],
                                      .source_pools = &f.pools[0],
                                      .target_pools = &f.pools[1],
                                      .batch = BATCH,
                                      .seed = 3,
                                      .twins = true};
  xdi_pair_sampler_close(&f.sampler);
  assert_ok(f.context, xdi_pair_sampler_open(&f.sampler, f.context, &options));
  uint32_t others = 0;
  for (uint32_t step = 0; step < STEPS; step++) {
    draw(&f, &batch, step);
    for (uint32_t i = 0; i < BATCH; i++) {
      ck_assert_uint_eq(label_in(batch.twin, i), label_in(batch.source, i));
      others += picture_in(batch.twin, i) != picture_in(batch.source, i);
    }
  }
  ck_assert_msg(others > STEPS * BATCH * 9 / 10, "%u twins are other pictures", others);
  close_fixture(&f);
}
END_TEST

START_TEST(pair_sampler__draws_from_all_classes_of_a_group) {
  fixture f;
  xd_mapping_batch batch;
  uint32_t targets[6] = {0};
  open_fixture(&f, "0:3,0:4,1:4,2:5", 0, 0.0f, 0.0f, 1);
  for (uint32_t step = 0; step < STEPS; step++) {
    draw(&f, &batch, step);
    for (uint32_t i = 0; i < BATCH; i++) {
      const uint32_t source = label_in(batch.source, i), anchor = label_in(batch.anchor, i);
      ck_assert_int_eq(source == 2, anchor == 5);
      ck_assert_int_eq(source == 2, label_in(batch.positive, i) == 5);
      ck_assert_int_eq(source == 2, label_in(batch.mismatched, i) != 5);
      targets[anchor]++;
    }
  }
  ck_assert_msg(abs((int)targets[3] - 640) < 90 && abs((int)targets[4] - 640) < 90, "%u and %u", targets[3],
                targets[4]);
  close_fixture(&f);
}
END_TEST

START_TEST(pair_sampler__knows_no_mismatch_within_one_group) {
  const char *const pairings[] = {"*:*", "0:3,1:3,2:3", "0:3,0:4,1:4"};
  for (uint32_t k = 0; k < COUNT_OF(pairings); k++) {
    fixture f;
    xd_mapping_batch batch;
    uint32_t seen[6] = {0};
    open_fixture(&f, pairings[k], 0, 0.0f, 0.0f, 1);
    draw(&f, &batch, 0);
    ck_assert_ptr_null(batch.mismatched);
    for (uint32_t i = 0; i < BATCH; i++)
      seen[label_in(batch.anchor, i)]++, seen[label_in(batch.source, i)]++;
    ck_assert_int_eq(seen[2] > 0, k < 2);
    ck_assert_int_eq(seen[4] > 0, k != 1);
    ck_assert_int_eq(seen[5] > 0, k == 0);
    close_fixture(&f);
  }
}
END_TEST

START_TEST(pair_sampler__samples_the_posteriors) {
  fixture f;
  xd_mapping_batch batch;
  double sum = 0.0, square = 0.0;
  open_fixture(&f, "0:3,1:4,2:5", 0, 0.1f, 0.0f, 1);
  for (uint32_t step = 0; step < STEPS; step++) {
    draw(&f, &batch, step);
    const float *const codes[] = {batch.source, batch.anchor, batch.positive, batch.mismatched};
    for (uint32_t k = 0; k < 4; k++)
      for (uint32_t i = 0; i < BATCH; i++) {
        const double value = (double)codes[k][2 * i + 1], noise = value - floor(value + 0.5);
        sum += noise, square += noise * noise;
      }
  }
  const double count = 4.0 * STEPS * BATCH;
  ck_assert_msg(fabs(sum / count) < 0.005, "mean %g", sum / count);
  ck_assert_msg(fabs(sqrt(square / count) - 0.1) < 0.003, "deviation %g", sqrt(square / count));
  close_fixture(&f);
}
END_TEST

START_TEST(pair_sampler__draws_kept_samples) {
  fixture f;
  xd_mapping_batch batch;
  uint32_t samples[4] = {0};
  open_fixture(&f, "0:3,1:4,2:5", 4, 0.0f, 0.0f, 1);
  for (uint32_t step = 0; step < STEPS; step++) {
    draw(&f, &batch, step);
    for (uint32_t i = 0; i < BATCH; i++)
      samples[(uint32_t)((batch.source[2 * i + 1] - (float)label_in(batch.source, i)) * 100.0f + 0.5f)]++;
  }
  for (uint32_t s = 0; s < 4; s++)
    ck_assert_msg(abs((int)samples[s] - 480) < 80, "sample %u: %u", s, samples[s]);
  close_fixture(&f);
}
END_TEST

/* Mixtures stay within the class and lie between two pictures; targets are never mixed. */
START_TEST(pair_sampler__mixes_source_codes_of_one_class) {
  fixture f;
  xd_mapping_batch batch;
  uint32_t between = 0;
  open_fixture(&f, "0:3,1:4,2:5", 0, 0.0f, 0.5f, 1);
  for (uint32_t step = 0; step < STEPS; step++) {
    draw(&f, &batch, step);
    for (uint32_t i = 0; i < BATCH; i++) {
      const float code = batch.source[2 * i], label = batch.source[2 * i + 1];
      ck_assert_msg(fabsf(label - roundf(label)) < 1e-5f, "a mixture of two classes: %g", (double)label);
      between += fabsf(code - roundf(code)) > 1e-4f;
      ck_assert(batch.anchor[2 * i] == roundf(batch.anchor[2 * i]));
      ck_assert(batch.positive[2 * i] == roundf(batch.positive[2 * i]));
    }
  }
  ck_assert_msg(between > 700 && between < 1000, "%u of 1920 codes are mixtures", between);
  close_fixture(&f);
}
END_TEST

START_TEST(pair_sampler__gives_the_same_batch_at_any_number_of_threads) {
  fixture one, three;
  xd_mapping_batch a, b;
  open_fixture(&one, "0:3,1:4,2:5", 0, 0.1f, 0.5f, 1);
  open_fixture(&three, "0:3,1:4,2:5", 0, 0.1f, 0.5f, 3);
  draw(&one, &a, 3);
  draw(&three, &b, 8);
  ck_assert(memcmp(a.source, b.source, BATCH * 2 * sizeof(float)) != 0);
  draw(&three, &b, 3);
  assert_same_floats(a.source, b.source, BATCH * 2);
  assert_same_floats(a.anchor, b.anchor, BATCH * 2);
  assert_same_floats(a.positive, b.positive, BATCH * 2);
  assert_same_floats(a.mismatched, b.mismatched, BATCH * 2);
  close_fixture(&one);
  close_fixture(&three);
}
END_TEST

/* The codes of a class made the same: averages are the class's code, scaled; all else is as without. */
START_TEST(pair_sampler__averages_conditions_of_the_right_class) {
  for (uint32_t samples = 0; samples <= 4; samples += 4) {
    fixture f, plain;
    xd_mapping_batch batch, one;
    open_averaging(&f, "0:3,1:4,2:5", samples, 0.0f, 0.0f, 1, 8);
    open_fixture(&plain, "0:3,1:4,2:5", samples, 0.0f, 0.0f, 1);
    ck_assert_ptr_null(plain.sampler.wrong_anchor);
    xdi_pair_sampler_close(&f.sampler);
    xdi_codes *codes = &f.codes[1];
    const uint32_t rows = samples ? samples : 2;
    for (uint32_t i = 0; i < codes->count; i++)
      for (uint32_t s = 0; s < (samples ? samples : 1); s++) {
        codes->values[(i * rows + s) * 2] = -2.0f;
        codes->values[(i * rows + s) * 2 + 1] = (float)xd_dataset_label(f.sets[1], i);
      }
    const xdi_pair_sampler_options options = {&f.codes[0], codes, &f.pools[0], &f.pools[1], BATCH,
                                              0.0f,        3,     8,           false,       NULL};
    assert_ok(f.context, xdi_pair_sampler_open(&f.sampler, f.context, &options));
    const double power = (3 * 4.0 + 9 + 16 + 25) / 3, scale = sqrt(2.0 / (power + 2.0 / 8));
    draw(&f, &batch, 1);
    draw(&plain, &one, 1);
    assert_same_floats(batch.source, one.source, BATCH * 2);
    for (uint32_t i = 0; i < BATCH; i++) {
      const uint32_t right = 3 + label_in(batch.source, i), wrong = label_in(batch.mismatched, i);
      ck_assert_uint_ne(right, wrong);
      ck_assert_uint_eq(wrong, label_in(one.mismatched, i));
      ck_assert(batch.mismatched[2 * i + 1] == (float)wrong && batch.positive[2 * i + 1] == (float)right);
      const double expected[4] = {-2 * scale, right * scale, -2 * scale, wrong * scale};
      for (uint32_t j = 0; j < 4; j++)
        assert_near((double)(j < 2 ? batch.anchor : batch.wrong_anchor)[2 * i + j % 2], expected[j], 1e-6,
                    "an average");
    }
    close_fixture(&plain);
    close_fixture(&f);
  }
}
END_TEST

/* Of different pictures: the variance of K codes' mean is a K-th; and noise is averaged too. */
START_TEST(pair_sampler__averages_different_codes) {
  fixture f;
  xd_mapping_batch batch;
  double squares[2] = {0.0, 0.0}, noise = 0.0;
  open_averaging(&f, "0:3,1:4,2:5", 0, 0.1f, 0.0f, 1, 16);
  const double scale = (double)f.sampler.anchor_scale;
  for (uint32_t step = 0; step < STEPS; step++) {
    draw(&f, &batch, step);
    for (uint32_t i = 0; i < BATCH; i++) {
      const float *const averages[2] = {batch.anchor + 2 * i, batch.wrong_anchor + 2 * i};
      for (uint32_t k = 0; k < 2; k++) {
        const uint32_t label = k == 0 ? 3 + label_in(batch.source, i) : label_in(batch.mismatched, i);
        const double place =
            (double)averages[k][0] / scale - (13.5 + (label - 3)); /* pictures label - 3 + 3 i */
        const double off = (double)averages[k][1] / scale - label;
        squares[k] += place * place;
        noise += off * off;
      }
    }
  }
  const double count = STEPS * BATCH, variance = 9.0 * 99 / 12 + 0.01;
  for (uint32_t k = 0; k < 2; k++)
    ck_assert_msg(fabs(squares[k] / count - variance / 16) < 0.12 * variance / 16, "variance %g, not %g",
                  squares[k] / count, variance / 16);
  ck_assert_msg(fabs(noise / count / 2 - 0.01 / 16) < 0.1 * 0.01 / 16, "noise %g", noise / count / 2);
  close_fixture(&f);
}
END_TEST

START_TEST(pair_sampler__gives_the_same_averages_at_any_number_of_threads) {
  fixture one, three;
  xd_mapping_batch a, b;
  open_averaging(&one, "0:3,1:4,2:5", 0, 0.1f, 0.5f, 1, 5);
  open_averaging(&three, "0:3,1:4,2:5", 0, 0.1f, 0.5f, 3, 5);
  draw(&one, &a, 3);
  draw(&three, &b, 8);
  ck_assert(memcmp(a.anchor, b.anchor, BATCH * 2 * sizeof(float)) != 0);
  draw(&three, &b, 3);
  assert_same_floats(a.anchor, b.anchor, BATCH * 2);
  assert_same_floats(a.wrong_anchor, b.wrong_anchor, BATCH * 2);
  close_fixture(&one);
  close_fixture(&three);
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("pair_sampler");
  add_case(suite, pair_sampler__draws_paired_classes_uniformly);
  add_case(suite, pair_sampler__draws_twins_of_the_source_class);
  add_case(suite, pair_sampler__draws_from_all_classes_of_a_group);
  add_case(suite, pair_sampler__knows_no_mismatch_within_one_group);
  add_case(suite, pair_sampler__samples_the_posteriors);
  add_case(suite, pair_sampler__draws_kept_samples);
  add_case(suite, pair_sampler__mixes_source_codes_of_one_class);
  add_case(suite, pair_sampler__averages_conditions_of_the_right_class);
  add_case(suite, pair_sampler__averages_different_codes);
  add_case(suite, pair_sampler__gives_the_same_averages_at_any_number_of_threads);
  add_case(suite, pair_sampler__gives_the_same_batch_at_any_number_of_threads);
  return suite;
}

XD_SUITE_MAIN(make_suite)
