#pragma once

#include <string>

#include "base/result.hpp"
#include "base/text.hpp"
#include "host/ssh_options.hpp"

namespace dtenv {

/// The command lines of one connection of the system's ssh client: a master, and what goes over it.
/// Every option is explicit and stands before "--"; what the user's own config says beyond them
/// (jump hosts, agent, certificates) stays in force.
class SshDial {
 public:
  /// CONFIG for a name or a path that ssh would misread. Pinned host keys are written to a
  /// known_hosts file of this connection's own in `folder`.
  static Result<SshDial> make(SshOptions options, const std::string& folder);
  ~SshDial();
  SshDial(SshDial&& other) noexcept = default;
  SshDial& operator=(SshDial&&) = delete;
  SshDial(const SshDial&) = delete;
  SshDial& operator=(const SshDial&) = delete;

  /// The connection itself, and its first channel.
  Argv master() const;
  /// One more channel; never a connection of its own.
  Argv channel() const;
  /// The same for another program there: a shell line of ours, with no data in it.
  Argv channel(std::string_view program) const;
  /// Lets a unix socket here lead to one there.
  Argv forward(const std::string& local_socket, const std::string& remote_socket) const;

  const SshOptions& options() const { return options_; }
  /// A path for one more socket or log of this connection.
  std::string path(std::string_view suffix) const { return base_ + std::string(suffix); }
  /// ssh's own words, and nobody else's; empty where there are none.
  std::string log() const;
  /// Removes what an earlier connection left.
  void clean() const;

 private:
  SshDial(SshOptions options, std::string base);
  std::string far_command() const;
  Argv over_master() const;

  SshOptions options_;
  std::string base_;
};

}  // namespace dtenv
