//! Sizes and offsets of a truncated signature: level by level, each level in row-major
//! (lexicographic) word order.

/// The largest depth for which tables are laid out; `2^30` coefficients at two channels are beyond
/// any memory here. One channel has no such tables and any depth.
pub const MAX_DEPTH: usize = 30;

/// Coefficients of a signature without its scalar term, or `None` from `2^31` on (or for no channel
/// or no level).
#[inline(never)]
pub fn signature_size(channels: usize, depth: usize) -> Option<usize> {
    if channels == 0 || depth == 0 {
        return None;
    }
    if channels == 1 {
        return (depth < 1 << 31).then_some(depth);
    }
    if channels >= 1 << 31 {
        return None;
    }
    // Less than 2^31 times less than 2^31: no checked product, which is a call in WebAssembly.
    let (mut total, mut level) = (0u64, 1u64);
    for _ in 0..depth {
        level *= channels as u64;
        total += level;
        if total >= 1 << 31 {
            return None;
        }
    }
    Some(total as usize)
}

/// Channels and depth of a signature whose size is known to be in range, with the level offsets.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Dimensions of the path's space.
    pub channels: usize,
    /// The level at which the signature is truncated.
    pub depth: usize,
    /// Coefficients without the scalar term.
    pub size: usize,
    offsets: [usize; MAX_DEPTH + 1],
    counts: [usize; MAX_DEPTH + 1],
}

impl Shape {
    /// The shape of a walk step by step. `None` for one channel or one level, too: those need none.
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    pub fn walked(channels: usize, depth: usize) -> Option<Shape> {
        Shape::new(channels, depth).filter(|_| channels > 1 && depth > 1)
    }

    /// `None` where [`signature_size`] is, and for a depth over [`MAX_DEPTH`] of more than one
    /// channel.
    pub fn new(channels: usize, depth: usize) -> Option<Shape> {
        let size = signature_size(channels, depth)?;
        let (mut offsets, mut counts) = ([0; MAX_DEPTH + 1], [1; MAX_DEPTH + 1]);
        if channels > 1 {
            if depth > MAX_DEPTH {
                return None;
            }
            for k in 1..=depth {
                counts[k] = counts[k - 1] * channels;
                offsets[k] = if k == 1 { 0 } else { offsets[k - 1] + counts[k - 1] };
            }
        }
        Some(Shape { channels, depth, size, offsets, counts })
    }

    /// Coefficients of the top level.
    pub fn top(&self) -> usize {
        if self.channels == 1 { 1 } else { self.count(self.depth) }
    }

    /// Where level `k >= 1` starts. Two or more channels only.
    #[inline(always)]
    pub fn offset(&self, k: usize) -> usize {
        self.offsets[k]
    }

    /// Words of length `k`. Two or more channels only.
    #[inline(always)]
    pub fn count(&self, k: usize) -> usize {
        self.counts[k]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        assert_eq!(signature_size(2, 4), Some(30));
        assert_eq!(signature_size(4, 6), Some(5460));
        assert_eq!(signature_size(1, 1000), Some(1000));
        assert_eq!(signature_size(0, 3), None);
        assert_eq!(signature_size(3, 0), None);
        assert_eq!(signature_size(2, 30), Some((1 << 31) - 2));
        assert_eq!(signature_size(2, 31), None);
        assert_eq!(signature_size(1 << 20, 2), None);
        assert_eq!(signature_size(usize::MAX, 7), None);
    }

    #[test]
    fn offsets_follow_the_layout() {
        let s = Shape::new(3, 4).unwrap();
        assert_eq!((s.offset(1), s.offset(2), s.offset(3), s.offset(4), s.size), (0, 3, 12, 39, 120));
        assert_eq!(s.count(3), 27);
    }
}
