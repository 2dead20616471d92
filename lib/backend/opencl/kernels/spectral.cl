/* The parts of spectral normalisation. */

/* to[i] = the sum over k < depth of a[i * a_row + k * a_step] b[k]; a group for each i. */
KERNEL dots(SLICE(a), ulong a_row, ulong a_step, SLICE(b), SLICE(to), ulong depth) {
  PLACE(a);
  PLACE(b);
  PLACE(to);
  __local float2 room[GROUP];
  const size_t i = get_group_id(0);
  float2 sum = 0.0f;
  for (size_t k = get_local_id(0); k < depth; k += GROUP)
    sum.x += a[i * a_row + k * a_step] * b[k];
  sum = group_sum(sum, room);
  if (get_local_id(0) == 0)
    to[i] = sum.x;
}

/* One group. A vector shorter than 1e-12 is left as short as it is. */
KERNEL normalise(SLICE(vector), uint count) {
  PLACE(vector);
  __local float2 room[GROUP];
  float2 sum = 0.0f;
  for (uint n = get_local_id(0); n < count; n += GROUP)
    sum.x += vector[n] * vector[n];
  const float length = max(sqrt(group_sum(sum, room).x), 1e-12f);
  for (uint n = get_local_id(0); n < count; n += GROUP)
    vector[n] /= length;
}

/* gradients = (gradients - *along / sigma u v^T) / sigma. */
KERNEL spectral_backward(SLICE(gradients), SLICE(u), SLICE(v), SLICE(along), uint rows, uint columns, float sigma) {
  PLACE(gradients);
  PLACE(u);
  PLACE(v);
  PLACE(along);
  const size_t i = get_global_id(0), row = i / columns;
  if (row < rows)
    gradients[i] = (gradients[i] - *along / sigma * u[row] * v[i % columns]) / sigma;
}
