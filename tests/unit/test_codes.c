/* Cached codes of a set: posteriors, samples, and samples of augmented copies. */
#include "training_support.h"

#include "train/codes.h"
#include "train/posterior.h"

#define COUNT 300u /* more than one batch of the pass */
#define SAMPLES 4u
#define DIM 8u

static xd_context *context;
static xd_dataset *set;
static xd_encoder *encoder;

static void open_all(void) {
  context = test_context_with("auto", 2, NULL);
  set = make_patterns(context, PATTERN_ROW, 3, COUNT, 1);
  encoder = make_encoder(context, PATTERN_VAE " seed=3");
}

static void close_all(void) {
  xd_encoder_release(encoder);
  xd_dataset_release(set);
  xd_context_destroy(context);
}

static xdi_codes make_codes(uint32_t samples, xdi_augmentation augmentation, uint64_t seed) {
  const xdi_codes_options options = {samples, augmentation, seed, false};
  xdi_codes codes;
  assert_ok(context, xdi_codes_open(&codes, context, xd_encoder_network(encoder), set, &options));
  ck_assert_uint_eq(codes.count, COUNT);
  ck_assert_uint_eq(codes.latent_dim, DIM);
  return codes;
}

static const xdi_augmentation none = {0};

/* How far a cached sample is from its own picture's mean, in the posterior's deviations: mean square. */
static double spread_of(const xdi_codes *samples, const xdi_codes *posteriors) {
  double sum = 0.0;
  for (size_t picture = 0; picture < COUNT; picture++) {
    const float *mean = posteriors->values + picture * 2 * DIM, *deviation = mean + DIM;
    for (size_t i = 0; i < SAMPLES * DIM; i++)
      sum += pow((double)(samples->values[picture * SAMPLES * DIM + i] - mean[i % DIM]) /
                     (double)deviation[i % DIM],
                 2.0);
  }
  return sum / (COUNT * SAMPLES * DIM);
}

START_TEST(codes__are_samples_of_the_posterior_without_augmentation) {
  xdi_codes posteriors = make_codes(0, none, 5), samples = make_codes(SAMPLES, none, 5);
  assert_near(spread_of(&samples, &posteriors), 1.0, 0.06, "the samples' variance");
  xdi_codes_close(&posteriors);
  xdi_codes_close(&samples);
}
END_TEST

/* The same normals, so what differs is the copies: each of a picture's codes comes from another one. */
START_TEST(codes__come_from_other_copies_of_the_picture_with_augmentation) {
  const xdi_augmentation kinds[] = {{.affine = 1.0f}, {.elastic = 1.0f}, {.colour = 1.0f}, {.blur = 2.0f}};
  xdi_codes plain = make_codes(SAMPLES, none, 5);
  for (size_t k = 0; k < COUNT_OF(kinds); k++) {
    xdi_codes codes = make_codes(SAMPLES, kinds[k], 5);
    uint32_t moved[SAMPLES] = {0}, apart = 0;
    for (size_t picture = 0; picture < COUNT; picture++) {
      const size_t at = picture * SAMPLES * DIM;
      double first = 0.0;
      for (size_t s = 0; s < SAMPLES; s++) {
        double distance = 0.0;
        for (size_t j = 0; j < DIM; j++)
          distance += fabs((double)codes.values[at + s * DIM + j] - (double)plain.values[at + s * DIM + j]);
        if (s == 0)
          first = distance;
        moved[s] += distance > 1e-4;
        apart += s > 0 && fabs(distance - first) > 1e-5;
      }
    }
    for (size_t s = 0; s < SAMPLES; s++)
      ck_assert_msg(moved[s] > COUNT / 2, "kind %zu, sample %zu: %u of %u moved", k, s, moved[s], COUNT);
    ck_assert_msg(apart > COUNT * (SAMPLES - 1) / 2, "kind %zu: %u copies are one", k, apart);
    xdi_codes_close(&codes);
  }
  xdi_codes_close(&plain);
}
END_TEST

START_TEST(codes__repeat_themselves_by_their_seed) {
  const xdi_augmentation all = {.affine = 1.0f, .elastic = 1.0f, .colour = 1.0f, .blur = 1.0f};
  const size_t count = COUNT * SAMPLES * DIM;
  xdi_codes a = make_codes(SAMPLES, all, 5), b = make_codes(SAMPLES, all, 5), c = make_codes(SAMPLES, all, 6);
  ck_assert(memcmp(a.values, b.values, count * sizeof *a.values) == 0);
  ck_assert(memcmp(a.values, c.values, count * sizeof *a.values) != 0);
  xdi_codes_close(&a);
  xdi_codes_close(&b);
  xdi_codes_close(&c);
}
END_TEST

