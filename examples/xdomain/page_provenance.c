/* What the model is made of, where it comes from, and how the page and the training are done again. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "networks.h"
#include "page.h"
#include <xdomain/unstable/price.h>

/* ---- Networks ---- */

static void put_network(const page *p, const network_role *role) {
  static const char *const names[] = {[ENCODER] = "encoder of",
                                      [DECODER] = "decoder of",
                                      [GENERATOR] = "generator into",
                                      [DISCRIMINATOR] = "discriminator of"};
  const xd_network *network = find_network(p->scored.model, role);
  if (!network)
    return;
  fprintf(p->to, "<tr><th scope=\"row\">%s ", names[role->kind]);
  put_domain(p, role->kind == GENERATOR ? 3 - role->number : role->number);
  fprintf(p->to, "</th><td>%u</td><td>", xd_network_layer_count(network));
  put_count(p, (double)xd_network_parameter_count(network));
  put(p, "</td><td>");
  put_count(p, (double)xd_network_work(network));
  put(p, "</td><td>");
  put_count(p, (double)xd_network_memory(network));
  put(p, "</td></tr>\n");
}

xd_status write_networks(const page *p) {
  begin_table(p, "networks", "What each costs a picture");
  put(p,
      "<thead><tr><th scope=\"col\">network</th><th scope=\"col\">layers</th><th scope=\"col\">weights</th>"
      "<th scope=\"col\">multiplications</th><th scope=\"col\">bytes of results</th></tr></thead><tbody>\n");
  for (size_t i = 0; i < ROLE_COUNT; i++)
    put_network(p, &network_roles[i]);
  end_table(p);
  return XD_OK;
}

/* ---- The options of the training, as differences from this version's defaults ---- */

typedef struct training_options {
  xd_options *options;
  char *unknown; /* names that this version does not know, a line each */
  size_t unknown_size;
  FILE *unknown_to;
} training_options;

/* Earlier versions called the first dense layer's width so. */
static const char *present_name(const char *name) {
  return !strcmp(name, "hidden") ? "hidden1" : name;
}

/* "name=value name=value", of a part of the training. */
static void take_options(training_options *t, const char *scope, const char *text) {
  char name[64], value[XD_OPTION_TEXT_SIZE], whole[80];
  int length = 0;
  while (text && sscanf(text, " %63[^= ]=%63[^ ]%n", name, value, &length) == 2) {
    snprintf(whole, sizeof whole, "%s.%s", scope, present_name(name));
    if (xd_options_set_text(t->options, NULL, whole, value))
      fprintf(t->unknown_to, "# %s.%s = %s\n", scope, name, value);
    text += length;
  }
}

/* The text of a direction's validation; "" where there was none. */
static const char *validation_of(const xd_model *m, uint32_t direction) {
  const char *text = xd_model_property(m, direction == 1 ? "mapping1.validation" : "mapping2.validation");
  return text ? text : "";
}

/* Which mappings were trained, and how often they were validated. */
static void take_course(training_options *t, const xd_model *m) {
  static const char every[] = " validate_every=";
  uint32_t directions = 0;
  for (uint32_t direction = 1; direction <= 2; direction++) {
    const char *found = strstr(validation_of(m, direction), every);
    directions |= xd_model_generator(m, (xd_direction)direction) ? direction : 0;
    if (found)
      (void)xd_options_set_number(t->options, NULL, "validate_every", strtod(found + strlen(every), NULL));
  }
  (void)xd_options_set_number(t->options, NULL, "directions", directions);
  /* The windows are those that the VAEs have. */
  (void)xd_options_set_number(t->options, NULL, "light_share", 1.0);
}

static xd_status gather_options(training_options *t, const page *p) {
  static const char *const scopes[] = {"vae1", "vae2", "mapping1", "mapping2"};
  const xd_model *m = p->scored.model;
  const xd_status status = xd_options_create(&t->options, p->scored.run.context, "train");
  t->unknown_to = status ? NULL : open_memstream(&t->unknown, &t->unknown_size);
  if (!t->unknown_to)
    return status ? status : XD_ERROR_OUT_OF_MEMORY;
  for (size_t i = 0; i < sizeof scopes / sizeof *scopes; i++) {
    char key[32];
    for (int part = 0; part < 2; part++) {
      snprintf(key, sizeof key, "%s.%s", scopes[i], part ? "architecture" : "options");
      take_options(t, scopes[i], xd_model_property(m, key));
    }
  }
  const char *seed = xd_model_property(m, "vae.seed");
  if (seed)
    (void)xd_options_set_text(t->options, NULL, "seed", seed);
  take_course(t, m);
  return XD_OK;
}

