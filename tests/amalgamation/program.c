/* A host of the amalgamation, or of the library: for each backend that is named it translates a picture and trains a
 * small model, and writes what comes out to files, to be compared with those that the other one wrote.
 * usage: program MODEL PICTURE FOLDER BACKEND... */
#include <stdio.h>
#include <stdlib.h>

#include "xdomain.h"

#define SIDE 12
#define COUNT 24

static const char steps[] =
    "vae.base_channels=4\nvae.hidden1=16\nvae.latent_dim=4\nvae.batch=8\nvae.epochs=0\n"
    "vae.min_steps=6\nmapping.hidden_width=16\nmapping.batch=8\nmapping.steps=6\n";

/* Bars across or upright, wider and brighter from picture to picture. */
static xd_status draw(xd_dataset **out, xd_context *context, int upright) {
  static uint8_t pixels[COUNT][SIDE][SIDE];
  uint32_t labels[COUNT];
  for (int n = 0; n < COUNT; n++) {
    labels[n] = (uint32_t)n % 2;
    for (int y = 0; y < SIDE; y++)
      for (int x = 0; x < SIDE; x++) {
        const int across = upright ? x : y, away = abs(across - (labels[n] ? 8 : 3));
        pixels[n][y][x] = (uint8_t)(away <= n / 8 ? 100 + 6 * n : 3 * n);
      }
  }
  return xd_dataset_create(out, context, &pixels[0][0][0], labels, COUNT, SIDE, SIDE, 1);
}

static xd_status train(xd_context *context, const char *path) {
  xd_train_input input = XD_TRAIN_INPUT_INIT;
  xd_dataset *sets[2] = {NULL, NULL};
  xd_pairing *pairing = NULL;
  xd_options *options = NULL;
  xd_model *model = NULL;
  xd_status status = draw(&sets[0], context, 0);
  if (status == XD_OK)
    status = draw(&sets[1], context, 1);
  if (status == XD_OK)
    status = xd_pairing_create(&pairing, context, "0:0,1:1");
  if (status == XD_OK)
    status = xd_options_create(&options, context, "train");
  if (status == XD_OK)
    status = xd_options_read(options, context, steps);
  if (status == XD_OK) {
    input.set[0] = sets[0];
    input.set[1] = sets[1];
    input.pairing = pairing;
    status = xd_train(&model, context, NULL, &input, NULL, options);
  }
  if (status == XD_OK)
    status = xd_model_save(model, context, path, NULL);
  xd_model_release(model);
  xd_options_destroy(options);
  xd_pairing_release(pairing);
  xd_dataset_release(sets[0]);
  xd_dataset_release(sets[1]);
  return status;
}

static xd_status translate(xd_context *context, const char *model, const char *picture, const char *path) {
  xd_translator *translator = NULL;
  xd_picture *source = NULL;
  xd_image in = XD_IMAGE_INIT, out = XD_IMAGE_INIT;
  static float result[28][28];
  out.pixels = result;
  out.width = out.height = 28;
  out.row_stride = sizeof *result;
  out.pixel_stride = out.channel_stride = sizeof **result;
  out.sample = XD_SAMPLE_F32;
  out.layout = XD_LAYOUT_GREY;
  xd_status status = xd_translator_load(&translator, context, model, NULL);
  if (status == XD_OK)
    status = xd_picture_load(&source, context, picture);
  if (status == XD_OK)
    status = xd_picture_view(source, &in);
  if (status == XD_OK)
    status = xd_translator_run(translator, &out, NULL, &in, 1);
  FILE *file = status == XD_OK ? fopen(path, "wb") : NULL;
  if (file) {
    const size_t written = fwrite(result, sizeof result, 1, file);
    status = fclose(file) == 0 && written == 1 ? XD_OK : XD_ERROR_IO;
  } else if (status == XD_OK)
    status = XD_ERROR_IO;
  xd_picture_destroy(source);
  xd_translator_destroy(translator);
  return status;
}

int main(int argc, char **argv) {
  for (int i = 4; i < argc; i++) {
    xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
    xd_context *context = NULL;
    char path[1024];
    options.backend = argv[i];
    xd_status status = xd_context_create(&context, &options);
    if (status == XD_ERROR_UNSUPPORTED) {
      printf("%s: not on this processor\n", argv[i]);
      continue;
    }
    if (status == XD_OK) {
      snprintf(path, sizeof path, "%s/%d.floats", argv[3], i);
      status = translate(context, argv[1], argv[2], path);
    }
    if (status == XD_OK) {
      snprintf(path, sizeof path, "%s/%d.xdm", argv[3], i);
      status = train(context, path);
    }
    if (status != XD_OK) {
      fprintf(stderr, "%s: %s: %s\n", argv[i], xd_status_name(status), xd_context_message(context));
      return 1;
    }
    xd_context_destroy(context);
  }
  return 0;
}
