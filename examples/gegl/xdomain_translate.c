/* The GEGL operation xdomain:translate, for GIMP, the gegl tool and every program that has a graph: a picture of
 * one domain becomes one of another. GEGL reads this file several times, for the properties alone. */
#ifdef GEGL_PROPERTIES

/* clang-format off */
enum_start(xdomain_direction)
  enum_value(XDOMAIN_1TO2, "1to2", "From domain 1 to domain 2")
  enum_value(XDOMAIN_2TO1, "2to1", "From domain 2 to domain 1")
enum_end(XdomainDirection)

enum_start(xdomain_fit)
  enum_value(XDOMAIN_EXACT, "exact", "It must have the model's size")
  enum_value(XDOMAIN_STRETCH, "stretch", "Stretch it")
  enum_value(XDOMAIN_PAD, "pad", "All of it, with bars")
  enum_value(XDOMAIN_CROP, "crop", "The middle of it")
enum_end(XdomainFit)

property_file_path(model, "Model", "")
  description("The model file (.xdm)")

property_enum(direction, "Direction", XdomainDirection, xdomain_direction, XDOMAIN_1TO2)
  description("Which way the picture is translated")

property_enum(fit, "Fit", XdomainFit, xdomain_fit, XDOMAIN_EXACT)
  description("How a picture of another size is fitted into the model's")

property_boolean(keep_size, "Keep the size", TRUE)
  description("Put the result back where the picture was taken from; otherwise it has the model's size")

property_seed(seed, "Seed", rand)
  description("Another seed gives another picture of the same class")

property_double(temperature, "Temperature", 1.0)
  description("Scale of the noise: less gives more typical and less varied pictures")
  value_range(0.0, 4.0)
  ui_range(0.0, 2.0)
/* clang-format on */

#else

#define G_LOG_DOMAIN "xdomain"
#define GETTEXT_PACKAGE NULL /* English alone */
#define GEGL_OP_FILTER
#define GEGL_OP_NAME xdomain_translate
#define GEGL_OP_C_SOURCE xdomain_translate.c

#include <glib/gi18n-lib.h>

#include <gegl-op.h>
#include <string.h>
#include <xdomain/xdomain.h>

/* What one node keeps. `work` guards all of it but the sizes, which a host asks for while a picture is being
 * translated, and the context's request to stop. */
typedef struct session {
  GMutex work, sizes;
  xd_context *context;
  xd_translator *translator;
  /* Of the model's pictures; zeros without one. */
  xd_shape from, to;
  /* What the translator was made for, and why there is none. */
  char *path;
  XdomainDirection direction;
  XdomainFit fit;
  char *problem;
} session;

/* ---- The context: its loops run on GEGL's threads ---- */

typedef struct loop {
  xd_task task;
  void *argument;
  uint32_t count;
} loop;

static void run_share(gint share, gint shares, gpointer data) {
  const loop *l = data;
  for (uint32_t i = (uint32_t)share; i < l->count; i += (uint32_t)shares)
    l->task(l->argument, i);
}

static int run_loop(void *user, xd_task task, void *argument, uint32_t count) {
  (void)user;
  loop l = {task, argument, count};
  gegl_parallel_distribute((gint)MIN(count, G_MAXINT), run_share, &l);
  return 0;
}

static xd_context *open_context(char *message, size_t size) {
  xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
  xd_runner runner = XD_RUNNER_INIT;
  xd_context *context;
  gint threads = 1;
  g_object_get(gegl_config(), "threads", &threads, NULL);
  runner.run = run_loop;
  runner.threads = (uint32_t)MAX(threads, 1);
  options.runner = &runner;
  options.message = message;
  options.message_size = size;
  xd_context_create(&context, &options);
  return context;
}

/* ---- The session ---- */

static session *session_of(GeglOperation *operation) {
  GeglProperties *o = GEGL_PROPERTIES(operation);
  if (!o->user_data) {
    char message[512] = "";
    session *s = g_new0(session, 1);
    g_mutex_init(&s->work);
    g_mutex_init(&s->sizes);
    s->context = open_context(message, sizeof message);
    if (!s->context)
      s->problem = g_strdup(message);
    o->user_data = s;
  }
  return o->user_data;
}

