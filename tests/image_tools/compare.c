/* Whether two picture files show the same: every pixel equal as 16 bits, whatever their depth and layout, where
 * an opaque picture equals one without alpha.
 * usage: compare FILE FILE     0 the same, 1 different (says how), 2 cannot be compared */
#include <stdio.h>
#include <stdlib.h>
#include <xdomain/xdomain.h>

static uint16_t *load(xd_context *context, const char *path, xd_image *view) {
  xd_picture *picture = NULL;
  xd_image from = XD_IMAGE_INIT;
  uint16_t *pixels = NULL;
  if (!xd_picture_load(&picture, context, path) && !xd_picture_view(picture, &from)) {
    from.policy = XD_ALPHA_CARRY;
    pixels = malloc((size_t)8 * from.width * from.height);
    xd_image_init(view, sizeof *view, pixels, from.width, from.height, XD_SAMPLE_U16, XD_LAYOUT_RGBA);
  }
  if (!pixels || xd_image_convert(context, view, &from)) {
    fprintf(stderr, "%s: %s\n", path, xd_context_message(context));
    exit(2);
  }
  xd_picture_destroy(picture);
  return pixels;
}

static int differ(const xd_image *views, uint16_t *const *pixels) {
  const size_t count = (size_t)4 * views[0].width * views[0].height;
  if (views[0].width != views[1].width || views[0].height != views[1].height)
    return printf("%u x %u and %u x %u\n", views[0].width, views[0].height, views[1].width, views[1].height);
  for (size_t i = 0; i < count; i++)
    if (pixels[0][i] != pixels[1][i])
      return printf("sample %zu of pixel (%zu, %zu): %u and %u\n", i % 4, i / 4 % views[0].width,
                    i / 4 / views[0].width, pixels[0][i], pixels[1][i]);
  return 0;
}

int main(int argc, char **argv) {
  xd_context *context;
  xd_image views[2];
  uint16_t *pixels[2];
  if (argc != 3 || xd_context_create(&context, NULL))
    return 2;
  for (int i = 0; i < 2; i++)
    pixels[i] = load(context, argv[i + 1], &views[i]);
  const int different = differ(views, pixels) != 0;
  free(pixels[0]);
  free(pixels[1]);
  xd_context_destroy(context);
  return different;
}
