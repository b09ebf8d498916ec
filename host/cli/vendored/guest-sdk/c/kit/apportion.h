// Write a policy for Apportion in C: a rule from an epoch to an allocation.
//
//     #include "apportion.h"
//
//     static const char schema[] = {
//     #embed "parameters.json"
//         , 0};
//
//     const Policy policy = {
//         .name = "stars",
//         .version = "1.0.0",
//         .summary = "Every payee in proportion to the stars of its nodes.",
//         .parameters = schema,
//     };
//
//     Answer allocate(const Json *parameters) {
//         double per_star = json_number(json_member(parameters, "per_star"), 1.0);
//         Numbers stars;
//         if (!node_metric(text("stars"), &stars)) {
//             return no_answer("the epoch has no node metric `stars`");
//         }
//         Numbers points = new_numbers(payee_count());
//         Rows payee = node_payee();
//         for (size_t node = 0; node < payee.len; node++) {
//             if (payee.ptr[node] != NO_PAYEE) {
//                 points.ptr[payee.ptr[node]] += stars.ptr[node] * per_star;
//             }
//         }
//         Answer answer = from_scores(points);
//         measure(&answer, "points", points);
//         return answer;
//     }
//
// A column is a span: a pointer `ptr` and a count `len`. It is copied from the engine when it is first asked for, so a
// policy pays for what it reads. Memory is never given back: a run is a fresh instance that is thrown away after it.
#pragma once

#include "bindings/policy.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

// ---- What the author's file defines ---------------------------------------------------------------------------------

typedef struct Policy {
  const char *name;       // Lower-case words joined by hyphens, at most 64 bytes.
  const char *version;    // Semantic version of the policy: "1.2.0".
  const char *summary;    // One sentence, at most 1,024 bytes: who gets what, and why.
  const char *parameters; // JSON Schema (2020-12) of the parameters.
  bool stateful;          // Whether it calls `paid` or `carried`, or hands over a carry.
} Policy;

typedef struct Json Json;
typedef struct Answer Answer;

extern const Policy policy;

// Divides the pool. The engine has checked the parameters against the schema.
Answer allocate(const Json *parameters);

// ---- Spans ----------------------------------------------------------------------------------------------------------

typedef policy_string_t Text;        // UTF-8 bytes, without a 0 at the end.
typedef policy_list_string_t Texts;
typedef policy_list_u32_t Rows;      // Indexes of rows.
typedef policy_list_s64_t Times;     // Seconds since 1970-01-01 UTC.
typedef policy_list_f64_t Numbers;
typedef policy_list_u64_t Weights;
typedef policy_list_u8_t Bytes;
typedef unsigned __int128 Amount;    // Base units of the pool's asset.
typedef struct Amounts {
  Amount *ptr;
  size_t len;
} Amounts;

// The payee of a node that nobody owns.
#define NO_PAYEE UINT32_MAX

Text text(const char *literal);
bool text_is(Text a, Text b);
// By bytes: below 0, 0 or above 0.
int text_order(Text a, Text b);
// The row of a word among sorted ones, as all names, kinds and ids of an epoch are; false if it is not there.
bool text_find(Texts sorted, Text word, uint32_t *row);

// All 0.
Numbers new_numbers(size_t count);
// From the first to the last.
double sum(Numbers numbers);

// ---- The epoch ------------------------------------------------------------------------------------------------------

uint64_t epoch_number(void);
int64_t epoch_start(void); // Inclusive.
int64_t epoch_end(void);   // Exclusive.
Amount epoch_pool(void);   // What this policy divides.
// The pool in whole units of the asset, to the nearest double: for rules that speak of `200 OP`.
double epoch_pool_in_units(void);
Text epoch_asset(void);
uint32_t epoch_decimals(void);
uint64_t epoch_seed(void);

// Sorted by their bytes. The index of a payee is its row.
uint32_t payee_count(void);
Texts payee_ids(void);

// Nodes are sorted by id; edges by source, target, kind, time, then the rest. Credit flows from an edge's source to its
// target: the source relied on the target.
uint32_t node_count(void);
uint32_t edge_count(void);
Texts node_kinds(void);   // Sorted; every kind occurs.
Texts edge_kinds(void);
Texts node_ids(void);
Rows node_kind(void);     // Index into `node_kinds`.
Numbers node_weight(void);
Times node_time(void);
Rows node_payee(void);    // Index of the payee that owns the node, or NO_PAYEE.
Rows edge_source(void);   // Index of a node.
Rows edge_target(void);
Rows edge_kind(void);     // Index into `edge_kinds`.
Numbers edge_weight(void);
Times edge_time(void);
// The edges that leave node n are rows [ptr[n], ptr[n + 1]).
Rows edge_offsets(void);

// The further columns of the input: metrics are numbers, labels are words. Sorted names.
Texts node_metrics(void);
Texts edge_metrics(void);
Texts node_labels(void);
Texts edge_labels(void);

typedef struct Label {
  Texts words; // Sorted; the first is the empty word, which stands for absent.
  Rows rows;   // Index into `words`, one a row.
} Label;

