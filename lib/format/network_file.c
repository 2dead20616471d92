/* Networks in a file. The tensors stand in the order of the networks and of each network's parameters, each
 * at the next multiple of 64 bytes of DATA, so a reader checks every number against what the layers demand
 * before it allocates, and reads each tensor straight into its network. */
#include "format/network_file.h"

#include <math.h>
#include <string.h>

#include "base/half.h"
#include "base/int8.h"
#include "base/memory.h"
#include "layer/price.h"

#define PIECE \
  ((size_t)1 << 15) /* floats that are still in the cache for the checksum and a look through them */

#define SCALES_MINOR 3u /* the minor version that brought bytes and their scales */

/* The weights of one output channel stand a row apart: a tensor's last side is the number of its channels. */
static size_t channels_of(const xd_tensor *shape) {
  return shape->shape[shape->rank - 1];
}

/* ---- Writing ---- */

static size_t padding(size_t size) {
  return (XDI_CHUNK_ALIGNMENT - size % XDI_CHUNK_ALIGNMENT) % XDI_CHUNK_ALIGNMENT;
}

static void put_floats(xdi_bytes *bytes, const float *values, size_t count) {
  for (size_t i = 0; i < count; i++) {
    uint32_t bits;
    memcpy(&bits, &values[i], sizeof bits);
    xdi_put_u32(bytes, bits);
  }
}

/* False when a value is beyond f16's range. */
static bool put_halves(xdi_bytes *bytes, const float *values, size_t count) {
  for (size_t i = 0; i < count; i++) {
    uint16_t half = xdi_half_from_float(values[i]);
    if ((half & 0x7c00u) == 0x7c00u)
      return false;
    xdi_put(bytes, (unsigned char[2]){(unsigned char)half, (unsigned char)(half >> 8)}, 2);
  }
  return true;
}

/* The scales that `values` need, from the largest of each channel. */
static void find_scales(float *scales, const float *values, size_t count, size_t channels) {
  for (size_t c = 0; c < channels; c++)
    scales[c] = 0.0f;
  for (size_t i = 0; i < count; i += channels)
    for (size_t c = 0; c < channels; c++)
      scales[c] = fmaxf(scales[c], fabsf(values[i + c]));
  for (size_t c = 0; c < channels; c++)
    scales[c] = xdi_int8_scale(scales[c]);
}

static xd_status put_int8(xd_context *context, const xd_tensor *shape, const float *values,
                          const xdi_network_chunks *to) {
  const size_t channels = channels_of(shape);
  float *scales = xdi_allocate(&context->allocator, channels, sizeof *scales);
  if (!scales)
    return xdi_fail_memory(context, "composing a file");
  find_scales(scales, values, shape->count, channels);
  for (size_t i = 0; i < shape->count; i += channels)
    for (size_t c = 0; c < channels; c++)
      xdi_put(to->data, &(int8_t){xdi_int8_from_float(values[i + c], scales[c])}, 1);
  put_floats(to->scales, scales, channels);
  to->scales->minor = SCALES_MINOR;
  xdi_release(&context->allocator, scales);
  return XD_OK;
}

static xd_status put_tensor(xd_context *context, const xdi_role *role, const xdi_parameter *parameter,
                            xdi_element element, const xdi_network_chunks *to) {
  const xd_tensor *shape = &parameter->public;
  const float *values = role->network->block + parameter->offset;
  const xdi_element stored = shape->rank > 1 ? element : XDI_ELEMENT_F32;
  xdi_put_zeros(to->data, padding(to->data->size));
  xdi_put_u32(to->tens, role->tag);
  xdi_put_text(to->tens, shape->name);
  xdi_put_u32(to->tens, stored);
  xdi_put_u32(to->tens, shape->rank);
  for (uint32_t axis = 0; axis < 4; axis++)
    xdi_put_u32(to->tens, axis < shape->rank ? shape->shape[axis] : 1);
  xdi_put_u64(to->tens, to->data->size);
  if (stored == XDI_ELEMENT_I8)
    return put_int8(context, shape, values, to);
  if (stored == XDI_ELEMENT_F16 && !put_halves(to->data, values, shape->count))
    return xdi_fail(context, XD_ERROR_NUMERIC, "parameter %s has a value beyond the range of f16",
                    shape->name);
  if (stored == XDI_ELEMENT_F32)
    put_floats(to->data, values, shape->count);
  return XD_OK;
}

/* The minor version that brought a layer. */
static uint32_t minor_of(uint32_t tag) {
  static const uint32_t since_1[] = {XD_TAG('G', 'N', 'R', 'M'), XD_TAG('U', 'P', 'S', '2'),
                                     XD_TAG('R', 'A', 'D', 'D'), XD_TAG('U', 'P', 'C', '3')};
  for (size_t i = 0; i < sizeof since_1 / sizeof *since_1; i++)
    if (tag == since_1[i])
      return 1;
  return 0;
}

