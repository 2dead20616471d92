/* Writes protocol buffers' wire format (protobuf.c): fields one after the other in memory, messages within messages. */
#ifndef XDOMAIN_PROTOBUF_H
#define XDOMAIN_PROTOBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct protobuf {
  uint8_t *bytes;
  size_t size, room;
  bool failed; /* no memory, or more than a message can be: what follows is lost */
} protobuf;

void put_whole(protobuf *to, uint32_t field, uint64_t value);
void put_float(protobuf *to, uint32_t field, float value);
void put_text(protobuf *to, uint32_t field, const char *text);

/* `count` floats as raw little-endian bytes. */
void put_floats(protobuf *to, uint32_t field, const float *values, size_t count);

/* What is put between the two is a message of the field of that number; begin_message answers what end_message takes. */
size_t begin_message(protobuf *to);
void end_message(protobuf *to, uint32_t field, size_t begin);

#endif
