// Runs the conformance corpus in V8: `node run.mjs CORPUS`, where `conformance write CORPUS` wrote one (`tests/examples/conformance.rs`).
//
// Every hardened component is transpiled by jco, instantiated with the imports of `host.mjs`, and asked what its cases
// ask, within every limit of instructions that they name. Ends with 1 where an outcome is another than expected. This
// file alone knows Node; the others would run in a browser.

import { readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";

import { transpileBytes } from "@bytecodealliance/jco-transpile";

import { hash, hex } from "./blake3.mjs";
import { EpochError, readEpoch } from "./epoch.mjs";
import { run } from "./policy.mjs";

/**
 * The limit of depth, 96 MiB, must be met before V8's own stack ends. METERING.md counts every value that a compiler
 * can keep in a frame, so that no frame of V8's takes more; a quarter of the limit is there for what it does besides.
 * A worker gets a thread whose stack really has this size; `node --stack-size` would only make V8 use stack that the
 * system may not have given, and crash where it did not.
 */
const STACK_MEBIBYTES = 128;

/** Cases that jco 0.15 cannot run as they must end, and why. All else of the corpus is run. */
const LEFT_OUT = new Map([
  ["hostile-answer-misaligned", "it reads a record where none may lie"],
  ["hostile-realloc-gives-a-misaligned-address", "it writes where no number may lie"],
  ["hostile-shares-larger-than-its-memory", "it cuts a list off at memory's end"],
  ["hostile-shares-that-wrap-around", "it cuts a list off at memory's end"],
  ["hostile-shares-without-end", "it cuts a list off at memory's end"],
  ["hostile-measures-without-end", "it bounds nothing that it reads, and node dies"],
  ["hostile-realloc-calls-the-host", "it lets realloc call out"],
]);

if (isMainThread) await main(process.argv[2]);
else await work(workerData);

async function main(corpus) {
  const cases = new Map();
  const names = readdirSync(join(corpus, "cases")).sort();
  for (const name of names.filter((name) => !LEFT_OUT.has(name))) {
    const request = json(corpus, name, "request.json");
    cases.set(request.component, [...(cases.get(request.component) ?? []), name]);
  }
  // One component is transpiled once, so its cases stay together.
  const queue = [...cases.values()];
  const totals = { cases: 0, runs: 0, different: [] };
  const worker = () =>
    new Promise((resolve, reject) => {
      const thread = new Worker(new URL(import.meta.url), {
        workerData: corpus,
        resourceLimits: { stackSizeMb: STACK_MEBIBYTES },
      });
      const next = () => thread.postMessage(queue.shift() ?? null);
      thread.on("message", (done) => {
        totals.cases += done.cases;
        totals.runs += done.runs;
        totals.different.push(...done.different);
        next();
      });
      thread.on("error", reject);
      thread.on("exit", resolve);
      next();
    });
  await Promise.all(Array.from({ length: availableParallelism() }, worker));

  totals.different.push(...damage(corpus));
  if (totals.cases + LEFT_OUT.size !== names.length) totals.different.push(`only ${totals.cases} cases were run`);

  for (const difference of totals.different.sort()) console.log(difference);
  for (const [name, why] of LEFT_OUT) console.log(`left out: ${name}: jco: ${why}`);
  console.log(`${totals.cases} cases, ${totals.runs} runs by V8 ${process.versions.v8}, ${totals.different.length} different`);
  process.exitCode = totals.different.length > 0 ? 1 : 0;
}

/** A worker: cases of one component at a time, until there are none. */
async function work(corpus) {
  strictTexts();
  const epochs = new Map();
  const epoch = (digest) => {
    if (!epochs.has(digest)) {
      const read = readEpoch(readFileSync(join(corpus, "epochs", digest)));
      if (read.digest !== digest) throw new Error(`epoch ${digest} has the digest ${read.digest}`);
      epochs.set(digest, read);
    }
    return epochs.get(digest);
  };
  parentPort.on("message", async (names) => {
    if (names === null) return parentPort.close();
    const done = { cases: 0, runs: 0, different: [] };
    const { component: digest } = json(corpus, names[0], "request.json");
    const component = await transpiled(readFileSync(join(corpus, "components", `${digest}.wasm`)));
    for (const name of names) compare(component, epoch, corpus, name, done);
    parentPort.postMessage(done);
  });
}

/** A case within all its limits; what comes to something else than expected is added to what is `done`. */
function compare(component, epoch, corpus, name, done) {
  const request = json(corpus, name, "request.json");
  const { runs, outcomes } = json(corpus, name, "expected.json");
  const { history, limits } = request;
  request.history = history && { paid: history.paid.map(BigInt), carry: Buffer.from(history.carry, "hex") };
  for (const limit of Object.keys(limits)) limits[limit] = Number(limits[limit]);
  done.cases += 1;
  for (const { instructions, outcome } of runs) {
    done.runs += 1;
    let came;
    try {
      came = run(component, epoch(request.epoch), request, { ...limits, instructions: BigInt(instructions) });
    } catch (error) {
      came = { broken: error.stack ?? String(error) };
    }
    if (!isDeepStrictEqual(came, outcomes[outcome])) {
      done.different.push(`${name}, ${instructions} instructions: ${difference(came, outcomes[outcome])}`);
    }
  }
}

/** Every bit of an epoch turned over: what the library refuses is refused here, and nothing else. */
function damage(corpus) {
  const { epoch, harmless } = JSON.parse(readFileSync(join(corpus, "damage.json"), "utf8"));
  const bytes = Uint8Array.from(readFileSync(join(corpus, "epochs", epoch)));
  const known = new Set(harmless);
  const different = [];
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    bytes[bit >> 3] ^= 1 << (bit & 7);
    let refused = false;
    try {
      readEpoch(bytes);
    } catch (error) {
      if (!(error instanceof EpochError)) throw error;
      refused = true;
    }
    if (refused === known.has(bit)) different.push(`damage: bit ${bit} is ${refused ? "" : "not "}refused`);
    bytes[bit >> 3] ^= 1 << (bit & 7);
  }
  return different;
}

