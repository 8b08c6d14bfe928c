#pragma once

#include <csignal>

namespace command {

/// SIGINT, SIGTERM and SIGHUP as something to poll, while it lives. Made before the session, so
/// that the library's threads inherit the mask.
class Interrupts {
 public:
  Interrupts();
  ~Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

  int fd() const { return fd_; }
  /// The next signal that came, or 0.
  int next();

 private:
  int fd_;
  sigset_t before_;
};

}  // namespace command
