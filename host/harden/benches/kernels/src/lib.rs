//! Ordinary programs, in Rust as it is written: each takes a size and gives a checksum.

use std::collections::{BTreeMap, BinaryHeap};
use std::fmt::Write;

/// Numbers that are the same everywhere.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

/// PageRank over a graph of `size` nodes and ten times as many edges, kept as offsets and targets; ten rounds.
#[unsafe(no_mangle)]
pub extern "C" fn pagerank(size: u32) -> u64 {
    let mut numbers = Numbers(1);
    let nodes = size as usize;
    let edges = nodes * 10;
    let mut incoming = vec![0_u32; nodes + 1];
    let pairs: Vec<(u32, u32)> = (0..edges)
        .map(|_| (numbers.below(u64::from(size)) as u32, numbers.below(u64::from(size)) as u32))
        .collect();
    let mut out = vec![0_u32; nodes];
    for (source, target) in &pairs {
        incoming[*target as usize + 1] += 1;
        out[*source as usize] += 1;
    }
    for node in 0..nodes {
        incoming[node + 1] += incoming[node];
    }
    let mut place = incoming.clone();
    let mut sources = vec![0_u32; edges];
    for (source, target) in &pairs {
        let at = &mut place[*target as usize];
        sources[*at as usize] = *source;
        *at += 1;
    }
    let mut rank = vec![1.0 / nodes as f64; nodes];
    let mut share = vec![0.0; nodes];
    for _ in 0..10 {
        for node in 0..nodes {
            share[node] = if out[node] > 0 { rank[node] / f64::from(out[node]) } else { 0.0 };
        }
        for node in 0..nodes {
            let (from, to) = (incoming[node] as usize, incoming[node + 1] as usize);
            let mut sum = 0.0;
            for source in &sources[from..to] {
                sum += share[*source as usize];
            }
            rank[node] = 0.15 / nodes as f64 + 0.85 * sum;
        }
    }
    rank.iter().fold(0, |sum: u64, rank| sum.wrapping_mul(31).wrapping_add(rank.to_bits()))
}

#[inline(never)]
fn fib(n: u32) -> u64 {
    if n < 2 { u64::from(n) } else { fib(n - 1) + fib(n - 2) }
}

/// Recursion and nothing else.
#[unsafe(no_mangle)]
pub extern "C" fn fibonacci(size: u32) -> u64 {
    fib(size)
}

#[unsafe(no_mangle)]
pub extern "C" fn sort(size: u32) -> u64 {
    let mut numbers = Numbers(2);
    let mut values: Vec<u64> = (0..size).map(|_| numbers.next()).collect();
    values.sort_unstable();
    values.iter().step_by(1000).fold(0, |sum: u64, value| sum.wrapping_mul(31).wrapping_add(*value))
}

#[unsafe(no_mangle)]
pub extern "C" fn btree(size: u32) -> u64 {
    let mut numbers = Numbers(3);
    let mut map = BTreeMap::new();
    for _ in 0..size {
        *map.entry(numbers.below(u64::from(size))).or_insert(0_u64) += 1;
    }
    let hits = (0..size).filter(|_| map.contains_key(&numbers.below(u64::from(size)))).count();
    map.iter().fold(hits as u64, |sum, (key, value)| sum.wrapping_mul(31).wrapping_add(key ^ value))
}

/// Five bodies, `size` steps.
#[unsafe(no_mangle)]
pub extern "C" fn nbody(size: u32) -> u64 {
    let mut place =
        [[0.0_f64, 0.0, 0.0], [4.8, -1.2, -0.1], [8.3, 4.1, -0.4], [12.9, -15.1, -0.2], [15.4, -25.9, 0.2]];
    let mut speed =
        [[0.0_f64; 3], [0.6, 2.8, -0.02], [-1.0, 1.8, 0.008], [1.1, 0.9, -0.01], [0.98, 0.59, -0.03]];
    let mass = [39.5_f64, 0.038, 0.011, 0.0017, 0.002];
    for _ in 0..size {
        for one in 0..5 {
            for other in one + 1..5 {
                let mut between = [0.0; 3];
                let mut square = 0.0;
                for axis in 0..3 {
                    between[axis] = place[one][axis] - place[other][axis];
                    square += between[axis] * between[axis];
                }
                let pull = 0.01 / (square * square.sqrt());
                for axis in 0..3 {
                    speed[one][axis] -= between[axis] * mass[other] * pull;
                    speed[other][axis] += between[axis] * mass[one] * pull;
                }
            }
        }
        for body in 0..5 {
            for axis in 0..3 {
                place[body][axis] += 0.01 * speed[body][axis];
            }
        }
    }
    place.iter().flatten().fold(0, |sum: u64, value| sum.wrapping_mul(31).wrapping_add(value.to_bits()))
}

#[unsafe(no_mangle)]
pub extern "C" fn matrix(size: u32) -> u64 {
    let n = size as usize;
    let mut numbers = Numbers(4);
    let mut some = || (0..n * n).map(|_| numbers.below(1000) as f64 / 1000.0).collect::<Vec<f64>>();
    let (a, b) = (some(), some());
    let mut product = vec![0.0; n * n];
    for row in 0..n {
        for inner in 0..n {
            let factor = a[row * n + inner];
            for column in 0..n {
                product[row * n + column] += factor * b[inner * n + column];
            }
        }
    }
    product.iter().fold(0, |sum: u64, value| sum.wrapping_mul(31).wrapping_add(value.to_bits()))
}

