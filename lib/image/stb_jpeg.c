/* JPEG by stb_image's parts. The order in which they are called is ours, for two
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
static bool find_sampling(stbi__jpeg *jpeg) {
  jpeg->img_h_max = jpeg->img_v_max = 1;
  for (int n = 0; n < jpeg->s->img_n; n++) {
    jpeg->img_h_max = jpeg->img_comp[n].h > jpeg->img_h_max ? jpeg->img_comp[n].h : jpeg->img_h_max;
    jpeg->img_v_max = jpeg->img_comp[n].v > jpeg->img_v_max ? jpeg->img_comp[n].v : jpeg->img_v_max;
  }
  for (int n = 0; n < jpeg->s->img_n; n++)
    if (jpeg->img_h_max % jpeg->img_comp[n].h || jpeg->img_v_max % jpeg->img_comp[n].v)
      return false;
  jpeg->img_mcu_w = jpeg->img_h_max * 8;
  jpeg->img_mcu_h = jpeg->img_v_max * 8;
  jpeg->img_mcu_x = ((int)jpeg->s->img_x + jpeg->img_mcu_w - 1) / jpeg->img_mcu_w;
  jpeg->img_mcu_y = ((int)jpeg->s->img_y + jpeg->img_mcu_h - 1) / jpeg->img_mcu_h;
  return true;
}

static size_t count_samples(const stbi__jpeg *jpeg, int n) {
  return (size_t)jpeg->img_comp[n].w2 * (size_t)jpeg->img_comp[n].h2;
}

/* A plane that whole blocks are decoded into, more than the picture needs. */
static void take_plane(stbi__jpeg *jpeg, int n) {
  jpeg->img_comp[n].raw_data = take(count_samples(jpeg, n) + ALIGNMENT);
  jpeg->img_comp[n].data = align(jpeg->img_comp[n].raw_data);
}

static void take_coefficients(stbi__jpeg *jpeg, int n) {
  jpeg->img_comp[n].raw_coeff = take(count_samples(jpeg, n) * sizeof(short) + ALIGNMENT);
  jpeg->img_comp[n].coeff = (short *)(void *)align(jpeg->img_comp[n].raw_coeff);
}

/* What stb computes where it takes all memory at once. */
static bool lay_out(stbi__jpeg *jpeg) {
  if (!find_sampling(jpeg))
    return false;
  for (int n = 0; n < jpeg->s->img_n; n++) {
    const int across = jpeg->img_comp[n].h, down = jpeg->img_comp[n].v;
    jpeg->img_comp[n].x = ((int)jpeg->s->img_x * across + jpeg->img_h_max - 1) / jpeg->img_h_max;
    jpeg->img_comp[n].y = ((int)jpeg->s->img_y * down + jpeg->img_v_max - 1) / jpeg->img_v_max;
    jpeg->img_comp[n].w2 = jpeg->img_mcu_x * across * 8;
    jpeg->img_comp[n].h2 = jpeg->img_mcu_y * down * 8;
    jpeg->img_comp[n].coeff_w = jpeg->img_comp[n].w2 / 8;
    jpeg->img_comp[n].coeff_h = jpeg->img_comp[n].h2 / 8;
    if (jpeg->progressive)
      take_coefficients(jpeg, n);
    else
      take_plane(jpeg, n);
  }
  return true;
}

/* ---- scans ---- */

/* The next marker that says something; stray bytes, fill bytes and stuffed zeros before it are passed over,
 * as other decoders do with a warning. */
static int next_marker(stbi__jpeg *jpeg) {
  int marker = jpeg->marker;
  jpeg->marker = STBI__MARKER_none;
  while (marker == STBI__MARKER_none || marker == 0 || xdi_jpeg_is_standalone((unsigned)marker)) {
    if (stbi__at_eof(jpeg->s))
      return STBI__MARKER_none;
    if (stbi__get8(jpeg->s) != 0xFF)
      continue;
    do
      marker = stbi__get8(jpeg->s);
    while (marker == 0xFF && !stbi__at_eof(jpeg->s));
  }
  return marker;
}

static bool read_scan(request *asked) {
  stbi__jpeg *jpeg = asked->jpeg;
  if (!stbi__process_scan_header(jpeg) || !stbi__parse_entropy_coded_data(jpeg))
    return false;
  const bool is_first = jpeg->spec_start == 0 && jpeg->succ_high == 0; /* of a component's coefficients */
  for (int k = 0; k < jpeg->scan_n && (!jpeg->progressive || is_first); k++)
    asked->scanned |= 1u << jpeg->order[k];
  return true;
}

/* All segments up to the frame's; false where that cannot be read. */
static bool read_header(stbi__jpeg *jpeg) {
  jpeg->app14_color_transform = -1;
  jpeg->marker = STBI__MARKER_none;
  int marker = next_marker(jpeg);
  for (; !stbi__SOF(marker); marker = next_marker(jpeg))
    if (!stbi__process_marker(jpeg, marker))
      return false;
  jpeg->progressive = stbi__SOF_progressive(marker);
  return stbi__process_frame_header(jpeg, STBI__SCAN_header) != 0;
}

