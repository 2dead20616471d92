/* What all kernels share. The program is these files one behind the other, common.cl first; it is OpenCL C 1.2.
 * Every work-group has GROUP items in one row, and ranges are rounded up to whole groups. A slice comes as a
 * buffer and an offset, an absent one as NULL and 0. Sums are added in an order of the shape alone. */
#define GROUP 64

#define KERNEL __kernel __attribute__((reqd_work_group_size(GROUP, 1, 1))) void
#define SLICE(name) __global float *name##_buffer, ulong name##_offset
#define PLACE(name) __global float *const name = name##_buffer + name##_offset

/* The numbers of xd_activation. */
enum { IDENTITY, RELU, LEAKY_RELU, SIGMOID, TANH };

float sigmoid(float a) {
  const float power = exp(-fabs(a));
  return (a >= 0.0f ? 1.0f : power) / (1.0f + power);
}

float activated(uint activation, float a) {
  switch (activation) {
  case RELU:
    return a > 0.0f ? a : 0.0f;
  case LEAKY_RELU:
    return a > 0.0f ? a : 0.2f * a;
  case SIGMOID:
    return sigmoid(a);
  case TANH:
    return tanh(a);
  default:
    return a;
  }
}

float slope_at(uint activation, float y) {
  switch (activation) {
  case RELU:
    return y > 0.0f ? 1.0f : 0.0f;
  case LEAKY_RELU:
    return y > 0.0f ? 1.0f : 0.2f;
  case SIGMOID:
    return y * (1.0f - y);
  case TANH:
    return 1.0f - y * y;
  default:
    return 1.0f;
  }
}

/* What becomes of a layer's sum: forward the bias and the activation, backward the slope at x. */
float finished(float sum, size_t cell, uint column, __global const float *bias, __global const float *x,
               uint activation) {
  if (x)
    return sum * slope_at(activation, x[cell]);
  return activated(activation, bias ? sum + bias[column] : sum);
}

/* The sum over the work-group, the same for each item. All of them call. */
float2 group_sum(float2 sum, __local float2 *room) {
  const uint item = get_local_id(0);
  barrier(CLK_LOCAL_MEM_FENCE); /* what the last call gave has been read */
  room[item] = sum;
  for (uint reach = GROUP / 2; reach > 0; reach /= 2) {
    barrier(CLK_LOCAL_MEM_FENCE);
    if (item < reach)
      room[item] += room[item + reach];
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  return room[0];
}

/* A group's share of two numbers that the host adds up. */
void give_sum(float2 sum, __local float2 *room, __global float *sums) {
  const float2 whole = group_sum(sum, room);
  if (get_local_id(0) == 0)
    vstore2(whole, get_group_id(0), sums);
}
