/* libdtfault.so: goes before libc and lets the K-th call that changes a file end badly. Numbers run
 * across all threads and all children of the process it was put before.
 *
 *   DTFAULT=WHAT@K    kill | killone | short | an errno's name (ENOSPC EIO EROFS EINTR EACCES), at
 *                     call K; WHAT@K+ from call K on; "count" only counts
 *           oom@K     the first process's K-th allocation fails, or all from it on
 *   DTFAULT_ROOT      only what lies below this folder counts
 *   DTFAULT_STATE     an 8 KiB file of zeros: the counters, shared by mmap
 *   DTFAULT_LOG       a line "NUMBER CALL PATH" a call is appended here, where given
 *
 * "kill" ends, before the call, the process the variables were given to and the whole process group
 * that made the call, as a power cut ends all; "killone" only the process that made it. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <unistd.h>

struct state {
  atomic_long calls;
  atomic_long fired;
  atomic_long first_pid;
  atomic_long allocations; /* of the first process */
};

static struct state* shared;
static int counts_here; /* allocations: this is the first process */
static char what[16];
static long at = LONG_MAX;
static int from_then_on;
static char root[PATH_MAX];
static char log_path[PATH_MAX];
static char* own[8]; /* our variables, for children that are started with others */

enum { go_on = 0, make_short = -1 };

static void remember(const char* name) {
  static int count;
  const char* value = getenv(name);
  if (!value || count >= 7) return;
  size_t size = strlen(name) + strlen(value) + 2;
  own[count] = malloc(size);
  if (own[count]) snprintf(own[count++], size, "%s=%s", name, value);
}

__attribute__((constructor)) static void begin(void) {
  const char *wanted = getenv("DTFAULT"), *state = getenv("DTFAULT_STATE");
  if (!wanted || !state || !getenv("DTFAULT_ROOT")) return;
  snprintf(root, sizeof root, "%s", getenv("DTFAULT_ROOT"));
  if (getenv("DTFAULT_LOG")) snprintf(log_path, sizeof log_path, "%s", getenv("DTFAULT_LOG"));
  const char* mark = strchr(wanted, '@');
  snprintf(what, sizeof what, "%.*s", mark ? (int)(mark - wanted) : 15, wanted);
  if (mark) at = strtol(mark + 1, NULL, 10);
  from_then_on = mark && wanted[strlen(wanted) - 1] == '+';
  for (int i = 0; i < 5; ++i)
    remember(((const char*[]){"LD_PRELOAD", "DTFAULT", "DTFAULT_ROOT", "DTFAULT_STATE",
                              "DTFAULT_LOG"})[i]);
  int fd = (int)syscall(SYS_openat, AT_FDCWD, state, O_RDWR | O_CLOEXEC);
  if (fd < 0) return;
  void* memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  syscall(SYS_close, fd);
  if (memory == MAP_FAILED) return;
  shared = memory;
  long none = 0;
  atomic_compare_exchange_strong(&shared->first_pid, &none, (long)getpid());
  counts_here = atomic_load(&shared->first_pid) == getpid();
}

static int error_named(const char* name) {
  static const struct {
    const char* name;
    int number;
  } errors[] = {{"ENOSPC", ENOSPC}, {"EIO", EIO},       {"EROFS", EROFS},
                {"EINTR", EINTR},   {"EACCES", EACCES}, {"EDQUOT", EDQUOT}};
  for (size_t i = 0; i < sizeof errors / sizeof *errors; ++i)
    if (strcmp(errors[i].name, name) == 0) return errors[i].number;
  return 0;
}

