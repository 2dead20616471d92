/* What evaluations are made of, against the same numbers done naively: edges, strokes, distances, ridge regression,
 * moments, a judge's accuracy; and a whole evaluation of more pictures than are judged at a time. */
#include "training_support.h"

#include "evaluate/diversity.h"
#include "evaluate/frechet.h"
#include "evaluate/read_back.h"
#include "evaluate/sharpness.h"
#include "evaluate/strokes.h"
#include "evaluate/within_class.h"

/* ---- Edges ---- */

static double cell_of(const float *picture, xd_shape s, uint32_t y, uint32_t x, uint32_t c) {
  return (double)picture[((size_t)y * s.width + x) * s.channels + c];
}

static xdi_edges naive_edges(const float *pictures, xd_shape s, uint32_t count) {
  xdi_edges edges = {.count = count};
  for (uint32_t n = 0; n < count; n++) {
    const float *p = pictures + n * shape_cells(s);
    for (uint32_t y = 0; y < s.height; y++)
      for (uint32_t x = 0; x < s.width; x++)
        for (uint32_t c = 0; c < s.channels; c++) {
          const double here = cell_of(p, s, y, x, c);
          if (x + 1 < s.width)
            edges.gradient += pow(cell_of(p, s, y, x + 1, c) - here, 2);
          if (y + 1 < s.height)
            edges.gradient += pow(cell_of(p, s, y + 1, x, c) - here, 2);
          if (x > 0 && y > 0 && x + 1 < s.width && y + 1 < s.height)
            edges.laplacian += pow(4.0 * here - cell_of(p, s, y, x - 1, c) - cell_of(p, s, y, x + 1, c) -
                                       cell_of(p, s, y - 1, x, c) - cell_of(p, s, y + 1, x, c),
                                   2);
        }
  }
  return edges;
}

START_TEST(edges__are_the_energies_of_gradient_and_laplacian) {
  const xd_shape shapes[] = {
      {.height = 5, .width = 4, .channels = 3}, {.height = 3, .width = 3, .channels = 1},
      {.height = 4, .width = 6, .channels = 2}, {.height = 1, .width = 5, .channels = 1},
      {.height = 5, .width = 1, .channels = 1}, {.height = 2, .width = 2, .channels = 3}};
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    float *pictures = make_pixels(3 * shape_cells(shapes[i]), i);
    const xdi_edges expected = naive_edges(pictures, shapes[i], 3);
    xdi_edges got = {.count = 0};
    xdi_edges_add(&got, pictures, shapes[i], 1);
    xdi_edges_add(&got, pictures + shape_cells(shapes[i]), shapes[i], 2);
    ck_assert_uint_eq(got.count, 3);
    assert_near(got.gradient, expected.gradient, 1e-5, "gradient");
    assert_near(got.laplacian, expected.laplacian, 1e-5, "Laplacian");
    free(pictures);
  }
}
END_TEST

START_TEST(sharpness__is_a_share_of_the_real_energy_a_picture) {
  const xdi_edges made = {.gradient = 6.0, .laplacian = 10.0, .count = 2};
  const xdi_edges real = {.gradient = 16.0, .laplacian = 4.0, .count = 4};
  const xdi_edges none = {.count = 0}, flat = {.count = 3};
  assert_near(xdi_sharpness(&made, &real), 0.75, 1e-12, "sharpness");
  assert_near(xdi_detail(&made, &real), 5.0, 1e-12, "detail");
  ck_assert(xdi_sharpness(&none, &real) == 1.0 && xdi_detail(&none, &real) == 1.0);
  ck_assert(xdi_sharpness(&made, &flat) == 1.0 && xdi_detail(&made, &flat) == 1.0);
  const xdi_edges one = {.gradient = 6.0, .laplacian = 10.0, .count = 1};
  assert_near(xdi_sharpness(&one, &real), 1.5, 1e-12, "sharpness of one picture");
  const xdi_edges faint = {.gradient = 0.5, .laplacian = 0.25, .count = 1};
  assert_near(xdi_sharpness(&one, &faint), 12.0, 1e-12, "sharpness beside a faint picture");
}
END_TEST

/* ---- Strokes ---- */

static int compare_floats(const void *left, const void *right) {
  const float one = *(const float *)left, other = *(const float *)right;
  if (one < other)
    return -1;
  return one > other;
}

static xdi_strokes naive_strokes(const float *picture, xd_shape s) {
  double weight = 0.0, sx = 0.0, sy = 0.0, sxy = 0.0, syy = 0.0;
  for (uint32_t c = 0; c < s.channels; c++) {
    float edge[200];
    size_t count = 0;
    for (uint32_t y = 0; y < s.height; y++)
      for (uint32_t x = 0; x < s.width; x++)
        if (x == 0 || y == 0 || x + 1 == s.width || y + 1 == s.height)
          edge[count++] = (float)cell_of(picture, s, y, x, c);
    qsort(edge, count, sizeof *edge, compare_floats);
    for (uint32_t y = 0; y < s.height; y++)
      for (uint32_t x = 0; x < s.width; x++) {
        const double w = fabs(cell_of(picture, s, y, x, c) - (double)edge[count / 2]);
        weight += w, sx += w * x, sy += w * y, sxy += w * x * y, syy += w * y * y;
      }
  }
  const double across = sxy / weight - sx / weight * (sy / weight), down = syy / weight - pow(sy / weight, 2);
  return (xdi_strokes){(float)(weight / (double)shape_cells(s)), (float)(down > 1e-9 ? -across / down : 0.0)};
}

