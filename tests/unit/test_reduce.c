/* Trainings that ranks share: threads stand for them, and meet where sums are added in pairs in the ranks' order. */
#include "checkpoint_support.h"

#include <pthread.h>

#include "xdomain/unstable/reduce.h"

#define RANKS 2u
#define MOST_RANKS 4u

/* ---- sums ---- */

/* Where the ranks meet for one sum after another. */
typedef struct meeting {
  pthread_mutex_t lock;
  pthread_cond_t all_came;
  uint32_t ranks, came, round;
  float *buffers[MOST_RANKS];
  uint32_t sums, fails_at; /* the sum that fails, from 1; 0: none */
} meeting;

/* A rank's own: what it has begun is added when it is ended, so that nothing may touch it until then. */
typedef struct place {
  meeting *at;
  uint32_t rank;
  float *begun[2];
  size_t counts[2];
  uint32_t waiting;
  xd_context *context;
  uint32_t cancel_at; /* the sum in which this rank is cancelled, from 1; 0: none */
} place;

static void add_in_pairs(meeting *at, size_t count) {
  for (uint32_t apart = 1; apart < at->ranks; apart *= 2)
    for (uint32_t rank = 0; rank + apart < at->ranks; rank += 2 * apart)
      for (size_t i = 0; i < count; i++)
        at->buffers[rank][i] += at->buffers[rank + apart][i];
  for (uint32_t rank = 1; rank < at->ranks; rank++)
    memcpy(at->buffers[rank], at->buffers[0], count * sizeof(float));
}

static int begin_sum(void *user, float *buffer, size_t count) {
  place *of = user;
  if (of->waiting == 2)
    return 1;
  of->begun[of->waiting] = buffer;
  of->counts[of->waiting++] = count;
  return 0;
}

static int end_sum(void *user, float *buffer) {
  place *of = user;
  meeting *at = of->at;
  if (of->waiting == 0 || of->begun[0] != buffer)
    return 1;
  const size_t count = of->counts[0];
  of->begun[0] = of->begun[1];
  of->counts[0] = of->counts[1];
  of->waiting--;
  pthread_mutex_lock(&at->lock);
  const uint32_t round = at->round;
  at->buffers[of->rank] = buffer;
  if (++at->came == at->ranks) {
    add_in_pairs(at, count);
    at->came = 0;
    at->sums++;
    at->round++;
    pthread_cond_broadcast(&at->all_came);
  }
  while (at->round == round)
    pthread_cond_wait(&at->all_came, &at->lock);
  const int failed = at->sums == at->fails_at;
  if (at->sums == of->cancel_at)
    xd_context_cancel(of->context);
  pthread_mutex_unlock(&at->lock);
  return failed;
}

/* ---- one training by all ranks ---- */

/* What a rank is told, and what came of it. */
typedef struct worker {
  const lab *at;
  const setting *what;
  const char *more_options; /* of this rank; or NULL */
  bool keeps, resumes;      /* a checkpoint */
  uint32_t stop_at;         /* as heard's */
  uint32_t cancel_at;       /* as place's */
  place place;
  heard told;
  xd_status status;
  char message[512];
  outcome got; /* where the status is XD_OK */
} worker;

/* The folders' model is written by one rank at a time. */
static pthread_mutex_t saving = PTHREAD_MUTEX_INITIALIZER;

static void *work(void *user) {
  worker *of = user;
  xd_reduce reduce = XD_REDUCE_INIT;
  part p;
  open_part(&p, of->at, of->what, 1);
  of->place.context = p.context;
  if (of->more_options)
    change_options(p.options, of->more_options);
  reduce.user = &of->place;
  reduce.begin = begin_sum, reduce.end = end_sum;
  reduce.rank = of->place.rank, reduce.ranks = of->place.at->ranks;
  assert_ok(p.context, xd_context_set_reduce(p.context, &reduce));
  listen(&p, &of->told);
  of->told.stop_at = of->stop_at;
  p.run.checkpoint = of->keeps ? of->at->checkpoint : NULL;
  p.run.resume = of->resumes;
  of->status = run_part(&p);
  snprintf(of->message, sizeof of->message, "%s", xd_context_message(p.context));
  if (of->status == XD_OK) {
    pthread_mutex_lock(&saving);
    take_outcome(&of->got, of->at, &p, &of->told);
    pthread_mutex_unlock(&saving);
  }
  close_part(&p);
  return NULL;
}

