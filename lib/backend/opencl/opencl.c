/* The opencl backend: every kernel on one OpenCL device, in buffers that the host cannot see. A plug-in:
 * xd_backend_library_open finds xd_backend_plugin.
 *
 * One queue in order is all the synchronisation there is; the host waits where it hands numbers over or takes them.
 * The context's runner is not used: the device has its own threads, if it has any. */
#include "backend/opencl/opencl_state.h"

#include <stdio.h>
#include <string.h>

/* ---- The device ---- */

enum { MOST_PLATFORMS = 16 };

/* The first device of a kind over all platforms. */
static bool find_kind(cl_device_type kind, cl_device_id *out) {
  cl_platform_id platforms[MOST_PLATFORMS];
  cl_uint count = 0, found = 0;
  if (clGetPlatformIDs(MOST_PLATFORMS, platforms, &count) != CL_SUCCESS)
    return false;
  for (cl_uint i = 0; i < count && i < MOST_PLATFORMS; i++)
    if (clGetDeviceIDs(platforms[i], kind, 1, out, &found) == CL_SUCCESS && found > 0)
      return true;
  return false;
}

static bool find_device(cl_device_id *out) {
  return find_kind(CL_DEVICE_TYPE_GPU, out) || find_kind(CL_DEVICE_TYPE_ACCELERATOR, out) ||
         find_kind(CL_DEVICE_TYPE_ALL, out);
}

/* NULL where the device can run the kernels, else what it lacks. */
static const char *shortcoming(cl_device_id device) {
  cl_bool compiler = CL_FALSE, available = CL_FALSE;
  size_t items = 0;
  clGetDeviceInfo(device, CL_DEVICE_AVAILABLE, sizeof available, &available, NULL);
  clGetDeviceInfo(device, CL_DEVICE_COMPILER_AVAILABLE, sizeof compiler, &compiler, NULL);
  clGetDeviceInfo(device, CL_DEVICE_MAX_WORK_GROUP_SIZE, sizeof items, &items, NULL);
  if (!available)
    return "the OpenCL device is not available";
  if (!compiler)
    return "the OpenCL device has no compiler";
  return items < XDI_OPENCL_GROUP ? "the OpenCL device's work-groups are too small" : NULL;
}

static void describe(xd_backend *backend, cl_device_id device) {
  char name[128] = "", driver[32] = "";
  clGetDeviceInfo(device, CL_DEVICE_NAME, sizeof name, name, NULL);
  clGetDeviceInfo(device, CL_DRIVER_VERSION, sizeof driver, driver, NULL);
  name[sizeof name - 1] = driver[sizeof driver - 1] = '\0';
  snprintf(backend->detail, sizeof backend->detail, "%s, driver %s", name, driver);
}

/* ---- The program ---- */

/* What the device's compiler said, a line at a time. */
static void log_build(xd_backend *backend, cl_device_id device) {
  char text[4096] = "", line[256];
  clGetProgramBuildInfo(backend->program, device, CL_PROGRAM_BUILD_LOG, sizeof text - 1, text, NULL);
  for (const char *at = text + strspn(text, "\r\n"); *at; at += strspn(at, "\r\n")) {
    const size_t length = strcspn(at, "\r\n");
    snprintf(line, sizeof line, "opencl: %.*s", (int)length, at);
    at += length;
    backend->host.log(backend->host.log_user, XD_LOG_WARNING, line);
  }
}

/* Random numbers are the library's bytes where roots and quotients are rounded correctly. */
static const char *build_options(cl_device_id device) {
  cl_device_fp_config abilities = 0;
  clGetDeviceInfo(device, CL_DEVICE_SINGLE_FP_CONFIG, sizeof abilities, &abilities, NULL);
  return abilities & CL_FP_CORRECTLY_ROUNDED_DIVIDE_SQRT
             ? "-cl-std=CL1.2 -cl-fp32-correctly-rounded-divide-sqrt"
             : "-cl-std=CL1.2";
}

