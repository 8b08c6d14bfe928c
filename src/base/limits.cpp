#include "base/limits.hpp"

#include <sys/resource.h>

#include <cerrno>
#include <fstream>
#include <vector>

#include "base/text.hpp"

namespace dtenv {
namespace {

std::string value_of(int resource) {
  struct rlimit limit {};
  if (::getrlimit(static_cast<__rlimit_resource_t>(resource), &limit) != 0 ||
      limit.rlim_cur == RLIM_INFINITY)
    return "unlimited";
  return std::to_string(limit.rlim_cur);
}

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

/// pids.max of the cgroup this process is in; empty: none is set.
std::string pids_limit() {
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    const auto fields = split(line, ':');
    if (fields.size() != 3 || (fields[1] != "pids" && !fields[1].empty())) continue;
    const std::string root = fields[1] == "pids" ? "/sys/fs/cgroup/pids" : "/sys/fs/cgroup";
    const std::string value = first_line(root + fields[2] + "/pids.max");
    if (!value.empty() && value != "max") return value;
  }
  return {};
}

}  // namespace

std::string limit_words(int errnum) {
  if (errnum == EMFILE)
    return " (open files are limited to " + value_of(RLIMIT_NOFILE) + ": ulimit -n)";
  if (errnum == ENFILE) return " (the machine's limit on open files: fs.file-max)";
  if (errnum != EAGAIN) return {};
  const std::string pids = pids_limit();
  return " (processes are limited to " + value_of(RLIMIT_NPROC) + ": ulimit -u" +
         (pids.empty() ? "" : "; to " + pids + " by the cgroup: pids.max") + ")";
}

}  // namespace dtenv
