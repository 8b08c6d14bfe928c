#pragma once

#include <string>

#include "base/text.hpp"
#include "host/ssh_options.hpp"

namespace dtenv {

/// An sshd of our own on 127.0.0.1, with its own host key, login key and log; where we are root, in
/// a mount namespace with a home folder of its own, whose rc files print noise, and, if need be,
/// without perl.
class Sshd {
 public:
  explicit Sshd(const std::string& more_config = {}, bool has_perl = true);
  ~Sshd();
  Sshd(const Sshd&) = delete;
  Sshd& operator=(const Sshd&) = delete;

  /// Why it does not run; empty: it does.
  const std::string& problem() const { return problem_; }
  SshOptions options() const;
  std::string host_key() const;
  std::string log() const;
  int port() const { return port_; }

 private:
  bool prepare(const std::string& more_config);
  void start(bool has_perl);

  std::string folder_;
  std::string problem_;
  int port_ = 0;
  int pid_ = -1;
};

/// How often `part` stands in `text`.
int count_of(const std::string& text, const std::string& part);
/// The one that SshSetup uses, started when first asked for.
Sshd& shared_sshd(bool has_perl = true);

}  // namespace dtenv