// False if the epoch has no such column. Each call copies it anew.
bool node_metric(Text name, Numbers *values);
bool edge_metric(Text name, Numbers *values);
bool node_label(Text name, Label *label);
bool edge_label(Text name, Label *label);

// For a stateful policy: what each payee has been paid by this programme so far, and what this policy handed over at
// the last epoch.
Amounts paid(void);
Bytes carried(void);

// ---- The parameters -------------------------------------------------------------------------------------------------

typedef enum JsonKind { JSON_NULL, JSON_BOOLEAN, JSON_NUMBER, JSON_TEXT, JSON_ARRAY, JSON_OBJECT } JsonKind;

struct Json {
  JsonKind kind;
  bool boolean;
  double number;     // The nearest double to what is written.
  Text text;
  size_t len;        // Of an array or object.
  const Json *items; // Its items, or the values of its members.
  const Text *names; // An object's: sorted by their bytes, so that a sum in their order is the same for everyone.
};

// The value of an object's member; NULL if it is absent. NULL has no members.
const Json *json_member(const Json *object, const char *name);
const Json *json_find(const Json *object, Text name);
bool json_absent(const Json *json); // Absent or null.
// The value, or `otherwise` where it is absent or null. Of another kind the run ends and the log says so: the schema
// let through what the rule does not expect.
double json_number(const Json *json, double otherwise);
bool json_boolean(const Json *json, bool otherwise);
Text json_text(const Json *json, Text otherwise);
// How many items or members; 0 where it is absent.
size_t json_len(const Json *array_or_object);

// Ends the run where the text is no JSON.
const Json *json_parse(Text written);

// ---- The answer -----------------------------------------------------------------------------------------------------

struct Answer {
  bool refused;
  union {
    exports_apportion_policy_rule_allocation_t allocation;
    exports_apportion_policy_rule_refusal_t refusal;
  };
};

// In proportion to scores, one per payee, each finite and 0 or more, in any unit; a score that is not is refused.
Answer from_scores(Numbers scores);
// Amounts in whole units of a pool of `pool` whole units, for a formula in floating point: the treasury keeps what they
// leave of the pool, if it is more than 1e-9 of it. Amounts above the pool by more than that are refused.
Answer from_amounts(Numbers amounts, double pool);
// In proportion to integers, one per payee. All of them 0: the whole pool stays in the treasury.
Answer by_weight(Weights shares);
// Fixed amounts in base units, one per payee, together at most the pool.
Answer by_amount(Amounts amounts);

// Leaves a share of the pool in the treasury, in the unit of the weights.
void retain(Answer *answer, uint64_t weight);
// A number per payee that explains the split; at most 32, of different names.
void measure(Answer *answer, const char *name, Numbers values);
// Handed to this policy at the next epoch.
void carry(Answer *answer, Bytes bytes);

// A policy may decline. The sentence, at most 4,096 bytes, is shown to people.
//
// Formats here and below know %s, %.*s, %c, %d, %u, %lld, %llu, %zu, %g and %%. %g gives the shortest number that reads
// back as the same double.
__attribute__((format(printf, 1, 2))) Answer no_answer(const char *format, ...);
__attribute__((format(printf, 1, 2))) Answer bad_parameters(const char *format, ...);

// For a Text in a format: no_answer("no metric `%.*s`", IN_FORMAT(name)).
#define IN_FORMAT(text) (int)(text).len, (const char *)(text).ptr

// ---- The most and the least that a payee gets -----------------------------------------------------------------------

// Divides a pool in proportion to scores, nobody above `max_share` of it (0 to 1). What a capped payee leaves goes to
// the others in proportion to their scores; if everyone is at the cap part of the pool is left over.
//
// The weighted max-min fair allocation: D. Bertsekas, R. Gallager, "Data Networks", 2nd edition, section 6.5.2.
Numbers capped(Numbers scores, double pool, double max_share);
// Scores with those put to 0 whose payee would get less than `min_amount` of `pool`. The smallest goes first, and what
// it leaves raises the others; payees of equal scores stay or go together.
Numbers without_dust(Numbers scores, double pool, double min_amount);

// ---- For the author -------------------------------------------------------------------------------------------------

// A line for the run's log.
__attribute__((format(printf, 1, 2))) void say(const char *format, ...);

// Ends the run, as the policy's fault, where `condition` does not hold; the log says at which line.
#define APPORTION_CHECK(condition)                                                                                     \
  ((condition) ? (void)0 : check_failed(__FILE_NAME__, __LINE__, __func__, "`" #condition "` does not hold"))
_Noreturn void check_failed(const char *file, int line, const char *function, const char *what);

// The text of a format, with a 0 after its end.
__attribute__((format(printf, 1, 0))) Text format_text(const char *format, __builtin_va_list arguments);

// ---- Decimal numbers, the same on every machine ---------------------------------------------------------------------

// The nearest double, ties to even, of digits with an optional point and exponent, as JSON writes numbers; infinite
// where there is none so large. False where the text is no such number.
bool read_number(Text written, double *number);
// Into `to`, which has room for 32 bytes; gives the length. The shortest digits that read back as the same double.
size_t write_number(double number, char *to);
// x * 2^n.
double scaled(double x, int n);