static xd_status put_options(const page *p, training_options *t) {
  size_t length = 0;
  (void)xd_options_write(t->options, NULL, NULL, 0, &length);
  char *text = malloc(length + 1);
  const xd_status status =
      text ? xd_options_write(t->options, NULL, text, length + 1, NULL) : XD_ERROR_OUT_OF_MEMORY;
  if (!status) {
    put(p, "<pre id=\"options\" tabindex=\"0\">");
    put_lines(p, text);
    if (fflush(t->unknown_to) == 0 && t->unknown_size) {
      put(p, "# unknown to this version, and so left out:\n");
      put_lines(p, t->unknown);
    }
    put(p, "</pre>\n");
  }
  free(text);
  return status;
}

/* ---- Commands ---- */

static bool put_word(const page *p, const char *word) {
  char *quoted = quote_word(word);
  if (quoted)
    put_escaped(p, quoted);
  free(quoted);
  return quoted != NULL;
}

static xd_status put_command(const page *p) {
  bool good = true;
  put(p, "<h3>This page</h3>\n<pre id=\"command\" tabindex=\"0\">xdomain");
  for (int i = 0; i < p->argc && good; i++) {
    put(p, " ");
    good = put_word(p, p->argv[i]);
  }
  fprintf(p->to,
          "</pre>\n<p class=\"note\">Written by xdomain %s; the same command writes the same page.</p>\n",
          xd_version_string());
  return good ? XD_OK : XD_ERROR_OUT_OF_MEMORY;
}

/* Options that came later stand at their defaults, and these may change. */
static void put_age(const page *p) {
  const char *library = xd_model_property(p->scored.model, "vae.library");
  if (!library || ends_with(library, xd_version_string()))
    return;
  put(p, "<p class=\"note\">The model is of ");
  put_escaped(p, library);
  put(p,
      ". Options that it did not have stand at their defaults here, so that another model may come of them.</p>\n");
}

static xd_status put_training_command(const page *p) {
  training_options t = {.options = NULL};
  const xd_model *m = p->scored.model;
  bool good = true;
  if (has_conditions(&p->scored) || !xd_model_property(m, "vae1.options"))
    return XD_OK;
  put(p,
      "<h3>The training</h3>\n<p>With the sets that it was trained on in the place of SET1 and SET2, and the lines "
      "below as <code>model.options</code>: what differs from the defaults of this version.</p>\n"
      "<pre tabindex=\"0\">xdomain train --domain1 SET1 --domain2 SET2");
  if (*xd_model_pairing(m)) {
    put(p, " --pairs ");
    good = put_word(p, xd_model_pairing(m));
  }
  if (!*validation_of(m, 1) && !*validation_of(m, 2))
    put(p, " --no-valid");
  put(p, " --config model.options --out model.xdm</pre>\n");
  put_age(p);
  xd_status status = good ? gather_options(&t, p) : XD_ERROR_OUT_OF_MEMORY;
  if (!status)
    status = put_options(p, &t);
  if (t.unknown_to)
    fclose(t.unknown_to);
  free(t.unknown);
  xd_options_destroy(t.options);
  return status;
}

/* ---- What the file says of itself ---- */

static void put_properties(const page *p) {
  const xd_model *m = p->scored.model;
  put(p, "<h3>The file</h3>\n<dl class=\"properties\">\n<dt>file</dt><dd>");
  put_escaped(p, p->scored.model_path);
  fprintf(p->to, "</dd>\n<dt>format</dt><dd>%u.%u, ", p->file.major, p->file.minor);
  put_count(p, (double)p->file.size);
  put(p, " bytes</dd>\n<dt>pairing</dt><dd>");
  put_escaped(p, *xd_model_pairing(m) ? xd_model_pairing(m) : "none");
  put(p, "</dd>\n");
  for (uint32_t i = 0; i < xd_model_property_count(m); i++) {
    const char *key = xd_model_property_key(m, i), *value = xd_model_property(m, key);
    if (!*value)
      continue;
    put(p, "<dt>");
    put_escaped(p, key);
    put(p, "</dt><dd>");
    put_escaped(p, value);
    put(p, "</dd>\n");
  }
  put(p, "</dl>\n");
}

xd_status write_provenance(const page *p) {
  xd_status status = put_command(p);
  if (!status)
    status = put_training_command(p);
  put_properties(p);
  return status;
}
