/* Light is what a flat window takes from a picture (layer/window_normalise.h): the mean of each channel, and the
 * contrast. A code that has to tell it has less room for what it falls on, and a mapping reads classes from the code: so
 * it is taken where most of the pixels' variance is light, no class can be told by it, and nothing will be drawn in it
 * again. Of the photographs of house numbers (SVHN) it is .65 of the pixels' variance, and no part of it lies between
 * classes; of letters, clothes, emoji and digits it is .03 to .2, a third of that and more between classes. */
#include "train/light.h"

#include <math.h>

#include "base/memory.h"
#include "base/seeds.h"
#include "data/dataset.h"
#include "layer/window_normalise.h"
#include "tensor/shape.h"

#define SAMPLE 4096u
#define DIRECTIONS (XDI_CHANNELS_MAX + 1) /* the channels' means, and the contrast */
#define FLAT_WINDOW XDI_WINDOW_MAX        /* all pixels count alike */

static const double most_of_classes = 0.1;
/* Of pictures that are more than light: the window's own floor. */
static const double least_contrast = 1.0 / 64.0;
/* Of a direction's squares, and of a byte's, so that it is not one of those before it again. */
static const double least_apart = 1e-6;

/* ---- Measuring ---- */

typedef struct sample {
  uint32_t count, channels;
  size_t size;      /* values of a picture */
  uint32_t *labels; /* [count] */
  double *light;    /* [DIRECTIONS][count] */
  uint32_t *pixels; /* [size]: bytes summed over the pictures */
  double squares;   /* of all bytes */
} sample;

static xd_status open_sample(sample *s, xd_context *context, const xd_dataset *set) {
  const uint32_t all = xd_dataset_count(set);
  *s = (sample){.count = all < SAMPLE ? all : SAMPLE,
                .channels = xd_dataset_channels(set),
                .size = xdi_cells(xdi_set_shape(set))};
  s->labels = xdi_allocate(&context->allocator, s->count, sizeof *s->labels);
  s->light = xdi_allocate(&context->allocator, (size_t)s->count * DIRECTIONS, sizeof *s->light);
  s->pixels = xdi_allocate_zeroed(&context->allocator, s->size, sizeof *s->pixels);
  return s->labels && s->light && s->pixels ? XD_OK : xdi_fail_memory(context, "measuring pictures' light");
}

static void close_sample(sample *s, xd_context *context) {
  xdi_release(&context->allocator, s->labels);
  xdi_release(&context->allocator, s->light);
  xdi_release(&context->allocator, s->pixels);
}

/* Whole numbers, so that no order of sums matters. */
static void add_picture(sample *s, uint32_t row, const uint8_t *pixels) {
  const double cells = (double)(s->size / s->channels);
  uint64_t sums[XDI_CHANNELS_MAX] = {0}, squares = 0;
  double variance = 0.0;
  for (size_t i = 0; i < s->size; i++) {
    s->pixels[i] += pixels[i];
    squares += (uint32_t)pixels[i] * pixels[i];
  }
  for (uint32_t c = 0; c < s->channels; c++) {
    for (size_t i = c; i < s->size; i += s->channels)
      sums[c] += pixels[i];
    const double mean = (double)sums[c] / cells;
    s->light[c * s->count + row] = mean;
    variance -= mean * mean / s->channels;
  }
  variance += (double)squares / (double)s->size;
  s->light[s->channels * s->count + row] = sqrt(fmax(variance, 0.0));
  s->squares += (double)squares;
}

/* One of each of as many equal parts of the set, so that no order of its classes matters. */
static void draw_sample(sample *s, const xd_dataset *set) {
  const uint64_t all = xd_dataset_count(set), stream = xdi_stream_id(XDI_STREAM_SUBSET, 0);
  for (uint32_t i = 0; i < s->count; i++) {
    const uint32_t begin = (uint32_t)(i * all / s->count), end = (uint32_t)((i + 1) * all / s->count);
    const uint32_t index = begin + xdi_random_below(0, stream, i, end - begin);
    s->labels[i] = xd_dataset_label(set, index);
    add_picture(s, i, xd_dataset_pixels(set, index));
  }
}

static double dot(const double *a, const double *b, uint32_t count) {
  double sum = 0.0;
  for (uint32_t i = 0; i < count; i++)
    sum += a[i] * b[i];
  return sum;
}

/* Takes the mean from a row of numbers, and returns it. */
static double centre(double *row, uint32_t count) {
  double mean = 0.0;
  for (uint32_t i = 0; i < count; i++)
    mean += row[i] / count;
  for (uint32_t i = 0; i < count; i++)
    row[i] -= mean;
  return mean;
}

/* The share of a centred row's squares that lies between classes. */
static double share_between(const sample *s, const double *row) {
  double sums[XD_CLASS_LIMIT] = {0.0}, between = 0.0;
  uint32_t counts[XD_CLASS_LIMIT] = {0};
  for (uint32_t i = 0; i < s->count; i++) {
    sums[s->labels[i]] += row[i];
    counts[s->labels[i]]++;
  }
  for (uint32_t label = 0; label < XD_CLASS_LIMIT; label++)
    between += counts[label] ? sums[label] * sums[label] / counts[label] : 0.0;
  return between / dot(row, row, s->count);
}

