// Every payee in proportion to its points; the same rule as the standard policy `proportional`, share for share.

#include "apportion.h"

static const char schema[] = {
#embed "parameters.json"
    , 0};

const Policy policy = {
    .name = "proportional",
    .version = "0.1.0",
    .summary = "Every payee in proportion to its points, which the parameters give for nodes, edges and their metrics; "
               "with an optional cap and minimum.",
    .parameters = schema,
};

// The factor of each kind of the epoch; 0 for one that is not listed.
static Numbers by_kind(Texts kinds, const Json *listed) {
  Numbers factors = new_numbers(kinds.len);
  for (size_t kind = 0; kind < kinds.len; kind++) {
    factors.ptr[kind] = json_number(json_find(listed, kinds.ptr[kind]), 0);
  }
  return factors;
}

static Numbers weighed(Rows kind, Numbers weight, Numbers factors) {
  Numbers points = new_numbers(kind.len);
  for (size_t row = 0; row < kind.len; row++) {
    points.ptr[row] = weight.ptr[row] * factors.ptr[kind.ptr[row]];
  }
  return points;
}

static Numbers measured(Numbers values, double factor) {
  Numbers points = new_numbers(values.len);
  for (size_t row = 0; row < values.len; row++) {
    points.ptr[row] = (values.ptr[row] > 0 ? values.ptr[row] : 0) * factor;
  }
  return points;
}

static void add_nodes(Numbers *by_payee, Numbers points) {
  Rows payee = node_payee();
  for (size_t node = 0; node < points.len; node++) {
    if (payee.ptr[node] != NO_PAYEE) {
      by_payee->ptr[payee.ptr[node]] += points.ptr[node];
    }
  }
}

static void add_edges(Numbers *by_payee, Numbers points) {
  Rows payee = node_payee(), target = edge_target();
  for (size_t edge = 0; edge < points.len; edge++) {
    uint32_t earns = payee.ptr[target.ptr[edge]];
    if (earns != NO_PAYEE) {
      by_payee->ptr[earns] += points.ptr[edge];
    }
  }
}

Answer allocate(const Json *parameters) {
  const Json *of_node_kinds = json_member(parameters, "node_kinds");
  const Json *of_node_metrics = json_member(parameters, "node_metrics");
  const Json *of_edge_kinds = json_member(parameters, "edge_kinds");
  const Json *of_edge_metrics = json_member(parameters, "edge_metrics");
  if (json_len(of_node_kinds) + json_len(of_node_metrics) + json_len(of_edge_kinds) + json_len(of_edge_metrics) == 0) {
    return bad_parameters(
        "nothing earns points: give `node_kinds`, `node_metrics`, `edge_kinds` or `edge_metrics` an entry");
  }

  Numbers from_nodes = new_numbers(payee_count()), from_edges = new_numbers(payee_count()), values;
  if (json_len(of_node_kinds) > 0) {
    add_nodes(&from_nodes, weighed(node_kind(), node_weight(), by_kind(node_kinds(), of_node_kinds)));
  }
  for (size_t i = 0; i < json_len(of_node_metrics); i++) {
    Text name = of_node_metrics->names[i];
    if (!node_metric(name, &values)) {
      return no_answer("the epoch has no node metric `%.*s`", IN_FORMAT(name));
    }
    add_nodes(&from_nodes, measured(values, json_number(&of_node_metrics->items[i], 0)));
  }
  if (json_len(of_edge_kinds) > 0) {
    add_edges(&from_edges, weighed(edge_kind(), edge_weight(), by_kind(edge_kinds(), of_edge_kinds)));
  }
  for (size_t i = 0; i < json_len(of_edge_metrics); i++) {
    Text name = of_edge_metrics->names[i];
    if (!edge_metric(name, &values)) {
      return no_answer("the epoch has no edge metric `%.*s`", IN_FORMAT(name));
    }
    add_edges(&from_edges, measured(values, json_number(&of_edge_metrics->items[i], 0)));
  }

  Numbers total = new_numbers(payee_count());
  for (size_t payee = 0; payee < total.len; payee++) {
    total.ptr[payee] = from_nodes.ptr[payee] + from_edges.ptr[payee];
  }
  double all = sum(total);
  if (!(all > 0 && isfinite(all))) {
    return no_answer("no payee has a point");
  }
  double pool = epoch_pool_in_units();
  Numbers kept = without_dust(total, pool, json_number(json_member(parameters, "min_amount"), 0));
  const Json *most = json_member(parameters, "max_share");
  // Without a cap the points themselves are the shares, and the engine divides exactly.
  Answer answer =
      json_absent(most) ? from_scores(kept) : from_amounts(capped(kept, pool, json_number(most, 1)), pool);
  measure(&answer, "points", total);
  measure(&answer, "points-from-nodes", from_nodes);
  measure(&answer, "points-from-edges", from_edges);
  return answer;
}