static const xd_fit fits[] = {XD_FIT_EXACT, XD_FIT_STRETCH, XD_FIT_PAD, XD_FIT_CROP}; /* of XdomainFit */

static void load_translator(session *s, const GeglProperties *o) {
  xd_translator_options options = XD_TRANSLATOR_OPTIONS_INIT;
  xd_translator_destroy(s->translator);
  s->translator = NULL;
  g_free(s->path);
  g_free(s->problem);
  s->path = g_strdup(o->model);
  s->direction = o->direction;
  s->fit = o->fit;
  s->problem = NULL;
  if (!o->model || !*o->model) {
    s->problem = g_strdup("no model was chosen");
    return;
  }
  options.direction = o->direction == XDOMAIN_2TO1 ? XD_DIRECTION_2TO1 : XD_DIRECTION_1TO2;
  options.fit = fits[o->fit];
  options.max_batch = 1;
  xd_context_clear_cancel(s->context);
  if (xd_translator_load(&s->translator, s->context, o->model, &options))
    s->problem = g_strdup(xd_context_message(s->context));
}

static void load(session *s, const GeglProperties *o) {
  load_translator(s, o);
  g_mutex_lock(&s->sizes);
  xd_translator_input_shape(s->translator, &s->from);
  xd_translator_output_shape(s->translator, &s->to);
  g_mutex_unlock(&s->sizes);
}

/* Whether the node can translate as its properties are now. */
static gboolean ready(session *s, const GeglProperties *o) {
  const gboolean stale =
      !s->translator || g_strcmp0(s->path, o->model) || s->direction != o->direction || s->fit != o->fit;
  if (s->context && stale)
    load(s, o);
  return s->translator != NULL;
}

/* A changed property makes the result that is being worked at worthless. */
static void notify(GObject *object, GParamSpec *property) {
  const session *s = GEGL_PROPERTIES(object)->user_data;
  (void)property;
  if (s)
    xd_context_cancel(s->context);
}

static void finalize(GObject *object) {
  GeglProperties *o = GEGL_PROPERTIES(object);
  session *s = o->user_data;
  if (s) {
    xd_translator_destroy(s->translator);
    xd_context_destroy(s->context);
    g_mutex_clear(&s->work);
    g_mutex_clear(&s->sizes);
    g_free(s->path);
    g_free(s->problem);
    g_free(s);
  }
  G_OBJECT_CLASS(gegl_op_parent_class)->finalize(object);
}

/* ---- Pixels: in the source's own depth, as sRGB has them, which models are trained on ---- */

typedef struct kind {
  xd_sample sample;
  gboolean grey, alpha;
} kind;

static kind kind_of(const Babl *format) {
  kind k = {XD_SAMPLE_F32, FALSE, babl_format_has_alpha(format) != 0};
  const char *type = babl_get_name(babl_format_get_type(format, 0));
  k.grey = !babl_format_is_palette(format) && babl_format_get_n_components(format) - k.alpha == 1;
  if (!strcmp(type, "u8") || babl_format_is_palette(format))
    k.sample = XD_SAMPLE_U8;
  else if (!strcmp(type, "u16"))
    k.sample = XD_SAMPLE_U16;
  return k;
}

static const Babl *format_of(kind k) {
  static const char *const names[2][2] = {{"R'G'B'", "R'G'B'A"}, {"Y'", "Y'A"}};
  static const char *const types[] = {
      [XD_SAMPLE_U8] = "u8", [XD_SAMPLE_U16] = "u16", [XD_SAMPLE_F32] = "float"};
  char name[32];
  g_snprintf(name, sizeof name, "%s %s", names[k.grey != 0][k.alpha != 0], types[k.sample]);
  return babl_format(name);
}

static xd_layout layout_of(kind k) {
  static const xd_layout layouts[2][2] = {{XD_LAYOUT_RGB, XD_LAYOUT_RGBA},
                                          {XD_LAYOUT_GREY, XD_LAYOUT_GREY_ALPHA}};
  return layouts[k.grey != 0][k.alpha != 0];
}

/* Room for a picture, to be given back by g_free, or NULL. */
static void *make_picture(xd_image *view, kind k, gint width, gint height) {
  const xd_layout layout = layout_of(k);
  const gsize pixel = xd_sample_size(k.sample) * xd_layout_channels(layout);
  void *pixels = width > 0 && height > 0 ? g_try_malloc_n((gsize)width * (gsize)height, pixel) : NULL;
  xd_image_init(view, sizeof *view, pixels, (uint32_t)width, (uint32_t)height, k.sample, layout);
  view->policy = XD_ALPHA_CARRY;
  return pixels;
}

