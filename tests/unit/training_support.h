/* What the tests of training and evaluation share: small sets of patterns that have classes and styles, as
 * digits have, and networks that learn them in seconds. Include it instead of support.h. */
#ifndef XD_TESTS_TRAINING_SUPPORT_H
#define XD_TESTS_TRAINING_SUPPORT_H

#include "network_support.h"
#include "option_support.h"
#include "refusals.h"
#include "train/vae_trainer.h"

#define SIDE 12u
#define PATTERN_SIZE (SIDE * SIDE)

/* Classes of patterns; each at a random place and of a random brightness. */
typedef enum pattern {
  PATTERN_ROW,      /* a horizontal bar */
  PATTERN_COLUMN,   /* a vertical bar */
  PATTERN_BLOCK,    /* a filled square */
  PATTERN_FRAME,    /* a hollow square */
  PATTERN_DIAGONAL, /* a falling line */
  PATTERN_CROSS,    /* a plus */
  PATTERN_COUNT
} pattern;

static inline int pattern_covers(pattern class, int x, int y, int px, int py) {
  const int dx = x - px, dy = y - py, far = abs(dx) > abs(dy) ? abs(dx) : abs(dy);
  switch (class) {
  case PATTERN_ROW:
    return abs(dy) <= 1;
  case PATTERN_COLUMN:
    return abs(dx) <= 1;
  case PATTERN_BLOCK:
    return far <= 2;
  case PATTERN_FRAME:
    return far == 3;
  case PATTERN_DIAGONAL:
    return abs(dx - dy) <= 1;
  case PATTERN_CROSS:
    return (abs(dx) <= 1 || abs(dy) <= 1) && far <= 3;
  default:
    return 0;
  }
}

static inline void draw_pattern(uint8_t *to, pattern class, uint64_t seed, uint32_t picture) {
  const int px = 4 + (int)xdi_random_below(seed, 500, 4 * (uint64_t)picture, SIDE - 8);
  const int py = 4 + (int)xdi_random_below(seed, 500, 4 * (uint64_t)picture + 1, SIDE - 8);
  const uint32_t bright = 150 + xdi_random_below(seed, 500, 4 * (uint64_t)picture + 2, 106);
  for (int y = 0; y < (int)SIDE; y++)
    for (int x = 0; x < (int)SIDE; x++)
      to[y * (int)SIDE + x] = pattern_covers(class, x, y, px, py) ? (uint8_t)bright : 0;
}

/* count pictures of the classes first..first+classes-1 in turn; labels are the classes. */
static inline xd_dataset *make_patterns(xd_context *context, pattern first, uint32_t classes, uint32_t count,
                                        uint64_t seed) {
  uint8_t *pixels = malloc((size_t)count * PATTERN_SIZE);
  uint32_t *labels = malloc(count * sizeof *labels);
  xd_dataset *set = NULL;
  ck_assert_ptr_nonnull(pixels);
  ck_assert_ptr_nonnull(labels);
  for (uint32_t i = 0; i < count; i++) {
    labels[i] = (uint32_t)first + i % classes;
    draw_pattern(pixels + (size_t)i * PATTERN_SIZE, (pattern)labels[i], seed, i);
  }
  assert_ok(context, xd_dataset_create(&set, context, pixels, labels, count, SIDE, SIDE, 1));
  free(pixels);
  free(labels);
  return set;
}

/* Pictures 0..count-1 of a set as floats; the caller frees them. */
static inline float *read_pictures(xd_context *context, const xd_dataset *set, uint32_t count) {
  const size_t size = (size_t)xd_dataset_height(set) * xd_dataset_width(set) * xd_dataset_channels(set);
  float *pictures = new_floats(count * size);
  uint32_t *indices = malloc(count * sizeof *indices);
  ck_assert_ptr_nonnull(indices);
  for (uint32_t i = 0; i < count; i++)
    indices[i] = i;
  assert_ok(context, xd_dataset_read(set, context, pictures, indices, count));
  free(indices);
  return pictures;
}

static inline xd_pairing *make_pairing(xd_context *context, const char *text) {
  xd_pairing *pairing = NULL;
  assert_ok(context, xd_pairing_create(&pairing, context, text));
  return pairing;
}

/* Options of a VAE for the patterns. */
#define PATTERN_VAE "width=12 height=12 channels=1 latent_dim=8 base_channels=8 depth=1 hidden1=64"

/* All weights of a network, copied; the caller frees them. */
static inline float *copy_weights(const xd_network *network, size_t *count) {
  float *copy = new_floats(network->block_count);
  memcpy(copy, network->block, network->block_count * sizeof *copy);
  if (count)
    *count = network->block_count;
  return copy;
}

static inline int same_weights(const xd_network *a, const xd_network *b) {
  return a->block_count == b->block_count &&
         memcmp(a->block, b->block, a->block_count * sizeof *a->block) == 0;
}

static inline double test_softplus(double a) {
  return fmax(a, 0.0) + log1p(exp(-fabs(a)));
}

static inline void assert_near(double got, double expected, double tolerance, const char *what) {
  ck_assert_msg(fabs(got - expected) <= tolerance * fmax(1.0, fabs(expected)), "%s is %.9g, not %.9g", what,
                got, expected);
}

/* A trainer of new networks, by options of the group "vae"; the caller closes it. */
static inline xd_vae_trainer *open_vae_trainer(xd_context *context, const char *text) {
  xdi_vae_settings settings;
  xd_vae_trainer *trainer = NULL;
  xd_options *options = make_options(context, "vae", text);
  assert_ok(context, xdi_read_vae(&settings, context, options));
  assert_ok(context, xdi_vae_trainer_open(&trainer, context, NULL, NULL, &settings));
  xd_options_destroy(options);
  return trainer;
}

#endif
