/* The libvips operation xdomain_translate, a module that libvips loads when it starts: a picture of one domain
 * becomes one of another, in the source's format and with its alpha. */
#include <gmodule.h>

#include "sessions.h"

#define NICKNAME "xdomain_translate"

/* ---- What a user chooses ---- */

typedef struct XdomainTranslate {
  VipsOperation parent_instance;
  VipsImage *in, *out;
  char *model;
  int direction, fit;
  guint64 seed;
  double temperature;
} XdomainTranslate;

typedef VipsOperationClass XdomainTranslateClass;

G_DEFINE_TYPE(XdomainTranslate, xdomain_translate, VIPS_TYPE_OPERATION)

static GType direction_type(void) {
  static const GEnumValue values[] = {
      {XD_DIRECTION_1TO2, "XDOMAIN_1TO2", "1to2"},
      {XD_DIRECTION_2TO1, "XDOMAIN_2TO1", "2to1"},
      {XD_DIRECTION_2TO1 + 1, "XDOMAIN_DIRECTION_LAST", "last"}, /* which libvips does not list */
      {0}};
  static gsize type;
  if (g_once_init_enter(&type))
    g_once_init_leave(&type, g_enum_register_static("XdomainVipsDirection", values));
  return type;
}

static GType fit_type(void) {
  static const GEnumValue values[] = {{XD_FIT_EXACT, "XDOMAIN_EXACT", "exact"},
                                      {XD_FIT_STRETCH, "XDOMAIN_STRETCH", "stretch"},
                                      {XD_FIT_PAD, "XDOMAIN_PAD", "pad"},
                                      {XD_FIT_CROP, "XDOMAIN_CROP", "crop"},
                                      {XD_FIT_CROP + 1, "XDOMAIN_FIT_LAST", "last"},
                                      {0}};
  static gsize type;
  if (g_once_init_enter(&type))
    g_once_init_leave(&type, g_enum_register_static("XdomainVipsFit", values));
  return type;
}

/* ---- Pixels: interleaved, 1 to 4 bands, as sRGB has them, which models are trained on ---- */

typedef struct pixels {
  VipsImage *image;
  void *memory;
  double scale; /* the value of white that its floats have; 0: they are integers of the whole range */
  xd_image view;
} pixels;

static double white(VipsInterpretation interpretation) {
  return interpretation == VIPS_INTERPRETATION_GREY16 || interpretation == VIPS_INTERPRETATION_RGB16 ? 65535
                                                                                                     : 255;
}

/* What is neither grey nor sRGB becomes it: floats in linear light in 16 bits, all else in 8. */
static int encode(VipsImage *in, VipsImage **out) {
  switch (vips_image_guess_interpretation(in)) {
  case VIPS_INTERPRETATION_MULTIBAND:
  case VIPS_INTERPRETATION_B_W:
  case VIPS_INTERPRETATION_GREY16:
  case VIPS_INTERPRETATION_sRGB:
  case VIPS_INTERPRETATION_RGB16:
    return vips_copy(in, out, NULL);
  case VIPS_INTERPRETATION_scRGB:
    return vips_colourspace(in, out, VIPS_INTERPRETATION_RGB16, NULL);
  default:
    return vips_colourspace(in, out, VIPS_INTERPRETATION_sRGB, NULL);
  }
}

static void multiply(float *values, gsize count, double factor) {
  for (gsize i = 0; i < count; i++)
    values[i] = (float)(values[i] * factor);
}

static int check_bands(VipsImage *image) {
  if (image->Bands <= 4)
    return 0;
  vips_error(NICKNAME, "%d bands: grey, grey and alpha, RGB, or RGB and alpha go in", image->Bands);
  return -1;
}

