/* Augmentation of training pictures: random affine maps for the VAEs (cubic, the edges continued),
 * colour and blur for their inputs; smooth bends of a mapping's sources; affine maps, shifts, flips, blur and noise for judges. A task treats a few
 * pictures of the batch, so that the pieces depend on the batch alone. */
#include "train/augment.h"

#include <math.h>
#include <string.h>

#include "base/random.h"
#include "base/runner.h"
#include "tensor/shape.h"

#define PICTURES_PER_TASK 8u
#define NUMBERS_PER_PICTURE 8u
#define BLUR_RADIUS 8
#define CURVE_STEPS 256
#define WAVES 3 /* of a bend along a side: none, half a wave and a whole one */

static const float radians_15_degrees = 0.261799388f;
static const float largest_stretch = 0.15f;
static const float largest_shift = 2.0f / 28.0f;
static const float largest_bend = 2.0f / 28.0f; /* of one pair of waves */
static const float pi = 3.14159265f;
/* Of the logarithms of gamma, contrast and gain, and of the brightness itself, at strength 1. */
static const float largest_gamma = 0.7f, largest_contrast = 0.5f, largest_gain = 0.2f,
                   largest_brightness = 0.2f;
static const float least_blur = 0.15f; /* less does not show */

typedef struct augmentation {
  void (*treat)(const struct augmentation *job, uint32_t row);
  xd_context *context;
  float *to;
  const xdi_picture_batch *batch;
  int32_t height, width, channels;
  float strength, share, elastic;
  const xdi_distortion *distortion;
  const xdi_augmentation *degradation;
  float *clean;
} augmentation;

/* The k-th of a row's `count` random numbers, in [0, 1); `other` makes them others than those of another purpose. */
static float number_of(const xdi_picture_batch *batch, uint64_t other, uint32_t row, uint32_t count,
                       uint32_t k) {
  return xdi_random_uniform(batch->seed ^ other, batch->stream, ((uint64_t)batch->first + row) * count + k);
}

/* Those of an affine map and of distortions: in [0, 1), or in [-1, 1). */
static float uniform_of(const xdi_picture_batch *batch, uint32_t row, uint32_t k) {
  return number_of(batch, 0, row, NUMBERS_PER_PICTURE, k);
}

static float signed_of(const xdi_picture_batch *batch, uint32_t row, uint32_t k) {
  return 2.0f * uniform_of(batch, row, k) - 1.0f;
}

static size_t picture_size(const augmentation *job) {
  return (size_t)job->height * (size_t)job->width * (size_t)job->channels;
}

static const uint8_t *pixels_of(const augmentation *job, uint32_t row) {
  return xd_dataset_pixels(job->batch->set, job->batch->indices[row]);
}

/* ---- Affine maps ---- */

static int32_t clamped(int32_t position, int32_t size) {
  if (position < 0)
    return 0;
  return position < size ? position : size - 1;
}

static float limited(float value, float least, float most) {
  if (value < least)
    return least;
  return value < most ? value : most;
}

/* Where in the source the pixel (x, y) of the result lies: matrix * (x, y) + offset, and where it bends, products of a
 * wave across and one down: sum of bend[of x, of y][wave down][wave across]. */
typedef struct placement {
  float xx, xy, yx, yy, x0, y0;
  bool bends;
  float bend[2][WAVES][WAVES];
} placement;

static bool is_changed(const augmentation *job, const xdi_picture_batch *numbers, uint32_t row) {
  return uniform_of(numbers, row, 6) < job->share;
}

