/* Activations of vectors, forward and backward. Included after vector_math.h. */

INLINE vf activate_vector(xd_activation activation, vf v) {
  switch (activation) {
  case XD_ACTIVATION_RELU:
    return larger(zero(), v);
  case XD_ACTIVATION_LEAKY_RELU:
    return larger(v * 0.2f, v);
  case XD_ACTIVATION_SIGMOID:
    return vector_sigmoid(v);
  case XD_ACTIVATION_TANH:
    return vector_tanh(v);
  case XD_ACTIVATION_IDENTITY:
  default:
    return v;
  }
}

INLINE vf derive_vector(xd_activation activation, vf y, vf dy) {
  switch (activation) {
  case XD_ACTIVATION_RELU:
    return where_above(y, zero(), dy, zero());
  case XD_ACTIVATION_LEAKY_RELU:
    return where_above(y, zero(), dy, dy * 0.2f);
  case XD_ACTIVATION_SIGMOID:
    return dy * y * (1.0f - y);
  case XD_ACTIVATION_TANH:
    return dy * (1.0f - y * y);
  case XD_ACTIVATION_IDENTITY:
  default:
    return dy;
  }
}

INLINE void activate_all(const xd_activation activation, float *y, const float *x, size_t count) {
  size_t i = 0;
  for (; i + LANES <= count; i += LANES)
    store(y + i, activate_vector(activation, load(x + i)));
  if (i < count) {
    const uint32_t rest = (uint32_t)(count - i);
    store_first(y + i, activate_vector(activation, load_first(x + i, rest)), rest);
  }
}

INLINE void derive_all(const xd_activation activation, float *dx, const float *y, const float *dy,
                       size_t count) {
  size_t i = 0;
  for (; i + LANES <= count; i += LANES)
    store(dx + i, derive_vector(activation, load(y + i), load(dy + i)));
  if (i < count) {
    const uint32_t rest = (uint32_t)(count - i);
    store_first(dx + i, derive_vector(activation, load_first(y + i, rest), load_first(dy + i, rest)), rest);
  }
}

/* One loop for each activation. */
#define FOR_EACH_ACTIVATION(loop, ...) \
  switch (activation) { \
  case XD_ACTIVATION_RELU: \
    loop(XD_ACTIVATION_RELU, __VA_ARGS__); \
    return; \
  case XD_ACTIVATION_LEAKY_RELU: \
    loop(XD_ACTIVATION_LEAKY_RELU, __VA_ARGS__); \
    return; \
  case XD_ACTIVATION_SIGMOID: \
    loop(XD_ACTIVATION_SIGMOID, __VA_ARGS__); \
    return; \
  case XD_ACTIVATION_TANH: \
    loop(XD_ACTIVATION_TANH, __VA_ARGS__); \
    return; \
  case XD_ACTIVATION_IDENTITY: \
  default: \
    loop(XD_ACTIVATION_IDENTITY, __VA_ARGS__); \
  }

static void activate(xd_activation activation, float *y, const float *x, size_t count) {
  FOR_EACH_ACTIVATION(activate_all, y, x, count)
}

static void derive(xd_activation activation, float *dx, const float *y, const float *dy, size_t count) {
  FOR_EACH_ACTIVATION(derive_all, dx, y, dy, count)
}
