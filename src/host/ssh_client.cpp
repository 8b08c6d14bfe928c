#include "host/ssh_client.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>

#include "formats/openssh_version.hpp"
#include "host/atomic_file.hpp"
#include "proc/child.hpp"
#include "proc/environment.hpp"

namespace dtenv {

namespace {

constexpr int first_with_sntrup = 900;

constexpr std::string_view config_text =
    "Include ~/.ssh/config\n"
    "Include /etc/ssh/ssh_config\n"
    "Host *\n"
    "    KexAlgorithms ^curve25519-sha256\n";

/// ssh refuses a config that others may write, but not one that is included.
bool is_safe_config() {
  const std::string home = account_home(::getuid());
  if (home.empty()) return false;
  struct stat status {};
  if (::stat((home + "/.ssh/config").c_str(), &status) != 0) return true;
  return (status.st_uid == 0 || status.st_uid == ::getuid()) && (status.st_mode & 022) == 0;
}

}  // namespace

SshClient::SshClient(asio::any_io_executor executor, std::string folder)
    : folder_(std::move(folder)), known_(executor, asio::steady_timer::time_point::max()) {}

Task<std::string> SshClient::config_file() {
  // Whoever is called off while asking leaves it to the next.
  struct Asking {
    SshClient& client;
    explicit Asking(SshClient& asked) : client(asked) { client.asking_ = true; }
    Asking(const Asking&) = delete;
    Asking& operator=(const Asking&) = delete;
    ~Asking() {
      client.asking_ = false;
      client.known_.cancel();
    }
  };
  while (!config_) {
    if (asking_) {
      co_await known_.async_wait(asio::as_tuple(asio::use_awaitable));
      continue;
    }
    const Asking asking(*this);
    config_ = co_await make();
  }
  co_return *config_;
}

Task<std::string> SshClient::make() const {
  Command ask;
  ask.argv = {"ssh", "-V"};
  ask.timeout = std::chrono::seconds(5);
  const auto told = co_await run_child(ask);
  if (!told || openssh_version(told->err) < first_with_sntrup || !is_safe_config()) co_return "";
  FileWrite file;
  file.path = folder_ + "/ssh_config";
  file.content = config_text;
  file.mode = 0600;
  // Without it a connection costs more, and works.
  co_return write_file(file) ? file.path : "";
}

}  // namespace dtenv