/* Fills in what all ranks share, and runs them. */
static void run_several(worker *workers, uint32_t ranks, const lab *l, const setting *s, uint32_t fails_at) {
  meeting at = {.lock = PTHREAD_MUTEX_INITIALIZER,
                .all_came = PTHREAD_COND_INITIALIZER,
                .ranks = ranks,
                .fails_at = fails_at};
  pthread_t threads[MOST_RANKS];
  for (uint32_t rank = 0; rank < ranks; rank++) {
    workers[rank].at = l;
    workers[rank].what = s;
    workers[rank].place = (place){.at = &at, .rank = rank, .cancel_at = workers[rank].cancel_at};
    ck_assert_int_eq(pthread_create(&threads[rank], NULL, work, &workers[rank]), 0);
  }
  for (uint32_t rank = 0; rank < ranks; rank++)
    pthread_join(threads[rank], NULL);
}

static void run_ranks(worker workers[RANKS], const lab *l, const setting *s, uint32_t fails_at) {
  run_several(workers, RANKS, l, s, fails_at);
}

static void assert_statuses(const worker workers[RANKS], xd_status expected) {
  for (uint32_t rank = 0; rank < RANKS; rank++)
    ck_assert_msg(workers[rank].status == expected, "rank %u: %s, %s", rank,
                  xd_status_name(workers[rank].status), workers[rank].message);
}

static void assert_same_outcome(const outcome *a, const outcome *b) {
  ck_assert_uint_eq(a->size, b->size);
  ck_assert_msg(memcmp(a->bytes, b->bytes, a->size) == 0, "the models differ");
  ck_assert_str_eq(a->report.text, b->report.text);
}

static void free_workers(worker workers[RANKS]) {
  for (uint32_t rank = 0; rank < RANKS; rank++)
    if (workers[rank].status == XD_OK)
      free_outcome(&workers[rank].got);
    else
      free(workers[rank].told.text);
}

/* ---- what ranks make is what one makes ---- */

/* "name=number " after name=number, the same but for rounding. */
static void assert_near_texts(const char *a, const char *b) {
  double numbers[2];
  char names[2][96];
  int lengths[2];
  while (sscanf(a, " %95[^=]=%lf%n", names[0], &numbers[0], &lengths[0]) == 2) {
    ck_assert_int_eq(sscanf(b, " %95[^=]=%lf%n", names[1], &numbers[1], &lengths[1]), 2);
    ck_assert_str_eq(names[0], names[1]);
    ck_assert_msg(fabs(numbers[0] - numbers[1]) <= 2e-3 * fmax(fabs(numbers[0]), 0.05), "%s: %.9g and %.9g",
                  names[0], numbers[0], numbers[1]);
    a += lengths[0];
    b += lengths[1];
  }
  ck_assert_str_eq(a + strspn(a, " "), b + strspn(b, " "));
}

START_TEST(reduce__gives_what_one_rank_gives) {
  const setting settings[] = {
      {.options = "vae.sharpen=0 vae.augment=1 vae.augment_colour=1 vae.augment_blur=1 vae.averaging=0.9 "
                  "mapping.invariance=0.5 mixing=0.5 anchor_codes=3 generated_mismatch=1"},
      {.options = "vae.sharpen=0 style=0.6 mapping.invariance=0.5 vae.sigma_x=0.1", .backend = "reference"},
  };
  lab l;
  open_lab(&l);
  for (size_t i = 0; i < COUNT_OF(settings); i++) {
    outcome alone;
    worker workers[RANKS] = {{.stop_at = 0}};
    run_whole(&alone, &l, &settings[i]);
    run_ranks(workers, &l, &settings[i], 0);
    assert_statuses(workers, XD_OK);
    assert_near_texts(workers[0].told.text, alone.told.text);
    assert_near_texts(workers[0].got.report.text, alone.report.text);
    assert_same_outcome(&workers[0].got, &workers[1].got);
    free_workers(workers);
    free_outcome(&alone);
  }
  remove_folder(l.folder);
}
END_TEST

START_TEST(reduce__gives_the_same_bytes_each_time) {
  const setting what = {.options = "vae.sharpen=0.5 vae.sharpen_share=0.7 dropout=0.2 vae.epochs=2",
                        .one_class = true};
  worker first[RANKS] = {{.stop_at = 0}}, second[RANKS] = {{.stop_at = 0}};
  lab l;
  open_lab(&l);
  run_ranks(first, &l, &what, 0);
  run_ranks(second, &l, &what, 0);
  assert_statuses(first, XD_OK);
  assert_statuses(second, XD_OK);
  for (uint32_t rank = 0; rank < RANKS; rank++)
    assert_same_outcome(&first[0].got, &second[rank].got);
  free_workers(first);
  free_workers(second);
  remove_folder(l.folder);
}
END_TEST

