//! A request that was found sound: where a path's numbers are, and where its gradients go.
//!
//! Not here: what is computed.

use super::cotangents::Cotangents;
use super::request::{Gradients, Part, VjpRequest};
use super::rows::{rows_of, writable};
use crate::batch::items::{Group, Items};
use crate::batch::request::{Request, rows};
use crate::lanes::{Real, Rows, RowsMut};
use crate::path::increments::Track;
use crate::path::scatter::Target;
use crate::words::shape::Shape;

/// A request that was found sound, and where its results go.
pub struct Call<'a, 'b, T> {
    pub request: &'a Request<'b, T>,
    pub part: Part,
    pub single: bool,
    /// Rows of signatures a path.
    pub rows: usize,
    signatures: *const T,
    signature_row: usize,
    pub shape: &'a Shape,
    paths: *mut T,
    basepoint: *mut T,
    initial: *mut T,
    carry: *mut T,
    /// Numbers of the carry a path.
    pub carried: usize,
    pub cotangents: Cotangents<'b, T>,
    /// Numbers of a row before level 1.
    skip: usize,
}

fn address<T>(slice: Option<&mut [T]>) -> *mut T {
    slice.map_or(core::ptr::null_mut(), <[T]>::as_mut_ptr)
}

impl<'b, T: Real> Items<'b, T> for Call<'_, 'b, T> {
    fn count(&self) -> usize {
        self.request.batch
    }

    fn lengths(&self) -> Option<&'b [u32]> {
        self.request.lengths
    }

    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    fn track(&self, path: usize) -> Track<'b, T> {
        let r = self.request;
        Track::new(self.points(path), r.channels, self.basepoint(path), r.options.inverse)
    }

    fn letters(&self) -> usize {
        self.shape.channels
    }
}

impl<'a, 'b, T: Real> Call<'a, 'b, T> {
    #[cfg_attr(path_signature_small, optimize(size))]
    pub fn new(of: &'a VjpRequest<'b, T>, shape: &'a Shape, to: Gradients<'_, T>) -> Self {
        let (request, rows) = (&of.paths, rows(&of.paths));
        let skip = usize::from(request.options.scalar_term);
        let carried = to.carry.len().checked_div(request.batch).unwrap_or(0);
        Call {
            request,
            part: of.part,
            single: of.single,
            rows,
            signatures: of.signatures.as_ptr(),
            signature_row: of.signature_row,
            shape,
            paths: to.paths.as_mut_ptr(),
            basepoint: address(to.basepoint),
            initial: address(to.initial),
            carry: to.carry.as_mut_ptr(),
            carried,
            cotangents: Cotangents::new(of.cotangents, rows, shape.size, skip),
            skip,
        }
    }

    /// Points of a path that count.
    pub fn length(&self, path: usize) -> usize {
        self.request.lengths.map_or(self.request.points, |l| l[path] as usize)
    }

    pub fn points(&self, path: usize) -> &'b [T] {
        let r = self.request;
        &r.paths[path * r.points * r.channels..][..self.length(path) * r.channels]
    }

    pub fn basepoint(&self, path: usize) -> Option<&'b [T]> {
        self.request.basepoint.and_then(|b| b.get(path, self.request.channels))
    }

    /// Where a path's gradients go; `unwanted` takes the basepoint's where it was not asked for.
    #[cfg_attr(path_signature_small, optimize(size))]
    #[inline(never)]
    pub fn target(&self, path: usize, unwanted: *mut T) -> Target<T> {
        let (r, length) = (self.request, self.length(path));
        let basepoint = match (r.basepoint, self.basepoint.is_null()) {
            (None, _) => core::ptr::null_mut(),
            (Some(_), true) => unwanted,
            (Some(_), false) => self.basepoint.wrapping_add(path * r.channels),
        };
        let steps = if r.basepoint.is_some() { length } else { length - 1 };
        Target {
            first: self.paths.wrapping_add(path * r.points * r.channels),
            basepoint,
            last: if self.part.last { core::ptr::null_mut() } else { self.pending(path) },
            all: steps,
            from: 0,
            steps,
            channels: r.channels,
            reversed: r.options.inverse,
        }
    }

    /// A path's first row of signatures, from level 1 on.
    pub fn signature(&self, path: usize) -> *const T {
        self.signatures.wrapping_add(path * self.rows * self.signature_row + self.skip)
    }

    /// What a path continued.
    pub fn initial(&self, path: usize) -> Option<&'b [T]> {
        self.request.initial.and_then(|i| i.get(path, self.shape.size))
    }

    /// Whether the gradient of what paths continued is wanted.
    pub fn wants_initial(&self) -> bool {
        !self.initial.is_null()
    }

    /// Where the gradient of what a path continued goes, if it is wanted.
    pub fn initial_gradient(&self, path: usize) -> Option<*mut T> {
        self.wants_initial().then(|| self.initial.wrapping_add(path * self.shape.size))
    }

    /// Each lane's row of signatures, from number `skip` of the first one on.
    pub fn signatures(&self, group: &Group, skip: usize) -> Rows<T> {
        rows_of(group, self.signature(0).wrapping_add(skip), self.rows * self.signature_row)
    }

    /// Each lane's carry, from number `skip` on.
    pub fn carries(&self, group: &Group, skip: usize) -> Rows<T> {
        rows_of(group, self.carry.wrapping_add(skip), self.carried)
    }

    /// What each lane continued, if they did.
    pub fn initials(&self, group: &Group) -> Option<Rows<T>> {
        self.request.initial.map(|initial| rows_of(group, initial.data.as_ptr(), initial.stride))
    }

    /// Where each lane's gradient of it goes, from number `skip` on.
    pub fn initial_gradients(&self, group: &Group, skip: usize) -> Option<RowsMut<T>> {
        let rows = || writable(rows_of(group, self.initial.wrapping_add(skip), self.shape.size));
        self.wants_initial().then(rows)
    }

    /// A path's carry.
    pub fn carry(&self, path: usize) -> *mut T {
        self.carry.wrapping_add(path * self.carried)
    }

    /// Where the gradient of the point in which a piece of time ends waits for the next piece:
    /// behind all else in the carry. Nowhere, for calls without pieces.
    pub fn pending(&self, path: usize) -> *mut T {
        self.carry(path).wrapping_add(self.carried).wrapping_sub(self.request.channels)
    }

    /// Zeros for the points past a path's end.
    ///
    /// # Safety
    /// The gradients have `points` rows a path.
    #[cfg_attr(path_signature_small, optimize(size))]
    pub unsafe fn clear_tail(&self, path: usize) {
        let (r, length) = (self.request, self.length(path));
        // SAFETY: as the caller vouches.
        unsafe {
            let path = self.paths.add(path * r.points * r.channels);
            for i in length * r.channels..r.points * r.channels {
                *path.add(i) = T::ZERO;
            }
        }
    }
}