/* The random numbers are those of `numbers`. */
static placement draw_affine(const augmentation *job, const xdi_picture_batch *numbers, uint32_t row) {
  const float strength = is_changed(job, numbers, row) ? job->strength : 0.0f;
  const float angle = strength * radians_15_degrees * signed_of(numbers, row, 0);
  const float scale_x = 1.0f + strength * largest_stretch * signed_of(numbers, row, 1);
  const float scale_y = 1.0f + strength * largest_stretch * signed_of(numbers, row, 2);
  const float shear = strength * largest_stretch * signed_of(numbers, row, 3);
  const float shift_x = strength * largest_shift * (float)job->width * signed_of(numbers, row, 4);
  const float shift_y = strength * largest_shift * (float)job->height * signed_of(numbers, row, 5);
  const float cosine = cosf(angle), sine = sinf(angle);
  placement map = {.xx = cosine * scale_x,
                   .xy = cosine * shear - sine * scale_y,
                   .yx = sine * scale_x,
                   .yy = sine * shear + cosine * scale_y};
  const float centre_x = 0.5f * (float)(job->width - 1), centre_y = 0.5f * (float)(job->height - 1);
  map.x0 = centre_x + shift_x - map.xx * centre_x - map.xy * centre_y;
  map.y0 = centre_y + shift_y - map.yx * centre_x - map.yy * centre_y;
  return map;
}

/* Smooth bends (as of Simard et al. 2003), in numbers of their own; short waves are lower than long ones. */
static void draw_bend(const augmentation *job, uint32_t row, placement *map) {
  const float sides[2] = {(float)job->width, (float)job->height};
  map->bends = true;
  for (uint32_t k = 0; k < 2 * WAVES * WAVES; k++) {
    const uint32_t axis = k / (WAVES * WAVES), down = k / WAVES % WAVES, across = k % WAVES;
    const float number = number_of(job->batch, UINT64_C(1) << 61, row, 2 * WAVES * WAVES, k);
    map->bend[axis][down][across] = down + across == 0 ? 0.0f
                                                       : job->elastic * largest_bend * sides[axis] *
                                                             (2.0f * number - 1.0f) / (float)(down + across);
  }
}

/* Each wave at a place of a side. */
static void waves_at(float waves[WAVES], int32_t place, int32_t side) {
  const float half = cosf(pi * ((float)place + 0.5f) / (float)side);
  waves[0] = 1.0f, waves[1] = half, waves[2] = 2.0f * half * half - 1.0f;
}

/* The bends along one row of pixels: what its waves across are multiplied with. */
static void bend_row(float row[2][WAVES], const placement *map, int32_t y, int32_t height) {
  float waves[WAVES];
  waves_at(waves, y, height);
  for (int32_t axis = 0; axis < 2; axis++)
    for (int32_t across = 0; across < WAVES; across++) {
      row[axis][across] = 0.0f;
      for (int32_t down = 0; down < WAVES; down++)
        row[axis][across] += map->bend[axis][down][across] * waves[down];
    }
}

static float bend_at(const float row[WAVES], const float waves[WAVES]) {
  float sum = 0.0f;
  for (int32_t k = 0; k < WAVES; k++)
    sum += row[k] * waves[k];
  return sum;
}

/* A coordinate as the four cells around it and their weights: cubic convolution (Keys 1981) with a = -1. Two
 * cells, or a softer cubic, blur: a VAE that has seen only blurred copies cannot draw sharp edges. */
typedef struct taps {
  int32_t cell[4];
  float weight[4];
} taps;

static taps split(float position, int32_t size) {
  const float inside = limited(position, 0.0f, (float)(size - 1));
  const int32_t first = (int32_t)inside;
  const float past = inside - (float)first, left = 1.0f - past;
  taps around = {.weight = {-past * left * left, 1.0f - (2.0f - past) * past * past,
                            1.0f - (2.0f - left) * left * left, -left * past * past}};
  for (int32_t k = 0; k < 4; k++)
    around.cell[k] = clamped(first + k - 1, size);
  return around;
}

