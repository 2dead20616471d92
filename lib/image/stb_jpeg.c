/* JPEG by stb_image's parts, compiled in privately. The order in which they are called is ours, for two
 * reasons: stb's own loader holds coefficients, planes and picture at once, up to four times the picture, and
 * gives up where stray bytes stand between the scans of a picture that is whole.
 *
 * Memory: planes beside the picture, twice its size; of a progressive one first the coefficients, two bytes a
 * sample, which are released plane by plane. Grey pictures are made within their own plane. */
#include "image/stb.h"

#include <limits.h>

#include "image/picture.h"
#include "image/stb_session.h"
#include "image/view.h"

#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_ONLY_JPEG
#define STBI_NO_STDIO
#define STBI_NO_LINEAR
#define STBI_NO_FAILURE_STRINGS
#define STBI_NO_THREAD_LOCALS
#define STBI_MAX_DIMENSIONS 65535
#define STBI_ASSERT(x) check(!!(x))
#define STBI_MALLOC(size) take(size)
#define STBI_REALLOC(pointer, size) NULL /* of PNG alone */
#define STBI_FREE(pointer) give_back(pointer)
#include <stb/stb_image.h>

#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

#define CELL 64u      /* samples of a block */
#define ALIGNMENT 15u /* what stb's vector code wants of planes and coefficients, less one */
#define MARKER_EOI 0xD9
#define COMPONENTS 4

typedef struct request {
  const xdi_encoded *file;
  stbi__context stream;
  stbi__jpeg *jpeg;
  uint32_t scanned;               /* a bit for each component that had its first scan */
  unsigned char *result, *memory; /* the pixels, and the block's memory that they lie in */
  uint32_t channels;
} request;

/* ---- the frame ---- */

static unsigned char *align(void *memory) {
  return (unsigned char *)(((uintptr_t)memory + ALIGNMENT) & ~(uintptr_t)ALIGNMENT);
}

/* False for subsampling that stb's resamplers cannot undo: no whole factor. */
static bool find_sampling(stbi__jpeg *j) {
  j->img_h_max = j->img_v_max = 1;
  for (int n = 0; n < j->s->img_n; n++) {
    j->img_h_max = j->img_comp[n].h > j->img_h_max ? j->img_comp[n].h : j->img_h_max;
    j->img_v_max = j->img_comp[n].v > j->img_v_max ? j->img_comp[n].v : j->img_v_max;
  }
  for (int n = 0; n < j->s->img_n; n++)
    if (j->img_h_max % j->img_comp[n].h || j->img_v_max % j->img_comp[n].v)
      return false;
  j->img_mcu_w = j->img_h_max * 8;
  j->img_mcu_h = j->img_v_max * 8;
  j->img_mcu_x = ((int)j->s->img_x + j->img_mcu_w - 1) / j->img_mcu_w;
  j->img_mcu_y = ((int)j->s->img_y + j->img_mcu_h - 1) / j->img_mcu_h;
  return true;
}

static size_t count_samples(const stbi__jpeg *j, int n) {
  return (size_t)j->img_comp[n].w2 * (size_t)j->img_comp[n].h2;
}

/* A plane that whole blocks are decoded into, more than the picture needs. */
static void take_plane(stbi__jpeg *j, int n) {
  j->img_comp[n].raw_data = take(count_samples(j, n) + ALIGNMENT);
  j->img_comp[n].data = align(j->img_comp[n].raw_data);
}

static void take_coefficients(stbi__jpeg *j, int n) {
  j->img_comp[n].raw_coeff = take(count_samples(j, n) * sizeof(short) + ALIGNMENT);
  j->img_comp[n].coeff = (short *)(void *)align(j->img_comp[n].raw_coeff);
}

