// What stands between a rule and the contract: columns in, an answer out.

#include "apportion.h"
#include <stdarg.h>

// ---- Text -----------------------------------------------------------------------------------------------------------

Text text(const char *literal) { return (Text){.ptr = (uint8_t *)literal, .len = strlen(literal)}; }

bool text_is(Text a, Text b) { return a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0; }

int text_order(Text a, Text b) {
  int order = memcmp(a.ptr, b.ptr, a.len < b.len ? a.len : b.len);
  return order != 0 ? order : a.len < b.len ? -1 : a.len > b.len ? 1 : 0;
}

bool text_find(Texts sorted, Text word, uint32_t *row) {
  size_t from = 0, to = sorted.len;
  while (from < to) {
    size_t middle = from + (to - from) / 2;
    int order = text_order(sorted.ptr[middle], word);
    if (order == 0) {
      *row = (uint32_t)middle;
      return true;
    }
    if (order < 0) {
      from = middle + 1;
    } else {
      to = middle;
    }
  }
  return false;
}

// ---- The log --------------------------------------------------------------------------------------------------------

typedef struct Line {
  char *at;
  size_t len, room;
} Line;

static void put(Line *line, const void *bytes, size_t len) {
  if (line->len + len > line->room) {
    line->room = 2 * (line->len + len);
    line->at = realloc(line->at, line->room);
  }
  memcpy(line->at + line->len, bytes, len);
  line->len += len;
}

static void put_whole(Line *line, uint64_t number, bool negative) {
  char digits[21];
  size_t at = sizeof digits;
  do {
    digits[--at] = (char)('0' + number % 10);
    number /= 10;
  } while (number != 0);
  if (negative) {
    digits[--at] = '-';
  }
  put(line, digits + at, sizeof digits - at);
}

static void put_signed(Line *line, int64_t number) {
  put_whole(line, number < 0 ? -(uint64_t)number : (uint64_t)number, number < 0);
}

static bool begins(const char **format, const char *with) {
  size_t length = strlen(with);
  for (size_t i = 0; i < length; i++) {
    if ((*format)[i] != with[i]) {
      return false;
    }
  }
  *format += length;
  return true;
}

Text format_text(const char *format, va_list arguments) {
  Line line = {0};
  while (*format != 0) {
    if (*format != '%') {
      put(&line, format++, 1);
    } else if (begins(&format, "%s")) {
      const char *string = va_arg(arguments, const char *);
      put(&line, string, strlen(string));
    } else if (begins(&format, "%.*s")) {
      int length = va_arg(arguments, int);
      put(&line, va_arg(arguments, const char *), (size_t)length);
    } else if (begins(&format, "%c")) {
      char c = (char)va_arg(arguments, int);
      put(&line, &c, 1);
    } else if (begins(&format, "%d")) {
      put_signed(&line, va_arg(arguments, int));
    } else if (begins(&format, "%u")) {
      put_whole(&line, va_arg(arguments, unsigned), false);
    } else if (begins(&format, "%lld")) {
      put_signed(&line, va_arg(arguments, long long));
    } else if (begins(&format, "%llu")) {
      put_whole(&line, va_arg(arguments, unsigned long long), false);
    } else if (begins(&format, "%zu")) {
      put_whole(&line, va_arg(arguments, size_t), false);
    } else if (begins(&format, "%g")) {
      char digits[32];
      put(&line, digits, write_number(va_arg(arguments, double), digits));
    } else if (begins(&format, "%%")) {
      put(&line, "%", 1);
    } else {
      // What follows is of unknown size, so nothing after it could be read.
      put(&line, format, strlen(format));
      break;
    }
  }
  Text written = {.ptr = (uint8_t *)line.at, .len = line.len};
  put(&line, "", 1);
  written.ptr = (uint8_t *)line.at;
  return written;
}

void say(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  Text line = format_text(format, arguments);
  va_end(arguments);
  apportion_policy_diagnostics_log(&line);
}