START_TEST(strokes__are_the_moments_of_what_differs_from_the_median_of_the_edge) {
  const xd_shape shapes[] = {{.height = 7, .width = 5, .channels = 3},
                             {.height = 4, .width = 9, .channels = 1},
                             {.height = 9, .width = 1, .channels = 1},
                             {.height = 8, .width = 8, .channels = 2}};
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
    for (uint64_t seed = 0; seed < 4; seed++) {
      float *picture = make_pixels(shape_cells(shapes[i]), 10 * i + seed);
      const xdi_strokes got = xdi_strokes_of(picture, shapes[i]),
                        expected = naive_strokes(picture, shapes[i]);
      assert_near((double)got.ink, (double)expected.ink, 1e-6, "ink");
      assert_near((double)got.slant, (double)expected.slant, 1e-6, "slant");
      free(picture);
    }
}
END_TEST

/* One row of ink has no height, and so no slant. */
START_TEST(strokes__of_one_row_have_no_slant) {
  const xd_shape shape = {.height = 6, .width = 6, .channels = 1};
  float picture[36] = {0.0f};
  picture[3 * 6 + 2] = picture[3 * 6 + 3] = 1.0f;
  const xdi_strokes got = xdi_strokes_of(picture, shape);
  assert_near((double)got.ink, 2.0 / 36.0, 1e-7, "ink");
  ck_assert(got.slant == 0.0f);
}
END_TEST

/* The largest picture that there may be, and a faint bar in it. */
START_TEST(strokes__are_found_in_large_and_in_faint_pictures) {
  const xd_shape shape = {.height = 256, .width = 256, .channels = 1};
  float *picture = new_floats(shape_cells(shape));
  for (size_t y = 100; y < 140; y++)
    picture[y * 256 + 150 - y / 2] = 1e-3f;
  const xdi_strokes got = xdi_strokes_of(picture, shape);
  assert_near((double)got.ink, 40.0 * 1e-3 / 65536.0, 1e-9, "ink");
  assert_near((double)got.slant, 0.5, 0.01, "slant");
  free(picture);
}
END_TEST

/* ---- Distances ---- */

START_TEST(mean_distance__takes_pictures_of_any_size_and_number) {
  static const size_t sizes[] = {1, 2, 15, 16, 17, 31, 32, 33, 1023, 1024, 1025, 2048, 2049, 3071};
  xd_context *context = test_context("reference");
  float *pictures = make_pixels(6 * 3071, 9);
  for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
    for (uint32_t count = 0; count <= 6; count++) {
      double sum = 0.0, got = -1.0;
      for (uint32_t i = 0; i < count; i++)
        for (uint32_t j = i + 1; j < count; j++) {
          double square = 0.0;
          for (size_t k = 0; k < sizes[s]; k++)
            square += pow((double)pictures[i * sizes[s] + k] - (double)pictures[j * sizes[s] + k], 2);
          sum += sqrt(square);
        }
      assert_ok(context, xdi_mean_distance(context, &got, pictures, count, sizes[s]));
      assert_near(got, count < 2 ? 0.0 : sum / (count * (count - 1) / 2), 1e-6, "mean distance");
    }
  free(pictures);
  xd_context_destroy(context);
}
END_TEST

/* ---- Reading back ---- */

#define FROM 3u
#define TO 2u

/* x of A x = b by Gauss and Jordan, b of `columns`. */
static void naive_solve(double *a, double *b, uint32_t n, uint32_t columns) {
  for (uint32_t k = 0; k < n; k++) {
    const double pivot = a[k * n + k];
    for (uint32_t j = 0; j < n; j++)
      a[k * n + j] /= pivot;
    for (uint32_t j = 0; j < columns; j++)
      b[k * columns + j] /= pivot;
    for (uint32_t i = 0; i < n; i++) {
      const double factor = a[i * n + k];
      for (uint32_t j = 0; i != k && j < n; j++)
        a[i * n + j] -= factor * a[k * n + j];
      for (uint32_t j = 0; i != k && j < columns; j++)
        b[i * columns + j] -= factor * b[k * columns + j];
    }
  }
}

