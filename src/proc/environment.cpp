#include "proc/environment.hpp"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>

namespace dtenv {

namespace {

constexpr const char* default_path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

struct Account {
  std::string name;
  std::string home;
};

Account account(uid_t user) {
  std::array<char, 4096> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(user, &entry, buffer.data(), buffer.size(), &found) != 0 || !found) return {};
  return {found->pw_name, found->pw_dir};
}

}  // namespace

Environ child_environment(bool for_ssh) {
  std::string path = variable("PATH");
  std::string home = variable("HOME");
  std::string user = variable("USER");
  if (home.empty() || user.empty()) {
    const Account acting = account(::geteuid());
    if (home.empty()) home = acting.home;
    if (user.empty()) user = acting.name;
  }
  Environ env{{"PATH", path.empty() ? default_path : path},
              {"HOME", home.empty() ? "/" : home},
              {"LANG", "C.UTF-8"},
              {"LC_ALL", "C.UTF-8"}};
  if (!user.empty()) env.emplace_back("USER", user);
  if (!for_ssh) return env;
  for (const char* name : {"SSH_AUTH_SOCK", "KRB5CCNAME"}) {
    std::string value = variable(name);
    if (!value.empty()) env.emplace_back(name, std::move(value));
  }
  return env;
}

std::string account_home(uid_t user) {
  return account(user).home;
}

Environ merge_environment(Environ base, const Environ& added) {
  for (const auto& [name, value] : added) {
    const auto same = std::find_if(base.begin(), base.end(),
                                   [&](const auto& entry) { return entry.first == name; });
    if (same == base.end())
      base.emplace_back(name, value);
    else
      same->second = value;
  }
  return base;
}

std::string environment_problem(const Environ& env) {
  for (const auto& [name, value] : env) {
    if (name.empty() || name.find('=') != std::string::npos)
      return "a variable named \"" + visible(name) + "\"";
    if (name.find('\0') != std::string::npos || value.find('\0') != std::string::npos)
      return "a NUL byte in the variable " + visible(name);
  }
  return {};
}

std::string variable_or(const Environ& env, const std::string& name, std::string fallback) {
  for (const auto& [key, value] : env)
    if (key == name) return value;
  return fallback;
}

std::string home_folder() {
  std::string home = variable("HOME");
  if (home.empty()) home = account_home(::geteuid());
  struct stat info {};
  const bool usable = ::stat(home.c_str(), &info) == 0 && S_ISDIR(info.st_mode) != 0 &&
                      ::access(home.c_str(), X_OK) == 0;
  return usable ? home : "/";
}

}  // namespace dtenv
