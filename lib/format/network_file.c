/* Networks in a file. The tensors stand in the order of the networks and of each network's parameters, each
 * at the next multiple of 64 bytes of DATA, so a reader checks every number against what the layers demand
 * before it allocates, and reads each tensor straight into its network. */
#include "format/network_file.h"

#include <math.h>
#include <string.h>

#include "base/half.h"
#include "base/memory.h"
#include "layer/price.h"

#define PIECE \
  ((size_t)1 << 15) /* floats that are still in the cache for the checksum and a look through them */

enum { DTYPE_F32 = 0, DTYPE_F16 = 1 }; /* 2 is reserved for bf16, 3 for i8 */

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

static xd_status put_tensor(xd_context *context, const xdi_role *role, const xdi_parameter *parameter,
                            bool half, xdi_bytes *tens, xdi_bytes *data) {
  const xd_tensor *shape = &parameter->public;
  const float *values = role->network->block + parameter->offset;
  bool stored_half = half && shape->rank > 1;
  xdi_put_zeros(data, padding(data->size));
  xdi_put_u32(tens, role->tag);
  xdi_put_text(tens, shape->name);
  xdi_put_u32(tens, stored_half ? DTYPE_F16 : DTYPE_F32);
  xdi_put_u32(tens, shape->rank);
  for (uint32_t axis = 0; axis < 4; axis++)
    xdi_put_u32(tens, axis < shape->rank ? shape->shape[axis] : 1);
  xdi_put_u64(tens, data->size);
  if (!stored_half) {
    put_floats(data, values, shape->count);
  } else if (!put_halves(data, values, shape->count)) {
    return xdi_fail(context, XD_ERROR_NUMERIC, "parameter %s has a value beyond the range of f16",
                    shape->name);
  }
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

xd_status xdi_networks_put(xd_context *context, const xdi_role *roles, uint32_t count, bool half,
                           xdi_bytes *nets, xdi_bytes *tens, xdi_bytes *data) {
  uint32_t tensors = 0;
  for (uint32_t n = 0; n < count; n++)
    tensors += roles[n].network->parameter_count;
  xdi_put_u32(nets, count);
  xdi_put_u32(tens, tensors);
  for (uint32_t n = 0; n < count; n++) {
    put_layers(&roles[n], nets);
    for (uint32_t parameter = 0; parameter < roles[n].network->parameter_count; parameter++) {
      xd_status status =
          put_tensor(context, &roles[n], &roles[n].network->parameters[parameter], half, tens, data);
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
  xdi_chunk_reader data;
  bool odd; /* a weight is not finite; DATA's checksum may tell why */
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
  /* The layers may ask for no more parameters than DATA can hold as f16. */
  xd_status status =
      xdi_network_create_limited(&out->network, from->context, input, specs, count,
                                 (size_t)from->data.chunk->length / 2 + 64, !is_wanted(from, out->tag));
  if (!status && (status = xdi_network_afford(from->context, out->network)) != XD_OK) {
    xdi_network_release(out->network);
    out->network = NULL;
  }
  return status;
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

static xd_status get_tensor(source *from, const xdi_role *role, const xdi_parameter *parameter) {
  uint32_t dtype = DTYPE_F32;
  xd_status status = get_description(from, role, parameter, &dtype);
  if (status)
    return status;
  if (dtype > DTYPE_F16)
    return xdi_fail(from->context, XD_ERROR_UNSUPPORTED,
                    "%s: tensor %s has element type %u, unknown to this library", from->container->name,
                    parameter->public.name, dtype);
  size_t width = dtype == DTYPE_F16 ? 2 : 4, count = parameter->public.count;
  if (count > xdi_chunk_left(&from->data) / width)
    return damaged(from, XDI_CHUNK_DATA, "it ends within a tensor");
  if (!role->network->block)
    return skip(from, count * width);
  float *to = role->network->block + parameter->offset;
  for (size_t piece; count && !status; count -= piece, to += piece) {
    piece = count < PIECE ? count : PIECE;
    status = dtype == DTYPE_F16 ? take_halves(from, to, piece) : take_floats(from, to, piece);
    if (!status && !all_finite(to, piece))
      from->odd = true;
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
  xd_status status = xdi_chunk_end(&from->data, from->context);
  if (!status && from->odd)
    status = damaged(from, XDI_CHUNK_DATA, "a weight is not finite");
  return status;
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
    status = xdi_container_find(container, context, XDI_CHUNK_DATA, false, &data);
  if (!status) {
    xdi_chunk_begin(&from.data, container, data);
    status = get_all(&from, roles, count);
  }
  xdi_release(&context->allocator, from.dropped);
  xdi_release(&context->allocator, (void *)from.nets.data);
  xdi_release(&context->allocator, (void *)from.tens.data);
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
