// Every payee is paid what it earned over all epochs and was not paid yet: an example of a rule that remembers.

import { policy, refuse } from "./kit/index.js";

export const rule = policy({
  name: "arrears",
  version: "0.1.0",
  summary: "Every payee what it earned over all epochs and was not paid yet, in the order of payees, as long as the "
    + "pool lasts.",
  stateful: true,

  parameters: {
    type: "object",
    additionalProperties: false,
    properties: {
      wage: {
        description: "What a node, or an edge to its target, earns its payee: whole units of the asset.",
        type: "integer",
        minimum: 0,
        maximum: 4294967295,
        default: 1,
      },
      label: { description: "The column of words that says which of them earn.", type: "string", default: "state" },
      word: { description: "The word of those that do.", type: "string", default: "done" },
    },
  },

  allocate(epoch, { wage = 1, label = "state", word = "done" }) {
    const [nodes, edges] = [epoch.nodeLabel(label), epoch.edgeLabel(label)];
    if (!nodes && !edges) throw refuse(`the epoch has no label \`${label}\``);
    const each = BigInt(wage) * 10n ** BigInt(epoch.decimals);
    const accounts = read(epoch.carry);
    for (const payee of epoch.payees) accounts.set(payee, accounts.get(payee) ?? 0n);
    const earn = (node) => {
      // A node that nobody owns has the payee NO_PAYEE, which is no row of `payees`.
      const payee = epoch.payees[epoch.nodePayee[node]];
      if (payee !== undefined) accounts.set(payee, accounts.get(payee) + each);
    };
    for (let node = 0; nodes && node < epoch.nodeCount; node += 1) if (nodes.word(node) === word) earn(node);
    for (let edge = 0; edges && edge < epoch.edgeCount; edge += 1) {
      if (edges.word(edge) === word) earn(epoch.edgeTarget[edge]);
    }

    const earned = epoch.payees.map((payee) => accounts.get(payee));
    const owed = earned.map((amount, payee) => (amount > epoch.paid[payee] ? amount - epoch.paid[payee] : 0n));
    let left = epoch.pool;
    const amounts = owed.map((amount) => {
      const paid = amount < left ? amount : left;
      left -= paid;
      return paid;
    });
    const measures = { earned: earned.map(Number), owed: owed.map(Number) };
    return { amounts, measures, carry: written(accounts) };
  },
});

// An account in the carry: the length of the payee's id in 2 bytes, the id, and what it earned in 16, smallest first.
// A `Map` keeps the order in which accounts were opened.

function read(carry) {
  const accounts = new Map();
  const view = new DataView(carry.buffer, carry.byteOffset, carry.byteLength);
  for (let at = 0; at < carry.length;) {
    const length = view.getUint16(at, true);
    const payee = new TextDecoder().decode(carry.subarray(at + 2, at + 2 + length));
    at += 2 + length;
    accounts.set(payee, view.getBigUint64(at, true) | (view.getBigUint64(at + 8, true) << 64n));
    at += 16;
  }
  return accounts;
}

function written(accounts) {
  const bytes = [];
  const push = (number, size) => {
    for (let byte = 0; byte < size; byte += 1) bytes.push(Number((number >> BigInt(8 * byte)) & 0xffn));
  };
  for (const [payee, earned] of accounts) {
    const id = new TextEncoder().encode(payee);
    push(BigInt(id.length), 2);
    bytes.push(...id);
    push(earned, 16);
  }
  return Uint8Array.from(bytes);
}
