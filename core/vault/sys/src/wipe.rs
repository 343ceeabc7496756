//! Overwriting what nobody uses any more: freed memory, and the stack below the present call.

use std::alloc::{GlobalAlloc, Layout, System};
use std::mem::MaybeUninit;
use std::slice::from_raw_parts_mut;
use std::sync::atomic::{Ordering, compiler_fence};

use zeroize::Zeroize;

/// Memory that forgets: every piece is overwritten with zeros before it goes back to the allocator below.
///
/// For a program or library that holds a wallet, as its global allocator. What the core itself knows to be secret it
/// overwrites by itself; this reaches what it cannot: copies that a growing text leaves behind, buffers of the HTTP, TLS
/// and JSON libraries, arguments and answers on their way over the boundary to another language. The library for Kotlin and
/// Swift and the command line use it. It costs one write of what is freed, and changes nothing else.
///
/// # Examples
/// ```
/// #[global_allocator]
/// static MEMORY: kabao_vault_sys::WipingAllocator = kabao_vault_sys::WipingAllocator::new();
/// # fn main() {}
/// ```
#[derive(Debug, Default, Clone, Copy)]
pub struct WipingAllocator<A = System>(A);

impl WipingAllocator {
    /// Over the allocator of the system.
    #[must_use]
    pub const fn new() -> Self {
        Self(System)
    }
}

impl<A> WipingAllocator<A> {
    /// Over another allocator.
    pub const fn over(inner: A) -> Self {
        Self(inner)
    }
}

// `realloc` is left as it stands in the trait: a new piece, a copy, and the old piece through `dealloc`. The system's own
// may move a piece and leave the old bytes behind, or cut its end off with what stands there.
//
// SAFETY: every call goes to `A` with what came, which keeps the contract of the trait; `dealloc` writes only inside the
// piece, which is the caller's until the inner call.
unsafe impl<A: GlobalAlloc> GlobalAlloc for WipingAllocator<A> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promised.
        unsafe { self.0.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promised.
        unsafe { self.0.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, piece: *mut u8, layout: Layout) {
        // SAFETY: the caller hands over a piece of this layout that nobody uses any more; bytes that may never have been
        // written are not read.
        let bytes = unsafe { from_raw_parts_mut(piece.cast::<MaybeUninit<u8>>(), layout.size()) };
        // SAFETY: any bytes are a `MaybeUninit<u64>`.
        let (head, middle, tail) = unsafe { bytes.align_to_mut::<MaybeUninit<u64>>() };
        // Volatile: a plain write just before the end of a piece's life may be left out by the compiler.
        for byte in head.iter_mut().chain(tail) {
            // SAFETY: a reference is valid for writing.
            unsafe { std::ptr::write_volatile(byte, MaybeUninit::new(0)) };
        }
        for word in middle {
            // SAFETY: as above.
            unsafe { std::ptr::write_volatile(word, MaybeUninit::new(0)) };
        }
        compiler_fence(Ordering::SeqCst);
        // SAFETY: as the caller promised.
        unsafe { self.0.dealloc(piece, layout) }
    }
}

/// How deep [`wipe_stack`] reaches, in words of eight bytes: 128 KiB. The deepest calls of the database and of the ciphers
/// take a third of that in a development build.
const STACK_WORDS: usize = 16_384;

/// Overwrites what earlier, deeper calls of this thread left on its stack: blocks of a page that were decrypted, keys on
/// their way. Call it from a function near the start of the thread, when the work with secrets is over.
#[inline(never)]
pub fn wipe_stack() {
    let mut dead = [0_u64; STACK_WORDS];
    dead.zeroize();
    std::hint::black_box(&mut dead);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;

    /// Looks at what comes back before it goes.
    #[derive(Default)]
    struct Looking {
        pieces: AtomicUsize,
        not_zero: AtomicUsize,
    }

    // SAFETY: the system's allocator does the work; what comes back is still the caller's piece while it is read, and was
    // written over its whole length by the tests.
    unsafe impl GlobalAlloc for &Looking {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            // SAFETY: as the caller promised.
            unsafe { System.alloc(layout) }
        }

        unsafe fn dealloc(&self, piece: *mut u8, layout: Layout) {
            // SAFETY: see above.
            let bytes = unsafe { std::slice::from_raw_parts(piece, layout.size()) };
            self.pieces.fetch_add(1, Ordering::Relaxed);
            self.not_zero.fetch_add(bytes.iter().filter(|byte| **byte != 0).count(), Ordering::Relaxed);
            // SAFETY: as the caller promised.
            unsafe { System.dealloc(piece, layout) }
        }
    }

    #[test]
    fn what_comes_back_is_zero_whatever_its_size_and_alignment() {
        let looking = Looking::default();
        let memory = WipingAllocator::over(&looking);
        let mut pieces = 0;
        for align in [1, 2, 4, 8, 16, 64] {
            for size in (1..70).chain([4096, 65_537]) {
                let layout = Layout::from_size_align(size, align).unwrap();
                // SAFETY: the layout is not empty; the piece is written over its length and given back with it.
                unsafe {
                    let piece = memory.alloc(layout);
                    assert!(!piece.is_null());
                    piece.write_bytes(0xA5, size);
                    memory.dealloc(piece, layout);
                }
                pieces += 1;
            }
        }
        assert_eq!((looking.pieces.into_inner(), looking.not_zero.into_inner()), (pieces, 0));
    }

    #[test]
    fn a_piece_that_grows_or_shrinks_leaves_nothing_behind() {
        let looking = Looking::default();
        let memory = WipingAllocator::over(&looking);
        let layout = |size| Layout::from_size_align(size, 1).unwrap();
        // SAFETY: each piece is written over its length, and given back with the layout that it has by then.
        unsafe {
            let piece = memory.alloc(layout(100));
            piece.write_bytes(7, 100);
            let longer = memory.realloc(piece, layout(100), 5000);
            assert_eq!(std::slice::from_raw_parts(longer, 100), [7; 100]);
            longer.write_bytes(8, 5000);
            let shorter = memory.realloc(longer, layout(5000), 10);
            assert_eq!(std::slice::from_raw_parts(shorter, 10), [8; 10]);
            memory.dealloc(shorter, layout(10));
        }
        assert_eq!((looking.pieces.into_inner(), looking.not_zero.into_inner()), (3, 0));
    }
}
