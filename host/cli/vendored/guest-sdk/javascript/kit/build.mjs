// node kit/build.mjs RULE OUT: one component of the author's module and all that it imports.
//
// esbuild makes one file of them and takes TypeScript's types off; ComponentizeJS puts that file and an engine of
// JavaScript into a component, without clocks, random numbers and the like, so that it imports the contract alone.

import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { componentize } from "@bytecodealliance/componentize-js";
import { build } from "esbuild";

const kit = dirname(fileURLToPath(import.meta.url));
const [author, out] = process.argv.slice(2);
const bundle = resolve(dirname(out), "bundle.js");

function fail(sentence) {
  console.error(sentence);
  process.exit(1);
}

/** The bundle, which is told where its lines came from. */
async function bundled(lines) {
  const given = {
    name: "given",
    setup(build) {
      build.onResolve({ filter: /^author$/ }, () => ({ path: resolve(author) }));
      build.onResolve({ filter: /^places$/ }, () => ({ path: "places", namespace: "given" }));
      build.onLoad({ filter: /^places$/, namespace: "given" }, () => ({
        // One line whatever it holds, so that it moves no other.
        contents: `export const { file, lines } = JSON.parse(${JSON.stringify(JSON.stringify({ file: author, lines }))})`,
      }));
    },
  };
  const done = await build({
    entryPoints: [join(kit, "entry.js")],
    outfile: bundle,
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
    charset: "utf8",
    external: ["apportion:policy/*"],
    sourcemap: "external",
    plugins: [given],
    // Of the first time; and what `entry.js` says better.
    logLevel: lines.length === 0 ? "warning" : "silent",
    logOverride: { "import-is-undefined": "silent" },
  }).catch(() => fail(`${author} was not understood: see above`));
  const text = (suffix) => done.outputFiles.find((file) => file.path.endsWith(suffix)).text;
  return { code: text(".js"), map: JSON.parse(text(".map")) };
}

/** For each line of the bundle the place it came from, as "file:line", or "": the map's first mapping of the line. */
function linesOf({ sources, mappings }) {
  const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  let [source, line] = [0, 0];
  return mappings.split(";").map((mapped) => {
    let place = "";
    for (const segment of mapped.split(",").filter(Boolean)) {
      const numbers = [];
      let [value, shift] = [0, 0];
      for (const digit of segment) {
        const bits = digits.indexOf(digit);
        value += (bits & 31) << shift;
        shift += 5;
        if (bits & 32) continue;
        numbers.push(value & 1 ? -(value >> 1) : value >> 1);
        [value, shift] = [0, 0];
      }
      source += numbers[1] ?? 0;
      line += numbers[2] ?? 0;
      place ||= `${relative(process.cwd(), resolve(dirname(bundle), sources[source]))}:${line + 1}`;
    }
    return place;
  });
}

/** What an exception while the module was read comes to, by the author's files and lines. */
function told(message) {
  const [, what] = /bundle\.js:\d+:\d+ (.*)/.exec(message) ?? [];
  if (what === undefined) return `${author}: ${message}`;
  const calls = [...message.matchAll(/^ *(\S*)@\S*bundle\.js:(\d+):\d+$/gm)]
    .map(([, name, line]) => [name || "the module", lines[Number(line) - 1]])
    .filter(([, place]) => place && !place.startsWith("kit/"))
    .map(([name, place]) => `\n  in ${name}, ${place}`);
  return `${author}: ${what}${calls.join("")}`;
}

await mkdir(dirname(out), { recursive: true });
const lines = linesOf((await bundled([])).map);
await writeFile(bundle, (await bundled(lines)).code);

const made = await componentize({
  sourcePath: bundle,
  witPath: join(kit, "wit"),
  worldName: "policy",
  disableFeatures: ["stdio", "random", "clocks", "http", "fetch-event"],
}).catch((error) => fail(told(error.message)));
await writeFile(`${out}.part`, made.component);
await rename(`${out}.part`, out);
await rm(bundle);