/* What stb computes where it takes all memory at once. */
static bool lay_out(stbi__jpeg *j) {
  if (!find_sampling(j))
    return false;
  for (int n = 0; n < j->s->img_n; n++) {
    const int h = j->img_comp[n].h, v = j->img_comp[n].v;
    j->img_comp[n].x = ((int)j->s->img_x * h + j->img_h_max - 1) / j->img_h_max;
    j->img_comp[n].y = ((int)j->s->img_y * v + j->img_v_max - 1) / j->img_v_max;
    j->img_comp[n].w2 = j->img_mcu_x * h * 8;
    j->img_comp[n].h2 = j->img_mcu_y * v * 8;
    j->img_comp[n].coeff_w = j->img_comp[n].w2 / 8;
    j->img_comp[n].coeff_h = j->img_comp[n].h2 / 8;
    if (j->progressive)
      take_coefficients(j, n);
    else
      take_plane(j, n);
  }
  return true;
}

/* ---- scans ---- */

static bool is_parameterless(int marker) {
  return marker == 0x01 || (marker >= 0xD0 && marker <= 0xD8);
}

/* The next marker that says something; stray bytes, fill bytes and stuffed zeros before it are passed over,
 * as other decoders do with a warning. */
static int next_marker(stbi__jpeg *j) {
  int marker = j->marker;
  j->marker = STBI__MARKER_none;
  while (marker == STBI__MARKER_none || marker == 0 || is_parameterless(marker)) {
    if (stbi__at_eof(j->s))
      return STBI__MARKER_none;
    if (stbi__get8(j->s) != 0xFF)
      continue;
    do
      marker = stbi__get8(j->s);
    while (marker == 0xFF && !stbi__at_eof(j->s));
  }
  return marker;
}

static bool read_scan(request *r) {
  stbi__jpeg *j = r->jpeg;
  if (!stbi__process_scan_header(j) || !stbi__parse_entropy_coded_data(j))
    return false;
  const bool is_first = j->spec_start == 0 && j->succ_high == 0; /* of a component's coefficients */
  for (int k = 0; k < j->scan_n && (!j->progressive || is_first); k++)
    r->scanned |= 1u << j->order[k];
  return true;
}

/* All segments up to the frame's; false where that cannot be read. */
static bool read_header(stbi__jpeg *j) {
  j->app14_color_transform = -1;
  j->marker = STBI__MARKER_none;
  int marker = next_marker(j);
  for (; !stbi__SOF(marker); marker = next_marker(j))
    if (!stbi__process_marker(j, marker))
      return false;
  j->progressive = stbi__SOF_progressive(marker);
  return stbi__process_frame_header(j, STBI__SCAN_header) != 0;
}

/* The height that a DNL segment repeats must be the frame's. */
static bool read_height(stbi__jpeg *j) {
  return stbi__get16be(j->s) == 4 && stbi__get16be(j->s) == (int)j->s->img_y;
}

/* All scans, up to the end of the image; false unless each component had one. */
static bool read_scans(request *r) {
  stbi__jpeg *j = r->jpeg;
  for (int marker = next_marker(j); marker != MARKER_EOI; marker = next_marker(j)) {
    const bool read = stbi__SOS(marker)   ? read_scan(r)
                      : stbi__DNL(marker) ? read_height(j)
                                          : stbi__process_marker(j, marker) != 0;
    if (!read)
      return false;
  }
  return r->scanned == (1u << j->s->img_n) - 1;
}

/* ---- from coefficients to planes ---- */

static void transform(stbi__jpeg *j, int n, short *coefficients, unsigned char *to) {
  stbi__jpeg_dequantize(coefficients, j->dequant[j->img_comp[n].tq]);
  j->idct_block_kernel(to, j->img_comp[n].w2, coefficients);
}

static void make_plane(stbi__jpeg *j, int n) {
  const size_t across = (size_t)j->img_comp[n].coeff_w, down = (size_t)j->img_comp[n].coeff_h;
  take_plane(j, n);
  for (size_t row = 0; row < down; row++)
    for (size_t column = 0; column < across; column++)
      transform(j, n, j->img_comp[n].coeff + CELL * (row * across + column),
                j->img_comp[n].data + (row * across * 8 + column) * 8);
  give_back(j->img_comp[n].raw_coeff);
  j->img_comp[n].raw_coeff = NULL;
}

