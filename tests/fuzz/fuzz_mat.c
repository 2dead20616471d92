/* MATLAB level 5 files. The first byte: bit 0 packs each element behind the header anew, so that damaged
 * contents have a right checksum. */
#include <zlib.h>

#include "fuzz_sets.h"
#include "xdomain/unstable/mat.h"

enum { HEADER = 128, TAG = 8, COMPRESSED = 15 };

static uint32_t read_size(const uint8_t *tag) {
  return (uint32_t)tag[4] | (uint32_t)tag[5] << 8 | (uint32_t)tag[6] << 16 | (uint32_t)tag[7] << 24;
}

static void write_tag(uint8_t *to, uint32_t type, uint32_t size) {
  for (int i = 0; i < 4; i++) {
    to[i] = (uint8_t)(type >> 8 * i);
    to[4 + i] = (uint8_t)(size >> 8 * i);
  }
}

/* The elements of a little-endian file packed one by one; the last may be cut. Returns the new size. */
static size_t pack(uint8_t *to, size_t room, const uint8_t *from, size_t size) {
  size_t at = HEADER, end = HEADER;
  memcpy(to, from, HEADER);
  while (size - at >= TAG) {
    const size_t left = size - at, wanted = TAG + (size_t)read_size(from + at);
    const size_t length = wanted < left ? wanted : left;
    uLongf packed = (uLongf)(room - end - TAG);
    demand(compress2(to + end + TAG, &packed, from + at, (uLong)length, 1) == Z_OK);
    write_tag(to + end, COMPRESSED, (uint32_t)packed);
    end += TAG + packed;
    at += length;
  }
  return end;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_bytes from = {data, size};
  fuzz_surroundings with;
  fuzz_file file;
  xd_dataset *set = NULL;
  if ((take_byte(&from) & 1) && from.size >= HEADER) {
    const size_t room = 8 * from.size + 4096;
    uint8_t *packed = malloc(room);
    demand(packed != NULL);
    fuzz_file_create(&file, packed, pack(packed, room, from.data, from.size));
    free(packed);
  } else {
    fuzz_file_create(&file, from.data, from.size);
  }
  fuzz_begin(&with);
  check_status(&with, xd_dataset_load_mat(&set, with.context, file.path), &set);
  if (set)
    look_at_set(&with, set);
  xd_dataset_release(set);
  fuzz_end(&with);
  fuzz_file_destroy(&file);
  return 0;
}
