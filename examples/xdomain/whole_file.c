/* Files that are read whole. */
#include <errno.h>
#include <stdlib.h>

#include "command.h"

uint8_t *read_whole_file(const char *path, size_t most, size_t *size) {
  uint8_t *bytes = NULL;
  size_t room = 0;
  int error = 0;
  *size = 0;
  FILE *from = fopen(path, "rb");
  if (!from)
    return NULL;
  errno = 0;
  while (!error && !feof(from)) {
    if (room - *size < 2) {
      room = room ? 2 * room : (size_t)1 << 16;
      uint8_t *more = realloc(bytes, room);
      if (!more) {
        error = ENOMEM;
        break;
      }
      bytes = more;
    }
    *size += fread(bytes + *size, 1, room - *size - 1, from);
    if (ferror(from))
      error = errno ? errno : EIO;
    else if (*size > most)
      error = EFBIG;
  }
  fclose(from);
  if (error) {
    free(bytes);
    errno = error;
    return NULL;
  }
  bytes[*size] = 0;
  return bytes;
}
