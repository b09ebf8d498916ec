//! Mistakes that authors make, for ../../check: how each is told.

const apportion = @import("apportion");
const epoch = apportion.epoch;

pub const policy: apportion.Policy = .{
    .name = "mistakes",
    .version = "0.1.0",
    .summary = "Nobody gets anything, because it breaks off.",
    .parameters = @embedFile("parameters.json"),
};

pub const Parameters = struct {
    how: enum { throws, returns, loops },
};

pub fn allocate(parameters: Parameters) !apportion.Allocation {
    apportion.log("it is about to fail", .{});
    switch (parameters.how) {
        .throws => return inner(try apportion.zeros(epoch.payeeCount())),
        .returns => return apportion.fromScores(try apportion.zeros(epoch.payeeCount() + 1)),
        .loops => while (true) {},
    }
}

fn inner(points: []f64) !apportion.Allocation {
    points[points.len] = 1;
    return apportion.fromScores(points);
}
