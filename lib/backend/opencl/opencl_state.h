/* The opencl plug-in: one context's state, and what its sources share. The plug-in is a shared object of its own and
 * stands on the public headers alone. What the device computes is the program in kernels/. */
#ifndef XDI_BACKEND_OPENCL_STATE_H
#define XDI_BACKEND_OPENCL_STATE_H

#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
#include <stdbool.h>

#include <xdomain/sys/backend.h>

/* The items of every work-group, GROUP in kernels/common.cl. */
enum { XDI_OPENCL_GROUP = 64 };

/* clang-format off */
#define XDI_OPENCL_KERNELS(kernel) \
  kernel(product) kernel(turn) kernel(sum_columns) kernel(gather) kernel(scatter) \
  kernel(activation_forward) kernel(activation_backward) kernel(copy_columns) kernel(scale_add) \
  kernel(add_activated) kernel(posterior_forward) kernel(upsample_forward) kernel(upsample_backward) kernel(adam) \
  kernel(reconstruction_loss) kernel(posterior_backward) kernel(logistic_loss) kernel(squared_distance) \
  kernel(cross_entropy) kernel(dots) kernel(normalise) kernel(spectral_backward) \
  kernel(group_norm_forward) kernel(group_norm_backward) kernel(group_norm_gradients) kernel(window_normalise) \
  kernel(random_normal) kernel(dropout)
/* clang-format on */

typedef enum xdi_opencl_kernel {
#define XDI_OPENCL_ENUMERATOR(name) XDI_OPENCL_##name,
  XDI_OPENCL_KERNELS(XDI_OPENCL_ENUMERATOR) XDI_OPENCL_KERNEL_COUNT
} xdi_opencl_kernel;

extern const char *const xdi_opencl_kernel_names[];

/* Scratch memory of the device, which only grows: each has one use at a time. */
typedef enum xdi_opencl_room {
  XDI_ROOM_PATCHES,   /* of a convolution */
  XDI_ROOM_TURNED,    /* its weights, or their gradients, in another order */
  XDI_ROOM_UPSAMPLED, /* pictures of twice the size */
  XDI_ROOM_SUMS,      /* what is added up in two stages */
  XDI_ROOM_TAKEN,     /* what the host gave: labels, windows */
  XDI_ROOM_COUNT
} xdi_opencl_room;

struct xd_backend {
  xd_backend_host host;
  cl_context context;
  cl_command_queue queue; /* in order */
  cl_program program;
  cl_kernel kernels[XDI_OPENCL_KERNEL_COUNT];
  xd_buffer *rooms[XDI_ROOM_COUNT];
  bool has_clblast;
  char detail[192];
};

/* The program's text (made of kernels/ by CMake), with a final zero. */
extern const char xdi_opencl_program[];

/* XD_OK for CL_SUCCESS; else `call` and the code are logged. */
xd_status xdi_opencl_check(const xd_backend *backend, cl_int code, const char *call);

/* ---- Memory ---- */

xd_status xdi_opencl_buffer_create(xd_backend *backend, xd_buffer **out, size_t count);
void xdi_opencl_buffer_destroy(xd_backend *backend, xd_buffer *buffer);
xd_status xdi_opencl_buffer_write(xd_backend *backend, xd_slice to, const float *from, size_t count);
xd_status xdi_opencl_buffer_read(xd_backend *backend, float *to, xd_slice from, size_t count);
cl_mem xdi_opencl_memory(const xd_buffer *buffer);

/* At least `count` floats of a room, holding nothing of meaning. */
xd_status xdi_opencl_take_room(xd_backend *backend, xdi_opencl_room room, xd_slice *out, size_t count);

static inline xd_slice xdi_opencl_after(xd_slice slice, size_t count) {
  return slice.buffer ? (xd_slice){slice.buffer, slice.offset + count} : slice;
}

/* ---- Running kernels ---- */

typedef struct xdi_argument {
  enum { XDI_IS_SLICE, XDI_IS_UINT, XDI_IS_ULONG, XDI_IS_FLOAT, XDI_IS_BYTES } kind;
  xd_slice slice;
  cl_uint uint;
  cl_ulong ulong;
  cl_float real;
  const void *bytes;
  size_t size;
} xdi_argument;

