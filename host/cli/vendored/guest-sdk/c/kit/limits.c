// The most and the least that a payee gets, and what becomes of the rest.

#include "apportion.h"

typedef struct Scored {
  double score;
  size_t row;
} Scored;

static int larger_first(const void *a, const void *b) {
  double left = ((const Scored *)a)->score, right = ((const Scored *)b)->score;
  return left > right ? -1 : left < right ? 1 : 0;
}

// The rows of positive scores, from the largest down; equal ones in their order.
static size_t descending(Numbers scores, Scored **sorted) {
  Scored *found = malloc(scores.len * sizeof(Scored));
  size_t count = 0;
  for (size_t row = 0; row < scores.len; row++) {
    if (scores.ptr[row] > 0 && isfinite(scores.ptr[row])) {
      found[count++] = (Scored){scores.ptr[row], row};
    }
  }
  qsort(found, count, sizeof(Scored), larger_first);
  *sorted = found;
  return count;
}

// From the smallest up, so that the small ones are not lost in a large sum.
static double sum_from(const Scored *order, size_t start, size_t end) {
  double sum = 0;
  for (size_t place = end; place > start; place--) {
    sum += order[place - 1].score;
  }
  return sum;
}

Numbers capped(Numbers scores, double pool, double max_share) {
  double cap = max_share * pool;
  Scored *order;
  size_t count = descending(scores, &order), first = 0;
  double scores_left = sum_from(order, 0, count), pool_left = pool;
  Numbers amounts = new_numbers(scores.len);
  // In descending order, the first who is not above the cap ends the capping: all after have less.
  while (first < count && !(order[first].score / scores_left * pool_left <= cap)) {
    amounts.ptr[order[first].row] = cap;
    pool_left -= cap;
    scores_left -= order[first].score;
    first++;
  }
  // Summed anew: subtracting left the rounding of the giants in the sum.
  scores_left = sum_from(order, first, count);
  for (size_t place = first; place < count; place++) {
    amounts.ptr[order[place].row] = order[place].score / scores_left * pool_left;
  }
  return amounts;
}

Numbers without_dust(Numbers scores, double pool, double min_amount) {
  Scored *order;
  size_t count = descending(scores, &order), length = 0;
  // The longest prefix of the descending order whose smallest still gets the minimum. Sums from the front, so that the
  // sum over a prefix does not depend on who was dropped.
  double total = 0;
  for (size_t place = 0; place < count; place++) {
    double score = order[place].score;
    total += score;
    bool last_of_equals = place + 1 == count || order[place + 1].score < score;
    if (last_of_equals && score / total * pool >= min_amount) {
      length = place + 1;
    }
  }
  Numbers kept = new_numbers(scores.len);
  for (size_t place = 0; place < length; place++) {
    kept.ptr[order[place].row] = order[place].score;
  }
  return kept;
}
