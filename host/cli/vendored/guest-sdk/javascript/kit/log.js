import { log as line } from "apportion:policy/diagnostics@0.1.0";

/** Lines for the run's log, which is for the policy's author: nothing said here reaches a receipt. */
export function log(...values) {
  const shown = values.map((value) => (typeof value === "string" ? value : show(value)));
  for (const one of shown.join(" ").split("\n")) line(one);
}

function show(value) {
  if (ArrayBuffer.isView(value)) return `${value.constructor.name} [${Array.from(value).join(", ")}]`;
  const text = JSON.stringify(value, (_, part) => (typeof part === "bigint" ? `${part}n` : part));
  return text ?? String(value);
}
