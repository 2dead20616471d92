/* The library as page/library.js calls it: one context, one model, a translator of it, and the codes of two pictures.
 * Functions answer with the library's status, and page_message() says in words what it was. */
#include <stdlib.h>
#include <string.h>

#include "xdomain.h"

/* What the page may call. */
#define PAGE __attribute__((used, visibility("default")))

/* What the model of a stranger may ask for a picture: some seconds of the page's one thread. */
#define MOST_WORK (UINT64_C(1) << 33)
/* Of MNIST's 28 pixels, digits fill the middle 20. */
#define DIGIT_SHARE (20.0 / 28.0)
/* What is darker is no ink. */
#define FAINT_INK 0.1f

static struct {
  char message[512]; /* of a context that could not be opened */
  xd_context *context;
  xd_model *model;
  xd_translator *translator;
  xd_shape in, out;
  float *memory;
  /* In `memory`: the two pictures as the encoder gets them, their codes, the codes of their translations, and the
   * picture that was translated last. */
  float *seen[2], *source[2], *generated[2], *result;
} page;

/* ---- The context and the model ---- */

PAGE xd_status page_open(void) {
  xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
  options.backend = "native";
  options.network_work = MOST_WORK;
  options.message = page.message;
  options.message_size = sizeof page.message;
  return xd_context_create(&page.context, &options);
}

/* Why the last function answered `status`. */
PAGE const char *page_message(xd_status status) {
  if (status == XD_ERROR_OUT_OF_MEMORY)
    return "the browser gives no more memory";
  return page.context ? xd_context_message(page.context) : page.message;
}

PAGE const char *page_version(void) {
  return xd_version_string();
}

/* A model file in memory takes the place of the model before, which stays where the file is refused. */
PAGE xd_status page_load(const void *file, size_t size) {
  xd_source source = XD_SOURCE_INIT;
  xd_model *model;
  source.name = "the file";
  source.data = file;
  source.size = size;
  const xd_status status = xd_model_load_source(&model, page.context, &source);
  if (status != XD_OK)
    return status;
  xd_translator_destroy(page.translator);
  page.translator = NULL;
  xd_model_release(page.model);
  page.model = model;
  return XD_OK;
}

PAGE const char *page_name(uint32_t domain) {
  return xd_model_name(page.model, domain);
}

PAGE const char *page_pairing(void) {
  return xd_model_pairing(page.model);
}

PAGE const char *page_class_name(uint32_t domain, uint32_t label) {
  return xd_model_class_name(page.model, domain, label);
}

/* Whether the model translates that way: it has a mapping and does not start from conditions. A direction has its
 * source's number. */
PAGE int page_can(xd_direction direction) {
  return xd_model_generator(page.model, direction) && xd_model_encoder(page.model, direction);
}

/* ---- A direction ---- */

static size_t floats_of(const xd_shape *shape) {
  return (size_t)shape->height * shape->width * shape->channels;
}

static void share_out(float *memory) {
  const size_t in = floats_of(&page.in), source = xd_translator_source_dim(page.translator);
  free(page.memory);
  page.memory = memory;
  for (int i = 0; i < 2; i++) {
    page.seen[i] = memory;
    page.source[i] = page.seen[i] + in;
    page.generated[i] = page.source[i] + source;
    memory = page.generated[i] + xd_translator_target_dim(page.translator);
  }
  page.result = memory;
}

/* Pictures that were encoded before are forgotten; all stays as it was where it fails. */
PAGE xd_status page_turn(xd_direction direction) {
  xd_translator_options options = XD_TRANSLATOR_OPTIONS_INIT;
  xd_translator *translator;
  xd_shape in, out;
  options.direction = direction;
  const xd_status status = xd_translator_create(&translator, page.context, page.model, &options);
  if (status != XD_OK)
    return status;
  xd_translator_input_shape(translator, &in);
  xd_translator_output_shape(translator, &out);
  const size_t codes = (size_t)xd_translator_source_dim(translator) + xd_translator_target_dim(translator);
  float *memory = calloc(2 * (floats_of(&in) + codes) + floats_of(&out), sizeof *memory);
  if (!memory) {
    xd_translator_destroy(translator);
    return XD_ERROR_OUT_OF_MEMORY;
  }
  xd_translator_destroy(page.translator);
  page.translator = translator;
  page.in = in;
  page.out = out;
  share_out(memory);
  return XD_OK;
}