/* A ridge of the mean square of a row's length, of either half, tried on the other. */
static double naive_share(const float *to, const float *from, const uint32_t *half, uint32_t count) {
  double errors = 0.0, squares = 0.0;
  for (uint32_t fitted = 0; fitted < 2; fitted++) {
    double gram[FROM * FROM] = {0.0}, map[FROM * TO] = {0.0}, trace = 0.0;
    uint32_t rows = 0;
    for (uint32_t n = 0; n < count; n++) {
      for (uint32_t i = 0; half[n] == fitted && i < FROM; i++) {
        for (uint32_t j = 0; j < FROM; j++)
          gram[i * FROM + j] += (double)from[n * FROM + i] * (double)from[n * FROM + j];
        for (uint32_t k = 0; k < TO; k++)
          map[i * TO + k] += (double)from[n * FROM + i] * (double)to[n * TO + k];
      }
      rows += half[n] == fitted;
    }
    for (uint32_t i = 0; i < FROM; i++)
      trace += gram[i * FROM + i];
    for (uint32_t i = 0; rows && i < FROM; i++)
      gram[i * FROM + i] += trace / rows;
    if (rows)
      naive_solve(gram, map, FROM, TO);
    for (uint32_t n = 0; n < count; n++)
      for (uint32_t k = 0; half[n] != fitted && k < TO; k++) {
        double read = 0.0;
        for (uint32_t i = 0; i < FROM; i++)
          read += (double)from[n * FROM + i] * map[i * TO + k];
        errors += pow((double)to[n * TO + k] - read, 2);
        squares += pow((double)to[n * TO + k], 2);
      }
  }
  return squares > 0.0 ? fmax(0.0, 1.0 - errors / squares) : 0.0;
}

START_TEST(read_back__is_ridge_regression_of_one_half_on_the_other) {
  xd_context *context = test_context("reference");
  const double mixes[FROM][TO] = {{1.0, -0.5}, {0.3, 0.8}, {-0.7, 0.2}};
  for (uint32_t count = 1; count < 30; count += 4) {
    float *from = make_normals(count * FROM, count), *to = make_normals(count * TO, 100 + count);
    uint32_t half[30];
    double got = -1.0;
    for (uint32_t n = 0; n < count; n++) {
      half[n] = n % 3 == 1; /* halves of different sizes */
      for (uint32_t k = 0; k < TO; k++) {
        to[n * TO + k] *= 0.3f;
        for (uint32_t i = 0; i < FROM; i++)
          to[n * TO + k] += (float)mixes[i][k] * from[n * FROM + i];
      }
    }
    assert_ok(context, xdi_read_back(context, &got, to, TO, from, FROM, half, count));
    assert_near(got, naive_share(to, from, half, count), 1e-9, "share");
    ck_assert_msg(count < 10 || got > 0.3, "a share of %g tells little", got);
    for (uint32_t n = 0; n < count * FROM; n++)
      from[n] *= 0.01f;
    for (uint32_t n = 0; n < count * TO; n++)
      to[n] *= 0.01f;
    assert_ok(context, xdi_read_back(context, &got, to, TO, from, FROM, half, count));
    assert_near(got, naive_share(to, from, half, count), 1e-9, "share of small numbers");
    free(from), free(to);
  }
  double got = -1.0;
  const float from[FROM] = {1.0f, 2.0f, 3.0f};
  const uint32_t half = 0;
  assert_ok(context, xdi_read_back(context, &got, NULL, 0, from, FROM, &half, 1));
  ck_assert(got == 0.0);
  xd_context_destroy(context);
}
END_TEST

/* ---- Components ---- */

/* Variances of 4, 3, 2, 1 along the axes, exactly: so many components hold a share. */
START_TEST(components__are_as_many_as_hold_the_share) {
  enum { DIM = 4, ROWS = 8 };
  xd_context *context = test_context("reference");
  float rows[ROWS * DIM] = {0.0f};
  for (int k = 0; k < DIM; k++) {
    rows[2 * k * DIM + k] = (float)sqrt((4.0 - k) * 3.5); /* two rows of 8 vary: x^2 2 / 7 */
    rows[(2 * k + 1) * DIM + k] = -rows[2 * k * DIM + k];
  }
  static const struct {
    double share;
    uint32_t count;
  } cases[] = {{0.1, 1}, {0.39, 1}, {0.41, 2}, {0.69, 2}, {0.71, 3}, {0.89, 3}, {0.91, 4}, {1.0, 4}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    xdi_components components;
    float projected[DIM];
    assert_ok(context, xdi_components_open(&components, context, rows, ROWS, DIM, cases[i].share));
    ck_assert_msg(components.count == cases[i].count, "%u components hold %g", components.count,
                  cases[i].share);
    for (uint32_t k = 0; k < components.count; k++)
      assert_near(components.variances[k], 4.0 - k, 1e-5, "variance");
    xdi_components_project(projected, &components, rows);
    assert_near(fabs((double)projected[0]), sqrt(14.0), 1e-5, "projection");
    for (uint32_t k = 1; k < components.count; k++)
      assert_near((double)projected[k], 0.0, 1e-5, "projection");
    xdi_components_close(&components);
  }
  xd_context_destroy(context);
}
END_TEST

/* ---- Moments ---- */

