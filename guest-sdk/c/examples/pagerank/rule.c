// Every payee in proportion to the PageRank of its nodes; the same rule as the standard policy `pagerank`, share for
// share: every sum is made in the same order.

#include "apportion.h"

static const char schema[] = {
#embed "parameters.json"
    , 0};

const Policy policy = {
    .name = "pagerank",
    .version = "0.1.0",
    .summary = "Every payee in proportion to the PageRank of its nodes: a node counts for what those who rely on it "
               "count for, shared over all they rely on.",
    .parameters = schema,
};

enum { OUTSIDE = UINT32_MAX };

// The nodes that an edge with a weight touches, and the edges by their targets.
typedef struct Network {
  Rows members;   // Rows of nodes, ascending. What follows speaks of places in this list.
  Rows offsets;   // The edges into place n are [offsets[n], offsets[n + 1]).
  Rows sources;   // Of each edge.
  Numbers parts;  // What of all that leaves its source goes along each edge.
  Rows dangling;  // The places that no edge leaves.
} Network;

static Rows new_rows(size_t count) { return (Rows){.ptr = calloc(count, sizeof(uint32_t)), .len = count}; }

// The factor of each kind of the epoch: without a list 1, and 0 for one that is not listed.
static Numbers by_kind(Texts kinds, const Json *listed) {
  Numbers factors = new_numbers(kinds.len);
  for (size_t kind = 0; kind < kinds.len; kind++) {
    factors.ptr[kind] = json_absent(listed) ? 1 : json_number(json_find(listed, kinds.ptr[kind]), 0);
  }
  return factors;
}

static Numbers weighed(Rows kind, Numbers weight, Numbers factors) {
  Numbers weighed = new_numbers(kind.len);
  for (size_t row = 0; row < kind.len; row++) {
    weighed.ptr[row] = factors.ptr[kind.ptr[row]] * weight.ptr[row];
  }
  return weighed;
}

static bool counts(double weight) { return weight > 0 && isfinite(weight); }

static Network network_of(Numbers weight) {
  Rows source = edge_source(), target = edge_target();
  size_t nodes = node_count(), edges = weight.len, links = 0;

  Rows place_of = new_rows(nodes);
  memset(place_of.ptr, 0xff, nodes * sizeof(uint32_t));
  for (size_t edge = 0; edge < edges; edge++) {
    if (counts(weight.ptr[edge])) {
      place_of.ptr[source.ptr[edge]] = place_of.ptr[target.ptr[edge]] = 0;
      links++;
    }
  }
  Rows members = new_rows(nodes);
  members.len = 0;
  for (uint32_t node = 0; node < nodes; node++) {
    if (place_of.ptr[node] != OUTSIDE) {
      place_of.ptr[node] = (uint32_t)members.len;
      members.ptr[members.len++] = node;
    }
  }

  Numbers leaving = new_numbers(members.len);
  Rows offsets = new_rows(members.len + 1);
  for (size_t edge = 0; edge < edges; edge++) {
    if (counts(weight.ptr[edge])) {
      leaving.ptr[place_of.ptr[source.ptr[edge]]] += weight.ptr[edge];
      offsets.ptr[place_of.ptr[target.ptr[edge]] + 1]++;
    }
  }
  for (size_t place = 1; place < offsets.len; place++) {
    offsets.ptr[place] += offsets.ptr[place - 1];
  }
  Rows next = new_rows(offsets.len), sources = new_rows(links);
  Numbers parts = new_numbers(links);
  memcpy(next.ptr, offsets.ptr, offsets.len * sizeof(uint32_t));
  for (size_t edge = 0; edge < edges; edge++) {
    if (counts(weight.ptr[edge])) {
      uint32_t from = place_of.ptr[source.ptr[edge]], row = next.ptr[place_of.ptr[target.ptr[edge]]]++;
      sources.ptr[row] = from;
      parts.ptr[row] = weight.ptr[edge] / leaving.ptr[from];
    }
  }

  Rows dangling = new_rows(members.len);
  dangling.len = 0;
  for (uint32_t place = 0; place < members.len; place++) {
    if (leaving.ptr[place] == 0) {
      dangling.ptr[dangling.len++] = place;
    }
  }
  return (Network){members, offsets, sources, parts, dangling};
}