PAGE uint32_t page_in_width(void) {
  return page.in.width;
}

PAGE uint32_t page_in_height(void) {
  return page.in.height;
}

PAGE uint32_t page_in_channels(void) {
  return page.in.channels;
}

PAGE uint32_t page_out_width(void) {
  return page.out.width;
}

PAGE uint32_t page_out_height(void) {
  return page.out.height;
}

/* ---- A drawing as MNIST's digits are made ---- */

/* The smallest part of a grey picture that holds its ink; false where there is none. */
static int find_ink(xd_rectangle *out, const float *grey, uint32_t width, uint32_t height) {
  uint32_t left = width, right = 0, top = height, bottom = 0;
  for (uint32_t y = 0; y < height; y++)
    for (uint32_t x = 0; x < width; x++)
      if (grey[(size_t)y * width + x] > FAINT_INK) {
        left = x < left ? x : left;
        right = x >= right ? x + 1 : right;
        top = y < top ? y : top;
        bottom = y + 1;
      }
  *out = (xd_rectangle){left, top, right - left, bottom - top};
  return bottom > top;
}

static uint32_t scaled(uint32_t side, double scale) {
  const uint32_t whole = (uint32_t)(side * scale + 0.5);
  return whole > 0 ? whole : 1;
}

/* Where ink of `size` pixels begins so that its centre of mass lies in the middle, but not beyond the sides. */
static uint32_t centred(double mass, double moment, uint32_t size, uint32_t side) {
  const double begin = side / 2.0 - (mass > 0 ? moment / mass : size / 2.0);
  const double last = (double)side - size;
  return (uint32_t)((begin < 0 ? 0 : begin > last ? last : begin) + 0.5);
}

/* Shrinks the ink into `to`, whose size was chosen for it, at the top left, and finds where it is to begin. */
static xd_status shrink_ink(xd_rectangle *place, float *small, const xd_image *ink) {
  xd_image to = XD_IMAGE_INIT;
  double mass = 0, across = 0, down = 0;
  xd_image_init(&to, sizeof to, small, place->width, place->height, XD_SAMPLE_F32, XD_LAYOUT_GREY);
  const xd_status status = xd_image_resize(page.context, &to, ink);
  for (uint32_t y = 0; y < place->height && status == XD_OK; y++)
    for (uint32_t x = 0; x < place->width; x++) {
      const double value = small[(size_t)y * place->width + x];
      mass += value;
      across += value * (x + 0.5);
      down += value * (y + 0.5);
    }
  place->x = centred(mass, across, place->width, page.in.width);
  place->y = centred(mass, down, place->height, page.in.height);
  return status;
}

/* The longer side of the ink fills 20 of 28 pixels, and its centre of mass lies in the middle. `grey` has the
 * picture's pixels, and is room for the small ones when these were read. */
static xd_status place_digit(float *to, float *grey, float *small, uint32_t width, uint32_t height) {
  const uint32_t side = page.in.width < page.in.height ? page.in.width : page.in.height;
  xd_rectangle ink, place;
  xd_image view = XD_IMAGE_INIT;
  memset(to, 0, floats_of(&page.in) * sizeof *to);
  if (!find_ink(&ink, grey, width, height))
    return XD_OK;
  const double scale = side * DIGIT_SHARE / (ink.width > ink.height ? ink.width : ink.height);
  place = (xd_rectangle){0, 0, scaled(ink.width, scale), scaled(ink.height, scale)};
  xd_image_init(&view, sizeof view, grey, width, height, XD_SAMPLE_F32, XD_LAYOUT_GREY);
  xd_status status = xd_image_crop(page.context, &view, &view, ink.x, ink.y, ink.width, ink.height);
  if (status == XD_OK)
    status = shrink_ink(&place, small, &view);
  for (uint32_t y = 0; y < place.height && status == XD_OK; y++)
    memcpy(to + (size_t)(place.y + y) * page.in.width + place.x, small + (size_t)y * place.width,
           place.width * sizeof *to);
  return status;
}

