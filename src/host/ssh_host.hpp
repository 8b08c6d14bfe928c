#pragma once

#include <memory>
#include <optional>
#include <string>

#include "host/host.hpp"
#include "host/host_context.hpp"
#include "host/socket_relay.hpp"
#include "host/ssh_connection.hpp"
#include "net/docker.hpp"

namespace dtenv {

/// A machine over the system's ssh client: one connection for as long as the host lives.
class SshHost : public Host {
 public:
  SshHost(const HostContext& context, std::string name, SshOptions options);
  ~SshHost() override;
  SshHost(const SshHost&) = delete;
  SshHost& operator=(const SshHost&) = delete;

  const std::string& name() const override { return name_; }
  Task<Result<void>> connect() override;
  Task<Result<Outcome>> run(const Command& command, OutputSink sink = {}) override;
  Task<Result<std::optional<FileState>>> read(std::string path, std::size_t limit) override;
  Task<Result<void>> write_all(std::span<const FileWrite> files) override;
  Task<Result<Docker*>> docker() override;

 private:
  Task<Result<void>> open_socket(std::string path);
  Task<Result<void>> forward(std::string path);
  Task<Error> no_engine(Error error);

  HostContext context_;
  std::string name_;
  SshOptions options_;
  std::shared_ptr<SshConnection> connection_;  // made by the first connect()
  std::unique_ptr<SocketRelay> relay_;
  std::unique_ptr<Docker> docker_;
  bool socket_is_open_ = false;
  bool answered_ = false;
};

}  // namespace dtenv
