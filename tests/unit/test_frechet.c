/* The Frechet distance against closed forms, and the matrix routines under it. */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include "training_support.h"

#include "evaluate/frechet.h"
#include "evaluate/symmetric.h"
#include "guarded_memory.h"

/* Moments with a given mean and covariance, without samples. */
static xdi_moments moments_of(uint32_t dim, const double *mean, const double *covariance) {
  xdi_moments moments = {.dim = dim};
  moments.mean = malloc(dim * sizeof *moments.mean);
  moments.covariance = malloc((size_t)dim * dim * sizeof *moments.covariance);
  ck_assert(moments.mean && moments.covariance);
  memcpy(moments.mean, mean, dim * sizeof *mean);
  memcpy(moments.covariance, covariance, (size_t)dim * dim * sizeof *covariance);
  return moments;
}

static void free_moments(xdi_moments *moments) {
  free(moments->mean), free(moments->covariance);
}

static double distance_of(uint32_t dim, const double *mean1, const double *c1, const double *mean2,
                          const double *c2) {
  xd_context *context = test_context("reference");
  xdi_moments a = moments_of(dim, mean1, c1), b = moments_of(dim, mean2, c2);
  double distance = -1.0, turned = -1.0;
  assert_ok(context, xdi_frechet_distance(context, &distance, &a, &b));
  assert_ok(context, xdi_frechet_distance(context, &turned, &b, &a));
  assert_near(turned, distance, 1e-7, "the distance the other way round");
  free_moments(&a), free_moments(&b);
  xd_context_destroy(context);
  return distance;
}

/* A rotation in n dimensions: plane rotations one after another. */
static void make_rotation(double *q, uint32_t n) {
  memset(q, 0, (size_t)n * n * sizeof *q);
  for (uint32_t i = 0; i < n; i++)
    q[i * n + i] = 1.0;
  for (uint32_t a = 0; a < n; a++)
    for (uint32_t b = a + 1; b < n; b++) {
      const double angle = 0.3 + 0.7 * a + 0.2 * b, c = cos(angle), s = sin(angle);
      for (uint32_t k = 0; k < n; k++) {
        const double x = q[k * n + a], y = q[k * n + b];
        q[k * n + a] = c * x - s * y;
        q[k * n + b] = s * x + c * y;
      }
    }
}

/* q diag(values) q^T */
static void compose(double *out, const double *q, const double *values, uint32_t n) {
  for (uint32_t i = 0; i < n; i++)
    for (uint32_t j = 0; j < n; j++) {
      out[i * n + j] = 0.0;
      for (uint32_t k = 0; k < n; k++)
        out[i * n + j] += q[i * n + k] * values[k] * q[j * n + k];
    }
}

/* Covariances of common axes: sum (m1 - m2)^2 + (sqrt d1 - sqrt d2)^2. */
static double closed_form(uint32_t n, const double *mean1, const double *d1, const double *mean2,
                          const double *d2) {
  double sum = 0.0;
  for (uint32_t i = 0; i < n; i++)
    sum += pow(mean1[i] - mean2[i], 2) + pow(sqrt(d1[i]) - sqrt(d2[i]), 2);
  return sum;
}

START_TEST(frechet_distance__matches_diagonal_covariances) {
  const double mean1[3] = {1.0, -2.0, 0.5}, mean2[3] = {0.0, 1.0, 0.5};
  const double d1[3] = {4.0, 0.25, 9.0}, d2[3] = {1.0, 1.0, 0.0};
  const double c1[9] = {4, 0, 0, 0, 0.25, 0, 0, 0, 9}, c2[9] = {1, 0, 0, 0, 1, 0, 0, 0, 0};
  assert_near(distance_of(3, mean1, c1, mean2, c2), closed_form(3, mean1, d1, mean2, d2), 1e-9, "distance");
  assert_near(distance_of(3, mean1, c1, mean1, c1), 0.0, 1e-9, "distance to itself");
}
END_TEST

START_TEST(frechet_distance__matches_rotated_covariances) {
  enum { N = 20 };
  double q[N * N], c1[N * N], c2[N * N], d1[N], d2[N], mean1[N], mean2[N];
  for (int i = 0; i < N; i++) {
    d1[i] = 0.1 + 0.3 * i;
    d2[i] = i % 4 ? 5.0 / (1 + i) : 0.0; /* not of full rank */
    mean1[i] = 0.1 * i;
    mean2[i] = 1.0 - 0.05 * i;
  }
  make_rotation(q, N);
  compose(c1, q, d1, N);
  compose(c2, q, d2, N);
  assert_near(distance_of(N, mean1, c1, mean2, c2), closed_form(N, mean1, d1, mean2, d2), 1e-7, "distance");
}
END_TEST

