/* Each file's model is loaded once and shared; a session is one thread's, and kept for the next call. So that many
 * threads do not start many more, the loops of a translation take helpers only as far as libvips' concurrency has
 * threads left that no other translation is running on. */
#include "sessions.h"

#include <glib/gstdio.h>
#include <string.h>

/* ---- Loops on the calling thread and helpers ---- */

static gint busy; /* threads that translate, helpers included */

typedef struct loop {
  xd_task task;
  void *argument;
  uint32_t count;
  guint next; /* the first piece that nobody took */
  gint helping;
  GMutex mutex;
  GCond done;
} loop;

static void take_pieces(loop *l) {
  for (guint i; (i = (guint)g_atomic_int_add((gint *)&l->next, 1)) < l->count;)
    l->task(l->argument, i);
}

static void help(gpointer data, gpointer user) {
  loop *l = data;
  (void)user;
  take_pieces(l);
  g_mutex_lock(&l->mutex);
  if (--l->helping == 0)
    g_cond_signal(&l->done);
  g_mutex_unlock(&l->mutex);
}

static gpointer make_helpers(gpointer user) {
  (void)user;
  return g_thread_pool_new(help, NULL, -1, FALSE, NULL);
}

/* As many of `most` helpers as `concurrency` leaves. */
static gint reserve(gint most, gint concurrency) {
  for (;;) {
    const gint was = g_atomic_int_get(&busy), count = MIN(most, concurrency - was);
    if (count <= 0)
      return 0;
    if (g_atomic_int_compare_and_exchange(&busy, was, was + count))
      return count;
  }
}

/* The pool has a limit besides, since a helper that is done is not yet waiting for more: another thread would start. */
static void run_helped(loop *l, gint count, gint concurrency) {
  static GOnce once = G_ONCE_INIT;
  GThreadPool *helpers = g_once(&once, make_helpers, NULL);
  g_thread_pool_set_max_threads(helpers, MAX(concurrency, vips_concurrency_get()) - 1, NULL);
  l->helping = count;
  g_mutex_init(&l->mutex);
  g_cond_init(&l->done);
  for (gint i = 0; i < count; i++)
    g_thread_pool_push(helpers, l, NULL);
  take_pieces(l);
  g_mutex_lock(&l->mutex);
  while (l->helping > 0)
    g_cond_wait(&l->done, &l->mutex);
  g_mutex_unlock(&l->mutex);
  g_cond_clear(&l->done);
  g_mutex_clear(&l->mutex);
}

static int run_loop(void *user, xd_task task, void *argument, uint32_t count) {
  session *s = user;
  loop l = {.task = task, .argument = argument, .count = count};
  const gint helping = reserve((gint)MIN(count, G_MAXINT) - 1, s->concurrency);
  if (helping)
    run_helped(&l, helping, s->concurrency);
  else
    take_pieces(&l);
  g_atomic_int_add(&busy, -helping);
  return 0;
}

/* ---- Models ---- */

#define MODEL_LIMIT 4 /* files whose models are kept between calls */

typedef struct model_file {
  char *path;
  GStatBuf info;
  xd_model *model;
  GSList *idle; /* sessions */
} model_file;

static GMutex mutex;
static GList *files; /* of model_file, the last used first */

static void free_session(gpointer data) {
  session *s = data;
  xd_translator_destroy(s->translator);
  xd_context_destroy(s->context);
  g_free(s);
}

static void free_file(model_file *file) {
  g_slist_free_full(file->idle, free_session);
  xd_model_release(file->model);
  g_free(file->path);
  g_free(file);
}

static gboolean unchanged(const model_file *file, const GStatBuf *info) {
  return file->info.st_dev == info->st_dev && file->info.st_ino == info->st_ino &&
         file->info.st_size == info->st_size && file->info.st_mtim.tv_sec == info->st_mtim.tv_sec &&
         file->info.st_mtim.tv_nsec == info->st_mtim.tv_nsec;
}

static void drop(GList *link) {
  free_file(link->data);
  files = g_list_delete_link(files, link);
}