/* Parts of a batch are the same whoever computes them, and so are all bytes: also those of what is told. */
START_TEST(reduce__gives_the_same_bytes_by_any_number_of_ranks) {
  const setting settings[] = {
      {.options =
           "vae.parts=4 mapping.parts=4 sharpen=0.5 sharpen_share=0.5 averaging=0.9 dropout=0.2 mapping.invariance=0.5 "
           "anchor_codes=3 generated_mismatch=1 spectral_norm=1"},
      {.options = "vae.parts=4 mapping.parts=4 sharpen=0 vae.augment_colour=1 style=0.6",
       .backend = "reference"},
  };
  lab l;
  open_lab(&l);
  for (size_t i = 0; i < COUNT_OF(settings); i++) {
    outcome alone;
    run_whole(&alone, &l, &settings[i]);
    for (uint32_t ranks = 2; ranks <= MOST_RANKS; ranks *= 2) {
      worker workers[MOST_RANKS] = {{.stop_at = 0}};
      run_several(workers, ranks, &l, &settings[i], 0);
      for (uint32_t rank = 0; rank < ranks; rank++) {
        ck_assert_msg(workers[rank].status == XD_OK, "%s", workers[rank].message);
        assert_same_outcome(&workers[rank].got, &alone);
        ck_assert_str_eq(workers[rank].told.text, alone.told.text);
        free_outcome(&workers[rank].got);
      }
    }
    free_outcome(&alone);
  }
  remove_folder(l.folder);
}
END_TEST

/* Parts change the rounding of sums alone. */
START_TEST(parts__give_what_the_whole_batch_gives) {
  const setting whole = {.options = "sharpen=0 generated_mismatch=1", .one_class = true};
  const setting parts = {.options = "sharpen=0 generated_mismatch=1 vae.parts=5 mapping.parts=5",
                         .one_class = true};
  outcome one, five;
  lab l;
  open_lab(&l);
  run_whole(&one, &l, &whole);
  run_whole(&five, &l, &parts);
  assert_near_texts(five.told.text, one.told.text);
  assert_near_texts(five.report.text, one.report.text);
  ck_assert(one.size != five.size || memcmp(one.bytes, five.bytes, one.size) != 0);
  free_outcome(&one);
  free_outcome(&five);
  remove_folder(l.folder);
}
END_TEST

/* ---- ends ---- */

/* Any rank stops all; then as many go on as if nothing had been, or another number. */
START_TEST(reduce__stops_all_ranks_and_resumes_with_any_number) {
  const setting what = {.options = "vae.sharpen=0", .one_class = true};
  worker whole[RANKS] = {{.stop_at = 0}};
  lab l;
  open_lab(&l);
  run_ranks(whole, &l, &what, 0);
  assert_statuses(whole, XD_OK);
  for (uint32_t stop_at = 2; stop_at < 12; stop_at += 7) {
    worker stopped[RANKS] = {{.keeps = true}, {.keeps = true, .stop_at = stop_at}};
    worker rest[RANKS] = {{.keeps = true, .resumes = true}, {.keeps = true, .resumes = true}};
    run_ranks(stopped, &l, &what, 0);
    assert_statuses(stopped, XD_ERROR_CANCELLED);
    ck_assert_str_eq(stopped[0].message, "another rank stopped the training");
    if (stop_at == 2) {
      run_ranks(rest, &l, &what, 0);
      assert_statuses(rest, XD_OK);
      assert_same_outcome(&rest[0].got, &whole[0].got);
      assert_same_outcome(&rest[1].got, &whole[0].got);
    } else {
      outcome alone;
      heard told = {0};
      assert_status(run_checkpointed(&alone, &l, &what, &told, 1, true), XD_OK);
      assert_near_texts(alone.report.text, whole[0].got.report.text);
      free_outcome(&alone);
    }
    ck_assert_int_eq(remove(l.checkpoint), 0);
    free_workers(stopped);
    if (stop_at == 2)
      free_workers(rest);
  }
  free_workers(whole);
  remove_folder(l.folder);
}
END_TEST

/* Also when a rank is cancelled where the others already count on it for the next sums. */
START_TEST(reduce__stops_all_ranks_whenever_one_is_cancelled) {
  const setting what = {.options = "vae.sharpen=0", .one_class = true};
  lab l;
  open_lab(&l);
  for (uint32_t cancel_at = 1; cancel_at < 9; cancel_at++) { /* the comparison, and two steps of three sums */
    worker workers[RANKS] = {{.stop_at = 0}, {.cancel_at = cancel_at}};
    run_ranks(workers, &l, &what, 0);
    assert_statuses(workers, XD_ERROR_CANCELLED);
    ck_assert_str_eq(workers[0].message, "another rank stopped the training");
    free_workers(workers);
  }
  remove_folder(l.folder);
}
END_TEST

