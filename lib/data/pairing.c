/* Pairings of classes: the text "0:5,1:6" or "*:*", and the groups that pairs tie together. */
#include "data/pairing.h"

#include <string.h>

#include "base/memory.h"
#include "data/dataset.h"
#include "data/mark.h"

/* ---- text ---- */

/* A text of pairs on its way, and the names that it may use; of_domain[0] are those of domain 1. */
typedef struct reading {
  xd_context *context;
  const char *at;
  struct {
    const char *const *names;
    uint32_t count;
  } of_domain[2];
} reading;

/* Where a text that begins with a name goes on; NULL where it does not. Marks in it may have a backslash. */
static const char *pass_name(const char *text, const char *name) {
  for (; *name; name++, text++) {
    if (*text == '\\' && !xdi_is_mark(*++text))
      return NULL;
    if (*text != *name)
      return NULL;
  }
  return text;
}

/* A class by its name, or else by its number. The name ends before `end`, a ',' also at the text's end. */
static const char *read_class(const reading *input, const char *text, uint32_t domain, char end,
                              uint32_t *out) {
  const char *const *names = input->of_domain[domain].names, *behind = NULL;
  for (uint32_t i = 0; i < input->of_domain[domain].count; i++) {
    const char *at = names[i] && names[i][0] ? pass_name(text, names[i]) : NULL;
    const bool fits = at && (*at == end || (end == ',' && *at == '\0'));
    if (fits && (!behind || at > behind)) { /* names may hold what ends them */
      behind = at;
      *out = i;
    }
  }
  if (behind)
    return behind;
  uint64_t number = 0;
  behind = xdi_read_number(text, XD_CLASS_LIMIT - 1, &number);
  *out = (uint32_t)number;
  return behind;
}

static xd_status fail_pair(const reading *input, const char *why) {
  const int length = (int)strcspn(input->at, ",");
  return xdi_fail(input->context, XD_ERROR_INVALID_ARGUMENT, "pairing: '%.*s' %s", length, input->at, why);
}

static xd_status read_pair(reading *input, xd_pairing *pairing) {
  uint32_t first = 0, second = 0;
  const char *end = read_class(input, input->at, 0, ':', &first);
  end = end && *end == ':' ? read_class(input, end + 1, 1, ',', &second) : NULL;
  if (!end || (*end != ',' && *end != '\0'))
    return fail_pair(input, input->of_domain[0].count > 0 || input->of_domain[1].count > 0
                                ? "is no pair of names or numbers of classes, such as 0:5"
                                : "is no pair of classes 0 to 255, such as 0:5");
  uint8_t *links = &pairing->linked[first][second / 8], bit = (uint8_t)(1u << second % 8);
  if (*links & bit)
    return fail_pair(input, "stands twice");
  *links |= bit;
  pairing->classes[0][pairing->count] = first;
  pairing->classes[1][pairing->count] = second;
  pairing->count++;
  input->at = end;
  return XD_OK;
}

static xd_status read_pairs(reading *input, xd_pairing *pairing) {
  if (pairing->any) {
    pairing->classes[0][0] = pairing->classes[1][0] = XD_ANY_CLASS;
    pairing->count = 1;
    return XD_OK;
  }
  for (;;) {
    const xd_status status = read_pair(input, pairing);
    if (status != XD_OK || *input->at == '\0')
      return status;
    input->at++;
  }
}

/* ---- groups ---- */

/* Merges the groups of both classes of a pair into the older one. */
static void link_pair(xd_pairing *pairing, uint32_t first, uint32_t second, uint32_t fresh) {
  uint32_t left = pairing->groups[0][first], right = pairing->groups[1][second];
  uint32_t low = left < right ? left : right, high = left < right ? right : left;
  if (low == XDI_NO_GROUP)
    low = fresh;
  for (unsigned domain = 0; domain < 2 && high != XDI_NO_GROUP; domain++)
    for (uint32_t label = 0; label < XD_CLASS_LIMIT; label++)
      if (pairing->groups[domain][label] == high)
        pairing->groups[domain][label] = low;
  pairing->groups[0][first] = pairing->groups[1][second] = low;
}

/* Merging leaves gaps: the groups are numbered anew in the order of their first pairs. */
static void number_groups(xd_pairing *pairing) {
  uint32_t old[XD_CLASS_LIMIT]; /* a group has a class of domain 1, so that there are no more groups */
  for (uint32_t i = 0; i < pairing->count; i++) {
    uint32_t group = pairing->groups[0][pairing->classes[0][i]], k = 0;
    while (k < pairing->group_count && old[k] != group)
      k++;
    if (k == pairing->group_count)
      old[pairing->group_count++] = group;
  }
  for (unsigned domain = 0; domain < 2; domain++)
    for (uint32_t label = 0; label < XD_CLASS_LIMIT; label++)
      for (uint32_t k = 0; k < pairing->group_count; k++)
        if (pairing->groups[domain][label] == old[k]) {
          pairing->groups[domain][label] = k;
          break;
        }
}

static void find_groups(xd_pairing *pairing) {
  if (pairing->any) {
    pairing->group_count = 1;
    memset(pairing->groups, 0, sizeof pairing->groups);
    return;
  }
  memset(pairing->groups, 0xFF, sizeof pairing->groups);
  for (uint32_t i = 0; i < pairing->count; i++)
    link_pair(pairing, pairing->classes[0][i], pairing->classes[1][i], i);
  number_groups(pairing);
}

/* ---- the handle ---- */