static bool has_two_classes(const sample *s) {
  for (uint32_t i = 1; i < s->count; i++)
    if (s->labels[i] != s->labels[0])
      return true;
  return false;
}

/* Of the directions, made independent of one another (Gram and Schmidt): what the classes differ in may be a hue, which
 * is none of the channels' own. */
static double told_of_classes(sample *s) {
  double told = 0.0;
  for (uint32_t k = 0; k <= s->channels; k++) {
    double *row = s->light + k * s->count;
    const double whole = dot(row, row, s->count);
    for (uint32_t other = 0; other < k; other++) {
      const double *before = s->light + other * s->count, square = dot(before, before, s->count);
      const double part = square > 0.0 ? dot(row, before, s->count) / square : 0.0;
      for (uint32_t i = 0; i < s->count; i++)
        row[i] -= part * before[i];
    }
    const bool apart = dot(row, row, s->count) > least_apart * (whole + s->count);
    for (uint32_t i = 0; i < s->count && !apart; i++)
      row[i] = 0.0;
    told += apart ? share_between(s, row) : 0.0;
  }
  return told;
}

static xdi_light conclude(sample *s) {
  xdi_light light = {.classes = 1.0};
  double pixels = s->squares / s->count;
  for (size_t i = 0; i < s->size; i++)
    pixels -= (double)s->pixels[i] / s->count * s->pixels[i] / s->count;
  for (uint32_t k = 0; k <= s->channels; k++) {
    double *row = s->light + k * s->count;
    const double mean = centre(row, s->count);
    if (k < s->channels)
      light.share += dot(row, row, s->count) / s->count / s->channels;
    else
      light.contrast = mean / 255.0;
  }
  pixels /= (double)s->size;
  light.share = pixels > 0.0 ? fmin(light.share / pixels, 1.0) : 0.0;
  if (has_two_classes(s))
    light.classes = told_of_classes(s);
  return light;
}

xd_status xdi_measure_light(xdi_light *light, xd_context *context, const xd_dataset *set) {
  sample s;
  const xd_status status = open_sample(&s, context, set);
  if (status == XD_OK) {
    draw_sample(&s, set);
    *light = conclude(&s);
  }
  close_sample(&s, context);
  return status;
}

/* ---- The decision ---- */

/* The style that a mapping keeps may be the light. */
static bool may_lose_light(const xdi_training *training, uint32_t domain) {
  const xdi_train_settings *settings = &training->settings;
  const xdi_vae_settings *vae = &settings->vae[domain];
  const xd_train_input *input = &training->input;
  return settings->light_share < 1.0f && settings->mapping[domain].style == 0.0f && vae->window == 0 &&
         vae->width <= XDI_WINDOW_SIDE_MAX && vae->height <= XDI_WINDOW_SIDE_MAX &&
         xd_pairing_class(input->pairing, 1, 0) != XD_ANY_CLASS && !input->encoder[domain] &&
         !input->decoder[domain];
}

/* Domain 0 or 1, of a training in one direction. */
static uint32_t source_of(const xdi_training *training) {
  return xdi_training_has(training, 0) ? 0 : 1;
}

xd_status xdi_settle_light(xdi_training *training) {
  const uint32_t domain = source_of(training);
  const bool alone = xdi_training_has(training, domain) && !xdi_training_has(training, 1 - domain);
  xdi_light light;
  if (!alone || !may_lose_light(training, domain))
    return XD_OK;
  const xd_status status = xdi_measure_light(&light, training->context, training->input.set[domain]);
  if (status != XD_OK || light.share <= (double)training->settings.light_share ||
      light.classes > most_of_classes || light.contrast < least_contrast)
    return status;
  training->settings.vae[domain].window = FLAT_WINDOW;
  training->lost_light = light.share;
  return XD_OK;
}

/* ---- What is said ---- */

static xd_status tell_of_loss(const xdi_training *training) {
  const uint32_t domain = source_of(training);
  if (training->lost_light <= 0.0)
    return XD_OK;
  xdi_log(training->context, XD_LOG_WARNING,
          "domain %u is only a source, and %.2f of its pixels' variance is light that tells no class: "
          "its VAE is trained without brightness, cast and contrast (light_share 1 keeps them)",
          domain + 1, training->lost_light);
  return xdi_values_set(training->report, training->context, domain == 0 ? "light1" : "light2",
                        training->lost_light);
}

/* A VAE that has lost its light draws none, and tells none of it. */
static void warn_of_lost_light(const xdi_training *training) {
  for (uint32_t domain = 0; training->vaes && domain < 2; domain++) {
    const xd_encoder *encoder = xd_model_encoder(training->vaes, domain + 1);
    const bool drawn = xdi_training_has(training, 1 - domain),
               asked = xdi_training_has(training, domain) && training->settings.mapping[domain].style > 0.0f;
    if ((drawn || asked) && encoder && xdi_window_of(xd_encoder_network(encoder)))
      xdi_log(training->context, XD_LOG_WARNING,
              "the VAE of domain %u was trained on pictures without their light: %s", domain + 1,
              drawn ? "it draws them so" : "no style of light carries over");
  }
}

xd_status xdi_tell_of_light(const xdi_training *training) {
  warn_of_lost_light(training);
  return tell_of_loss(training);
}
