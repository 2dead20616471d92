/* exp, log, log1p, sigmoid and tanh of vectors, within a few units in the last place. Included after
 * vector.h. Range reductions are the textbook ones; the polynomials are Taylor and atanh series,
 * taken as far as their reduced range needs. NaN gives NaN. */

/* a 2^n for whole n in [-252, 254]: in two halves, as one may not fit. */
INLINE vf scale_by_power(vf a, vf n) {
#if XDI_VECTOR_BYTES == 64
  return (vf)_mm512_scalef_ps((__m512)a, (__m512)n);
#else
  const vi whole = to_int(n), half = whole >> 1;
  a *= as_float((half + 127) << 23);
  return a * as_float((whole - half + 127) << 23);
#endif
}

/* x = n ln 2 + r, |r| <= ln 2 / 2. */
INLINE vf reduce_exponent(vf x, vf *n) {
  *n = nearest(x * all(1.44269504088896341f));
  const vf r = multiply_add(*n, all(-0.693359375f), x);
  return multiply_add(*n, all(2.12194440e-4f), r);
}

/* e^r - 1 on the reduced range. */
INLINE vf reduced_exp_minus_1(vf r) {
  vf p = all(1.0f / 5040);
  p = multiply_add(p, r, all(1.0f / 720));
  p = multiply_add(p, r, all(1.0f / 120));
  p = multiply_add(p, r, all(1.0f / 24));
  p = multiply_add(p, r, all(1.0f / 6));
  p = multiply_add(p, r, all(0.5f));
  return multiply_add(p, r * r, r);
}

INLINE vf vector_exp(vf x) {
  vf n;
  x = smaller(all(89.0f), larger(all(-104.0f), x));
  const vf r = reduce_exponent(x, &n);
  return scale_by_power(reduced_exp_minus_1(r) + 1.0f, n);
}

/* atanh(s) / s from s^2; good to s = 1/3. */
INLINE vf atanh_series(vf s2) {
  vf p = all(1.0f / 17);
  p = multiply_add(p, s2, all(1.0f / 15));
  p = multiply_add(p, s2, all(1.0f / 13));
  p = multiply_add(p, s2, all(1.0f / 11));
  p = multiply_add(p, s2, all(1.0f / 9));
  p = multiply_add(p, s2, all(1.0f / 7));
  p = multiply_add(p, s2, all(1.0f / 5));
  p = multiply_add(p, s2, all(1.0f / 3));
  return multiply_add(p, s2, all(1.0f));
}

/* x > 0 and normal. x = m 2^e, m in [sqrt(1/2), sqrt 2); log m = 2 atanh((m-1)/(m+1)). */
INLINE vf vector_log(vf x) {
  const vi sqrt_half = all_int(0x3F3504F3);
  const vi offset = as_int(x) - sqrt_half;
  const vf exponent = to_float(offset >> 23);
  const vf m = as_float((offset & 0x7FFFFF) + sqrt_half);
  const vf s = (m - 1.0f) / (m + 1.0f), s2 = s * s;
  vf p = all(1.0f / 9);
  p = multiply_add(p, s2, all(1.0f / 7));
  p = multiply_add(p, s2, all(1.0f / 5));
  p = multiply_add(p, s2, all(1.0f / 3));
  const vf twice = s + s;
  const vf log_m = multiply_add(twice * s2, p, twice);
  return multiply_add(exponent, all(0.693359375f), multiply_add(exponent, all(-2.12194440e-4f), log_m));
}

/* log(1 + x) for x in [0, 1]. */
INLINE vf vector_log1p_unit(vf x) {
  const vf s = x / (x + 2.0f);
  return (s + s) * atanh_series(s * s);
}

INLINE vf absolute(vf x) {
  return as_float(as_int(x) & 0x7FFFFFFF);
}

/* log(1 + e^x). */
INLINE vf vector_softplus(vf x) {
  return larger(zero(), x) + vector_log1p_unit(vector_exp(-absolute(x)));
}

/* With e = exp(-|x|): 1 / (1 + e) above zero, e / (1 + e) below, so that small values keep their digits. */
INLINE vf vector_sigmoid(vf x) {
  const vf e = vector_exp(-absolute(x));
  return where_above(x, zero(), all(1.0f), e) / (e + 1.0f);
}

/* tanh |x| = (e^2|x| - 1) / (e^2|x| + 1), with e^t - 1 formed without cancellation. */
INLINE vf vector_tanh(vf x) {
  vf n;
  const vf t = smaller(all(40.0f), absolute(x + x));
  const vf r = reduce_exponent(t, &n);
  const vf power = as_float((to_int(n) + 127) << 23);
  const vf minus_1 = multiply_add(power, reduced_exp_minus_1(r), power - 1.0f);
  const vf value = minus_1 / (minus_1 + 2.0f);
  return as_float(as_int(value) | (as_int(x) & all_int((int32_t)0x80000000u)));
}
