/* One training at a time works on a file. The lock is the system's, and ends with its process however that ends; the
 * empty file that carries it lies beside, since what is written itself is replaced. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"

#define TRIES 100 /* where files have no lasting numbers, it is not found out whose the name is */

/* A file system without locks has none to refuse by. */
static bool is_held(int file) {
  struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  return fcntl(file, F_SETLK, &whole) < 0 && (errno == EACCES || errno == EAGAIN);
}

/* Whoever held the lock before may have taken its file away meanwhile. */
static bool has_name(int file, const char *path) {
  struct stat held, named;
  return fstat(file, &held) == 0 && lstat(path, &named) == 0 && held.st_dev == named.st_dev &&
         held.st_ino == named.st_ino;
}

int take_lock(file_lock *lock, const char *option, const char *path) {
  lock->path = join_texts(path, ".lock", "");
  if (!lock->path)
    return failure("out of memory");
  for (int i = 0; i < TRIES; i++) {
    lock->file = open(lock->path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666);
    const bool held = lock->file >= 0 && is_held(lock->file);
    if (!held && (lock->file < 0 || has_name(lock->file, lock->path)))
      break; /* a lock that cannot be had keeps nobody from training */
    close(lock->file);
    lock->file = -1;
    if (held)
      return failure(
          "%s '%s' is what another process trains now, which holds '%s': wait for its end, or give another "
          "name",
          option, path, lock->path);
  }
  return EXIT_DONE;
}

void release_lock(file_lock *lock) {
  struct stat info;
  if (lock->path && lock->file >= 0) {
    if (fstat(lock->file, &info) == 0 && !info.st_size && has_name(lock->file, lock->path))
      unlink(lock->path);
    close(lock->file);
  }
  free(lock->path);
  lock->path = NULL;
}
