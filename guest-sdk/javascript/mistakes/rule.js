// Mistakes that authors make, for ../../check: how each is told.

import { policy } from "./kit/index.js";

export const rule = policy({
  name: "mistakes",
  version: "0.1.0",
  summary: "Nobody gets anything, because it breaks off.",
  parameters: { type: "object", required: ["how"], properties: { how: { enum: ["throws", "returns", "loops"] } } },

  allocate(epoch, { how }) {
    console.log("it is about to fail");
    if (how === "throws") return inner(epoch);
    if (how === "returns") return epoch.nodeWeight;
    for (let round = 0; ; round += 1) if (round < 0) return {};
  },
});

function inner(epoch) {
  return epoch.nothing.more;
}
