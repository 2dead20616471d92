/* Reads what libvips reads and the library does not: WebP, TIFF, GIF, HEIF and AVIF. libvips comes with a hundred
 * further libraries, so that it is not linked but loaded for the first such picture. */
#include "command.h"

#ifndef XDOMAIN_VIPS_LIBRARY

const xd_picture_decoder *picture_decoder(void) {
  return NULL;
}

#else

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <vips/vips.h>

#define SIDE_LIMIT 65535

/* ---- libvips' functions ---- */

#define FUNCTIONS(take) \
  take(g_free) take(g_object_unref) take(vips_autorot) take(vips_band_format_get_type) \
      take(vips_cache_set_max) take(vips_colourspace) take(vips_enum_nick) take(vips_error_buffer) \
          take(vips_error_clear) take(vips_foreign_find_load_buffer) take(vips_icc_transform) \
              take(vips_image_get_typeof) take(vips_image_guess_interpretation) \
                  take(vips_image_new_from_buffer) take(vips_image_write_to_memory) take(vips_init)

/* There is one libvips in a process. */
static struct {
  enum { UNTRIED, READY, ABSENT } state;
#define POINTER(name) __typeof__(&(name)) name;
  FUNCTIONS(POINTER)
} vips;

static bool load_functions(void) {
  void *library = dlopen(XDOMAIN_VIPS_LIBRARY, RTLD_NOW | RTLD_LOCAL), *symbol;
  if (!library)
    return false;
#define FIND(name) \
  symbol = dlsym(library, #name); \
  memcpy(&vips.name, &symbol, sizeof symbol); \
  if (!symbol) \
    return false;
  FUNCTIONS(FIND)
  return true;
}

static bool start(void) {
  if (vips.state == UNTRIED) {
    setenv("VIPS_WARNING", "0", 0);
    vips.state = load_functions() && !vips.vips_init("xdomain") ? READY : ABSENT;
    if (vips.state == READY)
      vips.vips_cache_set_max(0);
  }
  return vips.state == READY;
}

/* The kinds that libvips' makers hold safe to read from anybody's files. */
static bool is_known(const char *loader) {
  static const char *const known[] = {"VipsForeignLoadWebp", "VipsForeignLoadTiff", "VipsForeignLoadNsgif",
                                      "VipsForeignLoadHeif", "VipsForeignLoadJpeg"};
  for (size_t i = 0; loader && i < sizeof known / sizeof *known; i++)
    if (!strncmp(loader, known[i], strlen(known[i])))
      return true;
  return false;
}

/* ---- One picture ---- */

/* Puts the result of a step, which is 0 where it went well, in the place of its source. */
static bool step(VipsImage **image, VipsImage *result, int failed) {
  vips.g_object_unref(*image);
  *image = failed ? NULL : result;
  return !failed;
}

static bool is_deep(const VipsImage *image) {
  return image->BandFmt == VIPS_FORMAT_USHORT;
}

static bool is_srgb(VipsInterpretation kind) {
  return kind == VIPS_INTERPRETATION_MULTIBAND || kind == VIPS_INTERPRETATION_B_W ||
         kind == VIPS_INTERPRETATION_GREY16 || kind == VIPS_INTERPRETATION_sRGB ||
         kind == VIPS_INTERPRETATION_RGB16;
}

/* Colours to sRGB: by the profile that the picture has, or as its kind of colours says. */
static bool to_srgb(VipsImage **image) {
  const bool deep = is_deep(*image);
  VipsImage *result = NULL;
  int failed;
  if (vips.vips_image_get_typeof(*image, VIPS_META_ICC_NAME))
    failed = vips.vips_icc_transform(*image, &result, "srgb", "embedded", TRUE, "depth", deep ? 16 : 8, NULL);
  else if (!is_srgb(vips.vips_image_guess_interpretation(*image)))
    failed = vips.vips_colourspace(*image, &result,
                                   deep ? VIPS_INTERPRETATION_RGB16 : VIPS_INTERPRETATION_sRGB, NULL);
  else
    return true;
  return step(image, result, failed);
}

/* Converted colours are so. What needed no conversion may be of other numbers, as grey of floats is, and nobody says
 * which of them is white. */
static xd_status check_samples(char *reason, size_t room, const VipsImage *image) {
  if (image->BandFmt == VIPS_FORMAT_UCHAR || is_deep(image))
    return XD_OK;
  snprintf(reason, room, "samples of type %s, not whole numbers of 8 or 16 bits without a sign",
           vips.vips_enum_nick(vips.vips_band_format_get_type(), image->BandFmt));
  return XD_ERROR_BAD_DATA;
}

static bool turn(VipsImage **image) {
  VipsImage *result = NULL;
  const int failed = vips.vips_autorot(*image, &result, NULL);
  return step(image, result, failed);
}

static xd_status fill_view(xd_image *view, void **held, char *reason, size_t room, VipsImage *image) {
  static const xd_layout layouts[] = {XD_LAYOUT_GREY, XD_LAYOUT_GREY_ALPHA, XD_LAYOUT_RGB, XD_LAYOUT_RGBA};
  size_t size;
  if (image->Bands > 4) {
    snprintf(reason, room, "%d bands", image->Bands);
    return XD_ERROR_BAD_DATA;
  }
  *held = vips.vips_image_write_to_memory(image, &size);
  if (!*held)
    return XD_ERROR_BAD_DATA;
  xd_image_init(view, sizeof *view, *held, (uint32_t)image->Xsize, (uint32_t)image->Ysize,
                is_deep(image) ? XD_SAMPLE_U16 : XD_SAMPLE_U8, layouts[image->Bands - 1]);
  return XD_OK;
}

static xd_status check_size(char *reason, size_t room, const VipsImage *image, uint64_t pixels) {
  if (image->Xsize <= SIDE_LIMIT && image->Ysize <= SIDE_LIMIT &&
      (uint64_t)image->Xsize * (uint64_t)image->Ysize <= pixels)
    return XD_OK;
  snprintf(reason, room, "%d x %d pixels", image->Xsize, image->Ysize);
  return XD_ERROR_TOO_LARGE;
}

/* libvips' lines of errors, the first of them. */
static void take_error(char *reason, size_t room) {
  if (!*reason)
    snprintf(reason, room, "%.*s", (int)strcspn(vips.vips_error_buffer(), "\n"), vips.vips_error_buffer());
  vips.vips_error_clear();
}

static xd_status decode(void *user, xd_image *view, void **held, char *reason, size_t room, const char *name,
                        const void *data, size_t size, uint64_t pixels) {
  (void)user, (void)name;
  if (!start() || !is_known(vips.vips_foreign_find_load_buffer(data, size)))
    return XD_ERROR_UNSUPPORTED;
  VipsImage *image = vips.vips_image_new_from_buffer(data, size, "", "fail_on", VIPS_FAIL_ON_TRUNCATED, NULL);
  xd_status status = image ? check_size(reason, room, image, pixels) : XD_ERROR_BAD_DATA;
  if (!status && !(turn(&image) && to_srgb(&image)))
    status = XD_ERROR_BAD_DATA;
  if (!status)
    status = check_samples(reason, room, image);
  if (!status)
    status = fill_view(view, held, reason, room, image);
  if (status)
    take_error(reason, room);
  if (image)
    vips.g_object_unref(image);
  return status;
}

static void release(void *user, void *held) {
  (void)user;
  vips.g_free(held);
}

const xd_picture_decoder *picture_decoder(void) {
  static const xd_picture_decoder decoder = {.struct_size = sizeof decoder,
                                             .decode = decode,
                                             .release = release,
                                             .endings = ".webp .tif .tiff .gif .avif .heic .heif"};
  return access(XDOMAIN_VIPS_LIBRARY, R_OK) == 0 ? &decoder : NULL;
}

#endif
