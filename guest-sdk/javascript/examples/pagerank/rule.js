// The standard policy `pagerank` in JavaScript: the same parameters, and the same shares to the unit.
// ../../../../policies/pagerank/README.md says what it does.

import { fromScores, policy, refuse } from "./kit/index.js";
import { network, rank } from "./propagate.js";

const factors = (description) => ({
  description,
  type: ["object", "null"],
  additionalProperties: { type: "number", minimum: 0 },
  default: null,
});

export const rule = policy({
  name: "pagerank",
  version: "0.1.0",
  summary: "Every payee in proportion to the PageRank of its nodes: a node counts for what those who rely on it count "
    + "for, shared over all they rely on.",

  parameters: {
    title: "Parameters",
    description: "What edges weigh, where credit starts, and how long it flows.",
    type: "object",
    additionalProperties: false,
    properties: {
      edge_kinds: factors("What an edge weighs, by kind: this factor times the edge's weight. A kind that is not listed "
        + "weighs nothing; without the list every kind has the factor 1."),
      start_kinds: factors("Where credit starts, by kind of node: this factor times the node's weight. Without the list "
        + "every node alike."),
      damping: {
        description: "The part of its credit that a node passes on.",
        type: "number",
        minimum: 0,
        maximum: 1,
        default: 0.85,
      },
      tolerance: {
        description: "The scores are settled when an iteration changes them by less than this a node, in sum.",
        type: "number",
        exclusiveMinimum: 0,
        default: 1e-6,
      },
      max_iterations: {
        description: "If the scores are not settled after so many iterations there is no answer.",
        type: "integer",
        minimum: 1,
        maximum: 10_000,
        default: 1_000,
      },
      iterations: {
        description: "Exactly so many iterations instead, settled or not.",
        type: ["integer", "null"],
        minimum: 1,
        maximum: 10_000,
        default: null,
      },
    },
  },

  allocate(epoch, parameters) {
    const { damping = 0.85, tolerance = 1e-6, max_iterations = 1_000 } = parameters;
    const exactly = parameters.iterations ?? null;
    const links = { source: epoch.edgeSource, target: epoch.edgeTarget, weight: edgeWeights(epoch, parameters) };
    const graph = network(epoch.nodeCount, links);
    if (graph.members.length === 0) throw refuse("no edge has a weight");

    // Nothing changes by less than nothing: with a tolerance of 0 all iterations are made.
    const rule = exactly === null
      ? { damping, tolerance, maxIterations: max_iterations }
      : { damping, tolerance: 0, maxIterations: exactly };
    const { scores: ofNodes, settled } = rank(graph, starts(epoch, parameters, graph), rule);
    if (!settled && exactly === null) throw refuse(`the scores did not settle in ${max_iterations} iterations`);

    const scores = new Float64Array(epoch.payees.length);
    const owners = epoch.nodePayee;
    ofNodes.forEach((score, node) => {
      if (owners[node] < scores.length) scores[owners[node]] += score;
    });
    if (scores.every((score) => score === 0)) throw refuse("no payee owns a node that credit reaches");
    return { ...fromScores(scores), measures: { pagerank: scores } };
  },
});

function edgeWeights(epoch, parameters) {
  const kinds = parameters.edge_kinds ?? null;
  const factors = kinds === null ? epoch.edgeKinds.map(() => 1) : byKind(epoch.edgeKinds, kinds);
  const kind = epoch.edgeKind;
  return epoch.edgeWeight.map((weight, edge) => factors[kind[edge]] * weight);
}

/** Where credit starts, one number per node; undefined for everywhere alike. */
function starts(epoch, parameters, graph) {
  const kinds = parameters.start_kinds ?? null;
  if (kinds === null) return undefined;
  const factors = byKind(epoch.nodeKinds, kinds);
  const kind = epoch.nodeKind;
  const start = epoch.nodeWeight.map((weight, node) => factors[kind[node]] * weight);
  if (!graph.members.some((node) => start[node] > 0)) {
    throw refuse("credit starts at no node that an edge touches");
  }
  return start;
}

/** The factor of each kind of the epoch; 0 for one that is not listed. */
function byKind(kinds, table) {
  const listed = new Map(Object.entries(table));
  return Float64Array.from(kinds, (kind) => listed.get(kind) ?? 0);
}
