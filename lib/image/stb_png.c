/* PNG by stb_image and stb_image_write. */
#include "image/stb.h"

#include <limits.h>

#include "image/picture.h"
#include "image/stb_session.h"
#include "image/view.h"

#define PALETTE_BYTES 768u
#define ENCODE_LIMIT ((uint64_t)1 << 29) /* stb counts the packed bytes in an int and doubles it */

/* What stb was asked and what it answered; outlives a jump because it lives in the caller. */
typedef struct request {
  const unsigned char *data;
  int size;
  int width, height, channels;
  xd_sample sample;
  void *result;
} request;

static XDI_KEPT_APART void call_decoder(void *of) {
  request *asked = of;
  if (asked->sample == XD_SAMPLE_U16)
    asked->result = stbi_load_16_from_memory(asked->data, asked->size, &asked->width, &asked->height,
                                             &asked->channels, 0);
  else
    asked->result =
        stbi_load_from_memory(asked->data, asked->size, &asked->width, &asked->height, &asked->channels, 0);
}

static XDI_KEPT_APART void call_encoder(void *of) {
  request *asked = of;
  asked->result = stbi_write_png_to_mem(asked->data, asked->width * asked->channels, asked->width,
                                        asked->height, asked->channels, &asked->size);
}

/* ---- decoding ---- */

/* Three times the samples, 16 bits deep, of what a sane file asks for: packed and unpacked rows, and the
 * passes of an interlaced picture; and its packed bytes, gathered in a buffer that doubles. */
static size_t find_budget(const xdi_encoded *file) {
  return ((size_t)file->width + 8) * ((size_t)file->height + 8) * 24 + file->size * 4 + ((size_t)1 << 20);
}

/* stb looks up colours beyond a PNG's palette in memory that it never wrote: a copy of the file with a
 * full palette makes them black. Its checksum is wrong, which stb does not check, and we did. */
static xd_status fill_palette(xd_context *context, const xdi_encoded *file, unsigned char **out,
                              size_t *size) {
  size_t end = file->palette_at + file->palette_bytes, missing = PALETTE_BYTES - file->palette_bytes;
  unsigned char *copy = xdi_allocate(&context->allocator, file->size + missing, 1);
  if (!copy)
    return xdi_fail(context, XD_ERROR_OUT_OF_MEMORY, "out of memory while decoding '%s'", file->name);
  memcpy(copy, file->data, end);
  copy[file->palette_at - 6] = PALETTE_BYTES >> 8; /* the chunk's big-endian length */
  copy[file->palette_at - 5] = PALETTE_BYTES & 0xFF;
  memset(copy + end, 0, missing);
  memcpy(copy + end + missing, file->data + end, file->size - end);
  *out = copy;
  *size = file->size + missing;
  return XD_OK;
}

static xd_status take_result(xd_picture **out, xd_context *context, const xdi_encoded *file, session *running,
                             const request *asked) {
  if (!asked->result && running->refused)
    return xdi_fail(context, XD_ERROR_OUT_OF_MEMORY, "out of memory while decoding '%s'", file->name);
  if (!asked->result || (uint32_t)asked->width != file->width || (uint32_t)asked->height != file->height)
    return xdi_fail(context, XD_ERROR_BAD_DATA, "'%s': damaged PNG data", file->name);
  const xd_status status =
      xdi_picture_adopt(out, context, find_block(asked->result), asked->result, file->width, file->height,
                        asked->sample, xdi_layout_of((uint32_t)asked->channels));
  if (status == XD_OK)
    unlink_block(running, find_block(asked->result));
  return status;
}

static xd_status decode(xd_picture **out, xd_context *context, const xdi_encoded *file,
                        const unsigned char *data, size_t size) {
  session running = {.allocator = &context->allocator, .budget = find_budget(file)};
  request asked = {.data = data, .size = (int)size, .sample = file->deep ? XD_SAMPLE_U16 : XD_SAMPLE_U8};
  run_session(&running, &asked, call_decoder);
  const xd_status status = take_result(out, context, file, &running, &asked);
  end_session(&running);
  return status;
}

xd_status xdi_stb_decode_png(xd_picture **out, xd_context *context, const xdi_encoded *file) {
  unsigned char *copy = NULL;
  size_t size = file->size;
  if (size > INT_MAX - PALETTE_BYTES)
    return xdi_fail(context, XD_ERROR_TOO_LARGE, "'%s' has %zu bytes", file->name, size);
  if (file->palette_at && file->palette_bytes < PALETTE_BYTES && file->palette_bytes % 3 == 0) {
    const xd_status status = fill_palette(context, file, &copy, &size);
    if (status != XD_OK)
      return status;
  }
  const xd_status status = decode(out, context, file, copy ? copy : file->data, size);
  xdi_release(&context->allocator, copy);
  return status;
}

/* ---- encoding ---- */

/* The block under a result leaves the session, whose other blocks are released. */
static void *keep_block(session *running, void *pointer) {
  block *kept = find_block(pointer);
  unlink_block(running, kept);
  end_session(running);
  return kept;
}

xd_status xdi_stb_encode_png(xd_context *context, const unsigned char *pixels, uint32_t width,
                             uint32_t height, uint32_t channels, void **memory, const unsigned char **png,
                             size_t *size) {
  if (((uint64_t)width * channels + 1) * height > ENCODE_LIMIT)
    return xdi_fail(context, XD_ERROR_TOO_LARGE, "%ux%u pixels are too many for a PNG", width, height);
  session running = {.allocator = &context->allocator, .budget = SIZE_MAX};
  request asked = {.data = pixels, .width = (int)width, .height = (int)height, .channels = (int)channels};
  run_session(&running, &asked, call_encoder);
  if (!asked.result) {
    end_session(&running);
    return xdi_fail_memory(context, "encoding a PNG");
  }
  *png = asked.result;
  *size = (size_t)asked.size;
  *memory = keep_block(&running, asked.result);
  return XD_OK;
}
