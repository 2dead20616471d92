/* The tables of scores: all measures, classes one by one, and what the judge takes for what. */
#include <math.h>
#include <string.h>

#include "page.h"

enum { CLASSES_IN_A_TABLE = 32 };

/* ---- All measures ---- */

static void put_measure(const page *p, const char *name, const char *good, bool share, double one,
                        double other) {
  const double values[2] = {one, other};
  if (!isfinite(one) && !isfinite(other))
    return;
  fprintf(p->to, "<tr><th scope=\"row\">%s <small>%s</small></th>", name, good);
  for (int source = 0; source < 2; source++) {
    if (!p->figures[source].known)
      continue;
    put(p, "<td>");
    if (share)
      put_share(p, values[source]);
    else if (isfinite(values[source]))
      fprintf(p->to, "%.3f", values[source]);
    else
      put(p, "–");
    put(p, "</td>");
  }
  put(p, "</tr>\n");
}

static void put_measures(const page *p) {
  const figures *one = &p->figures[0], *other = &p->figures[1];
  begin_table(p, "measures", "All measures");
  put(p, "<thead><tr><th scope=\"col\">measure</th>");
  for (int source = 0; source < 2; source++)
    if (p->figures[source].known) {
      put(p, "<th scope=\"col\">");
      put_direction_name(p, source);
      put(p, "</th>");
    }
  put(p, "</tr></thead><tbody>\n");
  put_measure(p, "right class", "good is near the reconstructions’", true, one->acc, other->acc);
  put_measure(p, "right class, reconstructions", "the most that can be reached", true, one->ceiling,
              other->ceiling);
  put_measure(p, "right class, real pictures", "what the judge is worth", true, one->judge_acc,
              other->judge_acc);
  put_measure(p, "variety within a class", "good is near 1; near 0 is a collapse", false, one->div,
              other->div);
  put_measure(p, "variety of one source", "good is near 1, unless style is to be kept", false, one->ediv,
              other->ediv);
  put_measure(p, "Fréchet distance", "good is near the reconstructions’", false, one->sound ? one->fd : NAN,
              other->sound ? other->fd : NAN);
  put_measure(p, "Fréchet distance, reconstructions", "the least that can be reached", false,
              one->sound ? one->floor : NAN, other->sound ? other->floor : NAN);
  put_measure(p, "sharpness", "good is near 1; below is blur", false, one->sharpness, other->sharpness);
  put_measure(p, "style kept", "of the source, as far as was asked for", false, one->style, other->style);
  end_table(p);
}

/* ---- Class by class ---- */

static uint32_t count_of(const page *p, int source, uint32_t label, uint32_t judged) {
  return p->confusions[source].counts[label * XD_CLASS_LIMIT + judged];
}

static uint32_t row_total(const page *p, int source, uint32_t label) {
  uint32_t total = 0;
  for (uint32_t judged = 0; judged < XD_CLASS_LIMIT; judged++)
    total += count_of(p, source, label, judged);
  return total;
}

/* The class that it is most often wrongly taken for; XD_CLASS_LIMIT: it never is. */
static uint32_t worst_mistake(const page *p, int source, uint32_t label) {
  uint32_t worst = XD_CLASS_LIMIT;
  for (uint32_t judged = 0; judged < XD_CLASS_LIMIT; judged++)
    if (!leads_to(p, source, label, judged) && count_of(p, source, label, judged) &&
        (worst == XD_CLASS_LIMIT || count_of(p, source, label, judged) > count_of(p, source, label, worst)))
      worst = judged;
  return worst;
}

static double right_share(const page *p, int source, uint32_t label) {
  double right = 0.0;
  for (uint32_t judged = 0; judged < XD_CLASS_LIMIT; judged++)
    right += leads_to(p, source, label, judged) ? count_of(p, source, label, judged) : 0;
  return right / row_total(p, source, label);
}

