// Mistakes that authors make, for ../../check: how each is told.

import { policy } from "./kit/index.js";

export const rule = policy({
  name: "mistakes",
  version: "0.1.0",
  summary: "Nobody gets anything, because it is not built.",
  parameters: { type: "object" },

  allocate(epoch) {
    return new Float64Array(epoch.payees.length);
  },
});
