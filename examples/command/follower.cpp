#include "follower.hpp"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "documents.hpp"
#include "exit_code.hpp"
#include "files.hpp"

namespace command {

Follower::Follower(dtenv::api::Session& session, Display& display, Interrupts& interrupts,
                   const std::string& log_path, int grace_seconds)
    : session_(session), display_(display), interrupts_(interrupts), grace_seconds_(grace_seconds) {
  if (log_path.empty()) return;
  log_.open(log_path, std::ios::trunc);
  if (!log_) throw FileError(log_path + ": cannot be written", exit_cannot_write);
}

Outcome Follower::follow(dtenv::api::Job& job) {
  const std::string id = job.id();
  std::array<pollfd, 2> fds = {{{session_.fd(), POLLIN, 0}, {interrupts_.fd(), POLLIN, 0}}};
  while (!drain(job, id)) {
    constexpr int tick_ms = 100;
    ::poll(fds.data(), fds.size(), tick_ms);
    display_.tick();
    while (const int signal = interrupts_.next()) interrupted(job, signal);
  }
  try {
    job.wait();
    return {};
  } catch (const dtenv::api::Exception& error) {
    return {error.status, error.json};
  }
}

/// Shows what is queued; true once the job has ended.
bool Follower::drain(const dtenv::api::Job& job, const std::string& id) {
  bool ended = false;
  while (const auto line = session_.next_event(0)) {
    const auto event = parse_event(*line);
    if (!event) continue;
    show(job, *event);
    ended = ended || (event->type == "job.finished" && event->job == id);
  }
  return ended;
}

void Follower::show(const dtenv::api::Job& job, const Event& event) {
  if (event.type != "output") return display_.show(event);
  // Events name a step by its id; the report knows which ids are launches.
  if (!launches_) launches_ = steps_of_kind(job.report(), "launch");
  if (std::find(launches_->begin(), launches_->end(), event.step) == launches_->end())
    return display_.show(event);
  std::string line = printable(event.text);
  if (!event.source.empty()) line = "[" + printable(event.source) + "] " + line;
  display_.output(line);
  if (log_.is_open()) log_ << line << std::endl;
}

void Follower::interrupted(dtenv::api::Job& job, int signal) {
  signal_ = signal;
  ++interruptions_;
  if (interruptions_ == 1) {
    job.cancel(grace_seconds_ * 1000);
    display_.note("stopping, within " + std::to_string(grace_seconds_) +
                      " s; what was done stays done. Once more: stop harder.",
                  Tone::warning);
  } else if (interruptions_ == 2) {
    job.cancel(0);
    display_.note("stopping now. Once more: leave without waiting.", Tone::warning);
  } else {
    display_.finish();
    std::_Exit(128 + signal);
  }
}

}  // namespace command