static void put_class_row(const page *p, int source, uint32_t label) {
  const uint32_t total = row_total(p, source, label), worst = worst_mistake(p, source, label);
  put(p, "<tr><th scope=\"row\">");
  put_class(p, 1 + (uint32_t)source, label);
  put(p, "</th><td class=\"text\">");
  put_targets(p, source, label);
  put(p, "</td><td>");
  put_count(p, total);
  put(p, "</td><td>");
  put_share(p, right_share(p, source, label));
  put(p, "</td><td class=\"text\">");
  if (worst < XD_CLASS_LIMIT) {
    put_class(p, 2 - (uint32_t)source, worst);
    put(p, " (");
    put_share(p, (double)count_of(p, source, label, worst) / total);
    put(p, ")");
  } else {
    put(p, "–");
  }
  put(p, "</td></tr>\n");
}

static void put_class_table(const page *p, int source) {
  begin_table(p, "classes", "Class by class");
  put(p,
      "<thead><tr><th scope=\"col\">class</th><th scope=\"col\" class=\"text\">becomes</th><th "
      "scope=\"col\">pictures</th><th scope=\"col\">right</th><th scope=\"col\" class=\"text\">else mostly</th>"
      "</tr></thead><tbody>\n");
  for (uint32_t label = 0; label < XD_CLASS_LIMIT; label++)
    if (row_total(p, source, label))
      put_class_row(p, source, label);
  end_table(p);
}

/* ---- Confusion ---- */

/* Classes that are meant or named. */
static uint32_t list_columns(const page *p, int source, uint32_t columns[XD_CLASS_LIMIT]) {
  uint32_t count = 0;
  for (uint32_t judged = 0; judged < XD_CLASS_LIMIT; judged++) {
    bool used = false;
    for (uint32_t label = 0; label < XD_CLASS_LIMIT && !used; label++)
      used = count_of(p, source, label, judged) ||
             (row_total(p, source, label) && leads_to(p, source, label, judged));
    if (used)
      columns[count++] = judged;
  }
  return count;
}

static void put_confusion_row(const page *p, int source, uint32_t label, const uint32_t *columns,
                              uint32_t count) {
  const uint32_t total = row_total(p, source, label);
  put(p, "<tr><th scope=\"row\">");
  put_class(p, 1 + (uint32_t)source, label);
  put(p, "</th>");
  for (uint32_t i = 0; i < count; i++) {
    const uint32_t times = count_of(p, source, label, columns[i]);
    const bool right = leads_to(p, source, label, columns[i]);
    fprintf(p->to, "<td class=\"%s\" style=\"--a:%.2f\">%s", right ? "right" : "wrong",
            sqrt((double)times / total) * 0.85, right ? "<b>" : "");
    if (times)
      put_count(p, times);
    else
      put(p, "<span class=\"none\">·</span>");
    put(p, right ? "</b></td>" : "</td>");
  }
  put(p, "</tr>\n");
}

static void put_confusion(const page *p, int source) {
  uint32_t columns[XD_CLASS_LIMIT], rows = 0;
  const uint32_t count = list_columns(p, source, columns);
  for (uint32_t label = 0; label < XD_CLASS_LIMIT; label++)
    rows += row_total(p, source, label) > 0;
  if (count > CLASSES_IN_A_TABLE || rows > CLASSES_IN_A_TABLE)
    return;
  begin_table(p, "confusion", "What the judge takes them for");
  put(p, "<thead><tr><th scope=\"col\">source</th>");
  for (uint32_t i = 0; i < count; i++) {
    put(p, "<th scope=\"col\">");
    put_class(p, 2 - (uint32_t)source, columns[i]);
    put(p, "</th>");
  }
  put(p, "</tr></thead><tbody>\n");
  for (uint32_t label = 0; label < XD_CLASS_LIMIT; label++)
    if (row_total(p, source, label))
      put_confusion_row(p, source, label, columns, count);
  end_table(p);
}

bool has_scores(const page *p) {
  return p->figures[0].known || p->figures[1].known;
}

xd_status write_scores(const page *p) {
  put_measures(p);
  if (p->confusions[0].counts || p->confusions[1].counts)
    put(p,
        "<p>Below, a row is a source’s class. Columns of the second tables are the classes that the judge put its "
        "translations into; those that are right stand out.</p>\n");
  for (int source = 0; source < 2; source++)
    if (p->confusions[source].counts) {
      put(p, "<h3>");
      put_direction_name(p, source);
      put(p, "</h3>\n");
      put_class_table(p, source);
      put_confusion(p, source);
    }
  return XD_OK;
}
