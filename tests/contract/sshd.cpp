#include "contract/sshd.hpp"

#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "contract/setup.hpp"

namespace dtenv {

namespace {

int free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address);
  socklen_t size = sizeof address;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(fd);
  return ntohs(address.sin_port);
}

bool accepts(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool open = ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  ::close(fd);
  return open;
}

std::string content(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void put(const std::string& path, const std::string& text, std::filesystem::perms mode) {
  std::ofstream(path) << text;
  std::filesystem::permissions(path, mode);
}

int start_program(const Argv& argv) {
  std::vector<char*> words;
  for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  const int pid = ::fork();
  if (pid != 0) return pid;
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);  // not to stay when this program is killed
  ::execvp(words[0], words.data());
  ::_exit(127);
}

bool run_program(const Argv& argv) {
  int status = 0;
  return ::waitpid(start_program(argv), &status, 0) > 0 && status == 0;
}

}  // namespace

Sshd::Sshd(const std::string& more_config, bool has_perl) {
  folder_ = fresh_folder();
  if (::access("/usr/sbin/sshd", X_OK) != 0) {
    problem_ = "no sshd here (openssh-server)";
  } else if (!has_perl && ::geteuid() != 0) {
    problem_ = "to hide perl needs root";
  } else if (!prepare(more_config)) {
    problem_ = "no keys could be made (ssh-keygen)";
  } else {
    start(has_perl);
  }
}

bool Sshd::prepare(const std::string& more_config) {
  using std::filesystem::perms;
  std::filesystem::permissions(folder_, perms(0700));
  if (::geteuid() == 0) std::filesystem::create_directories("/run/sshd");
  for (const char* name : {"host", "user"})
    if (!run_program({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder_ + "/" + name}))
      return false;
  put(folder_ + "/authorized_keys", content(folder_ + "/user.pub"), perms(0600));
  put(folder_ + "/known_hosts",
      "[127.0.0.1]:" + std::to_string(port_ = free_port()) + " " + content(folder_ + "/host.pub"),
      perms(0600));
  const std::string home = folder_ + "/home";
  std::filesystem::create_directories(home);
  std::filesystem::permissions(home, perms(0700));
  put(home + "/.bashrc", "echo \"welcome 'to\" this machine\necho beware >&2\n", perms(0600));
  put(folder_ + "/config",
      "ListenAddress 127.0.0.1\nPort " + std::to_string(port_) + "\nHostKey " + folder_ +
          "/host\nAuthorizedKeysFile " + folder_ + "/authorized_keys\nPidFile none\nUsePAM no\n" +
          "PasswordAuthentication no\nKbdInteractiveAuthentication no\nLogLevel VERBOSE\n" +
          "PermitRootLogin prohibit-password\nMaxStartups 100\n" + more_config,
      perms(0600));
  return true;
}

void Sshd::start(bool has_perl) {
  const std::string sshd =
      "exec /usr/sbin/sshd -D -f " + folder_ + "/config -E " + folder_ + "/log";
  std::string home = "mount --bind " + folder_ + "/home /root && ";
  if (!has_perl) home += "mount --bind /dev/null /usr/bin/perl && ";
  pid_ = ::geteuid() == 0
             ? start_program({"unshare", "-m", "--propagation", "private", "sh", "-c", home + sshd})
             : start_program({"sh", "-c", sshd});
  for (int i = 0; i < 500 && !accepts(port_); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  if (!accepts(port_)) problem_ = "sshd does not start: " + log();
}

Sshd::~Sshd() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGTERM);
  ::waitpid(pid_, nullptr, 0);
}

SshOptions Sshd::options() const {
  SshOptions options;
  options.host = "127.0.0.1";
  options.port = port_;
  options.identity_file = folder_ + "/user";
  options.known_hosts_file = folder_ + "/known_hosts";
  options.config_file = "/dev/null";
  options.kex_algorithms = "curve25519-sha256";
  return options;
}

std::string Sshd::host_key() const {
  return content(folder_ + "/host.pub");
}

std::string Sshd::log() const {
  return content(folder_ + "/log");
}

int count_of(const std::string& text, const std::string& part) {
  int count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++count;
  return count;
}

Sshd& shared_sshd(bool has_perl) {
  if (has_perl) {
    static Sshd sshd;
    return sshd;
  }
  static Sshd bare({}, false);
  return bare;
}

SshSetup::SshSetup(bool has_perl) {
  folder = fresh_folder();
  Sshd& sshd = shared_sshd(has_perl);
  skip = sshd.problem();
  if (!skip.empty()) return;
  const std::string sockets = fresh_folder();
  host = make_ssh_host({loop.get_executor(), &curl, sockets}, "far", sshd.options());
  const auto connected = run_on(loop, host->connect());
  if (!connected) skip = connected.error().message;
}

SshSetup::~SshSetup() {
  host.reset();
  loop.restart();
  loop.run_for(std::chrono::milliseconds(300));
}

}  // namespace dtenv
