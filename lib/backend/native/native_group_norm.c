/* Group normalisation of the native backend.
 *
 * A picture's channels are independent of each other but for their groups, so a unit of work is a picture, or where
 * there are few pictures some whole groups of one that are whole cache lines. Per unit: each channel's sum and
 * squares about its first cell, from which come the groups' means and roots; then one map of all cells. Going
 * backward the same sums are formed again, as keeping them would cost what forming them does. */
#include <math.h>

#include "backend/native/native_slots.h"
#include "backend/native/tiles.h"

/* Cells that are worth a shard, and channels of a unit that are whole lines. */
#define CELL_GRAIN 16384.0
#define LINE 16

typedef struct norm_job {
  xd_backend *backend;
  const xd_group_norm *args;
  size_t width;  /* channels of a unit */
  size_t blocks; /* units of a picture */
  uint32_t shards;
  double *sums; /* backward: [shard][2][channels] of dscale and dshift */
} norm_job;

/* A unit's scratch memory: numbers of its channels. */
typedef struct room {
  double *first, *second;
  float *about, *scale, *shift, *along;
} room;

static size_t room_floats(const norm_job *job) {
  return 8 * (job->width + LINE);
}

static room cut_room(const norm_job *job, float *scratch) {
  const size_t width = xdi_native_ceil(job->width, LINE) * LINE;
  double *doubles = (double *)(void *)scratch;
  float *floats = scratch + 4 * width;
  return (room){.first = doubles,
                .second = doubles + width,
                .about = floats,
                .scale = floats + width,
                .shift = floats + 2 * width,
                .along = floats + 3 * width};
}

static void clear(double *numbers, size_t count) {
  for (size_t i = 0; i < count; i++)
    numbers[i] = 0.0;
}

/* The mean of each channel's group in `about`, and the root 1 / deviation in `scale`. */
static void measure(const norm_job *job, const float *x, const room *at) {
  const xd_group_norm *args = job->args;
  const size_t group = args->channels / args->groups;
  const double cells = (double)args->cells;
  for (size_t c = 0; c < job->width; c++)
    at->about[c] = x[c];
  clear(at->first, job->width);
  clear(at->second, job->width);
  job->backend->kernels->channel_moments(at->first, at->second, x, at->about, args->cells, args->channels,
                                         job->width);
  for (size_t begin = 0; begin < job->width; begin += group) {
    double mean = 0.0, variance = 0.0;
    for (size_t c = begin; c < begin + group; c++) {
      at->first[c] = at->first[c] / cells; /* the channel's mean, less its first cell */
      at->second[c] = at->second[c] / cells - at->first[c] * at->first[c];
      at->first[c] += (double)at->about[c];
      mean += at->first[c] / (double)group;
    }
    for (size_t c = begin; c < begin + group; c++)
      variance += (at->second[c] + (at->first[c] - mean) * (at->first[c] - mean)) / (double)group;
    const double root = 1.0 / sqrt(fmax(variance, 0.0) + (double)args->epsilon);
    for (size_t c = begin; c < begin + group; c++) {
      at->about[c] = (float)mean;
      at->scale[c] = (float)root;
    }
  }
}

static void run_forward(const norm_job *job, size_t unit, float *scratch) {
  const xd_group_norm *args = job->args;
  const xdi_kernels *kernels = job->backend->kernels;
  const size_t picture = args->cells * args->channels, channel = unit % job->blocks * job->width;
  const size_t first = unit / job->blocks * picture + channel;
  const room at = cut_room(job, scratch);
  float *y = xdi_slice_host(args->y) + first;
  measure(job, xdi_slice_host(args->x) + first, &at);
  for (size_t c = 0; c < job->width; c++)
    at.scale[c] *= xdi_slice_host(args->scale)[channel + c];
  kernels->channel_map(y, xdi_slice_host(args->x) + first, at.about, at.scale,
                       xdi_slice_host(args->shift) + channel, xdi_slope_of(args->activation), args->cells,
                       args->channels, job->width);
  if (xdi_is_curved(args->activation))
    kernels->activate(args->activation, y, y, picture);
}

/* What the sums over dy and dy (x - mean) make of the channels: coefficients of dx, and shares of the gradients. */
static xdi_channel_map make_map(const norm_job *job, const room *at, size_t channel, double *shares) {
  const xd_group_norm *args = job->args;
  const size_t group = args->channels / args->groups;
  const double count = (double)args->cells * (double)group;
  const float *scale = xdi_slice_host(args->scale) + channel;
  for (size_t begin = 0; begin < job->width; begin += group) {
    const double root = (double)at->scale[begin];
    double across = 0.0, along = 0.0;
    for (size_t c = begin; c < begin + group; c++) {
      across += (double)scale[c] * at->first[c] / count;
      along += (double)scale[c] * at->second[c] * root / count;
      shares[channel + c] += at->second[c] * root;
      shares[args->channels + channel + c] += at->first[c];
    }
    for (size_t c = begin; c < begin + group; c++) {
      at->along[c] = (float)(-root * root * along);
      at->shift[c] = (float)(-root * across);
      at->scale[c] = (float)(root * (double)scale[c]);
    }
  }
  return (xdi_channel_map){.dy = at->scale,
                           .x = at->along,
                           .about = at->about,
                           .shift = at->shift,
                           .slope = xdi_slope_of(args->x_activation)};
}

