#include "proc/capture.hpp"

#include <algorithm>

namespace dtenv {

namespace {

constexpr std::size_t kept_beside_sink = std::size_t{64} << 10;

}  // namespace

Capture::Capture(const Command& command, OutputSink sink)
    : limit_(command.output_limit), sink_(std::move(sink)) {}

void Capture::add(Stream stream, std::string_view bytes) {
  std::string& kept = stream == Stream::out ? out_ : err_;
  if (!sink_) {
    const std::size_t room = limit_ - std::min(limit_, kept.size());
    kept.append(bytes.substr(0, room));
    truncated_ = truncated_ || bytes.size() > room;
    return;
  }
  sink_(stream, bytes);
  kept.append(bytes);
  // Cut at twice the size, so that a long stream is not moved for each piece.
  if (kept.size() > 2 * kept_beside_sink) kept.erase(0, kept.size() - kept_beside_sink);
}

Outcome Capture::finish(int exit_code, int signal) {
  if (sink_)
    for (std::string* kept : {&out_, &err_})
      if (kept->size() > kept_beside_sink) kept->erase(0, kept->size() - kept_beside_sink);
  Outcome outcome;
  outcome.exit_code = exit_code;
  outcome.signal = signal;
  outcome.out = std::move(out_);
  outcome.err = std::move(err_);
  outcome.truncated = truncated_;
  return outcome;
}

int signal_of_exit(int exit_code) {
  return exit_code > 128 && exit_code <= 128 + 31 ? exit_code - 128 : 0;
}

}  // namespace dtenv
