/* The procedure plug-in-xdomain-translate of GIMP 2.10, whose scripts can call no GEGL operation by themselves: runs
 * xdomain:translate on a drawable. */
#include <gegl.h>
#include <libgimp/gimp.h>

#define PROCEDURE "plug-in-xdomain-translate"

enum { RUN_MODE, IMAGE, DRAWABLE, MODEL, DIRECTION, FIT, SEED, TEMPERATURE, PARAMETERS };

static void query(void) {
  static const GimpParamDef parameters[PARAMETERS] = {
      [RUN_MODE] = {GIMP_PDB_INT32, "run-mode", "RUN-NONINTERACTIVE (1)"},
      [IMAGE] = {GIMP_PDB_IMAGE, "image", "The image"},
      [DRAWABLE] = {GIMP_PDB_DRAWABLE, "drawable",
                    "Its drawable that is translated, as far as it is selected"},
      [MODEL] = {GIMP_PDB_STRING, "model", "The model file (.xdm)"},
      [DIRECTION] = {GIMP_PDB_INT32, "direction", "From domain 1 to 2 (0) or from 2 to 1 (1)"},
      [FIT] = {GIMP_PDB_INT32, "fit", "Of another size: exact (0, refused), stretch (1), pad (2), crop (3)"},
      [SEED] = {GIMP_PDB_INT32, "seed", "Another seed gives another picture"},
      [TEMPERATURE] = {GIMP_PDB_FLOAT, "temperature", "Scale of the noise: 1, or 0 to 4"}};
  gimp_install_procedure(PROCEDURE, "Translate a picture to another domain",
                         "Runs the GEGL operation xdomain:translate with these properties.", "libxdomain",
                         "libxdomain", "2026", NULL, "RGB*, GRAY*", GIMP_PLUGIN, PARAMETERS, 0, parameters,
                         NULL);
}

/* The operation reports failures as warnings. */
static void keep_warning(const gchar *domain, GLogLevelFlags level, const gchar *message, gpointer to) {
  (void)domain, (void)level;
  g_free(*(gchar **)to);
  *(gchar **)to = g_strdup(message);
}

static void show_progress(GeglNode *node, gdouble progress, gpointer user) {
  (void)node, (void)user;
  gimp_progress_update(progress);
}

static void process(GeglBuffer *from, GeglBuffer *to, const GimpParam *given) {
  GeglNode *graph = gegl_node_new();
  GeglNode *source = gegl_node_new_child(graph, "operation", "gegl:buffer-source", "buffer", from, NULL);
  GeglNode *translate = gegl_node_new_child(graph, "operation", "xdomain:translate", NULL);
  GeglNode *sink = gegl_node_new_child(graph, "operation", "gegl:write-buffer", "buffer", to, NULL);
  gegl_node_set(translate, "model", given[MODEL].data.d_string, "direction", given[DIRECTION].data.d_int32,
                "fit", given[FIT].data.d_int32, "seed", (guint)given[SEED].data.d_int32, "temperature",
                given[TEMPERATURE].data.d_float, NULL);
  g_signal_connect(translate, "progress", G_CALLBACK(show_progress), NULL);
  gegl_node_link_many(source, translate, sink, NULL);
  gegl_node_process(sink);
  g_object_unref(graph);
}

/* NULL, or why it failed, to be freed. */
static gchar *translate(const GimpParam *given) {
  const gint32 drawable = given[DRAWABLE].data.d_drawable;
  gchar *warning = NULL;
  gegl_init(NULL, NULL);
  if (!gegl_has_operation("xdomain:translate"))
    return g_strdup("GEGL has no operation xdomain:translate here");
  GeglBuffer *from = gimp_drawable_get_buffer(drawable), *to = gimp_drawable_get_shadow_buffer(drawable);
  const guint handler = g_log_set_handler("xdomain", G_LOG_LEVEL_WARNING, keep_warning, &warning);
  gimp_progress_init("Translating");
  process(from, to, given);
  g_log_remove_handler("xdomain", handler);
  g_object_unref(from);
  g_object_unref(to);
  if (warning)
    return warning;
  gimp_drawable_merge_shadow(drawable, TRUE);
  gimp_drawable_update(drawable, 0, 0, gimp_drawable_width(drawable), gimp_drawable_height(drawable));
  return NULL;
}

static gboolean sound(const GimpParam *given) {
  return given[DIRECTION].data.d_int32 >= 0 && given[DIRECTION].data.d_int32 <= 1 &&
         given[FIT].data.d_int32 >= 0 && given[FIT].data.d_int32 <= 3 &&
         given[TEMPERATURE].data.d_float >= 0 && given[TEMPERATURE].data.d_float <= 4;
}

static void run(const gchar *name, gint count, const GimpParam *given, gint *returned, GimpParam **values) {
  static GimpParam results[2] = {{.type = GIMP_PDB_STATUS}, {.type = GIMP_PDB_STRING}};
  (void)name;
  *values = results;
  *returned = 1;
  results[0].data.d_status = GIMP_PDB_CALLING_ERROR;
  if (count != PARAMETERS || !sound(given))
    return;
  results[0].data.d_status = GIMP_PDB_SUCCESS;
  results[1].data.d_string = translate(given);
  if (results[1].data.d_string) {
    results[0].data.d_status = GIMP_PDB_EXECUTION_ERROR;
    *returned = 2;
  }
}

const GimpPlugInInfo PLUG_IN_INFO = {.query_proc = query, .run_proc = run};

MAIN()
