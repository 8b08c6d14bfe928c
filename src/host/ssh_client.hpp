#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <optional>
#include <string>

#include "base/task.hpp"

namespace dtenv {

/// The system's ssh client as a session finds it: asked once, for all of its hosts.
class SshClient {
 public:
  /// `folder`: private, 0700.
  SshClient(boost::asio::any_io_executor executor, std::string folder);

  /// A config file for connections that were given neither one nor algorithms: the user's own and
  /// the system's, and behind them, so that theirs win, curve25519-sha256 before OpenSSH 9's
  /// sntrup761, whose handshake costs five times the processor time at this end. What goes over
  /// these connections is public keys and configuration: nothing that is worth keeping until it can
  /// be broken. Empty: the client needs none, or would not take the user's file as it is.
  Task<std::string> config_file();

 private:
  Task<std::string> make() const;

  std::string folder_;
  std::optional<std::string> config_;
  bool asking_ = false;
  boost::asio::steady_timer known_;  // never expires: cancelled when somebody has asked
};

}  // namespace dtenv