/* The plane of a grey picture, in the memory of its coefficients: a row of blocks has half as many bytes as
 * its coefficients, so that no row is overwritten before it was copied. */
static void make_plane_in_place(stbi__jpeg *j) {
  const size_t across = (size_t)j->img_comp[0].coeff_w, down = (size_t)j->img_comp[0].coeff_h;
  unsigned char *plane = (unsigned char *)j->img_comp[0].coeff;
  short *row = take(across * CELL * sizeof *row + ALIGNMENT), *blocks = (short *)(void *)align(row);
  for (size_t k = 0; k < down; k++) {
    memcpy(blocks, j->img_comp[0].coeff + k * across * CELL, across * CELL * sizeof *blocks);
    for (size_t column = 0; column < across; column++)
      transform(j, 0, blocks + column * CELL, plane + (k * across * 8 + column) * 8);
  }
  give_back(row);
  j->img_comp[0].raw_data = j->img_comp[0].raw_coeff;
  j->img_comp[0].data = plane;
}

/* ---- from planes to pixels ---- */

/* Rows become tight within the plane. */
static void finish_grey(request *r) {
  const stbi__jpeg *j = r->jpeg;
  const size_t width = r->file->width, stride = (size_t)j->img_comp[0].w2;
  r->result = j->img_comp[0].data;
  r->memory = j->img_comp[0].raw_data;
  for (size_t y = 1; y < r->file->height && width != stride; y++)
    memmove(r->result + y * width, r->result + y * stride, width);
}

static stbi__resample make_resampler(stbi__jpeg *j, int n) {
  const int across = j->img_h_max / j->img_comp[n].h, down = j->img_v_max / j->img_comp[n].v;
  stbi__resample sampler = {.hs = across,
                            .vs = down,
                            .ystep = down >> 1,
                            .w_lores = ((int)j->s->img_x + across - 1) / across,
                            .line0 = j->img_comp[n].data,
                            .line1 = j->img_comp[n].data,
                            .resample = stbi__resample_row_generic};
  if (across == 1 && down == 1)
    sampler.resample = resample_row_1;
  else if (across == 1 && down == 2)
    sampler.resample = stbi__resample_row_v_2;
  else if (across == 2 && down == 1)
    sampler.resample = stbi__resample_row_h_2;
  else if (across == 2 && down == 2)
    sampler.resample = j->resample_row_hv_2_kernel;
  j->img_comp[n].linebuf = take(j->s->img_x + 3);
  return sampler;
}

/* One row of a component at the picture's width. */
static unsigned char *resample_row(stbi__jpeg *j, int n, stbi__resample *sampler) {
  const bool near_bottom = sampler->ystep >= sampler->vs >> 1;
  unsigned char *row =
      sampler->resample(j->img_comp[n].linebuf, near_bottom ? sampler->line1 : sampler->line0,
                        near_bottom ? sampler->line0 : sampler->line1, sampler->w_lores, sampler->hs);
  if (++sampler->ystep >= sampler->vs) {
    sampler->ystep = 0;
    sampler->line0 = sampler->line1;
    if (++sampler->ypos < j->img_comp[n].y)
      sampler->line1 += j->img_comp[n].w2;
  }
  return row;
}

/* Inks are stored inverted, as Adobe's programs do, and as others take them to be without their marker too. */
static void apply_black(unsigned char *rgb, const unsigned char *black, int width) {
  for (int x = 0; x < width; x++, rgb += 3)
    for (unsigned c = 0; c < 3; c++)
      rgb[c] = stbi__blinn_8x8(rgb[c], black[x]);
}

static void interleave(unsigned char *to, unsigned char *const rows[COMPONENTS], int width) {
  for (int x = 0; x < width; x++)
    for (unsigned c = 0; c < 3; c++)
      *to++ = rows[c][x];
}