#[unsafe(no_mangle)]
pub extern "C" fn strings(size: u32) -> u64 {
    let mut text = String::new();
    for line in 0..size {
        let _ = writeln!(text, "payee-{line}: {} of {:x}", line.wrapping_mul(2_654_435_761), line * 7);
    }
    let mut count: BTreeMap<&str, u64> = BTreeMap::new();
    for word in text.split_whitespace() {
        *count.entry(word).or_default() += word.len() as u64;
    }
    count.iter().fold(0, |sum: u64, (word, value)| {
        word.bytes()
            .fold(sum.wrapping_add(*value), |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)))
    })
}

#[unsafe(no_mangle)]
pub extern "C" fn sieve(size: u32) -> u64 {
    let mut composite = vec![false; size as usize];
    let mut sum = 0;
    for number in 2..size as usize {
        if !composite[number] {
            sum += number as u64;
            let mut multiple = number.saturating_mul(number);
            while multiple < composite.len() {
                composite[multiple] = true;
                multiple += number;
            }
        }
    }
    sum
}

/// SHA-256's rounds over `size` blocks.
#[unsafe(no_mangle)]
pub extern "C" fn sha256(size: u32) -> u64 {
    let mut numbers = Numbers(5);
    let keys: [u32; 64] = std::array::from_fn(|_| numbers.next() as u32);
    let mut state: [u32; 8] = std::array::from_fn(|_| numbers.next() as u32);
    for block in 0..size {
        let mut words = [0_u32; 64];
        for (place, word) in words.iter_mut().enumerate().take(16) {
            *word = block.wrapping_mul(place as u32 + 1);
        }
        for place in 16..64 {
            let (a, b) = (words[place - 15], words[place - 2]);
            let s0 = a.rotate_right(7) ^ a.rotate_right(18) ^ (a >> 3);
            let s1 = b.rotate_right(17) ^ b.rotate_right(19) ^ (b >> 10);
            words[place] = words[place - 16].wrapping_add(s0).wrapping_add(words[place - 7]).wrapping_add(s1);
        }
        let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = state;
        for place in 0..64 {
            let s1 = e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25);
            let first = h
                .wrapping_add(s1)
                .wrapping_add((e & f) ^ (!e & g))
                .wrapping_add(keys[place])
                .wrapping_add(words[place]);
            let s0 = a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22);
            let second = s0.wrapping_add((a & b) ^ (a & c) ^ (b & c));
            (h, g, f, e, d, c, b, a) = (g, f, e, d.wrapping_add(first), c, b, a, first.wrapping_add(second));
        }
        for (word, value) in state.iter_mut().zip([a, b, c, d, e, f, g, h]) {
            *word = word.wrapping_add(value);
        }
    }
    state.iter().fold(0, |sum: u64, word| sum.wrapping_mul(31).wrapping_add(u64::from(*word)))
}

#[unsafe(no_mangle)]
pub extern "C" fn mandelbrot(size: u32) -> u64 {
    let mut inside = 0;
    for row in 0..size {
        for column in 0..size {
            let (x0, y0) = (
                f64::from(column) / f64::from(size) * 3.5 - 2.5,
                f64::from(row) / f64::from(size) * 2.0 - 1.0,
            );
            let (mut x, mut y, mut turn) = (0.0, 0.0, 0);
            while x * x + y * y <= 4.0 && turn < 200 {
                (x, y) = (x * x - y * y + x0, 2.0 * x * y + y0);
                turn += 1;
            }
            inside += turn;
        }
    }
    inside
}

/// Shortest ways over a random graph, with a heap.
#[unsafe(no_mangle)]
pub extern "C" fn dijkstra(size: u32) -> u64 {
    let mut numbers = Numbers(6);
    let edges: Vec<Vec<(u32, u64)>> = (0..size)
        .map(|_| (0..8).map(|_| (numbers.below(u64::from(size)) as u32, numbers.below(100) + 1)).collect())
        .collect();
    let mut far = vec![u64::MAX; size as usize];
    let mut heap = BinaryHeap::from([(std::cmp::Reverse(0), 0_u32)]);
    far[0] = 0;
    while let Some((std::cmp::Reverse(way), node)) = heap.pop() {
        if way > far[node as usize] {
            continue;
        }
        for (next, length) in &edges[node as usize] {
            if way + length < far[*next as usize] {
                far[*next as usize] = way + length;
                heap.push((std::cmp::Reverse(way + length), *next));
            }
        }
    }
    far.iter().fold(0, |sum: u64, way| sum.wrapping_mul(31).wrapping_add(*way))
}

/// The edit distance of two texts of `size` bytes.
#[unsafe(no_mangle)]
pub extern "C" fn distance(size: u32) -> u64 {
    let mut numbers = Numbers(7);
    let mut text = || (0..size).map(|_| numbers.below(4) as u8).collect::<Vec<u8>>();
    let (left, right) = (text(), text());
    let mut row: Vec<u32> = (0..=size).collect();
    for (place, one) in left.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = place as u32 + 1;
        for (column, other) in right.iter().enumerate() {
            let changed = diagonal + u32::from(one != other);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(row[column] + 1).min(diagonal + 1);
        }
    }
    u64::from(row[size as usize])
}