static void put_layers(const xdi_role *role, xdi_bytes *nets) {
  const xd_network *network = role->network;
  xdi_put_u32(nets, role->tag);
  xdi_put_u32(nets, network->input.height);
  xdi_put_u32(nets, network->input.width);
  xdi_put_u32(nets, network->input.channels);
  xdi_put_u32(nets, network->layer_count);
  for (uint32_t layer = 0; layer < network->layer_count; layer++) {
    const uint32_t tag = network->layers[layer].spec.tag, minor = minor_of(tag);
    nets->minor = minor > nets->minor ? minor : nets->minor;
    xdi_put_u32(nets, tag);
    for (uint32_t value = 0; value < 8; value++)
      xdi_put_u32(nets, network->layers[layer].spec.values[value]);
  }
}

xd_status xdi_networks_put(xd_context *context, const xdi_role *roles, uint32_t count, xdi_element element,
                           const xdi_network_chunks *to) {
  uint32_t tensors = 0;
  for (uint32_t n = 0; n < count; n++)
    tensors += roles[n].network->parameter_count;
  xdi_put_u32(to->nets, count);
  xdi_put_u32(to->tens, tensors);
  for (uint32_t n = 0; n < count; n++) {
    put_layers(&roles[n], to->nets);
    for (uint32_t parameter = 0; parameter < roles[n].network->parameter_count; parameter++) {
      xd_status status =
          put_tensor(context, &roles[n], &roles[n].network->parameters[parameter], element, to);
      if (status)
        return status;
    }
  }
  return XD_OK;
}

/* ---- Reading ---- */

/* What is being read; chunk messages need all of it. */
typedef struct source {
  xd_context *context;
  const xdi_container *container;
  const uint32_t *wanted;
  float *dropped; /* room for a piece of what is not wanted */
  xdi_cursor nets, tens;
  float *scales; /* NULL: no number is a byte */
  size_t scale_count, scales_passed;
  xdi_chunk_reader data;
  const char *odd; /* what is wrong with a weight, if anything is; DATA's checksum may tell why */
} source;

static xd_status damaged(const source *from, uint32_t tag, const char *what) {
  return xdi_chunk_damaged(from->container, from->context, tag, what);
}

static bool is_wanted(const source *from, uint32_t tag) {
  const uint32_t *at = from->wanted;
  while (at && *at && *at != tag)
    at++;
  return !at || *at;
}

static xd_status get_network(source *from, xdi_role *out) {
  xd_layer_spec specs[XDI_LAYER_LIMIT];
  out->tag = xdi_get_u32(&from->nets);
  xd_shape input = {0};
  input.height = xdi_get_u32(&from->nets);
  input.width = xdi_get_u32(&from->nets);
  input.channels = xdi_get_u32(&from->nets);
  uint32_t count = xdi_get_u32(&from->nets);
  if (count > XDI_LAYER_LIMIT)
    return damaged(from, XDI_CHUNK_NETWORKS, "too many layers");
  for (uint32_t layer = 0; layer < count; layer++) {
    specs[layer].tag = xdi_get_u32(&from->nets);
    for (uint32_t value = 0; value < 8; value++)
      specs[layer].values[value] = xdi_get_u32(&from->nets);
  }
  if (from->nets.failed)
    return damaged(from, XDI_CHUNK_NETWORKS, "it ends within a network");
  /* The layers may ask for no more parameters than DATA can hold as f16, or as bytes where there are scales. */
  const size_t most = (size_t)from->data.chunk->length / (from->scales ? 1 : 2) + 64;
  xd_status status = xdi_network_create_limited(&out->network, from->context, input, specs, count, most,
                                                !is_wanted(from, out->tag));
  if (!status && (status = xdi_network_afford(from->context, out->network)) != XD_OK) {
    xdi_network_release(out->network);
    out->network = NULL;
  }
  return xdi_container_blame(from->container, from->context, status);
}

/* The tensor's description must be the very one that the parameter demands. */
static xd_status get_description(source *from, const xdi_role *role, const xdi_parameter *parameter,
                                 uint32_t *dtype) {
  const xd_allocator *allocator = &from->context->allocator;
  bool memory = true;
  bool same = xdi_get_u32(&from->tens) == role->tag;
  char *name = xdi_get_text(&from->tens, allocator, &memory);
  if (!memory)
    return xdi_fail_memory(from->context, "reading a tensor's name");
  same = same && name && !strcmp(name, parameter->public.name);
  xdi_release(allocator, name);
  *dtype = xdi_get_u32(&from->tens);
  same = same && xdi_get_u32(&from->tens) == parameter->public.rank;
  for (uint32_t axis = 0; axis < 4; axis++) {
    uint32_t side = xdi_get_u32(&from->tens);
    same = same && side == (axis < parameter->public.rank ? parameter->public.shape[axis] : 1);
  }
  uint64_t offset = xdi_get_u64(&from->tens);
  size_t gap = padding(from->data.position);
  if (!same || from->tens.failed || offset != from->data.position + gap || gap > xdi_chunk_left(&from->data))
    return damaged(from, XDI_CHUNK_TENSORS, "a tensor is not what the layers demand");
  unsigned char between[XDI_CHUNK_ALIGNMENT], odd = 0;
  xd_status status = xdi_chunk_take(&from->data, from->context, between, gap);
  for (size_t i = 0; i < gap && !status; i++)
    odd |= between[i];
  return odd ? damaged(from, XDI_CHUNK_DATA, "bytes between tensors are not zero") : status;
}