/* waves: of each column, read where the picture bends. */
static void map_row(const augmentation *job, float *to, const uint8_t *from, const placement *map,
                    float (*waves)[WAVES], int32_t y) {
  const int32_t channels = job->channels, stride = job->width * channels;
  float bends[2][WAVES];
  if (map->bends)
    bend_row(bends, map, y, job->height);
  for (int32_t x = 0; x < job->width; x++) {
    float from_x = map->xx * (float)x + map->xy * (float)y + map->x0;
    float from_y = map->yx * (float)x + map->yy * (float)y + map->y0;
    if (map->bends)
      from_x += bend_at(bends[0], waves[x]), from_y += bend_at(bends[1], waves[x]);
    const taps across = split(from_x, job->width);
    const taps down = split(from_y, job->height);
    for (int32_t c = 0; c < channels; c++) {
      float sum = 0.0f;
      for (int32_t j = 0; j < 4; j++) {
        const uint8_t *line = from + down.cell[j] * stride + c;
        float row = 0.0f;
        for (int32_t i = 0; i < 4; i++)
          row += across.weight[i] * (float)line[across.cell[i] * channels];
        sum += down.weight[j] * row;
      }
      to[x * channels + c] = limited(sum * (1.0f / 255.0f), 0.0f, 1.0f);
    }
  }
}

/* Every pixel of the result is one of the source: the picture is at most shifted and flipped. */
static bool is_whole(const placement *map) {
  return !map->bends && fabsf(map->xx) == 1.0f && map->xy == 0.0f && map->yx == 0.0f && map->yy == 1.0f &&
         map->x0 == rintf(map->x0) && map->y0 == rintf(map->y0);
}

/* As map_row, of a map that is whole. */
static void shift_row(const augmentation *job, float *to, const uint8_t *from, const placement *map,
                      int32_t y) {
  const int32_t channels = job->channels, step = (int32_t)map->xx, x0 = (int32_t)map->x0;
  const uint8_t *line = from + clamped(y + (int32_t)map->y0, job->height) * job->width * channels;
  for (int32_t x = 0; x < job->width; x++) {
    const uint8_t *pixel = line + clamped(step * x + x0, job->width) * channels;
    for (int32_t c = 0; c < channels; c++)
      to[x * channels + c] = (float)pixel[c] * (1.0f / 255.0f);
  }
}

static void map_picture(const augmentation *job, uint32_t row, const placement *map) {
  const uint8_t *from = pixels_of(job, row);
  const bool whole = is_whole(map);
  float *to = job->to + row * picture_size(job);
  float waves[XDI_SIDE_MAX][WAVES];
  for (int32_t x = 0; map->bends && x < job->width; x++)
    waves_at(waves[x], x, job->width);
  for (int32_t y = 0; y < job->height; y++) {
    float *line = to + (size_t)y * (size_t)(job->width * job->channels);
    if (whole)
      shift_row(job, line, from, map, y);
    else
      map_row(job, line, from, map, waves, y);
  }
}

static void augment_picture(const augmentation *job, uint32_t row) {
  placement map = draw_affine(job, job->batch, row);
  if (job->elastic > 0.0f && is_changed(job, job->batch, row))
    draw_bend(job, row, &map);
  map_picture(job, row, &map);
}

/* ---- Distortions ---- */

static float whole_shift(const augmentation *job, uint32_t row, uint32_t k) {
  const int32_t shift = (int32_t)job->distortion->shift;
  return (float)((int32_t)(uniform_of(job->batch, row, k) * (float)(2 * shift + 1)) - shift);
}

/* A random affine map, from numbers of its own, of what is shifted by whole pixels and flipped. */
static placement draw_distortion(const augmentation *job, uint32_t row) {
  xdi_picture_batch numbers = *job->batch;
  numbers.seed ^= UINT64_C(1) << 62;
  placement map = draw_affine(job, &numbers, row);
  map.x0 += whole_shift(job, row, 0);
  map.y0 += whole_shift(job, row, 1);
  if (job->distortion->flip && uniform_of(job->batch, row, 2) < 0.5f) {
    map.xx = -map.xx;
    map.xy = -map.xy;
    map.x0 = (float)(job->width - 1) - map.x0;
  }
  return map;
}

/* A Gaussian of that deviation, cut at `radius`. */
typedef struct blur_kernel {
  int32_t radius;
  float taps[2 * BLUR_RADIUS + 1];
} blur_kernel;

