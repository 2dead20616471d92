/* Light is the mean colour of a picture. A code that has to tell it has less room for what it falls on, and a
 * mapping reads classes from the code: so it is taken away where most of the pixels' variance is light, no
 * class can be told by it, and nothing will be drawn in it again. Photographs of house numbers (SVHN) have .6
 * of their variance in it, and it tells nothing of the digits; letters, clothes, emoji and digits on a ground
 * of their own have .03 to .2, and it tells a third of the classes' variance and more. */
#include "train/light.h"

#include <math.h>

#include "base/memory.h"

#define SAMPLE 4096u
#define CHANNEL_LIMIT 3u
#define FLAT_WINDOW 10000u /* of vae.window: all pixels count alike */

static const double most_of_classes = 0.1;

typedef struct class_light {
  double sum[CHANNEL_LIMIT]; /* of its pictures' mean colours */
  uint32_t count;
} class_light;

typedef struct light_sums {
  size_t cells; /* a picture's */
  uint32_t channels, count;
  double *pixels;                                   /* [cells][channels], over the pictures */
  double squares;                                   /* of pixels */
  double sum[CHANNEL_LIMIT], square[CHANNEL_LIMIT]; /* of pictures' mean colours */
  class_light *classes;                             /* [XD_CLASS_LIMIT] */
} light_sums;

static void add_picture(light_sums *sums, const uint8_t *pixels, class_light *class) {
  double colour[CHANNEL_LIMIT] = {0.0};
  for (size_t i = 0; i < sums->cells * sums->channels; i++) {
    const double value = pixels[i] / 255.0;
    sums->pixels[i] += value;
    sums->squares += value * value;
    colour[i % sums->channels] += value / (double)sums->cells;
  }
  for (uint32_t c = 0; c < sums->channels; c++) {
    sums->sum[c] += colour[c];
    sums->square[c] += colour[c] * colour[c];
    class->sum[c] += colour[c];
  }
  class->count++;
  sums->count++;
}

static double square_over(double sum, double count) {
  return sum * sum / count;
}

/* Variances are taken as sums of squares about means; sums of nothing but rounding are no variance. */
static xdi_light conclude(const light_sums *sums) {
  const double count = sums->count, least = 1e-9 * count;
  double light = 0.0, pixels = sums->squares, between = 0.0;
  uint32_t met = 0;
  for (size_t i = 0; i < sums->cells * sums->channels; i++)
    pixels -= square_over(sums->pixels[i], count);
  pixels /= (double)sums->cells;
  for (uint32_t c = 0; c < sums->channels; c++) {
    light += sums->square[c] - square_over(sums->sum[c], count);
    between -= square_over(sums->sum[c], count);
  }
  for (uint32_t label = 0; label < XD_CLASS_LIMIT; label++) {
    const class_light *class = &sums->classes[label];
    met += class->count > 0;
    for (uint32_t c = 0; c<sums->channels &&class->count> 0; c++)
      between += square_over(class->sum[c], class->count);
  }
  if (light < least || met < 2 || count <= met)
    return (xdi_light){.share = 0.0, .classes = 1.0};
  const double within = (1.0 - between / light) * (count - 1.0) / (count - met);
  return (xdi_light){.share = fmin(light / pixels, 1.0), .classes = fmin(fmax(1.0 - within, 0.0), 1.0)};
}

xd_status xdi_measure_light(xdi_light *light, xd_context *context, const xd_dataset *set) {
  const xd_allocator *allocator = &context->allocator;
  const uint32_t all = xd_dataset_count(set), count = all < SAMPLE ? all : SAMPLE;
  light_sums sums = {.cells = (size_t)xd_dataset_width(set) * xd_dataset_height(set),
                     .channels = xd_dataset_channels(set)};
  sums.pixels = xdi_allocate_zeroed(allocator, sums.cells * sums.channels, sizeof *sums.pixels);
  sums.classes = xdi_allocate_zeroed(allocator, XD_CLASS_LIMIT, sizeof *sums.classes);
  const bool ready = sums.pixels && sums.classes;
  for (uint32_t i = 0; i < count && ready; i++) {
    const uint32_t index = (uint32_t)((uint64_t)i * all / count);
    add_picture(&sums, xd_dataset_pixels(set, index), &sums.classes[xd_dataset_label(set, index)]);
  }
  if (ready)
    *light = conclude(&sums);
  xdi_release(allocator, sums.pixels);
  xdi_release(allocator, sums.classes);
  return ready ? XD_OK : xdi_fail_memory(context, "measuring pictures' light");
}

/* The style that a mapping keeps may be the light. */
static bool may_lose_light(const xdi_training *training, uint32_t domain) {
  const xdi_train_settings *settings = &training->settings;
  const xd_train_input *input = &training->input;
  return xdi_training_has(training, domain) && !xdi_training_has(training, 1 - domain) &&
         settings->light_share < 1.0f && settings->vae[domain].window == 0 &&
         settings->mapping[domain].style == 0.0f && !input->encoder[domain] && !input->decoder[domain];
}

xd_status xdi_settle_light(xdi_training *training, uint32_t domain) {
  xdi_light light;
  if (!may_lose_light(training, domain))
    return XD_OK;
  const xd_status status = xdi_measure_light(&light, training->context, training->input.set[domain]);
  if (status == XD_OK && light.share > training->settings.light_share && light.classes <= most_of_classes)
    training->settings.vae[domain].window = FLAT_WINDOW, training->lost_light[domain] = light.share;
  return status;
}