static xd_status take_floats(source *from, float *to, size_t count) {
  xd_status status = xdi_chunk_take(&from->data, from->context, to, count * sizeof *to);
#if !defined(__BYTE_ORDER__) || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
  for (size_t i = 0; i < count && !status; i++) {
    const uint32_t bits = xdi_at_u32((const unsigned char *)&to[i]);
    memcpy(&to[i], &bits, sizeof bits);
  }
#endif
  return status;
}

/* The halves are read into the second half of their place: the float i ends before the half i + 1 begins. */
static xd_status take_halves(source *from, float *to, size_t count) {
  const unsigned char *halves = (const unsigned char *)to + 2 * count;
  xd_status status = xdi_chunk_take(&from->data, from->context, (unsigned char *)to + 2 * count, 2 * count);
  for (size_t i = 0; i < count && !status; i++)
    to[i] = xdi_half_to_float((uint16_t)(halves[2 * i] | halves[2 * i + 1] << 8));
  return status;
}

/* Bytes times their channels' scales; whether one is below -127. */
static bool scale_bytes(float *to, const int8_t *bytes, const float *scales, size_t count) {
  bool odd = false;
  for (size_t i = 0; i < count; i++) {
    odd |= bytes[i] < -XDI_INT8_MOST;
    to[i] = (float)bytes[i] * scales[i];
  }
  return odd;
}

/* The numbers from `first` on of a tensor. Bytes are read into the last quarter of their place, of which the same
 * is true, and leave it some at a time, so that the loop over them is free to take several at once. */
static xd_status take_int8(source *from, float *to, size_t count, size_t first, const float *scales,
                           size_t channels) {
  enum { MOST = 512 };
  int8_t some[MOST];
  const int8_t *bytes = (const int8_t *)to + 3 * count;
  xd_status status = xdi_chunk_take(&from->data, from->context, (int8_t *)to + 3 * count, count);
  size_t channel = first % channels;
  for (size_t at = 0, length; at < count && !status; at += length) {
    length = count - at < channels - channel ? count - at : channels - channel;
    length = length < MOST ? length : MOST;
    memcpy(some, bytes + at, length);
    if (scale_bytes(to + at, some, scales + channel, length))
      from->odd = "a byte is below -127";
    channel = channel + length < channels ? channel + length : 0;
  }
  return status;
}

/* The scales of a tensor. */
static xd_status get_scales(source *from, const float **out, size_t channels) {
  if (channels > from->scale_count - from->scales_passed)
    return damaged(from, XDI_CHUNK_SCALES, "it has fewer scales than channels");
  *out = from->scales + from->scales_passed;
  for (size_t channel = 0; channel < channels; channel++)
    if (!xdi_int8_is_scale((*out)[channel]))
      return damaged(from, XDI_CHUNK_SCALES, "a scale is not positive, normal and of 17 bits");
  from->scales_passed += channels;
  return XD_OK;
}

static xd_status skip(source *from, size_t size) {
  xd_status status = XD_OK;
  for (size_t piece; size && !status; size -= piece) {
    piece = size < PIECE * sizeof(float) ? size : PIECE * sizeof(float);
    status = xdi_chunk_take(&from->data, from->context, from->dropped, piece);
  }
  return status;
}

static bool all_finite(const float *values, size_t count) {
  bool odd = false;
  for (size_t i = 0; i < count; i++)
    odd |= !isfinite(values[i]);
  return !odd;
}

/* Bytes of a number; 0 of an unknown element. */
static size_t width_of(uint32_t element) {
  return element == XDI_ELEMENT_F32 ? 4 : element == XDI_ELEMENT_F16 ? 2 : element == XDI_ELEMENT_I8 ? 1 : 0;
}

