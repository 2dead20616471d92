/* How many threads this process can keep busy: the processors that it may run on, and what its control groups
 * grant it, which in a container is often less than the machine has. */
#define _GNU_SOURCE /* sched_getaffinity */

#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/runner.h"

#define PATH_ROOM 4096
#define NO_LIMIT UINT32_MAX

/* ---- control groups ---- */

/* The start of a small file as text; false where there is none. */
static bool read_start(const char *path, char *to, size_t room) {
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0)
    return false;
  size_t size = 0;
  for (ssize_t got; size < room - 1 && (got = read(file, to + size, room - 1 - size)) > 0;)
    size += (size_t)got;
  close(file);
  to[size] = '\0';
  return true;
}

/* Microseconds of processor time in a period, as whole threads, rounded up. */
static uint32_t to_threads(long long quota, long long period) {
  if (quota <= 0 || period <= 0)
    return NO_LIMIT;
  const long long threads = quota / period + (quota % period != 0);
  return threads < NO_LIMIT ? (uint32_t)threads : NO_LIMIT;
}

/* Version 2 of control groups: "QUOTA PERIOD", or "max PERIOD". */
static uint32_t read_maximum(const char *group) {
  char path[PATH_ROOM + 16], text[64], *end;
  snprintf(path, sizeof path, "%s/cpu.max", group);
  if (!read_start(path, text, sizeof text))
    return NO_LIMIT;
  const long long quota = strtoll(text, &end, 10);
  return end == text ? NO_LIMIT : to_threads(quota, strtoll(end, NULL, 10));
}

/* Version 1: a file each, -1 for no limit. */
static uint32_t read_quota(const char *group) {
  char path[PATH_ROOM + 32], quota[32], period[32];
  snprintf(path, sizeof path, "%s/cpu.cfs_quota_us", group);
  if (!read_start(path, quota, sizeof quota))
    return NO_LIMIT;
  snprintf(path, sizeof path, "%s/cpu.cfs_period_us", group);
  return read_start(path, period, sizeof period)
             ? to_threads(strtoll(quota, NULL, 10), strtoll(period, NULL, 10))
             : NO_LIMIT;
}

/* The least that the group and those above it grant. A container may see its own group at the mount's root
 * while the process's path is the outer one, whose folders are then missing: the root still counts. */
static uint32_t walk_up(const char *mount, const char *path, uint32_t (*read_group)(const char *group)) {
  char group[PATH_ROOM];
  uint32_t least = NO_LIMIT;
  const size_t root = strlen(mount);
  const int length = snprintf(group, sizeof group, "%s%s", mount, path);
  if ((size_t)length >= sizeof group)
    return read_group(mount);
  for (;;) {
    const uint32_t granted = read_group(group);
    if (granted < least)
      least = granted;
    char *slash = strrchr(group, '/');
    if (!slash || slash < group + root)
      return least;
    *slash = '\0';
  }
}

static bool names_controller(const char *list, size_t length) {
  for (const char *at = list; at < list + length;) {
    const size_t word = strcspn(at, ",:");
    if (word == 3 && strncmp(at, "cpu", 3) == 0)
      return true;
    at += word + 1;
  }
  return false;
}

/* One line, "NUMBER:CONTROLLERS:PATH", of which version 2 has no controllers. */
static uint32_t read_line(const char *line, const char *mount) {
  char folder[PATH_ROOM];
  const char *list = strchr(line, ':');
  const char *path = list ? strchr(list + 1, ':') : NULL;
  if (!path)
    return NO_LIMIT;
  if (path == list + 1)
    return walk_up(mount, path + 1, read_maximum);
  if (!names_controller(list + 1, (size_t)(path - list - 1)))
    return NO_LIMIT;
  const int length = snprintf(folder, sizeof folder, "%s/cpu", mount);
  return (size_t)length >= sizeof folder ? NO_LIMIT : walk_up(folder, path + 1, read_quota);
}

uint32_t xdi_cgroup_threads(const char *proc, const char *mount) {
  char text[PATH_ROOM], *rest = NULL;
  uint32_t least = NO_LIMIT;
  if (!read_start(proc, text, sizeof text))
    return NO_LIMIT;
  for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
    const uint32_t granted = read_line(line, mount);
    if (granted < least)
      least = granted;
  }
  return least;
}

/* ---- processors ---- */

static uint32_t count_processors(void) {
#ifdef __linux__
  cpu_set_t sets[8]; /* for 8,192 processors */
  if (sched_getaffinity(0, sizeof sets, sets) == 0) {
    const int count = CPU_COUNT_S(sizeof sets, sets);
    if (count > 0)
      return (uint32_t)count;
  }
#endif
  const long online = sysconf(_SC_NPROCESSORS_ONLN);
  return online > 0 ? (uint32_t)online : 1;
}

uint32_t xd_usable_threads(void) {
  uint32_t threads = count_processors();
  const uint32_t granted = xdi_cgroup_threads("/proc/self/cgroup", "/sys/fs/cgroup");
  if (granted < threads)
    threads = granted;
  return threads < XDI_THREADS_MOST ? threads : XDI_THREADS_MOST;
}
