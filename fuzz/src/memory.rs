//! Memory that is asked for, which libFuzzer without a sanitizer does not see until it is used.

use std::alloc::{GlobalAlloc, Layout, System};
use std::process::abort;

/// Far above what an input of a few KB needs at once.
const MAX_BYTES: usize = 256 << 20;

struct Bounded;

#[global_allocator]
static BOUNDED: Bounded = Bounded;

// SAFETY: all work is the system's; what is refused ends the process.
unsafe impl GlobalAlloc for Bounded {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        check(layout.size());
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        check(layout.size());
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        check(size);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.realloc(memory, layout, size) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(memory, layout) }
    }
}

/// libFuzzer keeps the input of a process that aborts.
fn check(size: usize) {
    if size > MAX_BYTES {
        eprintln!("{size} bytes are asked for at once, {MAX_BYTES} at most");
        abort();
    }
}
