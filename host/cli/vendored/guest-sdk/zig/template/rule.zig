//! Who gets what. An example that works: change it to the rule you have in mind.

const apportion = @import("apportion");
const epoch = apportion.epoch;

pub const policy: apportion.Policy = .{
    .name = "policy-name",
    .version = "0.1.0",
    .summary = "Every payee in proportion to the weight of what it made, which counts by its kind.",
    // What a programme may set. The engine checks parameters against the schema before it asks `allocate`.
    .parameters = @embedFile("parameters.json"),
};

pub const Parameters = struct {
    kinds: apportion.ByName = .{},
};

pub fn allocate(parameters: Parameters) !apportion.Allocation {
    const factors = try parameters.kinds.column(epoch.nodeKinds(), 1);
    const points = try apportion.zeros(epoch.payeeCount());
    for (epoch.nodePayee(), epoch.nodeKind(), epoch.nodeWeight()) |payee, kind, weight| {
        if (payee != apportion.no_payee) points[payee] += factors[kind] * weight;
    }
    if (apportion.sum(points) == 0) return apportion.noAnswer("no payee has a point", .{});
    var allocation = try apportion.fromScores(points);
    allocation.measure("points", points);
    return allocation;
}