/* Without Adobe's marker four components are CMYK, never YCCK. */
static void convert_row(stbi__jpeg *j, unsigned char *to, unsigned char *const rows[COMPONENTS]) {
  const int width = (int)j->s->img_x;
  const bool four = j->s->img_n == 4;
  const bool straight =
      four ? j->app14_color_transform <= 0 : j->rgb == 3 || (j->app14_color_transform == 0 && !j->jfif);
  if (straight)
    interleave(to, rows, width);
  else
    j->YCbCr_to_RGB_kernel(to, rows[0], rows[1], rows[2], width, 3);
  for (int i = 0; four && !straight && i < 3 * width; i++)
    to[i] = (unsigned char)(255 - to[i]);
  if (four)
    apply_black(to, rows[3], width);
}

static void finish_colour(request *r) {
  stbi__jpeg *j = r->jpeg;
  const size_t row_bytes = (size_t)r->file->width * 3;
  stbi__resample samplers[COMPONENTS];
  for (int n = 0; n < j->s->img_n; n++)
    samplers[n] = make_resampler(j, n);
  unsigned char *pixels = take(row_bytes * r->file->height + 1); /* stb's vector code writes one byte more */
  for (uint32_t y = 0; y < r->file->height; y++) {
    unsigned char *rows[COMPONENTS] = {NULL};
    for (int n = 0; n < j->s->img_n; n++)
      rows[n] = resample_row(j, n, &samplers[n]);
    convert_row(j, pixels + y * row_bytes, rows);
  }
  r->memory = r->result = pixels;
}

/* ---- the whole ---- */

static KEPT_APART void call_decoder(void *of) {
  request *r = of;
  stbi__jpeg *j = r->jpeg = take(sizeof *j);
  stbi__start_mem(&r->stream, r->file->data, (int)r->file->size);
  j->s = &r->stream;
  stbi__setup_jpeg(j);
  if (!read_header(j) || j->s->img_x != r->file->width || j->s->img_y != r->file->height || !lay_out(j) ||
      !read_scans(r))
    return;
  const bool grey = j->s->img_n == 1;
  r->channels = grey ? 1 : 3;
  if (grey && j->progressive)
    make_plane_in_place(j);
  for (int n = 0; !grey && j->progressive && n < j->s->img_n; n++)
    make_plane(j, n);
  if (grey)
    finish_grey(r);
  else
    finish_colour(r);
}

/* Four components of coefficients, planes and pixels, padded to 32 pixels. */
static size_t find_budget(const xdi_encoded *file) {
  return ((size_t)file->width + 32) * ((size_t)file->height + 32) * 16 + ((size_t)1 << 20);
}

static xd_status take_result(xd_picture **out, xd_context *context, session *s, const request *r) {
  if (!r->result && s->refused)
    return xdi_fail(context, XD_ERROR_OUT_OF_MEMORY, "out of memory while decoding '%s'", r->file->name);
  if (!r->result)
    return xdi_fail(context, XD_ERROR_BAD_DATA, "'%s': damaged JPEG data", r->file->name);
  block *kept = find_block(r->memory);
  const xd_status status = xdi_picture_adopt(out, context, kept, r->result, r->file->width, r->file->height,
                                             XD_SAMPLE_U8, xdi_layout_of(r->channels));
  if (status == XD_OK)
    unlink_block(s, kept);
  return status;
}

xd_status xdi_stb_decode_jpeg(xd_picture **out, xd_context *context, const xdi_encoded *file) {
  if (file->size > INT_MAX)
    return xdi_fail(context, XD_ERROR_TOO_LARGE, "'%s' has %zu bytes", file->name, file->size);
  session s = {.allocator = &context->allocator, .budget = find_budget(file)};
  request r = {.file = file};
  run_session(&s, &r, call_decoder);
  const xd_status status = take_result(out, context, &s, &r);
  end_session(&s);
  return status;
}
