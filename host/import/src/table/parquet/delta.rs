//! Lists of lengths in the encoding DELTA_BINARY_PACKED, as far as their size goes.

/// A list of lengths at the start of some bytes.
pub(super) struct Lengths<'a> {
    /// How many there are, by the list's own word.
    pub(super) count: u64,
    block_size: u64,
    miniblocks: u64,
    blocks: &'a [u8],
}

impl<'a> Lengths<'a> {
    pub(super) fn parse(mut bytes: &'a [u8]) -> Option<Lengths<'a>> {
        let block_size = varint(&mut bytes)?;
        let miniblocks = varint(&mut bytes)?;
        let count = varint(&mut bytes)?;
        varint(&mut bytes)?; // the first length
        (miniblocks > 0).then_some(Lengths { count, block_size, miniblocks, blocks: bytes })
    }

    /// What follows the list. Takes as long as the list is.
    pub(super) fn rest(&self) -> Option<&'a [u8]> {
        let in_miniblock = self.block_size / self.miniblocks;
        let mut left = self.count.saturating_sub(1);
        let mut rest = self.blocks;
        while left > 0 {
            if in_miniblock == 0 {
                return None;
            }
            varint(&mut rest)?; // the smallest difference
            let (widths, after) = rest.split_at_checked(usize::try_from(self.miniblocks).ok()?)?;
            rest = after;
            for width in widths {
                let bits = in_miniblock.checked_mul(u64::from(*width))?;
                rest = rest.get(usize::try_from(bits.div_ceil(8)).ok()?..)?;
                left = left.saturating_sub(in_miniblock);
                if left == 0 {
                    break;
                }
            }
        }
        Some(rest)
    }
}

/// An unsigned number of seven bits a byte, the lowest first.
pub(super) fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_ends_where_its_last_length_ends() {
        // Blocks of 128 in 4 parts, 33 lengths: one part of no bits, and the 33rd begins no other.
        let bytes = [0x80, 0x01, 4, 33, 2, 0, 0, 9, 9, 9, 7];
        let lengths = Lengths::parse(&bytes).unwrap();
        assert_eq!((lengths.count, lengths.rest()), (33, Some(&[7][..])));
        assert!(Lengths::parse(&[0x80, 0x01, 0, 1, 0]).is_none());
        assert!(Lengths::parse(&[0x80; 20]).is_none());
        let endless = [0, 1, 0xff, 0xff, 0xff, 0xff, 0x0f, 0];
        assert!(Lengths::parse(&endless).unwrap().rest().is_none());
    }
}