/* Reads the source into memory. */
static int read_pixels(XdomainTranslate *t, pixels *p) {
  static const xd_layout layouts[] = {XD_LAYOUT_GREY, XD_LAYOUT_GREY_ALPHA, XD_LAYOUT_RGB, XD_LAYOUT_RGBA};
  VipsImage **steps = (VipsImage **)vips_object_local_array(VIPS_OBJECT(t), 3);
  xd_sample sample = XD_SAMPLE_F32;
  size_t size;
  if (vips_image_decode(t->in, &steps[0]) || encode(steps[0], &steps[1]) || check_bands(steps[1]))
    return -1;
  VipsImage *image = steps[1];
  const double most = white(vips_image_guess_interpretation(image));
  if (image->BandFmt == VIPS_FORMAT_UCHAR && most == 255)
    sample = XD_SAMPLE_U8;
  else if (image->BandFmt == VIPS_FORMAT_USHORT && most == 65535)
    sample = XD_SAMPLE_U16;
  else if (vips_cast_float(steps[1], &steps[2], NULL))
    return -1;
  p->image = steps[2] ? steps[2] : steps[1];
  p->memory = vips_image_write_to_memory(p->image, &size);
  if (!p->memory)
    return -1;
  p->scale = sample == XD_SAMPLE_F32 ? most : 0;
  if (p->scale > 0)
    multiply(p->memory, size / sizeof(float), 1 / p->scale);
  xd_image_init(&p->view, sizeof p->view, p->memory, (uint32_t)image->Xsize, (uint32_t)image->Ysize, sample,
                layouts[image->Bands - 1]);
  p->view.policy = XD_ALPHA_CARRY;
  return 0;
}

static gboolean has_alpha(const pixels *p) {
  return p->view.layout == XD_LAYOUT_GREY_ALPHA || p->view.layout == XD_LAYOUT_RGBA;
}

static VipsInterpretation interpretation_of(const pixels *source, gboolean grey) {
  if (white(vips_image_guess_interpretation(source->image)) > 255)
    return grey ? VIPS_INTERPRETATION_GREY16 : VIPS_INTERPRETATION_RGB16;
  return grey ? VIPS_INTERPRETATION_B_W : VIPS_INTERPRETATION_sRGB;
}

/* An image in memory for the result: the source's metadata, format and alpha; the model's size and colours. */
static int make_result(XdomainTranslate *t, pixels *p, const pixels *source, xd_shape shape) {
  const gboolean grey = shape.channels == 1;
  VipsImage **made = (VipsImage **)vips_object_local_array(VIPS_OBJECT(t), 1);
  VipsImage *image = made[0] = vips_image_new_memory();
  if (vips_image_pipelinev(image, VIPS_DEMAND_STYLE_ANY, source->image, NULL))
    return -1;
  image->Xsize = (int)shape.width;
  image->Ysize = (int)shape.height;
  image->Bands = (grey ? 1 : 3) + has_alpha(source);
  if (image->Bands != t->in->Bands ||
      vips_image_guess_interpretation(source->image) != vips_image_guess_interpretation(t->in))
    vips_image_remove(image, VIPS_META_ICC_NAME); /* a profile of other colours */
  image->Type = interpretation_of(source, grey);
  if (vips_image_write_prepare(image))
    return -1;
  p->image = image;
  p->memory = image->data;
  p->scale = source->scale;
  xd_image_init(&p->view, sizeof p->view, p->memory, shape.width, shape.height, source->view.sample,
                grey ? (has_alpha(source) ? XD_LAYOUT_GREY_ALPHA : XD_LAYOUT_GREY)
                     : (has_alpha(source) ? XD_LAYOUT_RGBA : XD_LAYOUT_RGB));
  return 0;
}

/* ---- The operation ---- */

static int run(XdomainTranslate *t, session *s, const pixels *to, const pixels *from) {
  xd_status status = xd_translator_set_noise(s->translator, t->seed, 0, (float)t->temperature);
  if (!status)
    status = xd_translator_run(s->translator, &to->view, NULL, &from->view, 1);
  if (status)
    vips_error(NICKNAME, "%s", xd_context_message(s->context));
  else if (to->scale > 0)
    multiply(to->memory, (gsize)VIPS_IMAGE_N_ELEMENTS(to->image) * (gsize)to->image->Ysize, to->scale);
  return status ? -1 : 0;
}

