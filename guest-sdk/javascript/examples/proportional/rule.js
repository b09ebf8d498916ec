// The standard policy `proportional` in JavaScript: the same parameters, and the same shares to the unit.
// ../../../../policies/proportional/README.md says what it does.

import { badParameters, fromAmounts, fromScores, policy, refuse, sortedEntries } from "./kit/index.js";
import { capped, withoutDust } from "./limits.js";

const factors = (description) => ({
  description,
  type: "object",
  additionalProperties: { type: "number", minimum: 0 },
  default: {},
});

export const rule = policy({
  name: "proportional",
  version: "0.1.0",
  summary: "Every payee in proportion to its points, which the parameters give for nodes, edges and their metrics; "
    + "with an optional cap and minimum.",

  parameters: {
    title: "Parameters",
    description: "What earns points, and the limits of what they are worth. At least one of the four tables has an entry.",
    type: "object",
    additionalProperties: false,
    properties: {
      node_kinds: factors("Points per unit of node weight, by kind of node: they go to the node's payee."),
      node_metrics: factors("Points per unit of a node metric, by its name: they go to the node's payee. Negative "
        + "values count as 0."),
      edge_kinds: factors("Points per unit of edge weight, by kind of edge: they go to the payee of the edge's target."),
      edge_metrics: factors("Points per unit of an edge metric, by its name: they go to the payee of the edge's target. "
        + "Negative values count as 0."),
      max_share: {
        description: "No payee gets more than this part of the pool; what is above goes to the others in proportion to "
          + "their points.",
        type: ["number", "null"],
        minimum: 0,
        maximum: 1,
        default: null,
      },
      min_amount: {
        description: "Payees that would get less are not paid, in whole units of the asset; what they leave goes to the "
          + "others.",
        type: "number",
        minimum: 0,
        default: 0,
      },
    },
  },

  allocate(epoch, parameters) {
    const [fromNodes, fromEdges] = points(epoch, parameters);
    const total = fromNodes.map((nodes, payee) => nodes + fromEdges[payee]);
    const sum = total.reduce((sum, points) => sum + points, 0);
    if (!(sum > 0 && Number.isFinite(sum))) throw refuse("no payee has a point");
    const pool = epoch.poolInUnits;
    const kept = withoutDust(total, pool, parameters.min_amount ?? 0);
    const most = parameters.max_share ?? null;
    // Without a cap the points themselves are the shares, and the engine divides exactly.
    const division = most === null ? fromScores(kept) : fromAmounts(capped(kept, pool, most), pool);
    const measures = { "points": total, "points-from-nodes": fromNodes, "points-from-edges": fromEdges };
    return { ...division, measures };
  },
});

/** Points of each payee, from nodes and from edges. */
function points(epoch, { node_kinds = {}, node_metrics = {}, edge_kinds = {}, edge_metrics = {} }) {
  const tables = [node_kinds, node_metrics, edge_kinds, edge_metrics].map(sortedEntries);
  if (tables.every((table) => table.length === 0)) {
    throw badParameters(
      "nothing earns points: give `node_kinds`, `node_metrics`, `edge_kinds` or `edge_metrics` an entry",
    );
  }
  const [nodeKinds, nodeMetrics, edgeKinds, edgeMetrics] = tables;
  const fromNodes = new Float64Array(epoch.payees.length);
  const fromEdges = new Float64Array(epoch.payees.length);
  const owners = epoch.nodePayee;
  const ofNode = (node) => owners[node];
  const ofEdge = (edge) => owners[epoch.edgeTarget[edge]];

  if (nodeKinds.length > 0) {
    const factors = byKind(epoch.nodeKinds, nodeKinds);
    const [kind, weight] = [epoch.nodeKind, epoch.nodeWeight];
    add(fromNodes, epoch.nodeCount, ofNode, (node) => weight[node] * factors[kind[node]]);
  }
  for (const [name, factor] of nodeMetrics) {
    const values = epoch.nodeMetric(name);
    if (values === undefined) throw refuse(`the epoch has no node metric \`${name}\``);
    add(fromNodes, epoch.nodeCount, ofNode, (node) => Math.max(values[node], 0) * factor);
  }
  if (edgeKinds.length > 0) {
    const factors = byKind(epoch.edgeKinds, edgeKinds);
    const [kind, weight] = [epoch.edgeKind, epoch.edgeWeight];
    add(fromEdges, epoch.edgeCount, ofEdge, (edge) => weight[edge] * factors[kind[edge]]);
  }
  for (const [name, factor] of edgeMetrics) {
    const values = epoch.edgeMetric(name);
    if (values === undefined) throw refuse(`the epoch has no edge metric \`${name}\``);
    add(fromEdges, epoch.edgeCount, ofEdge, (edge) => Math.max(values[edge], 0) * factor);
  }
  return [fromNodes, fromEdges];
}

/** Adds the points of each row to its payee, if it has one. */
function add(sums, rows, payeeOf, pointsOf) {
  for (let row = 0; row < rows; row += 1) {
    const payee = payeeOf(row);
    if (payee < sums.length) sums[payee] += pointsOf(row);
  }
}

/** The factor of each kind of the epoch; 0 for one that is not listed. */
function byKind(kinds, entries) {
  const listed = new Map(entries);
  return Float64Array.from(kinds, (kind) => listed.get(kind) ?? 0);
}
