#include "host/temp_file.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <memory>

#include "base/digest.hpp"
#include "base/text.hpp"

namespace dtenv {

namespace {

constexpr long foreign_temp_age = 600;  // seconds

/// This boot of this machine in this pid namespace: where a pid means what it says.
const std::string& realm() {
  static const std::string value = [] {
    std::string boot;
    std::ifstream("/proc/sys/kernel/random/boot_id") >> boot;
    std::array<char, 64> link{};
    const ssize_t length = ::readlink("/proc/self/ns/pid", link.data(), link.size());
    if (length > 0) boot.append(link.data(), static_cast<std::size_t>(length));
    return sha256(boot).substr(0, 8);
  }();
  return value;
}

/// The process's start time in ticks since boot, "0" where there is no such process.
std::string start_time(std::string_view pid) {
  std::ifstream file("/proc/" + std::string(pid) + "/stat");
  std::string line;
  std::getline(file, line);
  const std::size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return "0";
  const auto fields = split_words(std::string_view(line).substr(name_end + 1));
  return fields.size() > 19 ? std::string(fields[19]) : "0";
}

std::string prefix_of(const std::string& name) {
  return "." + name + ".dtenv.";
}

bool is_stale(int folder, const std::string& entry, std::string_view tail) {
  const auto parts = split(tail, '.');
  if (parts.size() != 4) return false;
  if (parts[0] == realm()) return start_time(parts[1]) != parts[2];
  struct stat info {};
  if (::fstatat(folder, entry.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) return false;
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return S_ISREG(info.st_mode) != 0 && now.tv_sec - info.st_mtim.tv_sec > foreign_temp_age;
}

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

}  // namespace

Result<TempFile> TempFile::make(int folder, const std::string& folder_path,
                                const std::string& name) {
  const std::string pid = std::to_string(::getpid());
  const std::string maker = realm() + "." + pid + "." + start_time(pid) + ".";
  const std::string temp = prefix_of(name) + maker + hex(random_bytes(8));
  UniqueFd fd(
      ::openat(folder, temp.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) return io_error(folder_path + ": make a file", errno);
  return TempFile(folder, folder_path, temp, std::move(fd));
}

TempFile::TempFile(int folder, std::string folder_path, std::string name, UniqueFd fd)
    : folder_(folder),
      folder_path_(std::move(folder_path)),
      name_(std::move(name)),
      fd_(std::move(fd)) {}

TempFile::TempFile(TempFile&& other) noexcept
    : folder_(other.folder_),
      folder_path_(std::move(other.folder_path_)),
      name_(std::move(other.name_)),
      fd_(std::move(other.fd_)) {
  other.name_.clear();
}

TempFile::~TempFile() {
  if (!name_.empty()) ::unlinkat(folder_, name_.c_str(), 0);
}

Result<void> TempFile::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd_.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return io_error(folder_path_ + "/" + name_ + ": write", errno);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

void remove_stale_temps(int folder, const std::string& name) {
  UniqueFd copy(::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!copy) return;
  const std::unique_ptr<DIR, CloseFolder> listing(::fdopendir(copy.get()));
  if (!listing) return;
  copy.release();
  const std::string prefix = prefix_of(name);
  while (const dirent* entry = ::readdir(listing.get())) {
    const std::string found = entry->d_name;
    if (!starts_with(found, prefix)) continue;
    if (is_stale(folder, found, std::string_view(found).substr(prefix.size())))
      ::unlinkat(folder, found.c_str(), 0);
  }
}

}  // namespace dtenv
