/* Loss heads. Items go over the cells with the range's size as their step; each group gives its share of the sums. */
float bounded_log(float value) {
  return value > 0.0f ? max(log(value), -100.0f) : -100.0f;
}

float softplus(float a) {
  return max(a, 0.0f) + log1p(exp(-fabs(a)));
}

KERNEL reconstruction_loss(SLICE(x), SLICE(x_hat), SLICE(window), SLICE(da), SLICE(sums), uint rows, uint size,
                           float pixel_weight, float bernoulli_weight) {
  PLACE(x);
  PLACE(x_hat);
  PLACE(window);
  PLACE(da);
  PLACE(sums);
  __local float2 room[GROUP];
  float2 sum = 0.0f;
  for (size_t i = get_global_id(0); i < (size_t)rows * size; i += get_global_size(0)) {
    const float weight = window ? window[i % size] : 1.0f, wanted = x[i], got = x_hat[i], error = got - wanted;
    sum.x += weight * error * error;
    if (bernoulli_weight != 0.0f)
      sum.y -= weight * (wanted * bounded_log(got) + (1.0f - wanted) * bounded_log(1.0f - got));
    if (da)
      da[i] = weight * error * (2.0f * pixel_weight * got * (1.0f - got) + bernoulli_weight) / rows;
  }
  give_sum(sum, room, sums);
}

KERNEL posterior_backward(SLICE(posterior), SLICE(epsilon), SLICE(dz), SLICE(dposterior), SLICE(sums), uint rows,
                          uint latent_dim, float weight) {
  PLACE(posterior);
  PLACE(epsilon);
  PLACE(dz);
  PLACE(dposterior);
  PLACE(sums);
  __local float2 room[GROUP];
  float2 sum = 0.0f;
  for (size_t i = get_global_id(0); i < (size_t)rows * latent_dim; i += get_global_size(0)) {
    const size_t at = i / latent_dim * 2 * latent_dim + i % latent_dim;
    const float mean = posterior[at], log_variance = posterior[at + latent_dim];
    const float less = expm1(log_variance), deviation = exp(0.5f * log_variance); /* less: variance - 1 */
    sum.x += 0.5f * (less - log_variance + mean * mean);
    dposterior[at] = dz[i] + weight * mean;
    dposterior[at + latent_dim] = 0.5f * (dz[i] * epsilon[i] * deviation + weight * less);
  }
  give_sum(sum, room, sums);
}

KERNEL logistic_loss(SLICE(logits), SLICE(dlogits), SLICE(sums), uint rows, float sign, float weight) {
  PLACE(logits);
  PLACE(dlogits);
  PLACE(sums);
  __local float2 room[GROUP];
  float2 sum = 0.0f;
  for (size_t row = get_global_id(0); row < rows; row += get_global_size(0)) {
    const float a = -sign * logits[row];
    sum.x += softplus(a);
    if (dlogits)
      dlogits[row] = -sign * weight * sigmoid(a);
  }
  give_sum(sum, room, sums);
}

KERNEL squared_distance(SLICE(a), SLICE(b), SLICE(da), SLICE(sums), uint rows, uint columns, uint a_stride,
                        uint b_stride, uint da_stride, float weight) {
  PLACE(a);
  PLACE(b);
  PLACE(da);
  PLACE(sums);
  __local float2 room[GROUP];
  float2 sum = 0.0f;
  for (size_t i = get_global_id(0); i < (size_t)rows * columns; i += get_global_size(0)) {
    const size_t row = i / columns, n = i % columns;
    const float difference = a[row * a_stride + n] - b[row * b_stride + n];
    sum.x += difference * difference;
    if (da)
      da[row * da_stride + n] += weight * difference;
  }
  give_sum(sum, room, sums);
}

/* The labels are words in a buffer of floats. The second sum counts the rows that are right. */
KERNEL cross_entropy(SLICE(logits), SLICE(labels), SLICE(dlogits), SLICE(sums), uint rows, uint classes,
                     float smoothing) {
  PLACE(labels);
  PLACE(sums);
  __local float2 room[GROUP];
  float2 sum = 0.0f;
  for (size_t row = get_global_id(0); row < rows; row += get_global_size(0)) {
    __global const float *logits = logits_buffer + logits_offset + row * classes;
    __global float *dlogits = dlogits_buffer + dlogits_offset + row * classes;
    const uint label = as_uint(labels[row]);
    uint largest = 0;
    float total = 0.0f;
    for (uint n = 1; n < classes; n++)
      if (logits[n] > logits[largest])
        largest = n;
    for (uint n = 0; n < classes; n++)
      total += exp(logits[n] - logits[largest]);
    sum.y += largest == label ? 1.0f : 0.0f;
    for (uint n = 0; n < classes; n++) {
      const float wanted = (n == label ? 1.0f - smoothing : 0.0f) + smoothing / classes;
      const float log_probability = logits[n] - logits[largest] - log(total);
      sum.x -= wanted * log_probability;
      if (dlogits_buffer)
        dlogits[n] = (exp(log_probability) - wanted) / rows;
    }
  }
  give_sum(sum, room, sums);
}
