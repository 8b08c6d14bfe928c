#include "host/ssh_dial.hpp"

#include <unistd.h>

#include <algorithm>
#include <boost/filesystem/operations.hpp>

#include "base/digest.hpp"
#include "host/atomic_file.hpp"
#include "host/remote_agent.hpp"
#include "host/remote_program.hpp"

namespace dtenv {

namespace {

// ssh binds "PATH.16-random-characters" first; sockaddr_un holds 107 bytes.
constexpr std::size_t longest_socket_path = 107 - 17;
// Pinned keys are looked up under this name, whatever the host is called and on whatever port.
constexpr const char* pinned_name = "dtenv-pinned";

Result<void> check_word(std::string_view what, const std::string& value) {
  if (starts_with(value, "-"))
    return Error{Status::config,
                 "ssh " + std::string(what) + " " + visible(value) + ": begins with \"-\""};
  const bool odd = std::any_of(value.begin(), value.end(), [](unsigned char c) {
    return c <= ' ' || c == 0x7F || c == '"' || c == '\'' || c == '\\' || c == '`' || c == '$' ||
           c == ';' || c == '&' || c == '|' || c == '<' || c == '>' || c == '(' || c == ')';
  });
  if (!odd) return {};
  return Error{Status::config, "ssh " + std::string(what) + " " + visible(value) +
                                   ": a blank, a quote or a shell character in it"};
}

Result<void> check_path(std::string_view what, const std::string& value) {
  if (!starts_with(value, "-") && value.find_first_of("\"\n\r") == std::string::npos &&
      value.find('\0') == std::string::npos)
    return {};
  return Error{Status::config,
               "ssh " + std::string(what) + " " + visible(value) + ": not a usable path"};
}

Result<std::string> known_hosts_of(const std::vector<std::string>& keys) {
  std::string text;
  for (const std::string& written : keys) {
    const std::string_view key = trim(written);
    const auto words = split_words(key);
    if (words.size() < 2 || key.find_first_of("\n\r") != std::string_view::npos ||
        !base64_decode(words[1]))
      return Error{Status::config, "pinned host key " + visible(key) + ": not \"TYPE BASE64\""};
    text += pinned_name;
    text += " " + std::string(words[0]) + " " + std::string(words[1]) + "\n";
  }
  return text;
}

void add_option(Argv& argv, const std::string& option) {
  argv.push_back("-o");
  argv.push_back(option);
}

/// As the embedder wrote it: from its own working folder, which is not that of the ssh we start. A
/// "~" is ssh's to expand.
Result<void> make_absolute(std::string& path) {
  if (path.empty() || path[0] == '/' || path[0] == '~') return {};
  boost::system::error_code failed;
  const boost::filesystem::path here = boost::filesystem::current_path(failed);
  if (failed) return Error{Status::io, "ssh " + visible(path) + ": the working folder is gone"};
  path = (here / path).string();
  return {};
}

/// Our own paths inside an option's value: "%" starts a token there.
std::string own_path(const std::string& path) {
  return replace_all(path, "%", "%%");
}

}  // namespace

Result<SshDial> SshDial::make(SshOptions options, const std::string& folder) {
  if (options.host.empty()) return Error{Status::config, "ssh: no host is named"};
  DT_TRY(check_word("host", options.host));
  DT_TRY(check_word("user", options.user));
  DT_TRY(check_word("jump host", options.jump));
  DT_TRY(check_word("kex_algorithms", options.kex_algorithms));
  DT_TRY(check_path("identity_file", options.identity_file));
  DT_TRY(check_path("config_file", options.config_file));
  DT_TRY(check_path("known_hosts_file", options.known_hosts_file));
  for (std::string* path :
       {&options.identity_file, &options.config_file, &options.known_hosts_file}) {
    DT_TRY(make_absolute(*path));
  }
  DT_TRY_ASSIGN(const std::string pinned, known_hosts_of(options.host_keys));
  std::string base = folder + "/" + hex(random_bytes(4));
  if (base.size() + 2 > longest_socket_path || contains(base, ":") || contains(base, "\""))
    return Error{Status::config, visible(folder) +
                                     ": too long a path (or an odd one) for the sockets of ssh; "
                                     "set a short state_folder"};
  SshDial dial(std::move(options), std::move(base));
  if (pinned.empty()) return dial;
  FileWrite file;
  file.path = dial.path("k");
  file.content = pinned;
  file.mode = 0600;
  DT_TRY(write_file(file));
  return dial;
}

SshDial::SshDial(SshOptions options, std::string base)
    : options_(std::move(options)), base_(std::move(base)) {}

SshDial::~SshDial() {
  if (base_.empty()) return;
  clean();
  ::unlink(path("k").c_str());
}

void SshDial::clean() const {
  for (const char* suffix : {"c", "l", "d"}) ::unlink(path(suffix).c_str());
}

/// For whatever login shell the user has.
std::string SshDial::far_command() const {
  const std::string start = options_.sudo ? "exec sudo -n " : "exec ";
  const std::string perl = "/usr/bin/perl";
  return "test -x " + perl + " && " + start + perl + " -e " + quote_posix(remote_agent_word()) +
         " || " + start + "sh -c " + quote_posix(remote_program);
}

Argv SshDial::master() const {
  Argv argv{"ssh", "-M", "-T", "-S", own_path(path("c")), "-E", path("l")};
  if (!options_.config_file.empty()) argv.insert(argv.end(), {"-F", options_.config_file});
  if (options_.port) argv.insert(argv.end(), {"-p", std::to_string(*options_.port)});
  if (!options_.user.empty()) argv.insert(argv.end(), {"-l", options_.user});
  if (!options_.identity_file.empty()) argv.insert(argv.end(), {"-i", options_.identity_file});
  if (!options_.jump.empty()) argv.insert(argv.end(), {"-J", options_.jump});
  const auto seconds = std::max<long long>(
      1, std::chrono::ceil<std::chrono::seconds>(options_.connect_timeout).count());
  for (const char* option :
       {"ControlPersist=no", "BatchMode=yes", "StrictHostKeyChecking=yes", "UpdateHostKeys=no",
        "VerifyHostKeyDNS=no", "ForwardAgent=no", "ForwardX11=no", "ClearAllForwardings=yes",
        "PermitLocalCommand=no", "RemoteCommand=none", "EscapeChar=none", "LogLevel=ERROR",
        "ConnectionAttempts=1", "ServerAliveInterval=5", "ServerAliveCountMax=3"})
    add_option(argv, option);
  add_option(argv, "ConnectTimeout=" + std::to_string(seconds));
  if (!options_.kex_algorithms.empty())
    add_option(argv, "KexAlgorithms=" + options_.kex_algorithms);
  if (!options_.host_keys.empty()) {
    add_option(argv, "HostKeyAlias=" + std::string(pinned_name));
    add_option(argv, "UserKnownHostsFile=\"" + own_path(path("k")) + "\"");
    add_option(argv, "GlobalKnownHostsFile=/dev/null");
  } else if (!options_.known_hosts_file.empty()) {
    add_option(argv, "UserKnownHostsFile=\"" + options_.known_hosts_file + "\"");
    add_option(argv, "GlobalKnownHostsFile=/dev/null");
  }
  argv.insert(argv.end(), {"--", options_.host, far_command()});
  return argv;
}

/// No config file: it has had its say in the master. Where the master is gone ssh would dial anew,
/// with none of the master's options: ProxyCommand keeps it from that.
Argv SshDial::over_master() const {
  Argv argv{"ssh", "-F", "/dev/null", "-S", own_path(path("c"))};
  for (const char* option : {"ControlMaster=no", "ProxyCommand=false", "BatchMode=yes",
                             "EscapeChar=none", "LogLevel=ERROR"})
    add_option(argv, option);
  return argv;
}

Argv SshDial::channel() const {
  return channel(far_command());
}

Argv SshDial::channel(std::string_view program) const {
  Argv argv = over_master();
  argv.insert(argv.end(), {"-T", "--", options_.host, std::string(program)});
  return argv;
}

Argv SshDial::forward(const std::string& local_socket, const std::string& remote_socket) const {
  Argv argv = over_master();
  argv.insert(argv.end(),
              {"-O", "forward", "-L", local_socket + ":" + remote_socket, "--", options_.host});
  return argv;
}

std::string SshDial::log() const {
  const auto file = read_file(path("l"), std::size_t{64} << 10);
  return file && *file ? (*file)->content : std::string();
}

}  // namespace dtenv