static void run_backward(const norm_job *job, size_t unit, double *shares, float *scratch) {
  const xd_group_norm *args = job->args;
  const xdi_kernels *kernels = job->backend->kernels;
  const size_t picture = args->cells * args->channels, channel = unit % job->blocks * job->width;
  const size_t first = unit / job->blocks * picture + channel;
  const float *x = xdi_slice_host(args->x) + first, *dy = xdi_slice_host(args->dy) + first;
  const room at = cut_room(job, scratch);
  measure(job, x, &at);
  clear(at.first, job->width);
  clear(at.second, job->width);
  kernels->channel_products(at.first, at.second, dy, x, at.about, args->cells, args->channels, job->width);
  const xdi_channel_map map = make_map(job, &at, channel, shares);
  if (!args->dx.buffer)
    return;
  float *dx = xdi_slice_host(args->dx) + first;
  kernels->channel_map_back(dx, dy, x, &map, args->cells, args->channels, job->width);
  if (xdi_is_curved(args->x_activation))
    kernels->derive(args->x_activation, dx, x, dx, picture);
}

static void run_shard(void *argument, uint32_t index) {
  const norm_job *job = argument;
  const size_t units = job->args->batch * job->blocks, end = xdi_native_part(units, job->shards, index + 1);
  double *shares = job->sums ? job->sums + index * 2 * (size_t)job->args->channels : NULL;
  uint32_t slot;
  float *scratch = xdi_native_claim(job->backend, &slot);
  if (shares)
    clear(shares, 2 * (size_t)job->args->channels);
  for (size_t unit = xdi_native_part(units, job->shards, index); unit < end; unit++)
    if (shares)
      run_backward(job, unit, shares, scratch);
    else
      run_forward(job, unit, scratch);
  xdi_native_release(job->backend, slot);
}

/* The fewest channels that are whole groups and whole lines; all, where a unit must be a whole picture. */
static size_t unit_width(const xd_group_norm *args, bool whole) {
  const size_t group = args->channels / args->groups;
  size_t width = group;
  while (width % LINE != 0 && width < args->channels)
    width += group;
  return whole || args->channels % width != 0 ? args->channels : width;
}

static bool fits(const xd_group_norm *args) {
  return args->groups > 0 && args->channels % args->groups == 0;
}

static norm_job plan(xd_backend *backend, const xd_group_norm *args, xd_activation fused) {
  const double cells = (double)args->batch * args->cells * args->channels;
  norm_job job = {.backend = backend, .args = args, .width = args->channels, .blocks = 1};
  if (args->batch < XDI_MAX_SHARDS) {
    job.width = unit_width(args, xdi_is_curved(fused));
    job.blocks = args->channels / job.width;
  }
  job.shards = xdi_native_shards(cells, CELL_GRAIN, args->batch * job.blocks);
  return job;
}

xd_status xdi_native_group_norm_forward(xd_backend *backend, const xd_group_norm *args) {
  if (!fits(args))
    return XD_ERROR_INVALID_ARGUMENT;
  norm_job job = plan(backend, args, args->activation);
  const xd_status status = xdi_native_reserve(backend, 0, job.shards, room_floats(&job));
  return status == XD_OK ? xdi_native_run(backend, run_shard, &job, job.shards) : status;
}

static void add_shares(const norm_job *job, float *to, size_t first) {
  for (size_t c = 0; c < job->args->channels; c++) {
    double sum = 0.0;
    for (uint32_t shard = 0; shard < job->shards; shard++)
      sum += job->sums[shard * 2 * (size_t)job->args->channels + first + c];
    to[c] = (float)sum;
  }
}

xd_status xdi_native_group_norm_backward(xd_backend *backend, const xd_group_norm *args) {
  if (!fits(args))
    return XD_ERROR_INVALID_ARGUMENT;
  norm_job job = plan(backend, args, args->x_activation);
  const size_t sums = (size_t)job.shards * 4 * args->channels; /* in floats */
  xd_status status = xdi_native_reserve(backend, sums, job.shards, room_floats(&job));
  if (status != XD_OK)
    return status;
  job.sums = (double *)(void *)backend->shared.floats;
  status = xdi_native_run(backend, run_shard, &job, job.shards);
  if (status == XD_OK && args->dscale.buffer) {
    add_shares(&job, xdi_slice_host(args->dscale), 0);
    add_shares(&job, xdi_slice_host(args->dshift), args->channels);
  }
  return status;
}