// Without memory of its own: it says, too, that there is none left.
static void say_parts(const char *const *parts) {
  char line[512];
  size_t length = 0;
  for (; *parts != NULL; parts++) {
    for (const char *c = *parts; *c != 0 && length < sizeof line; c++) {
      line[length++] = *c;
    }
  }
  Text said = {.ptr = (uint8_t *)line, .len = length};
  apportion_policy_diagnostics_log(&said);
}

_Noreturn void check_failed(const char *file, int line, const char *function, const char *what) {
  char digits[12] = {0};
  size_t at = sizeof digits - 1;
  for (int rest = line; rest > 0 && at > 0; rest /= 10) {
    digits[--at] = (char)('0' + rest % 10);
  }
  say_parts((const char *[]){file, ":", digits + at, ": in ", function, ": ", what, NULL});
  abort();
}

// ---- The epoch ------------------------------------------------------------------------------------------------------

static Amount joined(apportion_policy_types_amount_t amount) { return (Amount)amount.high << 64 | amount.low; }

uint64_t epoch_number(void) { return apportion_policy_epoch_number(); }

static policy_tuple2_s64_s64_t window(void) {
  policy_tuple2_s64_s64_t window;
  apportion_policy_epoch_window(&window);
  return window;
}

int64_t epoch_start(void) { return window().f0; }

int64_t epoch_end(void) { return window().f1; }

Amount epoch_pool(void) {
  apportion_policy_epoch_amount_t pool;
  apportion_policy_epoch_pool(&pool);
  return joined(pool);
}

double epoch_pool_in_units(void) {
  Amount pool = epoch_pool(), unit = 1;
  for (uint32_t i = epoch_decimals(); i > 0; i--) {
    unit *= 10;
  }
  // Whole units and the rest are converted apart so that a pool of whole units is exact.
  return (double)(pool / unit) + (double)(pool % unit) / (double)unit;
}

Text epoch_asset(void) {
  Text asset;
  apportion_policy_epoch_asset(&asset);
  return asset;
}

uint32_t epoch_decimals(void) { return apportion_policy_epoch_decimals(); }

uint64_t epoch_seed(void) { return apportion_policy_epoch_seed(); }

uint32_t payee_count(void) { return apportion_policy_epoch_payee_count(); }

uint32_t node_count(void) { return apportion_policy_graph_node_count(); }

uint32_t edge_count(void) { return apportion_policy_graph_edge_count(); }

// A column of all rows, copied when it is first asked for.
#define COLUMN(Type, name, function, rows)                                                                             \
  Type name(void) {                                                                                                    \
    static Type column;                                                                                                \
    static bool read;                                                                                                  \
    if (!read) {                                                                                                       \
      apportion_policy_types_span_t all = {.start = 0, .count = rows};                                                 \
      function(&all, &column);                                                                                         \
      read = true;                                                                                                     \
    }                                                                                                                  \
    return column;                                                                                                     \
  }

COLUMN(Texts, payee_ids, apportion_policy_epoch_payee_ids, payee_count())
COLUMN(Texts, node_ids, apportion_policy_graph_node_ids, node_count())
COLUMN(Rows, node_kind, apportion_policy_graph_node_kind, node_count())
COLUMN(Numbers, node_weight, apportion_policy_graph_node_weight, node_count())
COLUMN(Times, node_time, apportion_policy_graph_node_time, node_count())
COLUMN(Rows, node_payee, apportion_policy_graph_node_payee, node_count())
COLUMN(Rows, edge_source, apportion_policy_graph_edge_source, edge_count())
COLUMN(Rows, edge_target, apportion_policy_graph_edge_target, edge_count())
COLUMN(Rows, edge_kind, apportion_policy_graph_edge_kind, edge_count())
COLUMN(Numbers, edge_weight, apportion_policy_graph_edge_weight, edge_count())
COLUMN(Times, edge_time, apportion_policy_graph_edge_time, edge_count())
COLUMN(Rows, edge_offsets, apportion_policy_graph_edge_offsets, node_count() + 1)

