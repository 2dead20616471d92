/* The parts of xdomain translate: sources (sources.c), shards of them (shard.c), results (results.c) and the contact
 * sheet (sheet.c). */
#ifndef XDOMAIN_TRANSLATION_H
#define XDOMAIN_TRANSLATION_H

#include "folder.h"
#include "grid.h"
#include "pending.h"

typedef enum result_kind { RESULT_PNG, RESULT_SHEET, RESULT_IDX, RESULT_FOLDER } result_kind;

/* One picture to be translated. */
typedef struct source {
  const char *path; /* of its file; "-": standard input; NULL: a picture of the set */
  char *name;       /* of its result below the folder of results, without ".png"; NULL elsewhere */
  uint32_t label;   /* pictures of one label share a row of a sheet */
} source;

/* The rows of a class: its sources, and below what they became. */
typedef struct sheet_row {
  uint32_t number;            /* among those of the classes that have sources */
  uint32_t size, met, filled; /* sources, those that were looked at, and those that are drawn */
  char *name;                 /* NULL: none */
} sheet_row;

typedef struct sheet {
  uint32_t label_count;
  sheet_row *rows; /* [label_count] */
  grid grid;
} sheet;

typedef struct translation {
  runtime run;
  const char *model_path, *out, *direction_text, *fit_text, *shard_text;
  bool wants_sheet, resize, skip_bad;
  xd_direction direction;
  xd_fit fit;
  uint32_t columns, scale;
  uint64_t seed;
  float temperature;
  const char *const *words;
  int word_count;

  xd_translator *translator;
  xd_shape from, to;
  size_t from_size, to_size; /* floats a picture */

  picture_files files;
  progress progress;
  lanes lanes;     /* on which pictures are decoded and encoded */
  xd_dataset *set; /* NULL when the sources are files */
  source *sources;
  uint32_t count, tried, skipped; /* a sheet tries no more than it has cells */
  uint32_t shard, shard_count;    /* 1 of 1: all sources */
  uint32_t begin, end;            /* the shard's sources */

  result_kind kind;
  bool to_stream; /* the PNG goes to standard output, a pipe or a device */
  sheet sheet;
  FILE *idx;
  pending_file idx_file;
  uint32_t idx_count;
  pending_files pending; /* the folder's files that were written, */
  pending_keeper keeper; /* and those that are given their names */

  uint32_t chunk_room, chunk_count; /* pictures that are translated together */
  uint32_t *numbers;                /* which sources they are */
  bool *done;                       /* which of them the lanes have read or, later, written */
  float *inputs, *outputs;
} translation;

/* The functions answer an exit code and have printed the reason where it is not EXIT_DONE. */

int gather_sources(translation *t);
/* Reads source `number` into the floats of a picture. *skipped: it is bad and was passed over. */
int read_source(translation *t, uint32_t number, float *to, bool *skipped);
/* The same on a lane, without a word; false where read_source has to do it and to say what is wrong. */
bool try_source(const translation *t, xd_context *context, uint32_t number, float *to);
void free_sources(translation *t);

/* What --shard means, once it is known what --out does. */
int choose_shard(translation *t);
/* Finds the shard's part of the sources, and that its results are no sources of others. */
int take_shard(translation *t);

/* What --out means, without looking into any file. */
int choose_results(translation *t);
/* Names the results, proves that they can be written and that none replaces a source or another. */
int plan_results(translation *t);
/* Takes the chunk's results. */
int take_results(translation *t);
/* Ends with them. After a failure, which `code` is then, a folder keeps those that are whole; the exit code. */
int finish_results(translation *t, int code);
void free_results(translation *t);

int open_sheet(translation *t);
bool sheet_takes(translation *t, uint32_t label); /* asked once of each source, in order */
int put_on_sheet(translation *t, uint32_t label, float *before, float *after);
int draw_sheet(translation *t, xd_picture **out);
void free_sheet(translation *t);

#endif