/* ---- The operation ---- */

static const GeglRectangle *source_area(GeglOperation *operation) {
  return gegl_operation_source_get_bounding_box(operation, "input");
}

/* A result has the source's kind, with colours where source or model has them: so a source that cannot be translated
 * passes as it is. */
static kind result_kind(session *s, kind source) {
  g_mutex_lock(&s->sizes);
  source.grey = source.grey && s->to.channels != 3;
  g_mutex_unlock(&s->sizes);
  return source;
}

/* Whether a source of that size can be translated. */
static gboolean takes(const session *s, const GeglRectangle *area, XdomainFit fit) {
  if (!s->from.width || gegl_rectangle_is_empty(area) || gegl_rectangle_is_infinite_plane(area))
    return FALSE;
  return fit != XDOMAIN_EXACT || (area->width == (gint)s->from.width && area->height == (gint)s->from.height);
}

static void prepare(GeglOperation *operation) {
  const Babl *given = gegl_operation_get_source_format(operation, "input");
  session *s = session_of(operation);
  const kind source = kind_of(given ? given : babl_format("R'G'B'A float"));
  /* A host may change properties in the middle of a translation, which is then stopped and made again. */
  if (g_mutex_trylock(&s->work)) {
    ready(s, GEGL_PROPERTIES(operation));
    g_mutex_unlock(&s->work);
  }
  gegl_operation_set_format(operation, "input", format_of(source));
  gegl_operation_set_format(operation, "output", format_of(result_kind(s, source)));
}

static GeglRectangle get_bounding_box(GeglOperation *operation) {
  const GeglProperties *o = GEGL_PROPERTIES(operation);
  const GeglRectangle *area = source_area(operation);
  GeglRectangle box = area ? *area : (GeglRectangle){0, 0, 0, 0};
  session *s = session_of(operation);
  g_mutex_lock(&s->sizes);
  if (!o->keep_size && takes(s, &box, o->fit)) {
    box.width = (gint)s->to.width;
    box.height = (gint)s->to.height;
  }
  g_mutex_unlock(&s->sizes);
  return box;
}

static GeglRectangle get_required_for_output(GeglOperation *operation, const gchar *pad,
                                             const GeglRectangle *region) {
  const GeglRectangle *area = source_area(operation);
  (void)pad;
  return area ? *area : *region;
}

static GeglRectangle get_whole(GeglOperation *operation, const GeglRectangle *region) {
  (void)region;
  return get_bounding_box(operation);
}

static GeglRectangle get_invalidated_by_change(GeglOperation *operation, const gchar *pad,
                                               const GeglRectangle *region) {
  (void)pad;
  return get_whole(operation, region);
}

static gboolean same_size(const xd_image *a, const xd_image *b) {
  return a->width == b->width && a->height == b->height;
}

/* Onto the part `used` of `whole`, what lies at `place` of the result. */
static xd_status place_result(session *s, const xd_image *whole, const xd_image *result, xd_rectangle used,
                              xd_rectangle place) {
  xd_image to = XD_IMAGE_INIT, from = XD_IMAGE_INIT;
  xd_status status = xd_image_crop(s->context, &to, whole, used.x, used.y, used.width, used.height);
  if (!status)
    status = xd_image_crop(s->context, &from, result, place.x, place.y, place.width, place.height);
  return status ? status : xd_image_resize(s->context, &to, &from);
}

/* Puts the result back where the picture was taken from; what was not taken, beside a crop, stays. */
static xd_status put_back(session *s, void **pixels, xd_image *result, kind k, const xd_image *source) {
  const xd_fit fit = s->fit == XDOMAIN_EXACT ? XD_FIT_STRETCH : fits[s->fit];
  xd_rectangle used, place, other;
  xd_image whole;
  void *room = make_picture(&whole, k, (gint)source->width, (gint)source->height);
  if (!room)
    return XD_ERROR_OUT_OF_MEMORY;
  xd_status status =
      xd_fit_areas(&used, &other, fit, source->width, source->height, s->from.width, s->from.height);
  if (!status)
    status = xd_fit_areas(&other, &place, fit, source->width, source->height, result->width, result->height);
  if (!status && fit == XD_FIT_CROP)
    status = xd_image_convert(s->context, &whole, source);
  if (!status)
    status = place_result(s, &whole, result, used, place);
  g_free(*pixels);
  *pixels = room;
  *result = whole;
  return status;
}

