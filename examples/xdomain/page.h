/* The parts of xdomain report: what its page shows, and the sections of the page. */
#ifndef XDOMAIN_PAGE_H
#define XDOMAIN_PAGE_H

#include "choice.h"
#include "curves.h"
#include "json.h"
#include "scoring.h"

enum { EXHIBIT_COLUMNS = 10, EXHIBIT_ROWS = CHOICE_CLASSES };

/* Pictures of a domain that are shown, with their codes: some of each class of its set; without one, what the decoder
 * draws from N(0, 1); of a domain of conditions, those alone (exhibit.c). */
typedef struct exhibit {
  uint32_t domain, dim, rows;
  xd_shape shape;
  bool drawn;                    /* from N(0, 1) */
  bool classes;                  /* rows are classes */
  uint32_t labels[EXHIBIT_ROWS]; /* of them */
  uint32_t counts[EXHIBIT_ROWS]; /* pictures of a row */
  float *pictures;               /* [rows][EXHIBIT_COLUMNS]; NULL: conditions */
  float *codes;                  /* [rows][EXHIBIT_COLUMNS][dim] */
} exhibit;

/* How often the judge puts translations of a class into each class (confusion.c). */
typedef struct confusion {
  uint32_t *counts; /* [XD_CLASS_LIMIT][XD_CLASS_LIMIT]; NULL: not counted */
} confusion;

/* The measures of a direction, from scores or from the report of its training; NaN where there is none. */
typedef struct figures {
  double acc, div, ediv, fd, style, sharpness, judge_acc, ceiling, floor, count;
  bool known, sound, trained; /* trained: by pictures that the training held out */
} figures;

typedef struct page {
  scoring scored;
  const char *out, *report_path, *log_path;
  bool no_scores;
  uint64_t seed;
  int argc; /* the command that writes the page */
  char **argv;

  xd_file_info file;
  json_document training; /* what report_path names */
  curves curves;
  exhibit exhibits[2];
  confusion confusions[2];
  figures figures[2];
  FILE *to;
} page;

/* ---- Words that several sections use (page_words.c) ---- */

void put(const page *p, const char *html); /* as it is */
void put_escaped(const page *p, const char *text);
void put_lines(const page *p, const char *text); /* whose line ends stay */
void put_domain(const page *p, uint32_t domain);
const char *class_name(const page *p, uint32_t domain,
                       uint32_t label); /* in static memory until the next call */
void put_class(const page *p, uint32_t domain, uint32_t label);
/* The classes that a class of the source's domain becomes, between commas. */
void put_targets(const page *p, int source, uint32_t label);
bool leads_to(const page *p, int source, uint32_t label, uint32_t target);
/* "domain 1 → domain 2" */
void put_direction_name(const page *p, int source);
void put_count(const page *p, double count); /* 12,345 */
void put_share(const page *p, double share); /* 98.7 % */

/* A table that scrolls where it is too wide, up to its rows. */
void begin_table(const page *p, const char *kind, const char *caption);
void end_table(const page *p);

/* ---- What is shown ---- */

xd_status open_exhibit(exhibit *e, const page *p, uint32_t domain);
void close_exhibit(exhibit *e);
float *exhibit_picture(const exhibit *e, uint32_t row, uint32_t column);
float *exhibit_code(const exhibit *e, uint32_t row, uint32_t column);

/* The translations that xd_evaluate judged, judged again. */
xd_status count_confusions(confusion *c, const scoring *s, int source);
void free_confusion(confusion *c);
void find_figures(page *p);

/* ---- The page (page.c), its head, and its sections ---- */

extern const char *const page_style[]; /* lines, up to NULL (page_style.c) */
xd_status write_page(const page *p);

void write_overview(const page *p);
void write_verdict(const page *p);

bool has_translations(const page *p);
xd_status write_translations(const page *p);
bool has_draws(const page *p);
xd_status write_draws(const page *p);
bool has_reconstructions(const page *p);
xd_status write_reconstructions(const page *p);
bool has_interpolations(const page *p);
xd_status write_interpolations(const page *p);
bool has_codes(const page *p);
xd_status write_codes(const page *p);
bool has_training(const page *p);
xd_status write_training(const page *p);
bool has_scores(const page *p);
xd_status write_scores(const page *p);
xd_status write_networks(const page *p);
xd_status write_provenance(const page *p);

#endif
