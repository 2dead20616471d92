/* IDX files. The input: a byte of switches (bit 0: there are labels; bit 1: both files are packed), two
 * bytes that say how long the labels are, the labels, the pictures. */
#include <zlib.h>

#include "fuzz_sets.h"

/* The gzip form of some bytes, whose checksum is right. */
static void create_packed(fuzz_file *out, const uint8_t *data, size_t size) {
  z_stream stream = {0};
  const size_t room = size + 1024;
  uint8_t *packed = malloc(room);
  demand(packed != NULL);
  demand(deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  stream.next_in = (uint8_t *)data;
  stream.avail_in = (uInt)size;
  stream.next_out = packed;
  stream.avail_out = (uInt)room;
  demand(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  fuzz_file_create(out, packed, stream.total_out);
  deflateEnd(&stream);
  free(packed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_bytes from = {data, size};
  fuzz_surroundings with;
  fuzz_file images, labels;
  xd_dataset *set = NULL;
  const uint32_t switches = take_byte(&from);
  size_t label_size = take_u16(&from);
  if (label_size > from.size)
    label_size = from.size;
  if (switches & 2) {
    create_packed(&labels, from.data, label_size);
    create_packed(&images, from.data + label_size, from.size - label_size);
  } else {
    fuzz_file_create(&labels, from.data, label_size);
    fuzz_file_create(&images, from.data + label_size, from.size - label_size);
  }
  fuzz_begin(&with);
  check_status(&with, xd_dataset_load_idx(&set, with.context, images.path, switches & 1 ? labels.path : NULL),
               &set);
  if (set)
    look_at_set(&with, set);
  xd_dataset_release(set);
  fuzz_end(&with);
  fuzz_file_destroy(&images);
  fuzz_file_destroy(&labels);
  return 0;
}
