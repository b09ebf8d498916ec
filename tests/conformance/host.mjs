// What a policy may ask: `wit/0.1.0/policy.wit` and `apportion:metering`, with the charges, limits and faults of
// `host/apportion/src/abi/v0_1.rs` and `host/apportion/src/sandbox.rs`.

import { badOutput, Fault } from "./fault.mjs";
import { byteLength } from "./text.mjs";

/** What every call, and every item handed over, is charged beside its bytes. */
const CALL = 64;
const ITEM = 16;
/** How deep a policy may call, in the units of METERING.md. */
const DEPTH = 96n << 20n;

const HALF = (1n << 64n) - 1n;

/** One run's host: its imports, and what was read. */
export class Host {
  /**
   * `history` is null for a policy that says it looks at none, else what each payee was paid and what was handed over.
   * `limits` are numbers, but for `instructions`, a BigInt.
   */
  constructor(epoch, history, limits) {
    this.epoch = epoch;
    this.history = history;
    this.limits = limits;
    this.transferred = 0;
  }

  /** As `jco transpile --instantiation` wants them. */
  imports() {
    return {
      "apportion:policy/epoch": this.#ofEpoch(),
      "apportion:policy/graph": this.#ofGraph(),
      "apportion:policy/history": this.#ofHistory(),
      "apportion:policy/diagnostics": { log: (line) => this.#passed(line) },
      "apportion:metering/host": this.#metering(),
    };
  }

  #metering() {
    const { instructions, memory, table } = this.limits;
    const limits = [instructions, DEPTH, BigInt(memory), BigInt(table)];
    return {
      limit: (of) => limits[of],
      exhausted: (of) => {
        throw this.exhausted(of);
      },
    };
  }

  /** The fault of a run that was stopped for want of a resource of METERING.md. */
  exhausted(of) {
    const { memory, table } = this.limits;
    const faults = [
      ["out-of-instructions", "it used up its instructions"],
      ["stack-overflow", "it recursed deeper than the stack"],
      ["out-of-memory", `it asked for more than ${memory} bytes of memory`],
      ["out-of-table", `it asked for more than ${table} table elements`],
    ];
    return new Fault(...faults[of]);
  }

  #ofEpoch() {
    const { epoch } = this;
    return {
      number: () => this.#read(epoch.number, 8),
      window: () => this.#read([epoch.start, epoch.end], 16),
      pool: () => this.#read(amount(epoch.pool), 16),
      asset: () => {
        this.#charge(1, byteLength(epoch.asset));
        return epoch.asset;
      },
      decimals: () => this.#read(epoch.decimals, 4),
      seed: () => this.#read(epoch.seed, 8),
      payeeCount: () => this.#read(epoch.payees.length, 4),
      payeeIds: (rows) => this.#texts(epoch.payees, rows),
    };
  }

  #ofGraph() {
    const { epoch } = this;
    const { nodeColumns: nodes, edgeColumns: edges } = epoch;
    const column = (of) => (rows) => this.#rows(of, rows);
    const all = (texts) => () => this.#all(texts);
    return {
      nodeCount: () => this.#read(epoch.nodeKind.length, 4),
      edgeCount: () => this.#read(epoch.edgeKind.length, 4),
      nodeKinds: all(epoch.nodeKinds),
      edgeKinds: all(epoch.edgeKinds),
      nodeIds: (rows) => this.#texts(epoch.nodeIds, rows),
      nodeKind: column(epoch.nodeKind),
      nodeWeight: column(epoch.nodeWeight),
      nodeTime: column(epoch.nodeTime),
      nodePayee: column(epoch.nodePayee),
      edgeSource: column(epoch.edgeSource),
      edgeTarget: column(epoch.edgeTarget),
      edgeKind: column(epoch.edgeKind),
      edgeWeight: column(epoch.edgeWeight),
      edgeTime: column(epoch.edgeTime),
      edgeOffsets: column(epoch.edgeOffsets),
      nodeMetrics: all(nodes.metricNames),
      nodeLabels: all(nodes.labelNames),
      edgeMetrics: all(edges.metricNames),
      edgeLabels: all(edges.labelNames),
      nodeMetric: (name, rows) => this.#named(nodes.metrics, name, (of) => this.#rows(of, rows)),
      edgeMetric: (name, rows) => this.#named(edges.metrics, name, (of) => this.#rows(of, rows)),
      nodeLabel: (name, rows) => this.#named(nodes.labels, name, (of) => this.#rows(of.rows, rows)),
      edgeLabel: (name, rows) => this.#named(edges.labels, name, (of) => this.#rows(of.rows, rows)),
      nodeDictionary: (name) => this.#named(nodes.labels, name, (of) => this.#all(of.dictionary)),
      edgeDictionary: (name) => this.#named(edges.labels, name, (of) => this.#all(of.dictionary)),
    };
  }

  #ofHistory() {
    const past = () => {
      if (this.history) return this.history;
      throw new Fault("bad-call", "it read history, and its description says that it does not");
    };
    return {
      paid: (rows) => {
        const paid = slice(past().paid, rows);
        this.#charge(paid.length, 16 * paid.length);
        return paid.map(amount);
      },
      carry: () => {
        const { carry } = past();
        this.#charge(0, carry.length);
        return carry;
      },
    };
  }

  #charge(items, bytes) {
    this.transferred += CALL + ITEM * items + bytes;
    if (this.transferred > this.limits.transfer) {
      throw new Fault("out-of-transfer", "it read more than its limit from the host");
    }
  }

  #read(value, bytes) {
    this.#charge(0, bytes);
    return value;
  }

  #rows(column, rows) {
    const copied = slice(column, rows);
    this.#charge(0, copied.byteLength);
    return copied;
  }

  #texts(texts, rows) {
    const ends = slice(texts.ends, rows);
    const start = texts.start(rows.start);
    const bytes = ends.length === 0 ? 0 : ends.at(-1) - start;
    this.#charge(ends.length, bytes);
    return Array.from(ends, (_, row) => texts.get(rows.start + row));
  }

  #all(texts) {
    return this.#texts(texts, { start: 0, count: texts.length });
  }

  /** Of a column that the epoch may not have. A name that no column has may be of any length: reading it is work. */
  #named(columns, name, read) {
    if (columns.has(name)) return read(columns.get(name));
    this.#passed(name);
    return undefined;
  }

  /** A text that the policy passed. */
  #passed(text) {
    const bytes = byteLength(text);
    if (bytes > this.limits.output) throw badOutput();
    this.#charge(0, bytes);
  }
}

function slice(column, { start, count }) {
  if (start + count > column.length) {
    const have = column.length;
    throw new Fault("bad-call", `it asked for ${count} rows from row ${start} of a column of ${have}`);
  }
  return column.slice(start, start + count);
}

function amount(units) {
  return { high: units >> 64n, low: units & HALF };
}
