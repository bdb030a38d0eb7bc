/* Puts every tensor's memory against a page that nobody may touch, so that a kernel that reads or writes past its end
 * ends the process; freed memory stays out of reach. For the fuzz of operations, on Linux:
 *
 *     gcc -shared -fPIC -O2 -o guard.so tests/program/guard.c -ldl
 *     LD_PRELOAD=./guard.so python -m tests.program.examples 10000 1
 *
 * PyTorch asks for the memory of tensors by posix_memalign with 64 bytes; all other memory is left alone. Sizes that are
 * no multiple of 16 leave a gap of up to 15 bytes before the page.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE 4096UL
#define ARENA (1UL << 44) /* addresses, not memory: 16 TiB, never used twice */

static char *arena;
static uint64_t used;

static char *start(void) {
    char *made = mmap(0, ARENA, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0), *none = 0;
    if (!__atomic_compare_exchange_n(&arena, &none, made, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) munmap(made, ARENA);
    return arena;
}

int posix_memalign(void **out, size_t align, size_t size) {
    static int (*real)(void **, size_t, size_t);
    if (!real) real = dlsym(RTLD_NEXT, "posix_memalign");
    if (align != 64 || size == 0 || size > ARENA / 1024) return real(out, align, size);
    uint64_t body = (size + PAGE - 1) / PAGE * PAGE, total = body + 2 * PAGE; /* a page with its size, body, guard */
    char *place = (arena ? arena : start()) + __atomic_fetch_add(&used, total, __ATOMIC_SEQ_CST);
    if (place + total > arena + ARENA || mprotect(place, PAGE + body, PROT_READ | PROT_WRITE)) return ENOMEM;
    *(uint64_t *)place = total;
    memset(place + PAGE, 0xa5, body); /* what is not written is not zero */
    *out = place + PAGE + ((body - size) & ~15UL);
    return 0;
}

void free(void *given) {
    static void (*real)(void *);
    char *at = given;
    if (!arena || at < arena || at >= arena + ARENA) {
        if (!real) real = dlsym(RTLD_NEXT, "free");
        real(given);
        return;
    }
    char *place = (char *)((uintptr_t)at & ~(PAGE - 1)) - PAGE;
    uint64_t total = *(uint64_t *)place;
    mmap(place, total, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
}
