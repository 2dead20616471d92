/* What the library asks of the system: once for POSIX (system_posix.c, file_posix.c) and once for Windows
 * (system_windows.c, file_windows.c). Paths are UTF-8. Answers of type int are 0 or an error number of <errno.h>. */
#ifndef XDI_BASE_SYSTEM_H
#define XDI_BASE_SYSTEM_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- Memory ---- */

/* Aligned memory of the C library's heap, which xdi_system_release gives back; NULL where there is none. */
void *xdi_system_allocate(size_t size, size_t alignment);
void xdi_system_release(void *memory);

/* ---- Threads and processes ---- */

/* Starts up to `count` threads, which get no signals; how many the system granted. */
uint32_t xdi_system_start_threads(pthread_t *threads, uint32_t count, void *(*function)(void *),
                                  void *argument);

/* By which a child of fork finds out that it is one. */
typedef struct xdi_birth {
  long process;
  const void *mark;
} xdi_birth;

xdi_birth xdi_birth_note(void);
bool xdi_birth_is_inherited(const xdi_birth *birth);
void xdi_birth_forget(const xdi_birth *birth);

/* ---- Shared objects ---- */

/* Opens one; NULL, and the loader's reason in `why`. */
void *xdi_system_open_library(const char *path, char *why, size_t why_size);
void *xdi_system_find_symbol(void *library, const char *name);
void xdi_system_close_library(void *library);

/* ---- Files ---- */

typedef enum xdi_kind { XDI_KIND_FILE, XDI_KIND_FOLDER, XDI_KIND_OTHER } xdi_kind;

/* Opens a file to read, without waiting for a pipe's writer. */
int xdi_system_open(int *file, const char *path);
int xdi_system_examine(int file, xdi_kind *kind, uint64_t *size);
/* Up to `size` bytes from `offset` on, fewer only at the end of the file; -1 with errno on failure. */
ptrdiff_t xdi_system_read(int file, unsigned char *to, size_t offset, size_t size);
void xdi_system_close(int file);

/* What lies at a path, links followed. */
int xdi_system_kind(const char *path, xdi_kind *kind);
/* Whether nothing lies there, not even a link that leads nowhere. */
bool xdi_system_is_free(const char *path);

/* Entries of a folder, in any order. */
typedef struct xdi_folder xdi_folder;

int xdi_folder_open(xdi_folder **out, const char *path);
/* The next name, which lasts until the next call; NULL at the end, or with *error. */
const char *xdi_folder_next(xdi_folder *folder, int *error);
void xdi_folder_close(xdi_folder *folder);

#endif
