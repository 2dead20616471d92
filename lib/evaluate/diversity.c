/* Pairwise distances of pictures: the quadratic part of an evaluation, so that its inner loop is laid out for
 * vector units: sixteen sums side by side, widened to double before they lose digits. */
#include "evaluate/diversity.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/runner.h"

#define LANES 16
#define RUN 1024 /* floats between widenings; a multiple of LANES */

typedef struct distance_job {
  const float *pictures;
  uint32_t count;
  size_t size;
  double *sums; /* of each task */
} distance_job;

static double squared_run(const float *left, const float *right, size_t count) {
  float lanes[LANES] = {0.0f};
  double sum = 0.0;
  size_t i = 0;
  for (; i + LANES <= count; i += LANES)
    for (size_t k = 0; k < LANES; k++) {
      const float apart = left[i + k] - right[i + k];
      lanes[k] += apart * apart;
    }
  for (size_t k = 0; k < LANES; k++)
    sum += (double)lanes[k];
  for (; i < count; i++)
    sum += (double)(left[i] - right[i]) * (double)(left[i] - right[i]);
  return sum;
}

static double distance(const float *left, const float *right, size_t size) {
  double sum = 0.0;
  for (size_t begin = 0; begin < size; begin += RUN)
    sum += squared_run(left + begin, right + begin, size - begin < RUN ? size - begin : RUN);
  return sqrt(sum);
}

/* Picture `index` against all that follow it. */
static double distances_from(const distance_job *job, uint32_t index) {
  double sum = 0.0;
  for (uint32_t other = index + 1; other < job->count; other++)
    sum += distance(job->pictures + index * job->size, job->pictures + other * job->size, job->size);
  return sum;
}

/* One picture from the start and one from the end: all tasks have the same work. */
static void add_distances(void *argument, uint32_t task) {
  const distance_job *job = argument;
  const uint32_t mirrored = job->count - 1 - task;
  job->sums[task] = distances_from(job, task) + (mirrored != task ? distances_from(job, mirrored) : 0.0);
}

xd_status xdi_mean_distance(xd_context *context, double *out, const float *pictures, uint32_t count,
                            size_t size) {
  *out = 0.0;
  if (count < 2)
    return XD_OK;
  const uint32_t tasks = (count + 1) / 2;
  distance_job job = {pictures, count, size, xdi_allocate(&context->allocator, tasks, sizeof *job.sums)};
  double sum = 0.0;
  if (!job.sums)
    return xdi_fail_memory(context, "measuring distances");
  const int failed = xdi_run(&context->runner, add_distances, &job, tasks);
  for (uint32_t task = 0; !failed && task < tasks; task++)
    sum += job.sums[task];
  xdi_release(&context->allocator, job.sums);
  if (failed)
    return xdi_fail(context, XD_ERROR_INTERNAL, "the thread runner failed while distances were measured");
  *out = sum / (0.5 * count * (count - 1.0));
  return XD_OK;
}

/* ---- The gallery ---- */

xd_status xdi_gallery_open(xdi_gallery *gallery, xd_context *context, uint32_t classes, uint32_t limit,
                           size_t size) {
  *gallery = (xdi_gallery){.allocator = context->allocator, .classes = classes, .limit = limit, .size = size};
  gallery->count = xdi_allocate_zeroed(&context->allocator, classes, sizeof *gallery->count);
  gallery->pictures = xdi_allocate_zeroed(&context->allocator, classes, sizeof *gallery->pictures);
  return gallery->count && gallery->pictures ? XD_OK : xdi_fail_memory(context, "keeping pictures");
}

void xdi_gallery_close(xdi_gallery *gallery) {
  for (uint32_t class = 0; gallery->pictures && class < gallery->classes; class ++)
    xdi_release(&gallery->allocator, gallery->pictures[class]);
  xdi_release(&gallery->allocator, gallery->pictures);
  xdi_release(&gallery->allocator, gallery->count);
  gallery->pictures = NULL;
  gallery->count = NULL;
}

/* Room for one more picture of a class: twice as much whenever it is full, since a class may have far fewer than the
 * limit. */
static xd_status make_room(xdi_gallery *gallery, xd_context *context, uint32_t class) {
  const uint32_t count = gallery->count[class];
  uint32_t room = count ? 2 * count : 1;
  size_t floats;
  if (count & (count - 1))
    return XD_OK; /* rooms are powers of two, and this one is not full */
  room = room < gallery->limit ? room : gallery->limit;
  float *pictures = xdi_multiply(gallery->size, sizeof *pictures, &floats)
                        ? xdi_allocate(&gallery->allocator, room, floats)
                        : NULL;
  if (!pictures)
    return xdi_fail_memory(context, "keeping pictures");
  if (count > 0)
    memcpy(pictures, gallery->pictures[class], count * floats);
  xdi_release(&gallery->allocator, gallery->pictures[class]);
  gallery->pictures[class] = pictures;
  return XD_OK;
}

xd_status xdi_gallery_add(xdi_gallery *gallery, xd_context *context, uint32_t class, const float *picture) {
  if (class >= gallery->classes || gallery->count[class] >= gallery->limit)
    return XD_OK;
  const xd_status status = make_room(gallery, context, class);
  if (status == XD_OK)
    memcpy(gallery->pictures[class] + gallery->count[class]++ * gallery->size, picture,
           gallery->size * sizeof *picture);
  return status;
}
