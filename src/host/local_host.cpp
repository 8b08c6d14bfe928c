#include "host/local_host.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>

#include "base/deadline.hpp"
#include "base/text.hpp"
#include "host/atomic_file.hpp"
#include "host/disk_thread.hpp"
#include "net/docker_client.hpp"
#include "proc/child.hpp"

namespace dtenv {

namespace {

/// A write takes milliseconds: who holds the lock longer hangs on a disk.
constexpr Duration lock_patience = std::chrono::seconds(10);

/// A disk that answers takes milliseconds; a network's may take its time.
constexpr Duration disk_patience = std::chrono::seconds(60);

/// The engine's socket: DOCKER_HOST where it names one, else where every package puts it.
Result<std::string> socket_path() {
  const char* variable = std::getenv("DOCKER_HOST");
  const std::string address = variable ? variable : "";
  if (address.empty()) return std::string("/var/run/docker.sock");
  if (starts_with(address, "unix://")) return address.substr(7);
  return Error{Status::unsupported,
               "DOCKER_HOST is " + visible(address) + ": only unix:// is spoken to"};
}

/// Why no engine can answer there; empty: nothing is known against it.
std::string socket_problem(const std::string& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0)
    return errno == ENOENT ? "there is no such socket: no Docker Engine is installed, or it is not "
                             "running"
                           : std::generic_category().message(errno);
  if (::stat(path.c_str(), &info) != 0) return "a symbolic link to nothing";
  if (S_ISSOCK(info.st_mode) == 0) return "not a socket";
  if (::access(path.c_str(), R_OK | W_OK) != 0)
    return "this user may not use it: run as root, or as a member of its group";
  return {};
}

}  // namespace

LocalHost::LocalHost(const HostContext& context, std::string name)
    : context_(context), name_(std::move(name)) {}

Task<Result<void>> LocalHost::connect() {
  co_return Result<void>{};
}

Task<Result<Outcome>> LocalHost::run(const Command& command, OutputSink sink) {
  co_return co_await run_child(command, std::move(sink));
}

Task<Result<std::optional<FileState>>> LocalHost::read(std::string path, std::size_t limit) {
  if (!context_.disk) co_return read_file(path, limit);
  std::string what = "read " + visible(path);
  std::function<Result<std::optional<FileState>>()> work = [path = std::move(path), limit] {
    return read_file(path, limit);
  };
  co_return co_await context_.disk->run(std::move(what), std::move(work), disk_patience);
}

/// False: somebody holds the folder's lock.
Task<Result<bool>> LocalHost::try_write(const FileWrite& file) {
  if (!context_.disk) co_return try_write_file(file);
  std::string what = "write " + visible(file.path);
  std::function<Result<bool>()> work = [file] { return try_write_file(file); };
  co_return co_await context_.disk->run(std::move(what), std::move(work), disk_patience);
}

Task<Result<void>> LocalHost::write_all(std::span<const FileWrite> files) {
  const auto deadline = std::chrono::steady_clock::now() + lock_patience;
  for (const FileWrite& file : files) {
    for (;;) {
      DT_CO_TRY_ASSIGN(const bool written, co_await try_write(file));
      if (written) break;
      if (std::chrono::steady_clock::now() > deadline) co_return locked_error(file.path);
      co_await pause(std::chrono::milliseconds(20));
    }
  }
  co_return Result<void>{};
}

Task<Result<Docker*>> LocalHost::docker() {
  if (!context_.curl) co_return Error{Status::unsupported, name_ + ": no HTTP client here"};
  DT_CO_TRY_ASSIGN(const std::string path, socket_path());
  if (!docker_) docker_ = std::make_unique<DockerClient>(*context_.curl, path, name_);
  if (!answered_) {
    const std::string problem = socket_problem(path);
    if (!problem.empty()) co_return Error{Status::not_found, path + ": " + problem};
    auto version = co_await docker_->version();
    if (!version) docker_->forget();
    DT_CO_TRY(version);
    answered_ = true;
  }
  co_return docker_.get();
}

}  // namespace dtenv