#define NAMES(name, function)                                                                                          \
  Texts name(void) {                                                                                                   \
    static Texts names;                                                                                                \
    static bool read;                                                                                                  \
    if (!read) {                                                                                                       \
      function(&names);                                                                                                \
      read = true;                                                                                                     \
    }                                                                                                                  \
    return names;                                                                                                      \
  }

NAMES(node_kinds, apportion_policy_graph_node_kinds)
NAMES(edge_kinds, apportion_policy_graph_edge_kinds)
NAMES(node_metrics, apportion_policy_graph_node_metrics)
NAMES(edge_metrics, apportion_policy_graph_edge_metrics)
NAMES(node_labels, apportion_policy_graph_node_labels)
NAMES(edge_labels, apportion_policy_graph_edge_labels)

bool node_metric(Text name, Numbers *values) {
  apportion_policy_types_span_t all = {.start = 0, .count = node_count()};
  return apportion_policy_graph_node_metric(&name, &all, values);
}

bool edge_metric(Text name, Numbers *values) {
  apportion_policy_types_span_t all = {.start = 0, .count = edge_count()};
  return apportion_policy_graph_edge_metric(&name, &all, values);
}

bool node_label(Text name, Label *label) {
  apportion_policy_types_span_t all = {.start = 0, .count = node_count()};
  return apportion_policy_graph_node_dictionary(&name, &label->words) &&
         apportion_policy_graph_node_label(&name, &all, &label->rows);
}

bool edge_label(Text name, Label *label) {
  apportion_policy_types_span_t all = {.start = 0, .count = edge_count()};
  return apportion_policy_graph_edge_dictionary(&name, &label->words) &&
         apportion_policy_graph_edge_label(&name, &all, &label->rows);
}

Amounts paid(void) {
  apportion_policy_types_span_t all = {.start = 0, .count = payee_count()};
  apportion_policy_history_list_amount_t halves;
  apportion_policy_history_paid(&all, &halves);
  Amounts amounts = {.ptr = calloc(halves.len, sizeof(Amount)), .len = halves.len};
  for (size_t payee = 0; payee < halves.len; payee++) {
    amounts.ptr[payee] = joined(halves.ptr[payee]);
  }
  return amounts;
}

Bytes carried(void) {
  Bytes bytes;
  apportion_policy_history_carry(&bytes);
  return bytes;
}

// ---- The answer -----------------------------------------------------------------------------------------------------

enum { MEASURES = 32 };

// What amounts may fall short of the pool by before the difference is retained, as a part of the pool.
static const double SUM_TOLERANCE = 1e-9;

Numbers new_numbers(size_t count) { return (Numbers){.ptr = calloc(count, sizeof(double)), .len = count}; }

double sum(Numbers numbers) {
  double sum = 0;
  for (size_t row = 0; row < numbers.len; row++) {
    sum += numbers.ptr[row];
  }
  return sum;
}

Answer by_weight(Weights shares) {
  Answer answer = {.refused = false};
  answer.allocation.division.tag = APPORTION_POLICY_TYPES_DIVISION_BY_WEIGHT;
  answer.allocation.division.val.by_weight.shares = shares;
  answer.allocation.measures.ptr = calloc(MEASURES, sizeof(apportion_policy_types_measure_t));
  return answer;
}

Answer by_amount(Amounts amounts) {
  Answer answer = by_weight((Weights){0});
  apportion_policy_types_list_amount_t *halves = &answer.allocation.division.val.by_amount;
  answer.allocation.division.tag = APPORTION_POLICY_TYPES_DIVISION_BY_AMOUNT;
  *halves = (apportion_policy_types_list_amount_t){
      .ptr = calloc(amounts.len, sizeof(apportion_policy_types_amount_t)), .len = amounts.len};
  for (size_t payee = 0; payee < amounts.len; payee++) {
    halves->ptr[payee].high = (uint64_t)(amounts.ptr[payee] >> 64);
    halves->ptr[payee].low = (uint64_t)amounts.ptr[payee];
  }
  return answer;
}

void retain(Answer *answer, uint64_t weight) {
  if (!answer->refused && answer->allocation.division.tag == APPORTION_POLICY_TYPES_DIVISION_BY_WEIGHT) {
    answer->allocation.division.val.by_weight.retained = weight;
  }
}

