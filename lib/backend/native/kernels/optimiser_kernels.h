/* The optimiser's sweep and plain sums of vectors. Included after vector.h. */

INLINE void adam_vector(const xdi_adam_step *s, vf gradient, vf *first, vf *second, vf *parameter) {
  *first = multiply_add(all(s->beta1), *first, gradient * s->rest1);
  *second = multiply_add(all(s->beta2), *second, gradient * gradient * s->rest2);
  const vf scale = multiply_add(square_root(*second), all(s->inverse_root), all(s->epsilon));
  *parameter = *parameter * s->kept - *first * s->rate / scale;
}

static void adam(const xdi_adam_step *s, float *parameters, const float *gradients, float *moment1,
                 float *moment2, size_t count) {
  size_t i = 0;
  for (; i + LANES <= count; i += LANES) {
    vf first = load(moment1 + i), second = load(moment2 + i), parameter = load(parameters + i);
    adam_vector(s, load(gradients + i), &first, &second, &parameter);
    store(moment1 + i, first), store(moment2 + i, second), store(parameters + i, parameter);
  }
  if (i < count) {
    const uint32_t n = (uint32_t)(count - i);
    vf first = load_first(moment1 + i, n), second = load_first(moment2 + i, n);
    vf parameter = load_first(parameters + i, n);
    adam_vector(s, load_first(gradients + i, n), &first, &second, &parameter);
    store_first(moment1 + i, first, n), store_first(moment2 + i, second, n),
        store_first(parameters + i, parameter, n);
  }
}

/* y = alpha x + beta y; beta 0 does not read y. */
static void scale_add(float alpha, const float *x, float beta, float *y, size_t count) {
  size_t i = 0;
  for (; i + LANES <= count; i += LANES)
    store(y + i,
          beta == 0.0f ? load(x + i) * alpha : multiply_add(all(beta), load(y + i), load(x + i) * alpha));
  if (i < count) {
    const uint32_t n = (uint32_t)(count - i);
    const vf scaled = load_first(x + i, n) * alpha;
    store_first(y + i, beta == 0.0f ? scaled : multiply_add(all(beta), load_first(y + i, n), scaled), n);
  }
}

static double dot(const float *a, const float *b, size_t count) {
  double total = 0.0;
  for (size_t begin = 0; begin < count;) {
    const size_t end = count - begin > 4096 ? begin + 4096 : count;
    vf s0 = zero(), s1 = zero();
    size_t i = begin;
    for (; i + 2 * LANES <= end; i += 2 * LANES) {
      s0 = multiply_add(load(a + i), load(b + i), s0);
      s1 = multiply_add(load(a + i + LANES), load(b + i + LANES), s1);
    }
    for (; i < end; i += LANES) {
      const uint32_t n = end - i < LANES ? (uint32_t)(end - i) : LANES;
      s0 = multiply_add(load_first(a + i, n), load_first(b + i, n), s0);
    }
    total += (double)sum(s0 + s1);
    begin = end;
  }
  return total;
}
