/* Kernels put into the queue, and what comes back from them. */
#include "backend/opencl/opencl_state.h"

#include <stdio.h>

/* A number is summed by at most so many groups, fewer where each would have less than this many cells. */
enum { MOST_GROUPS = 64, CELLS_OF_GROUP = 512 };

#define NAME(name) #name,
const char *const xdi_opencl_kernel_names[] = {XDI_OPENCL_KERNELS(NAME)};
#undef NAME

static xd_status status_of(cl_int code) {
  switch (code) {
  case CL_SUCCESS:
    return XD_OK;
  case CL_MEM_OBJECT_ALLOCATION_FAILURE:
  case CL_OUT_OF_RESOURCES:
  case CL_OUT_OF_HOST_MEMORY:
  case CL_INVALID_BUFFER_SIZE: /* larger than the device has in one piece */
    return XD_ERROR_OUT_OF_MEMORY;
  default:
    return XD_ERROR_INTERNAL;
  }
}

xd_status xdi_opencl_check(const xd_backend *backend, cl_int code, const char *call) {
  char line[128];
  if (code == CL_SUCCESS)
    return XD_OK;
  snprintf(line, sizeof line, "opencl: %s failed with the device's code %d", call, (int)code);
  backend->host.log(backend->host.log_user, XD_LOG_DEBUG, line);
  return status_of(code);
}

/* Sets one argument, which a slice makes two of. */
static cl_int set(cl_kernel kernel, cl_uint *index, const xdi_argument *argument) {
  const cl_mem memory = xdi_opencl_memory(argument->slice.buffer);
  const cl_ulong offset = memory ? argument->slice.offset : 0;
  switch (argument->kind) {
  case XDI_IS_UINT:
    return clSetKernelArg(kernel, (*index)++, sizeof argument->uint, &argument->uint);
  case XDI_IS_ULONG:
    return clSetKernelArg(kernel, (*index)++, sizeof argument->ulong, &argument->ulong);
  case XDI_IS_FLOAT:
    return clSetKernelArg(kernel, (*index)++, sizeof argument->real, &argument->real);
  case XDI_IS_BYTES:
    return clSetKernelArg(kernel, (*index)++, argument->size, argument->bytes);
  case XDI_IS_SLICE:
  default:
    break;
  }
  const cl_int code = clSetKernelArg(kernel, (*index)++, sizeof memory, &memory);
  return code == CL_SUCCESS ? clSetKernelArg(kernel, (*index)++, sizeof offset, &offset) : code;
}

xd_status xdi_opencl_run(xd_backend *backend, xdi_opencl_kernel kernel, size_t items,
                         const xdi_argument *arguments, size_t count) {
  const size_t local = XDI_OPENCL_GROUP, global = (items + local - 1) / local * local;
  cl_int code = CL_SUCCESS;
  cl_uint index = 0;
  if (items == 0)
    return XD_OK;
  for (size_t i = 0; i < count && code == CL_SUCCESS; i++)
    code = set(backend->kernels[kernel], &index, &arguments[i]);
  if (code == CL_SUCCESS)
    code = clEnqueueNDRangeKernel(backend->queue, backend->kernels[kernel], 1, NULL, &global, &local, 0, NULL,
                                  NULL);
  return xdi_opencl_check(backend, code, xdi_opencl_kernel_names[kernel]);
}

xd_status xdi_opencl_sums_begin(xd_backend *backend, xdi_opencl_sums *sums, size_t cells) {
  const size_t groups = (cells + CELLS_OF_GROUP - 1) / CELLS_OF_GROUP;
  sums->items = (groups < MOST_GROUPS ? groups : MOST_GROUPS) * XDI_OPENCL_GROUP;
  return xdi_opencl_take_room(backend, XDI_ROOM_SUMS, &sums->shares, (size_t)2 * MOST_GROUPS);
}

xd_status xdi_opencl_sums_end(xd_backend *backend, const xdi_opencl_sums *sums, double totals[2]) {
  float shares[2 * MOST_GROUPS];
  const size_t count = 2 * sums->items / XDI_OPENCL_GROUP;
  const xd_status status = xdi_opencl_buffer_read(backend, shares, sums->shares, count);
  totals[0] = totals[1] = 0.0;
  for (size_t i = 0; i < count && status == XD_OK; i++)
    totals[i % 2] += (double)shares[i];
  return status;
}