static bool usable(double score) { return isfinite(score) && score >= 0; }

// The exponent that brings `largest` between 1/2 and 1; 0 for 0.
static int exponent_of(double largest) {
  if (largest == 0) {
    return 0;
  }
  int small = largest < 0x1p-1022 ? 64 : 0;
  union {
    double number;
    uint64_t bits;
  } of = {.number = scaled(largest, small)};
  return (int)(of.bits >> 52 & 0x7ff) - 1022 - small;
}

// Integers in the proportions of the scores: every score times the one power of two that brings the largest between
// 2^61 and 2^62, to the nearest integer, ties to even. Equal scores have equal weights.
static Answer to_integers(Numbers scores, double retained) {
  double largest = retained;
  if (!usable(retained)) {
    return no_answer("the treasury's score is `%g`: it must be finite and 0 or more", retained);
  }
  for (size_t payee = 0; payee < scores.len; payee++) {
    double score = scores.ptr[payee];
    if (!usable(score)) {
      return no_answer("the score of payee %zu is `%g`: it must be finite and 0 or more", payee, score);
    }
    largest = score > largest ? score : largest;
  }
  int shift = 62 - exponent_of(largest);
  Weights weights = {.ptr = calloc(scores.len, sizeof(uint64_t)), .len = scores.len};
  for (size_t payee = 0; payee < scores.len; payee++) {
    weights.ptr[payee] = (uint64_t)rint(scaled(scores.ptr[payee], shift));
  }
  Answer answer = by_weight(weights);
  retain(&answer, (uint64_t)rint(scaled(retained, shift)));
  return answer;
}

Answer from_scores(Numbers scores) { return to_integers(scores, 0); }

Answer from_amounts(Numbers amounts, double pool) {
  double total = sum(amounts);
  if (total > pool * (1 + SUM_TOLERANCE)) {
    return no_answer("the amounts sum to %g, more than the pool of %g", total, pool);
  }
  double rest = pool - total;
  return to_integers(amounts, rest > pool * SUM_TOLERANCE ? rest : 0);
}

void measure(Answer *answer, const char *name, Numbers values) {
  if (answer->refused) {
    return;
  }
  apportion_policy_types_list_measure_t *measures = &answer->allocation.measures;
  APPORTION_CHECK(measures->len < MEASURES);
  measures->ptr[measures->len++] = (apportion_policy_types_measure_t){.name = text(name), .values = values};
}

void carry(Answer *answer, Bytes bytes) {
  if (!answer->refused) {
    answer->allocation.carry = bytes;
  }
}

static Answer refused(uint8_t tag, Text sentence) {
  Answer answer = {.refused = true};
  answer.refusal.tag = tag;
  answer.refusal.val.no_answer = sentence;
  return answer;
}

Answer no_answer(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  Text sentence = format_text(format, arguments);
  va_end(arguments);
  return refused(APPORTION_POLICY_TYPES_REFUSAL_NO_ANSWER, sentence);
}

Answer bad_parameters(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  Text sentence = format_text(format, arguments);
  va_end(arguments);
  return refused(APPORTION_POLICY_TYPES_REFUSAL_BAD_PARAMETERS, sentence);
}

// ---- What the component exports -------------------------------------------------------------------------------------

void exports_apportion_policy_rule_describe(exports_apportion_policy_rule_description_t *described) {
  described->name = text(policy.name);
  described->version = text(policy.version);
  described->summary = text(policy.summary);
  described->parameters = text(policy.parameters);
  described->stateful = policy.stateful;
}

bool exports_apportion_policy_rule_allocate(policy_string_t *parameters,
                                            exports_apportion_policy_rule_allocation_t *allocation,
                                            exports_apportion_policy_rule_refusal_t *refusal) {
  Answer answer = allocate(json_parse(*parameters));
  if (answer.refused) {
    *refusal = answer.refusal;
  } else {
    *allocation = answer.allocation;
  }
  return !answer.refused;
}
