#include "host/ssh_host.hpp"

#include <unistd.h>

#include "host/shell_files.hpp"
#include "host/ssh_client.hpp"
#include "net/docker_client.hpp"
#include "proc/child.hpp"

namespace dtenv {

namespace {

constexpr const char* engine_socket = "/var/run/docker.sock";
constexpr const char* relay_program = "exec sudo -n docker system dial-stdio";

/// Prints what is wrong with the engine's socket, or nothing.
constexpr const char* socket_probe = R"sh(s=/var/run/docker.sock
if [ ! -e "$s" ]; then
  echo "there is no $s: no Docker Engine is installed, or it is not running"
elif [ ! -S "$s" ]; then
  echo "$s is not a socket"
elif [ ! -w "$s" ]; then
  echo "the user $(id -un) may not use $s: add it to the group docker, or log in as root"
elif [ "$1" = relay ] && ! command -v docker >/dev/null; then
  echo "sudo reaches $s through the command docker, which is not installed there: install it, or add the user to the group docker"
fi
)sh";

}  // namespace

SshHost::SshHost(const HostContext& context, std::string name, SshOptions options)
    : context_(context), name_(std::move(name)), options_(std::move(options)) {}

SshHost::~SshHost() {
  if (connection_) connection_->close();
}

Task<Result<void>> SshHost::connect() {
  if (connection_ && connection_->is_up()) co_return Result<void>{};
  if (!connection_) {
    SshOptions options = options_;
    if (context_.ssh_client && options.config_file.empty() && options.kex_algorithms.empty())
      options.config_file = co_await context_.ssh_client->config_file();
    DT_CO_TRY_ASSIGN(SshDial dial, SshDial::make(std::move(options), context_.folder));
    connection_ = std::make_shared<SshConnection>(context_.executor, std::move(dial));
  }
  // A new connection has none of what was forwarded over the old one. The client stays: it is
  // lent for as long as this host lives, and the socket's path does not change.
  relay_.reset();
  socket_is_open_ = false;
  answered_ = false;
  if (docker_) docker_->forget();
  co_return co_await connection_->connect();
}

Task<Result<Outcome>> SshHost::run(const Command& command, OutputSink sink) {
  if (!connection_) co_return Error{Status::host, "ssh " + options_.host + ": not connected"};
  co_return co_await connection_->run(command, std::move(sink));
}

Task<Result<std::optional<FileState>>> SshHost::read(std::string path, std::size_t limit) {
  co_return co_await shell_read(*this, std::move(path), limit);
}

Task<Result<void>> SshHost::write_all(std::span<const FileWrite> files) {
  co_return co_await shell_write(*this, files);
}

Task<Result<Docker*>> SshHost::docker() {
  if (!context_.curl) co_return Error{Status::unsupported, name_ + ": no HTTP client here"};
  if (!connection_ || !connection_->is_up())
    co_return Error{Status::host, "ssh " + options_.host + ": not connected"};
  const std::string path = connection_->dial().path("d");
  if (!socket_is_open_) {
    DT_CO_TRY(co_await open_socket(path));
    socket_is_open_ = true;
  }
  if (!docker_) docker_ = std::make_unique<DockerClient>(*context_.curl, path, name_);
  if (answered_) co_return docker_.get();
  auto version = co_await docker_->version();
  if (!version) {
    // The socket leads there by path: once an engine is installed, the next call finds it.
    docker_->forget();
    co_return co_await no_engine(version.error());
  }
  answered_ = true;
  co_return docker_.get();
}

/// A unix socket here that leads to the engine's there. sshd opens it as the user who logged in;
/// where only sudo may, a program there does it, one channel a connection.
Task<Result<void>> SshHost::open_socket(std::string path) {
  ::unlink(path.c_str());
  if (!options_.sudo || connection_->login_user() == 0) co_return co_await forward(path);
  DT_CO_TRY_ASSIGN(relay_, SocketRelay::start(context_.executor, path,
                                              connection_->dial().channel(relay_program)));
  co_return Result<void>{};
}

Task<Result<void>> SshHost::forward(std::string path) {
  Command command;
  command.argv = connection_->dial().forward(path, engine_socket);
  command.timeout = std::chrono::seconds(20);
  DT_CO_TRY_ASSIGN(const Outcome outcome, co_await run_child(command));
  if (outcome.ok()) co_return Result<void>{};
  co_return Error{Status::unsupported, "ssh " + options_.host + ": forward " + engine_socket +
                                           ": " + visible(trim(outcome.err), 200)};
}

Task<Error> SshHost::no_engine(Error error) {
  Command probe;
  probe.argv = {"sh", "-c", socket_probe, "dtenv", relay_ ? "relay" : "forward"};
  auto outcome = co_await run(probe);
  if (!outcome) co_return outcome.error();
  const std::string cause(trim(outcome->out));
  if (cause.empty()) co_return error;
  co_return Error{Status::not_found, name_ + ": " + visible(cause, 300)};
}

}  // namespace dtenv
