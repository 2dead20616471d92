/* The n-th call of the system fails: the calls that the library makes are caught here, since a program's own
 * definitions come before the C library's. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* RTLD_NEXT */
#endif

#include "faults.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>

typedef enum fault_kind {
  FAULT_EIO,
  FAULT_ENOSPC,
  FAULT_EINTR,
  FAULT_SHORT,
  FAULT_ZERO,
  FAULT_KINDS
} fault_kind;

static const char *const kind_names[FAULT_KINDS] = {"EIO", "ENOSPC", "EINTR", "short", "nothing"};

/* What is to go wrong, and how far the count has come. */
static struct {
  bool armed;
  uint64_t count, fail_at;
  fault_kind kind;
  int open_files;
} trap;

/* Whether this call is the one; a system that writes nothing goes on writing nothing. */
static bool is_hit(void) {
  if (!trap.armed)
    return false;
  trap.count++;
  return trap.count == trap.fail_at ||
         (trap.kind == FAULT_ZERO && trap.fail_at > 0 && trap.count > trap.fail_at);
}

/* Whether it fails as a call without a length does. */
static bool fails(void) {
  if (!is_hit() || trap.kind == FAULT_SHORT || trap.kind == FAULT_ZERO)
    return false;
  errno = trap.kind == FAULT_EIO ? EIO : trap.kind == FAULT_ENOSPC ? ENOSPC : EINTR;
  return true;
}

/* dlsym's result as a function, which ISO C cannot convert. */
#define FIND(type, name) \
  static type next; \
  if (!next) \
  *(void **)&next = dlsym(RTLD_NEXT, name)

typedef int (*open_function)(const char *, int, ...);
typedef int (*close_function)(int);
typedef ssize_t (*write_function)(int, const void *, size_t);
typedef ssize_t (*pread_function)(int, void *, size_t, off_t);
typedef int (*rename_function)(const char *, const char *);

int open64(const char *path, int flags, ...);
ssize_t pread64(int file, void *to, size_t size, off_t offset);

int open64(const char *path, int flags, ...) {
  FIND(open_function, "open64");
  va_list more;
  va_start(more, flags);
  const mode_t mode = flags & O_CREAT ? va_arg(more, mode_t) : 0;
  va_end(more);
  if (fails())
    return -1;
  const int file = next(path, flags, mode);
  if (trap.armed && file >= 0)
    trap.open_files++;
  return file;
}

/* Linux has closed the file whatever close answers. */
int close(int file) {
  FIND(close_function, "close");
  const bool failed = fails();
  const int error = errno;
  if (trap.armed)
    trap.open_files--;
  const int result = next(file);
  if (!failed)
    return result;
  errno = error;
  return -1;
}

int fsync(int file) {
  FIND(close_function, "fsync");
  return fails() ? -1 : next(file);
}

/* Never interrupted. */
int rename(const char *from, const char *to) {
  FIND(rename_function, "rename");
  return fails() && errno != EINTR ? -1 : next(from, to);
}

/* How much of a transfer takes place; -1 for none and an error. */
static ssize_t transfer(size_t size) {
  if (!is_hit())
    return (ssize_t)size;
  if (trap.kind == FAULT_SHORT)
    return (ssize_t)((size + 1) / 2);
  if (trap.kind == FAULT_ZERO)
    return 0;
  errno = trap.kind == FAULT_EIO ? EIO : trap.kind == FAULT_ENOSPC ? ENOSPC : EINTR;
  return -1;
}

ssize_t write(int file, const void *from, size_t size) {
  FIND(write_function, "write");
  const ssize_t part = transfer(size);
  return part <= 0 ? part : next(file, from, (size_t)part);
}

ssize_t pread64(int file, void *to, size_t size, off_t offset) {
  FIND(pread_function, "pread64");
  const ssize_t part = transfer(size);
  return part <= 0 ? part : next(file, to, (size_t)part, offset);
}

/* ---- the sweep ---- */

static xd_status run_once(const scenario *what, const fixture *with, fault_kind kind, uint64_t n) {
  counting_allocator counter = {0};
  xd_context *context = test_context_with("reference", 1, &counter);
  trap.count = 0;
  trap.fail_at = n;
  trap.kind = kind;
  trap.open_files = 0;
  trap.armed = true;
  const xd_status status = what->run(context, with);
  trap.armed = false;
  demand(status == XD_OK || xd_context_message(context)[0], "%s: call %llu, %s", what->name,
         (unsigned long long)n, kind_names[kind]);
  demand(trap.open_files == 0, "%s: call %llu, %s: %d files are still open", what->name,
         (unsigned long long)n, kind_names[kind], trap.open_files);
  xd_context_destroy(context);
  demand(atomic_load(&counter.live_blocks) == 0, "%s: call %llu, %s: memory is still held", what->name,
         (unsigned long long)n, kind_names[kind]);
  return status;
}

/* A failure to sync the folder comes after the rename, so the new file may be there; it has the old one's
 * bytes here. Interrupted calls are made again, short ones go on. */
static void check(const scenario *what, const fixture *with, fault_kind kind, uint64_t n, xd_status status,
                  uint64_t whole, int entries) {
  char path[TEST_PATH_SIZE];
  const bool harmless = kind == FAULT_EINTR || kind == FAULT_SHORT;
  demand(status == XD_OK || (!harmless && (status == XD_ERROR_IO || status == XD_ERROR_NOT_FOUND)),
         "%s: call %llu, %s: %s", what->name, (unsigned long long)n, kind_names[kind],
         xd_status_name(status));
  if (!what->writes)
    return;
  demand(hash_file(path_in(path, with->folder, what->writes)) == whole,
         "%s: call %llu, %s: the file is another", what->name, (unsigned long long)n, kind_names[kind]);
  demand(count_entries(with->folder) == entries, "%s: call %llu, %s: a file was left behind", what->name,
         (unsigned long long)n, kind_names[kind]);
}

static uint64_t sweep_one(const sweep *of, const scenario *what, const fixture *with, fault_kind kind) {
  uint64_t faults = 0;
  char path[TEST_PATH_SIZE];
  const uint64_t whole = what->writes ? hash_file(path_in(path, with->folder, what->writes)) : 0;
  const int entries = count_entries(with->folder);
  for (uint64_t n = 1;; n = sweep_next(of, n)) {
    const xd_status status = run_once(what, with, kind, n);
    check(what, with, kind, n, status, whole, entries);
    if (trap.count < n)
      return faults;
    faults++;
  }
}

void sweep_files(const sweep *of, const fixture *with) {
  uint64_t total = 0;
  for (const scenario *what = sweep_scenario(of, fault_scenarios); what->name;
       what = sweep_scenario(of, what + 1)) {
    uint64_t faults = 0;
    demand(run_once(what, with, FAULT_EIO, 0) == XD_OK, "%s: without a fault", what->name);
    for (fault_kind kind = FAULT_EIO; kind < FAULT_KINDS && trap.count > 0; kind++)
      faults += sweep_one(of, what, with, kind);
    printf("%-12s %6llu calls of the system failed\n", what->name, (unsigned long long)faults);
    total += faults;
  }
  printf("all          %6llu calls of the system failed\n", (unsigned long long)total);
}