static blur_kernel make_kernel(float deviation, int32_t radius) {
  blur_kernel kernel = {.radius = radius};
  float sum = 0.0f;
  for (int32_t k = -radius; k <= radius; k++) {
    kernel.taps[k + radius] = expf(-0.5f * (float)(k * k) / (deviation * deviation));
    sum += kernel.taps[k + radius];
  }
  for (int32_t k = 0; k <= 2 * radius; k++)
    kernel.taps[k] /= sum;
  return kernel;
}

/* Blurs one line of `size` cells that are `stride` floats apart, in place. */
static void blur_line(float *line, int32_t size, int32_t stride, const blur_kernel *kernel) {
  float copy[XDI_SIDE_MAX + 2 * BLUR_RADIUS];
  const int32_t radius = kernel->radius;
  for (int32_t i = -radius; i < size + radius; i++)
    copy[i + radius] = line[(size_t)clamped(i, size) * (size_t)stride];
  for (int32_t i = 0; i < size; i++) {
    float sum = 0.0f;
    for (int32_t k = 0; k <= 2 * radius; k++)
      sum += kernel->taps[k] * copy[i + k];
    line[(size_t)i * (size_t)stride] = sum;
  }
}

static void blur_picture(const augmentation *job, float *picture, const blur_kernel *kernel) {
  const int32_t channels = job->channels, stride = job->width * channels;
  for (int32_t y = 0; y < job->height; y++)
    for (int32_t c = 0; c < channels; c++)
      blur_line(picture + (size_t)y * (size_t)stride + c, job->width, channels, kernel);
  for (int32_t x = 0; x < stride; x++)
    blur_line(picture + x, job->height, stride, kernel);
}

/* Noise of its own stream: the rows' other numbers are few. */
static void add_noise(const augmentation *job, uint32_t row, float *picture) {
  const size_t size = picture_size(job);
  const float deviation = 0.1f * job->distortion->blur * uniform_of(job->batch, row, 5);
  const uint64_t seed = job->batch->seed ^ (UINT64_C(1) << 63);
  float noise[256];
  for (size_t begin = 0; begin < size; begin += 256) {
    const size_t part = size - begin < 256 ? size - begin : 256;
    xdi_random_normals(noise, part, seed, job->batch->stream,
                       ((uint64_t)job->batch->first + row) * size + begin);
    for (size_t i = 0; i < part; i++)
      picture[begin + i] = limited(picture[begin + i] + deviation * noise[i], 0.0f, 1.0f);
  }
}

static void distort_picture(const augmentation *job, uint32_t row) {
  float *to = job->to + row * picture_size(job);
  const placement map = draw_distortion(job, row);
  map_picture(job, row, &map);
  if (job->distortion->blur > 0.0f && uniform_of(job->batch, row, 3) < 0.5f) {
    const float deviation = fmaxf(job->distortion->blur * uniform_of(job->batch, row, 4), 1e-3f);
    const blur_kernel kernel = make_kernel(deviation, BLUR_RADIUS);
    blur_picture(job, to, &kernel);
    add_noise(job, row, to);
  }
}

/* ---- Degradations ---- */

/* The k-th random number of a row's degradation, in [0, 1): none of those of its affine map. */
static float degradation_of(const augmentation *job, uint32_t row, uint32_t k) {
  return number_of(job->batch, UINT64_C(1) << 62, row, NUMBERS_PER_PICTURE, k);
}

/* A tone curve at steps of brightness: gain * v^gamma, then contrast about the middle and brightness. */
static void make_curve(float curve[CURVE_STEPS + 1], const augmentation *job, uint32_t row,
                       uint32_t channel) {
  const float strength = job->degradation->colour;
  const float gamma = expf(strength * largest_gamma * (2.0f * degradation_of(job, row, 0) - 1.0f));
  const float contrast = expf(strength * largest_contrast * (2.0f * degradation_of(job, row, 1) - 1.0f));
  const float brightness = strength * largest_brightness * (2.0f * degradation_of(job, row, 2) - 1.0f);
  const float gain = expf(strength * largest_gain * (2.0f * degradation_of(job, row, 3 + channel) - 1.0f));
  for (int32_t i = 0; i <= CURVE_STEPS; i++) {
    const float value = gain * powf((float)i / CURVE_STEPS, gamma);
    curve[i] = limited(0.5f + contrast * (value - 0.5f) + brightness, 0.0f, 1.0f);
  }
}

