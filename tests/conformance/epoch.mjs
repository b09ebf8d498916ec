// Reads an epoch: `host/docs/epoch-format.md`, every rule of it. Columns stay where they lie.

import { deriveKey, hash, hex } from "./blake3.mjs";
import { hasInvisible } from "./text.mjs";

const MAGIC = "apportion epoch\n";
const VERSION = 1;
const HEADER_BYTES = 104;
const MAX_ROWS = 2 ** 32 - 2;
const MAX_COLUMNS = 4096;
const MAX_NAME = 1024;
const MAX_WORD = 4096;
const NO_PAYEE = 0xffffffff;
const SEED_CONTEXT = "apportion 2026-11-22 epoch seed";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Bytes that are no epoch. */
export class EpochError extends Error {}

function check(holds, place, problem) {
  if (!holds) throw new EpochError(`the epoch is damaged: ${place}: ${problem}`);
}

/** Texts in a column: where each ends, and their bytes without separators. */
export class Texts {
  constructor(ends, bytes) {
    this.ends = ends;
    this.bytes = bytes;
    this.length = ends.length;
  }

  start(row) {
    return row === 0 ? 0 : this.ends[row - 1];
  }

  bytesOf(row) {
    return this.bytes.subarray(this.start(row), this.ends[row]);
  }

  get(row) {
    return decoder.decode(this.bytesOf(row));
  }

  all() {
    return Array.from(this.ends, (_, row) => this.get(row));
  }
}

/** An epoch from its bytes, all of them checked. */
export function readEpoch(given) {
  check(new Uint8Array(Uint16Array.of(1).buffer)[0] === 1, "machine", "columns are read in place, and it is big-endian");
  const bytes = given.byteOffset % 8 === 0 ? given : given.slice();
  const head = new TextDecoder("latin1").decode(bytes.subarray(0, 16));
  if (head !== MAGIC) throw new EpochError("not an epoch: it does not begin with `apportion epoch`");
  check(bytes.length >= HEADER_BYTES, "header", "it is cut short");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const u32 = (at) => view.getUint32(at, true);
  const u64 = (at) => view.getBigUint64(at, true);

  check(u32(16) === VERSION, "header", `its format is version ${u32(16)}`);
  check(u64(64) === BigInt(bytes.length), "header", "it has another length than it says");
  const epoch = {
    digest: hash(bytes),
    number: u64(24),
    start: view.getBigInt64(32, true),
    end: view.getBigInt64(40, true),
    decimals: u32(20),
    pool: u64(48) | (u64(56) << 64n),
  };
  check(epoch.start < epoch.end, "header", "the window ends before it begins");
  check(epoch.number <= 2n ** 53n, "header", "the epoch's number is more than 2^53");
  check(epoch.decimals <= 38, "header", "the asset has more than 38 decimals");
  const [payees, nodes, edges] = [72, 76, 80].map(u32);
  for (const count of [payees, nodes, edges]) check(count <= MAX_ROWS, "header", "there are too many rows");
  const [nodeMetrics, nodeLabels, edgeMetrics, edgeLabels] = [84, 88, 92, 96].map(u32);
  for (const count of [nodeMetrics, nodeLabels, edgeMetrics, edgeLabels]) {
    check(count <= MAX_COLUMNS, "header", "there are too many columns");
  }
  check(u32(100) === 0, "header", "the reserved bytes are not zero");

  const walk = new Walk(bytes);
  epoch.asset = new TextDecoder("latin1").decode(walk.section("asset"));
  check(/^[A-Za-z0-9.\-_$]{1,32}$/.test(epoch.asset), "asset", "it is no symbol");
  epoch.payees = walk.names("payee ids", payees);
  walk.texts("payee names", payees, MAX_NAME, 0);
  const nodeKinds = walk.dictionary("node kinds");
  const edgeKinds = walk.dictionary("edge kinds");
  epoch.nodeKinds = nodeKinds;
  epoch.edgeKinds = edgeKinds;
  epoch.nodeIds = walk.names("node ids", nodes);
  epoch.nodeKind = walk.kinds("node kind", nodes, nodeKinds);
  epoch.nodeWeight = walk.numbers("node weight", nodes, 0);
  epoch.nodeTime = walk.column("node time", BigInt64Array, nodes);
  epoch.nodePayee = walk.column("node payee", Uint32Array, nodes);
  check(epoch.nodePayee.every((payee) => payee === NO_PAYEE || payee < payees), "node payee", "it points to nothing");
  epoch.edgeSource = walk.indexes("edge source", edges, nodes);
  epoch.edgeTarget = walk.indexes("edge target", edges, nodes);
  epoch.edgeKind = walk.kinds("edge kind", edges, edgeKinds);
  epoch.edgeWeight = walk.numbers("edge weight", edges, 0);
  epoch.edgeTime = walk.column("edge time", BigInt64Array, edges);
  epoch.nodeColumns = walk.columns("node", nodes, nodeMetrics, nodeLabels);
  epoch.edgeColumns = walk.columns("edge", edges, edgeMetrics, edgeLabels);
  check(walk.at === bytes.length, "end", "there is more after the last column");

  checkOrder(epoch);
  epoch.edgeOffsets = offsets(epoch.edgeSource, nodes);
  epoch.seed = seed(epoch.digest);
  epoch.digest = hex(epoch.digest);
  return epoch;
}

