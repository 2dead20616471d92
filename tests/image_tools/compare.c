/* Whether two picture files show the same: every pixel equal as RGBA in the lesser depth of both, so that grey equals
 * its RGB, and a picture without alpha an opaque one.
 * usage: compare FILE FILE     0 the same, 1 different (says how), 2 cannot be compared */
#include <stdio.h>
#include <stdlib.h>
#include <xdomain/xdomain.h>

typedef struct side {
  xd_picture *picture;
  xd_image view;
  uint8_t *bytes; /* RGBA */
} side;

static void load(xd_context *context, side *s, const char *path) {
  s->view = (xd_image)XD_IMAGE_INIT;
  if (xd_picture_load(&s->picture, context, path) || xd_picture_view(s->picture, &s->view)) {
    fprintf(stderr, "%s\n", xd_context_message(context));
    exit(2);
  }
  s->view.policy = XD_ALPHA_CARRY;
}

static void expand(xd_context *context, side *s, xd_sample sample) {
  xd_image to;
  s->bytes = malloc(4 * xd_sample_size(sample) * s->view.width * s->view.height);
  xd_image_init(&to, sizeof to, s->bytes, s->view.width, s->view.height, sample, XD_LAYOUT_RGBA);
  if (!s->bytes || xd_image_convert(context, &to, &s->view))
    exit(2);
}

static int differ(const side *a, const side *b, size_t sample) {
  const size_t width = a->view.width, count = 4 * width * a->view.height;
  if (a->view.width != b->view.width || a->view.height != b->view.height)
    return printf("%u x %u and %u x %u\n", a->view.width, a->view.height, b->view.width, b->view.height);
  for (size_t i = 0; i < count * sample; i++)
    if (a->bytes[i] != b->bytes[i])
      return printf("sample %zu of pixel (%zu, %zu)\n", i / sample % 4, i / sample / 4 % width,
                    i / sample / 4 / width);
  return 0;
}

int main(int argc, char **argv) {
  xd_context *context;
  side sides[2];
  if (argc != 3 || xd_context_create(&context, NULL))
    return 2;
  for (int i = 0; i < 2; i++)
    load(context, &sides[i], argv[i + 1]);
  const int deep = sides[0].view.sample != XD_SAMPLE_U8 && sides[1].view.sample != XD_SAMPLE_U8;
  for (int i = 0; i < 2; i++)
    expand(context, &sides[i], deep ? XD_SAMPLE_U16 : XD_SAMPLE_U8);
  const int different = differ(&sides[0], &sides[1], deep ? 2 : 1) != 0;
  for (int i = 0; i < 2; i++) {
    free(sides[i].bytes);
    xd_picture_destroy(sides[i].picture);
  }
  xd_context_destroy(context);
  return different;
}