START_TEST(reduce__fails_where_a_sum_fails) {
  const setting what = {.options = "vae.sharpen=0", .one_class = true};
  lab l;
  open_lab(&l);
  for (uint32_t fails_at = 1; fails_at < 6;
       fails_at++) { /* the comparison, two blocks, a step's end, the next step */
    worker workers[RANKS] = {{.stop_at = 0}};
    run_ranks(workers, &l, &what, fails_at);
    assert_statuses(workers, XD_ERROR_IO);
    ck_assert_ptr_nonnull(strstr(workers[1].message, "rank 1 of 2: a sum over the ranks failed"));
    free_workers(workers);
  }
  remove_folder(l.folder);
}
END_TEST

START_TEST(reduce__refuses_what_ranks_cannot_share) {
  const struct {
    setting what;
    const char *message;
  } uneven[] = {
      {{.options = "vae.batch=15", .one_class = true},
       "vae1.batch: 2 ranks cannot share 15 rows of a step evenly"},
      {{.options = "vae.parts=3", .one_class = true},
       "vae1.batch: 3 parts cannot share 20 rows of a step evenly"},
      {{.options = "mapping.parts=5", .one_class = true},
       "mapping1.batch: 2 ranks cannot share 5 parts of a step evenly"},
  };
  const setting what = {.options = "", .one_class = true};
  worker unlike[RANKS] = {{.stop_at = 0}, {.more_options = "mapping.steps=8"}};
  lab l;
  open_lab(&l);
  for (size_t i = 0; i < COUNT_OF(uneven); i++) {
    worker workers[RANKS] = {{.stop_at = 0}};
    run_ranks(workers, &l, &uneven[i].what, 0);
    assert_statuses(workers, XD_ERROR_INVALID_ARGUMENT);
    ck_assert_str_eq(workers[0].message, uneven[i].message);
    free_workers(workers);
  }
  run_ranks(unlike, &l, &what, 0);
  assert_statuses(unlike, XD_ERROR_INVALID_ARGUMENT);
  ck_assert_ptr_nonnull(strstr(unlike[0].message, "rank 0 of 2 trains something else than the others"));
  free_workers(unlike);
  remove_folder(l.folder);
}
END_TEST

START_TEST(context_set_reduce__refuses_impossible_ranks) {
  xd_context *context = test_context("auto");
  xd_reduce reduce = XD_REDUCE_INIT;
  assert_status(xd_context_set_reduce(NULL, &reduce), XD_ERROR_INVALID_ARGUMENT);
  assert_ok(context, xd_context_set_reduce(context, NULL));
  assert_ok(context, xd_context_set_reduce(context, &reduce));
  reduce.rank = 1;
  assert_status(xd_context_set_reduce(context, &reduce), XD_ERROR_INVALID_ARGUMENT);
  reduce.ranks = 2;
  assert_status(xd_context_set_reduce(context, &reduce), XD_ERROR_INVALID_ARGUMENT); /* no function */
  reduce.begin = begin_sum;
  assert_ok(context, xd_context_set_reduce(context, &reduce));
  reduce.rank = 0;
  reduce.ranks = 0;
  assert_status(xd_context_set_reduce(context, &reduce), XD_ERROR_INVALID_ARGUMENT);
  reduce.ranks = 65537;
  assert_status(xd_context_set_reduce(context, &reduce), XD_ERROR_INVALID_ARGUMENT);
  xd_context_destroy(context);
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("reduce");
  add_case(suite, reduce__gives_what_one_rank_gives);
  add_case(suite, reduce__gives_the_same_bytes_each_time);
  add_case(suite, reduce__gives_the_same_bytes_by_any_number_of_ranks);
  add_case(suite, parts__give_what_the_whole_batch_gives);
  add_case(suite, reduce__stops_all_ranks_and_resumes_with_any_number);
  add_case(suite, reduce__stops_all_ranks_whenever_one_is_cancelled);
  add_case(suite, reduce__fails_where_a_sum_fails);
  add_case(suite, reduce__refuses_what_ranks_cannot_share);
  add_case(suite, context_set_reduce__refuses_impossible_ranks);
  return suite;
}
XD_SUITE_MAIN(make_suite)
