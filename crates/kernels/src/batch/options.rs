//! What to compute, and numbers that paths share.

/// Which kernel computes whole signatures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Algorithm {
    /// The fastest for the shape.
    #[default]
    Auto,
    /// Horner's scheme on every word.
    Horner,
    /// The pruned walk wherever it exists (depth 2 or more, a recovery given for depth 3 or more).
    Pruned,
}

/// What to compute.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Every prefix's signature instead of the whole path's.
    pub stream: bool,
    /// As if the points (basepoint included) had been given in reverse order.
    pub inverse: bool,
    /// Rows begin with the scalar term 1.
    pub scalar_term: bool,
    /// Which kernel.
    pub algorithm: Algorithm,
}

/// Numbers given once for all paths, or for each.
#[derive(Clone, Copy, Debug)]
pub struct PerPath<'a, T> {
    /// The numbers.
    pub data: &'a [T],
    /// From one path's numbers to the next path's; 0: all share the first.
    pub stride: usize,
}

impl<'a, T> PerPath<'a, T> {
    /// The numbers of one path, if they are all there.
    pub fn get(&self, path: usize, count: usize) -> Option<&'a [T]> {
        let start = path.checked_mul(self.stride)?;
        self.data.get(start..start.checked_add(count)?)
    }
}
