/* Records, counts or spoils what a process does to the files under one directory.
 *
 * Loaded with LD_PRELOAD in front of libc. SQLite's unix VFS and Foundation reach the disk through
 * libc's dynamic symbols, so every open, write, flush, truncation, rename and removal passes here.
 * It is set by environment variables, all optional but the first:
 *
 *   DISK_SHIM_ROOT    the directory, absolute and without symbolic links; nothing else is touched
 *   DISK_SHIM_LOG     a file outside of it: every call that succeeded is appended, with its data
 *   DISK_SHIM_COUNTS  a file: how many calls of each kind there were, kept up to date (u64 each, in
 *                     the order of `enum kind`); it is shared memory, so it survives a SIGKILL
 *   DISK_SHIM_KIND    open, write, sync, truncate, unlink, rename or mkdir: the calls to spoil
 *   DISK_SHIM_SUFFIX  only those on files whose name ends so, for example -wal
 *   DISK_SHIM_INDEX   the first call to spoil, counted from 0
 *   DISK_SHIM_TIMES   how many in a row, 0 for all from then on; 1 when it is missing
 *   DISK_SHIM_ACTION  EIO, ENOSPC: the call does nothing and fails
 *                     short: half of a write is done and reported
 *                     short-ENOSPC: half of a write is done, what follows fails with ENOSPC
 *                     kill-before, kill-after: SIGKILL in front of or behind the call
 *                     EIO-kill: it does nothing, and SIGKILL comes before anybody hears of it
 *
 * One lock is held around each call and its record, so the log is one order that really happened.
 *
 * Not recorded: writes through mmap. SQLite maps only the -shm file (its index of the log), which
 * it rebuilds from the log after a restart and never trusts; a power cut leaves nothing of it.
 */
#define _GNU_SOURCE
/* The plain and the 64-bit names are the same calls here: LP64 only. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

_Static_assert(sizeof(off_t) == 8, "64-bit offsets are assumed");

enum kind {
    KIND_OPEN,
    KIND_WRITE,
    KIND_SYNC,
    KIND_TRUNCATE,
    KIND_UNLINK,
    KIND_RENAME,
    KIND_MKDIR,
    KIND_COUNT,
    /* Only in the log. */
    KIND_CLOSE = 16,
    KIND_START = 17,
    KIND_DUP = 18,
    KIND_SYNC_FAILED = 19,
};

static const char *const kind_names[KIND_COUNT] = {"open",   "write",  "sync", "truncate",
                                                   "unlink", "rename", "mkdir"};

enum { FDS_MAXIMUM = 4096, PATH_MAXIMUM = 1024 };

/* What one record of the log begins with; the path and the data follow. Little-endian. */
struct record {
    uint32_t kind;
    int32_t fd;
    int64_t offset; /* of a write; the length of a truncation; the new fd of a dup */
    uint32_t flags; /* of an open */
    uint32_t path_length;
    uint32_t data_length;
    uint32_t reserved;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char root[PATH_MAXIMUM];
static size_t root_length;
static int log_fd = -1;
static uint64_t own_counts[KIND_COUNT];
static uint64_t *counts = own_counts;
/* Names of the open files under the root; NULL for all other descriptors. */
static char *names[FDS_MAXIMUM];

static struct {
    int kind; /* -1 for none */
    const char *suffix;
    uint64_t index;
    uint64_t times;
    const char *action;
    uint64_t seen;
} fault = {.kind = -1, .times = 1};

/* The real calls; looked up once, before main. */
static int (*real_open)(const char *, int, ...);
static int (*real_openat)(int, const char *, int, ...);
static int (*real_close)(int);
static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_ftruncate)(int, off_t);
static int (*real_truncate)(const char *, off_t);
static int (*real_unlink)(const char *);
static int (*real_unlinkat)(int, const char *, int);
static int (*real_rename)(const char *, const char *);
static int (*real_renameat)(int, const char *, int, const char *);
static int (*real_mkdir)(const char *, mode_t);
static int (*real_dup)(int);
static int (*real_dup2)(int, int);
static int (*real_dup3)(int, int, int);

#define FIND(name) *(void **)&real_##name = dlsym(RTLD_NEXT, #name)

