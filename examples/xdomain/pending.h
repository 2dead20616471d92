/* Files that get their names once they are whole and on the disk (pending.c). */
#ifndef XDOMAIN_PENDING_H
#define XDOMAIN_PENDING_H

#include "command.h"

typedef struct pending_file {
  char *path, *temporary;
} pending_file;

typedef struct pending_files {
  pending_file *items;
  size_t count, room;
} pending_files;

/* Writes a picture as PNG to a stream, which messages call by its path. */
int encode_png(const runtime *run, const xd_image *view, FILE *to, const char *path);

/* Opens a file beside `path` to be written; NULL with errno. The file is dropped in the end, kept or not. */
FILE *open_pending(pending_file *file, const char *path);

/* Closes the stream and, if all was written (`whole`), gives the file its name once it is on the disk; false with
 * errno. */
bool keep_pending(pending_file *file, FILE *to, bool whole);

/* Takes away what was not kept, and frees the names; leaves errno as it is. */
void drop_pending(pending_file *file);

/* Writes a picture beside `path`. */
int write_pending(pending_files *files, const runtime *run, const xd_image *view, const char *path);

/* Gives the files their names once all are on the disk; takes them away if `code` is a failure. The exit code. */
int finish_pending(pending_files *files, int code);

#endif