static size_t count_pairs(const char *text) {
  size_t count = 1;
  for (; *text; text++)
    count += *text == ',';
  return count;
}

/* Room for as many pairs as the text has commas; classes[1] lies behind classes[0]. */
static xd_pairing *make_pairing(xd_context *context, size_t room) {
  xd_pairing *pairing = xdi_allocate_zeroed(&context->allocator, 1, sizeof *pairing);
  if (!pairing)
    return NULL;
  pairing->allocator = context->allocator;
  xdi_owners_begin(&pairing->references);
  pairing->classes[0] = xdi_allocate(&context->allocator, room, 2 * sizeof(uint32_t));
  if (pairing->classes[0]) {
    pairing->classes[1] = pairing->classes[0] + room;
    return pairing;
  }
  xdi_release(&context->allocator, pairing);
  return NULL;
}

static xd_status create(xd_pairing **out, reading *input) {
  xd_pairing *pairing = make_pairing(input->context, count_pairs(input->at));
  if (!pairing)
    return xdi_fail_memory(input->context, "making a pairing");
  pairing->any = strcmp(input->at, "*:*") == 0;
  const xd_status status = read_pairs(input, pairing);
  if (status != XD_OK) {
    xd_pairing_release(pairing);
    return status;
  }
  find_groups(pairing);
  *out = pairing;
  return XD_OK;
}

xd_status xd_pairing_create(xd_pairing **out, xd_context *context, const char *text) {
  reading input = {.context = context, .at = text};
  if (out)
    *out = NULL;
  if (!context)
    return XD_ERROR_INVALID_ARGUMENT;
  if (!out || !text)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_pairing_create: %s is NULL",
                    out ? "text" : "out");
  return create(out, &input);
}

xd_status xd_pairing_create_named(xd_pairing **out, xd_context *context, const char *text,
                                  const char *const *names1, uint32_t count1, const char *const *names2,
                                  uint32_t count2) {
  reading input = {.context = context, .at = text, .of_domain = {{names1, count1}, {names2, count2}}};
  if (out)
    *out = NULL;
  if (!context)
    return XD_ERROR_INVALID_ARGUMENT;
  if (!out || !text)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_pairing_create_named: %s is NULL",
                    out ? "text" : "out");
  if ((!names1 && count1 > 0) || (!names2 && count2 > 0))
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_pairing_create_named: an array of names is NULL");
  if (count1 > XD_CLASS_LIMIT || count2 > XD_CLASS_LIMIT)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT,
                    "xd_pairing_create_named: counts of names are %u and %u, more than %u", count1, count2,
                    XD_CLASS_LIMIT);
  return create(out, &input);
}

xd_pairing *xd_pairing_retain(const xd_pairing *pairing) {
  xd_pairing *shared = (xd_pairing *)pairing; /* the count is no part of what const promises */
  if (shared)
    xdi_owners_add(&shared->references);
  return shared;
}

void xd_pairing_release(const xd_pairing *pairing) {
  xd_pairing *shared = (xd_pairing *)pairing;
  if (!shared || !xdi_owners_drop(&shared->references))
    return;
  const xd_allocator allocator = shared->allocator;
  xdi_release(&allocator, shared->classes[0]);
  xdi_release(&allocator, shared);
}

uint32_t xd_pairing_count(const xd_pairing *pairing) {
  return pairing ? pairing->count : 0;
}

uint32_t xd_pairing_class(const xd_pairing *pairing, uint32_t domain, uint32_t index) {
  if (!pairing || domain < 1 || domain > 2 || index >= pairing->count)
    return XD_ANY_CLASS;
  return pairing->classes[domain - 1][index];
}

int xd_pairing_matches(const xd_pairing *pairing, uint32_t class1, uint32_t class2) {
  if (!pairing)
    return 0;
  if (pairing->any)
    return 1;
  if (class1 >= XD_CLASS_LIMIT || class2 >= XD_CLASS_LIMIT)
    return 0;
  return pairing->linked[class1][class2 / 8] >> class2 % 8 & 1;
}

int xd_pairing_links(const xd_pairing *pairing, uint32_t class1, uint32_t class2) {
  if (!pairing)
    return 0;
  const uint32_t group = xdi_pairing_group(pairing, 1, class1);
  return pairing->any || (group != XDI_NO_GROUP && xdi_pairing_group(pairing, 2, class2) == group);
}

uint32_t xdi_pairing_group_count(const xd_pairing *pairing) {
  return pairing->group_count;
}

uint32_t xdi_pairing_group(const xd_pairing *pairing, uint32_t domain, uint32_t label) {
  if (domain < 1 || domain > 2 || label >= XD_CLASS_LIMIT)
    return XDI_NO_GROUP;
  return pairing->groups[domain - 1][label];
}

xd_status xdi_pairing_check(xd_context *context, const xd_pairing *pairing, const xd_dataset *set1,
                            const xd_dataset *set2) {
  const xd_dataset *const sets[2] = {set1, set2};
  for (uint32_t i = 0; !pairing->any && i < pairing->count; i++)
    for (unsigned domain = 0; domain < 2; domain++)
      if (xd_dataset_class_size(sets[domain], pairing->classes[domain][i]) == 0)
        return xdi_fail(
            context, XD_ERROR_NOT_FOUND, "pairing: '%u:%u' names class %u, of which domain %u has no picture",
            pairing->classes[0][i], pairing->classes[1][i], pairing->classes[domain][i], domain + 1);
  return XD_OK;
}
