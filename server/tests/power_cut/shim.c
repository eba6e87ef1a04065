/*
 * Loaded into the server before the C library: whatever it does to the journal's files is written down, so that the test
 * can say what a disk may hold after a power cut. What it writes is in the trace before anybody can learn of it by what
 * the server does next; a sync is in it when it is over.
 *
 * PARLOR_TRACE: where to write. PARLOR_TRACE_DIR: the data directory, as the server names it.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

enum { CREATE = 1, WRITE, TRUNCATE, SYNC, UNLINK };
enum { NONE = 0, MAIN, WAL, ROLLBACK, DIRECTORY };

struct record {
    uint8_t what, file;
    uint8_t unused[6];
    uint64_t offset, length;
};

#define FDS 65536
static uint8_t files[FDS];
static int trace = -1;
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static void give_up(const char *why) {
    fprintf(stderr, "shim: %s\n", why);
    abort();
}

static int file_of(const char *path) {
    static const char name[] = "journal.sqlite3";
    const char *directory = getenv("PARLOR_TRACE_DIR"), *found = strstr(path, name);
    if (directory && strcmp(path, directory) == 0) return DIRECTORY;
    if (!found) return NONE;
    found += sizeof name - 1;
    if (*found == 0) return MAIN;
    if (strcmp(found, "-wal") == 0) return WAL;
    if (strcmp(found, "-journal") == 0) return ROLLBACK;
    if (strcmp(found, "-shm") == 0) return NONE;
    give_up("a file of the journal that it does not know");
    return NONE;
}

static int file_at(int fd) { return fd >= 0 && fd < FDS ? files[fd] : NONE; }

/* One write a record, so that the trace's length says which are complete. */
static void note(int what, int file, off_t offset, const void *bytes, size_t length) {
    static uint8_t buffer[sizeof(struct record) + (1 << 20)];
    struct record record = {.what = what, .file = file, .offset = offset, .length = length};
    if (length > 1 << 20) give_up("a write is too long");
    if (trace < 0) {
        trace = REAL(open)(getenv("PARLOR_TRACE"), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
        if (trace < 0) give_up("no trace");
    }
    memcpy(buffer, &record, sizeof record);
    if (bytes) memcpy(buffer + sizeof record, bytes, length);
    size_t all = sizeof record + (bytes ? length : 0);
    if (REAL(write)(trace, buffer, all) != (ssize_t)all) give_up("the trace is full");
}

static void opened(int fd, const char *path, int flags, int existed) {
    int file = file_of(path);
    if (fd < 0) return;
    if (fd >= FDS) give_up("too many files");
    files[fd] = file;
    if (file == NONE || file == DIRECTORY) return;
    if ((flags & O_CREAT) && !existed) note(CREATE, file, 0, NULL, 0);
    if (flags & O_TRUNC) note(TRUNCATE, file, 0, NULL, 0);
}

#define OPEN(name, ...)                                       \
    mode_t mode = 0;                                          \
    if (flags & O_CREAT) {                                    \
        va_list rest;                                         \
        va_start(rest, flags);                                \
        mode = va_arg(rest, mode_t);                          \
        va_end(rest);                                         \
    }                                                         \
    if (file_of(path) == NONE) {                              \
        int plain = REAL(name)(__VA_ARGS__);                  \
        if (plain >= 0 && plain < FDS) files[plain] = NONE;   \
        return plain;                                         \
    }                                                         \
    pthread_mutex_lock(&turn);                                \
    int existed = access(path, F_OK) == 0;                    \
    int fd = REAL(name)(__VA_ARGS__);                         \
    opened(fd, path, flags, existed);                         \
    pthread_mutex_unlock(&turn);                              \
    return fd

int open(const char *path, int flags, ...) { OPEN(open, path, flags, mode); }
int open64(const char *path, int flags, ...) { OPEN(open64, path, flags, mode); }
int openat(int at, const char *path, int flags, ...) { OPEN(openat, at, path, flags, mode); }
int openat64(int at, const char *path, int flags, ...) { OPEN(openat64, at, path, flags, mode); }

int close(int fd) {
    if (fd >= 0 && fd < FDS) files[fd] = NONE;
    return REAL(close)(fd);
}

static void wrote(int fd, off_t offset, const void *bytes, ssize_t count) {
    if (count > 0) note(WRITE, file_at(fd), offset, bytes, count);
}

ssize_t write(int fd, const void *bytes, size_t count) {
    if (file_at(fd) == NONE) return REAL(write)(fd, bytes, count);
    pthread_mutex_lock(&turn);
    off_t offset = lseek(fd, 0, SEEK_CUR);
    ssize_t done = REAL(write)(fd, bytes, count);
    wrote(fd, offset, bytes, done);
    pthread_mutex_unlock(&turn);
    return done;
}

#define PWRITE(name)                                                             \
    ssize_t name(int fd, const void *bytes, size_t count, off_t offset) {        \
        if (file_at(fd) == NONE) return REAL(name)(fd, bytes, count, offset);    \
        pthread_mutex_lock(&turn);                                               \
        ssize_t done = REAL(name)(fd, bytes, count, offset);                     \
        wrote(fd, offset, bytes, done);                                          \
        pthread_mutex_unlock(&turn);                                             \
        return done;                                                             \
    }
PWRITE(pwrite)
PWRITE(pwrite64)

#define AFTER(name, what, offset, call, file)                  \
    if ((file) == NONE) return REAL(name) call;                \
    pthread_mutex_lock(&turn);                                 \
    int done = REAL(name) call;                                \
    if (done == 0) note(what, file, offset, NULL, 0);          \
    pthread_mutex_unlock(&turn);                               \
    return done

int ftruncate(int fd, off_t length) { AFTER(ftruncate, TRUNCATE, length, (fd, length), file_at(fd)); }
int ftruncate64(int fd, off_t length) { AFTER(ftruncate64, TRUNCATE, length, (fd, length), file_at(fd)); }
int fsync(int fd) { AFTER(fsync, SYNC, 0, (fd), file_at(fd)); }
int fdatasync(int fd) { AFTER(fdatasync, SYNC, 0, (fd), file_at(fd)); }
int unlink(const char *path) { AFTER(unlink, UNLINK, 0, (path), file_of(path)); }

int rename(const char *from, const char *to) {
    if (file_of(from) != NONE || file_of(to) != NONE) give_up("renaming is not written down yet");
    return REAL(rename)(from, to);
}
