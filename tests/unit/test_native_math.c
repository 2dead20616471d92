/* The native backend's own exp, log, sigmoid, tanh and normal numbers against libm in double, on every
 * variant of its kernels. Errors are in units in the last place of the float that is right. */
#include "support.h"

#ifndef XDI_WITH_NATIVE
int main(void) {
  puts("skipped: built without the native backend");
  return 77;
}
#else
#include "native_support.h"

static bench open;

static double error_of(float got, double right) {
  const float rounded = (float)right;
  const double unit = (double)(nextafterf(fabsf(rounded), INFINITY) - fabsf(rounded));
  return fabs((double)got - right) / unit;
}

#define POINTS 40000

static float x[POINTS], y[POINTS];

static void fill_between(float least, float most) {
  for (int i = 0; i < POINTS; i++)
    x[i] = least + (most - least) * ((float)i / (POINTS - 1));
}

/* The largest error of y = f(x) over all points where f is a normal number. */
static double worst_error(double (*f)(double)) {
  double worst = 0.0;
  for (int i = 0; i < POINTS; i++) {
    const double right = f((double)x[i]);
    if (fabs(right) < 1.2e-38)
      continue;
    const double error = error_of(y[i], right);
    if (!(error <= worst))
      worst = error;
  }
  return worst;
}

static double sigmoid(double a) {
  return 1.0 / (1.0 + exp(-a));
}

static double half_exp(double a) {
  return exp(0.5 * a);
}

static double softplus(double a) {
  return fmax(a, 0.0) + log1p(exp(-fabs(a)));
}

static void check_activation(xd_activation activation, float least, float most, double (*f)(double),
                             double limit) {
  FOR_EACH_VARIANT(&open, 1) {
    fill_between(least, most);
    open.backend->kernels->activate(activation, y, x, POINTS);
    const double worst = worst_error(f);
    ck_assert_msg(worst < limit, "%s: off by %g units between %g and %g", open.detail, worst, (double)least,
                  (double)most);
  }
}

START_TEST(sigmoid__is_right_to_a_few_units) {
  check_activation(XD_ACTIVATION_SIGMOID, -87.0f, 40.0f, sigmoid, 3.0);
  check_activation(XD_ACTIVATION_SIGMOID, -1.0f, 1.0f, sigmoid, 3.0);
}
END_TEST

START_TEST(tanh__is_right_to_a_few_units) {
  check_activation(XD_ACTIVATION_TANH, -12.0f, 12.0f, tanh, 3.0);
  check_activation(XD_ACTIVATION_TANH, -0.01f, 0.01f, tanh, 3.0);
  check_activation(XD_ACTIVATION_TANH, 1e-30f, 1e-20f, tanh, 3.0);
}
END_TEST

/* sample() gives mean + exp(lv / 2) epsilon. */
START_TEST(exp__is_right_to_a_unit_or_two) {
  static float zeros[POINTS], ones[POINTS];
  for (int i = 0; i < POINTS; i++)
    ones[i] = 1.0f;
  FOR_EACH_VARIANT(&open, 1) {
    fill_between(-174.0f, 177.0f);
    open.backend->kernels->sample(y, zeros, x, ones, POINTS);
    const double worst = worst_error(half_exp);
    ck_assert_msg(worst < 2.0, "%s: off by %g units", open.detail, worst);
  }
}
END_TEST

/* log and log1p stand behind softplus, one logit at a time. */
START_TEST(softplus__is_right_to_a_few_units) {
  FOR_EACH_VARIANT(&open, 1) {
    fill_between(-80.0f, 80.0f);
    for (int i = 0; i < POINTS; i++)
      y[i] = (float)open.backend->kernels->logistic(NULL, &x[i], -1.0f, 1.0f, 1);
    const double worst = worst_error(softplus);
    ck_assert_msg(worst < 4.0, "%s: off by %g units", open.detail, worst);
  }
}
END_TEST

START_TEST(reconstruct__logarithms_are_right) {
  const xdi_reconstruction bernoulli = {1.0f, 0.0f, 1.0f};
  const float one = 1.0f;
  FOR_EACH_VARIANT(&open, 1) {
    for (float got = 1e-42f; got < 1.0f; got *= 1.37f) {
      double sums[2] = {0.0, 0.0};
      open.backend->kernels->reconstruct(&bernoulli, &one, &got, NULL, NULL, 1, sums);
      const double right = fmin(-log((double)got), 100.0);
      if (!(fabs(sums[1] - right) <= 3e-7 * fabs(right) + 1e-7))
        ck_abort_msg("%s: -log %g gives %.9g, not %.9g", open.detail, (double)got, sums[1], right);
    }
  }
}
END_TEST

