/* The page of xdomain report: one HTML file without scripts, whose pictures are data and which may fetch nothing. */
#include "page.h"

#include <string.h>

static void write_head(const page *p) {
  const char *slash = strrchr(p->scored.model_path, '/');
  put(p,
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src "
      "'unsafe-inline'\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n<link rel=\"icon\" href=\"data:,\">\n<title>");
  put_escaped(p, slash && slash[1] ? slash + 1 : p->scored.model_path);
  put(p, " – report</title>\n<style>\n");
  for (size_t i = 0; page_style[i]; i++) {
    put(p, page_style[i]);
    put(p, "\n");
  }
  put(p, "</style>\n</head>\n<body>\n");
}

/* ---- Sections ---- */

/* One without `has` is there always. */
static const struct {
  const char *id, *title;
  bool (*has)(const page *p);
  xd_status (*write)(const page *p);
} sections[] = {
    {"translations", "Translations", has_translations, write_translations},
    {"draws", "One source, several results", has_draws, write_draws},
    {"reconstructions", "Reconstructions", has_reconstructions, write_reconstructions},
    {"interpolations", "Between two pictures", has_interpolations, write_interpolations},
    {"codes", "Codes", has_codes, write_codes},
    {"training", "Training", has_training, write_training},
    {"scores", "Scores", has_scores, write_scores},
    {"networks", "Networks", NULL, write_networks},
    {"provenance", "Provenance", NULL, write_provenance},
};

enum { SECTIONS = sizeof sections / sizeof *sections };

static bool is_there(const page *p, size_t section) {
  return !sections[section].has || sections[section].has(p);
}

static void write_contents(const page *p) {
  put(p, "<nav aria-label=\"Contents\"><ul>\n");
  for (size_t i = 0; i < SECTIONS; i++)
    if (is_there(p, i))
      fprintf(p->to, "<li><a href=\"#%s\">%s</a></li>\n", sections[i].id, sections[i].title);
  put(p, "</ul></nav>\n");
}

static xd_status write_section(const page *p, size_t i) {
  fprintf(p->to, "<section id=\"%s\">\n<h2>%s</h2>\n", sections[i].id, sections[i].title);
  const xd_status status = sections[i].write(p);
  put(p, "</section>\n");
  return status;
}

xd_status write_page(const page *p) {
  xd_status status = XD_OK;
  write_head(p);
  put(p, "<header>\n");
  write_overview(p);
  put(p, "</header>\n<main>\n");
  write_verdict(p);
  write_contents(p);
  for (size_t i = 0; i < SECTIONS && !status; i++)
    if (is_there(p, i))
      status = write_section(p, i);
  put(p, "</main>\n</body>\n</html>\n");
  return status;
}