// Where credit starts, over the members, summing to 1; `start` is over the nodes, NULL for every member alike.
static Numbers teleport_of(Rows members, const Numbers *start) {
  Numbers teleport = new_numbers(members.len);
  double total = 0;
  for (size_t place = 0; start != NULL && place < members.len; place++) {
    teleport.ptr[place] = start->ptr[members.ptr[place]];
    total += teleport.ptr[place];
  }
  bool even = !counts(total);
  for (size_t place = 0; place < members.len; place++) {
    teleport.ptr[place] = even ? 1.0 / (double)members.len : teleport.ptr[place] / total;
  }
  return teleport;
}

// One iteration; gives how much it changed the scores in sum.
static double step(const Network *network, Numbers teleport, double damping, Numbers now, Numbers next) {
  double dangling = 0, change = 0;
  for (size_t i = 0; i < network->dangling.len; i++) {
    dangling += now.ptr[network->dangling.ptr[i]];
  }
  for (size_t place = 0; place < next.len; place++) {
    double received = 0;
    for (size_t edge = network->offsets.ptr[place]; edge < network->offsets.ptr[place + 1]; edge++) {
      received += now.ptr[network->sources.ptr[edge]] * network->parts.ptr[edge];
    }
    double returned = (1 - damping) * teleport.ptr[place];
    next.ptr[place] = damping * (received + dangling * teleport.ptr[place]) + returned;
    change += fabs(next.ptr[place] - now.ptr[place]);
  }
  return change;
}

Answer allocate(const Json *parameters) {
  const Json *of_edge_kinds = json_member(parameters, "edge_kinds");
  const Json *of_start_kinds = json_member(parameters, "start_kinds");
  const Json *exactly = json_member(parameters, "iterations");
  double damping = json_number(json_member(parameters, "damping"), 0.85);
  // Nothing changes by less than nothing: with a number of iterations all of them are made.
  double tolerance = json_absent(exactly) ? json_number(json_member(parameters, "tolerance"), 1e-6) : 0;
  double most = json_number(json_absent(exactly) ? json_member(parameters, "max_iterations") : exactly, 1000);

  Network network = network_of(weighed(edge_kind(), edge_weight(), by_kind(edge_kinds(), of_edge_kinds)));
  Rows members = network.members;
  if (members.len == 0) {
    return no_answer("no edge has a weight");
  }
  Numbers start;
  if (!json_absent(of_start_kinds)) {
    start = weighed(node_kind(), node_weight(), by_kind(node_kinds(), of_start_kinds));
    bool somewhere = false;
    for (size_t place = 0; place < members.len; place++) {
      somewhere |= start.ptr[members.ptr[place]] > 0;
    }
    if (!somewhere) {
      return no_answer("credit starts at no node that an edge touches");
    }
  }

  Numbers teleport = teleport_of(members, json_absent(of_start_kinds) ? NULL : &start);
  Numbers now = new_numbers(members.len), next = new_numbers(members.len);
  for (size_t place = 0; place < now.len; place++) {
    now.ptr[place] = 1.0 / (double)now.len;
  }
  bool settled = false;
  for (double made = 0; made < most && !settled; made++) {
    settled = step(&network, teleport, damping, now, next) < (double)now.len * tolerance;
    Numbers made_now = next;
    next = now;
    now = made_now;
  }
  if (!settled && json_absent(exactly)) {
    return no_answer("the scores did not settle in %g iterations", most);
  }

  // In the order of the nodes, as all sums by payee are.
  Numbers scores = new_numbers(payee_count());
  Rows payee = node_payee();
  for (size_t place = 0; place < members.len; place++) {
    uint32_t earns = payee.ptr[members.ptr[place]];
    if (earns != NO_PAYEE) {
      scores.ptr[earns] += now.ptr[place];
    }
  }
  if (sum(scores) == 0) {
    return no_answer("no payee owns a node that credit reaches");
  }
  Answer answer = from_scores(scores);
  measure(&answer, "pagerank", scores);
  return answer;
}
