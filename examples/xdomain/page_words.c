/* Names of domains and classes, and numbers, as a page says them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "page.h"

void put(const page *p, const char *html) {
  fputs(html, p->to);
}

void put_escaped(const page *p, const char *text) {
  print_html_text(p->to, text);
}

void put_lines(const page *p, const char *text) {
  while (*text) {
    const size_t length = strcspn(text, "\n");
    char *line = strndup(text, length);
    put_escaped(p, line ? line : "");
    put(p, "\n");
    free(line);
    text += length;
    text += *text == '\n';
  }
}

void put_domain(const page *p, uint32_t domain) {
  const char *name = xd_model_name(p->scored.model, domain);
  if (*name)
    put_escaped(p, name);
  else
    fprintf(p->to, "domain %u", domain);
}

/* The model's name, else the set's, else the number. */
const char *class_name(const page *p, uint32_t domain, uint32_t label) {
  static char number[16];
  const xd_dataset *set = p->scored.sets[domain - 1];
  const char *name = xd_model_class_name(p->scored.model, domain, label);
  if (!*name && set)
    name = xd_dataset_class_name(set, label);
  snprintf(number, sizeof number, "%u", label);
  return *name ? name : number;
}

void put_class(const page *p, uint32_t domain, uint32_t label) {
  put_escaped(p, class_name(p, domain, label));
}

bool leads_to(const page *p, int source, uint32_t label, uint32_t target) {
  const xd_pairing *pairing = p->scored.pairing;
  return source == 0 ? xd_pairing_links(pairing, label, target) : xd_pairing_links(pairing, target, label);
}

void put_targets(const page *p, int source, uint32_t label) {
  bool some = false;
  for (uint32_t target = 0; target < XD_CLASS_LIMIT; target++)
    if (leads_to(p, source, label, target)) {
      put(p, some ? ", " : "");
      put_class(p, 2 - (uint32_t)source, target);
      some = true;
    }
}

void put_direction_name(const page *p, int source) {
  put_domain(p, 1 + (uint32_t)source);
  put(p, " → ");
  put_domain(p, 2 - (uint32_t)source);
}

void put_count(const page *p, double count) {
  char digits[32];
  const bool countable = count >= 0.0 && count < 1e18;
  const int length = countable ? snprintf(digits, sizeof digits, "%.0f", count) : 0;
  put(p, countable ? "" : "–");
  for (int i = 0; i < length; i++) {
    if (i && (length - i) % 3 == 0)
      fputc(',', p->to);
    fputc(digits[i], p->to);
  }
}

void put_share(const page *p, double share) {
  if (isfinite(share))
    fprintf(p->to, "%.1f&#8239;%%", 100.0 * share);
  else
    put(p, "–");
}

void begin_table(const page *p, const char *kind, const char *caption) {
  fprintf(p->to,
          "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"%s\"><table "
          "class=\"%s\"><caption>%s</caption>\n",
          caption, kind, caption);
}

void end_table(const page *p) {
  put(p, "</tbody></table></div>\n");
}
