//! Points that staging leaves to the thread that runs the kernel: time as a channel, then lead-lag
//! of one point. What they are made of stands at the end of each path's place, and the points are
//! written from its begin on, over what has been read.
//!
//! Words, not numbers: one copy of the code for both number types.

use crate::code;
use crate::head::{Task, times};

/// Bits of the options: a channel of the points' numbers, or from 0 to 1; lead-lag, and whether the
/// channels of the lag come first.
const TIME: u32 = 1 << 14;
const NORMALIZED: u32 = 1 << 15;
const LEAD_LAG: u32 = 1 << 16;
const LAG_FIRST: u32 = 1 << 17;

/// All of them, which no kernel knows.
pub const EXPANSIONS: u32 = TIME | NORMALIZED | LEAD_LAG | LAG_FIRST;

const PATHS: usize = 0;

/// Words that are copied at once. The last copy of a point goes beyond its end.
const CHUNK: usize = 4;
type Chunk = [u32; CHUNK];

/// Expands the paths of a task. Nothing is written if it is refused.
#[inline(never)]
pub fn expand(task: &Task, bits: u32) -> Result<(), i32> {
    let words = match task.dtype() {
        0 => 1,
        1 => 2,
        _ => return Err(code::DTYPE),
    };
    let (batch, points, channels) = (task.batch(), task.points(), task.channels());
    let doubled = 1 + usize::from(bits & LEAD_LAG != 0);
    let letters = channels / doubled;
    if letters * doubled != channels || letters <= usize::from(bits & TIME != 0) {
        return Err(code::SHAPE);
    }
    let lengths = task.lengths()?;
    let count = |path: usize| lengths.map_or(points, |lengths| lengths[path] as usize);
    if (0..batch).any(|i| count(i) == 0 || count(i) > points || doubled == 2 && count(i) % 2 == 0) {
        return Err(code::LENGTHS);
    }
    let place = times(times(points, channels)?, words)?;
    let paths = task.region_mut::<u32>(PATHS, times(place, batch)?)?;
    for (i, path) in paths.chunks_mut(place.max(1)).enumerate() {
        let path = &mut path[..count(i) * channels * words];
        let n = count(i).div_ceil(doubled);
        if bits & TIME != 0 {
            let end = path.len();
            add_time(&mut path[end - n * letters * words..], letters * words, words, bits & NORMALIZED != 0);
        }
        if doubled == 2 {
            lead_lag(path, letters * words, bits & LAG_FIRST != 0);
        }
    }
    Ok(())
}

/// Copies a point, and up to CHUNK - 1 words more.
///
/// # Safety
/// Both have a chunk at each multiple of CHUNK below `width`.
#[inline(always)]
unsafe fn copy(from: *const u32, to: *mut u32, width: usize) {
    let mut i = 0;
    while i < width {
        // SAFETY: as the caller vouches.
        unsafe { to.add(i).cast::<Chunk>().write_unaligned(from.add(i).cast::<Chunk>().read_unaligned()) }
        i += CHUNK;
    }
}

/// Points from the end of a path to all of it, `width` words each, of which the last `words` are
/// the time.
fn add_time(path: &mut [u32], width: usize, words: usize, normalized: bool) {
    let n = path.len() / width;
    let own = width - words;
    let source = n * words;
    let end = n.saturating_sub(CHUNK);
    for t in 0..n {
        let (from, to) = (source + t * own, t * width);
        if t < end {
            // SAFETY: CHUNK more points follow, each of a word at least; so many words, too, are
            // between what is written and what has not been read.
            unsafe { copy(path.as_ptr().add(from), path.as_mut_ptr().add(to), own) }
        } else {
            path.copy_within(from..from + own, to);
        }
        let time = if normalized { t as f64 / (n - 1).max(1) as f64 } else { t as f64 };
        if words == 1 {
            path[to + own] = (time as f32).to_bits();
        } else {
            let bits = time.to_bits();
            path[to + own] = bits as u32;
            path[to + own + 1] = (bits >> 32) as u32;
        }
    }
}

/// n points from the end of a path to its 2 n - 1, `width` words each of the lead and the lag.
fn lead_lag(path: &mut [u32], width: usize, lag_first: bool) {
    let n = (path.len() / width).div_ceil(4);
    let source = path.len() - n * width;
    // Of the four places of two points, the third or the fourth has the next point.
    let next = if lag_first { [0, 0, 0, width] } else { [0, 0, width, 0] };
    let (begin, end) = (path.as_mut_ptr(), n.saturating_sub(CHUNK + 1));
    for t in 0..end {
        for (place, more) in next.into_iter().enumerate() {
            // SAFETY: CHUNK more points follow, each of a word at least; so many words, too, are
            // between what is written and what has not been read.
            unsafe { copy(begin.add(source + t * width + more), begin.add((4 * t + place) * width), width) }
        }
    }
    for t in end..n {
        // The last point is written once, over itself.
        for (place, more) in next.into_iter().enumerate().take(if t + 1 < n { 4 } else { 2 }) {
            let from = source + t * width + more;
            path.copy_within(from..from + width, (4 * t + place) * width);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_expand_in_place() {
        for width in 1..10 {
            for n in 1..20 {
                for lag_first in [false, true] {
                    let points: Vec<u32> = (1..=(n * width) as u32).collect();
                    let of = |t: usize| points[t * width..(t + 1) * width].to_vec();
                    let mut path = vec![0; (2 * n - 1) * 2 * width - points.len()];
                    path.extend(&points);
                    lead_lag(&mut path, width, lag_first);
                    let wanted: Vec<u32> = (0..2 * n - 1)
                        .flat_map(|m| {
                            let (lead, lag) = (of(m.div_ceil(2)), of(m / 2));
                            if lag_first { [lag, lead].concat() } else { [lead, lag].concat() }
                        })
                        .collect();
                    assert_eq!(path, wanted, "{width} {n}");
                }
                for words in [1, 2] {
                    let points: Vec<u32> = (1..=(n * width) as u32).collect();
                    let mut path = vec![0; n * words];
                    path.extend(&points);
                    add_time(&mut path, width + words, words, n % 2 == 0);
                    for (t, point) in path.chunks(width + words).enumerate() {
                        assert_eq!(point[..width], points[t * width..(t + 1) * width]);
                        let time = if n % 2 == 0 { t as f64 / (n - 1) as f64 } else { t as f64 };
                        match words {
                            1 => assert_eq!(f32::from_bits(point[width]), time as f32),
                            _ => assert_eq!(
                                f64::from_bits(u64::from(point[width]) | u64::from(point[width + 1]) << 32),
                                time
                            ),
                        }
                    }
                }
            }
        }
    }
}
