/* Preloaded: counts what is asked of malloc and its kin, by who asks: the library that is watched, or anyone else.
 * glibc's own functions do the work. */
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static uintptr_t watched_begin, watched_end;
static atomic_ulong by_watched, by_others;

static void count(const void *caller) {
    uintptr_t address = (uintptr_t)caller;
    int watched = address >= watched_begin && address < watched_end;
    atomic_fetch_add_explicit(watched ? &by_watched : &by_others, 1, memory_order_relaxed);
}
#define COUNT() count(__builtin_return_address(0))

void rondel_guard_watch(unsigned long begin, unsigned long end) {
    watched_begin = begin;
    watched_end = end;
}

void rondel_guard_read(unsigned long *watched, unsigned long *others) {
    *watched = by_watched;
    *others = by_others;
}

void *malloc(size_t size) {
    COUNT();
    return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
    COUNT();
    return __libc_calloc(number, size);
}

void *realloc(void *old, size_t size) {
    COUNT();
    return __libc_realloc(old, size);
}

void *memalign(size_t alignment, size_t size) {
    COUNT();
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    COUNT();
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **result, size_t alignment, size_t size) {
    COUNT();
    void *memory = __libc_memalign(alignment, size);
    if (!memory)
        return ENOMEM;
    *result = memory;
    return 0;
}