static void note(long number, const char* call, const char* path) {
  char line[PATH_MAX + 64];
  int length = snprintf(line, sizeof line, "%ld %s %s\n", number, call, path);
  int fd =
      (int)syscall(SYS_openat, AT_FDCWD, log_path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
  if (fd < 0) return;
  syscall(SYS_write, fd, line, (size_t)length);
  syscall(SYS_close, fd);
}

/* go_on, make_short, or the errno to fail with. */
static int verdict(const char* call, const char* path) {
  if (!shared || strncmp(path, root, strlen(root)) != 0) return go_on;
  long number = atomic_fetch_add(&shared->calls, 1) + 1;
  if (*log_path) note(number, call, path);
  if (what[0] == 'o' || (number != at && !(from_then_on && number > at))) return go_on;
  atomic_fetch_add(&shared->fired, 1);
  if (strcmp(what, "kill") == 0) {
    kill((pid_t)atomic_load(&shared->first_pid), SIGKILL);
    kill(0, SIGKILL);
  }
  if (strcmp(what, "killone") == 0) kill(getpid(), SIGKILL);
  if (strcmp(what, "short") == 0) return make_short;
  return error_named(what);
}

/* Whether this allocation fails. */
static int out_of_memory(void) {
  if (!counts_here) return 0;
  long number = atomic_fetch_add(&shared->allocations, 1) + 1;
  if (what[0] != 'o' || (number != at && !(from_then_on && number > at))) return 0;
  atomic_fetch_add(&shared->fired, 1);
  errno = ENOMEM;
  return 1;
}

/* glibc's own names: what dlsym() looks up may itself allocate. */
void* __libc_malloc(size_t);
void* __libc_calloc(size_t, size_t);
void* __libc_realloc(void*, size_t);
void* __libc_memalign(size_t, size_t);
void* malloc(size_t size) {
  return out_of_memory() ? NULL : __libc_malloc(size);
}
void* calloc(size_t count, size_t size) {
  return out_of_memory() ? NULL : __libc_calloc(count, size);
}
void* realloc(void* old, size_t size) {
  return out_of_memory() ? NULL : __libc_realloc(old, size);
}
void* aligned_alloc(size_t alignment, size_t size) {
  return out_of_memory() ? NULL : __libc_memalign(alignment, size);
}

static int of_fd(const char* call, int fd) {
  char link[64], path[PATH_MAX];
  if (!shared) return go_on;
  int before = errno;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  errno = before;
  if (length < 0) return go_on;
  path[length] = 0;
  return verdict(call, path);
}

static int of_path(const char* call, int folder, const char* name) {
  char link[64], path[PATH_MAX * 2];
  if (!shared || !name) return go_on;
  if (*name == '/') return verdict(call, name);
  int before = errno;
  if (folder == AT_FDCWD)
    snprintf(link, sizeof link, "/proc/self/cwd");
  else
    snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
  ssize_t length = readlink(link, path, PATH_MAX - 1);
  errno = before;
  if (length < 0) return go_on;
  snprintf(path + length, sizeof path - (size_t)length, "/%s", name);
  return verdict(call, path);
}

#define REAL(name) (__extension__(__typeof__(&name)) dlsym(RTLD_NEXT, #name))
#define FAIL_IF(verdict_of)                \
  do {                                     \
    int bad_ = (verdict_of);               \
    if (bad_ > 0) return errno = bad_, -1; \
  } while (0)

/* Opening changes a file where it makes or empties one. */
#define OPENING(name, folder, path_argument, ...)                        \
  mode_t mode = 0;                                                       \
  if (flags & (O_CREAT | O_TMPFILE)) {                                   \
    va_list rest;                                                        \
    va_start(rest, flags);                                               \
    mode = va_arg(rest, mode_t);                                         \
    va_end(rest);                                                        \
  }                                                                      \
  if ((flags & (O_CREAT | O_TRUNC)) || (flags & O_TMPFILE) == O_TMPFILE) \
    FAIL_IF(of_path("open", folder, path_argument));                     \
  return REAL(name)(__VA_ARGS__, flags, mode)

int open(const char* path, int flags, ...) {
  OPENING(open, AT_FDCWD, path, path);
}
int open64(const char* path, int flags, ...) {
  OPENING(open64, AT_FDCWD, path, path);
}
int openat(int folder, const char* path, int flags, ...) {
  OPENING(openat, folder, path, folder, path);
}
int openat64(int folder, const char* path, int flags, ...) {
  OPENING(openat64, folder, path, folder, path);
}
int creat(const char* path, mode_t mode) {
  FAIL_IF(of_path("creat", AT_FDCWD, path));
  return REAL(creat)(path, mode);
}

#define HALF(size) ((size) > 1 ? (size) / 2 : (size))
ssize_t write(int fd, const void* bytes, size_t size) {
  int bad = of_fd("write", fd);
  FAIL_IF(bad);
  return REAL(write)(fd, bytes, bad == make_short ? HALF(size) : size);
}
ssize_t pwrite(int fd, const void* bytes, size_t size, off_t offset) {
  int bad = of_fd("pwrite", fd);
  FAIL_IF(bad);
  return REAL(pwrite)(fd, bytes, bad == make_short ? HALF(size) : size, offset);
}
ssize_t writev(int fd, const struct iovec* parts, int count) {
  FAIL_IF(of_fd("writev", fd));
  return REAL(writev)(fd, parts, count);
}
ssize_t copy_file_range(int in, off64_t* in_at, int out, off64_t* out_at, size_t size,
                        unsigned flags) {
  int bad = of_fd("copy_file_range", out);
  FAIL_IF(bad);
  return REAL(copy_file_range)(in, in_at, out, out_at, bad == make_short ? HALF(size) : size,
                               flags);
}

#define OF_FD(type, name, parameters, fd, ...) \
  int name parameters {                        \
    FAIL_IF(of_fd(#name, fd));                 \
    return REAL(name)(__VA_ARGS__);            \
  }
OF_FD(int, fsync, (int fd), fd, fd)
OF_FD(int, fdatasync, (int fd), fd, fd)
OF_FD(int, syncfs, (int fd), fd, fd)
OF_FD(int, ftruncate, (int fd, off_t size), fd, fd, size)
OF_FD(int, ftruncate64, (int fd, off64_t size), fd, fd, size)
OF_FD(int, fchmod, (int fd, mode_t mode), fd, fd, mode)
OF_FD(int, fchown, (int fd, uid_t user, gid_t group), fd, fd, user, group)
OF_FD(int, flock, (int fd, int how), fd, fd, how)
OF_FD(int, fsetxattr, (int fd, const char* name, const void* value, size_t size, int flags), fd, fd,
      name, value, size, flags)

#define OF_PATH(name, parameters, folder, path, ...) \
  int name parameters {                              \
    FAIL_IF(of_path(#name, folder, path));           \
    return REAL(name)(__VA_ARGS__);                  \
  }
OF_PATH(rename, (const char* from, const char* to), AT_FDCWD, to, from, to)
OF_PATH(renameat, (int a, const char* from, int b, const char* to), b, to, a, from, b, to)
OF_PATH(renameat2, (int a, const char* from, int b, const char* to, unsigned flags), b, to, a, from,
        b, to, flags)
OF_PATH(link, (const char* from, const char* to), AT_FDCWD, to, from, to)
OF_PATH(linkat, (int a, const char* from, int b, const char* to, int flags), b, to, a, from, b, to,
        flags)
OF_PATH(symlink, (const char* from, const char* to), AT_FDCWD, to, from, to)
OF_PATH(symlinkat, (const char* from, int folder, const char* to), folder, to, from, folder, to)
OF_PATH(unlink, (const char* path), AT_FDCWD, path, path)
OF_PATH(unlinkat, (int folder, const char* path, int flags), folder, path, folder, path, flags)
OF_PATH(rmdir, (const char* path), AT_FDCWD, path, path)
OF_PATH(remove, (const char* path), AT_FDCWD, path, path)
OF_PATH(mkdir, (const char* path, mode_t mode), AT_FDCWD, path, path, mode)
OF_PATH(mkdirat, (int folder, const char* path, mode_t mode), folder, path, folder, path, mode)
OF_PATH(truncate, (const char* path, off_t size), AT_FDCWD, path, path, size)
OF_PATH(chmod, (const char* path, mode_t mode), AT_FDCWD, path, path, mode)
OF_PATH(fchmodat, (int folder, const char* path, mode_t mode, int flags), folder, path, folder,
        path, mode, flags)
OF_PATH(chown, (const char* path, uid_t user, gid_t group), AT_FDCWD, path, path, user, group)
OF_PATH(lchown, (const char* path, uid_t user, gid_t group), AT_FDCWD, path, path, user, group)
OF_PATH(fchownat, (int folder, const char* path, uid_t user, gid_t group, int flags), folder, path,
        folder, path, user, group, flags)

/* A child is given an environment of its own: ours is added to it. */
int posix_spawn(pid_t* pid, const char* path, const posix_spawn_file_actions_t* actions,
                const posix_spawnattr_t* attributes, char* const argv[],
                char* const environment[]) {
  size_t count = 0, ours = 0;
  while (environment && environment[count]) ++count;
  while (own[ours]) ++ours;
  char** all = calloc(count + ours + 1, sizeof *all);
  if (!shared || !all) {
    free(all);
    return REAL(posix_spawn)(pid, path, actions, attributes, argv, environment);
  }
  memcpy(all, environment, count * sizeof *all);
  memcpy(all + count, own, ours * sizeof *all);
  int failed = REAL(posix_spawn)(pid, path, actions, attributes, argv, all);
  free(all);
  return failed;
}
