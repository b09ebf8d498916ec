// The epoch being settled. A column is fetched when it is first asked for, so a policy pays for what it reads.

import * as epoch from "apportion:policy/epoch@0.1.0";
import * as graph from "apportion:policy/graph@0.1.0";
import * as history from "apportion:policy/history@0.1.0";
import { comesBefore } from "./text.js";

/** The payee of a node that nobody owns: no row, so that a column has `undefined` there. */
export const NO_PAYEE = 0xffffffff;

export class Epoch {
  #fetched = new Map();

  #once(column, fetch) {
    if (!this.#fetched.has(column)) this.#fetched.set(column, fetch());
    return this.#fetched.get(column);
  }

  get number() { return Number(epoch.number()); } // at most 2^53
  get window() {
    const [start, end] = epoch.window();
    return { start, end };
  }
  get pool() { return this.#once("pool", () => whole(epoch.pool())); }
  get asset() { return epoch.asset(); }
  get decimals() { return epoch.decimals(); }
  get seed() { return epoch.seed(); }

  get poolInUnits() {
    // Whole units and the rest are converted apart so that a pool of whole units is exact.
    const unit = 10n ** BigInt(this.decimals);
    return Number(this.pool / unit) + Number(this.pool % unit) / Number(unit);
  }

  get payees() { return this.#once("payees", () => epoch.payeeIds(all(epoch.payeeCount()))); }

  get nodeCount() { return graph.nodeCount(); }
  get edgeCount() { return graph.edgeCount(); }
  get nodeKinds() { return this.#once("nodeKinds", graph.nodeKinds); }
  get edgeKinds() { return this.#once("edgeKinds", graph.edgeKinds); }
  nodeKindNamed(name) { return find(this.nodeKinds, name); }
  edgeKindNamed(name) { return find(this.edgeKinds, name); }

  get nodeIds() { return this.#once("nodeIds", () => graph.nodeIds(nodes())); }
  get nodeKind() { return this.#once("nodeKind", () => column(Uint32Array, graph.nodeKind(nodes()))); }
  get nodeWeight() { return this.#once("nodeWeight", () => column(Float64Array, graph.nodeWeight(nodes()))); }
  get nodeTime() { return this.#once("nodeTime", () => column(BigInt64Array, graph.nodeTime(nodes()))); }
  get nodePayee() { return this.#once("nodePayee", () => column(Uint32Array, graph.nodePayee(nodes()))); }

  get edgeSource() { return this.#once("edgeSource", () => column(Uint32Array, graph.edgeSource(edges()))); }
  get edgeTarget() { return this.#once("edgeTarget", () => column(Uint32Array, graph.edgeTarget(edges()))); }
  get edgeKind() { return this.#once("edgeKind", () => column(Uint32Array, graph.edgeKind(edges()))); }
  get edgeWeight() { return this.#once("edgeWeight", () => column(Float64Array, graph.edgeWeight(edges()))); }
  get edgeTime() { return this.#once("edgeTime", () => column(BigInt64Array, graph.edgeTime(edges()))); }
  get edgeOffsets() {
    return this.#once("edgeOffsets", () => column(Uint32Array, graph.edgeOffsets(all(graph.nodeCount() + 1))));
  }

  get nodeMetrics() { return this.#once("nodeMetrics", graph.nodeMetrics); }
  get edgeMetrics() { return this.#once("edgeMetrics", graph.edgeMetrics); }
  get nodeLabels() { return this.#once("nodeLabels", graph.nodeLabels); }
  get edgeLabels() { return this.#once("edgeLabels", graph.edgeLabels); }

  nodeMetric(name) { return this.#metric("node", name, this.nodeMetrics, graph.nodeMetric, nodes); }
  edgeMetric(name) { return this.#metric("edge", name, this.edgeMetrics, graph.edgeMetric, edges); }
  nodeLabel(name) {
    return this.#label("node", name, this.nodeLabels, graph.nodeDictionary, graph.nodeLabel, nodes);
  }
  edgeLabel(name) {
    return this.#label("edge", name, this.edgeLabels, graph.edgeDictionary, graph.edgeLabel, edges);
  }

  #metric(of, name, names, fetch, rows) {
    if (!names.includes(name)) return undefined;
    return this.#once(`${of} metric ${name}`, () => column(Float64Array, fetch(name, rows())));
  }

  #label(of, name, names, words, fetch, rows) {
    if (!names.includes(name)) return undefined;
    return this.#once(`${of} label ${name}`, () => new Label(words(name), column(Uint32Array, fetch(name, rows()))));
  }

  get paid() { return this.#once("paid", () => Array.from(history.paid(all(epoch.payeeCount())), whole)); }
  get carry() { return this.#once("carry", () => column(Uint8Array, history.carry())); }
}

/** A column of words: `words` is its dictionary, `rows` has an index into it for each row. */
class Label {
  constructor(words, rows) {
    this.words = words;
    this.rows = rows;
  }

  word(row) { return this.words[this.rows[row]] ?? ""; }
  indexOf(word) { return find(this.words, word); }
}

const all = (count) => ({ start: 0, count });
const nodes = () => all(graph.nodeCount());
const edges = () => all(graph.edgeCount());

const whole = ({ high, low }) => (BigInt(high) << 64n) | BigInt(low);

/** Engines of JavaScript differ in what they make of a list of the contract. */
function column(Typed, values) {
  return values instanceof Typed ? values : Typed.from(values);
}

/** The place of a name in a sorted list, or undefined. */
function find(sorted, name) {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (comesBefore(sorted[middle], name)) low = middle + 1;
    else high = middle;
  }
  return sorted[low] === name ? low : undefined;
}
