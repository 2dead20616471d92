/* Picture files below a folder (folder.c). */
#ifndef XDOMAIN_FOLDER_H
#define XDOMAIN_FOLDER_H

#include "command.h"

typedef struct picture_file {
  char *path;
  const char *name; /* within `path`: what follows the folder */
  uint32_t label;   /* number of the sub-folder of the first level, 0 outside of any */
} picture_file;

typedef struct picture_files {
  picture_file *items;
  size_t count, room;
  size_t passed_over_count; /* files that are no pictures, hidden ones not counted */
  char *passed_over;        /* the first of them */
  bool quiet;               /* why a folder cannot be listed is told by someone else */
} picture_files;

/* Lists them. `except` is a folder below that is left out, or NULL. The list is to be freed even when the answer is
 * not EXIT_DONE. */
int list_picture_files(picture_files *out, const char *folder, const char *except);

/* The same, and says what was passed over. */
int find_picture_files(picture_files *out, const char *folder, const char *except);
void free_picture_files(picture_files *files);

#endif