/* The height that a DNL segment repeats must be the frame's. */
static bool read_height(stbi__jpeg *jpeg) {
  return stbi__get16be(jpeg->s) == 4 && stbi__get16be(jpeg->s) == (int)jpeg->s->img_y;
}

static bool read_marked(request *asked, int marker) {
  if (stbi__SOS(marker))
    return read_scan(asked);
  if (stbi__DNL(marker))
    return read_height(asked->jpeg);
  return stbi__process_marker(asked->jpeg, marker) != 0;
}

/* All scans, up to the end of the image; false unless each component had one. */
static bool read_scans(request *asked) {
  stbi__jpeg *jpeg = asked->jpeg;
  for (int marker = next_marker(jpeg); marker != MARKER_EOI; marker = next_marker(jpeg))
    if (!read_marked(asked, marker))
      return false;
  return asked->scanned == (1u << jpeg->s->img_n) - 1;
}

/* ---- from coefficients to planes ---- */

static void transform(stbi__jpeg *jpeg, int n, short *coefficients, unsigned char *to) {
  stbi__jpeg_dequantize(coefficients, jpeg->dequant[jpeg->img_comp[n].tq]);
  jpeg->idct_block_kernel(to, jpeg->img_comp[n].w2, coefficients);
}

static void make_plane(stbi__jpeg *jpeg, int n) {
  const size_t across = (size_t)jpeg->img_comp[n].coeff_w, down = (size_t)jpeg->img_comp[n].coeff_h;
  take_plane(jpeg, n);
  for (size_t row = 0; row < down; row++)
    for (size_t column = 0; column < across; column++)
      transform(jpeg, n, jpeg->img_comp[n].coeff + CELL * (row * across + column),
                jpeg->img_comp[n].data + (row * across * 8 + column) * 8);
  give_back(jpeg->img_comp[n].raw_coeff);
  jpeg->img_comp[n].raw_coeff = NULL;
}

/* The plane of a grey picture, in the memory of its coefficients: a row of blocks has half as many bytes as
 * its coefficients, so that no row is overwritten before it was copied. */
static void make_plane_in_place(stbi__jpeg *jpeg) {
  const size_t across = (size_t)jpeg->img_comp[0].coeff_w, down = (size_t)jpeg->img_comp[0].coeff_h;
  unsigned char *plane = (unsigned char *)jpeg->img_comp[0].coeff;
  short *row = take(across * CELL * sizeof *row + ALIGNMENT), *blocks = (short *)(void *)align(row);
  for (size_t k = 0; k < down; k++) {
    memcpy(blocks, jpeg->img_comp[0].coeff + k * across * CELL, across * CELL * sizeof *blocks);
    for (size_t column = 0; column < across; column++)
      transform(jpeg, 0, blocks + column * CELL, plane + (k * across * 8 + column) * 8);
  }
  give_back(row);
  jpeg->img_comp[0].raw_data = jpeg->img_comp[0].raw_coeff;
  jpeg->img_comp[0].data = plane;
}

/* ---- from planes to pixels ---- */

/* Rows become tight within the plane. */
static void finish_grey(request *asked) {
  const stbi__jpeg *jpeg = asked->jpeg;
  const size_t width = asked->file->width, stride = (size_t)jpeg->img_comp[0].w2;
  asked->result = jpeg->img_comp[0].data;
  asked->memory = jpeg->img_comp[0].raw_data;
  for (size_t y = 1; y < asked->file->height && width != stride; y++)
    memmove(asked->result + y * width, asked->result + y * stride, width);
}

static stbi__resample make_resampler(stbi__jpeg *jpeg, int n) {
  const int across = jpeg->img_h_max / jpeg->img_comp[n].h, down = jpeg->img_v_max / jpeg->img_comp[n].v;
  stbi__resample sampler = {.hs = across,
                            .vs = down,
                            .ystep = down >> 1,
                            .w_lores = ((int)jpeg->s->img_x + across - 1) / across,
                            .line0 = jpeg->img_comp[n].data,
                            .line1 = jpeg->img_comp[n].data,
                            .resample = stbi__resample_row_generic};
  if (across == 1 && down == 1)
    sampler.resample = resample_row_1;
  else if (across == 1 && down == 2)
    sampler.resample = stbi__resample_row_v_2;
  else if (across == 2 && down == 1)
    sampler.resample = stbi__resample_row_h_2;
  else if (across == 2 && down == 2)
    sampler.resample = jpeg->resample_row_hv_2_kernel;
  jpeg->img_comp[n].linebuf = take(jpeg->s->img_x + 3);
  return sampler;
}