/** Where two outcomes differ first, and how. */
function difference(came, expected, place = "outcome") {
  const shown = (value) => (JSON.stringify(value) ?? "nothing").slice(0, 400);
  const inside = (value) => typeof value === "object" && value !== null;
  if (inside(came) && inside(expected)) {
    for (const key of new Set([...Object.keys(came), ...Object.keys(expected)])) {
      if (!isDeepStrictEqual(came[key], expected[key])) return difference(came[key], expected[key], `${place}.${key}`);
    }
  }
  return `${place} is ${shown(came)} instead of ${shown(expected)}`;
}

/** A component as JavaScript and compiled core modules. */
async function transpiled(bytes) {
  const { files } = await transpileBytes(bytes, {
    name: "component",
    instantiation: "sync",
    base64Cutoff: 0,
    nodejsCompat: false,
    emitTypescriptDeclarations: false,
  });
  const source = conforming(Buffer.from(files["component.js"]).toString());
  const { instantiate } = await import(`data:text/javascript;base64,${Buffer.from(source).toString("base64")}`);
  const cores = new Map();
  const core = (name) => {
    if (!cores.has(name)) cores.set(name, new WebAssembly.Module(files[name]));
    return cores.get(name);
  };
  return { instantiate, core };
}

/** jco 0.15 asks for no memory to hold an empty text. The canonical ABI does, and what the policy does then counts. */
function conforming(source) {
  const shortcut = "if (s.length === 0) { return { ptr: 1, len: 0 }; }";
  if (source.includes("function _utf8AllocateAndEncode") && !source.includes(shortcut)) {
    throw new Error("jco writes texts in another way than before: is the empty one still left out?");
  }
  return source.replace(shortcut, "");
}

/** The bindings decode with what is the default here: a wrong byte would be replaced, a byte-order mark left out. */
function strictTexts() {
  const Lenient = globalThis.TextDecoder;
  globalThis.TextDecoder = class extends Lenient {
    constructor(label) {
      super(label, { fatal: true, ignoreBOM: true });
    }
  };
}

function json(corpus, name, file) {
  return JSON.parse(readFileSync(join(corpus, "cases", name, file), "utf8"));
}
