/* Memory of the device: buffers that the host cannot see, and scratch rooms, which are buffers too. */
#include "backend/opencl/opencl_state.h"

typedef struct opencl_buffer {
  xd_buffer base;
  cl_mem memory;
} opencl_buffer;

cl_mem xdi_opencl_memory(const xd_buffer *buffer) {
  return buffer ? ((const opencl_buffer *)buffer)->memory : NULL;
}

/* Filled at once: some devices look for the memory only then. */
static xd_status make_memory(xd_backend *backend, opencl_buffer *buffer) {
  const size_t size = buffer->base.count * sizeof(float);
  const float zero = 0.0f;
  cl_int code = CL_SUCCESS;
  buffer->memory = clCreateBuffer(backend->context, CL_MEM_READ_WRITE, size, NULL, &code);
  if (code != CL_SUCCESS)
    buffer->memory = NULL;
  else
    code = clEnqueueFillBuffer(backend->queue, buffer->memory, &zero, sizeof zero, 0, size, 0, NULL, NULL);
  return xdi_opencl_check(backend, code, "making a buffer");
}

xd_status xdi_opencl_buffer_create(xd_backend *backend, xd_buffer **out, size_t count) {
  const xd_allocator *allocator = backend->host.allocator;
  *out = NULL;
  if (count == 0)
    return XD_ERROR_INVALID_ARGUMENT;
  if (count > SIZE_MAX / sizeof(float))
    return XD_ERROR_OUT_OF_MEMORY;
  opencl_buffer *buffer = allocator->allocate(allocator->user, sizeof *buffer, _Alignof(opencl_buffer));
  if (!buffer)
    return XD_ERROR_OUT_OF_MEMORY;
  *buffer = (opencl_buffer){.base = {.host = NULL, .count = count}};
  const xd_status status = make_memory(backend, buffer);
  if (status == XD_OK)
    *out = &buffer->base;
  else
    xdi_opencl_buffer_destroy(backend, &buffer->base);
  return status;
}

/* What is queued still has its memory: OpenCL counts. */
void xdi_opencl_buffer_destroy(xd_backend *backend, xd_buffer *buffer) {
  const xd_allocator *allocator = backend->host.allocator;
  if (xdi_opencl_memory(buffer))
    clReleaseMemObject(xdi_opencl_memory(buffer));
  allocator->release(allocator->user, buffer, sizeof(opencl_buffer), _Alignof(opencl_buffer));
}

static bool is_inside(xd_slice slice, size_t count) {
  return slice.buffer && slice.offset <= slice.buffer->count && count <= slice.buffer->count - slice.offset;
}

xd_status xdi_opencl_buffer_write(xd_backend *backend, xd_slice to, const float *from, size_t count) {
  if (!is_inside(to, count))
    return XD_ERROR_INVALID_ARGUMENT;
  if (count == 0)
    return XD_OK;
  const cl_int code =
      clEnqueueWriteBuffer(backend->queue, xdi_opencl_memory(to.buffer), CL_TRUE, to.offset * sizeof *from,
                           count * sizeof *from, from, 0, NULL, NULL);
  return xdi_opencl_check(backend, code, "writing a buffer");
}

xd_status xdi_opencl_buffer_read(xd_backend *backend, float *to, xd_slice from, size_t count) {
  if (!is_inside(from, count))
    return XD_ERROR_INVALID_ARGUMENT;
  if (count == 0)
    return XD_OK;
  const cl_int code = clEnqueueReadBuffer(backend->queue, xdi_opencl_memory(from.buffer), CL_TRUE,
                                          from.offset * sizeof *to, count * sizeof *to, to, 0, NULL, NULL);
  return xdi_opencl_check(backend, code, "reading a buffer");
}

xd_status xdi_opencl_take_room(xd_backend *backend, xdi_opencl_room room, xd_slice *out, size_t count) {
  xd_buffer **buffer = &backend->rooms[room];
  xd_status status = XD_OK;
  if (*buffer && (*buffer)->count < count) {
    xdi_opencl_buffer_destroy(backend, *buffer);
    *buffer = NULL;
  }
  if (!*buffer)
    status = xdi_opencl_buffer_create(backend, buffer, count);
  *out = (xd_slice){*buffer, 0};
  return status;
}
