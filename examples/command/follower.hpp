#pragma once

#include <dtenv/dtenv.hpp>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "display.hpp"
#include "interrupts.hpp"

namespace command {

/// What a job came to.
struct Outcome {
  dtenv_status status = DTENV_OK;
  std::string error_json;  ///< empty where it succeeded
};

/// Shows a job's events until it ends. The first interrupt cancels it with grace, the second
/// without, the third leaves at once.
class Follower {
 public:
  /// `log_path` empty: the launched program's output goes to the display alone.
  Follower(dtenv::api::Session& session, Display& display, Interrupts& interrupts,
           const std::string& log_path, int grace_seconds);

  Outcome follow(dtenv::api::Job& job);
  int signal() const { return signal_; }  ///< that cancelled it, or 0

 private:
  bool drain(const dtenv::api::Job& job, const std::string& id);
  void show(const dtenv::api::Job& job, const Event& event);
  void interrupted(dtenv::api::Job& job, int signal);

  dtenv::api::Session& session_;
  Display& display_;
  Interrupts& interrupts_;
  std::ofstream log_;
  std::optional<std::vector<std::string>> launches_;  ///< ids of the steps that launch a program
  int grace_seconds_;
  int signal_ = 0;
  int interruptions_ = 0;
};

}  // namespace command