START_TEST(moments__take_features_of_any_number) {
  static const uint32_t dims[] = {1, 15, 16, 17, 32, 33, 1024};
  xd_context *context = test_context("reference");
  float *features = make_normals(5 * 1024, 8);
  for (size_t d = 0; d < sizeof dims / sizeof *dims; d++)
    for (uint32_t count = 1; count <= 5; count += count == 2 ? 3 : 1) {
      xdi_moments moments;
      const uint32_t dim = dims[d], last = dim - 1;
      double mean = 0.0, covariance = 0.0, first = 0.0;
      assert_ok(context, xdi_moments_open(&moments, context, features, count, dim));
      for (uint32_t n = 0; n < count; n++) {
        mean += (double)features[n * dim + last] / count;
        first += (double)features[n * dim] / count;
      }
      for (uint32_t n = 0; n < count; n++)
        covariance += ((double)features[n * dim + last] - mean) * ((double)features[n * dim] - first);
      assert_near(moments.mean[last], mean, 1e-9, "mean");
      assert_near(moments.covariance[last * dim], count > 1 ? covariance / (count - 1) : 0.0, 1e-9,
                  "covariance");
      assert_near(moments.covariance[last], moments.covariance[last * dim], 1e-12, "covariance");
      xdi_moments_close(&moments);
    }
  xdi_moments moments, other;
  double distance = -1.0;
  assert_status(xdi_moments_open(&moments, context, features, 2, 1025), XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(context, "2 samples of 1025 features");
  assert_status(xdi_moments_open(&moments, context, features, 2, 0), XD_ERROR_INVALID_ARGUMENT);
  assert_ok(context, xdi_moments_open(&moments, context, features, 2, 3));
  assert_ok(context, xdi_moments_open(&other, context, features, 2, 4));
  assert_status(xdi_frechet_distance(context, &distance, &moments, &other), XD_ERROR_SHAPE_MISMATCH);
  assert_message_names(context, "features of 3 and of 4 dimensions");
  ck_assert(distance == 0.0);
  xdi_moments_close(&other);
  features[0] = INFINITY;
  assert_ok(context, xdi_moments_open(&other, context, features, 2, 3));
  assert_status(xdi_frechet_distance(context, &distance, &moments, &other), XD_ERROR_NUMERIC);
  xdi_moments_close(&other);
  xdi_moments_close(&moments);
  free(features);
  xd_context_destroy(context);
}
END_TEST

/* ---- More pictures than are read or judged at a time ---- */

#define BATCH_SIDE 8u
#define CELLS (BATCH_SIDE * BATCH_SIDE)
#define SOURCES 300u
#define TARGETS 270u
#define FEATURES 6u

typedef struct fixture {
  xd_context *context;
  xd_dataset *sets[2];
  xd_judge *judge;
  xd_model *model;
} fixture;

/* Pictures of three classes in turn; those of the class `alike` are all the same. */
static xd_dataset *noise_set(xd_context *context, uint32_t count, uint64_t seed, uint32_t alike) {
  uint8_t *pixels = malloc(count * CELLS);
  uint32_t *labels = malloc(count * sizeof *labels);
  float *values = make_pixels(count * CELLS, seed);
  xd_dataset *set = NULL;
  ck_assert(pixels && labels);
  for (uint32_t i = 0; i < count * CELLS; i++)
    pixels[i] = (uint8_t)(255.0f * values[i]);
  for (uint32_t i = 0; i < count; i++)
    labels[i] = i % 3;
  for (uint32_t i = 3; i < count; i++)
    if (labels[i] == alike)
      memcpy(pixels + i * CELLS, pixels + (i - 3) * CELLS, CELLS);
  assert_ok(context, xd_dataset_create(&set, context, pixels, labels, count, BATCH_SIDE, BATCH_SIDE, 1));
  free(pixels), free(labels), free(values);
  return set;
}

/* Networks of random weights: nothing is trained. */
static fixture open_fixture(void) {
  fixture f = {.context = test_context("auto")};
  xd_model_parts parts = XD_MODEL_PARTS_INIT;
  xd_encoder *encoders[2];
  xd_decoder *decoders[2];
  xd_latent_generator *generators[2];
  f.sets[0] = noise_set(f.context, SOURCES, 1, 3);
  f.sets[1] = noise_set(f.context, TARGETS, 2, 3);
  f.judge = make_judge(f.context, "width=8 height=8 channels=1 classes=3 base_channels=2 feature_dim=6");
  randomise((xd_network *)xd_judge_network(f.judge), 13);
  for (int d = 0; d < 2; d++) {
    const char *const vae = "width=8 height=8 channels=1 latent_dim=3 base_channels=2 depth=1 hidden1=6";
    encoders[d] = make_encoder(f.context, vae);
    decoders[d] = make_decoder(f.context, vae);
    generators[d] = make_generator(f.context, "source_dim=3 target_dim=3 hidden_width=5 hidden_layers=1");
    randomise(xd_encoder_network_mutable(encoders[d]), 10 + (uint64_t)d);
    randomise(xd_decoder_network_mutable(decoders[d]), 20 + (uint64_t)d);
    randomise(xd_latent_generator_network_mutable(generators[d]), 30 + (uint64_t)d);
    parts.encoder[d] = encoders[d];
    parts.decoder[d] = decoders[d];
    parts.generator[d] = generators[d];
  }
  assert_ok(f.context, xd_model_create(&f.model, f.context, &parts));
  for (int d = 0; d < 2; d++) {
    xd_encoder_release(encoders[d]);
    xd_decoder_release(decoders[d]);
    xd_latent_generator_release(generators[d]);
  }
  return f;
}

static void close_fixture(fixture *f) {
  xd_model_release(f->model);
  xd_judge_release(f->judge);
  xd_dataset_release(f->sets[0]);
  xd_dataset_release(f->sets[1]);
  xd_context_destroy(f->context);
}

static double naive_fd(xd_context *context, const float *a, uint32_t a_count, const float *b,
                       uint32_t b_count) {
  xdi_moments first, second;
  double distance;
  assert_ok(context, xdi_moments_open(&first, context, a, a_count, FEATURES));
  assert_ok(context, xdi_moments_open(&second, context, b, b_count, FEATURES));
  assert_ok(context, xdi_frechet_distance(context, &distance, &first, &second));
  xdi_moments_close(&first);
  xdi_moments_close(&second);
  return distance;
}

static double edge_share(const float *made, uint32_t count, const float *real, uint32_t real_count,
                         int detail) {
  const xd_shape shape = {.height = BATCH_SIDE, .width = BATCH_SIDE, .channels = 1};
  const xdi_edges one = naive_edges(made, shape, count), other = naive_edges(real, shape, real_count);
  return detail ? one.laplacian / count / (other.laplacian / real_count)
                : one.gradient / count / (other.gradient / real_count);
}

/* Mean distance over the pairs of pictures that are kept as `wanted`; 0 for fewer than two. */
static double naive_spread(const float *pictures, const uint32_t *keep, uint32_t wanted, uint32_t count) {
  double sum = 0.0;
  uint32_t pairs = 0;
  for (uint32_t i = 0; i < count; i++)
    for (uint32_t j = i + 1; keep[i] == wanted && j < count; j++) {
      double square = 0.0;
      for (uint32_t k = 0; keep[j] == wanted && k < CELLS; k++)
        square += pow((double)pictures[i * CELLS + k] - (double)pictures[j * CELLS + k], 2);
      sum += sqrt(square);
      pairs += keep[j] == wanted;
    }
  return pairs ? sum / pairs : 0.0;
}

/* Of 24 results of each of the first eight sources of a class, those that are judged right. */
static double naive_ediv(const fixture *f, xd_translator *translator, const float *source,
                         const double *spread) {
  double sum = 0.0;
  for (uint32_t n = 0; n < 24; n++) {
    float copies[24 * CELLS], results[24 * CELLS];
    uint32_t found[24];
    for (uint32_t i = 0; i < 24; i++)
      memcpy(copies + i * CELLS, source + n * CELLS, CELLS * sizeof *copies);
    assert_ok(f->context, xd_translator_set_noise(translator, 3, SOURCES + 24 * n, 0.7f));
    assert_ok(f->context, xd_translator_run_floats(translator, results, NULL, copies, 24));
    assert_ok(f->context, xd_judge_predict(f->judge, f->context, found, NULL, NULL, results, 24));
    sum += naive_spread(results, found, (n + 1) % 3, 24) / spread[(n + 1) % 3] / 24.0;
  }
  return sum;
}

/* Rows of three classes in turn, whose halves take turns: without the mean of their class and half. */
static void naive_centre(float *rows, uint32_t count, uint32_t dim) {
  for (uint32_t j = 0; j < dim; j++) {
    double sums[6] = {0.0};
    for (uint32_t i = 0; i < count; i++)
      sums[i % 6] += (double)rows[i * dim + j] / (count / 6);
    for (uint32_t i = 0; i < count; i++)
      rows[i * dim + j] -= (float)sums[i % 6];
  }
}

static double naive_correlation(const float *source, const float *made, int slant) {
  const xd_shape shape = {.height = BATCH_SIDE, .width = BATCH_SIDE, .channels = 1};
  float of[2][SOURCES];
  double both = 0.0, first = 0.0, second = 0.0;
  for (uint32_t i = 0; i < SOURCES; i++) {
    const xdi_strokes one = naive_strokes(source + i * CELLS, shape),
                      other = naive_strokes(made + i * CELLS, shape);
    of[0][i] = slant ? one.slant : one.ink;
    of[1][i] = slant ? other.slant : other.ink;
  }
  naive_centre(of[0], SOURCES, 1), naive_centre(of[1], SOURCES, 1);
  for (uint32_t i = 0; i < SOURCES; i++) {
    both += (double)of[0][i] * (double)of[1][i];
    first += pow((double)of[0][i], 2), second += pow((double)of[1][i], 2);
  }
  return both / sqrt(first * second);
}

static double naive_style(const fixture *f, const float *source, const float *made) {
  float codes[2][SOURCES * 3], leading[SOURCES * 3];
  uint32_t half[SOURCES];
  xdi_components components;
  double share = -1.0;
  for (uint32_t d = 0; d < 2; d++) {
    assert_ok(f->context, xd_encoder_encode(xd_model_encoder(f->model, d + 1), f->context, codes[d], NULL,
                                            d ? made : source, SOURCES));
    naive_centre(codes[d], SOURCES, 3);
  }
  assert_ok(f->context, xdi_components_open(&components, f->context, codes[0], SOURCES, 3, 0.5));
  for (uint32_t i = 0; i < SOURCES; i++) {
    half[i] = i / 3 % 2;
    xdi_components_project(leading + i * components.count, &components, codes[0] + i * 3);
  }
  assert_ok(f->context,
            xdi_read_back(f->context, &share, leading, components.count, codes[1], 3, half, SOURCES));
  xdi_components_close(&components);
  return share;
}

static int count_step(void *user, const xd_progress *progress) {
  uint32_t *steps = user;
  ck_assert_uint_eq(progress->step, ++*steps);
  ck_assert_uint_eq(progress->steps,
                    2 + 2 + 3 * 8); /* batches of real and of source pictures, and varied sources */
  return 0;
}

START_TEST(evaluate__goes_on_after_a_batch) {
  fixture f = open_fixture();
  xd_evaluation_input input = XD_EVALUATION_INPUT_INIT;
  xd_pairing *pairing = make_pairing(f.context, "0:1,1:2,2:0");
  xd_options *options = make_options(f.context, "evaluation", "seed=3 temperature=0.7");
  xd_values *got = make_values(f.context);
  xd_translator *translator = NULL;
  float *source = read_pictures(f.context, f.sets[0], SOURCES),
        *target = read_pictures(f.context, f.sets[1], TARGETS);
  float *made = new_floats(SOURCES * CELLS), *rebuilt = new_floats(TARGETS * CELLS),
        *codes = new_floats(TARGETS * 3);
  float features[3][SOURCES * FEATURES];
  uint32_t labels[3][SOURCES], steps = 0, right[3] = {0};
  input.judge = f.judge, input.source = f.sets[0], input.target = f.sets[1], input.pairing = pairing;
  input.callback = count_step, input.user = &steps;
  assert_ok(f.context, xd_evaluate(f.context, got, f.model, XD_DIRECTION_1TO2, &input, options));
  ck_assert_uint_eq(steps, 2 + 2 + 3 * 8);

  assert_ok(f.context, xd_translator_create(&translator, f.context, f.model, NULL));
  assert_ok(f.context, xd_translator_set_noise(translator, 3, 0, 0.7f));
  assert_ok(f.context, xd_translator_run_floats(translator, made, NULL, source, SOURCES));
  assert_ok(f.context,
            xd_encoder_encode(xd_model_encoder(f.model, 2), f.context, codes, NULL, target, TARGETS));
  assert_ok(f.context, xd_decoder_decode(xd_model_decoder(f.model, 2), f.context, rebuilt, codes, TARGETS));
  assert_ok(f.context, xd_judge_predict(f.judge, f.context, labels[0], NULL, features[0], made, SOURCES));
  assert_ok(f.context, xd_judge_predict(f.judge, f.context, labels[1], NULL, features[1], target, TARGETS));
  assert_ok(f.context, xd_judge_predict(f.judge, f.context, labels[2], NULL, features[2], rebuilt, TARGETS));
  for (uint32_t i = 0; i < SOURCES; i++) {
    right[0] += labels[0][i] == (i + 1) % 3;
    right[1] += i < TARGETS && labels[1][i] == i % 3;
    right[2] += i < TARGETS && labels[2][i] == i % 3;
  }
  assert_near(value_of(got, "acc"), right[0] / (double)SOURCES, 1e-9, "acc");
  assert_near(value_of(got, "judge_acc"), right[1] / (double)TARGETS, 1e-9, "judge_acc");
  assert_near(value_of(got, "reconstruction_acc"), right[2] / (double)TARGETS, 1e-9, "reconstruction_acc");
  assert_near(value_of(got, "pictures"), SOURCES, 0.0, "pictures");
  assert_near(value_of(got, "real_pictures"), TARGETS, 0.0, "real pictures");
  assert_near(value_of(got, "fd"), naive_fd(f.context, features[0], SOURCES, features[1], TARGETS), 1e-5,
              "fd");
  assert_near(value_of(got, "reconstruction_fd"),
              naive_fd(f.context, features[2], TARGETS, features[1], TARGETS), 1e-5, "reconstruction_fd");
  assert_near(value_of(got, "sharpness"), edge_share(made, SOURCES, target, TARGETS, 0), 1e-4, "sharpness");
  assert_near(value_of(got, "reconstruction_sharpness"), edge_share(rebuilt, TARGETS, target, TARGETS, 0),
              1e-4, "reconstruction_sharpness");
  assert_near(value_of(got, "detail"), edge_share(made, SOURCES, target, TARGETS, 1), 1e-4, "detail");
  assert_near(value_of(got, "reconstruction_detail"), edge_share(rebuilt, TARGETS, target, TARGETS, 1), 1e-4,
              "reconstruction_detail");
  uint32_t classes[TARGETS], accepted[SOURCES];
  double spread[3], div = 0.0;
  for (uint32_t i = 0; i < TARGETS; i++)
    classes[i] = i % 3;
  for (uint32_t i = 0; i < SOURCES; i++)
    accepted[i] = labels[0][i] == (i + 1) % 3 ? labels[0][i] : 99;
  for (uint32_t k = 0; k < 3; k++) {
    char name[16];
    uint32_t of_class = 0;
    spread[k] = naive_spread(target, classes, k, TARGETS);
    div += naive_spread(made, accepted, k, SOURCES) / spread[k] / 3.0;
    for (uint32_t i = k; i < SOURCES; i += 3)
      of_class += accepted[i] != 99;
    snprintf(name, sizeof name, "acc.%u", k);
    assert_near(value_of(got, name), of_class / (SOURCES / 3.0), 1e-9, name);
    snprintf(name, sizeof name, "pictures.%u", k);
    assert_near(value_of(got, name), SOURCES / 3, 0.0, name);
  }
  assert_near(value_of(got, "div"), div, 1e-5, "div");
  assert_near(value_of(got, "ediv"), naive_ediv(&f, translator, source, spread), 1e-5, "ediv");
  assert_near(value_of(got, "style"), naive_style(&f, source, made), 1e-4, "style");
  assert_near(value_of(got, "ink"), naive_correlation(source, made, 0), 1e-4, "ink");
  assert_near(value_of(got, "slant"), naive_correlation(source, made, 1), 1e-4, "slant");
  ck_assert_msg(right[0] > SOURCES / 3 && div > 0.08, "%u right ones of a variety of %g tell little",
                right[0], div);
  free(source), free(target), free(made), free(rebuilt), free(codes);
  xd_translator_destroy(translator);
  xd_values_destroy(got);
  xd_options_destroy(options);
  xd_pairing_release(pairing);
  close_fixture(&f);
}
END_TEST

static int count_two(void *user, const xd_progress *progress) {
  uint32_t *steps = user;
  ck_assert_uint_eq(progress->step, ++steps[0]);
  ck_assert_uint_eq(progress->steps, steps[1]);
  return 0;
}

/* Batches of 256, the last of any size. */
START_TEST(evaluate__tells_as_many_steps_as_there_are_batches) {
  static const struct {
    uint32_t sources, targets, steps; /* and up to 8 sources are varied */
  } cases[] = {{1, 257, 1 + 2 + 1}, {257, 1, 2 + 1 + 8}, {256, 6, 1 + 1 + 8}, {6, 256, 1 + 1 + 6}};
  fixture f = open_fixture();
  xd_pairing *pairing = make_pairing(f.context, "*:*");
  xd_values *got = make_values(f.context);
  for (size_t i = 0; i < COUNT_OF(cases); i++) {
    xd_evaluation_input input = XD_EVALUATION_INPUT_INIT;
    uint32_t steps[2] = {0, cases[i].steps};
    xd_dataset *source = noise_set(f.context, cases[i].sources, 1, 3),
               *target = noise_set(f.context, cases[i].targets, 2, 3);
    input.judge = f.judge, input.source = source, input.target = target, input.pairing = pairing;
    input.callback = count_two, input.user = steps;
    assert_ok(f.context, xd_evaluate(f.context, got, f.model, XD_DIRECTION_1TO2, &input, NULL));
    ck_assert_uint_eq(steps[0], cases[i].steps);
    xd_dataset_release(source), xd_dataset_release(target);
  }
  xd_values_destroy(got);
  xd_pairing_release(pairing);
  close_fixture(&f);
}
END_TEST

/* What has no variety has no share of it: the class is left out. */
START_TEST(evaluate__takes_classes_of_one_picture_many_times) {
  fixture f = open_fixture();
  xd_pairing *pairing = make_pairing(f.context, "0:0,1:1,2:2");
  xd_evaluation_input input = XD_EVALUATION_INPUT_INIT;
  double ediv[4];
  input.judge = f.judge, input.source = f.sets[0], input.pairing = pairing;
  for (uint32_t alike = 0; alike < 4; alike++) {
    xd_values *got = make_values(f.context);
    xd_dataset *target = noise_set(f.context, TARGETS, 2, alike);
    input.target = target;
    assert_ok(f.context, xd_evaluate(f.context, got, f.model, XD_DIRECTION_1TO2, &input, NULL));
    ediv[alike] = value_of(got, "ediv");
    ck_assert(isfinite(ediv[alike]) && isfinite(value_of(got, "div")));
    xd_dataset_release(target);
    xd_values_destroy(got);
  }
  /* Means of two classes, each of which is in two of them, and of all three. */
  const double without = ediv[0] + ediv[1] + ediv[2];
  ck_assert_msg(ediv[3] > 0.01 && fabs(without - 3.0 * ediv[3]) < 1e-6, "%g without a class, %g with all",
                without, 3.0 * ediv[3]);
  xd_pairing_release(pairing);
  close_fixture(&f);
}
END_TEST

START_TEST(evaluate__names_what_is_missing) {
  fixture f = open_fixture();
  xd_pairing *pairing = make_pairing(f.context, "0:1");
  xd_values *got = make_values(f.context);
  xd_evaluation_input whole = XD_EVALUATION_INPUT_INIT;
  whole.judge = f.judge, whole.source = f.sets[0], whole.target = f.sets[1], whole.pairing = pairing;
  for (int i = 0; i < 4; i++) {
    xd_evaluation_input input = whole;
    input.judge = i == 0 ? NULL : input.judge;
    input.source = i == 1 ? NULL : input.source;
    input.target = i == 2 ? NULL : input.target;
    input.pairing = i == 3 ? NULL : input.pairing;
    assert_status(xd_evaluate(f.context, got, f.model, XD_DIRECTION_1TO2, &input, NULL),
                  XD_ERROR_INVALID_ARGUMENT);
    static const char *const missing[] = {"input.judge is NULL", "input.source is NULL",
                                          "input.target is NULL", "input.pairing is NULL"};
    assert_message_names(f.context, missing[i]);
  }
  assert_status(xd_evaluate(f.context, NULL, f.model, XD_DIRECTION_1TO2, &whole, NULL),
                XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(f.context, "measures is NULL");
  assert_status(xd_evaluate(f.context, got, NULL, XD_DIRECTION_1TO2, &whole, NULL),
                XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(f.context, "model is NULL");
  assert_status(xd_evaluate(f.context, got, f.model, 0, &whole, NULL), XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(f.context, "direction 0 is neither 1 nor 2");
  assert_status(xd_evaluate(f.context, got, f.model, 3, &whole, NULL), XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(f.context, "direction 3 is neither 1 nor 2");
  assert_ok(f.context, xd_evaluate(f.context, got, f.model, XD_DIRECTION_2TO1, &whole, NULL));
  ck_assert(value_of(got, "pictures") == SOURCES / 3 && value_of(got, "real_pictures") == TARGETS / 3);
  xd_values_destroy(got);
  xd_pairing_release(pairing);
  close_fixture(&f);
}
END_TEST

/* 4,194,304 floats are read at a time: 1,024 pictures of 64x64. */
START_TEST(judge_accuracy__reads_a_set_in_pieces) {
  enum { SIZE = 64 * 64, COUNT = 1030 };
  xd_context *context = test_context("auto");
  xd_judge *judge =
      make_judge(context, "width=64 height=64 channels=1 classes=3 base_channels=1 feature_dim=2");
  uint8_t *pixels = malloc(COUNT * SIZE);
  uint32_t labels[COUNT], found[COUNT], right = 0;
  xd_dataset *set = NULL;
  double accuracy = -1.0;
  ck_assert_ptr_nonnull(pixels);
  for (size_t i = 0; i < COUNT * SIZE; i++)
    pixels[i] = (uint8_t)((i * 37 + i / SIZE * 101) % 251);
  for (uint32_t i = 0; i < COUNT; i++)
    labels[i] = i % 3;
  assert_ok(context, xd_dataset_create(&set, context, pixels, labels, COUNT, 64, 64, 1));
  float *pictures = read_pictures(context, set, COUNT);
  assert_ok(context, xd_judge_predict(judge, context, found, NULL, NULL, pictures, COUNT));
  for (uint32_t i = 0; i < COUNT; i++)
    right += found[i] == labels[i];
  assert_ok(context, xd_judge_accuracy(judge, context, &accuracy, set));
  assert_near(accuracy, (double)right / COUNT, 1e-12, "accuracy");
  xd_dataset_release(set);
  xd_judge_release(judge);
  xd_context_destroy(context);
  free(pixels), free(pictures);
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("measures");
  add_case(suite, edges__are_the_energies_of_gradient_and_laplacian);
  add_case(suite, sharpness__is_a_share_of_the_real_energy_a_picture);
  add_case(suite, strokes__are_the_moments_of_what_differs_from_the_median_of_the_edge);
  add_case(suite, strokes__are_found_in_large_and_in_faint_pictures);
  add_case(suite, strokes__of_one_row_have_no_slant);
  add_case(suite, mean_distance__takes_pictures_of_any_size_and_number);
  add_case(suite, read_back__is_ridge_regression_of_one_half_on_the_other);
  add_case(suite, components__are_as_many_as_hold_the_share);
  add_case(suite, moments__take_features_of_any_number);
  add_case(suite, evaluate__goes_on_after_a_batch);
  add_case(suite, evaluate__tells_as_many_steps_as_there_are_batches);
  add_case(suite, evaluate__takes_classes_of_one_picture_many_times);
  add_case(suite, evaluate__names_what_is_missing);
  add_case(suite, judge_accuracy__reads_a_set_in_pieces);
  return suite;
}

XD_SUITE_MAIN(make_suite)