/* The entry of that file as it is now, moved to the front. */
static model_file *find(const char *path, const GStatBuf *info) {
  for (GList *link = files; link; link = link->next) {
    model_file *file = link->data;
    if (strcmp(file->path, path))
      continue;
    if (!unchanged(file, info)) {
      drop(link);
      return NULL;
    }
    files = g_list_remove_link(files, link);
    files = g_list_concat(link, files);
    return file;
  }
  return NULL;
}

static model_file *load(xd_context *context, const char *path, const GStatBuf *info) {
  xd_model *model;
  if (xd_model_load(&model, context, path))
    return NULL;
  model_file *file = g_new0(model_file, 1);
  file->path = g_strdup(path);
  file->info = *info;
  file->model = model;
  files = g_list_prepend(files, file);
  if (g_list_length(files) > MODEL_LIMIT)
    drop(g_list_last(files));
  return file;
}

static session *take_idle(model_file *file, choice chosen) {
  for (GSList *link = file->idle; link; link = link->next) {
    session *s = link->data;
    if (s->chosen.direction == chosen.direction && s->chosen.fit == chosen.fit) {
      file->idle = g_slist_delete_link(file->idle, link);
      return s;
    }
  }
  return NULL;
}

/* ---- Sessions ---- */

static int is_killed(void *user) {
  const session *s = user;
  return vips_image_iskilled(s->image);
}

static session *make_session(const char *domain, choice chosen, VipsImage *image) {
  xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
  xd_runner runner = XD_RUNNER_INIT;
  char message[512] = "";
  session *s = g_new0(session, 1);
  s->chosen = chosen;
  s->image = image;
  s->concurrency = 1;
  runner.user = s;
  runner.run = run_loop;
  runner.threads = (uint32_t)MAX(vips_concurrency_get(), 1);
  options.runner = &runner;
  options.should_stop = is_killed;
  options.should_stop_user = s;
  options.message = message;
  options.message_size = sizeof message;
  if (!xd_context_create(&s->context, &options))
    return s;
  vips_error(domain, "%s", message);
  g_free(s);
  return NULL;
}

static session *take_session(const char *path, const GStatBuf *info, choice chosen) {
  g_mutex_lock(&mutex);
  model_file *file = find(path, info);
  session *s = file ? take_idle(file, chosen) : NULL;
  g_mutex_unlock(&mutex);
  return s;
}

/* The model of a file, one owner more. */
static xd_model *share_model(xd_context *context, const char *path, const GStatBuf *info) {
  g_mutex_lock(&mutex);
  model_file *file = find(path, info);
  if (!file)
    file = load(context, path, info);
  xd_model *model = file ? xd_model_retain(file->model) : NULL;
  g_mutex_unlock(&mutex);
  return model;
}

static session *open_session(const char *domain, const char *path, const GStatBuf *info, choice chosen,
                             VipsImage *image) {
  xd_translator_options options = XD_TRANSLATOR_OPTIONS_INIT;
  session *s = make_session(domain, chosen, image);
  if (!s)
    return NULL;
  options.direction = chosen.direction;
  options.fit = chosen.fit;
  options.max_batch = 1;
  xd_model *model = share_model(s->context, path, info);
  s->model = model;
  const gboolean made = model && !xd_translator_create(&s->translator, s->context, model, &options);
  xd_model_release(model);
  if (made)
    return s;
  vips_error(domain, "%s", xd_context_message(s->context));
  free_session(s);
  return NULL;
}

session *session_borrow(const char *domain, const char *path, choice chosen, VipsImage *image) {
  GStatBuf info = {0};
  if (g_stat(path, &info)) /* the library's message will tell why */
    memset(&info, 0, sizeof info);
  session *s = take_session(path, &info, chosen);
  if (!s)
    s = open_session(domain, path, &info, chosen, image);
  if (!s)
    return NULL;
  s->image = image;
  s->concurrency = vips_image_get_concurrency(image, vips_concurrency_get());
  g_atomic_int_inc(&busy);
  return s;
}

void session_return(session *s) {
  GList *link;
  g_atomic_int_add(&busy, -1);
  s->image = NULL;
  g_mutex_lock(&mutex);
  for (link = files; link && ((model_file *)link->data)->model != s->model;)
    link = link->next;
  if (link)
    ((model_file *)link->data)->idle = g_slist_prepend(((model_file *)link->data)->idle, s);
  g_mutex_unlock(&mutex);
  if (!link)
    free_session(s);
}
