/* What the files for Windows share. */
#ifndef XDI_BASE_WINDOWS_H
#define XDI_BASE_WINDOWS_H

#include <wchar.h>

#define XDI_WIDE_PATH 4096

/* A path as Windows takes it; EILSEQ if it is no UTF-8, ENAMETOOLONG, or 0. */
int xdi_widen(wchar_t wide[XDI_WIDE_PATH], const char *path);

#endif
