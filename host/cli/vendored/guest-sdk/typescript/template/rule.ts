// Who gets what. An example that works: change it to the rule you have in mind.

import { fromScores, policy, refuse } from "./kit/index.js";

/** What a programme may set: what the schema below allows. */
interface Parameters {
  kinds?: Record<string, number>;
}

export const rule = policy<Parameters>({
  name: "policy-name",
  version: "0.1.0",
  summary: "Every payee in proportion to the weight of what it made, which counts by its kind.",

  // As JSON Schema. The engine checks parameters against it before it asks `allocate`.
  parameters: {
    type: "object",
    additionalProperties: false,
    properties: {
      kinds: {
        description: "What a unit of weight counts for, by kind of node; 1 for a kind that is not listed.",
        type: "object",
        additionalProperties: { type: "number", minimum: 0 },
        default: {},
      },
    },
  },

  allocate(epoch, { kinds = {} }) {
    const listed = new Map(Object.entries(kinds));
    const factors = epoch.nodeKinds.map((kind) => listed.get(kind) ?? 1);
    const points = new Float64Array(epoch.payees.length);
    for (let node = 0; node < epoch.nodeCount; node += 1) {
      const payee = epoch.nodePayee[node];
      // A node that nobody owns has the payee NO_PAYEE, which is no row of `points`.
      if (payee < points.length) points[payee] += factors[epoch.nodeKind[node]] * epoch.nodeWeight[node];
    }
    if (points.every((point) => point === 0)) throw refuse("no payee has a point");
    return { ...fromScores(points), measures: { points } };
  },
});
