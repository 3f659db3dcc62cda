//! Signatures of consecutive stretches of one path, together: a product of many rows by a tree
//! whose shape depends on their number alone, so that whoever computes the stretches, in whatever
//! order, comes to the same bits.
//!
//! Not here: one product (`chen`), where a path is cut (the caller's choice).

use crate::lanes::Lanes;
use crate::tensor::chen;
use crate::walk::one_channel;
use crate::words::shape::Shape;

/// Row 0 := row 0 ⊗ row 1 ⊗ … ⊗ row `count - 1`; what the other rows hold afterwards means nothing.
/// A row is a signature of `size` numbers without its scalar term.
///
/// The tree is the aligned one: neighbours first, then pairs of pairs. Node i of level l covers
/// rows i·2^l … (i + 1)·2^l − 1, as far as there are any, so that aligned groups of a power of two
/// rows may be combined by themselves beforehand.
///
/// `None` where the shape is none or `rows` has not `count * size` numbers; nothing has been
/// written then.
#[cfg_attr(path_signature_small, optimize(size))]
#[inline(never)]
pub fn combine<V: Lanes>(channels: usize, depth: usize, rows: &mut [V::T], count: usize) -> Option<()> {
    let shape = Shape::new(channels, depth)?;
    if count.checked_mul(shape.size) != Some(rows.len()) {
        return None;
    }
    let mut stride = 1;
    while stride < count {
        for left in (0..count - stride).step_by(2 * stride) {
            let (before, after) = rows.split_at_mut((left + stride) * shape.size);
            let row = before[left * shape.size..].as_mut_ptr();
            // SAFETY: both are rows of `size` numbers; the split keeps them apart. One channel's
            // signature is made by its first level alone.
            unsafe {
                match channels {
                    1 => one_channel::continued_powers(V::splat(after[0]), depth, row, row),
                    _ => chen::multiply_row::<V>(&shape, row, after.as_ptr()),
                }
            }
        }
        stride *= 2;
    }
    Some(())
}