/* In two dimensions Tr (C1 C2)^(1/2) = sqrt(Tr(C1 C2) + 2 sqrt(det C1 det C2)). */
START_TEST(frechet_distance__matches_covariances_of_different_axes) {
  const double mean[2] = {0.0, 0.0}, c1[4] = {2.0, 0.7, 0.7, 1.0}, c2[4] = {0.5, -0.3, -0.3, 3.0};
  const double product = 2.0 * 0.5 + 2 * 0.7 * -0.3 + 1.0 * 3.0;
  const double determinants = (2.0 - 0.49) * (1.5 - 0.09);
  const double expected = 3.0 + 3.5 - 2.0 * sqrt(product + 2.0 * sqrt(determinants));
  assert_near(distance_of(2, mean, c1, mean, c2), expected, 1e-9, "distance");
}
END_TEST

START_TEST(moments__are_the_mean_and_the_unbiased_covariance) {
  enum { COUNT = 50, DIM = 19 };
  xd_context *context = test_context_with("reference", 3, NULL);
  float *features = make_normals(COUNT * DIM, 3);
  xdi_moments moments;
  for (int n = 0; n < COUNT; n++)
    features[n * DIM + 2] = 3.0f + features[n * DIM] * 0.5f;
  assert_ok(context, xdi_moments_open(&moments, context, features, COUNT, DIM));
  for (int i = 0; i < DIM; i++) {
    double mean = 0.0;
    for (int n = 0; n < COUNT; n++)
      mean += (double)features[n * DIM + i] / COUNT;
    assert_near(moments.mean[i], mean, 1e-9, "mean");
    for (int j = 0; j < DIM; j++) {
      double sum = 0.0;
      for (int n = 0; n < COUNT; n++)
        sum += ((double)features[n * DIM + i] - moments.mean[i]) *
               ((double)features[n * DIM + j] - moments.mean[j]);
      assert_near(moments.covariance[i * DIM + j], sum / (COUNT - 1), 1e-9, "covariance");
    }
  }
  xdi_moments_close(&moments);
  assert_ok(context, xdi_moments_open(&moments, context, features, 1, DIM));
  ck_assert(moments.covariance[0] == 0.0);
  xdi_moments_close(&moments);
  assert_status(xdi_moments_open(&moments, context, features, 0, DIM), XD_ERROR_INVALID_ARGUMENT);
  free(features);
  xd_context_destroy(context);
}
END_TEST

START_TEST(frechet_distance__is_small_between_samples_of_one_distribution) {
  enum { COUNT = 4000, DIM = 128 };
  xd_context *context = test_context_with("reference", 2, NULL);
  float *features = make_normals(2 * COUNT * DIM, 4);
  xdi_moments a, b;
  double distance;
  assert_ok(context, xdi_moments_open(&a, context, features, COUNT, DIM));
  assert_ok(context, xdi_moments_open(&b, context, features + COUNT * DIM, COUNT, DIM));
  assert_ok(context, xdi_frechet_distance(context, &distance, &a, &b));
  ck_assert_msg(distance > 0.0 && distance < 4.0, "%g", distance);
  xdi_moments_close(&a), xdi_moments_close(&b);
  free(features);
  xd_context_destroy(context);
}
END_TEST

START_TEST(symmetric_eigenvalues__come_in_rising_order) {
  enum { N = 33 };
  double q[N * N], a[N * N], values[N], known[N], work[3 * N];
  for (int i = 0; i < N; i++)
    known[i] = -3.0 + 0.4 * i - (i % 5 == 0 ? 0.4 : 0.0); /* some twice */
  make_rotation(q, N);
  compose(a, q, known, N);
  xdi_symmetric_eigenvalues(values, a, N, work);
  for (int i = 0; i < N; i++)
    for (int j = i + 1; j < N; j++)
      if (known[j] < known[i]) {
        const double swapped = known[i];
        known[i] = known[j], known[j] = swapped;
      }
  for (int i = 0; i < N; i++)
    assert_near(values[i], known[i], 1e-12, "eigenvalue");
  double one[1] = {7.0}, zeros[4] = {0.0};
  xdi_symmetric_eigenvalues(values, one, 1, work);
  assert_near(values[0], 7.0, 1e-12, "the only eigenvalue");
  xdi_symmetric_eigenvalues(values, zeros, 2, work);
  ck_assert(values[0] == 0.0 && values[1] == 0.0);
  one[0] = 1e-320; /* nothing lies between it and its neighbours */
  xdi_symmetric_eigenvalues(values, one, 1, work);
  ck_assert(fabs(values[0]) < 1e-300);
}
END_TEST

