//! Every payee in proportion to the PageRank of its nodes; the same rule as the standard policy `pagerank`, share for
//! share: every sum is made in the same order.

const std = @import("std");
const apportion = @import("apportion");
const epoch = apportion.epoch;

pub const policy: apportion.Policy = .{
    .name = "pagerank",
    .version = "0.1.0",
    .summary = "Every payee in proportion to the PageRank of its nodes: a node counts for what those who rely on it " ++
        "count for, shared over all they rely on.",
    .parameters = @embedFile("parameters.json"),
};

pub const Parameters = struct {
    edge_kinds: ?apportion.ByName = null,
    start_kinds: ?apportion.ByName = null,
    damping: f64 = 0.85,
    tolerance: f64 = 1e-6,
    max_iterations: u32 = 1000,
    iterations: ?u32 = null,
};

pub fn allocate(parameters: Parameters) !apportion.Allocation {
    const no_list: apportion.ByName = .{};
    const edge_factors = if (parameters.edge_kinds) |listed|
        try listed.column(epoch.edgeKinds(), 0)
    else
        try no_list.column(epoch.edgeKinds(), 1);
    const network: Network = try .of(try weighed(epoch.edgeKind(), epoch.edgeWeight(), edge_factors));
    const members = network.members;
    if (members.len == 0) return apportion.noAnswer("no edge has a weight", .{});

    var start: ?[]const f64 = null;
    if (parameters.start_kinds) |listed| {
        const factors = try listed.column(epoch.nodeKinds(), 0);
        const weights = try weighed(epoch.nodeKind(), epoch.nodeWeight(), factors);
        for (members) |node| {
            if (weights[node] > 0) break;
        } else return apportion.noAnswer("credit starts at no node that an edge touches", .{});
        start = weights;
    }

    // Nothing changes by less than nothing: with a number of iterations all of them are made.
    const tolerance = if (parameters.iterations == null) parameters.tolerance else 0;
    const most = parameters.iterations orelse parameters.max_iterations;
    const size: f64 = @floatFromInt(members.len);
    const teleport = try teleportOf(members, start);
    var now = try apportion.zeros(members.len);
    var next = try apportion.zeros(members.len);
    @memset(now, 1 / size);
    var settled = false;
    var made: u32 = 0;
    while (made < most and !settled) : (made += 1) {
        settled = network.step(teleport, parameters.damping, now, next) < size * tolerance;
        std.mem.swap([]f64, &now, &next);
    }
    if (!settled and parameters.iterations == null) {
        return apportion.noAnswer("the scores did not settle in {d} iterations", .{most});
    }

    // In the order of the nodes, as all sums by payee are.
    const scores = try apportion.zeros(epoch.payeeCount());
    const owners = epoch.nodePayee();
    for (members, now) |node, score| {
        if (owners[node] != apportion.no_payee) scores[owners[node]] += score;
    }
    if (apportion.sum(scores) == 0) return apportion.noAnswer("no payee owns a node that credit reaches", .{});
    var allocation = try apportion.fromScores(scores);
    allocation.measure("pagerank", scores);
    return allocation;
}

/// The nodes that an edge with a weight touches, and the edges by their targets.
const Network = struct {
    /// Rows of nodes, ascending. What follows speaks of places in this list.
    members: []const u32,
    /// The edges into place n are `[offsets[n], offsets[n + 1])`.
    offsets: []const u32,
    /// Of each edge.
    sources: []const u32,
    /// What of all that leaves its source goes along each edge.
    parts: []const f64,
    /// The places that no edge leaves.
    dangling: []const u32,

    const outside = std.math.maxInt(u32);

    fn of(weights: []const f64) !Network {
        const memory = apportion.memory;
        const edge_sources = epoch.edgeSource();
        const edge_targets = epoch.edgeTarget();
        const place_of = try memory.alloc(u32, epoch.nodeCount());
        @memset(place_of, outside);
        var links: usize = 0;
        for (edge_sources, edge_targets, weights) |source, target, weight| {
            if (!counts(weight)) continue;
            place_of[source] = 0;
            place_of[target] = 0;
            links += 1;
        }
        var members: std.ArrayList(u32) = .empty;
        for (place_of, 0..) |*place, node| {
            if (place.* == outside) continue;
            place.* = @intCast(members.items.len);
            try members.append(memory, @intCast(node));
        }

        const leaving = try apportion.zeros(members.items.len);
        const offsets = try memory.alloc(u32, members.items.len + 1);
        @memset(offsets, 0);
        for (edge_sources, edge_targets, weights) |source, target, weight| {
            if (!counts(weight)) continue;
            leaving[place_of[source]] += weight;
            offsets[place_of[target] + 1] += 1;
        }
        for (offsets[1..], offsets[0 .. offsets.len - 1]) |*offset, before| offset.* += before;
        const next = try memory.dupe(u32, offsets);
        const sources = try memory.alloc(u32, links);
        const parts = try memory.alloc(f64, links);
        for (edge_sources, edge_targets, weights) |source, target, weight| {
            if (!counts(weight)) continue;
            const row = next[place_of[target]];
            next[place_of[target]] += 1;
            sources[row] = place_of[source];
            parts[row] = weight / leaving[place_of[source]];
        }

        var dangling: std.ArrayList(u32) = .empty;
        for (leaving, 0..) |weight, place| {
            if (weight == 0) try dangling.append(memory, @intCast(place));
        }
        return .{
            .members = members.items,
            .offsets = offsets,
            .sources = sources,
            .parts = parts,
            .dangling = dangling.items,
        };
    }

    /// One iteration; gives how much it changed the scores in sum.
    fn step(network: Network, teleport: []const f64, damping: f64, now: []const f64, next: []f64) f64 {
        var dangling: f64 = 0;
        for (network.dangling) |place| dangling += now[place];
        var change: f64 = 0;
        for (next, now, teleport, 0..) |*score, before, preferred, place| {
            const start = network.offsets[place];
            const end = network.offsets[place + 1];
            var received: f64 = 0;
            for (network.sources[start..end], network.parts[start..end]) |source, part| received += now[source] * part;
            const returned = (1 - damping) * preferred;
            score.* = damping * (received + dangling * preferred) + returned;
            change += @abs(score.* - before);
        }
        return change;
    }
};

fn counts(weight: f64) bool {
    return weight > 0 and std.math.isFinite(weight);
}

fn weighed(kinds: []const u32, weights: []const f64, factors: []const f64) ![]f64 {
    const products = try apportion.zeros(kinds.len);
    for (products, kinds, weights) |*product, kind, weight| product.* = factors[kind] * weight;
    return products;
}

/// Where credit starts, over the members, summing to 1; `start` is over the nodes, null for every member alike.
fn teleportOf(members: []const u32, start: ?[]const f64) ![]const f64 {
    const teleport = try apportion.zeros(members.len);
    if (start) |weights| {
        for (teleport, members) |*part, node| part.* = weights[node];
        const total = apportion.sum(teleport);
        if (counts(total)) {
            for (teleport) |*part| part.* /= total;
            return teleport;
        }
    }
    @memset(teleport, 1 / @as(f64, @floatFromInt(members.len)));
    return teleport;
}
