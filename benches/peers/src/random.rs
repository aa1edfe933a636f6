//! Numbers that are the same on every machine: splitmix64 (Steele, Lea, Flood 2014).

/// A generator; equal seeds give equal sequences.
pub struct Random(u64);

impl Random {
    /// A generator of its own for each name, so that inputs do not depend on the order they are made in.
    pub fn named(name: &str) -> Random {
        // FNV-1a of the name.
        Random(name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        }))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    /// A number less than `bound`, which must not be 0.
    pub fn below(&mut self, bound: u32) -> u32 {
        // The high bits of a product with the bound: no division, and no bias that matters below 2^32.
        ((u128::from(self.next()) * u128::from(bound)) >> 64) as u32
    }

    /// A number in `0.0..1.0`.
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// True with the given probability.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Puts a slice in random order (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last as u32 + 1) as usize);
        }
    }

    /// The numbers `0..count` in random order.
    pub fn permutation(&mut self, count: u32) -> Vec<u32> {
        let mut numbers: Vec<u32> = (0..count).collect();
        self.shuffle(&mut numbers);
        numbers
    }
}

/// Numbers `0..count` drawn with weight `(number + offset)^-exponent`: few are drawn often, most seldom.
pub struct Skewed {
    sums: Vec<f64>,
}

impl Skewed {
    /// Weights for `count` numbers.
    pub fn new(count: u32, offset: f64, exponent: f64) -> Skewed {
        let mut sum = 0.0;
        let sums = (1..=count)
            .map(|number| {
                sum += (f64::from(number) + offset).powf(-exponent);
                sum
            })
            .collect();
        Skewed { sums }
    }

    /// Draws one number.
    pub fn draw(&self, random: &mut Random) -> u32 {
        let Some(total) = self.sums.last() else { return 0 };
        let point = random.unit() * total;
        self.sums.partition_point(|sum| *sum <= point).min(self.sums.len() - 1) as u32
    }
}
