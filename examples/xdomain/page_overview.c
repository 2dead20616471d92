/* The head of a page: what the model does, and how well, in words. */
#include <math.h>
#include <string.h>

#include "page.h"
#include <xdomain/unstable/price.h>

static void put_classes(const page *p, uint32_t domain) {
  uint32_t shown = 0, more = 0;
  for (uint32_t label = 0; label < XD_CLASS_LIMIT; label++) {
    if (!xd_pairing_count(p->scored.pairing) || !is_paired(p->scored.pairing, domain, label))
      continue;
    if (shown == 12) {
      more++;
      continue;
    }
    put(p, shown++ ? ", " : " (");
    put_class(p, domain, label);
  }
  if (more)
    fprintf(p->to, " and %u more", more);
  put(p, shown ? ")" : "");
}

static void put_what(const page *p) {
  const scoring *s = &p->scored;
  put(p, "<p class=\"lead\">");
  if (!has_direction(s, 0) && !has_direction(s, 1)) {
    put(p, "Two auto-encoders, of <b>");
    put_domain(p, 1);
    put(p, "</b> and <b>");
    put_domain(p, 2);
    put(p, "</b>, without a mapping between them.</p>\n");
    return;
  }
  const uint32_t from = has_direction(s, 0) ? 1 : 2;
  put(p, has_conditions(s) ? "Draws pictures of <b>" : "Turns pictures of <b>");
  put_domain(p, has_conditions(s) ? 2 : from);
  put(p, "</b>");
  put_classes(p, has_conditions(s) ? 2 : from);
  if (has_conditions(s)) {
    put(p, xd_model_class_count(s->model, 1) ? " from labels" : " from vectors");
  } else {
    put(p, " into pictures of <b>");
    put_domain(p, 3 - from);
    put(p, "</b>");
    put_classes(p, 3 - from);
    put(p, has_direction(s, 0) && has_direction(s, 1) ? ", and back" : "");
  }
  put(p, ".</p>\n");
}

static void put_shape(const page *p, uint32_t domain) {
  xd_shape shape;
  xd_model_picture_shape(p->scored.model, domain, &shape);
  if (shape.width)
    fprintf(p->to, "%u×%u %s", shape.width, shape.height, shape.channels == 1 ? "grey" : "colour");
  else
    put(p, "conditions");
}

static double translation_work(const page *p, int source) {
  const xd_model *m = p->scored.model;
  const uint32_t from = 1 + (uint32_t)source;
  return (double)xd_network_work(xd_encoder_network(xd_model_encoder(m, from))) +
         (double)xd_network_work(xd_latent_generator_network(xd_model_generator(m, from))) +
         (double)xd_network_work(xd_decoder_network(xd_model_decoder(m, 3 - from)));
}

static void put_facts(const page *p) {
  const int source = has_direction(&p->scored, 0) ? 0 : 1;
  put(p, "<ul class=\"facts\"><li>");
  put_shape(p, 1);
  put(p, " → ");
  put_shape(p, 2);
  fprintf(p->to, "</li><li>%.1f MB</li>", (double)p->file.size / 1e6);
  if (has_direction(&p->scored, source)) {
    put(p, "<li>");
    put_count(p, translation_work(p, source));
    put(p, " multiplications a picture</li>");
  }
  put(p, "</ul>\n");
}

/* ---- In words ---- */

static const char *say_accuracy(const figures *f) {
  const double lost = isfinite(f->ceiling) ? f->ceiling - f->acc : 1.0 - f->acc;
  if (lost <= 0.05 && is_limited(f->ceiling, f->acc))
    return "The auto-encoder is the limit: many of its own reconstructions are misread, as translations are.";
  return lost <= 0.0
             ? "Translations are right as often as the auto-encoder’s own reconstructions: the mapping loses nothing."
         : lost <= 0.01 ? "The mapping loses next to nothing against the auto-encoder’s own reconstructions."
         : lost <= 0.05 ? "The mapping loses little against the auto-encoder’s own reconstructions."
         : lost <= 0.2  ? "The mapping loses much against the auto-encoder’s own reconstructions."
                        : "The mapping often misses the class.";
}