/* What a device's compiler refuses the device cannot do. */
static xd_status build_program(xd_backend *backend, cl_device_id device, const char **why) {
  const char *text = xdi_opencl_program;
  cl_int code;
  backend->program = clCreateProgramWithSource(backend->context, 1, &text, NULL, &code);
  if (code == CL_SUCCESS) {
    code = clBuildProgram(backend->program, 1, &device, build_options(device), NULL, NULL);
    if (code == CL_BUILD_PROGRAM_FAILURE)
      log_build(backend, device);
  }
  for (int i = 0; i < XDI_OPENCL_KERNEL_COUNT && code == CL_SUCCESS; i++)
    backend->kernels[i] = clCreateKernel(backend->program, xdi_opencl_kernel_names[i], &code);
  const xd_status status = xdi_opencl_check(backend, code, "building the program");
  if (status != XD_OK)
    *why = "its kernels cannot be built for the OpenCL device";
  return status == XD_ERROR_INTERNAL ? XD_ERROR_UNSUPPORTED : status;
}

/* ---- Life ---- */

static void close_backend(xd_backend *backend) {
  const xd_allocator *allocator = backend->host.allocator;
  for (int i = 0; i < XDI_ROOM_COUNT; i++)
    if (backend->rooms[i])
      xdi_opencl_buffer_destroy(backend, backend->rooms[i]);
  for (int i = 0; i < XDI_OPENCL_KERNEL_COUNT; i++)
    if (backend->kernels[i])
      clReleaseKernel(backend->kernels[i]);
#ifdef XDI_WITH_CLBLAST
  xdi_opencl_clblast_close();
#endif
  if (backend->program)
    clReleaseProgram(backend->program);
  if (backend->queue) {
    clFinish(backend->queue);
    clReleaseCommandQueue(backend->queue);
  }
  if (backend->context)
    clReleaseContext(backend->context);
  allocator->release(allocator->user, backend, sizeof *backend, _Alignof(xd_backend));
}

static xd_status open_device(xd_backend *backend, const char **why) {
  cl_device_id device;
  cl_int code;
  if (!find_device(&device)) {
    *why = "there is no OpenCL device";
    return XD_ERROR_UNSUPPORTED;
  }
  *why = shortcoming(device);
  if (*why)
    return XD_ERROR_UNSUPPORTED;
  backend->context = clCreateContext(NULL, 1, &device, NULL, NULL, &code);
  if (code == CL_SUCCESS)
    backend->queue = clCreateCommandQueue(backend->context, device, 0, &code);
  if (code != CL_SUCCESS) {
    *why = "the OpenCL device cannot be opened";
    return xdi_opencl_check(backend, code, "opening the device");
  }
  describe(backend, device);
  const xd_status status = build_program(backend, device, why);
#ifdef XDI_WITH_CLBLAST
  return status == XD_OK ? xdi_opencl_clblast_open(backend) : status;
#else
  return status;
#endif
}

static xd_status open_backend(xd_backend **out, const char **detail, const xd_backend_host *host) {
  const xd_allocator *allocator = host->allocator;
  *out = NULL;
  xd_backend *backend = allocator->allocate(allocator->user, sizeof *backend, _Alignof(xd_backend));
  if (!backend)
    return XD_ERROR_OUT_OF_MEMORY;
  memset(backend, 0, sizeof *backend);
  backend->host = *host;
  const xd_status status = open_device(backend, detail);
  if (status != XD_OK) {
    close_backend(backend);
    return status;
  }
  *detail = backend->detail;
  *out = backend;
  return XD_OK;
}

/* ---- The table ---- */

#define SLOT(kernel, parameters) .kernel = xdi_opencl_##kernel,
static const xd_backend_table opencl_table = {.struct_size = sizeof(xd_backend_table),
                                              .table_version = XD_BACKEND_TABLE_VERSION,
                                              .name = "opencl",
                                              .open = open_backend,
                                              .close = close_backend,
                                              .buffer_create = xdi_opencl_buffer_create,
                                              .buffer_destroy = xdi_opencl_buffer_destroy,
                                              .buffer_write = xdi_opencl_buffer_write,
                                              .buffer_read = xdi_opencl_buffer_read,
                                              XD_BACKEND_KERNELS(SLOT)};

__attribute__((visibility("default"))) const xd_backend_table *xd_backend_plugin(void);

const xd_backend_table *xd_backend_plugin(void) {
  return &opencl_table;
}