static xd_status get_tensor(source *from, const xdi_role *role, const xdi_parameter *parameter) {
  const size_t channels = channels_of(&parameter->public), count = parameter->public.count;
  const float *scales = NULL;
  uint32_t element = XDI_ELEMENT_F32;
  xd_status status = get_description(from, role, parameter, &element);
  if (status)
    return status;
  const size_t width = width_of(element);
  if (!width)
    return xdi_fail(from->context, XD_ERROR_UNSUPPORTED,
                    "%s: tensor %s has element type %u, unknown to this library", from->container->name,
                    parameter->public.name, element);
  if (count > xdi_chunk_left(&from->data) / width)
    return damaged(from, XDI_CHUNK_DATA, "it ends within a tensor");
  if (element == XDI_ELEMENT_I8)
    status = get_scales(from, &scales, channels);
  if (!role->network->block)
    return status ? status : skip(from, count * width);
  float *to = role->network->block + parameter->offset;
  for (size_t at = 0, piece; at < count && !status; at += piece, to += piece) {
    piece = count - at < PIECE ? count - at : PIECE;
    status = element == XDI_ELEMENT_I8    ? take_int8(from, to, piece, at, scales, channels)
             : element == XDI_ELEMENT_F16 ? take_halves(from, to, piece)
                                          : take_floats(from, to, piece);
    if (!status && !all_finite(to, piece))
      from->odd = "a weight is not finite";
  }
  return status;
}

static xd_status get_all(source *from, xdi_role *roles, uint32_t *count) {
  uint32_t promised = xdi_get_u32(&from->nets), tensors = xdi_get_u32(&from->tens), found = 0;
  if (promised > XDI_NETWORK_LIMIT)
    return damaged(from, XDI_CHUNK_NETWORKS, "too many networks");
  while (*count < promised) {
    xdi_role *role = &roles[*count];
    xd_status status = get_network(from, role);
    if (status)
      return status;
    ++*count;
    for (uint32_t parameter = 0; parameter < role->network->parameter_count; parameter++, found++) {
      status = get_tensor(from, role, &role->network->parameters[parameter]);
      if (status)
        return status;
    }
    atomic_store(&role->network->frozen, true);
  }
  if (!xdi_cursor_done(&from->nets))
    return damaged(from, XDI_CHUNK_NETWORKS, "bytes follow its last network");
  if (found != tensors || !xdi_cursor_done(&from->tens) || xdi_chunk_left(&from->data))
    return damaged(from, XDI_CHUNK_TENSORS, "other tensors, or more numbers, than the layers demand");
  if (from->scales_passed != from->scale_count)
    return damaged(from, XDI_CHUNK_SCALES, "it has more scales than channels");
  xd_status status = xdi_chunk_end(&from->data, from->context);
  if (!status && from->odd)
    status = damaged(from, XDI_CHUNK_DATA, from->odd);
  return status;
}

/* The chunk of scales, if it is there, as floats in its own place. */
static xd_status read_scales(source *from) {
  xdi_cursor chunk;
  const xd_status status =
      xdi_container_chunk(from->container, from->context, XDI_CHUNK_SCALES, true, &chunk);
  from->scales = (float *)(void *)chunk.data;
  from->scale_count = chunk.size / sizeof(float);
  for (size_t i = 0; i < from->scale_count; i++) {
    const uint32_t bits = xdi_get_u32(&chunk);
    memcpy(&from->scales[i], &bits, sizeof bits);
  }
  return !status && !xdi_cursor_done(&chunk) ? damaged(from, XDI_CHUNK_SCALES, "its length is wrong")
                                             : status;
}

xd_status xdi_networks_get(xd_context *context, const xdi_container *container, const uint32_t *wanted,
                           xdi_role *roles, uint32_t *count) {
  source from = {.context = context, .container = container, .wanted = wanted};
  const xdi_chunk_entry *data;
  *count = 0;
  if (wanted && !(from.dropped = xdi_allocate(&context->allocator, PIECE, sizeof(float))))
    return xdi_fail_memory(context, "reading a file");
  xd_status status = xdi_container_chunk(container, context, XDI_CHUNK_NETWORKS, false, &from.nets);
  if (!status)
    status = xdi_container_chunk(container, context, XDI_CHUNK_TENSORS, false, &from.tens);
  if (!status)
    status = read_scales(&from);
  if (!status)
    status = xdi_container_find(container, context, XDI_CHUNK_DATA, false, &data);
  if (!status) {
    xdi_chunk_begin(&from.data, container, data);
    status = get_all(&from, roles, count);
  }
  xdi_release(&context->allocator, from.dropped);
  xdi_release(&context->allocator, (void *)from.nets.data);
  xdi_release(&context->allocator, (void *)from.tens.data);
  xdi_release(&context->allocator, from.scales);
  if (status) {
    xdi_networks_release(roles, *count);
    *count = 0;
  }
  return status;
}

void xdi_networks_release(xdi_role *roles, uint32_t count) {
  for (uint32_t n = 0; n < count; n++) {
    xdi_network_release(roles[n].network);
    roles[n].network = NULL;
  }
}
