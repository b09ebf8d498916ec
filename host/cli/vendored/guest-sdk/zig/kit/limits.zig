//! The most and the least that a payee gets, and what becomes of the rest.

const std = @import("std");
const apportion = @import("apportion.zig");

/// Divides a pool in proportion to scores, nobody above `max_share` of it (0 to 1). What a capped payee leaves goes to
/// the others in proportion to their scores; if everyone is at the cap part of the pool is left over.
///
/// The weighted max-min fair allocation: D. Bertsekas, R. Gallager, "Data Networks", 2nd edition, section 6.5.2.
pub fn capped(scores: []const f64, pool: f64, max_share: f64) error{OutOfMemory}![]f64 {
    const cap = max_share * pool;
    const amounts = try apportion.zeros(scores.len);
    var rest = try descending(scores);
    var scores_left = sumFromTheSmallest(scores, rest);
    var pool_left = pool;
    // In descending order, the first who is not above the cap ends the capping: all after have less.
    while (rest.len > 0 and !(scores[rest[0]] / scores_left * pool_left <= cap)) : (rest = rest[1..]) {
        amounts[rest[0]] = cap;
        pool_left -= cap;
        scores_left -= scores[rest[0]];
    }
    // Summed anew: subtracting left the rounding of the giants in the sum.
    scores_left = sumFromTheSmallest(scores, rest);
    for (rest) |row| amounts[row] = scores[row] / scores_left * pool_left;
    return amounts;
}

/// Scores with those put to 0 whose payee would get less than `min_amount` of `pool`. The smallest goes first, and what
/// it leaves raises the others; payees of equal scores stay or go together.
pub fn withoutDust(scores: []const f64, pool: f64, min_amount: f64) error{OutOfMemory}![]f64 {
    const order = try descending(scores);
    // The longest prefix of the descending order whose smallest still gets the minimum. Sums from the front, so that
    // the sum over a prefix does not depend on who was dropped.
    var total: f64 = 0;
    var length: usize = 0;
    for (order, 0..) |row, place| {
        total += scores[row];
        const last_of_equals = place + 1 == order.len or scores[order[place + 1]] < scores[row];
        if (last_of_equals and scores[row] / total * pool >= min_amount) length = place + 1;
    }
    const kept = try apportion.zeros(scores.len);
    for (order[0..length]) |row| kept[row] = scores[row];
    return kept;
}

/// The rows of positive scores, from the largest down; equal ones in their order.
fn descending(scores: []const f64) error{OutOfMemory}![]const usize {
    const rows = try apportion.memory.alloc(usize, scores.len);
    var count: usize = 0;
    for (scores, 0..) |score, row| {
        if (score > 0 and std.math.isFinite(score)) {
            rows[count] = row;
            count += 1;
        }
    }
    // By row where scores are equal, which makes any way of sorting stable.
    std.mem.sortUnstable(usize, rows[0..count], scores, struct {
        fn before(of: []const f64, a: usize, b: usize) bool {
            return of[a] > of[b] or (of[a] == of[b] and a < b);
        }
    }.before);
    return rows[0..count];
}

// So that the small ones are not lost in a large sum.
fn sumFromTheSmallest(scores: []const f64, order: []const usize) f64 {
    var total: f64 = 0;
    var place = order.len;
    while (place > 0) : (place -= 1) total += scores[order[place - 1]];
    return total;
}