/** Goes over the sections in their order. */
class Walk {
  constructor(bytes) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.at = HEADER_BYTES;
  }

  section(name) {
    const inside = (end) => check(end <= this.bytes.length, name, "it reaches beyond the end of the file");
    inside(this.at + 8);
    const length = Number(this.view.getBigUint64(this.at, true));
    const start = this.at + 8;
    const next = Math.ceil((start + length) / 8) * 8;
    inside(next);
    const padding = this.bytes.subarray(start + length, next);
    check(padding.every((byte) => byte === 0), name, "the bytes after it are not zero");
    this.at = next;
    return this.bytes.subarray(start, start + length);
  }

  column(name, Type, rows) {
    const section = this.section(name);
    check(section.length === rows * Type.BYTES_PER_ELEMENT, name, "it has another length than its rows");
    return new Type(section.buffer, section.byteOffset, rows);
  }

  /** Finite, and zero has one spelling. */
  numbers(name, rows, least) {
    const column = this.column(name, Float64Array, rows);
    const valid = (value) => Number.isFinite(value) && value >= least && !Object.is(value, -0);
    check(column.every(valid), name, "a number is not one that may stand there");
    return column;
  }

  indexes(name, rows, below) {
    const column = this.column(name, Uint32Array, rows);
    check(column.every((index) => index < below), name, "it points to nothing");
    return column;
  }

  texts(name, rows, longest, shortest) {
    const texts = new Texts(this.column(name, Uint32Array, rows), this.section(name));
    let before = 0;
    for (let row = 0; row < rows; row += 1) {
      const [place, end] = [`${name}, row ${row}`, texts.ends[row]];
      check(end >= before && end <= texts.bytes.length, place, "it is out of its place");
      check(end - before >= shortest && end - before <= longest, place, "it is too short or too long");
      let text;
      try {
        text = texts.get(row);
      } catch {
        check(false, place, "it is not UTF-8");
      }
      check(!hasInvisible(text), place, "the text holds an invisible character");
      before = end;
    }
    check(before === texts.bytes.length, name, "there is text that belongs to no row");
    return texts;
  }

  names(name, rows) {
    return sorted(name, this.texts(name, rows, MAX_NAME, 1));
  }

  /** Words that say themselves how many they are. */
  dictionary(name, longest = MAX_NAME, shortest = 1) {
    const length = Number(this.view.getBigUint64(Math.min(this.at, this.bytes.length - 8), true));
    check(length % 4 === 0, name, "its length is not that of whole numbers");
    return sorted(name, this.texts(name, length / 4, longest, shortest));
  }

  kinds(name, rows, words) {
    const column = this.indexes(name, rows, words.length);
    checkUsed(name, column, words.length, 0);
    return column;
  }

  columns(of, rows, metrics, labels) {
    const metricNames = this.names(`names of ${of} metrics`, metrics);
    const metricColumns = metricNames.all().map((name) => [name, this.numbers(`${of} metric ${name}`, rows, -Infinity)]);
    const labelNames = this.names(`names of ${of} labels`, labels);
    const labelColumns = labelNames.all().map((name) => {
      const place = `${of} label ${name}`;
      const dictionary = this.dictionary(place, MAX_WORD, 0);
      check(dictionary.length > 0 && dictionary.ends[0] === 0, place, "its first word is not the empty one");
      const column = this.indexes(place, rows, dictionary.length);
      checkUsed(place, column, dictionary.length, 1);
      return [name, { dictionary, rows: column }];
    });
    return { metricNames, metrics: new Map(metricColumns), labelNames, labels: new Map(labelColumns) };
  }
}

function sorted(name, texts) {
  for (let row = 1; row < texts.length; row += 1) {
    check(before(texts.bytesOf(row - 1), texts.bytesOf(row)), `${name}, row ${row}`, "it is not after the row before it");
  }
  return texts;
}

/** Whether bytes sort strictly before others. */
function before(a, b) {
  const shorter = Math.min(a.length, b.length);
  for (let index = 0; index < shorter; index += 1) {
    if (a[index] !== b[index]) return a[index] < b[index];
  }
  return a.length < b.length;
}

/** Every word is used, but for the first `free`. */
function checkUsed(name, column, words, free) {
  const used = new Uint8Array(words).fill(1, 0, free);
  for (const word of column) used[word] = 1;
  check(used.every((is) => is === 1), name, "a word is used by no row");
}

/** Edges ascend by source, target, kind, time, weight, then metrics and labels in their columns' order. */
function checkOrder(epoch) {
  const columns = [epoch.edgeSource, epoch.edgeTarget, epoch.edgeKind, epoch.edgeTime, epoch.edgeWeight];
  columns.push(...epoch.edgeColumns.metrics.values());
  columns.push(...Array.from(epoch.edgeColumns.labels.values(), (label) => label.rows));
  for (let row = 1; row < epoch.edgeSource.length; row += 1) {
    const first = columns.find((column) => column[row - 1] !== column[row]);
    check(!first || first[row - 1] < first[row], `edge ${row}`, "it stands before an edge that sorts after it");
  }
}

/** Where the edges that leave each node begin, and at last where they end. */
function offsets(sources, nodes) {
  const counted = new Uint32Array(nodes + 1);
  for (const source of sources) counted[source + 1] += 1;
  for (let node = 0; node < nodes; node += 1) counted[node + 1] += counted[node];
  return counted;
}

/** 64 bits that follow from the digest alone. */
function seed(digest) {
  return new DataView(deriveKey(SEED_CONTEXT, digest).buffer).getBigUint64(0, true);
}
