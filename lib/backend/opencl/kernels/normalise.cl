/* Normalisation of pictures: by groups of channels, and under a window. */

/* One group of channels of one picture for a work-group; its mean and 1 / deviation. */
typedef struct channels_of {
  size_t first; /* cell */
  uint channel, width;
  float mean, root;
} channels_of;

/* A group's cell i, of cells * width. */
size_t cell_of(const channels_of *of, uint i, uint channels) {
  return of->first + i / of->width * channels + i % of->width;
}

channels_of measure(__global const float *x, uint cells, uint channels, uint groups, float epsilon,
                    __local float2 *room) {
  const uint picture = get_group_id(0) / groups, width = channels / groups, count = cells * width;
  const uint channel = get_group_id(0) % groups * width;
  channels_of of = {(size_t)picture * cells * channels + channel, channel, width, 0.0f, 0.0f};
  float2 sum = 0.0f;
  for (uint i = get_local_id(0); i < count; i += GROUP)
    sum.x += x[cell_of(&of, i, channels)];
  of.mean = group_sum(sum, room).x / count;
  sum = 0.0f;
  for (uint i = get_local_id(0); i < count; i += GROUP) {
    const float difference = x[cell_of(&of, i, channels)] - of.mean;
    sum += (float2)(difference * difference, difference);
  }
  sum = group_sum(sum, room) / count;
  of.mean += sum.y;
  of.root = 1.0f / sqrt(sum.x - sum.y * sum.y + epsilon);
  return of;
}

KERNEL group_norm_forward(SLICE(x), SLICE(scale), SLICE(shift), SLICE(y), uint cells, uint channels, uint groups,
                          float epsilon, uint activation) {
  PLACE(x);
  PLACE(scale);
  PLACE(shift);
  PLACE(y);
  __local float2 room[GROUP];
  const channels_of of = measure(x, cells, channels, groups, epsilon, room);
  for (uint i = get_local_id(0); i < cells * of.width; i += GROUP) {
    const size_t at = cell_of(&of, i, channels);
    const uint c = of.channel + i % of.width;
    y[at] = activated(activation, scale[c] * ((x[at] - of.mean) * of.root) + shift[c]);
  }
}

/* dx, where it is wanted, and in measures[picture][group] what the next kernel needs. */
KERNEL group_norm_backward(SLICE(x), SLICE(scale), SLICE(dy), SLICE(dx), SLICE(measures), uint cells, uint channels,
                           uint groups, float epsilon, uint x_activation) {
  PLACE(x);
  PLACE(scale);
  PLACE(dy);
  PLACE(dx);
  PLACE(measures);
  __local float2 room[GROUP];
  const channels_of of = measure(x, cells, channels, groups, epsilon, room);
  const uint count = cells * of.width;
  float2 sum = 0.0f;
  if (get_local_id(0) == 0)
    vstore2((float2)(of.mean, of.root), get_group_id(0), measures);
  for (uint i = get_local_id(0); i < count; i += GROUP) {
    const size_t at = cell_of(&of, i, channels);
    const float part = scale[of.channel + i % of.width] * dy[at];
    sum += (float2)(part, part * ((x[at] - of.mean) * of.root));
  }
  sum = group_sum(sum, room) / count;
  if (!dx)
    return;
  for (uint i = get_local_id(0); i < count; i += GROUP) {
    const size_t at = cell_of(&of, i, channels);
    const float part = scale[of.channel + i % of.width] * dy[at], h = (x[at] - of.mean) * of.root;
    dx[at] = slope_at(x_activation, x[at]) * of.root * (part - sum.x - h * sum.y);
  }
}

/* The gradients of scale and shift; a work-group for each channel. */
KERNEL group_norm_gradients(SLICE(x), SLICE(dy), SLICE(measures), SLICE(dscale), SLICE(dshift), uint batch,
                            uint cells, uint channels, uint groups) {
  PLACE(x);
  PLACE(dy);
  PLACE(measures);
  PLACE(dscale);
  PLACE(dshift);
  __local float2 room[GROUP];
  const uint c = get_group_id(0), group = c / (channels / groups);
  float2 sum = 0.0f;
  for (size_t i = get_local_id(0); i < (size_t)batch * cells; i += GROUP) {
    const float2 of = vload2(i / cells * groups + group, measures);
    const float part = dy[i * channels + c];
    sum += (float2)(part * ((x[i * channels + c] - of.x) * of.y), part);
  }
  sum = group_sum(sum, room);
  if (get_local_id(0) == 0) {
    dscale[c] = sum.x;
    dshift[c] = sum.y;
  }
}

/* A work-group for each picture, of at most 4 channels; window: the rows' weights, then the columns'. */
KERNEL window_normalise(SLICE(x), SLICE(y), SLICE(window), uint height, uint width, uint channels) {
  PLACE(window);
  __local float2 room[GROUP];
  const uint cells = height * width;
  __global const float *x = x_buffer + x_offset + get_group_id(0) * cells * channels;
  __global float *y = y_buffer + y_offset + get_group_id(0) * cells * channels;
  float mean[4], variance = 0.0f;
  for (uint c = 0; c < channels; c++) {
    float2 sum = 0.0f;
    for (uint i = get_local_id(0); i < cells; i += GROUP) {
      const float weight = window[i / width] * window[height + i % width];
      sum += (float2)(weight, weight * x[i * channels + c]);
    }
    sum = group_sum(sum, room);
    mean[c] = sum.y / sum.x;
    sum = 0.0f;
    for (uint i = get_local_id(0); i < cells; i += GROUP) {
      const float weight = window[i / width] * window[height + i % width], difference = x[i * channels + c] - mean[c];
      sum += (float2)(weight, weight * difference * difference);
    }
    sum = group_sum(sum, room);
    variance += sum.y / sum.x / channels;
  }
  const float scale = 0.2f / max(sqrt(variance), 1.0f / 64.0f);
  for (uint i = get_local_id(0); i < cells * channels; i += GROUP)
    y[i] = clamp(0.5f + scale * (x[i] - mean[i % channels]), 0.0f, 1.0f);
}
