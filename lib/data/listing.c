/* Reading a folder's entries and sorting them. The system gives them in any order; the sort makes the
 * order of a set the same on every machine, whatever its locale. */
#include "data/listing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/system.h"
#include "base/text.h"

/* ---- order ---- */

static bool is_digit(char letter) {
  return letter >= '0' && letter <= '9';
}

/* Compares the numbers that begin at both and moves behind them. */
static int compare_numbers(const char **first, const char **second) {
  size_t first_length = 0, second_length = 0;
  while (**first == '0')
    ++*first;
  while (**second == '0')
    ++*second;
  while (is_digit((*first)[first_length]))
    first_length++;
  while (is_digit((*second)[second_length]))
    second_length++;
  int order = (first_length > second_length) - (first_length < second_length);
  if (order == 0)
    order = memcmp(*first, *second, first_length);
  *first += first_length;
  *second += second_length;
  return order;
}

int xdi_compare_names(const char *first, const char *second) {
  const char *first_at = first, *second_at = second;
  while (*first_at && *second_at) {
    if (is_digit(*first_at) && is_digit(*second_at)) {
      int order = compare_numbers(&first_at, &second_at);
      if (order)
        return order;
    } else {
      if (*first_at != *second_at)
        return (unsigned char)*first_at < (unsigned char)*second_at ? -1 : 1;
      first_at++;
      second_at++;
    }
  }
  if (*first_at || *second_at)
    return *first_at ? 1 : -1;
  return strcmp(first, second); /* only leading zeros differ */
}

static int compare_entries(const void *first, const void *second) {
  return xdi_compare_names(*(char *const *)first, *(char *const *)second);
}

/* ---- lists ---- */

static bool grow(const xd_allocator *allocator, xdi_listing *listing) {
  const size_t room = listing->room ? 2 * listing->room : 64;
  char **names = xdi_allocate(allocator, room, sizeof *names);
  if (!names)
    return false;
  if (listing->count)
    memcpy(names, listing->names, listing->count * sizeof *names);
  xdi_release(allocator, listing->names);
  listing->names = names;
  listing->room = room;
  return true;
}

bool xdi_listing_take(const xd_allocator *allocator, xdi_listing *listing, char *name) {
  if (name && (listing->count < listing->room || grow(allocator, listing))) {
    listing->names[listing->count++] = name;
    return true;
  }
  xdi_release(allocator, name);
  return false;
}

bool xdi_listing_add(const xd_allocator *allocator, xdi_listing *listing, const char *name) {
  return xdi_listing_take(allocator, listing, xdi_duplicate_text(allocator, name));
}

void xdi_listing_clear(const xd_allocator *allocator, xdi_listing *listing) {
  for (size_t i = 0; i < listing->count; i++)
    xdi_release(allocator, listing->names[i]);
  xdi_release(allocator, listing->names);
  memset(listing, 0, sizeof *listing);
}

/* ---- folders ---- */

char *xdi_join_path(xd_context *context, const char *folder, const char *name) {
  size_t folder_length = strlen(folder), name_length = strlen(name);
  char *path = xdi_allocate(&context->allocator, folder_length + name_length + 2, 1);
  if (!path)
    return NULL;
  memcpy(path, folder, folder_length);
  path[folder_length] = '/';
  memcpy(path + folder_length + 1, name, name_length + 1);
  return path;
}

/* Whether `endings`, between blanks, have that of the name. */
static bool has_ending(const char *name, const char *endings) {
  const char *dot = strrchr(name, '.');
  const size_t length = dot ? strlen(dot) : 0;
  for (const char *at = endings; at && length; at = strchr(at, ' ')) {
    at += strspn(at, " ");
    if (xdi_text_alike(at, dot, length) && (at[length] == ' ' || at[length] == '\0'))
      return true;
  }
  return false;
}

/* Ours, and those of the host's decoder. */
static bool has_picture_ending(const xd_context *context, const char *name) {
  return has_ending(name, ".png .jpg .jpeg .jpe .jfif .bmp .pgm .ppm .pnm") ||
         (context->decoder.decode && has_ending(name, context->decoder.endings));
}

/* Where entries of a folder belong. */
typedef struct sorting {
  xd_context *context;
  const char *folder;
  xdi_listing *folders, *pictures, *others;
  xdi_listing *bad; /* or NULL */
} sorting;

/* The entry's failure, or the sentence that tells of it; the context's message is then as it was. */
static xd_status pass_over(const sorting *order, int error, const char *path) {
  xd_context *context = order->context;
  if (!order->bad || error == ENOMEM)
    return xdi_fail_system(context, error, "examine", path);
  char before[XDI_MESSAGE_SIZE];
  memcpy(before, context->message, sizeof before);
  xdi_silence(context);
  xdi_fail_system(context, error, "examine", path);
  xdi_speak(context);
  const bool added = xdi_listing_add(&context->allocator, order->bad, context->message);
  memcpy(context->message, before, sizeof before);
  return added ? XD_OK : xdi_fail_memory(context, "listing a folder");
}

/* Puts one entry, whose path it takes over, where it belongs; links are followed. */
static xd_status sort_in(const sorting *order, const char *name, char *path) {
  const xd_allocator *allocator = &order->context->allocator;
  xdi_kind kind = XDI_KIND_OTHER;
  bool added = true;
  const int error = xdi_system_kind(path, &kind);
  const bool leads_nowhere =
      error == ENOENT && !has_picture_ending(order->context, name); /* a link that no one asked for */
  xd_status status = XD_OK;
  if (error && !leads_nowhere)
    status = pass_over(order, error, path);
  else if (!error && kind == XDI_KIND_FOLDER)
    added = xdi_listing_add(allocator, order->folders, name);
  else if (!error && kind == XDI_KIND_FILE && has_picture_ending(order->context, name))
    added = xdi_listing_add(allocator, order->pictures, name);
  else
    added = xdi_listing_add(allocator, order->others, name);
  xdi_release(allocator, path);
  return added ? status : xdi_fail_memory(order->context, "listing a folder");
}

static xd_status read_entries(const sorting *order, xdi_folder *folder) {
  for (;;) {
    int error;
    const char *name = xdi_folder_next(folder, &error);
    if (!name)
      return error ? xdi_fail_system(order->context, error, "list the folder", order->folder) : XD_OK;
    if (name[0] == '.')
      continue;
    xd_status status = xdi_check_cancelled(order->context);
    if (status != XD_OK)
      return status;
    char *path = xdi_join_path(order->context, order->folder, name);
    status = path ? sort_in(order, name, path) : xdi_fail_memory(order->context, "listing a folder");
    if (status != XD_OK)
      return status;
  }
}

static void sort(xdi_listing *listing) {
  if (listing->count)
    qsort(listing->names, listing->count, sizeof *listing->names, compare_entries);
}

xd_status xdi_list_folder(xd_context *context, const char *path, xdi_listing *folders, xdi_listing *pictures,
                          xdi_listing *others, xdi_listing *bad) {
  const sorting order = {context, path, folders, pictures, others, bad};
  xdi_folder *folder;
  const int error = xdi_folder_open(&folder, path);
  if (error)
    return xdi_fail_system(context, error, "list the folder", path);
  const xd_status status = read_entries(&order, folder);
  xdi_folder_close(folder);
  if (status != XD_OK)
    return status;
  sort(folders);
  sort(pictures);
  sort(others);
  if (bad)
    sort(bad);
  return XD_OK;
}
