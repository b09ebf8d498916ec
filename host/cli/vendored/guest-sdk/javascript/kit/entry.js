// What the component exports: the contract's `rule`, made of the author's one. `build.mjs` puts the author's module in
// place of "author", and into "places" its file's name and where each line of the bundle came from.

import * as author from "author";
import { file, lines } from "places";
import { ask } from "./index.js";
import { log } from "./log.js";
import { BadParameters, NoAnswer } from "./refusal.js";

globalThis.console = { debug: log, error: log, info: log, log, warn: log };

const policy = author.rule;
if (typeof policy?.allocate !== "function" || typeof policy.name !== "string") {
  throw new TypeError(`${file} exports no policy: write \`export const rule = policy({ ... })\``);
}

export const rule = {
  describe() {
    const { name, version, summary, parameters, stateful } = policy;
    return { name, version, summary, parameters: JSON.stringify(parameters), stateful };
  },

  allocate(parameters) {
    try {
      return ask(policy, parameters);
    } catch (error) {
      if (error instanceof NoAnswer) throw { payload: { tag: "no-answer", val: error.message } };
      if (error instanceof BadParameters) throw { payload: { tag: "bad-parameters", val: error.message } };
      log(error instanceof Error ? `${error.name}: ${error.message}` : `thrown: ${String(error)}`);
      for (const line of trace(error?.stack)) log(line);
      throw error;
    }
  },
};

/** The calls that led to an error, by the author's files and lines; the kit's own are left out. */
function trace(stack) {
  const calls = [];
  for (const call of String(stack ?? "").split("\n")) {
    const [, name, line] = /^(.*?)@.*?:(\d+):\d+$/.exec(call) ?? [];
    const place = lines[Number(line) - 1];
    if (place && !place.startsWith("kit/")) calls.push(`  in ${name || "a function"}, ${place}`);
  }
  // The innermost ones: of a recursion without end there are thousands.
  return calls.length > 0 ? calls.slice(0, 10) : [`  in allocate, ${file}`];
}