/* ---- the pass over a set ---- */

typedef struct visited {
  float rows[COUNT * 2 * DIM];
  uint32_t count;
} visited;

static void take_rows(void *user, uint32_t first, uint32_t count, const float *posterior) {
  visited *to = user;
  ck_assert_uint_eq(first, to->count);
  memcpy(to->rows + (size_t)first * 2 * DIM, posterior, (size_t)count * 2 * DIM * sizeof *posterior);
  to->count += count;
}

/* What the encoder says of the pictures as a batch of 256 and one of 44 bring them. */
static void expect_rows(float *rows, const xdi_augmentation *augmentation, bool inverted) {
  float *pictures = new_floats(COUNT * PATTERN_SIZE), mean[COUNT * DIM], variance[COUNT * DIM];
  uint32_t indices[COUNT];
  for (uint32_t i = 0; i < COUNT; i++)
    indices[i] = i;
  for (uint32_t batch = 0; batch < 2; batch++) {
    const xdi_picture_batch of = {set, indices + 256 * batch, batch ? COUNT - 256 : 256, 9, 70 + batch, 0};
    assert_ok(context, xdi_augment(context, pictures + 256 * batch * PATTERN_SIZE, NULL, &of, augmentation));
  }
  for (size_t i = 0; inverted && i < COUNT * PATTERN_SIZE; i++)
    pictures[i] = 1.0f - pictures[i];
  assert_ok(context, xd_encoder_encode(encoder, context, mean, variance, pictures, COUNT));
  for (size_t i = 0; i < COUNT * DIM; i++) {
    rows[i / DIM * 2 * DIM + i % DIM] = mean[i];
    rows[i / DIM * 2 * DIM + DIM + i % DIM] = variance[i];
  }
  free(pictures);
}

START_TEST(posteriors__are_those_of_each_picture) {
  const xdi_augmentation kinds[] = {none, {.affine = 1.0f, .colour = 0.5f}};
  for (int kind = 0; kind < 4; kind++) {
    visited got = {.count = 0};
    float expected[COUNT * 2 * DIM];
    const xdi_posterior_pass pass = {
        xd_encoder_network(encoder), set, kinds[kind / 2], 9, 70, kind % 2 == 1, take_rows, &got};
    assert_ok(context, xdi_posterior_each(context, &pass));
    ck_assert_uint_eq(got.count, COUNT);
    expect_rows(expected, &kinds[kind / 2], pass.inverted);
    assert_near_floats(got.rows, expected, COUNT * 2 * DIM, 1e-5);
  }
}
END_TEST

START_TEST(posteriors__end_where_they_cannot_go_on) {
  visited got = {.count = 0};
  xd_encoder *other =
      make_encoder(context, "width=12 height=9 channels=1 latent_dim=8 base_channels=2 hidden1=4");
  const xdi_posterior_pass pass = {xd_encoder_network(encoder), set, none, 9, 70, false, take_rows, &got};
  assert_ok(context, xdi_check_pictures(context, xd_encoder_network(encoder), set, "a pass"));
  assert_status(xdi_check_pictures(context, xd_encoder_network(other), set, "a pass"),
                XD_ERROR_SHAPE_MISMATCH);
  assert_message_names(context, "a pass: pictures of 12x12x1, but the network takes 12x9x1");
  xd_context_cancel(context);
  assert_status(xdi_posterior_each(context, &pass), XD_ERROR_CANCELLED);
  ck_assert_uint_eq(got.count, 0);
  xd_context_clear_cancel(context);
  xd_encoder_release(other);
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("codes");
#define add(test) add_checked_case(suite, #test, test, open_all, close_all)
  add(codes__are_samples_of_the_posterior_without_augmentation);
  add(codes__come_from_other_copies_of_the_picture_with_augmentation);
  add(codes__repeat_themselves_by_their_seed);
  add(posteriors__are_those_of_each_picture);
  add(posteriors__end_where_they_cannot_go_on);
#undef add
  return suite;
}

XD_SUITE_MAIN(make_suite)