static void colour_picture(const augmentation *job, uint32_t row, float *picture) {
  float curves[XDI_CHANNELS_MAX][CURVE_STEPS + 1];
  const size_t size = picture_size(job), channels = (size_t)job->channels;
  for (uint32_t c = 0; c < channels; c++)
    make_curve(curves[c], job, row, c);
  for (size_t i = 0; i < size; i++) {
    const float *curve = curves[i % channels], place = picture[i] * CURVE_STEPS;
    const int32_t step = place < CURVE_STEPS - 1 ? (int32_t)place : CURVE_STEPS - 1;
    const float share = place - (float)step;
    picture[i] = (1.0f - share) * curve[step] + share * curve[step + 1];
  }
}

static void degrade_picture(const augmentation *job, uint32_t row) {
  const size_t size = picture_size(job);
  const float side = (float)(job->width > job->height ? job->width : job->height);
  const float blur = job->degradation->blur * degradation_of(job, row, 6) * side / 28.0f;
  float *picture = job->to + row * size;
  if (job->clean)
    memcpy(job->clean + row * size, picture, size * sizeof *picture);
  if (job->degradation->colour > 0.0f)
    colour_picture(job, row, picture);
  if (blur > least_blur) {
    const blur_kernel kernel = make_kernel(blur, (int32_t)fminf(ceilf(3.0f * blur), BLUR_RADIUS));
    blur_picture(job, picture, &kernel);
  }
}

/* ---- The batch ---- */

static void treat_pictures(void *argument, uint32_t index) {
  const augmentation *job = argument;
  const uint32_t first = index * PICTURES_PER_TASK;
  for (uint32_t row = first; row < first + PICTURES_PER_TASK && row < job->batch->count; row++)
    job->treat(job, row);
}

static xd_status run(augmentation *job) {
  const xdi_picture_batch *batch = job->batch;
  job->height = (int32_t)xd_dataset_height(batch->set);
  job->width = (int32_t)xd_dataset_width(batch->set);
  job->channels = (int32_t)xd_dataset_channels(batch->set);
  const uint32_t tasks = (batch->count + PICTURES_PER_TASK - 1) / PICTURES_PER_TASK;
  if (xdi_run(&job->context->runner, treat_pictures, job, tasks) != 0)
    return xdi_fail(job->context, XD_ERROR_INTERNAL,
                    "the thread runner failed while pictures were augmented");
  return XD_OK;
}

static xd_status map_pictures(xd_context *context, float *to, const xdi_picture_batch *batch,
                              const xdi_augmentation *strengths) {
  const bool maps = strengths->affine > 0.0f || strengths->elastic > 0.0f;
  if (!maps || strengths->unchanged >= 1.0f)
    return xd_dataset_read(batch->set, context, to, batch->indices, batch->count);
  return run(&(augmentation){.treat = augment_picture,
                             .context = context,
                             .to = to,
                             .batch = batch,
                             .strength = strengths->affine,
                             .share = 1.0f - strengths->unchanged,
                             .elastic = strengths->elastic});
}

xd_status xdi_augment(xd_context *context, float *to, float *clean, const xdi_picture_batch *batch,
                      const xdi_augmentation *strengths) {
  augmentation job = {.treat = degrade_picture,
                      .context = context,
                      .to = to,
                      .batch = batch,
                      .degradation = strengths,
                      .clean = clean};
  const xd_status status = map_pictures(context, to, batch, strengths);
  if (status != XD_OK || (!clean && !xdi_augmentation_degrades(strengths)))
    return status;
  return run(&job);
}

xd_status xdi_augment_distort(xd_context *context, float *to, const xdi_picture_batch *batch,
                              const xdi_distortion *distortion) {
  return run(&(augmentation){.treat = distort_picture,
                             .context = context,
                             .to = to,
                             .batch = batch,
                             .strength = distortion->affine,
                             .share = 1.0f,
                             .distortion = distortion});
}