static void die(const char *why) {
    fprintf(stderr, "disk_shim: %s: %s\n", why, strerror(errno));
    _exit(70);
}

static void append(uint32_t kind, int fd, int64_t offset, uint32_t flags, const char *path,
                   const void *data, size_t length) {
    if (log_fd < 0) return;
    struct record record = {.kind = kind,
                            .fd = fd,
                            .offset = offset,
                            .flags = flags,
                            .path_length = path ? (uint32_t)strlen(path) : 0,
                            .data_length = (uint32_t)length};
    struct iovec parts[3] = {{&record, sizeof record},
                             {(void *)(uintptr_t)path, record.path_length},
                             {(void *)(uintptr_t)data, length}};
    ssize_t whole = (ssize_t)(sizeof record + record.path_length + length);
    /* A system call of its own: our own writev is not asked. */
    if (syscall(SYS_writev, log_fd, parts, 3) != whole) die("the log cannot be written");
}

__attribute__((constructor)) static void begin(void) {
    if (real_openat) return;
    FIND(open), FIND(openat), FIND(close), FIND(write), FIND(pwrite), FIND(fsync);
    FIND(fdatasync), FIND(ftruncate), FIND(truncate), FIND(unlink), FIND(unlinkat), FIND(rename);
    FIND(renameat), FIND(mkdir), FIND(dup), FIND(dup2), FIND(dup3);
    const char *text = getenv("DISK_SHIM_ROOT");
    if (!text || strlen(text) >= sizeof root) return;
    strcpy(root, text);
    root_length = strlen(root);
    if ((text = getenv("DISK_SHIM_COUNTS"))) {
        int fd = real_open(text, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (fd < 0 || real_ftruncate(fd, sizeof own_counts) != 0) die("no counts");
        void *map = mmap(NULL, sizeof own_counts, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (map == MAP_FAILED) die("no counts");
        counts = map;
        real_close(fd);
    }
    if ((text = getenv("DISK_SHIM_KIND"))) {
        for (int kind = 0; kind < KIND_COUNT; kind++)
            if (strcmp(text, kind_names[kind]) == 0) fault.kind = kind;
        fault.suffix = getenv("DISK_SHIM_SUFFIX");
        if ((text = getenv("DISK_SHIM_INDEX"))) fault.index = strtoull(text, NULL, 10);
        if ((text = getenv("DISK_SHIM_TIMES"))) fault.times = strtoull(text, NULL, 10);
        fault.action = getenv("DISK_SHIM_ACTION");
        errno = EINVAL;
        if (fault.kind < 0 || !fault.action) die("DISK_SHIM_KIND without a kind and an action");
    }
    if ((text = getenv("DISK_SHIM_LOG"))) {
        log_fd = real_open(text, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        if (log_fd < 0) die("no log");
        append(KIND_START, getpid(), 0, 0, NULL, NULL, 0);
    }
}

/* Other libraries' constructors may run before ours. */
#define READY                                                                                      \
    if (!real_openat) begin()

static int is_under_root(const char *path) {
    return root_length > 0 && strncmp(path, root, root_length) == 0
           && (path[root_length] == 0 || path[root_length] == '/');
}

/* The absolute path behind `path`, or NULL when it is not under the root. */
static const char *absolute(int directory, const char *path, char *buffer) {
    if (root_length == 0) return NULL;
    if (path[0] == '/') return is_under_root(path) ? path : NULL;
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", directory);
    ssize_t length = readlink(directory == AT_FDCWD ? "/proc/self/cwd" : link, buffer,
                              PATH_MAXIMUM / 2);
    if (length < 0 || (size_t)length + strlen(path) + 2 > PATH_MAXIMUM) return NULL;
    buffer[length] = '/';
    strcpy(buffer + length + 1, path);
    return is_under_root(buffer) ? buffer : NULL;
}

static const char *name_of(int fd) {
    return fd >= 0 && fd < FDS_MAXIMUM ? names[fd] : NULL;
}

static void set_name(int fd, const char *path) {
    if (fd < 0) return;
    if (fd >= FDS_MAXIMUM) {
        if (path) die("too many open files");
        return;
    }
    free(names[fd]);
    names[fd] = path ? strdup(path) : NULL;
}

static int ends_with(const char *path, const char *suffix) {
    size_t length = strlen(path), tail = strlen(suffix);
    return length >= tail && strcmp(path + length - tail, suffix) == 0;
}

/* Counts a call; answers what is to become of it, or NULL when it is let through. */
static const char *judge(int kind, const char *path) {
    counts[kind]++;
    if (kind != fault.kind) return NULL;
    if (fault.suffix && !ends_with(path, fault.suffix)) return NULL;
    uint64_t number = fault.seen++;
    if (number < fault.index) return NULL;
    if (fault.times != 0 && number >= fault.index + fault.times) return NULL;
    if (strcmp(fault.action, "kill-before") == 0) kill(getpid(), SIGKILL);
    return fault.action;
}

static void after(const char *action) {
    if (!action) return;
    if (strcmp(action, "kill-after") == 0 || strcmp(action, "EIO-kill") == 0)
        kill(getpid(), SIGKILL);
}

/* Whether the call fails without being made; errno says how. */
static int fails(const char *action) {
    if (!action) return 0;
    if (strcmp(action, "EIO") == 0 || strcmp(action, "EIO-kill") == 0) {
        errno = EIO;
        return 1;
    }
    if (strcmp(action, "ENOSPC") == 0) {
        errno = ENOSPC;
        return 1;
    }
    return 0;
}

/* --- open and close ------------------------------------------------------------------------- */

static int open_at(int directory, const char *path, int flags, mode_t mode) {
    READY;
    char buffer[PATH_MAXIMUM];
    int failure;
    const char *name = absolute(directory, path, buffer);
    if (!name) {
        int other = real_openat(directory, path, flags, mode);
        /* A descriptor that was closed behind our back is somebody else's now. */
        if (other >= 0 && name_of(other)) {
            pthread_mutex_lock(&lock);
            set_name(other, NULL);
            pthread_mutex_unlock(&lock);
        }
        return other;
    }
    pthread_mutex_lock(&lock);
    const char *action = judge(KIND_OPEN, name);
    int fd = fails(action) ? -1 : real_openat(directory, path, flags, mode);
    failure = errno;
    if (fd >= 0) {
        set_name(fd, name);
        append(KIND_OPEN, fd, 0, (uint32_t)flags, name, NULL, 0);
    }
    after(action);
    pthread_mutex_unlock(&lock);
    errno = failure;
    return fd;
}

#define MODE(flags, mode)                                                                          \
    mode_t mode = 0;                                                                               \
    if ((flags) & (O_CREAT | O_TMPFILE)) {                                                         \
        va_list list;                                                                              \
        va_start(list, flags);                                                                     \
        mode = va_arg(list, mode_t);                                                               \
        va_end(list);                                                                              \
    }

int open(const char *path, int flags, ...) {
    MODE(flags, mode)
    return open_at(AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    MODE(flags, mode)
    return open_at(AT_FDCWD, path, flags | O_LARGEFILE, mode);
}

int openat(int directory, const char *path, int flags, ...) {
    MODE(flags, mode)
    return open_at(directory, path, flags, mode);
}

int openat64(int directory, const char *path, int flags, ...) {
    MODE(flags, mode)
    return open_at(directory, path, flags | O_LARGEFILE, mode);
}

/* What fortified programs call instead. */
int __open_2(const char *path, int flags) { return open_at(AT_FDCWD, path, flags, 0); }
int __open64_2(const char *path, int flags) { return open_at(AT_FDCWD, path, flags, 0); }
int __openat_2(int fd, const char *path, int flags) { return open_at(fd, path, flags, 0); }
int __openat64_2(int fd, const char *path, int flags) { return open_at(fd, path, flags, 0); }

int creat(const char *path, mode_t mode) {
    return open_at(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

int creat64(const char *path, mode_t mode) { return creat(path, mode); }

int close(int fd) {
    READY;
    if (!name_of(fd)) return real_close(fd);
    pthread_mutex_lock(&lock);
    int result = real_close(fd);
    int failure = errno;
    if (name_of(fd)) append(KIND_CLOSE, fd, 0, 0, NULL, NULL, 0);
    set_name(fd, NULL);
    pthread_mutex_unlock(&lock);
    errno = failure;
    return result;
}

/* A copy of a descriptor means the same file; whatever the number meant before is over. */
static int copied(int from, int to) {
    if (to < 0 || from == to || (!name_of(from) && !name_of(to))) return to;
    int failure = errno;
    pthread_mutex_lock(&lock);
    set_name(to, name_of(from));
    append(name_of(from) ? KIND_DUP : KIND_CLOSE, name_of(from) ? from : to, to, 0, NULL, NULL, 0);
    pthread_mutex_unlock(&lock);
    errno = failure;
    return to;
}

int dup(int fd) {
    READY;
    return copied(fd, real_dup(fd));
}

int dup2(int fd, int other) {
    READY;
    return copied(fd, real_dup2(fd, other));
}

int dup3(int fd, int other, int flags) {
    READY;
    return copied(fd, real_dup3(fd, other, flags));
}

/* --- writing -------------------------------------------------------------------------------- */

/* An offset below 0 stands for the descriptor's own. */
static ssize_t write_at(int fd, const void *data, size_t length, off_t offset) {
    pthread_mutex_lock(&lock);
    const char *name = name_of(fd);
    const char *action = name ? judge(KIND_WRITE, name) : NULL;
    size_t asked = length;
    if (action && strncmp(action, "short", 5) == 0) {
        if (asked > 1) asked /= 2;
        /* What comes next finds the disk full, for as long as the fault lasts. */
        if (strcmp(action, "short-ENOSPC") == 0) fault.action = "ENOSPC";
    }
    off_t place = offset;
    if (name && place < 0) {
        int flags = fcntl(fd, F_GETFL);
        place = lseek(fd, 0, flags >= 0 && (flags & O_APPEND) ? SEEK_END : SEEK_CUR);
    }
    ssize_t done;
    if (fails(action))
        done = -1;
    else
        done = offset < 0 ? real_write(fd, data, asked) : real_pwrite(fd, data, asked, offset);
    int failure = errno;
    if (done > 0 && name) append(KIND_WRITE, fd, place, 0, NULL, data, (size_t)done);
    after(action);
    pthread_mutex_unlock(&lock);
    errno = failure;
    return done;
}

ssize_t write(int fd, const void *data, size_t length) {
    READY;
    if (!name_of(fd)) return real_write(fd, data, length);
    return write_at(fd, data, length, -1);
}

ssize_t pwrite(int fd, const void *data, size_t length, off_t offset) {
    READY;
    if (!name_of(fd)) return real_pwrite(fd, data, length, offset);
    return write_at(fd, data, length, offset);
}

ssize_t pwrite64(int fd, const void *data, size_t length, off_t offset) {
    return pwrite(fd, data, length, offset);
}

/* The vector forms go piece by piece; a short piece ends them, as the system may. */
static ssize_t write_pieces(int fd, const struct iovec *pieces, int count, off_t offset) {
    ssize_t whole = 0;
    for (int index = 0; index < count; index++) {
        off_t place = offset < 0 ? -1 : offset + whole;
        if (pieces[index].iov_len == 0) continue;
        ssize_t done = write_at(fd, pieces[index].iov_base, pieces[index].iov_len, place);
        if (done < 0) return whole > 0 ? whole : -1;
        whole += done;
        if ((size_t)done < pieces[index].iov_len) break;
    }
    return whole;
}

ssize_t writev(int fd, const struct iovec *pieces, int count) {
    if (!name_of(fd)) return syscall(SYS_writev, fd, pieces, count);
    return write_pieces(fd, pieces, count, -1);
}

ssize_t pwritev(int fd, const struct iovec *pieces, int count, off_t offset) {
    if (!name_of(fd)) return syscall(SYS_pwritev, fd, pieces, count, offset, 0);
    return write_pieces(fd, pieces, count, offset);
}

ssize_t pwritev64(int fd, const struct iovec *pieces, int count, off_t offset) {
    return pwritev(fd, pieces, count, offset);
}

/* --- flushing and sizes --------------------------------------------------------------------- */

static int sync_with(int data_only, int fd) {
    READY;
    int (*call)(int) = data_only ? real_fdatasync : real_fsync;
    if (!name_of(fd)) return call(fd);
    pthread_mutex_lock(&lock);
    const char *action = judge(KIND_SYNC, name_of(fd));
    int result = fails(action) ? -1 : call(fd);
    int failure = errno;
    append(result == 0 ? KIND_SYNC : KIND_SYNC_FAILED, fd, 0, 0, NULL, NULL, 0);
    after(action);
    pthread_mutex_unlock(&lock);
    errno = failure;
    return result;
}

int fsync(int fd) { return sync_with(0, fd); }
int fdatasync(int fd) { return sync_with(1, fd); }

int ftruncate(int fd, off_t length) {
    READY;
    if (!name_of(fd)) return real_ftruncate(fd, length);
    pthread_mutex_lock(&lock);
    const char *action = judge(KIND_TRUNCATE, name_of(fd));
    int result = fails(action) ? -1 : real_ftruncate(fd, length);
    int failure = errno;
    if (result == 0) append(KIND_TRUNCATE, fd, length, 0, NULL, NULL, 0);
    after(action);
    pthread_mutex_unlock(&lock);
    errno = failure;
    return result;
}

int ftruncate64(int fd, off_t length) { return ftruncate(fd, length); }

int truncate(const char *path, off_t length) {
    READY;
    char buffer[PATH_MAXIMUM];
    if (!absolute(AT_FDCWD, path, buffer)) return real_truncate(path, length);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) return -1;
    int result = ftruncate(fd, length);
    int failure = errno;
    close(fd);
    errno = failure;
    return result;
}

int truncate64(const char *path, off_t length) { return truncate(path, length); }

/* --- names ---------------------------------------------------------------------------------- */

static int unlink_at(int directory, const char *path, int flags) {
    READY;
    char buffer[PATH_MAXIMUM];
    const char *name = absolute(directory, path, buffer);
    if (!name) return real_unlinkat(directory, path, flags);
    pthread_mutex_lock(&lock);
    const char *action = judge(KIND_UNLINK, name);
    int result = fails(action) ? -1 : real_unlinkat(directory, path, flags);
    int failure = errno;
    if (result == 0) append(KIND_UNLINK, -1, 0, (uint32_t)flags, name, NULL, 0);
    after(action);
    pthread_mutex_unlock(&lock);
    errno = failure;
    return result;
}

int unlink(const char *path) { return unlink_at(AT_FDCWD, path, 0); }
int unlinkat(int fd, const char *path, int flags) { return unlink_at(fd, path, flags); }
int rmdir(const char *path) { return unlink_at(AT_FDCWD, path, AT_REMOVEDIR); }

static int rename_at(int from_fd, const char *from, int to_fd, const char *to) {
    READY;
    char from_buffer[PATH_MAXIMUM], to_buffer[PATH_MAXIMUM];
    const char *old = absolute(from_fd, from, from_buffer);
    const char *new = absolute(to_fd, to, to_buffer);
    if (!old || !new) return real_renameat(from_fd, from, to_fd, to);
    pthread_mutex_lock(&lock);
    const char *action = judge(KIND_RENAME, new);
    int result = fails(action) ? -1 : real_renameat(from_fd, from, to_fd, to);
    int failure = errno;
    if (result == 0) append(KIND_RENAME, -1, 0, 0, old, new, strlen(new));
    after(action);
    pthread_mutex_unlock(&lock);
    errno = failure;
    return result;
}

int rename(const char *from, const char *to) { return rename_at(AT_FDCWD, from, AT_FDCWD, to); }
int renameat(int a, const char *from, int b, const char *to) { return rename_at(a, from, b, to); }

static int make_directory(int directory, const char *path, mode_t mode) {
    READY;
    char buffer[PATH_MAXIMUM];
    const char *name = absolute(directory, path, buffer);
    if (!name) return (int)syscall(SYS_mkdirat, directory, path, mode);
    pthread_mutex_lock(&lock);
    const char *action = judge(KIND_MKDIR, name);
    int result = fails(action) ? -1 : (int)syscall(SYS_mkdirat, directory, path, mode);
    int failure = errno;
    if (result == 0) append(KIND_MKDIR, -1, 0, 0, name, NULL, 0);
    after(action);
    pthread_mutex_unlock(&lock);
    errno = failure;
    return result;
}

int mkdir(const char *path, mode_t mode) { return make_directory(AT_FDCWD, path, mode); }
int mkdirat(int fd, const char *path, mode_t mode) { return make_directory(fd, path, mode); }