/* One row of a component at the picture's width. */
static unsigned char *resample_row(stbi__jpeg *jpeg, int n, stbi__resample *sampler) {
  const bool near_bottom = sampler->ystep >= sampler->vs >> 1;
  unsigned char *row =
      sampler->resample(jpeg->img_comp[n].linebuf, near_bottom ? sampler->line1 : sampler->line0,
                        near_bottom ? sampler->line0 : sampler->line1, sampler->w_lores, sampler->hs);
  if (++sampler->ystep >= sampler->vs) {
    sampler->ystep = 0;
    sampler->line0 = sampler->line1;
    if (++sampler->ypos < jpeg->img_comp[n].y)
      sampler->line1 += jpeg->img_comp[n].w2;
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
static void convert_row(stbi__jpeg *jpeg, unsigned char *to, unsigned char *const rows[COMPONENTS]) {
  const int width = (int)jpeg->s->img_x;
  const bool four = jpeg->s->img_n == 4;
  const bool straight = four ? jpeg->app14_color_transform <= 0
                             : jpeg->rgb == 3 || (jpeg->app14_color_transform == 0 && !jpeg->jfif);
  if (straight)
    interleave(to, rows, width);
  else
    jpeg->YCbCr_to_RGB_kernel(to, rows[0], rows[1], rows[2], width, 3);
  for (int i = 0; four && !straight && i < 3 * width; i++)
    to[i] = (unsigned char)(255 - to[i]);
  if (four)
    apply_black(to, rows[3], width);
}

static void finish_colour(request *asked) {
  stbi__jpeg *jpeg = asked->jpeg;
  const size_t row_bytes = (size_t)asked->file->width * 3;
  stbi__resample samplers[COMPONENTS];
  for (int n = 0; n < jpeg->s->img_n; n++)
    samplers[n] = make_resampler(jpeg, n);
  unsigned char *pixels =
      take(row_bytes * asked->file->height + 1); /* stb's vector code writes one byte more */
  for (uint32_t y = 0; y < asked->file->height; y++) {
    unsigned char *rows[COMPONENTS] = {NULL};
    for (int n = 0; n < jpeg->s->img_n; n++)
      rows[n] = resample_row(jpeg, n, &samplers[n]);
    convert_row(jpeg, pixels + y * row_bytes, rows);
  }
  asked->memory = asked->result = pixels;
}

/* ---- the whole ---- */

static XDI_KEPT_APART void call_decoder(void *of) {
  request *asked = of;
  stbi__jpeg *jpeg = asked->jpeg = take(sizeof *jpeg);
  stbi__start_mem(&asked->stream, asked->file->data, (int)asked->file->size);
  jpeg->s = &asked->stream;
  stbi__setup_jpeg(jpeg);
  if (!read_header(jpeg) || jpeg->s->img_x != asked->file->width || jpeg->s->img_y != asked->file->height ||
      !lay_out(jpeg) || !read_scans(asked))
    return;
  const bool grey = jpeg->s->img_n == 1;
  asked->channels = grey ? 1 : 3;
  if (grey && jpeg->progressive)
    make_plane_in_place(jpeg);
  for (int n = 0; !grey && jpeg->progressive && n < jpeg->s->img_n; n++)
    make_plane(jpeg, n);
  if (grey)
    finish_grey(asked);
  else
    finish_colour(asked);
}

/* Four components of coefficients, planes and pixels, padded to 32 pixels. */
static size_t find_budget(const xdi_encoded *file) {
  return ((size_t)file->width + 32) * ((size_t)file->height + 32) * 16 + ((size_t)1 << 20);
}

static xd_status take_result(xd_picture **out, xd_context *context, session *running, const request *asked) {
  if (!asked->result && running->refused)
    return xdi_fail(context, XD_ERROR_OUT_OF_MEMORY, "out of memory while decoding '%s'", asked->file->name);
  if (!asked->result)
    return xdi_fail(context, XD_ERROR_BAD_DATA, "'%s': damaged JPEG data", asked->file->name);
  block *kept = find_block(asked->memory);
  const xd_status status =
      xdi_picture_adopt(out, context, kept, asked->result, asked->file->width, asked->file->height,
                        XD_SAMPLE_U8, xdi_layout_of(asked->channels));
  if (status == XD_OK)
    unlink_block(running, kept);
  return status;
}

xd_status xdi_stb_decode_jpeg(xd_picture **out, xd_context *context, const xdi_encoded *file) {
  if (file->size > INT_MAX)
    return xdi_fail(context, XD_ERROR_TOO_LARGE, "'%s' has %zu bytes", file->name, file->size);
  session running = {.allocator = &context->allocator, .budget = find_budget(file)};
  request asked = {.file = file};
  run_session(&running, &asked, call_decoder);
  const xd_status status = take_result(out, context, &running, &asked);
  end_session(&running);
  return status;
}
