/* What kinds of pixels there are, and views on pixels that lie as most do. */
#include "base/sized.h"
#include "image/view.h"

size_t xd_sample_size(xd_sample sample) {
  switch (sample) {
  case XD_SAMPLE_U8:
    return 1;
  case XD_SAMPLE_U16:
  case XD_SAMPLE_F16:
    return 2;
  case XD_SAMPLE_F32:
    return 4;
  default:
    return 0;
  }
}

uint32_t xd_layout_channels(xd_layout layout) {
  switch (layout) {
  case XD_LAYOUT_GREY:
    return 1;
  case XD_LAYOUT_GREY_ALPHA:
    return 2;
  case XD_LAYOUT_RGB:
  case XD_LAYOUT_BGR:
    return 3;
  case XD_LAYOUT_RGBA:
  case XD_LAYOUT_BGRA:
    return 4;
  default:
    return 0;
  }
}

static void init(xd_image *image, size_t struct_size, void *pixels, uint32_t width, uint32_t height,
                 xd_sample sample, xd_layout layout, bool planar) {
  const size_t channels = xd_layout_channels(layout), size = channels ? xd_sample_size(sample) : 0;
  const size_t pixel = planar ? size : size * channels, row = pixel * width;
  const xd_image view = {.struct_size = sizeof view,
                         .pixels = pixels,
                         .row_stride = (ptrdiff_t)row,
                         .pixel_stride = (ptrdiff_t)pixel,
                         .channel_stride = planar ? (ptrdiff_t)(row * height) : (ptrdiff_t)size,
                         .width = width,
                         .height = height,
                         .sample = sample,
                         .layout = layout};
  xdi_sized_write(image, struct_size, &view, sizeof view);
}

void xd_image_init(xd_image *image, size_t struct_size, void *pixels, uint32_t width, uint32_t height,
                   xd_sample sample, xd_layout layout) {
  init(image, struct_size, pixels, width, height, sample, layout, false);
}

void xd_image_init_planar(xd_image *image, size_t struct_size, void *pixels, uint32_t width, uint32_t height,
                          xd_sample sample, xd_layout layout) {
  init(image, struct_size, pixels, width, height, sample, layout, true);
}
