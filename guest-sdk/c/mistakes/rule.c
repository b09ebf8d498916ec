// Mistakes that authors make, for ../../check: how each is told.

#include "apportion.h"

static const char schema[] = {
#embed "parameters.json"
    , 0};

const Policy policy = {
    .name = "mistakes",
    .version = "0.1.0",
    .summary = "Nobody gets anything, because it breaks off.",
    .parameters = schema,
};

static void inner(Numbers points) { APPORTION_CHECK(points.len > 1000000); }

Answer allocate(const Json *parameters) {
  Text how = json_text(json_member(parameters, "how"), text(""));
  Numbers points = new_numbers(payee_count());
  say("it is about to fail");
  if (text_is(how, text("throws"))) {
    inner(points);
  }
  if (text_is(how, text("returns"))) {
    return from_scores(new_numbers(payee_count() + 1));
  }
  for (volatile size_t round = 0;; round++) {
  }
}
