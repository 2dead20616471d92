/* libxdomain: pictures.
 *
 * An xd_image is a view: it borrows pixels that the host owns, in the host's own layout, so that
 * image tools never copy first. Three strides in bytes describe planar pictures, sub-rectangles,
 * bottom-up ones and any slice of a numpy array. An xd_picture owns its pixels: what a file was
 * decoded into, or room for a result.
 *
 * Values. Integer samples map their whole range to 0..1 (u8 by 255, u16 by 65535), f16 and f32 are
 * taken as 0..1 already. All are the stored (gamma-encoded) values: nothing is linearised. Grey
 * from colour is 0.299 R + 0.587 G + 0.114 B; colour from grey repeats it. Samples that are NaN or
 * infinite are refused with XD_ERROR_BAD_DATA, which names the place. What is written is clamped to
 * 0..1 and rounded to the nearest value of the sample.
 *
 * Alpha. A view states by its policy what becomes of its alpha when it is read; a result without a
 * carried alpha is opaque. Unless a view asks for something else, alpha is laid over black on every
 * road into the library: a view, a file, a folder. Colours of premultiplied views are divided by
 * alpha first (0 where alpha is 0), and results that are premultiplied views are multiplied by
 * theirs.
 *
 * Overlap. Functions with an output and an input view work in place when both are the same view:
 * the same pixels, size, strides, sample and layout. Views that share memory in any other way are
 * refused with XD_ERROR_INVALID_ARGUMENT. Parts of one canvas that do not touch are fine, such as
 * its left and its right half, and so are different channels of the same pixels.
 *
 * Threads. Every function may run at the same time on different pictures, each thread with its own
 * context; one view may be read by many. Errors of arguments (NULL, a field out of range, a
 * struct_size that is wrong) are XD_ERROR_INVALID_ARGUMENT everywhere and leave outputs as they
 * were. */
#ifndef XDOMAIN_IMAGE_H
#define XDOMAIN_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "context.h"
#include "export.h"
#include "status.h"
#include "stream.h"

XD_BEGIN_DECLS

/* How one sample is stored, in the machine's byte order, at any address: nothing needs to be
 * aligned. */
typedef uint32_t xd_sample;
enum {
  XD_SAMPLE_U8 = 1,
  XD_SAMPLE_U16 = 2,
  /* IEEE 754 binary16 */
  XD_SAMPLE_F16 = 3,
  /* IEEE 754 binary32 */
  XD_SAMPLE_F32 = 4
};

/* Which samples a pixel has, in this order, each `channel_stride` behind the one before it. */
typedef uint32_t xd_layout;
enum {
  XD_LAYOUT_GREY = 1,
  XD_LAYOUT_GREY_ALPHA = 2,
  XD_LAYOUT_RGB = 3,
  XD_LAYOUT_RGBA = 4,
  XD_LAYOUT_BGR = 5,
  XD_LAYOUT_BGRA = 6
};

/* How colours and alpha belong together. */
typedef uint32_t xd_alpha;
enum {
  /* colours are as they are without alpha */
  XD_ALPHA_STRAIGHT = 0,
  /* colours are multiplied by alpha, as cairo, Qt and compositors keep them */
  XD_ALPHA_PREMULTIPLIED = 1
};

/* What becomes of alpha when a view is read. */
typedef uint32_t xd_alpha_policy;
enum {
  /* the colours laid over `background`: by default, of pictures from files and in sets too, over
   * black */
  XD_ALPHA_COMPOSITE = 0,
  /* the colours as they are, as if all were opaque */
  XD_ALPHA_IGNORE = 1,
  /* a result with alpha takes the colours as they are and this view's alpha, resized as they are
   * (they are then weighted by it); a result without alpha, such as the networks' floats, gets the
   * colours laid over `background` */
  XD_ALPHA_CARRY = 2
};

/* How a picture fits into one of another size. */
typedef uint32_t xd_fit;
enum {
  /* it must have that size (XD_ERROR_SHAPE_MISMATCH) */
  XD_FIT_EXACT = 0,
  /* each axis by itself: the aspect ratio changes */
  XD_FIT_STRETCH = 1,
  /* the whole picture in the middle, `background` beside it */
  XD_FIT_PAD = 2,
  /* the largest middle part of the wanted aspect ratio */
  XD_FIT_CROP = 3
};

/* "exact", "stretch", "pad" or "crop"; "" of what is none. Callable from any thread. */
XD_API const char *xd_fit_name(xd_fit fit);

/* The fit of that name. XD_ERROR_NOT_FOUND: there is none, and *out is left alone;
 * XD_ERROR_INVALID_ARGUMENT. Callable from any thread. */
XD_API xd_status xd_fit_from_name(xd_fit *out, const char *name);

/* A part of a picture: width by height pixels from column x and row y on. */
typedef struct xd_rectangle {
  uint32_t x;
  uint32_t y;
  uint32_t width;
  uint32_t height;
} xd_rectangle;

