/* Loss heads on ranges of cells, with their gradients; formulas in xdomain/sys/backend.h. Included
 * after vector_math.h. Sums are kept in float vectors for one block of cells, then in double. */

#define SUM_BLOCK 2048

/* As many ones as a vector has lanes, and more. */
static const float ones_of_vector[16] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};

/* A sum of many cells: add() for each vector, at most SUM_BLOCK cells between calls of settle(). */
typedef struct long_sum {
  vf block;
  double total;
} long_sum;

INLINE void settle(long_sum *s) {
  s->total += (double)sum(s->block);
  s->block = zero();
}

/* log v, not below -100, so that a saturated sigmoid's loss stays finite. Subnormal v are scaled up. */
INLINE vf bounded_log(vf v) {
  const vf least = all(1.17549435e-38f), up = all(16777216.0f);
  const vf scaled = where_above(least, v, v * up, v);
  const vf shift = where_above(least, v, all(16.635532333f), zero());
  return where_above(v, zero(), larger(all(-100.0f), vector_log(scaled) - shift), all(-100.0f));
}

INLINE void reconstruct_vector(const xdi_reconstruction *r, vf x, vf got, vf w, vf *da, vf *squared,
                               vf *bernoulli) {
  const vf error = got - x;
  *squared = w * error * error;
  *bernoulli = zero();
  if (r->bernoulli != 0.0f)
    *bernoulli = -w * (x * bounded_log(got) + (1.0f - x) * bounded_log(1.0f - got));
  *da = w * error * (all(r->pixel_slope) * got * (1.0f - got) + r->bernoulli_slope);
}

static void reconstruct(const xdi_reconstruction *r, const float *x, const float *x_hat, const float *window,
                        float *da, size_t count, double sums[2]) {
  long_sum squared = {zero(), 0.0}, bernoulli = {zero(), 0.0};
  for (size_t i = 0; i < count; i += LANES) {
    vf gradient, s, b;
    if (i % SUM_BLOCK == 0)
      settle(&squared), settle(&bernoulli);
    if (count - i >= LANES) {
      reconstruct_vector(r, load(x + i), load(x_hat + i), window ? load(window + i) : all(1.0f), &gradient,
                         &s, &b);
      if (da)
        store(da + i, gradient);
    } else {
      const uint32_t rest = (uint32_t)(count - i);
      const vf ones = load_first(ones_of_vector, rest), w = window ? load_first(window + i, rest) : ones;
      reconstruct_vector(r, load_first(x + i, rest), load_first(x_hat + i, rest), w, &gradient, &s, &b);
      if (da)
        store_first(da + i, gradient, rest);
    }
    squared.block += s;
    bernoulli.block += b;
  }
  settle(&squared), settle(&bernoulli);
  sums[0] += squared.total;
  sums[1] += bernoulli.total;
}

static void sample(float *z, const float *mean, const float *log_variance, const float *epsilon,
                   size_t count) {
  for (size_t i = 0; i < count; i += LANES) {
    const uint32_t n = count - i < LANES ? (uint32_t)(count - i) : LANES;
    const vf deviation = vector_exp(load_first(log_variance + i, n) * 0.5f);
    store_first(z + i, multiply_add(deviation, load_first(epsilon + i, n), load_first(mean + i, n)), n);
  }
}

/* dmean = dz + weight mean, dlv = (dz epsilon deviation + weight (variance - 1)) / 2; the KL divergence. */
static double sample_back(float *dmean, float *dlog_variance, const float *mean, const float *log_variance,
                          const float *epsilon, const float *dz, float weight, size_t count) {
  double kl = 0.0;
  for (size_t i = 0; i < count; i += LANES) {
    const uint32_t n = count - i < LANES ? (uint32_t)(count - i) : LANES;
    const vf mu = load_first(mean + i, n), lv = load_first(log_variance + i, n), d = load_first(dz + i, n);
    const vf deviation = vector_exp(lv * 0.5f), excess = deviation * deviation - 1.0f;
    store_first(dmean + i, multiply_add(all(weight), mu, d), n);
    store_first(dlog_variance + i, (d * load_first(epsilon + i, n) * deviation + excess * weight) * 0.5f, n);
    kl += (double)sum((excess + mu * mu - lv) * 0.5f);
  }
  return kl;
}

/* softplus(-sign logit), and its gradient -sign weight sigmoid(-sign logit). */
static double logistic(float *dlogits, const float *logits, float sign, float weight, size_t count) {
  double loss = 0.0;
  for (size_t i = 0; i < count; i += LANES) {
    const uint32_t n = count - i < LANES ? (uint32_t)(count - i) : LANES;
    const vf a = load_first(logits + i, n) * -sign;
    loss += (double)sum(vector_softplus(a) * load_first(ones_of_vector, n));
    if (dlogits)
      store_first(dlogits + i, vector_sigmoid(a) * (-sign * weight), n);
  }
  return loss;
}

static double squared_distance(float *da, const float *a, const float *b, float weight, size_t count) {
  long_sum loss = {zero(), 0.0};
  for (size_t i = 0; i < count; i += LANES) {
    const uint32_t n = count - i < LANES ? (uint32_t)(count - i) : LANES;
    const vf difference = load_first(a + i, n) - load_first(b + i, n);
    if (i % SUM_BLOCK == 0)
      settle(&loss);
    loss.block += difference * difference;
    if (da)
      store_first(da + i, multiply_add(all(weight), difference, load_first(da + i, n)), n);
  }
  settle(&loss);
  return loss.total;
}

/* dlogits = (softmax - target) * scale, target = rest + (1 - smoothing) at the label; returns
 * log sum exp(logits - top). Tops up with zeros, whose exponentials are taken off the sum. */
static double soften(float *dlogits, const float *logits, float top, float rest, float scale,
                     size_t classes) {
  double total = 0.0;
  for (size_t i = 0; i < classes; i += LANES) {
    const uint32_t n = classes - i < LANES ? (uint32_t)(classes - i) : LANES;
    total += (double)sum(vector_exp(load_first(logits + i, n) - top) * load_first(ones_of_vector, n));
  }
  const float inverse = (float)(1.0 / total);
  for (size_t i = 0; dlogits && i < classes; i += LANES) {
    const uint32_t n = classes - i < LANES ? (uint32_t)(classes - i) : LANES;
    const vf p = vector_exp(load_first(logits + i, n) - top) * inverse;
    store_first(dlogits + i, (p - rest) * scale, n);
  }
  return log(total);
}