static xd_status run(GeglOperation *operation, session *s, const xd_image *to, const xd_image *from) {
  static gchar message[] = "Translating";
  const GeglProperties *o = GEGL_PROPERTIES(operation);
  xd_context_clear_cancel(s->context);
  gegl_operation_progress(operation, 0.0, message);
  xd_status status = xd_translator_set_noise(s->translator, o->seed, 0, (float)o->temperature);
  if (!status)
    status = xd_translator_run(s->translator, to, NULL, from, 1);
  gegl_operation_progress(operation, 1.0, message);
  return status;
}

/* The source's pixels at `from`, the result's at `to`: the caller gives them back, whatever becomes of it. */
static xd_status translate(GeglOperation *operation, session *s, GeglBuffer *input, GeglBuffer *output,
                           void **from, void **to) {
  const GeglRectangle *area = gegl_buffer_get_extent(input);
  const kind source = kind_of(gegl_operation_get_format(operation, "input")), made = result_kind(s, source);
  xd_image in, out;
  *from = make_picture(&in, source, area->width, area->height);
  *to = make_picture(&out, made, (gint)s->to.width, (gint)s->to.height);
  if (!*from || !*to)
    return XD_ERROR_OUT_OF_MEMORY;
  gegl_buffer_get(input, area, 1.0, format_of(source), *from, GEGL_AUTO_ROWSTRIDE, GEGL_ABYSS_NONE);
  xd_status status = run(operation, s, &out, &in);
  if (!status && GEGL_PROPERTIES(operation)->keep_size && !same_size(&out, &in))
    status = put_back(s, to, &out, made, &in);
  if (!status)
    gegl_buffer_set(output, GEGL_RECTANGLE(area->x, area->y, (gint)out.width, (gint)out.height), 0,
                    format_of(made), *to, GEGL_AUTO_ROWSTRIDE);
  return status;
}

/* What cannot be translated stays as it is. GEGL has no way to tell a host why, but the log. */
static gboolean process(GeglOperation *operation, GeglBuffer *input, GeglBuffer *output,
                        const GeglRectangle *region, gint level) {
  session *s = session_of(operation);
  void *from = NULL, *to = NULL;
  (void)region, (void)level;
  g_mutex_lock(&s->work);
  const gboolean can = ready(s, GEGL_PROPERTIES(operation));
  const xd_status status = can ? translate(operation, s, input, output, &from, &to) : XD_OK;
  if (!can || status)
    gegl_buffer_copy(input, NULL, GEGL_ABYSS_NONE, output, NULL);
  if (!can)
    g_warning("xdomain:translate: %s", s->problem);
  else if (status && status != XD_ERROR_CANCELLED)
    g_warning("xdomain:translate: %s",
              status == XD_ERROR_OUT_OF_MEMORY ? xd_status_text(status) : xd_context_message(s->context));
  g_mutex_unlock(&s->work);
  g_free(from);
  g_free(to);
  return TRUE;
}

static void gegl_op_class_init(GeglOpClass *class) {
  GeglOperationClass *operation = GEGL_OPERATION_CLASS(class);
  G_OBJECT_CLASS(class)->notify = notify;
  G_OBJECT_CLASS(class)->finalize = finalize;
  operation->prepare = prepare;
  operation->get_bounding_box = get_bounding_box;
  operation->get_required_for_output = get_required_for_output;
  operation->get_cached_region = get_whole;
  operation->get_invalidated_by_change = get_invalidated_by_change;
  operation->threaded = FALSE;
  operation->want_in_place = FALSE;
  GEGL_OPERATION_FILTER_CLASS(class)->process = process;
  gegl_operation_class_set_keys(
      operation, "name", "xdomain:translate", "title", "Translate to Another Domain", "categories",
      "artistic", "description",
      "Turns a picture of one domain into a picture of another by a model of libxdomain", NULL);
}

#endif