/* What a fit of a picture into another size does: of the picture, the area *used, and where that
 * lands in the other size, *place. All but it is background. So that a host can put a result back
 * where its picture was taken from: the place of the result, resized, belongs on the area that was
 * used (xd_image_crop, xd_image_resize). Sides 1..65535. XD_ERROR_INVALID_ARGUMENT;
 * XD_ERROR_SHAPE_MISMATCH: sizes that differ, with XD_FIT_EXACT. Callable from any thread. */
XD_API xd_status xd_fit_areas(xd_rectangle *used, xd_rectangle *place, xd_fit fit,
                              uint32_t from_width, uint32_t from_height, uint32_t to_width,
                              uint32_t to_height);

/* A view on pixels. Sample c of the pixel in column x and row y, counted from the top left, lies at
 * (char *)pixels + y * row_stride + x * pixel_stride + c * channel_stride. */
typedef struct xd_image {
  /* sizeof(xd_image); in an array, the same in every element */
  size_t struct_size;
  /* The first sample of the top left pixel; borrowed; only read where the view is an input. */
  void *pixels;
  /* Distances in bytes. They may be negative. An input's may be 0, which repeats a row, a pixel or
   * a channel, and its pixels may overlap; an output's pixels may not. A stride of an axis with one
   * element is never used. */
  ptrdiff_t row_stride, pixel_stride, channel_stride;
  /* 1..65535 each */
  uint32_t width, height;
  xd_sample sample;
  xd_layout layout;
  /* XD_ALPHA_STRAIGHT or XD_ALPHA_PREMULTIPLIED; without meaning for layouts without alpha */
  xd_alpha alpha;
  /* of an input; an output's has no meaning */
  xd_alpha_policy policy;
  /* R, G, B in 0..1 behind what is laid over it, and beside XD_FIT_PAD; grey results take the grey
   * of it */
  float background[3];
  /* 0 */
  uint32_t reserved;
} xd_image;

/* An empty view, for functions that fill one: it is refused where pixels are read or written. */
#define XD_IMAGE_INIT \
  { \
    sizeof(xd_image), NULL, 0, 0, 0, 0, 0, 0, 0, XD_ALPHA_STRAIGHT, XD_ALPHA_COMPOSITE, {0, 0, 0}, \
        0 \
  }

/* Fills a view of `struct_size` bytes (sizeof(xd_image)) with what most pictures need: interleaved
 * pixels, tight rows from the top down, straight alpha that is laid over black. An
 * unknown sample or layout gives strides of 0, and the view is refused where it is used. NULL is
 * legal. */
XD_API void xd_image_init(xd_image *image, size_t struct_size, void *pixels, uint32_t width,
                          uint32_t height, xd_sample sample, xd_layout layout);

/* The same for planar pixels: [channel][row][column], as PyTorch and Netpbm's PAM tools keep
 * them. */
XD_API void xd_image_init_planar(xd_image *image, size_t struct_size, void *pixels, uint32_t width,
                                 uint32_t height, xd_sample sample, xd_layout layout);

/* Bytes of a sample; 0 for an unknown number. Callable from any thread. */
XD_API size_t xd_sample_size(xd_sample sample);

/* Samples of a pixel of that layout, 1 to 4; 0 for an unknown number. Callable from any thread. */
XD_API uint32_t xd_layout_channels(xd_layout layout);

/* The rectangle of width x height pixels at column x and row y of `from`, as a view on the same
 * memory. Only struct_size of *to is read. `to` may be `from`. XD_ERROR_INVALID_ARGUMENT where the
 * rectangle is empty or reaches beyond the picture. */
XD_API xd_status xd_image_crop(xd_context *context, xd_image *to, const xd_image *from, uint32_t x,
                               uint32_t y, uint32_t width, uint32_t height);

/* A view on the same memory, turned and mirrored as EXIF's orientation asks: 1 as it is, 2 mirrored
 * left to right, 3 by half a turn, 4 mirrored top to bottom, 5 to 8 with rows and columns exchanged
 * (6: a quarter turn clockwise, 8: counter-clockwise). Only struct_size of *to is read; `to` may be
 * `from`. */
XD_API xd_status xd_image_orient(xd_context *context, xd_image *to, const xd_image *from,
                                 uint32_t orientation);

/* Converts between any two kinds of pixels. `to` is written in full and must have the size of
 * `from` (XD_ERROR_SHAPE_MISMATCH). Integer samples reach the same kind of integers unchanged, u8
 * reaches u16 and comes back unchanged, and u16 becomes the nearest u8. XD_ERROR_BAD_DATA.
 * Allocates nothing. */
XD_API xd_status xd_image_convert(xd_context *context, const xd_image *to, const xd_image *from);

/* Resizes `from` to the size of `to`, converting as well: area average where it shrinks, bilinear
 * where it grows, each axis by itself. XD_ERROR_BAD_DATA, XD_ERROR_CANCELLED (`to` is then written
 * in part). A cancellation is heard within a row, too; between pictures of one size this is
 * xd_image_convert, which does not look at it. Allocates nothing. */