static int translate_pixels(XdomainTranslate *t, session *s, const pixels *from) {
  pixels to = {0};
  xd_shape shape;
  xd_translator_output_shape(s->translator, &shape);
  if (make_result(t, &to, from, shape) || run(t, s, &to, from))
    return -1;
  g_object_set(t, "out", vips_image_new(), NULL);
  return vips_image_write(to.image, t->out);
}

static int build(VipsObject *object) {
  XdomainTranslate *t = (XdomainTranslate *)object;
  pixels from = {0};
  if (VIPS_OBJECT_CLASS(xdomain_translate_parent_class)->build(object))
    return -1;
  if (!t->model) {
    vips_error(NICKNAME, "%s", "no model: the option `model` names its file");
    return -1;
  }
  const choice chosen = {(xd_direction)t->direction, (xd_fit)t->fit};
  session *s = session_borrow(NICKNAME, t->model, chosen, t->in);
  if (!s)
    return -1;
  const int failed = read_pixels(t, &from) || translate_pixels(t, s, &from);
  session_return(s);
  g_free(from.memory);
  return failed ? -1 : 0;
}

static void xdomain_translate_class_init(XdomainTranslateClass *class) {
  VipsObjectClass *object = VIPS_OBJECT_CLASS(class);
  G_OBJECT_CLASS(class)->set_property = vips_object_set_property;
  G_OBJECT_CLASS(class)->get_property = vips_object_get_property;
  object->nickname = NICKNAME;
  object->description = "translate a picture to another domain by a model of libxdomain";
  object->build = build;
  /* A model file may change between two calls. */
  VIPS_OPERATION_CLASS(class)->flags = VIPS_OPERATION_SEQUENTIAL | VIPS_OPERATION_NOCACHE;

  VIPS_ARG_IMAGE(class, "in", 1, "Input", "Input image", VIPS_ARGUMENT_REQUIRED_INPUT,
                 offsetof(XdomainTranslate, in));
  VIPS_ARG_IMAGE(class, "out", 2, "Output", "Output image", VIPS_ARGUMENT_REQUIRED_OUTPUT,
                 offsetof(XdomainTranslate, out));
  VIPS_ARG_STRING(class, "model", 3, "Model", "The model file (.xdm)", VIPS_ARGUMENT_OPTIONAL_INPUT,
                  offsetof(XdomainTranslate, model), NULL);
  VIPS_ARG_ENUM(class, "direction", 4, "Direction", "Which way the picture is translated",
                VIPS_ARGUMENT_OPTIONAL_INPUT, offsetof(XdomainTranslate, direction), direction_type(),
                XD_DIRECTION_1TO2);
  VIPS_ARG_ENUM(class, "fit", 5, "Fit", "How a picture of another size is fitted into the model's",
                VIPS_ARGUMENT_OPTIONAL_INPUT, offsetof(XdomainTranslate, fit), fit_type(), XD_FIT_EXACT);
  VIPS_ARG_UINT64(class, "seed", 6, "Seed", "Another seed gives another picture",
                  VIPS_ARGUMENT_OPTIONAL_INPUT, offsetof(XdomainTranslate, seed), 0, G_MAXUINT64, 0);
  VIPS_ARG_DOUBLE(class, "temperature", 7, "Temperature", "Scale of the noise", VIPS_ARGUMENT_OPTIONAL_INPUT,
                  offsetof(XdomainTranslate, temperature), 0, 4, 1);
}

static void xdomain_translate_init(XdomainTranslate *t) {
  t->direction = XD_DIRECTION_1TO2;
  t->temperature = 1;
}

/* What libvips calls in a module. */
G_MODULE_EXPORT const gchar *g_module_check_init(GModule *self) {
  (void)self;
  xdomain_translate_get_type();
  return NULL;
}
