/* Preloaded into a process, this counts the steps by which it changes a directory (the calls of
 * the C library that make, write, flush, rename, shorten or remove a file in it), and ends the
 * process by SIGKILL at one of them: before it is made or, of a write, after half of it.
 *
 *   KILL_UNDER  the directory; without it nothing is counted
 *   KILL_AT     the step, from 1
 *   KILL_HALF   whether half of a write is made
 *   KILL_LOG    a file to which each step is written, one a line
 *   KILL_ARMED  a file before which nothing is counted, if it is given
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *under, *armed;
static long at;
static int half, log_file = -1;
static atomic_long steps;

__attribute__((constructor)) static void begin(void) {
    const char *chosen = getenv("KILL_AT"), *log_path = getenv("KILL_LOG");
    under = getenv("KILL_UNDER");
    armed = getenv("KILL_ARMED");
    half = getenv("KILL_HALF") != NULL;
    at = chosen ? atol(chosen) : 0;
    if (log_path)
        log_file = syscall(SYS_openat, AT_FDCWD, log_path, O_WRONLY | O_CREAT | O_APPEND, 0600);
}

/* Whether this step is the last. */
static int is_last(const char *what, const char *path) {
    if (!under || strncmp(path, under, strlen(under)) != 0)
        return 0;
    if (armed && syscall(SYS_faccessat, AT_FDCWD, armed, F_OK) != 0)
        return 0;
    long step = atomic_fetch_add(&steps, 1) + 1;
    char line[PATH_MAX + 64];
    int length = snprintf(line, sizeof line, "%ld %s %s\n", step, what, path);
    if (log_file >= 0)
        syscall(SYS_write, log_file, line, length);
    return step == at;
}

static void end(void) {
    kill(getpid(), SIGKILL);
    for (;;)
        pause();
}

static void path_step(const char *what, const char *path) {
    if (is_last(what, path))
        end();
}

static int is_last_of_file(const char *what, int file) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = syscall(SYS_readlinkat, AT_FDCWD, link, path, sizeof path - 1);
    if (length < 0)
        return 0;
    path[length] = 0;
    return is_last(what, path);
}

static void file_step(const char *what, int file) {
    if (is_last_of_file(what, file))
        end();
}

/* A path as it would be opened: names beside an open directory are below it. */
static void name_step(const char *what, int directory, const char *name) {
    char link[64], path[2 * PATH_MAX];
    if (name[0] == '/' || directory == AT_FDCWD) {
        path_step(what, name);
        return;
    }
    snprintf(link, sizeof link, "/proc/self/fd/%d", directory);
    ssize_t length = syscall(SYS_readlinkat, AT_FDCWD, link, path, PATH_MAX);
    if (length < 0)
        return;
    snprintf(path + length, PATH_MAX, "/%s", name);
    path_step(what, path);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#define OPEN(name)                                                        \
    int name(const char *path, int flags, ...) {                          \
        va_list rest;                                                     \
        va_start(rest, flags);                                            \
        mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;         \
        va_end(rest);                                                     \
        if (flags & (O_CREAT | O_TRUNC))                                  \
            path_step("open", path);                                      \
        return REAL(name)(path, flags, mode);                             \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                                      \
    int name(int directory, const char *path, int flags, ...) {           \
        va_list rest;                                                     \
        va_start(rest, flags);                                            \
        mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;         \
        va_end(rest);                                                     \
        if (flags & (O_CREAT | O_TRUNC))                                  \
            name_step("open", directory, path);                           \
        return REAL(name)(directory, path, flags, mode);                  \
    }
OPENAT(openat)
OPENAT(openat64)

ssize_t write(int file, const void *bytes, size_t length) {
    if (is_last_of_file("write", file)) {
        if (half)
            syscall(SYS_write, file, bytes, length / 2);
        end();
    }
    return REAL(write)(file, bytes, length);
}

#define PWRITE(name, offset_type)                                                       \
    ssize_t name(int file, const void *bytes, size_t length, offset_type offset) {      \
        if (is_last_of_file("write", file)) {                                           \
            if (half)                                                                   \
                syscall(SYS_pwrite64, file, bytes, length / 2, offset);                 \
            end();                                                                      \
        }                                                                               \
        return REAL(name)(file, bytes, length, offset);                                 \
    }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

int fsync(int file) {
    file_step("flush", file);
    return REAL(fsync)(file);
}

int fdatasync(int file) {
    file_step("flush", file);
    return REAL(fdatasync)(file);
}

int ftruncate(int file, off_t length) {
    file_step("shorten", file);
    return REAL(ftruncate)(file, length);
}

int ftruncate64(int file, off64_t length) {
    file_step("shorten", file);
    return REAL(ftruncate64)(file, length);
}

int rename(const char *from, const char *to) {
    path_step("rename", to);
    return REAL(rename)(from, to);
}

int mkdir(const char *path, mode_t mode) {
    path_step("make", path);
    return REAL(mkdir)(path, mode);
}

int rmdir(const char *path) {
    path_step("remove", path);
    return REAL(rmdir)(path);
}

int unlink(const char *path) {
    path_step("remove", path);
    return REAL(unlink)(path);
}

int unlinkat(int directory, const char *name, int flags) {
    name_step("remove", directory, name);
    return REAL(unlinkat)(directory, name, flags);
}