XD_API xd_status xd_image_resize(xd_context *context, const xd_image *to, const xd_image *from);

/* Fits `from` into the size of `to` as `fit` says, resizing and converting where that is needed.
 * With XD_FIT_PAD and an alpha that is carried, what lies beside the picture is transparent. Errors
 * as of xd_image_resize, and XD_ERROR_SHAPE_MISMATCH with XD_FIT_EXACT. */
XD_API xd_status xd_image_fit(xd_context *context, const xd_image *to, const xd_image *from,
                              xd_fit fit);

/* From a view to the networks' tensors: [height][width][channels] floats in 0..1, channels 1 or 3,
 * aligned as floats are. Alpha is treated by the view's policy. The floats and the view must not
 * share memory. XD_ERROR_BAD_DATA: a sample is not finite; XD_ERROR_INVALID_ARGUMENT. */
XD_API xd_status xd_image_to_floats(xd_context *context, float *to, const xd_image *from,
                                    uint32_t channels);

/* The way back, clamped to 0..1; a result with alpha is opaque. Otherwise as xd_image_to_floats. */
XD_API xd_status xd_image_from_floats(xd_context *context, const xd_image *to, const float *from,
                                      uint32_t channels);

/* Pixels that the library owns, interleaved in tight rows from the top down. A picture remembers
 * the context's allocator, not the context, and belongs to one thread at a time. */
typedef struct xd_picture xd_picture;

/* A zeroed picture: black, and transparent where it has alpha. Sides 1..65535, at most 2^28 pixels
 * (XD_ERROR_TOO_LARGE). XD_ERROR_OUT_OF_MEMORY. The caller owns *out. */
XD_API xd_status xd_picture_create(xd_picture **out, xd_context *context, uint32_t width,
                                   uint32_t height, xd_sample sample, xd_layout layout);

/* Decodes PNG, JPEG (Huffman-coded, 8 bits), BMP (not run-length coded) or PNM (P5, P6), known by
 * its content, and what the context's decoder reads (xd_picture_decoder in context.h), from a path
 * or from a source (stream.h).
 *
 * The picture is as viewers show it: EXIF's orientation of JPEG and PNG files is applied. Its
 * layout is the file's own: grey, grey+alpha, RGB or RGBA, of u8 or, for PNG and PNM of more than 8
 * bits, u16 samples; four inks of a JPEG become RGB. Stray bytes between the parts of a JPEG are
 * passed over. The view's policy is XD_ALPHA_COMPOSITE over black, as in sets.
 *
 * A cancellation is heard while the file is read, and before and after its pixels are unpacked and
 * turned: a picture that is being unpacked is finished first, which takes seconds for 2^26 pixels,
 * and the call then answers XD_ERROR_CANCELLED without it.
 *
 * The caller owns *out. XD_ERROR_NOT_FOUND, XD_ERROR_IO, XD_ERROR_BAD_DATA, XD_ERROR_TRUNCATED,
 * XD_ERROR_UNSUPPORTED (another coding of these kinds), XD_ERROR_TOO_LARGE (a side over 65535, more
 * pixels than the context's picture_pixels, files over 256 MiB), XD_ERROR_CANCELLED,
 * XD_ERROR_OUT_OF_MEMORY, and what the context's decoder answers. */
XD_API xd_status xd_picture_load(xd_picture **out, xd_context *context, const char *path);

/* The same from a source (stream.h). */
XD_API xd_status xd_picture_load_source(xd_picture **out, xd_context *context,
                                        const xd_source *source);

/* Gives the memory back. Views on the picture end with it. NULL is legal. */
XD_API void xd_picture_destroy(xd_picture *picture);

/* The view on a picture's pixels, borrowed until the picture is destroyed; writing through it
 * changes the picture. Only struct_size of *out is read. XD_ERROR_INVALID_ARGUMENT (NULL, a wrong
 * struct_size; without a context there is no message) leaves *out alone. */
XD_API xd_status xd_picture_view(const xd_picture *picture, xd_image *out);

/* Writes an 8-bit PNG of the view with straight alpha, if it has any, whatever its policy: to a
 * path through a temporary file, sync and rename, or to a sink (stream.h) in one piece. It does not
 * look at a cancellation. XD_ERROR_BAD_DATA, XD_ERROR_TOO_LARGE (over 2^29 bytes of pixels),
 * XD_ERROR_IO, XD_ERROR_NOT_FOUND (no such folder), XD_ERROR_OUT_OF_MEMORY. */
XD_API xd_status xd_image_save_png(xd_context *context, const char *path, const xd_image *image);

/* The same into a sink (stream.h). */
XD_API xd_status xd_image_save_png_sink(xd_context *context, const xd_sink *sink,
                                        const xd_image *image);

XD_END_DECLS

#endif
