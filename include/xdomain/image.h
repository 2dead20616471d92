/* libxdomain: pictures.
 *
 * An xd_image is a view: it borrows pixels that the host owns, in the host's own
 * layout, so that image tools never copy first. An xd_picture owns its pixels: what
 * a file was decoded into.
 *
 * Values: 8-bit pixels map 0..255 to 0..1, float pixels are taken as 0..1 already;
 * both are the stored (gamma-encoded) values, nothing is linearised. Grey from
 * colour is 0.299 R + 0.587 G + 0.114 B. NaN or infinite float pixels are refused
 * with XD_ERROR_BAD_DATA. Values written are clamped to 0..1.
 *
 * Threads: every function may run at the same time on different pictures, each
 * thread with its own context. */
#ifndef XDOMAIN_IMAGE_H
#define XDOMAIN_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "context.h"
#include "export.h"
#include "status.h"

XD_BEGIN_DECLS

typedef uint32_t xd_pixel_format;
enum {
  XD_PIXEL_GREY_U8 = 1, /* one byte a pixel */
  XD_PIXEL_RGB_U8 = 2, /* R, G, B bytes */
  XD_PIXEL_RGBA_U8 = 3, /* R, G, B, A bytes; alpha is not premultiplied */
  XD_PIXEL_GREY_F32 = 4,
  XD_PIXEL_RGB_F32 = 5,
  XD_PIXEL_RGBA_F32 = 6
};

/* What becomes of alpha on the way into the library. */
typedef uint32_t xd_alpha_policy;
enum {
  XD_ALPHA_IGNORE = 0, /* the colour channels as they are; an RGBA result is opaque */
  XD_ALPHA_COMPOSITE = 1, /* over `background` first; an RGBA result is opaque */
  XD_ALPHA_CARRY = 2 /* the colour channels as they are; an RGBA result takes the source's alpha,
                resized to its size if that differs; opaque where the source has none */
};

/* A view on pixels. `pixels` points at the picture's top row, and each row is `stride` bytes behind
 * the one above it (0: tightly packed; negative: bottom-up, the top row is the last in memory).
 * Sides are 1..65535. f32 pixels and strides are aligned to 4. Arrays of it are passed, so its size
 * is final. */
typedef struct xd_image {
  size_t struct_size; /* sizeof(xd_image) */
  void *pixels; /* borrowed; only read where the image is an input */
  uint32_t width, height;
  ptrdiff_t stride;
  uint32_t format; /* xd_pixel_format */
  uint32_t alpha; /* xd_alpha_policy, of an input */
  float background[3]; /* for XD_ALPHA_COMPOSITE, in 0..1; grey pictures use the grey of it */
  uint32_t reserved; /* 0 */
} xd_image;

/* Fills a view with defaults: tight rows, alpha ignored, black background. */
XD_API void xd_image_init(xd_image *image, void *pixels, uint32_t width, uint32_t height,
                          uint32_t format);

/* Pixels that the library owns. */
typedef struct xd_picture xd_picture;

/* A zeroed picture. Sides 1..65535, at most 2^28 pixels. The caller owns *out. */
XD_API xd_status xd_picture_create(xd_picture **out, xd_context *context, uint32_t width,
                                   uint32_t height, uint32_t format);

/* Decodes PNG, JPEG (Huffman-coded, 8 bits), BMP (not run-length coded) or PNM (P5, P6), from a
 * path or from memory, into the file's own number of channels as 8 bits each (grey+alpha becomes
 * RGBA). The caller owns *out. XD_ERROR_NOT_FOUND, XD_ERROR_IO, XD_ERROR_BAD_DATA,
 * XD_ERROR_TRUNCATED, XD_ERROR_UNSUPPORTED (another coding of these kinds), XD_ERROR_TOO_LARGE (see
 * xd_picture_create; files over 256 MiB), XD_ERROR_OUT_OF_MEMORY. */
XD_API xd_status xd_picture_load(xd_picture **out, xd_context *context, const char *path);
XD_API xd_status xd_picture_load_memory(xd_picture **out, xd_context *context, const void *data,
                                        size_t size);

XD_API void xd_picture_destroy(xd_picture *picture); /* NULL is legal */

/* The view on a picture's pixels, borrowed until the picture is destroyed. */
XD_API void xd_picture_view(const xd_picture *picture, xd_image *out);

/* Writes an 8-bit PNG of the view, alpha as it is, whatever the policy: temporary file, sync,
 * rename. XD_ERROR_TOO_LARGE over 2^29 bytes of pixels. */
XD_API xd_status xd_image_save_png(xd_context *context, const xd_image *image, const char *path);

/* Converts between any two formats; `to` is written in full and must have the size of `from`
 * (XD_ERROR_SHAPE_MISMATCH). */
XD_API xd_status xd_image_convert(xd_context *context, const xd_image *to, const xd_image *from);

/* Resizes `from` to the size of `to`, converting as well: area average where it shrinks, bilinear
 * where it grows, each axis by itself. */
XD_API xd_status xd_image_resize(xd_context *context, const xd_image *to, const xd_image *from);

/* Between a view and the networks' tensors: channels 1 or 3, [height][width][channels] floats in
 * 0..1. Alpha is treated by the view's policy. xd_image_from_floats leaves alpha opaque. */
XD_API xd_status xd_image_to_floats(xd_context *context, float *to, uint32_t channels,
                                    const xd_image *from);
XD_API xd_status xd_image_from_floats(xd_context *context, const xd_image *to, const float *from,
                                      uint32_t channels);

/* A sheet of count = rows * columns pictures of one size, `pictures` being their floats as above,
 * in row-major order, each magnified `scale` times (1..16) with a `gap` of pixels between and
 * around (0..64), mid-grey. The format is grey or RGB by `channels`. The caller owns *out. */
XD_API xd_status xd_picture_create_sheet(xd_picture **out, xd_context *context,
                                         const float *pictures, uint32_t rows, uint32_t columns,
                                         uint32_t width, uint32_t height, uint32_t channels,
                                         uint32_t scale, uint32_t gap);

XD_END_DECLS

#endif