/* Of each routine all memory ends where a page begins that may not be touched. */
START_TEST(symmetric__reads_no_number_past_a_matrix) {
  enum { N = 8 }; /* so that nothing is left for alignment */
  const size_t square = N * N * sizeof(double), line = N * sizeof(double);
  double q[N * N], known[N] = {8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0};
  double *a = guarded_allocate(NULL, square, 64), *factor = guarded_allocate(NULL, square, 64);
  double *values = guarded_allocate(NULL, line, 64), *work = guarded_allocate(NULL, 3 * line, 64);
  size_t rank;
  ck_assert(a && factor && values && work);
  make_rotation(q, N);
  compose(a, q, known, N);
  xdi_symmetric_eigenvalues(values, a, N, work);
  for (int i = 0; i < N; i++)
    assert_near(values[i], i + 1.0, 1e-12, "eigenvalue");
  compose(a, q, known, N);
  xdi_symmetric_factor(factor, &rank, a, N);
  ck_assert_uint_eq(rank, N);
  compose(a, q, known, N);
  xdi_symmetric_vectors(values, a, N);
  for (int i = 0; i < N; i++)
    assert_near(values[i], 8.0 - i, 1e-12, "eigenvalue");
  guarded_release(NULL, a, square, 64), guarded_release(NULL, factor, square, 64);
  guarded_release(NULL, values, line, 64), guarded_release(NULL, work, 3 * line, 64);
}
END_TEST

START_TEST(symmetric_factor__takes_matrices_of_any_rank) {
  enum { N = 12 };
  double q[N * N], a[N * N], kept[N * N], factor[N * N], values[N] = {5.0, 3.0, 2.0, 1e-3};
  size_t rank;
  make_rotation(q, N);
  compose(a, q, values, N);
  memcpy(kept, a, sizeof a);
  xdi_symmetric_factor(factor, &rank, a, N);
  ck_assert_uint_eq(rank, 4);
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++) {
      double sum = 0.0;
      for (int k = 0; k < N; k++)
        sum += factor[i * N + k] * factor[j * N + k];
      assert_near(sum, kept[i * N + j], 1e-12, "factor factor^T");
    }
  memset(a, 0, sizeof a);
  xdi_symmetric_factor(factor, &rank, a, N);
  ck_assert_uint_eq(rank, 0);
}
END_TEST

START_TEST(symmetric_vectors__are_the_axes_by_falling_value) {
  enum { N = 12 };
  double q[N * N], a[N * N], kept[N * N], values[N], known[N] = {0.5, 5.0, 3.0, 3.0, 2.0, 0.0, 0.0, 1.0};
  make_rotation(q, N);
  compose(a, q, known, N);
  memcpy(kept, a, sizeof a);
  xdi_symmetric_vectors(values, a, N);
  const double falling[N] = {5.0, 3.0, 3.0, 2.0, 1.0, 0.5};
  for (int i = 0; i < N; i++) {
    assert_near(values[i], falling[i], 1e-12, "eigenvalue");
    for (int j = 0; j < N; j++) {
      double image = 0.0, product = 0.0;
      for (int k = 0; k < N; k++) {
        image += kept[j * N + k] * a[i * N + k];
        product += a[i * N + k] * a[j * N + k];
      }
      assert_near(image, values[i] * a[i * N + j], 1e-12, "matrix times vector");
      assert_near(product, i == j && falling[i] > 0.0 ? 1.0 : 0.0, 1e-12, "product of vectors");
    }
  }
  double zeros[4] = {0.0};
  xdi_symmetric_vectors(values, zeros, 2);
  ck_assert(values[0] == 0.0 && values[1] == 0.0 && zeros[0] == 0.0);
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("frechet");
  add_case(suite, frechet_distance__matches_diagonal_covariances);
  add_case(suite, frechet_distance__matches_rotated_covariances);
  add_case(suite, frechet_distance__matches_covariances_of_different_axes);
  add_case(suite, moments__are_the_mean_and_the_unbiased_covariance);
  add_case(suite, frechet_distance__is_small_between_samples_of_one_distribution);
  add_case(suite, symmetric_eigenvalues__come_in_rising_order);
  add_case(suite, symmetric__reads_no_number_past_a_matrix);
  add_case(suite, symmetric_factor__takes_matrices_of_any_rank);
  add_case(suite, symmetric_vectors__are_the_axes_by_falling_value);
  return suite;
}

XD_SUITE_MAIN(make_suite)