static const char *say_variety(double div) {
  return div >= 0.7    ? " Results of a class vary nearly as real pictures do"
         : div >= 0.4  ? " Results of a class vary less than real pictures"
         : div >= 0.15 ? " Results of a class vary little"
                       : " Results of a class look nearly alike";
}

static const char *say_source_variety(double ediv) {
  return ediv >= 0.7    ? ", and one source has many different ones."
         : ediv >= 0.4  ? ", and one source has different ones."
         : ediv >= 0.15 ? ", and those of one source differ little."
         : ediv >= 0.0  ? ", and one source has always nearly the same."
                        : ".";
}

static void put_words(const page *p, const figures *f) {
  put(p, "<p>");
  if (f->sound) {
    put(p, say_accuracy(f));
    put(p, isfinite(f->div) ? say_variety(f->div) : "");
    put(p, isfinite(f->div) ? say_source_variety(f->ediv) : "");
  } else {
    put(p, "The judge is poor, or its worth is not known: these figures say little.");
  }
  put(p, "</p>\n");
}

static void put_number(const page *p, double value, bool share) {
  if (share)
    put_share(p, value);
  else
    fprintf(p->to, "%.2f", value);
}

static void put_figure(const page *p, const char *name, double value, bool share, const char *beside,
                       double other) {
  if (!isfinite(value) || fabs(value) > 1e4)
    return;
  fprintf(p->to, "<div><dt>%s</dt><dd>", name);
  put_number(p, value, share);
  put(p, "</dd>");
  if (isfinite(other)) {
    fprintf(p->to, "<dd class=\"beside\">%s ", beside);
    put_number(p, other, share);
    put(p, "</dd>");
  }
  put(p, "</div>\n");
}

static void put_card(const page *p, int source) {
  const figures *f = &p->figures[source];
  put(p, "<article class=\"card\"><h2>");
  put_direction_name(p, source);
  put(p, "</h2>\n");
  put_words(p, f);
  put(p, "<dl>\n");
  put_figure(p, "right class", f->acc, true, "reconstructions", f->ceiling);
  put_figure(p, "variety", f->div, false, "real pictures", 1.0);
  put_figure(p, "of one source", f->ediv, false, "real pictures", 1.0);
  put_figure(p, "Fréchet distance", f->sound ? f->fd : NAN, false, "reconstructions", f->floor);
  put(p, "</dl>\n<p class=\"note\">");
  if (isfinite(f->count)) {
    put_count(p, f->count);
    put(p, f->trained ? " pictures that the training held out" : " pictures");
  }
  if (isfinite(f->judge_acc)) {
    put(p, "; the judge is right on ");
    put_share(p, f->judge_acc);
    put(p, " of real ones");
  }
  put(p, ".</p></article>\n");
}

void write_overview(const page *p) {
  const char *slash = strrchr(p->scored.model_path, '/');
  put(p, "<p class=\"kicker\">What a model does</p>\n<h1>");
  put_escaped(p, slash && slash[1] ? slash + 1 : p->scored.model_path);
  put(p, "</h1>\n");
  put_what(p);
  put_facts(p);
}

void write_verdict(const page *p) {
  if (!has_scores(p)) {
    put(p, p->no_scores ? "<p class=\"note\">Scores were not asked for.</p>\n"
                        : "<p class=\"note\">There are no scores: they need pictures of both domains "
                          "(<code>--domain1</code>, <code>--domain2</code>), or the report of the training "
                          "(<code>--report</code>).</p>\n");
    return;
  }
  put(p, "<div class=\"cards\">\n");
  for (int source = 0; source < 2; source++)
    if (p->figures[source].known)
      put_card(p, source);
  put(p, "</div>\n");
}
