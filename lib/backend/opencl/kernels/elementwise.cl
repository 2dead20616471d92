/* Kernels with an item for each cell. */
KERNEL activation_forward(SLICE(x), SLICE(y), ulong count, uint activation) {
  PLACE(x);
  PLACE(y);
  const size_t i = get_global_id(0);
  if (i < count)
    y[i] = activated(activation, x[i]);
}

KERNEL activation_backward(SLICE(y), SLICE(dy), SLICE(dx), ulong count, uint activation) {
  PLACE(y);
  PLACE(dy);
  PLACE(dx);
  const size_t i = get_global_id(0);
  if (i < count)
    dx[i] = dy[i] * slope_at(activation, activation == IDENTITY ? 0.0f : y[i]);
}

KERNEL copy_columns(SLICE(to), uint to_stride, SLICE(from), uint from_stride, uint rows, uint columns) {
  PLACE(to);
  PLACE(from);
  const size_t i = get_global_id(0), row = i / columns, column = i % columns;
  if (row < rows)
    to[row * to_stride + column] = from[row * from_stride + column];
}

KERNEL scale_add(float alpha, SLICE(x), float beta, SLICE(y), ulong count) {
  PLACE(x);
  PLACE(y);
  const size_t i = get_global_id(0);
  if (i < count)
    y[i] = alpha * x[i] + beta * y[i];
}

KERNEL add_activated(SLICE(x), SLICE(other), SLICE(y), ulong count, uint activation) {
  PLACE(x);
  PLACE(other);
  PLACE(y);
  const size_t i = get_global_id(0);
  if (i < count)
    y[i] = activated(activation, x[i] + other[i]);
}

KERNEL posterior_forward(SLICE(posterior), SLICE(epsilon), SLICE(z), uint rows, uint latent_dim) {
  PLACE(posterior);
  PLACE(epsilon);
  PLACE(z);
  const size_t i = get_global_id(0), row = i / latent_dim, mean = row * 2 * latent_dim + i % latent_dim;
  if (row < rows)
    z[i] = posterior[mean] + exp(0.5f * posterior[mean + latent_dim]) * epsilon[i];
}

/* An item for each cell of y: [batch][out_height][out_width][channels]. */
KERNEL upsample_forward(SLICE(x), SLICE(y), uint batch, uint in_height, uint in_width, uint out_height,
                        uint out_width, uint channels) {
  PLACE(x);
  PLACE(y);
  const size_t i = get_global_id(0), cell = i / channels, line = cell / out_width, picture = line / out_height;
  if (picture < batch)
    y[i] = x[((picture * in_height + line % out_height / 2) * in_width + cell % out_width / 2) * channels +
             i % channels];
}

/* An item for each cell of dx. */
KERNEL upsample_backward(SLICE(dy), SLICE(x), SLICE(dx), uint batch, uint in_height, uint in_width,
                         uint out_height, uint out_width, uint channels, uint x_activation) {
  PLACE(dy);
  PLACE(x);
  PLACE(dx);
  const size_t i = get_global_id(0), cell = i / channels, line = cell / in_width, picture = line / in_height;
  const uint top = line % in_height * 2, left = cell % in_width * 2;
  float sum = 0.0f;
  if (picture >= batch)
    return;
  for (uint oy = top; oy < top + 2 && oy < out_height; oy++)
    for (uint ox = left; ox < left + 2 && ox < out_width; ox++)
      sum += dy[((picture * out_height + oy) * out_width + ox) * channels + i % channels];
  dx[i] = x ? sum * slope_at(x_activation, x[i]) : sum;
}

/* one_less_beta: 1 - beta, kept: 1 - rate * weight decay. */
KERNEL adam(SLICE(parameters), SLICE(gradients), SLICE(moment1), SLICE(moment2), ulong count, float rate, float kept,
            float epsilon, float beta1, float beta2, float one_less_beta1, float one_less_beta2, float correction1,
            float correction2) {
  PLACE(parameters);
  PLACE(gradients);
  PLACE(moment1);
  PLACE(moment2);
  const size_t i = get_global_id(0);
  if (i >= count)
    return;
  const float gradient = gradients[i];
  const float first = beta1 * moment1[i] + one_less_beta1 * gradient;
  const float second = beta2 * moment2[i] + one_less_beta2 * gradient * gradient;
  moment1[i] = first;
  moment2[i] = second;
  parameters[i] = kept * parameters[i] - rate * (first / correction1) / (sqrt(second / correction2) + epsilon);
}