#define XDI_SLICE(value) \
  { .kind = XDI_IS_SLICE, .slice = (value) }
#define XDI_UINT(value) \
  { .kind = XDI_IS_UINT, .uint = (value) }
#define XDI_ULONG(value) \
  { .kind = XDI_IS_ULONG, .ulong = (value) }
#define XDI_FLOAT(value) \
  { .kind = XDI_IS_FLOAT, .real = (value) }
#define XDI_STRUCT(pointer) \
  { .kind = XDI_IS_BYTES, .bytes = (pointer), .size = sizeof *(pointer) }

/* Queues a kernel with so many items, rounded up to whole groups; none is legal. */
xd_status xdi_opencl_run(xd_backend *backend, xdi_opencl_kernel kernel, size_t items,
                         const xdi_argument *arguments, size_t count);

#define XDI_RUN(backend, kernel, items, ...) \
  xdi_opencl_run(backend, XDI_OPENCL_##kernel, items, (const xdi_argument[]){__VA_ARGS__}, \
                 sizeof((const xdi_argument[]){__VA_ARGS__}) / sizeof(xdi_argument))

/* Two sums over `cells` of a kernel whose groups each give a share: room for the shares, the items to run it with,
 * and, when it was queued, the sums, for which the host waits. */
typedef struct xdi_opencl_sums {
  xd_slice shares;
  size_t items;
} xdi_opencl_sums;
xd_status xdi_opencl_sums_begin(xd_backend *backend, xdi_opencl_sums *sums, size_t cells);
xd_status xdi_opencl_sums_end(xd_backend *backend, const xdi_opencl_sums *sums, double totals[2]);

/* ---- Products ---- */

/* to[rows][columns] = what becomes of a b / sigma, or of that and what stands there. a is [rows][depth] or, where it
 * is turned, [depth][rows]; b is [depth][columns]. With x the sums are multiplied by the slope at x, else the bias,
 * where there is one (never with `adds`), is added and the activation applied. sigma 0: 1. */
typedef struct xdi_opencl_product {
  uint32_t rows, depth, columns;
  xd_slice a, b, to;
  bool turned;
  float sigma;
  bool adds;
  xd_slice bias, x;
  xd_activation activation;
} xdi_opencl_product;
xd_status xdi_opencl_multiply(xd_backend *backend, const xdi_opencl_product *product);

/* The same by CLBlast, in builds that have it. Opening is no failure where CLBlast cannot serve the device: then it
 * takes no product. */
xd_status xdi_opencl_clblast_open(xd_backend *backend);
void xdi_opencl_clblast_close(void);
bool xdi_opencl_clblast_takes(const xd_backend *backend, const xdi_opencl_product *product);
xd_status xdi_opencl_clblast_multiply(xd_backend *backend, const xdi_opencl_product *product);

/* A block of three indices and their strides, written out in this order. */
typedef struct xdi_opencl_order {
  uint32_t outer, middle, inner;
  size_t outer_step, middle_step, inner_step;
} xdi_opencl_order;
xd_status xdi_opencl_turn(xd_backend *backend, xd_slice from, xd_slice to, xdi_opencl_order order);

/* sums[columns] of from[rows][columns]; nothing where `sums` is absent. */
xd_status xdi_opencl_sum_columns(xd_backend *backend, xd_slice sums, xd_slice from, uint32_t rows,
                                 uint32_t columns);

/* `slice` where an activation needs it, else absent: the kernels then multiply by nothing. */
static inline xd_slice xdi_opencl_unless_identity(xd_activation activation, xd_slice slice) {
  return activation == XD_ACTIVATION_IDENTITY ? (xd_slice){NULL, 0} : slice;
}

/* Whether a side of a picture is one of twice the size. */
static inline bool xdi_opencl_doubles(uint32_t in, uint32_t out) {
  return out == 2 * in || out + 1 == 2 * in;
}

/* ---- The slots ---- */

#define XDI_OPENCL_SLOT(name, parameters) xd_status xdi_opencl_##name parameters;
XD_BACKEND_KERNELS(XDI_OPENCL_SLOT)

#endif
