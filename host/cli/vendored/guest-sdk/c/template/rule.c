// Who gets what. An example that works: change it to the rule you have in mind.

#include "apportion.h"

static const char schema[] = {
#embed "parameters.json"
    , 0};

const Policy policy = {
    .name = "policy-name",
    .version = "0.1.0",
    .summary = "Every payee in proportion to the weight of what it made, which counts by its kind.",
    // What a programme may set. The engine checks parameters against the schema before it asks `allocate`.
    .parameters = schema,
};

Answer allocate(const Json *parameters) {
  const Json *listed = json_member(parameters, "kinds");
  Texts kinds = node_kinds();
  Numbers factors = new_numbers(kinds.len);
  for (size_t kind = 0; kind < kinds.len; kind++) {
    factors.ptr[kind] = json_number(json_find(listed, kinds.ptr[kind]), 1);
  }

  Numbers points = new_numbers(payee_count()), weight = node_weight();
  Rows payee = node_payee(), kind = node_kind();
  for (size_t node = 0; node < payee.len; node++) {
    if (payee.ptr[node] != NO_PAYEE) {
      points.ptr[payee.ptr[node]] += factors.ptr[kind.ptr[node]] * weight.ptr[node];
    }
  }
  if (sum(points) == 0) {
    return no_answer("no payee has a point");
  }
  Answer answer = from_scores(points);
  measure(&answer, "points", points);
  return answer;
}
