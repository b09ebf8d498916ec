//! Shapley values of a game of few players by enumerating its coalitions, as exact fractions.

/// What all values are whole multiples of, in the unit of the game: 1/L for the least common multiple L of 1 to 20. The
/// Shapley value is a mean over the sizes of coalitions of means over the coalitions of a size, and L is a multiple of
/// every n·C(n-1, s) of up to 20 players.
pub(crate) const PARTS: i128 = 232_792_560;

/// A game in which one coalition at a time is looked at.
pub(crate) trait Coalition {
    /// A player comes in. Players leave in the opposite order.
    fn join(&mut self, player: usize);
    /// The player that came in last goes.
    fn leave(&mut self, player: usize);
    /// What the coalition is worth: within 2^89 of 0.
    fn worth(&self) -> i128;
}

/// The Shapley value of each of up to 20 players, times [`PARTS`].
///
/// L. S. Shapley, "A value for n-person games", 1953: player i gets the mean, over all orders in which the players come
/// in, of what i adds. By the sums A of the worth of all coalitions of a size with the player, and B of those without,
/// that is the sum over s of (A(s+1) - B(s)) / (n C(n-1, s)). No value is kept of any coalition.
pub(crate) fn values(players: usize, coalition: &mut impl Coalition) -> Vec<i128> {
    let mut walk = Walk {
        coalition,
        players,
        with: vec![vec![0; players + 1]; players],
        below: vec![vec![0; players + 1]; players + 1],
    };
    walk.from(0, 0);
    let Walk { with, below, .. } = walk;
    let parts: Vec<i128> = parts(players);
    let value = |with: &Vec<i128>| {
        let sizes = parts.iter().enumerate();
        sizes.map(|(size, parts)| parts * (with[size + 1] - (below[0][size] - with[size]))).sum()
    };
    with.iter().map(value).collect()
}

/// What a coalition of each size that a player joins weighs in its value, times [`PARTS`].
pub(crate) fn parts(players: usize) -> Vec<i128> {
    let mut coalitions = 1; // C(n-1, s)
    let mut parts = Vec::with_capacity(players);
    for size in 0..players {
        parts.push(PARTS / (players as i128 * coalitions));
        coalitions = coalitions * (players as i128 - 1 - size as i128) / (size as i128 + 1);
    }
    parts
}

/// All coalitions, player after player: first without, then with.
struct Walk<'a, C> {
    coalition: &'a mut C,
    players: usize,
    /// By player and size: the sum over the coalitions that have the player.
    with: Vec<Vec<i128>>,
    /// By depth and size: the sum over the coalitions below the place of the walk at that depth.
    below: Vec<Vec<i128>>,
}

impl<C: Coalition> Walk<'_, C> {
    /// The coalitions that agree with the present one, of `size` players, on all players before `player`.
    fn from(&mut self, player: usize, size: usize) {
        if player == self.players {
            self.below[player][size] = self.coalition.worth();
            return;
        }
        let largest = size + self.players - player;
        self.from(player + 1, size);
        let (here, below) = self.below.split_at_mut(player + 1);
        here[player][size..largest].copy_from_slice(&below[0][size..largest]);
        here[player][largest] = 0;
        self.coalition.join(player);
        self.from(player + 1, size + 1);
        self.coalition.leave(player);
        for size in size + 1..=largest {
            let sum = self.below[player + 1][size];
            self.below[player][size] += sum;
            self.with[player][size] += sum;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Any game, by its worth for each set of players.
    struct Table(Vec<i128>, usize);

    impl Coalition for Table {
        fn join(&mut self, player: usize) {
            self.1 |= 1 << player;
        }
        fn leave(&mut self, player: usize) {
            self.1 &= !(1 << player);
        }
        fn worth(&self) -> i128 {
            self.0[self.1]
        }
    }

    #[test]
    fn parts_are_whole_and_sum_to_one_player_in_every_order() {
        for players in 1..=20 {
            let mut coalitions = 1;
            for (size, parts) in parts(players).into_iter().enumerate() {
                assert_eq!(parts * players as i128 * coalitions, PARTS, "{players} {size}");
                coalitions = coalitions * (players - 1 - size) as i128 / (size as i128 + 1);
            }
        }
    }

    /// Every order in which four players come in, by hand.
    #[test]
    fn values_are_the_mean_over_all_orders() {
        let worth: Vec<i128> =
            (0..16).map(|set: i128| if set == 0 { 3 } else { set * set * 7 % 31 - 9 }).collect();
        let mut sums = [0; 4];
        for (a, b, c, d) in (0..256).map(|code| (code & 3, code >> 2 & 3, code >> 4 & 3, code >> 6)) {
            let order = [a, b, c, d];
            if (0..4).all(|player| order.contains(&player)) {
                let mut set = 0;
                for player in order {
                    sums[player] += worth[set | 1 << player] - worth[set];
                    set |= 1 << player;
                }
            }
        }
        let values = values(4, &mut Table(worth, 0));
        assert_eq!(values, sums.map(|sum| sum * PARTS / 24));
    }

    #[test]
    fn the_largest_worth_of_twenty_players_does_not_overflow() {
        let mut all = Huge(0);
        let values = values(20, &mut all);
        assert_eq!(values, [(1 << 89) * PARTS / 20; 20]);
    }

    struct Huge(usize);

    impl Coalition for Huge {
        fn join(&mut self, _: usize) {
            self.0 += 1;
        }
        fn leave(&mut self, _: usize) {
            self.0 -= 1;
        }
        fn worth(&self) -> i128 {
            if self.0 == 20 { 1 << 89 } else { 0 }
        }
    }
}