START_TEST(activations__keep_infinities_and_nan) {
  const float at[] = {INFINITY, -INFINITY, NAN, 0.0f};
  float out[4];
  FOR_EACH_VARIANT(&open, 1) {
    const xdi_kernels *kernels = open.backend->kernels;
    kernels->activate(XD_ACTIVATION_SIGMOID, out, at, 4);
    ck_assert(out[0] == 1.0f && out[1] == 0.0f && isnan(out[2]) && out[3] == 0.5f);
    kernels->activate(XD_ACTIVATION_TANH, out, at, 4);
    ck_assert(out[0] == 1.0f && out[1] == -1.0f && isnan(out[2]) && out[3] == 0.0f);
    kernels->activate(XD_ACTIVATION_RELU, out, at, 4);
    ck_assert(isinf(out[0]) && out[1] == 0.0f && isnan(out[2]) && out[3] == 0.0f);
    kernels->activate(XD_ACTIVATION_LEAKY_RELU, out, at, 4);
    ck_assert(isinf(out[0]) && isinf(out[1]) && isnan(out[2]) && out[3] == 0.0f);
  }
}
END_TEST

/* The words are exactly those of base/random.h, and the normals differ by rounding alone. */
START_TEST(normals__are_those_of_the_library) {
  static float right[POINTS];
  FOR_EACH_VARIANT(&open, 1)
  for (uint64_t first = 0; first < 6; first++) {
    const uint64_t begin = first + (first > 3 ? UINT64_C(0x3FFFFFFF0) : 0); /* across 2^32 blocks */
    xdi_random_normals(right, POINTS, 7, 11, begin);
    open.backend->kernels->normals(y, POINTS, 7, 11, begin);
    for (int i = 0; i < POINTS; i++)
      if (!(fabsf(y[i] - right[i]) <= 2e-6f * (1.0f + fabsf(right[i]))))
        ck_abort_msg("%s: normal %d from %llu is %g, not %g", open.detail, i, (unsigned long long)begin,
                     (double)y[i], (double)right[i]);
  }
}
END_TEST

START_TEST(normals__have_the_moments_of_a_normal) {
  FOR_EACH_VARIANT(&open, 1) {
    double moments[4] = {0.0, 0.0, 0.0, 0.0};
    open.backend->kernels->normals(y, POINTS, 3, 5, 0);
    for (int i = 0; i < POINTS; i++)
      for (int k = 0; k < 4; k++)
        moments[k] += pow((double)y[i], k + 1) / POINTS;
    ck_assert_double_eq_tol(moments[0], 0.0, 0.02);
    ck_assert_double_eq_tol(moments[1], 1.0, 0.03);
    ck_assert_double_eq_tol(moments[2], 0.0, 0.08);
    ck_assert_double_eq_tol(moments[3], 3.0, 0.25);
  }
}
END_TEST

#if defined(__aarch64__)
START_TEST(native__takes_neon_where_it_is_always_there) {
  open_bench(&open, &xdi_native_table, 1);
  ck_assert_str_eq(open.backend->kernels->name, "NEON");
  ck_assert_str_eq(xdi_native_processor(), "NEON");
  close_bench(&open);
}
END_TEST
#endif

static Suite *make_suite(void) {
  Suite *suite = suite_create("native_math");
  add_case(suite, sigmoid__is_right_to_a_few_units);
  add_case(suite, tanh__is_right_to_a_few_units);
  add_case(suite, exp__is_right_to_a_unit_or_two);
  add_case(suite, softplus__is_right_to_a_few_units);
  add_case(suite, reconstruct__logarithms_are_right);
  add_case(suite, activations__keep_infinities_and_nan);
  add_case(suite, normals__are_those_of_the_library);
  add_case(suite, normals__have_the_moments_of_a_normal);
#if defined(__aarch64__)
  add_case(suite, native__takes_neon_where_it_is_always_there);
#endif
  return suite;
}

XD_SUITE_MAIN(make_suite)
#endif