static xd_status see_digit(float *to, const xd_image *drawing) {
  const size_t pixels = (size_t)drawing->width * drawing->height;
  float *grey = malloc((pixels + floats_of(&page.in)) * sizeof *grey);
  if (!grey)
    return XD_ERROR_OUT_OF_MEMORY;
  xd_status status = xd_image_to_floats(page.context, grey, drawing, 1);
  if (status == XD_OK)
    status = place_digit(to, grey, grey + pixels, drawing->width, drawing->height);
  free(grey);
  return status;
}

/* ---- Pictures ---- */

static void view_floats(xd_image *out, float *pixels, const xd_shape *shape) {
  xd_image_init(out, sizeof *out, pixels, shape->width, shape->height, XD_SAMPLE_F32,
                shape->channels == 3 ? XD_LAYOUT_RGB : XD_LAYOUT_GREY);
}

/* Encodes RGBA pixels as picture 0 or 1: as they are, or as MNIST's digits are, where the model is of grey ones. */
PAGE xd_status page_encode(uint32_t which, uint8_t *pixels, uint32_t width, uint32_t height, int as_digit) {
  xd_image from = XD_IMAGE_INIT, to = XD_IMAGE_INIT;
  xd_status status;
  xd_image_init(&from, sizeof from, pixels, width, height, XD_SAMPLE_U8, XD_LAYOUT_RGBA);
  view_floats(&to, page.seen[which], &page.in);
  if (as_digit && page.in.channels == 1)
    status = see_digit(page.seen[which], &from);
  else
    status = xd_image_fit(page.context, &to, &from, XD_FIT_PAD);
  return status == XD_OK
             ? xd_translator_encode_floats(page.translator, page.source[which], page.seen[which], 1)
             : status;
}

static xd_status show(uint8_t *pixels, float *floats, const xd_shape *shape) {
  xd_image to = XD_IMAGE_INIT;
  xd_image_init(&to, sizeof to, pixels, shape->width, shape->height, XD_SAMPLE_U8, XD_LAYOUT_RGBA);
  return xd_image_from_floats(page.context, &to, floats, shape->channels);
}

/* The RGBA pixels of picture 0 or 1 as the encoder got them. */
PAGE xd_status page_see(uint32_t which, uint8_t *pixels) {
  return show(pixels, page.seen[which], &page.in);
}

static xd_status generate(uint32_t which) {
  return xd_translator_generate(page.translator, page.generated[which], NULL, page.source[which], 1);
}

/* The translation in RGBA pixels: of picture 0 at position 0, of picture 1 at position 1, and between them the
 * picture of the code that lies there on the way between theirs, both made with the same noise. */
PAGE xd_status page_translate(uint8_t *pixels, uint32_t seed, float temperature, double position) {
  float *codes = page.generated[position == 1];
  xd_status status = xd_translator_set_noise(page.translator, seed, 0, temperature);
  for (uint32_t i = 0; i < 2 && status == XD_OK; i++)
    if (position != 1 - i)
      status = generate(i);
  if (status == XD_OK && position > 0 && position < 1)
    status = xd_latent_interpolate(page.context, codes, codes, page.generated[1],
                                   xd_translator_target_dim(page.translator), position);
  if (status == XD_OK)
    status = xd_translator_decode_floats(page.translator, page.result, codes, 1);
  return status == XD_OK ? show(pixels, page.result, &page.out) : status;
}
