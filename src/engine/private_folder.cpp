#include "engine/private_folder.hpp"

#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/filesystem/operations.hpp>
#include <cerrno>

#include "base/text.hpp"

namespace dtenv {

namespace fs = boost::filesystem;

namespace {

constexpr std::string_view prefix = "dtenv-";

/// What a killed process left: named after its pid, which nobody has any more.
void remove_leftovers(const std::string& base) {
  boost::system::error_code ignored;
  for (fs::directory_iterator at(base, ignored), end; !ignored && at != end;
       at.increment(ignored)) {
    const std::string name = at->path().filename().string();
    if (!starts_with(name, prefix)) continue;
    const auto parts = split(name, '-');
    const auto pid = parts.size() == 3 ? parse_integer(parts[1], 1, 1 << 30) : std::nullopt;
    struct stat status {};
    if (!pid || ::lstat(at->path().c_str(), &status) != 0 || status.st_uid != ::geteuid() ||
        !S_ISDIR(status.st_mode))
      continue;
    if (::kill(static_cast<pid_t>(*pid), 0) != 0 && errno == ESRCH) {
      boost::system::error_code failed;
      fs::remove_all(at->path(), failed);
    }
  }
}

}  // namespace

Result<PrivateFolder> PrivateFolder::make(const std::string& base) {
  const bool own_run = ::access("/run", W_OK) == 0;
  const std::string parent = !base.empty() ? base : own_run ? "/run" : "/tmp";
  remove_leftovers(parent);
  std::string path = parent + "/" + std::string(prefix) + std::to_string(::getpid()) + "-XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) return io_error(path + ": mkdtemp", errno);
  return PrivateFolder(std::move(path));
}

PrivateFolder::~PrivateFolder() {
  boost::system::error_code ignored;
  if (!path_.empty()) fs::remove_all(path_, ignored);
}

}  // namespace dtenv
