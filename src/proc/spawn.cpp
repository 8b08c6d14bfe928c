#include "proc/spawn.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <vector>

#include "proc/environment.hpp"

namespace dtenv {

namespace {

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> list;
  list.reserve(texts.size() + 1);
  for (std::string& text : texts) list.push_back(text.data());
  list.push_back(nullptr);
  return list;
}

bool is_program(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) != 0 &&
         ::access(path.c_str(), X_OK) == 0;
}

/// The program's path, searched on the child's PATH (posix_spawnp would search on ours). What is
/// not found stays a bare name, which exec then does not find either.
std::string find_program(const std::string& name, const Environ& env) {
  if (contains(name, "/")) return name;
  std::string present;
  for (const std::string& folder : split(variable_or(env, "PATH", ""), ':')) {
    const std::string path = (folder.empty() ? "." : folder) + "/" + name;
    if (is_program(path)) return path;
    if (present.empty() && ::access(path.c_str(), F_OK) == 0) present = path;
  }
  return present;
}

/// The spawn attributes and file actions, freed together.
class Plan {
 public:
  Plan() {
    ::posix_spawnattr_init(&attributes_);
    ::posix_spawn_file_actions_init(&actions_);
  }
  ~Plan() {
    ::posix_spawnattr_destroy(&attributes_);
    ::posix_spawn_file_actions_destroy(&actions_);
  }
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;

  /// 0, or the errno of what could not be set up.
  int fill(const SpawnRequest& request) {
    sigset_t all;
    sigset_t none;
    ::sigfillset(&all);
    ::sigemptyset(&none);
    ::posix_spawnattr_setsigdefault(&attributes_, &all);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setpgroup(&attributes_, 0);
    ::posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
    int failed = 0;
    const auto add = [&failed](int result) { failed = failed != 0 ? failed : result; };
    add(::posix_spawn_file_actions_adddup2(&actions_, request.in, 0));
    add(::posix_spawn_file_actions_adddup2(&actions_, request.out, 1));
    add(::posix_spawn_file_actions_adddup2(&actions_, request.err, 2));
    add(::posix_spawn_file_actions_addclosefrom_np(&actions_, 3));
    if (!request.directory.empty())
      add(::posix_spawn_file_actions_addchdir_np(&actions_, request.directory.c_str()));
    return failed;
  }

  int start(pid_t& pid, const std::string& path, char* const* argv, char* const* env) {
    return ::posix_spawn(&pid, path.c_str(), &actions_, &attributes_, argv, env);
  }

 private:
  posix_spawnattr_t attributes_{};
  posix_spawn_file_actions_t actions_{};
};

/// Out of the way of 0, 1 and 2, which the embedding process may have closed: a descriptor there
/// would be overwritten while the child's are put in place.
Result<UniqueFd> above_stdio(int fd, std::string_view what) {
  if (fd < 0) return io_error(what, errno);
  UniqueFd owned(fd);
  if (fd > 2) return owned;
  UniqueFd moved(::fcntl(fd, F_DUPFD_CLOEXEC, 3));
  if (!moved) return io_error(what, errno);
  return moved;
}

bool is_about_the_program(int errnum) {
  switch (errnum) {
    case ENOENT:
    case ENOTDIR:
    case ELOOP:
    case EACCES:
    case EPERM:
    case ENOEXEC:
    case EISDIR:
    case ELIBBAD:
    case ETXTBSY:
    case ENAMETOOLONG:
      return true;
    default:
      return false;
  }
}

}  // namespace

Result<Spawned> spawn(const SpawnRequest& request) {
  if (request.argv.empty() || request.argv.front().empty())
    return Error{Status::invalid, "a command without a program"};
  for (const std::string& word : request.argv)
    if (word.find('\0') != std::string::npos)
      return Error{Status::invalid, visible(request.argv.front()) + ": a NUL byte in an argument"};
  if (const std::string problem = environment_problem(request.env); !problem.empty())
    return Error{Status::invalid, visible(request.argv.front()) + ": " + problem};
  std::vector<std::string> env_texts;
  for (const auto& [name, value] : request.env) env_texts.push_back(name + "=" + value);
  std::vector<std::string> words = request.argv;
  const std::string path = find_program(words.front(), request.env);
  const auto argv = pointers(words);
  const auto env = pointers(env_texts);

  Plan plan;
  if (const int failed = plan.fill(request); failed != 0) return io_error("spawn", failed);
  Spawned spawned;
  const int failed = plan.start(spawned.pid, path, argv.data(), env.data());
  if (failed != 0 && !is_about_the_program(failed))
    return io_error(visible(request.argv.front()) + ": start", failed);
  if (failed != 0) {
    struct stat info {};
    const bool no_folder =
        !request.directory.empty() &&
        (::stat(request.directory.c_str(), &info) != 0 || S_ISDIR(info.st_mode) == 0 ||
         ::access(request.directory.c_str(), X_OK) != 0);
    spawned.pid = -1;
    spawned.exec_errno = failed;
    spawned.exec_what = no_folder ? request.directory : request.argv.front();
    return spawned;
  }
  // Called by number: the C library has it since 2.36 only.
  spawned.pidfd.reset(static_cast<int>(::syscall(SYS_pidfd_open, spawned.pid, 0)));
  if (spawned.pidfd) return spawned;
  if (errno == ESRCH)
    return Error{Status::child_lost, visible(request.argv.front()) +
                                         ": the embedding process reaped this child; how it ended "
                                         "is not known"};
  const int why = errno;
  ::kill(-spawned.pid, SIGKILL);
  siginfo_t info{};
  ::waitid(P_PID, static_cast<id_t>(spawned.pid), &info, WEXITED);
  return io_error(visible(request.argv.front()) + ": pidfd_open", why);
}

int exec_exit_code(int exec_errno) {
  return exec_errno == ENOENT || exec_errno == ENOTDIR || exec_errno == ELOOP ? 127 : 126;
}

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return io_error("pipe", errno);
  Pipe pipe;
  UniqueFd write_end(ends[1]);
  DT_TRY_ASSIGN(pipe.read, above_stdio(ends[0], "pipe"));
  DT_TRY_ASSIGN(pipe.write, above_stdio(write_end.release(), "pipe"));
  return pipe;
}

Result<Pipe> make_socket_pair() {
  std::array<int, 2> ends{-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return io_error("socketpair", errno);
  Pipe pair;
  UniqueFd write_end(ends[1]);
  DT_TRY_ASSIGN(pair.read, above_stdio(ends[0], "socketpair"));
  DT_TRY_ASSIGN(pair.write, above_stdio(write_end.release(), "socketpair"));
  return pair;
}

Result<UniqueFd> make_input(std::string_view bytes) {
  if (bytes.empty()) return above_stdio(::open("/dev/null", O_RDONLY | O_CLOEXEC), "/dev/null");
  DT_TRY_ASSIGN(UniqueFd file, above_stdio(::memfd_create("dtenv-input", MFD_CLOEXEC), "memfd"));
  while (!bytes.empty()) {
    const ssize_t written = ::write(file.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return io_error("memfd: write", errno);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::lseek(file.get(), 0, SEEK_SET) != 0) return io_error("memfd: seek", errno);
  return file;
}

}  // namespace dtenv
